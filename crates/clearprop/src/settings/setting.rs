//! One declared setting: its key, its owner, its values; and the texts and ranges of its type.

use super::alike::Alike;
use super::class_weight::ClassWeight;
use super::recipe::{Effort, Recipe, Watch};
use super::scale::Scale;
use crate::activation::Activation;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result, nearest};
use crate::init::Init;
use crate::loss::Loss;
use crate::network::Penalized;
use crate::optim::{Shares, Solver};
use crate::schedule::Schedule;

/// A setting as it is declared.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The key: the field's name, what errors say and what a door makes its own name of.
    pub key: &'static str,
    /// What it belongs to.
    pub owner: Owner,
    /// The values it takes.
    pub range: Range,
    /// One sentence.
    pub help: &'static str,
}

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// What the network is.
    Network,
    /// How its weights are found.
    Training,
    /// Which rows are used for what, and how they become numbers.
    Data,
}

/// The values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// A number between two others.
    Number {
        /// The least.
        from: f64,
        /// The largest.
        to: f64,
        /// Whether `from` and `to` themselves are excluded.
        open: (bool, bool),
    },
    /// A whole number, at least this.
    Count(u64),
    /// A whole number between these two, both included.
    Between(u64, u64),
    /// Several whole numbers, each at least this, separated by commas; `none` for no number.
    Counts(u64),
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
}

pub(super) const fn number(from: f64, to: f64, open: (bool, bool)) -> Range {
    Range::Number { from, to, open }
}

/// The type of a setting: from a text, to a text, inside its range.
pub(super) trait Value: Sized {
    /// The value that a text says, inside the range.
    fn read(text: &str, setting: &Setting) -> Result<Self>;
    /// The text that reads as the value.
    fn text(&self) -> String;
    /// Whether a value that did not come from a text is inside the range.
    fn check(&self, setting: &Setting) -> Result<()>;
}

impl Setting {
    fn holds(&self, value: f64) -> bool {
        match self.range {
            Range::Number { from, to, open } => {
                let low = if open.0 { value > from } else { value >= from };
                let high = if open.1 { value < to } else { value <= to };
                low && high
            }
            Range::Count(least) | Range::Counts(least) => value >= least as f64 && value.fract() == 0.0,
            Range::Between(from, to) => value >= from as f64 && value <= to as f64 && value.fract() == 0.0,
            Range::Word(_) => false,
        }
    }

    fn number(&self, text: &str) -> Result<f64> {
        let number = text.trim().parse().ok().filter(|&value| self.holds(value));
        number.ok_or_else(|| self.wrong(&format!("'{text}'")))
    }

    /// A whole number; not by way of a float, so that every seed of 64 bits is one of its own.
    pub(crate) fn whole(&self, text: &str) -> Result<u64> {
        match (self.range, text.trim().parse()) {
            (Range::Count(least) | Range::Counts(least), Ok(value)) if value >= least => Ok(value),
            (Range::Between(from, to), Ok(value)) if (from..=to).contains(&value) => Ok(value),
            _ => Err(self.wrong(&format!("'{text}'"))),
        }
    }

    fn in_range(&self, value: f64) -> Result<()> {
        if self.holds(value) { Ok(()) } else { Err(self.wrong(&value.to_string())) }
    }

    fn wrong(&self, found: &str) -> Error {
        let hint = match self.range {
            Range::Number { from: 0.0, to: f64::INFINITY, open: (true, _) } => {
                "give a number above 0".to_owned()
            }
            Range::Number { from: 0.0, to: f64::INFINITY, .. } => "give a number from 0 up".to_owned(),
            Range::Number { from, to, .. } => {
                format!("give a number from {from} up to but not including {to}")
            }
            Range::Count(least) => format!("give a whole number from {least} up"),
            Range::Between(from, to) => format!("give a whole number from {from} to {to}"),
            Range::Counts(least) => format!("give whole numbers from {least} up, like 200 or 200,50"),
            Range::Word(words) => {
                let words = words();
                let typed = found.trim_matches('\'');
                match nearest(typed, words.iter().copied()) {
                    Some(near) => format!("did you mean '{near}'? There are: {}", words.join(", ")),
                    None => format!("there are: {}", words.join(", ")),
                }
            }
        };
        Error::new(ErrorKind::Setting, format!("found {found}")).setting(self.key).hint(hint)
    }
}

impl Value for f64 {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        setting.number(text)
    }
    fn text(&self) -> String {
        // 0.00000001 is better read as 1e-8.
        if *self != 0.0 && self.abs() < 1e-4 { format!("{self:e}") } else { self.to_string() }
    }
    fn check(&self, setting: &Setting) -> Result<()> {
        setting.in_range(*self)
    }
}

impl Value for u64 {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        setting.whole(text)
    }
    fn text(&self) -> String {
        self.to_string()
    }
    fn check(&self, setting: &Setting) -> Result<()> {
        setting.in_range(*self as f64)
    }
}

impl Value for usize {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        Ok(Self::try_from(setting.whole(text)?).unwrap_or(Self::MAX))
    }
    fn text(&self) -> String {
        self.to_string()
    }
    fn check(&self, setting: &Setting) -> Result<()> {
        setting.in_range(*self as f64)
    }
}

impl Value for Vec<usize> {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        match text {
            "none" => Ok(Self::new()),
            _ => text.split(',').map(|part| usize::read(part, setting)).collect(),
        }
    }
    fn text(&self) -> String {
        match self.as_slice() {
            [] => "none".to_owned(),
            counts => counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        }
    }
    fn check(&self, setting: &Setting) -> Result<()> {
        self.iter().try_for_each(|count| count.check(setting))
    }
}

impl Value for bool {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        match text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(setting.wrong(&format!("'{text}'"))),
        }
    }
    fn text(&self) -> String {
        (if *self { "yes" } else { "no" }).to_owned()
    }
    fn check(&self, _: &Setting) -> Result<()> {
        Ok(())
    }
}

/// A setting that is one of several words.
macro_rules! words {
    ($($type:ty: $text:ident),+) => { $(
        impl Value for $type {
            fn read(text: &str, setting: &Setting) -> Result<Self> {
                text.parse().map_err(|_| setting.wrong(&format!("'{text}'")))
            }
            fn text(&self) -> String {
                self.$text().into()
            }
            fn check(&self, _: &Setting) -> Result<()> {
                Ok(())
            }
        }
    )+ };
}
words!(Activation: to_string, Loss: to_string, Init: name, Penalized: name, Solver: name, Schedule: to_string, Shares: name, Recipe: name, Effort: name, Watch: name, Scale: name, ClassWeight: name, Alike: name, Engine: to_string);

impl Value for Vec<Activation> {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        text.split(',').map(|word| Activation::read(word, setting)).collect()
    }
    fn text(&self) -> String {
        self.iter().map(Value::text).collect::<Vec<_>>().join(",")
    }
    fn check(&self, _: &Setting) -> Result<()> {
        Ok(())
    }
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str, setting: &Setting) -> Result<Self> {
        T::read(text, setting).map(Some)
    }
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Value::text)
    }
    fn check(&self, setting: &Setting) -> Result<()> {
        self.as_ref().map_or(Ok(()), |value| value.check(setting))
    }
}
