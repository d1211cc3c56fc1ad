//! A person's forward pass as it was reconstructed: which array is which quantity, and how one follows from
//! another.
//!
//! Everything here is an expression over the arrays of the file, in one orientation: rows of the batch are
//! rows, weights are (fan_in, fan_out).  How the person's arrays lie is in the expressions' leaves.

use super::expression::{Binary, Expr, Memo, Part, Reduce};
use super::function::{Cost, Function};
use crate::mistake::MistakeId::{self, OtherOperation, PartLeftOut, Sign};
use crate::network::Penalized;
use crate::quantity::{Habit, Quantity, Variable};
use Quantity::{By, Of};
use Variable::{A, B, Beta, Gamma, Loss, Normed, Scaled, W, Z};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where the bias of a layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bias {
    /// As the first row of `W`: the bias trick, ones first.
    First,
    /// As the last row of `W`.
    Last,
    /// As an array of its own.
    Separate,
    /// There is none.
    None,
}

impl Bias {
    pub(super) fn in_w(self) -> bool {
        matches!(self, Self::First | Self::Last)
    }

    /// Which part of W is the bias, and which the weights.
    pub(super) fn parts(self) -> (Part, Part) {
        if self == Self::First { (Part::First, Part::ButFirst) } else { (Part::Last, Part::ButLast) }
    }
}

/// How a layer normalises its z: `(z - mean) / sqrt(var + eps)`, and what it makes of that.
#[derive(Clone)]
pub(super) struct Norm {
    /// Over the rows of the batch (0), or over the units of a row (1).
    pub(super) axis: usize,
    pub(super) eps: Expr,
    /// As a row; none if it is not scaled.
    pub(super) gamma: Option<Expr>,
    pub(super) beta: Option<Expr>,
}

impl Norm {
    fn mean(&self, e: &Expr) -> Expr {
        e.reduce(Reduce::Mean, Some(self.axis))
    }

    fn root(&self, variance: Expr) -> Expr {
        Expr::binary(Binary::Power, &(variance + self.eps.clone()), &Expr::number(0.5))
    }

    /// `sqrt(var + eps)`
    fn deviation(&self, z: &Expr) -> Expr {
        let off = z.clone() - self.mean(z);
        self.root(self.mean(&off.squared()))
    }

    pub(super) fn normed(&self, z: &Expr) -> Expr {
        (z.clone() - self.mean(z)) / self.deviation(z)
    }

    /// What people make of it: one thing slips, and what is computed from it follows.
    pub(super) fn slips(&self, z: &Expr) -> Vec<Slip> {
        let along = |f: Reduce, e: &Expr| e.reduce(f, Some(self.axis));
        let across = |f: Reduce, e: &Expr| e.reduce(f, Some(1 - self.axis));
        let of_all = |e: &Expr| e.reduce(Reduce::Mean, None);
        let (mean, deviation) = (self.mean(z), self.deviation(z));
        let off = z.clone() - mean.clone();
        let squares = off.squared();
        let mut found = Vec::new();
        let mut add = |words, id, off: &Expr, deviation: Expr| {
            found.push(Slip { words, id, value: off.clone() / deviation.clone(), deviation });
        };
        add("the sign is turned", Sign, &-off.clone(), deviation.clone());
        add("the mean is added, not taken away", Sign, &(z.clone() + mean.clone()), deviation.clone());
        add("the mean is not taken away", PartLeftOut, z, deviation);
        let (twice, from_all) = (z.clone() + mean.clone(), (z.clone() - of_all(z)).squared());
        for (words, id, variance) in [
            ("the variance is taken over everything", OtherOperation, of_all(&squares)),
            ("the variance is taken along the other axis", OtherOperation, across(Reduce::Mean, &squares)),
            ("a sum in place of the mean in the variance", OtherOperation, along(Reduce::Sum, &squares)),
            ("a sign in the variance is turned", Sign, self.mean(&twice.squared())),
            ("the mean is not taken away in the variance", PartLeftOut, self.mean(&z.squared())),
        ] {
            add(words, id, &off, self.root(variance));
        }
        let by_variance = self.mean(&squares) + self.eps.clone();
        add("divided by the variance, not by its root", PartLeftOut, &off, by_variance);
        let by_all = self.root(of_all(&from_all));
        add("mean and variance are taken over everything", OtherOperation, &(z.clone() - of_all(z)), by_all);
        for (words, id, mean) in [
            ("the mean is taken over everything", OtherOperation, of_all(z)),
            ("the mean is taken along the other axis", OtherOperation, across(Reduce::Mean, z)),
            ("a sum in place of the mean", OtherOperation, along(Reduce::Sum, z)),
            ("the sign of the mean is turned", Sign, -mean.clone()),
        ] {
            let off = z.clone() - mean;
            add(words, id, &off, self.root(self.mean(&off.squared())));
        }
        found
    }

    pub(super) fn is_scaled(&self) -> bool {
        self.gamma.is_some() || self.beta.is_some()
    }

    pub(super) fn scaled(&self, normed: &Expr) -> Expr {
        let product = match &self.gamma {
            Some(gamma) => gamma.clone() * normed.clone(),
            None => normed.clone(),
        };
        match &self.beta {
            Some(beta) => product + beta.clone(),
            None => product,
        }
    }

    /// The derivative by z, from the one by what it was normalised to: batch normalisation's, Ioffe and Szegedy.
    pub(super) fn by_z(&self, dn: &Expr, normed: &Expr, z: &Expr) -> Expr {
        self.undivided(dn, normed) / self.deviation(z)
    }

    fn undivided(&self, dn: &Expr, normed: &Expr) -> Expr {
        let along = self.mean(&(dn.clone() * normed.clone()));
        dn.clone() - self.mean(dn) - normed.clone() * along
    }

    /// The same where the forward pass slipped: from what was normalised or from z, with the deviation that the slip left.
    pub(super) fn by_z_after_slips(&self, dn: &Expr, normed: &Expr, z: &Expr) -> Vec<Expr> {
        let off = z.clone() - self.mean(z);
        let from = |off: &Expr, deviation: &Expr| {
            let along = self.mean(&(dn.clone() * off.clone())) / deviation.squared();
            (dn.clone() - self.mean(dn) - off.clone() * along) / deviation.clone()
        };
        let mut found = vec![from(&off, &self.deviation(z))];
        for Slip { value, deviation, .. } in self.slips(z) {
            found.push(self.undivided(dn, normed) / deviation.clone());
            found.push(from(&off, &deviation));
            found.push(from(&(value * deviation.clone()), &deviation));
        }
        found
    }
}

/// A normalisation in which one thing slipped.
pub(super) struct Slip {
    pub(super) words: &'static str,
    pub(super) id: MistakeId,
    pub(super) value: Expr,
    /// What was divided by.
    pub(super) deviation: Expr,
}

/// One array that the person computed.
#[derive(Clone)]
pub(super) struct Given {
    /// Its name in the file.
    pub(super) name: String,
    /// Its shape in the file.
    pub(super) shape: Vec<usize>,
    /// The quantity's numbers in it, in our orientation.
    pub(super) view: Expr,
    /// Whether it lies the other way.
    pub(super) turned: bool,
    /// It has the ones or the bias's part beside the quantity, as it stands in the file.
    pub(super) wide: Option<Expr>,
}

impl Given {
    pub(super) fn value(&self) -> &Array2<f64> {
        &self.view.value().expect("an array of the file has a value").data
    }
}

/// The reconstructed pass.
#[derive(Clone)]
pub(super) struct Graph {
    /// Rows of the batch.
    pub(super) n: usize,
    /// The same as a number that prints well: `len(X)`.
    pub(super) rows: Expr,
    /// `[d, h, .., k]`
    pub(super) sizes: Vec<usize>,
    /// The inputs (n, d), without ones.
    pub(super) x: Expr,
    /// The inputs with their ones, if the file has them so.
    pub(super) x_wide: Option<Expr>,
    /// The right answers (n, k): one-hot for classes.
    pub(super) target: Expr,
    /// The class of each row, where the answers are classes.
    pub(super) classes: Option<Vec<usize>>,
    /// `w[l]` at index l.
    pub(super) w: Vec<Expr>,
    /// `b[l]` at index l, as (1, fan_out); zeros where there is none.
    pub(super) b: Vec<Expr>,
    /// W with the bias in it, as in the file.
    pub(super) full: Vec<Option<Expr>>,
    /// Where each layer's bias stands, at index l.
    pub(super) bias: Vec<Bias>,
    /// What each layer does with z, at index l; the last one makes the outputs.
    pub(super) functions: Vec<Function>,
    /// How layers normalise z, at index l.
    pub(super) norms: BTreeMap<usize, Norm>,
    /// Masks of dropout that multiply a[l], with the factor.
    pub(super) masks: BTreeMap<usize, Expr>,
    /// The loss.
    pub(super) cost: Cost,
    /// The strength of the penalty, as a number and as it is printed.
    pub(super) reg: f64,
    pub(super) reg_text: Expr,
    /// What is usually penalised in this layout.
    pub(super) over: Penalized,
    /// What the person computed.
    pub(super) given: BTreeMap<Quantity, Given>,
    /// The step size, if the file says one.
    pub(super) step: Option<f64>,
    /// Two numbers are the same within this, relative to the largest of the array.
    pub(super) tolerance: f64,
    /// How the person names things.
    pub(super) habit: Habit,
    /// Whether samples are columns in the file, and weights (fan_out, fan_in).
    pub(super) turned: (bool, bool),
    /// Names of what is not computed.
    pub(super) names: BTreeMap<Variable, String>,
    /// Every array of the file that holds numbers, by name.
    pub(super) arrays: Rc<Vec<(String, Expr)>>,
    /// What was understood, to be said.
    pub(super) understood: Vec<String>,
    /// What may surprise the person.
    pub(super) warnings: Vec<String>,
    /// Names of arrays that were not used.
    pub(super) ignored: Vec<String>,
    /// Whether the file's loss is the one of this reading, number for number.
    pub(super) loss_is_known: bool,
    /// Whether the derivatives are those of minus the loss.
    pub(super) ascent: bool,
    /// Arrays that hold one row's part of a quantity: what a loop over the samples leaves behind.
    pub(super) leftovers: Vec<(Quantity, Given)>,
    /// How unusual the reading is: readings that explain equally much are ordered by it.
    pub(super) oddity: u32,
    /// What was computed, shared by all readings.
    pub(super) memo: Rc<Memo>,
}

impl Graph {
    pub(super) fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    pub(super) fn outputs(&self) -> usize {
        self.sizes[self.layers()]
    }

    /// n, as a number to divide by: of the whole batch, also where one row of it is looked at.
    pub(super) fn n(&self) -> f64 {
        self.rows.value().map_or(1.0, |rows| rows.data[[0, 0]])
    }

    /// Whether the file's loss is a number, and not the one of this reading.
    pub(super) fn has_odd_loss(&self) -> bool {
        !self.loss_is_known
            && self.given.get(&Of(Loss)).is_some_and(|given| given.value().iter().all(|v| v.is_finite()))
    }

    /// All quantities that such a pass computes, in the order of computation.
    pub(super) fn order(&self) -> Vec<Quantity> {
        let last = self.layers();
        let mut all = Vec::new();
        for l in 1..=last {
            all.push(Of(Z(l)));
            if let Some(norm) = self.norms.get(&l) {
                all.push(Of(Normed(l)));
                all.extend(norm.is_scaled().then_some(Of(Scaled(l))));
            }
            all.push(Of(A(l)));
            if self.masks.contains_key(&l) {
                all.push(Of(Variable::Kept(l)));
            }
        }
        all.extend([Of(Loss), By(A(last)), By(Z(last))]);
        for l in (1..=last).rev() {
            all.extend([By(W(l)), By(B(l))]);
            if l > 1 {
                if self.masks.contains_key(&(l - 1)) {
                    all.push(By(Variable::Kept(l - 1)));
                }
                all.push(By(A(l - 1)));
                if let Some(norm) = self.norms.get(&(l - 1)) {
                    if norm.is_scaled() {
                        all.push(By(Scaled(l - 1)));
                        all.extend(norm.gamma.as_ref().map(|_| By(Gamma(l - 1))));
                        all.extend(norm.beta.as_ref().map(|_| By(Beta(l - 1))));
                    }
                    all.push(By(Normed(l - 1)));
                }
                all.push(By(Z(l - 1)));
            }
        }
        all
    }

    /// What layer l's nonlinearity works on: z, or what it was normalised to.
    pub(super) fn before(&self, l: usize) -> Variable {
        match self.norms.get(&l) {
            Some(norm) if norm.is_scaled() => Scaled(l),
            Some(_) => Normed(l),
            None => Z(l),
        }
    }

    /// The person's name of a quantity, or what they would have called it.
    pub(super) fn name(&self, quantity: Quantity) -> String {
        let last = self.layers();
        if let Some(given) = self.given.get(&quantity) {
            return given.name.clone();
        }
        match quantity {
            // With the bias trick both are one array.
            By(B(l)) if self.bias[l].in_w() => self.name(By(W(l))),
            Of(A(l)) if self.functions[l] == Function::Identity && l == last => self.name(Of(Z(l))),
            Of(variable) if self.names.contains_key(&variable) => self.names[&variable].clone(),
            // `dW3` beside `W3`
            By(variable @ (W(_) | B(_)))
                if self.habit == Habit::Design && is_numbered(self.names.get(&variable)) =>
            {
                format!("d{}", self.names[&variable])
            }
            _ => {
                // `z3` beside `a3`, where the person numbers the last layer too.
                let numbers =
                    |q: &Quantity| self.given.get(q).is_some_and(|own| own.name.ends_with(&last.to_string()));
                let ends = [Of(Z(last)), Of(A(last)), By(Z(last)), By(A(last))];
                let name = quantity.name(self.habit, if ends.iter().any(numbers) { last + 1 } else { last });
                // `A1 = A1 * mask` takes the name of what it masks.
                let taken = matches!(quantity, Of(A(_)) | By(A(_)))
                    && self.given.values().any(|given| given.name == name);
                if taken { format!("{name} before dropout") } else { name }
            }
        }
    }
}

/// `W1`, a letter and a number.
fn is_numbered(name: Option<&String>) -> bool {
    name.is_some_and(|name| {
        let mut letters = name.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.as_str().parse::<usize>().is_ok()
    })
}

/// The values of one pass, as far as they are known.
#[derive(Clone, Default)]
pub(super) struct Pass(pub(super) BTreeMap<Quantity, Expr>);

impl Pass {
    pub(super) fn get(&self, quantity: Quantity) -> Option<&Expr> {
        self.0.get(&quantity)
    }

    pub(super) fn value(&self, quantity: Quantity) -> Option<&Array2<f64>> {
        self.get(quantity).and_then(Expr::value).map(|value| &value.data)
    }

    /// What layer l + 1 works on: `a[l]`, after dropout if there is one.
    pub(super) fn a<'a>(&'a self, graph: &'a Graph, l: usize) -> Option<&'a Expr> {
        if l == 0 {
            return Some(&graph.x);
        }
        if graph.masks.contains_key(&l) { self.get(Of(Variable::Kept(l))) } else { self.get(Of(A(l))) }
    }
}

/// Whether two arrays hold the same numbers: `max|a - b| <= tolerance * max(max|b|, scale)`, not-a-numbers in
/// the same places.
pub(super) fn same(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64, scale: f64) -> bool {
    a.dim() == b.dim() && difference(a, b, scale) <= tolerance
}

/// `max|a - b| / max(max|b|, scale)`, infinite where a not-a-number stands in one of them only.
pub(super) fn difference(a: &Array2<f64>, b: &Array2<f64>, scale: f64) -> f64 {
    // Below this, differences of zeros are rounding.
    const FLOOR: f64 = 1e-12;
    let largest = b.iter().filter(|b| b.is_finite()).fold(scale.max(FLOOR), |m, b| m.max(b.abs()));
    ndarray::Zip::from(a).and(b).fold(0.0_f64, |worst, a, b| {
        if a == b || (a.is_nan() && b.is_nan()) {
            worst
        } else if a.is_finite() && b.is_finite() {
            worst.max((a - b).abs() / largest)
        } else {
            f64::INFINITY
        }
    })
}

pub(super) fn largest(a: &Array2<f64>) -> f64 {
    a.iter().filter(|v| v.is_finite()).fold(0.0_f64, |m, v| m.max(v.abs()))
}
