//! A line for each stage, and for each edge of the forward pass.

use crate::diagnose::diagnosis::{Edge, StageFinding, Status};
use crate::diagnose::differentiate::{magnitude, right, step};
use crate::diagnose::evidence::evidence;
use crate::diagnose::expression::{Expr, Op};
use crate::diagnose::function::Function;
use crate::diagnose::graph::{Bias, Given, Graph, Pass, difference, same};
use crate::diagnose::judge::{Explanation, Finding};
use crate::diagnose::right::right_line;
use crate::diagnose::words;
use crate::mistake::MistakeId::{self, BiasPenalty, PenaltyFactor, PenaltyOverN};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Loss, W, Z},
};

/// The most mistakes that are named at one stage.
pub(super) const MOST_AT_A_STAGE: usize = 3;

/// The pass without any mistake, in the same conventions.
pub(super) fn reference(graph: &Graph, main: &Explanation) -> Pass {
    let mut bare = graph.clone();
    bare.given.clear();
    let mut pass = Pass::default();
    for quantity in graph.order() {
        if let Some(e) = right(&bare, &main.convention, &pass, quantity) {
            pass.0.insert(quantity, e);
        }
    }
    pass
}

/// Whether the person's numbers are those of the pass without any mistake.
pub(super) fn as_reference(graph: &Graph, main: &Explanation, reference: &Pass, quantity: Quantity) -> bool {
    let scale = magnitude(graph, &main.convention, reference, quantity);
    let own = graph.given.get(&quantity).map(Given::value);
    own.zip(reference.value(quantity))
        .is_some_and(|(own, right)| same(own, right, 10.0 * graph.tolerance, scale))
}

/// What was found at each stage; `hidden` are stages that are wrong and not in the file, each with the array that
/// shows it.
pub(super) fn stages(
    graph: &Graph,
    main: &Explanation,
    places: &[(Quantity, MistakeId)],
    hidden: &[(Quantity, Quantity)],
) -> Vec<StageFinding> {
    let last = graph.layers();
    // What is not in the file, as it should be.
    let mut clean = main.clone();
    if !hidden.is_empty() {
        clean.pass = Pass::default();
        graph.order().into_iter().for_each(|q| step(graph, &main.convention, &mut clean.pass, q));
    }
    let reference = reference(graph, main);
    let mut stages: Vec<StageFinding> = Vec::new();
    for quantity in graph.order() {
        let given = graph.given.get(&quantity);
        let passed_over = match quantity {
            Of(A(l)) if l == last => graph.functions[l] == Function::Identity && given.is_none(),
            By(A(l)) if l == last => given.is_none(),
            // Where the output is z itself, one of the two is enough.
            Of(Z(l)) if l == last && graph.functions[l] == Function::Identity => {
                given.is_none() && graph.given.contains_key(&Of(A(l)))
            }
            By(Z(l)) if l == last && graph.functions[l] == Function::Identity => {
                given.is_none() && graph.given.contains_key(&By(A(l)))
            }
            By(B(l)) => graph.bias[l] == Bias::None,
            _ => false,
        };
        if passed_over {
            continue;
        }
        let finding = main.of(quantity);
        let as_reference = || as_reference(graph, main, &reference, quantity);
        let shown: Vec<Quantity> =
            hidden.iter().filter(|(_, at)| *at == quantity).map(|(made, _)| *made).collect();
        let status = match (given, finding) {
            (None, _) => Status::NotGiven,
            (_, Some(Finding::Mistakes(..) | Finding::Unknown)) => Status::Wrong,
            (Some(_), _) if !shown.is_empty() && !as_reference() => Status::Wrong,
            (Some(_), Some(Finding::Overwritten(_))) => Status::Overwritten,
            (Some(_), Some(Finding::NotJudged) | None) => Status::NotJudged,
            (Some(_), Some(Finding::NotKnown)) => Status::NotKnown,
            (Some(_), Some(Finding::Right | Finding::Allowed(_))) => {
                let allowed = matches!(finding, Some(Finding::Allowed(_)));
                if allowed || as_reference() { Status::Right } else { Status::Inherited }
            }
        };
        let mut mistakes: Vec<MistakeId> = Vec::new();
        for (_, id) in places.iter().filter(|(other, _)| *other == quantity) {
            if !mistakes.contains(id) && mistakes.len() < MOST_AT_A_STAGE {
                mistakes.push(*id);
            }
        }
        let wrong = status == Status::Wrong;
        // From zeros nothing below tells whether 1/N comes here or with dw.
        let is_open = quantity == By(Z(last))
            && graph.given.contains_key(&By(W(last)))
            && given.is_some_and(|given| given.value().iter().all(|v| *v == 0.0));
        // A loss that nothing gives may have any penalty.
        let is_unvouched = matches!(quantity, By(W(_) | B(_)))
            && graph.reg != 0.0
            && graph.given.contains_key(&Of(Loss))
            && !main.vouched.1
            && main.of(Of(Loss)) == Some(&Finding::NotKnown);
        // Whether the loss is a sum or a mean, the derivatives by the parameters alone tell where 1/N may come late.
        let is_free = quantity == Of(Loss)
            && !main.vouched.0
            && main.convention.late
            && !graph.given.keys().any(|q| matches!(q, By(W(_) | B(_))));
        // Nor is there one where only the loss could tell which layer's penalty is the right one.
        let is_unsaid = matches!(quantity, By(W(_) | B(_)))
            && graph.reg != 0.0
            && !graph.given.contains_key(&Of(Loss))
            && mistakes.iter().any(|id| matches!(id, PenaltyFactor | PenaltyOverN | BiasPenalty));
        let mut said = Vec::new();
        if wrong {
            said.extend(elsewhere(graph, main, &shown));
            said.extend(evidence(graph, if shown.is_empty() { main } else { &clean }, quantity));
        }
        let found = StageFinding {
            name: graph.name(quantity),
            stage: quantity.stage_at(last),
            role: words::role(graph, quantity),
            status,
            shape: given.map(|given| given.shape.clone()),
            mistakes,
            evidence: said,
            right: if wrong && !is_open && !is_unvouched && !is_free && !is_unsaid {
                right_line(graph, &main.convention, quantity)
            } else {
                None
            },
            names: if wrong { words::letters(graph, quantity) } else { Vec::new() },
        };
        // With the bias trick dw and db are one array: one line, the worse of the two.
        match stages.last_mut() {
            Some(before) if matches!(quantity, By(B(l)) if graph.bias[l].in_w()) => {
                let new: Vec<MistakeId> =
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

/// That the mistake is in something that is not in the file: one of these.
fn elsewhere(graph: &Graph, main: &Explanation, made: &[Quantity]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for quantity in made {
        let detail = match main.of(*quantity) {
            Some(Finding::Mistakes(_, detail)) if !detail.is_empty() => format!(" ({detail})"),
            _ => String::new(),
        };
        let name = format!("{}{detail}", graph.name(*quantity));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let are = if names.len() > 1 { "which are" } else { "which is" };
    (!names.is_empty()).then(|| format!("the mistake is in {}, {are} not in the file", names.join(" or ")))
}

/// How the file's forward arrays follow.
pub(super) fn forward(graph: &Graph, main: &Explanation) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (quantity, given) in &graph.given {
        let Of(variable) = quantity else { continue };
        let Some(e) = right(graph, &main.convention, &main.pass, *quantity) else { continue };
        let Some(value) = e.value() else { continue };
        let (function, f) = match variable {
            Z(_) => ("affine".to_owned(), None),
            A(l) => (graph.functions[*l].name(), Some(graph.functions[*l])),
            Loss => (graph.cost.name().to_owned(), None),
            _ => continue,
        };
        let mut from = Vec::new();
        names(&e, &mut from);
        edges.push(Edge {
            name: given.name.clone(),
            from,
            function,
            parameters: f.map(|f| f.parameters().into_iter().collect()).unwrap_or_default(),
            residual: if value.data.dim() == given.value().dim() {
                difference(given.value(), &value.data, 0.0)
            } else {
                f64::MAX
            },
        });
    }
    edges
}

/// The arrays that an expression reads.
fn names(e: &Expr, found: &mut Vec<String>) {
    if let Op::Array(source) = e.op()
        && !found.contains(&source.name)
    {
        found.push(source.name.clone());
    }
    for part in e.parts() {
        names(part, found);
    }
}
