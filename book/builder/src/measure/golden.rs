//! The golden runs: what NumPy computed for the notebook, from the same data and first weights.

use crate::source::root;
use clearprop::activation::Activation;
use clearprop::data::{Data, Target};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::params::Params;
use clearprop_files::npz;

/// The notebook's network: 2 inputs, `hidden` units, 3 classes, the penalty over weights and biases.
pub(super) fn notebook(hidden: usize, reg: f64) -> Result<Network> {
    let penalty = Penalty { reg, over: Penalized::All };
    Network::new(&[2, hidden, 3], Activation::Relu, Loss::Softmax, penalty)
}

/// One golden file.
pub(super) struct Golden {
    pub(super) network: Network,
    pub(super) train: Data<f64>,
    pub(super) all: Data<f64>,
    /// The first weights.
    pub(super) start: Params<f64>,
    /// The weights at the end.
    pub(super) end: Params<f64>,
    /// The loss of every step, before its update.
    pub(super) loss: Vec<f64>,
    /// The share of the test rows that the last weights get right.
    pub(super) test_accuracy: f64,
    pub(super) step_size: f64,
}

/// Reads `golden/NAME.npz`.
pub(super) fn read(name: &str) -> Result<Golden> {
    let path = root().join(format!("golden/{name}.npz"));
    let file = std::fs::File::open(&path)
        .map_err(|error| Error::new(ErrorKind::File, error.to_string()).file(path.display().to_string()))?;
    let arrays = npz::read(std::io::BufReader::new(file), name)?;
    let number = |name: &str| match arrays.array(name)?.values {
        npz::Values::F64(ref values) => Ok(values[0]),
        _ => Err(arrays.error(name, "not a number")),
    };
    let params = |first: &str, second: &str| {
        let (w1, w2) = (arrays.matrix::<f64>(first)?, arrays.matrix::<f64>(second)?);
        let mut params = Params::zeros(&[w1.nrows() - 1, w1.ncols(), w2.ncols()]);
        params.wb_mut(1).assign(&w1);
        params.wb_mut(2).assign(&w2);
        Ok::<_, Error>(params)
    };
    let all = Data::new(arrays.matrix("X")?, Target::Classes(arrays.whole("y")?))?;
    let start = params("W1_0", "W2_0")?;
    Ok(Golden {
        network: notebook(start.sizes()[1], number("reg")?)?,
        train: all.select(&arrays.whole("train")?.to_vec()),
        all,
        start,
        end: params("W1", "W2")?,
        loss: arrays.vector("loss")?.to_vec(),
        test_accuracy: number("test_accuracy")?,
        step_size: number("step_size")?,
    })
}
