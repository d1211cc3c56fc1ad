//! One number of a trace, by the name a person gives it: `dw1[3,17]`, `dL_dh11[0,2]`.

use super::arrays::arrays;
use super::{Kind, Names, Trace};
use crate::error::{Error, ErrorKind, Result, nearest};

/// One number: its array and where it stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kind of array.
    pub kind: Kind,
    /// The layer, 0 if the kind has none.
    pub layer: usize,
    /// Row and column, counted from 0; one number for `b1` and `y`, none for a loss.
    pub index: Vec<usize>,
}

impl Trace {
    /// The number a person means by `text`.
    ///
    /// # Errors
    /// An unknown name, an index that is no number, too many or too few of them, or one beyond the array.
    pub fn entry(&self, text: &str) -> Result<Entry> {
        let wrong = |found: String| Error::new(ErrorKind::Setting, found).setting("entry");
        let (name, index) = match text.trim().split_once('[') {
            None => (text.trim(), ""),
            Some((name, rest)) => (
                name.trim(),
                rest.strip_suffix(']').ok_or_else(|| {
                    wrong(format!("'{text}' has no closing bracket")).hint("write it like dw1[3,17]")
                })?,
            ),
        };
        let index: Vec<usize> = index
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| {
                part.parse().map_err(|_| {
                    wrong(format!("'{part}' in '{text}' is no row or column"))
                        .hint("rows and columns are counted from 0, like dw1[3,17]")
                })
            })
            .collect::<Result<_>>()?;
        let (kind, layer, names) = self.quantity_called(name).ok_or_else(|| {
            let known = self.entry_names();
            let hint = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean '{near}'? There are: {}", known.join(", ")),
                None => format!("there are: {}", known.join(", ")),
            };
            wrong(format!("no array is called '{name}'")).hint(hint)
        })?;
        let values = self.values(kind, layer, names);
        let shape = values.shape();
        if index.len() != shape.len() || index.iter().zip(shape).any(|(i, size)| i >= size) {
            let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
            let hint = match shape.len() {
                0 => format!("ask for '{name}'"),
                1 => format!("ask for one of {name}[0] to {name}[{}]", values.len().max(1) - 1),
                _ => format!("ask for one like {name}[0,0]; rows and columns are counted from 0"),
            };
            return Err(
                wrong(format!("'{text}' is not in {name} of shape ({})", shape.join(", "))).hint(hint)
            );
        }
        // The bias trick: the last row of W is the bias, the last column of X and h12 are ones.
        let fan_in = |l: usize| self.network.sizes[l - 1];
        match (names, kind) {
            (Names::Notebook, Kind::W | Kind::Dw) if index[0] == fan_in(layer) => {
                let kind = if kind == Kind::W { Kind::B } else { Kind::Db };
                Ok(Entry { kind, layer, index: vec![index[1]] })
            }
            (Names::Notebook, Kind::X | Kind::A | Kind::Da) if index[1] == self.network.sizes[layer] => {
                Err(wrong(format!("'{text}' belongs to the column of ones"))
                    .hint("it is no input and no output of a unit; the bias has its place in W"))
            }
            _ => Ok(Entry { kind, layer, index }),
        }
    }

    /// The array with this name, ours or the notebook's.
    fn quantity_called(&self, name: &str) -> Option<(Kind, usize, Names)> {
        let last = self.layers();
        for names in [Names::Design, Names::Notebook] {
            for kind in Kind::ALL {
                let layers = match kind {
                    Kind::A | Kind::Da => 1..=last - 1,
                    kind if kind.has_layer() => 1..=last,
                    _ => 0..=0,
                };
                for layer in layers {
                    if self.name(kind, layer, names) == name {
                        return Some((kind, layer, names));
                    }
                }
            }
        }
        None
    }

    fn entry_names(&self) -> Vec<String> {
        arrays(self, Names::Design).into_iter().map(|(name, _)| name).filter(|n| n != "reg").collect()
    }
}
