//! A step of the block engine is the reference's step.

use super::*;
use crate::activation::Activation;
use crate::loss::Loss;
use crate::reference::{Rows, loss_and_grad, network, update, widened};
use crate::update::Update;

fn far(a: &[f64], b: &[f64]) -> f64 {
    let largest = b.iter().map(|b| b.abs()).fold(1e-300, f64::max);
    let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    off.fold(0.0, |worst: f64, off| if off > worst || off.is_nan() { off } else { worst }) / largest
}

/// What a run leaves behind.
#[derive(PartialEq)]
struct Run<R> {
    params: Vec<R>,
    moments: Vec<Vec<R>>,
    losses: Vec<f64>,
}

/// What each tensor takes of a step, where there is a scale of the inputs; without one each takes all of it.
fn shares(mlp: &Mlp, params: usize) -> Vec<f64> {
    let tensors = if params > mlp.count() { 2 * mlp.layers() + 1 } else { 0 };
    (0..tensors).map(|i| 0.3 + 0.4 * i as f64).collect()
}

/// The share of number `i`.
fn share_of(mlp: &Mlp, params: usize, i: usize) -> f64 {
    let sizes = mlp.sizes.windows(2).flat_map(|pair| [pair[0] * pair[1], pair[1]]).chain([mlp.inputs()]);
    let mut end = 0;
    let before = sizes.take_while(|size| {
        end += size;
        end <= i
    });
    let tensor = before.count();
    shares(mlp, params).get(tensor).copied().unwrap_or(1.0)
}

/// Takes steps by the kernels.
fn run<R: Float>(
    level: Level,
    plan: Option<Plan>,
    members: usize,
    (mlp, params): &(Mlp, Vec<R>),
    rows: &Rows<R>,
    next: Update<R>,
    batches: Batches<'_>,
) -> Run<R> {
    let shares = &shares(mlp, params.len());
    let n = match batches {
        Batches::Full { .. } => rows.data().rows(mlp),
        Batches::Of { size, .. } => size,
    };
    let layers = dispatch!(level, simd => Layers::new::<_, R>(simd, mlp));
    let plan = plan.unwrap_or(Plan::choose(mlp, &layers, n, size_of::<R>()));
    let mut blocks = Blocks::with_plan(mlp, layers, plan, n, level, members);
    let mut run = Run {
        params: params.clone(),
        moments: vec![vec![R::ZERO; params.len()]; next.moments()],
        losses: Vec::new(),
    };
    let mut moments: Vec<&mut [R]> = run.moments.iter_mut().map(Vec::as_mut_slice).collect();
    let mut next = || next;
    let params = &mut run.params;
    let mut state = State { params, moments: &mut moments, next: &mut next, shares };
    blocks.advance_here(&mut state, &rows.data(), batches, &mut run.losses);
    run
}

/// Takes steps both ways and compares losses, the way that the parameters went, and moments.
fn compare<R: Float>(
    level: Level,
    model: &(Mlp, Vec<R>),
    rows: &Rows<R>,
    next: Update<R>,
    batches: Batches<'_>,
    plan: Option<Plan>,
    tolerance: f64,
) {
    let (mlp, params) = model;
    let start = widened(params);
    let (mut right, mut moments) = (start.clone(), vec![vec![0.0; start.len()]; next.moments()]);
    let all: Vec<u32> = (0..u32::try_from(rows.data().rows(mlp)).unwrap()).collect();
    let steps: Vec<&[u32]> = match batches {
        Batches::Full { steps } => vec![&all; steps],
        Batches::Of { rows, size } => rows.chunks(size).collect(),
    };
    let mut losses = Vec::new();
    for step in steps {
        let (loss, grad) = loss_and_grad(mlp, &right, &rows.data(), step);
        losses.push(loss);
        let share = |i: usize| share_of(mlp, params.len(), i);
        update(&next, &mut right, &mut moments, &grad, share);
    }
    let got = run(level, plan, 1, model, rows, next, batches);
    let near = |name: &str, off: f64| {
        assert!(
            off <= tolerance,
            "{name} is off by {off}: {level:?} {} {mlp:?} {next:?} {batches:?} {plan:?}",
            R::KIND
        );
    };
    near("a loss", far(&got.losses, &losses));
    let mut at = 0;
    for pair in mlp.sizes.windows(2) {
        let layer = at..at + (pair[0] + 1) * pair[1];
        let moved = |after: &[f64]| -> Vec<f64> {
            after[layer.clone()].iter().zip(&start[layer.clone()]).map(|(a, b)| a - b).collect()
        };
        near(&format!("the update of {layer:?}"), far(&moved(&widened(&got.params)), &moved(&right)));
        at = layer.end;
    }
    let moved =
        |after: &[f64]| -> Vec<f64> { after[at..].iter().zip(&start[at..]).map(|(a, b)| a - b).collect() };
    near("the scale's update", far(&moved(&widened(&got.params)), &moved(&right)));
    for (a, b) in got.moments.iter().zip(&moments) {
        near("a moment", far(&widened(a), b));
    }
}

/// A gradient step that is large beside the parameters, so that their difference is the gradient.
fn gd<R: Float>() -> Update<R> {
    Update::Gd { step: R::narrow(128.0) }
}

const ONE_STEP: Batches<'_> = Batches::Full { steps: 1 };
/// The plan that is chosen, and that of wide layers.
const PLANS: [Option<Plan>; 2] = [None, Some(Plan::Wide { chunk: 2048 })];

fn one<R: Float>(
    level: Level,
    n: usize,
    sizes: &[usize],
    activation: Activation,
    loss: Loss,
    plan: Option<Plan>,
    tolerance: f64,
) {
    let model = network::<R>(sizes, activation, loss);
    compare(level, &model, &Rows::random(&model.0, n, 2), gd(), ONE_STEP, plan, tolerance);
}

#[test]
fn a_row_counts_as_its_weight_says_in_every_loss_and_plan() {
    fn weighted<R: Float>(level: Level, loss: Loss, plan: Option<Plan>, tolerance: f64) {
        let model = network::<R>(&[5, 19, 4], Activation::Tanh, loss);
        let mut rows = Rows::random(&model.0, 45, 2);
        // Some count nothing, one of them has a number beyond all.
        rows.weights = Some((0..45).map(|i| R::narrow(f64::from(i % 4) * 0.7)).collect());
        compare(level, &model, &rows, gd(), ONE_STEP, plan, tolerance);
        let order: Vec<u32> = (0..45).rev().collect();
        compare(level, &model, &rows, gd(), Batches::Of { rows: &order, size: 45 }, plan, tolerance);
        compare(level, &model, &rows, Update::Gradient, ONE_STEP, plan, tolerance);
    }
    for level in Level::available() {
        for loss in Loss::ALL {
            for plan in [None, Some(Plan::Rows { group: 16, groups: 3 }), Some(Plan::Weights { chunk: 16 })] {
                weighted::<f32>(level, loss, plan, 2e-5);
                weighted::<f64>(level, loss, plan, 1e-12);
            }
        }
    }
}

#[test]
fn a_step_is_that_of_the_reference_for_every_loss_and_activation() {
    for level in Level::available() {
        for loss in Loss::ALL {
            for activation in Activation::ALL {
                for plan in PLANS {
                    one::<f32>(level, 45, &[5, 33, 17, 10], activation, loss, plan, 1e-5);
                    one::<f64>(level, 45, &[5, 33, 17, 10], activation, loss, plan, 1e-12);
                }
            }
        }
    }
}

#[test]
fn every_layer_has_its_own_activation() {
    for level in Level::available() {
        for first in Activation::ALL {
            for second in Activation::ALL {
                let (mut mlp, params) = network::<f64>(&[5, 19, 17, 3], first, Loss::Softmax);
                mlp.activations[1] = second;
                mlp.penalize_bias = false;
                let rows = Rows::random(&mlp, 45, 1);
                for plan in PLANS {
                    compare(level, &(mlp.clone(), params.clone()), &rows, gd(), ONE_STEP, plan, 1e-12);
                }
            }
        }
    }
}

#[test]
fn a_step_is_that_of_the_reference_at_every_size() {
    let both = |level: Level, n: usize, sizes: &[usize]| {
        for plan in PLANS {
            one::<f32>(level, n, sizes, Activation::Relu, Loss::Softmax, plan, 1e-5);
            one::<f64>(level, n, sizes, Activation::Tanh, Loss::Squared, plan, 1e-12);
        }
    };
    for level in Level::available() {
        for size in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 127, 128, 257] {
            both(level, size, &[6, 19, 3]);
            both(level, 21, &[size, 19, 3]);
            both(level, 21, &[6, size, 3]);
            both(level, 21, &[6, 19, size.max(2)]);
            both(level, 21, &[6, 5, size, 3]);
        }
        both(level, 40, &[7, 3]);
        both(level, 1100, &[3, 9, 8, 2]);
        // One more and one less than what wide layers are cut into.
        for size in [47, 49, 129, 255, 385] {
            both(level, 21, &[size, 50, size]);
        }
    }
}

#[test]
fn very_wide_layers_are_walked_in_blocks() {
    for level in Level::available() {
        let all = [&[3, 4095, 2][..], &[4095, 65, 2], &[30, 65, 4095], &[4095, 64, 2], &[1, 700, 1, 2]];
        for sizes in all.into_iter().chain([&[3, 100_000, 2][..], &[100_000, 3, 2]]) {
            let model = network::<f32>(sizes, Activation::Relu, Loss::Squared);
            let layers = dispatch!(level, simd => Layers::new::<_, f32>(simd, &model.0));
            let is_wide = matches!(Plan::choose(&model.0, &layers, 5, 4), Plan::Wide { .. });
            let largest = sizes.windows(2).map(|pair| pair[0] * pair[1]).max();
            assert_eq!(is_wide, largest > Some(1 << 18), "{sizes:?}");
            compare(level, &model, &Rows::random(&model.0, 5, 2), gd(), ONE_STEP, None, 3e-5);
        }
    }
}

#[test]
fn both_plans_and_every_cut_of_the_rows_give_the_same_step() {
    let level = Level::detect();
    let plans = [
        Plan::Rows { group: 32, groups: 7 },
        Plan::Rows { group: 208, groups: 1 },
        Plan::Weights { chunk: 16 },
        Plan::Weights { chunk: 64 },
        Plan::Weights { chunk: 208 },
        Plan::Wide { chunk: 16 },
        Plan::Wide { chunk: 64 },
        Plan::Wide { chunk: 208 },
    ];
    for plan in plans {
        one::<f32>(level, 201, &[6, 40, 5], Activation::Relu, Loss::Softmax, Some(plan), 1e-5);
        one::<f64>(level, 201, &[6, 40, 5], Activation::Logistic, Loss::Logistic, Some(plan), 1e-12);
    }
}

/// Every rule with its numbers.
fn rules<R: Float>() -> [Update<R>; 5] {
    let [step, mu, beta1, beta2, epsilon] = [0.02, 0.9, 0.8, 0.95, 1e-8].map(R::narrow);
    [
        Update::Gd { step },
        Update::Sgd { step, mu, nesterov: false },
        Update::Sgd { step, mu, nesterov: true },
        Update::Adam { beta1, beta2, rate: step, epsilon },
        Update::Adam { beta1, beta2, rate: step, epsilon: R::ZERO },
    ]
}

#[test]
fn every_rule_follows_the_reference_over_batches() {
    fn follow<R: Float>(level: Level, tolerance: f64) {
        let rows: Vec<u32> = (0..90).map(|i| i * 37 % 90).collect();
        for next in rules() {
            let model = network::<R>(&[6, 35, 4], Activation::Tanh, Loss::Softmax);
            let batches = Batches::Of { rows: &rows, size: 32 };
            for plan in PLANS {
                compare(level, &model, &Rows::random(&model.0, 90, 4), next, batches, plan, tolerance);
            }
        }
    }
    for level in Level::available() {
        follow::<f32>(level, 1e-4);
        follow::<f64>(level, 1e-12);
    }
}

/// The model with a scale of the inputs, some of it 0, tiny or negative.
fn scaled<R: Float>((mlp, mut params): (Mlp, Vec<R>)) -> (Mlp, Vec<R>) {
    let scales = [1.0, -0.7, 0.0, 1e-30, 2.0, -1e-25];
    params.extend(scales.iter().cycle().take(mlp.inputs()).map(|&s| R::narrow(s)));
    (mlp, params)
}

#[test]
fn a_scale_of_the_inputs_and_shares_of_a_step_follow_the_reference() {
    fn follow<R: Float>(level: Level, gradient: f64, tolerance: f64) {
        let order: Vec<u32> = (0..90).map(|i| i * 37 % 90).collect();
        let batches = Batches::Of { rows: &order, size: 32 };
        for sizes in [&[6, 35, 4][..], &[50, 33, 17, 3], &[7, 3]] {
            let model = scaled(network::<R>(sizes, Activation::Tanh, Loss::Softmax));
            let rows = Rows::random(&model.0, 90, 4);
            for plan in PLANS.into_iter().chain([Some(Plan::Rows { group: 16, groups: 6 })]) {
                for next in [gd(), Update::Gradient] {
                    compare(level, &model, &rows, next, ONE_STEP, plan, gradient);
                }
                for next in [rules()[2], rules()[3]] {
                    compare(level, &model, &rows, next, batches, plan, tolerance);
                }
            }
        }
    }
    for level in Level::available() {
        follow::<f32>(level, 1e-5, 1e-4);
        follow::<f64>(level, 1e-12, 1e-12);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    fn check<R: Float + std::fmt::Debug>() {
        let rows: Vec<u32> = (0..700).map(|i| i * 37 % 700).collect();
        let batches = Batches::Of { rows: &rows, size: 300 };
        let plans = [
            Plan::Weights { chunk: 304 },
            Plan::Weights { chunk: 96 },
            Plan::Wide { chunk: 304 },
            Plan::Wide { chunk: 96 },
            Plan::Wide { chunk: 32 },
        ];
        for plan in plans.map(Some).into_iter().chain([None]) {
            for sizes in [&[10, 30, 4], &[40, 100, 10], &[40, 300, 10]] {
                let model = scaled(network::<R>(sizes, Activation::Relu, Loss::Softmax));
                let data = Rows::random(&model.0, 700, 5);
                let run = |members| run(Level::detect(), plan, members, &model, &data, rules()[3], batches);
                let one = run(1);
                for members in [2, 3, 4, 8, 64] {
                    assert!(run(members) == one, "{}, {members} threads, {plan:?}", R::KIND);
                }
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn what_is_not_finite_or_very_small_is_not_hidden() {
    let kinds = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-310, 0.0];
    for level in Level::available() {
        for activation in Activation::ALL {
            for loss in Loss::ALL {
                for kind in kinds {
                    let model = network::<f64>(&[3, 20, 4], activation, loss);
                    let mut rows = Rows::random(&model.0, 30, 6);
                    rows.x[34] = kind;
                    let all: Vec<u32> = (0..30).collect();
                    let mut right = model.1.clone();
                    let (loss_right, grad) = loss_and_grad(&model.0, &right, &rows.data(), &all);
                    update(&gd::<f64>(), &mut right, &mut [], &grad, |_| 1.0);
                    for plan in PLANS {
                        let got = run(level, plan, 1, &model, &rows, gd(), ONE_STEP);
                        let what = format!("{level:?} {activation:?} {loss:?} x = {kind}");
                        let loss = got.losses[0];
                        let same = loss.is_nan() && loss_right.is_nan()
                            || loss == loss_right
                            || (loss - loss_right).abs() <= 1e-12 * loss_right.abs();
                        assert!(same, "{what}: loss {loss} for {loss_right}");
                        for (got, right) in got.params.iter().zip(&right) {
                            assert_eq!(got.is_finite(), right.is_finite(), "{what}: {got} for {right}");
                        }
                    }
                }
            }
        }
    }
}
