//! What an array of a trace is, and what it is called: ours or the notebook's.

use crate::network::Network;

/// Whose names: `z1` or `h11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Names {
    /// `x y w1 b1 z1 a1 logits probs dlogits dw1 db1 da1 dz1`.
    #[default]
    Design,
    /// `X y W1 h11 h12 f probs dL_df dL_dW1 dL_dh12 dL_dh11`, with the bias trick: the bias is the
    /// last row of `W1`, and `X` and `h12` end with a column of ones.
    Notebook,
}

/// What a quantity is; with a layer it is one array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the letters are those of the design's names, said once in DESIGN")]
pub enum Kind {
    X,
    Y,
    W,
    B,
    Z,
    A,
    Probs,
    DataLoss,
    Penalty,
    Loss,
    Dz,
    Da,
    Dw,
    Db,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::X,
        Self::Y,
        Self::W,
        Self::B,
        Self::Z,
        Self::A,
        Self::Probs,
        Self::DataLoss,
        Self::Penalty,
        Self::Loss,
        Self::Dz,
        Self::Da,
        Self::Dw,
        Self::Db,
    ];

    /// The derivative of the loss by a quantity of this kind.
    pub(super) fn derivative(self) -> Self {
        match self {
            Self::W => Self::Dw,
            Self::B => Self::Db,
            Self::Z => Self::Dz,
            Self::A => Self::Da,
            other => other,
        }
    }

    pub(super) fn has_layer(self) -> bool {
        matches!(self, Self::W | Self::B | Self::Z | Self::A | Self::Dz | Self::Da | Self::Dw | Self::Db)
    }

    /// The name of the layer's quantity of this kind.
    #[must_use]
    pub fn name(self, l: usize, network: &Network, names: Names) -> String {
        let last = network.layers();
        match (self, names) {
            (Self::X, Names::Design) => "x".into(),
            (Self::X, Names::Notebook) => "X".into(),
            (Self::Y, _) => "y".into(),
            (Self::W, Names::Design) => format!("w{l}"),
            (Self::B, Names::Design) => format!("b{l}"),
            (Self::Dw, Names::Design) => format!("dw{l}"),
            (Self::Db, Names::Design) => format!("db{l}"),
            (Self::W, Names::Notebook) => format!("W{l}"),
            (Self::B, Names::Notebook) => format!("W{l}[-1]"),
            (Self::Dw, Names::Notebook) => format!("dL_dW{l}"),
            (Self::Db, Names::Notebook) => format!("dL_dW{l}[-1]"),
            (Self::Z, Names::Design) if l == last => "logits".into(),
            (Self::Z, Names::Notebook) if l == last => "f".into(),
            (Self::Dz, Names::Design) if l == last => "dlogits".into(),
            (Self::Dz, Names::Notebook) if l == last => "dL_df".into(),
            (Self::Z, Names::Design) => format!("z{l}"),
            (Self::A, Names::Design) => format!("a{l}"),
            (Self::Dz, Names::Design) => format!("dz{l}"),
            (Self::Da, Names::Design) => format!("da{l}"),
            (Self::Z, Names::Notebook) => format!("h{l}1"),
            (Self::A, Names::Notebook) => format!("h{l}2"),
            (Self::Dz, Names::Notebook) => format!("dL_dh{l}1"),
            (Self::Da, Names::Notebook) => format!("dL_dh{l}2"),
            (Self::Probs, _) => "probs".into(),
            (Self::DataLoss, _) => "data_loss".into(),
            (Self::Penalty, Names::Design) => "penalty".into(),
            (Self::Penalty, Names::Notebook) => "reg_loss".into(),
            (Self::Loss, _) => "loss".into(),
        }
    }
}
