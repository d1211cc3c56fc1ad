//! The fast engine against the plain path, which is the specification.

use clearprop::activation::Activation;
use clearprop::data::{Batches, Data, Spirals, Target, spirals, split};
use clearprop::engine::Engine;
use clearprop::fast::{Level, Options, Session, predict_few};
use clearprop::forward::forward;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule, Shares};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::target::TargetKind;
use ndarray::{Array1, Array2};
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_pcg::Pcg64Mcg;

/// Random data that fit the network.
fn random_data<R: Real>(network: &Network, n: usize, random: &mut Pcg64Mcg) -> Data<R> {
    let (d, k) = (network.inputs(), network.outputs());
    let mut normal = || R::of(random.sample::<f64, _>(StandardNormal));
    let x = Array2::from_shape_simple_fn((n, d), &mut normal);
    let values = Array2::from_shape_simple_fn((n, k), &mut normal);
    let y = match network.loss.takes() {
        TargetKind::Classes => {
            Target::Classes(Array1::from_iter((0..n).map(|i| u32::try_from(i * 7 % k).unwrap())))
        }
        TargetKind::Labels => {
            Target::Values(values.mapv(|v| if v > R::zero() { R::one() } else { R::zero() }))
        }
        TargetKind::Counts | TargetKind::Numbers => Target::Values(values),
    };
    Data { x, y, weights: None }
}

/// Random first weights, biases too.
fn random_params<R: Real>(network: &Network, random: &mut Pcg64Mcg) -> Params<R> {
    let mut params = Params::zeros(&network.sizes);
    for l in 1..=network.layers() {
        let scale = (2.0 / network.sizes[l - 1] as f64).sqrt();
        params.wb_mut(l).mapv_inplace(|_| R::of(scale * random.sample::<f64, _>(StandardNormal)));
    }
    params
}

/// The loop that a session must equal.
fn plain<R: Real>(
    network: &Network,
    params: &mut Params<R>,
    optimiser: &mut Optimiser<R>,
    data: &Data<R>,
    batches: Batches<'_>,
) -> Vec<f64> {
    let mut losses = Vec::new();
    let mut step = |data: &Data<R>| {
        let (objective, grads) = loss_and_grad(network, params, data);
        losses.push(objective.loss());
        optimiser.update(params, &grads);
    };
    match batches {
        Batches::Full { steps } => (0..steps).for_each(|_| step(data)),
        Batches::Of { rows, size } => rows.chunks(size).for_each(|rows| step(&data.select(rows))),
    }
    losses
}

/// For each tensor `max|a - b| <= tolerance max|b|`.
fn assert_close<R: Real>(what: &str, fast: &Params<R>, plain: &Params<R>, tolerance: f64) {
    assert_close_to_terms(what, fast, plain, tolerance, &[0.0; 2]);
}

/// The same where each number of layer l is a sum of terms, of which the largest is `terms[l - 1]`: what
/// cancels leaves its rounding errors.
fn assert_close_to_terms<R: Real>(
    what: &str,
    fast: &Params<R>,
    plain: &Params<R>,
    tolerance: f64,
    terms: &[f64],
) {
    for (l, terms) in (1..=plain.layers()).zip(terms) {
        let row = ndarray::Axis(0);
        let (fast_b, plain_b) = (fast.b(l).insert_axis(row), plain.b(l).insert_axis(row));
        for (name, fast, plain) in [("w", fast.w(l), plain.w(l)), ("b", fast_b, plain_b)] {
            let largest = plain.iter().fold(*terms, |max: f64, v| max.max(v.f64().abs()));
            for (at, a) in fast.indexed_iter() {
                let (a, b) = (a.f64(), plain[at].f64());
                assert!(
                    (a - b).abs() <= tolerance * largest,
                    "{what}: {name}[{l}]{at:?} is {a}, not {b} (largest {largest})"
                );
            }
        }
    }
}

fn tolerance<R: Real>() -> f64 {
    if R::NAME == "f32" { 1e-5 } else { 1e-12 }
}

fn network(sizes: &[usize], loss: Loss, reg: f64, over: Penalized) -> Network {
    Network::new(sizes, Activation::Relu, loss, Penalty { reg, over }).unwrap()
}

/// One gigantic step leaves nothing of the weights but their gradient.
fn one_step_equals<R: Real>(network: &Network, n: usize, level: Level, random: &mut Pcg64Mcg) {
    // Where z is 0 but for rounding, either path may find a unit active: draw again.
    let (data, params) = loop {
        let data = random_data::<R>(network, n, random);
        let params = random_params::<R>(network, random);
        let pass = forward(network, &params, data.x.view());
        if pass.z[1].iter().all(|z| z.f64().abs() > 2e-6) {
            break (data, params);
        }
    };
    step_equals(network, &data, params, level);
}

fn step_equals<R: Real>(network: &Network, data: &Data<R>, params: Params<R>, level: Level) {
    let optimiser = Optimiser::new(Rule::Gd, 1e6, &network.sizes).unwrap();
    let (n, pass) = (data.len(), forward(network, &params, data.x.view()));
    let what = format!("{} {level:?} {n} rows, {:?} {:?}", R::NAME, network.sizes, network.loss);
    let (start, mut right, mut wrong) = (params.clone(), params.clone(), params);
    let once = Batches::Full { steps: 1 };
    let losses = plain(network, &mut right, &mut optimiser.clone(), data, once);
    let mut found = Vec::new();
    let mut session = Session::new(network, data.len(), Options { level, threads: Some(2) }).unwrap();
    session.advance(&mut wrong, &mut optimiser.clone(), data, once, &mut found);
    let off = (losses[0] - found[0]).abs();
    assert!(off <= tolerance::<R>() * losses[0].abs(), "{what}: loss {} not {}", found[0], losses[0]);
    // dw[l] adds up a[l-1] dz[l] over rows; dz[1] is made of dlogits w[2]; dlogits of probs and y.
    let max =
        |values: ndarray::ArrayView2<'_, R>| values.iter().fold(1.0, |max: f64, v| max.max(v.f64().abs()));
    let dlogits = 1e6 * max(pass.probs().view()) / n.max(1) as f64;
    let first = max(data.x.view()) * max(start.w(2)) * dlogits;
    let terms = [first, max(pass.a[1].view()) * dlogits];
    assert_close_to_terms(&what, &wrong, &right, tolerance::<R>(), &terms);
}

const SIZES: [usize; 11] = [1, 3, 4, 7, 8, 9, 15, 16, 17, 127, 257];

#[test]
fn a_shallow_step_is_the_plain_step_at_every_size() {
    let mut random = Pcg64Mcg::seed_from_u64(1);
    for level in Level::available() {
        // Full batches of many rows of two numbers are sorted into clusters, which few are not.
        for n in SIZES.into_iter().chain([0, 128, 600]) {
            for h in SIZES {
                let network = network(&[2, h, 3], Loss::Softmax, 0.001, Penalized::All);
                one_step_equals::<f32>(&network, n, level, &mut random);
                one_step_equals::<f64>(&network, n, level, &mut random);
            }
        }
    }
}

#[test]
fn rows_on_the_line_of_a_unit_are_not_active() {
    // A grid of whole numbers, and weights of whole numbers: z is computed without rounding, and often 0.
    let mut random = Pcg64Mcg::seed_from_u64(7);
    let mut whole = |most: i32| f64::from(random.random_range(-most..=most));
    let network = network(&[2, 50, 3], Loss::Softmax, 0.0, Penalized::All);
    let x = Array2::from_shape_fn((400, 2), |(row, i)| [row % 20, row / 20][i] as f64 - 9.0);
    let data = Data { x, y: Target::Classes(Array1::from_iter((0..400).map(|i| i % 3))), weights: None };
    let mut params = Params::zeros(&network.sizes);
    params.wb_mut(1).mapv_inplace(|_| whole(2));
    params.wb_mut(2).mapv_inplace(|_| whole(2) / 64.0);
    let pass = forward(&network, &params, data.x.view());
    assert!(pass.z[1].iter().filter(|&&z| z == 0.0).count() > 500);
    for level in Level::available() {
        step_equals(&network, &data, params.clone(), level);
    }
}

#[test]
fn a_shallow_step_is_the_plain_step_for_every_loss_and_shape() {
    let mut random = Pcg64Mcg::seed_from_u64(2);
    for level in Level::available() {
        for loss in Loss::ALL {
            for d in 1..=12 {
                for k in 1..=4 {
                    if loss.takes() == TargetKind::Classes && k == 1 {
                        continue;
                    }
                    for over in Penalized::ALL {
                        let network = network(&[d, 33, k], loss, 0.01, over);
                        one_step_equals::<f32>(&network, 157, level, &mut random);
                        one_step_equals::<f64>(&network, 157, level, &mut random);
                    }
                }
            }
        }
    }
}

#[test]
fn a_deep_step_is_the_plain_step_for_every_activation_and_loss() {
    fn check<R: Real>(network: &Network, level: Level, random: &mut Pcg64Mcg) {
        let data = random_data::<R>(network, 45, random);
        let params = random_params::<R>(network, random);
        let optimiser = Optimiser::new(Rule::Gd, 1.0, &network.sizes).unwrap();
        let (mut right, mut wrong, once) = (params.clone(), params, Batches::Full { steps: 1 });
        let losses = plain(network, &mut right, &mut optimiser.clone(), &data, once);
        let mut found = Vec::new();
        let mut session = Session::new(network, data.len(), Options { level, threads: Some(1) }).unwrap();
        session.advance(&mut wrong, &mut optimiser.clone(), &data, once, &mut found);
        let what = format!("{} {level:?} {:?} {}", R::NAME, network.activations, network.loss);
        let off = (losses[0] - found[0]).abs();
        assert!(off <= tolerance::<R>() * losses[0].abs(), "{what}: loss {} not {}", found[0], losses[0]);
        assert_close(&what, &wrong, &right, 3.0 * tolerance::<R>());
        let probs = Engine::Fast(level).predict(network, &wrong, data.x.view());
        let right = Engine::Plain.predict(network, &wrong, data.x.view());
        let layers: Vec<_> = (1..=network.layers()).map(|l| (wrong.w(l), wrong.b(l))).collect();
        let few = predict_few(network, &layers, data.x.view());
        for (p, right) in probs.iter().zip(&right).chain(few.iter().zip(&right)) {
            let (p, right) = (p.f64(), right.f64());
            assert!(
                (p - right).abs() <= 1e2 * tolerance::<R>() * right.abs().max(1.0),
                "{what}: {p} {right}"
            );
        }
    }
    let mut random = Pcg64Mcg::seed_from_u64(8);
    for level in Level::available() {
        for loss in Loss::ALL {
            for activation in Activation::ALL {
                let mut network = network(&[5, 19, 17, 4], loss, 0.01, Penalized::Weights);
                network.activations = vec![activation, Activation::Tanh];
                check::<f32>(&network, level, &mut random);
                check::<f64>(&network, level, &mut random);
            }
        }
    }
}

#[test]
fn rows_with_weights_count_as_they_say_on_both_paths() {
    fn check<R: Real>(network: &Network, random: &mut Pcg64Mcg) {
        let data = random_data::<R>(network, 40, random);
        let params = random_params::<R>(network, random);
        let weights = Array1::from_shape_fn(40, |i| R::of((i % 3) as f64));
        let rows: Vec<u32> = (0..40).flat_map(|i| vec![i; i as usize % 3]).collect();
        let (repeated, weighted) = (data.select(&rows), data.with_weights(weights).unwrap());
        let (right, right_grads) = loss_and_grad(network, &params, &repeated);
        let what = format!("{} {:?} {}", R::NAME, network.sizes, network.loss);
        let (plain, plain_grads) = loss_and_grad(network, &params, &weighted);
        let mut session = Session::new(network, 40, Options::default()).unwrap();
        let (fast, fast_grads) = session.loss_and_grad(&params, &weighted);
        for (loss, grads) in [(plain.loss(), plain_grads), (fast, fast_grads)] {
            let off = (loss - right.loss()).abs();
            assert!(
                off <= 3.0 * tolerance::<R>() * right.loss().abs(),
                "{what}: {loss} not {}",
                right.loss()
            );
            assert_close(&what, &grads, &right_grads, 3.0 * tolerance::<R>());
        }
    }
    let mut random = Pcg64Mcg::seed_from_u64(11);
    for loss in Loss::ALL {
        for sizes in [&[2, 9, 3][..], &[5, 19, 17, 4]] {
            check::<f32>(&network(sizes, loss, 0.01, Penalized::Weights), &mut random);
            check::<f64>(&network(sizes, loss, 0.01, Penalized::Weights), &mut random);
        }
    }
}

#[test]
fn a_scale_of_the_inputs_and_steps_of_each_layer_are_the_same_on_both_paths() {
    fn check<R: Real>(network: &Network, shares: Shares, weighted: bool, random: &mut Pcg64Mcg) {
        let mut data = random_data::<R>(network, 90, random);
        if weighted {
            data = data.with_weights(Array1::from_shape_fn(90, |i| R::of((i % 4) as f64 * 0.3))).unwrap();
        }
        let mut params = random_params::<R>(network, random).with_scale();
        params.s_mut().unwrap().mapv_inplace(|_| R::of(random.random_range(-2.0..2.0)));
        let optimiser = Optimiser::new(Rule::ADAM, 0.01, &network.sizes).unwrap().shaped(&params);
        let optimiser = Optimiser { shares, ..optimiser };
        let rows: Vec<u32> = (0..90).rev().collect();
        let batches = Batches::Of { rows: &rows, size: 40 };
        let (mut right, mut right_optimiser) = (params.clone(), optimiser.clone());
        let losses = plain(network, &mut right, &mut right_optimiser, &data, batches);
        let (mut found, mut found_optimiser, mut found_losses) = (params, optimiser, Vec::new());
        let mut session = Session::new(network, 40, Options::default()).unwrap();
        session.advance(&mut found, &mut found_optimiser, &data, batches, &mut found_losses);
        let what = format!("{} {:?} {shares:?}", R::NAME, network.sizes);
        for (found, right) in found_losses.iter().zip(&losses) {
            assert!(
                (found - right).abs() <= 1e2 * tolerance::<R>() * right.abs(),
                "{what}: {found} not {right}"
            );
        }
        assert_close(&what, &found, &right, 1e3 * tolerance::<R>());
        let (found_s, right_s) = (found.s().unwrap().to_owned(), right.s().unwrap().to_owned());
        for (found, right) in found_s.iter().zip(&right_s) {
            assert!(
                (found.f64() - right.f64()).abs() <= 1e3 * tolerance::<R>(),
                "{what}: s {found} not {right}"
            );
        }
        let x = data.x.view();
        let pairs = Engine::default().logits(network, &found, x);
        for (fast, plain) in pairs.iter().zip(&Engine::Plain.logits(network, &found.folded(), x)) {
            assert!((fast.f64() - plain.f64()).abs() <= 1e2 * tolerance::<R>() * plain.f64().abs().max(1.0));
        }
    }
    let mut random = Pcg64Mcg::seed_from_u64(12);
    for sizes in [&[2, 9, 3][..], &[5, 19, 17, 4]] {
        for shares in Shares::ALL {
            let mut network = network(sizes, Loss::SmoothedSoftmax { smoothing: 0.1 }, 0.05, Penalized::All);
            network.activations.fill(Activation::Selu);
            check::<f64>(&network, shares, false, &mut random);
            check::<f64>(&network, shares, true, &mut random);
            check::<f32>(&network, shares, true, &mut random);
        }
    }
}

#[test]
fn rows_in_several_tiles_and_parts() {
    let mut random = Pcg64Mcg::seed_from_u64(3);
    for level in Level::available() {
        let network = network(&[3, 50, 3], Loss::Softmax, 0.0, Penalized::Weights);
        one_step_equals::<f32>(&network, 5003, level, &mut random);
        one_step_equals::<f64>(&network, 5003, level, &mut random);
    }
}

#[test]
fn every_rule_in_batches() {
    fn check<R: Real>(rule: Rule, level: Level) {
        let mut random = Pcg64Mcg::seed_from_u64(4);
        let network = network(&[2, 33, 3], Loss::Softmax, 0.001, Penalized::Weights);
        let data = random_data::<R>(&network, 157, &mut random);
        let params = random_params::<R>(&network, &mut random);
        let optimiser = Optimiser::new(rule, 0.01, &network.sizes).unwrap();
        let rows: Vec<u32> = (0..157).map(|i| i * 10 % 157).collect();
        let batches = Batches::Of { rows: &rows, size: 50 };
        let (mut right, mut right_optimiser) = (params.clone(), optimiser.clone());
        let losses = plain(&network, &mut right, &mut right_optimiser, &data, batches);
        let (mut wrong, mut wrong_optimiser, mut found) = (params, optimiser, Vec::new());
        let mut session = Session::new(&network, 50, Options { level, threads: Some(1) }).unwrap();
        session.advance(&mut wrong, &mut wrong_optimiser, &data, batches, &mut found);
        let what = format!("{} {level:?} {rule:?}", R::NAME);
        assert_eq!(found.len(), 4, "{what}");
        for (found, right) in found.iter().zip(&losses) {
            assert!((found - right).abs() <= tolerance::<R>() * right, "{what}: {found} {right}");
        }
        assert_close(&what, &wrong, &right, tolerance::<R>());
        assert_eq!(wrong_optimiser.t, 4, "{what}");
        for (wrong, right) in wrong_optimiser.moments.iter().zip(&right_optimiser.moments) {
            assert_close(&what, wrong, right, tolerance::<R>());
        }
    }
    for level in Level::available() {
        for rule in [
            Rule::Gd,
            Rule::Sgd { momentum: 0.9, nesterov: false },
            Rule::Sgd { momentum: 0.9, nesterov: true },
            Rule::ADAM,
        ] {
            check::<f32>(rule, level);
            check::<f64>(rule, level);
        }
    }
}

/// The notebook's rows, network and settings.
fn notebook<R: Real>() -> (Network, Data<R>, Params<R>, Optimiser<R>) {
    let network = network(&[2, 200, 3], Loss::Softmax, 0.001, Penalized::All);
    let data = spirals(&Spirals::default(), 7).unwrap();
    let data = data.select(&split(data.len(), 0.33, 7).unwrap().0);
    let params = Init::He.draw(&network, 7);
    let optimiser = Optimiser::new(Rule::Gd, 0.1, &network.sizes).unwrap();
    (network, data, params, optimiser)
}

#[test]
fn the_notebooks_trajectory_in_double_precision() {
    let (network, data, params, optimiser) = notebook::<f64>();
    let steps = Batches::Full { steps: 5001 };
    let mut right = params.clone();
    let losses = plain(&network, &mut right, &mut optimiser.clone(), &data, steps);
    let (mut wrong, mut optimiser, mut found) = (params, optimiser, Vec::new());
    let mut session = Session::new(&network, data.len(), Options::default()).unwrap();
    for steps in [1, 99, 900, 4001] {
        session.advance(&mut wrong, &mut optimiser, &data, Batches::Full { steps }, &mut found);
    }
    assert_eq!(found.len(), 5001);
    for (step, (found, right)) in found.iter().zip(&losses).enumerate() {
        assert!((found - right).abs() <= 1e-10 * right, "step {step}: loss {found}, not {right}");
    }
    assert_close("after 5001 steps", &wrong, &right, 1e-10);
}

#[test]
fn the_same_bits_with_any_number_of_threads() {
    fn check<R: Real>(level: Level) {
        let (network, data, params, optimiser) = notebook::<R>();
        let run = |threads| {
            let (mut params, mut optimiser, mut losses) = (params.clone(), optimiser.clone(), Vec::new());
            let mut session =
                Session::new(&network, data.len(), Options { level, threads: Some(threads) }).unwrap();
            session.advance(&mut params, &mut optimiser, &data, Batches::Full { steps: 100 }, &mut losses);
            (params, losses)
        };
        let one = run(1);
        for threads in [0, 2, 3, 4, 8] {
            assert!(run(threads) == one, "{} {level:?}: {threads} threads", R::NAME);
        }
    }
    for level in Level::available() {
        check::<f32>(level);
        check::<f64>(level);
    }
}

#[test]
fn what_is_not_finite_is_not_hidden() {
    let (network, data, params, optimiser) = notebook::<f32>();
    for place in [0, 700, 1202] {
        for value in [f32::NAN, f32::INFINITY] {
            let (mut params, mut optimiser, mut losses) = (params.clone(), optimiser.clone(), Vec::new());
            params.values_mut()[place] = value;
            let mut session = Session::new(&network, data.len(), Options::default()).unwrap();
            session.advance(&mut params, &mut optimiser, &data, Batches::Full { steps: 1 }, &mut losses);
            assert!(!losses[0].is_finite(), "{value} at {place}: {}", losses[0]);
            assert!(!params.is_finite());
        }
    }
}

#[test]
fn a_run_that_diverges_does_so_on_both_paths() {
    let (network, data, params, _) = notebook::<f32>();
    let optimiser = Optimiser::new(Rule::Gd, 1e4, &network.sizes).unwrap();
    let steps = Batches::Full { steps: 200 };
    let losses = plain(&network, &mut params.clone(), &mut optimiser.clone(), &data, steps);
    let mut found = Vec::new();
    let mut session = Session::new(&network, data.len(), Options::default()).unwrap();
    session.advance(&mut params.clone(), &mut optimiser.clone(), &data, steps, &mut found);
    let first = |losses: &[f64]| losses.iter().position(|loss| !loss.is_finite()).unwrap();
    assert!(first(&losses).abs_diff(first(&found)) <= 2, "{} {}", first(&losses), first(&found));
}

#[test]
fn denormals_are_numbers() {
    let mut random = Pcg64Mcg::seed_from_u64(5);
    let network = network(&[2, 17, 3], Loss::Softmax, 0.0, Penalized::All);
    let mut data = random_data::<f64>(&network, 40, &mut random);
    data.x.mapv_inplace(|x| x * 1e-310);
    let mut params = random_params::<f64>(&network, &mut random);
    params.b_mut(1).fill(0.0);
    let optimiser = Optimiser::new(Rule::Gd, 1.0, &network.sizes).unwrap();
    let once = Batches::Full { steps: 1 };
    let (mut right, mut wrong) = (params.clone(), params);
    plain(&network, &mut right, &mut optimiser.clone(), &data, once);
    let mut session = Session::new(&network, data.len(), Options::default()).unwrap();
    session.advance(&mut wrong, &mut optimiser.clone(), &data, once, &mut Vec::new());
    // db1 says which units were active, and a unit is active by a denormal number.
    assert!(wrong.b(1).iter().any(|&b| b != 0.0));
    assert_close("denormal inputs", &wrong, &right, 1e-12);
}
