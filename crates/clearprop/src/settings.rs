//! Settings: what can be chosen about a run, each declared once, below.
//!
//! The fields of [`Settings`] and [`Choices`], the checks, a door's options and their help, the settings in a
//! model's metadata and the list in the book all come from that one declaration.
//!
//! ```
//! use clearprop::settings::{Choices, Settings};
//! let mut choices = Choices::new().step_size(0.05);
//! choices.set("hidden", "200,50")?; // as a door does that has only texts
//! let mut settings = Settings::notebook();
//! choices.lay_over(&mut settings);
//! assert_eq!((settings.step_size, settings.hidden), (0.05, vec![200, 50]));
//! let error = choices.set("reg", "-1").unwrap_err();
//! assert_eq!(error.to_string(), "reg: found '-1'; give a number from 0 up");
//! # Ok::<(), clearprop::error::Error>(())
//! ```

mod alike;
mod class_weight;
mod members;
mod recipe;
mod scale;
mod setting;
mod together;

use crate::activation::Activation;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result, nearest};
use crate::init::Init;
use crate::loss::Loss;
use crate::network::Penalized;
use crate::optim::{Shares, Solver};
use crate::schedule::Schedule;
pub use alike::Alike;
pub use class_weight::ClassWeight;
pub use recipe::{Effort, Recipe, Watch, usual_batch};
pub use scale::Scale;
use serde::{Deserialize, Serialize};
pub use setting::{Owner, Range, Setting};
use setting::{Value, number};
pub use together::{Length, Patience};

/// The type of a field: `always` has a value, `maybe` is `None` where it has no meaning.
macro_rules! field {
    (always $type:ty) => { $type };
    (maybe $type:ty) => { Option<$type> };
}

/// Makes everything that follows from the list of settings.  A line of it is
///
/// ```text
/// /// help, one sentence
/// Owner key: always or maybe Type, range, value in the notebook, value for a table of so many rows;
/// ```
macro_rules! declare {
    ($rows:ident: $(
        #[doc = $help:literal]
        $owner:ident $key:ident: $presence:ident $type:ty, $range:expr, $notebook:expr, $table:expr;
    )+) => {
        /// Every setting of a run.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            key: stringify!($key),
            owner: Owner::$owner,
            range: $range,
            help: $help.trim_ascii(),
        }),+];

        /// All choices of a run.  A setting that is younger than a model's file is there what it was before: the notebook's.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default = "Settings::notebook", deny_unknown_fields)]
        pub struct Settings {
            $(#[doc = $help] pub $key: field!($presence $type),)+
        }

        /// Some choices of a run; the others are left to [`fit`](crate::fit).
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Choices {
            $(#[doc = $help] pub $key: Option<$type>,)+
        }

        impl Settings {
            /// The notebook's.
            #[must_use]
            pub fn notebook() -> Self {
                Self { $($key: $notebook,)+ }
            }

            /// The recipe of tables, [`Recipe::Tabular`], for classes of `rows` rows.
            #[must_use]
            pub fn table($rows: usize) -> Self {
                Self { $($key: $table,)+ }
            }

            /// Each setting with the text that reads as its value, `none` where it has no meaning.
            #[must_use]
            pub fn texts(&self) -> Vec<(&'static Setting, String)> {
                SETTINGS.iter().zip([$(self.$key.text()),+]).collect()
            }

            fn in_range(&self) -> Result<()> {
                let mut settings = SETTINGS.iter();
                $(settings.next().map_or(Ok(()), |setting| self.$key.check(setting))?;)+
                Ok(())
            }
        }

        impl Choices {
            /// Nothing chosen yet.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $(
                #[doc = $help]
                #[must_use]
                pub fn $key(mut self, value: $type) -> Self {
                    self.$key = Some(value);
                    self
                }
            )+

            /// Chooses by key and text.
            ///
            /// # Errors
            /// No setting has this key, or the text is no value of it.
            pub fn set(&mut self, key: &str, text: &str) -> Result<()> {
                let setting = find(key)?;
                match setting.key {
                    $(stringify!($key) => self.$key = Some(Value::read(text, setting)?),)+
                    _ => {}
                }
                Ok(())
            }

            /// Puts what is chosen here over what stands in `settings`.
            pub fn lay_over(&self, settings: &mut Settings) {
                $(if let Some(value) = &self.$key {
                    settings.$key = value.clone().into();
                })+
            }
        }
    };
}

/// The names of all members of an enum.
macro_rules! names {
    ($type:ty) => {
        Range::Word(|| <$type>::ALL.iter().map(|one| one.name()).collect())
    };
}

const SHARE: Range = number(0.0, 1.0, (false, true));
const ABOVE_0: Range = number(0.0, f64::INFINITY, (true, true));
const FROM_0: Range = number(0.0, f64::INFINITY, (false, true));
const MEMBERS: Range = Range::Between(2, 100);
const YES_NO: Range = Range::Word(|| vec!["yes", "no"]);

declare! { rows:
    /// Units of each hidden layer, like 200 or 200,50; 'none' for no hidden layer
    Network hidden: always Vec<usize>, Range::Counts(1), vec![200], vec![256; 3];
    /// Nonlinearity of the hidden layers: one for all, or one for each separated by commas; for numbers to predict in tables mish
    Network activation: always Vec<Activation>, names!(Activation), vec![Activation::Relu], vec![Activation::Selu];
    /// What is made small; without it the answers decide
    Network loss: maybe Loss, names!(Loss), None, None;
    /// Strength of the L2 penalty reg/2 * sum(w^2)
    Network reg: always f64, FROM_0, 0.001, 0.0;
    /// What the penalty is over: the weights, or biases too (all)
    Network penalize: always Penalized, names!(Penalized), Penalized::All, Penalized::Weights;
    /// How the first weights are drawn
    Network init: always Init, names!(Init), Init::AsWritten, Init::Ntk;
    /// Whether each input is first multiplied by a number that is learnt too
    Network front_scale: always bool, YES_NO, false, true;
    /// Settings that go together: tabular (RealMLP-TD-S, for tables), or plain (one hidden layer, an early end; for small tables)
    Training recipe: always Recipe, names!(Recipe), Recipe::Plain, Recipe::Tabular;
    /// How long the recipe tabular trains: quick is one network for a first look, standard and best are the mean of several
    Training effort: always Effort, names!(Effort), Effort::Standard, Effort::Standard;
    /// About how long the run may take: how fast its first steps are tells how many epochs there is time for
    Training minutes: maybe f64, ABOVE_0, None, None;
    /// Share of each label that is given to all classes alike in training (softmax)
    Training label_smoothing: maybe f64, SHARE, None, Some(0.1);
    /// How the gradient changes the weights: gd and lbfgs take all rows at once, sgd and adam take batches
    Training solver: always Solver, names!(Solver), Solver::Gd, Solver::Adam;
    /// How far a step goes (learning rate); for numbers to predict in tables 0.07
    Training step_size: always f64, ABOVE_0, Solver::Gd.step_size(), 0.04;
    /// How the step size changes during the run
    Training schedule: always Schedule, names!(Schedule), Schedule::Constant, Schedule::Coslog4;
    /// Which share of the step size each layer takes: all of it (equal), or 1/sqrt(fan_in) and a tenth for biases (ntk)
    Training step_shares: always Shares, names!(Shares), Shares::Equal, Shares::Ntk;
    /// Share of the last step that sgd keeps
    Training momentum: maybe f64, SHARE, None, None;
    /// Whether sgd takes the gradient's share of the next step too (Nesterov's look ahead)
    Training nesterov: maybe bool, YES_NO, None, None;
    /// Adam's decay of the mean of the gradient
    Training beta1: maybe f64, SHARE, None, Some(0.9);
    /// Adam's decay of the mean of the gradient's square
    Training beta2: maybe f64, SHARE, None, Some(0.95);
    /// What keeps Adam's quotient finite
    Training epsilon: maybe f64, FROM_0, None, Some(1e-8);
    /// Number of updates; switches tolerance and early stopping off
    Training steps: maybe u64, Range::Count(1), Some(5001), None;
    /// Number of passes over the training rows, at most
    Training epochs: maybe u64, Range::Count(1), None, Some(Effort::Standard.plan(rows, recipe::USUAL_PARAMETERS).1);
    /// Rows of a batch (sgd and adam)
    Training batch_size: maybe usize, Range::Count(1), None, Some(recipe::BATCH);
    /// An epoch counts as better only if the loss falls by more than this; lbfgs: the largest gradient to end at
    Training tolerance: maybe f64, FROM_0, None, None;
    /// Stop after more than this many epochs in a row that are not better
    Training patience: maybe u64, Range::Count(1), None, None;
    /// What tells the best epoch on the validation rows: the loss, or the score (the last best)
    Training watch: always Watch, names!(Watch), Watch::Loss, Watch::Score;
    /// Parts of the rows: each is predicted by a member that is trained on the others; the members' mean is the model
    Training folds: maybe usize, MEMBERS, None, None;
    /// Members that are trained from different seeds, each with its own rows to watch; their mean is the model; without it the effort decides
    Training ensemble: maybe usize, Range::Between(1, 100), None, None;
    /// Seed of every random choice: data, split, weights, order of the rows
    Training seed: always u64, Range::Count(0), 0, 0;
    /// fast: fused kernels; plain: the readable code that they are compared with
    Training engine: always Engine, ENGINES, Engine::default(), Engine::default();
    /// Threads; without it as many as pay.  The result is the same
    Training threads: maybe usize, Range::Count(1), None, None;
    /// Whether number columns are standardised
    Data scale: always Scale, names!(Scale), Scale::None, Scale::Robust;
    /// How much the training rows of each class count: all alike (none), or every class as much (balanced)
    Data class_weight: always ClassWeight, names!(ClassWeight), ClassWeight::None, ClassWeight::None;
    /// Words that differ by case or blanks alone: as many words (keep), or one (join)
    Data alike: always Alike, names!(Alike), Alike::Keep, Alike::Keep;
    /// Share of the rows kept for the test
    Data test_size: always f64, SHARE, 0.33, 0.25;
    /// Share of the training rows that early stopping watches; 0 watches the training loss
    Data validation_size: always f64, SHARE, 0.0, 0.2;
}

const ENGINES: Range = Range::Word(|| vec!["fast", "plain"]);

/// The setting of this key.
///
/// # Errors
/// There is none; the error names the nearest.
pub fn find(key: &str) -> Result<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let keys = || SETTINGS.iter().map(|setting| setting.key);
        let hint = match nearest(key, keys()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("there are: {}", keys().collect::<Vec<_>>().join(", ")),
        };
        Error::new(ErrorKind::Setting, format!("there is no setting '{key}'")).hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_younger_than_the_file_is_off() {
        let settings = Settings::table(1000);
        let mut json = serde_json::to_value(&settings).unwrap();
        json.as_object_mut().unwrap().remove("alike").unwrap();
        assert_eq!(serde_json::from_value::<Settings>(json.clone()).unwrap(), settings);
        // What the file has, and this program does not know, would be lost.
        json["brand_new"] = true.into();
        assert!(serde_json::from_value::<Settings>(json).is_err());
    }
}
