//! Settings: what can be chosen about a training run, in one table.
//!
//! The command line's help, the Python class's constraints and the page's sliders read [`SETTINGS`];
//! [`Settings`] holds the choices themselves, checked once before a run begins.

use crate::activation::Activation;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::init::Init;
use crate::network::{Penalized, Penalty};
use crate::optim::{Rule, Solver};
use serde::{Deserialize, Serialize};

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name, on the command line with `--` before it.
    pub name: &'static str,
    /// What values it takes.
    pub values: Values,
    /// One sentence.
    pub help: &'static str,
}

/// The values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values {
    /// A number from the first to the second; `open` if the ends themselves are excluded: (low, high).
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
    /// Several whole numbers, each at least this, separated by commas.
    Counts(u64),
    /// One of these words.
    Word(&'static [&'static str]),
}

const fn number(from: f64, to: f64, open: (bool, bool)) -> Values {
    Values::Number { from, to, open }
}

const fn setting(name: &'static str, values: Values, help: &'static str) -> Setting {
    Setting { name, values, help }
}

/// Every setting of a run.
pub const SETTINGS: &[Setting] = &[
    setting(
        "hidden",
        Values::Counts(1),
        "Units of each hidden layer, like 200 or 200,50; 'none' for no hidden layer",
    ),
    setting(
        "activation",
        Values::Word(&["identity", "logistic", "tanh", "relu"]),
        "Nonlinearity of the hidden layers",
    ),
    setting(
        "solver",
        Values::Word(&["gd", "sgd", "adam"]),
        "How the gradient changes the weights: gd takes all rows at once, sgd and adam take batches",
    ),
    setting("step-size", number(0.0, f64::INFINITY, (true, true)), "How far a step goes (learning rate)"),
    setting("momentum", number(0.0, 1.0, (false, true)), "Share of the last step that sgd keeps"),
    setting(
        "nesterov",
        Values::Word(&["yes", "no"]),
        "Whether sgd takes the gradient's share of the next step too (Nesterov's look ahead)",
    ),
    setting("reg", number(0.0, f64::INFINITY, (false, true)), "Strength of the L2 penalty reg/2 * sum(w^2)"),
    setting(
        "penalize",
        Values::Word(&["weights", "all"]),
        "What the penalty is over: the weights, or biases too (all)",
    ),
    setting("steps", Values::Count(1), "Number of updates; switches tolerance and early stopping off"),
    setting("epochs", Values::Count(1), "Number of passes over the training rows, at most"),
    setting("batch-size", Values::Count(1), "Rows of a batch (sgd and adam)"),
    setting("init", Values::Word(&["he", "as-written", "glorot"]), "How the first weights are drawn"),
    setting("seed", Values::Count(0), "Seed of every random choice: data, split, weights, order of the rows"),
    setting("test-size", number(0.0, 1.0, (false, true)), "Share of the rows kept for the test"),
    setting(
        "tolerance",
        number(0.0, f64::INFINITY, (false, true)),
        "An epoch counts as better only if the loss falls by more than this",
    ),
    setting(
        "patience",
        Values::Count(1),
        "Stop after more than this many epochs in a row that are not better",
    ),
    setting(
        "validation-size",
        number(0.0, 1.0, (false, true)),
        "Share of the training rows that early stopping watches; 0 watches the training loss",
    ),
];

/// The line of the table with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Setting {
    /// The value that a text says.
    ///
    /// # Errors
    /// It is no number, or outside the range.
    pub fn parse(&self, text: &str) -> Result<f64> {
        match text.trim().parse::<f64>() {
            Ok(value) if self.holds(value) => Ok(value),
            _ => Err(self.wrong(&format!("'{text}'"))),
        }
    }

    /// Checks one value of this setting.
    ///
    /// # Errors
    /// The value is outside the range, or not a number.
    pub fn check(&self, value: f64) -> Result<()> {
        if self.holds(value) { Ok(()) } else { Err(self.wrong(&value.to_string())) }
    }

    fn holds(&self, value: f64) -> bool {
        match self.values {
            Values::Number { from, to, open } => {
                let low = if open.0 { value > from } else { value >= from };
                let high = if open.1 { value < to } else { value <= to };
                low && high
            }
            Values::Count(least) | Values::Counts(least) => value >= least as f64 && value.fract() == 0.0,
            Values::Word(_) => false,
        }
    }

    fn wrong(&self, found: &str) -> Error {
        let expected = match self.values {
            Values::Number { from: 0.0, to: f64::INFINITY, open: (true, _) } => "a number above 0".to_owned(),
            Values::Number { from: 0.0, to: f64::INFINITY, .. } => "a number from 0 up".to_owned(),
            Values::Number { from, to, .. } => format!("a number from {from} up to but not including {to}"),
            Values::Count(least) => format!("a whole number from {least} up"),
            Values::Counts(least) => format!("whole numbers from {least} up, like 200 or 200,50"),
            Values::Word(words) => format!("one of {}", words.join(", ")),
        };
        Error::new(ErrorKind::Setting, format!("found {found}"))
            .name(format!("--{}", self.name))
            .hint(format!("give {expected}"))
    }
}

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// So many updates.
    Steps(u64),
    /// So many passes over the training rows.
    Epochs(u64),
}

/// When a run ends before its length: once the loss has not fallen by more than `tolerance` below its
/// lowest for more than `patience` epochs in a row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Patience {
    /// By how much an epoch must be better.
    pub tolerance: f64,
    /// How many epochs in a row may fail to be.
    pub patience: u64,
}

/// All choices of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Their nonlinearity.
    pub activation: Activation,
    /// The optimiser.
    pub rule: Rule,
    /// How far a step goes.
    pub step_size: f64,
    /// The L2 penalty.
    pub penalty: Penalty,
    /// How long to go on.
    pub length: Length,
    /// Rows of a batch; None takes all rows at once.
    pub batch_size: Option<usize>,
    /// When to end early; None never.
    pub patience: Option<Patience>,
    /// Share of the training rows that early stopping watches.
    pub validation_size: f64,
    /// How the first weights are drawn.
    pub init: Init,
    /// The seed of every random choice.
    pub seed: u64,
    /// Share of the rows kept for the test.
    pub test_size: f64,
    /// Which engine takes the steps.
    pub engine: Engine,
    /// How many threads; None lets the engine choose by size.
    pub threads: Option<usize>,
}

impl Settings {
    /// The notebook's.
    #[must_use]
    pub fn notebook() -> Self {
        Self {
            hidden: vec![200],
            activation: Activation::Relu,
            rule: Rule::Gd,
            step_size: 0.1,
            penalty: Penalty { reg: 0.001, over: Penalized::All },
            length: Length::Steps(5001),
            batch_size: None,
            patience: None,
            validation_size: 0.0,
            init: Init::AsWritten,
            seed: 0,
            test_size: 0.33,
            engine: Engine::default(),
            threads: None,
        }
    }

    /// What works on tables of `n` rows: adam over batches, ended by a validation share.
    #[must_use]
    pub fn table(n: usize) -> Self {
        Self {
            hidden: vec![100],
            rule: Rule::ADAM,
            step_size: 0.001,
            penalty: Penalty { reg: 1e-4, over: Penalized::Weights },
            length: Length::Epochs(200),
            // Small tables need many updates, large ones long batches.
            batch_size: Some((n / 50).clamp(32, 1024)),
            patience: Some(Patience { tolerance: 1e-4, patience: 10 }),
            validation_size: 0.1,
            init: Init::He,
            test_size: 0.25,
            ..Self::notebook()
        }
    }

    /// The solver's name.
    #[must_use]
    pub fn solver(&self) -> Solver {
        match self.rule {
            Rule::Gd => Solver::Gd,
            Rule::Sgd { .. } => Solver::Sgd,
            Rule::Adam { .. } => Solver::Adam,
        }
    }

    /// Checks every number against the table.
    ///
    /// # Errors
    /// The first number that is out of its range, with the setting's name.
    pub fn check(&self) -> Result<()> {
        let mut given = vec![
            ("step-size", self.step_size),
            ("reg", self.penalty.reg),
            ("test-size", self.test_size),
            ("validation-size", self.validation_size),
        ];
        given.extend(self.hidden.iter().map(|&units| ("hidden", units as f64)));
        given.extend(self.batch_size.map(|size| ("batch-size", size as f64)));
        if let Rule::Sgd { momentum, .. } = self.rule {
            given.push(("momentum", momentum));
        }
        if let Some(Patience { tolerance, patience }) = self.patience {
            given.extend([("tolerance", tolerance), ("patience", patience as f64)]);
        }
        given.push(match self.length {
            Length::Steps(steps) => ("steps", steps as f64),
            Length::Epochs(epochs) => ("epochs", epochs as f64),
        });
        for (name, value) in given {
            if let Some(setting) = find(name) {
                setting.check(value)?;
            }
        }
        Ok(())
    }
}
