//! The members of a run: networks that are trained each on other rows (folds) or from another seed, and whose
//! mean is the model.

use super::history::History;
use super::rows::MemberRows;
use crate::data::Data;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluate::{Evaluation, out_of_fold, outputs_out_of_fold, rows_at_once};
use crate::metrics::{self, Calibration, score};
use crate::model::Member;
use crate::network::Network;
use crate::params::Params;
use crate::real::Real;
use crate::settings::Settings;
use crate::table::{Answers, Column, Table};
use crate::target::Target;
use crate::train::{StopReason, Trainer};
use ndarray::{Array2, ArrayView2, Axis, s};
use std::sync::atomic::{AtomicBool, Ordering};

/// Members that are trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Done<R> {
    /// How each was trained.
    pub figures: Vec<Member>,
    /// Their weights.
    pub params: Vec<Params<R>>,
}

impl<R> Default for Done<R> {
    fn default() -> Self {
        Self { figures: Vec::new(), params: Vec::new() }
    }
}

/// The members of a run, and the rows that they take.
#[derive(Debug)]
pub(super) struct Members<R> {
    /// All rows that a member may be trained on,
    pub(super) data: Data<R>,
    /// and which of them each takes; all take all where nothing is watched.
    pub(super) rows: Option<MemberRows>,
    /// The answers of all rows as the table has them, with their lines; only with folds.
    answers: Option<Table>,
    count: usize,
    pub(super) done: Done<R>,
    pub(super) calibration: Option<Calibration>,
    pub(super) residuals: Array2<R>,
}

/// A member ahead of the first; one that is over waits for those before it.
#[derive(Debug)]
pub(super) struct Ahead<R> {
    pub(super) trainer: Trainer<R>,
    /// Its own steps are counted from 0.
    pub(super) history: History,
}

impl<R: Real> Ahead<R> {
    /// Takes so many steps, or fewer if the first one comes back before.
    pub(super) fn advance(&mut self, steps: u64, is_back: &AtomicBool, every: u64) {
        // Not beyond its end: what it came to is taken from it in its turn.
        let until = self.trainer.state().step.saturating_add(steps).min(self.trainer.total_steps());
        let is_back = || is_back.load(Ordering::Relaxed);
        loop {
            let first = self.trainer.state().step;
            let event = self.trainer.advance_while(until, || !is_back());
            let step = self.trainer.state().step;
            if step > first {
                self.history.record(&self.trainer, (0, first), &event, every);
            }
            if is_back() || step >= until || self.trainer.is_over() {
                return;
            }
        }
    }
}

/// A network as it computes.
#[derive(Clone, Copy)]
pub(super) struct Computed<'a> {
    pub(super) engine: Engine,
    pub(super) network: &'a Network,
    pub(super) answers: &'a Answers,
}

/// Members that are trained at once have no more bytes of rows together.
const COPIES: usize = 1 << 29;
/// Probabilities of so many rows times classes tell a temperature well enough.
const CELLS: usize = 1 << 24;
/// So many residuals tell every interval.
const RESIDUALS: usize = 1999;

impl<R: Real> Members<R> {
    /// Those of a run that begins, or goes on after these.
    ///
    /// # Errors
    /// More or other members are done than the run can have.
    pub(super) fn new(
        data: Data<R>,
        (rows, answers): (Option<MemberRows>, Option<Table>),
        (count, network): (usize, &Network),
        done: Done<R>,
    ) -> Result<Self> {
        let of_network = |params: &Params<R>| params.sizes() == network.sizes && params.is_finite();
        let whole = done.figures.len() == done.params.len() && done.params.iter().all(of_network);
        if !whole || done.params.len() >= count {
            let found = format!("{} members are done, the run has {count}", done.params.len());
            return Err(Error::new(ErrorKind::Data, found).hint("train anew"));
        }
        let residuals = Array2::zeros((0, network.outputs()));
        Ok(Self { data, rows, answers, count, done, calibration: None, residuals })
    }

    /// Whether all are trained.
    pub(super) fn is_complete(&self) -> bool {
        self.done.params.len() == self.count
    }

    /// These are all.
    pub(super) fn become_these(&mut self, done: Done<R>) {
        (self.count, self.done) = (done.params.len(), done);
    }

    /// How many are still to come after the one that is trained now.
    pub(super) fn to_come(&self) -> u64 {
        self.count.saturating_sub(self.done.params.len() + 1) as u64
    }

    /// The updates of those that are done.
    pub(super) fn steps(&self) -> u64 {
        self.done.figures.iter().map(|member| member.steps).sum()
    }

    /// How many of those that are not done may be trained at once.
    pub(super) fn at_once(&self) -> usize {
        let copy = size_of::<R>() * self.data.x.len().max(1);
        (self.count - self.done.params.len()).min((COPIES / copy).max(1))
    }

    /// The rows that one is trained on, and those that tell it when to stop.
    pub(super) fn rows_of(&self, member: usize) -> (Data<R>, Option<Data<R>>) {
        match &self.rows {
            None => (self.data.clone(), None),
            Some(rows) => {
                let [train, validation] = &rows.each[member];
                let validation = (!validation.is_empty()).then(|| self.data.select(validation));
                (self.data.select(train), validation)
            }
        }
    }

    /// The weights that one begins with.  An input that is 0 in all of its rows (a word that only others
    /// have) would keep its first weights: it says nothing, as a word that is new to a model.
    pub(super) fn first_weights(
        &self,
        network: &Network,
        settings: &Settings,
        x: ArrayView2<'_, R>,
    ) -> Params<R> {
        let mut params = settings.init.draw(network, settings.seed);
        if self.rows.is_some() {
            let is_silent = |input: &usize| x.column(*input).iter().all(|&x| x == R::zero());
            (0..x.ncols()).filter(is_silent).for_each(|input| params.w_mut(1).row_mut(input).fill(R::zero()));
        }
        params
    }

    /// How good one is on the rows of its fold, and these.
    pub(super) fn judge(&self, member: usize, trainer: &Trainer<R>) -> Option<(Evaluation, Data<R>)> {
        let fold = self.fold()?;
        let is_own = |fold: u32| fold as usize == member;
        let rows: Vec<u32> = (0..).zip(fold).filter(|&(_, &fold)| is_own(fold)).map(|(row, _)| row).collect();
        let rows = self.data.select(&rows);
        Some((trainer.evaluate(&rows), rows))
    }

    /// Takes in the one that is trained.
    pub(super) fn end(&mut self, trainer: &Trainer<R>, reason: StopReason) {
        let score = self.judge(self.done.params.len(), trainer).map(|(found, _)| found.score);
        let (steps, rows) = (trainer.state().step, trainer.data().len());
        self.done.figures.push(Member { steps, stop_reason: reason, rows, score });
        self.done.params.push(trainer.params().folded());
    }

    /// Learns from the rows that each member was not trained on how far their probabilities, or numbers, can be
    /// trusted; the weights of the last layer take the temperature in.
    pub(super) fn calibrate(&mut self, computed: Computed<'_>) {
        let Computed { engine, network, answers } = computed;
        let Some(rows) = &self.rows else { return };
        let every = (self.data.len() * network.outputs()).div_ceil(CELLS).max(1);
        let (logits, y): (Vec<Array2<R>>, _) = match &rows.fold {
            Some(fold) => {
                let some: Vec<u32> = (0..).take(self.data.len()).step_by(every).collect();
                let fold: Vec<u32> = some.iter().map(|&row| fold[row as usize]).collect();
                let Data { x, y, .. } = self.data.select(&some);
                let sets = self.done.params.chunks(rows.each.len());
                (sets.map(|set| out_of_fold(engine, network, (set, &fold), x.view())).collect(), y)
            }
            None => {
                let (logits, watched) = self.watched(&rows.each, every, (engine, network));
                (vec![logits], self.data.select(&watched).y)
            }
        };
        self.calibration = metrics::temperature(network.loss, &logits, &y);
        if let Some(calibration) = &self.calibration {
            cooled(&mut self.done.params, network, R::of(calibration.temperature));
        }
        if let (Some(_), Answers::Numbers { .. }, Target::Values(y)) = (self.fold(), answers, &y) {
            let sum = logits.iter().map(|logits| network.loss.outputs(logits)).reduce(|sum, one| sum + one);
            let mut outputs = sum.unwrap_or_default() / R::of(logits.len() as f64);
            let mut y = y.clone();
            answers.decode(&mut outputs);
            answers.decode(&mut y);
            self.residuals = by_size((outputs - y).mapv_into(R::abs));
        }
    }

    /// What the members that watched a row say of it together, as logits, and which rows these are, of one in `every`.
    fn watched(
        &self,
        each: &[[Vec<u32>; 2]],
        every: usize,
        (engine, network): (Engine, &Network),
    ) -> (Array2<R>, Vec<u32>) {
        let some = self.data.len().div_ceil(every);
        let (mut sum, mut count) = (Array2::zeros((some, network.outputs())), vec![0u32; some]);
        for (params, [_, validation]) in self.done.params.iter().zip(each) {
            let is_one = |row: &u32| (*row as usize).is_multiple_of(every);
            let rows: Vec<u32> = validation.iter().copied().filter(is_one).collect();
            let logits = engine.logits(network, params, self.data.select(&rows).x.view());
            for (&row, outputs) in rows.iter().zip(network.loss.outputs(&logits).rows()) {
                let place = row as usize / every;
                let mut sum = sum.row_mut(place);
                sum += &outputs;
                count[place] += 1;
            }
        }
        let told: Vec<usize> = (0..some).filter(|&place| count[place] > 0).collect();
        let mut means = sum.select(Axis(0), &told);
        for (mut mean, &place) in means.rows_mut().into_iter().zip(&told) {
            mean /= R::of(f64::from(count[place]));
        }
        let rows = (0..).step_by(every).zip(&count).filter(|(_, count)| **count > 0).map(|(row, _)| row);
        (network.loss.logits(&means), rows.collect())
    }

    /// The fold of each row, if the run has folds.
    pub(super) fn fold(&self) -> Option<&[u32]> {
        self.rows.as_ref()?.fold.as_deref()
    }

    /// The score of every row by the member that was not trained on it, all together.
    pub(super) fn score(&self, computed: Computed<'_>) -> Option<f64> {
        let Computed { engine, network, .. } = computed;
        let rows = self.rows.as_ref()?;
        let members = (self.done.params.as_slice(), rows.each.len(), rows.fold.as_deref()?);
        let outputs = outputs_out_of_fold(engine, network, members, self.data.x.view());
        Some(score(network.loss, outputs.view(), &self.data.y))
    }

    /// Shows what the member that was not trained on a row says of it, block by block: a table of `row` (its line),
    /// `fold` and the answers, and the outputs in their unit.
    pub(super) fn show(
        &self,
        computed: Computed<'_>,
        show: &mut dyn FnMut(&Table, ArrayView2<'_, R>) -> Result<()>,
    ) -> Result<()> {
        let Computed { engine, network, answers } = computed;
        let (Some(rows), Some(table)) = (&self.rows, &self.answers) else { return Ok(()) };
        let (folds, Some(all)) = (rows.each.len(), &rows.fold) else { return Ok(()) };
        for first in (0..self.data.len()).step_by(rows_at_once(network)) {
            let last = self.data.len().min(first + rows_at_once(network));
            let (fold, x) = (&all[first..last], self.data.x.slice(s![first..last, ..]));
            let members = (self.done.params.as_slice(), folds, fold);
            let mut outputs = outputs_out_of_fold(engine, network, members, x);
            answers.decode(&mut outputs);
            let rows: Vec<u32> = (0..).skip(first).take(last - first).collect();
            let mut columns = vec![
                ("row".to_owned(), Column::numbers(rows.iter().map(|&row| table.line(row as usize) as f64))),
                ("fold".to_owned(), Column::numbers(fold.iter().map(|&fold| f64::from(fold + 1)))),
            ];
            columns.extend(table.some(&rows).columns().iter().cloned());
            show(&Table::new(columns)?, outputs.view())?;
        }
        Ok(())
    }
}

/// The last layer takes a temperature in.
pub(super) fn cooled<R: Real>(members: &mut [Params<R>], network: &Network, temperature: R) {
    let last = network.layers();
    members.iter_mut().for_each(|params| params.wb_mut(last).mapv_inplace(|w| w / temperature));
}

/// Each column by size; of very many rows as many evenly spaced ones as tell every quantile, none too low.
fn by_size<R: Real>(residuals: Array2<R>) -> Array2<R> {
    let (n, k) = residuals.dim();
    let m = n.min(RESIDUALS);
    let mut sorted = Array2::zeros((m, k));
    for (j, column) in residuals.columns().into_iter().enumerate() {
        let mut column = column.to_vec();
        column.sort_by(|a, b| a.f64().total_cmp(&b.f64()));
        // The i-th of m stands where i/(m + 1) of n + 1 are.
        let place = |i: usize| ((i + 1) * (n + 1)).div_ceil(m + 1) - 1;
        (0..m).for_each(|i| sorted[[i, j]] = column[place(i).min(n - 1)]);
    }
    sorted
}
