//! Forward passes of an estimator: what it puts out, and what its hidden layers do.

use crate::arrays::{Layers, Number, all_finite};
use crate::mlp::{Names, network, read, single};
use clearprop::fast::{Options, Predictor, predict_few};
use clearprop::forward::forward;
use clearprop::params::Params;
use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Up to so many rows are computed from the arrays of weights as they lie.
const FEW: usize = 8;

/// Outputs (n, k) of the rows x (n, d): probabilities, counts or numbers.
#[pyfunction]
pub(crate) fn predict<'py>(
    x: &Bound<'py, PyAny>,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    activations: Names,
    loss: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let layers = Layers { coefs, intercepts };
    if single(&layers.coefs)? {
        outputs::<f32>(&x.extract()?, &layers, &activations, loss)
    } else {
        outputs::<f64>(&x.extract()?, &layers, &activations, loss)
    }
}

/// The same where x needs no check but those made here: C-ordered, of the weights' kind, with as many columns as
/// the network has inputs, finite; else None.
#[pyfunction]
pub(crate) fn predict_as_it_is<'py>(
    x: &Bound<'py, PyAny>,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    activations: Names,
    loss: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    fn run<'py, R: Number>(
        x: &PyReadonlyArray2<'py, R>,
        layers: &Layers<'py>,
        activations: &Names,
        loss: &str,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let inputs = layers.coefs.first().and_then(|w| w.cast::<PyArray2<R>>().ok()).map(|w| w.dims()[0]);
        let fits = x.is_c_contiguous() && x.dims()[0] > 0 && Some(x.dims()[1]) == inputs;
        if !fits || !x.as_slice().is_ok_and(all_finite) {
            return Ok(None);
        }
        outputs(x, layers, activations, loss).map(Some)
    }
    let layers = Layers { coefs, intercepts };
    if let Ok(x) = x.extract::<PyReadonlyArray2<'py, f64>>() {
        run(&x, &layers, &activations, loss)
    } else if let Ok(x) = x.extract::<PyReadonlyArray2<'py, f32>>() {
        run(&x, &layers, &activations, loss)
    } else {
        Ok(None)
    }
}

/// A few rows by the arrays of weights as they lie; many by the fast engine, which packs the weights.
fn outputs<'py, R: Number>(
    x: &PyReadonlyArray2<'py, R>,
    layers: &Layers<'py>,
    activations: &Names,
    loss: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let network = network(&layers.sizes()?, activations, loss, 0.0)?;
    let rows = x.as_array();
    if rows.ncols() != network.inputs() {
        let (found, inputs) = (rows.ncols(), network.inputs());
        return Err(PyValueError::new_err(format!("X has {found} columns, the network {inputs} inputs")));
    }
    if rows.nrows() <= FEW {
        let borrowed = layers.borrow::<R>()?;
        let views: Vec<_> = borrowed.iter().map(|(w, b)| (w.as_array(), b.as_array())).collect();
        return Ok(predict_few(&network, &views, rows).into_pyarray(py).into_any());
    }
    let mut params = Params::zeros(&network.sizes);
    layers.read(&mut params)?;
    let probs =
        py.detach(|| match (rows.as_slice(), Predictor::new(&network, &params, Options::default())) {
            (Some(x), Some(mut predictor)) => {
                let mut probs = ndarray::Array2::zeros((rows.nrows(), network.outputs()));
                if let Some(out) = probs.as_slice_mut() {
                    predictor.predict(x, out);
                }
                probs
            }
            _ => clearprop::forward::predict(&network, &params, rows),
        });
    Ok(probs.into_pyarray(py).into_any())
}

/// The hidden layers' outputs `a[1], .., a[L-1]`, each (n, units).
#[pyfunction]
pub(crate) fn hidden<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    activations: Names,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    fn run<'py, R: Number>(
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        layers: &Layers<'py>,
        activations: &Names,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (network, params) = read::<R>(layers, activations, "squared", 0.0)?;
        let x: PyReadonlyArray2<'_, R> = x.extract()?;
        let x = x.as_array();
        let pass = py.detach(|| forward(&network, &params, x));
        let layers = network.layers();
        let a: Vec<Bound<'py, PyArray2<R>>> = pass.a[1..layers].iter().map(|a| a.to_pyarray(py)).collect();
        Ok(a.into_iter().map(Bound::into_any).collect())
    }
    let layers = Layers { coefs, intercepts };
    if single(&layers.coefs)? {
        run::<f32>(py, x, &layers, &activations)
    } else {
        run::<f64>(py, x, &layers, &activations)
    }
}
