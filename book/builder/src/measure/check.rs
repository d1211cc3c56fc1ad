//! Gradient checking: which step, which precision, and what a kink does.

use super::golden::notebook;
use super::measured::Measured;
use crate::chart::{Axis, Line, lines};
use clearprop::activation::Activation;
use clearprop::data::{Data, Spirals, spirals};
use clearprop::error::Result;
use clearprop::gradcheck::{Part, Plan, Verdict, gradcheck, loss_at};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::{Network, Penalized, Penalty};
use clearprop::objective::{loss_and_grad, objective};
use clearprop::params::Params;
use clearprop::real::Real;
use clearprop::target::Target;

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    steps(m)?;
    kink(m)?;
    spirals_check(m)
}

/// The error of a central difference for each step h, at both precisions, where nothing has a kink.
fn steps(m: &mut Measured) -> Result<()> {
    let shape = Spirals { points: 20, ..Spirals::default() };
    let (data, single) = (spirals::<f64>(&shape, 0)?, spirals::<f32>(&shape, 0)?);
    let penalty = Penalty { reg: 0.001, over: Penalized::All };
    let network = Network::new(&[2, 8, 3], Activation::Tanh, Loss::Softmax, penalty)?;
    let params = Init::He.draw::<f64>(&network, 0);
    let (_, right) = loss_and_grad(&network, &params, &data);

    let powers: Vec<f64> = (2..=26).map(|i| -f64::from(i) / 2.0).collect();
    let curve = |error: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        powers.iter().map(|&p| 10f64.powf(p)).map(|h| (h, error(h).max(1e-13))).collect()
    };
    let central = curve(&|h| worst(&right, |i| difference(&network, &params, &data, i, h, -h)));
    let forward = curve(&|h| worst(&right, |i| difference(&network, &params, &data, i, h, 0.0)));
    let low = params.cast::<f32>();
    let float = curve(&|h| worst(&right, |i| difference(&network, &low, &single, i, h, -h)));
    let best = |points: &[(f64, f64)]| points.iter().fold(f64::INFINITY, |m, (_, e)| m.min(*e));
    let at = |points: &[(f64, f64)], h: f64| {
        points.iter().find(|(at, _)| (at / h - 1.0).abs() < 1e-6).map_or(f64::NAN, |p| p.1)
    };
    m.set("check.central.1e-5", at(&central, 1e-5));
    m.set("check.forward.best", best(&forward));
    m.set("check.f32.best", best(&float));
    m.show(
        "check.steps",
        lines(
            "error of a finite difference",
            &Axis::log("step h", 1e-13, 1e-1),
            &Axis::log("error", 1e-12, 1e1),
            &[
                Line { name: "central", points: central },
                Line { name: "one-sided", points: forward },
                Line { name: "central, f32", points: float },
            ],
        ),
    );
    Ok(())
}

/// `(loss(p + up) - loss(p + down)) / (up - down)` along parameter i.
fn difference<R: Real>(
    network: &Network,
    at: &Params<R>,
    data: &Data<R>,
    i: usize,
    up: f64,
    down: f64,
) -> f64 {
    let loss = |step: f64| {
        let mut moved = at.clone();
        let place = &mut moved.values_mut()[i];
        *place = R::of(place.f64() + step);
        let pass = clearprop::forward::forward(network, &moved, data.x.view());
        objective(network, &moved, &pass, &data.y).loss()
    };
    (loss(up) - loss(down)) / (up - down)
}

/// The largest error over all parameters, relative to the largest derivative.
fn worst(right: &Params<f64>, numeric: impl Fn(usize) -> f64) -> f64 {
    let largest = right.values().iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let errors = right.values().iter().enumerate().map(|(i, d)| (numeric(i) - d).abs());
    errors.fold(0.0, f64::max) / largest
}

/// One unit, one row: the slope of the loss by the bias, exact and by differences, across the kink.
fn kink(m: &mut Measured) -> Result<()> {
    // z = x w + b = -0.3 + b, loss = (max(0, z) - 1)^2 / 2
    let network = Network::new(
        &[1, 1, 1],
        Activation::Relu,
        Loss::Squared,
        Penalty { reg: 0.0, over: Penalized::Weights },
    )?;
    let data = Data::new(ndarray::array![[1.0]], Target::Values(ndarray::array![[1.0]]))?;
    let at = |b: f64| {
        Params::from_values(&[1, 1, 1], vec![-0.3, b, 1.0, 0.0]).unwrap_or_else(|| Params::zeros(&[1, 1, 1]))
    };
    let biases: Vec<f64> = (0..=240).map(|i| f64::from(i) / 400.0).collect();
    let exact = |b: f64| loss_and_grad(&network, &at(b), &data).1.values()[1];
    let numeric = |b: f64, h: f64| difference(&network, &at(b), &data, 1, h, -h);
    let line = |name, slope: &dyn Fn(f64) -> f64| Line {
        name,
        points: biases.iter().map(|&b| (b, slope(b))).collect(),
    };
    m.set("kink.exact", exact(0.32));
    m.set("kink.wide", numeric(0.32, 0.05));
    m.set("kink.narrow", numeric(0.32, 0.001));
    m.show(
        "check.kink",
        lines(
            "slope of the loss across a kink",
            &Axis::linear("bias", 0.0, 0.6),
            &Axis::linear("dloss/db", -1.1, 0.1),
            &[line("backward", &exact), line("central difference, h = 0.05", &|b| numeric(b, 0.05))],
        ),
    );
    Ok(())
}

/// A right gradient on the spirals at small first weights: checked naively, and with kinks told apart.
fn spirals_check(m: &mut Measured) -> Result<()> {
    let data = spirals::<f64>(&Spirals { points: 100, ..Spirals::default() }, 0)?;
    let network = notebook(100, 0.001)?;
    let mut params = Init::He.draw::<f64>(&network, 0);
    // 0.01 times a standard normal number, as in cs231n's case study; He's standard deviation is 1 and 0.14.
    for l in 1..=2 {
        let deviation = (2.0 / network.sizes[l - 1] as f64).sqrt();
        params.w_mut(l).mapv_inplace(|w| 0.01 * w / deviation);
    }
    let (_, grads) = loss_and_grad(&network, &params, &data);
    // The numbers of db1 in the flat buffer stand behind those of w1.
    let first = network.sizes[0] * network.sizes[1];
    let naive = (first..first + network.sizes[1]).map(|i| {
        let (a, n) = (grads.values()[i], difference(&network, &params, &data, i, 1e-5, -1e-5));
        (a - n).abs() / a.abs().max(n.abs())
    });
    m.set("check.naive", naive.fold(0.0, f64::max));
    let mut loss = |p: &Params<f64>| Ok(loss_at(&network, p, &data));
    let plan = Plan { sample: None, ..Plan::default() };
    let checks = gradcheck(&mut loss, &params, &[(Part::Loss, &grads)], &plan)?;
    m.set("check.kinks", checks.iter().map(|c| c.kinks).sum::<usize>() as f64);
    m.set("check.checked", checks.iter().map(|c| c.checked).sum::<usize>() as f64);
    m.set("check.failed", checks.iter().filter(|c| c.verdict() == Verdict::Wrong).count() as f64);
    Ok(())
}
