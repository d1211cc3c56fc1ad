//! The rows of a batch: copied into a workspace with their right answers, and what they count.
#![expect(unsafe_code, reason = "threads share a workspace by rows")]

use crate::float::Float;
use crate::mlp::Target;
use crate::step::View;
use std::ops::Range;

/// How many rows ahead of their copying the memory is asked for them.
const AHEAD: usize = 8;
/// Bytes of a row for which the memory is asked: it brings what follows by itself, up to the end of a page.
#[cfg(target_arch = "x86_64")]
const RUN: usize = 2048;

impl<R: Float> View<'_, R> {
    /// What the rows of the batch count together.
    pub(crate) fn total(&self) -> f64 {
        match (self.data.weights, self.rows) {
            (None, _) => self.n as f64,
            (Some(weights), None) => weights.iter().map(|w| w.widen()).sum(),
            (Some(weights), Some(rows)) => rows.iter().map(|&row| weights[row as usize].widen()).sum(),
        }
    }

    /// Copies inputs and right answers of rows `own` into a workspace, the answers by vectors of rows.  Row i of
    /// the workspace is row `first + i` of the batch.
    #[inline(always)]
    pub(crate) unsafe fn gather(&self, first: usize, own: Range<usize>, workspace: usize) {
        let d = self.mlp.inputs();
        let lanes = self.layers.lanes;
        let stride = self.workspace.stride[0];
        let row = |i: usize| self.rows.map_or(first + i, |rows| rows[first + i] as usize);
        for i in own.clone() {
            if i + AHEAD < own.end {
                self.ask_for(row(i + AHEAD));
            }
            let row = row(i);
            let x = &self.data.x[row * d..][..d];
            // SAFETY: the workspace has room for its rows, and these are the caller's.
            unsafe {
                let to = self.values.at(workspace + self.workspace.a[0] + i * stride);
                match &self.scale {
                    None => std::ptr::copy_nonoverlapping(x.as_ptr(), to, d),
                    Some(scale) => {
                        let factors = std::slice::from_raw_parts(scale.factors(), d);
                        let to = std::slice::from_raw_parts_mut(to, d);
                        for ((to, &x), &factor) in to.iter_mut().zip(x).zip(factors) {
                            *to = x * factor;
                        }
                    }
                }
                *to.wrapping_add(d) = R::ONE;
                let y = |j: usize| {
                    self.values.at(workspace
                        + self.workspace.y
                        + (i / lanes * self.columns_of_y() + j) * lanes
                        + i % lanes)
                };
                match self.data.y {
                    Target::Classes(classes) => *y(0) = R::narrow(f64::from(classes[row])),
                    Target::Values(values) => {
                        for (j, &value) in values[row * self.answers()..][..self.answers()].iter().enumerate()
                        {
                            *y(j) = value;
                        }
                    }
                }
                if let Some(weights) = self.data.weights {
                    *y(self.answers()) = weights[row];
                }
            }
        }
    }

    /// Asks the memory for a row: rows drawn at random arrive late, and copying would wait for each.
    #[inline(always)]
    fn ask_for(&self, row: usize) {
        let d = self.mlp.inputs();
        let row = &self.data.x[row * d..][..d];
        #[cfg(target_arch = "x86_64")]
        for run in row.chunks(RUN / size_of::<R>()) {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: a hint; every x86-64 has it.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(run.as_ptr().cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = row;
    }

    /// Numbers of a right answer: one class or k values.
    #[inline(always)]
    fn answers(&self) -> usize {
        if matches!(self.data.y, Target::Classes(_)) { 1 } else { self.mlp.outputs() }
    }

    /// Numbers beside a row's inputs: its right answer, and its weight if it has one.
    #[inline(always)]
    pub(crate) fn columns_of_y(&self) -> usize {
        self.answers() + usize::from(self.data.weights.is_some())
    }
}
