//! Which trials get how many folds.

use super::{BRACKET, Place, Tune, better};
use crate::real::Real;
use std::collections::BTreeSet;

/// How many folds the trials of a bracket have before they are halved.
const HALVED_AFTER: [usize; 2] = [1, 2];
/// So many trials are kept with their weights, of those that have all folds.
const KEPT: usize = 10;

impl<R: Real> Tune<R> {
    /// Which trials of a bracket are to have how many folds, as far as that is known.
    fn stages(&self, bracket: usize) -> Vec<(Vec<usize>, usize)> {
        let first = bracket * BRACKET;
        let mut trials: Vec<usize> =
            (first..(first + BRACKET).min(self.most.unwrap_or(usize::MAX))).collect();
        let (mut stages, mut keep) = (Vec::new(), trials.len());
        for folds in HALVED_AFTER.into_iter().chain([self.folds()]) {
            let folds = folds.min(self.folds());
            let is_done = |&trial: &usize| (0..folds).all(|fold| self.parts.contains_key(&(trial, fold)));
            let all_done = trials.iter().all(is_done);
            stages.push((trials.clone(), folds));
            if !all_done || folds == self.folds() {
                break;
            }
            trials = self.ranked(trials, folds);
            keep = keep.div_ceil(2);
            trials.truncate(keep);
            if bracket == 0 && !trials.contains(&0) {
                trials.push(0);
            }
        }
        stages
    }

    /// The trial whose network later brackets have, once the first is over.
    pub(super) fn winner(&self) -> Option<usize> {
        let stages = self.stages(0);
        let (trials, folds) = stages.last()?;
        let is_over = *folds == self.folds()
            && trials.iter().all(|&trial| (0..*folds).all(|fold| self.parts.contains_key(&(trial, fold))));
        is_over.then(|| self.ranked(trials.clone(), *folds)).and_then(|ranked| ranked.first().copied())
    }

    /// The next part that nobody has begun.
    pub(super) fn next(&self, begun: &BTreeSet<Place>) -> Option<Place> {
        let is_free = |place: &Place| !self.parts.contains_key(place) && !begun.contains(place);
        let of_bracket = |bracket: usize| {
            let places = self.stages(bracket).into_iter().flat_map(|(trials, folds)| {
                trials.into_iter().flat_map(move |trial| (0..folds).map(move |fold| (trial, fold)))
            });
            places.into_iter().find(is_free)
        };
        let later = if self.winner().is_some() { usize::MAX } else { 1 };
        (0..later)
            .take_while(|bracket| bracket * BRACKET < self.most.unwrap_or(usize::MAX))
            .find_map(of_bracket)
    }

    /// The parts that are missing to the trial that has most folds, of equal ones the best.
    pub(super) fn least(&self, begun: &BTreeSet<Place>) -> Option<Place> {
        let folds_of = |trial: usize| self.parts.range((trial, 0)..(trial + 1, 0)).count();
        let trials: BTreeSet<usize> = self.parts.keys().map(|place| place.0).collect();
        let alive = trials.into_iter().filter(|&trial| self.found(trial, folds_of(trial)).is_some());
        let trial = alive.min_by(|&a, &b| {
            let (more, folds) = (folds_of(b).cmp(&folds_of(a)), folds_of(a));
            more.then_with(|| better(self.found(a, folds), self.found(b, folds))).then(a.cmp(&b))
        });
        let trial = trial.unwrap_or(0);
        let missing = |place: &Place| !self.parts.contains_key(place) && !begun.contains(place);
        (0..self.folds()).map(|fold| (trial, fold)).find(missing)
    }

    /// Trials whose weights nobody will need.
    pub(super) fn needless(&self) -> Vec<usize> {
        let winner = self.winner();
        let network = winner.map(|winner| self.trial(winner).0);
        let complete: Vec<usize> = self.complete();
        let others = |trial: &usize| network.as_ref().is_some_and(|network| self.trial(*trial).0 != *network);
        let (other, same): (Vec<usize>, Vec<usize>) = complete.iter().copied().partition(others);
        let lost = |bracket: usize| {
            let stages = self.stages(bracket);
            let alive = stages.last().map(|stage| stage.0.clone()).unwrap_or_default();
            let all = stages.first().map(|stage| stage.0.clone()).unwrap_or_default();
            all.into_iter().filter(move |trial| !alive.contains(trial))
        };
        let last = self.parts.keys().next_back().map_or(0, |place| place.0 / BRACKET);
        let lost = (0..=last).flat_map(lost).filter(|trial| !complete.contains(trial));
        same.into_iter().skip(KEPT).chain(other).chain(lost).collect()
    }
}
