//! How long a search may go on.

use crate::diagnose::graph::Graph;
use std::cell::Cell;

/// How much searching there is left; counted in numbers computed, so that an answer does not depend on the machine.
pub(in crate::diagnose) struct Budget(Cell<u64>);

impl Budget {
    pub(in crate::diagnose) fn new(numbers: u64) -> Self {
        Self(Cell::new(numbers))
    }

    /// Whether there was enough left.
    pub(super) fn spend(&self, numbers: u64) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(numbers));
        left > numbers
    }
}

/// What one step of the search costs: about the numbers of the largest array, times a little.
pub(super) fn step_size(graph: &Graph) -> u64 {
    let widest = graph.sizes.iter().max().copied().unwrap_or(1);
    500 + (graph.n * widest) as u64
}
