//! The search for settings: a frame's columns in, a model of the best trials out.

use crate::errors::raised;
use crate::tables::{Columns, TableModel, chosen, table};
use clearprop::fit::{Plan, Rows};
use clearprop::metrics::score_name;
use clearprop::model::AnyModel;
use clearprop::train::StopReason;
use clearprop::tune::{Limits, Space, Tune};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Searches, and trains on a frame; `tell` hears of how many trials there are, the score's name and the best of those that
/// have all folds.  Ctrl-C ends it.
#[pyfunction]
pub(crate) fn tune_table(
    py: Python<'_>,
    columns: Columns<'_>,
    target: String,
    choices: BTreeMap<String, String>,
    trials: Option<String>,
    tell: Option<Py<PyAny>>,
) -> PyResult<TableModel> {
    let began = Instant::now();
    let mut choices = chosen(&choices)?;
    let limits = Limits::of(&mut choices, trials.as_deref()).map_err(|error| raised(&error))?;
    let (table, decisions) = table(&columns, |_| None, std::slice::from_ref(&target))?;
    let (wanted, mut interrupted) = (AtomicBool::new(true), None);
    let search = || {
        let rows = Rows::table(table, &[target]);
        let plan = Plan::new::<f32>(&rows, &choices, None)?;
        let mut tune = Tune::<f32>::begin(plan, rows, (Space::beside(&choices), limits.trials))?;
        let is_over = || limits.is_over(began.elapsed().as_secs_f64());
        tune.advance(&is_over, &|| wanted.load(Ordering::Relaxed), &mut |tune, _| {
            let heard = Python::attach(|py| {
                py.check_signals()?;
                tell.as_ref().map_or(Ok(()), |tell| tell.call1(py, so_far(tune)).map(drop))
            });
            if let Err(error) = heard {
                wanted.store(false, Ordering::Relaxed);
                interrupted.get_or_insert(error);
            }
            Ok(())
        })?;
        if !wanted.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (tried, loss) = (tune.trials(), tune.fit().plan().network.loss);
        let (fit, chosen) = tune.finish()?;
        let trials = tried.iter().map(|trial| trial.row(loss, &chosen)).collect();
        Ok(Some((fit.plan().decisions.clone(), fit.finish(StopReason::Finished), trials)))
    };
    let found = py.detach(search).map_err(|error| raised(&error))?;
    let Some((more, model, trials)) = found else {
        return Err(interrupted.unwrap_or_else(|| PyKeyboardInterrupt::new_err(())));
    };
    Ok(TableModel::new(AnyModel::F32(model), &[decisions, more].concat(), trials))
}

/// The number of trials, the score's name, and the best score of a trial with all folds.
fn so_far(tune: &Tune<f32>) -> (usize, String, Option<f64>) {
    let (trials, folds) = (tune.trials(), tune.fit().plan().settings.members());
    let complete = trials.iter().filter(|trial| trial.folds == folds);
    let best = complete.filter_map(|trial| trial.found).map(|found| found.score).max_by(f64::total_cmp);
    (trials.len(), score_name(tune.fit().plan().network.loss).to_lowercase(), best)
}
