//! NumPy arrays as the library's, and back.

use clearprop::data::{Data, Target};
use clearprop::params::Params;
use clearprop::real::Real;
use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyReadonlyArrayDyn, PyReadwriteArray1, PyReadwriteArray2, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// A number that both NumPy and the library know.
pub(crate) trait Number: Real + Element {}
impl Number for f32 {}
impl Number for f64 {}

/// Whether every number of an array of f32 or f64 is finite.
#[pyfunction]
pub(crate) fn is_finite(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    fn all<R: Number>(array: &PyReadonlyArrayDyn<'_, R>) -> bool {
        array.as_slice().map_or_else(|_| array.as_array().iter().all(|v| v.is_finite()), all_finite)
    }
    if let Ok(array) = array.extract::<PyReadonlyArrayDyn<'_, f64>>() {
        Ok(all(&array))
    } else {
        Ok(all(&array.extract::<PyReadonlyArrayDyn<'_, f32>>()?))
    }
}

/// Whether every one of them is finite.
pub(crate) fn all_finite<R: Number>(numbers: &[R]) -> bool {
    // Without a way out, so that the compiler takes several at once.
    numbers.iter().fold(true, |all, number| all & number.is_finite())
}

/// For each answer its place among the classes, which are sorted; None where one of them is no class.
#[pyfunction]
pub(crate) fn class_numbers<'py>(
    y: PyReadonlyArray1<'py, i64>,
    classes: PyReadonlyArray1<'py, i64>,
) -> PyResult<Option<Bound<'py, PyArray1<u32>>>> {
    let (py, classes) = (y.py(), classes.as_slice()?);
    let place = |y: &i64| classes.binary_search(y).ok().and_then(|place| u32::try_from(place).ok());
    let places: Option<Vec<u32>> = y.as_slice()?.iter().map(place).collect();
    Ok(places.map(|places| places.into_pyarray(py)))
}

/// Weights and biases of a layer, borrowed.
type Borrowed<'py, R> = (PyReadonlyArray2<'py, R>, PyReadonlyArray1<'py, R>);

/// Lists of weights (fan_in, fan_out) and biases (fan_out), as scikit-learn keeps them.
pub(crate) struct Layers<'py> {
    pub(crate) coefs: Vec<Bound<'py, PyAny>>,
    pub(crate) intercepts: Vec<Bound<'py, PyAny>>,
}

impl<'py> Layers<'py> {
    /// The layers' sizes `[d, h, .., k]`, from the weights' shapes.
    pub(crate) fn sizes(&self) -> PyResult<Vec<usize>> {
        let mut sizes = Vec::new();
        for (l, w) in self.coefs.iter().enumerate() {
            let shape = w.cast::<PyUntypedArray>()?.shape();
            let &[fan_in, fan_out] = shape else {
                return Err(PyValueError::new_err(format!(
                    "coefs_[{l}] has the shape {shape:?}, expected two sizes"
                )));
            };
            if sizes.is_empty() {
                sizes.push(fan_in);
            }
            if sizes.last() != Some(&fan_in) {
                return Err(PyValueError::new_err(format!(
                    "coefs_[{l}] has {fan_in} rows, the layer below has {} units",
                    sizes[sizes.len() - 1]
                )));
            }
            sizes.push(fan_out);
        }
        if sizes.len() < 2 || self.intercepts.len() != self.coefs.len() {
            return Err(PyValueError::new_err("as many intercepts_ as coefs_ are needed, and at least one"));
        }
        Ok(sizes)
    }

    /// The arrays, to be read where they lie.
    pub(crate) fn borrow<R: Number>(&self) -> PyResult<Vec<Borrowed<'py, R>>> {
        let layer = |(l, (w, b)): (usize, (&Bound<'py, PyAny>, &Bound<'py, PyAny>))| {
            let w: PyReadonlyArray2<'py, R> = w.extract().map_err(|_| wrong::<R>("coefs_", l))?;
            let b: PyReadonlyArray1<'py, R> = b.extract().map_err(|_| wrong::<R>("intercepts_", l))?;
            same(w.dims()[1] == b.dims()[0], l)?;
            Ok((w, b))
        };
        (1..).zip(self.coefs.iter().zip(&self.intercepts)).map(layer).collect()
    }

    /// Copies them into one buffer.
    pub(crate) fn read<R: Number>(&self, params: &mut Params<R>) -> PyResult<()> {
        for (l, (w, b)) in (1..).zip(self.borrow::<R>()?) {
            same(w.as_array().dim() == params.w(l).dim() && b.as_array().dim() == params.b(l).dim(), l)?;
            params.w_mut(l).assign(&w.as_array());
            params.b_mut(l).assign(&b.as_array());
        }
        Ok(())
    }

    /// Copies one buffer into them, in place.
    pub(crate) fn write<R: Number>(&self, params: &Params<R>) -> PyResult<()> {
        for (l, (w, b)) in (1..).zip(self.coefs.iter().zip(&self.intercepts)) {
            let mut w: PyReadwriteArray2<'_, R> = w.cast::<PyArray2<R>>()?.try_readwrite()?;
            let mut b: PyReadwriteArray1<'_, R> = b.cast::<PyArray1<R>>()?.try_readwrite()?;
            same(w.as_array().dim() == params.w(l).dim() && b.as_array().dim() == params.b(l).dim(), l)?;
            w.as_array_mut().assign(&params.w(l));
            b.as_array_mut().assign(&params.b(l));
        }
        Ok(())
    }
}

fn wrong<R: Real>(name: &str, l: usize) -> PyErr {
    PyTypeError::new_err(format!("{name}[{}] is no array of {}", l - 1, R::NAME))
}

fn same(same: bool, l: usize) -> PyResult<()> {
    if same { Ok(()) } else { Err(PyValueError::new_err(format!("layer {l} has changed its shape"))) }
}

/// Rows with their answers, class numbers (n) or numbers (n, k), and with weights (n) where there are some.
pub(crate) fn data<R: Number>(
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    weights: Option<&Bound<'_, PyAny>>,
) -> PyResult<Data<R>> {
    let x: PyReadonlyArray2<'_, R> = x.extract()?;
    let y = if let Ok(classes) = y.extract::<PyReadonlyArray1<'_, u32>>() {
        Target::Classes(classes.as_array().to_owned())
    } else {
        Target::Values(y.extract::<PyReadonlyArray2<'_, R>>()?.as_array().to_owned())
    };
    let data = Data::new(x.as_array().to_owned(), y).map_err(|error| crate::errors::raised(&error))?;
    let Some(weights) = weights else { return Ok(data) };
    let weights: PyReadonlyArray1<'_, R> = weights.extract()?;
    data.with_weights(weights.as_array().to_owned()).map_err(|error| crate::errors::raised(&error))
}
