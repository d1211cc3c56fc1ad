//! What a loop over single samples leaves behind: the arrays of one row, judged for that row.

use super::stages;
use crate::diagnose::catalogue::mistake;
use crate::diagnose::convention::Convention;
use crate::diagnose::diagnosis::{Named, StageFinding, Status};
use crate::diagnose::expression::{Expr, Part};
use crate::diagnose::graph::Graph;
use crate::diagnose::judge::{Explanation, Finding, explain, explain_in};
use crate::diagnose::naming::resolved;
use crate::mistake::MistakeId;
use crate::quantity::{Quantity, Quantity::Of};

/// What was found in the arrays of one row.
pub(super) struct Loops {
    pub(super) words: String,
    pub(super) wrong: bool,
    pub(super) first_wrong: Option<String>,
    pub(super) mistakes: Vec<Named>,
    pub(super) stages: Vec<StageFinding>,
}

/// Judges the arrays that hold one row's part; `None` if there are none.
pub(super) fn judged(graph: &Graph, whole: &Explanation) -> Option<Loops> {
    /// So many rows are tried, from the last one on.
    const ROWS: usize = 30;
    /// What that may compute, whatever was spent on the rest.
    const BUDGET: u64 = 100_000_000;
    const ELSEWHERE: u32 = 15;
    if graph.leftovers.is_empty() {
        return None;
    }
    graph.memo.grant(BUDGET);
    let names: Vec<&str> = graph.leftovers.iter().map(|(_, given)| given.name.as_str()).collect();
    let mut best: Option<(u32, usize, Graph, Explanation)> = None;
    for i in (0..graph.n).rev().take(ROWS) {
        let one = of_row(graph, i);
        let (cost, found) = if whole.vouched.0 {
            // The file's loss tells what its rows' derivatives are of; where 1/N comes it does not.
            let late = |late| Convention { late, ..whole.convention };
            explain_in(&one, u32::MAX, &[late(false), late(true)])
        } else {
            explain(&one, u32::MAX)
        };
        // A loop ends with the last row: that the numbers are of another one and wrong besides has to explain much.
        let doubt = |found: &Explanation| if i + 1 < graph.n && found.has_mistakes() { ELSEWHERE } else { 0 };
        if let Some(found) = found.into_iter().next()
            && best.as_ref().is_none_or(|(least, ..)| cost + doubt(&found) < *least)
        {
            best = Some((cost + doubt(&found), i, one, found));
        }
        if best.as_ref().is_some_and(|(cost, ..)| *cost < 3) {
            break;
        }
    }
    let (_, i, one, main) = best?;
    let forward_right = one.given.keys().all(|q| {
        !matches!(q, Of(_))
            || matches!(main.of(*q), Some(Finding::Right | Finding::Allowed(_) | Finding::Mistakes(..)))
    });
    if !forward_right {
        // Nobody knows of which row they are, or of which weights.
        return Some(Loops {
            words: format!(
                "{} hold the numbers of one row only, and of none that could be found: not judged",
                names.join(", ")
            ),
            wrong: false,
            first_wrong: None,
            mistakes: vec![],
            stages: vec![],
        });
    }
    let mut places = Vec::new();
    for (quantity, ids) in resolved(&one, &main) {
        places.extend(ids.into_iter().map(|id| (quantity, id)));
    }
    let order = one.order();
    places.sort_by_key(|(q, _): &(Quantity, MistakeId)| order.iter().position(|other| other == q));
    let mut found = stages::stages(&one, &main, &places, &[]);
    found.retain(|stage| stage.shape.is_some());
    let first_wrong =
        found.iter().find(|stage| stage.status == Status::Wrong).map(|stage| stage.name.clone());
    let mut mistakes: Vec<Named> = Vec::new();
    for (quantity, id) in &places {
        let stage = one.name(*quantity);
        let at = mistakes.iter().filter(|named| named.stage == stage).count();
        if let Some(mistake) = mistake(*id).filter(|_| at < stages::MOST_AT_A_STAGE) {
            mistakes.push(Named { id: *id, name: mistake.name, stage });
        }
    }
    Some(Loops {
        words: format!(
            "{} hold one row only, row {i}: what a loop over the samples leaves behind",
            names.join(", ")
        ),
        wrong: first_wrong.is_some(),
        first_wrong,
        mistakes,
        stages: found,
    })
}

/// The pass of one row alone.
fn of_row(graph: &Graph, i: usize) -> Graph {
    let mut one = graph.clone();
    let row = |e: &Expr| e.slice(0, Part::At(i));
    one.n = 1;
    one.x = row(&graph.x);
    one.x_wide = graph.x_wide.as_ref().map(row);
    one.target = row(&graph.target);
    one.classes = graph.classes.as_ref().map(|classes| vec![classes[i]]);
    one.given = graph.leftovers.iter().cloned().collect();
    one.leftovers.clear();
    one.turned.0 = false;
    one
}
