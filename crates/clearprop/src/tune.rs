//! Tune: a search for better settings, and the mean of the best of what it found.
//!
//! A trial is a run with folds under settings drawn by chance ([`Space`]); trial 0 has those that are usual.  Trials come in
//! brackets of eight, which are halved twice (successive halving: Jamieson and Talwalkar, *Non-stochastic best arm
//! identification and hyperparameter optimization*, 2016): all are trained without the first fold, the better half without
//! the second too, the better quarter without each of them; trial 0 in any case.  So what a trial is given more of is folds,
//! and none is trained twice.  They are compared by the loss (of probabilities at their best temperature) on the rows of
//! these folds.  The first bracket decides which network all later ones have, as the members of a model have one.
//!
//! The model is the mean of those trials that greedy selection picks by what each says of rows that it was not trained on
//! (Caruana, Niculescu-Mizil, Crew and Ksikes, *Ensemble selection from libraries of models*, 2004).
//!
//! A part is one trial without one fold.  Which parts come next follows from those that are done, and what a part comes to
//! from its trial, its fold and the seed: the same parts give the same model, in whatever order and by however many threads.

mod brackets;
mod limits;
mod select;
mod space;
mod trial;

use crate::error::{Error, ErrorKind, Result};
use crate::evaluate::Evaluation;
use crate::fit::{Done, Fit, History, Plan, Rows};
use crate::model::Member;
use crate::network::Network;
use crate::optim::Solver;
use crate::params::{self, Params};
use crate::real::Real;
use crate::settings::{Recipe, Settings};
pub use limits::Limits;
pub use space::Space;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{self, AtomicBool};
use std::sync::mpsc;
use std::thread;
pub use trial::{Cell, Trial};

/// Trials of a bracket.
const BRACKET: usize = 8;

/// Trials come one after the other; so many may have begun before an earlier one is over, as there are no more threads.
const AT_ONCE: usize = 10_000;

/// A trial and a fold, both counted from 0.
pub type Place = (usize, usize);

/// A trial without one fold.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<R> {
    /// How it was trained.
    pub member: Member,
    /// How good it is on the fold; `None` if it diverged.
    pub found: Option<Evaluation>,
    /// Its course and its weights, while they may still be needed.
    pub kept: Option<(History, Params<R>)>,
}

/// A search.
#[derive(Debug)]
pub struct Tune<R> {
    fit: Fit<R>,
    space: Space,
    /// How many trials there are at most.
    most: Option<usize>,
    parts: BTreeMap<Place, Part<R>>,
}

/// What the caller of a search hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A part is done.
    Part(Place),
    /// Nothing is new, for another 50 ms or so.
    Waiting,
    /// The time is over and no trial has all folds: the one that is farthest is trained to its end.
    Overtime,
}

impl<R: Real> Tune<R> {
    /// Begins.  The plan has folds.
    ///
    /// # Errors
    /// Those of [`Fit::begin`]; a plan without folds, or with another solver than adam.
    pub fn begin(plan: Plan, rows: Rows, (space, most): (Space, Option<usize>)) -> Result<Self> {
        let wrong = |key, found: &str, hint: &str| {
            Err(Error::new(ErrorKind::Setting, found).setting(key).hint(hint.to_owned()))
        };
        if plan.settings.solver != Solver::Adam {
            return wrong("solver", "the step sizes that are searched are those of adam", "leave it out");
        }
        let fit = Fit::begin(plan, rows, None)?;
        if fit.ground().is_none() {
            return wrong("folds", "is missing", "a search judges its trials by folds");
        }
        Ok(Self { fit, space, most, parts: BTreeMap::new() })
    }

    /// Goes on after these parts, to the same bits as if there had been no pause.
    ///
    /// # Errors
    /// Those of [`Tune::begin`]; other rows than the search began with (by their [fingerprint](Fit::fingerprint)), or parts
    /// that are none of it.
    pub fn resume(
        plan: Plan,
        rows: Rows,
        asked: (Space, Option<usize>),
        (fingerprint, parts): (u64, BTreeMap<Place, Part<R>>),
    ) -> Result<Self> {
        plan.encoder.check()?;
        let mut tune = Self::begin(plan, rows, asked)?;
        if tune.fit.fingerprint() != fingerprint {
            return Err(Error::new(ErrorKind::Data, "these are not the rows that the search began with")
                .hint("go on with the same file, or begin anew"));
        }
        let end = tune.most.unwrap_or(usize::MAX).min(parts.len() + AT_ONCE);
        // The network of later trials follows from the parts of the first ones.
        for (place, part) in parts {
            tune.fits(place, &part, end)?;
            tune.parts.insert(place, part);
        }
        Ok(tune)
    }

    /// Whether a part can be of this search, which has no trial from `end` on.
    fn fits(&self, (trial, fold): Place, part: &Part<R>, end: usize) -> Result<()> {
        let fits = |(_, params): &(History, Params<R>)| {
            params.sizes() == self.trial(trial).0.sizes && params.is_finite()
        };
        if trial < end && fold < self.folds() && part.kept.as_ref().is_none_or(fits) {
            return Ok(());
        }
        let found = format!("trial {trial} without fold {fold} is none of this search");
        Err(Error::new(ErrorKind::Data, found).hint("begin anew"))
    }

    fn base(&self) -> &Settings {
        &self.fit.plan().settings
    }

    fn folds(&self) -> usize {
        self.base().members()
    }

    /// The run that the trials are like.
    #[must_use]
    pub fn fit(&self) -> &Fit<R> {
        &self.fit
    }

    /// What is searched, and how many trials there are at most.
    #[must_use]
    pub fn asked(&self) -> (Space, Option<usize>) {
        (self.space, self.most)
    }

    /// What is done.
    #[must_use]
    pub fn parts(&self) -> &BTreeMap<Place, Part<R>> {
        &self.parts
    }

    /// The trials, as far as they are done.
    #[must_use]
    pub fn trials(&self) -> Vec<Trial> {
        let trials: BTreeSet<usize> = self.parts.keys().map(|place| place.0).collect();
        let of = |trial: usize| {
            let parts: Vec<&Part<R>> =
                self.parts.range((trial, 0)..(trial + 1, 0)).map(|one| one.1).collect();
            let (folds, steps) = (parts.len(), parts.iter().map(|part| part.member.steps).sum());
            Trial { trial, settings: self.trial(trial).1, folds, found: self.found(trial, folds), steps }
        };
        trials.into_iter().map(of).collect()
    }

    /// Whether a trial has all folds, so that there is a model.
    #[must_use]
    pub fn has_model(&self) -> bool {
        !self.complete().is_empty()
    }

    /// The trials that have all folds, none diverged, the best first.
    fn complete(&self) -> Vec<usize> {
        let folds = self.folds();
        let all = self.parts.keys().filter(|place| place.1 == 0).map(|place| place.0);
        self.ranked(all.filter(|&trial| self.found(trial, folds).is_some()).collect(), folds)
    }

    /// The mean of what a trial came to on its first folds, if it has them and diverged on none.
    fn found(&self, trial: usize, folds: usize) -> Option<Evaluation> {
        let mut mean = Evaluation { loss: 0.0, score: 0.0 };
        for fold in 0..folds {
            let found = self.parts.get(&(trial, fold))?.found?;
            mean.loss += found.loss / folds as f64;
            mean.score += found.score / folds as f64;
        }
        Some(mean)
    }

    /// Trials by their first folds, the best first, of equal ones the earlier.
    fn ranked(&self, mut trials: Vec<usize>, folds: usize) -> Vec<usize> {
        trials.sort_by(|&a, &b| better(self.found(a, folds), self.found(b, folds)).then(a.cmp(&b)));
        trials
    }

    /// A trial's network and settings.
    fn trial(&self, trial: usize) -> (Network, Settings) {
        let base = self.base();
        let mut settings = base.clone();
        self.space.draw(&mut settings, trial);
        if trial >= BRACKET
            && let Some(winner) = self.winner()
        {
            let like = self.trial(winner).1;
            (settings.hidden, settings.activation) = (like.hidden, like.activation);
        }
        settings.seed = base.seed.wrapping_add((trial * self.folds()) as u64);
        let own = &self.fit.plan().network;
        // What is drawn is in every setting's range.
        let network = settings.network(own.inputs(), own.outputs(), own.loss).unwrap_or_else(|_| own.clone());
        if let (true, Recipe::Tabular, Some(ground)) = (self.space.epochs, settings.recipe, self.fit.ground())
        {
            let parameters = params::count(&network.sizes);
            settings.epochs = Some(settings.effort.plan(ground.least(), parameters).1);
        }
        (network, settings)
    }

    /// Trains parts, as many at once as there are threads, until all trials are done or the time is over; if none has all folds
    /// then, the one that is farthest is trained to its end, so that there is a model.  Where the caller no longer goes on,
    /// what is not over is given up.  `observe` is called in the caller's thread, after each part and while it waits.
    ///
    /// # Errors
    /// Settings that do not fit the rows, or those of `observe`.
    pub fn advance(
        &mut self,
        is_over: &(dyn Fn() -> bool + Sync),
        go_on: &(dyn Fn() -> bool + Sync),
        observe: &mut dyn FnMut(&Self, News) -> Result<()>,
    ) -> Result<()> {
        self.train(Self::next, &|| go_on() && !is_over(), observe)?;
        if self.has_model() || !is_over() || !go_on() {
            return Ok(());
        }
        observe(self, News::Overtime)?;
        self.train(Self::least, go_on, observe)
    }

    /// Trains the parts that are `next`, beside those that are begun.
    fn train(
        &mut self,
        next: impl Fn(&Self, &BTreeSet<Place>) -> Option<Place>,
        go_on: &(dyn Fn() -> bool + Sync),
        observe: &mut dyn FnMut(&Self, News) -> Result<()>,
    ) -> Result<()> {
        let threads = self.base().at_once();
        let mut begun = BTreeSet::new();
        let (send, done) = mpsc::channel();
        let (mut failed, given_up) = (None, AtomicBool::new(false));
        let go_on = &|| !given_up.load(atomic::Ordering::Relaxed) && go_on();
        thread::scope(|scope| {
            let Some(ground) = self.fit.ground() else { return };
            loop {
                while begun.len() < threads && go_on() {
                    let Some(place) = next(self, &begun) else { break };
                    begun.insert(place);
                    let (network, settings) = self.trial(place.0);
                    let settings = Settings { threads: Some(1), ..settings.of_member(place.1) };
                    let (again, send_again) = ((network.clone(), settings.clone()), send.clone());
                    let work = move |(network, settings): (Network, Settings), send: mpsc::Sender<_>| {
                        let at_it = || drop(send.send((place, None)));
                        let trained = ground.train(&network, settings, place.1, (go_on, &at_it));
                        let _ = send.send((place, Some(trained)));
                    };
                    let sent = send.clone();
                    let spawned =
                        thread::Builder::new().spawn_scoped(scope, move || work((network, settings), sent));
                    if spawned.is_err() {
                        // The system starts no thread.
                        work(again, send_again);
                    }
                }
                if begun.is_empty() {
                    return;
                }
                let mut tell = |tune: &Self, news: Result<News>| {
                    if let Err(error) = news.and_then(|news| observe(tune, news)) {
                        given_up.store(true, atomic::Ordering::Relaxed);
                        failed.get_or_insert(error);
                    }
                };
                let (place, trained) = loop {
                    match done.recv() {
                        Ok((place, Some(trained))) => break (place, trained),
                        Ok((_, None)) => tell(self, Ok(News::Waiting)),
                        Err(_) => return,
                    }
                };
                begun.remove(&place);
                match trained {
                    Ok(None) => {}
                    Ok(Some((member, found, history, params))) => {
                        let kept = found.is_some().then_some((history, params));
                        self.parts.insert(place, Part { member, found, kept });
                        for trial in self.needless() {
                            self.parts
                                .range_mut((trial, 0)..(trial + 1, 0))
                                .for_each(|(_, part)| part.kept = None);
                        }
                        tell(self, Ok(News::Part(place)));
                    }
                    Err(error) => tell(self, Err(error)),
                }
            }
        });
        failed.map_or(Ok(()), Err)
    }

    /// The run whose members are those of the best trials, and which trials these are, the best first.
    ///
    /// # Errors
    /// No trial has all folds.
    pub fn finish(self) -> Result<(Fit<R>, Vec<usize>)> {
        let chosen = self.chosen()?;
        let trials: Vec<usize> = chosen.iter().map(|one| one.trial).collect();
        let (network, settings) = self.trial(trials.first().copied().unwrap_or(0));
        let (mut done, mut history, mut steps) = (Done::default(), History::default(), 0);
        for (trial, members) in chosen.into_iter().map(|one| (one.trial, one.members)) {
            for (fold, params) in members.into_iter().enumerate() {
                let Some(Part { member, kept: Some((own, _)), .. }) = self.parts.get(&(trial, fold)) else {
                    continue;
                };
                history.join(steps, own);
                steps += member.steps;
                done.figures.push(member.clone());
                done.params.push(params);
            }
        }
        let (seed, threads) = (self.base().seed, self.base().threads);
        let settings = Settings { seed, threads, ..settings };
        let decision = self.said(&trials);
        let fit = self.fit.combined((network, settings), decision, (done, history))?;
        Ok((fit, trials))
    }
}

/// Whether `a` is better: by the loss, which a few rows tell better than a count of right ones; what diverged is last.
fn better(a: Option<Evaluation>, b: Option<Evaluation>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.loss.total_cmp(&b.loss),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
