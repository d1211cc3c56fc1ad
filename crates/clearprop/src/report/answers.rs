//! What a report says of the answers: who is taken for whom, how honest the probabilities are, and which rows
//! are worst.

use super::columns::Worth;
use crate::loss::argmax;
use crate::metrics::{
    Bin, ClassFigures, Point, Ranking, balanced_accuracy, class_figures, confusion, curve, mae,
    precision_recall, r2, ranking, rmse, roc, score, score_name,
};
use crate::model::Model;
use crate::real::Real;
use crate::table::Table;
use crate::target::{Target, TargetKind};
use ndarray::Array2;
use serde::Serialize;

/// A confusion matrix of more classes shows nothing.
const CLASSES: usize = 50;
/// So many rows are shown that the model gets most wrong, with so many columns.
const WORST: usize = 10;
const CELLS: usize = 8;

/// What was found about the answers.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Found {
    /// One class a row.
    Classes {
        /// The classes.
        names: Vec<String>,
        /// How many rows of one class (down) are called another (across); empty for very many classes.
        confusion: Vec<Vec<u64>>,
        /// Precision, recall and F1 of each class.
        figures: Vec<ClassFigures>,
        /// Of two classes the probability of the second, of more that of the class it is called; empty where
        /// the outputs are no probabilities.
        calibration: Vec<Bin>,
        /// Of two classes, how the second is told from the first.
        second: Option<Ranked>,
    },
    /// Several labels at once.
    Labels {
        /// The labels.
        names: Vec<String>,
        /// Precision, recall and F1 of each label.
        figures: Vec<ClassFigures>,
        /// Of all labels together.
        calibration: Vec<Bin>,
    },
    /// Numbers, in their unit.
    Numbers {
        /// What they are called.
        names: Vec<String>,
        /// For each, the number predicted and the true one of each row.
        pairs: Vec<Vec<[f64; 2]>>,
    },
}

/// How the scores rank the rows of a class before the others.
#[derive(Clone, Debug, Serialize)]
pub struct Ranked {
    /// False alarms and recall.
    pub roc: Vec<Point>,
    /// Recall and precision.
    pub precision_recall: Vec<Point>,
    /// The areas under both.
    #[serde(flatten)]
    pub areas: Ranking,
}

/// A row that the model gets wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Wrong {
    /// Its line in the file.
    pub line: u64,
    /// The right answer.
    pub is: String,
    /// What the model says.
    pub called: String,
    /// The probability given to the right answer, or how far off the number is.
    pub by: f64,
    /// Its values in the dearest columns.
    pub cells: Vec<(String, String)>,
}

/// What was found, and the figures by name.
pub(super) fn found<R: Real>(
    model: &Model<R>,
    outputs: &Array2<R>,
    y: &Target<R>,
) -> (Found, Vec<(&'static str, f64)>) {
    let loss = model.network.loss;
    let names = model.encoder.answers.names().to_vec();
    let mut figures = vec![(score_name(loss), score(loss, outputs.view(), y))];
    let calibration = curve(loss, outputs.view(), y);
    match (y, loss.takes()) {
        (Target::Classes(y), _) => {
            let (k, y) = (names.len(), y.to_vec());
            let called = argmax(outputs.view());
            let each = class_figures(k, &called, &y);
            let largest = each.iter().map(|f| f.rows).max().unwrap_or(0) as f64 / y.len().max(1) as f64;
            figures.push(("always the largest class", largest));
            figures.push(("balanced accuracy", balanced_accuracy(&each)));
            let of_second = || outputs.column(1).iter().map(|p| p.f64()).collect::<Vec<_>>();
            let second = (k == 2).then(|| {
                let (scores, is) = (of_second(), y.iter().map(|&class| class == 1).collect::<Vec<_>>());
                let areas = ranking(&scores, &is);
                Ranked { roc: roc(&scores, &is), precision_recall: precision_recall(&scores, &is), areas }
            });
            if let Some(second) = &second {
                figures.push(("ROC-AUC", second.areas.roc_auc));
                figures.push(("average precision", second.areas.average_precision));
            }
            let confusion = match k <= CLASSES {
                true => confusion(k, &called, &y).rows().into_iter().map(|row| row.to_vec()).collect(),
                false => Vec::new(),
            };
            (Found::Classes { names, confusion, figures: each, calibration, second }, figures)
        }
        (Target::Values(y), TargetKind::Labels) => {
            let half = R::of(0.5);
            let of = |values: &Array2<R>, j: usize| -> Vec<u32> {
                values.column(j).iter().map(|&v| u32::from(v > half)).collect()
            };
            let label = |j: usize| class_figures(2, &of(outputs, j), &of(y, j)).swap_remove(1);
            let each = (0..names.len()).map(label).collect();
            (Found::Labels { names, figures: each, calibration }, figures)
        }
        (Target::Values(y), _) => {
            let (p, y) = (decoded(model, outputs), decoded(model, y));
            figures = vec![
                ("R2", r2(p.view(), y.view())),
                ("RMSE", rmse(p.view(), y.view())),
                ("MAE", mae(p.view(), y.view())),
            ];
            let pairs = |j: usize| (0..y.nrows()).map(|i| [p[[i, j]], y[[i, j]]]).collect();
            let pairs = (0..names.len()).map(pairs).collect();
            (Found::Numbers { names, pairs }, figures)
        }
    }
}

/// In the unit of the answers, to double precision.
fn decoded<R: Real>(model: &Model<R>, values: &Array2<R>) -> Array2<f64> {
    let mut values = values.mapv(R::f64);
    model.encoder.answers.decode(&mut values);
    values
}

/// The rows that the model gets most wrong: of classes those whose right class has the least probability, of
/// numbers those that are farthest off (in standard deviations, if there are several).
pub(super) fn worst<R: Real>(
    model: &Model<R>,
    table: &Table,
    outputs: &Array2<R>,
    y: &Target<R>,
    importance: &[Worth],
) -> Vec<Wrong> {
    let names = model.encoder.answers.names();
    let classes = model.network.loss.takes();
    let how_wrong = |i: usize| match y {
        Target::Classes(y) => -outputs[[i, y[i] as usize]].f64(),
        Target::Values(y) => {
            outputs.row(i).iter().zip(y.row(i)).map(|(p, y)| (p.f64() - y.f64()).powi(2)).sum()
        }
    };
    let mut order: Vec<(f64, usize)> = (0..outputs.nrows()).map(|i| (how_wrong(i), i)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let called = argmax(outputs.view());
    let (p, values) = match y {
        Target::Values(y) if classes != TargetKind::Labels => (decoded(model, outputs), decoded(model, y)),
        Target::Values(y) => (outputs.mapv(R::f64), y.mapv(R::f64)),
        Target::Classes(_) => Default::default(),
    };
    // As the table has them: what was scaled, and back, is off by a rounding.
    let given = |i: usize| {
        let columns = model.encoder.answers.columns().iter().filter_map(|name| table.get(name));
        columns.map(|column| column.text(i)).collect::<Vec<_>>().join(", ")
    };
    let listed = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter().map(|&value| short((value * 1e4).round() / 1e4)).collect::<Vec<_>>().join(", ")
    };
    let wrong = |&(by, i): &(f64, usize)| {
        let (is, called, by) = match y {
            // A row that is called right is not wrong.
            Target::Classes(y) if y[i] == called[i] => return None,
            Target::Classes(y) => (names[y[i] as usize].clone(), names[called[i] as usize].clone(), -by),
            Target::Values(_) if p.ncols() == 1 && classes != TargetKind::Labels => {
                (given(i), short(p[[i, 0]]), p[[i, 0]] - values[[i, 0]])
            }
            Target::Values(_) => (given(i), listed(p.row(i)), by.sqrt()),
        };
        let cell = |worth: &Worth| Some((worth.column.clone(), table.get(&worth.column)?.text(i)));
        let cells = importance.iter().take(CELLS).filter_map(cell).collect();
        Some(Wrong { line: table.line(i), is, called, by, cells })
    };
    order.iter().filter_map(wrong).take(WORST).collect()
}

/// A number to four digits.
fn short(value: f64) -> String {
    format!("{value:.3e}").parse::<f64>().unwrap_or(f64::NAN).to_string()
}
