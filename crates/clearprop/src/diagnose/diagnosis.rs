//! What a diagnosis says, as data.

use super::read_as::ReadAs;
use crate::mistake::MistakeId;
use serde::Serialize;

/// What is said of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Every stage that was given is right.
    #[serde(rename = "correct")]
    Correct,
    /// At least one stage is wrong under every convention.
    #[serde(rename = "wrong")]
    Wrong,
    /// Right as far as it goes: the next line is given.
    #[serde(rename = "incomplete")]
    Incomplete,
    /// A stage that no known function gives, or a choice that only the loss could tell; the rest was judged.
    #[serde(rename = "not known")]
    NotKnown,
}

/// What is said of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The right numbers.
    Right,
    /// The array was not in the file.
    NotGiven,
    /// A later line wrote into it: it no longer holds what it held.
    Overwritten,
    /// Its own line is right; the numbers are off only because of what came before.
    Inherited,
    /// What it is computed from is not known or not a number.
    NotJudged,
    /// No known function gives these numbers.
    NotKnown,
    /// Its own line is wrong.
    Wrong,
}

/// A mistake, by its number in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its number in the catalogue.
    pub id: MistakeId,
    /// A few words.
    pub name: &'static str,
    /// Where it was made, in the person's names.
    pub stage: String,
}

/// What was found at one stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageFinding {
    /// The person's name of what the stage computes.
    pub name: String,
    /// The stage, as in the table of stages: `dz[1]`.
    pub stage: String,
    /// Which nonlinearity's input or output it is; by which variable a derivative is taken.
    pub role: String,
    /// What is said of it.
    pub status: Status,
    /// The shape in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// The numbers of the mistakes that give these numbers.
    pub mistakes: Vec<MistakeId>,
    /// What can be said in numbers.
    pub evidence: Vec<String>,
    /// The line of NumPy that would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// What the letters of the catalogue's sentences are called in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<(String, String)>,
}

/// How one array of the forward pass follows from others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// The array.
    pub name: String,
    /// What it follows from.
    pub from: Vec<String>,
    /// By which function.
    pub function: String,
    /// The function's parameters, as far as it has some.
    pub parameters: std::collections::BTreeMap<&'static str, f64>,
    /// The largest difference from what follows, relative to the largest number.
    pub residual: f64,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// What is said of the whole.
    pub verdict: Verdict,
    /// The first stage whose own line is wrong, in the person's names.
    pub first_wrong_stage: Option<String>,
    /// The mistakes that reproduce the numbers, several at one stage where nothing tells them apart.
    pub mistakes: Vec<Named>,
    /// How the person's pass differs from the usual one without being wrong, and how it was read.
    pub conventions: Vec<String>,
    /// How the forward arrays of the file follow from others.
    pub forward: Vec<Edge>,
    /// Stage by stage, in the order of computation.
    pub stages: Vec<StageFinding>,
    /// What else the file shows where a person may be stuck.
    pub hints: Vec<String>,
    /// What decides between two readings.
    pub questions: Vec<String>,
    /// What may surprise, and what the probe cannot show.
    pub warnings: Vec<String>,
    /// Arrays of the file that were not used.
    pub ignored: Vec<String>,
    /// The network, the loss and the layout that the arrays were read as.
    pub read_as: ReadAs,
    /// The network in one line.
    #[serde(skip)]
    pub head: String,
}
