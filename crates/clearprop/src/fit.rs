//! Fit: the one way from data and choices to a trained model, for every door.
//!
//! [`Rows`] are a table (or arrays, as a table of columns) with what stands beside them.  A [`Plan`] decides:
//! which rows are trained on, watched and tested on; then, **from the training rows alone**, what the columns
//! mean; then every setting that nobody chose.  A [`Fit`] takes the steps, and becomes a [`Model`].
//!
//! ```
//! use clearprop::{fit::{Fit, Plan, Rows}, settings::Choices, table::{Column, Table}, train::Event};
//! let table = Table::new(vec![
//!     ("cm".into(), Column::numbers((0..60).map(|i| 150.0 + f64::from(i)))),
//!     ("size".into(), Column::words((0..60).map(|i| if i < 30 { "small" } else { "tall" }))),
//! ])?;
//! let rows = Rows::table(table, &["size"]);
//! let plan = Plan::new::<f32>(&rows, &Choices::new().step_size(0.01), None)?;
//! assert_eq!(plan.settings.hidden, [100]); // nobody chose: plan.decisions says so
//! let mut fit = Fit::<f32>::begin(plan, rows, None)?;
//! let reason = loop {
//!     if let Event::Stopped(reason) = fit.advance(u64::MAX) {
//!         break reason;
//!     }
//! };
//! let model = fit.finish(reason);
//! assert!(model.trained.test_score > Some(0.8));
//! # Ok::<(), clearprop::error::Error>(())
//! ```

mod choose;
mod ground;
mod history;
mod members;
mod outcome;
mod plan;
mod recipe;
mod rows;
mod split;
mod team;
mod within;

use crate::data::Data;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluate::{Evaluation, evaluate};
use crate::metrics::Calibration;
use crate::model::{Member, Model, Trained};
use crate::params::Params;
use crate::real::Real;
use crate::settings::{Choices, ClassWeight, Settings};
use crate::table::{Table, Unseen};
use crate::train::{Event, State, StopReason, Trainer};
pub use history::{History, Row};
pub use members::Done;
use members::{Ahead, Computed, Members};
use ndarray::{Array2, ArrayView2};
pub use plan::Plan;
use rows::Encoded;
pub use rows::{Origin, Rows};
pub use split::Split;

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<R> {
    /// Tells the rows from others ([`Fit::fingerprint`]).
    pub fingerprint: u64,
    /// The members that are trained, if the run has several.
    pub done: Done<R>,
    /// The weights, the moments, the counts of the one that is trained now: of several the first.
    pub state: State<R>,
    /// The course so far.
    pub history: History,
    /// Those after it that are trained beside it, each with its own course.
    pub ahead: Vec<(State<R>, History)>,
}

/// A run.
#[derive(Debug)]
pub struct Fit<R> {
    plan: Plan,
    /// Of the first member that is trained now, if there are several;
    trainer: Trainer<R>,
    /// those after it that are trained beside it.
    ahead: Vec<Ahead<R>>,
    members: Option<Members<R>>,
    test: Option<Data<R>>,
    /// The test rows' lines in the file.
    test_lines: Vec<u64>,
    fingerprint: u64,
    unseen: Unseen,
    history: History,
    record_every: u64,
}

impl<R: Real> Fit<R> {
    /// Decides, and begins.
    ///
    /// # Errors
    /// Those of [`Plan::new`] and [`Fit::begin`].
    pub fn new(rows: Rows, choices: &Choices) -> Result<Self> {
        Self::begin(Plan::new::<R>(&rows, choices, None)?, rows, None)
    }

    /// Takes all steps: the model.
    #[must_use]
    pub fn run(mut self) -> Model<R> {
        loop {
            if let Event::Stopped(reason) = self.advance(u64::MAX) {
                return self.finish(reason);
            }
        }
    }

    /// Begins, from `start` or from weights drawn by the seed.  The rows are encoded, and freed.
    ///
    /// # Errors
    /// Rows that are not those of the plan, or those of [`Trainer::new`].
    pub fn begin(plan: Plan, rows: Rows, start: Option<Params<R>>) -> Result<Self> {
        Self::encode(plan, rows, Done::default(), |plan, members, data| {
            trainer(plan, members, (0, start), data)
        })
    }

    /// Goes on, to the same bits as if there had been no pause.
    ///
    /// # Errors
    /// Other rows than the run began with, a state that is not of this plan, or those of [`Fit::begin`].
    pub fn resume(plan: Plan, rows: Rows, progress: Progress<R>) -> Result<Self> {
        let Progress { fingerprint, done, state, history, ahead } = progress;
        plan.encoder.check()?;
        let mut fit = Self::encode(plan, rows, done, |plan, members, (data, validation)| {
            let settings = plan.settings.of_member(members.map_or(0, |members| members.done.params.len()));
            Trainer::resume(plan.network.clone(), state, data, validation, settings)
        })?;
        if fit.fingerprint != fingerprint {
            return Err(Error::new(ErrorKind::Data, "these are not the rows that the run began with")
                .hint("go on with the same file, or train anew"));
        }
        fit.history = history;
        fit.gather(ahead)?;
        Ok(fit)
    }

    fn encode(
        plan: Plan,
        rows: Rows,
        done: Done<R>,
        begin: impl FnOnce(&Plan, Option<&Members<R>>, (Data<R>, Option<Data<R>>)) -> Result<Trainer<R>>,
    ) -> Result<Self> {
        // A plan from a file may contradict itself.
        plan.encoder.fits(&plan.network)?;
        plan.settings.check()?;
        let mut parts = rows.parts(&plan.settings)?;
        let test_lines = parts.test.iter().map(|&row| rows.table.line(row as usize)).collect();
        let taken = parts.members.take();
        let answers = plan.settings.folds.map(|_| rows.table.some_of(&rows.targets, &parts.train));
        let mut unseen = Unseen::default();
        let Encoded { train, validation, test, fingerprint } =
            parts.encode(&plan.encoder, (rows.table, rows.weights.as_deref()), &mut unseen)?;
        let (members, data) = match plan.settings.members() {
            1 => (None, (train, validation)),
            count => {
                let count = (count, &plan.network);
                let members = Members::new(train, (taken, answers), count, done)?;
                let data = members.rows_of(members.done.params.len());
                (Some(members), data)
            }
        };
        let data = (weighted(&plan.settings, data.0)?, data.1);
        let trainer = begin(&plan, members.as_ref(), data)?;
        let record_every = if trainer.counts_epochs() { 1 } else { 10 };
        Ok(Self {
            plan,
            trainer,
            ahead: Vec::new(),
            members,
            test,
            test_lines,
            fingerprint,
            unseen,
            history: History::default(),
            record_every,
        })
    }

    /// Has a row of the history every so many steps (or epochs: [`Trainer::counts_epochs`]); without it
    /// every 10 steps, or every epoch.
    #[must_use]
    pub fn record_every(mut self, every: u64) -> Self {
        self.record_every = every.max(1);
        self
    }

    /// Takes steps as [`Trainer::advance`] does, `until` so many are done of all members together, and keeps their losses.
    /// As many members are trained at once as there are threads; the event is that of the first.
    pub fn advance(&mut self, until: u64) -> Event {
        let first = self.trainer.state().step;
        let event = self.round(until, Trainer::advance);
        self.after(first, event)
    }

    /// Takes steps as [`Trainer::advance_while`] does, for as long as the caller goes on, and keeps their losses.
    pub fn advance_while(&mut self, until: u64, go_on: impl FnMut() -> bool) -> Event {
        let first = self.trainer.state().step;
        let event = self.round(until, |trainer, until| trainer.advance_while(until, go_on));
        self.after(first, event)
    }

    /// The updates of the members that were trained before the one that is trained now.
    fn before(&self) -> u64 {
        self.members.as_ref().filter(|members| !members.is_complete()).map_or(0, Members::steps)
    }

    /// The updates done, of all members together.
    #[must_use]
    pub fn step(&self) -> u64 {
        match &self.members {
            Some(members) if members.is_complete() => members.steps(),
            _ => {
                let ahead: u64 = self.ahead.iter().map(|one| one.trainer.state().step).sum();
                self.before() + self.trainer.state().step + ahead
            }
        }
    }

    /// The most updates that the run can have, of all members together (of those to come as of this one).
    #[must_use]
    pub fn total_steps(&self) -> u64 {
        let own = self.trainer.total_steps();
        match &self.members {
            Some(members) if members.is_complete() => members.steps(),
            Some(members) => self.before().saturating_add(own.saturating_mul(1 + members.to_come())),
            None => own,
        }
    }

    /// The score of the weights now on the training rows ([`metrics::score`](crate::metrics::score)), kept in the history.
    pub fn measure(&mut self) -> f64 {
        let score = self.trainer.evaluate(self.trainer.data()).score;
        self.history.note_score(self.before() + self.trainer.state().step, score);
        score
    }

    /// The score on the test rows now, if there are any.
    #[must_use]
    pub fn test_score(&self) -> Option<f64> {
        self.test.as_ref().map(|test| self.evaluate(test).score)
    }

    /// The members that are trained, if there are several.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        self.members.as_ref().map_or(&[], |members| &members.done.figures)
    }

    /// The score of all rows, each by the member that was not trained on it; only with folds, at the end.
    #[must_use]
    pub fn fold_score(&self) -> Option<f64> {
        self.members.as_ref().filter(|members| members.is_complete())?.score(computed(&self.plan))
    }

    /// What the probabilities were like before their temperature and after it; only of several members, at the end.
    #[must_use]
    pub fn calibration(&self) -> Option<Calibration> {
        self.members.as_ref()?.calibration
    }

    /// Shows what each row is predicted as by the member that was not trained on it, block by block: a table of
    /// `row` (its line in the file), `fold` (from 1) and the answers, and the outputs (n, k) in the unit of the
    /// answers.  Without folds nothing.
    ///
    /// # Errors
    /// Those of `show`; a target that is called `row` or `fold`.
    pub fn out_of_fold(&self, mut show: impl FnMut(&Table, ArrayView2<'_, R>) -> Result<()>) -> Result<()> {
        let members = self.members.as_ref().filter(|members| members.is_complete());
        members.map_or(Ok(()), |members| members.show(computed(&self.plan), &mut show))
    }

    /// The weights whose mean the model will be: those of the members that are done, or the only ones.
    fn weights(&self) -> &[Params<R>] {
        match &self.members {
            Some(members) if !members.done.params.is_empty() => &members.done.params,
            _ => std::slice::from_ref(self.trainer.params()),
        }
    }

    /// All rows that were trained on.
    fn data(&self) -> &Data<R> {
        self.members.as_ref().map_or(self.trainer.data(), |members| &members.data)
    }

    fn evaluate(&self, data: &Data<R>) -> Evaluation {
        evaluate(self.plan.settings.engine, &self.plan.network, self.weights(), data)
    }

    /// Where the run stands, to be kept and gone on from.
    #[must_use]
    pub fn progress(&self) -> Progress<R> {
        let (state, history) = (self.trainer.state().clone(), self.history.clone());
        let done = self.members.as_ref().map(|members| members.done.clone()).unwrap_or_default();
        let is_sound = |one: &&Ahead<R>| !one.trainer.has_diverged();
        let ahead = self.ahead.iter().take_while(is_sound);
        let ahead = ahead.map(|one| (one.trainer.state().clone(), one.history.clone())).collect();
        Progress { fingerprint: self.fingerprint, done, state, history, ahead }
    }

    /// The model, with its figures.
    #[must_use]
    pub fn finish(&self, reason: StopReason) -> Model<R> {
        let trained = Trained {
            settings: Settings { threads: None, ..self.plan.settings.clone() },
            steps: self.step(),
            stop_reason: reason,
            loss: self.history.rows.last().map_or(f64::NAN, |row| row.loss),
            train_score: Some(self.evaluate(self.data()).score),
            test_score: self.test_score(),
            rows: self.data().len(),
            members: self.members().to_vec(),
            calibration: self.calibration(),
        };
        let (members, residuals) = match &self.members {
            Some(members) if members.is_complete() => {
                (members.done.params.clone(), members.residuals.clone())
            }
            _ => (vec![self.trainer.params().folded()], Array2::zeros((0, self.plan.network.outputs()))),
        };
        let engine = trained.settings.engine;
        let Plan { network, encoder, .. } = self.plan.clone();
        Model { network, members, residuals, encoder, trained, engine }
    }

    /// What was decided before the first step.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The run itself.
    #[must_use]
    pub fn trainer(&self) -> &Trainer<R> {
        &self.trainer
    }

    /// The course so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Tells the rows, as they are encoded, from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What the rows outside the training had that the training rows did not.
    #[must_use]
    pub fn unseen(&self) -> &Unseen {
        &self.unseen
    }
}

/// A member, or the only network, before its first step.
fn trainer<R: Real>(
    plan: &Plan,
    members: Option<&Members<R>>,
    (member, start): (usize, Option<Params<R>>),
    (data, validation): (Data<R>, Option<Data<R>>),
) -> Result<Trainer<R>> {
    let settings = plan.settings.of_member(member);
    let params = match (start, members) {
        (Some(params), _) => params,
        (None, Some(members)) => members.first_weights(&plan.network, &settings, data.x.view()),
        (None, None) => settings.init.draw(&plan.network, settings.seed),
    };
    Trainer::new(plan.network.clone(), params, data, validation, settings)
}

/// A member with its rows.
fn begun<R: Real>(plan: &Plan, members: &Members<R>, member: usize) -> Result<Trainer<R>> {
    let (data, validation) = members.rows_of(member);
    trainer(plan, Some(members), (member, None), (weighted(&plan.settings, data)?, validation))
}

fn weighted<R: Real>(settings: &Settings, data: Data<R>) -> Result<Data<R>> {
    match settings.class_weight {
        ClassWeight::Balanced => rows::balanced(data),
        ClassWeight::None => Ok(data),
    }
}

fn computed(plan: &Plan) -> Computed<'_> {
    Computed { engine: plan.settings.engine, network: &plan.network, answers: &plan.encoder.answers }
}

/// A run can be moved to another thread; what it leaves behind can be looked at from several.
const _: () = {
    const fn moves<T: Send>() {}
    const fn is_shared<T: Send + Sync>() {}
    moves::<Fit<f32>>();
    moves::<Trainer<f64>>();
    is_shared::<Model<f32>>();
    is_shared::<Progress<f64>>();
};
