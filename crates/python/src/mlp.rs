//! What `clearprop/mlp.py` computes: epochs, one gradient, the forward pass.

use crate::arrays::{Layers, Number, all_finite, data};
use crate::errors::raised;
use clearprop::activation::Activation;
use clearprop::data::Data;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::Params;
use clearprop::sklearn::Minibatches;
use numpy::PyReadonlyArray1;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The network that Python's words describe.
pub(crate) fn network(sizes: &[usize], activations: &Names, loss: &str, alpha: f64) -> PyResult<Network> {
    let penalty = Penalty { reg: alpha, over: Penalized::Weights };
    let parse = |name: &String| name.parse::<Activation>();
    let names = match activations {
        Names::One(name) => std::slice::from_ref(name),
        Names::Each(names) => names,
    };
    let activations = names.iter().map(parse).collect::<Result<Vec<_>, _>>().map_err(|e| raised(&e))?;
    let loss: Loss = loss.parse().map_err(|e| raised(&e))?;
    Network::new(sizes, Activation::Relu, loss, penalty)
        .and_then(|network| network.with_activations(&activations))
        .map_err(|e| raised(&e))
}

/// The activation of all hidden layers, or of each.
#[derive(FromPyObject)]
pub(crate) enum Names {
    One(String),
    Each(Vec<String>),
}

/// A network in training: weights, moments and rows live here while an epoch runs.
#[pyclass(module = "clearprop._core", frozen)]
pub(crate) struct Session(Mutex<Kind>);

enum Kind {
    F32(Box<Run<f32>>),
    F64(Box<Run<f64>>),
}

struct Run<R> {
    minibatches: Minibatches<R>,
    data: Option<Data<R>>,
    rows: Vec<u32>,
}

macro_rules! each {
    ($kind:expr, $run:ident => $what:expr) => {
        match $kind {
            Kind::F32($run) => $what,
            Kind::F64($run) => $what,
        }
    };
}

#[pymethods]
impl Session {
    /// For a network of these sizes; `rule` is ("sgd", momentum, nesterov, 0) or ("adam", beta_1, beta_2, epsilon).
    #[new]
    fn new(
        single: bool,
        sizes: Vec<usize>,
        activations: Names,
        loss: &str,
        alpha: f64,
        rule: (String, f64, f64, f64),
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let network = network(&sizes, &activations, loss, alpha)?;
        let rule = match rule.0.as_str() {
            "sgd" => Rule::Sgd { momentum: rule.1, nesterov: rule.2 != 0.0 },
            _ => Rule::Adam { beta1: rule.1, beta2: rule.2, epsilon: rule.3, epsilon_hat: true },
        };
        let kind = if single {
            Kind::F32(Box::new(Run::new(network, rule, threads)?))
        } else {
            Kind::F64(Box::new(Run::new(network, rule, threads)?))
        };
        Ok(Self(Mutex::new(kind)))
    }

    /// Takes over the estimator's weights and moments, after `t` updates.
    fn load<'py>(
        &self,
        coefs: Vec<Bound<'py, PyAny>>,
        intercepts: Vec<Bound<'py, PyAny>>,
        moments: Vec<Vec<Bound<'py, PyAny>>>,
        t: u64,
    ) -> PyResult<()> {
        each!(&mut *self.kind()?, run => run.load(&Layers { coefs, intercepts }, &moments, t))
    }

    /// Writes weights and moments back, in place; gives the number of updates so far, and whether all weights are
    /// finite.
    fn store<'py>(
        &self,
        coefs: Vec<Bound<'py, PyAny>>,
        intercepts: Vec<Bound<'py, PyAny>>,
        moments: Vec<Vec<Bound<'py, PyAny>>>,
    ) -> PyResult<(u64, bool)> {
        each!(&*self.kind()?, run => run.store(&Layers { coefs, intercepts }, &moments))
    }

    /// Takes over the rows: C-ordered x, answers, and weights or None.
    #[pyo3(signature = (x, y, weights=None))]
    fn rows<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        each!(&mut *self.kind()?, run => run.set_rows(x, y, weights))
    }

    /// Batches of `size` rows in this order, from row `first` on, for about so many seconds: the next row, and
    /// the sum of the batches' losses times their rows.
    fn run(
        &self,
        py: Python<'_>,
        order: Option<PyReadonlyArray1<'_, u32>>,
        first: usize,
        size: usize,
        step_size: f64,
        seconds: f64,
    ) -> PyResult<(usize, f64)> {
        if first == 0 {
            let order = order.map(|order| order.as_array().to_vec());
            each!(&mut *self.kind()?, run => run.set_order(order))?;
        }
        if size == 0 {
            return Err(PyValueError::new_err("a batch of 0 rows"));
        }
        let slice = Duration::from_secs_f64(seconds.clamp(0.0, 3600.0));
        py.detach(|| Ok(each!(&mut *self.kind()?, run => run.take(first, size, step_size, slice))))
    }
}

impl Session {
    fn kind(&self) -> PyResult<MutexGuard<'_, Kind>> {
        self.0.lock().map_err(|_| PyRuntimeError::new_err("an earlier call of this session has failed"))
    }
}

impl<R: Number> Run<R> {
    fn new(network: Network, rule: Rule, threads: Option<usize>) -> PyResult<Self> {
        // The step size is set before each slice; any positive number will do here.
        let optimiser = Optimiser::new(rule, 1.0, &network.sizes).map_err(|error| raised(&error))?;
        let params = Params::zeros(&network.sizes);
        let minibatches = Minibatches::new(network, params, optimiser, threads);
        Ok(Self { minibatches, data: None, rows: Vec::new() })
    }

    fn load(&mut self, layers: &Layers<'_>, moments: &[Vec<Bound<'_, PyAny>>], t: u64) -> PyResult<()> {
        if layers.sizes()? != self.minibatches.params.sizes() {
            return Err(PyValueError::new_err("coefs_ have other sizes than the network"));
        }
        layers.read(&mut self.minibatches.params)?;
        for (params, arrays) in self.minibatches.optimiser.moments.iter_mut().zip(moments) {
            split(arrays).read(params)?;
        }
        self.minibatches.optimiser.t = t;
        Ok(())
    }

    fn store(&self, layers: &Layers<'_>, moments: &[Vec<Bound<'_, PyAny>>]) -> PyResult<(u64, bool)> {
        layers.write(&self.minibatches.params)?;
        for (params, arrays) in self.minibatches.optimiser.moments.iter().zip(moments) {
            split(arrays).write(params)?;
        }
        Ok((self.minibatches.optimiser.t, all_finite(self.minibatches.params.values())))
    }

    fn set_rows(
        &mut self,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let data = data::<R>(x, y, weights)?;
        data.fits(self.minibatches.network()).map_err(|error| raised(&error))?;
        self.data = Some(data);
        Ok(())
    }

    fn set_order(&mut self, order: Option<Vec<u32>>) -> PyResult<()> {
        let n = self.data.as_ref().map_or(0, Data::len);
        let count = u32::try_from(n).map_err(|_| PyValueError::new_err("more than 2^32 rows"))?;
        match order {
            Some(order) if order.len() != n || order.iter().any(|&row| row >= count) => {
                return Err(PyValueError::new_err(format!("the order is not one of {n} rows")));
            }
            Some(order) => self.rows = order,
            None if self.rows.len() != n => self.rows = (0..count).collect(),
            None => {}
        }
        Ok(())
    }

    /// Slices of an epoch until the time is over.
    fn take(&mut self, first: usize, size: usize, step_size: f64, slice: Duration) -> (usize, f64) {
        let Some(data) = &self.data else { return (usize::MAX, 0.0) };
        self.minibatches.optimiser.step_size = step_size;
        let (began, mut row, mut sum) = (Instant::now(), first, 0.0);
        // The first batches tell how long one takes.
        let mut batches = 1;
        while row < self.rows.len() && began.elapsed() < slice {
            let end = self.rows.len().min(row.saturating_add(batches * size));
            sum += self.minibatches.run(data, &self.rows[row..end], size);
            row = end;
            batches = batches.saturating_mul(2).min(1 << 20);
        }
        (row, sum)
    }
}

/// scikit-learn's list of moments: those of all weights, then those of all biases.
fn split<'py>(arrays: &[Bound<'py, PyAny>]) -> Layers<'py> {
    let (coefs, intercepts) = arrays.split_at(arrays.len() / 2);
    Layers { coefs: coefs.to_vec(), intercepts: intercepts.to_vec() }
}

/// Which precision an array of weights has.
pub(crate) fn single(coefs: &[Bound<'_, PyAny>]) -> PyResult<bool> {
    let first = coefs.first().ok_or_else(|| PyValueError::new_err("there are no coefs_"))?;
    Ok(first.getattr("dtype")?.getattr("itemsize")?.extract::<usize>()? == 4)
}

/// Network and weights of lists of arrays.
pub(crate) fn read<R: Number>(
    layers: &Layers<'_>,
    activations: &Names,
    loss: &str,
    alpha: f64,
) -> PyResult<(Network, Params<R>)> {
    let network = network(&layers.sizes()?, activations, loss, alpha)?;
    let mut params = Params::zeros(&network.sizes);
    layers.read(&mut params)?;
    Ok((network, params))
}

/// The mean loss of rows, without the penalty.
#[pyfunction]
pub(crate) fn data_loss<'py>(
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    activations: Names,
    loss: &str,
) -> PyResult<f64> {
    fn run<R: Number>(
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        layers: &Layers<'_>,
        activations: &Names,
        loss: &str,
    ) -> PyResult<f64> {
        let (network, params) = read::<R>(layers, activations, loss, 0.0)?;
        let data = data::<R>(x, y, None)?;
        data.fits(&network).map_err(|error| raised(&error))?;
        Ok(clearprop::sklearn::full_batch(&network, &params, &data).0)
    }
    let layers = Layers { coefs, intercepts };
    if single(&layers.coefs)? {
        run::<f32>(x, y, &layers, &activations, loss)
    } else {
        run::<f64>(x, y, &layers, &activations, loss)
    }
}

/// scikit-learn's loss of all rows, penalty included, and its gradient written into two lists of arrays.
#[pyfunction]
#[pyo3(signature = (x, y, coefs, intercepts, activations, loss, alpha, coef_grads, intercept_grads, weights=None))]
#[expect(clippy::too_many_arguments, reason = "scikit-learn's own function has as many")]
pub(crate) fn loss_and_grad<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    activations: Names,
    loss: &str,
    alpha: f64,
    coef_grads: Vec<Bound<'py, PyAny>>,
    intercept_grads: Vec<Bound<'py, PyAny>>,
    weights: Option<&Bound<'py, PyAny>>,
) -> PyResult<f64> {
    let layers = Layers { coefs, intercepts };
    let grads = Layers { coefs: coef_grads, intercepts: intercept_grads };
    macro_rules! run {
        ($real:ty) => {{
            let (network, params) = read::<$real>(&layers, &activations, loss, alpha)?;
            let data = data::<$real>(x, y, weights)?;
            data.fits(&network).map_err(|error| raised(&error))?;
            let (loss, gradient) = py.detach(|| clearprop::sklearn::full_batch(&network, &params, &data));
            grads.write(&gradient)?;
            Ok(loss)
        }};
    }
    if single(&layers.coefs)? { run!(f32) } else { run!(f64) }
}
