//! What a person sees of a run while it goes on: the notebook's lines, a bar on a terminal.

use crate::arguments::option;
use crate::screen;
use clearprop::error::{Result, with_settings};
use clearprop_files::disk;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
#[cfg(unix)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// Standard output.
    Out,
    /// Standard error: standard output holds the summary as JSON.
    Err,
    /// Nowhere.
    Quiet,
}

/// Lines, and below them the bar.
pub(crate) struct Progress {
    lines: Lines,
    bar: ProgressBar,
}

impl Progress {
    /// For a run of at most so many steps.
    pub(crate) fn new(lines: Lines, steps: u64) -> Self {
        // Hidden where standard error is no terminal.
        let target = match lines {
            Lines::Quiet => ProgressDrawTarget::hidden(),
            _ => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        bar.set_style(style("{bar:30} step {pos} of {len}, {msg}{eta} left"));
        Self { lines, bar }
    }

    /// For a search of so many minutes, if it ends by the clock.
    pub(crate) fn of_time(lines: Lines, minutes: Option<f64>) -> Self {
        let progress = Self::new(lines, 0);
        if let Some(time) = minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok()) {
            progress.bar.set_length(time.as_secs());
            progress.bar.set_style(style("{bar:30} {pos} of {len} s, {msg}"));
        } else {
            progress.bar.set_style(style("{spinner} {pos} s, {msg}"));
        }
        progress
    }

    /// Moves the bar of a search, and says how many trials there are if that is new.
    pub(crate) fn show_time(&self, time: Duration, trials: Option<usize>) {
        if let Some(trials) = trials {
            self.bar.set_message(format!("{trials} trials"));
        }
        self.bar.set_position(time.as_secs());
    }

    /// Where a run begins, or goes on: the time left is that of the steps from here.
    pub(crate) fn go_on(&self, step: u64, steps: u64) {
        self.show((step, steps), None);
        self.bar.reset_eta();
    }

    /// Moves the bar.
    pub(crate) fn show(&self, (step, steps): (u64, u64), loss: Option<f64>) {
        if self.bar.is_hidden() {
            return;
        }
        if let Some(loss) = loss {
            self.bar.set_message(format!("loss {loss:.3}, "));
        }
        self.bar.set_length(steps);
        self.bar.set_position(step);
    }

    /// Writes a line above the bar.
    pub(crate) fn line(&self, text: &str) -> Result<()> {
        self.bar.suspend(|| match self.lines {
            Lines::Out => screen::print(&format!("{text}\n")),
            Lines::Err => {
                screen::complain(text);
                Ok(())
            }
            Lines::Quiet => Ok(()),
        })
    }

    /// Writes a decision's line.
    pub(crate) fn say(&self, line: &str) -> Result<()> {
        self.line(&with_settings(line, option))
    }

    /// Writes a warning, whatever was asked for.
    pub(crate) fn warn(&self, text: &str) {
        self.bar.suspend(|| screen::complain(&format!("warning: {text}")));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The bar while a file is read.
pub(crate) struct Reading(ProgressBar);

impl Reading {
    /// Hidden where standard error is no terminal.
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{bar:30} read {bytes} of {total_bytes}"));
        Self(bar)
    }

    /// No bar.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Moves the bar; a pipe has no `size`.
    pub(crate) fn show(&self, read: u64, size: u64) {
        if size == 0 && self.0.length().is_none() {
            self.0.set_style(style("{spinner} read {bytes}"));
        } else if size > 0 {
            self.0.set_length(size);
        }
        self.0.set_position(read);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whether there is a run that ends by itself, and saves, when it is [`interrupted`].
static SAVES: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C ends the program at once and leaves no half file; while a run saves itself the
/// first one is only a wish.
pub(crate) fn listen_for_interrupts() {
    // With a handler, a file beyond `ulimit -f` is an error of its write; without one it ends the process.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    // If the system gives no handler, Ctrl-C does what it always does.
    let _ = ctrlc::set_handler(|| {
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        if again || !SAVES.load(Ordering::SeqCst) {
            disk::give_up();
            screen::complain(if again { "ended at once" } else { "interrupted, nothing was saved" });
            std::process::exit(130);
        }
    });
}

/// From now on a run saves itself when it is [`interrupted`].
pub(crate) fn save_when_interrupted() {
    SAVES.store(true, Ordering::SeqCst);
}

/// Whether somebody has asked the run to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A time as a person says it.
pub(crate) fn said(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 120.0 => format!("{s:.1} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}
