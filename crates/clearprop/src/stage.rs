//! The stages of one training step: the one table that everything which explains reads.
//!
//! Each stage computes one quantity.  A forward stage says what it is made of; a backward stage says
//! **by which variable** the loss is differentiated, and which forward stage it undoes.  Formulas are
//! written for the layers l = 1..=L with the placeholders `[l]` and `[l-1]` (in TeX `_{l}`, `_{l-1}`);
//! [`Stage::formula_at`] puts numbers in their place: `z[l] = a[l-1] w[l] + b[l]` is
//! `z1 = x w1 + b1` in the first layer and `logits = a1 w2 + b2` in the last of two.
//!
//! n = rows of the batch, d = inputs, h = hidden units, k = classes or outputs.
//! Source: cs231n, *neural networks case study* and *backpropagation, intuitions*.

mod find;
mod table;
mod typed;

use crate::activation::{Activation, Notation};
use crate::loss::{self, Loss};
use crate::mistake::MistakeId;

pub use find::{find, stage};
pub use table::STAGES;
pub use typed::{Piece, in_notebooks_names, pieces};

/// One stage of a training step.
#[derive(Debug)]
pub struct Stage {
    /// The word by which it is called: `affine`, `dz`, ...
    pub id: &'static str,
    /// Which way the numbers go.
    pub way: Way,
    /// What it computes, in the design's names: `z[l]`, `dz[l-1]`, `probs`.
    pub result: &'static str,
    /// The same in the notebook's names: `h[l]1`, `dL_dh[l-1]1`.
    pub notebook: &'static str,
    /// The variable that the loss is differentiated by, in words; of a forward stage: what it depends on.
    pub by: &'static str,
    /// The id of the forward stage that a backward stage undoes, empty for the others.
    pub undoes: &'static str,
    /// The shape of the result.
    pub shape: &'static str,
    /// Why it has this shape.
    pub shape_rule: &'static str,
    /// One sentence: what it does.
    pub sentence: &'static str,
    /// Where the formula comes from, in three to six lines.
    pub derivation: &'static [&'static str],
    /// What the table itself says of the formula: the general one first, then those for one form of the
    /// penalty.
    pub(crate) lines: &'static [Line],
    /// Who says the rest.
    pub(crate) varies: Varies,
    /// The mistakes people make here, by their numbers in the catalogue.
    pub mistakes: &'static [MistakeId],
}

/// Which way the numbers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the inputs to the loss.
    Forward,
    /// From the loss to the weights.
    Backward,
    /// The step that the optimiser makes.
    Update,
}

/// A formula of the table, in three notations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    case: &'static str,
    plain: &'static str,
    tex: &'static str,
    numpy: &'static str,
}

/// On what the formula of a stage depends, and so who writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Varies {
    /// On nothing, or on what the penalty is taken over: the table's own lines.
    WithPenalty,
    /// On the activation: its value.
    Value,
    /// On the activation: its slope.
    Slope,
    /// On the loss: this line of it.
    Loss(loss::Line),
}

/// What a formula can be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Case {
    /// The layer's activation.
    Activation(Activation),
    /// The loss.
    Loss(Loss),
    /// What the penalty is taken over (`weights`, `all`), or the part of it for the `bias`.
    Penalty(&'static str),
}

/// One formula in three notations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    /// The activation, loss or penalty it holds for (`relu`, `softmax`, `all`, ...), empty for all.
    pub case: String,
    /// As one types it: `dz[l-1] = da[l-1] * act'(z[l-1])`; a product of matrices is a space.
    pub plain: String,
    /// As one prints it.
    pub tex: String,
    /// As NumPy code with the notebook's names, the bias being the last row of `W`.
    pub numpy: String,
}

/// A formula with its layer filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaAt {
    /// As one types it.
    pub plain: String,
    /// As one prints it.
    pub tex: String,
    /// As NumPy code with the notebook's names.
    pub numpy: String,
}

impl Line {
    fn formula(&self) -> Formula {
        Formula {
            case: self.case.to_owned(),
            plain: self.plain.to_owned(),
            tex: self.tex.to_owned(),
            numpy: self.numpy.to_owned(),
        }
    }
}

impl Stage {
    /// Whether each layer has its own.
    #[must_use]
    pub fn is_per_layer(&self) -> bool {
        self.result.contains("[l")
    }

    /// The general formula, then one for each activation, loss or form of the penalty, if it depends on that.
    #[must_use]
    pub fn formulas(&self) -> Vec<Formula> {
        let mut all = vec![self.general()];
        match self.varies {
            Varies::WithPenalty => all.extend(self.lines[1..].iter().map(Line::formula)),
            Varies::Value | Varies::Slope => all.extend(Activation::ALL.map(|one| self.for_activation(one))),
            Varies::Loss(line) => {
                let others = Loss::ALL.into_iter().filter(|&loss| loss != Loss::Softmax);
                all.extend(others.map(|loss| for_loss(loss, line)));
            }
        }
        all
    }

    /// The general formula; of the loss and its neighbours that of softmax, from which the field starts.
    #[must_use]
    pub fn general(&self) -> Formula {
        match self.varies {
            Varies::Loss(line) => Formula { case: String::new(), ..for_loss(Loss::Softmax, line) },
            Varies::Value | Varies::Slope | Varies::WithPenalty => self.lines[0].formula(),
        }
    }

    /// The formula that holds in these cases, else the general one.
    #[must_use]
    pub fn formula(&self, cases: &[Case]) -> Formula {
        let special = cases.iter().find_map(|case| match (case, self.varies) {
            (Case::Activation(one), Varies::Value | Varies::Slope) => Some(self.for_activation(*one)),
            (Case::Loss(loss), Varies::Loss(line)) => Some(for_loss(*loss, line)),
            (Case::Penalty(name), Varies::WithPenalty) => {
                self.lines.iter().find(|line| line.case == *name).map(Line::formula)
            }
            (Case::Activation(_) | Case::Loss(_) | Case::Penalty(_), _) => None,
        });
        special.unwrap_or_else(|| self.general())
    }

    /// `activate` or `dz` for one activation.
    fn for_activation(&self, one: Activation) -> Formula {
        let value = |notation, z| one.formula(notation, z);
        // A slope of 1 is no factor.
        let slope = |notation, z, a, sign: &str| match one.slope_formula(notation, z, a) {
            one if one == "1" => String::new(),
            slope => format!("{sign}{slope}"),
        };
        let (plain, tex, numpy) = if self.varies == Varies::Value {
            (
                format!("a[l] = {}", value(Notation::Plain, "z[l]")),
                format!("a_{{l}} = {}", value(Notation::Tex, "z_{l}")),
                format!("h[l]2 = np.c_[{}, ones]", value(Notation::Numpy, "h[l]1")),
            )
        } else {
            let by = |of: &str| format!(r"\frac{{\partial L}}{{\partial {of}_{{l-1}}}}");
            (
                format!("dz[l-1] = da[l-1]{}", slope(Notation::Plain, "z[l-1]", "a[l-1]", " * ")),
                format!(
                    "{} = {}{}",
                    by("z"),
                    by("a"),
                    slope(Notation::Tex, "z_{l-1}", "a_{l-1}", r" \odot ")
                ),
                format!(
                    "dL_dh[l-1]1 = dL_dh[l-1]2[:, :-1]{}",
                    slope(Notation::Numpy, "h[l-1]1", "h[l-1]2[:, :-1]", " * ")
                ),
            )
        };
        Formula { case: one.to_string(), plain, tex, numpy }
    }

    /// The formula with its layer filled in; `layer` is the number in the result's name (`dz1`: 1).
    ///
    /// ```
    /// use clearprop::{activation::Activation, stage::{Case, stage}};
    /// let (dz, affine) = (stage("dz").unwrap(), stage("affine").unwrap());
    /// assert_eq!(dz.formula_at(&[Case::Activation(Activation::Relu)], 1, 2).plain, "dz1 = da1 * (z1 > 0)");
    /// assert_eq!(affine.formula_at(&[], 2, 2).plain, "logits = a1 w2 + b2");
    /// assert_eq!(affine.formula_at(&[], 1, 2).numpy, "h11 = X.dot(W1)");
    /// ```
    #[must_use]
    pub fn formula_at(&self, cases: &[Case], layer: usize, last: usize) -> FormulaAt {
        let formula = self.formula(cases);
        FormulaAt {
            plain: self.fill(&formula.plain, layer, last),
            tex: self.fill(&formula.tex, layer, last),
            numpy: self.fill(&formula.numpy, layer, last),
        }
    }

    /// The result's name with its layer filled in: `z1`, `logits`, `dz1`.
    #[must_use]
    pub fn result_at(&self, layer: usize, last: usize) -> String {
        self.fill(self.result, layer, last)
    }

    /// The same in the notebook's names: `h11`, `f`, `dL_dh11`.
    #[must_use]
    pub fn notebook_at(&self, layer: usize, last: usize) -> String {
        self.fill(self.notebook, layer, last)
    }

    /// The stage of one layer: `affine[1]`; `layer` as in [`Stage::formula_at`].
    #[must_use]
    pub fn id_at(&self, layer: usize) -> String {
        if self.is_per_layer() { format!("{}[{layer}]", self.id) } else { self.id.to_owned() }
    }

    /// Puts layer numbers into any text of this stage.
    #[must_use]
    pub fn fill(&self, text: &str, layer: usize, last: usize) -> String {
        if !self.is_per_layer() {
            return text.to_owned(); // its l, if any, is that of a sum over the layers
        }
        // da and dz are found on the way from layer l to the layer below, which they belong to.
        let l =
            if self.result.ends_with("[l-1]") || self.notebook.contains("[l-1]") { layer + 1 } else { layer };
        let mut text = text.to_owned();
        if l == 1 {
            text = text
                .replace("(a_{l-1})_", "x_")
                .replace("a[l-1]", "x")
                .replace("a_{l-1}", "x")
                .replace("h[l-1]2", "X");
        }
        if l == last {
            text = text
                .replace("(z_{l})_", "f_")
                .replace("z[l]", "logits")
                .replace("z_{l}", "f")
                .replace("h[l]1", "f");
        }
        let below = (l.max(1) - 1).to_string();
        let here = l.to_string();
        text.replace("[l-1]", &below)
            .replace("_{l-1}", &format!("_{{{below}}}"))
            .replace("[l]", &here)
            .replace("_{l}", &format!("_{{{here}}}"))
            .replace("layer l+1", &format!("layer {}", l + 1))
            .replace("layer l's", &format!("layer {here}'s"))
    }
}

/// `softmax`, `loss` or `dlogits` for one loss.
fn for_loss(loss: Loss, line: loss::Line) -> Formula {
    let write = |notation| loss.formula(line, notation);
    Formula {
        case: loss.to_string(),
        plain: write(Notation::Plain),
        tex: write(Notation::Tex),
        numpy: write(Notation::Numpy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_is_complete() {
        for stage in STAGES {
            let id = stage.id;
            assert!((3..=6).contains(&stage.derivation.len()), "{id} has {} lines", stage.derivation.len());
            assert!(stage.derivation.iter().all(|line| line.len() <= 96), "{id} has a long line");
            assert_eq!(stage.formulas()[0].case, "", "{id} begins with the general formula");
            for text in [stage.result, stage.notebook, stage.by, stage.shape, stage.sentence] {
                assert!(!text.is_empty(), "{id} has an empty text");
            }
            assert_eq!(stage.way == Way::Backward, !stage.undoes.is_empty(), "{id}");
            assert!(stage.undoes.is_empty() || STAGES.iter().any(|s| s.id == stage.undoes), "{id}");
            for formula in stage.formulas() {
                assert!(formula.plain.contains('=') && formula.numpy.contains('='), "{id}");
                assert_eq!(
                    formula.tex.matches('{').count(),
                    formula.tex.matches('}').count(),
                    "{id}: {}",
                    formula.tex
                );
            }
        }
    }

    #[test]
    fn every_mistake_of_the_catalogue_has_a_stage() {
        let mut numbers: Vec<MistakeId> = STAGES.iter().flat_map(|stage| stage.mistakes).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.iter().eq(MistakeId::ALL.iter().filter(|id| id.number() <= 86)));
    }

    #[test]
    fn no_placeholder_is_left_in_any_layer() {
        for stage in STAGES.iter().filter(|stage| stage.is_per_layer()) {
            for layer in 1..=3 {
                let l_is_beyond = matches!(stage.id, "da" | "dz" | "activate") && layer == 3;
                if l_is_beyond {
                    continue;
                }
                for formula in stage.formulas() {
                    let texts =
                        [formula.plain.as_str(), &formula.tex, &formula.numpy, stage.result, stage.notebook];
                    let words = [stage.by, stage.shape_rule, stage.sentence];
                    for text in texts.iter().chain(&words).chain(stage.derivation) {
                        let filled = stage.fill(text, layer, 3);
                        for left in ["[l", "_{l", "layer l"] {
                            assert!(!filled.contains(left), "{}: {filled}", stage.id);
                        }
                        assert!(!filled.contains("a0") && !filled.contains("h02"), "{}: {filled}", stage.id);
                    }
                }
            }
        }
    }

    #[test]
    fn a_result_leads_back_to_its_stage() {
        for stage in STAGES.iter().filter(|stage| stage.id != "update" && stage.id != "dpenalty") {
            for layer in 1..=2 {
                for name in [stage.result_at(layer, 3), stage.id_at(layer)] {
                    let (found, at) = find(&name).unwrap_or_else(|| panic!("{name} is not found"));
                    assert_eq!(found.id, stage.id, "{name}");
                    assert_eq!(at, stage.is_per_layer().then_some(layer), "{name}");
                }
            }
        }
    }
}
