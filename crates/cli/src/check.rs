//! `clearprop check`: a gradient against the slope of the loss.

mod program;

use crate::outcome::Outcome;
use crate::paper::{self, Ink, Paper, padded, shape, short};
use crate::screen;
use crate::subject::{Chosen, Subject};
use clap::Args;
use clearprop::data::Data;
use clearprop::diagnose::reading::Reading;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::gradcheck::{LossAt, Part, Plan, TensorCheck, Verdict, gradcheck, loss_at};
use clearprop::network::{Network, Penalty};
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule};
use clearprop::params::Params;
use program::{Exchange, Layout, Program};
use serde_json::json;
use std::time::Duration;

/// Check gradients against finite differences: every tensor, kinks told apart from errors
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  clearprop check                                the notebook's network, at step 0 and after 50
  clearprop check model.safetensors data.csv
  clearprop check arrays.npz                     with dL_dW1, dL_dW2, .. in it, these are checked
  clearprop check arrays.npz --loss 'python my_loss.py'
  clearprop check arrays.json --loss 'node my_loss.js' --exchange json --layout file

A program for --loss reads lines from its standard input, each with two file names and a tab between. \
The first is an .npz with X (its last column is ones), y, W1, W2, .. (bias in the last row) and reg; \
with --layout file it has the file's own arrays, in their names and shapes.  The program prints the loss at these weights on a line of its own; \
if it can, it writes dL_dW1, dL_dW2, .. (or dW1, db1, ..) to the second.  With --exchange json both are JSON: {\"X\": [[..]], ..}. In Python:

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
    /// What the program reads and writes
    #[arg(long, value_name = "FORMAT", default_value = "npz", requires = "loss")]
    exchange: Exchange,
    /// How the program gets the arrays: X with ones and W with the bias in its last row, or as the file has them
    #[arg(long, value_name = "WHOSE", default_value = "notebook", requires = "loss")]
    layout: Layout,
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
    let rounds = match (&options.loss, &subject) {
        (Some(command), _) => vec![of_program(options, command, &subject, &plan)?],
        (None, Subject::Arrays { file, reading, .. }) => of_arrays(reading, file, options.steps, &plan)?,
        (None, Subject::Network { network, params, data }) => {
            of_network(network, params, data, options.steps, &plan)?
        }
    };
    let read_as = match &subject {
        Subject::Arrays { reading, .. } => Some(reading.read_as()),
        Subject::Network { .. } => None,
    };
    if options.json {
        let rounds: Vec<_> = rounds.iter().map(|r| json!({ "at": r.title, "tensors": r.checks })).collect();
        let mut all = json!({ "tolerance": options.tolerance, "checks": rounds });
        if let Some(read_as) = read_as {
            all["read_as"] = json!(read_as);
        }
        screen::print(&format!("{all:#}\n"))?;
    } else {
        let paper = paper::of_stdout();
        let text: Vec<String> = rounds.iter().map(|round| table(round, &plan, paper)).collect();
        screen::print(&text.join("\n"))?;
    }
    let checks = || rounds.iter().flat_map(|round| &round.checks);
    let first = |verdict: Verdict| checks().find(|t| t.verdict() == verdict);
    let finding =
        |found: String, hint: &str| Ok(Outcome::Found(Error::new(ErrorKind::Data, found).hint(hint)));
    if let Some(wrong) = first(Verdict::Wrong) {
        let found = format!("the gradient check fails, first at {}", wrong.name);
        return finding(found, "'clearprop diagnose' says which mistake it looks like");
    }
    if let Some(open) = first(Verdict::NotCompared) {
        let found = format!("nothing of {} was compared: each number is at a kink", open.name);
        return finding(found, "move the weights or inputs a little, so that no z is 0, and check again");
    }
    if checks().all(|t| t.verdict() == Verdict::OnlyZeros) {
        let hint = "are all units off, or all rows fitted? Check at other weights";
        return finding("only zeros were compared: any multiple of the gradient would pass".into(), hint);
    }
    Ok(Outcome::Done)
}

/// The gradient that a file claims, against the loss that it was read with; without one our own.
fn of_arrays(reading: &Reading, file: &str, steps: u32, plan: &Plan) -> Result<Vec<Round>> {
    if let Some(name) = reading.unknown() {
        return Err(Error::new(
            ErrorKind::Data,
            "does not follow from the arrays by a known function, so there is no loss to take a slope of",
        )
        .file(file)
        .name(name)
        .hint("let your own program compute the loss: --loss COMMAND"));
    }
    let (claimed, there) = reading.claimed().map_err(|error| error.file(file))?;
    let (claimed, there, title) = match (there.is_empty(), reading.network(), reading.gradient()) {
        (true, Ok((network, data)), _) => return of_network(network, reading.params(), data, steps, plan),
        (true, Err(_), Some(ours)) => (ours, None, "our gradient, at the file's weights"),
        _ => (claimed, Some(there), "the file's gradient, by the slope of the loss at the file's weights"),
    };
    let mut loss = |params: &Params<f64>| Ok(reading.loss_at(params));
    let mut checks = gradcheck(&mut loss, reading.params(), &[(Part::Loss, &claimed)], plan)?;
    if let Some(there) = there {
        let absent: Vec<&str> =
            checks.iter().map(|t| t.name.as_str()).filter(|name| !there.iter().any(|t| t == name)).collect();
        if !absent.is_empty() && there.iter().any(|t| t.starts_with("dw")) {
            screen::complain(&format!("note: not in the file, so not checked: {}", absent.join(", ")));
        }
        checks.retain(|t| there.contains(&t.name));
    }
    Ok(vec![Round { title: title.into(), checks }])
}

/// Our own backward pass, at the start and after some steps, both parts of the loss apart.
fn of_network(
    network: &Network,
    start: &Params<f64>,
    data: &Data<f64>,
    steps: u32,
    plan: &Plan,
) -> Result<Vec<Round>> {
    let mut params = start.clone();
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
    let (arrays, reading) = match subject {
        Subject::Arrays { arrays, reading, .. } => (arrays.clone(), &**reading),
        Subject::Network { network, params, data } => {
            let arrays = program::arrays(network, params, data);
            (arrays.clone(), &Reading::of(&arrays)?)
        }
    };
    let params = reading.params();
    let setting = program::Setting { exchange: options.exchange, layout: options.layout };
    let mut program =
        Program::start(command, Duration::from_secs_f64(options.timeout), setting, &arrays, reading)?;
    let first = program.ask(params)?;
    let ours = reading.loss_at(params);
    let whole = ours.data_loss + ours.penalty;
    if (first - whole).abs() > 1e-6 * whole.abs() {
        let says = format!(
            "note: the program's loss is {}, ours {}: it may mean another loss",
            short(first),
            short(whole)
        );
        screen::complain(&says);
    }
    let (claimed, title) = match (program.gradient()?, reading.gradient()) {
        (Some(claimed), _) => (claimed, "the program's gradient, by the slope of its own loss"),
        (None, Some(ours)) => {
            screen::complain("note: the program writes no gradient; ours is checked against its loss");
            (ours, "our gradient, by the slope of the program's loss")
        }
        (None, None) => {
            return Err(Error::new(ErrorKind::Data, "the program writes no gradient, and we have none")
                .hint("write dL_dW1, dL_dW2, .. to the second file of each line"));
        }
    };
    let mut loss = |params: &Params<f64>| {
        let on = reading.loss_at(params).on;
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
        let (ink, verdict) = match t.verdict() {
            Verdict::Wrong => (Ink::Alert, "WRONG"),
            Verdict::NotCompared => (Ink::Alert, "NOT COMPARED: all at kinks"),
            Verdict::OnlyZeros => (Ink::Caution, "right, but all are 0"),
            Verdict::Right => (Ink::Good, "right"),
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
    for t in round.checks.iter().filter(|t| t.verdict() == Verdict::Wrong) {
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
            let rounds =
                of_network(&trace.network, &trace.params, &trace.data, 50, &Plan::default()).unwrap();
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
