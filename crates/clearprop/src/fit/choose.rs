//! From what a person chose to the settings of a run.

use crate::activation::Activation;
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};
use crate::init::Init;
use crate::loss::Loss;
use crate::optim::{Shares, Solver};
use crate::schedule::Schedule;
use crate::settings::{Choices, Effort, Recipe, Settings, usual_batch};
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
    if choices.folds.is_some() && choices.test_size.is_none() {
        // The folds are the test.
        settings.test_size = 0.0;
    }
    // For the model's file: what the run really used.
    let solver = settings.solver;
    settings.momentum = (solver == Solver::Sgd).then_some(settings.momentum.unwrap_or(0.9));
    settings.nesterov = (solver == Solver::Sgd).then_some(settings.nesterov.unwrap_or(true));
    settings.beta1 = (solver == Solver::Adam).then_some(settings.beta1.unwrap_or(0.9));
    settings.beta2 = (solver == Solver::Adam).then_some(settings.beta2.unwrap_or(0.999));
    settings.epsilon = (solver == Solver::Adam).then_some(settings.epsilon.unwrap_or(1e-8));
    has_meaning(choices, solver)?;
    if choices.effort.is_some() && (settings.recipe == Recipe::Plain || choices.epochs.is_some()) {
        let beside = if choices.epochs.is_some() { "epochs" } else { "the recipe plain" };
        return Err(Error::new(ErrorKind::Setting, format!("has no meaning with {beside}"))
            .setting("effort")
            .hint("it says how many networks and epochs the recipe tabular has: `recipe=tabular`"));
    }

    let length = [
        ("steps", choices.steps.is_some()),
        ("epochs", choices.epochs.is_some()),
        ("effort", choices.effort.is_some()),
    ];
    if let (Some(_), Some((beside, _))) =
        (choices.minutes, length.into_iter().find(|(_, is_chosen)| *is_chosen))
    {
        return Err(Error::new(ErrorKind::Setting, format!("given together with `{beside}`"))
            .setting("minutes")
            .hint("each of them says how long the run is"));
    }
    if choices.minutes.is_some() {
        // How many, the first steps tell.
        (settings.steps, settings.epochs) = (None, settings.epochs.or(Some(1)));
    }
    if choices.minutes.is_some() && solver == Solver::Lbfgs {
        return Err(Error::new(ErrorKind::Setting, "has no meaning with the solver lbfgs")
            .setting("minutes")
            .hint("it ends by itself"));
    }

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
        let usual = Settings::plain(rows);
        settings.tolerance = choices.tolerance.or(settings.tolerance).or(usual.tolerance);
        settings.patience = choices.patience.or(settings.patience).or(usual.patience);
    }
    settings.check()?;
    Ok(settings)
}

/// The recipe that nobody chose, and why: that of tables, except where it is not what it was measured with.
pub(super) fn usual_recipe(rows: usize, choices: &Choices, has_start: bool) -> (Recipe, Option<String>) {
    let why = match choices.solver {
        Some(solver) if solver != Solver::Adam => format!("the solver is {}", solver.name()),
        _ if has_start => "the first weights are given".to_owned(),
        _ if rows < Recipe::LEAST_ROWS => format!("there are fewer than {} rows", Recipe::LEAST_ROWS),
        // The recipe's layers take shares of one step size, which fits its own first weights.
        _ if choices.step_size.is_some() => "the step size is chosen".to_owned(),
        _ if choices.init.is_some_and(|init| init != Init::Ntk) => "the first weights are chosen".to_owned(),
        _ => return (Recipe::Tabular, None),
    };
    (Recipe::Plain, Some(why))
}

/// The recipe in words, where nobody chose it.
pub(super) fn said(settings: &Settings, rows: usize, why: Option<String>) -> Decision {
    let recipe = Decision::new("recipe", format!("recipe {}", settings.recipe.name()), "");
    match (settings.recipe, settings.epochs) {
        (Recipe::Plain, _) => {
            Decision { why: why.unwrap_or_default(), ..recipe }.overrule("recipe", Recipe::Tabular.name())
        }
        (Recipe::Tabular, epochs) => {
            let epochs = epochs.map_or_else(String::new, |epochs| format!("{epochs} epochs of {rows} rows"));
            let (networks, one) = match settings.ensemble {
                Some(members @ 2..) => {
                    (format!("the mean of {members} networks, each of "), "`ensemble=1` is one network, ")
                }
                _ => (String::new(), ""),
            };
            let sooner = if settings.effort == Effort::Quick { "" } else { "`effort=quick` is sooner, " };
            let why = format!(
                "{networks}{epochs}, the best is kept ({sooner}{one}`recipe=plain` is one small layer)"
            );
            Decision { why, ..recipe }
        }
    }
}

/// Puts those settings of the recipe of tables over that hang on the answers and on how many rows are trained on, where
/// nobody chose.
pub(super) fn adapt(
    settings: &mut Settings,
    (choices, has_start): (&Choices, bool),
    (loss, rows, parameters): (Loss, usize, usize),
) {
    let of_numbers = match loss.takes() {
        TargetKind::Classes | TargetKind::Labels => false,
        TargetKind::Counts | TargetKind::Numbers => true,
    };
    if choices.activation.is_none() && of_numbers {
        settings.activation = vec![Activation::Mish];
    }
    if choices.step_size.is_none() && of_numbers && settings.solver == Solver::Adam {
        settings.step_size = 0.07;
    }
    if choices.label_smoothing.is_none() && loss != Loss::Softmax {
        settings.label_smoothing = None;
    }
    if choices.epochs.is_none() && settings.epochs.is_some() {
        let (members, epochs) = settings.effort.plan(rows, parameters);
        settings.epochs = Some(epochs);
        if choices.ensemble.is_none() && choices.folds.is_none() && !has_start {
            settings.ensemble = (members > 1).then_some(members);
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
