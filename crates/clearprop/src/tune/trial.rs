//! The trials as a table.

use crate::evaluate::Evaluation;
use crate::loss::Loss;
use crate::metrics::score_name;
use crate::settings::Settings;
use std::fmt;

/// A trial as a table shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Counted from 0.
    pub trial: usize,
    /// Its settings.
    pub settings: Settings,
    /// How many folds it has.
    pub folds: usize,
    /// The mean over these folds; `None` if it diverged.
    pub found: Option<Evaluation>,
    /// The updates of these.
    pub steps: u64,
}

/// A cell of the table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// There is nothing to be said.
    Missing,
    /// yes or no.
    Flag(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
}

impl fmt::Display for Cell {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Flag(flag) => to.write_str(if *flag { "yes" } else { "no" }),
            Self::Count(count) => count.fmt(to),
            Self::Number(number) => number.fmt(to),
            Self::Text(text) => text.fmt(to),
        }
    }
}

impl Trial {
    /// Its row, with the names of the columns: `trial`, whether it is `chosen`, its `folds`, the mean of their score (by its
    /// name, that of [`score_name`] in small letters) and of their `loss`, its `steps`, and what is [searched](Trial::searched).
    #[must_use]
    pub fn row(&self, loss: Loss, chosen: &[usize]) -> Vec<(String, Cell)> {
        let mean =
            |of: fn(Evaluation) -> f64| self.found.map_or(Cell::Missing, |found| Cell::Number(of(found)));
        let score = score_name(loss).to_lowercase();
        let own = [
            ("trial", Cell::Count(self.trial as u64)),
            ("chosen", Cell::Flag(chosen.contains(&self.trial))),
            ("folds", Cell::Count(self.folds as u64)),
            (score.as_str(), mean(|found| found.score)),
            ("loss", mean(|found| found.loss)),
            ("steps", Cell::Count(self.steps)),
        ];
        own.into_iter().chain(self.searched()).map(|(name, cell)| (name.to_owned(), cell)).collect()
    }

    /// The settings that a search draws, or that follow from what it draws, by their keys.
    #[must_use]
    pub fn searched(&self) -> Vec<(&'static str, Cell)> {
        let Settings { front_scale, step_size, label_smoothing, epochs, .. } = self.settings;
        let text = |key| {
            let texts = self.settings.texts().into_iter();
            Cell::Text(texts.filter(|(setting, _)| setting.key == key).map(|(_, text)| text).collect())
        };
        vec![
            ("hidden", text("hidden")),
            ("activation", text("activation")),
            ("front_scale", Cell::Flag(front_scale)),
            ("label_smoothing", label_smoothing.map_or(Cell::Missing, Cell::Number)),
            ("step_size", Cell::Number(step_size)),
            ("epochs", epochs.map_or(Cell::Missing, Cell::Count)),
        ]
    }
}
