//! The search for the fewest mistakes that explain a person's arrays.
//!
//! Stages are walked in the order of computation.  A stage that the person gave is recomputed from
//! their own values before it, so each mistake is found where it was made and several are all found.
//! A stage that they did not give is *tried*: right, and with every mistake of the catalogue; what is
//! given further on decides.  The explanation with the least cost wins; all that cost the same are
//! kept, since nothing in the numbers tells them apart.

mod cost;

use super::candidates::{Candidate, candidates};
use super::case::{Case, Quantity, Values, magnitude, right, same};
use super::conventions::Convention;
use cost::{MISTAKE, SAID, UNKNOWN, UNUSUAL, is_poisoned, leads_on, price, unvouched};
use ndarray::Array2;
use std::rc::Rc;

/// What was found at one stage.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finding {
    /// The right numbers, given the person's own values before.
    Right,
    /// Right in a way that has to be said.
    Allowed(String),
    /// Mistakes: for each one the numbers under which it may go.
    Mistakes(Vec<Vec<u8>>, String),
    /// The array was overwritten later; its own numbers are not known.
    Overwritten(String),
    /// Wrong, and nothing in the catalogue gives these numbers.
    Unknown,
    /// What it is computed from is not known, or not a number.
    NotJudged,
}

/// One explanation of all given arrays.
#[derive(Clone)]
pub(super) struct Explanation {
    /// The conventions.
    pub(super) convention: Convention,
    /// What was found, stage by stage.
    pub(super) findings: Vec<(Quantity, Finding)>,
    /// The person's values where they gave them, else the computed ones.
    pub(super) values: Values,
    /// Whether the person's loss vouches for sum or mean, and for the penalty's form.
    pub(super) vouched: (bool, bool),
}

impl Explanation {
    /// Whether some stage is wrong.
    #[must_use]
    pub(super) fn has_mistakes(&self) -> bool {
        self.findings.iter().any(|(_, finding)| matches!(finding, Finding::Mistakes(..) | Finding::Unknown))
    }
}

/// All explanations of least cost.
#[must_use]
pub(super) fn explain(case: &Case) -> Vec<Explanation> {
    let order = Quantity::all(case.layers());
    let deltas =
        case.given.keys().any(|q| matches!(q, Quantity::Dlogits | Quantity::Da(_) | Quantity::Dz(_)));
    let until = order.iter().rposition(|q| case.given.contains_key(q)).map_or(0, |last| last + 1);
    let mut search =
        Search { case, order: &order[..until], limit: 0, next: 0, best: u32::MAX, found: Vec::new() };
    while search.found.is_empty() {
        search.next = u32::MAX;
        for convention in Convention::possible(case, deltas) {
            let path = Explanation {
                convention,
                findings: Vec::new(),
                values: Values::default(),
                vouched: (false, false),
            };
            let unsaid = if case.given.contains_key(&Quantity::Loss) { 0 } else { unvouched(&path, case) };
            search.go(0, unsaid, &path);
        }
        if search.next == u32::MAX {
            break;
        }
        // Some steps at a time; what is found within the limit is still the least.
        search.limit = search.next.max(search.limit + UNUSUAL);
    }
    search.found
}

struct Search<'a> {
    case: &'a Case,
    order: &'a [Quantity],
    limit: u32,
    /// The least cost that was cut off.
    next: u32,
    best: u32,
    found: Vec<Explanation>,
}

impl Search<'_> {
    fn go(&mut self, at: usize, cost: u32, path: &Explanation) {
        /// More explanations than this say nothing to a person.
        const MOST: usize = 48;
        if cost > self.best {
            return;
        }
        if cost > self.limit {
            self.next = self.next.min(cost);
            return;
        }
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
        if self.case.given.contains_key(&quantity) {
            self.given(at, cost, path, quantity);
        } else {
            self.hidden(at, cost, path, quantity);
        }
    }

    /// One step further with this value and finding.
    fn step(
        &mut self,
        at: usize,
        cost: u32,
        path: &Explanation,
        value: Option<Rc<Array2<f64>>>,
        finding: Finding,
    ) {
        // Not cloned in vain.
        if cost > self.limit || cost > self.best {
            self.next = self.next.min(cost);
            return;
        }
        let mut path = path.clone();
        let quantity = self.order[at];
        if let Some(value) = value.filter(|value| leads_on(self.case, quantity, value)) {
            path.values.0.insert(quantity, value);
        }
        path.findings.push((quantity, finding));
        self.go(at + 1, cost, &path);
    }

    /// A stage whose numbers the person gave.
    fn given(&mut self, at: usize, cost: u32, path: &Explanation, quantity: Quantity) {
        let case = self.case;
        let Some(given) = case.given.get(&quantity) else { return };
        let own = Rc::new(given.value.clone());
        let Some(right) = right(case, &path.convention, &path.values, quantity) else {
            return self.step(at, cost, path, Some(own), Finding::NotJudged);
        };
        let scale = magnitude(case, &path.convention, &path.values, quantity);
        let matches = |value: &Array2<f64>| same(&given.value, value, case.tolerance, scale);
        if quantity == Quantity::Loss {
            return self.loss(at, cost, path, &right, &own);
        }
        if matches(&right) {
            return self.step(at, cost, path, Some(own), Finding::Right);
        }
        // Overwritten in place by a later stage: what it was is computed, and may itself be wrong.
        let over = super::aliasing::overwritten_by(case, quantity, &right);
        let all = candidates(case, &path.convention, &path.values, quantity);
        if let Some(by) = &over {
            let finding = Finding::Overwritten(by.clone());
            self.step(at, cost + SAID, path, Some(Rc::new(right.clone())), finding);
            if quantity == Quantity::Probs {
                for candidate in &all {
                    let finding = Finding::Mistakes(candidate.parts.clone(), candidate.detail.clone());
                    let price = cost + SAID + price(&candidate.parts, quantity, path);
                    self.step(at, price, path, Some(Rc::new(candidate.value.clone())), finding);
                }
            }
        }
        let mut fitting: Vec<(u32, Candidate)> = all
            .into_iter()
            .filter(|candidate| matches(&candidate.value))
            .map(|candidate| (price(&candidate.parts, quantity, path), candidate))
            .collect();
        fitting.sort_by_key(|(price, _)| *price);
        let Some(least) = fitting.first().map(|(price, _)| *price) else {
            if over.is_none() {
                let poisoned = is_poisoned(case, &path.values, quantity);
                let (price, finding) =
                    if poisoned { (0, Finding::NotJudged) } else { (UNKNOWN, Finding::Unknown) };
                self.step(at, cost + price, path, Some(own), finding);
            }
            return;
        };
        fitting.retain(|(price, _)| *price == least);
        let finding = merged(fitting.into_iter().map(|(_, candidate)| candidate).collect());
        self.step(at, cost + least, path, Some(own), finding);
    }

    /// The loss vouches for conventions, if it is one that they give.
    fn loss(&mut self, at: usize, cost: u32, path: &Explanation, right: &Array2<f64>, own: &Rc<Array2<f64>>) {
        let case = self.case;
        // One number without cancellation: rounding is far below this.
        let tolerance = case.tolerance.min(1e-5);
        let matches = |value: &Array2<f64>| same(own, value, tolerance, 0.0);
        let mut step = |vouched: (bool, bool), price: u32, finding: Finding| {
            let mut path = path.clone();
            path.vouched = vouched;
            let cost = cost + price + unvouched(&path, case);
            self.step(at, cost, &path, Some(own.clone()), finding);
        };
        if matches(right) {
            return step((true, true), 0, Finding::Right);
        }
        if let Some(mean) = super::case::data_loss(case, &path.values) {
            let data = path.convention.data_part(case, mean);
            if matches(&Array2::from_elem((1, 1), data)) {
                let words = "it is the data loss alone, without the penalty".to_owned();
                step((true, false), 2, Finding::Allowed(words));
            }
        }
        let fitting: Vec<Candidate> = candidates(case, &path.convention, &path.values, Quantity::Loss)
            .into_iter()
            .filter(|candidate| matches(&candidate.value))
            .collect();
        if !fitting.is_empty() {
            return step((false, false), MISTAKE, merged(fitting));
        }
        if is_poisoned(case, &path.values, Quantity::Loss) {
            return step((false, false), 0, Finding::NotJudged);
        }
        step((false, false), UNKNOWN, Finding::Unknown);
    }

    /// A stage whose numbers are not given: all that it may be.
    fn hidden(&mut self, at: usize, cost: u32, path: &Explanation, quantity: Quantity) {
        let case = self.case;
        let right = right(case, &path.convention, &path.values, quantity).map(Rc::new);
        let shape = right.as_ref().map(|right| right.dim());
        let known = right.is_some();
        let all_wrong =
            if known { Vec::new() } else { candidates(case, &path.convention, &path.values, quantity) };
        if all_wrong.is_empty() {
            self.step(at, cost, path, right, if known { Finding::Right } else { Finding::NotJudged });
        }
        // The shapes before do not fit: only a mistake that lets them leads on.
        for candidate in all_wrong {
            let price = cost + price(&candidate.parts, quantity, path);
            let finding = Finding::Mistakes(candidate.parts, candidate.detail);
            self.step(at, price, path, Some(Rc::new(candidate.value)), finding);
        }
        // Nothing further on is computed from these, or the catalogue has nothing for them.
        let tried =
            matches!(quantity, Quantity::Probs | Quantity::Dlogits | Quantity::Da(_) | Quantity::Dz(_));
        if !known || !tried || !self.is_needed(at) {
            return;
        }
        if cost + SAID > self.limit {
            self.next = self.next.min(cost + SAID);
            return;
        }
        for candidate in candidates(case, &path.convention, &path.values, quantity) {
            // With another shape the person's code would have stopped; a column more lets it run on.
            let wide = candidate.parts == [[38]] && self.goes_on_wide(quantity);
            if Some(candidate.value.dim()) != shape && !wide {
                continue;
            }
            let (price, finding) = if candidate.parts.is_empty() {
                (SAID, Finding::Allowed(candidate.detail))
            } else {
                (
                    price(&candidate.parts, quantity, path),
                    Finding::Mistakes(candidate.parts, candidate.detail),
                )
            };
            self.step(at, cost + price, path, Some(Rc::new(candidate.value)), finding);
        }
        self.step(at, cost + UNKNOWN, path, None, Finding::Unknown);
    }

    /// Whether a person's code can have gone on with the bias's column still in this hidden derivative: what is
    /// computed from it next has that column too, and then the shapes stop fitting.
    fn goes_on_wide(&self, quantity: Quantity) -> bool {
        let (Quantity::Da(l) | Quantity::Dz(l)) = quantity else { return false };
        let units = self.case.network.sizes[l];
        self.case.given.iter().all(|(given, array)| match *given {
            Quantity::Dz(m) | Quantity::Dw(m) if m == l => array.value.ncols() == units + 1,
            Quantity::Da(m) | Quantity::Dz(m) | Quantity::Dw(m) | Quantity::Db(m) => m >= l,
            _ => true,
        })
    }

    /// Whether a given quantity further on is computed from this one.
    fn is_needed(&self, at: usize) -> bool {
        let layers = self.case.layers();
        let rest = &self.order[at + 1..];
        let given = |q: &Quantity| self.case.given.contains_key(q);
        match self.order[at] {
            Quantity::Probs => true,
            Quantity::Da(l) => {
                // Only dz, and mistake 51, read it.
                let stop = rest.iter().position(|q| *q == Quantity::Dz(l));
                let dz_hidden = stop.is_some_and(|i| !given(&rest[i]));
                stop.is_some_and(|i| given(&rest[i])) || (dz_hidden && rest.iter().any(given))
            }
            Quantity::Dz(l) if l < layers => rest.iter().any(given),
            _ => rest.iter().any(given),
        }
    }
}

/// One finding for candidates that give the same numbers.
fn merged(fitting: Vec<Candidate>) -> Finding {
    let mut fitting = fitting.into_iter();
    let Some(mut first) = fitting.next() else { return Finding::Unknown };
    if first.parts.is_empty() {
        return Finding::Allowed(first.detail);
    }
    for other in fitting {
        if let ([ids], [more]) = (&mut first.parts[..], &other.parts[..]) {
            let new: Vec<u8> = more.iter().filter(|id| !ids.contains(id)).copied().collect();
            ids.extend(new);
        }
    }
    Finding::Mistakes(first.parts, first.detail)
}
