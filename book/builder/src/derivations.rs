//! The formulas in a stage's words, as TeX: a terminal has them as they are typed, a page has them typeset.

use std::fmt::Write;

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

/// Words of a stage for a page: the formulas between dollar signs, the rest safe in Markdown.
pub(crate) fn typeset(text: &str) -> String {
    let (mut out, mut words) = (String::new(), String::new());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let starts = !words.ends_with(|before: char| before.is_alphanumeric());
        let found = FORMULAS.iter().find(|(typed, _)| {
            let after = rest.strip_prefix(typed);
            starts && after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
        });
        if let Some((typed, tex)) = found {
            out.push_str(&format!("{}${tex}$", plain(&words)));
            words.clear();
            rest = &rest[typed.len()..];
        } else {
            words.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    out + &plain(&words)
}

/// Plain text, safe in Markdown.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '*' | '_' | '[' | ']' | '<' | '>' | '|' | '$' | '\\' | '`' | '&' | '#' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

/// The derivation's lines, those that go on in the next line (no full stop or colon at their end) joined.
pub(crate) fn joined(lines: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in lines {
        match out.last_mut() {
            Some(last) if !last.ends_with(['.', ':']) => {
                last.push(' ');
                last.push_str(line);
            }
            _ => out.push((*line).to_owned()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clearprop::stage::STAGES;

    #[test]
    fn no_formula_of_a_derivation_is_left_as_it_is_typed() {
        for stage in STAGES {
            for line in joined(stage.derivation) {
                let words: String = typeset(&line).split('$').step_by(2).collect();
                let found = ["&#91;", "&#42;", "^", "sum over c", "exp(", "log("]
                    .iter()
                    .find(|sign| words.contains(**sign));
                assert_eq!(found, None, "{}: {words}", stage.id);
            }
        }
    }

    #[test]
    fn every_formula_is_one_of_a_stage() {
        let words: Vec<String> = STAGES
            .iter()
            .flat_map(|stage| {
                joined(stage.derivation).into_iter().chain([stage.by.to_owned(), stage.shape_rule.to_owned()])
            })
            .map(|line| typeset(&line))
            .collect();
        for (typed, tex) in FORMULAS {
            assert!(words.iter().any(|line| line.contains(&format!("${tex}$"))), "{typed} is in no stage");
        }
    }

    #[test]
    fn a_name_inside_a_word_is_no_formula() {
        assert_eq!(typeset("the INPUT z[l], not xz[l]"), "the INPUT $z_{l}$, not xz&#91;l&#93;");
    }

    #[test]
    fn a_sentence_over_two_lines_is_one_step() {
        assert_eq!(joined(&["a b", "c.", "d:", "e."]), ["a b c.", "d:", "e."]);
    }
}
