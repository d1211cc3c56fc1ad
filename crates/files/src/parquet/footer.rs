//! A look at a Parquet file's own descriptions before anything is believed.
//!
//! They are written in Thrift's compact protocol.  The crate `parquet` takes memory for as many columns
//! and for as many bytes of a page as a file claims, and descends as deep as its schema; here the
//! claims are compared with what the file has.

/// Groups in groups, deeper than this, are no table.
const DEEPEST: usize = 32;

/// Thrift's kinds of values.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Whether the schema in a footer promises exactly the columns that it has, not nested too deeply.
pub(super) fn is_plausible(footer: &[u8]) -> bool {
    let mut walk = Walk(footer);
    walk.fields(0, &mut |walk, id, kind| match (id, kind) {
        (2, LIST) => walk.schema(),
        _ => walk.skip(kind, 0),
    })
    .is_some()
}

/// Whether the head of a page ends within these bytes.  The crate walks over fields that it does not know, a list of
/// 2^60 values that are not there included.
pub(super) fn is_whole_head(head: &[u8]) -> bool {
    Walk(head).skip(STRUCT, 0).is_some()
}

/// The sizes (unpacked, packed) that the head of a page claims.  All writers begin a head with its
/// kind and these two.
pub(super) fn page_sizes(head: &[u8]) -> Option<(i64, i64)> {
    const NEXT_I32: u8 = 0x15;
    let mut walk = Walk(head);
    let mut next = || (walk.byte()? == NEXT_I32).then(|| walk.integer())?;
    next()?;
    Some((next()?, next()?))
}

/// What is left of the bytes; `None` anywhere is a file that is damaged.
struct Walk<'a>(&'a [u8]);

type Visit<'v, 'a> = &'v mut dyn FnMut(&mut Walk<'a>, i16, u8) -> Option<()>;

impl<'a> Walk<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn jump(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }

    /// Seven bits a byte, the lowest first.
    fn size(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return usize::try_from(value).ok();
            }
        }
        None
    }

    /// A number with its sign in the lowest bit.
    fn integer(&mut self) -> Option<i64> {
        let value = self.size()? as u64;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A list's length and the kind of its values; each takes at least a byte.
    fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => self.size()?,
            size => usize::from(size),
        };
        (size <= self.0.len()).then_some((size, head & 0xF))
    }

    /// The fields of a structure, each shown to `visit`, which must walk over its value.
    fn fields(&mut self, depth: usize, visit: Visit<'_, 'a>) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let mut id = 0i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.integer()?).ok()?,
                step => id.checked_add(i16::from(step))?,
            };
            visit(self, id, head & 0xF)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            // Truth values of a structure stand in the field's head.
            1 | 2 => Some(()),
            3 => self.jump(1),
            4..=6 => self.size().map(drop),
            7 => self.jump(8),
            8 => {
                let size = self.size()?;
                self.jump(size)
            }
            LIST | 10 => {
                let (size, kind) = self.list()?;
                (0..size).try_for_each(|_| self.skip_in_list(kind, depth + 1))
            }
            11 => {
                let size = self.size()?;
                let kinds = if size == 0 { 0 } else { self.byte()? };
                (size <= self.0.len()).then_some(())?;
                (0..size).try_for_each(|_| {
                    self.skip_in_list(kinds >> 4, depth + 1)?;
                    self.skip_in_list(kinds & 0xF, depth + 1)
                })
            }
            STRUCT => self.fields(depth + 1, &mut |walk, _, kind| walk.skip(kind, depth + 1)),
            13 => self.jump(16),
            _ => None,
        }
    }

    fn skip_in_list(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            _ if depth > DEEPEST => None,
            1 | 2 => self.jump(1),
            _ => self.skip(kind, depth),
        }
    }

    /// The columns, groups before their members: each group says how many it has.
    fn schema(&mut self) -> Option<()> {
        let (size, kind) = self.list()?;
        if kind != STRUCT {
            return None;
        }
        // How many members of each open group are still to come; the root is the only one outside.
        let mut open = vec![1usize];
        for at in 0..size {
            let mut members = 0;
            self.fields(0, &mut |walk, id, kind| match (id, kind) {
                (5, I32) => {
                    members = usize::try_from(walk.integer()?).ok()?;
                    Some(())
                }
                _ => walk.skip(kind, 0),
            })?;
            while open.last() == Some(&0) {
                open.pop();
            }
            *open.last_mut()? -= 1;
            if members > size - at - 1 || open.len() > DEEPEST {
                return None;
            }
            if members > 0 {
                open.push(members);
            }
        }
        open.iter().all(|&left| left == 0).then_some(())
    }
}
