//! The settings of each recipe.

use crate::activation::Activation;
use crate::init::Init;
use crate::optim::{Shares, Solver};
use crate::schedule::Schedule;
use crate::settings::{Alike, ClassWeight, Recipe, Scale, Settings, Watch, usual_batch};

impl Recipe {
    /// The settings for a table of so many rows.
    #[must_use]
    pub fn settings(self, rows: usize) -> Settings {
        match self {
            Self::Plain => Settings::plain(rows),
            Self::Tabular => Settings::table(rows),
        }
    }
}

impl Settings {
    /// [`Recipe::Plain`], for a table of so many rows.
    #[must_use]
    pub fn plain(rows: usize) -> Self {
        Self {
            hidden: vec![100],
            activation: vec![Activation::Relu],
            reg: 1e-4,
            init: Init::Sklearn,
            front_scale: false,
            recipe: Recipe::Plain,
            label_smoothing: None,
            step_size: Solver::Adam.step_size(),
            schedule: Schedule::Constant,
            step_shares: Shares::Equal,
            beta2: Some(0.999),
            epochs: Some(200),
            // Few rows are one batch, as with scikit-learn.
            batch_size: Some(if rows <= 200 { rows.max(1) } else { usual_batch(rows) }),
            tolerance: Some(1e-4),
            patience: Some(10),
            watch: Watch::Loss,
            scale: Scale::Standard,
            class_weight: ClassWeight::None,
            alike: Alike::Keep,
            validation_size: usual_validation(rows),
            ..Self::table(rows)
        }
    }
}

/// A tenth of the rows tells when to stop; of fewer than these it would be too few to tell anything, and the
/// training loss decides.
fn usual_validation(rows: usize) -> f64 {
    if rows < 500 { 0.0 } else { 0.1 }
}
