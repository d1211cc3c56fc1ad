//! Names of values, and what a name can hint at.

/// What a name says that an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diagnose) enum Word {
    X,
    Y,
    W,
    B,
    /// The input of a layer's nonlinearity.
    Z,
    /// Its output.
    A,
    /// The network's outputs.
    Output,
    /// The last z.
    Logits,
    Loss,
    DataLoss,
    Penalty,
    /// The strength of the penalty.
    Reg,
    /// The step size.
    Step,
    Activation,
    LossName,
    Regularize,
    /// A derivative by one side of a nonlinearity: which side is not said.
    Delta,
    /// An error: target and output, or what comes back to a layer's output.
    Error,
    Gamma,
    Beta,
    /// A mask of dropout.
    Mask,
    /// How many rows there are.
    Rows,
}

/// The layer that a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diagnose) enum Layer {
    Number(usize),
    Hidden,
    Last,
    Unsaid,
}

/// What a name hints at: whether it is a derivative of the loss, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) struct Hint {
    pub(in crate::diagnose) derivative: bool,
    pub(in crate::diagnose) word: Word,
    pub(in crate::diagnose) layer: Layer,
}

pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.len() <= 3 && word.chars().all(|c| c.is_ascii_digit())
}

/// A value's name.
pub(super) fn plain(words: &[String]) -> Option<Hint> {
    let found = |word: Word, layer: Layer| Some(Hint { derivative: false, word, layer });
    let mut rest: Vec<&str> = words.iter().map(String::as_str).collect();
    let number: Option<usize> = match rest.last() {
        Some(last) if is_number(last) => {
            let n = last.parse().ok();
            rest.pop();
            n
        }
        _ => None,
    };
    let layer = number.map_or(Layer::Unsaid, Layer::Number);
    let text = rest.join(" ");
    // The notebook: h[l]1 and h[l]2.
    if let (Some(n), "h") = (number, text.as_str())
        && n >= 10
    {
        let side = n % 10;
        let layer = Layer::Number(n / 10);
        return match side {
            1 => found(Word::Z, layer),
            2 => found(Word::A, layer),
            _ => None,
        };
    }
    let side = |w: &[&str]| -> Layer {
        match layer {
            Layer::Unsaid
                if w.iter().any(|w| {
                    matches!(*w, "hidden" | "hid" | "h" | "ih" | "wh" | "bh" | "xh" | "in" | "input")
                }) =>
            {
                Layer::Hidden
            }
            Layer::Unsaid
                if w.iter().any(|w| {
                    matches!(*w, "out" | "output" | "o" | "ho" | "hy" | "wout" | "bout" | "wo" | "bo")
                }) =>
            {
                Layer::Last
            }
            other => other,
        }
    };
    let word = match text.as_str() {
        "x" | "x train" | "xtrain" | "x tr" | "xtr" | "x batch" | "xbatch" | "xb" | "inputs" | "features"
        | "input" | "x b"
            if number.is_none() =>
        {
            return found(Word::X, Layer::Unsaid);
        }
        "y" | "y train" | "ytrain" | "y tr" | "ytr" | "y batch" | "ybatch" | "yb" | "labels" | "targets"
        | "target" | "label" | "t" | "y true" | "ytrue" | "truth" | "expected" | "answers" | "y b"
        | "onehot" | "one hot" | "y onehot" | "y one hot"
            if number.is_none() =>
        {
            return found(Word::Y, Layer::Unsaid);
        }
        "reg" | "lambda" | "lambd" | "lam" | "l2" | "reg strength" | "regstrength" | "weight decay"
        | "weightdecay" | "alpha" | "lmbda" => {
            return if number.is_some() && text != "l" {
                if text == "l" { None } else { found(Word::Reg, Layer::Unsaid) }
            } else {
                found(Word::Reg, Layer::Unsaid)
            };
        }
        "step size" | "stepsize" | "lr" | "learning rate" | "learningrate" | "eta" => {
            return found(Word::Step, Layer::Unsaid);
        }
        "activation" => Word::Activation,
        "loss name" | "lossname" => Word::LossName,
        "regularize" => Word::Regularize,
        "data loss" | "dataloss" => Word::DataLoss,
        "penalty" | "reg loss" | "regloss" => Word::Penalty,
        "loss" | "cost" | "j" | "c" | "e" | "mse" | "bce" | "nll" | "mae" | "sse" | "train loss"
        | "loss value" | "total cost" | "cross entropy" | "objective" | "mse loss" | "ce loss"
        | "bce loss" | "total loss" | "total error" | "error total" | "ce" | "l"
            if number.is_none() =>
        {
            Word::Loss
        }
        "m" | "n" | "num train" | "num examples" | "n samples" | "batch" | "batch size" | "batch num"
        | "num samples"
            if number.is_none() =>
        {
            Word::Rows
        }
        "f" | "scores" | "score" | "logits" if number.is_none() => Word::Logits,
        "probs" | "probabilities" | "p" | "yhat" | "y hat" | "softmax" | "pred" | "preds" | "prediction"
        | "predictions" | "y pred" | "ypred" | "hypo" | "hypothesis" | "al" | "prob" | "a" | "outputs"
        | "out" | "output" | "o" | "y out" | "yp"
            if number.is_none() =>
        {
            Word::Output
        }
        "a" => return found(Word::A, layer),
        "hidden" | "hidden layer" | "h" | "hid" | "hiddenlayer" if number.is_none() => {
            return found(Word::A, Layer::Hidden);
        }
        "hidden" | "hidden layer" | "layer" | "l" | "layer output" | "hidden output" => {
            return found(Word::A, layer);
        }
        "z" | "net" | "s" | "in" | "pre" | "preact" | "linear" | "layer input" => {
            return found(Word::Z, layer);
        }
        "mask" | "dropout mask" | "drop mask" | "d mask" => Word::Mask,
        "gamma" => Word::Gamma,
        "beta" => Word::Beta,
        "w" | "weights" | "weight" | "theta" | "syn" | "synapse" | "synaptic weights" | "kernel" => {
            return found(Word::W, layer);
        }
        "b" | "bias" | "biases" => return found(Word::B, layer),
        _ => {
            if let Some(found) = numbered(words).or_else(|| placed(&rest, layer)).or_else(|| said(&rest)) {
                return Some(found);
            }
            let joined = rest.concat();
            return match joined.as_str() {
                "wh" | "wih" | "wxh" | "whidden" | "weightshidden" | "hiddenweights"
                | "weightsinputhidden" | "weightsih" | "inputhiddenweights" => found(Word::W, side(&["h"])),
                "wout"
                | "wo"
                | "who"
                | "why"
                | "woutput"
                | "weightsoutput"
                | "outputweights"
                | "weightshiddenoutput"
                | "weightsho"
                | "hiddenoutputweights" => found(Word::W, side(&["o"])),
                "bh" | "biash" | "biashidden" | "hiddenbias" => found(Word::B, side(&["h"])),
                "bout" | "bo" | "biaso" | "biasoutput" | "outputbias" => found(Word::B, side(&["o"])),
                "zh" | "hiddenin" | "hiddeninput" | "hiddenlayerinput" | "nethidden" | "hin" | "hnet" => {
                    found(Word::Z, side(&["h"]))
                }
                "ah"
                | "hiddenout"
                | "hiddenoutput"
                | "hiddenactivation"
                | "hiddenactivations"
                | "hiddenlayeractivations"
                | "hiddenlayeractivation"
                | "hiddenlayeroutput"
                | "hout" => found(Word::A, side(&["h"])),
                "zo" | "zout" | "outputin" | "outputinput" | "outputlayerinput" | "finalinput"
                | "finalinputs" | "netoutput" | "netout" | "zl" => found(Word::Z, Layer::Last),
                "ao" | "aout" | "finaloutput" | "finaloutputs" | "predictedoutput" | "outputlayer"
                | "outputactivation" => found(Word::Output, Layer::Last),
                _ => None,
            };
        }
    };
    found(word, layer)
}

/// Weights and biases with their layer's number before them: `dense1_weights`, `fc2.bias`.
fn numbered(words: &[String]) -> Option<Hint> {
    let (kind, rest) = words.split_last()?;
    let word = match kind.as_str() {
        "w" | "weights" | "weight" | "kernel" => Word::W,
        "b" | "bias" | "biases" => Word::B,
        _ => return None,
    };
    let (number, rest) = rest.split_last()?;
    let layer = Layer::Number(number.parse().ok().filter(|_| is_number(number))?);
    let plain = |word: &String| {
        matches!(word.as_str(), "dense" | "fc" | "layer" | "linear" | "l" | "lin" | "hidden" | "affine")
    };
    (rest.len() == 1 && rest.iter().all(plain)).then_some(Hint { derivative: false, word, layer })
}

/// Answers and the penalty's strength, by one word of the name.
fn said(words: &[&str]) -> Option<Hint> {
    let any = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let found = |word: Word| Some(Hint { derivative: false, word, layer: Layer::Unsaid });
    if any(&["loss", "cost", "error", "err", "rate", "lr", "loader", "pred", "predicted", "test", "val"]) {
        return None;
    }
    if any(&["expected", "desired", "labels", "targets", "target", "truth", "answers", "groundtruth"]) {
        return found(Word::Y);
    }
    if any(&["reg", "regularization", "lambda", "lambd", "lamda", "decay", "l2"]) {
        return found(Word::Reg);
    }
    None
}

/// Weights, biases and values with the place where they stand: `w_input_hidden`, `bias_output`, `output_net`.
fn placed(words: &[&str], layer: Layer) -> Option<Hint> {
    let mut word = None;
    let mut places: Vec<Layer> = Vec::new();
    for part in words {
        let kind = match *part {
            "w" | "weights" | "weight" | "theta" | "syn" => Some(Word::W),
            "b" | "bias" | "biases" => Some(Word::B),
            "net" | "z" | "pre" | "preact" => Some(Word::Z),
            "act" | "activation" | "activations" => Some(Word::A),
            _ => None,
        };
        if let (Some(kind), None) = (kind, word) {
            word = Some(kind);
            continue;
        }
        places.push(match *part {
            "hidden" | "hid" | "h" | "hl" => Layer::Hidden,
            "output" | "out" | "o" | "y" | "final" | "last" => Layer::Last,
            "input" | "in" | "i" | "x" | "to" | "layer" => continue,
            "ih" | "xh" => Layer::Hidden,
            "ho" | "hy" => Layer::Last,
            _ => return None,
        });
    }
    let said = if layer == Layer::Unsaid { *places.last()? } else { layer };
    Some(Hint { derivative: false, word: word?, layer: said })
}
