//! The trace: what it names, and that its arithmetic gives the numbers it names.
#![allow(clippy::unwrap_used, reason = "a helper of a test may stop it")]

use clearprop::activation::Activation;
use clearprop::data::Data;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::params::Params;
use clearprop::target::{Target, TargetKind};
use clearprop::trace::{Names, Trace, arrays, statistics};
use ndarray::{Array2, array};

/// A small network with numbers of no particular shape; `case` chooses everything about it.
fn some_trace(case: usize) -> Trace {
    let sizes: &[usize] = [&[3, 2][..], &[2, 4, 3], &[4, 3, 5, 2]][case % 3];
    let activation = Activation::ALL[case / 3 % Activation::ALL.len()];
    let loss = Loss::ALL[case % Loss::ALL.len()];
    let over = Penalized::ALL[case % 2];
    let reg = if case % 5 == 4 { 0.0 } else { 0.1 };
    let network = Network::new(sizes, activation, loss, Penalty { reg, over }).unwrap();
    let params = Init::AsWritten.draw::<f64>(&network, case as u64);
    let (n, d, k) = (7 + case % 3, sizes[0], sizes[sizes.len() - 1]);
    let wave = |i: usize, j: usize| ((1 + i * 7 + j * 3 + case) as f64).sin();
    let x = Array2::from_shape_fn((n, d), |(i, j)| 2.0 * wave(i, j));
    let label = |i: usize, j: usize| f64::from(u8::from(wave(j, i) > 0.0));
    let y = match loss.takes() {
        TargetKind::Classes => Target::Classes((0..n).map(|i| u32::try_from(i * i % k).unwrap()).collect()),
        TargetKind::Labels => Target::Values(Array2::from_shape_fn((n, k), |(i, j)| label(i, j))),
        TargetKind::Counts => {
            Target::Values(Array2::from_shape_fn((n, k), |(i, j)| (4.0 * wave(j, i)).abs().floor()))
        }
        TargetKind::Numbers => Target::Values(Array2::from_shape_fn((n, k), |(i, j)| wave(j, i))),
    };
    Trace::new(network, params, Data::new(x, y).unwrap()).unwrap()
}

/// `name[i,j]` for every number of an array.
fn entries(name: &str, shape: &[usize]) -> Vec<String> {
    match *shape {
        [] => vec![name.to_owned()],
        [n] => (0..n).map(|i| format!("{name}[{i}]")).collect(),
        [n, m] => (0..n * m).map(|at| format!("{name}[{},{}]", at / m, at % m)).collect(),
        _ => unreachable!(),
    }
}

#[test]
fn the_steps_of_every_number_give_that_number() {
    let mut seen = 0;
    for case in 0..100 {
        let trace = some_trace(case);
        for (name, values) in arrays(&trace, Names::Design) {
            if name == "reg" {
                continue;
            }
            for (text, &expected) in entries(&name, values.shape()).iter().zip(&values) {
                let worked = trace.worked(&trace.entry(text).unwrap(), None, Names::Design);
                assert_eq!(worked.name, *text);
                assert_eq!(worked.value, expected, "case {case}, {text}");
                if let Some(last) = worked.steps.last() {
                    let error = (last.value - expected).abs();
                    let limit = 1e-13 * (1.0 + expected.abs());
                    assert!(error <= limit, "case {case}, {text}: {} {expected}", last.value);
                    seen += 1;
                }
                if let Some(chain) = worked.chain {
                    let term = worked.steps[0].terms[chain.row].value;
                    let error = (chain.product - term).abs();
                    assert!(error <= 1e-15 + 1e-13 * term.abs(), "case {case}, {text}");
                }
            }
        }
    }
    assert!(seen > 5000, "only {seen} numbers were worked");
}

#[test]
fn both_names_lead_to_the_same_number() {
    let trace = some_trace(1);
    for (name, values) in arrays(&trace, Names::Notebook) {
        let same = |text: &str| trace.entry(text).map(|e| trace.worked(&e, None, Names::Design).value);
        if name == "reg" {
            continue;
        }
        for (text, &expected) in entries(&name, values.shape()).iter().zip(&values) {
            match same(text) {
                Ok(value) => assert_eq!(value, expected, "{text}"),
                Err(error) => assert!(error.to_string().contains("column of ones"), "{text}: {error}"),
            }
        }
    }
    let bias = trace.entry("dL_dW1[2,3]").unwrap();
    assert_eq!(bias, trace.entry("db1[3]").unwrap());
    assert_eq!(trace.worked(&bias, None, Names::Notebook).name, "dL_dW1[2,3]");
}

#[test]
fn the_notebooks_layout_is_the_bias_trick() {
    let trace = some_trace(1); // sizes 2, 4, 3
    let all = arrays(&trace, Names::Notebook);
    let shape = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, v)| v.shape().to_vec()).unwrap();
    assert_eq!(shape("X"), [8, 3]);
    assert_eq!(shape("W1"), [3, 4]);
    assert_eq!(shape("h11"), [8, 4]);
    assert_eq!(shape("h12"), [8, 5]);
    assert_eq!(shape("dL_dh12"), [8, 5]);
    assert_eq!(shape("dL_dh11"), [8, 4]);
    assert_eq!(shape("dL_dW2"), [5, 3]);
    assert!(all.iter().all(|(name, _)| !name.starts_with('b')));
}

/// x = (1, 2), w1 = (1, -1)^T, b1 = 0.5, one unit: z1 = 1 - 2 + 0.5 = -0.5; and a second row (2, 1): 1.5.
/// w2 = (2, 0), b2 = 0: logits (0, 0) and (3, 0).
#[test]
fn a_network_worked_by_hand() {
    let penalty = Penalty { reg: 0.5, over: Penalized::Weights };
    let network = Network::new(&[2, 1, 2], Activation::Relu, Loss::Softmax, penalty).unwrap();
    let params = Params::from_values(&[2, 1, 2], vec![1.0, -1.0, 0.5, 2.0, 0.0, 0.0, 0.0]).unwrap();
    let data = Data::new(array![[1.0, 2.0], [2.0, 1.0]], Target::Classes(array![0, 1])).unwrap();
    let trace = Trace::new(network, params, data).unwrap();
    let worked = |text: &str| trace.worked(&trace.entry(text).unwrap(), None, Names::Design);

    // Row 0 is off; row 1: p = softmax(3, 0), dlogits = (p0, -p0) / 2, da1 = 2 * p0 / 2 = p0.
    let p0 = 1.0 / (1.0 + (-3.0_f64).exp());
    let dw = worked("dw1[0,0]");
    assert_eq!(dw.steps[0].rule, "sum over rows i of x[i,0] * dz1[i,0], + reg * w1[0,0]");
    assert_eq!(dw.steps[0].terms.len(), 3);
    assert_eq!(dw.steps[0].terms[0].value, 0.0);
    assert!((dw.value - (2.0 * p0 + 0.5 * 1.0)).abs() < 1e-15);
    let chain = dw.chain.unwrap();
    assert_eq!(chain.row, 1);
    let names: Vec<&str> = chain.factors.iter().map(|factor| factor.name.as_str()).collect();
    assert_eq!(names, ["loss by a1[1,0]", "a1[1,0] by z1[1,0]", "z1[1,0] by w1[0,0]"]);
    // The bias is not penalised here.
    assert_eq!(worked("db1[0]").steps[0].terms.len(), 2);
    assert_eq!(worked("a1[0,0]").steps[0].terms[0].factors[0].arithmetic, "max(0, -0.5)");
}

#[test]
fn a_name_that_is_not_there_is_answered_in_one_line() {
    let trace = some_trace(1);
    let check = |text: &str, expected: &str| {
        let error = trace.entry(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}\nexpected {expected}\n   found {error}");
        assert!(!error.contains('\n'));
    };
    check("dw9[0,0]", "no array is called 'dw9'");
    check("dw1[0,99]", "dw1 of shape (2, 4)");
    check("dw1", "ask for one like dw1[0,0]");
    check("dw1[a,b]", "'a' in 'dw1[a,b]' is no row or column");
    check("dw1[1,2", "no closing bracket");
    check("b1[7]", "b1[0] to b1[3]");
    check("loss[0]", "ask for 'loss'");
    check("h12[0,4]", "column of ones");
    check("dw1[-1,0]", "counted from 0");
}

#[test]
fn statistics_do_not_hide_a_nan() {
    let some = statistics([1.0, 0.0, -3.0, 0.0]);
    assert_eq!((some.min, some.mean, some.max, some.zeros, some.count), (-3.0, -0.5, 1.0, 2, 4));
    let sick = statistics([1.0, f64::NAN, 2.0]);
    assert!(sick.min.is_nan() && sick.mean.is_nan() && sick.max.is_nan());
    assert_eq!(statistics([]).count, 0);
}

#[test]
fn the_chain_pairs_each_value_with_its_derivative() {
    let trace = some_trace(1);
    let names = |names: Names| -> Vec<(String, Option<String>)> {
        trace.chain(names).into_iter().map(|l| (l.value.name, l.derivative.map(|d| d.name))).collect()
    };
    let pair = |value: &str, derivative: &str| (value.to_owned(), Some(derivative.to_owned()));
    let ours = names(Names::Design);
    assert_eq!(ours[0], ("x".to_owned(), None));
    assert_eq!(ours[3], pair("z1", "dz1"));
    assert_eq!(ours[7], pair("logits", "dlogits"));
    let theirs = names(Names::Notebook);
    assert_eq!(theirs[1], pair("W1", "dL_dW1"));
    assert_eq!(theirs[3], pair("h12", "dL_dh12"));
    for link in trace.chain(Names::Design) {
        if let Some(derivative) = link.derivative {
            assert_eq!(link.value.values.shape(), derivative.values.shape(), "{}", derivative.name);
        }
    }
}
