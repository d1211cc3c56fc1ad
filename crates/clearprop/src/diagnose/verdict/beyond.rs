//! What lies beyond the backward pass: the update step, and hints where all is right.

use super::{Diagnosis, Named, StageFinding, Status, Verdict};
use crate::diagnose::arrays::Array;
use crate::diagnose::catalogue::mistake;
use crate::diagnose::graph::{Bias, Graph, Pass};
use crate::diagnose::judge::Explanation;
use crate::diagnose::reconstruct::step;
use crate::diagnose::stuck;
use crate::diagnose::update::{Found, Learnt, steps};
use crate::network::Penalized;
use crate::quantity::{
    Quantity::By,
    Variable::{B, W},
};

/// Adds what the file shows of its update, and hints.
pub(super) fn add(diagnosis: &mut Diagnosis, graph: &Graph, main: &Explanation, arrays: &[Array]) {
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
                name: name.clone(),
                derivative: graph.given.get(&By(variable)).map(|given| given.name.clone()),
                decay: if penalised { strength } else { 0.0 },
            });
        }
    }
    let found = steps(arrays, &learnt);
    let mut rules: Vec<(String, Vec<String>)> = Vec::new();
    for step in found {
        diagnosis.ignored.retain(|name| *name != step.name);
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
            let named = |id: &u8| {
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
