//! From logits to probabilities, loss and `dlogits`, a vector of rows at a time.
//!
//! A row has few logits and a vector many lanes, so the lanes are rows: the logits of as many rows as there
//! are lanes are transposed, and then every formula of [`Loss`] is the same as for one row.
//!
//! ```text
//! rows in memory                          columns[j]: logit j of 16 rows
//! row 0 | z00 z01 z02 .. |                columns[0] | z00 z10 z20 .. |
//! row 1 | z10 z11 z12 .. |    transpose   columns[1] | z01 z11 z21 .. |
//!  ..                          <---->      ..
//! ```
//!
//! See [`rotate`] for how.
#![expect(unsafe_code, reason = "rows of a block lie in memory that threads share by parts")]
#![expect(
    clippy::needless_range_loop,
    reason = "closures of iterators need not be inlined, and then lose the instructions"
)]

use crate::float::Float;
use crate::gemm::{load, store};
use crate::lanes::{V, rotate};
use crate::math::{exp, exp_to_the_end, ln, log_one_plus, logistic};
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

/// What is made small: the mean over the rows of
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// `-log softmax(logits)[y]`, one class a row.
    Softmax,
    /// The same where y counts `1 - smoothing`, and each class `smoothing / k` besides.
    SmoothedSoftmax {
        /// What is taken from the right class.
        smoothing: f64,
    },
    /// For each of k labels `log(1 + exp(z)) - y z`, added up.
    Logistic,
    /// `1/2 sum((logits - y)^2)`.
    Squared,
    /// `sum(exp(logits) - y logits)`.
    Poisson,
    /// `sum(|logits - y|)`.
    Absolute,
    /// The sum of `d^2/2` for distances `d = |logits - y|` up to delta, of `delta (d - delta/2)` beyond.
    Huber {
        /// From where on it grows like a line.
        delta: f64,
    },
    /// `sum over j != y of max(0, logits[j] - logits[y] + 1)`, one class a row.
    Hinge,
    /// `sum over j != y of max(0, logits[j] - logits[y] + 1)^2`, one class a row.
    SquaredHinge,
}

impl Loss {
    /// Whether a right answer is one class, and not a number for each output.
    pub(crate) fn takes_class(self) -> bool {
        match self {
            Self::Softmax | Self::SmoothedSoftmax { .. } | Self::Hinge | Self::SquaredHinge => true,
            Self::Logistic | Self::Squared | Self::Poisson => false,
            Self::Absolute | Self::Huber { .. } => false,
        }
    }

    /// Whether the outputs are softmax's probabilities.
    pub(crate) fn is_softmax(self) -> bool {
        matches!(self, Self::Softmax | Self::SmoothedSoftmax { .. })
    }
}

/// For one logit z of each row and its y: the loss, and its slope by z.  Of all losses that are a sum over outputs.
#[inline(always)]
pub(crate) fn of_output<S: Simd, R: Float>(simd: S, loss: Loss, z: V<S, R>, y: V<S, R>) -> [V<S, R>; 2] {
    // One copy of it for all callers.
    simd.vectorize(
        #[inline(always)]
        || {
            let of = |value: f64| V::<S, R>::splat(simd, R::narrow(value));
            let zero = of(0.0);
            match loss {
                Loss::Softmax | Loss::SmoothedSoftmax { .. } | Loss::Hinge | Loss::SquaredHinge => {
                    unreachable!("a class is no sum over outputs")
                }
                Loss::Logistic => {
                    // log(1 + exp(z)) - y z
                    let log = log_one_plus::<S, R>(simd, exp::<S, R>(simd, zero - z.abs()));
                    [z.simd_gt(zero).select(z, zero) + log - y * z, logistic::<S, R>(simd, z) - y]
                }
                Loss::Squared => {
                    let d = z - y;
                    [d * d * of(0.5), d]
                }
                Loss::Poisson => {
                    let e = exp_to_the_end::<S, R>(simd, z);
                    [e - y * z, e - y]
                }
                Loss::Absolute => {
                    let d = z - y;
                    let sign = d.simd_gt(zero).select(of(1.0), d.simd_lt(zero).select(of(-1.0), d));
                    [d.abs(), sign]
                }
                Loss::Huber { delta } => {
                    let (d, delta) = (z - y, of(delta));
                    let distance = d.abs();
                    let is_far = distance.simd_gt(delta);
                    let far = delta * (distance - of(0.5) * delta);
                    let near = of(0.5) * distance * distance;
                    [is_far.select(far, near), is_far.select(delta.copysign(d), d)]
                }
            }
        },
    )
}

/// Transposes the first `LEN` vectors: lane j of vector i and lane i of vector j change places.
#[inline(always)]
fn transpose<S: Simd, R: Float>(v: &mut [V<S, R>; 16]) {
    rotate::<S, R>(v, V::<S, R>::LEN, V::<S, R>::LEN.ilog2());
}

/// Transposes `columns` (whole vectors) of `LEN` rows that lie `stride` apart into columns that lie
/// `LEN` apart.
///
/// # Safety
/// Both must be there, and nobody else may touch the columns.
#[inline(always)]
unsafe fn to_columns<S: Simd, R: Float>(
    simd: S,
    rows: *const R,
    stride: usize,
    columns: *mut R,
    width: usize,
) {
    let n = V::<S, R>::LEN;
    for first in (0..width).step_by(n) {
        let mut v = [V::<S, R>::splat(simd, R::ZERO); 16];
        for r in 0..n {
            // SAFETY: the caller's promise.
            v[r] = unsafe { load(simd, rows.wrapping_add(r * stride + first)) };
        }
        transpose::<S, R>(&mut v);
        for j in 0..n {
            // SAFETY: the caller's promise.
            unsafe { store::<S, R>(v[j], columns.wrapping_add((first + j) * n)) };
        }
    }
}

/// And back.
///
/// # Safety
/// As [`to_columns`], for the rows.
#[inline(always)]
unsafe fn to_rows<S: Simd, R: Float>(simd: S, columns: *const R, rows: *mut R, stride: usize, width: usize) {
    let n = V::<S, R>::LEN;
    for first in (0..width).step_by(n) {
        let mut v = [V::<S, R>::splat(simd, R::ZERO); 16];
        for j in 0..n {
            // SAFETY: the caller's promise.
            v[j] = unsafe { load(simd, columns.wrapping_add((first + j) * n)) };
        }
        transpose::<S, R>(&mut v);
        for r in 0..n {
            // SAFETY: the caller's promise.
            unsafe { store::<S, R>(v[r], rows.wrapping_add(r * stride + first)) };
        }
    }
}

/// The last layer's rows of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outputs<R> {
    /// How the logits are read.
    pub(crate) loss: Loss,
    /// How many rows.
    pub(crate) rows: usize,
    /// How many logits, k.
    pub(crate) outputs: usize,
    /// k filled up to whole vectors.
    pub(crate) width: usize,
    /// From one row of logits, or of dlogits, to the next.
    pub(crate) stride: usize,
    /// The logits.
    pub(crate) logits: *mut R,
    /// Room for `width * LEN` numbers.
    pub(crate) columns: *mut R,
}

/// Turns logits into probabilities, in place.
///
/// # Safety
/// The addresses must be valid for the sizes, with the rows filled up to a multiple of `LEN`, and nobody
/// else may touch logits or columns.
#[inline(always)]
pub(crate) unsafe fn probabilities<S: Simd, R: Float>(simd: S, o: &Outputs<R>) {
    // One copy of it for all callers.
    simd.vectorize(
        #[inline(always)]
        || {
            let rows = match o.loss {
                Loss::Softmax | Loss::SmoothedSoftmax { .. } | Loss::Logistic | Loss::Poisson => o.rows,
                // The logits are what is asked for.
                Loss::Squared | Loss::Absolute | Loss::Huber { .. } => 0,
                Loss::Hinge | Loss::SquaredHinge => 0,
            };
            for row in (0..rows).step_by(V::<S, R>::LEN) {
                let logits = o.logits.wrapping_add(row * o.stride);
                // SAFETY: the caller's promise.
                unsafe {
                    to_columns::<S, R>(simd, logits, o.stride, o.columns, o.width);
                    if o.loss.is_softmax() {
                        softmax(simd, o);
                    } else {
                        for j in 0..o.outputs {
                            let p = o.columns.wrapping_add(j * V::<S, R>::LEN);
                            let z = load::<S, R>(simd, p);
                            let output = match o.loss {
                                Loss::Poisson => exp_to_the_end::<S, R>(simd, z),
                                _ => logistic::<S, R>(simd, z),
                            };
                            store::<S, R>(output, p);
                        }
                    }
                    to_rows::<S, R>(simd, o.columns, logits, o.stride, o.width);
                }
            }
        },
    )
}

/// `probs = softmax(logits)` of the columns, in place; gives `log(sum_j exp(z[j]))` of each row.
#[inline(always)]
unsafe fn softmax<S: Simd, R: Float>(simd: S, o: &Outputs<R>) -> V<S, R> {
    let n = V::<S, R>::LEN;
    let at = |j: usize| o.columns.wrapping_add(j * n);
    // SAFETY: the promise of the caller's caller.
    unsafe {
        let mut largest = V::<S, R>::splat(simd, -R::INFINITY);
        for j in 0..o.outputs {
            let z = load::<S, R>(simd, at(j));
            largest = z.simd_gt(largest).select(z, largest);
        }
        let mut sum = V::<S, R>::splat(simd, R::ZERO);
        for j in 0..o.outputs {
            let e = exp::<S, R>(simd, load::<S, R>(simd, at(j)) - largest);
            sum += e;
            store::<S, R>(e, at(j));
        }
        let share = V::<S, R>::splat(simd, R::ONE) / sum;
        for j in 0..o.outputs {
            store::<S, R>(load::<S, R>(simd, at(j)) * share, at(j));
        }
        largest + ln::<S, R>(simd, sum)
    }
}

/// For each row the hinge losses of the columns that are not its class, and instead of the logits their slopes.
///
/// # Safety
/// As [`dlogits`].
#[inline(always)]
unsafe fn hinge<S: Simd, R: Float>(simd: S, o: &Outputs<R>, class: V<S, R>, squared: bool) -> V<S, R> {
    let at = |j: usize| o.columns.wrapping_add(j * V::<S, R>::LEN);
    let of = |value: f64| V::<S, R>::splat(simd, R::narrow(value));
    let (zero, one) = (of(0.0), of(1.0));
    let (mut right, mut j_as_number) = (zero, zero);
    // SAFETY: the caller's promise, here and below.
    unsafe {
        for j in 0..o.outputs {
            right = class.simd_eq(j_as_number).select(load(simd, at(j)), right);
            j_as_number += one;
        }
        let (mut sum, mut slopes, mut j_as_number) = (zero, zero, zero);
        for j in 0..o.outputs {
            let over = load::<S, R>(simd, at(j)) - right + one;
            let over = class.simd_eq(j_as_number).select(zero, over);
            // What is not a number stays so.
            let over = over.simd_le(zero).select(zero, over);
            let slope = if squared { over + over } else { over.simd_gt(zero).select(one, over) };
            sum += if squared { over * over } else { over };
            slopes += slope;
            store::<S, R>(slope, at(j));
            j_as_number += one;
        }
        let mut j_as_number = zero;
        for j in 0..o.outputs {
            let slope = load::<S, R>(simd, at(j));
            store::<S, R>(class.simd_eq(j_as_number).select(zero - slopes, slope), at(j));
            j_as_number += one;
        }
        sum
    }
}

/// Writes `dlogits`, each row's divided by what all rows of the batch count together, and the loss of each vector of
/// rows, added up.
///
/// `y` holds, for each vector of rows, the class of each row or else k columns of values, and, if they are
/// `weighted`, a column of what each row counts.
///
/// # Safety
/// As [`probabilities`]; `y`, `dlogits` and `losses` must be as large, the last two nobody else's.
#[inline(always)]
pub(crate) unsafe fn dlogits<S: Simd, R: Float>(
    simd: S,
    o: &Outputs<R>,
    y: *const R,
    dlogits: *mut R,
    (weighted, one_by_total): (bool, f64),
    losses: &mut [f64],
) {
    // One copy of it for all callers.
    simd.vectorize(
        #[inline(always)]
        || {
            let n = V::<S, R>::LEN;
            let zero = V::<S, R>::splat(simd, R::ZERO);
            let one = V::<S, R>::splat(simd, R::ONE);
            let of = |value: f64| V::<S, R>::splat(simd, R::narrow(value));
            let one_by_total = V::<S, R>::splat(simd, R::narrow(one_by_total));
            let answers = if o.loss.takes_class() { 1 } else { o.outputs };
            let y_columns = answers + usize::from(weighted);
            for (i, loss) in losses.iter_mut().enumerate() {
                let row = i * n;
                // SAFETY: the caller's promise, here and below.
                unsafe {
                    to_columns::<S, R>(
                        simd,
                        o.logits.wrapping_add(row * o.stride),
                        o.stride,
                        o.columns,
                        o.width,
                    )
                };
                let y = y.wrapping_add(row * y_columns);
                let at = |j: usize| o.columns.wrapping_add(j * n);
                let mut sum = zero;
                // SAFETY: as above.
                unsafe {
                    let weight = if weighted { load(simd, y.wrapping_add(answers * n)) } else { one };
                    let share = weight * one_by_total;
                    let class = load::<S, R>(simd, y);
                    match o.loss {
                        Loss::Softmax | Loss::SmoothedSoftmax { .. } => {
                            // What is wanted of each class, and of the right one.
                            let (other, right) = match o.loss {
                                Loss::SmoothedSoftmax { smoothing } => {
                                    let each = smoothing / o.outputs as f64;
                                    (of(each), of(1.0 - smoothing + each))
                                }
                                _ => (zero, one),
                            };
                            let mut j_as_number = zero;
                            let mut logit = zero;
                            for j in 0..o.outputs {
                                let z = load::<S, R>(simd, at(j));
                                // Not times 0, which makes something of an infinite logit.
                                logit += class.simd_eq(j_as_number).select(right * z, zero);
                                if o.loss != Loss::Softmax {
                                    logit += class.simd_eq(j_as_number).select(zero, other * z);
                                }
                                j_as_number += one;
                            }
                            // -log softmax(z)[y] = log(sum_j exp(z[j])) - z[y]
                            sum = softmax::<S, R>(simd, o) - logit;
                            let mut j_as_number = zero;
                            for j in 0..o.outputs {
                                let wanted = class.simd_eq(j_as_number).select(right, other);
                                store::<S, R>((load::<S, R>(simd, at(j)) - wanted) * share, at(j));
                                j_as_number += one;
                            }
                        }
                        Loss::Hinge | Loss::SquaredHinge => {
                            sum = hinge(simd, o, class, o.loss == Loss::SquaredHinge);
                            for j in 0..o.outputs {
                                store::<S, R>(load::<S, R>(simd, at(j)) * share, at(j));
                            }
                        }
                        _ => {
                            for j in 0..o.outputs {
                                let z = load::<S, R>(simd, at(j));
                                let y = load::<S, R>(simd, y.wrapping_add(j * n));
                                let [loss, slope] = of_output::<S, R>(simd, o.loss, z, y);
                                sum += loss;
                                store::<S, R>(slope * share, at(j));
                            }
                        }
                    }
                    if weighted {
                        // A row of weight 0 is not there, whatever it says.
                        let is_absent = weight.simd_eq(zero);
                        sum = is_absent.select(zero, sum * weight);
                        for j in 0..o.outputs {
                            store::<S, R>(is_absent.select(zero, load::<S, R>(simd, at(j))), at(j));
                        }
                    }
                    // The columns that fill up the last vector still hold 0, the logits of no weights.
                    to_rows::<S, R>(simd, o.columns, dlogits.wrapping_add(row * o.stride), o.stride, o.width);
                }
                *loss = sum.as_slice()[..n.min(o.rows - row)].iter().map(|&loss| loss.widen()).sum();
            }
        },
    )
}
