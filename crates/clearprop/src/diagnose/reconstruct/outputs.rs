//! What makes the outputs, and which loss they are held against: each chosen for itself.

use super::contents::{Contents, Item, by_name};
use super::derivatives;
use super::followed::{Followed, taken};
use crate::diagnose::convention::Convention;
use crate::diagnose::differentiate::forward;
use crate::diagnose::expression::{Expr, Op};
use crate::diagnose::function::{Cost, Function};
use crate::diagnose::graph::{Bias, Given, Graph, same};
use crate::diagnose::hints::Word;
use crate::network::Penalized;
use crate::quantity::{
    Quantity::Of,
    Variable,
    Variable::{B, Loss, W, X, Y},
};
use std::collections::BTreeMap;

/// An output function and a loss, and how unusual they are together.
type Pair = (Function, Cost, u32);

/// A reading for each output function and loss that are possible; where the file's loss tells, only that.
pub(super) fn graphs(contents: &Contents, followed: &Followed) -> Vec<Graph> {
    let mut graphs: Vec<Graph> = pairs(contents, followed)
        .into_iter()
        .map(|(function, cost, oddity)| graph(contents, followed, function, cost, oddity))
        .collect();
    if let Some(given) = unnamed_loss(contents, followed, &graphs) {
        for graph in &mut graphs {
            graph.given.insert(Of(Loss), given.clone());
        }
    }
    if let Some(given) = graphs.first().and_then(|graph| graph.given.get(&Of(Loss)).cloned()) {
        let tolerances = if contents.tolerance > 1e-6 { [2e-6, 1e-5] } else { [1e-8, 1e-6] };
        let fits: Vec<Option<usize>> =
            graphs.iter().map(|graph| loss_fits(graph, &given, &tolerances)).collect();
        let nearest = fits.iter().flatten().min();
        for (graph, fits) in graphs.iter_mut().zip(&fits) {
            graph.loss_is_known = fits.is_some() && fits.as_ref() == nearest;
        }
        if nearest.is_some() {
            graphs.retain(|graph| graph.loss_is_known);
        }
    }
    for graph in &mut graphs {
        derivatives::assign(graph, contents, followed);
    }
    graphs
}

/// A single number whose name says nothing, where it is a loss of one of these readings.
fn unnamed_loss(contents: &Contents, followed: &Followed, graphs: &[Graph]) -> Option<Given> {
    let tolerance = if contents.tolerance > 1e-6 { 2e-6 } else { 1e-8 };
    if graphs.first()?.given.contains_key(&Of(Loss)) {
        return None;
    }
    contents
        .items
        .iter()
        .enumerate()
        .filter(|(at, item)| !followed.used[*at] && item.hint.is_none() && item.number().is_some())
        .map(|(_, item)| taken(item, item.e.clone(), false, None))
        .find(|given| graphs.iter().any(|graph| loss_fits(graph, given, &[tolerance]).is_some()))
}

/// The first of these tolerances within which some convention gives the file's loss.  Each loss is computed once, and
/// kept no longer than comparing it takes.
fn loss_fits(graph: &Graph, given: &Given, tolerances: &[f64]) -> Option<usize> {
    if graph.memo.is_spent() {
        return None;
    }
    let own = given.view.value()?;
    let mut loose = graph.clone();
    loose.loss_is_known = true;
    let pass = forward(&loose, &Convention::usual(&loose));
    let within = |loss: &Expr| {
        let loss = loss.value()?;
        tolerances.iter().position(|&tolerance| same(&own.data, &loss.data, tolerance, 0.0))
    };
    let mut nearest = None;
    for convention in Convention::possible(&loose, false) {
        let whole = convention.loss(&loose, &pass);
        let data = convention.data_loss(&loose, &pass);
        for loss in [whole, data].into_iter().flatten().chain(convention.other_losses(&loose, &pass)) {
            nearest = nearest.into_iter().chain(within(&loss)).min();
            if nearest == Some(0) {
                return nearest;
            }
        }
    }
    nearest
}

/// Output functions and losses that go with the answers, the usual ones first.
fn pairs(contents: &Contents, followed: &Followed) -> Vec<Pair> {
    let answers = &followed.frame.answers;
    let last = followed.frame.sizes.len() - 1;
    let k = followed.frame.sizes[last];
    let known = followed.functions[last];
    use Cost::{Absolute, Binary, BinaryHinge, CrossEntropy, Hinge, Huber, Poisson, Squared};
    use Function::{Identity, Logistic, Relu, Softmax, Tanh};
    let mut all: Vec<Pair> = Vec::new();
    let one_hot = answers.classes.is_some() && k > 1;
    if one_hot {
        let labels = !answers.binary || matches!(answers.target.op(), Op::OneHot(..));
        all.push((Softmax, CrossEntropy, 0));
        all.push((Logistic, Binary, if labels { 12 } else { 4 }));
        all.push((Logistic, Squared, if labels { 12 } else { 5 }));
        all.push((Softmax, Squared, 12));
        all.push((Identity, Hinge, 6));
        all.push((Identity, Squared, 12));
        all.push((Softmax, Binary, 12));
        all.push((Logistic, CrossEntropy, 14));
        all.push((Tanh, Squared, 12));
        all.push((Relu, Squared, 12));
    } else if answers.binary {
        all.push((Logistic, Binary, 0));
        all.push((Logistic, Squared, 4));
        all.push((Identity, Squared, 8));
        all.push((Tanh, Squared, 8));
        all.push((Relu, Squared, 9));
        all.push((Softmax, Squared, 12));
        all.push((Identity, Absolute, 12));
        all.push((Logistic, Absolute, 14));
        // (-y log p alone is least for p = 1, whatever y is: half of the loss that was meant.)
    } else {
        all.push((Identity, Squared, 0));
        if answers.signs {
            all.push((Identity, BinaryHinge, 3));
            all.push((Tanh, Squared, 3));
        }
        all.push((Logistic, Squared, 5));
        all.push((Tanh, Squared, 6));
        all.push((Relu, Squared, 7));
        all.push((Softmax, Squared, 9));
        all.push((Softmax, CrossEntropy, 9));
        all.push((Logistic, Binary, 9));
        all.push((Identity, Absolute, 7));
        all.push((Identity, Huber(1.0), 8));
        all.push((Identity, Poisson, 8));
        all.push((Logistic, Absolute, 12));
        all.push((Relu, Absolute, 12));
    }
    if let Some(f) = known {
        let unusual = all.iter().filter(|(function, ..)| *function == f).count() == 0;
        if unusual {
            all.extend([(f, Squared, 0), (f, Absolute, 4), (f, Huber(1.0), 5)]);
        }
        // What is linear at the end may go into the loss by way of z.
        all.retain(|(function, ..)| *function == f);
    }
    if let Some((cost, function)) = contents.cost {
        // The parameter that the word says.
        for (_, other, _) in &mut all {
            if std::mem::discriminant(other) == std::mem::discriminant(&cost) {
                *other = cost;
            }
        }
        let said: Vec<Pair> = all
            .iter()
            .filter(|(f, c, _)| {
                std::mem::discriminant(c) == std::mem::discriminant(&cost)
                    && function.is_none_or(|function| function == *f)
            })
            .copied()
            .collect();
        let hinge = matches!(cost, Hinge) && all.iter().any(|(_, c, _)| *c == BinaryHinge);
        if !said.is_empty() {
            // The other pairs stay possible where the file's loss contradicts the word.
            for pair in &mut all {
                let meant = said.contains(pair) || hinge && pair.1 == BinaryHinge;
                if !meant {
                    pair.2 += 60;
                }
            }
        } else if let Some(function) = function.or(known) {
            all.push((function, cost, 0));
        } else {
            all.push((Identity, cost, 0));
        }
    }
    all.sort_by_key(|(_, _, oddity)| *oddity);
    all
}

fn graph(contents: &Contents, followed: &Followed, function: Function, cost: Cost, oddity: u32) -> Graph {
    let frame = &followed.frame;
    let items = &contents.items;
    let last = frame.sizes.len() - 1;
    let mut names: BTreeMap<Variable, String> = BTreeMap::new();
    names.insert(X, items[frame.x_item].name.clone());
    names.insert(Y, items[frame.y_item].name.clone());
    for (l, (&w, b)) in (1..).zip(contents.weights.iter().zip(&contents.biases)) {
        names.insert(W(l), items[w].name.clone());
        if let Some(b) = b {
            names.insert(B(l), items[*b].name.clone());
        } else if frame.bias[l].in_w() {
            names.insert(B(l), items[w].name.clone());
        }
    }
    names.extend(followed.inputs.iter().cloned());
    let mut given = followed.given.clone();
    // One number a step is a history, not this pass's loss.
    let number = |word: Word| items.iter().find(|item| item.is(false, word) && item.number().is_some());
    let x = &items[frame.x_item];
    // An array of one number is taken as it is.
    let loss =
        items.iter().find(|item| item.is(false, Word::Loss) && item.number().is_some()).or_else(|| {
            items.iter().find(|item| {
                item.hint.is_some_and(|h| h.derivative && h.word == Word::Error)
                    && item.shape.is_empty()
                    && frame.n * frame.sizes[last] > 1
            })
        });
    if let Some(item) = loss {
        given.insert(Of(Loss), taken(item, item.e.clone(), false, None));
    } else if let Some(data) = number(Word::DataLoss) {
        let view = match number(Word::Penalty) {
            Some(penalty) => data.e.clone() + penalty.e.clone(),
            None => data.e.clone(),
        };
        given.insert(Of(Loss), taken(data, view, false, None));
    }
    let reg = number(Word::Reg);
    let reg_value = reg.and_then(Item::number).filter(|reg| *reg >= 0.0 && reg.is_finite());
    let trick = frame.bias.iter().any(|bias| bias.in_w());
    let over = match contents.regularize.as_deref() {
        Some("all") => Penalized::All,
        Some("weights") => Penalized::Weights,
        _ if trick => Penalized::All,
        _ => Penalized::Weights,
    };
    let n = frame.n as f64;
    let rows = match items
        .iter()
        .find(|item| item.is(false, Word::Rows) && item.shape.is_empty() && item.number() == Some(n))
    {
        Some(item) => item.e.clone(),
        None if contents.rows.is_some() => Expr::count(n, contents.rows.clone().unwrap_or_default()),
        None if x.shape.len() == 2 && frame.columns => Expr::count(n, format!("{}.shape[1]", x.name)),
        None if x.shape.is_empty() || x.shape.len() == 1 && frame.columns => Expr::number(n),
        None => Expr::count(n, format!("len({})", x.name)),
    };
    let mut functions: Vec<Function> =
        followed.functions.iter().map(|f| f.unwrap_or(Function::Relu)).collect();
    functions[last] = function;
    // Where nothing shows a layer's function, some are likelier than others.
    let assumed = followed.assumed.filter(|_| contents.activation.is_none());
    let oddity = oddity
        + match assumed {
            None | Some(Function::Relu) => 0,
            Some(Function::Logistic | Function::Tanh) => 1,
            Some(_) => 3,
        };
    let mut graph = Graph {
        n: frame.n,
        rows,
        sizes: frame.sizes.clone(),
        x: frame.x.clone(),
        x_wide: frame.x_wide.clone(),
        target: frame.answers.target.clone(),
        classes: frame.answers.classes.clone(),
        w: frame.w.clone(),
        b: frame.b.clone(),
        full: frame.full.clone(),
        bias: frame.bias.clone(),
        functions,
        norms: followed.norms.clone(),
        masks: followed.masks.clone(),
        cost,
        reg: reg_value.unwrap_or(0.0),
        reg_text: reg.map_or_else(|| Expr::number(0.0), |item| item.e.clone()),
        over,
        given,
        step: number(Word::Step).and_then(Item::number).filter(|step| *step > 0.0),
        tolerance: contents.tolerance,
        habit: contents.habit,
        turned: (frame.columns, frame.out_in),
        names,
        arrays: by_name(contents),
        understood: contents.understood.clone(),
        warnings: contents.warnings.clone(),
        ignored: Vec::new(),
        loss_is_known: false,
        ascent: false,
        leftovers: followed.leftovers.clone(),
        oddity,
        memo: contents.memo.clone(),
    };
    say(&mut graph, contents, followed);
    graph
}

/// What was understood, and what may surprise.
fn say(graph: &mut Graph, contents: &Contents, followed: &Followed) {
    let frame = &followed.frame;
    let mut add = |words: &str| graph.understood.push(words.to_owned());
    let trick = frame.bias.iter().find(|bias| bias.in_w());
    match (trick, &frame.x_wide) {
        (Some(Bias::First), Some(_)) => add("the bias is the first row of W (X has its ones first)"),
        (Some(Bias::First), None) => add("the bias is the first row of W (X has no ones, they are added)"),
        (Some(_), Some(_)) => add("the bias is the last row of W (X carries its ones)"),
        (Some(_), None) => add("the bias is the last row of W (X has no ones, they are added)"),
        _ if frame.bias[1..].contains(&Bias::Separate) => add("the biases stand apart from W"),
        _ => add("there are no biases"),
    }
    if frame.columns {
        add("samples are columns, (D, N)");
    }
    if frame.out_in {
        add("weights are (fan_out, fan_in)");
    }
    if frame.answers.from_one {
        add("classes are counted from 1");
    }
    if followed.naming.swapped {
        add("your z and a are exchanged: a is the INPUT of the nonlinearity here, z its OUTPUT");
    }
    if followed.naming.shift == 1 {
        add("your numbers are one ahead: the first layer's values are called 2");
    }
    if let Some(f) = followed.assumed.filter(|_| contents.activation.is_none()) {
        let name = f.name();
        graph.understood.push(format!(
            "the activation is not said; read as {name} (save activation='{name}' or another)"
        ));
    }
    let reg = contents.first(Word::Reg);
    if reg.is_none() {
        graph.warnings.push("reg is not in the file: 0 is assumed".to_owned());
    }
}
