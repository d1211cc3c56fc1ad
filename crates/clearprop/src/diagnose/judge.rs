//! Room four: the fewest mistakes that explain a person's arrays.
//!
//! Stages are walked in the order of computation.  A stage that the person gave is recomputed from
//! their own values before it, so each mistake is found where it was made and several are all found.
//! A stage that they did not give is *tried*: right, and with every mistake of the catalogue; what is
//! given further on decides.  The explanation with the least cost wins; all that cost the same are
//! kept, since nothing in the numbers tells them apart.

mod choose;
mod cost;
mod explanation;
mod hidden;
mod overwritten;

pub(super) use overwritten::first_nan;

use super::convention::Convention;
use super::differentiate::{magnitude, right, step};
use super::expression::Expr;
use super::graph::{Graph, Pass, same};
use super::mistakes::{Candidate, candidates, mutants};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Beta, Gamma, Kept, Loss, Normed, Scaled, W, Z},
};
use choose::{Known, merged, possible};
pub(super) use cost::MISTAKE;
use cost::{SAID, UNKNOWN, UNUSUAL, is_poisoned, leads_on, least, price, unvouched};
pub(super) use explanation::{Explanation, Finding};
use std::collections::BTreeMap;

/// All explanations of least cost, at most the given one, and that cost.
pub(super) fn explain(graph: &Graph, most: u32) -> (u32, Vec<Explanation>) {
    let deltas = graph.given.keys().any(|q| matches!(q, By(Z(_) | A(_) | Kept(_))));
    explain_in(graph, most, &possible(graph, deltas))
}

/// The same where the conventions are known.
pub(super) fn explain_in(graph: &Graph, most: u32, conventions: &[Convention]) -> (u32, Vec<Explanation>) {
    let order = graph.order();
    let last = order.iter().rposition(|q| graph.given.contains_key(q)).map_or(0, |last| last + 1);
    let mut search = Search {
        graph,
        order: &order[..last],
        limit: 0,
        plain: false,
        next: 0,
        best: u32::MAX,
        found: Vec::new(),
        changes: BTreeMap::new(),
        fitting: BTreeMap::new(),
    };
    let go = |search: &mut Search<'_>| {
        for convention in conventions {
            let path = Explanation {
                convention: *convention,
                findings: Vec::new(),
                pass: Pass::default(),
                vouched: (false, false),
            };
            let unsaid = if graph.given.contains_key(&Of(Loss)) { 0 } else { unvouched(&path, graph) };
            search.go(0, unsaid, &path);
        }
    };
    // What is not in the file taken to be right: that is found at once, and bounds what is looked for.
    let plain = |search: &mut Search<'_>| {
        let limit = search.limit;
        (search.plain, search.limit) = (true, most);
        go(search);
        (search.plain, search.limit) = (false, limit);
        std::mem::take(&mut search.found)
    };
    let mut simple: Option<Vec<Explanation>> = None;
    while search.found.is_empty() {
        if search.limit > 2 * MISTAKE && simple.is_none() {
            simple = Some(plain(&mut search));
        }
        search.next = u32::MAX;
        go(&mut search);
        if search.next == u32::MAX || search.next > most || graph.memo.is_spent() {
            break;
        }
        // Some steps at a time; what is found within the limit is still the least.
        search.limit = search.next.max(search.limit + UNUSUAL).min(most);
    }
    if search.found.is_empty() && simple.is_none() && graph.memo.is_spent() {
        // Out of work: an answer there is all the same.
        graph.memo.grant(SIMPLE);
        simple = Some(plain(&mut search));
        graph.memo.spend(SIMPLE);
    }
    let found = if search.found.is_empty() { simple.unwrap_or_default() } else { search.found };
    (search.best, found)
}

/// What the simplest answer may compute where the search was stopped.
const SIMPLE: u64 = 100_000_000;

/// What one step of the search costs beside what it computes, in numbers.
const STEP: u64 = 1_000;

/// Nothing was found before the search was stopped: what is given is not judged.
pub(super) fn not_judged(graph: &Graph) -> Explanation {
    let convention = Convention::usual(graph);
    let mut pass = Pass::default();
    let mut findings = Vec::new();
    for quantity in graph.order() {
        step(graph, &convention, &mut pass, quantity);
        let finding = if graph.given.contains_key(&quantity) { Finding::NotKnown } else { Finding::Right };
        findings.push((quantity, finding));
    }
    Explanation { convention, findings, pass, vouched: (true, true) }
}

struct Search<'a> {
    graph: &'a Graph,
    order: &'a [Quantity],
    limit: u32,
    /// Whether what is not in the file is taken to be right.
    plain: bool,
    /// The least cost that was cut off.
    next: u32,
    best: u32,
    found: Vec<Explanation>,
    /// The changes of a right line that give the person's numbers: the same whatever else is tried.
    changes: Known,
    /// The candidates that give the person's numbers, by all that they are made of: each deeper search asks again.
    fitting: Known,
}

impl Search<'_> {
    fn go(&mut self, at: usize, cost: u32, path: &Explanation) {
        /// More explanations than this say nothing to a person.
        const MOST: usize = 48;
        if cost > self.best || self.graph.memo.is_spent() {
            return;
        }
        if cost > self.limit {
            self.next = self.next.min(cost);
            return;
        }
        self.graph.memo.spend(STEP);
        let Some(&quantity) = self.order.get(at) else {
            if cost < self.best {
                self.best = cost;
                self.found.clear();
            }
            if self.found.len() < MOST {
                self.found.push(path.clone());
            }
            return;
        };
        if self.graph.given.contains_key(&quantity) {
            self.given(at, cost, path, quantity);
        } else {
            self.hidden(at, cost, path, quantity);
        }
    }

    /// One step further with this value and finding.
    fn step(&mut self, at: usize, cost: u32, path: &Explanation, value: Option<Expr>, finding: Finding) {
        // Not cloned in vain.
        if cost > self.limit || cost > self.best {
            self.next = self.next.min(cost);
            return;
        }
        let mut path = path.clone();
        let quantity = self.order[at];
        if let Some(value) = value.filter(|value| leads_on(self.graph, quantity, value)) {
            path.pass.0.insert(quantity, value);
        }
        path.findings.push((quantity, finding));
        self.go(at + 1, cost, &path);
    }

    /// A stage whose numbers the person gave.
    fn given(&mut self, at: usize, cost: u32, path: &Explanation, quantity: Quantity) {
        let graph = self.graph;
        let Some(given) = graph.given.get(&quantity) else { return };
        let own = given.view.clone();
        let Some(right) = right(graph, &path.convention, &path.pass, quantity) else {
            // A shape that no derivative by these parameters has is wrong, whatever the rest is.
            // (The column of the next layer's ones, left in, is a mistake with a name.)
            let odd = match quantity {
                By(W(l) | B(l)) => {
                    let like = if quantity == By(W(l)) { &graph.w[l] } else { &graph.b[l] };
                    let ones = l < graph.layers() && graph.bias[l + 1].in_w();
                    let widened = like.dim().map(|(rows, columns)| (rows, columns + 1));
                    own.dim() != like.dim() && !(ones && own.dim() == widened)
                }
                _ => false,
            };
            let (price, finding) = if odd { (UNKNOWN, Finding::Unknown) } else { (0, Finding::NotJudged) };
            return self.step(at, cost + price, path, Some(own), finding);
        };
        let scale = magnitude(graph, &path.convention, &path.pass, quantity);
        let matches = |e: &Expr| {
            e.dim() == own.dim()
                && !graph.memo.is_spent()
                && e.value().is_some_and(|value| same(given.value(), &value.data, graph.tolerance, scale))
        };
        if quantity == Of(Loss) {
            return self.loss(at, cost, path, &right, &own);
        }
        if matches(&right) {
            return self.step(at, cost, path, Some(own), Finding::Right);
        }
        let poisoned = is_poisoned(graph, &path.pass, quantity);
        // Overwritten in place by a later stage: what it was is computed, and may itself be wrong.
        let over = overwritten::by(graph, quantity, &right);
        let least = self.unexplained(path, quantity).0.min(least(quantity, path));
        let out_of_reach = over.is_none() && !poisoned && cost + least > self.limit;
        if let Some(by) = &over {
            let finding = Finding::Overwritten(by.clone());
            self.step(at, cost + SAID, path, Some(right.clone()), finding);
            if quantity == Of(A(graph.layers())) {
                for candidate in &self.candidates(path, quantity) {
                    let finding = Finding::Mistakes(candidate.parts.clone(), candidate.detail.clone());
                    let price = cost + SAID + price(&candidate.parts, quantity, path);
                    self.step(at, price, path, Some(candidate.value.clone()), finding);
                }
            }
        }
        let poisoned = over.is_none() && poisoned;
        let mut fitting = if out_of_reach && matches!(quantity, By(W(_) | B(_))) {
            Vec::new()
        } else {
            let mut all = self.fitting(path, quantity, &matches);
            all.retain(|candidate| !out_of_reach || candidate.parts.is_empty());
            choose::priced(all, quantity, path)
        };
        if out_of_reach && fitting.is_empty() {
            self.next = self.next.min(cost + least);
            return;
        }
        let poisoned = fitting.is_empty() && poisoned;
        let may_be_wrong = over.is_none() || matches!(quantity, By(_)) && cost + MISTAKE <= self.limit;
        if fitting.is_empty() && may_be_wrong && !poisoned && !self.is_guessed(path, quantity) {
            let changes = self.changes(path, quantity, &right, &matches);
            fitting = choose::priced(changes, quantity, path);
        }
        if !may_be_wrong {
            self.next = self.next.min(cost + MISTAKE);
        }
        let Some(least) = fitting.first().map(|(price, _)| *price) else {
            if over.is_none() {
                let (price, finding) =
                    if poisoned { (0, Finding::NotJudged) } else { self.unexplained(path, quantity) };
                self.step(at, cost + price, path, Some(own), finding);
            }
            return;
        };
        fitting.retain(|(price, _)| *price == least);
        let finding = merged(fitting.into_iter().map(|(_, candidate)| candidate).collect());
        self.step(at, cost + least, path, Some(own), finding);
    }

    /// Whether what a derivative is computed from is not in the file, and taken to be wrong: two mistakes in what is one
    /// line to the person are not looked for.
    fn is_guessed(&self, path: &Explanation, quantity: Quantity) -> bool {
        let from = match quantity {
            By(Z(l)) => By(A(l)),
            By(A(l)) => By(Z(l + 1)),
            By(W(l) | B(l)) => By(Z(l)),
            _ => return false,
        };
        let wrong = matches!(path.of(from), Some(Finding::Mistakes(..) | Finding::Unknown));
        wrong && !self.graph.given.contains_key(&from)
    }

    /// The right line with one thing changed, where that gives the person's numbers.
    fn changes(
        &mut self,
        path: &Explanation,
        quantity: Quantity,
        right: &Expr,
        matches: &dyn Fn(&Expr) -> bool,
    ) -> Vec<Candidate> {
        let graph = self.graph;
        let key = (quantity, right.mark());
        choose::known(graph, &mut self.changes, key, || mutants(graph, &path.pass, right, matches))
    }

    /// What of the catalogue gives the person's numbers.
    fn fitting(
        &mut self,
        path: &Explanation,
        quantity: Quantity,
        matches: &dyn Fn(&Expr) -> bool,
    ) -> Vec<Candidate> {
        let graph = self.graph;
        choose::known(graph, &mut self.fitting, (quantity, path.mark()), || {
            let mut found = candidates(graph, &path.convention, &path.pass, quantity);
            found.retain(|candidate| matches(&candidate.value));
            found
        })
    }

    /// Everything that the catalogue knows to go wrong here.
    fn candidates(&self, path: &Explanation, quantity: Quantity) -> Vec<Candidate> {
        candidates(self.graph, &path.convention, &path.pass, quantity)
    }

    /// What is said of numbers that nothing explains: wrong, where all that they follow from is known.
    fn unexplained(&self, path: &Explanation, quantity: Quantity) -> (u32, Finding) {
        let last = self.graph.layers();
        let open = |q: Quantity| path.of(q) == Some(&Finding::NotKnown);
        match quantity {
            // A number that is none is wrong in any network.
            Of(_) if self.graph.given[&quantity].value().iter().any(|v| !v.is_finite()) => {
                (UNKNOWN, Finding::Unknown)
            }
            Of(_)
                if self.graph.given[&quantity].view.dim()
                    != right(self.graph, &path.convention, &path.pass, quantity).and_then(|e| e.dim()) =>
            {
                (UNKNOWN, Finding::Unknown)
            }
            Of(_) => (UNKNOWN - 3, Finding::NotKnown),
            By(Z(l) | Normed(l) | Scaled(l) | Gamma(l) | Beta(l))
                if open(Of(A(l))) || open(Of(self.graph.before(l))) && l < last =>
            {
                (SAID, Finding::NotJudged)
            }
            By(Z(l) | Gamma(l)) if open(Of(Normed(l))) || open(Of(Z(l))) && l < last => {
                (SAID, Finding::NotJudged)
            }
            // How z follows is not known: nor is what is derived from that.
            By(W(l) | B(l)) if open(Of(Z(l))) => (SAID, Finding::NotJudged),
            By(A(l) | Kept(l)) if l < last && open(Of(Z(l + 1))) => (SAID, Finding::NotJudged),
            By(A(l) | Z(l)) if l == last && (open(Of(Loss)) || open(Of(A(last)))) => {
                (SAID, Finding::NotJudged)
            }
            _ => (UNKNOWN, Finding::Unknown),
        }
    }

    /// The loss vouches for conventions, if it is one that they give.
    fn loss(&mut self, at: usize, cost: u32, path: &Explanation, right: &Expr, own: &Expr) {
        let graph = self.graph;
        // One number without cancellation: rounding is far below this.
        let tolerance = graph.tolerance.clamp(1e-6, 1e-5);
        let matches = |e: &Expr| {
            e.value()
                .zip(own.value())
                .is_some_and(|(value, own)| same(&own.data, &value.data, tolerance, 0.0))
        };
        let in_reach = cost + MISTAKE <= self.limit;
        let step = |search: &mut Self, vouched: (bool, bool), price: u32, finding: Finding| {
            let mut path = path.clone();
            path.vouched = vouched;
            let cost = cost + price + unvouched(&path, graph);
            search.step(at, cost, &path, Some(own.clone()), finding);
        };
        if matches(right) || path.convention.other_losses(graph, &path.pass).iter().any(&matches) {
            return step(self, (true, true), 0, Finding::Right);
        }
        if let Some(data) = path.convention.data_loss(graph, &path.pass)
            && matches(&data)
        {
            let words = "it is the data loss alone, without the penalty".to_owned();
            step(self, (true, false), 2, Finding::Allowed(words));
        }
        let mut found: Vec<Candidate> =
            self.candidates(path, Of(Loss)).into_iter().filter(|c| matches(&c.value)).collect();
        found.sort_by_key(|candidate| candidate.parts.len());
        let poisoned = is_poisoned(graph, &path.pass, Of(Loss));
        if found.is_empty() && !poisoned && in_reach {
            // A number that has nothing of the outputs in it is what it is by chance.
            let last = graph.layers();
            let outputs = [graph.name(Of(A(last))), graph.name(Of(Z(last)))];
            found = self.changes(path, Of(Loss), right, &matches);
            found.retain(|candidate| outputs.iter().any(|name| candidate.value.mentions(name)));
            found.truncate(3);
        }
        if let Some(first) = found.first() {
            // Which loss it was meant to be is known.
            let mistakes = u32::try_from(first.parts.len()).unwrap_or(1);
            return step(self, (true, true), MISTAKE * mistakes, merged(found));
        }
        if poisoned {
            return step(self, (false, false), 0, Finding::NotJudged);
        }
        // Perhaps a loss that this program does not know: the derivatives tell.
        let odd = own.value().is_none_or(|own| own.data.iter().any(|v| !v.is_finite()));
        if odd {
            step(self, (false, false), UNKNOWN, Finding::Unknown);
        } else {
            step(self, (false, false), UNKNOWN - 3, Finding::NotKnown);
        }
    }
}
