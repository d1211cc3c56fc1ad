//! Members that are trained at once: the first of them in the caller's thread, each of those ahead of it in its own.
//!
//! What a member comes to follows from its rows and its seed, and they are taken in by their order: how many run at once, and
//! how far those ahead are at any moment, changes no bit of the run.

use super::history::History;
use super::members::{Ahead, Members};
use super::{Fit, begun, computed, weighted};
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;
use crate::train::{Event, State, StopReason, Trainer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

impl<R: Real> Fit<R> {
    /// Lets the first member `take` steps to its step that is given, and those ahead of it meanwhile their share of what is
    /// left `until` so many are done of all together.
    pub(super) fn round(&mut self, until: u64, take: impl FnOnce(&mut Trainer<R>, u64) -> Event) -> Event {
        let beside = if self.trainer.is_over() { 0 } else { self.assemble() };
        let left = until.saturating_sub(self.step());
        let Self { trainer, ahead, record_every, .. } = self;
        let step = trainer.state().step;
        let mut running: Vec<_> =
            ahead.iter_mut().filter(|one| !one.trainer.is_over()).take(beside).collect();
        let others = running.len() as u64;
        let share = left / (others + 1);
        if share == 0 || running.is_empty() {
            return take(trainer, step.saturating_add(left));
        }
        let (is_back, every) = (AtomicBool::new(false), *record_every);
        thread::scope(|scope| {
            for one in &mut running {
                let work = || one.advance(share, &is_back, every);
                // Where the system starts no thread, the first one goes on alone.
                drop(thread::Builder::new().spawn_scoped(scope, work));
            }
            let event = take(trainer, step + (left - share * others));
            is_back.store(true, Ordering::Relaxed);
            event
        })
    }

    /// Keeps the losses of the steps since the member's step `first`; where a member is done, the next one begins.
    pub(super) fn after(&mut self, first: u64, event: Event) -> Event {
        if !matches!(event, Event::Stopped(_)) || self.trainer.state().step > first {
            let before = self.before();
            self.history.record(&self.trainer, (before, first), &event, self.record_every);
        }
        let (Event::Stopped(reason), Some(members)) = (event, &mut self.members) else { return event };
        if members.is_complete() {
            return event;
        }
        if let StopReason::Diverged { step } = reason {
            self.ahead.clear();
            return Event::Stopped(StopReason::Diverged { step: members.steps() + step });
        }
        members.end(&self.trainer, reason);
        if members.is_complete() {
            members.calibrate(computed(&self.plan));
            return event;
        }
        let next = match self.ahead.is_empty() {
            true => begun(&self.plan, members, members.done.params.len()),
            false => {
                let Ahead { trainer, history } = self.ahead.remove(0);
                self.history.join(members.steps(), &history);
                Ok(trainer)
            }
        };
        match next {
            Ok(trainer) => self.trainer = trainer,
            // Of its rows none counts, by a column of weights.
            Err(_) => return Event::Stopped(StopReason::Diverged { step: members.steps() }),
        }
        Event::Member(members.done.params.len())
    }

    /// As many members run as there are threads, or as the copies of their rows allow; threads that are left over work inside
    /// their steps.  How many run beside the first.
    fn assemble(&mut self) -> usize {
        let Some(members) = self.members.as_ref().filter(|members| !members.is_complete()) else { return 0 };
        let asked = self.plan.settings.threads;
        let threads = self.plan.settings.at_once();
        let most = members.at_once();
        let mut running = 1 + self.ahead.iter().filter(|one| !one.trainer.is_over()).count();
        while running < threads && self.ahead.len() + 1 < most {
            let next = members.done.params.len() + 1 + self.ahead.len();
            // One that cannot begin says so in its turn.
            let Ok(trainer) = begun(&self.plan, members, next) else { break };
            self.ahead.push(Ahead { trainer, history: History::default() });
            running += 1;
        }
        // A run that goes on with fewer threads has more that are begun.
        let running = running.min(threads);
        let own = if running == 1 { asked } else { Some(threads / running) };
        self.trainer.use_threads(own);
        self.ahead
            .iter_mut()
            .filter(|one| !one.trainer.is_over())
            .for_each(|one| one.trainer.use_threads(own));
        running - 1
    }

    /// Goes on with the members ahead of the first from where they stood.
    pub(super) fn gather(&mut self, states: Vec<(State<R>, History)>) -> Result<()> {
        let Self { plan, members, ahead, .. } = self;
        let most = members.as_ref().map_or(1, Members::at_once);
        if states.len() >= most {
            let found = format!("{} members are begun, the run has {most} at once", 1 + states.len());
            return Err(Error::new(ErrorKind::Data, found).hint("train anew"));
        }
        let Some(members) = members else { return Ok(()) };
        for (state, history) in states {
            let member = members.done.params.len() + 1 + ahead.len();
            let (data, validation) = members.rows_of(member);
            let data = weighted(&plan.settings, data)?;
            let settings = plan.settings.of_member(member);
            let trainer = Trainer::resume(plan.network.clone(), state, data, validation, settings)?;
            ahead.push(Ahead { trainer, history });
        }
        Ok(())
    }
}
