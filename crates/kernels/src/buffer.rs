//! Memory that begins at a cache line, and that threads share by parts.
#![expect(unsafe_code, reason = "memory whose parts several threads write")]

use crate::float::Float;

/// Memory that begins at a cache line, zeroed.
#[derive(Debug)]
pub(crate) struct Buffer<R> {
    lines: Vec<Line>,
    len: usize,
    kind: std::marker::PhantomData<R>,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl<R: Float> Buffer<R> {
    pub(crate) fn zeros(len: usize) -> Self {
        let lines = (len * size_of::<R>()).div_ceil(size_of::<Line>());
        Self { lines: vec![Line([0; 64]); lines], len, kind: std::marker::PhantomData }
    }

    pub(crate) fn as_slice(&self) -> &[R] {
        // SAFETY: the lines hold `len` numbers; all zero bytes are a number, and so is what was written.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [R] {
        // SAFETY: as above, and nobody else has it.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }

    /// For threads that write disjoint parts.
    pub(crate) fn shared(&mut self) -> Shared<R> {
        Shared { at: self.lines.as_mut_ptr().cast(), len: self.len }
    }
}

/// Memory that several threads use; who may touch what is settled where it is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared<R> {
    at: *mut R,
    len: usize,
}

// SAFETY: a pointer alone does nothing; each use of it states why no other thread is in the way.
unsafe impl<R: Send> Send for Shared<R> {}
// SAFETY: as above.
unsafe impl<R: Send> Sync for Shared<R> {}

impl<R> Shared<R> {
    /// All of a slice, which is borrowed for as long as this is used.
    pub(crate) fn of(slice: &mut [R]) -> Self {
        Self { at: slice.as_mut_ptr(), len: slice.len() }
    }

    /// What follows the first `i` numbers.
    pub(crate) fn behind(self, i: usize) -> Self {
        Self { at: self.at.wrapping_add(i), len: self.len.saturating_sub(i) }
    }

    /// The address of number `i`.
    #[inline(always)]
    pub(crate) fn at(&self, i: usize) -> *mut R {
        debug_assert!(i <= self.len, "{i} is beyond {}", self.len);
        self.at.wrapping_add(i)
    }
}
