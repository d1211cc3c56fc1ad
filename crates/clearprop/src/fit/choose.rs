//! From what a person chose to the settings of a run.

use crate::activation::Activation;
use crate::error::{Error, ErrorKind, Result};
use crate::init::Init;
use crate::loss::Loss;
use crate::optim::{Shares, Solver};
use crate::schedule::Schedule;
use crate::settings::{Choices, Recipe, Scale, Settings, Watch, usual_batch};
use crate::target::TargetKind;

/// The defaults with the choices over them.  A choice brings what goes with it: a solver its own step size
/// and batches, a number of steps the end of early stopping.
///
/// # Errors
/// A choice out of its range, or one that has no meaning beside another.
pub(super) fn choose(mut settings: Settings, choices: &Choices, rows: usize) -> Result<Settings> {
    if let Some(solver) = choices.solver.filter(|&solver| solver != settings.solver) {
        settings.step_size = solver.step_size();
        if solver == Solver::Lbfgs {
            // It knows by itself when the loss no longer falls.
            (settings.steps, settings.epochs) = (Some(1000), None);
            (settings.tolerance, settings.patience) = (Some(1e-4), None);
            settings.validation_size = 0.0;
            // A line has one step size.
            (settings.front_scale, settings.step_shares) = (false, Shares::Equal);
            settings.schedule = Schedule::Constant;
        }
        settings.batch_size = solver.takes_batches().then(|| usual_batch(rows).min(rows.max(1)));
    }
    choices.lay_over(&mut settings);
    // For the model's file: what the run really used.
    let solver = settings.solver;
    settings.momentum = (solver == Solver::Sgd).then_some(settings.momentum.unwrap_or(0.9));
    settings.nesterov = (solver == Solver::Sgd).then_some(settings.nesterov.unwrap_or(true));
    settings.beta1 = (solver == Solver::Adam).then_some(settings.beta1.unwrap_or(0.9));
    settings.beta2 = (solver == Solver::Adam).then_some(settings.beta2.unwrap_or(0.999));
    settings.epsilon = (solver == Solver::Adam).then_some(settings.epsilon.unwrap_or(1e-8));
    has_meaning(choices, solver)?;

    if choices.steps.is_some() && choices.epochs.is_none() {
        settings.epochs = None;
        settings.patience = None;
        settings.tolerance = (solver == Solver::Lbfgs).then_some(choices.tolerance.unwrap_or(1e-4));
        settings.validation_size = choices.validation_size.unwrap_or(0.0);
    } else if choices.epochs.is_some() && choices.steps.is_none() {
        settings.steps = None;
    }
    // The recipe of tables goes to its end, and takes the best epoch.
    let ends_early = settings.recipe == Recipe::Plain;
    let watches = ends_early && choices.validation_size.is_some_and(|share| share > 0.0);
    let tolerance_is_patience = choices.tolerance.is_some() && solver != Solver::Lbfgs;
    if watches || tolerance_is_patience || choices.patience.is_some() {
        // What tables have.
        let usual = Settings::table(rows);
        settings.tolerance = choices.tolerance.or(settings.tolerance).or(usual.tolerance);
        settings.patience = choices.patience.or(settings.patience).or(usual.patience);
    }
    settings.check()?;
    Ok(settings)
}

/// Puts a recipe's settings over those of a table, as far as they do not depend on the answers.
pub(super) fn lay_over(recipe: Recipe, settings: &mut Settings) {
    match recipe {
        Recipe::Plain => {}
        Recipe::Tabular => {
            settings.hidden = vec![256; 3];
            settings.reg = 0.0;
            settings.init = Init::Ntk;
            settings.scale = Scale::Robust;
            settings.front_scale = true;
            settings.solver = Solver::Adam;
            settings.schedule = Schedule::Coslog4;
            settings.step_shares = Shares::Ntk;
            settings.beta2 = Some(0.95);
            (settings.steps, settings.epochs) = (None, Some(256));
            settings.batch_size = Some(256);
            (settings.tolerance, settings.patience) = (None, None);
            settings.validation_size = 0.2;
            settings.watch = Watch::Score;
        }
    }
    settings.recipe = recipe;
}

/// Puts those over that depend on the loss, which the answers have decided, where nobody chose.
pub(super) fn lay_over_for(settings: &mut Settings, choices: &Choices, loss: Loss) {
    match settings.recipe {
        Recipe::Plain => {}
        Recipe::Tabular => {
            let of_classes = match loss.takes() {
                TargetKind::Classes | TargetKind::Labels => true,
                TargetKind::Counts | TargetKind::Numbers => false,
            };
            if choices.activation.is_none() {
                settings.activation = vec![if of_classes { Activation::Selu } else { Activation::Mish }];
            }
            if choices.step_size.is_none() {
                settings.step_size = if of_classes { 0.04 } else { 0.07 };
            }
            if choices.label_smoothing.is_none() && loss == Loss::Softmax {
                settings.label_smoothing = Some(0.1);
            }
        }
    }
}

/// Choices that say nothing beside this solver.
fn has_meaning(choices: &Choices, solver: Solver) -> Result<()> {
    let sgd = "only sgd has momentum: `solver=sgd`";
    let adam = "only adam has it: `solver=adam`";
    let useless = [
        ("momentum", choices.momentum.is_some() && solver != Solver::Sgd, sgd),
        ("nesterov", choices.nesterov.is_some() && solver != Solver::Sgd, sgd),
        ("beta1", choices.beta1.is_some() && solver != Solver::Adam, adam),
        ("beta2", choices.beta2.is_some() && solver != Solver::Adam, adam),
        ("epsilon", choices.epsilon.is_some() && solver != Solver::Adam, adam),
        (
            "step_size",
            choices.step_size.is_some() && solver == Solver::Lbfgs,
            "it searches along a line; gd, sgd and adam have a step size",
        ),
        (
            "batch_size",
            choices.batch_size.is_some() && !solver.takes_batches(),
            "batches go with `solver=sgd` or adam",
        ),
    ];
    if let Some((key, _, hint)) = useless.into_iter().find(|(_, is_useless, _)| *is_useless) {
        let found = format!("has no meaning with the solver {}", solver.name());
        return Err(Error::new(ErrorKind::Setting, found).setting(key).hint(hint));
    }
    if choices.nesterov.is_some() && choices.momentum == Some(0.0) {
        return Err(Error::new(ErrorKind::Setting, "has no meaning without momentum")
            .setting("nesterov")
            .hint("give `momentum`, like 0.9"));
    }
    Ok(())
}
