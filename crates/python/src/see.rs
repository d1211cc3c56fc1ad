//! What a learner's questions need: a diagnosis, a check of slopes, the stages, a probe, a trace.

use crate::arrays::{Layers, data};
use crate::errors::raised;
use crate::mlp::{Names, network};
use clearprop::data::Spirals;
use clearprop::diagnose::arrays::{Array, Stored, Values};
use clearprop::diagnose::catalogue::mistake as in_catalogue;
use clearprop::diagnose::{Diagnosis, diagnose as examine, probe, text};
use clearprop::error::{Error, ErrorKind};
use clearprop::gradcheck::of_function;
use clearprop::mistake::MistakeId;
use clearprop::paper::{Ink, Paper};
use clearprop::params::Params;
use clearprop::stage::{STAGES, Stage, find};
use clearprop::target::Target;
use clearprop::trace::{Names as Whose, Trace, arrays};
use clearprop_files::arrays as containers;
use clearprop_plots::page::typeset;
use numpy::{PyArrayDyn, PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArrayMethods, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;

/// What was found, for `clearprop/diagnosis.py`.
#[pyclass(module = "clearprop._core", frozen)]
pub(crate) struct Found(Diagnosis);

#[pymethods]
impl Found {
    /// What `clearprop diagnose --json` prints.
    fn json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The network in one line.
    fn head(&self) -> &str {
        &self.0.head
    }

    /// The text of the command line.
    fn text(&self, width: usize, colour: bool) -> String {
        text::text(&self.0, "", Paper { width: width.clamp(40, 140), colour })
    }

    /// The verdict in a sentence: (colour, words).
    fn summary(&self) -> (&'static str, String) {
        let (ink, words) = text::summary(&self.0);
        (name(ink), words)
    }

    /// Of each stage (mark, colour, words).
    fn marks(&self) -> Vec<(&'static str, &'static str, String)> {
        text::marks(&self.0).into_iter().map(|(mark, ink, words)| (mark, name(ink), words)).collect()
    }
}

/// The colour's name in a page.
fn name(ink: Ink) -> &'static str {
    match ink {
        Ink::Good => "good",
        Ink::Alert => "bad",
        Ink::Caution => "care",
        Ink::Faint => "faint",
        Ink::Plain | Ink::Bold | Ink::Forward | Ink::Backward => "",
    }
}

/// What is wrong with named arrays: (name, what the person calls it, array of f64 or a word, "double" | "single" |
/// "whole" | "word" | what else it is).
#[pyfunction]
pub(crate) fn diagnose(
    py: Python<'_>,
    arrays: Vec<(String, String, Bound<'_, PyAny>, String)>,
) -> PyResult<Found> {
    let mut names = Vec::new();
    let mut array = |(name, theirs, value, kind): (String, String, Bound<'_, PyAny>, String)| {
        if name != theirs {
            names.push((name.clone(), theirs));
        }
        let stored = match kind.as_str() {
            "double" => Stored::Double,
            "single" => Stored::Single,
            "whole" => Stored::Whole,
            "word" => {
                return Ok(Array { name, shape: Vec::new(), values: Values::Text(value.extract()?) });
            }
            _ => return Ok(Array { name, shape: Vec::new(), values: Values::Other(kind) }),
        };
        let value: PyReadonlyArrayDyn<'_, f64> = value.extract()?;
        let numbers = value.as_array().iter().copied().collect();
        PyResult::Ok(Array { name, shape: value.shape().to_vec(), values: Values::Numbers(numbers, stored) })
    };
    let arrays: Vec<Array> = arrays.into_iter().map(&mut array).collect::<PyResult<_>>()?;
    let mut diagnosis = py.detach(|| examine(&arrays)).map_err(|error| raised(&error))?;
    let names: Vec<_> = names.iter().map(|(here, theirs)| (here.as_str(), theirs.as_str())).collect();
    diagnosis.rename(&names);
    Ok(Found(diagnosis))
}

/// What is wrong with the arrays of a file.
#[pyfunction]
pub(crate) fn diagnose_file(py: Python<'_>, path: PathBuf) -> PyResult<Found> {
    let file = containers::open(&path).map_err(|error| raised(&error))?;
    py.detach(|| examine(&containers::for_diagnosis(&file)))
        .map(Found)
        .map_err(|error| raised(&error.file(path.display())))
}

/// Name, stage, sign and reason of a mistake.
#[pyfunction]
pub(crate) fn mistake(id: u8) -> Option<(&'static str, &'static str, &'static str, &'static str)> {
    in_catalogue(MistakeId::from_number(id)?)
        .map(|mistake| (mistake.name, mistake.stage, mistake.evidence, mistake.why))
}

/// What a stage is: by its own name or a quantity's.
#[pyfunction]
pub(crate) fn stage<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
    let (stage, layer) = find(name).ok_or_else(|| {
        let ids: Vec<&str> = STAGES.iter().map(|stage| stage.id).collect();
        let error = Error::new(ErrorKind::Setting, format!("nothing is called '{name}'"));
        raised(&error.hint(format!("there are: {}, and the numbers of mistakes", ids.join(", "))))
    })?;
    described(py, stage, layer)
}

/// The ids of all stages, in the order of a step.
#[pyfunction]
pub(crate) fn stages() -> Vec<&'static str> {
    STAGES.iter().map(|stage| stage.id).collect()
}

fn described<'py>(py: Python<'py>, stage: &Stage, layer: Option<usize>) -> PyResult<Bound<'py, PyDict>> {
    let fill = |text: &str| layer.map_or_else(|| text.to_owned(), |l| stage.fill(text, l, usize::MAX));
    let out = PyDict::new(py);
    out.set_item("id", layer.map_or_else(|| stage.id.to_owned(), |l| stage.id_at(l)))?;
    out.set_item("result", fill(stage.result))?;
    out.set_item("notebook", fill(stage.notebook))?;
    out.set_item("sentence", fill(stage.sentence))?;
    out.set_item("by", fill(stage.by))?;
    let formulas = stage.formulas();
    let formulas: Vec<(String, String, String)> =
        formulas.iter().map(|f| (f.case.clone(), fill(&f.plain), fill(&f.numpy))).collect();
    out.set_item("formulas", formulas)?;
    out.set_item("mathml", typeset(&fill(&stage.general().tex)))?;
    out.set_item("derivation", stage.derivation.iter().map(|line| fill(line)).collect::<Vec<_>>())?;
    out.set_item("shape", fill(stage.shape))?;
    out.set_item("shape_rule", fill(stage.shape_rule))?;
    out.set_item("mistakes", stage.mistakes.iter().map(|id| id.number()).collect::<Vec<_>>())?;
    Ok(out)
}

/// Inputs on which no mistake can hide, and the program with holes that reads them from `file`.
#[pyfunction]
pub(crate) fn good_probe<'py>(py: Python<'py>, seed: u64) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for Array { name, shape, values } in probe::good_probe(seed).map_err(|error| raised(&error))?.arrays() {
        let Values::Numbers(values, stored) = values else { continue };
        let array = PyArrayDyn::from_owned_array(
            py,
            ndarray::ArrayD::from_shape_vec(shape, values)
                .map_err(|error| PyValueError::new_err(error.to_string()))?,
        );
        let array = array.into_any();
        out.set_item(
            name,
            if stored == Stored::Whole { array.call_method1("astype", ("int64",))? } else { array },
        )?;
    }
    Ok(out)
}

/// The program with holes to fill in that goes with a probe.
#[pyfunction]
pub(crate) fn probe_program(probe_file: &str, own_file: &str) -> String {
    probe::template(probe_file, own_file)
}

/// Points (n, 2) on spiral arms, and the number of each point's arm (n).
#[pyfunction]
pub(crate) fn spirals<'py>(
    py: Python<'py>,
    points: usize,
    classes: usize,
    turns: f64,
    noise: f64,
    seed: u64,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let data = clearprop::data::spirals::<f64>(&Spirals { points, classes, turns, noise }, seed)
        .map_err(|error| raised(&error))?;
    let y: Vec<i64> = match &data.y {
        Target::Classes(y) => y.iter().map(|&class| i64::from(class)).collect(),
        Target::Values(_) => Vec::new(),
    };
    Ok((data.x.to_pyarray(py).into_any(), y.to_pyarray(py).into_any()))
}

/// A tensor's claimed derivatives against the slopes of `loss(place, value)`, as JSON.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "as many as the library's function has")]
pub(crate) fn check_tensor(
    name: &str,
    loss: &Bound<'_, PyAny>,
    values: PyReadonlyArray1<'_, f64>,
    claimed: PyReadonlyArray1<'_, f64>,
    places: Vec<usize>,
    shape: Vec<usize>,
    precision: f64,
    tolerance: f64,
) -> PyResult<String> {
    let (values, claimed) = (values.as_slice()?, claimed.as_slice()?);
    if values.len() != claimed.len() || places.iter().any(|&place| place >= values.len()) {
        return Err(PyValueError::new_err(format!("{name}: values and derivatives are not as many")));
    }
    let index = |mut place: usize| {
        let mut index: Vec<usize> = Vec::new();
        for &length in shape.iter().rev() {
            index.insert(0, place % length.max(1));
            place /= length.max(1);
        }
        index
    };
    // Python's own exception comes back as it was raised.
    let mut raised_there = None;
    let mut evaluate = |place: usize, value: f64| {
        loss.call1((place, value)).and_then(|loss| loss.extract::<f64>()).map_err(|error| {
            raised_there = Some(error);
            Error::new(ErrorKind::Data, "the loss cannot be computed")
        })
    };
    let check = of_function(name, &mut evaluate, values, claimed, &places, &index, precision, tolerance);
    match (check, raised_there) {
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(raised(&error)),
        (Ok(check), None) => {
            serde_json::to_string(&check).map_err(|error| PyValueError::new_err(error.to_string()))
        }
    }
}

/// Every value of one pass and the derivative of the loss by it: x (n, d), y class numbers or (n, k).
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "a network, its data, and whose names")]
pub(crate) fn trace<'py>(
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
    coefs: Vec<Bound<'py, PyAny>>,
    intercepts: Vec<Bound<'py, PyAny>>,
    activations: Names,
    loss: &str,
    reg: f64,
    notebook: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let layers = Layers { coefs, intercepts };
    let network = network(&layers.sizes()?, &activations, loss, reg)?;
    let mut params = Params::<f64>::zeros(&network.sizes);
    layers.read(&mut params)?;
    let trace = Trace::new(network, params, data::<f64>(x, y, None)?).map_err(|error| raised(&error))?;
    let names = if notebook { Whose::Notebook } else { Whose::Design };
    let out = PyDict::new(x.py());
    for (name, array) in arrays(&trace, names) {
        out.set_item(name, array.to_pyarray(x.py()))?;
    }
    Ok(out)
}
