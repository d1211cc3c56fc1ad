//! The gradient check: it passes what is right, fails what is wrong, and knows a kink from an error.
#![allow(clippy::unwrap_used, reason = "a helper of a test may stop it")]

use clearprop::activation::Activation;
use clearprop::data::{Data, Spirals, spirals};
use clearprop::error::{Error, ErrorKind};
use clearprop::gradcheck::{LossAt, Part, Plan, TensorCheck, Verdict, gradcheck, loss_at};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::Params;
use clearprop::target::{Target, TargetKind};
use ndarray::{Array1, Array2, Axis, s};

fn check(network: &Network, params: &Params<f64>, data: &Data<f64>, claim: &Params<f64>) -> Vec<TensorCheck> {
    let mut loss = |params: &Params<f64>| Ok(loss_at(network, params, data));
    gradcheck(&mut loss, params, &[(Part::Loss, claim)], &Plan::default()).unwrap()
}

fn failed(checks: &[TensorCheck]) -> Vec<String> {
    checks
        .iter()
        .filter(|t| t.verdict() == Verdict::Wrong)
        .map(|t| format!("{} {:.1e} {:?}", t.name, t.error, t.worst))
        .collect()
}

/// A network with data, everything chosen by `case`.
fn some_case(case: usize) -> (Network, Params<f64>, Data<f64>) {
    let wave = |i: usize, j: usize| ((1 + i * 7 + j * 3 + case * 11) as f64).sin();
    let sizes: &[usize] = [&[3, 2][..], &[2, 7, 3], &[4, 5, 6, 2], &[3, 4, 4, 4, 3]][case % 4];
    let loss = Loss::ALL[case / 4 % Loss::ALL.len()];
    let activation = Activation::ALL[case / 12 % Activation::ALL.len()];
    let penalty = Penalty { reg: [0.0, 0.001, 0.1][case % 3], over: Penalized::ALL[case % 2] };
    let network = Network::new(sizes, activation, loss, penalty).unwrap();
    let params = Init::AsWritten.draw(&network, case as u64);
    let (n, d, k) = (5 + case % 7, sizes[0], sizes[sizes.len() - 1]);
    let scale = [1.0, 0.1, 10.0][case % 3];
    let x = Array2::from_shape_fn((n, d), |(i, j)| scale * wave(i, j));
    let label = |i: usize, j: usize| f64::from(u8::from(wave(j, i) > 0.0));
    let y = match loss.takes() {
        TargetKind::Classes => Target::Classes((0..n).map(|i| u32::try_from(i * i % k).unwrap()).collect()),
        TargetKind::Labels => Target::Values(Array2::from_shape_fn((n, k), |(i, j)| label(i, j))),
        TargetKind::Counts => {
            Target::Values(Array2::from_shape_fn((n, k), |(i, j)| (4.0 * wave(j, i)).abs().floor()))
        }
        TargetKind::Numbers => Target::Values(Array2::from_shape_fn((n, k), |(i, j)| wave(j, i))),
    };
    (network, params, Data::new(x, y).unwrap())
}

#[test]
fn two_hundred_random_networks_pass() {
    let mut compared = 0;
    for case in 0..200 {
        let (network, params, data) = some_case(case);
        let (_, grads) = loss_and_grad(&network, &params, &data);
        let checks = check(&network, &params, &data, &grads);
        assert!(failed(&checks).is_empty(), "case {case}: {:?}", failed(&checks));
        compared += checks.iter().map(|t| t.checked).sum::<usize>();
    }
    assert!(compared > 9_000, "only {compared} numbers were compared");
}

/// loss = data + penalty with data = w^4, penalty = 3 w^2, at w = -2, beside a bias that nothing depends on.
/// (f(w+h) - f(w-h)) / 2h = 4 w^3 + 4 w h^2: -32 - 8 h^2 for the data; 6 w = -12 for the penalty.
#[test]
fn the_differences_agree_with_a_case_worked_by_hand() {
    let at = Params::from_values(&[1, 1], vec![-2.0, 5.0]).unwrap();
    let mut loss = |p: &Params<f64>| {
        let w = p.values()[0];
        Ok(LossAt { data_loss: w.powi(4), penalty: 3.0 * w * w, on: vec![] })
    };
    let claim = |w: f64| Params::from_values(&[1, 1], vec![w, 0.0]).unwrap();
    let (data, penalty, both) = (claim(-32.0), claim(-12.0), claim(-44.0));
    let claims = [(Part::Data, &data), (Part::Penalty, &penalty), (Part::Loss, &both)];
    let checks = gradcheck(&mut loss, &at, &claims, &Plan::default()).unwrap();
    let numeric: Vec<f64> = checks[..3].iter().map(|t| t.worst.as_ref().unwrap().numeric).collect();
    for (numeric, expected) in numeric.iter().zip([-32.0, -12.0, -44.0]) {
        assert!((numeric - expected).abs() < 1e-7, "{numeric} {expected}");
    }
    // Both zero passes; one zero does not.
    assert!(checks.iter().all(|t| t.passed), "{:?}", failed(&checks));
    let claim = Params::from_values(&[1, 1], vec![-44.0, 1e-3]).unwrap();
    let checks = gradcheck(&mut loss, &at, &[(Part::Loss, &claim)], &Plan::default()).unwrap();
    assert_eq!((checks[1].passed, checks[1].error), (false, f64::INFINITY));
    // A NaN is never right.
    let claim = Params::from_values(&[1, 1], vec![f64::NAN, 0.0]).unwrap();
    assert!(!gradcheck(&mut loss, &at, &[(Part::Loss, &claim)], &Plan::default()).unwrap()[0].passed);
}

/// loss = max(0, w): at w = 0 there is no derivative, at w = 1e-5 there is, but the first steps cross the kink.
#[test]
fn a_kink_is_counted_and_is_no_error() {
    let mut loss = |p: &Params<f64>| {
        let w = p.values()[0];
        Ok(LossAt { data_loss: w.max(0.0), penalty: 0.0, on: vec![w > 0.0] })
    };
    let mut at = |w: f64, claimed: f64| {
        let params = Params::from_values(&[1, 1], vec![w, 0.0]).unwrap();
        let claim = Params::from_values(&[1, 1], vec![claimed, 0.0]).unwrap();
        gradcheck(&mut loss, &params, &[(Part::Loss, &claim)], &Plan::default()).unwrap().swap_remove(0)
    };
    let on = at(0.0, 0.0);
    // Nothing was compared: no error, and no pass either.
    assert_eq!((on.kinks, on.checked, on.verdict()), (1, 0, Verdict::NotCompared));
    let near = at(1.5e-5, 1.0);
    assert_eq!((near.kinks, near.checked, near.passed), (0, 1, true));
    assert!(near.worst.unwrap().step < 1.5e-5);
    assert!(!at(1.5e-5, 0.5).passed);
}

/// At small weights many z lie within h of 0 (MISTAKES: a right backward pass shows errors up to 0.45).
#[test]
fn spirals_at_small_weights_do_not_cry_wolf() {
    let data = spirals::<f64>(&Spirals { points: 100, ..Spirals::default() }, 0).unwrap();
    let penalty = Penalty { reg: 0.001, over: Penalized::All };
    let network = Network::new(&[2, 100, 3], Activation::Relu, Loss::Softmax, penalty).unwrap();
    let mut params = Init::He.draw::<f64>(&network, 0);
    params.values_mut().iter_mut().for_each(|w| *w *= 0.01);
    let (_, grads) = loss_and_grad(&network, &params, &data);
    let checks = check(&network, &params, &data, &grads);
    assert!(failed(&checks).is_empty(), "{:?}", failed(&checks));
    // Three points are the origin and the biases are zero: every b1 stands exactly on a kink.
    assert_eq!((checks[1].name.as_str(), checks[1].checked), ("db1", 0));
    assert!(checks[0].checked > 0 && checks[1].kinks > 0);

    // After 50 steps the biases have moved, and there is something to check.
    let mut gd = Optimiser::new(Rule::Gd, 0.1, params.sizes()).unwrap();
    for _ in 0..50 {
        let (_, grads) = loss_and_grad(&network, &params, &data);
        gd.update(&mut params, &grads);
    }
    let (_, grads) = loss_and_grad(&network, &params, &data);
    let checks = check(&network, &params, &data, &grads);
    assert!(failed(&checks).is_empty(), "{:?}", failed(&checks));
    assert!(checks[1].checked > 10, "{:?}", checks[1]);
    // A factor of 1.0001 is still found there: it is no kink.
    let mut broken = grads.clone();
    broken.values_mut()[..200].iter_mut().for_each(|g| *g *= 1.0001);
    assert!(!check(&network, &params, &data, &broken)[0].passed);
}

/// A backward pass of two layers, ReLU and softmax, with mistake `m` of the catalogue (0: none).
fn backward_with(m: u8, network: &Network, params: &Params<f64>, data: &Data<f64>) -> Params<f64> {
    let Target::Classes(y) = &data.y else { unreachable!() };
    let (x, reg) = (&data.x, network.penalty.reg);
    let (w1, b1, w2, b2) = (params.w(1), params.b(1), params.w(2), params.b(2));
    let z1 = x.dot(&w1) + b1;
    let a1 = z1.mapv(|z| z.max(0.0));
    let logits = a1.dot(&w2) + b2;
    let (n, k) = (x.nrows() as f64, w2.ncols() as f64);
    let mut probs = logits.mapv(f64::exp);
    match m {
        10 => probs = &probs / probs.sum(),
        11 => probs = &probs / &probs.sum_axis(Axis(0)),
        _ => probs = &probs / &probs.sum_axis(Axis(1)).insert_axis(Axis(1)),
    }
    let classes = if m == 9 { y.mapv(|c| (c + 1) % 3) } else { y.clone() };
    let hot = Array2::from_shape_fn(probs.dim(), |(i, j)| f64::from(u8::from(classes[i] as usize == j)));
    let best = Array2::from_shape_fn(probs.dim(), |(i, j)| {
        f64::from(u8::from((0..3).all(|c| probs[[i, c]] <= probs[[i, j]])))
    });
    let ds = match m {
        1 => &probs - &hot,
        2 => (&probs - &hot) / (n * n),
        3 => (&probs - &hot) / (n * k),
        4 => (&probs - &hot) / k,
        5 => &probs / n - &hot,
        6 => &probs / n,
        7 => (&hot - &probs) / n,
        8 => (&probs - 1.0) / n,
        12 => (&probs - &hot) * &hot / n,
        13 => (&probs - &hot) * &probs * (1.0 - &probs) / n,
        14 => -(&hot / &probs) / n,
        15 => 2.0 * (&probs - &hot) / n,
        16 => {
            let by_probs = &probs - &hot;
            let inner = (&by_probs * &probs).sum_axis(Axis(1)).insert_axis(Axis(1));
            &probs * &(&by_probs - &inner) / n
        }
        17 => (&best - &hot) / n,
        18 => (&logits - &hot) / n,
        _ => (&probs - &hot) / n,
    };
    let mut dw2 = if m == 26 { z1.t().dot(&ds) } else { a1.t().dot(&ds) };
    let mut db2 = ds.sum_axis(Axis(0));
    let da = match m {
        35 => ds.dot(&(&w2 - &(&dw2 * 0.1)).t()),
        36 => ds.sum_axis(Axis(1)).insert_axis(Axis(1)) * Array2::<f64>::ones(a1.dim()),
        37 => ds.dot(&w2.t()) + &(reg * &a1),
        39 => ds.dot(&params.wb(2).slice(s![1.., ..]).t()),
        _ => ds.dot(&w2.t()),
    };
    let on = z1.mapv(|z| f64::from(u8::from(z > 0.0)));
    let rising = da.mapv(|d| f64::from(u8::from(d > 0.0)));
    let dz = match m {
        40 | 41 => da.clone(),
        42 => &da * &rising,
        43 => &da * &rising * &on,
        44 => &da * &(1.0 - &on),
        45 => on.clone(),
        46 => &da * &a1,
        47 => &da * &a1 * &(1.0 - &a1),
        48 => &da * &x.dot(&w1).mapv(|z| f64::from(u8::from(z > 0.0))),
        49 => &da * &on.mapv(|on| if on > 0.0 { 1.0 } else { 0.01 }),
        _ => &da * &on,
    };
    let by = if m == 51 { &da } else { &dz };
    let mut dw1 = x.t().dot(by);
    let mut db1: Array1<f64> = dz.sum_axis(Axis(0));
    match m {
        27 => dw1 /= n,
        29 => db1 /= n,
        30 => db2.fill(ds.sum()),
        31 => db1.assign(&dz.row(dz.nrows() - 1)),
        32 => db2 = a1.t().dot(&ds).sum_axis(Axis(0)),
        33 => db1.fill(0.0),
        52 => dw1 *= &w1.mapv(|w| f64::from(u8::from(w > 0.0))),
        53 => {
            let (x, dz) = (x.row(x.nrows() - 1), dz.row(dz.nrows() - 1));
            dw1 = x.insert_axis(Axis(1)).dot(&dz.insert_axis(Axis(0)));
        }
        55 => dw2 *= 2.0,
        _ => {}
    }
    let (for1, for2) = match m {
        19 => (0.0, reg),
        20 => (2.0 * reg, 2.0 * reg),
        21 => (reg / n, reg / n),
        22 => (-reg, -reg),
        24 => (2.0 * reg, 0.0),
        _ => (reg, reg),
    };
    dw1.scaled_add(for1, &w1);
    dw2.scaled_add(for2, &w2);
    if m == 23 {
        dw2 += reg;
    }
    if m == 28 {
        dw2 /= n;
    }
    if m == 25 {
        db1.scaled_add(reg, &b1);
    }
    let mut grads = Params::zeros(params.sizes());
    grads.w_mut(1).assign(&dw1);
    grads.b_mut(1).assign(&db1);
    grads.w_mut(2).assign(&dw2);
    grads.b_mut(2).assign(&db2);
    grads
}

#[test]
fn broken_backward_passes_fail() {
    // A probe on which no mistake can hide: sizes pairwise different, biases, both signs of z.
    let penalty = Penalty { reg: 0.1, over: Penalized::Weights };
    let network = Network::new(&[4, 6, 3], Activation::Relu, Loss::Softmax, penalty).unwrap();
    let params = Init::AsWritten.draw::<f64>(&network, 3);
    let x = Array2::from_shape_fn((11, 4), |(i, j)| ((1 + i * 5 + j * 3) as f64).sin());
    let y = Target::Classes((0..11).map(|i| [0, 0, 1, 2, 0, 1][i % 6]).collect());
    let data = Data::new(x, y).unwrap();

    let right = check(&network, &params, &data, &backward_with(0, &network, &params, &data));
    assert!(failed(&right).is_empty(), "{:?}", failed(&right));
    let mut modelled = 0;
    for m in (1..=53).chain([55]) {
        if [34, 38, 50].contains(&m) {
            continue; // they change shapes, or nothing for a ReLU
        }
        modelled += 1;
        let checks = check(&network, &params, &data, &backward_with(m, &network, &params, &data));
        assert!(!failed(&checks).is_empty(), "mistake {m} passes: {checks:?}");
    }
    assert!(modelled >= 30);
}

#[test]
fn what_the_loss_says_and_a_wrong_shape_are_errors() {
    let at = Params::<f64>::zeros(&[1, 1]);
    let claim = Params::zeros(&[1, 2]);
    let mut loss = |_: &Params<f64>| Err(Error::new(ErrorKind::File, "the program stopped"));
    let error = gradcheck(&mut loss, &at, &[(Part::Loss, &at)], &Plan::default()).unwrap_err();
    assert!(error.to_string().contains("the program stopped"));
    let error = gradcheck(&mut loss, &at, &[(Part::Loss, &claim)], &Plan::default()).unwrap_err();
    assert!(error.to_string().contains("the shape of its variable"));
}

#[test]
fn a_sample_is_small_and_all_is_all() {
    let (network, params, data) = some_case(1);
    let (_, grads) = loss_and_grad(&network, &params, &data);
    let mut loss = |params: &Params<f64>| Ok(loss_at(&network, params, &data));
    let mut count = |sample| {
        let plan = Plan { sample, ..Plan::default() };
        let checks = gradcheck(&mut loss, &params, &[(Part::Loss, &grads)], &plan).unwrap();
        checks.iter().map(|t| t.checked + t.kinks).collect::<Vec<_>>()
    };
    assert_eq!(count(None), [14, 7, 21, 3]);
    let few = count(Some(2));
    assert!(few.iter().all(|&checked| checked == 2 || checked == 3), "{few:?}");
}
