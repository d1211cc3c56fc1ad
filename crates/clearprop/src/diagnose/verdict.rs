//! From the explanations that the search found to what is said.

use super::aliasing::{before_update, first_nan, undo_update};
use super::arrays::{self, Array};
use super::case::{Bias, Case, Quantity, Values, right, same};
use super::catalogue::mistake;
use super::evidence::evidence;
use super::naming::{place_of, resolved, undecided};
use super::numpy::right_line;
use super::search::{Explanation, Finding, explain};
use super::words;
use crate::activation::Activation;
use crate::error::Result;
use serde::Serialize;
use std::rc::Rc;

/// What is said of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every stage that was given is right.
    Correct,
    /// At least one stage is wrong under every convention.
    Wrong,
    /// Right under an accepted convention, a mistake under the usual one; the loss was not given to tell.
    Ambiguous,
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
    /// Its own line is wrong.
    Wrong,
}

/// A mistake, by its number in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its number, 1..=57.
    pub id: u8,
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
    pub mistakes: Vec<u8>,
    /// What can be said in numbers.
    pub evidence: Vec<String>,
    /// The line of NumPy that would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// What the letters of the catalogue's sentences are called in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<(String, String)>,
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
    /// Stage by stage, in the order of computation.
    pub stages: Vec<StageFinding>,
    /// What decides between two readings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// What may surprise, and what the probe cannot show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Arrays of the file that were not used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// The network in one line.
    #[serde(skip)]
    pub head: String,
}

/// The most mistakes that are named at one stage.
const MOST_AT_A_STAGE: usize = 3;

/// Compares what a person computed with what is right.
///
/// # Errors
/// Arrays from which no pass can be read: see [`arrays::read`].
pub fn diagnose(arrays: &[Array]) -> Result<Diagnosis> {
    let mut case = arrays::read(arrays)?;
    if let Some(diagnosis) = not_a_number(&case) {
        return Ok(diagnosis);
    }
    undo_update(&mut case);
    let mut explanations = explain(&case);
    let explained = |all: &[Explanation]| all.iter().any(|one| !one.has_mistakes());
    let mut others: Vec<Case> = before_update(&case).into_iter().collect();
    if case.activation_assumed {
        for activation in [Activation::Tanh, Activation::Logistic] {
            let mut other = case.clone();
            other.network.activations.fill(activation);
            others.push(other);
        }
    }
    for other in others {
        if explained(&explanations) {
            break;
        }
        let found = explain(&other);
        if explained(&found) {
            (case, explanations) = (other, found);
        }
    }
    if case.activation_assumed {
        let name = case.network.activation_text();
        case.understood.push(format!(
            "the activation is not said; read as {name} (save activation='{name}' or another)"
        ));
    }
    Ok(conclude(&case, explanations))
}

/// Inputs that are no numbers: nothing can be said of what is computed from them.
fn not_a_number(case: &Case) -> Option<Diagnosis> {
    let name = |key: &str| case.names.get(key).cloned().unwrap_or_else(|| key.to_owned());
    let inputs = std::iter::once(("x".to_owned(), &case.x)).chain((1..=case.layers()).flat_map(|l| {
        let bias = if case.bias[l] == Bias::Row { format!("w{l}") } else { format!("b{l}") };
        [(format!("w{l}"), &case.w[l]), (bias, &case.b[l])]
    }));
    for (key, value) in inputs {
        if let Some((row, column)) = first_nan(value) {
            let name = name(&key);
            let words = format!(
                "{name}[{row}, {column}] is {}: nothing computed from it can be right",
                value[[row, column]]
            );
            return Some(Diagnosis {
                verdict: Verdict::Wrong,
                first_wrong_stage: Some(name),
                mistakes: Vec::new(),
                conventions: case.understood.clone(),
                stages: Vec::new(),
                questions: Vec::new(),
                warnings: std::iter::once(words).chain(case.warnings.clone()).collect(),
                ignored: case.ignored.clone(),
                head: words::head(case),
            });
        }
    }
    None
}

fn conclude(case: &Case, mut explanations: Vec<Explanation>) -> Diagnosis {
    // What explains every stage is worth more than what leaves one open.
    let open_ended = |one: &Explanation| one.findings.iter().any(|(_, finding)| *finding == Finding::Unknown);
    if explanations.iter().any(|one| !open_ended(one)) {
        explanations.retain(|one| !open_ended(one));
    }
    // Readings without a mistake first, and of these the ones that need no question.
    explanations.sort_by_key(|one| (one.has_mistakes(), undecided(case, one).len()));
    let main = &explanations[0];
    let open = undecided(case, main);
    let verdict = match (main.has_mistakes(), open.is_empty()) {
        (true, _) => Verdict::Wrong,
        (false, true) => Verdict::Correct,
        (false, false) => Verdict::Ambiguous,
    };
    let mut places: Vec<(Quantity, u8)> = Vec::new();
    let mut roots: Vec<Quantity> = Vec::new();
    if verdict == Verdict::Wrong {
        for one in explanations.iter().filter(|one| one.has_mistakes()) {
            for (quantity, ids) in resolved(case, one) {
                for id in ids {
                    if !places.contains(&(quantity, id)) {
                        places.push((quantity, id));
                    }
                }
            }
            let wrong = |(_, finding): &(Quantity, Finding)| {
                matches!(finding, Finding::Mistakes(..) | Finding::Unknown)
            };
            let first = one.findings.iter().position(wrong).map(|at| match &one.findings[at] {
                // Something before it is wrong, nobody can say what: then the first array that shows it.
                (quantity, Finding::Unknown) => {
                    let given = |(other, _): &&(Quantity, Finding)| case.given.contains_key(other);
                    one.findings[at..].iter().find(given).map_or(*quantity, |(given, _)| *given)
                }
                (quantity, _) => *quantity,
            });
            roots.extend(first);
        }
    }
    for deviation in &open {
        let Some(id) = deviation.id else { continue };
        let place = place_of(case, id);
        if verdict == Verdict::Ambiguous {
            roots.push(place);
        }
        if !places.contains(&(place, id)) {
            places.push((place, id));
        }
    }
    let order = Quantity::all(case.layers());
    let position = |q: &Quantity| order.iter().position(|other| other == q).unwrap_or(usize::MAX);
    places.sort_by_key(|(quantity, _)| position(quantity));
    roots.sort_by_key(position);
    roots.dedup();
    let stages = stages(case, main, &places);
    let first_wrong_stage = match roots[..] {
        [] => None,
        [one] => Some(case.name(one)),
        // Several places would explain it: then the first array that is off.
        _ => {
            let off = |s: &&StageFinding| {
                s.shape.is_some() && matches!(s.status, Status::Wrong | Status::Inherited)
            };
            stages.iter().find(off).map(|stage| stage.name.clone()).or_else(|| Some(case.name(roots[0])))
        }
    };
    let mut mistakes: Vec<Named> = Vec::new();
    for (quantity, id) in &places {
        let stage = case.name(*quantity);
        let at_stage = mistakes.iter().filter(|named| named.stage == stage).count();
        let known = mistakes.iter().any(|named| named.stage == stage && named.id == *id);
        if let Some(mistake) = mistake(*id).filter(|_| !known && at_stage < MOST_AT_A_STAGE) {
            mistakes.push(Named { id: *id, name: mistake.name, stage });
        }
    }
    let mut conventions = case.understood.clone();
    conventions.extend(main.convention.deviations(case).into_iter().map(|deviation| deviation.words));
    for (quantity, finding) in &main.findings {
        match finding {
            Finding::Allowed(words) => conventions.push(format!("{}: {words}", case.name(*quantity))),
            Finding::Overwritten(by) => conventions.push(format!(
                "{} was overwritten in place by {by}: its own numbers are gone",
                case.name(*quantity)
            )),
            _ => {}
        }
    }
    let mut warnings = case.warnings.clone();
    warnings.extend(super::probe::hidden_by(case));
    Diagnosis {
        verdict,
        first_wrong_stage,
        mistakes,
        conventions,
        stages,
        questions: open.iter().map(|deviation| deviation.question.to_owned()).collect(),
        warnings,
        ignored: case.ignored.clone(),
        head: words::head(case),
    }
}

fn stages(case: &Case, main: &Explanation, places: &[(Quantity, u8)]) -> Vec<StageFinding> {
    let layers = case.layers();
    // The pass without any mistake, in the same conventions.
    let mut reference = Values::default();
    for quantity in Quantity::all(layers) {
        if let Some(value) = right(case, &main.convention, &reference, quantity) {
            reference.0.insert(quantity, Rc::new(value));
        }
    }
    let mut stages: Vec<StageFinding> = Vec::new();
    for quantity in Quantity::all(layers) {
        if quantity == Quantity::Probs && case.network.loss.outputs_are_logits()
            || matches!(quantity, Quantity::Db(l) if case.bias[l] == Bias::None)
        {
            continue;
        }
        let given = case.given.get(&quantity);
        let finding = main.findings.iter().find(|(other, _)| *other == quantity).map(|(_, finding)| finding);
        let as_reference = |value: &ndarray::Array2<f64>| {
            let scale = super::case::magnitude(case, &main.convention, &reference, quantity);
            reference.get(quantity).is_some_and(|right| same(value, right, 10.0 * case.tolerance, scale))
        };
        let status = match (given, finding) {
            (_, Some(Finding::Mistakes(..) | Finding::Unknown)) => Status::Wrong,
            (None, _) => Status::NotGiven,
            (Some(_), Some(Finding::Overwritten(_))) => Status::Overwritten,
            (Some(_), Some(Finding::NotJudged) | None) => Status::NotJudged,
            (Some(given), Some(Finding::Right | Finding::Allowed(_))) => {
                let allowed = matches!(finding, Some(Finding::Allowed(_)));
                if allowed || as_reference(&given.value) { Status::Right } else { Status::Inherited }
            }
        };
        let mut mistakes: Vec<u8> = Vec::new();
        for (_, id) in places.iter().filter(|(other, _)| *other == quantity) {
            if !mistakes.contains(id) && mistakes.len() < MOST_AT_A_STAGE {
                mistakes.push(*id);
            }
        }
        let wrong = status == Status::Wrong;
        let stage = words::stage_id(quantity, layers);
        let found = StageFinding {
            name: case.name(quantity),
            stage,
            role: words::role(case, quantity),
            status,
            shape: given.map(|given| given.shape.clone()),
            mistakes,
            evidence: if wrong { evidence(case, main, quantity) } else { Vec::new() },
            right: wrong.then(|| right_line(case, &main.convention, quantity)),
            names: if wrong { super::numpy::letters(case, quantity) } else { Vec::new() },
        };
        // With the bias trick dw and db are one array: one line, the worse of the two.
        match stages.last_mut() {
            Some(before) if matches!(quantity, Quantity::Db(l) if case.bias[l] == Bias::Row) => {
                let new: Vec<u8> =
                    found.mistakes.iter().filter(|id| !before.mistakes.contains(id)).copied().collect();
                before.mistakes.extend(new);
                if found.status > before.status {
                    let mistakes = std::mem::take(&mut before.mistakes);
                    let shape = before.shape.take();
                    *before = StageFinding { mistakes, shape, stage: before.stage.clone(), ..found };
                }
                before.mistakes.truncate(MOST_AT_A_STAGE);
            }
            _ => stages.push(found),
        }
    }
    stages
}
