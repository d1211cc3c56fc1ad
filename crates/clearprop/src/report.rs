//! A report: how a model does on rows that it has not seen, and why, in numbers that a page can show.
//!
//! It looks at a [`Sample`] of the rows, so that its cost is bounded whatever the table: at most
//! [`Sample::ROWS`] rows, fewer of a wide table.  What each column is worth and how the answer follows it is
//! in `columns`; the curves are those of [`crate::metrics`].

mod answers;
mod asked;
mod columns;

use crate::decision::Decision;
use crate::error::Result;
use crate::fit::{History, Plan, Rows};
use crate::metrics::Calibration;
use crate::model::{Member, Model};
use crate::random::{Purpose, shuffled};
use crate::real::Real;
use crate::table::{Summary, Table, Unseen};
pub use answers::{Found, Ranked, Wrong};
use asked::Asked;
pub use columns::{Dependence, Place, Worth};
use serde::Serialize;
use std::collections::HashMap;

/// The rows that a report looks at, and what their whole table holds.
#[derive(Clone, Debug)]
pub struct Sample {
    table: Table,
    part: &'static str,
    /// For each row the member that was not trained on it, where there are folds and no rows to test on.
    fold: Option<Vec<u32>>,
    of: usize,
    columns: Vec<(String, Option<Summary>)>,
    rows: usize,
}

/// Everything that the page of a report shows.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Which rows: `test rows`, `training rows`, `rows of folds` or `rows`.
    pub part: &'static str,
    /// How many of them are looked at,
    pub rows: usize,
    /// and of how many.
    pub of: usize,
    /// Where those that are looked at stand in their file.
    pub lines: Vec<u64>,
    /// The sizes of the layers.
    pub sizes: Vec<usize>,
    /// Accuracy or R2 and what stands beside it, by name.
    pub figures: Vec<(&'static str, f64)>,
    /// How many folds these are of, if they are: one member for each, and then again.
    pub folds: Option<usize>,
    /// The members, if there are several.
    pub members: Vec<Member>,
    /// What the probabilities were like before their temperature and after it.
    pub calibration: Option<Calibration>,
    /// The columns in the table's order.
    pub columns: Vec<ColumnReport>,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// Losses by step: training, and validation if there is one.
    pub losses: Vec<(&'static str, Vec<[f64; 2]>)>,
    /// What was found about the answers.
    pub answers: Found,
    /// Which rows the next two look at.
    pub importance_rows: usize,
    /// What the columns are worth, the dearest first.
    pub importance: Vec<Worth>,
    /// How the answer follows the dearest columns.
    pub dependence: Vec<Dependence>,
    /// The rows that the model gets most wrong, the worst first.
    pub worst: Vec<Wrong>,
}

/// A column: what was read, and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// What it holds; `None` if it was not read.
    #[serde(flatten)]
    pub holds: Option<Summary>,
    /// `target`, `3 inputs`, `left out: constant`.
    pub fate: String,
}

impl Sample {
    /// At most so many rows are looked at,
    pub const ROWS: usize = 10_000;
    /// and so many cells, but always [`Sample::FEW`] rows.
    const CELLS: usize = 2_000_000;
    const FEW: usize = 200;

    /// Of the rows that a run is tested on, or if there are none, trained on: those of folds by the member that was
    /// not trained on them.
    ///
    /// # Errors
    /// Those of [`Plan::new`], which has split the rows before.
    pub fn of_run(rows: &Rows, plan: &Plan) -> Result<Self> {
        let parts = rows.parts(&plan.settings)?;
        let fold = parts.members.and_then(|members| members.fold);
        let (part, all, fold) = match (parts.test.is_empty(), fold) {
            (false, _) => ("test rows", parts.test, None),
            (true, Some(fold)) => ("rows of folds", parts.train, Some(fold)),
            (true, None) => ("training rows", parts.train, None),
        };
        Ok(Self::new(&rows.table, part, (&all, fold), plan.settings.seed))
    }

    /// Of all rows of a table.
    #[must_use]
    pub fn of_table(table: &Table) -> Self {
        let all: Vec<u32> = (0..u32::try_from(table.len()).unwrap_or(u32::MAX)).collect();
        Self::new(table, "rows", (&all, None), 0)
    }

    fn new(table: &Table, part: &'static str, (all, fold): (&[u32], Option<Vec<u32>>), seed: u64) -> Self {
        let most = (Self::CELLS / table.columns().len().max(1)).clamp(Self::FEW, Self::ROWS);
        let mut places: Vec<usize> = (0..all.len()).collect();
        if all.len() > most {
            let order = shuffled(all.len(), seed, Purpose::Report);
            places = order[..most].iter().map(|&place| place as usize).collect();
        }
        places.sort_unstable_by_key(|&place| all[place]);
        let some: Vec<u32> = places.iter().map(|&place| all[place]).collect();
        let fold = fold.map(|fold| places.iter().map(|&place| fold[place]).collect());
        let columns =
            table.columns().iter().map(|(name, column)| (name.clone(), Some(column.summary()))).collect();
        Self { table: table.some(&some), part, fold, of: all.len(), columns, rows: table.len() }
    }

    /// With the names of all columns of the file, in its order: those that were not read are reported as such.
    #[must_use]
    pub fn of_file(mut self, names: &[String]) -> Self {
        let mut read: HashMap<String, Option<Summary>> =
            std::mem::take(&mut self.columns).into_iter().collect();
        self.columns = names.iter().map(|name| (name.clone(), read.remove(name).flatten())).collect();
        self
    }

    /// Rows of the whole table.
    #[must_use]
    pub fn all_rows(&self) -> usize {
        self.rows
    }
}

impl Report {
    /// Looks at a model.  `history` is the course of its training if that is known.
    ///
    /// # Errors
    /// Rows that are not those of the model: the errors of [`crate::table::Encoder::transform_data`].
    pub fn new<R: Real>(
        model: &Model<R>,
        sample: &Sample,
        decisions: &[Decision],
        history: Option<&History>,
    ) -> Result<Self> {
        // Of very many classes fewer rows: each has an output for every class.
        let most = (Sample::CELLS / model.network.outputs().max(1)).max(Sample::FEW).min(sample.table.len());
        let some: Vec<u32> =
            (0..).take(sample.table.len()).step_by(sample.table.len().div_ceil(most.max(1)).max(1)).collect();
        let table = &sample.table.some(&some);
        let rows: Vec<u32> = (0..).take(table.len()).collect();
        let data = model.encoder.transform_data(table, &rows, &mut Unseen::default())?;
        let fold: Option<Vec<u32>> =
            sample.fold.as_ref().map(|fold| some.iter().map(|&row| fold[row as usize]).collect());
        let asked = Asked { model, fold };
        let outputs = asked.outputs(data.x.view());
        let (answers, figures) = answers::found(model, &outputs, &data.y);
        let shuffling = columns::Shuffling::new(&asked, &data);
        let importance = shuffling.importance();
        let dependence = shuffling.dependence(table, &importance);
        let worst = answers::worst(model, table, &outputs, &data.y, &importance);
        Ok(Self {
            part: sample.part,
            rows: table.len(),
            of: sample.of,
            lines: rows.iter().map(|&row| table.line(row as usize)).collect(),
            sizes: model.network.sizes.clone(),
            figures,
            folds: model.trained.settings.folds,
            members: model.trained.members.clone(),
            calibration: model.trained.calibration,
            columns: sample.columns.iter().map(|column| fate(model, column)).collect(),
            decisions: decisions.to_vec(),
            losses: history.map_or_else(Vec::new, losses),
            answers,
            importance_rows: shuffling.rows(),
            importance,
            dependence,
            worst,
        })
    }
}

/// What became of a column.
fn fate<R: Real>(model: &Model<R>, (name, holds): &(String, Option<Summary>)) -> ColumnReport {
    let encoder = &model.encoder;
    let input = encoder.inputs.iter().find(|input| input.column == *name);
    let dropped = encoder.dropped.iter().find(|dropped| dropped.column == *name);
    let fate = match (input, dropped) {
        _ if encoder.answers.columns().contains(name) => "target".to_owned(),
        (Some(input), _) if input.coding.width() == 1 => "1 input".to_owned(),
        (Some(input), _) => format!("{} inputs", input.coding.width()),
        (None, Some(dropped)) => format!("left out: {}", dropped.reason),
        (None, None) => "left out".to_owned(),
    };
    ColumnReport { name: name.clone(), holds: holds.clone(), fate }
}

fn losses(history: &History) -> Vec<(&'static str, Vec<[f64; 2]>)> {
    let train = history.rows.iter().map(|row| [row.step as f64, row.loss]).collect();
    let watched = history.rows.iter().filter_map(|row| Some([row.step as f64, row.validation?.loss]));
    let all: [(_, Vec<_>); 2] = [("training", train), ("validation", watched.collect())];
    all.into_iter().filter(|(_, points)| !points.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::fit::Fit;
    use crate::optim::Solver;
    use crate::settings::Choices;
    use crate::table::Column;
    use crate::target::Target;
    use ndarray::Array2;

    /// `y = 3 a + b` of three columns, learnt exactly by a linear network.
    fn linear() -> (Model<f64>, Table) {
        let x = Array2::from_shape_fn((300, 3), |(i, j)| {
            let i = i as f64;
            [i.sin(), (1.7 * i).cos(), (2.9 * i + 1.0).sin()][j]
        });
        let y = Target::Values(Array2::from_shape_fn((300, 1), |(i, _)| 3.0 * x[[i, 0]] + x[[i, 1]]));
        let rows = Rows::arrays(x.view(), &y).unwrap();
        let table = rows.table.clone();
        let choices =
            Choices::new().hidden(vec![4]).activation(vec![Activation::Identity]).reg(0.0).test_size(0.0);
        let choices = choices.solver(Solver::Lbfgs).tolerance(0.0).steps(2000);
        (Fit::new(rows, &choices).unwrap().run(), table)
    }

    #[test]
    fn worth_and_dependence_are_those_of_scikit_learn() {
        let (model, table) = linear();
        let report = Report::new(&model, &Sample::of_table(&table), &[], None).unwrap();
        assert!(report.figures[0].1 > 1.0 - 1e-9, "{:?}", report.figures);
        // permutation_importance(LinearRegression().fit(X, y), X, y, n_repeats=2000): means and deviations.
        let expected = [("x0", 1.80564, 0.10291), ("x1", 0.20188, 0.01146), ("x2", 0.0, 0.0)];
        for (found, (column, mean, spread)) in report.importance.iter().zip(expected) {
            assert_eq!(found.column, column);
            // A mean of five is as uncertain as this.
            let error = 4.0 * spread / 5_f64.sqrt() + 1e-6;
            assert!((found.mean - mean).abs() < error, "{found:?}");
            assert!(found.spread < 2.5 * spread + 1e-6 && found.spread > 0.2 * spread - 1e-6, "{found:?}");
        }
        // partial_dependence(m, X, [0], method="brute") is 3 v + mean(b): -1.49786656 at -0.5, 2.25213344 at 0.75.
        let follows = &report.dependence[0];
        assert_eq!((follows.column.as_str(), follows.places.len()), ("x0", 20));
        for place in &follows.places {
            assert!((place.means[0] - (3.0 * place.at + 0.002_133_44)).abs() < 1e-6, "{place:?}");
        }
        assert!(follows.places[0].at > -1.0 && follows.places.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    #[test]
    fn of_many_classes_fewer_rows_are_looked_at() {
        let n = 4000;
        let class = |i: u32| format!("c{}", i % 2000);
        let columns = vec![
            ("a".to_owned(), Column::numbers((0..n).map(|i| f64::from(i % 97)))),
            ("y".to_owned(), Column::words((0..n).map(class).collect::<Vec<_>>().iter().map(String::as_str))),
        ];
        let table = Table::new(columns).unwrap();
        let choices = Choices::new().hidden(vec![2]).steps(1).test_size(0.0);
        let model = Fit::<f32>::new(Rows::table(table.clone(), &["y"]), &choices).unwrap().run();
        let report = Report::new(&model, &Sample::of_table(&table), &[], None).unwrap();
        assert_eq!((report.rows, report.of), (1000, 4000));
    }

    #[test]
    fn the_sample_is_bounded_and_keeps_its_lines() {
        let n = 25_000;
        let table = Table::new(vec![("a".into(), Column::numbers((0..n).map(f64::from)))]).unwrap();
        let sample = Sample::of_table(&table.with_lines(vec![(0, 2)]));
        assert_eq!((sample.table.len(), sample.of, sample.all_rows()), (Sample::ROWS, 25_000, 25_000));
        let Column::Numbers(numbers) = &sample.table.columns()[0].1 else { panic!() };
        for row in [0, 1, 777, Sample::ROWS - 1] {
            assert_eq!(numbers.get(row) + 2.0, sample.table.line(row) as f64);
        }
        // Over the whole table.
        let last = numbers.get(Sample::ROWS - 1);
        assert!(last > 24_900.0 && (numbers.get(Sample::ROWS / 2) - 12_500.0).abs() < 500.0, "{last}");
    }
}
