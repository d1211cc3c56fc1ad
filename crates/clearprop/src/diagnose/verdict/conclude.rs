//! The verdict, the first wrong stage and the mistakes.

use super::stages::MOST_AT_A_STAGE;
use super::{loops, stages};
use crate::diagnose::catalogue::mistake;
use crate::diagnose::convention::Convention;
use crate::diagnose::diagnosis::{Diagnosis, Named, StageFinding, Status, Verdict};
use crate::diagnose::graph::{Bias, Graph};
use crate::diagnose::judge::{Explanation, Finding, first_nan};
use crate::diagnose::naming::{place_of, resolved, undecided};
use crate::diagnose::read_as::read_as;
use crate::diagnose::right::right_line;
use crate::diagnose::words;
use crate::mistake::MistakeId;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{self, A, B, Kept, Loss, W, X, Z},
};

/// Inputs that are no numbers: nothing can be said of what is computed from them.
pub(super) fn not_a_number(graph: &Graph) -> Option<Diagnosis> {
    let name = |variable: Variable, l: usize| {
        let in_w = matches!(variable, B(_)) && graph.bias.get(l).is_some_and(|bias| *bias != Bias::Separate);
        graph.names.get(&if in_w { W(l) } else { variable }).cloned().unwrap_or_default()
    };
    let inputs = std::iter::once((X, 0, &graph.x))
        .chain((1..=graph.layers()).flat_map(|l| [(W(l), l, &graph.w[l]), (B(l), l, &graph.b[l])]));
    for (variable, l, e) in inputs {
        let Some(value) = e.value().map(|value| &value.data) else { continue };
        if let Some((row, column)) = first_nan(value) {
            let name = name(variable, l);
            let at = if graph.turned.0 && variable == X || graph.turned.1 && variable != X {
                format!("{column}, {row}")
            } else {
                format!("{row}, {column}")
            };
            let words =
                format!("{name}[{at}] is {}: nothing computed from it can be right", value[[row, column]]);
            return Some(Diagnosis {
                verdict: Verdict::Wrong,
                first_wrong_stage: Some(name),
                mistakes: Vec::new(),
                conventions: graph.understood.clone(),
                forward: Vec::new(),
                stages: Vec::new(),
                hints: Vec::new(),
                questions: Vec::new(),
                warnings: std::iter::once(words).chain(graph.warnings.clone()).collect(),
                ignored: graph.ignored.clone(),
                read_as: read_as(graph, &Convention::usual(graph)),
                head: words::head(graph),
            });
        }
    }
    None
}

/// The explanations that say most, the simplest first.
pub(super) fn in_order(graph: &Graph, mut explanations: Vec<Explanation>) -> Vec<Explanation> {
    // What explains every stage is worth more than what leaves one open.
    let open_ended = |one: &Explanation| one.findings.iter().any(|(_, finding)| *finding == Finding::Unknown);
    if explanations.iter().any(|one| !open_ended(one)) {
        explanations.retain(|one| !open_ended(one));
    }
    // And what judges more arrays than what leaves them open.
    let open = |one: &Explanation| {
        let open = |(q, finding): &&(Quantity, Finding)| {
            graph.given.contains_key(q) && matches!(finding, Finding::NotJudged | Finding::NotKnown)
        };
        one.findings.iter().filter(open).count()
    };
    let least = explanations.iter().map(open).min();
    explanations.retain(|one| Some(open(one)) == least);
    explanations.iter_mut().for_each(|one| one.settle_the_loss(graph));
    // Readings without a mistake first, and of these the ones that need no question.
    explanations.sort_by_key(|one| (one.has_mistakes(), undecided(graph, one).len()));
    explanations
}

/// What is said of the explanations of least cost, in order.
pub(super) fn conclude(graph: &Graph, explanations: Vec<Explanation>) -> Diagnosis {
    let main = &explanations[0];
    let open = undecided(graph, main);
    let unknown = main.findings.iter().any(|(_, finding)| *finding == Finding::NotKnown);
    let mut verdict = match (main.has_mistakes(), unknown || !open.is_empty()) {
        (true, _) => Verdict::Wrong,
        (false, true) => Verdict::NotKnown,
        (false, false) => Verdict::Correct,
    };
    let mut places: Vec<(Quantity, MistakeId)> = Vec::new();
    let mut roots: Vec<Quantity> = Vec::new();
    if verdict == Verdict::Wrong {
        for one in explanations.iter().filter(|one| one.has_mistakes()) {
            for (quantity, ids) in resolved(graph, one) {
                for id in ids {
                    if !places.contains(&(quantity, id)) {
                        places.push((quantity, id));
                    }
                }
            }
            let wrong = |(_, finding): &(Quantity, Finding)| {
                matches!(finding, Finding::Mistakes(..) | Finding::Unknown)
            };
            roots.extend(one.findings.iter().find(|found| wrong(found)).map(|(quantity, _)| *quantity));
        }
    }
    for deviation in &open {
        let Some(id) = deviation.id else { continue };
        let place = place_of(graph, id);
        if verdict == Verdict::NotKnown {
            roots.push(place);
        }
        if !places.contains(&(place, id)) {
            places.push((place, id));
        }
    }
    // What is not in the file is seen in what is computed from it, and is off.
    let reference = stages::reference(graph, main);
    let off = |q: Quantity| graph.given.contains_key(&q) && !stages::as_reference(graph, main, &reference, q);
    let hidden: Vec<(Quantity, Quantity)> = places
        .iter()
        .map(|(quantity, _)| *quantity)
        .chain(roots.iter().copied())
        .filter(|quantity| !graph.given.contains_key(quantity))
        .map(|quantity| {
            let given = |q: Quantity| graph.given.contains_key(&q);
            let at = seen_at(graph, quantity, &off).or_else(|| seen_at(graph, quantity, &given));
            (quantity, at.unwrap_or(quantity))
        })
        .collect();
    let seen = |quantity: &mut Quantity| {
        if let Some((_, at)) = hidden.iter().find(|(one, _)| one == quantity) {
            *quantity = *at;
        }
    };
    places.iter_mut().for_each(|(quantity, _)| seen(quantity));
    roots.iter_mut().for_each(seen);
    let order = graph.order();
    let position = |q: &Quantity| order.iter().position(|other| other == q).unwrap_or(usize::MAX);
    places.sort_by_key(|(quantity, _)| position(quantity));
    roots.sort_by_key(position);
    roots.dedup();
    places.dedup();
    let mut stages = stages::stages(graph, main, &places, &hidden);
    let mut first_wrong_stage = match roots[..] {
        [] => None,
        [one] => Some(graph.name(one)),
        // Several places would explain it: then the first array that is off.
        _ => {
            let off = |s: &&StageFinding| {
                s.shape.is_some() && matches!(s.status, Status::Wrong | Status::Inherited)
            };
            stages.iter().find(off).map(|stage| stage.name.clone()).or_else(|| Some(graph.name(roots[0])))
        }
    };
    let mut mistakes: Vec<Named> = Vec::new();
    for (quantity, id) in &places {
        let stage = graph.name(*quantity);
        let at_stage = mistakes.iter().filter(|named| named.stage == stage).count();
        let known = mistakes.iter().any(|named| named.stage == stage && named.id == *id);
        if let Some(mistake) = mistake(*id).filter(|_| !known && at_stage < MOST_AT_A_STAGE) {
            mistakes.push(Named { id: *id, name: mistake.name, stage });
        }
    }
    let mut conventions = graph.understood.clone();
    conventions.extend(main.convention.deviations(graph).into_iter().map(|deviation| deviation.words));
    for (quantity, finding) in &main.findings {
        match finding {
            Finding::Allowed(words) => conventions.push(format!("{}: {words}", graph.name(*quantity))),
            Finding::Overwritten(by) => conventions.push(format!(
                "{} was overwritten in place by {by}: its own numbers are gone",
                graph.name(*quantity)
            )),
            _ => {}
        }
    }
    if let Some(loops) = loops::judged(graph, main) {
        conventions.push(loops.words);
        if loops.wrong {
            verdict = Verdict::Wrong;
            first_wrong_stage = loops.first_wrong.or(first_wrong_stage);
            mistakes.splice(0..0, loops.mistakes);
        }
        for found in loops.stages {
            match stages.iter_mut().find(|stage| stage.stage == found.stage) {
                Some(stage) => *stage = found,
                None => stages.push(found),
            }
        }
    }
    if verdict == Verdict::Correct
        && let Some(next) = next(graph)
    {
        verdict = Verdict::Incomplete;
        let name = graph.name(next);
        if let Some(stage) = stages.iter_mut().find(|stage| stage.name == name) {
            stage.right = right_line(graph, &main.convention, next);
        }
    }
    let mut warnings = graph.warnings.clone();
    if graph.given.contains_key(&Of(Loss)) && main.of(Of(Loss)) == Some(&Finding::Right) {
        // The loss shows that there is no penalty.
        warnings.retain(|warning| !warning.starts_with("reg is not in the file"));
    }
    warnings.extend(crate::diagnose::probe::hidden_by(graph));
    Diagnosis {
        verdict,
        first_wrong_stage: if verdict == Verdict::Wrong || !open.is_empty() {
            first_wrong_stage
        } else {
            None
        },
        mistakes,
        conventions,
        forward: stages::forward(graph, main),
        stages,
        hints: Vec::new(),
        questions: open.iter().map(|deviation| deviation.question.to_owned()).collect(),
        warnings,
        ignored: graph.ignored.clone(),
        read_as: read_as(graph, &main.convention),
        head: words::head(graph),
    }
}

/// The array of the file that shows a mistake first: where it was made, else the next that is computed from it.
fn seen_at(graph: &Graph, quantity: Quantity, shows: &dyn Fn(Quantity) -> bool) -> Option<Quantity> {
    let last = graph.layers();
    let mut waiting = std::collections::VecDeque::from([quantity]);
    let mut shown: Vec<Quantity> = Vec::new();
    while let Some(one) = waiting.pop_front() {
        if shows(one) {
            shown.push(one);
            continue;
        }
        match one {
            Of(A(l)) if l == last => waiting.extend([Of(Loss), By(A(l)), By(Z(l))]),
            Of(Z(l)) => waiting.push_back(Of(A(l))),
            Of(A(l)) => waiting.extend([Of(Kept(l)), Of(Z(l + 1)), By(W(l + 1))]),
            Of(Kept(l)) => waiting.extend([Of(Z(l + 1)), By(W(l + 1))]),
            By(Z(l)) => {
                waiting.extend([By(W(l)), By(B(l))]);
                if l > 1 {
                    waiting.extend([By(Kept(l - 1)), By(A(l - 1))]);
                }
            }
            By(A(l)) => waiting.push_back(By(Z(l))),
            By(Kept(l)) => waiting.push_back(By(A(l))),
            _ => {}
        }
    }
    graph.order().into_iter().find(|quantity| shown.contains(quantity))
}

/// The first quantity that a program which stopped half way has still to compute.
fn next(graph: &Graph) -> Option<Quantity> {
    let order = graph.order();
    if (1..=graph.layers()).all(|l| graph.given.contains_key(&By(W(l)))) || !graph.leftovers.is_empty() {
        return None;
    }
    let last = order.iter().rposition(|q| graph.given.contains_key(q))?;
    order[last + 1..].iter().copied().find(|q| {
        !matches!(q, By(B(l)) if graph.bias[*l] != Bias::Separate) && *q != By(Variable::A(graph.layers()))
    })
}
