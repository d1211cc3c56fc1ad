//! A probe: inputs, labels and weights to compute one backward pass on, on which no mistake can hide.
//!
//! On a poor probe mistakes are invisible: with `reg = 0` every mistake of the penalty, with zero biases those
//! of the bias, with N = K the division by the wrong one.  [`good_probe`] draws a good one,
//! `hidden_by` says what a person's own cannot show.

use super::arrays::{Array, Stored, Values};
use super::function::Function;
use super::graph::{Bias, Graph};
use crate::activation::Activation;
use crate::data::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::forward::forward;
use crate::loss::{Loss, argmax};
use crate::network::{Network, Penalized, Penalty};
use crate::params::{Params, with_ones};
use crate::quantity::{Quantity::Of, Variable::Z};
use crate::random::{Purpose, generator};
use ndarray::{Array1, Array2};
use rand::RngExt;
use rand_distr::StandardNormal;

/// Rows, inputs, hidden units and classes of a probe: pairwise different, also with one more for the bias.
pub const SIZES: (usize, usize, usize, usize) = (17, 4, 7, 3);

/// Inputs, labels and weights to compute on.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The network: one hidden layer of rectifiers, softmax, `reg` 0.1.
    pub network: Network,
    /// The inputs (n, d).
    pub x: Array2<f64>,
    /// The classes (n).
    pub y: Array1<u32>,
    /// Weights and biases, none of them zero.
    pub params: Params<f64>,
}

/// Draws a good probe: sizes pairwise different, biases not zero, every unit on for some rows and off for
/// others with no z near 0, unbalanced labels with all classes present, some rows misclassified and some not,
/// `reg` 0.1.
///
/// ```
/// use clearprop::diagnose::probe::{SIZES, good_probe};
/// let probe = good_probe(0)?;
/// let (n, d, h, k) = SIZES;
/// assert_eq!((probe.x.dim(), probe.params.sizes()), ((n, d), &[d, h, k][..]));
/// assert_eq!(probe.network.penalty.reg, 0.1);
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// Never in practice: if no draw of many is a good one.
pub fn good_probe(seed: u64) -> Result<Probe> {
    const DRAWS: usize = 10_000;
    let (n, d, h, k) = SIZES;
    let penalty = Penalty { reg: 0.1, over: Penalized::All };
    let network = Network::new(&[d, h, k], Activation::Relu, Loss::Softmax, penalty)?;
    let mut random = generator(seed, Purpose::Data);
    let mut normal = |scale: f64| {
        let value: f64 = random.sample(StandardNormal);
        // Four digits read well, and are exact in a file of any kind.
        (value * scale * 1e4).round() / 1e4
    };
    let y: Array1<u32> = labels(n).filter_map(|class| u32::try_from(class).ok()).collect();
    for _ in 0..DRAWS {
        let x = Array2::from_shape_simple_fn((n, d), || normal(1.0));
        let count = (d + 1) * h + (h + 1) * k;
        let values: Vec<f64> = (0..count).map(|_| normal(0.6)).collect();
        let Some(params) = Params::from_values(&network.sizes, values) else { break };
        let probe = Probe { network: network.clone(), x, y: y.clone(), params };
        if is_good(&probe) {
            return Ok(probe);
        }
    }
    Err(Error::new(ErrorKind::Data, "found no good probe with this seed").hint("try another seed"))
}

/// Whether nothing can hide on this probe.
fn is_good(probe: &Probe) -> bool {
    /// Nearer to 0, a z could change its sign by rounding.
    const CLEAR: f64 = 0.02;
    let pass = forward(&probe.network, &probe.params, probe.x.view());
    let z = &pass.z[1];
    let both_signs =
        z.columns().into_iter().all(|unit| unit.iter().any(|&z| z > 0.0) && unit.iter().any(|&z| z < 0.0));
    let clear = z.iter().all(|z| z.abs() > CLEAR);
    let bare = probe.x.dot(&probe.params.w(1));
    let turned = z.iter().zip(&bare).any(|(z, bare)| (*z > 0.0) != (*bare > 0.0));
    let best = argmax(pass.probs().view());
    let right = best.iter().zip(&probe.y).filter(|(a, b)| a == b).count();
    let mixed = right * 4 >= best.len() && right * 4 <= best.len() * 3;
    let biased = (1..=2).all(|l| probe.params.b(l).iter().all(|b| b.abs() > CLEAR));
    both_signs && clear && turned && mixed && biased
}

impl Probe {
    /// The arrays of the file, in the notebook's names: `X` with its column of ones, `W1`, `W2` with the bias as
    /// last row.
    #[must_use]
    pub fn arrays(&self) -> Vec<Array> {
        let of = |name: &str, value: &Array2<f64>| Array {
            name: name.to_owned(),
            shape: value.shape().to_vec(),
            values: Values::Numbers(value.iter().copied().collect(), Stored::Double),
        };
        let y = Array {
            name: "y".to_owned(),
            shape: vec![self.y.len()],
            values: Values::Numbers(self.y.iter().map(|&y| f64::from(y)).collect(), Stored::Whole),
        };
        let reg = Array {
            name: "reg".to_owned(),
            shape: vec![],
            values: Values::Numbers(vec![self.network.penalty.reg], Stored::Double),
        };
        vec![
            of("X", &with_ones(&self.x)),
            y,
            of("W1", &self.params.wb(1).to_owned()),
            of("W2", &self.params.wb(2).to_owned()),
            reg,
        ]
    }

    /// The right answers, as the library takes them.
    #[must_use]
    pub fn target(&self) -> Target<f64> {
        Target::Classes(self.y.clone())
    }
}

/// A program with holes: fill in each `...`, run it, and diagnose what it writes.
#[must_use]
pub fn template(probe_file: &str, own_file: &str) -> String {
    let (n, d, h, k) = SIZES;
    format!(
        r#""""One forward and backward pass.  Fill in every ..., run this, then

    clearprop diagnose {own_file}

Leave a ... where you have nothing: any of the arrays is enough.
"""
import numpy as np

probe = np.load("{probe_file}")
X, y, W1, W2, reg = (probe[name] for name in ("X", "y", "W1", "W2", "reg"))
N = len(y)                # {n} rows; D = {d} inputs, H = {h} hidden units, K = {k} classes
                          # X has a last column of ones, so the last row of W1 is the bias; likewise W2

# The network: D inputs -> H units of ReLU -> K classes by softmax.
# Its loss: the mean over the rows of -log(probability of the right class), plus reg/2 * (sum of W1^2 + sum of W2^2),
# the bias rows included.

# Forward.
h11 = ...                 # ({n}, {h})   input of the nonlinearity
h12 = ...                 # ({n}, {h1})   its output, ReLU: max(0, h11), with a last column of ones
f = ...                   # ({n}, {k})   scores
probs = ...               # ({n}, {k})   softmax, row by row
loss = ...                # one number: the mean of the rows' losses + the penalty

# Backward: each is the derivative of loss BY the quantity in its name, and has that quantity's shape.
dL_df = ...               # ({n}, {k})   do not write into probs: probs.copy()
dL_dW2 = ...              # ({h1}, {k})
dL_dh12 = ...             # ({n}, {h1})   by the OUTPUT of the nonlinearity
dL_dh11 = ...             # ({n}, {h})   by its INPUT, without the bias's column
dL_dW1 = ...              # ({d1}, {h})

# Saves every array above, your own too.  If a line fails, move this above it: what there is can be diagnosed.
kept = (np.ndarray, np.generic, float)
np.savez("{own_file}", **{{name: value for name, value in globals().items() if isinstance(value, kept)}})
"#,
        h1 = h + 1,
        d1 = d + 1,
    )
}

/// Whether a pass is on a probe that [`good_probe`] drew: then it is known which network and which loss were asked for.
pub(super) fn is_handed_out(graph: &Graph) -> bool {
    let (n, d, h, k) = SIZES;
    // Four digits, as they are drawn.
    let drawn = |e: &super::expression::Expr| {
        e.value().is_some_and(|value| value.data.iter().all(|v| (v * 1e4 - (v * 1e4).round()).abs() < 1e-6))
    };
    graph.n == n
        && graph.sizes == [d, h, k]
        && graph.reg == 0.1
        && graph.classes.as_deref().is_some_and(|classes| classes.iter().copied().eq(labels(n)))
        && [&graph.x, &graph.w[1], &graph.w[2], &graph.b[1], &graph.b[2]].into_iter().all(drawn)
}

/// Half of the rows are of class 0, the others of the rest in turn.
fn labels(n: usize) -> impl Iterator<Item = usize> {
    (0..n).map(|i| if i % 2 == 0 { 0 } else { 1 + usize::from(i % 3 == 0) })
}

/// What a person's own probe cannot show, a sentence each.
#[must_use]
pub(super) fn hidden_by(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |words: String| found.push(words);
    let (n, k, last, sizes) = (graph.n, graph.outputs(), graph.layers(), &graph.sizes);
    // (Where the file has no reg, that is said already.)
    if graph.reg == 0.0 && !graph.warnings.iter().any(|warning| warning.starts_with("reg is not in the file"))
    {
        add("reg is 0: no mistake of the penalty (19 to 25, 37) would show".to_owned());
    }
    let has_bias = graph.bias[1..].iter().any(|bias| *bias != Bias::None);
    let zero = |b: &super::expression::Expr| b.value().is_some_and(|b| b.data.iter().all(|&b| b == 0.0));
    if has_bias && graph.b[1..].iter().all(zero) {
        add("all biases are 0: mistakes 25 and 48 would not show".to_owned());
    }
    if n == 1 {
        add("there is a single row: mistakes 1, 2, 27 to 29, 31 and 53 would not show".to_owned());
    } else if n == k {
        add(format!("N = K = {n}: mistake 4 would not show, and 2 and 3 look the same"));
    }
    for l in 1..=last {
        if sizes[l - 1] == sizes[l] {
            add(format!(
                "W{l} is square, ({0}, {0}): a transposed product (mistake 34) stops with no error of shapes",
                sizes[l]
            ));
        }
    }
    let usual = super::convention::Convention::usual(graph);
    let pass = super::differentiate::forward(graph, &usual);
    for l in (1..last).filter(|&l| graph.functions[l] == Function::Relu) {
        if pass.value(Of(Z(l))).is_some_and(|z| z.iter().all(|&z| z > 0.0)) {
            add(format!(
                "every unit of layer {l} is on for every row: mistakes of the mask (26, 40 to 44, 48, 49, 51) would not \
                 show"
            ));
        }
    }
    if let Some(classes) = graph.classes.as_ref().filter(|_| graph.functions[last] == Function::Softmax) {
        let mut counts = vec![0_usize; k];
        classes.iter().for_each(|&class| counts[class] += 1);
        let missing: Vec<String> =
            counts.iter().enumerate().filter(|(_, c)| **c == 0).map(|(class, _)| class.to_string()).collect();
        if !missing.is_empty() {
            add(format!("no row is of class {}: a wrong column there may not show", missing.join(", ")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::expression::Memo;
    use crate::diagnose::reconstruct::readings;
    use crate::objective::loss_and_grad;

    #[test]
    fn a_good_probe_hides_nothing_and_a_poor_one_is_warned_about() {
        for seed in 0..5 {
            let probe = good_probe(seed).unwrap();
            let mut arrays = probe.arrays();
            let data = crate::data::Data::new(probe.x.clone(), probe.target()).unwrap();
            let (objective, _) = loss_and_grad(&probe.network, &probe.params, &data);
            arrays.push(Array {
                name: "loss".into(),
                shape: vec![],
                values: Values::Numbers(vec![objective.loss()], Stored::Double),
            });
            let graph = readings(&arrays, "", &Memo::new(u64::MAX)).unwrap().swap_remove(0);
            assert_eq!(hidden_by(&graph), Vec::<String>::new(), "seed {seed}");
            let mut poor = graph.clone();
            poor.reg = 0.0;
            poor.b.iter_mut().for_each(|b| *b = b.times(0.0));
            let words = hidden_by(&poor).join("; ");
            assert!(words.contains("reg is 0") && words.contains("all biases are 0"), "{words}");
        }
    }

    #[test]
    fn sizes_are_pairwise_different_also_with_the_bias() {
        let (n, d, h, k) = SIZES;
        let mut all = vec![n, d, d + 1, h, h + 1, k];
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn the_template_has_a_hole_for_every_stage() {
        let text = template("probe.npz", "mine.npz");
        for name in ["h11", "h12", "f", "probs", "loss", "dL_df", "dL_dW2", "dL_dh12", "dL_dh11", "dL_dW1"] {
            assert!(text.contains(&format!("\n{name} = ...")), "{name}");
        }
    }
}
