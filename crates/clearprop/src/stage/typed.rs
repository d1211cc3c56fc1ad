//! The formulas in a stage's words, as TeX: a terminal has them as they are typed, a page has them typeset.

use super::Stage;

/// As it is typed in the table of stages, and typeset.  The logits are f here, as in the stage's own formula.
const FORMULAS: &[(&str, &str)] = &[
    (
        "z[l][i,j] = sum over c of a[l-1][i,c] * w[l][c,j], + b[l][j]",
        r"(z_{l})_{ij} = \sum_{c} (a_{l-1})_{ic}\, (w_{l})_{cj} + (b_{l})_{j}",
    ),
    (
        "z[l][i,j] = ... + a[l-1][i,c] * w[l][c,j] + ...",
        r"(z_{l})_{ij} = \dots + (a_{l-1})_{ic}\, (w_{l})_{cj} + \dots",
    ),
    ("z[l][i,j] = ... + b[l][j]", r"(z_{l})_{ij} = \dots + (b_{l})_{j}"),
    (
        "dw[l][c,j] = sum over i of a[l-1][i,c] * dz[l][i,j]",
        r"\frac{\partial L}{\partial (w_{l})_{cj}} = \sum_{i} (a_{l-1})_{ic}\, \frac{\partial L}{\partial (z_{l})_{ij}}",
    ),
    (
        "db[l][j] = sum over i of 1 * dz[l][i,j]",
        r"\frac{\partial L}{\partial (b_{l})_{j}} = \sum_{i} 1 \cdot \frac{\partial L}{\partial (z_{l})_{ij}}",
    ),
    (
        "da[l-1][i,c] = sum over j of dz[l][i,j] * w[l][c,j]",
        r"\frac{\partial L}{\partial (a_{l-1})_{ic}} = \sum_{j} \frac{\partial L}{\partial (z_{l})_{ij}}\, (w_{l})_{cj}",
    ),
    (
        "dz[l-1][i,j] = da[l-1][i,j] * act'(z[l-1][i,j])",
        r"\frac{\partial L}{\partial (z_{l-1})_{ij}} = \frac{\partial L}{\partial (a_{l-1})_{ij}}\, \varphi'((z_{l-1})_{ij})",
    ),
    ("a[l-1]^T dz[l]", r"a_{l-1}^{\top} \frac{\partial L}{\partial z_{l}}"),
    ("a[l-1] = act(z[l-1])", r"a_{l-1} = \varphi(z_{l-1})"),
    ("act'(z[l-1][i,j])", r"\varphi'((z_{l-1})_{ij})"),
    ("z[l-1][i,j]", r"(z_{l-1})_{ij}"),
    ("a[l-1][i,c]", r"(a_{l-1})_{ic}"),
    ("w[l][c,j]", r"(w_{l})_{cj}"),
    ("b[l][j]", r"(b_{l})_{j}"),
    ("(x w1) w2 = x (w1 w2)", r"(x\, w_1)\, w_2 = x\, (w_1 w_2)"),
    (
        "exp(z-c)/sum exp(z-c) = exp(z)/sum exp(z)",
        r"\frac{e^{f_j - c}}{\sum_m e^{f_m - c}} = \frac{e^{f_j}}{\sum_m e^{f_m}}",
    ),
    (
        "-log softmax(z)[y] = -z[y] + log(sum over c of exp(z[c]))",
        r"-\log p_{y} = -f_{y} + \log \sum_{c} e^{f_{c}}",
    ),
    ("loss = -z[y] + log(sum over c of exp(z[c]))", r"-\log p_{y} = -f_{y} + \log \sum_{c} e^{f_{c}}"),
    ("exp(z[j]) / sum over c of exp(z[c]) = probs[j]", r"\frac{e^{f_{j}}}{\sum_{c} e^{f_{c}}} = p_{j}"),
    ("probs[j] - (1 if j = y)", r"p_{j} - [j = y]"),
    ("loss = data_loss + penalty", r"L = L_{\mathrm{data}} + L_{\mathrm{penalty}}"),
    ("log(0)", r"\log 0"),
    ("z[j]", "f_{j}"),
    ("reg/2 * 2 w = reg * w", r"\frac{\lambda}{2} \cdot 2 w = \lambda w"),
    ("reg/2 * w^2", r"\frac{\lambda}{2} w^2"),
    ("reg * w[l]", r"\lambda w_{l}"),
    ("reg * b[l]", r"\lambda b_{l}"),
    ("reg * w", r"\lambda w"),
    ("loss(w) + sum of dw * s", r"L(w) + \sum \frac{\partial L}{\partial w}\, s"),
    ("loss(w + s)", "L(w + s)"),
    ("s = -step_size * dw", r"s = -\eta \frac{\partial L}{\partial w}"),
    ("z > 0", "z > 0"),
    ("z < 0", "z < 0"),
    ("z = 0", "z = 0"),
    ("dz[l]", r"\frac{\partial L}{\partial z_{l}}"),
    ("dw[l]", r"\frac{\partial L}{\partial w_{l}}"),
    ("a[l-1]", "a_{l-1}"),
    ("z[l-1]", "z_{l-1}"),
    ("a[l]", "a_{l}"),
    ("z[l]", "z_{l}"),
    ("w[l]", "w_{l}"),
    ("b[l]", "b_{l}"),
];

/// A piece of a stage's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Words(&'a str),
    /// A formula in TeX, with the placeholders of the table.
    Formula(&'static str),
}

/// A stage's words, the formulas among them as TeX.
///
/// ```
/// use clearprop::stage::{Piece, pieces};
/// assert_eq!(pieces("the INPUT z[l]"), [Piece::Words("the INPUT "), Piece::Formula("z_{l}")]);
/// ```
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(letter) = text[at..].chars().next() {
        let found = FORMULAS.iter().find(|(typed, _)| {
            let after = text[at..].strip_prefix(typed);
            let starts = !text[begin..at].ends_with(|before: char| before.is_alphanumeric());
            starts && after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
        });
        let Some((typed, tex)) = found else {
            at += letter.len_utf8();
            continue;
        };
        all.extend((begin < at).then(|| Piece::Words(&text[begin..at])));
        all.push(Piece::Formula(tex));
        at += typed.len();
        begin = at;
    }
    all.extend((begin < at).then(|| Piece::Words(&text[begin..])));
    all
}

impl Stage {
    /// The derivation's steps: lines that go on in the next one (no full stop or colon at their end) joined.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        let mut steps: Vec<String> = Vec::new();
        for line in self.derivation {
            match steps.last_mut() {
                Some(last) if !last.ends_with(['.', ':']) => {
                    last.push(' ');
                    last.push_str(line);
                }
                _ => steps.push((*line).to_owned()),
            }
        }
        steps
    }
}

/// A formula whose layers are filled in, in the notebook's names: `z_{1}` is `h_{11}`, and `a_{1}` is `h_{12}`.
///
/// ```
/// use clearprop::stage::in_notebooks_names;
/// assert_eq!(in_notebooks_names(r"a_{1} = \max(0, z_{1})"), r"h_{12} = \max(0, h_{11})");
/// ```
#[must_use]
pub fn in_notebooks_names(tex: &str) -> String {
    let mut out = String::new();
    let mut rest = tex;
    while let Some(letter) = rest.chars().next() {
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let length = match letter {
            // A command, and the upright words of one.
            '\\' => {
                let name =
                    rest[1..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |end| end + 1);
                match rest.strip_prefix(r"\mathrm{").and_then(|words| words.find('}')) {
                    Some(end) => r"\mathrm{".len() + end + 1,
                    None => name.max(1),
                }
            }
            _ => word.max(letter.len_utf8()),
        };
        let (one, after) = rest.split_at(length);
        let layer = after.strip_prefix("_{").and_then(|after| after.split_once('}'));
        let layer = layer.filter(|(layer, _)| layer.chars().all(|c| c.is_ascii_digit()));
        rest = match (one, layer) {
            ("z" | "a", Some((layer, after))) => {
                out.push_str(&format!("h_{{{layer}{}}}", if one == "z" { 1 } else { 2 }));
                after
            }
            ("w", _) => {
                out.push('W');
                after
            }
            ("x", _) => {
                out.push('X');
                after
            }
            _ => {
                out.push_str(one);
                after
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::STAGES;

    #[test]
    fn no_formula_of_a_derivation_is_left_as_it_is_typed() {
        for stage in STAGES {
            for step in stage.steps() {
                for piece in pieces(&step) {
                    let Piece::Words(words) = piece else { continue };
                    let left = ["[", "*", "^", "sum over c", "exp(", "log("]
                        .iter()
                        .find(|sign| words.contains(**sign));
                    assert_eq!(left, None, "{}: {words}", stage.id);
                }
            }
        }
    }

    #[test]
    fn every_formula_is_one_of_a_stage() {
        let words: Vec<String> = STAGES
            .iter()
            .flat_map(|stage| {
                stage.steps().into_iter().chain([stage.by.to_owned(), stage.shape_rule.to_owned()])
            })
            .collect();
        for (typed, tex) in FORMULAS {
            assert!(
                words.iter().any(|line| pieces(line).contains(&Piece::Formula(tex))),
                "{typed} is in no stage"
            );
        }
    }

    #[test]
    fn a_name_inside_a_word_is_no_formula() {
        assert_eq!(
            pieces("the INPUT z[l], not xz[l]"),
            [Piece::Words("the INPUT "), Piece::Formula("z_{l}"), Piece::Words(", not xz[l]")]
        );
    }

    #[test]
    fn a_sentence_over_two_lines_is_one_step() {
        let stage = super::super::stage("dw").unwrap();
        assert_eq!((stage.derivation.len(), stage.steps().len()), (5, 4));
    }

    #[test]
    fn the_notebooks_names_leave_commands_and_indices_alone() {
        for (ours, notebooks) in [
            (
                r"\frac{\partial L}{\partial w_{1}} = x^{\top} \frac{\partial L}{\partial z_{1}}",
                r"\frac{\partial L}{\partial W_{1}} = X^{\top} \frac{\partial L}{\partial h_{11}}",
            ),
            (
                r"(a_{2})_{ic} \lambda \varphi'((z_{2})_{ij})",
                r"(h_{22})_{ic} \lambda \varphi'((h_{21})_{ij})",
            ),
            (r"L_{\mathrm{data}} = \log \sum_{c} e^{f_{c}}", r"L_{\mathrm{data}} = \log \sum_{c} e^{f_{c}}"),
        ] {
            assert_eq!(in_notebooks_names(ours), notebooks);
        }
    }
}
