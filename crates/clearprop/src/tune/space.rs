//! What is searched.

use crate::activation::Activation;
use crate::random::{Purpose, generator};
use crate::settings::{Choices, Recipe, Settings};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Which settings are searched: those that nobody chose.
///
/// ```text
/// hidden           256,256,256 (6 of 10 times), 64,64,64,64,64 (2) or 512 (2)
/// activation       relu, selu or mish
/// front_scale      yes (6 of 10 times) or no
/// step_size        0.02 to 0.3, as often between 0.02 and 0.04 as between 0.04 and 0.08
/// label_smoothing  0.1 (7 of 10 times) or 0; only for classes
/// ```
/// It is the space of RealMLP (Holzmüller, Grinsztajn and Steinwart, *Better by default*, 2024), as far as there are settings for it.
/// Beside the recipe plain the step size is a fortieth of it, and no label is smoothed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub struct Space {
    hidden: bool,
    activation: bool,
    front_scale: bool,
    step_size: bool,
    label_smoothing: bool,
    /// Whether the epochs follow from the size of the network.
    pub(super) epochs: bool,
}

const STEP_SIZE: (f64, f64) = (0.02, 0.3);

impl Space {
    /// What these choices leave open.
    #[must_use]
    pub fn beside(choices: &Choices) -> Self {
        Self {
            hidden: choices.hidden.is_none()
                && choices.activation.as_ref().is_none_or(|each| each.len() == 1),
            activation: choices.activation.is_none(),
            front_scale: choices.front_scale.is_none(),
            step_size: choices.step_size.is_none(),
            label_smoothing: choices.label_smoothing.is_none(),
            epochs: choices.epochs.is_none() && choices.steps.is_none(),
        }
    }

    /// Puts what is drawn for a trial over the usual settings; the first has those themselves.
    pub(super) fn draw(self, settings: &mut Settings, trial: usize) {
        if trial == 0 {
            return;
        }
        let mut random = generator(settings.seed, Purpose::Trial(trial as u64));
        // All are drawn, so that a choice changes no other setting.
        let hidden = match random.random_range(0..10) {
            0..6 => vec![256; 3],
            6..8 => vec![64; 5],
            _ => vec![512],
        };
        let activation = [Activation::Relu, Activation::Selu, Activation::Mish][random.random_range(0..3)];
        let front_scale = random.random_range(0..10) < 6;
        let step_size = (random.random_range(STEP_SIZE.0.ln()..STEP_SIZE.1.ln())).exp();
        let smoothing = if random.random_range(0..10) < 7 { 0.1 } else { 0.0 };
        let is_tabular = settings.recipe == Recipe::Tabular;
        if self.hidden {
            settings.hidden = hidden;
        }
        if self.activation {
            settings.activation = vec![activation];
        }
        if self.front_scale {
            settings.front_scale = front_scale;
        }
        if self.step_size {
            let step_size = if is_tabular { step_size } else { step_size / 40.0 };
            // So that a person can say it too.
            settings.step_size = format!("{step_size:.2e}").parse().unwrap_or(step_size);
        }
        // Without it the loss has no labels.
        if self.label_smoothing && settings.label_smoothing.is_some() {
            settings.label_smoothing = Some(smoothing);
        }
    }
}
