//! A person's pass in one form, whatever its names and layout were: what all of `diagnose` works on.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs; layers l = 1..=L.

use super::conventions::Convention;
use crate::loss::Loss;
use crate::network::Network;
use crate::params::with_ones;
use crate::target::{Target, TargetKind};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A quantity that one stage of a training step computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// `z[l]` (n, fan_out), the input of layer l's nonlinearity; `z[L]` are the logits.
    Z(usize),
    /// `a[l]` (n, fan_out), its output, l < L.
    A(usize),
    /// `probs` (n, k).
    Probs,
    /// `loss`, one number.
    Loss,
    /// `dlogits` (n, k), which is `dz[L]`.
    Dlogits,
    /// `dw[l]` (fan_in, fan_out).
    Dw(usize),
    /// `db[l]`, as (1, fan_out).
    Db(usize),
    /// `da[l]` (n, fan_out), l < L.
    Da(usize),
    /// `dz[l]` (n, fan_out), l < L.
    Dz(usize),
}

use Quantity::{A, Da, Db, Dlogits, Dw, Dz, Probs, Z};

impl Quantity {
    /// All quantities of a pass through L layers, in the order of computation.
    #[must_use]
    pub fn all(layers: usize) -> Vec<Self> {
        let mut all = Vec::new();
        for l in 1..=layers {
            all.push(Z(l));
            if l < layers {
                all.push(A(l));
            }
        }
        all.extend([Probs, Self::Loss, Dlogits]);
        for l in (1..=layers).rev() {
            all.extend([Dw(l), Db(l)]);
            if l > 1 {
                all.extend([Da(l - 1), Dz(l - 1)]);
            }
        }
        all
    }

    /// The layer it belongs to; L of probabilities, loss and their derivatives.
    #[must_use]
    pub fn layer(self, layers: usize) -> usize {
        match self {
            Z(l) | A(l) | Dw(l) | Db(l) | Da(l) | Dz(l) => l,
            Probs | Self::Loss | Dlogits => layers,
        }
    }

    /// The id of its stage in the table of stages.
    #[must_use]
    pub fn stage(self) -> &'static str {
        match self {
            Z(_) => "affine",
            A(_) => "activate",
            Probs => "softmax",
            Self::Loss => "loss",
            Dlogits => "dlogits",
            Dw(_) => "dw",
            Db(_) => "db",
            Da(_) => "da",
            Dz(_) => "dz",
        }
    }

    /// Its name in one of the habits of naming.
    #[must_use]
    pub fn name(self, habit: Habit, layers: usize) -> String {
        let (design, notebook, upper) = match self {
            Z(l) if l == layers => ("logits".into(), "f".into(), format!("Z{l}")),
            Z(l) => (format!("z{l}"), format!("h{l}1"), format!("Z{l}")),
            A(l) => (format!("a{l}"), format!("h{l}2"), format!("A{l}")),
            Probs => ("probs".into(), "probs".into(), format!("A{layers}")),
            Self::Loss => ("loss".into(), "loss".into(), "loss".into()),
            Dlogits => ("dlogits".into(), "dL_df".into(), format!("dZ{layers}")),
            Dw(l) => (format!("dw{l}"), format!("dL_dW{l}"), format!("dW{l}")),
            Db(l) => (format!("db{l}"), format!("dL_db{l}"), format!("db{l}")),
            Da(l) => (format!("da{l}"), format!("dL_dh{l}2"), format!("dA{l}")),
            Dz(l) => (format!("dz{l}"), format!("dL_dh{l}1"), format!("dZ{l}")),
        };
        match habit {
            Habit::Design => design,
            Habit::Notebook => notebook,
            Habit::Upper => upper,
        }
    }
}

/// How a person names things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// `z1 a1 dz1 dw1`
    Design,
    /// `h11 h12 dL_dh11 dL_dW1`
    Notebook,
    /// `Z1 A1 dZ1 dW1`
    Upper,
}

/// Where the bias of a layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// As a row of `W`: the bias trick.
    Row,
    /// As an array of its own.
    Separate,
    /// There is none.
    None,
}

/// One array that the person computed.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its name in the file.
    pub name: String,
    /// Its shape in the file.
    pub shape: Vec<usize>,
    /// Its numbers, rows of the batch as rows, weights as (fan_in, fan_out).
    pub value: Array2<f64>,
}

/// What a person gave, in one form.
#[derive(Clone, Debug)]
pub struct Case {
    /// Sizes, activation, loss; `penalty.reg` as given, `penalty.over` as the layout suggests.
    pub network: Network,
    /// The inputs (n, d), without ones.
    pub x: Array2<f64>,
    /// The right answers as (n, k): one-hot for classes.
    pub target: Array2<f64>,
    /// The classes, for softmax.
    pub classes: Vec<usize>,
    /// `w[l]` at index l.
    pub w: Vec<Array2<f64>>,
    /// `b[l]` at index l, as (1, fan_out); zeros where there is none.
    pub b: Vec<Array2<f64>>,
    /// Where each layer's bias stands, at index l.
    pub bias: Vec<Bias>,
    /// What the person computed.
    pub given: BTreeMap<Quantity, Given>,
    /// The step size, if the file says one.
    pub step: Option<f64>,
    /// Two numbers are the same within this, relative to the largest of the array.
    pub tolerance: f64,
    /// How the person names things.
    pub habit: Habit,
    /// The names of the other arrays in the file: `x`, `y`, `w1`, `b1`.
    pub names: BTreeMap<String, String>,
    /// Whether samples are columns in the file, and weights (fan_out, fan_in).
    pub turned: (bool, bool),
    /// Whether `X` carries its ones.
    pub x_has_ones: bool,
    /// The array that says which rows of `X` and `y` the stages are of, if not of all.
    pub rows: Option<String>,
    /// Whether nothing said which activation it is.
    pub activation_assumed: bool,
    /// What was understood, to be said.
    pub understood: Vec<String>,
    /// What may surprise the person.
    pub warnings: Vec<String>,
    /// Names of arrays that were not used.
    pub ignored: Vec<String>,
}

impl Case {
    /// The right answers, as the loss wants them.
    #[must_use]
    pub fn answers(&self) -> Target<f64> {
        match self.network.loss.takes() {
            TargetKind::Classes => {
                Target::Classes(self.classes.iter().map(|&y| u32::try_from(y).unwrap_or(0)).collect())
            }
            TargetKind::Labels | TargetKind::Counts | TargetKind::Numbers => {
                Target::Values(self.target.clone())
            }
        }
    }

    /// n, rows of the batch.
    #[must_use]
    pub fn n(&self) -> usize {
        self.x.nrows()
    }

    /// n, as a number to divide by.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.x.nrows() as f64
    }

    /// L.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.network.layers()
    }

    /// The person's name of a quantity, or what they would have called it.
    #[must_use]
    pub fn name(&self, quantity: Quantity) -> String {
        if let Some(given) = self.given.get(&quantity) {
            return given.name.clone();
        }
        match quantity {
            // With the bias trick both are one array.
            Db(l) if self.bias[l] == Bias::Row => self.name(Dw(l)),
            Probs if self.network.loss.outputs_are_logits() => self.name(Z(self.layers())),
            _ => quantity.name(self.habit, self.layers()),
        }
    }
}

/// The values of one pass, as far as they are known.
#[derive(Clone, Default)]
pub struct Values(pub BTreeMap<Quantity, Rc<Array2<f64>>>);

impl Values {
    /// The value of a quantity.
    pub fn get(&self, quantity: Quantity) -> Option<&Array2<f64>> {
        self.0.get(&quantity).map(|value| &**value)
    }
    /// `a[l]`, with `a[0] = x`.
    pub fn a<'a>(&'a self, case: &'a Case, l: usize) -> Option<&'a Array2<f64>> {
        if l == 0 { Some(&case.x) } else { self.get(A(l)) }
    }
    /// `dz[l]`, with `dz[L] = dlogits`.
    pub fn dz(&self, case: &Case, l: usize) -> Option<&Array2<f64>> {
        self.get(if l == case.layers() { Dlogits } else { Dz(l) })
    }
}

/// The right value of a quantity, from the values before it; `None` if they are not known.
pub fn right(
    case: &Case,
    convention: &Convention,
    values: &Values,
    quantity: Quantity,
) -> Option<Array2<f64>> {
    let last = case.layers();
    Some(match quantity {
        Z(l) => fits(values.a(case, l - 1)?, &case.w[l])? + &case.b[l],
        A(l) => values.get(Z(l))?.mapv(|z| case.network.activations[l - 1].value(z)),
        Probs => case.network.loss.outputs(values.get(Z(last))?),
        Quantity::Loss => {
            let data = data_loss(case, values)?;
            Array2::from_elem((1, 1), convention.loss(case, data))
        }
        Dlogits => {
            let probs = values.get(Probs).filter(|probs| probs.dim() == case.target.dim())?;
            case.network.loss.row_slopes(probs, &case.answers()) * convention.dlogits_scale(case)
        }
        Dw(l) => {
            let (a, dz) = (values.a(case, l - 1)?, values.dz(case, l)?);
            if dz.dim() != (case.n(), case.w[l].ncols()) {
                return without_penalty(case, a, dz, l).map(|dw| dw * convention.mean(case));
            }
            a.t().dot(dz) * convention.mean(case) + &case.w[l] * convention.strength(case)
        }
        Db(l) => {
            let dz = values.dz(case, l)?;
            let db = column_sums(dz) * convention.mean(case);
            if db.dim() == case.b[l].dim() { db + &case.b[l] * convention.bias_strength(case) } else { db }
        }
        Da(l) => {
            let dz = values.dz(case, l + 1)?;
            if dz.ncols() != case.w[l + 1].ncols() {
                return None;
            }
            dz.dot(&case.w[l + 1].t())
        }
        Dz(l) => {
            let (da, z, a) = (values.get(Da(l))?, values.get(Z(l))?, values.get(A(l))?);
            if da.dim() != z.dim() || a.dim() != z.dim() {
                return None;
            }
            let activation = case.network.activations[l - 1];
            ndarray::Zip::from(da).and(z).and(a).map_collect(|&da, &z, &a| da * activation.derivative(z, a))
        }
    })
}

/// `a^T dz` where dz has more columns than there are units: what NumPy would compute.
fn without_penalty(case: &Case, a: &Array2<f64>, dz: &Array2<f64>, l: usize) -> Option<Array2<f64>> {
    if a.nrows() != dz.nrows() {
        return None;
    }
    Some(match case.bias[l] {
        Bias::Row => with_ones(a).t().dot(dz),
        _ => a.t().dot(dz),
    })
}

/// The product, if the shapes allow it.
pub fn fits(a: &Array2<f64>, b: &Array2<f64>) -> Option<Array2<f64>> {
    (a.ncols() == b.nrows()).then(|| a.dot(b))
}

/// The sums of the columns, as (1, columns).
pub fn column_sums(a: &Array2<f64>) -> Array2<f64> {
    a.sum_axis(ndarray::Axis(0)).insert_axis(ndarray::Axis(0))
}

/// The mean data loss at the person's own probabilities.
pub fn data_loss(case: &Case, values: &Values) -> Option<f64> {
    let logits = values.get(Z(case.layers()))?;
    let n = case.rows();
    let right = case.network.loss.outputs(logits);
    let probs = values.get(Probs).unwrap_or(&right);
    let target = &case.target;
    if probs.dim() != target.dim() || logits.dim() != target.dim() {
        return None;
    }
    let each = |f: &dyn Fn(f64, f64) -> f64| {
        ndarray::Zip::from(probs).and(target).fold(0.0, |s, &p, &y| s + f(p, y))
    };
    Some(match case.network.loss {
        Loss::Softmax if same(probs, &right, case.tolerance, 0.0) => {
            case.network.loss.data_loss(logits, &case.answers())
        }
        Loss::Softmax => each(&|p, y| if y > 0.0 { -y * p.ln() } else { 0.0 }) / n,
        loss if loss.outputs_are_logits() => loss.row_losses(probs, &case.answers()).sum() / n,
        loss => loss.data_loss(logits, &case.answers()),
    })
}

/// Whether two arrays hold the same numbers: `max|a - b| <= tolerance * max(max|b|, scale)`, not-a-numbers in
/// the same places.
pub fn same(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64, scale: f64) -> bool {
    a.dim() == b.dim() && difference(a, b, scale) <= tolerance
}

/// `max|a - b| / max(max|b|, scale)`, infinite where a not-a-number stands in one of them only.
pub fn difference(a: &Array2<f64>, b: &Array2<f64>, scale: f64) -> f64 {
    // Below this, differences of zeros are rounding.
    const FLOOR: f64 = 1e-9;
    let largest = b.iter().filter(|b| b.is_finite()).fold(scale.max(FLOOR), |m, b| m.max(b.abs()));
    ndarray::Zip::from(a).and(b).fold(0.0_f64, |worst, a, b| {
        if a == b || (a.is_nan() && b.is_nan()) {
            worst
        } else if a.is_finite() && b.is_finite() {
            worst.max((a - b).abs() / largest)
        } else {
            f64::INFINITY
        }
    })
}

/// The magnitude that rounding errors of a quantity are measured by, where its numbers cancel.
pub fn magnitude(case: &Case, convention: &Convention, values: &Values, quantity: Quantity) -> f64 {
    let largest = |a: &Array2<f64>| a.iter().filter(|v| v.is_finite()).fold(0.0_f64, |m, v| m.max(v.abs()));
    // What cancels in dlogits leaves rounding of its size in everything below.
    let noise = match quantity {
        Dw(_) | Db(_) | Da(_) | Dz(_) => {
            values.get(Dlogits).map_or(0.0, largest) * convention.mean(case) * 0.05
        }
        _ => 0.0,
    };
    let own = match quantity {
        Db(l) => values
            .dz(case, l)
            .map_or(0.0, |dz| largest(&column_sums(&dz.mapv(f64::abs))) * convention.mean(case)),
        Da(l) => values.dz(case, l + 1).map_or(0.0, |dz| largest(dz) * largest(&case.w[l + 1])),
        _ => 0.0,
    };
    own.max(noise)
}
