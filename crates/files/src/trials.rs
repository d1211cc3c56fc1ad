//! Where a search stands: all that is needed to go on with it to the same bits.
//!
//! A safetensors file in the run folder.  Its tensors are `found` (loss and score of each part, NaN where it diverged) and, of
//! the parts that may still be needed, flat weights and the rows of the history (`params1`, `history1`, ..); its text says
//! what the search is.  The rows are not in it: they are read again, and must be the same.

use crate::checkpoint::{COLUMNS, numbers, row};
use crate::disk;
use crate::model::{floats, values};
use crate::safetensors::{self, Floats, Tensor};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::evaluate::Evaluation;
use clearprop::fit::{History, Plan};
use clearprop::model::Member;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::tune::{Part, Place, Space, Tune};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// The version of the text that this program writes and reads.
const VERSION: u64 = 1;

/// The text beside the tensors.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct About<S> {
    search: u64,
    precision: String,
    setup: S,
    plan: Plan,
    space: Space,
    most: Option<usize>,
    fingerprint: u64,
    parts: Vec<AboutPart>,
    time: Duration,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AboutPart {
    place: Place,
    member: Member,
    /// The layers of its weights, if they are kept.
    sizes: Option<Vec<usize>>,
}

/// Where a search stands.
#[derive(Debug)]
pub struct Search<R, S> {
    /// What the door that began it needs to know besides.
    pub setup: S,
    /// What the trials are like.
    pub plan: Plan,
    /// What is searched, and how many trials there are at most.
    pub asked: (Space, Option<usize>),
    /// Tells the rows from others.
    pub fingerprint: u64,
    /// What is done.
    pub parts: BTreeMap<Place, Part<R>>,
    /// The time so far.
    pub time: Duration,
}

/// A search in the precision that it has.
#[derive(Debug)]
pub enum AnySearch<S> {
    /// Single precision.
    F32(Search<f32, S>),
    /// Double precision.
    F64(Search<f64, S>),
}

/// The bytes of the file of a search.
///
/// # Errors
/// A setup that JSON cannot hold.
pub fn bytes<R: Real>(setup: &impl Serialize, tune: &Tune<R>, time: Duration) -> Result<Vec<u8>> {
    let flat = |name: String, values: Floats| Tensor { name, shape: vec![values.len()], values };
    let (mut parts, mut found, mut tensors) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (&place, part)) in (1..).zip(tune.parts()) {
        found.extend(part.found.map_or([f64::NAN; 2], |found| [found.loss, found.score]));
        if let Some((history, params)) = &part.kept {
            let rows = history.rows.iter().flat_map(numbers).collect();
            tensors.push(flat(format!("params{i}"), floats(params.values())));
            tensors.push(flat(format!("history{i}"), Floats::F64(rows)));
        }
        let sizes = part.kept.as_ref().map(|(_, params)| params.sizes().to_vec());
        parts.push(AboutPart { place, member: part.member.clone(), sizes });
    }
    tensors.push(flat("found".to_owned(), Floats::F64(found)));
    let (space, most) = tune.asked();
    let about = About {
        search: VERSION,
        precision: R::NAME.to_owned(),
        setup,
        plan: tune.fit().plan().clone(),
        space,
        most,
        fingerprint: tune.fit().fingerprint(),
        parts,
        time,
    };
    let text = serde_json::to_string(&about).map_err(|error| damaged(&error))?;
    safetensors::write(&tensors, text)
}

/// Reads the file of a search.
///
/// # Errors
/// A file that is none of a search, a damaged one, one of another version.
pub fn open<S: DeserializeOwned>(path: &Path) -> Result<AnySearch<S>> {
    read(disk::Input::open(path)?, &path.display().to_string())
}

/// Reads a search from its bytes; `file` is what messages call them.
///
/// # Errors
/// Bytes that are none of a search, damaged ones, those of another version.
pub fn read<S: DeserializeOwned>(source: impl Read, file: &str) -> Result<AnySearch<S>> {
    let (tensors, text) = safetensors::read(source, file)?;
    let text = text.ok_or_else(|| damaged(&"it has no text").file(file))?;
    from_parts(&tensors, &text).map_err(|error| error.file(file))
}

/// The search of this text and these tensors.
///
/// # Errors
/// A text of another version or none of a search's; tensors that are missing or of other sizes.
pub fn from_parts<S: DeserializeOwned>(tensors: &[Tensor], text: &str) -> Result<AnySearch<S>> {
    let about: About<S> = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    if about.search != VERSION {
        let found = format!("the search has version {}, this program reads {VERSION}", about.search);
        return Err(Error::new(ErrorKind::File, found).hint("go on with the program that wrote it"));
    }
    match about.precision.as_str() {
        "f32" => in_precision(tensors, about).map(AnySearch::F32),
        "f64" => in_precision(tensors, about).map(AnySearch::F64),
        other => Err(damaged(&format!("it has the precision '{other}'"))),
    }
}

fn in_precision<R: Real, S>(tensors: &[Tensor], about: About<S>) -> Result<Search<R, S>> {
    let About { setup, plan, space, most, fingerprint, parts: told, time, .. } = about;
    // A file may say anything.
    plan.settings.check()?;
    plan.settings.fit(&plan.network)?;
    let by_name: BTreeMap<&str, &Floats> =
        tensors.iter().map(|tensor| (tensor.name.as_str(), &tensor.values)).collect();
    let get = |name: String| {
        let absent = || damaged(&format!("the tensor '{name}' is missing or has another size"));
        by_name.get(name.as_str()).copied().ok_or_else(absent)
    };
    let reals = |name: String| match get(name.clone())? {
        Floats::F64(values) => Ok(values.as_slice()),
        Floats::F32(_) => Err(damaged(&format!("the tensor '{name}' is not of f64"))),
    };
    let found = reals("found".to_owned())?;
    if found.len() != 2 * told.len() {
        return Err(damaged(&"the tensor 'found' has another size"));
    }
    let mut parts = BTreeMap::new();
    for (i, (AboutPart { place, member, sizes }, found)) in (1..).zip(told.into_iter().zip(found.chunks(2))) {
        let (loss, score) = (found[0], found[1]);
        let found = (!loss.is_nan() && !score.is_nan()).then_some(Evaluation { loss, score });
        let kept = match sizes {
            None => None,
            Some(sizes) => {
                let rows = reals(format!("history{i}"))?.chunks(COLUMNS).map(row).collect::<Option<_>>();
                let params = Params::from_values(&sizes, values(get(format!("params{i}"))?));
                let (Some(rows), Some(params)) = (rows, params) else {
                    return Err(damaged(&format!("part {i} has another size")));
                };
                Some((History { rows }, params))
            }
        };
        parts.insert(place, Part { member, found, kept });
    }
    Ok(Search { setup, plan, asked: (space, most), fingerprint, parts, time })
}

fn damaged(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::File, format!("no search of this program: {why}")).hint("begin anew")
}
