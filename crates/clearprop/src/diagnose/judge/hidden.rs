//! A stage that is not in the file: right, or with a mistake of the catalogue that what follows shows.

use super::Search;
use super::cost::{SAID, UNKNOWN, price};
use super::explanation::{Explanation, Finding};
use crate::diagnose::differentiate::right;
use crate::diagnose::expression::{Expr, Op};
use crate::diagnose::graph::same;
use crate::mistake::MistakeId::{self, BiasColumnKept, Factor, OtherArray, OtherLeak, PartLeftOut};
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::{A, B, Kept, W, Z},
};

impl Search<'_> {
    /// A stage whose numbers are not given: all that it may be.
    pub(super) fn hidden(&mut self, at: usize, cost: u32, path: &Explanation, quantity: Quantity) {
        let graph = self.graph;
        let name = |e: Expr| Expr::new(Op::Absent(graph.name(quantity), e));
        let right = right(graph, &path.convention, &path.pass, quantity).map(name);
        let by_outputs = quantity == By(A(graph.layers()));
        if by_outputs {
            // Passed over, unless the person goes that way.
            return self.step(at, cost, path, None, Finding::Right);
        }
        if matches!(quantity, By(_)) && self.unexplained(path, quantity).1 == Finding::NotJudged {
            // What follows may be right for the loss as it was read, and so vouch for this.
            if right.is_some() && quantity == By(Z(graph.layers())) {
                self.step(at, cost, path, right, Finding::Right);
            }
            return self.step(at, cost, path, None, Finding::NotJudged);
        }
        let shape = right.as_ref().and_then(Expr::dim);
        let known = right.is_some();
        let all_wrong = if known { Vec::new() } else { self.candidates(path, quantity) };
        if all_wrong.is_empty() {
            self.step(at, cost, path, right.clone(), if known { Finding::Right } else { Finding::NotJudged });
        }
        // The shapes before do not fit: only a mistake that lets them leads on.
        for candidate in all_wrong {
            let price = cost + price(&candidate.parts, quantity, path);
            let finding = Finding::Mistakes(candidate.parts, candidate.detail);
            self.step(at, price, path, Some(name(candidate.value)), finding);
        }
        // Nothing further on is computed from these, or the catalogue has nothing for them.
        let tried = match quantity {
            Of(A(l)) if l == graph.layers() => true,
            // A loss that is none of the forward pass as it should be shows that something in it is wrong.
            // (Only where that alone explains the rest.)
            Of(Z(_) | A(_)) if self.limit >= UNKNOWN || !self.may_follow(path) => false,
            Of(Z(l)) => graph.has_odd_loss() || self.leads_nowhere(l, right.as_ref()),
            Of(A(_)) => graph.has_odd_loss(),
            By(Z(_) | A(_) | Kept(_)) => true,
            _ => false,
        };
        if self.plain || !known || !tried || !self.is_needed(at) {
            return;
        }
        if cost + SAID > self.limit {
            self.next = self.next.min(cost + SAID);
            return;
        }
        for candidate in self.candidates(path, quantity) {
            // What is not given is tried with the usual mistakes only.
            let unusual = |id: &MistakeId| {
                let rare = matches!(id, Factor | OtherArray) || (OtherLeak..=PartLeftOut).contains(id);
                rare && matches!(quantity, By(_))
            };
            if candidate.parts.iter().flatten().any(unusual) {
                continue;
            }
            let least =
                if candidate.parts.is_empty() { SAID } else { price(&candidate.parts, quantity, path) };
            if cost + least > self.limit {
                self.next = self.next.min(cost + least);
                continue;
            }
            // With another shape the person's code would have stopped; a column more lets it run on.
            let wide = candidate.parts == [[BiasColumnKept]] && self.goes_on_wide(quantity);
            if candidate.value.dim() != shape && !wide {
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
            self.step(at, cost + price, path, Some(name(candidate.value)), finding);
        }
        self.step(at, cost + UNKNOWN, path, None, Finding::Unknown);
    }

    /// Whether one mistake in the forward pass can be all there is: none was found before, and the derivatives by the
    /// weights have their shapes.
    fn may_follow(&self, path: &Explanation) -> bool {
        let graph = self.graph;
        let fits = |l: usize| graph.given.get(&By(W(l))).is_none_or(|dw| dw.view.dim() == graph.w[l].dim());
        let clean = path.findings.iter().all(|(_, finding)| !matches!(finding, Finding::Mistakes(..)));
        clean && (1..=graph.layers()).all(fits)
    }

    /// Whether the file's output of a layer is not that of z as it should be.
    fn leads_nowhere(&self, l: usize, z: Option<&Expr>) -> bool {
        let graph = self.graph;
        let (Some(z), Some(own)) = (z, graph.given.get(&Of(A(l)))) else { return false };
        let made = graph.functions[l].apply(z);
        !graph.norms.contains_key(&l)
            && made.value().is_some_and(|made| !same(own.value(), &made.data, graph.tolerance, 0.0))
    }

    /// Whether a person's code can have gone on with the bias's column still in this hidden derivative: what is
    /// computed from it next has that column too, and then the shapes stop fitting.
    fn goes_on_wide(&self, quantity: Quantity) -> bool {
        let By(A(l) | Z(l)) = quantity else { return false };
        let units = self.graph.sizes[l];
        self.graph.given.iter().all(|(given, array)| match *given {
            By(Z(m) | W(m)) if m == l => array.view.dim().is_some_and(|dim| dim.1 == units + 1),
            By(A(m) | Z(m) | W(m) | B(m)) => m >= l,
            _ => true,
        })
    }

    /// Whether a given quantity further on is computed from this one.
    fn is_needed(&self, at: usize) -> bool {
        let layers = self.graph.layers();
        let rest = &self.order[at + 1..];
        let given = |q: &Quantity| self.graph.given.contains_key(q);
        match self.order[at] {
            Of(A(l)) if l == layers => true,
            By(A(l)) => {
                // Only dz, and mistake 51, read it.
                let stop = rest.iter().position(|q| *q == By(Z(l)));
                let dz_hidden = stop.is_some_and(|i| !given(&rest[i]));
                stop.is_some_and(|i| given(&rest[i])) || (dz_hidden && rest.iter().any(given))
            }
            _ => rest.iter().any(given),
        }
    }
}
