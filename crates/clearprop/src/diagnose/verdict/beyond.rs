//! What lies beyond the backward pass: the update step, and hints where all is right.

use crate::diagnose::arrays::Array;
use crate::diagnose::catalogue::mistake;
use crate::diagnose::convention::{Convention, PenaltyForm};
use crate::diagnose::diagnosis::{Diagnosis, Named, StageFinding, Status, Verdict};
use crate::diagnose::differentiate::step;
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Bias, Graph, Pass};
use crate::diagnose::judge::{Explanation, Finding};
use crate::diagnose::probe::is_handed_out;
use crate::diagnose::right::right_line;
use crate::diagnose::stuck;
use crate::diagnose::update::{Found, Learnt, steps};
use crate::mistake::MistakeId::{self, AskedFunction, AskedHalf, AskedMean, AskedOtherPenalty, AskedPenalty};
use crate::network::Penalized;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Loss, W},
};

/// Adds what the file shows of its update, and hints.
pub(super) fn add(diagnosis: &mut Diagnosis, graph: &Graph, main: &Explanation, arrays: &[Array]) {
    if is_handed_out(graph) {
        asked(diagnosis, graph, main);
    }
    updates(diagnosis, graph, main, arrays);
    if matches!(diagnosis.verdict, Verdict::Correct | Verdict::Incomplete) {
        // As far as the file goes its own values, and what follows from them.
        let mut pass = Pass::default();
        for quantity in graph.order() {
            step(graph, &main.convention, &mut pass, quantity);
        }
        diagnosis.hints = stuck::hints(graph, &main.convention, &pass);
    }
}

/// On the handed-out probe the network and its loss are known: what differs from them is named there, and the
/// derivatives stay right for the person's own loss.
fn asked(diagnosis: &mut Diagnosis, graph: &Graph, main: &Explanation) {
    let usual = Convention::usual(graph);
    let own = main.convention;
    let mut found: Vec<(Quantity, MistakeId)> = Vec::new();
    if graph.given.contains_key(&Of(A(1))) && graph.functions[1] != Function::Relu {
        found.push((Of(A(1)), AskedFunction));
    }
    let loss_is_right = matches!(main.of(Of(Loss)), Some(Finding::Right | Finding::Allowed(_)));
    if graph.given.contains_key(&Of(Loss)) && loss_is_right {
        if own.summed {
            found.push((Of(Loss), AskedMean));
        }
        let alone = matches!(main.of(Of(Loss)), Some(Finding::Allowed(_)));
        match own.penalty {
            _ if alone => found.push((Of(Loss), AskedPenalty)),
            PenaltyForm::Absent => found.push((Of(Loss), AskedPenalty)),
            PenaltyForm::Full => found.push((Of(Loss), AskedHalf)),
            PenaltyForm::OverN | PenaltyForm::FullOverN => found.push((Of(Loss), AskedOtherPenalty)),
            PenaltyForm::Half if own.over != usual.over => found.push((Of(Loss), AskedOtherPenalty)),
            PenaltyForm::Half => {}
        }
    }
    let mut as_asked = graph.clone();
    as_asked.functions[1] = Function::Relu;
    for (quantity, id) in found.into_iter().rev() {
        let name = graph.name(quantity);
        diagnosis.verdict = Verdict::Wrong;
        diagnosis.first_wrong_stage = match diagnosis.first_wrong_stage.take() {
            // What stands before it in the pass stays the first.
            Some(first) if position(graph, &first) < position(graph, &name) => Some(first),
            _ => Some(name.clone()),
        };
        if let Some(mistake) = mistake(id) {
            diagnosis.mistakes.insert(0, Named { id, name: mistake.name, stage: name.clone() });
        }
        if let Some(stage) = diagnosis.stages.iter_mut().find(|stage| stage.name == name) {
            stage.status = Status::Wrong;
            stage.mistakes.insert(0, id);
            stage.right = right_line(&as_asked, &usual, quantity);
        }
    }
}

fn position(graph: &Graph, name: &str) -> usize {
    let order = graph.order();
    order.iter().position(|q| graph.name(*q) == name).unwrap_or(order.len())
}

fn updates(diagnosis: &mut Diagnosis, graph: &Graph, main: &Explanation, arrays: &[Array]) {
    let strength = main.convention.strength(graph).abs();
    let mut learnt = Vec::new();
    for l in 1..=graph.layers() {
        for variable in [W(l), B(l)] {
            let bias = matches!(variable, B(_));
            if bias && graph.bias[l] != Bias::Separate {
                continue;
            }
            let Some(name) = graph.names.get(&variable) else { continue };
            let penalised = !bias || main.convention.over == Penalized::All;
            learnt.push(Learnt {
                layer: l,
                is_bias: bias,
                name: name.clone(),
                derivative: graph.given.get(&By(variable)).map(|given| given.name.clone()),
                decay: if penalised { strength } else { 0.0 },
            });
        }
    }
    let found = steps(arrays, &learnt, &graph.memo);
    let mut rules: Vec<(String, Vec<String>)> = Vec::new();
    for step in found {
        diagnosis.ignored.retain(|name| *name != step.name && !step.beside.contains(name));
        let (status, mistakes) = match &step.verdict {
            Found::Right(rule) => {
                match rules.iter_mut().find(|(other, _)| other == rule) {
                    Some((_, names)) => names.push(step.name.clone()),
                    None => rules.push((rule.clone(), vec![step.name.clone()])),
                }
                (Status::Right, vec![])
            }
            Found::Wrong(id) => (Status::Wrong, vec![*id]),
            Found::NotKnown => (Status::NotKnown, vec![]),
        };
        if status == Status::Wrong {
            diagnosis.verdict = Verdict::Wrong;
            diagnosis.first_wrong_stage.get_or_insert_with(|| step.name.clone());
            let named = |id: &MistakeId| {
                mistake(*id).map(|mistake| Named { id: *id, name: mistake.name, stage: step.name.clone() })
            };
            diagnosis.mistakes.extend(mistakes.iter().filter_map(named));
        }
        if status == Status::NotKnown && diagnosis.verdict == Verdict::Correct {
            diagnosis.verdict = Verdict::NotKnown;
        }
        diagnosis.stages.push(StageFinding {
            name: step.name,
            stage: format!("update[{}]", step.layer),
            role: step.role,
            status,
            shape: Some(step.shape),
            mistakes,
            evidence: step.evidence,
            right: step.right,
            names: Vec::new(),
        });
    }
    diagnosis
        .conventions
        .extend(rules.into_iter().map(|(rule, names)| format!("{}: {rule}", names.join(", "))));
}
