//! The pictures of a run or of a model: what is drawn; how is the business of `plots`.

use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{History, Row};
use clearprop::loss::Loss;
use clearprop::metrics::score_name;
use clearprop::model::Model;
use clearprop::real::Real;
use clearprop::table::{Coding, Column, Encoder, Table, Unseen};
use clearprop::target::Target as Answer;
use clearprop_files::foreign::foreign;
use clearprop_plots::{
    Grid, Panel, Picture, Points, Series, Target, boundary_picture, data_picture, loss_picture,
};
use ndarray::Array2;
use std::thread;

/// Pixels of a PNG a unit of the drawing: sharp on any screen.
pub(crate) const SHARP: f64 = 2.0;

/// So many classes can be told apart by their colours at most.
const MOST_CLASSES: usize = 50;

/// A picture's bytes, if there is something to draw.
type Drawn = Result<Option<Vec<u8>>>;

/// `data.png`, `boundary.png` (both only for two number columns) and `loss.png`: at once if the system starts
/// threads, else one after the other.
pub(crate) fn of_run<R: Real>(model: &Model<R>, history: &History, plane: Option<&Plane>) -> [Drawn; 3] {
    let png = |picture: Result<Picture>| picture?.png(SHARP).map(Some);
    let data = || plane.map_or(Ok(None), |plane| png(plane.data("The data")));
    let boundary = || plane.map_or(Ok(None), |plane| png(plane.boundary(model, "What the network learnt")));
    let loss = || png(loss(history, score_name(model.network.loss)));
    thread::scope(|scope| {
        let data = Drawing::begin(scope, &data);
        let boundary = Drawing::begin(scope, &boundary);
        let loss = whole(loss);
        [data.end(), boundary.end(), loss]
    })
}

/// A picture that a thread of its own draws, or nobody yet.
enum Drawing<'scope, F> {
    Begun(thread::ScopedJoinHandle<'scope, Drawn>),
    Later(&'scope F),
}

impl<'scope, F: Fn() -> Drawn + Sync> Drawing<'scope, F> {
    fn begin(scope: &'scope thread::Scope<'scope, '_>, draw: &'scope F) -> Self {
        match thread::Builder::new().spawn_scoped(scope, move || whole(draw)) {
            Ok(begun) => Self::Begun(begun),
            Err(_) => Self::Later(draw),
        }
    }

    fn end(self) -> Drawn {
        match self {
            Self::Begun(begun) => begun.join().unwrap_or_else(|_| Err(failed())),
            Self::Later(draw) => whole(draw),
        }
    }
}

/// What is drawn, or an error if the drawing crates panic.
fn whole(draw: impl Fn() -> Drawn) -> Drawn {
    foreign(draw).unwrap_or_else(|| Err(failed()))
}

fn failed() -> Error {
    Error::new(ErrorKind::Data, "the drawing failed")
}

/// Rows of two number columns, in the unit of the table, with their answers.
pub(crate) struct Plane {
    columns: [String; 2],
    x: Array2<f64>,
    labels: Vec<usize>,
    values: Vec<f64>,
    names: Vec<String>,
    classes: bool,
}

impl Plane {
    /// `None` if the model has not two number columns, more than one output that is no class, or more classes than
    /// there are colours.
    pub(crate) fn of(encoder: &Encoder, table: &Table) -> Result<Option<Self>> {
        let [a, b] = encoder.inputs.as_slice() else { return Ok(None) };
        let numbers = [a, b].iter().all(|input| matches!(input.coding, Coding::Number { .. }));
        let columns = [a.column.clone(), b.column.clone()];
        let (Column::Numbers(first), Column::Numbers(second)) =
            (table.column(&columns[0])?, table.column(&columns[1])?)
        else {
            return Ok(None);
        };
        // What is missing has no place in the plane.
        let rows: Vec<u32> = (0..u32::try_from(table.len()).unwrap_or(u32::MAX))
            .filter(|&row| !first.get(row as usize).is_nan() && !second.get(row as usize).is_nan())
            .collect();
        let answers = encoder.transform_answers::<f64>(table, &rows)?;
        let names = encoder.answers.names().to_vec();
        if names.len() > MOST_CLASSES {
            return Ok(None);
        }
        let (labels, values, classes) = match answers {
            Answer::Classes(y) => (y.iter().map(|&class| class as usize).collect(), Vec::new(), true),
            Answer::Values(mut y) if y.ncols() == 1 && encoder.answers.loss() != Loss::Logistic => {
                encoder.answers.decode(&mut y);
                (Vec::new(), y.column(0).to_vec(), false)
            }
            Answer::Values(_) => return Ok(None),
        };
        if !numbers || rows.is_empty() {
            return Ok(None);
        }
        let x = Array2::from_shape_fn((rows.len(), 2), |(i, j)| [first, second][j].get(rows[i] as usize));
        Ok(Some(Self { columns, x, labels, values, names, classes }))
    }

    fn points(&self) -> Result<Points<'_>> {
        let target = match self.classes {
            true => Target::Classes { labels: &self.labels, names: &self.names },
            false => Target::Values { values: &self.values, name: &self.names[0] },
        };
        Points::new(self.x.view(), target, [&self.columns[0], &self.columns[1]])
    }

    /// The points alone.
    pub(crate) fn data(&self, title: &str) -> Result<Picture> {
        data_picture(&self.points()?, title)
    }

    /// The points over what the model says about every place.
    pub(crate) fn boundary<R: Real>(&self, model: &Model<R>, title: &str) -> Result<Picture> {
        let points = self.points()?;
        let grid = Grid::around(&points, Grid::CELLS);
        let nodes = grid.nodes();
        let column = |j: usize| Column::numbers(nodes.column(j).iter().copied());
        let places =
            Table::new(vec![(self.columns[0].clone(), column(0)), (self.columns[1].clone(), column(1))])?;
        let rows: Vec<u32> = (0..).take(places.len()).collect();
        let x = model.encoder.transform::<R>(&places, &rows, &mut Unseen::default())?;
        let mut scores = model.logits(x.view()).mapv(R::f64);
        model.encoder.answers.decode(&mut scores);
        let note = match model.trained.test_score {
            Some(score) => format!("test {} {score:.3}", score_name(model.network.loss)),
            None => String::new(),
        };
        boundary_picture(&points, &grid, scores.view(), title, &note)
    }
}

/// Loss and accuracy over the steps.
pub(crate) fn loss(history: &History, score: &str) -> Result<Picture> {
    let rows = &history.rows;
    let column = |value: &dyn Fn(&Row) -> Option<f64>| -> (Vec<f64>, Vec<f64>) {
        rows.iter().filter_map(|row| Some((row.step as f64, value(row)?))).unzip()
    };
    let accuracy = if score == "accuracy" { Some(Panel::Accuracy) } else { None };
    let curves = [
        ("train", Some(Panel::Loss), column(&|row| Some(row.loss))),
        ("validation", Some(Panel::Loss), column(&|row| row.validation.map(|v| v.loss))),
        ("train", accuracy, column(&|row| row.train_score)),
        ("validation", accuracy, column(&|row| row.validation.map(|v| v.score))),
    ];
    let series: Vec<Series<'_>> = curves
        .iter()
        .filter(|(_, _, (steps, _))| !steps.is_empty())
        .filter_map(|(name, panel, (steps, values))| Some(Series { name, panel: (*panel)?, steps, values }))
        .collect();
    loss_picture(&series, "Loss while training")
}
