//! What a name in a person's file means: the design's names, the notebook's, and the usual others.

/// What an array holds, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// The inputs.
    X,
    /// The right answers.
    Y,
    /// The weights of a layer, perhaps with the bias as a row.
    W(usize),
    /// The bias of a layer.
    B(usize),
    /// The input of a layer's nonlinearity.
    Z(usize),
    /// The output of a layer's nonlinearity.
    A(usize),
    /// The last z.
    Logits,
    /// The probabilities.
    Probs,
    /// The loss, and its two parts.
    Loss,
    /// The data's part of the loss.
    DataLoss,
    /// The penalty's part of the loss.
    Penalty,
    /// The strength of the penalty.
    Reg,
    /// The step size.
    Step,
    /// The name of the activation, of the loss, and what is penalised.
    Activation,
    /// The name of the loss.
    LossName,
    /// What is penalised: `all` or `weights`.
    Regularize,
}

/// What a name means: the quantity, and whether it is the derivative of the loss by it.
///
/// ```
/// use clearprop::diagnose::names::{Word, meaning};
/// assert_eq!(meaning("dL_dh12"), Some((true, Word::A(1))));
/// assert_eq!(meaning("Z2"), Some((false, Word::Z(2))));
/// assert_eq!(meaning("grad_W1"), Some((true, Word::W(1))));
/// assert_eq!(meaning("X_train"), Some((false, Word::X)));
/// assert_eq!(meaning("data_per_class"), None);
/// ```
#[must_use]
pub fn meaning(name: &str) -> Option<(bool, Word)> {
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    // W1_0 is not W10.
    let digits = |c: char| c.is_ascii_digit();
    let pieces = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty());
    if pieces.collect::<Vec<_>>().windows(2).any(|two| two[0].ends_with(digits) && two[1].starts_with(digits))
    {
        return None;
    }
    if let Some(word) = value(&plain) {
        return Some((false, word));
    }
    let derivative = |base: &str| match value(base)? {
        // dhidden is masked in place before it is used: it ends as the derivative by z.
        Word::A(1) if base.starts_with("hidden") => Some((true, Word::Z(1))),
        word @ (Word::W(_) | Word::B(_) | Word::Z(_) | Word::A(_) | Word::Logits) => Some((true, word)),
        _ => None,
    };
    ["dld", "dlossd", "gradient", "grad", "delta", "d"]
        .iter()
        .find_map(|prefix| {
            let rest = plain.strip_prefix(prefix)?;
            if *prefix == "delta" && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) {
                return derivative(&format!("z{rest}"));
            }
            derivative(rest)
        })
        .or_else(|| derivative(plain.strip_suffix("gradient").or_else(|| plain.strip_suffix("grad"))?))
}

/// Whether a name says the hidden layer, but not which side of its nonlinearity: `h1`, `dh1`, `dL_dh2`.
pub(super) fn says_no_side(name: &str) -> bool {
    let plain = ["dL_d", "d_", "d"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    matches!(plain.as_bytes(), [b'h', b'1'..=b'9'])
}

fn value(plain: &str) -> Option<Word> {
    let letters = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &plain[letters.len()..];
    if digits.len() > 3 {
        return None;
    }
    if digits.is_empty() {
        return Some(match letters {
            "x" | "xtrain" | "xtr" | "xbatch" | "xb" | "inputs" | "features" => Word::X,
            "y" | "ytrain" | "ytr" | "ybatch" | "yb" | "labels" | "targets" | "target" => Word::Y,
            "w" | "weights" => Word::W(1),
            "b" | "bias" => Word::B(1),
            "f" | "scores" | "logits" => Word::Logits,
            "probs" | "probabilities" | "p" | "yhat" | "softmax" => Word::Probs,
            "hidden" | "hiddenlayer" => Word::A(1),
            "loss" | "cost" => Word::Loss,
            "dataloss" => Word::DataLoss,
            "penalty" | "regloss" => Word::Penalty,
            "reg" | "lambda" | "lambd" | "lam" | "l2" | "regstrength" | "weightdecay" => Word::Reg,
            "stepsize" | "lr" | "learningrate" | "eta" => Word::Step,
            "activation" => Word::Activation,
            "lossname" => Word::LossName,
            "regularize" => Word::Regularize,
            _ => return None,
        });
    }
    if letters == "h" && digits.len() >= 2 {
        // h[l]1 and h[l]2: the layer, then input or output of its nonlinearity.
        let (layer, side) = digits.split_at(digits.len() - 1);
        let layer = layer.parse().ok().filter(|&l| l > 0)?;
        return match side {
            "1" => Some(Word::Z(layer)),
            "2" => Some(Word::A(layer)),
            _ => None,
        };
    }
    let layer: usize = digits.parse().ok().filter(|&l| l > 0)?;
    match letters {
        "w" | "weights" | "theta" => Some(Word::W(layer)),
        "b" | "bias" => Some(Word::B(layer)),
        "z" => Some(Word::Z(layer)),
        "a" => Some(Word::A(layer)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strays_of_a_notebook_mean_nothing() {
        let strays = [
            "i",
            "h",
            "K",
            "N",
            "D",
            "data_per_class",
            "num_train",
            "d",
            "delta",
            "xx",
            "yy",
            "Z",
            "ix",
            "r",
            "t",
            "dX",
            "dA",
            "losses",
            "step",
            "W1_0",
            "h1",
            "h10",
            "rng_state",
            "mask",
            "correct_logprobs",
            "X_test",
            "W0",
            "num_classes",
            "",
            "___",
            "дельта",
        ];
        for stray in strays {
            assert_eq!(meaning(stray), None, "{stray}");
        }
    }

    #[test]
    fn a_hidden_layer_without_its_side_is_noticed() {
        assert!(["h1", "h2", "dh1", "dL_dh1"].into_iter().all(says_no_side));
        assert!(!["h", "h11", "dL_dh12", "a1", "dz1", "hidden", "d1"].into_iter().any(says_no_side));
    }

    #[test]
    fn the_case_study_is_understood() {
        assert_eq!(meaning("W"), Some((false, Word::W(1))));
        assert_eq!(meaning("dscores"), Some((true, Word::Logits)));
        assert_eq!(meaning("dhidden"), Some((true, Word::Z(1))));
        assert_eq!(meaning("hidden_layer"), Some((false, Word::A(1))));
        assert_eq!(meaning("db"), Some((true, Word::B(1))));
        assert_eq!(meaning("delta2"), Some((true, Word::Z(2))));
        assert_eq!(meaning("reg_loss"), Some((false, Word::Penalty)));
    }
}
