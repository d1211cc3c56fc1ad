//! The arithmetic of one number on paper, every digit written, so that it can be redone by hand.

use crate::paper::{Ink, Paper, length, padded};
use crate::trace::chain::few;
use clearprop::trace::{ChainRule, Step, Term, Worked, exact};

/// So many terms that are zero are counted, not written.
const MANY_ZEROS: usize = 3;

/// Of more terms than this the largest are written, as many as [`LARGEST`].
const MANY: usize = 12;
const LARGEST: usize = 8;

/// The arithmetic of one number; a long sum in full, with all its digits, only where `all` is asked for.
pub(crate) fn worked(worked: &Worked, all: bool, paper: Paper) -> String {
    let mut head = worked.name.clone();
    if worked.other_name != worked.name {
        head = format!("{head} ({})", worked.other_name);
    }
    let mut out = format!("{} = {}\n", paper.ink(Ink::Bold, &head), exact(worked.value));
    out.push_str(&paper.ink(Ink::Faint, &paper.wrap(&worked.sentence, 0)));
    for step in &worked.steps {
        out.push('\n');
        out.push_str(&paper.wrap(&format!("{} = {}", step.result, step.rule), 2));
        let long = step.terms.iter().filter(|term| term.value != 0.0).count() > MANY;
        if long && !all { long_sum(step, paper, &mut out) } else { self::step(step, paper, &mut out) }
    }
    if let Some(chain) = &worked.chain {
        out.push('\n');
        chain_rule(worked, chain, paper, &mut out);
    }
    out
}

/// The terms of a step, one a line, and their sum.
fn step(step: &Step, paper: Paper, out: &mut String) {
    let zeros: Vec<&Term> = step.terms.iter().filter(|term| term.value == 0.0).collect();
    let folds = zeros.len() >= MANY_ZEROS && zeros.len() < step.terms.len();
    let shown = step.terms.iter().filter(|term| !(folds && term.value == 0.0));
    let lines: Vec<(&str, String, f64)> =
        shown.map(|term| (term.at.as_str(), arithmetic(term), term.value)).collect();
    let label = lines.iter().map(|(at, ..)| length(at)).max().unwrap_or(0).max(3);
    let widest = lines.iter().map(|(_, text, _)| length(text)).max().unwrap_or(0);
    for (at, text, value) in &lines {
        let result = exact(*value);
        // A lone number needs no second writing.
        let line = if *text == result {
            format!("    {}  {text}", padded(at, label))
        } else {
            let text = if label + widest + 32 <= paper.width { padded(text, widest) } else { text.clone() };
            format!("    {}  {text} = {result}", padded(at, label))
        };
        if length(&line) <= paper.width {
            out.push_str(&format!("{line}\n"));
        } else {
            // The result under its arithmetic, and if need be one factor a line.
            let room = paper.width.saturating_sub(label + 6);
            let pieces = if length(text) <= room { text.clone() } else { text.replace(" * ", "\n* ") };
            for (i, piece) in pieces.lines().enumerate() {
                let at = if i == 0 { at } else { "" };
                out.push_str(&format!("    {}  {piece}\n", padded(at, label)));
            }
            if *text != result {
                out.push_str(&format!("    {}  = {result}\n", padded("", label)));
            }
        }
    }
    if folds {
        let rows: Vec<usize> = zeros
            .iter()
            .filter_map(|term| term.at.split_once('=').and_then(|(_, i)| i.parse().ok()))
            .collect();
        let letter = zeros.iter().find_map(|term| term.at.split_once('=').map(|(letter, _)| letter));
        let which = letter.map_or(String::new(), |letter| format!(": {letter} = {}", few(&rows)));
        let text = format!("and {} terms that are exactly 0{which}", zeros.len());
        out.push_str(&paper.ink(Ink::Faint, &paper.wrap(&text, 4)));
    }
    if step.terms.len() > 1 {
        out.push_str(&format!("    {}  {}\n", padded("sum", label), exact(step.value)));
    }
}

/// The largest terms of a long sum in six digits, and what the rest adds up to.
fn long_sum(step: &Step, paper: Paper, out: &mut String) {
    let mut largest: Vec<usize> = (0..step.terms.len()).collect();
    largest.sort_by(|&a, &b| step.terms[b].value.abs().total_cmp(&step.terms[a].value.abs()));
    largest.truncate(LARGEST);
    largest.sort_unstable();
    let label = largest.iter().map(|&nth| length(&step.terms[nth].at)).max().unwrap_or(0).max(4);
    let text = |term: &Term| {
        let factors: Vec<String> = term.factors.iter().map(|factor| six(factor.value)).collect();
        factors.join(" * ")
    };
    let widest = largest.iter().map(|&nth| length(&text(&step.terms[nth]))).max().unwrap_or(0);
    for &nth in &largest {
        let term = &step.terms[nth];
        let result = if term.factors.len() > 1 { format!(" = {}", six(term.value)) } else { String::new() };
        out.push_str(&format!("    {}  {}{result}\n", padded(&term.at, label), padded(&text(term), widest)));
    }
    let rest: Vec<f64> =
        (0..step.terms.len()).filter(|nth| !largest.contains(nth)).map(|nth| step.terms[nth].value).collect();
    let words = format!("the other {} terms add up to {}", rest.len(), six(rest.iter().sum()));
    out.push_str(&format!("    {}  {words}\n", padded("rest", label)));
    out.push_str(&format!("    {}  {}\n", padded("sum", label), six(step.value)));
    let words = "the largest terms, in 6 digits; --all writes every term with all its digits";
    out.push_str(&paper.ink(Ink::Faint, &paper.wrap(words, 4)));
}

/// A number in six digits.
fn six(value: f64) -> String {
    let text = format!("{value:.5e}");
    exact(text.parse().unwrap_or(value))
}

/// The factors of a term, a sum among them in brackets.
fn arithmetic(term: &Term) -> String {
    let factors = term.factors.iter().map(|factor| {
        let text = &factor.arithmetic;
        if term.factors.len() > 1 && is_sum(text) { format!("({text})") } else { text.clone() }
    });
    factors.collect::<Vec<_>>().join(" * ")
}

/// Whether a text is a sum or quotient at its outermost level, not inside of brackets.
fn is_sum(text: &str) -> bool {
    let mut depth = 0;
    let mut outer = String::new();
    for c in text.chars() {
        depth += i32::from(c == '(');
        if depth == 0 {
            outer.push(c);
        }
        depth -= i32::from(c == ')');
    }
    [" + ", " - ", " / "].iter().any(|sign| outer.contains(sign))
}

/// The chain rule through one row: each factor, what it differentiates by what, and its value.
fn chain_rule(worked: &Worked, chain: &ChainRule, paper: Paper, out: &mut String) {
    let title = format!("The chain rule through row {}, one factor a line:", chain.row);
    out.push_str(&paper.ink(Ink::Bold, &title));
    out.push('\n');
    let label = chain.factors.iter().map(|factor| length(&factor.name)).max().unwrap_or(0).max(7);
    for factor in &chain.factors {
        let value = exact(factor.value);
        let name = padded(&factor.name, label);
        let line = if factor.arithmetic == value {
            format!("    {name}  {value}")
        } else {
            format!("    {name}  {} = {value}", factor.arithmetic)
        };
        if length(&line) <= paper.width {
            out.push_str(&format!("{line}\n"));
        } else {
            let pieces = factor.arithmetic.replace(" + ", "\n+ ");
            let count = pieces.lines().count();
            // Sums of many terms have an entry of their own.
            let shown = if count <= 6 { count } else { 3 };
            out.push_str(&format!("    {name}\n"));
            for piece in pieces.lines().take(shown) {
                out.push_str(&format!("      {piece}\n"));
            }
            if shown < count {
                let entry = factor.name.trim_start_matches("loss by ");
                out.push_str(&format!("      + {} terms more: --entry d{entry} shows all\n", count - shown));
            }
            out.push_str(&format!("      = {value}\n"));
        }
    }
    out.push_str(&format!("    {}  {}\n", padded("product", label), exact(chain.product)));
    let text = format!("which is the term i={} of {}.", chain.row, worked.name);
    out.push_str(&paper.ink(Ink::Faint, &paper.wrap(&text, 4)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::some_trace;
    use clearprop::trace::{Factor, Names, arrays};

    /// The value of `a + b * c^2 - max(0, d)` and the like.
    struct Sum<'a>(std::iter::Peekable<std::str::Chars<'a>>);

    impl Sum<'_> {
        fn value(text: &str) -> f64 {
            let mut sum = Sum(text.chars().peekable());
            let value = sum.sum();
            assert_eq!(sum.0.next(), None, "all of {text} is read");
            value
        }

        fn skip(&mut self) -> Option<char> {
            while self.0.next_if(|c| c.is_whitespace()).is_some() {}
            self.0.peek().copied()
        }

        fn sum(&mut self) -> f64 {
            let mut value = self.product();
            while let Some(sign @ ('+' | '-')) = self.skip() {
                self.0.next();
                let next = self.product();
                value += if sign == '+' { next } else { -next };
            }
            value
        }

        fn product(&mut self) -> f64 {
            let mut value = self.power();
            loop {
                match self.skip() {
                    Some(sign @ ('*' | '/')) => {
                        self.0.next();
                        let next = self.power();
                        value = if sign == '*' { value * next } else { value / next };
                    }
                    // 2 pi
                    Some('p') => value *= self.power(),
                    _ => return value,
                }
            }
        }

        fn power(&mut self) -> f64 {
            let value = self.atom();
            if self.skip() == Some('^') {
                self.0.next();
                return value.powf(self.atom());
            }
            value
        }

        fn atom(&mut self) -> f64 {
            match self.skip() {
                Some('-') => {
                    self.0.next();
                    -self.power()
                }
                Some('(') => {
                    self.0.next();
                    let mut value = self.sum();
                    if self.skip() == Some('>') {
                        self.0.next();
                        value = f64::from(u8::from(value > self.sum()));
                    }
                    assert_eq!(self.skip(), Some(')'));
                    self.0.next();
                    value
                }
                Some('|') => {
                    self.0.next();
                    let value = self.sum();
                    assert_eq!(self.skip(), Some('|'));
                    self.0.next();
                    value.abs()
                }
                Some(c) if c.is_ascii_alphabetic() => {
                    let mut name = String::new();
                    while let Some(c) = self.0.next_if(char::is_ascii_alphabetic) {
                        name.push(c);
                    }
                    if name == "pi" {
                        return std::f64::consts::PI;
                    }
                    let mut given = Vec::new();
                    while self.skip() != Some(')') {
                        // The bracket, and then the commas.
                        self.0.next();
                        given.push(self.sum());
                    }
                    self.0.next();
                    match (name.as_str(), given.as_slice()) {
                        ("max", [a, b]) => a.max(*b),
                        ("min", [a, b]) => a.min(*b),
                        ("exp", [a]) => a.exp(),
                        ("log", [a]) => a.ln(),
                        ("sqrt", [a]) => a.sqrt(),
                        ("tanh", [a]) => a.tanh(),
                        ("erf", [a]) => erf(*a),
                        ("sign", [a]) => a.signum(),
                        _ => panic!("no function is called {name}"),
                    }
                }
                _ => {
                    let mut number = String::new();
                    while let Some(&c) = self.0.peek() {
                        let exponent = number.ends_with('e');
                        if c.is_ascii_digit() || c == '.' || c == 'e' || (exponent && c == '-') {
                            number.push(c);
                            self.0.next();
                        } else {
                            break;
                        }
                    }
                    number.parse().unwrap_or_else(|_| panic!("'{number}' is no number"))
                }
            }
        }
    }

    /// The error function, by its series or its continued fraction: neither shares anything with the library's.
    fn erf(x: f64) -> f64 {
        let (far, root) = (x.abs(), std::f64::consts::PI.sqrt());
        if far > 1.0 {
            let tail = (1..2000).rev().fold(0.0, |tail, k| 0.5 * f64::from(k) / (far + tail));
            return (1.0 - (-x * x).exp() / root / (far + tail)).copysign(x);
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..40 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * 2.0 / root
    }

    /// Redoes what is printed: every term of the last step from its printed arithmetic, then their sum.
    fn redone(text: &str, rule: &str) -> Option<f64> {
        let step = text.split(rule).nth(1)?.split("\n\n").next()?;
        let mut terms: Vec<String> = Vec::new();
        for line in step.lines().filter(|line| line.starts_with("    ")) {
            let line = &line[4..];
            if line.starts_with("sum ") || line.starts_with("and ") {
                break;
            }
            let (label, rest) = line.split_once("  ").unwrap_or(("", line));
            let rest = rest.trim();
            match terms.last_mut() {
                Some(term)
                    if label.trim().is_empty() && (rest.starts_with("* ") || rest.starts_with("= ")) =>
                {
                    term.push(' ');
                    term.push_str(rest);
                }
                _ => terms.push(rest.to_owned()),
            }
        }
        let terms: Vec<f64> =
            terms.iter().map(|term| Sum::value(term.split(" = ").next().unwrap_or_default())).collect();
        (!terms.is_empty()).then(|| terms.iter().sum())
    }

    #[test]
    fn the_printed_terms_of_random_entries_add_up_to_the_traced_number() {
        let mut redone_count = 0;
        // Every activation with every loss.
        for case in 0..12 * clearprop::loss::Loss::ALL.len() {
            let trace = some_trace(case);
            for (at, (name, values)) in arrays(&trace, Names::Design).into_iter().enumerate() {
                let given = ["x", "y", "reg"].contains(&name.as_str()) || name.starts_with(['w', 'b']);
                if given {
                    continue;
                }
                // A number of no particular place.
                let place = (case * 31 + at * 17) % values.len();
                let text = match *values.shape() {
                    [] => name.clone(),
                    [_] => format!("{name}[{place}]"),
                    [_, columns, ..] => format!("{name}[{},{}]", place / columns, place % columns),
                };
                let entry = trace.entry(&text).unwrap();
                for names in [Names::Design, Names::Notebook] {
                    for width in [200, 60] {
                        let work = trace.worked(&entry, None, names);
                        let paper = Paper { width, colour: false };
                        let printed = worked(&work, true, paper);
                        let last = work.steps.last().unwrap();
                        let rule = paper.wrap(&format!("{} = {}", last.result, last.rule), 2);
                        let sum = redone(&printed, &rule).unwrap_or_else(|| panic!("{printed}"));
                        let error = (sum - work.value).abs();
                        assert!(
                            error <= 1e-12 * work.value.abs().max(1e-3),
                            "{sum} {}\n{printed}",
                            work.value
                        );
                    }
                }
                redone_count += 1;
            }
        }
        assert!(redone_count >= 200, "only {redone_count}");
    }

    #[test]
    fn nothing_is_wider_than_the_paper_but_a_number() {
        let trace = some_trace(1);
        for entry in ["dw1[0,3]", "probs[0,1]", "data_loss", "da1[2,2]", "penalty"] {
            let printed = worked(
                &trace.worked(&trace.entry(entry).unwrap(), None, Names::Design),
                true,
                Paper { width: 60, colour: false },
            );
            let widest = printed.lines().map(length).max().unwrap_or(0);
            assert!(widest <= 66, "{widest}: {printed}");
        }
    }

    #[test]
    fn a_long_sum_shows_its_largest_terms_and_what_the_rest_adds_up_to() {
        let term = |i: usize| {
            let value = if i == 7 { 5.0 } else { 0.123_456_789 };
            let factor = |value: f64| Factor { name: "x".into(), arithmetic: exact(value), value };
            Term { at: format!("i={i}"), factors: vec![factor(value), factor(2.0)], value: 2.0 * value }
        };
        let terms: Vec<Term> = (0..30).map(term).collect();
        let value = terms.iter().map(|term| term.value).sum();
        let step = Step { result: "dw1[0,0]".into(), rule: "a sum".into(), terms, value };
        let work = Worked {
            name: "dw1[0,0]".into(),
            other_name: "dw1[0,0]".into(),
            value,
            sentence: String::new(),
            steps: vec![step],
            chain: None,
        };
        let paper = Paper { width: 80, colour: false };
        let short = worked(&work, false, paper);
        assert!(short.contains("i=7   5 * 2        = 10\n"), "{short}");
        assert!(
            short.contains("0.123457 * 2 = 0.246914")
                && short.contains("the other 22 terms add up to 5.4321"),
            "{short}"
        );
        assert!(!short.contains("0.123456789") && short.lines().count() < 18, "{short}");
        let full = worked(&work, true, paper);
        assert_eq!(full.matches("0.123456789 * 2").count(), 29, "{full}");
    }
}
