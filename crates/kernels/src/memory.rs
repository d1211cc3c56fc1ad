//! The system's allocator, which ends the program in one line where there is no more memory, and holds no more than is used.
#![expect(unsafe_code, reason = "an allocator hands out memory")]

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator; when it has no more memory, the function is told how many bytes were asked for, and ends the
/// program.  (The language's own end is an abort and two lines of other words.)
///
/// ```
/// use clearprop_kernels::Memory;
/// #[global_allocator]
/// static MEMORY: Memory = Memory(|bytes| {
///     eprintln!("error: no memory for {bytes} bytes");
///     std::process::exit(2)
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Memory(pub fn(usize) -> !);

impl Memory {
    fn there(self, memory: *mut u8, bytes: usize) -> *mut u8 {
        if memory.is_null() { self.0(bytes) } else { memory }
    }
}

// SAFETY: all of it is the system's allocator, which keeps the promises; an end in between returns nothing.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: what the caller promises is what the system's allocator needs.
        self.there(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        self.there(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        self.there(unsafe { System.realloc(memory, layout, size) }, size)
    }
}

/// Has large pieces given back to the system as soon as they are free, where it would keep up to 32 MB each for later and
/// use them in parts: once, before any thread is there.
pub fn keep_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            safe fn mallopt(parameter: i32, value: i32) -> i32;
        }
        const TRIM_THRESHOLD: i32 = -1;
        const MMAP_THRESHOLD: i32 = -3;
        // Above what is made anew for every block of rows.
        mallopt(MMAP_THRESHOLD, 8 << 20);
        mallopt(TRIM_THRESHOLD, 16 << 20);
    }
}
