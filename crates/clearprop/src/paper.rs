//! The paper that text is written on: how wide it is, and whether it has colours.  Which paper that is, a door knows.

/// How wide the text may be, and whether it has colours.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// Columns.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
}

/// What a piece of text is; each has a colour, and none is told by its colour alone.
#[derive(Clone, Copy, Debug)]
pub enum Ink {
    /// Text.
    Plain,
    /// Headings.
    Bold,
    /// What is said beside.
    Faint,
    /// Values, on the way down.
    Forward,
    /// Derivatives, on the way up.
    Backward,
    /// What needs attention.
    Alert,
    /// What needs a thought.
    Caution,
    /// What is right.
    Good,
}

impl Paper {
    /// The text in its colour, if there are colours.
    #[must_use]
    pub fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colour || text.trim().is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Bold => "1",
            Ink::Faint => "2",
            Ink::Forward => "1;36",
            Ink::Backward => "1;33",
            Ink::Alert => "1;31",
            Ink::Caution => "33",
            Ink::Good => "32",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// The text in lines of at most the paper's width, the first after `indent` spaces, the others after
    /// two more.
    #[must_use]
    pub fn wrap(self, text: &str, indent: usize) -> String {
        let mut out = String::new();
        for (i, line) in wrap(text, self.width.saturating_sub(indent + 2)).iter().enumerate() {
            let indent = if i == 0 { indent } else { indent + 2 };
            out.push_str(&format!("{:indent$}{line}\n", ""));
        }
        out
    }
}

/// A space that no line is broken at.
pub const TIE: &str = "\u{a0}";

/// The words of a text in lines of at most `width`; a longer word has a line of its own.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() || length(line) + 1 + length(word) <= width => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| line.replace(TIE, " ")).collect()
}

/// How many columns a text takes.
#[must_use]
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// The text, filled up with spaces.
#[must_use]
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(length(text)))
}

/// A number for reading: four digits that count.
#[must_use]
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}").replace("-0", "0");
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{value:.3e}");
        let Some((digits, exponent)) = text.split_once('e') else { return text };
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let text = match size {
        s if s >= 1000.0 => format!("{value:.0}"),
        s if s >= 100.0 => format!("{value:.1}"),
        s if s >= 10.0 => format!("{value:.2}"),
        s if s >= 1.0 => format!("{value:.3}"),
        s if s >= 0.1 => format!("{value:.4}"),
        s if s >= 0.01 => format!("{value:.5}"),
        s if s >= 0.001 => format!("{value:.6}"),
        _ => format!("{value:.7}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `(603, 2)`; a number has no shape.
#[must_use]
pub fn shape(shape: &[usize]) -> String {
    match shape {
        [] => String::new(),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_keep_four_digits() {
        let check = |value: f64, expected: &str| assert_eq!(short(value), expected);
        check(0.0, "0");
        check(-0.0, "0");
        check(1.0, "1");
        check(-2.34567, "-2.346");
        check(0.001_234_56, "0.001235");
        check(0.000_123_456, "0.0001235");
        check(1234.5, "1234");
        check(1.5e-7, "1.5e-7");
        check(-3.456_78e9, "-3.457e9");
        check(f64::NAN, "NaN");
        check(f64::NEG_INFINITY, "-inf");
        check(20.0, "20");
        check(100.0, "100");
    }

    #[test]
    fn long_words_stand_alone_and_nothing_is_lost() {
        let lines = wrap("one two threeeeeeeeeeeeee four", 9);
        assert_eq!(lines, ["one two", "threeeeeeeeeeeeee", "four"]);
        assert_eq!(wrap(&format!("mean{TIE}0.5 max{TIE}1"), 9), ["mean 0.5", "max 1"]);
    }

    #[test]
    fn paper_without_colour_has_no_escapes() {
        let plain = Paper { width: 60, colour: false };
        assert_eq!(plain.ink(Ink::Alert, "no"), "no");
        let coloured = Paper { colour: true, ..plain };
        assert!(coloured.ink(Ink::Alert, "no").contains("\x1b["));
    }
}
