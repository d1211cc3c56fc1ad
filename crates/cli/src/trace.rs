//! `clearprop trace`: one forward and backward pass, everything in it named.

pub(crate) mod chain;
pub(crate) mod report;
pub(crate) mod worked;

use crate::outcome::Outcome;
use crate::paper::{self, short};
use crate::screen;
use crate::subject::{Chosen, Subject};
use chain::Sheet;
use clap::{Args, ValueEnum};
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::trace::{Entry, Kind, Link, Names, Quantity, Trace, arrays};
use clearprop_files::disk;
use clearprop_files::npz::{self, Array};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Show one forward and backward pass: every value and every derivative, with name, formula and numbers
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop trace                                     the notebook's network before its first step
  clearprop trace arrays.npz                          X, y, W1, W2, .. (bias in the last row), reg
  clearprop trace model.safetensors data.csv --row 7  follow one row
  clearprop trace --entry 'dw1[0,3]'                  one number, worked out term by term
  clearprop trace --report trace.html                 a page with formulas and heat maps")]
pub(crate) struct LookAt {
    #[command(flatten)]
    chosen: Chosen,
    /// Follow one row, counted from 0
    #[arg(long, value_name = "I")]
    row: Option<usize>,
    /// Look at one unit, counted from 0; with --row at its arithmetic in that row
    #[arg(long, value_name = "J")]
    unit: Option<usize>,
    /// The layer of --unit, counted from 1
    #[arg(long, value_name = "L", default_value_t = 1, requires = "unit")]
    layer: usize,
    /// Work out one number, like dw1[3,17] or dL_dh11[0,2]; can be repeated
    #[arg(long, value_name = "NAME[I,J]")]
    entry: Vec<String>,
    /// Write long sums in full, every term with all its digits
    #[arg(long)]
    all: bool,
    /// Whose names: ours (z1, dw1) or the notebook's (h11, dL_dW1 with the bias as last row)
    #[arg(long, value_name = "WHOSE", default_value = "ours")]
    names: Whose,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    /// Write every array to an .npz file
    #[arg(long, value_name = "FILE")]
    npz: Option<PathBuf>,
    /// Write a page that needs no network
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Whose names.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Whose {
    /// z1, a1, dz1, dw1, db1
    Ours,
    /// h11, h12, dL_dh11, dL_dW1
    Notebook,
}

pub(crate) fn run(options: &LookAt) -> Result<Outcome> {
    let subject = options.chosen.open()?;
    let (network, params, data) = subject.trained()?;
    let trace = Trace::new(network.clone(), params.clone(), data.clone())?;
    let read_as = match &subject {
        Subject::Arrays { reading, .. } => Some(reading.read_as()),
        Subject::Network { .. } => None,
    };
    if let Subject::Arrays { reading, .. } = &subject
        && reading.factor() != 1.0
    {
        screen::complain(&format!(
            "note: your loss is {} times the one that is shown here, the mean over the rows; so are its derivatives",
            short(reading.factor())
        ));
    }
    let names = match options.names {
        Whose::Ours => Names::Design,
        Whose::Notebook => Names::Notebook,
    };
    let within = |name: &str, found: usize, end: usize, what: &str| {
        let error = Error::new(ErrorKind::Setting, format!("found {found}")).name(name);
        if found < end { Ok(()) } else { Err(error.hint(format!("there are {what} 0 to {}", end - 1))) }
    };
    if let Some(row) = options.row {
        within("--row", row, trace.data.len(), "rows")?;
    }
    if !(1..=trace.layers()).contains(&options.layer) {
        let found = Error::new(ErrorKind::Setting, format!("found {}", options.layer)).name("--layer");
        return Err(found.hint(format!("there are layers 1 to {}", trace.layers())));
    }
    if let Some(unit) = options.unit {
        within("--unit", unit, trace.network.sizes[options.layer], "units")?;
    }
    let mut entries = options.entry.iter().map(|text| trace.entry(text)).collect::<Result<Vec<Entry>>>()?;
    if let (Some(unit), Some(row)) = (options.unit, options.row) {
        entries.extend(story(&trace, options.layer, unit, row));
    }
    let sheet = Sheet { trace: &trace, names, row: options.row };
    let works = entries.iter().map(|entry| trace.worked(entry, options.row, names)).collect::<Vec<_>>();

    if let Some(path) = &options.npz {
        disk::write_whole(path, &packed(&trace, names)?)?;
    }
    if let Some(path) = &options.report {
        let example = works.first().cloned().unwrap_or_else(|| report::example(sheet));
        disk::write_whole(path, report::report(sheet, &example).as_bytes())?;
    }
    if options.json {
        let text = match works.as_slice() {
            [] => {
                let mut all = described(&trace, names);
                all.extend(read_as.map(|read_as| ("read_as".to_owned(), json!(read_as))));
                json!(all)
            }
            works => json!(works),
        };
        screen::print(&format!("{text:#}\n"))?;
        return Ok(Outcome::Done);
    }
    let paper = paper::of_stdout();
    let mut text = String::new();
    if let Some(unit) = options.unit {
        text.push_str(&chain::unit(&trace, options.layer, unit, paper));
    }
    for work in &works {
        text.push_str(if text.is_empty() { "" } else { "\n" });
        text.push_str(&worked::worked(work, options.all, paper));
    }
    if text.is_empty() && options.report.is_none() && options.npz.is_none() {
        text = chain::chain(sheet, paper);
    }
    for path in options.npz.iter().chain(&options.report) {
        text.push_str(&format!("{} is written\n", path.display()));
    }
    screen::print(&text)?;
    Ok(Outcome::Done)
}

/// What happens at one unit in one row: its input, its output, and what comes back.
fn story(trace: &Trace, layer: usize, unit: usize, row: usize) -> Vec<Entry> {
    let kinds: &[Kind] = if layer < trace.layers() {
        &[Kind::Z, Kind::A, Kind::Da, Kind::Dz]
    } else {
        &[Kind::Z, Kind::Probs, Kind::Dz]
    };
    kinds.iter().map(|&kind| Entry { kind, layer, index: vec![row, unit] }).collect()
}

/// The arrays as the bytes of an npz file; classes stay whole numbers.
fn packed(trace: &Trace, names: Names) -> Result<Vec<u8>> {
    let mut all: Vec<(String, Array)> = arrays(trace, names)
        .into_iter()
        .map(|(name, values)| {
            let array = match &trace.data.y {
                clearprop::target::Target::Classes(y) if name == "y" => {
                    Array::whole(y.iter().map(|&class| i64::from(class)))
                }
                _ => Array::of(&values),
            };
            (name, array)
        })
        .collect();
    let (activation, loss) = (trace.network.activation_text(), trace.network.loss.to_string());
    let over = trace.network.penalty.over.name();
    for (name, word) in [("activation", activation.as_str()), ("loss_name", &loss), ("regularize", over)] {
        all.push((name.to_owned(), Array::text(word)));
    }
    npz::write(all.iter().map(|(name, array)| (name.as_str(), array)))
}

/// Everything for machines: the network, and each quantity with formula, shape, statistics and numbers.
fn described(trace: &Trace, names: Names) -> Map<String, Value> {
    let quantity = |quantity: &Quantity| {
        let formulas: Vec<Value> = quantity
            .formulas
            .iter()
            .map(|f| json!({ "plain": f.plain, "tex": f.tex, "numpy": f.numpy }))
            .collect();
        json!({
            "name": quantity.name,
            "other_name": quantity.other_name,
            "role": quantity.role,
            "stages": quantity.stages.iter().map(|(stage, l)| stage.id_at(*l)).collect::<Vec<_>>(),
            "formulas": formulas,
            "shape": quantity.values.shape(),
            "statistics": quantity.statistics(),
            "values": nested(quantity.values.view()),
        })
    };
    let link = |link: &Link| json!({ "value": quantity(&link.value), "derivative": link.derivative.as_ref().map(quantity) });
    let mut all = Map::new();
    all.insert("network".into(), json!(trace.network));
    all.insert("rows".into(), json!(trace.data.len()));
    all.insert("chain".into(), trace.chain(names).iter().map(link).collect());
    all
}

/// An array as lists in lists; NaN is null.
fn nested(values: ndarray::ArrayViewD<'_, f64>) -> Value {
    match values.ndim() {
        0 => json!(values.first()),
        _ => values.outer_iter().map(nested).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clearprop::activation::Activation;
    use clearprop::data::Data;
    use clearprop::init::Init;
    use clearprop::loss::Loss;
    use clearprop::network::{Network, Penalized, Penalty};
    use clearprop::target::{Target, TargetKind};
    use clearprop::trace::Trace;
    use ndarray::Array2;

    /// A small network with numbers of no particular shape; `case` chooses everything about it.
    pub(crate) fn some_trace(case: usize) -> Trace {
        let sizes: &[usize] = [&[3, 2][..], &[2, 4, 3], &[4, 3, 5, 2]][case % 3];
        let loss = Loss::ALL[case / 12 % Loss::ALL.len()];
        let penalty = Penalty { reg: 0.1, over: Penalized::ALL[case % 2] };
        let network =
            Network::new(sizes, Activation::ALL[case / 3 % Activation::ALL.len()], loss, penalty).unwrap();
        let params = Init::AsWritten.draw::<f64>(&network, case as u64);
        let (n, d, k) = (7 + case % 3, sizes[0], sizes[sizes.len() - 1]);
        let wave = |i: usize, j: usize| ((1 + i * 7 + j * 3 + case) as f64).sin();
        let x = Array2::from_shape_fn((n, d), |(i, j)| 2.0 * wave(i, j));
        let y = match loss.takes() {
            TargetKind::Classes => {
                Target::Classes((0..n).map(|i| u32::try_from(i * i % k).unwrap()).collect())
            }
            TargetKind::Labels => {
                Target::Values(Array2::from_shape_fn((n, k), |(i, j)| f64::from(u8::from(wave(j, i) > 0.0))))
            }
            TargetKind::Counts => {
                Target::Values(Array2::from_shape_fn((n, k), |(i, j)| (4.0 * wave(j, i)).abs().floor()))
            }
            TargetKind::Numbers => Target::Values(Array2::from_shape_fn((n, k), |(i, j)| wave(j, i))),
        };
        Trace::new(network, params, Data::new(x, y).unwrap()).unwrap()
    }
}
