//! The weights and biases of all layers, in one flat buffer.
//!
//! A layer's parameters lie in memory as `(fan_in + 1, fan_out)`, row-major, with the bias as the last
//! row.  The notebook's bias trick (`W1`: both in one matrix) and the field's `w`, `b` are two views of
//! the same numbers.  Gradients and an optimiser's moments have this type too: a gradient has the shape
//! of what it differentiates by.
//!
//! A network may begin with a scale `s` (d), a number for each input, learnt with the others: `a[0] = x * s`.  It lies
//! behind the last layer.

use crate::real::Real;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, s};

/// Weights and biases of layers 1..=L, or their gradients, or an optimiser's moments.
///
/// ```
/// use clearprop::params::Params;
/// let mut params = Params::<f64>::zeros(&[3, 2, 1]);
/// params.w_mut(1)[[2, 0]] = 5.0;
/// params.b_mut(1)[1] = 7.0;
/// assert_eq!(params.w(1).dim(), (3, 2));
/// assert_eq!(params.b(1).len(), 2);
/// assert_eq!(params.values(), [0., 0., 0., 0., 5., 0., 0., 7., 0., 0., 0.]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Params<R> {
    sizes: Vec<usize>,
    has_scale: bool,
    values: Vec<R>,
}

impl<R: Real> Params<R> {
    /// All zero, for layers of these sizes `[d, h, .., k]` without a scale of the inputs.
    ///
    /// # Panics
    /// As [`count`].
    #[must_use]
    pub fn zeros(sizes: &[usize]) -> Self {
        Self { sizes: sizes.to_vec(), has_scale: false, values: vec![R::zero(); count(sizes)] }
    }

    /// All zero, of the same shape.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        Self {
            sizes: self.sizes.clone(),
            has_scale: self.has_scale,
            values: vec![R::zero(); self.values.len()],
        }
    }

    /// The same with a scale of the inputs, each 1 at first: what the network computes stays the same.
    #[must_use]
    pub fn with_scale(mut self) -> Self {
        if !self.has_scale {
            self.values.extend(vec![R::one(); self.sizes[0]]);
            self.has_scale = true;
        }
        self
    }

    /// What computes the same without a scale of the inputs: `(x * s) w[1] = x (s * w[1])`, row by row.
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut folded = self.clone();
        if let Some(s) = self.s() {
            folded.values.truncate(self.values.len() - s.len());
            folded.has_scale = false;
            let mut w = folded.w_mut(1);
            w *= &s.insert_axis(Axis(1));
        }
        folded
    }

    /// From the flat buffer: for each layer its weights row by row, then its bias; then the scale of the inputs, if
    /// there is one.  `None` if the number of values is not what the sizes need.
    #[must_use]
    pub fn from_values(sizes: &[usize], values: Vec<R>) -> Option<Self> {
        let layers = checked_count(sizes)?;
        let has_scale = layers.checked_add(sizes[0]) == Some(values.len());
        (has_scale || layers == values.len()).then(|| Self { sizes: sizes.to_vec(), has_scale, values })
    }

    /// `s` (d), the scale of the inputs, if there is one.
    #[must_use]
    pub fn s(&self) -> Option<ArrayView1<'_, R>> {
        self.has_scale.then(|| ArrayView1::from(&self.values[self.values.len() - self.sizes[0]..]))
    }

    /// `s` (d), to change.
    pub fn s_mut(&mut self) -> Option<ArrayViewMut1<'_, R>> {
        let first = self.values.len() - self.sizes[0];
        self.has_scale.then(|| ArrayViewMut1::from(&mut self.values[first..]))
    }

    /// The layers' sizes `[d, h, .., k]`.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// L, the number of layers with parameters.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// The flat buffer: optimisers run over it in one loop.
    #[must_use]
    pub fn values(&self) -> &[R] {
        &self.values
    }

    /// The flat buffer, to change.
    pub fn values_mut(&mut self) -> &mut [R] {
        &mut self.values
    }

    /// `w[l]`, shape (fan_in, fan_out), l = 1..=L.
    #[must_use]
    pub fn w(&self, l: usize) -> ArrayView2<'_, R> {
        self.wb(l).slice_move(s![..-1, ..])
    }

    /// `b[l]`, shape (fan_out).
    #[must_use]
    pub fn b(&self, l: usize) -> ArrayView1<'_, R> {
        self.wb(l).slice_move(s![-1, ..])
    }

    /// The notebook's `W`: weights with the bias as last row, shape (fan_in + 1, fan_out).
    #[must_use]
    pub fn wb(&self, l: usize) -> ArrayView2<'_, R> {
        let (range, shape) = self.place(l);
        ArrayView2::from_shape(shape, &self.values[range]).expect("the range has the layer's size")
    }

    /// `w[l]`, to change.
    pub fn w_mut(&mut self, l: usize) -> ArrayViewMut2<'_, R> {
        self.wb_mut(l).slice_move(s![..-1, ..])
    }

    /// `b[l]`, to change.
    pub fn b_mut(&mut self, l: usize) -> ArrayViewMut1<'_, R> {
        self.wb_mut(l).slice_move(s![-1, ..])
    }

    /// The notebook's `W`, to change.
    pub fn wb_mut(&mut self, l: usize) -> ArrayViewMut2<'_, R> {
        let (range, shape) = self.place(l);
        ArrayViewMut2::from_shape(shape, &mut self.values[range]).expect("the range has the layer's size")
    }

    /// The same numbers in another precision.
    #[must_use]
    pub fn cast<S: Real>(&self) -> Params<S> {
        let values = self.values.iter().map(|v| S::of(v.f64())).collect();
        Params { sizes: self.sizes.clone(), has_scale: self.has_scale, values }
    }

    /// Whether no value is NaN or infinite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|v| v.is_finite())
    }

    /// Where layer l lies in the flat buffer, and its shape with the bias row.
    fn place(&self, l: usize) -> (std::ops::Range<usize>, (usize, usize)) {
        let start = count(&self.sizes[..l]);
        let shape = (self.sizes[l - 1] + 1, self.sizes[l]);
        (start..start + shape.0 * shape.1, shape)
    }
}

/// How many numbers the layers of a network of these sizes have.
///
/// # Panics
/// If they are more than a `usize` counts; [`Network::new`](crate::network::Network::new) refuses such sizes.
#[must_use]
pub fn count(sizes: &[usize]) -> usize {
    checked_count(sizes).expect("a network's constructor has checked its sizes")
}

/// The same; `None` if they are more than a `usize` counts.
#[must_use]
pub fn checked_count(sizes: &[usize]) -> Option<usize> {
    sizes
        .windows(2)
        .try_fold(0usize, |sum, pair| pair[0].checked_add(1)?.checked_mul(pair[1])?.checked_add(sum))
}

/// The bias trick: the rows with a last column of ones, so that a layer's bias is the last row of its weights.
///
/// # Shapes
/// (n, fan_in) to (n, fan_in + 1).
#[must_use]
pub fn with_ones(rows: &Array2<f64>) -> Array2<f64> {
    let mut wide = Array2::ones((rows.nrows(), rows.ncols() + 1));
    wide.slice_mut(s![.., ..-1]).assign(rows);
    wide
}
