//! A few threads that share the parts of one short job after another.
//!
//! A step of a small network takes some ten microseconds, far less than it takes to wake a thread.  So
//! the helpers stay awake between jobs, for a few microseconds, and one atomic word hands out the parts:
//! the leader takes them from the front, the helpers from the back.
//!
//! - **The same bits** with any number of threads: a job has the same parts whoever does them, each part
//!   writes to a place of its own, and the leader adds the parts up in their order.
//! - **A busy machine** may stop a helper in the middle of a part, and the leader then waits for it.  It
//!   measures how long, and works alone for a multiple of that: waiting costs a few percent at most.
//!   Parts that nobody has begun are never waited for; the leader does them.
#![expect(
    unsafe_code,
    reason = "a job borrows from the leader's stack; its lifetime is kept by the protocol"
)]

use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Builder, Thread};
use std::time::{Duration, Instant};

/// What a team does to the part with the first number, as the member with the second number.
type Job<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// The leader and its helpers.
pub(crate) struct Team<'a> {
    shared: &'a Shared,
    threads: &'a [Thread],
    pace: &'a Pace,
}

/// Until when the leader works alone; kept from one team to the next.
#[derive(Debug, Default)]
pub(crate) struct Pace(Cell<Option<Instant>>);

#[derive(Default)]
struct Shared {
    /// How many helpers are inside a part, and which parts nobody has begun: see [`Word`].
    word: AtomicU64,
    job: UnsafeCell<Option<*const Job<'static>>>,
    /// For each helper whether it sleeps.
    asleep: Vec<AtomicBool>,
    over: AtomicBool,
}

// SAFETY: `job` is written by the leader alone, and only while `word` says that nobody is inside and no
// part is left; it is read only by helpers that have entered, which orders the read after the write.
unsafe impl Sync for Shared {}
// SAFETY: as above; a job is `Sync`, so a reference to it may be used on any thread.
unsafe impl Send for Shared {}

/// `inside` helpers are at work; parts `front..back` have not been begun.  One number, so that to see, to
/// take a part and to enter are one atomic operation.
#[derive(Clone, Copy)]
struct Word {
    inside: u64,
    front: u64,
    back: u64,
}

impl Word {
    const MOST_PARTS: usize = (1 << 24) - 1;

    fn of(number: u64) -> Self {
        Self { inside: number >> 48, front: number >> 24 & 0xff_ffff, back: number & 0xff_ffff }
    }

    fn number(self) -> u64 {
        self.inside << 48 | self.front << 24 | self.back
    }

    fn has_parts(self) -> bool {
        self.front < self.back
    }
}

impl Shared {
    /// Changes the word, unless `change` says that there is nothing to change; tells what it was.
    fn change(&self, change: impl Fn(Word) -> Option<Word>) -> Option<Word> {
        let changed = self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |number| {
            change(Word::of(number)).map(Word::number)
        });
        changed.ok().map(Word::of)
    }

    fn load(&self) -> Word {
        Word::of(self.word.load(Ordering::SeqCst))
    }

    /// The leader's next part.
    fn take_first(&self) -> Option<usize> {
        let was = self.change(|w| w.has_parts().then(|| Word { front: w.front + 1, ..w }))?;
        usize::try_from(was.front).ok()
    }

    /// A helper's first part: with it the helper is inside.
    fn enter(&self) -> Option<usize> {
        let was =
            self.change(|w| w.has_parts().then(|| Word { inside: w.inside + 1, back: w.back - 1, ..w }))?;
        usize::try_from(was.back - 1).ok()
    }

    /// The next part of a helper that is inside.
    fn take_last(&self) -> Option<usize> {
        let was = self.change(|w| w.has_parts().then(|| Word { back: w.back - 1, ..w }))?;
        usize::try_from(was.back - 1).ok()
    }

    /// A helper's life.
    fn help(&self, member: usize) {
        while !self.over.load(Ordering::SeqCst) {
            if let Some(first) = self.enter() {
                let _inside = Inside(self);
                // SAFETY: having entered, this helper keeps the leader from writing `job` and from
                // returning to the owner of what the job borrows, until `_inside` is dropped.
                let job = unsafe { (*self.job.get()).map(|job| &*job) };
                if let Some(job) = job {
                    job(first, member);
                    while let Some(part) = self.take_last() {
                        job(part, member);
                    }
                }
            } else {
                self.wait_for_parts(member);
            }
        }
    }

    /// Looks for some microseconds, then sleeps until woken.
    fn wait_for_parts(&self, member: usize) {
        let ready = || self.load().has_parts() || self.over.load(Ordering::SeqCst);
        for _ in 0..LOOKS {
            if ready() {
                return;
            }
            spin_loop();
        }
        // The leader offers parts, then looks who sleeps; we say that we sleep, then look for parts.  In
        // whatever order these four happen, one of us sees the other.
        self.asleep[member - 1].store(true, Ordering::SeqCst);
        if !ready() {
            thread::park();
        }
        self.asleep[member - 1].store(false, Ordering::SeqCst);
    }
}

/// How often a helper looks for parts before it sleeps: some ten microseconds.  Nobody gives way (`sched_yield`): on a
/// busy machine Linux takes the rest of a thread's slice for it, each time, and pays it back to the others.
const LOOKS: usize = 1000;
/// The leader's patience with helpers that are inside when it has run out of parts: as long as its own
/// parts took, and this.
const PATIENCE: Duration = Duration::from_micros(50);
/// What helpers may take to end, all and each.
const GOING_HOME: Duration = Duration::from_millis(1);
const EACH_HOME: Duration = Duration::from_micros(100);
/// When the leader has no patience left it sleeps between its looks.
const NAP: Duration = Duration::from_micros(50);
/// A helper that was late by some time is not asked again for this many times that time.
const REST: u32 = 32;
const LONGEST_REST: Duration = Duration::from_secs(1);

/// A helper inside a part; leaves when dropped, so also if the part panics.
struct Inside<'a>(&'a Shared);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.change(|w| Some(Word { inside: w.inside - 1, ..w }));
    }
}

/// A job that is being done, since when.  When it is dropped, also by a panic, no helper is inside any more.
struct Open<'a>(&'a Shared, Instant);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.change(|w| Some(Word { front: w.back, ..w }));
        let patience = self.1.elapsed() * 2 + PATIENCE;
        let (mut looks, mut is_late) = (0, false);
        while self.0.load().inside > 0 {
            looks += 1;
            // The clock takes longer than a look.
            is_late = is_late || looks % 32 == 0 && self.1.elapsed() > patience;
            if is_late { thread::sleep(NAP) } else { spin_loop() }
        }
    }
}

/// Sends the helpers home, also if the leader panics.
struct Over<'a>(&'a Shared, &'a [Thread]);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
        self.1.iter().for_each(Thread::unpark);
    }
}

/// Runs `lead` with a team of `members` threads, itself included.  They end with it.  Where threads
/// cannot be had, the team is smaller; while the leader works alone there is none.
pub(crate) fn with_team<T>(members: usize, pace: &Pace, lead: impl FnOnce(&Team<'_>) -> T) -> T {
    let helpers = if pace.alone() { 0 } else { members.saturating_sub(1).min(MOST_HELPERS) };
    let shared =
        Shared { asleep: (0..helpers).map(|_| AtomicBool::new(false)).collect(), ..Shared::default() };
    let shared = &shared;
    let (led, at) = thread::scope(|scope| {
        let threads: Vec<Thread> = (1..=helpers)
            .map_while(|member| Builder::new().spawn_scoped(scope, move || shared.help(member)).ok())
            .map(|handle| handle.thread().clone())
            .collect();
        let _over = Over(shared, &threads);
        (lead(&Team { shared, threads: &threads, pace }), Instant::now())
    });
    // A helper that is not let run cannot go home either.
    pace.waited(at.elapsed(), GOING_HOME + EACH_HOME * u32::try_from(helpers).unwrap_or(u32::MAX));
    led
}

const MOST_HELPERS: usize = 1023;

impl Team<'_> {
    /// Calls `job(part, member)` once for each part of `0..parts`, on whichever members; returns when
    /// all are done.  `member` is 0 for the leader; no two calls at the same time have the same.
    pub(crate) fn each(&self, parts: usize, job: &Job<'_>) {
        if !(2..=Word::MOST_PARTS).contains(&parts) || self.threads.is_empty() || self.pace.alone() {
            (0..parts).for_each(|part| job(part, 0));
            return;
        }
        let shared = self.shared;
        let job_ptr: *const Job<'_> = job;
        // SAFETY: only the lifetime is changed.  `open` below is dropped before this function returns,
        // and after that nobody reads the pointer: nobody is inside and there is no part to enter with.
        let job_ptr = unsafe { std::mem::transmute::<*const Job<'_>, *const Job<'static>>(job_ptr) };
        // SAFETY: no helper is inside and no part is left, since the last job was closed: see `Shared`.
        unsafe { *shared.job.get() = Some(job_ptr) };
        let started = Instant::now();
        let open = Open(shared, started);
        shared.word.store(Word { inside: 0, front: 0, back: parts as u64 }.number(), Ordering::SeqCst);
        for (asleep, thread) in shared.asleep.iter().zip(self.threads) {
            if asleep.load(Ordering::SeqCst) && asleep.swap(false, Ordering::SeqCst) {
                thread.unpark();
            }
        }
        while let Some(part) = shared.take_first() {
            job(part, 0);
        }
        if shared.load().inside > 0 {
            let own = started.elapsed();
            drop(open);
            self.pace.waited(started.elapsed() - own, own);
        }
    }
}

impl Pace {
    fn alone(&self) -> bool {
        let alone = self.0.get().is_some_and(|until| Instant::now() < until);
        if !alone {
            self.0.set(None);
        }
        alone
    }

    fn waited(&self, waited: Duration, own: Duration) {
        if waited > own + PATIENCE {
            self.0.set(Instant::now().checked_add((waited * REST).min(LONGEST_REST)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn every_part_is_done_once_by_any_number_of_members() {
        for members in [0, 1, 2, 3, 8] {
            with_team(members, &Pace::default(), |team| {
                for parts in [0, 1, 2, 3, 7, 64].repeat(50) {
                    let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    let at_work: Vec<Mutex<()>> = (0..members.max(1)).map(|_| Mutex::new(())).collect();
                    team.each(parts, &|part, member| {
                        let alone = at_work[member].try_lock();
                        assert!(alone.is_ok(), "two parts at once as member {member}");
                        done[part].fetch_add(1, Ordering::Relaxed);
                    });
                    let done: Vec<usize> = done.into_iter().map(AtomicUsize::into_inner).collect();
                    assert_eq!(done, vec![1; parts], "{members} members");
                }
            });
        }
    }

    #[test]
    fn helpers_wake_up_after_they_have_slept() {
        with_team(2, &Pace::default(), |team| {
            let helped = AtomicUsize::new(0);
            for _ in 0..20 {
                thread::sleep(Duration::from_millis(2));
                // The leader's part ends only when the helper's has begun, so it must have woken.
                let begun = AtomicBool::new(false);
                team.each(2, &|_, member| {
                    if member == 1 {
                        begun.store(true, Ordering::SeqCst);
                        helped.fetch_add(1, Ordering::Relaxed);
                    } else {
                        while !begun.load(Ordering::SeqCst) {
                            thread::yield_now();
                        }
                    }
                });
                team.pace.0.set(None);
            }
            assert!(helped.into_inner() >= 20);
        });
    }

    #[test]
    fn a_panic_in_a_part_reaches_the_caller() {
        for guilty in [0, 1] {
            let caught = std::panic::catch_unwind(|| {
                with_team(2, &Pace::default(), |team| {
                    let begun = AtomicBool::new(false);
                    team.each(2, &|_, member| {
                        if member == 1 {
                            begun.store(true, Ordering::SeqCst);
                        }
                        while !begun.load(Ordering::SeqCst) {
                            thread::yield_now();
                        }
                        assert_ne!(member, guilty, "the part that fails");
                    });
                });
            });
            assert!(caught.is_err(), "member {guilty}");
        }
    }

    #[test]
    fn a_late_helper_is_left_alone_for_a_while() {
        let pace = Pace::default();
        pace.waited(Duration::from_millis(5), Duration::from_millis(1));
        assert!(pace.alone());
        let pace = Pace::default();
        pace.waited(Duration::from_millis(1), Duration::from_millis(1));
        assert!(!pace.alone());
    }
}
