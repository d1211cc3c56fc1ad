//! Initialisation: what the notebook's line draws, and what it does to the first steps.

use super::golden::{self, Golden};
use super::measured::Measured;
use crate::chart::{Axis, Line, cells, lines, plane};
use clearprop::data::Target;
use clearprop::error::Result;
use clearprop::forward::{forward, predict};
use clearprop::loss::argmax;
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::Params;
use ndarray::Array2;

/// How many steps are followed.
const STEPS: usize = 200;

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    let (slip, he) = (golden::read("notebook_as_written")?, golden::read("notebook_he")?);
    let factor = |g: &Golden| g.start.wb(1)[[0, 0]];
    m.set("init.factor", factor(&slip) / factor(&he));
    m.set("init.rows", slip.train.len() as f64);

    let (mut followed, mut boundaries) = (Vec::new(), Vec::new());
    for (name, run) in [("as-written", &slip), ("he", &he)] {
        let mut set = |what: &str, value: f64| m.set(format!("init.{name}.{what}"), value);
        let pass = forward(&run.network, &run.start, run.train.x.view());
        let early = follow(run)?;
        set("z1", pass.z[1].std(0.0));
        set("step_0", early.losses[0]);
        set("step_4", early.losses[4]);
        set("numpy", relative_difference(&early.losses[..100], &run.loss[..100]));
        set("sharp_0", early.sharpness[0].1);
        if name == "he" {
            set("apart_150", early.apart[149]);
            set("sharpest", early.sharpness.iter().fold(0.0, |m, s| s.1.max(m)));
        } else {
            set("sharp_100", early.sharpness[10].1);
        }
        set("last_loss", run.loss[run.loss.len() - 1]);
        set("test_accuracy", run.test_accuracy);
        boundaries.push(format!("<figure><figcaption>{name}</figcaption>{}</figure>", boundary(run)));
        followed.push(early);
    }
    m.show("init.boundaries", format!("<div class=\"pair\">{}</div>", boundaries.join("")));
    let [slip, he] = [&followed[0], &followed[1]];
    m.set("init.ulp", slip.nudge);
    m.set("init.as-written.factor_150", slip.apart[149] / slip.nudge);

    let step = Axis::linear("step", 0.0, STEPS as f64);
    let two = |alt, y: Axis, a: Vec<(f64, f64)>, b: Vec<(f64, f64)>| {
        lines(alt, &step, &y, &[Line { name: "as written", points: a }, Line { name: "he", points: b }])
    };
    let losses = |early: &Early| numbered(&early.losses);
    m.show(
        "init.losses",
        two("loss of the first steps", Axis::linear("loss", 0.0, 12.0), losses(slip), losses(he)),
    );
    let apart = |early: &Early| numbered(&early.apart);
    let axis = Axis::log("difference", 1e-17, 10.0);
    m.show("init.apart", two("difference of two runs", axis, apart(slip), apart(he)));
    let axis = Axis::linear("step size × curvature", 0.0, 6.0);
    m.show("init.sharpness", two("sharpness", axis, slip.sharpness.clone(), he.sharpness.clone()));
    Ok(())
}

/// Values with their steps, counted from 0.
fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(step, &value)| (step as f64, value)).collect()
}

/// What the first steps of a run are like.
struct Early {
    losses: Vec<f64>,
    /// How far the first weight of the second run was moved.
    nudge: f64,
    /// How far the weights of the two runs are apart after each step: the largest difference.
    apart: Vec<f64>,
    /// (step, step size times the largest curvature).
    sharpness: Vec<(f64, f64)>,
}

/// Two runs side by side; the very first weight of the second is the next number that f64 can hold.
fn follow(run: &Golden) -> Result<Early> {
    let mut params = [run.start.clone(), run.start.clone()];
    let first = params[0].values()[0];
    params[1].values_mut()[0] = first.next_up();
    let mut early =
        Early { losses: vec![], nudge: first.next_up() - first, apart: vec![], sharpness: vec![] };
    let mut optimiser = Optimiser::new(Rule::Gd, run.step_size, &run.network.sizes)?;
    for step in 0..STEPS {
        if step % 10 == 0 {
            early.sharpness.push((step as f64, run.step_size * sharpness(run, &params[0])));
        }
        let [loss, _] = params.each_mut().map(|params| {
            let (objective, grads) = loss_and_grad(&run.network, params, &run.train);
            optimiser.update(params, &grads);
            objective.loss()
        });
        early.losses.push(loss);
        let pairs = params[0].values().iter().zip(params[1].values());
        early.apart.push(pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())));
    }
    Ok(early)
}

/// The largest curvature of the loss at some weights, by power iteration on differences of gradients.
fn sharpness(run: &Golden, params: &Params<f64>) -> f64 {
    let gradient = |params: &Params<f64>| loss_and_grad(&run.network, params, &run.train).1;
    let (at, h) = (gradient(params), 1e-5);
    let mut direction = at.clone();
    let mut curvature = 0.0;
    for _ in 0..20 {
        let length = direction.values().iter().map(|v| v * v).sum::<f64>().sqrt();
        let mut moved = params.clone();
        for (p, v) in moved.values_mut().iter_mut().zip(direction.values()) {
            *p += h * v / length;
        }
        direction = gradient(&moved);
        for (d, a) in direction.values_mut().iter_mut().zip(at.values()) {
            *d = (*d - a) / h;
        }
        curvature = direction.values().iter().map(|v| v * v).sum::<f64>().sqrt();
    }
    curvature
}

fn relative_difference(a: &[f64], b: &[f64]) -> f64 {
    let largest = b.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    a.iter().zip(b).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs())) / largest
}

/// The classes that the last weights give the plane, with all points on it.
fn boundary(run: &Golden) -> String {
    const SIDE: usize = 100;
    let x = Array2::from(cells(SIDE));
    let classes = argmax(predict(&run.network, &run.end, x.view()).view());
    let Target::Classes(y) = &run.all.y else { return String::new() };
    let points: Vec<_> = run.all.x.rows().into_iter().zip(y).map(|(x, &class)| (x[0], x[1], class)).collect();
    plane("decision boundary", SIDE, &classes, &points)
}
