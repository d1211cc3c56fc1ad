//! How many members a model has, and what is different about each.

use super::Settings;

impl Settings {
    /// How many networks are trained, whose mean is the model.
    #[must_use]
    pub fn members(&self) -> usize {
        self.folds.or(self.ensemble).unwrap_or(1)
    }

    /// How many networks may be trained at once: as many as threads were asked for, or as this machine runs.
    pub(crate) fn at_once(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(cores).max(1)
    }

    /// The settings of one of the members, counted from 0: the same from another seed.
    #[must_use]
    pub fn of_member(&self, member: usize) -> Self {
        Self { seed: self.seed.wrapping_add(member as u64), ..self.clone() }
    }
}
