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
mod history;
mod outcome;
mod recipe;
mod rows;
mod split;

use crate::data::Data;
use crate::decision::Decision;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Model, Trained};
use crate::network::Network;
use crate::optim::Solver;
use crate::params::{self, Params};
use crate::real::Real;
use crate::settings::{Choices, ClassWeight, Recipe, Settings};
use crate::table::{Encoder, Unseen};
use crate::train::{Event, State, StopReason, Trainer};
pub use history::{History, Row};
pub use rows::{Origin, Rows};
use serde::{Deserialize, Serialize};
pub use split::Split;

/// All that is decided before the first step: with the rows, enough to begin; with a [`Progress`] too, enough
/// to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// What the network is.
    pub network: Network,
    /// What the columns mean, learnt from the training rows.
    pub encoder: Encoder,
    /// Every setting.
    pub settings: Settings,
    /// What nobody asked for and everybody should know.
    pub decisions: Vec<Decision>,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<R> {
    /// Tells the rows from others ([`Fit::fingerprint`]).
    pub fingerprint: u64,
    /// The weights, the moments, the counts.
    pub state: State<R>,
    /// The course so far.
    pub history: History,
}

/// A run.
#[derive(Debug)]
pub struct Fit<R> {
    plan: Plan,
    trainer: Trainer<R>,
    test: Option<Data<R>>,
    /// The test rows' lines in the file.
    test_lines: Vec<u64>,
    fingerprint: u64,
    unseen: Unseen,
    history: History,
    record_every: u64,
}

impl Plan {
    /// Decides.  `start` are weights to begin with, which say how large the hidden layers are.
    ///
    /// # Errors
    /// A choice that is out of its range, has no meaning or does not fit the rows; rows that cannot be
    /// learnt from; weights that do not fit the columns.
    pub fn new<R: Real>(rows: &Rows, choices: &Choices, start: Option<&Params<R>>) -> Result<Self> {
        let n = rows.table.len();
        let chosen = choices.recipe.or(rows.beside.recipe);
        let (usual, why) = choose::usual_recipe(n, choices, start.is_some());
        let recipe = chosen.unwrap_or(if rows.origin == Origin::Table { usual } else { Recipe::Plain });
        let mut settings = rows.origin.defaults(n, recipe);
        rows.beside.lay_over(&mut settings);
        let mut settings = choose::choose(settings, choices, n)?;
        let parts = rows.parts(&settings)?;
        if choices.batch_size.is_none() {
            // A default is no reason for an error.
            settings.batch_size = settings.batch_size.map(|size| size.min(parts.train.len()));
        }
        let (encoder, mut decisions) = rows.learn(&parts.train, &settings)?;
        if let Some(params) = start {
            settings.hidden = hidden_of(params, choices, &encoder)?;
        }
        let (width, outputs, loss) = (encoder.width(), encoder.answers.outputs(), encoder.answers.loss());
        let network = settings.network(width, outputs, loss)?;
        let network = match recipe {
            Recipe::Plain => network,
            Recipe::Tabular => {
                choose::adapt(
                    &mut settings,
                    choices,
                    (loss, parts.train.len(), params::count(&network.sizes)),
                );
                settings.network(width, outputs, loss)?
            }
        };
        match rows.origin {
            // The notebook does not explain its own data.
            Origin::Notebook => decisions.clear(),
            Origin::Arrays => decisions.extend(plain(&settings, &network)),
            Origin::Table => {
                decisions.extend(plain(&settings, &network));
                decisions.push(Decision::new("rows", "rows", parts.said()));
                if chosen.is_none() {
                    decisions.push(choose::said(&settings, parts.train.len(), why));
                }
                decisions.push(told(&settings));
            }
        }
        Ok(Self { network, encoder, settings, decisions })
    }
}

/// What has no kernels runs on the plain engine.
fn plain(settings: &Settings, network: &Network) -> Option<Decision> {
    if settings.engine == Engine::Plain {
        return None;
    }
    let what = match settings.solver {
        Solver::Lbfgs => "the solver lbfgs".to_owned(),
        _ if settings.engine.for_network(network) == settings.engine => return None,
        _ => format!("a network of {} with the loss {}", network.activation_text(), network.loss),
    };
    Some(Decision::new("engine", "runs on the plain engine", format!("there are no kernels for {what}")))
}

/// The settings that nobody need look up, in one decision.
fn told(settings: &Settings) -> Decision {
    let said = |(setting, text): (&crate::settings::Setting, String)| {
        let known = text != "none" || setting.key == "hidden" || setting.key == "scale";
        // How it is computed changes no result worth naming.
        let used = setting.key != "step_size" || settings.solver != Solver::Lbfgs;
        (known && used && !["engine", "threads"].contains(&setting.key))
            .then(|| format!("`{}={text}`", setting.key))
    };
    let texts: Vec<String> = settings.texts().into_iter().filter_map(said).collect();
    Decision::new("settings", "settings", texts.join(" "))
}

/// The hidden layers of weights to begin with; what else was said must agree.
fn hidden_of<R: Real>(params: &Params<R>, choices: &Choices, encoder: &Encoder) -> Result<Vec<usize>> {
    let sizes = params.sizes();
    let hidden = &sizes[1..sizes.len() - 1];
    let wrong =
        |found: String, hint: String| Err(Error::new(ErrorKind::Shape, found).setting("start").hint(hint));
    if let Some(asked) = choices.hidden.as_ref().filter(|asked| *asked != hidden) {
        let found = format!("the weights are for hidden layers {hidden:?}, `hidden` says {asked:?}");
        return wrong(found, "leave `hidden` out".into());
    }
    let (inputs, outputs) = (encoder.width(), encoder.answers.outputs());
    if (sizes[0], sizes[sizes.len() - 1]) != (inputs, outputs) {
        return wrong(
            format!("the weights are for {} inputs and {} outputs", sizes[0], sizes[sizes.len() - 1]),
            format!("the data have {inputs} inputs and {outputs} outputs"),
        );
    }
    Ok(hidden.to_vec())
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
        let params = start.unwrap_or_else(|| plan.settings.init.draw(&plan.network, plan.settings.seed));
        Self::encode(plan, rows, |plan, data, validation| {
            Trainer::new(plan.network.clone(), params, data, validation, plan.settings.clone())
        })
    }

    /// Goes on, to the same bits as if there had been no pause.
    ///
    /// # Errors
    /// Other rows than the run began with, a state that is not of this plan, or those of [`Fit::begin`].
    pub fn resume(plan: Plan, rows: Rows, progress: Progress<R>) -> Result<Self> {
        let Progress { fingerprint, state, history } = progress;
        plan.encoder.check()?;
        let mut fit = Self::encode(plan, rows, |plan, data, validation| {
            Trainer::resume(plan.network.clone(), state, data, validation, plan.settings.clone())
        })?;
        if fit.fingerprint != fingerprint {
            return Err(Error::new(ErrorKind::Data, "these are not the rows that the run began with")
                .hint("go on with the same file, or train anew"));
        }
        fit.history = history;
        Ok(fit)
    }

    fn encode(
        plan: Plan,
        rows: Rows,
        trainer: impl FnOnce(&Plan, Data<R>, Option<Data<R>>) -> Result<Trainer<R>>,
    ) -> Result<Self> {
        let parts = rows.parts(&plan.settings)?;
        let test_lines = parts.test.iter().map(|&row| rows.table.line(row as usize)).collect();
        let mut unseen = Unseen::default();
        let encoded = parts.encode(&plan.encoder, rows.table, &mut unseen)?;
        let train = match plan.settings.class_weight {
            ClassWeight::Balanced => rows::balanced(encoded.train)?,
            ClassWeight::None => encoded.train,
        };
        let trainer = trainer(&plan, train, encoded.validation)?;
        let record_every = if trainer.counts_epochs() { 1 } else { 10 };
        Ok(Self {
            plan,
            trainer,
            test: encoded.test,
            test_lines,
            fingerprint: encoded.fingerprint,
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

    /// Takes steps as [`Trainer::advance`] does, and keeps their losses.
    pub fn advance(&mut self, until: u64) -> Event {
        let first = self.trainer.state().step;
        let event = self.trainer.advance(until);
        if !matches!(event, Event::Stopped(_)) {
            self.history.record(&self.trainer, first, &event, self.record_every);
        }
        event
    }

    /// Takes steps as [`Trainer::advance_while`] does, for as long as the caller goes on, and keeps their losses.
    pub fn advance_while(&mut self, until: u64, go_on: impl FnMut() -> bool) -> Event {
        let first = self.trainer.state().step;
        let event = self.trainer.advance_while(until, go_on);
        if !matches!(event, Event::Stopped(_)) || self.trainer.state().step > first {
            self.history.record(&self.trainer, first, &event, self.record_every);
        }
        event
    }

    /// The score on the training rows now ([`metrics::score`](crate::metrics::score)), kept in the history.
    pub fn measure(&mut self) -> f64 {
        let score = self.trainer.evaluate(self.trainer.data()).score;
        self.history.note_score(self.trainer.state().step, score);
        score
    }

    /// The score on the test rows now, if there are any.
    #[must_use]
    pub fn test_score(&self) -> Option<f64> {
        self.test.as_ref().map(|test| self.trainer.evaluate(test).score)
    }

    /// Where the run stands, to be kept and gone on from.
    #[must_use]
    pub fn progress(&self) -> Progress<R> {
        let (state, history) = (self.trainer.state().clone(), self.history.clone());
        Progress { fingerprint: self.fingerprint, state, history }
    }

    /// The model, with its figures.
    #[must_use]
    pub fn finish(self, reason: StopReason) -> Model<R> {
        let trained = Trained {
            settings: Settings { threads: None, ..self.plan.settings },
            steps: self.trainer.state().step,
            stop_reason: reason,
            loss: self.history.rows.last().map_or(f64::NAN, |row| row.loss),
            train_score: Some(self.trainer.evaluate(self.trainer.data()).score),
            test_score: self.test.as_ref().map(|test| self.trainer.evaluate(test).score),
            rows: self.trainer.data().len(),
        };
        let engine = trained.settings.engine;
        let params = self.trainer.params().folded();
        Model { network: self.plan.network, params, encoder: self.plan.encoder, trained, engine }
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

/// A run can be moved to another thread; what it leaves behind can be looked at from several.
const _: () = {
    const fn moves<T: Send>() {}
    const fn is_shared<T: Send + Sync>() {}
    moves::<Fit<f32>>();
    moves::<Trainer<f64>>();
    is_shared::<Model<f32>>();
    is_shared::<Progress<f64>>();
};
