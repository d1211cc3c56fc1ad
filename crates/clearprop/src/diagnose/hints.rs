//! What a name in a person's file hints at.  Names are hints; numbers decide.

mod derivatives;
mod values;

use derivatives::derivative;
pub(super) use derivatives::{last_part, stems};
use values::plain;
pub(super) use values::{Hint, Layer, Word};

/// The words of a name in lower case: `hiddenLayer_input1` is `hidden layer input 1`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() {
            before = ' ';
            continue;
        }
        let digit = c.is_numeric();
        let starts = !before.is_alphanumeric()
            || digit != before.is_numeric()
            || (c.is_uppercase()
                && before.is_lowercase()
                && words.last().is_some_and(|w| w.chars().count() > 2));
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

/// What a name hints at; `None` if nothing.
pub(super) fn hint(name: &str) -> Option<Hint> {
    // What stands in a dictionary of gradients is one.
    let (inside, name) = match name.rsplit_once(['.', '[']) {
        Some((outer, inner)) => (Some(outer), inner.trim_matches(|c: char| "\"'] ".contains(c))),
        None => (None, name),
    };
    let in_grads = inside.is_some_and(|outer| {
        outer.to_ascii_lowercase().contains("grad") || outer.to_ascii_lowercase().starts_with('d')
    });
    if in_grads && let Some(found) = plain(&words(name)) {
        return Some(Hint { derivative: true, ..found });
    }
    // W1_0 is the weights of the start, not W10.
    let words = words(name);
    let digits = |w: &String| w.chars().all(char::is_numeric);
    if words.windows(2).any(|two| digits(&two[0]) && digits(&two[1])) {
        return None;
    }
    if let Some(found) = plain(&words) {
        return Some(found);
    }
    derivative(&words)
}

/// Whether a name says the hidden layer, but not which side of its nonlinearity: `h1`, `dh1`, `dL_dh2`.
pub(super) fn says_no_side(name: &str) -> bool {
    let plain = ["dL_d", "d_", "d"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    matches!(plain.as_bytes(), [b'h', b'1'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, derivative: bool, word: Word, layer: Layer) {
        assert_eq!(hint(name), Some(Hint { derivative, word, layer }), "{name}");
    }

    #[test]
    fn the_words_that_people_use_are_understood() {
        use Layer::{Hidden, Last, Number, Unsaid};
        check("dL_dh12", true, Word::A, Number(1));
        check("dL_dh11", true, Word::Z, Number(1));
        check("dL_dW1", true, Word::W, Number(1));
        check("dL_df", true, Word::Logits, Unsaid);
        check("dscores", true, Word::Logits, Unsaid);
        check("Z2", false, Word::Z, Number(2));
        check("grad_W1", true, Word::W, Number(1));
        check("theta1_grad", true, Word::W, Number(1));
        check("X_train", false, Word::X, Unsaid);
        check("delta_hidden", true, Word::Delta, Hidden);
        check("hidden_error", true, Word::Error, Hidden);
        check("l2_delta", true, Word::Delta, Number(2));
        check("d_w_1", true, Word::W, Number(1));
        check("e_L", true, Word::Delta, Last);
        check("delta", true, Word::Delta, Last);
        check("d2", true, Word::Delta, Number(2));
        check("W", false, Word::W, Unsaid);
        check("db", true, Word::B, Unsaid);
        check("y_hat", false, Word::Output, Unsaid);
        check("dA2", true, Word::A, Number(2));
        check("bout", false, Word::B, Last);
        check("hidden_layer_input1", false, Word::Z, Number(1));
        check("grads['W1']", true, Word::W, Number(1));
        assert_eq!(hint("data_per_class"), None);
        assert_eq!(hint("W1_0"), None);
    }

    #[test]
    fn a_hidden_layer_without_its_side_is_noticed() {
        assert!(["h1", "h2", "dh1", "dL_dh1"].into_iter().all(says_no_side));
        assert!(!["h", "h11", "dL_dh12", "a1", "dz1", "hidden", "d1"].into_iter().any(says_no_side));
    }
}
