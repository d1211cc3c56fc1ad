//! The fuzz targets under an allocator that aborts when one input takes more memory than it may.

#[path = "../targets.rs"]
pub mod targets;

#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

/// What an input may take: the promise of the readers, 64 MB and 4 times the file (npz 32 times).
pub fn within_budget(data: &[u8], target: fn(&[u8])) {
    let most = ALLOCATOR.allocated() + (64 << 20) + 32 * data.len();
    // Fails only if more than that is in use already.
    let _ = ALLOCATOR.set_limit(most);
    target(data);
    let _ = ALLOCATOR.set_limit(usize::MAX);
}
