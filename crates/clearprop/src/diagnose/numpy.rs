//! The line of NumPy that would be right, in the person's names and layout.

use super::case::{Bias, Case, Quantity};
use super::conventions::{Convention, PenaltyForm};
use crate::activation::{Activation, Notation};
use crate::loss::{self, Loss};
use Quantity::{A, Da, Db, Dlogits, Dw, Dz, Probs, Z};

/// The right line for a stage.
pub(super) fn right_line(case: &Case, convention: &Convention, quantity: Quantity) -> String {
    let last = case.layers();
    let name = |q: Quantity| case.name(q);
    let other = |key: &str| case.names.get(key).cloned().unwrap_or_else(|| key.to_owned());
    let (columns, out_in) = case.turned;
    let y = other("y");
    let n = if columns { format!("{y}.size") } else { format!("len({y})") };
    let dz = |l: usize| name(if l == last { Dlogits } else { Dz(l) });
    let w = |l: usize| other(&format!("w{l}"));
    let strength = match convention.penalty {
        PenaltyForm::Half => " + reg * ".to_owned(),
        PenaltyForm::Full => " + 2 * reg * ".to_owned(),
        PenaltyForm::OverN => format!(" + reg / {n} * "),
        PenaltyForm::Absent => String::new(),
    };
    let penalty = |what: String| {
        if strength.is_empty() || case.network.penalty.reg == 0.0 {
            String::new()
        } else {
            format!("{strength}{what}")
        }
    };
    let mean = if convention.late { format!(" / {n}") } else { String::new() };
    let axis = if columns { "axis=0" } else { "axis=1" };
    let left = name(quantity);
    let (f, p) = (name(Z(last)), name(Probs));
    let words = loss::Names { logits: &f, outputs: &p, y: &y, n: &n };
    let right = match quantity {
        Z(l) => {
            let (a, w) = (input(case, l), w(l));
            let product = match (columns, out_in) {
                (false, false) => format!("{a}.dot({w})"),
                (false, true) => format!("{a}.dot({w}.T)"),
                (true, true) => format!("{w}.dot({a})"),
                (true, false) => format!("{w}.T.dot({a})"),
            };
            if case.bias[l] == Bias::Separate {
                format!("{product} + {}", other(&format!("b{l}")))
            } else {
                product
            }
        }
        A(l) => case.network.activations[l - 1].formula(Notation::Numpy, &name(Z(l))),
        Probs => match case.network.loss {
            Loss::Softmax => {
                return format!(
                    "e = np.exp({f} - {f}.max({axis}, keepdims=True)); {left} = e / e.sum({axis}, keepdims=True)"
                );
            }
            loss => loss.numpy(loss::Line::Outputs, words),
        },
        Quantity::Loss => match case.network.loss {
            Loss::Softmax => format!("-np.mean(np.log({}[np.arange({n}), {y}])) + the penalty", name(Probs)),
            loss => format!("{} + the penalty", loss.numpy(loss::Line::Value, words)),
        },
        Dlogits => {
            let divide = convention.dlogits_scale(case) != 1.0;
            match case.network.loss {
                Loss::Softmax => {
                    let at =
                        if columns { format!("{y}, np.arange({n})") } else { format!("np.arange({n}), {y}") };
                    let divided = if divide { format!("; {left} /= {n}") } else { String::new() };
                    return format!("{left} = {}.copy(); {left}[{at}] -= 1{divided}", name(Probs));
                }
                loss => {
                    let line = loss.numpy(loss::Line::Slope, words);
                    let undivided = line.strip_suffix(&format!(" / {n}")).unwrap_or(&line);
                    if divide { line } else { undivided.to_owned() }
                }
            }
        }
        Dw(l) => {
            let (a, dz) = (input(case, l), dz(l));
            let product = match (columns, out_in) {
                (false, false) => format!("{a}.T.dot({dz})"),
                (false, true) => format!("{dz}.T.dot({a})"),
                (true, true) => format!("{dz}.dot({a}.T)"),
                (true, false) => format!("{a}.dot({dz}.T)"),
            };
            format!("{product}{mean}{}", penalty(w(l)))
        }
        Db(l) if case.bias[l] == Bias::Row => return right_line(case, convention, Dw(l)),
        Db(l) => {
            let over = if columns { "axis=1, keepdims=True" } else { "axis=0" };
            let bias = convention.bias_strength(case) != 0.0;
            let penalty = if bias { penalty(other(&format!("b{l}"))) } else { String::new() };
            format!("{}.sum({over}){mean}{penalty}", dz(l))
        }
        Da(l) => {
            let product = da(case, l);
            if case.bias[l + 1] == Bias::Row && !has_bias_column(case, l) {
                format!("{product}{}  # without the bias's", without_bias(case))
            } else {
                product
            }
        }
        Dz(l) => {
            // What they did not save may have another name, or none, in their code.
            let given = |q: Quantity| case.given.contains_key(&q);
            let (da, da_is_wide) = match given(Da(l)) {
                true => (name(Da(l)), has_bias_column(case, l)),
                false => (da(case, l), case.bias[l + 1] == Bias::Row),
            };
            let cut = |text: String, wide: bool| if wide { text + without_bias(case) } else { text };
            let da = cut(da, da_is_wide);
            let a = cut(name(A(l)), wide(case, A(l), l));
            match case.network.activations[l - 1] {
                Activation::Identity => da,
                // max(0, z) is positive where z is.
                Activation::Relu if given(A(l)) && !given(Z(l)) => format!("{da} * ({a} > 0)"),
                activation => {
                    format!("{da} * {}", activation.slope_formula(Notation::Numpy, &name(Z(l)), &a))
                }
            }
        }
    };
    format!("{left} = {right}")
}

/// The product that goes back through layer l + 1; with the bias trick its last column is the bias's.
fn da(case: &Case, l: usize) -> String {
    let (columns, out_in) = case.turned;
    let dz = case.name(if l + 1 == case.layers() { Dlogits } else { Dz(l + 1) });
    let key = format!("w{}", l + 1);
    let w = case.names.get(&key).unwrap_or(&key);
    match (columns, out_in) {
        (false, false) => format!("{dz}.dot({w}.T)"),
        (false, true) => format!("{dz}.dot({w})"),
        (true, true) => format!("{w}.T.dot({dz})"),
        (true, false) => format!("{w}.dot({dz})"),
    }
}

/// Leaves out the bias's column, or its row where samples are columns.
fn without_bias(case: &Case) -> &'static str {
    if case.turned.0 { "[:-1]" } else { "[:, :-1]" }
}

/// What the short words of the catalogue are called here, where they differ.
pub(super) fn letters(case: &Case, quantity: Quantity) -> Vec<(String, String)> {
    let last = case.layers();
    let dz = |l: usize| if l == last { Dlogits } else { Dz(l) };
    let used: Vec<(&str, Quantity)> = match quantity {
        Dlogits => vec![("p", Probs), ("the scores", Z(last))],
        Dw(l) if l > 1 => vec![("dW", Dw(l)), ("a", A(l - 1)), ("z", Z(l - 1)), ("dz", dz(l))],
        Dw(l) => vec![("dW", Dw(l)), ("dz", dz(l))],
        Db(l) => vec![("db", Db(l)), ("dz", dz(l))],
        Da(l) => vec![("da", Da(l)), ("a", A(l)), ("dz", dz(l + 1))],
        Dz(l) => vec![("dz", Dz(l)), ("da", Da(l)), ("z", Z(l)), ("a", A(l))],
        _ => vec![],
    };
    used.into_iter()
        .filter(|(_, q)| case.given.contains_key(q))
        .map(|(letter, q)| (letter.to_owned(), case.name(q)))
        .filter(|(letter, name)| letter != name)
        .collect()
}

/// What layer l multiplies its weights by, with ones if the bias is a row of W.
fn input(case: &Case, l: usize) -> String {
    let name = if l == 1 {
        case.names.get("x").cloned().unwrap_or_else(|| "X".to_owned())
    } else {
        case.name(A(l - 1))
    };
    let has_ones = if l == 1 { case.x_has_ones } else { wide(case, A(l - 1), l - 1) };
    if case.bias[l] == Bias::Row && !has_ones { format!("np.c_[{name}, np.ones(len({name}))]") } else { name }
}

fn has_bias_column(case: &Case, l: usize) -> bool {
    case.bias[l + 1] == Bias::Row && wide(case, Da(l), l)
}

/// Whether the file's array has a column for the bias.
fn wide(case: &Case, quantity: Quantity, l: usize) -> bool {
    let units = case.network.sizes[l];
    case.given.get(&quantity).is_some_and(|given| {
        let axis = usize::from(!case.turned.0);
        given.shape.get(axis).is_some_and(|&size| size == units + 1)
    })
}
