//! The one product that everything here is made of: a tile of `c += a b` that stays in registers.
//!
//! A layer needs three products, and each is the same loop over another pair of matrices:
//!
//! ```text
//! what                  c (rows, columns)   a             b             summed over
//! z = a w + b           z  (row i, j)       a[i, k]       w[k, j]       inputs k
//! da = dz w^T           da (row i, k)       dz[i, j]      wt[j, k]      outputs j
//! dw = a^T dz           dw (k, j)           a[i, k]       dz[i, j]      rows i
//! ```
//!
//! The lanes of a vector are columns of c.  A tile is `MR` rows by `NV` vectors: each step of the sum loads
//! `NV` vectors of b, spreads one number of a over all lanes for each row, and does `MR * NV` multiply-adds.
//!
//! ```text
//!                         b[s, ..]   | v0 | v1 | v2 | v3 |     NV loads
//! rows[0] -> a[0, s] ->   c0         | += | += | += | += |
//! rows[1] -> a[1, s] ->   c1         | += | += | += | += |     MR * NV accumulators: 6 * 4 = 24 of the
//!  ..                                                          32 registers, or 6 * 2 = 12 of 16
//! rows[5] -> a[5, s] ->   c5         | += | += | += | += |
//! ```
//!
//! Rows that do not fill the last tile are done anyway, from the last row there is, and not stored.  So a
//! number's bits depend on neither its neighbours nor its place: any split of the rows gives the same.
#![expect(unsafe_code, reason = "bounds checks in the innermost loop cost a tenth of it")]
#![expect(
    clippy::needless_range_loop,
    reason = "closures of iterators need not be inlined, and then lose the instructions"
)]

use crate::float::Float;
use crate::lanes::V;
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};
use std::ops::Range;

/// The most vectors of a panel: with these the accumulators of a tile fill the registers.
pub(crate) const fn widest<S: Simd>() -> usize {
    // 32 registers on AVX-512 and aarch64, 16 elsewhere.
    if <S::f32s as SimdBase<S>>::LEN == 16 || cfg!(target_arch = "aarch64") { 4 } else { 2 }
}

/// How many terms are summed before a panel is left for the next rows: so much of b stays in the fastest
/// cache.  A sum is interrupted at multiples of this, wherever it is done.
pub(crate) const DEPTH: usize = 128;

/// A sum of so many terms takes long enough to ask for what the next tile adds to and multiplies by.
const LONG: usize = 64;

/// What the sums start from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<R> {
    /// Zero.
    Zero,
    /// The same numbers in every row: the bias.
    Bias(*const R),
    /// What stands in c.
    Sum,
}

/// What is done to the sums before they are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finish<R> {
    /// Nothing.
    Plain,
    /// `a = max(0, z)`, NaN staying NaN.
    Relu,
    /// `dz = da * (a > 0)`: the slope of relu from its output, laid out as c is.
    ReluSlope(*const R),
}

/// What will be read after a product, and is asked for meanwhile: `rows` runs of `len` numbers that lie `stride`
/// apart.  Memory further away than a core's own cache answers slowly, and copies and updates do little else but
/// wait for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead<R> {
    pub(crate) at: *const R,
    pub(crate) stride: usize,
    pub(crate) len: usize,
    pub(crate) rows: usize,
}

impl<R> Ahead<R> {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self { at: std::ptr::null(), stride: 0, len: 0, rows: 0 };

    /// Asks for the runs that part `part` of `parts` stands for.
    #[inline(always)]
    fn ask(&self, part: usize, parts: usize) {
        #[cfg(target_arch = "x86_64")]
        if self.rows > 0 {
            let each = self.rows.div_ceil(parts);
            for row in (part * each).min(self.rows)..((part + 1) * each).min(self.rows) {
                for i in (0..self.len).step_by(64 / size_of::<R>()) {
                    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
                    let at = self.at.wrapping_add(row * self.stride + i);
                    // SAFETY: a hint; every x86-64 has it, and any address will do.
                    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (part, parts);
    }
}

/// One product: see the table above.
///
/// # Safety
/// For `r < rows`, `s < depth`, c in a panel of `vectors`: `a + r a_row + s a_step`, the vectors at
/// `b + s b_step`, at `c + r c_row` and in `start` and `finish` must lie in memory that nobody else
/// writes, and those of c in memory that nobody else reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<R> {
    pub(crate) rows: usize,
    pub(crate) depth: usize,
    pub(crate) vectors: usize,
    pub(crate) a: *const R,
    pub(crate) a_row: usize,
    pub(crate) a_step: usize,
    pub(crate) b: *const R,
    pub(crate) b_step: usize,
    pub(crate) c: *mut R,
    pub(crate) c_row: usize,
    pub(crate) start: Start<R>,
    pub(crate) finish: Finish<R>,
    pub(crate) ahead: [Ahead<R>; 3],
}

impl<R> Product<R> {
    /// Asks for these rows of c and of what is laid out as c is.
    #[inline(always)]
    fn ask_for_c(&self, rows: Range<usize>, width: usize) {
        #[cfg(target_arch = "x86_64")]
        for row in rows {
            for i in (0..width).step_by(64 / size_of::<R>()) {
                use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                let at = row * self.c_row + i;
                // SAFETY: a hint; every x86-64 has it, and any address will do.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(self.c.wrapping_add(at).cast()) };
                if let Finish::ReluSlope(a) = self.finish {
                    // SAFETY: as above.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(a.wrapping_add(at).cast()) };
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (rows, width);
    }
}

/// Loads the vector at `p`.
///
/// # Safety
/// A whole vector must lie at `p`.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd, R: Float>(simd: S, p: *const R) -> V<S, R> {
    // SAFETY: the caller's promise.
    V::<S, R>::from_slice(simd, unsafe { std::slice::from_raw_parts(p, V::<S, R>::LEN) })
}

/// Stores a vector at `p`.
///
/// # Safety
/// A whole vector must fit at `p`.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd, R: Float>(v: V<S, R>, p: *mut R) {
    // SAFETY: the caller's promise.
    v.store_slice(unsafe { std::slice::from_raw_parts_mut(p, V::<S, R>::LEN) });
}

/// Computes a product.
///
/// # Safety
/// See [`Product`].
#[inline(always)]
pub(crate) unsafe fn multiply<S: Simd, R: Float>(simd: S, p: &Product<R>) {
    // Each of these is a function of its own, so that four copies of the loop exist and not four for
    // each caller.  One vector alone needs eight rows to hide the time that a multiply-add takes;
    // the addresses of twelve no longer fit into registers.
    match p.vectors {
        1 => simd.vectorize(
            #[inline(always)]
            // SAFETY: the caller's promise, here and below.
            || unsafe { tiles::<S, R, 8, 1>(simd, p) },
        ),
        2 => simd.vectorize(
            #[inline(always)]
            // SAFETY: as above.
            || unsafe { tiles::<S, R, 6, 2>(simd, p) },
        ),
        3 if widest::<S>() > 2 => simd.vectorize(
            #[inline(always)]
            // SAFETY: as above.
            || unsafe { tiles::<S, R, 6, 3>(simd, p) },
        ),
        4 if widest::<S>() > 2 => simd.vectorize(
            #[inline(always)]
            // SAFETY: as above.
            || unsafe { tiles::<S, R, 6, 4>(simd, p) },
        ),
        vectors => unreachable!("a panel of {vectors} vectors"),
    }
}

/// All rows of a product, `MR` at a time.
#[inline(always)]
unsafe fn tiles<S: Simd, R: Float, const MR: usize, const NV: usize>(simd: S, p: &Product<R>) {
    let mut row = 0;
    let parts = p.rows.div_ceil(MR);
    while row < p.rows {
        for ahead in &p.ahead {
            ahead.ask(row / MR, parts);
        }
        if p.depth >= LONG {
            p.ask_for_c(row + MR..(row + 2 * MR).min(p.rows), NV * V::<S, R>::LEN);
        }
        // SAFETY: rows beyond the last are replaced by the last.
        unsafe { tile::<S, R, MR, NV>(simd, p, row) };
        row += MR;
    }
}

#[inline(always)]
unsafe fn tile<S: Simd, R: Float, const MR: usize, const NV: usize>(simd: S, p: &Product<R>, row: usize) {
    let lanes = V::<S, R>::LEN;
    let zero = V::<S, R>::splat(simd, R::ZERO);
    let mut sums = [[zero; NV]; MR];
    let (mut here, mut rows) = ([0; MR], [0; MR]);
    for r in 0..MR {
        here[r] = (row + r).min(p.rows - 1);
        rows[r] = here[r] * p.a_row;
    }
    // SAFETY: the caller's promise: all addresses are those of `Product`, for rows below `rows`.
    unsafe {
        match p.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                for v in 0..NV {
                    let bias = load(simd, bias.add(v * lanes));
                    for r in 0..MR {
                        sums[r][v] = bias;
                    }
                }
            }
            Start::Sum => {
                for r in 0..MR {
                    for v in 0..NV {
                        sums[r][v] = load(simd, p.c.add(here[r] * p.c_row + v * lanes));
                    }
                }
            }
        }
        let (mut a, mut b) = (p.a, p.b);
        for _ in 0..p.depth {
            let mut columns = [zero; NV];
            for v in 0..NV {
                columns[v] = load(simd, b.add(v * lanes));
            }
            for r in 0..MR {
                let x = V::<S, R>::splat(simd, *a.add(rows[r]));
                for v in 0..NV {
                    sums[r][v] = x.mul_add(columns[v], sums[r][v]);
                }
            }
            // Beyond the last term these point past the end, where they are not read.
            a = a.wrapping_add(p.a_step);
            b = b.wrapping_add(p.b_step);
        }
        match p.finish {
            Finish::Plain => {}
            Finish::Relu => {
                for r in 0..MR {
                    for v in 0..NV {
                        sums[r][v] = sums[r][v].simd_lt(zero).select(zero, sums[r][v]);
                    }
                }
            }
            Finish::ReluSlope(a) => {
                let one = V::<S, R>::splat(simd, R::ONE);
                for r in 0..MR {
                    for v in 0..NV {
                        let a = load(simd, a.add(here[r] * p.c_row + v * lanes));
                        // A product, not a choice: infinity times 0 is NaN, as on the plain path.
                        sums[r][v] *= a.simd_gt(zero).select(one, zero);
                    }
                }
            }
        }
        for r in 0..MR {
            if row + r < p.rows {
                for v in 0..NV {
                    store(sums[r][v], p.c.add((row + r) * p.c_row + v * lanes));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::Buffer;
    use crate::float::Float;
    use crate::level::{Level, dispatch};
    use crate::panels::Matrix;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    /// c = start + a b by the kernel, each panel of b in turn; a transposed in memory if `turned`.
    #[inline(always)]
    fn by_panels<S: Simd, R: Float>(
        simd: S,
        [rows, depth, columns]: [usize; 3],
        [a, b, c]: [&[R]; 3],
        turned: bool,
        bias: bool,
    ) -> Vec<R> {
        let (matrix, len) = Matrix::new::<S, R>(simd, depth, columns, 0);
        let mut packed = Buffer::zeros(len);
        matrix.pack(b, packed.as_mut_slice());
        let width = matrix.full_columns();
        let mut result = Buffer::<R>::zeros(rows * width);
        for row in 0..rows {
            result.as_mut_slice()[row * width..][..columns].copy_from_slice(&c[row * columns..][..columns]);
        }
        // The bias is the first row of c, to have one.
        let mut first = Buffer::<R>::zeros(width);
        first.as_mut_slice()[..columns].copy_from_slice(&c[..columns]);
        let transposed: Vec<R> = (0..depth).flat_map(|k| (0..rows).map(move |i| a[i * depth + k])).collect();
        let (a_row, a_step) = if turned { (1, rows) } else { (depth, 1) };
        for panel in &matrix.panels {
            let product = Product {
                rows,
                depth,
                vectors: panel.vectors,
                a: if turned { transposed.as_ptr() } else { a.as_ptr() },
                a_row,
                a_step,
                b: packed.as_slice()[panel.at..].as_ptr(),
                b_step: panel.width,
                c: result.as_mut_slice()[panel.columns.start..].as_mut_ptr(),
                c_row: width,
                start: if bias {
                    Start::Bias(first.as_slice()[panel.columns.start..].as_ptr())
                } else {
                    Start::Sum
                },
                finish: Finish::Plain,
                ahead: [Ahead::NOTHING; 3],
            };
            // SAFETY: all matrices have the sizes that the product says.
            unsafe { multiply(simd, &product) };
        }
        let filled = result.as_slice().chunks_exact(width).flat_map(|row| &row[columns..]);
        assert!(filled.clone().all(|&v| v == R::ZERO), "what fills up stays 0");
        result.as_slice().chunks_exact(width).flat_map(|row| row[..columns].to_vec()).collect()
    }

    fn compare<R: Float>(level: Level, tolerance: f64) {
        let mut generator = Pcg64::seed_from_u64(3);
        let mut random = |count: usize| -> Vec<R> {
            (0..count).map(|_| R::narrow(generator.random_range(-1.0..1.0))).collect()
        };
        let sizes = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 127, 128, 257];
        for rows in sizes {
            for depth in sizes {
                for columns in sizes {
                    let large = [rows, depth, columns].iter().filter(|&&size| size > 17).count();
                    if columns == 0 || rows == 0 || large > 1 {
                        continue;
                    }
                    let (a, b, c) = (random(rows * depth), random(depth * columns), random(rows * columns));
                    let turned = (rows + depth + columns) % 2 == 0;
                    for bias in [false, true] {
                        let right = |i: usize, j: usize| -> f64 {
                            let start = c[if bias { j } else { i * columns + j }].widen();
                            let terms =
                                (0..depth).map(|k| a[i * depth + k].widen() * b[k * columns + j].widen());
                            start + terms.sum::<f64>()
                        };
                        let right: Vec<f64> =
                            (0..rows * columns).map(|at| right(at / columns, at % columns)).collect();
                        let got = dispatch!(level, simd => {
                            by_panels(simd, [rows, depth, columns], [&a[..], &b, &c], turned, bias)
                        });
                        let largest = right.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                        for (got, right) in got.iter().zip(&right) {
                            let off = (got.widen() - right).abs();
                            assert!(
                                off <= tolerance * largest,
                                "{level:?} {} {rows} x {depth} x {columns}: off by {off} of {largest}",
                                R::KIND
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_product_is_that_of_the_definition_at_every_size_and_level() {
        for level in Level::available() {
            compare::<f32>(level, 1e-5);
            compare::<f64>(level, 1e-12);
        }
    }

    /// The last product's finishes, on numbers that tell them apart.
    #[inline(always)]
    fn finished<S: Simd, R: Float>(simd: S, z: &[R], a: Option<&[R]>) -> Vec<R> {
        let lanes = V::<S, R>::LEN;
        let zeros = vec![R::ZERO; lanes];
        let mut c = vec![R::ZERO; z.len()];
        for i in (0..z.len()).step_by(lanes) {
            let product = Product {
                rows: 1,
                depth: 0,
                vectors: 1,
                a: zeros.as_ptr(),
                a_row: 0,
                a_step: 0,
                b: zeros.as_ptr(),
                b_step: 0,
                c: c[i..].as_mut_ptr(),
                c_row: 0,
                start: Start::Bias(z[i..].as_ptr()),
                finish: a.map_or(Finish::Relu, |a| Finish::ReluSlope(a[i..].as_ptr())),
                ahead: [Ahead::NOTHING; 3],
            };
            // SAFETY: whole vectors everywhere.
            unsafe { multiply(simd, &product) };
        }
        c
    }

    #[test]
    fn relu_and_its_slope_treat_infinity_and_nan_as_the_formulas_do() {
        let z = [-1.5, 0.0, -0.0, 2.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-310].repeat(2);
        let da: Vec<f64> = z.iter().rev().copied().collect();
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        for level in Level::available() {
            let a = dispatch!(level, simd => finished(simd, &z, None));
            let dz = dispatch!(level, simd => finished(simd, &da, Some(&a)));
            for (i, &z) in z.iter().enumerate() {
                assert!(same(a[i], if z < 0.0 { 0.0 } else { z }), "{level:?}: relu({z}) = {}", a[i]);
                let right = da[i] * f64::from(z > 0.0);
                assert!(same(dz[i], right), "{level:?}: {} * slope({z}) = {}", da[i], dz[i]);
            }
        }
    }
}
