//! How much memory a file may ask for: one rule for all formats.
//!
//! What a file holds may take 24 MB, and beyond that 32 times the file's size: MNIST in double precision packs 27 to
//! 1, while a hostile file packs 1,000 to 1 and more.  Readers ask here before they take memory, so
//! what is refused is refused while it is small.

use clearprop::error::{Error, ErrorKind, Result};
use std::cell::Cell;
use std::rc::Rc;

/// Any file may take this much memory ..
const SMALL: u64 = 24 << 20;
/// .. and this many times its own size.
const RATIO: u64 = 32;

/// A table has at most this many columns, inputs and answers together.
pub const MOST_COLUMNS: usize = 1 << 16;

/// The memory that a file may take.
///
/// ```
/// use clearprop_files::budget::Budget;
/// let mut budget = Budget::of(1_000_000);
/// budget.take(50_000_000)?;
/// let error = budget.take(50_000_000).unwrap_err().to_string();
/// assert!(error.starts_with("holds more than the 57 MB that a file of 1000000 bytes may take"));
/// # Ok::<(), clearprop::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Budget {
    /// The file's size; that of a pipe grows as it is read.
    size: Rc<Cell<u64>>,
    taken: u64,
}

impl Budget {
    /// For a file of so many bytes, packed as it lies on the disk.
    #[must_use]
    pub fn of(size: u64) -> Self {
        Self::following(Rc::new(Cell::new(size)))
    }

    /// For a pipe, of which so many bytes have been read.
    #[must_use]
    pub fn following(size: Rc<Cell<u64>>) -> Self {
        Self { size, taken: 0 }
    }

    /// The most bytes of memory.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.size.get().saturating_mul(RATIO).saturating_add(SMALL)
    }

    /// The bytes that are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.most().saturating_sub(self.taken)
    }

    /// Takes some bytes.
    ///
    /// # Errors
    /// There are not so many left.
    pub fn take(&mut self, bytes: u64) -> Result<()> {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken <= self.most() {
            return Ok(());
        }
        let (most, size) = (self.most() / 1_000_000, self.size.get());
        let found = format!("holds more than the {most} MB that a file of {size} bytes may take");
        Err(Error::new(ErrorKind::File, found).hint("save it unpacked, or in parts, if it is sound"))
    }

    /// Gives back all that was taken: it is needed no more.
    pub fn give_back(&mut self) {
        self.taken = 0;
    }
}

/// The number of values in an array of this shape; `None` if memory has no place for so many, or would have
/// none without the axes of length 0, which promise sizes that nothing stands behind.
///
/// ```
/// use clearprop_files::budget::count;
/// assert_eq!(count(&[2, 3]), Some(6));
/// assert_eq!(count(&[0, 3]), Some(0));
/// assert_eq!(count(&[0, 1 << 40, 1 << 40]), None);
/// ```
#[must_use]
pub fn count(shape: &[usize]) -> Option<usize> {
    let all = extent(shape)?;
    Some(if shape.contains(&0) { 0 } else { all })
}

/// The product of the axes' lengths, 1 at least for each: what code that makes something for each row and
/// each column may have to make.
#[must_use]
pub fn extent(shape: &[usize]) -> Option<usize> {
    let all = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n.max(1)))?;
    all.checked_mul(8).map(|_| all)
}

/// An error if a table has more columns than any table has.
///
/// # Errors
/// More than [`MOST_COLUMNS`].
pub fn check_columns(columns: usize) -> Result<()> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    let found = format!("{columns} columns, at most {MOST_COLUMNS} are read");
    Err(Error::new(ErrorKind::Data, found).hint("are rows and columns exchanged?"))
}
