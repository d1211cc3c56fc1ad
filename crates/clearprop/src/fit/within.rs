//! A run within a time: as many epochs as the first steps show that there is time for.

use super::Fit;
use crate::decision::Decision;
use crate::error::Result;
use crate::real::Real;
use crate::settings::Recipe;
use crate::train::{Event, Trainer};

/// For so many seconds, or this part of the time, steps are taken to see how long one takes.
const WATCHED: f64 = 1.0;
const PART: f64 = 0.1;
/// The epochs of the published recipe.
const MOST_EPOCHS: u64 = 256;

impl<R: Real> Fit<R> {
    /// Begins anew with as many epochs as take about so many minutes by this `clock` (seconds), if the setting
    /// `minutes` is chosen; of the recipe of tables at most as many as are published.  The epochs are said and stand in the settings, so
    /// that the same run can be had without a clock.
    ///
    /// # Errors
    /// Those of [`Trainer::new`].
    pub fn within(mut self, clock: impl Fn() -> f64) -> Result<Self> {
        let Some(minutes) = self.plan.settings.minutes else { return Ok(self) };
        let (first, began, time) = (self.trainer.params().clone(), clock(), 60.0 * minutes);
        let watched = WATCHED.min(PART * time);
        let is_over = || clock() - began >= watched;
        let watch = |trainer: &mut Trainer<R>, until| trainer.advance_while(until, || !is_over());
        while !matches!(self.round(u64::MAX, watch), Event::Stopped(_)) && !is_over() {}
        let step = (clock() - began).max(1e-9) / self.step().max(1) as f64;
        // The last of them may be alone, while other threads have nothing to do.
        let members = self.plan.settings.members().next_multiple_of(1 + self.ahead.len());
        let epoch = step * self.trainer.steps_per_epoch() as f64 * members as f64;
        self.ahead.clear();
        let epochs = (time - watched) / epoch;
        let most = match self.plan.settings.recipe {
            Recipe::Tabular => MOST_EPOCHS,
            Recipe::Plain => u64::from(u32::MAX),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 2^32")]
        let epochs = epochs.min(most as f64).max(1.0) as u64;
        self.plan.settings.epochs = Some(epochs);
        self.plan.tell_again(self.trainer.data().len());
        let what = match minutes {
            1.0 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
        let why = format!("there is time for {epochs} epochs (`epochs={epochs}` is the same run)");
        self.plan.decisions.push(Decision::new("minutes", what, why));
        let settings = self.plan.settings.of_member(0);
        let (data, validation) = self.trainer.into_data();
        self.trainer = Trainer::new(self.plan.network.clone(), first, data, validation, settings)?;
        Ok(self)
    }
}
