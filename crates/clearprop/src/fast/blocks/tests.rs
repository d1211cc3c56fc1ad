//! A step of the block engine is a step of the plain path.

use super::*;
use crate::activation::Activation;
use crate::fast::team::{Pace, with_team};
use crate::loss::Loss;
use crate::network::{Penalized, Penalty};
use crate::objective::loss_and_grad;
use crate::optim::Rule;
use crate::target::TargetKind;
use ndarray::{Array1, Array2};
use rand::RngExt;
use rand::SeedableRng;
use rand_pcg::Pcg64;

fn data<R: Real>(n: usize, d: usize, k: usize, loss: Loss, seed: u64) -> Data<R> {
    let mut generator = Pcg64::seed_from_u64(seed);
    let classes = 0..u32::try_from(k).unwrap();
    let y_classes = Array1::from_shape_simple_fn(n, || generator.random_range(classes.clone()));
    let mut number = |_| R::of(generator.random_range(-1.0..1.0));
    let x = Array2::from_shape_fn((n, d), |_| number(()));
    let y = match loss.takes() {
        TargetKind::Classes => Target::Classes(y_classes),
        TargetKind::Labels => Target::Values(Array2::from_shape_fn((n, k), |_| {
            if number(()) > R::zero() { R::one() } else { R::zero() }
        })),
        TargetKind::Counts | TargetKind::Numbers => {
            Target::Values(Array2::from_shape_fn((n, k), |_| number(())))
        }
    };
    Data { x, y }
}

/// A network, and parameters that are all different from 0.
fn network<R: Real>(
    sizes: &[usize],
    activation: Activation,
    loss: Loss,
    over: Penalized,
) -> (Network, Params<R>) {
    let network = Network::new(sizes, activation, loss, Penalty { reg: 0.01, over }).unwrap();
    let mut params = Params::zeros(sizes);
    let mut generator = Pcg64::seed_from_u64(7);
    for l in 1..=network.layers() {
        let scale = 1.5 / (sizes[l - 1] as f64).sqrt();
        params.wb_mut(l).mapv_inplace(|_| R::of(generator.random_range(-1.0..1.0) * scale));
    }
    (network, params)
}

fn far<R: Real>(a: &[R], b: &[R]) -> f64 {
    let largest = b.iter().map(|b| b.f64().abs()).fold(1e-300, f64::max);
    let off = a.iter().zip(b).map(|(a, b)| (a.f64() - b.f64()).abs());
    off.fold(0.0, |worst: f64, off| if off > worst || off.is_nan() { off } else { worst }) / largest
}

/// Takes steps on both paths and compares losses, parameters and moments.
fn compare<R: Real>(
    level: Level,
    (network, params): &(Network, Params<R>),
    data: &Data<R>,
    optimiser: &Optimiser<R>,
    batches: Batches<'_>,
    plan: Option<Plan>,
    tolerance: f64,
) {
    let (mut plain, mut fast) = (params.clone(), params.clone());
    let (mut plain_optimiser, mut fast_optimiser) = (optimiser.clone(), optimiser.clone());
    let mut plain_losses = Vec::new();
    for step in 0..batches.steps() {
        let batch = batches.batch(step, data);
        let (objective, grads) = loss_and_grad(network, &plain, &batch);
        plain_losses.push(objective.loss());
        plain_optimiser.update(&mut plain, &grads);
    }
    let losses = run(level, plan, 1, network, &mut fast, &mut fast_optimiser, data, batches);
    let near = |name: &str, off: f64| {
        let Network { sizes, activations, loss, .. } = network;
        let rule = optimiser.rule;
        assert!(
            off <= tolerance,
            "{name} is off by {off}: {level:?} {} {sizes:?} {activations:?} {loss:?} {rule:?} {batches:?} {plan:?}",
            R::NAME
        );
    };
    near("a loss", far(&losses, &plain_losses));
    for l in 1..=network.layers() {
        let moved = |after: &Params<R>| -> Vec<R> {
            after.wb(l).iter().zip(params.wb(l).iter()).map(|(a, b)| *a - *b).collect()
        };
        near(&format!("the update of layer {l}"), far(&moved(&fast), &moved(&plain)));
    }
    for (a, b) in fast_optimiser.moments.iter().zip(&plain_optimiser.moments) {
        near("a moment", far(a.values(), b.values()));
    }
    assert_eq!(fast_optimiser.t, plain_optimiser.t);
}

/// Takes steps on the fast path; the losses.
#[expect(clippy::too_many_arguments, reason = "all that a run depends on")]
fn run<R: Real>(
    level: Level,
    plan: Option<Plan>,
    members: usize,
    network: &Network,
    params: &mut Params<R>,
    optimiser: &mut Optimiser<R>,
    data: &Data<R>,
    batches: Batches<'_>,
) -> Vec<f64> {
    let n = match batches {
        Batches::Full { .. } => data.len(),
        Batches::Of { size, .. } => size,
    };
    let layers = dispatch!(level, simd => Layers::new::<_, R>(simd, network));
    let plan = plan.unwrap_or(Plan::choose(network, &layers, n, size_of::<R>()));
    let mut blocks = Blocks::with_plan(network, layers, plan, n, level, members);
    let mut losses = Vec::new();
    with_team(members, &Pace::default(), |team| {
        blocks.advance(params, optimiser, data, batches, &mut losses, team);
    });
    losses
}

/// A gradient step that is large beside the parameters, so that their difference is the gradient.
fn gd<R: Real>(sizes: &[usize]) -> Optimiser<R> {
    Optimiser::new(Rule::Gd, 100.0, sizes).unwrap()
}

const ONE_STEP: Batches<'_> = Batches::Full { steps: 1 };

#[test]
fn a_step_is_that_of_the_plain_path_for_every_loss_and_activation() {
    let sizes = &[5, 33, 17, 10];
    for level in Level::available() {
        for loss in Loss::ALL.into_iter().filter(|loss| loss.has_kernel()) {
            for activation in Activation::ALL.into_iter().filter(|one| one.has_kernel()) {
                let single = network::<f32>(sizes, activation, loss, Penalized::All);
                compare(level, &single, &data(45, 5, 10, loss, 1), &gd(sizes), ONE_STEP, None, 1e-5);
                let double = network::<f64>(sizes, activation, loss, Penalized::Weights);
                compare(level, &double, &data(45, 5, 10, loss, 1), &gd(sizes), ONE_STEP, None, 1e-12);
            }
        }
    }
}

#[test]
fn a_step_is_that_of_the_plain_path_at_every_size() {
    let one = |level: Level, n: usize, sizes: &[usize]| {
        let (d, k) = (sizes[0], sizes[sizes.len() - 1]);
        let single = network::<f32>(sizes, Activation::Relu, Loss::Softmax, Penalized::All);
        compare(level, &single, &data(n, d, k, Loss::Softmax, 2), &gd(sizes), ONE_STEP, None, 1e-5);
        let double = network::<f64>(sizes, Activation::Tanh, Loss::Squared, Penalized::All);
        compare(level, &double, &data(n, d, k, Loss::Squared, 2), &gd(sizes), ONE_STEP, None, 1e-12);
    };
    for level in Level::available() {
        for size in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 127, 128, 257] {
            one(level, size, &[6, 19, 3]);
            one(level, 21, &[size, 19, 3]);
            one(level, 21, &[6, size, 3]);
            one(level, 21, &[6, 19, size.max(2)]);
            one(level, 21, &[6, 5, size, 3]);
        }
        one(level, 40, &[7, 3]);
        one(level, 1100, &[3, 9, 8, 2]);
    }
}

#[test]
fn both_plans_and_every_cut_of_the_rows_give_the_plain_step() {
    let sizes = &[6, 40, 5];
    let level = Level::detect();
    let plans = [
        Plan::Rows { group: 32, groups: 7 },
        Plan::Rows { group: 208, groups: 1 },
        Plan::Weights { chunk: 16 },
        Plan::Weights { chunk: 64 },
        Plan::Weights { chunk: 208 },
    ];
    for plan in plans {
        let single = network::<f32>(sizes, Activation::Relu, Loss::Softmax, Penalized::All);
        compare(level, &single, &data(201, 6, 5, Loss::Softmax, 3), &gd(sizes), ONE_STEP, Some(plan), 1e-5);
        let double = network::<f64>(sizes, Activation::Logistic, Loss::Logistic, Penalized::All);
        let data = data(201, 6, 5, Loss::Logistic, 3);
        compare(level, &double, &data, &gd(sizes), ONE_STEP, Some(plan), 1e-12);
    }
}

#[test]
fn every_rule_follows_the_plain_path_over_batches() {
    let sizes = &[6, 35, 4];
    let rows: Vec<u32> = (0..90).map(|i| i * 37 % 90).collect();
    let rules = [
        Rule::Gd,
        Rule::Sgd { momentum: 0.9, nesterov: false },
        Rule::Sgd { momentum: 0.9, nesterov: true },
        Rule::ADAM,
        Rule::Adam { beta1: 0.8, beta2: 0.9, epsilon: 0.0 },
    ];
    for level in Level::available() {
        for rule in rules {
            let batches = Batches::Of { rows: &rows, size: 32 };
            let optimiser = Optimiser::new(rule, 0.02, sizes).unwrap();
            let double = network::<f64>(sizes, Activation::Tanh, Loss::Softmax, Penalized::Weights);
            compare(level, &double, &data(90, 6, 4, Loss::Softmax, 4), &optimiser, batches, None, 1e-12);
            let optimiser = Optimiser::new(rule, 0.02, sizes).unwrap();
            let single = network::<f32>(sizes, Activation::Tanh, Loss::Softmax, Penalized::Weights);
            compare(level, &single, &data(90, 6, 4, Loss::Softmax, 4), &optimiser, batches, None, 1e-4);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    fn bits<R: Real>(plan: Option<Plan>, members: usize, sizes: &[usize]) -> (Vec<u64>, Vec<u64>) {
        let (network, mut params) = network::<R>(sizes, Activation::Relu, Loss::Softmax, Penalized::All);
        let data = data::<R>(700, sizes[0], sizes[2], Loss::Softmax, 5);
        let rows: Vec<u32> = (0..700).map(|i| i * 37 % 700).collect();
        let mut optimiser = Optimiser::new(Rule::ADAM, 0.01, sizes).unwrap();
        let batches = Batches::Of { rows: &rows, size: 300 };
        let losses =
            run(Level::detect(), plan, members, &network, &mut params, &mut optimiser, &data, batches);
        let bits = |values: &[R]| values.iter().map(|v| v.f64().to_bits()).collect();
        (bits(params.values()), losses.iter().map(|loss| loss.to_bits()).collect())
    }
    for plan in [None, Some(Plan::Weights { chunk: 304 }), Some(Plan::Weights { chunk: 96 })] {
        for sizes in [&[10, 30, 4], &[40, 100, 10]] {
            let (single, double) = (bits::<f32>(plan, 1, sizes), bits::<f64>(plan, 1, sizes));
            for members in [2, 3, 4, 8] {
                assert_eq!(bits::<f32>(plan, members, sizes), single, "f32, {members} threads, {plan:?}");
                assert_eq!(bits::<f64>(plan, members, sizes), double, "f64, {members} threads, {plan:?}");
            }
        }
    }
}

#[test]
fn what_is_not_finite_or_very_small_goes_the_plain_way() {
    let sizes = &[3, 20, 4];
    let kinds = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-310, 0.0];
    for level in Level::available() {
        for activation in Activation::ALL.into_iter().filter(|one| one.has_kernel()) {
            for loss in Loss::ALL.into_iter().filter(|loss| loss.has_kernel()) {
                for kind in kinds {
                    let (network, params) = network::<f64>(sizes, activation, loss, Penalized::All);
                    let mut data = data::<f64>(30, 3, 4, loss, 6);
                    data.x[[11, 1]] = kind;
                    let mut optimiser = gd(sizes);
                    let (mut plain, mut fast) = (params.clone(), params);
                    let (objective, grads) = loss_and_grad(&network, &plain, &data);
                    optimiser.clone().update(&mut plain, &grads);
                    let losses = run(level, None, 1, &network, &mut fast, &mut optimiser, &data, ONE_STEP);
                    let what = format!("{level:?} {activation:?} {loss:?} x = {kind}");
                    let right = objective.loss();
                    let same = losses[0].is_nan() && right.is_nan()
                        || losses[0] == right
                        || (losses[0] - right).abs() <= 1e-12 * right.abs();
                    assert!(same, "{what}: loss {} for {right}", losses[0]);
                    for (fast, plain) in fast.values().iter().zip(plain.values()) {
                        assert_eq!(fast.is_finite(), plain.is_finite(), "{what}: {fast} for {plain}");
                    }
                }
            }
        }
    }
}
