//! The forward stages, number by number.

use super::{Factor, Step, Term, bracketed, exact};
use crate::activation::Activation;
use crate::loss::Loss;
use crate::network::Penalized;
use crate::target::Target;
use crate::trace::{Kind, Names, Trace};

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
        let write = |z: &str| match self.network.activation {
            Activation::Identity => z.to_owned(),
            Activation::Relu => format!("max(0, {z})"),
            Activation::Tanh => format!("tanh({z})"),
            Activation::Logistic => format!("1 / (1 + exp(-({z})))"),
        };
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
        match self.network.loss {
            Loss::Squared => single(name(j), exact(logits[j])),
            Loss::Logistic => single(
                format!("1 / (1 + exp(-{}))", name(j)),
                format!("1 / (1 + exp(-({})))", exact(logits[j])),
            ),
            Loss::Softmax => {
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
        let rule = match self.network.loss {
            Loss::Softmax => "sum over rows i of 1/n * -log probs[i, y[i]]".to_owned(),
            Loss::Logistic => {
                "sum over rows i of 1/n * (sum over j of -y log probs - (1-y) log(1-probs))".to_owned()
            }
            Loss::Squared => {
                let logits = self.name(Kind::Z, self.layers(), names);
                format!("sum over rows i of 1/n * (sum over j of 1/2 ({logits}[i,j] - y[i,j])^2)")
            }
        };
        Step::new("data_loss".into(), rule, terms)
    }

    /// The loss of one row.
    #[must_use]
    pub fn row_loss(&self, i: usize, names: Names) -> Factor {
        let logits = self.pass.logits().row(i);
        let logits_name = self.name(Kind::Z, self.layers(), names);
        match &self.data.y {
            Target::Classes(y) => {
                let class = y[i] as usize;
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
                    name: format!("m - {logits_name}[{i},{class}] + log(sum)"),
                    arithmetic: format!(
                        "{} - {} + log({})",
                        exact(largest),
                        bracketed(logits[class]),
                        exact(sum)
                    ),
                    value,
                }
            }
            Target::Values(y) => {
                let mut value = 0.0;
                let parts: Vec<String> = logits
                    .iter()
                    .zip(y.row(i))
                    .map(|(&z, &y)| match self.network.loss {
                        // -y log p - (1-y) log(1-p) = log(1 + exp(z)) - y z = log(1 + exp(-s z)), s = ±1.
                        Loss::Logistic => {
                            let signed = if y == 1.0 { -z } else { z };
                            value += signed.max(0.0) + (-signed.abs()).exp().ln_1p();
                            if signed > 0.0 {
                                format!("{} + log(1 + exp({}))", exact(signed), exact(-signed))
                            } else {
                                format!("log(1 + exp({}))", exact(signed))
                            }
                        }
                        _ => {
                            value += 0.5 * (z - y) * (z - y);
                            format!("0.5 * ({} - {})^2", exact(z), bracketed(y))
                        }
                    })
                    .collect();
                Factor { name: format!("loss of row {i}"), arithmetic: parts.join(" + "), value }
            }
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
