//! The private half of the Python package `clearprop`: arrays in, arrays out.
//!
//! Python classes (`clearprop/mlp.py`, `clearprop/see.py`) hold the state and the words; what is computed is
//! computed by the library, without the interpreter's lock.

mod arrays;
mod errors;
mod mlp;
mod model;
mod predict;
mod see;
mod tables;
mod tune;

use clearprop::activation::Activation;
use pyo3::prelude::*;

/// The module `clearprop._core`.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let names: Vec<&str> = Activation::ALL.iter().map(|activation| activation.name()).collect();
    module.add("ACTIVATIONS", names)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<mlp::Session>()?;
    module.add_class::<see::Found>()?;
    module.add_class::<tables::TableModel>()?;
    module.add_function(wrap_pyfunction!(arrays::class_numbers, module)?)?;
    module.add_function(wrap_pyfunction!(arrays::is_finite, module)?)?;
    module.add_function(wrap_pyfunction!(predict::predict, module)?)?;
    module.add_function(wrap_pyfunction!(predict::predict_as_it_is, module)?)?;
    module.add_function(wrap_pyfunction!(model::load, module)?)?;
    module.add_function(wrap_pyfunction!(model::model_bytes, module)?)?;
    module.add_function(wrap_pyfunction!(model::write_whole, module)?)?;
    module.add_function(wrap_pyfunction!(tables::fit_table, module)?)?;
    module.add_function(wrap_pyfunction!(tables::model_of, module)?)?;
    module.add_function(wrap_pyfunction!(tables::open_model, module)?)?;
    module.add_function(wrap_pyfunction!(tune::tune_table, module)?)?;
    module.add_function(wrap_pyfunction!(predict::hidden, module)?)?;
    module.add_function(wrap_pyfunction!(mlp::data_loss, module)?)?;
    module.add_function(wrap_pyfunction!(mlp::loss_and_grad, module)?)?;
    module.add_function(wrap_pyfunction!(see::check_tensor, module)?)?;
    module.add_function(wrap_pyfunction!(see::diagnose, module)?)?;
    module.add_function(wrap_pyfunction!(see::diagnose_file, module)?)?;
    module.add_function(wrap_pyfunction!(see::good_probe, module)?)?;
    module.add_function(wrap_pyfunction!(see::mistake, module)?)?;
    module.add_function(wrap_pyfunction!(see::probe_program, module)?)?;
    module.add_function(wrap_pyfunction!(see::spirals, module)?)?;
    module.add_function(wrap_pyfunction!(see::stage, module)?)?;
    module.add_function(wrap_pyfunction!(see::stages, module)?)?;
    module.add_function(wrap_pyfunction!(see::trace, module)?)?;
    Ok(())
}
