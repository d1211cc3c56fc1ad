//! Which trials are combined.

use super::Tune;
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::target::Target;
use ndarray::Array2;

impl<R: Real> Tune<R> {
    /// The trials whose mean is best on rows that each was not trained on, with their members: the best one, and then one
    /// after the other that which the mean is best with, as long as that helps in the end.
    pub(super) fn chosen(&self) -> Result<Vec<Candidate<R>>> {
        let complete = self.complete();
        let (Some(&first), Some(ground)) = (complete.first(), self.fit.ground()) else {
            return Err(
                Error::new(ErrorKind::Data, "no trial came to its end").hint("try a smaller `step_size`")
            );
        };
        // Without the winner's bracket any network may be there.
        let network = self.trial(self.winner().unwrap_or(first)).0;
        let candidate = |trial: usize| {
            let of = |fold| self.parts.get(&(trial, fold))?.kept.as_ref().map(|kept| kept.1.clone());
            let members: Option<Vec<Params<R>>> = (0..self.folds()).map(of).collect();
            let same = self.trial(trial).0 == network;
            let mut members = members.filter(|_| same)?;
            let outputs = ground.outputs(self.base().engine, &network, &mut members);
            Some(Candidate { trial, members, outputs })
        };
        let library: Vec<Candidate<R>> = complete.into_iter().filter_map(candidate).collect();
        Ok(greedy(&network, library, ground.answers()))
    }

    /// What came of the search, in words.
    pub(super) fn said(&self, chosen: &[usize]) -> Decision {
        let (tried, complete) = (self.trials().len(), self.complete().len());
        let names: Vec<String> = chosen.iter().map(ToString::to_string).collect();
        let what = match chosen.len() {
            1 => format!("the model is trial {} of {tried}", names.join("")),
            _ => format!("the model is the mean of trials {} of {tried}", names.join(", ")),
        };
        let why = format!(
            "{complete} had all {} folds, whose rows chose among them; what is said of these rows is a little too good",
            self.folds()
        );
        Decision::new("tune", what, why)
    }
}

/// A trial that may be combined with others.
pub(super) struct Candidate<R> {
    pub(super) trial: usize,
    pub(super) members: Vec<Params<R>>,
    /// What they say of rows that they were not trained on.
    outputs: Array2<R>,
}

/// The first and those that are added to it one after the other, as many as are best.
fn greedy<R: Real>(network: &Network, mut library: Vec<Candidate<R>>, y: &Target<R>) -> Vec<Candidate<R>> {
    let judge = |outputs: &Array2<R>| network.loss.data_loss(&network.loss.logits(outputs), y);
    if library.is_empty() {
        return library;
    }
    let mut chosen = vec![library.remove(0)];
    let mut sum = chosen[0].outputs.clone();
    let (mut least, mut best) = (judge(&sum), 1);
    while !library.is_empty() {
        let count = R::of((chosen.len() + 1) as f64);
        let with: Vec<f64> = library.iter().map(|one| judge(&((&sum + &one.outputs) / count))).collect();
        // The first of equal ones, which is the better by itself.
        let Some(next) = (0..with.len()).min_by(|&a, &b| with[a].total_cmp(&with[b])) else { break };
        let candidate = library.remove(next);
        sum += &candidate.outputs;
        chosen.push(candidate);
        if with[next] <= least {
            (least, best) = (with[next], chosen.len());
        }
    }
    chosen.truncate(best);
    chosen
}
