//! What a run came to, in words: the figures of the test beside those of a guess, and what a person should know.

use super::Fit;
use crate::decision::Decision;
use crate::evaluate::{classify, outputs};
use crate::metrics::{ClassFigures, balanced_accuracy, class_figures, mae, ranking, rmse};
use crate::real::Real;
use crate::settings::ClassWeight;
use crate::table::Answers;
use crate::target::{Target, TargetKind};
use crate::train::StopReason;
use ndarray::Array2;

/// So many rows are named that the model is worst at, if there are this many times as many.
const WORST: usize = 3;
const MANY: usize = 10;

/// A class that has so many times its share is what a network says where it knows nothing.
const LARGE: f64 = 1.5;

/// A loss that fell by a smaller share over the last tenth of a run falls no more.
const FALLS: f64 = 0.01;

/// From here on a score leaves nothing to learn, or says that a column holds the answer;
const EXACT: f64 = 0.9995;
/// for classes, where this many rows are all right.
const MANY_RIGHT: usize = 200;

impl<R: Real> Fit<R> {
    /// What stands beside the test's score: what a guess would reach, and the figures that the score does
    /// not show; `None` without test rows.
    #[must_use]
    pub fn beside_score(&self) -> Option<String> {
        let test = self.test.as_ref()?;
        let network = self.trainer.network();
        match (&test.y, network.loss.takes()) {
            (Target::Classes(y), _) => {
                let y = y.to_vec();
                let names = self.plan.encoder.answers.names();
                let (largest, share) = self.largest_class(&y)?;
                let figures = self.class_figures(&y);
                let mut text = format!(
                    "always saying \"{}\" gives {share:.5}; balanced accuracy {:.5}",
                    names[largest],
                    balanced_accuracy(&figures)
                );
                if names.len() == 2 {
                    let probs = self.outputs();
                    let scores: Vec<f64> = probs.column(1).iter().map(|p| p.f64()).collect();
                    let positive: Vec<bool> = y.iter().map(|&class| class == 1).collect();
                    text.push_str(&format!(", ROC-AUC {:.5}", ranking(&scores, &positive).roc_auc));
                }
                Some(text)
            }
            (Target::Values(_), TargetKind::Labels) => Some("all labels of a row are right".to_owned()),
            (Target::Values(y), _) => {
                let mut y = y.clone();
                self.plan.encoder.answers.decode(&mut y);
                let probs = self.outputs();
                let (rmse, mae) = (rmse(probs.view(), y.view()), mae(probs.view(), y.view()));
                Some(format!("RMSE {rmse:.5}, MAE {mae:.5}; always saying the mean gives R2 0"))
            }
        }
    }

    /// What a person should know at the end.
    #[must_use]
    pub fn outcome(&self, reason: StopReason) -> Vec<Decision> {
        let mut decisions = Vec::new();
        let settings = &self.plan.settings;
        if let (StopReason::Finished, Some(epochs), Some(_)) = (reason, settings.epochs, settings.patience)
            && self.still_learns()
        {
            let what = format!("all {epochs} epochs are used and the loss still falls");
            let why = format!("`epochs={}` may be better", 2 * epochs);
            decisions.push(Decision::new("epochs", what, why).warning());
        }
        let Some(test) = &self.test else { return decisions };
        let Some(score) = self.test_score() else { return decisions };
        if let Target::Classes(y) = &test.y {
            let y = y.to_vec();
            if let Some((largest, share)) = self.largest_class(&y)
                && score <= share
            {
                let names = self.plan.encoder.answers.names();
                let name = &names[largest];
                let what = format!("no better than always saying \"{name}\"");
                let mut why = format!("accuracy {score:.5} against {share:.5} on the test rows");
                if settings.class_weight == ClassWeight::None && share * names.len() as f64 > LARGE {
                    why.push_str("; `class_weight=balanced` lets rare classes count as much");
                }
                decisions.push(Decision::new("guessing", what, why).warning());
            }
            if score >= 1.0 && y.len() >= MANY_RIGHT {
                decisions.extend(self.too_good("accuracy", score));
            }
            decisions.extend(never_called(self.plan.encoder.answers.names(), &self.class_figures(&y)));
        } else if score <= 0.0 && matches!(self.plan.encoder.answers, Answers::Numbers { .. }) {
            let why = format!("R2 {score:.5} on the test rows");
            decisions.push(Decision::new("guessing", "no better than always saying the mean", why).warning());
        } else if score >= EXACT && test.len() >= WORST * MANY {
            decisions.extend(self.too_good("R2", score));
        }
        decisions.extend(self.worst());
        decisions
    }

    /// Whether the loss fell to the end, and some training rows are still wrong.
    fn still_learns(&self) -> bool {
        let losses: Vec<f64> = self.history.rows.iter().map(|row| row.loss).collect();
        let tenth = (losses.len() / 10).max(1);
        let [.., before, last] = losses.rchunks(tenth).rev().collect::<Vec<_>>()[..] else { return true };
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let falls = mean(before) - mean(last) > FALLS * mean(before).abs();
        falls && self.trainer.evaluate(self.trainer.data()).score < EXACT
    }

    /// What is right nearly everywhere is often told by a column that nobody knows beforehand.
    fn too_good(&self, name: &str, score: f64) -> Option<Decision> {
        // That a column gives the answer away was said.
        let said = self.plan.decisions.iter().any(|decision| decision.key == "leak");
        let why = format!("{name} {score:.5} on the test rows; what each column is worth is in the report");
        let what = "better than is usual, a column may hold the answer";
        (!said).then(|| Decision::new("exact", what, why).warning())
    }

    /// The class that most training rows have, and its share of these answers.
    fn largest_class(&self, y: &[u32]) -> Option<(usize, f64)> {
        let Target::Classes(train) = &self.data().y else { return None };
        let mut counts = vec![0usize; self.trainer.network().outputs()];
        train.iter().for_each(|&class| counts[class as usize] += 1);
        // The first of equal ones.
        let largest = (0..counts.len()).rev().max_by_key(|&class| counts[class])?;
        let share =
            y.iter().filter(|&&class| class as usize == largest).count() as f64 / y.len().max(1) as f64;
        Some((largest, share))
    }

    fn class_figures(&self, y: &[u32]) -> Vec<ClassFigures> {
        let Some(test) = &self.test else { return Vec::new() };
        let network = self.trainer.network();
        let called = classify(self.plan.settings.engine, network, self.weights(), test.x.view());
        class_figures(network.outputs(), &called, y)
    }

    /// The outputs for the test rows, in the unit of the answers.
    fn outputs(&self) -> Array2<R> {
        let Some(test) = &self.test else { return Array2::zeros((0, 0)) };
        let network = self.trainer.network();
        let mut outputs = outputs(self.plan.settings.engine, network, self.weights(), test.x.view());
        self.plan.encoder.answers.decode(&mut outputs);
        outputs
    }

    /// The test rows that a model of one number is worst at.
    fn worst(&self) -> Option<Decision> {
        let Target::Values(y) = &self.test.as_ref()?.y else { return None };
        if y.ncols() != 1
            || y.nrows() < WORST * MANY
            || self.trainer.network().loss.takes() == TargetKind::Labels
        {
            return None;
        }
        let mut y = y.clone();
        self.plan.encoder.answers.decode(&mut y);
        let outputs = self.outputs();
        let error = |i: usize| (outputs[[i, 0]].f64() - y[[i, 0]].f64()).abs();
        let mut order: Vec<usize> = (0..y.nrows()).collect();
        order.sort_by(|&a, &b| error(b).total_cmp(&error(a)));
        let rows: Vec<String> = order[..WORST]
            .iter()
            .filter_map(|&i| {
                let line = self.test_lines.get(i)?;
                Some(format!("row {line} ({} is predicted as {})", short(y[[i, 0]]), short(outputs[[i, 0]])))
            })
            .collect();
        (!rows.is_empty()).then(|| Decision::new("worst", "worst on the test rows", rows.join(", ")))
    }
}

/// Classes with rows that no row is called.
fn never_called(names: &[String], figures: &[ClassFigures]) -> Option<Decision> {
    let never: Vec<&String> = names
        .iter()
        .zip(figures)
        .filter(|(_, f)| f.rows > 0 && f.precision.is_nan())
        .map(|(name, _)| name)
        .collect();
    let first = never.first()?;
    let what = match never.len() {
        1 => format!("no test row is called \"{first}\""),
        n => format!("no test row is called \"{first}\", nor one of {} other classes that have rows", n - 1),
    };
    Some(Decision::new("never", what, "").warning())
}

/// A number to four digits.
fn short<R: Real>(value: R) -> String {
    format!("{:.3e}", value.f64()).parse::<f64>().unwrap_or(f64::NAN).to_string()
}
