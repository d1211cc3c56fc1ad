//! What a column is worth to a model, and how its answer follows the column.
//!
//! - **Permutation importance** (Breiman 2001; scikit-learn's `permutation_importance`): by how much the score
//!   falls when the column's values are dealt out anew among the rows, so that they are as before and say nothing
//!   of their row.  Repeated [`REPEATS`] times: the mean, and the standard deviation over the repeats.
//! - **Partial dependence** (Friedman 2001; scikit-learn's `partial_dependence`, `method="brute"`): the mean
//!   prediction over the rows if all had one value in the column, `mean_i f(v, rest of row i)`, for values v
//!   that rows have.

use super::asked::Asked;
use crate::data::Data;
use crate::metrics::score;
use crate::params;
use crate::random::{Purpose, generator};
use crate::real::Real;
use crate::table::{Column, Table};
use crate::target::{Target, TargetKind};
use ndarray::{Array2, Axis, s};
use rand::seq::SliceRandom;
use serde::Serialize;
use std::ops::Range;

/// How often a column is dealt out anew.
const REPEATS: usize = 5;
/// Multiplications that may be spent on either of both.
const WORK: usize = 1_500_000_000;
/// Fewer rows would say little.
const FEW: usize = 200;
/// So many columns are followed, at so many values, for so many outputs.
const FOLLOWED: usize = 4;
const VALUES: usize = 20;
const OUTPUTS: usize = 6;

/// What a column is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worth {
    /// The column.
    pub column: String,
    /// By how much the score falls without it: the mean over the repeats,
    pub mean: f64,
    /// and their standard deviation.
    pub spread: f64,
}

/// How the answer follows a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependence {
    /// The column.
    pub column: String,
    /// Whether it holds words, which have no order.
    pub words: bool,
    /// What is followed: the probability of a class or label, or a number.
    pub outputs: Vec<String>,
    /// The values of the column, in order.
    pub places: Vec<Place>,
}

/// A value of a column, and the mean prediction if all rows had it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// The value as the table writes it.
    pub text: String,
    /// Where it stands on an axis: the number, the date in years, or a number for a word.
    pub at: f64,
    /// For each output.
    pub means: Vec<f64>,
}

/// A model and the rows in which columns are changed.
pub(super) struct Shuffling<'a, R> {
    asked: Asked<'a, R>,
    data: Data<R>,
    /// The columns that are looked at, with their inputs.
    columns: Vec<(&'a str, Range<usize>)>,
    /// All rows, of which `data` may be the first ones.
    all: &'a Data<R>,
}

impl<'a, R: Real> Shuffling<'a, R> {
    pub(super) fn new(asked: &Asked<'a, R>, all: &'a Data<R>) -> Self {
        let model = asked.model;
        let mut columns = Vec::new();
        let mut first = 0;
        for input in &model.encoder.inputs {
            let inputs = first..first + input.coding.width();
            first = inputs.end;
            columns.push((input.column.as_str(), inputs));
        }
        // A row of a fold is asked of one member.
        let asks = if asked.fold.is_some() { 1 } else { model.members.len() };
        let row = (params::count(&model.network.sizes) * asks).max(1);
        // Of a very wide table, only the columns that move the first layer most.
        let most = (WORK / (row * REPEATS * FEW)).max(FOLLOWED);
        if columns.len() > most {
            let moves = |inputs: &Range<usize>| {
                let x = all.x.slice(s![.., inputs.clone()]).mapv(R::f64);
                let w = model.members[0].w(1);
                let size = |j: usize| w.row(inputs.start + j).iter().map(|w| w.f64().powi(2)).sum::<f64>();
                x.var_axis(Axis(0), 0.0).iter().enumerate().map(|(j, var)| var * size(j)).sum::<f64>()
            };
            let mut order: Vec<(f64, usize)> =
                columns.iter().map(|(_, inputs)| moves(inputs)).zip(0..).collect();
            order.sort_by(|a, b| b.0.total_cmp(&a.0));
            order.truncate(most);
            let mut kept: Vec<usize> = order.into_iter().map(|(_, i)| i).collect();
            kept.sort_unstable();
            columns = kept.into_iter().map(|i| columns[i].clone()).collect();
        }
        let rows = (WORK / (row * REPEATS * columns.len().max(1))).max(FEW).min(all.len());
        // The rows of a sample are in the file's order, which may be that of the answers.
        let chosen: Vec<u32> =
            (0..rows).map(|i| u32::try_from(i * all.len() / rows.max(1)).unwrap_or(0)).collect();
        Self { asked: asked.some(&chosen), data: all.select(&chosen), columns, all }
    }

    /// How many rows are looked at.
    pub(super) fn rows(&self) -> usize {
        self.data.len()
    }

    fn outputs(&self, x: &Array2<R>) -> Array2<R> {
        self.asked.outputs(x.view())
    }

    fn score(&self, x: &Array2<R>) -> f64 {
        score(self.asked.model.network.loss, self.outputs(x).view(), &self.data.y)
    }

    /// What each column is worth, the dearest first.
    pub(super) fn importance(&self) -> Vec<Worth> {
        let whole = self.score(&self.data.x);
        let mut random = generator(self.asked.model.trained.settings.seed, Purpose::Report);
        let mut order: Vec<usize> = (0..self.data.len()).collect();
        let mut x = self.data.x.clone();
        let worth = |(column, inputs): &(&str, Range<usize>)| {
            let original = self.data.x.slice(s![.., inputs.clone()]);
            let losses: [f64; REPEATS] = std::array::from_fn(|_| {
                order.shuffle(&mut random);
                x.slice_mut(s![.., inputs.clone()]).assign(&original.select(Axis(0), &order));
                whole - self.score(&x)
            });
            x.slice_mut(s![.., inputs.clone()]).assign(&original);
            let mean = losses.iter().sum::<f64>() / REPEATS as f64;
            let spread =
                (losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / REPEATS as f64).sqrt();
            Worth { column: (*column).to_owned(), mean, spread }
        };
        let mut worths: Vec<Worth> = self.columns.iter().map(worth).collect();
        worths.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        worths
    }

    /// How the answer follows the dearest columns.
    pub(super) fn dependence(&self, table: &Table, importance: &[Worth]) -> Vec<Dependence> {
        let (named, outputs) = self.followed();
        let mut x = self.data.x.clone();
        let follow = |worth: &Worth| {
            let column = table.get(&worth.column)?;
            let (_, inputs) = self.columns.iter().find(|(name, _)| *name == worth.column)?;
            let places = places(column);
            let at = |(row, at): &(usize, f64)| {
                let value = self.all.x.slice(s![*row, inputs.clone()]);
                x.slice_mut(s![.., inputs.clone()])
                    .rows_mut()
                    .into_iter()
                    .for_each(|mut row| row.assign(&value));
                // Of very many outputs few are followed; of numbers the first ones.
                let mut found = self.outputs(&x).select(Axis(1), &outputs).mapv(R::f64);
                self.asked.model.encoder.answers.decode(&mut found);
                let means = found.mean_axis(Axis(0)).unwrap_or_default().to_vec();
                Place { text: column.text(*row), at: *at, means }
            };
            let places: Vec<Place> = places.iter().map(at).collect();
            x.slice_mut(s![.., inputs.clone()]).assign(&self.data.x.slice(s![.., inputs.clone()]));
            let words = matches!(column, Column::Words(_));
            (places.len() > 1).then(|| Dependence {
                column: worth.column.clone(),
                words,
                outputs: named.clone(),
                places,
            })
        };
        importance.iter().take(FOLLOWED).filter_map(follow).collect()
    }

    /// The outputs that are followed: of two classes the second, of many the most frequent.
    fn followed(&self) -> (Vec<String>, Vec<usize>) {
        let names = self.asked.model.encoder.answers.names();
        let mut outputs: Vec<usize> = (0..names.len()).collect();
        if let Target::Classes(y) = &self.data.y {
            let mut rows = vec![0usize; names.len()];
            y.iter().for_each(|&class| rows[class as usize] += 1);
            outputs.sort_by_key(|&class| std::cmp::Reverse(rows[class]));
            if names.len() == 2 {
                outputs = vec![1];
            }
        }
        outputs.truncate(OUTPUTS);
        outputs.sort_unstable();
        let probability = self.asked.model.network.loss.takes() != TargetKind::Numbers
            && self.asked.model.network.loss.takes() != TargetKind::Counts
            && !self.asked.model.network.loss.outputs_are_logits();
        let name = |&j: &usize| match probability {
            true => format!("probability of {}", names[j]),
            false => names[j].clone(),
        };
        (outputs.iter().map(name).collect(), outputs)
    }
}

/// Rows whose values stand for the column's, with their places on an axis: of numbers and dates evenly from the
/// lowest twentieth to the highest, of words the most frequent.
fn places(column: &Column) -> Vec<(usize, f64)> {
    const YEAR: f64 = 31_556_952.0;
    let rows = (0..column.len()).filter(|&row| !column.is_missing(row));
    let value: Box<dyn Fn(usize) -> f64> = match column {
        Column::Numbers(numbers) => Box::new(|row| numbers.get(row)),
        Column::Dates(dates) => Box::new(|row| 1970.0 + dates.get(row) / YEAR),
        Column::Words(words) => {
            let counts = words.counts();
            let mut order: Vec<usize> = (0..counts.len()).filter(|&code| counts[code] > 0).collect();
            order.sort_by_key(|&code| (std::cmp::Reverse(counts[code]), code));
            let first = |code: usize| words.codes().iter().position(|&known| known as usize == code);
            let rows = order.into_iter().take(VALUES).filter_map(first);
            return rows.zip(0..).map(|(row, at)| (row, f64::from(at))).collect();
        }
    };
    let mut sorted: Vec<(usize, f64)> = rows.map(|row| (row, value(row))).collect();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut distinct = sorted.clone();
    distinct.dedup_by(|a, b| a.1 == b.1);
    if distinct.len() <= VALUES {
        return distinct;
    }
    let last = (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the last place"
    )]
    let place = |i: usize| (last * (0.05 + 0.9 * i as f64 / (VALUES - 1) as f64)).round() as usize;
    let mut chosen: Vec<(usize, f64)> = (0..VALUES).map(|i| sorted[place(i)]).collect();
    chosen.dedup_by(|a, b| a.1 == b.1);
    chosen
}
