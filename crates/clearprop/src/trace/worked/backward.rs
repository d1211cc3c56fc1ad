//! The backward stages, number by number.

use super::{ChainRule, Factor, Step, Term, exact};
use crate::activation::Notation;
use crate::network::Penalized;
use crate::target::Target;
use crate::trace::{Kind, Names, Trace};

impl Trace {
    /// `dlogits[i,j] = (probs[i,j] - y) * 1/n`.
    pub(super) fn work_dlogits(&self, i: usize, j: usize, names: Names) -> Step {
        let n = self.data.len();
        let (minus, answer, class) = match &self.data.y {
            Target::Classes(y) => {
                (format!("[y[{i}] = {j}]"), f64::from(u8::from(y[i] as usize == j)), y[i] as usize)
            }
            Target::Values(y) => (format!("y[{i},{j}]"), y[[i, j]], 0),
        };
        let loss = self.network.loss;
        let said = self.pass.probs().row(i);
        let (kind, l) = if loss.outputs_are_logits() { (Kind::Z, self.layers()) } else { (Kind::Probs, 0) };
        let said_names: Vec<String> =
            (0..said.len()).map(|j| self.number_name(kind, l, &[i, j], names)).collect();
        let numbers: Vec<String> = said.iter().map(|&said| exact(said)).collect();
        let name = loss.slope_term(&said_names, &minus, class, j);
        let difference = Factor {
            name: name.clone(),
            arithmetic: loss.slope_term(&numbers, &exact(answer), class, j),
            value: self.dpass.logits()[[i, j]] * n as f64,
        };
        let share = Factor { name: "1/n".into(), arithmetic: format!("1/{n}"), value: 1.0 / n as f64 };
        let result = self.number_name(Kind::Dz, self.layers(), &[i, j], names);
        Step::new(result, format!("{name} * 1/n"), vec![Term::new("", vec![difference, share])])
    }

    /// `da[l][i,c] = sum over j of dz[l+1][i,j] * w[l+1][c,j]`.
    pub(super) fn work_da(&self, l: usize, i: usize, c: usize, names: Names) -> Step {
        let terms = (0..self.network.sizes[l + 1])
            .map(|j| {
                let factors = vec![
                    self.factor(Kind::Dz, l + 1, &[i, j], names),
                    self.factor(Kind::W, l + 1, &[c, j], names),
                ];
                Term::new(format!("j={j}"), factors)
            })
            .collect();
        let rule = format!(
            "sum over j of {}[{i},j] * {}[{c},j]",
            self.name(Kind::Dz, l + 1, names),
            self.name(Kind::W, l + 1, names)
        );
        Step::new(self.number_name(Kind::Da, l, &[i, c], names), rule, terms)
    }

    /// `dz[l][i,j] = da[l][i,j] * act'(z[l][i,j])`.
    pub(super) fn work_dz(&self, l: usize, i: usize, j: usize, names: Names) -> Step {
        let da = self.factor(Kind::Da, l, &[i, j], names);
        let slope = self.slope(l, i, j, names);
        let rule = format!("{} * {}", da.name, slope.name);
        Step::new(self.number_name(Kind::Dz, l, &[i, j], names), rule, vec![Term::new("", vec![da, slope])])
    }

    /// `act'(z[l][i,j])`.
    fn slope(&self, l: usize, i: usize, j: usize, names: Names) -> Factor {
        let (z, a) = (self.pass.z[l][[i, j]], self.pass.a[l][[i, j]]);
        let z_name = self.number_name(Kind::Z, l, &[i, j], names);
        let a_name = self.number_name(Kind::A, l, &[i, j], names);
        let activation = self.network.activations[l - 1];
        let value = activation.derivative(z, a);
        let arithmetic = if activation.is_piecewise() {
            exact(value)
        } else {
            activation.slope_formula(Notation::Plain, &exact(z), &exact(a))
        };
        Factor { name: activation.slope_formula(Notation::Plain, &z_name, &a_name), arithmetic, value }
    }

    /// `dw[l][c,j]`, or without c `db[l][j]`: the sum over rows, and the penalty's part.
    pub(super) fn work_weight(&self, l: usize, c: Option<usize>, j: usize, names: Names) -> Step {
        let below = if l == 1 { Kind::X } else { Kind::A };
        let mut terms: Vec<Term> = (0..self.data.len())
            .map(|i| {
                let input = c.map(|c| self.factor(below, l - 1, &[i, c], names));
                let dz = self.factor(Kind::Dz, l, &[i, j], names);
                Term::new(format!("i={i}"), input.into_iter().chain([dz]).collect())
            })
            .collect();
        let dz = format!("{}[i,{j}]", self.name(Kind::Dz, l, names));
        let mut rule = match c {
            Some(c) => format!("sum over rows i of {}[i,{c}] * {dz}", self.name(below, l - 1, names)),
            None => format!("sum over rows i of {dz}"),
        };
        let (kind, derivative, index) = match c {
            Some(c) => (Kind::W, Kind::Dw, vec![c, j]),
            None => (Kind::B, Kind::Db, vec![j]),
        };
        let reg = self.network.penalty.reg;
        if reg != 0.0 && (c.is_some() || self.network.penalty.over == Penalized::All) {
            let weight = self.factor(kind, l, &index, names);
            rule.push_str(&format!(", + reg * {}", weight.name));
            terms.push(Term::new("penalty", vec![Factor::number("reg".into(), reg), weight]));
        }
        Step::new(self.number_name(derivative, l, &index, names), rule, terms)
    }

    /// The chain rule for one weight through one row.
    pub(super) fn chain_rule(
        &self,
        l: usize,
        c: Option<usize>,
        j: usize,
        row: Option<usize>,
        step: &Step,
        names: Names,
    ) -> Option<ChainRule> {
        let rows = &step.terms[..self.data.len()];
        let largest = || {
            let sizes = rows.iter().map(|term| term.value.abs()).enumerate();
            sizes.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(i, _)| i)
        };
        let i = row.filter(|&row| row < rows.len()).or_else(largest)?;
        let z = self.number_name(Kind::Z, l, &[i, j], names);
        let mut factors = Vec::new();
        let join = |step: Step, separator: &str| -> String {
            let terms = step.terms.iter().map(|term| {
                let factors: Vec<&str> = term.factors.iter().map(|f| f.arithmetic.as_str()).collect();
                factors.join(" * ")
            });
            terms.collect::<Vec<_>>().join(separator)
        };
        if l == self.layers() {
            let work = self.work_dlogits(i, j, names);
            factors.push(Factor {
                name: format!("loss by {z}"),
                value: work.value,
                arithmetic: join(work, " + "),
            });
        } else {
            let a = self.number_name(Kind::A, l, &[i, j], names);
            let work = self.work_da(l, i, j, names);
            factors.push(Factor {
                name: format!("loss by {a}"),
                value: work.value,
                arithmetic: join(work, " + "),
            });
            let slope = self.slope(l, i, j, names);
            factors.push(Factor { name: format!("{a} by {z}"), ..slope });
        }
        let (weight, input) = match c {
            Some(c) => {
                let below = if l == 1 { Kind::X } else { Kind::A };
                let weight = self.number_name(Kind::W, l, &[c, j], names);
                (weight, self.factor(below, l - 1, &[i, c], names))
            }
            None => (self.number_name(Kind::B, l, &[j], names), Factor::number(String::new(), 1.0)),
        };
        factors.push(Factor { name: format!("{z} by {weight}"), ..input });
        let product = factors.iter().map(|factor| factor.value).product();
        Some(ChainRule { row: i, factors, product })
    }
}
