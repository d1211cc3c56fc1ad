//! Other crates' code on bytes that nobody vouches for: what panics in it is an error of the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many calls of [`foreign`] this thread is in.
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}

/// Calls code that may panic; `None` if it did, and nothing is printed.  Panics elsewhere, those of other
/// threads too, are reported as ever.
///
/// ```
/// use clearprop_files::foreign::foreign;
/// assert_eq!(foreign(|| 7), Some(7));
/// assert_eq!(foreign(|| [0][usize::from(std::env::args().count() > 0)]), None);
/// ```
pub fn foreign<T>(call: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if INSIDE.get() == 0 {
                usual(panic);
            }
        }));
    });
    INSIDE.set(INSIDE.get() + 1);
    // What a panic left half done is dropped with the call.
    let done = catch_unwind(AssertUnwindSafe(call));
    INSIDE.set(INSIDE.get() - 1);
    done.ok()
}
