//! The algebra of the fast path, on real numbers.

use super::golden;
use super::measured::Measured;
use clearprop::backward::backward;
use clearprop::data::{Batches, Spirals, spirals};
use clearprop::error::Result;
use clearprop::fast::{Options, Session};
use clearprop::forward::forward;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::Network;
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::{Params, with_ones};
use ndarray::{Axis, s};

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    let run = golden::read("notebook_he")?;
    let (network, params) = (&run.network, &run.start);
    let pass = forward(network, params, run.train.x.view());
    let (grads, dpass) = backward(network, params, &pass, &run.train.y);

    // For each unit the sum over its active rows of d times [x, 1], (k - 1, d + 1): the last column of d is
    // minus the sum of the others.  Both weight gradients follow from it.
    let x1 = with_ones(&run.train.x);
    let last = network.outputs() - 1;
    let d = dpass.logits().slice(s![.., ..last]);
    let mut derived = Params::<f64>::zeros(&network.sizes);
    let (mut active_rows, mut kept) = (0, 0);
    for j in 0..network.sizes[1] {
        let active: Vec<usize> = (0..x1.nrows()).filter(|&i| pass.z[1][[i, j]] > 0.0).collect();
        active_rows += active.len();
        let sums = d.select(Axis(0), &active).t().dot(&x1.select(Axis(0), &active));
        kept += sums.len();
        let w2 = params.w(2);
        let differences = &w2.slice(s![j, ..last]) - w2[[j, last]];
        derived.wb_mut(1).column_mut(j).assign(&sums.t().dot(&differences));
        let by_w2 = sums.dot(&params.wb(1).column(j));
        derived.w_mut(2)[[j, last]] = -by_w2.sum();
        derived.w_mut(2).slice_mut(s![j, ..last]).assign(&by_w2);
    }
    let reg = network.penalty.reg;
    for l in 1..=2 {
        let penalised = &derived.wb(l) + &(reg * &params.wb(l));
        derived.wb_mut(l).assign(&penalised);
    }
    for (l, last) in [(1, 3), (2, 200)] {
        let (a, b) = (grads.wb(l), derived.wb(l));
        let rows = s![..last, ..];
        let difference = (&a.slice(rows) - &b.slice(rows)).fold(0.0, |m: f64, v| m.max(v.abs()));
        m.set(format!("fast.sums_{l}"), difference / a.fold(0.0, |m: f64, v| m.max(v.abs())));
    }
    let (rows, units) = pass.z[1].dim();
    m.set("fast.active", active_rows as f64 / (rows * units) as f64);
    m.set("fast.sums_size", kept as f64);
    m.set("fast.pass_size", (rows * units) as f64);

    // Softmax does not change when a number is taken from a whole row.
    let shifted = Loss::Softmax.outputs(&(pass.logits() - 100.0));
    m.set("fast.shift", (&shifted - pass.probs()).fold(0.0, |m: f64, v| m.max(v.abs())));

    // A sum depends on its order.
    m.set("fast.left", (0.1 + 0.2) + 0.3);
    m.set("fast.right", 0.1 + (0.2 + 0.3));
    let deeper = Network::new(&[2, 60, 60, 3], network.activations[0], network.loss, network.penalty)?;
    for (name, network) in [("shallow", network), ("blocks", &deeper)] {
        let (one, three) = (bits(network, 1)?, bits(network, 3)?);
        m.set(format!("fast.{name}.compared"), one.len() as f64);
        m.set(format!("fast.{name}.differ"), one.iter().zip(&three).filter(|(a, b)| a != b).count() as f64);
    }

    // The fast engine against the plain path, over the first steps of the golden run.
    let (mut fast, mut losses) = (run.start.clone(), Vec::new());
    let mut optimiser = Optimiser::new(Rule::Gd, run.step_size, &network.sizes)?;
    let mut session = Session::new(network, run.train.len(), Options::default()).expect("there are kernels");
    session.advance(&mut fast, &mut optimiser, &run.train, Batches::Full { steps: 100 }, &mut losses);
    let differences = losses.iter().zip(&run.loss).map(|(a, b)| (a - b).abs() / b.abs());
    m.set("fast.engine", differences.fold(0.0, f64::max));
    Ok(())
}

/// The bits of all losses and all weights of 200 steps with so many threads.
fn bits(network: &Network, threads: usize) -> Result<Vec<u64>> {
    let data = spirals::<f32>(&Spirals::default(), 0)?;
    let options = Options { threads: Some(threads), ..Options::default() };
    let mut params = Init::He.draw(network, 0);
    let mut optimiser = Optimiser::new(Rule::Gd, 0.1, &network.sizes)?;
    let mut session = Session::new(network, data.len(), options).expect("there are kernels");
    let mut losses = Vec::new();
    session.advance(&mut params, &mut optimiser, &data, Batches::Full { steps: 200 }, &mut losses);
    let weights = params.values().iter().map(|w| u64::from(w.to_bits()));
    Ok(losses.iter().map(|loss| loss.to_bits()).chain(weights).collect())
}
