//! Golden values: every stage of a forward and a backward pass against numbers that others computed
//! (`golden/make_network.py`: PyTorch's autograd; `golden/make_notebook.py`: NumPy), both at float64.
//!
//! "Within t relative" means: for each tensor, `max|a - b| <= t * max|b|`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use clearprop::activation::Activation;
use clearprop::backward::backward;
use clearprop::data::{Data, Target};
use clearprop::forward::forward;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::objective;
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::target::TargetKind;
use clearprop_files::npz::{self, Npz};
use ndarray::{Array2, ArrayView2, Axis, array, concatenate, s};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden")
}

fn open(file: &str) -> Npz {
    npz::read(File::open(golden().join(file)).unwrap(), file).unwrap()
}

/// Checks tensors in the order of the stages; the first that differs ends the test with its worst numbers.
struct Check<'a> {
    file: &'a str,
    values: &'a Npz,
    within: f64,
    checked: usize,
}

impl Check<'_> {
    fn stage<R: Real>(&mut self, name: &str, ours: ArrayView2<'_, R>) {
        let shape = &self.values.array(name).unwrap().shape;
        let theirs: Array2<f64> = match shape.len() {
            0 => array![[self.values.scalar(name).unwrap()]],
            1 => self.values.vector(name).unwrap().insert_axis(Axis(0)),
            _ => self.values.matrix(name).unwrap(),
        };
        assert_eq!(ours.dim(), theirs.dim(), "{}: {name} has another shape", self.file);
        let mut pairs: Vec<(f64, f64)> = ours.iter().map(|a| a.f64()).zip(theirs.iter().copied()).collect();
        pairs.sort_by(|(a, b), (c, d)| (c - d).abs().total_cmp(&(a - b).abs()));
        let largest = theirs.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let error = pairs.first().map_or(0.0, |(a, b)| (a - b).abs());
        assert!(
            error <= self.within * largest,
            "{}: the first stage that differs is {name}: {error:e} of {largest:e}; the worst pairs (ours, theirs): {:?}",
            self.file,
            &pairs[..pairs.len().min(5)],
        );
        self.checked += 1;
    }
}

/// One pass of a golden network; gives the number of tensors compared.
fn every_stage<R: Real>(file: &str, within: f64) -> usize {
    let values = open(file);
    let sizes: Vec<usize> = match values.get("sizes") {
        Some(_) => values.whole("sizes").unwrap().iter().map(|&size| size as usize).collect(),
        None => vec![
            2,
            values.matrix::<f64>("W1_0").unwrap().ncols(),
            values.matrix::<f64>("W2_0").unwrap().ncols(),
        ],
    };
    let word = |name: &str, default: &str| values.text(name).unwrap_or(default).to_owned();
    let loss: Loss = word("loss_name", "softmax").parse().unwrap();
    let penalty = Penalty {
        reg: values.scalar("reg").unwrap(),
        over: word("regularize", "all").parse::<Penalized>().unwrap(),
    };
    let activations = Activation::list(&word("activation", "relu")).unwrap();
    let network = Network::new(&sizes, Activation::Relu, loss, penalty).unwrap();
    let network = network.with_activations(&activations).unwrap();
    let last = network.layers();

    // The notebook's names carry _0 for the first weights; its training rows are a selection.
    let notebook = values.get("W1_0").is_some();
    let mut params = Params::<R>::zeros(&sizes);
    for l in 1..=last {
        let name = if notebook { format!("W{l}_0") } else { format!("W{l}") };
        params.wb_mut(l).assign(&values.matrix::<R>(&name).unwrap());
    }
    if values.get("s").is_some() {
        params = params.with_scale();
        params.s_mut().unwrap().assign(&values.vector::<R>("s").unwrap());
    }
    let y = match loss.takes() {
        TargetKind::Classes => Target::Classes(values.whole("y").unwrap()),
        TargetKind::Labels | TargetKind::Counts | TargetKind::Numbers => {
            Target::Values(values.matrix("y").unwrap())
        }
    };
    let mut data = Data::new(values.matrix("X").unwrap(), y).unwrap();
    if values.get("sample_weight").is_some() {
        data = data.with_weights(values.vector("sample_weight").unwrap()).unwrap();
    }
    if notebook {
        data = data.select(values.whole("train").unwrap().as_slice().unwrap());
    }

    let pass = forward(&network, &params, data.x.view());
    let loss = objective(&network, &params, &pass, data.answers()).loss();
    let (grads, derivatives) = backward(&network, &params, &pass, data.answers());

    let mut check = Check { file, values: &values, within, checked: 0 };
    for l in 1..last {
        check.stage(&format!("h{l}1"), pass.z[l].view());
        if notebook {
            // The notebook's h12 has its column of ones, and dL_dh12 the derivative by it.
            let ones = Array2::<R>::ones((data.len(), 1));
            check.stage(&format!("h{l}2"), concatenate![Axis(1), pass.a[l], ones].view());
        } else {
            check.stage(&format!("h{l}2"), pass.a[l].view());
        }
    }
    check.stage("f", pass.logits().view());
    if notebook {
        check.stage("probs", pass.probs().view());
        assert!((loss - values.vector::<f64>("loss").unwrap()[0]).abs() <= within * loss);
    } else {
        check.stage("loss", array![[loss]].view());
    }
    check.stage("dL_df", derivatives.logits().view());
    for l in (1..=last).rev() {
        check.stage(&format!("dL_dW{l}"), grads.wb(l));
        if l > 1 {
            let (da, dz) = (format!("dL_dh{}2", l - 1), format!("dL_dh{}1", l - 1));
            if notebook {
                let by_ones = derivatives.z[l].dot(&params.b(l)).insert_axis(Axis(1));
                check.stage(&da, concatenate![Axis(1), derivatives.a[l - 1], by_ones].slice(s![.., ..]));
            } else {
                check.stage(&da, derivatives.a[l - 1].view());
            }
            check.stage(&dz, derivatives.z[l - 1].view());
        }
    }
    if let Some(ds) = grads.s() {
        check.stage("dL_ds", ds.insert_axis(Axis(0)));
    }
    check.checked
}

/// All files of networks, by name.
fn networks() -> Vec<String> {
    // In `parts` what only the library knows: weights of rows, a scale of the inputs, losses of margins.
    let mut files: Vec<String> = ["", "parts/"]
        .iter()
        .flat_map(|folder| {
            let names = fs::read_dir(golden().join(folder)).unwrap();
            names.map(move |entry| format!("{folder}{}", entry.unwrap().file_name().into_string().unwrap()))
        })
        .filter(|name| name.contains("net_") && name.ends_with(".npz"))
        .collect();
    files.sort();
    files.push("notebook_small_stages.npz".to_owned());
    files
}

#[test]
fn every_stage_agrees_at_f64() {
    assert_eq!(networks().len(), 22);
    let checked: usize = networks().iter().map(|file| every_stage::<f64>(file, 1e-12)).sum();
    assert!(checked > 60, "only {checked} tensors");
}

#[test]
fn every_activation_and_every_loss_has_a_file() {
    let texts = |key: &str| -> Vec<String> {
        networks().iter().filter_map(|file| open(file).text(key).ok().map(str::to_owned)).collect()
    };
    // A parameter other than the usual one shows that it is used.
    let has = |texts: &[String], name: &str| texts.iter().any(|text| text.split(':').next() == Some(name));
    let (activations, losses) = (texts("activation"), texts("loss_name"));
    for activation in Activation::ALL {
        assert!(has(&activations, activation.name()), "{activation} is in no file");
    }
    for loss in Loss::ALL {
        assert!(has(&losses, loss.name()), "{loss} is in no file");
    }
}

#[test]
fn every_stage_agrees_at_f32() {
    for file in networks() {
        every_stage::<f32>(&file, 1e-5);
    }
}
