//! Data: inputs with their right answers, the notebook's spirals, and the split into train and test.
//!
//! n = rows, d = inputs, k = classes or outputs.

use crate::error::{Error, ErrorKind, Result};
use crate::network::Network;
use crate::random::{Purpose, generator, shuffled};
use crate::real::Real;
use crate::target::{TargetKind, Weighted, indices};
use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rand_distr::StandardNormal;
use std::borrow::Cow;

pub use crate::target::Target;

/// Inputs `x` (n, d) and right answers `y` (n) or (n, k); what each row counts, where they do not count the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Data<R> {
    /// The inputs, (n, d).
    pub x: Array2<R>,
    /// The right answers.
    pub y: Target<R>,
    /// The weight of each row (n): the loss is `sum(w * loss of the row) / sum(w)`.  Without it each counts 1.
    pub weights: Option<Array1<R>>,
}

impl<R: Real> Data<R> {
    /// Inputs and right answers, checked.
    ///
    /// # Errors
    /// Different numbers of rows, no rows, more than 2^32 rows, or a value that is NaN or infinite
    /// (with its row, counted from 0 as rows of arrays are, and its column).
    pub fn new(x: Array2<R>, y: Target<R>) -> Result<Self> {
        if x.nrows() != y.len() {
            let found = format!("x has {} rows and y has {}", x.nrows(), y.len());
            return Err(Error::new(ErrorKind::Shape, found).hint("each row needs its right answer"));
        }
        if x.nrows() == 0 || x.ncols() == 0 {
            let found = format!("x has {} rows and {} columns", x.nrows(), x.ncols());
            return Err(Error::new(ErrorKind::Data, found).hint("there is nothing to learn from"));
        }
        if u32::try_from(x.nrows()).is_err() {
            return Err(Error::new(ErrorKind::Data, format!("{} rows are more than 2^32", x.nrows())));
        }
        let finite =
            |name: &str, values: &Array2<R>| match values.indexed_iter().find(|(_, v)| !v.is_finite()) {
                Some(((row, column), value)) => {
                    Err(Error::new(ErrorKind::Data, format!("found {value} at {name}[{row}, {column}]"))
                        .hint("only finite numbers can be learnt from"))
                }
                None => Ok(()),
            };
        finite("x", &x)?;
        if let Target::Values(y) = &y {
            finite("y", y)?;
        }
        Ok(Self { x, y, weights: None })
    }

    /// The same rows, each counting as its weight says: a row of weight 2 as two of it, of weight 0 as none.
    ///
    /// # Errors
    /// Another number of weights than rows, one that is negative, NaN or infinite (with its row, counted from 0),
    /// or none above 0.
    pub fn with_weights(mut self, weights: Array1<R>) -> Result<Self> {
        if weights.len() != self.len() {
            let found = format!("x has {} rows, and there are {} weights", self.len(), weights.len());
            return Err(Error::new(ErrorKind::Shape, found).hint("each row needs its weight"));
        }
        if let Some(row) = weights.iter().position(|w| !(*w >= R::zero() && w.is_finite())) {
            let found = format!("found {} at weights[{row}]", weights[row]);
            return Err(Error::new(ErrorKind::Data, found).hint("a weight is a number from 0 up"));
        }
        if weights.iter().all(|&w| w == R::zero()) {
            return Err(Error::new(ErrorKind::Data, "all weights are 0").hint("some row must count"));
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// The right answers with the rows' weights.
    #[must_use]
    pub fn answers(&self) -> Weighted<'_, R> {
        Weighted { y: &self.y, weights: self.weights.as_ref() }
    }

    /// What some rows count together.
    pub(crate) fn weight_of(&self, rows: &[u32]) -> f64 {
        let sum = |weights: &Array1<R>| rows.iter().map(|&row| weights[row as usize].f64()).sum();
        self.weights.as_ref().map_or(rows.len() as f64, sum)
    }

    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.nrows()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some rows, in the order given.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let weights = self.weights.as_ref().map(|weights| weights.select(Axis(0), &indices(rows)));
        Self { x: self.x.select(Axis(0), &indices(rows)), y: self.y.select(rows), weights }
    }

    /// Whether `network` can be trained or evaluated on these data.
    ///
    /// # Errors
    /// Another number of inputs or outputs, a class beyond k, labels other than 0 and 1 for the
    /// logistic loss, or a kind of answer that the loss has no meaning for.
    pub fn fits(&self, network: &Network) -> Result<()> {
        let shape = |found: String| Err(Error::new(ErrorKind::Shape, found));
        if self.x.ncols() != network.inputs() {
            return shape(format!(
                "x has {} columns, the network {} inputs",
                self.x.ncols(),
                network.inputs()
            ));
        }
        let k = network.outputs();
        let loss = network.loss;
        match (loss.takes(), &self.y) {
            (TargetKind::Classes, Target::Classes(y)) => {
                match y.iter().position(|&class| class as usize >= k) {
                    Some(row) => {
                        shape(format!("y[{row}] is class {}, the network has classes 0 to {}", y[row], k - 1))
                    }
                    None => Ok(()),
                }
            }
            (TargetKind::Classes, Target::Values(_)) => {
                Err(Error::new(ErrorKind::Data, format!("the {loss} loss needs one class number a row")))
            }
            (TargetKind::Labels | TargetKind::Counts | TargetKind::Numbers, Target::Classes(_)) => {
                let found = format!("the {loss} loss needs numbers as answers, found classes");
                Err(Error::new(ErrorKind::Data, found))
            }
            (kind, Target::Values(y)) => {
                if y.ncols() != k {
                    return shape(format!("y has {} columns, the network {k} outputs", y.ncols()));
                }
                match y.indexed_iter().find(|(_, value)| !kind.holds(**value)) {
                    Some(((row, column), value)) => {
                        Err(Error::new(ErrorKind::Data, format!("found {value} at y[{row}, {column}]"))
                            .hint(format!("the {loss} loss needs {}", kind.described())))
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

/// The notebook's data: `classes` spiral arms with `points` points each, in the plane.
///
/// Arm j, point i of N: radius `r = i/(N-1)`, angle `t = turns*j .. turns*(j+1)` in equal steps plus
/// `noise` times a standard normal number, in radians; `x = (r sin t, r cos t)`, `y = j`.
/// The notebook: 300 points, 3 classes, turns 8 (radians an arm), noise 0.2.
/// Source: cs231n, *neural networks case study*, where `turns` is 4.
///
/// ```
/// use clearprop::data::{Spirals, spirals};
/// let data = spirals::<f64>(&Spirals::default(), 0)?;
/// assert_eq!(data.x.dim(), (900, 2));
/// assert_eq!(data.x.row(300).to_vec(), [0.0, 0.0]); // each arm starts at the origin
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// No points, no classes, or a noise that is negative or not finite.
pub fn spirals<R: Real>(spirals: &Spirals, seed: u64) -> Result<Data<R>> {
    let Spirals { points, classes, turns, noise } = *spirals;
    let setting = |key, found: String| Error::new(ErrorKind::Setting, found).setting(key);
    if points == 0 {
        return Err(setting("points", "found 0".into()).hint("each arm needs at least one point"));
    }
    if classes == 0 {
        return Err(setting("classes", "found 0".into()).hint("there must be at least one arm"));
    }
    if points.checked_mul(classes).is_none_or(|n| n > 100_000_000) {
        let found = format!("{points} points for each of {classes} classes are too many");
        return Err(setting("points", found).hint("at most 100 million rows in all"));
    }
    if !turns.is_finite() {
        return Err(setting("turns", format!("found {turns}")).hint("give radians, like 8"));
    }
    if !(noise >= 0.0 && noise.is_finite()) {
        return Err(setting("noise", format!("found {noise}")).hint("give a number from 0 up, like 0.2"));
    }
    let mut random = generator(seed, Purpose::Data);
    let mut x = Array2::zeros((points * classes, 2));
    let mut y = Vec::with_capacity(points * classes);
    for (j, class) in (0..classes).zip(0u32..) {
        for i in 0..points {
            let share = if points > 1 { i as f64 / (points - 1) as f64 } else { 0.0 };
            let normal: f64 = random.sample(StandardNormal);
            let t = turns * (j as f64 + share) + noise * normal;
            let row = points * j + i;
            x[[row, 0]] = R::of(share * t.sin());
            x[[row, 1]] = R::of(share * t.cos());
            y.push(class);
        }
    }
    Data::new(x, Target::Classes(y.into()))
}

/// The shape of the spirals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spirals {
    /// Points of each arm.
    pub points: usize,
    /// Arms, each a class.
    pub classes: usize,
    /// How far an arm turns, in radians.
    pub turns: f64,
    /// Standard deviation of the angle, in radians.
    pub noise: f64,
}

impl Default for Spirals {
    /// The notebook's.
    fn default() -> Self {
        Self { points: 300, classes: 3, turns: 8.0, noise: 0.2 }
    }
}

/// Row numbers (train, test), both in random order: `test_size` of n rows, rounded up, for the test.
///
/// ```
/// use clearprop::data::split;
/// let (train, test) = split(900, 0.33, 0)?;
/// assert_eq!((train.len(), test.len()), (603, 297)); // the notebook's
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// A share outside 0..1, or one that leaves no row to train on.
pub fn split(n: usize, test_size: f64, seed: u64) -> Result<(Vec<u32>, Vec<u32>)> {
    if !(0.0..1.0).contains(&test_size) {
        return Err(Error::new(ErrorKind::Setting, format!("found {test_size}"))
            .setting("test_size")
            .hint("give a share of the rows, from 0 up to but not including 1"));
    }
    let mut train = shuffled(n, seed, Purpose::Split);
    let kept = n - share_of(n, test_size);
    if kept == 0 {
        return Err(Error::new(
            ErrorKind::Data,
            format!("{n} rows with a test share of {test_size} leave none to train on"),
        )
        .hint("give more rows or a smaller `test_size`"));
    }
    let test = train.split_off(kept);
    Ok((train, test))
}

/// The training rows without a share for validation, and that share: (train, validation).
///
/// ```
/// use clearprop::data::hold_out;
/// let (train, validation) = hold_out(&[7, 8, 9, 10], 0.25, 0)?;
/// assert_eq!((train.len(), validation.len()), (3, 1));
/// # Ok::<(), clearprop::error::Error>(())
/// ```
///
/// # Errors
/// A share outside 0..1, or one that leaves no row to train on.
pub fn hold_out(train: &[u32], validation_size: f64, seed: u64) -> Result<(Vec<u32>, Vec<u32>)> {
    let (n, count) = (train.len(), share_of(train.len(), validation_size));
    if !(0.0..1.0).contains(&validation_size) || count >= n {
        let found = format!("{validation_size} of {n} training rows leaves none to train on");
        return Err(Error::new(ErrorKind::Setting, found)
            .setting("validation_size")
            .hint("give a smaller share, or 0"));
    }
    let shuffled = shuffled(n, seed, Purpose::Validation);
    let rows = |places: &[u32]| places.iter().map(|&place| train[place as usize]).collect();
    Ok((rows(&shuffled[count..]), rows(&shuffled[..count])))
}

/// How many of n rows a share is, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of n is between 0 and n"
)]
pub(crate) fn share_of(n: usize, share: f64) -> usize {
    // 0.1 * 30 is 3.0000000000000004: do not round that up to 4.
    ((share * n as f64 - 1e-9).ceil().max(0.0) as usize).min(n)
}

/// The rows that an engine takes its steps over, one update a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches<'a> {
    /// All rows at once, `steps` times.
    Full {
        /// The number of updates.
        steps: usize,
    },
    /// These rows in this order, `size` a batch, the last one short if they do not come out even.
    Of {
        /// Row numbers.
        rows: &'a [u32],
        /// Rows of a batch, at least 1.
        size: usize,
    },
}

impl Batches<'_> {
    /// How many updates they are.
    #[must_use]
    pub fn steps(&self) -> usize {
        match self {
            Self::Full { steps } => *steps,
            Self::Of { rows, size } => rows.len().div_ceil(*size),
        }
    }

    /// The rows of batch `step`, counted from 0.
    #[must_use]
    pub fn batch<'d, R: Real>(&self, step: usize, data: &'d Data<R>) -> Cow<'d, Data<R>> {
        match self {
            Self::Full { .. } => Cow::Borrowed(data),
            Self::Of { rows, size } => {
                Cow::Owned(data.select(&rows[step * size..rows.len().min((step + 1) * size)]))
            }
        }
    }
}
