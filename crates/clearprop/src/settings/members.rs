//! How many members a model has, and what is different about each.

use super::Settings;

impl Settings {
    /// How many networks are trained, whose mean is the model.
    #[must_use]
    pub fn members(&self) -> usize {
        self.folds.or(self.ensemble).unwrap_or(1)
    }

    /// The settings of one of the members, counted from 0: the same from another seed.
    #[must_use]
    pub fn of_member(&self, member: usize) -> Self {
        Self { seed: self.seed.wrapping_add(member as u64), ..self.clone() }
    }
}
