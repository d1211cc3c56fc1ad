//! The gradient check: is a claimed derivative the slope of the loss?
//!
//! ```text
//! numeric = (loss(p + h) - loss(p - h)) / 2h          one parameter p at a time, at double precision
//! ```
//! Central differences, computed with `forward` and `objective` or any other function that returns a loss:
//! nothing here knows how a backward pass works.  Three things make it trustworthy:
//!
//! - **The step.** Too large, and the loss is curved between `p - h` and `p + h`; too small, and the
//!   difference drowns in rounding.  h goes down by tens from 1e-4 (times |p|, if that is above 1) until two
//!   neighbouring steps agree; how far they disagree is the number's uncertainty.
//! - **Kinks.** A ReLU has no derivative where its input z is 0.  If a z changes sign between `p - h` and
//!   `p + h`, the difference is a slope across the kink and says nothing; such steps are not used, and a
//!   parameter for which none is left is counted as a kink, never as an error.
//! - **The measure.** A tensor passes if `max |claimed - numeric| <= t max |numeric|` (and what rounding
//!   explains); where both are zero, it passes.
//!
//! Source: cs231n, *neural networks 3*, "Gradient checks".

mod function;

pub use function::of_function;

use crate::data::Data;
use crate::error::{Error, ErrorKind, Result};
use crate::forward::forward;
use crate::network::Network;
use crate::objective::objective;
use crate::params::Params;
use crate::random::{Purpose, generator};
use rand::seq::index;
use serde::Serialize;

/// What is checked, and how strictly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How many numbers of each tensor are checked at most; `None` for all.
    pub sample: Option<usize>,
    /// Chooses the sample.
    pub seed: u64,
    /// t: the error allowed, relative to the largest number of the tensor.
    pub tolerance: f64,
}

impl Default for Plan {
    /// 20 numbers of each tensor, within 1e-6.
    fn default() -> Self {
        Self { sample: Some(20), seed: 0, tolerance: 1e-6 }
    }
}

/// The loss at some parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct LossAt {
    /// The data's part, or the whole loss of a program that does not tell them apart.
    pub data_loss: f64,
    /// The penalty's part.
    pub penalty: f64,
    /// On which side of each kink it is (whether each input z of a ReLU is above 0, each answer above its
    /// target for the absolute error); empty if there is none, or it is not known.
    pub on: Vec<bool>,
}

/// Which part of the loss a claimed gradient differentiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `data_loss`.
    Data,
    /// `penalty`.
    Penalty,
    /// Their sum.
    Loss,
}

/// One number: what was claimed, and the slope that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Row and column in the tensor; one number for a bias.
    pub index: Vec<usize>,
    /// The claimed derivative.
    pub claimed: f64,
    /// The central difference.
    pub numeric: f64,
    /// How far the central difference may be off, by rounding and by its step.
    pub uncertainty: f64,
    /// The step h.
    pub step: f64,
}

impl Compared {
    /// cs231n's relative error, `|a - n| / max(|a|, |n|)`; 0 if both are zero.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        let scale = self.claimed.abs().max(self.numeric.abs());
        if scale == 0.0 { 0.0 } else { (self.claimed - self.numeric).abs() / scale }
    }
}

/// The verdict on one tensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorCheck {
    /// `dw1`, `db1`, ...
    pub name: String,
    /// Which part of the loss.
    pub part: Part,
    /// How many numbers were compared.
    pub checked: usize,
    /// How many were left out because a z changes sign, however small the step.
    pub kinks: usize,
    /// How many numbers the tensor has.
    pub size: usize,
    /// `max |claimed - numeric| / max |numeric|`, what rounding explains included; infinite if only the
    /// claimed ones are not zero.
    pub error: f64,
    /// The number that is furthest off beyond its uncertainty.
    pub worst: Option<Compared>,
    /// Whether something was compared, and all of it is right.
    pub passed: bool,
    /// Whether everything compared was 0 on both sides.
    pub only_zeros: bool,
}

/// What is said of one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was compared is right.
    Right,
    /// A number is off.
    Wrong,
    /// Every number is at a kink: nothing was compared, which is no pass.
    NotCompared,
    /// Nothing but zeros was compared: right, though a factor or a sign would not show.
    OnlyZeros,
}

impl TensorCheck {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.checked, self.passed, self.only_zeros) {
            (0, ..) => Verdict::NotCompared,
            (_, false, _) => Verdict::Wrong,
            (_, true, true) => Verdict::OnlyZeros,
            (_, true, false) => Verdict::Right,
        }
    }
}

/// Compares gradients that somebody claims with the slope of the loss, tensor by tensor.
///
/// `loss` evaluates the loss at any parameters; `claims` are gradients by the same parameters.
///
/// ```
/// use clearprop::gradcheck::{LossAt, Part, Plan, gradcheck};
/// use clearprop::params::Params;
/// // loss = w^3 + b at w = 2, b = 1: by w 3 w^2 = 12, by b 1
/// let at = Params::from_values(&[1, 1], vec![2.0, 1.0]).unwrap();
/// let mut loss = |p: &Params<f64>| {
///     Ok(LossAt { data_loss: p.values()[0].powi(3) + p.values()[1], penalty: 0.0, on: vec![] })
/// };
/// let right = Params::from_values(&[1, 1], vec![12.0, 1.0]).unwrap();
/// assert!(gradcheck(&mut loss, &at, &[(Part::Loss, &right)], &Plan::default())?.iter().all(|t| t.passed));
/// let wrong = Params::from_values(&[1, 1], vec![12.1, 1.0]).unwrap();
/// let checks = gradcheck(&mut loss, &at, &[(Part::Loss, &wrong)], &Plan::default())?;
/// assert_eq!((checks[0].passed, checks[1].passed), (false, true)); // dw1, db1
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// What `loss` returns as an error, and a claim of other sizes than the parameters.
pub fn gradcheck(
    loss: &mut dyn FnMut(&Params<f64>) -> Result<LossAt>,
    params: &Params<f64>,
    claims: &[(Part, &Params<f64>)],
    plan: &Plan,
) -> Result<Vec<TensorCheck>> {
    if let Some((_, claim)) = claims.iter().find(|(_, claim)| claim.sizes() != params.sizes()) {
        let found = format!("a gradient of sizes {:?} for weights of {:?}", claim.sizes(), params.sizes());
        return Err(Error::new(ErrorKind::Shape, found).hint("a derivative has the shape of its variable"));
    }
    let mut checks = Vec::new();
    for tensor in tensors(params.sizes()) {
        let places = chosen(&tensor, claims, plan);
        let measured: Vec<Option<Slope>> =
            places.iter().map(|&place| slope(loss, params, place)).collect::<Result<_>>()?;
        for &(part, claim) in claims {
            checks.push(compare(&tensor, part, &places, &measured, claim, plan.tolerance));
        }
    }
    Ok(checks)
}

/// The loss of a network on data, as [`gradcheck`] wants it.
///
/// # Panics
/// If `params` or `data` do not have the network's sizes ([`Data::fits`] tells beforehand).
#[must_use]
pub fn loss_at(network: &Network, params: &Params<f64>, data: &Data<f64>) -> LossAt {
    let pass = forward(network, params, data.x.view());
    let objective = objective(network, params, &pass, data.answers());
    let kinked = (1..).zip(&network.activations).filter(|(_, activation)| activation.has_kink());
    let mut on: Vec<bool> = kinked.flat_map(|(l, _)| pass.z[l].iter().map(|&z| z > 0.0)).collect();
    on.extend(network.loss.sides_of_kinks(pass.logits(), &data.y));
    LossAt { data_loss: objective.data_loss, penalty: objective.penalty, on }
}

/// One tensor in the flat buffer.
struct Tensor {
    name: String,
    start: usize,
    /// Its columns: fan_out.  A bias has one row.
    shape: Vec<usize>,
}

impl Tensor {
    fn size(&self) -> usize {
        self.shape.iter().product()
    }

    fn index(&self, place: usize) -> Vec<usize> {
        let at = place - self.start;
        match *self.shape {
            [_, columns] => vec![at / columns, at % columns],
            _ => vec![at],
        }
    }
}

/// `dw1 db1 dw2 db2 ..`, where they lie in the flat buffer.
fn tensors(sizes: &[usize]) -> Vec<Tensor> {
    let mut start = 0;
    let mut tensors = Vec::new();
    for (l, pair) in sizes.windows(2).enumerate() {
        for (name, shape) in [("dw", vec![pair[0], pair[1]]), ("db", vec![pair[1]])] {
            let tensor = Tensor { name: format!("{name}{}", l + 1), start, shape };
            start += tensor.size();
            tensors.push(tensor);
        }
    }
    tensors
}

/// The places in the flat buffer that are checked: a random sample, and the largest number claimed.
fn chosen(tensor: &Tensor, claims: &[(Part, &Params<f64>)], plan: &Plan) -> Vec<usize> {
    let range = tensor.start..tensor.start + tensor.size();
    let sample = match plan.sample {
        Some(sample) if sample < tensor.size() => sample.max(1),
        _ => return range.collect(),
    };
    let mut random = generator(plan.seed, Purpose::Shuffle(tensor.start as u64));
    let mut places: Vec<usize> =
        index::sample(&mut random, tensor.size(), sample).iter().map(|at| tensor.start + at).collect();
    for (_, claim) in claims {
        let size = |place: &usize| claim.values()[*place].abs();
        let largest = range.clone().reduce(|best, next| if size(&next) > size(&best) { next } else { best });
        if let Some(largest) = largest.filter(|place| !places.contains(place)) {
            places.push(largest);
        }
    }
    places.sort_unstable();
    places
}

/// The slope of both parts of the loss along one parameter.
#[derive(Clone, Copy, Debug)]
struct Slope {
    data: f64,
    penalty: f64,
    uncertainty: f64,
    step: f64,
}

/// The slope at a place of the flat buffer; `None` at a kink.
fn slope(
    loss: &mut dyn FnMut(&Params<f64>) -> Result<LossAt>,
    params: &Params<f64>,
    place: usize,
) -> Result<Option<Slope>> {
    let value = params.values()[place];
    let mut moved = params.clone();
    let mut slopes: Vec<Slope> = Vec::new();
    for step in [1e-4, 1e-5, 1e-6, 1e-7].map(|h| h * value.abs().max(1.0)) {
        let (up, down) = (value + step, value - step);
        moved.values_mut()[place] = up;
        let above = loss(&moved)?;
        moved.values_mut()[place] = down;
        let below = loss(&moved)?;
        if above.on != below.on {
            continue;
        }
        // What was really added: value + step is rounded.
        let width = up - down;
        let size = above.data_loss.abs() + below.data_loss.abs() + above.penalty.abs() + below.penalty.abs();
        let rounding = 4.0 * f64::EPSILON * size / width;
        let mut slope = Slope {
            data: (above.data_loss - below.data_loss) / width,
            penalty: (above.penalty - below.penalty) / width,
            uncertainty: rounding,
            step,
        };
        if let Some(before) = slopes.last() {
            slope.uncertainty += (slope.data - before.data).abs().max((slope.penalty - before.penalty).abs());
        }
        slopes.push(slope);
        let settled = 2.0 * rounding + 1e-8 * slope.data.abs().max(slope.penalty.abs());
        if slopes.len() > 1 && slope.uncertainty <= settled {
            break;
        }
    }
    // The first step has no neighbour to disagree with; it counts only if it is alone.
    let compared = &slopes[usize::from(slopes.len() > 1)..];
    Ok(compared.iter().copied().min_by(|a, b| a.uncertainty.total_cmp(&b.uncertainty)))
}

/// One tensor's claim against its measured slopes.
fn compare(
    tensor: &Tensor,
    part: Part,
    places: &[usize],
    measured: &[Option<Slope>],
    claim: &Params<f64>,
    tolerance: f64,
) -> TensorCheck {
    let compared: Vec<Compared> = places
        .iter()
        .zip(measured)
        .filter_map(|(&place, slope)| {
            slope.map(|slope| Compared {
                index: tensor.index(place),
                claimed: claim.values()[place],
                numeric: match part {
                    Part::Data => slope.data,
                    Part::Penalty => slope.penalty,
                    Part::Loss => slope.data + slope.penalty,
                },
                uncertainty: slope.uncertainty,
                step: slope.step,
            })
        })
        .collect();
    judged(&tensor.name, part, tensor.size(), places.len(), &compared, tolerance)
}

/// The verdict on what was compared of `asked` places.
fn judged(
    name: &str,
    part: Part,
    size: usize,
    asked: usize,
    compared: &[Compared],
    tolerance: f64,
) -> TensorCheck {
    let scale = compared.iter().fold(0.0_f64, |scale, c| scale.max(c.numeric.abs()));
    // How far a number is off beyond what the measurement explains; NaN is infinitely far.
    let excess = |c: &Compared| {
        let off = (c.claimed - c.numeric).abs() - c.uncertainty;
        if off.is_nan() { f64::INFINITY } else { off.max(0.0) }
    };
    let worst = compared.iter().reduce(|worst, next| if excess(next) > excess(worst) { next } else { worst });
    let off = |c: &Compared| {
        let off = (c.claimed - c.numeric).abs();
        if off.is_nan() { f64::INFINITY } else { off }
    };
    let error = match (compared.iter().map(off).fold(0.0, f64::max), scale) {
        (0.0, _) => 0.0,
        (largest, scale) => largest / scale,
    };
    TensorCheck {
        name: name.to_owned(),
        part,
        checked: compared.len(),
        kinks: asked - compared.len(),
        size,
        error,
        worst: worst.cloned(),
        passed: worst.is_some_and(|worst| excess(worst) <= tolerance * scale),
        only_zeros: compared.iter().all(|c| c.claimed == 0.0 && c.numeric == 0.0),
    }
}
