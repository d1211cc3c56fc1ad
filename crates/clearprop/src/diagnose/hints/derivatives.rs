//! Names of derivatives: what is left without the marks that say so.

use super::values::{Hint, Layer, Word, is_number, plain};

/// What a name may be the derivative by: the name without the marks that say so.
pub(in crate::diagnose) fn stems(name: &str) -> Vec<String> {
    const BEFORE: [&str; 19] = [
        "dL_d",
        "dl_d",
        "dLoss_d",
        "dloss_d",
        "dJ_d",
        "dE_d",
        "dC_d",
        "gradient_",
        "grads_",
        "grad_",
        "nabla_",
        "delta_",
        "del_",
        "d_",
        "g_",
        "grad",
        "delta",
        "dL",
        "d",
    ];
    const AFTER: [&str; 8] =
        ["_gradient", "_grads", "_grad", "_deltas", "_delta", "_errors", "_error", "_deriv"];
    let tail = last_part(name);
    let mut found: Vec<&str> = Vec::new();
    for text in [name, tail] {
        found.extend(BEFORE.iter().filter_map(|mark| text.strip_prefix(mark)));
        found.extend(AFTER.iter().filter_map(|mark| text.strip_suffix(mark)));
        if name != tail {
            found.push(tail);
        }
    }
    // dense2_dweights
    let inside = tail.match_indices("_d").map(|(at, _)| format!("{}_{}", &tail[..at], &tail[at + 2..]));
    found.retain(|stem| !stem.is_empty());
    found.into_iter().map(str::to_owned).chain(inside).collect()
}

/// The key of a dictionary's entry, else the whole name.
pub(in crate::diagnose) fn last_part(name: &str) -> &str {
    match name.rsplit_once(['.', '[']) {
        Some((_, inner)) => {
            let key = inner.trim_matches(|c: char| "\"'] ".contains(c));
            if key.is_empty() || is_number(key) { name } else { key }
        }
        None => name,
    }
}

/// A derivative: what is left of the name without the words that say so.
pub(super) fn derivative(words: &[String]) -> Option<Hint> {
    let of = |rest: &[String]| {
        if let Some(found) = plain(rest) {
            let by = matches!(
                found.word,
                Word::W
                    | Word::B
                    | Word::Z
                    | Word::A
                    | Word::Logits
                    | Word::Output
                    | Word::Y
                    | Word::Gamma
                    | Word::Beta
            );
            // dhidden is masked in place before it is used: it ends as the derivative by z.
            return by.then_some(match (found.word, found.layer) {
                (Word::A, Layer::Hidden) => {
                    Hint { derivative: true, word: Word::Delta, layer: Layer::Hidden }
                }
                _ => Hint { derivative: true, ..found },
            });
        }
        // delta2, d_hidden, grad_3, delta_output: the layer alone.
        let layer = layer_alone(rest)?;
        Some(Hint { derivative: true, word: Word::Delta, layer })
    };
    // Alone it is the one by all that is learnt, where that is one array.
    if let [only] = words
        && matches!(only.as_str(), "grad" | "gradient")
    {
        return Some(Hint { derivative: true, word: Word::W, layer: Layer::Unsaid });
    }
    const BEFORE: [&[&str]; 14] = [
        &["dl", "d"],
        &["dloss", "d"],
        &["dj", "d"],
        &["de", "d"],
        &["dc", "d"],
        &["d", "loss", "d"],
        &["dl"],
        &["grad"],
        &["gradient"],
        &["nabla"],
        &["delta"],
        &["del"],
        &["deriv"],
        &["d"],
    ];
    for before in BEFORE {
        if words.len() > before.len()
            && words.iter().zip(before).all(|(word, b)| word == b)
            && let Some(found) = of(&words[before.len()..])
        {
            return Some(found);
        }
    }
    let (first, rest) = words.split_first()?;
    // dW1, dL_dW1: the mark sticks to the word.
    if matches!(first.as_str(), "dl" | "dloss" | "dj" | "de" | "dc")
        && let Some(second) = rest.first()
        && let Some(word) = second.strip_prefix('d').filter(|w| !w.is_empty())
    {
        let mut inner = vec![word.to_owned()];
        inner.extend_from_slice(&rest[1..]);
        if let Some(found) = of(&inner) {
            return Some(found);
        }
    }
    for mark in ["delta", "grad", "d"] {
        if let Some(word) = first.strip_prefix(mark).filter(|w| !w.is_empty()) {
            let mut inner = vec![word.to_owned()];
            inner.extend_from_slice(rest);
            if let Some(found) = of(&inner) {
                return Some(found);
            }
        }
    }
    let (last, rest) = words.split_last()?;
    match last.as_str() {
        "grad" | "grads" | "gradient" | "gradients" | "deriv" if !rest.is_empty() => of(rest),
        "delta" | "deltas" if !rest.is_empty() => {
            Some(Hint { derivative: true, word: Word::Delta, layer: layer_alone(rest)? })
        }
        "error" | "errors" | "err" if !rest.is_empty() => {
            Some(Hint { derivative: true, word: Word::Error, layer: layer_alone(rest)? })
        }
        _ => {
            let error = matches!(first.as_str(), "error" | "err" | "e" | "errors");
            let delta = matches!(first.as_str(), "delta" | "deltas");
            let tail = &words[1..];
            if error && !tail.is_empty() {
                let layer = layer_alone(tail)?;
                let word = if first == "e" { Word::Delta } else { Word::Error };
                return Some(Hint { derivative: true, word, layer });
            }
            if error && first != "e" {
                return Some(Hint { derivative: true, word: Word::Error, layer: Layer::Last });
            }
            if delta {
                return Some(Hint {
                    derivative: true,
                    word: Word::Delta,
                    layer: layer_alone(tail).unwrap_or(Layer::Last),
                });
            }
            None
        }
    }
}

/// A layer's number or place, and nothing else.
fn layer_alone(words: &[String]) -> Option<Layer> {
    let mut layer = None;
    for word in words {
        match word.as_str() {
            "hidden" | "hid" => layer = Some(Layer::Hidden),
            "out" | "output" | "outputs" | "l" | "o" | "last" | "final" | "ol"
                if layer.is_none() && words.len() <= 2 =>
            {
                layer = Some(Layer::Last);
            }
            "layer" | "l" | "z" => {}
            word if is_number(word) => layer = Some(Layer::Number(word.parse().ok()?)),
            _ => return None,
        }
    }
    layer
}
