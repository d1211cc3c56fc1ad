//! Conventions: choices that a right pass may make.  They are inferred, said, and never called mistakes.

use super::case::Case;
use crate::network::Penalized;
use crate::target::TargetKind;

/// What the loss adds for large weights, and hence what `dw` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PenaltyForm {
    /// `reg/2 * sum(W^2)`, so `reg * W`: cs231n's notes and the notebook.
    Half,
    /// `reg * sum(W^2)`, so `2 * reg * W`.
    Full,
    /// `reg/(2N) * sum(W^2)`, so `reg/N * W`: scikit-learn.
    OverN,
    /// `reg` is there but nothing uses it.
    Absent,
}

/// The choices of one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convention {
    /// The derivatives are per row, and 1/N comes with `dw` and `db`.
    pub late: bool,
    /// The loss is a sum over rows, not a mean.
    pub summed: bool,
    /// What the data loss is multiplied by: 2 for a squared error without its 1/2, 1/k for a mean over
    /// outputs too.
    pub factor: f64,
    /// The penalty's form.
    pub penalty: PenaltyForm,
    /// What is penalised.
    pub over: Penalized,
}

impl Convention {
    /// The mean loss, `reg/2`, and the bias as the layout suggests.
    #[must_use]
    pub fn usual(case: &Case) -> Self {
        Self {
            late: false,
            summed: false,
            factor: 1.0,
            penalty: PenaltyForm::Half,
            over: case.network.penalty.over,
        }
    }

    /// What `probs - onehot` is multiplied by to give `dlogits`.
    #[must_use]
    pub fn dlogits_scale(&self, case: &Case) -> f64 {
        if self.late || self.summed { self.factor } else { self.factor / case.rows() }
    }

    /// What sums over rows are multiplied by in `dw` and `db`.
    #[must_use]
    pub fn mean(&self, case: &Case) -> f64 {
        if self.late && !self.summed { 1.0 / case.rows() } else { 1.0 }
    }

    /// What `W` is multiplied by in `dw`.
    #[must_use]
    pub fn strength(&self, case: &Case) -> f64 {
        let reg = case.network.penalty.reg;
        match self.penalty {
            PenaltyForm::Half => reg,
            PenaltyForm::Full => 2.0 * reg,
            PenaltyForm::OverN => reg / case.rows(),
            PenaltyForm::Absent => 0.0,
        }
    }

    /// What `b` is multiplied by in `db`.
    #[must_use]
    pub fn bias_strength(&self, case: &Case) -> f64 {
        if self.over == Penalized::All { self.strength(case) } else { 0.0 }
    }

    /// The data's part of the loss, from the mean.
    #[must_use]
    pub fn data_part(&self, case: &Case, mean: f64) -> f64 {
        mean * self.factor * if self.summed { case.rows() } else { 1.0 }
    }

    /// The loss, from the mean data loss.
    #[must_use]
    pub fn loss(&self, case: &Case, mean: f64) -> f64 {
        let squares =
            |arrays: &[ndarray::Array2<f64>]| -> f64 { arrays.iter().flatten().map(|v| v * v).sum() };
        let over = squares(&case.w) + if self.over == Penalized::All { squares(&case.b) } else { 0.0 };
        self.data_part(case, mean) + 0.5 * self.strength(case) * over
    }

    /// All conventions that can differ in this case, with what choosing them costs before the loss has spoken.
    #[must_use]
    pub fn possible(case: &Case, deltas_given: bool) -> Vec<Self> {
        let usual = Self::usual(case);
        let mut factors = vec![1.0];
        let k = case.network.outputs() as f64;
        // A mean over the outputs too; of squares without the half.
        if case.network.loss == crate::loss::Loss::Squared {
            factors.extend([2.0, 1.0 / k, 2.0 / k]);
        } else if case.network.loss.takes() != TargetKind::Classes {
            factors.push(1.0 / k);
        }
        factors.dedup();
        let penalties: &[PenaltyForm] = if case.network.penalty.reg == 0.0 {
            &[PenaltyForm::Half]
        } else {
            &[PenaltyForm::Half, PenaltyForm::Full, PenaltyForm::OverN, PenaltyForm::Absent]
        };
        let biased = case.network.penalty.reg != 0.0 && case.b.iter().flatten().any(|&b| b != 0.0);
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
                        all.push(Self { late, summed, factor, penalty, over });
                    }
                }
            }
        }
        all
    }

    /// Each choice that differs from the usual, in words, with the number of the mistake it could be
    /// taken for.
    #[must_use]
    pub fn deviations(&self, case: &Case) -> Vec<Deviation> {
        let usual = Self::usual(case);
        let mut found = Vec::new();
        let mut add = |id, words: &str, question: &'static str| {
            found.push(Deviation { id, words: words.to_owned(), question });
        };
        if self.late {
            add(None, "1/N comes late: derivatives are per row, the mean is taken in dW and db", "");
        }
        if self.summed {
            add(
                Some(1),
                "the loss is a sum over rows, not a mean",
                "is your loss a sum over the rows, or their mean?",
            );
        }
        if self.factor != 1.0 {
            let words = format!("the data loss has a factor {}", super::words::number(self.factor));
            add(None, &words, "");
        }
        match self.penalty {
            PenaltyForm::Half => {}
            PenaltyForm::Full => add(
                Some(20),
                "the penalty is reg * sum(W^2), without 1/2",
                "does your loss add reg * sum(W^2), or reg/2 * sum(W^2)?",
            ),
            PenaltyForm::OverN => add(
                Some(21),
                "the penalty is divided by N, as scikit-learn's: reg/(2N) * sum(W^2)",
                "does your loss divide the penalty by N?",
            ),
            PenaltyForm::Absent => add(None, "the loss has no penalty: reg is not used", ""),
        }
        if self.over != usual.over {
            let words = match self.over {
                Penalized::All => "the biases are penalised too",
                Penalized::Weights => "the biases are not penalised",
            };
            add(Some(25), words, "does the penalty in your loss contain the biases?");
        }
        found
    }
}

/// A choice that differs from the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The mistake with the same numbers.
    pub id: Option<u8>,
    /// The choice in words.
    pub words: String,
    /// What to ask the person, if their loss does not tell.
    pub question: &'static str,
}
