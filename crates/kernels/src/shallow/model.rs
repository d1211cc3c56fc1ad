//! Sizes and weights of a shallow network, as its kernels read them.

use crate::float::Float;
use crate::lanes::V;
use crate::loss::Loss;
use crate::mlp::Mlp;
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// The most differences q: each number of them has its own kernels.
pub(crate) const MOST_OUTPUTS: usize = 3;

/// q, the number of columns of dlogits from which the others follow.
pub(crate) fn differences(mlp: &Mlp) -> usize {
    mlp.outputs() - usize::from(mlp.loss == Loss::Softmax)
}

/// Sizes and weights, in the order in which the kernels read them.
#[derive(Debug)]
pub(crate) struct Model<R> {
    pub(crate) d: usize,
    pub(crate) h: usize,
    pub(crate) k: usize,
    /// How many columns of dlogits are computed.
    pub(crate) q: usize,
    /// h, rounded up to whole vectors; what lies beyond h is zero.
    pub(crate) width: usize,
    pub(crate) loss: Loss,
    /// The rows of `w1~` (d + 1, width), then the columns of w2 (k, width), then b2 (rounded up).
    pub(crate) params: Vec<R>,
    /// v (q, width).
    pub(crate) v: Vec<R>,
    /// What is added to t: differences of b2; and NaN, if any weight is not finite, because a bit that
    /// says "not active" would hide it.
    pub(crate) bias: [R; MOST_OUTPUTS],
}

impl<R: Float> Model<R> {
    /// Room for the weights of `mlp`.
    pub(crate) fn new(mlp: &Mlp, lanes: usize) -> Self {
        let [d, h, k] = [mlp.sizes[0], mlp.sizes[1], mlp.sizes[2]];
        let q = differences(mlp);
        let width = h.next_multiple_of(lanes);
        let count = (d + 1 + k) * width + k.next_multiple_of(lanes);
        Self {
            d,
            h,
            k,
            q,
            width,
            loss: mlp.loss,
            params: vec![R::ZERO; count],
            v: vec![R::ZERO; q * width],
            bias: [R::ZERO; MOST_OUTPUTS],
        }
    }

    /// The places of layer 1's parameters row by row, then of layer 2's, as the flat parameters have them.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        let (width, h, k, below) = (self.width, self.h, self.k, self.d + 1);
        let hidden = (0..below).flat_map(move |i| i * width..i * width + h);
        let outputs = (0..h).flat_map(move |j| (0..k).map(move |c| (below + c) * width + j));
        let bias = (below + k) * width..(below + k) * width + k;
        hidden.chain(outputs).chain(bias)
    }

    /// Parameters or moments in this order.
    pub(crate) fn packed(&self, flat: &[R]) -> Vec<R> {
        let mut packed = vec![R::ZERO; self.params.len()];
        self.places().zip(flat).for_each(|(place, &value)| packed[place] = value);
        packed
    }

    pub(crate) fn pack(&mut self, flat: &[R]) {
        self.params = self.packed(flat);
    }

    pub(crate) fn unpack(&self, packed: &[R], flat: &mut [R]) {
        self.places().zip(flat).for_each(|(place, value)| *value = packed[place]);
    }

    /// Zeros where no parameter is.
    pub(crate) fn clear_padding(&mut self) {
        let mut cleared = vec![R::ZERO; self.params.len()];
        self.places().for_each(|place| cleared[place] = self.params[place]);
        self.params = cleared;
    }

    /// v and the bias of t from the weights as they are now.
    #[inline(always)]
    pub(crate) fn differences<S: Simd>(&mut self, simd: S) {
        let lanes = V::<S, R>::LEN;
        let (outputs, bias) = self.params[(self.d + 1) * self.width..].split_at(self.k * self.width);
        let softmax = self.loss == Loss::Softmax;
        let last = &outputs[(self.k - 1) * self.width..];
        for c in 0..self.q {
            let column = &outputs[c * self.width..(c + 1) * self.width];
            let v = &mut self.v[c * self.width..(c + 1) * self.width];
            for j in (0..v.len()).step_by(lanes) {
                let mut difference = V::<S, R>::from_slice(simd, &column[j..j + lanes]);
                if softmax {
                    difference -= V::<S, R>::from_slice(simd, &last[j..j + lanes]);
                }
                difference.store_slice(&mut v[j..j + lanes]);
            }
        }
        // 0 times a number is 0, unless it is not finite: then NaN.
        let mut hidden_by_bits = V::<S, R>::splat(simd, R::ZERO);
        let zero = hidden_by_bits;
        for at in (0..self.params.len()).step_by(lanes) {
            hidden_by_bits =
                V::<S, R>::from_slice(simd, &self.params[at..at + lanes]).mul_add(zero, hidden_by_bits);
        }
        let hidden_by_bits = hidden_by_bits.reduce_sum();
        for c in 0..self.q {
            let last = if softmax { bias[self.k - 1] } else { R::ZERO };
            self.bias[c] = bias[c] - last + hidden_by_bits;
        }
    }
}
