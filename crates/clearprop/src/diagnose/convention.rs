//! Conventions: choices that a right pass may make.  They are inferred, said, and never called mistakes.

use super::expression::{Expr, Reduce};
use super::function::{Cost, Function};
use super::graph::{Bias, Graph, Pass};
use super::number::number;
use crate::mistake::MistakeId::{
    self, BiasPenalty, FactorTwo, MeanOverOutputsToo, NoMean, PenaltyFactor, PenaltyOverN,
};
use crate::network::Penalized;
use crate::quantity::{
    Quantity::{By, Of},
    Variable::{A, B, W, Z},
};

/// What the loss adds for large weights, and hence what `dw` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PenaltyForm {
    /// `reg/2 * sum(W^2)`, so `reg * W`: cs231n's notes and the notebook.
    Half,
    /// `reg * sum(W^2)`, so `2 * reg * W`.
    Full,
    /// `reg/(2N) * sum(W^2)`, so `reg/N * W`: scikit-learn.
    OverN,
    /// `reg/N * sum(W^2)`.
    FullOverN,
    /// `reg` is there but nothing uses it.
    Absent,
}

/// The choices of one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Convention {
    /// The derivatives are per row, and 1/N comes with `dw` and `db`.
    pub(super) late: bool,
    /// The loss is a sum over rows, not a mean.
    pub(super) summed: bool,
    /// What the data loss is multiplied by: 2 for a squared error without its 1/2, 1/k for a mean over
    /// outputs too.
    pub(super) factor: f64,
    /// The derivatives are those of minus the loss, to be added to the weights.
    pub(super) ascent: bool,
    /// The penalty's form.
    pub(super) penalty: PenaltyForm,
    /// What is penalised.
    pub(super) over: Penalized,
}

impl Convention {
    /// The mean loss, `reg/2`, and the bias as the layout suggests.
    pub(super) fn usual(graph: &Graph) -> Self {
        Self {
            late: false,
            summed: false,
            factor: 1.0,
            ascent: false,
            penalty: PenaltyForm::Half,
            over: graph.over,
        }
    }

    /// Whether the factor is one that people's losses have as often as none: a mean of squares without 1/2, a mean
    /// over outputs too.
    pub(super) fn is_common_factor(&self, graph: &Graph) -> bool {
        let k = graph.outputs() as f64;
        match graph.cost {
            Cost::Squared => self.factor == 2.0 || self.factor == 2.0 / k,
            Cost::Binary => self.factor == 1.0 / k,
            _ => false,
        }
    }

    fn sign(&self) -> f64 {
        if self.ascent { -1.0 } else { 1.0 }
    }

    /// What the derivative of the sum over rows is multiplied by in the deltas.
    pub(super) fn scale(&self, graph: &Graph) -> f64 {
        self.sign() * if self.late || self.summed { self.factor } else { self.factor / graph.n() }
    }

    /// The derivative of the data loss, from that of the sum.
    pub(super) fn scaled(&self, graph: &Graph, sum: Expr) -> Expr {
        let sum = times_factor(sum, self.sign() * self.factor, graph);
        if self.late || self.summed { sum } else { sum / graph.rows.clone() }
    }

    /// The mean over rows, where it comes late.
    pub(super) fn mean(&self, graph: &Graph, sum: Expr) -> Expr {
        if self.late && !self.summed { sum / graph.rows.clone() } else { sum }
    }

    /// What `W` is multiplied by in `dw`.
    pub(super) fn strength(&self, graph: &Graph) -> f64 {
        self.sign()
            * match self.penalty {
                PenaltyForm::Half => graph.reg,
                PenaltyForm::Full => 2.0 * graph.reg,
                PenaltyForm::OverN => graph.reg / graph.n(),
                PenaltyForm::FullOverN => 2.0 * graph.reg / graph.n(),
                PenaltyForm::Absent => 0.0,
            }
    }

    /// The same as it is printed.
    pub(super) fn strength_text(&self, graph: &Graph) -> Expr {
        let reg = graph.reg_text.clone();
        match self.penalty {
            PenaltyForm::Half | PenaltyForm::Absent => reg,
            PenaltyForm::Full => Expr::number(2.0) * reg,
            PenaltyForm::OverN => reg / graph.rows.clone(),
            PenaltyForm::FullOverN => Expr::number(2.0) * reg / graph.rows.clone(),
        }
    }

    /// A derivative with the penalty's part.
    pub(super) fn penalised(&self, graph: &Graph, data: Expr, w: &Expr) -> Expr {
        if self.strength(graph) == 0.0 {
            return data;
        }
        let part = self.strength_text(graph) * w.clone();
        if self.ascent { data - part } else { data + part }
    }

    /// The data's part of the loss.
    pub(super) fn data_loss(&self, graph: &Graph, pass: &Pass) -> Option<Expr> {
        let last = graph.layers();
        let z = pass.get(Of(Z(last)))?;
        let computed = graph.functions[last].apply(z);
        let p = pass.get(Of(A(last))).unwrap_or(&computed);
        let sum = graph.cost.sum(p, z, &graph.target);
        let sum = times_factor(sum, self.factor, graph);
        Some(if self.summed { sum } else { sum / graph.rows.clone() })
    }

    /// The penalty's part of the loss; `None` if there is none.
    pub(super) fn penalty_part(&self, graph: &Graph) -> Option<Expr> {
        if self.strength(graph) == 0.0 {
            return None;
        }
        let reg = graph.reg_text.clone();
        let strength = match self.penalty {
            PenaltyForm::Half | PenaltyForm::Absent => reg / Expr::number(2.0),
            PenaltyForm::Full => reg,
            PenaltyForm::OverN => reg / Expr::number(2.0) / graph.rows.clone(),
            PenaltyForm::FullOverN => reg / graph.rows.clone(),
        };
        Some(strength * self.squares(graph)?)
    }

    /// The sum of squares of all that is penalised.
    pub(super) fn squares(&self, graph: &Graph) -> Option<Expr> {
        let mut sum: Option<Expr> = None;
        for l in 1..=graph.layers() {
            let parts: Vec<Expr> = match (&graph.full[l], self.over, graph.bias[l]) {
                (Some(full), Penalized::All, _) => vec![full.clone()],
                (None, Penalized::All, Bias::Separate) => vec![graph.w[l].clone(), graph.b[l].clone()],
                _ => vec![graph.w[l].clone()],
            };
            for part in parts {
                let squares = part.squared().total();
                sum = Some(match sum {
                    None => squares,
                    Some(sum) => sum + squares,
                });
            }
        }
        sum
    }

    /// The loss.
    pub(super) fn loss(&self, graph: &Graph, pass: &Pass) -> Option<Expr> {
        let data = self.data_loss(graph, pass)?;
        Some(match self.penalty_part(graph) {
            Some(penalty) => data + penalty,
            None => data,
        })
    }

    /// The loss in other forms that are the same but for rounding: from the last z, where a probability is too small to
    /// be told from 0, and with a small number under the logarithm.
    pub(super) fn other_losses(&self, graph: &Graph, pass: &Pass) -> Vec<Expr> {
        const EPSILONS: [f64; 8] = [1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15];
        let last = graph.layers();
        let (Some(z), Some(p), y) = (pass.get(Of(Z(last))), pass.get(Of(A(last))), &graph.target) else {
            return vec![];
        };
        let mut sums = Vec::new();
        match (graph.cost, graph.functions[last]) {
            (Cost::CrossEntropy, Function::Softmax) => {
                let shifted = z.clone() - z.reduce(Reduce::Max, Some(1));
                sums.push((shifted.exp().sum(1).log() - (shifted * y.clone()).sum(1)).total());
            }
            (Cost::Binary, Function::Logistic) => {
                sums.push((Function::Softplus.apply(z) - y.clone() * z.clone()).total())
            }
            _ => {}
        }
        sums.extend(EPSILONS.iter().filter_map(|epsilon| graph.cost.sum_with(p, y, *epsilon)));
        let descent = Self { ascent: false, late: false, ..*self };
        let whole = |sum: Expr| {
            let data = descent.scaled(graph, sum);
            match self.penalty_part(graph) {
                Some(penalty) => data + penalty,
                None => data,
            }
        };
        sums.into_iter().map(whole).collect()
    }

    /// All conventions that can differ in this case.
    pub(super) fn possible(graph: &Graph, deltas_given: bool) -> Vec<Self> {
        let usual = Self::usual(graph);
        let mut factors = vec![1.0];
        let k = graph.outputs() as f64;
        match graph.cost {
            Cost::CrossEntropy | Cost::Hinge => {}
            Cost::Squared => factors.extend([2.0, 1.0 / k, 2.0 / k]),
            _ => factors.push(1.0 / k),
        }
        if graph.loss_is_known
            && graph.cost == Cost::CrossEntropy
            && graph.functions[graph.layers()] == Function::Softmax
        {
            factors.push(1.0 / k);
        }
        let mut seen: Vec<f64> = Vec::new();
        factors.retain(|f| {
            if seen.contains(f) {
                false
            } else {
                seen.push(*f);
                true
            }
        });
        let penalties: &[PenaltyForm] = if graph.reg == 0.0 {
            &[PenaltyForm::Half]
        } else {
            &[
                PenaltyForm::Half,
                PenaltyForm::Full,
                PenaltyForm::OverN,
                PenaltyForm::FullOverN,
                PenaltyForm::Absent,
            ]
        };
        let biased = graph.reg != 0.0
            && (1..=graph.layers())
                .any(|l| graph.b[l].value().is_some_and(|b| b.data.iter().any(|&b| b != 0.0)));
        let overs: &[Penalized] = match (biased, usual.over) {
            (false, Penalized::All) => &[Penalized::All],
            (false, Penalized::Weights) => &[Penalized::Weights],
            (true, Penalized::All) => &[Penalized::All, Penalized::Weights],
            (true, Penalized::Weights) => &[Penalized::Weights, Penalized::All],
        };
        let mut all = Vec::new();
        for &(late, summed) in &[(false, false), (true, false), (false, true)] {
            if late && !deltas_given {
                continue; // 1/N early or late gives the same gradients
            }
            for &factor in &factors {
                for &penalty in penalties {
                    for &over in overs {
                        all.push(Self { late, summed, factor, ascent: graph.ascent, penalty, over });
                    }
                }
            }
        }
        all
    }

    /// Each choice that differs from the usual, in words, with the number of the mistake it could be
    /// taken for.
    pub(super) fn deviations(&self, graph: &Graph) -> Vec<Deviation> {
        let usual = Self::usual(graph);
        let mut found = Vec::new();
        let mut add = |id, words: &str, question: &'static str| {
            found.push(Deviation { id, words: words.to_owned(), question });
        };
        if self.late {
            let there = graph.given.keys().any(|q| matches!(q, By(W(_) | B(_))));
            let words = if there {
                "1/N comes late: derivatives are per row, the mean is taken in dW and db"
            } else {
                "derivatives are per row: dW and db have still to add up the rows, or take their mean"
            };
            add(None, words, "");
        }
        if self.summed {
            add(
                Some(NoMean),
                "the loss is a sum over rows, not a mean",
                "is your loss a sum over the rows, or their mean?",
            );
        }
        if self.factor != 1.0 {
            // Numbers of the mistakes that give the same.
            let id = if self.is_common_factor(graph) {
                Some(if self.factor == 2.0 { FactorTwo } else { MeanOverOutputsToo })
            } else {
                None
            };
            add(
                id,
                &format!("the data loss has a factor {}", number(self.factor)),
                "which factor has your loss: is there a 1/2 before the square, is it a mean over the outputs too?",
            );
        }
        if self.ascent {
            add(
                None,
                "your error is y minus the output, so your derivatives are those of minus the loss: they are added to the weights",
                "",
            );
        }
        match self.penalty {
            PenaltyForm::Half => {}
            PenaltyForm::Full => add(
                Some(PenaltyFactor),
                "the penalty is reg * sum(W^2), without 1/2",
                "does your loss add reg * sum(W^2), or reg/2 * sum(W^2)?",
            ),
            PenaltyForm::OverN => add(
                Some(PenaltyOverN),
                "the penalty is divided by N, as scikit-learn's: reg/(2N) * sum(W^2)",
                "does your loss divide the penalty by N?",
            ),
            PenaltyForm::FullOverN => add(
                Some(PenaltyOverN),
                "the penalty is reg/N * sum(W^2)",
                "does your loss divide the penalty by N?",
            ),
            PenaltyForm::Absent => add(None, "the loss has no penalty: reg is not used", ""),
        }
        if self.over != usual.over {
            let words = match self.over {
                Penalized::All => "the biases are penalised too",
                Penalized::Weights => "the biases are not penalised",
            };
            add(Some(BiasPenalty), words, "does the penalty in your loss contain the biases?");
        }
        found
    }
}

/// Multiplied by a factor like 2 or 2/k, which is printed as the person would write it.
fn times_factor(sum: Expr, factor: f64, graph: &Graph) -> Expr {
    let k = graph.outputs() as f64;
    if graph.outputs() > 1 && (factor * k - 1.0).abs() < 1e-12 {
        return sum / Expr::number(k);
    }
    if graph.outputs() > 2 && (factor * k - 2.0).abs() < 1e-12 {
        return sum.times(2.0) / Expr::number(k);
    }
    sum.times(factor)
}

/// A choice that differs from the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deviation {
    /// The mistake with the same numbers.
    pub(super) id: Option<MistakeId>,
    /// The choice in words.
    pub(super) words: String,
    /// What to ask the person, if their loss does not tell.
    pub(super) question: &'static str,
}
