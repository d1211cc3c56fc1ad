//! `clearprop check`: a gradient against the slope of the loss.

mod program;

use crate::outcome::Outcome;
use crate::paper::{Ink, Paper, padded, shape, short};
use crate::screen;
use crate::subject::{Chosen, Subject};
use clap::Args;
use clearprop::data::Data;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::gradcheck::{LossAt, Part, Plan, TensorCheck, gradcheck, loss_at};
use clearprop::network::{Network, Penalty};
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::Params;
use program::Program;
use serde_json::json;
use std::time::Duration;

/// Check gradients against finite differences: every tensor, kinks told apart from errors
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop check                                the notebook's network, at the start and after 50 steps
  clearprop check model.safetensors data.csv
  clearprop check arrays.npz                     with dL_dW1, dL_dW2, .. in it, these are checked
  clearprop check arrays.npz --loss 'python my_loss.py'

A program for --loss reads lines from its standard input, each with two file names and a tab between.
The first is an .npz with X (its last column is ones), y, W1, W2, .. (bias in the last row) and reg.  The program prints the loss at
these weights on a line of its own; if it can, it writes dL_dW1, dL_dW2, .. to the second, also an .npz.
In Python:

  import sys, numpy as np
  for line in sys.stdin:
      weights, gradients = line.rstrip('\\n').split('\\t')
      a = np.load(weights)
      loss, dW1, dW2 = my_loss(a['X'], a['y'], a['W1'], a['W2'], a['reg'])
      np.savez(gradients, dL_dW1=dW1, dL_dW2=dW2)
      print(loss, flush=True)

A program that answers one line and ends is started again for the next.")]
pub(crate) struct Check {
    #[command(flatten)]
    chosen: Chosen,
    /// Check every number, not a sample
    #[arg(long)]
    all: bool,
    /// How many numbers of each tensor are checked
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all")]
    sample: usize,
    /// Steps of gradient descent (step size 0.1) before the second check; 0: no second check
    #[arg(long, value_name = "N", default_value_t = 50)]
    steps: u32,
    /// Error allowed, relative to the largest number of the tensor
    #[arg(long, value_name = "X", default_value_t = 1e-6)]
    tolerance: f64,
    /// A program that computes the loss: your own backward pass, in any language
    #[arg(long, value_name = "COMMAND")]
    loss: Option<String>,
    /// Seconds that the program may take for one answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    timeout: f64,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

/// The checks at one place.
struct Round {
    title: String,
    checks: Vec<TensorCheck>,
}

pub(crate) fn run(options: &Check) -> Result<Outcome> {
    let subject = options.chosen.open()?;
    if !(options.tolerance > 0.0 && options.tolerance < 1.0) {
        let found = format!("found {}", options.tolerance);
        return Err(Error::new(ErrorKind::Setting, found)
            .name("--tolerance")
            .hint("give a small number, like 1e-6"));
    }
    let sample = (!options.all).then_some(options.sample);
    let plan = Plan { sample, tolerance: options.tolerance, ..Plan::default() };
    let rounds = match (&options.loss, &subject.claimed) {
        (Some(command), _) => vec![of_program(options, command, &subject, &plan)?],
        (None, Some(claimed)) => {
            let Subject { network, params, data, .. } = &subject;
            let mut loss = |params: &Params<f64>| Ok(loss_at(network, params, data));
            let checks = gradcheck(&mut loss, params, &[(Part::Loss, claimed)], &plan)?;
            vec![Round {
                title: "the file's gradient, by the slope of the loss at the file's weights".into(),
                checks,
            }]
        }
        (None, None) => of_network(&subject, options.steps, &plan)?,
    };
    if options.json {
        let rounds: Vec<_> = rounds.iter().map(|r| json!({ "at": r.title, "tensors": r.checks })).collect();
        screen::print(&format!("{:#}\n", json!({ "tolerance": options.tolerance, "checks": rounds })))?;
    } else {
        let paper = Paper::of_stdout();
        let text: Vec<String> = rounds.iter().map(|round| table(round, &plan, paper)).collect();
        screen::print(&text.join("\n"))?;
    }
    let wrong: Vec<&str> =
        rounds.iter().flat_map(|r| &r.checks).filter(|t| !t.passed).map(|t| t.name.as_str()).collect();
    match wrong.first() {
        None => Ok(Outcome::Done),
        Some(first) => {
            let found = format!("the gradient check fails, first at {first}");
            Ok(Outcome::Found(
                Error::new(ErrorKind::Data, found)
                    .hint("'clearprop diagnose' says which mistake it looks like"),
            ))
        }
    }
}

/// Our own backward pass, at the start and after some steps, both parts of the loss apart.
fn of_network(subject: &Subject, steps: u32, plan: &Plan) -> Result<Vec<Round>> {
    let Subject { network, data, .. } = subject;
    let mut params = subject.params.clone();
    let mut rounds =
        vec![Round { title: "at the start".into(), checks: parts(network, &params, data, plan)? }];
    if steps > 0 {
        let mut descent = Optimiser::new(Rule::Gd, 0.1, params.sizes())?;
        for _ in 0..steps {
            let (_, grads) = loss_and_grad(network, &params, data);
            descent.update(&mut params, &grads);
        }
        if params.is_finite() {
            let title = format!("after {steps} steps of gradient descent");
            rounds.push(Round { title, checks: parts(network, &params, data, plan)? });
        } else {
            screen::complain(&format!("note: {steps} steps diverge here, so there is no second check"));
        }
    }
    Ok(rounds)
}

/// The data's part and the penalty's part of the backward pass, each against its own slope.
fn parts(network: &Network, params: &Params<f64>, data: &Data<f64>, plan: &Plan) -> Result<Vec<TensorCheck>> {
    let (_, whole) = loss_and_grad(network, params, data);
    let free = Network { penalty: Penalty { reg: 0.0, ..network.penalty }, ..network.clone() };
    let (_, of_data) = loss_and_grad(&free, params, data);
    let mut of_penalty = whole.clone();
    for (penalty, data) in of_penalty.values_mut().iter_mut().zip(of_data.values()) {
        *penalty -= data;
    }
    let mut claims = vec![(Part::Data, &of_data)];
    if network.penalty.reg != 0.0 {
        claims.extend([(Part::Penalty, &of_penalty), (Part::Loss, &whole)]);
    }
    gradcheck(&mut |params| Ok(loss_at(network, params, data)), params, &claims, plan)
}

/// A person's own program: its gradient, or if it gives none ours, against the slope of its loss.
fn of_program(options: &Check, command: &str, subject: &Subject, plan: &Plan) -> Result<Round> {
    if !(options.timeout > 0.0 && options.timeout <= 86_400.0) {
        let found = format!("found {}", options.timeout);
        return Err(Error::new(ErrorKind::Setting, found)
            .name("--timeout")
            .hint("give seconds, up to a day"));
    }
    let Subject { network, params, data, .. } = subject;
    let mut program = Program::start(command, Duration::from_secs_f64(options.timeout), subject)?;
    let first = program.ask(params)?;
    let ours = loss_at(network, params, data);
    let whole = ours.data_loss + ours.penalty;
    if (first - whole).abs() > 1e-6 * whole.abs() {
        let says = format!(
            "note: the program's loss is {}, ours {}: it may mean another loss",
            short(first),
            short(whole)
        );
        screen::complain(&says);
    }
    let (claimed, title) = match program.gradient(params.sizes())? {
        Some(claimed) => (claimed, "the program's gradient, by the slope of its own loss"),
        None => {
            screen::complain("note: the program writes no gradient; ours is checked against its loss");
            (loss_and_grad(network, params, data).1, "our gradient, by the slope of the program's loss")
        }
    };
    let mut loss = |params: &Params<f64>| {
        let on = loss_at(network, params, data).on;
        Ok(LossAt { data_loss: program.ask(params)?, penalty: 0.0, on })
    };
    let checks = gradcheck(&mut loss, params, &[(Part::Loss, &claimed)], plan)?;
    Ok(Round { title: title.into(), checks })
}

/// One line a tensor and part; below, the numbers of what fails.
fn table(round: &Round, plan: &Plan, paper: Paper) -> String {
    let mut out = format!("{}\n", paper.ink(Ink::Bold, &format!("Gradient check, {}", round.title)));
    out.push_str(&format!(
        "  {:<6} {:<8} {:<10} {:<9} {:>6}  {}\n",
        "tensor", "part", "error", "checked", "kinks", "verdict"
    ));
    let mut kinks = 0;
    for t in &round.checks {
        let part = match t.part {
            Part::Data => "data",
            Part::Penalty => "penalty",
            Part::Loss => "loss",
        };
        if t.part != Part::Penalty {
            kinks = kinks.max(t.kinks);
        }
        let (ink, verdict) = match (t.passed, t.checked) {
            (false, _) => (Ink::Alert, "WRONG"),
            (true, 0) => (Ink::Faint, "not checked: all at kinks"),
            (true, _) => (Ink::Good, "right"),
        };
        let error = if t.checked == 0 { "-".to_owned() } else { format!("{:.1e}", t.error) };
        let checked = format!("{} of {}", t.checked, t.size);
        out.push_str(&format!(
            "  {:<6} {:<8} {} {} {:>6}  {}\n",
            t.name,
            part,
            padded(&error, 10),
            padded(&checked, 9),
            t.kinks,
            paper.ink(ink, verdict)
        ));
    }
    for t in round.checks.iter().filter(|t| !t.passed) {
        let Some(worst) = &t.worst else { continue };
        let index = shape(&worst.index).replace('(', "[").replace(')', "]").replace(", ", ",");
        let mut text = format!(
            "{}{index}: claimed {}, slope {} (h = {})",
            t.name,
            short(worst.claimed),
            short(worst.numeric),
            short(worst.step)
        );
        if worst.numeric != 0.0 && worst.claimed != 0.0 {
            text.push_str(&format!(", ratio {}", short(worst.claimed / worst.numeric)));
        }
        out.push_str(&paper.wrap(&text, 2));
    }
    let measure = format!(
        "error: the largest difference, relative to the largest number of the tensor; right if at most {:e} beyond what rounding explains",
        plan.tolerance
    );
    out.push_str(&paper.ink(Ink::Faint, &paper.wrap(&measure, 2)));
    if kinks > 0 {
        let text = "kinks: an input of a ReLU changes sign within every step, there is no slope to compare with; not counted as errors";
        out.push_str(&paper.ink(Ink::Faint, &paper.wrap(text, 2)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::some_trace;

    #[test]
    fn our_backward_pass_is_right_in_both_parts_at_both_places() {
        for case in 0..12 {
            let trace = some_trace(case);
            let subject =
                Subject { network: trace.network, params: trace.params, data: trace.data, claimed: None };
            let rounds = of_network(&subject, 50, &Plan::default()).unwrap();
            assert_eq!(rounds.len(), 2, "case {case}");
            for round in &rounds {
                let text = table(round, &Plan::default(), Paper { width: 80, colour: false });
                assert!(round.checks.iter().all(|t| t.passed), "case {case}: {text}");
                assert!(!text.contains("WRONG") && text.contains("penalty"), "{text}");
            }
        }
    }

    #[test]
    fn a_failure_shows_the_number_that_is_furthest_off() {
        let trace = some_trace(1);
        let mut claimed = trace.grads.clone();
        claimed.w_mut(2)[[1, 2]] *= 2.0;
        let mut loss = |params: &Params<f64>| Ok(loss_at(&trace.network, params, &trace.data));
        let plan = Plan { sample: None, ..Plan::default() };
        let checks = gradcheck(&mut loss, &trace.params, &[(Part::Loss, &claimed)], &plan).unwrap();
        let text = table(&Round { title: "here".into(), checks }, &plan, Paper { width: 80, colour: false });
        assert!(text.contains("dw2[1,2]: claimed") && text.contains("ratio 2"), "{text}");
        assert_eq!(text.matches("WRONG").count(), 1, "{text}");
    }
}
