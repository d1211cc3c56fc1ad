//! How long the work took.

use std::thread::yield_now;
use std::time::Instant;

/// A clock: of one thread the time that the processor gave it (Linux), which neighbours on the machine change little;
/// of several what a person waits.
pub(crate) struct Clock {
    start: Instant,
    ran: Option<f64>,
}

impl Clock {
    pub(crate) fn start(threads: usize) -> Self {
        Self { ran: if threads == 1 { ran() } else { None }, start: Instant::now() }
    }

    pub(crate) fn seconds(&self) -> f64 {
        match self.ran.zip(ran()) {
            Some((before, after)) => after - before,
            None => self.waited(),
        }
    }

    /// Seconds that a person waits.
    pub(crate) fn waited(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

/// Seconds that this thread has run.
fn ran() -> Option<f64> {
    // The system counts anew when a thread gives way.
    yield_now();
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(ran.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}
