//! One explanation of a person's arrays: what was found, stage by stage.

use crate::diagnose::convention::Convention;
use crate::diagnose::graph::{Graph, Pass};
use crate::mistake::MistakeId;
use crate::quantity::{
    Quantity,
    Quantity::{By, Of},
    Variable::Loss,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What was found at one stage.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::diagnose) enum Finding {
    /// The right numbers, given the person's own values before.
    Right,
    /// Right in a way that has to be said.
    Allowed(String),
    /// Mistakes: for each one the numbers under which it may go.
    Mistakes(Vec<Vec<MistakeId>>, String),
    /// The array was overwritten later; its own numbers are not known.
    Overwritten(String),
    /// Wrong, and nothing that is known gives these numbers.
    Unknown,
    /// No known function gives these numbers: nobody can say whether they are right.
    NotKnown,
    /// What it is computed from is not known, or not a number.
    NotJudged,
}

/// One explanation of all given arrays.
#[derive(Clone)]
pub(in crate::diagnose) struct Explanation {
    /// The conventions.
    pub(in crate::diagnose) convention: Convention,
    /// What was found, stage by stage.
    pub(in crate::diagnose) findings: Vec<(Quantity, Finding)>,
    /// The person's values where they gave them, else the computed ones.
    pub(in crate::diagnose) pass: Pass,
    /// Whether the person's loss vouches for sum or mean, and for the penalty's form.
    pub(in crate::diagnose) vouched: (bool, bool),
}

impl Explanation {
    /// Whether some stage is wrong.
    pub(in crate::diagnose) fn has_mistakes(&self) -> bool {
        self.findings.iter().any(|(_, finding)| matches!(finding, Finding::Mistakes(..) | Finding::Unknown))
    }

    /// A loss that nothing gives is wrong, where every derivative of the file is the one of the loss as it was read.
    pub(in crate::diagnose) fn settle_the_loss(&mut self, graph: &Graph) {
        let derivatives =
            || self.findings.iter().filter(|(q, _)| matches!(q, By(_)) && graph.given.contains_key(q));
        let right =
            |(_, finding): &(Quantity, Finding)| matches!(finding, Finding::Right | Finding::Allowed(_));
        let all_right = derivatives().next().is_some() && derivatives().all(right);
        if let (true, Some((_, finding))) =
            (all_right, self.findings.iter_mut().find(|(q, _)| *q == Of(Loss)))
            && *finding == Finding::NotKnown
        {
            *finding = Finding::Unknown;
        }
    }

    /// The same for what computes the same: conventions and values, whatever was found in them.
    pub(in crate::diagnose) fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let Convention { late, summed, factor, ascent, penalty, over } = self.convention;
        (late, summed, factor.to_bits(), ascent, penalty as u8, over as u8).hash(&mut hasher);
        for (quantity, value) in &self.pass.0 {
            (quantity, value.mark()).hash(&mut hasher);
        }
        hasher.finish()
    }

    pub(in crate::diagnose) fn of(&self, quantity: Quantity) -> Option<&Finding> {
        self.findings.iter().find(|(other, _)| *other == quantity).map(|(_, finding)| finding)
    }
}
