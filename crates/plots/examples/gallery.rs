//! Draws one of each picture into a folder, and says how long it took:
//! `cargo run --release -p clearprop-plots --example gallery -- FOLDER`.

use std::time::Instant;

use clearprop_plots::{
    Grid, Panel, Picture, Points, Series, Target, boundary_picture, data_picture, loss_picture,
};
use ndarray::{Array2, ArrayView2};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    std::fs::create_dir_all(&folder)?;
    for k in [2, 3, 4, 6, 8, 20] {
        spirals(&folder, k)?;
    }
    values(&folder)?;
    curves(&folder)
}

fn save(folder: &str, name: &str, draw: impl FnOnce() -> clearprop::error::Result<Picture>) -> Outcome {
    let start = Instant::now();
    let picture = draw()?;
    let drawn = start.elapsed();
    let png = picture.png(2.0)?;
    let all = start.elapsed();
    let line = format!(
        "{name:12} drawn {drawn:>8.1?}, with PNG {all:>8.1?}; SVG {} B, PNG {} B\n",
        picture.svg().len(),
        png.len()
    );
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
    std::fs::write(format!("{folder}/{name}.svg"), picture.svg())?;
    std::fs::write(format!("{folder}/{name}.png"), png)?;
    Ok(())
}

/// Some noise that needs no generator.
fn noise(i: usize) -> f64 {
    let rough = |i: f64| ((i * 12.9898).sin() * 43_758.545_3).fract();
    rough(i as f64) + rough(i as f64 + 0.5)
}

/// The angle that the notebook's spiral arms have at radius `r`, in arms.
fn arm(x: f64, y: f64, k: usize) -> f64 {
    let (r, angle) = (x.hypot(y), x.atan2(y));
    let turn = 8.0 * r;
    ((angle - turn) / std::f64::consts::TAU * k as f64).rem_euclid(k as f64)
}

fn spirals(folder: &str, k: usize) -> Outcome {
    let per_class = 900 / k;
    let mut x = Array2::zeros((per_class * k, 2));
    let mut labels = Vec::new();
    for (row, mut point) in x.rows_mut().into_iter().enumerate() {
        let (class, i) = (row / per_class, row % per_class);
        let r = i as f64 / (per_class - 1) as f64;
        let angle = 8.0 * r + class as f64 / k as f64 * std::f64::consts::TAU + 0.2 * noise(row);
        point[0] = r * angle.sin();
        point[1] = r * angle.cos();
        labels.push(class);
    }
    let names: Vec<String> = (0..k).map(|class| format!("class {class}")).collect();
    let target = Target::Classes { labels: &labels, names: &names };
    let points = Points::new(x.view(), target, ["x1", "x2"])?;
    let grid = Grid::around(&points, 300);
    let scores = at_nodes(grid.nodes().view(), k, |x, y, class| {
        let distance = (arm(x, y, k) - class as f64).abs();
        -distance.min(k as f64 - distance) + 0.03 * (7.0 * x).sin()
    });
    save(folder, &format!("data_{k}"), || data_picture(&points, "Spirals: 900 points"))?;
    save(folder, &format!("boundary_{k}"), || {
        boundary_picture(&points, &grid, scores.view(), "Decision boundary", "test accuracy 0.997")
    })
}

fn at_nodes(nodes: ArrayView2<'_, f64>, k: usize, score: impl Fn(f64, f64, usize) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((nodes.nrows(), k), |(node, class)| {
        score(nodes[[node, 0]], nodes[[node, 1]], class)
    })
}

fn values(folder: &str) -> Outcome {
    let x = Array2::from_shape_fn((300, 2), |(i, column)| 3.0 * noise(2 * i + column + 7));
    let truth = |x: f64, y: f64| 20.0 + 5.0 * (x.sin() + (y * 0.8).cos() * x * 0.5);
    let values: Vec<f64> =
        x.rows().into_iter().enumerate().map(|(i, p)| truth(p[0], p[1]) + noise(i)).collect();
    let points =
        Points::new(x.view(), Target::Values { values: &values, name: "price" }, ["width", "height"])?;
    let grid = Grid::around(&points, 200);
    let scores = at_nodes(grid.nodes().view(), 1, |x, y, _| truth(x, y));
    save(folder, "values", || data_picture(&points, "Prices"))?;
    save(folder, "contours", || {
        boundary_picture(&points, &grid, scores.view(), "Predicted price", "R² 0.981")
    })
}

fn curves(folder: &str) -> Outcome {
    let steps: Vec<f64> = (0..=5000).map(f64::from).collect();
    let loss = |rate: f64, floor: f64| -> Vec<f64> {
        steps.iter().enumerate().map(|(i, s)| floor + 0.75 * (-s * rate).exp() + 0.004 * noise(i)).collect()
    };
    let (train, validation) = (loss(1e-3, 0.3), loss(9e-4, 0.36));
    let share = |losses: &[f64]| -> Vec<f64> {
        losses.iter().map(|loss| 1.15 - 0.55 * loss).map(|a| a.min(1.0)).collect()
    };
    let (right, right_too) = (share(&train), share(&validation));
    let series = |name, panel, values| Series { name, panel, steps: &steps, values };
    let losses =
        [series("train", Panel::Loss, &train[..]), series("validation", Panel::Loss, &validation[..])];
    let shares =
        [series("train", Panel::Accuracy, &right[..]), series("validation", Panel::Accuracy, &right_too[..])];
    save(folder, "loss_alone", || loss_picture(&losses[..1], "Loss"))?;
    save(folder, "loss", || loss_picture(&[losses, shares].concat(), "Training"))?;
    let jump: Vec<f64> = train
        .iter()
        .enumerate()
        .map(|(i, l)| if i < 40 { l + 9.0 * (-(i as f64 - 4.0).abs() / 9.0).exp() } else { l - 0.1 })
        .collect();
    save(folder, "loss_log", || loss_picture(&[series("train", Panel::Loss, &jump[..])], "Loss"))
}
