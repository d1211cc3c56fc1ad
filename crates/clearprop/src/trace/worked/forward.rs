//! The forward stages, number by number.

use super::{Factor, Step, Term, bracketed, exact};
use crate::activation::Notation;
use crate::network::Penalized;
use crate::target::Target;
use crate::trace::{Kind, Names, Trace};
use ndarray::Axis;

impl Trace {
    /// `z[l][i,j] = sum over c of a[l-1][i,c] * w[l][c,j], + b[l][j]`.
    pub(super) fn work_z(&self, l: usize, i: usize, j: usize, names: Names) -> Step {
        let below = if l == 1 { Kind::X } else { Kind::A };
        let mut terms: Vec<Term> = (0..self.network.sizes[l - 1])
            .map(|c| {
                let factors =
                    vec![self.factor(below, l - 1, &[i, c], names), self.factor(Kind::W, l, &[c, j], names)];
                Term::new(format!("c={c}"), factors)
            })
            .collect();
        terms.push(Term::new("bias", vec![self.factor(Kind::B, l, &[j], names)]));
        let rule = format!(
            "sum over c of {}[{i},c] * {}[c,{j}], + {}",
            self.name(below, l - 1, names),
            self.name(Kind::W, l, names),
            self.number_name(Kind::B, l, &[j], names)
        );
        Step::new(self.number_name(Kind::Z, l, &[i, j], names), rule, terms)
    }

    /// `a[l][i,j] = act(z[l][i,j])`.
    pub(super) fn work_a(&self, l: usize, i: usize, j: usize, names: Names) -> Step {
        let z = self.pass.z[l][[i, j]];
        let (name, number) = (self.number_name(Kind::Z, l, &[i, j], names), exact(z));
        let write = |z: &str| self.network.activations[l - 1].formula(Notation::Plain, z);
        let factor = Factor { name: write(&name), arithmetic: write(&number), value: self.pass.a[l][[i, j]] };
        Step::new(
            self.number_name(Kind::A, l, &[i, j], names),
            write(&name),
            vec![Term::new("", vec![factor])],
        )
    }

    /// `probs[i,j]`: of softmax first the row's sum of exponentials, then the quotient.
    pub(super) fn work_probs(&self, i: usize, j: usize, names: Names) -> Vec<Step> {
        let logits = self.pass.logits().row(i);
        let name = |c: usize| self.number_name(Kind::Z, self.layers(), &[i, c], names);
        let result = self.number_name(Kind::Probs, 0, &[i, j], names);
        let value = self.pass.probs()[[i, j]];
        let single = |symbol: String, arithmetic: String| {
            let factor = Factor { name: symbol.clone(), arithmetic, value };
            vec![Step::new(result.clone(), symbol, vec![Term::new("", vec![factor])])]
        };
        let all_names: Vec<String> = (0..logits.len()).map(name).collect();
        let numbers: Vec<String> = logits.iter().map(|&z| exact(z)).collect();
        let loss = self.network.loss;
        match (loss.output_term(&all_names, j), loss.output_term(&numbers, j)) {
            (Some(symbol), Some(arithmetic)) => single(symbol, arithmetic),
            _ => {
                let largest = logits.fold(f64::NEG_INFINITY, |m, &z| m.max(z));
                let exp = |c: usize| Factor {
                    name: format!("exp({} - m)", name(c)),
                    arithmetic: format!("exp({} - {})", exact(logits[c]), bracketed(largest)),
                    value: (logits[c] - largest).exp(),
                };
                let all = format!("{}[{i},c]", self.name(Kind::Z, self.layers(), names));
                let sum = Step::new(
                    "sum".into(),
                    format!("sum over c of exp({all} - m), m = the row's largest = {}", exact(largest)),
                    (0..logits.len()).map(|c| Term::new(format!("c={c}"), vec![exp(c)])).collect(),
                );
                let inverse = Factor {
                    name: "1 / sum".into(),
                    arithmetic: format!("1 / {}", exact(sum.value)),
                    value: 1.0 / sum.value,
                };
                let rule = format!("exp({} - m) / sum", name(j));
                let quotient = Step::new(result, rule, vec![Term::new("", vec![exp(j), inverse])]);
                vec![sum, quotient]
            }
        }
    }

    /// `data_loss = sum over rows of 1/n * (the row's loss)`.
    pub(super) fn work_data_loss(&self, names: Names) -> Step {
        let n = self.data.len();
        let share = Factor { name: "1/n".into(), arithmetic: format!("1/{n}"), value: 1.0 / n as f64 };
        let terms = (0..n)
            .map(|i| Term::new(format!("i={i}"), vec![share.clone(), self.row_loss(i, names)]))
            .collect();
        let row = self.network.loss.row_rule(&self.name(Kind::Z, self.layers(), names));
        let rule = format!("sum over rows i of 1/n * {row}");
        Step::new("data_loss".into(), rule, terms)
    }

    /// The loss of one row.
    #[must_use]
    pub fn row_loss(&self, i: usize, names: Names) -> Factor {
        let logits = self.pass.logits().row(i);
        let row = self.data.y.select(&[u32::try_from(i).unwrap_or(u32::MAX)]);
        let value = self.network.loss.row_losses(&logits.to_owned().insert_axis(Axis(0)), &row)[0];
        let (class, y) = match &row {
            Target::Classes(y) => (y[0] as usize, Vec::new()),
            Target::Values(y) => (0, y.iter().copied().collect()),
        };
        match self.network.loss.row_arithmetic(&logits.to_vec(), &y, class, &exact) {
            Some(arithmetic) => Factor { name: format!("loss of row {i}"), arithmetic, value },
            None => self.row_entropy(i, class, names),
        }
    }

    /// The cross-entropy of one row's softmax.
    fn row_entropy(&self, i: usize, class: usize, names: Names) -> Factor {
        let logits = self.pass.logits().row(i);
        let probability = self.pass.probs()[[i, class]];
        let largest = logits.fold(f64::NEG_INFINITY, |m, &z| m.max(z));
        let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
        let value = (largest - logits[class]) + sum.ln();
        // A probability below the smallest normal number has lost its digits: take logits.
        if probability > f64::MIN_POSITIVE {
            let name = format!("-log(probs[{i},{class}])");
            return Factor { name, arithmetic: format!("-log({})", exact(probability)), value };
        }
        Factor {
            name: format!("m - {}[{i},{class}] + log(sum)", self.name(Kind::Z, self.layers(), names)),
            arithmetic: format!("{} - {} + log({})", exact(largest), bracketed(logits[class]), exact(sum)),
            value,
        }
    }

    /// `penalty = reg/2 * (sum of squares)`: a step for each array, then their sum.
    pub(super) fn work_penalty(&self, names: Names) -> Vec<Step> {
        let reg = self.network.penalty.reg;
        let mut steps = Vec::new();
        for l in 1..=self.layers() {
            let (fan_in, fan_out) = (self.network.sizes[l - 1], self.network.sizes[l]);
            let weights = (0..fan_in).flat_map(|c| (0..fan_out).map(move |j| (Kind::W, vec![c, j])));
            let biases = (0..fan_out).map(|j| (Kind::B, vec![j]));
            let counted = self.network.penalty.over == Penalized::All;
            let terms = weights
                .chain(biases.filter(|_| counted))
                .map(|(kind, index)| {
                    let factor = self.factor(kind, l, &index, names);
                    Term::new(factor.name.clone(), vec![factor.clone(), factor])
                })
                .collect();
            let (w, b) = (self.name(Kind::W, l, Names::Design), self.name(Kind::B, l, Names::Design));
            let rule = if counted { format!("sum of {w}^2 and {b}^2") } else { format!("sum of {w}^2") };
            steps.push(Step::new(format!("squares{l}"), rule, terms));
        }
        let half =
            Factor { name: "reg/2".into(), arithmetic: format!("{} / 2", exact(reg)), value: reg / 2.0 };
        let terms = steps
            .iter()
            .map(|step| {
                Term::new(
                    step.result.clone(),
                    vec![half.clone(), Factor::number(step.result.clone(), step.value)],
                )
            })
            .collect();
        let result = self.name(Kind::Penalty, 0, names);
        steps.push(Step::new(result, "reg/2 * (the sums of squares)".into(), terms));
        steps
    }
}
