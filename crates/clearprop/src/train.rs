//! Training: forward, loss, backward, update, over and over; the caller owns the loop.
//!
//! ```
//! use clearprop::{data::{Spirals, spirals}, init::Init, loss::Loss};
//! use clearprop::{settings::Settings, train::{Event, StopReason, Trainer}};
//! let data = spirals::<f32>(&Spirals::default(), 0)?;
//! let settings = Settings { steps: Some(20), init: Init::He, ..Settings::notebook() };
//! let network = settings.network(2, 3, Loss::Softmax)?;
//! let params = settings.init.draw(&network, settings.seed);
//! let mut trainer = Trainer::new(network, params, data, None, settings)?;
//! let reason = loop {
//!     if let Event::Stopped(reason) = trainer.advance(u64::MAX) {
//!         break reason;
//!     }
//! };
//! assert_eq!(reason, StopReason::Finished);
//! assert_eq!(trainer.state().step, 20);
//! # Ok::<(), clearprop::error::Error>(())
//! ```

use crate::data::{Batches, Data};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluate::{Evaluation, evaluate};
#[cfg(feature = "fast")]
use crate::fast;
use crate::lbfgs::{Lbfgs, Step};
use crate::network::Network;
use crate::objective::loss_and_grad;
use crate::optim::{Optimiser, Solver};
use crate::params::{self, Params};
use crate::random::{Purpose, shuffled};
use crate::real::Real;
use crate::schedule::Place;
use crate::settings::{Length, Settings};
pub use state::{Epoch, Event, State, StopReason};
use std::ops::ControlFlow;

mod epoch;
mod state;

/// A training run.
#[derive(Debug)]
pub struct Trainer<R> {
    network: Network,
    /// The network with the loss that steps make small: that of smoothed labels, if they are.
    stepped: Network,
    data: Data<R>,
    validation: Option<Data<R>>,
    settings: Settings,
    state: State<R>,
    /// The order of the rows in the epoch that `shuffled_for` names; empty for full batches.
    order: Vec<u32>,
    shuffled_for: Option<u64>,
    losses: Vec<f64>,
    #[cfg(feature = "fast")]
    session: Option<fast::Session<R>>,
    diverged: Option<u64>,
}

/// Arithmetic operations of a chunk, such that it ends well within 50 ms: the plain engine does more than
/// one operation in a nanosecond, the fast one more than three in each lane of a vector.
const CHUNK: u64 = 50_000_000;
/// The same for a caller who asks every few milliseconds whether to go on.
const SHORT_CHUNK: u64 = CHUNK / 25;
/// What a step takes besides, in operations: it bounds the steps of the smallest networks.
const STEP: u64 = 25_000;

impl<R: Real> Trainer<R> {
    /// A run from these first weights.
    ///
    /// # Errors
    /// A setting out of its range, a batch larger than the data, weights or data that do not fit the
    /// network, or first weights that are NaN or infinite.
    pub fn new(
        network: Network,
        params: Params<R>,
        data: Data<R>,
        validation: Option<Data<R>>,
        settings: Settings,
    ) -> Result<Self> {
        let params = if settings.front_scale { params.with_scale() } else { params };
        let optimiser = Optimiser::new(settings.rule(), settings.step_size, &network.sizes)?.shaped(&params);
        let state = State {
            step: 0,
            params,
            optimiser,
            epoch_loss: 0.0,
            best_loss: f64::INFINITY,
            not_better: 0,
            best: None,
            lbfgs: (settings.solver == Solver::Lbfgs).then(Lbfgs::default),
        };
        Self::resume(network, state, data, validation, settings)
    }

    /// Goes on from a saved state, to the same bits as if there had been no pause.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn resume(
        network: Network,
        state: State<R>,
        data: Data<R>,
        validation: Option<Data<R>>,
        settings: Settings,
    ) -> Result<Self> {
        settings.check()?;
        settings.fit(&network)?;
        data.fits(&network)?;
        if let Some(validation) = &validation {
            validation.fits(&network)?;
        }
        if state.params.sizes() != network.sizes {
            let found =
                format!("weights of layers {:?}, the network has {:?}", state.params.sizes(), network.sizes);
            return Err(Error::new(ErrorKind::Shape, found));
        }
        if !state.params.is_finite() {
            return Err(Error::new(ErrorKind::Data, "the first weights hold NaN or infinity"));
        }
        state.check(&network, &settings)?;
        if let Some(size) = settings.batch_size
            && size > data.len()
        {
            return Err(Error::new(ErrorKind::Setting, format!("found {size}"))
                .setting("batch_size")
                .hint(format!("there are only {} training rows", data.len())));
        }
        let stepped = settings.smoothed(&network)?;
        let mut trainer = Self {
            #[cfg(feature = "fast")]
            session: session(&stepped, data.len(), &settings),
            network,
            stepped,
            data,
            validation,
            settings,
            state,
            order: Vec::new(),
            shuffled_for: None,
            losses: Vec::new(),
            diverged: None,
        };
        let run = Place {
            total: trainer.total_steps(),
            epoch: trainer.steps_per_epoch(),
            rows: trainer.data.len() as u64,
        };
        trainer.state.optimiser.schedule = trainer.settings.schedule;
        trainer.state.optimiser.run = run;
        trainer.state.optimiser.shares = trainer.settings.step_shares;
        Ok(trainer)
    }

    /// The training rows and those that are watched, of a run that is given up.
    pub(crate) fn into_data(self) -> (Data<R>, Option<Data<R>>) {
        (self.data, self.validation)
    }

    /// Goes on with so many threads inside a step, to the same bits.
    pub(crate) fn use_threads(&mut self, threads: Option<usize>) {
        if self.settings.threads != threads {
            self.settings.threads = threads;
            #[cfg(feature = "fast")]
            {
                self.session = session(&self.stepped, self.data.len(), &self.settings);
            }
        }
    }

    /// Takes steps until `until` updates are done in all, or until something happens before that.
    ///
    /// It comes back within about 50 ms, so that a caller can draw and be interrupted.
    pub fn advance(&mut self, until: u64) -> Event {
        self.losses.clear();
        self.chunk(until, CHUNK)
    }

    /// Takes steps as [`Trainer::advance`] does, for as long as the caller goes on: `go_on` is asked every few
    /// milliseconds, so that a clock of the caller's, a flag or a counter ends it.  At least one step is taken.
    ///
    /// ```
    /// # use clearprop::{data::{Spirals, spirals}, init::Init, loss::Loss};
    /// # use clearprop::{settings::Settings, train::{Event, Trainer}};
    /// use std::time::{Duration, Instant};
    /// # let data = spirals::<f64>(&Spirals::default(), 0)?;
    /// # let settings = Settings { steps: None, init: Init::He, ..Settings::notebook() };
    /// # let network = settings.network(2, 3, Loss::Softmax)?;
    /// # let params = settings.init.draw(&network, settings.seed);
    /// # let mut trainer = Trainer::new(network, params, data, None, settings)?;
    /// let (began, budget) = (Instant::now(), Duration::from_millis(20));
    /// let event = trainer.advance_while(u64::MAX, || began.elapsed() < budget);
    /// assert_eq!(event, Event::Steps);
    /// assert_eq!(trainer.losses().len() as u64, trainer.state().step);
    /// # Ok::<(), clearprop::error::Error>(())
    /// ```
    pub fn advance_while(&mut self, until: u64, mut go_on: impl FnMut() -> bool) -> Event {
        self.losses.clear();
        loop {
            let event = self.chunk(until, SHORT_CHUNK);
            if event != Event::Steps || self.state.step >= until || self.diverged.is_some() || !go_on() {
                return event;
            }
        }
    }

    /// Takes steps of about so many operations; their losses are added to those of this call.
    fn chunk(&mut self, until: u64, operations: u64) -> Event {
        if let Some(reason) = self.stop_reason() {
            return self.stop(reason);
        }
        self.shuffle();
        let (chunk, known) = (self.next_chunk(until, operations), self.losses.len());
        self.take_steps(chunk);
        self.after_steps(known)
    }

    /// Takes steps; a step of the readable engine is `loss_and_grad`, then `update`.
    fn take_steps(&mut self, steps: usize) {
        let Self { stepped, data, state: State { step, params, optimiser, lbfgs, .. }, losses, .. } = self;
        if let Some(lbfgs) = lbfgs {
            let tolerance = self.settings.tolerance.unwrap_or(0.0);
            let evaluate = |params: &Params<R>| {
                let (objective, grads) = loss_and_grad(stepped, params, data);
                (objective.loss(), grads)
            };
            if let Step::Taken { before, .. } = lbfgs.step(params, tolerance, evaluate) {
                losses.push(before);
            }
            return;
        }
        let batches = match self.settings.batch_size {
            None => Batches::Full { steps },
            Some(size) => {
                let first = place_in_epoch(*step, data.len(), size) * size;
                Batches::Of { rows: &self.order[first..data.len().min(first + steps * size)], size }
            }
        };
        #[cfg(feature = "fast")]
        if let Some(session) = &mut self.session {
            return session.advance(params, optimiser, data, batches, losses);
        }
        for step in 0..batches.steps() {
            let batch = batches.batch(step, data);
            let (objective, grads) = loss_and_grad(stepped, params, &batch);
            losses.push(objective.loss());
            optimiser.update(params, &grads);
        }
    }

    /// Puts the rows into the order of this epoch, which seed and epoch alone decide.
    fn shuffle(&mut self) {
        let epoch = self.state.step / self.steps_per_epoch();
        if self.settings.batch_size.is_some() && self.shuffled_for != Some(epoch) {
            self.order = shuffled(self.data.len(), self.settings.seed, Purpose::Shuffle(epoch));
            self.shuffled_for = Some(epoch);
        }
    }

    /// How many steps to take at once: to `until`, the epoch's end, the run's end, or of so many operations.
    fn next_chunk(&self, until: u64, most: u64) -> usize {
        let step = self.state.step;
        if self.state.lbfgs.is_some() {
            return 1;
        }
        let mut chunk = until.min(self.total_steps()).saturating_sub(step);
        if self.ends_epochs() {
            chunk = chunk.min(self.steps_per_epoch() - step % self.steps_per_epoch());
        }
        // A row costs two operations a parameter forward, and four backward.
        let rows = self.settings.batch_size.unwrap_or(self.data.len());
        let operations = (6 * rows as u64).saturating_mul(params::count(&self.network.sizes) as u64);
        let most = match self.settings.engine.for_network(&self.network) {
            Engine::Plain => most,
            #[cfg(feature = "fast")]
            Engine::Fast(level) => 3 * most * level.lanes::<R>() as u64,
        };
        let chunk = chunk.min((most / operations.saturating_add(STEP)).max(1));
        usize::try_from(chunk).unwrap_or(usize::MAX)
    }

    /// Whether the run counts in epochs, as a person sees it; else in steps.
    #[must_use]
    pub fn counts_epochs(&self) -> bool {
        let has_epochs = self.settings.batch_size.is_some() || self.settings.stops_early().is_some();
        has_epochs && matches!(self.settings.length(), Length::Epochs(_))
    }

    /// How many updates use every training row once.
    #[must_use]
    pub fn steps_per_epoch(&self) -> u64 {
        let n = self.data.len();
        n.div_ceil(self.settings.batch_size.unwrap_or(n)) as u64
    }

    /// The most updates that the run can have.
    #[must_use]
    pub fn total_steps(&self) -> u64 {
        match self.settings.length() {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => epochs.saturating_mul(self.steps_per_epoch()),
        }
    }

    /// The losses of the steps that the last [`Trainer::advance`] took; the last is that of step
    /// `state().step - 1`.
    #[must_use]
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// Where the run stands.
    #[must_use]
    pub fn state(&self) -> &State<R> {
        &self.state
    }

    /// The weights now.
    #[must_use]
    pub fn params(&self) -> &Params<R> {
        &self.state.params
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The training rows.
    #[must_use]
    pub fn data(&self) -> &Data<R> {
        &self.data
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The weights now, on any rows.
    #[must_use]
    pub fn evaluate(&self, data: &Data<R>) -> Evaluation {
        evaluate(self.settings.engine, &self.network, std::slice::from_ref(&self.state.params), data)
    }
}

#[cfg(feature = "fast")]
fn session<R: Real>(stepped: &Network, rows: usize, settings: &Settings) -> Option<fast::Session<R>> {
    let Engine::Fast(level) = settings.engine else { return None };
    let options = fast::Options { level, threads: settings.threads };
    fast::Session::new(stepped, settings.batch_size.unwrap_or(rows), options)
}

/// Which batch of its epoch a step is, counted from 0.
#[expect(clippy::cast_possible_truncation, reason = "an epoch has at most as many batches as rows")]
fn place_in_epoch(step: u64, n: usize, size: usize) -> usize {
    (step % n.div_ceil(size) as u64) as usize
}

/// Trains to the end: `observe` is called at every event but the last, and says go on or stop.
///
/// ```
/// # use clearprop::{data::{Spirals, spirals}, init::Init, loss::Loss};
/// # use clearprop::{settings::Settings, train::{StopReason, Trainer, train}};
/// # let data = spirals::<f64>(&Spirals::default(), 0)?;
/// # let settings = Settings { steps: Some(50), init: Init::He, ..Settings::notebook() };
/// # let network = settings.network(2, 3, Loss::Softmax)?;
/// # let params = settings.init.draw(&network, settings.seed);
/// let mut trainer = Trainer::new(network, params, data, None, settings)?;
/// let mut losses = Vec::new();
/// let reason = train(&mut trainer, |trainer, _event| {
///     losses.extend_from_slice(trainer.losses());
///     std::ops::ControlFlow::Continue(())
/// });
/// assert_eq!(reason, StopReason::Finished);
/// assert!(losses[49] < losses[0]);
/// # Ok::<(), clearprop::error::Error>(())
/// ```
pub fn train<R: Real>(
    trainer: &mut Trainer<R>,
    mut observe: impl FnMut(&Trainer<R>, Event) -> ControlFlow<()>,
) -> StopReason {
    loop {
        match trainer.advance(u64::MAX) {
            Event::Stopped(reason) => return reason,
            event => {
                if observe(trainer, event).is_break() {
                    return StopReason::Interrupted;
                }
            }
        }
    }
}
