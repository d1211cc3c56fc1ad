//! How good the answers are.

use super::parts::{SHOWN, figure, heading, number};
use crate::chart::{Chart, Layer};
use crate::page::{escaped, table};
use clearprop::metrics::{Bin, ClassFigures, Point};
use clearprop::report::{Found, Ranked, Report};
use std::fmt::Write;

/// A matrix of more classes does not fit a page.
const CLASSES: usize = 20;

pub(super) fn answers(body: &mut String, report: &Report) {
    match &report.answers {
        Found::Classes { names, confusion, figures, calibration, second } => {
            if !confusion.is_empty() && names.len() <= CLASSES {
                heading(
                    body,
                    "Who is taken for whom",
                    "A row for each class, a column for what its rows are called. Framed: called right.",
                );
                matrix(body, names, confusion);
            }
            each_class(body, "class", names, figures);
            let of = match names.as_slice() {
                [_, second] => format!("the probability of {second}"),
                _ => "the probability of the class a row is called".to_owned(),
            };
            heading(body, "How far the probabilities can be trusted", "");
            body.push_str("<div class=\"charts\">\n");
            calibrated(body, calibration, &of);
            if let (Some(Ranked { roc, precision_recall, areas }), [_, name]) = (second, names.as_slice()) {
                let points = |points: &[Point]| points.iter().map(|p| [p.x, p.y]).collect::<Vec<_>>();
                let share = areas.average_precision;
                curve(
                    body,
                    (
                        "ROC curve",
                        &format!(
                            "Each threshold for calling a row {name}. The area is {:.3}; 0.5 is what chance gives, on the dashed line.",
                            areas.roc_auc
                        ),
                    ),
                    ["share of false alarms", "share found"],
                    points(roc),
                    Some(([0.0, 0.0], [1.0, 1.0])),
                );
                curve(
                    body,
                    (
                        "Precision and recall",
                        &format!(
                            "Of the rows called {name}, the share that are, against the share of all such rows that is found. The average precision is {share:.3}."
                        ),
                    ),
                    ["share found (recall)", "share right (precision)"],
                    points(precision_recall),
                    None,
                );
            }
            body.push_str("</div>\n");
        }
        Found::Labels { names, figures, calibration } => {
            heading(body, "Each label by itself", "");
            each_class(body, "label", names, figures);
            heading(body, "How far the probabilities can be trusted", "");
            body.push_str("<div class=\"charts\">\n");
            calibrated(body, calibration, "the probability of a label");
            body.push_str("</div>\n");
        }
        Found::Numbers { names, pairs } => {
            heading(body, "Predicted against true", "On the dashed line a prediction is right.");
            body.push_str("<div class=\"charts\">\n");
            for (name, pairs) in names.iter().zip(pairs).take(4) {
                predicted(body, name, pairs);
            }
            body.push_str("</div>\n");
        }
        _ => {}
    }
}

/// Numbers as dots, and what is left over.
fn predicted(body: &mut String, name: &str, pairs: &[[f64; 2]]) {
    let turned: Vec<[f64; 2]> = pairs.iter().map(|&[predicted, is]| [is, predicted]).collect();
    let ends = pairs.iter().flatten().filter(|v| v.is_finite());
    let ends = ends.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &v| [a.min(v), b.max(v)]);
    let room = (0.04 * (ends[1] - ends[0])).max(1e-9);
    let ends = [ends[0] - room, ends[1] + room];
    if !ends.iter().all(|v| v.is_finite()) {
        return;
    }
    let ideal = Layer::Ideal("right", [ends[0]; 2], [ends[1]; 2]);
    let chart = Chart {
        name: format!("{name}: predicted against true, {} rows", pairs.len()),
        axes: ["true", "predicted"],
        ends: [Some(ends), Some(ends)],
        log: false,
        layers: vec![ideal, Layer::Dots(turned)],
    };
    figure(body, name, &chart.svg(), "Each dot is a row.");
    let said = pairs.iter().map(|pair| pair[0]).filter(|v| v.is_finite());
    let said = said.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)]);
    let left: Vec<[f64; 2]> = pairs.iter().map(|&[predicted, is]| [predicted, predicted - is]).collect();
    let chart = Chart {
        name: format!("{name}: residuals against predictions"),
        axes: ["predicted", "predicted − true"],
        ends: [None, None],
        log: false,
        layers: vec![Layer::Ideal("right", [said[0], 0.0], [said[1], 0.0]), Layer::Dots(left)],
    };
    figure(
        body,
        &format!("{name}: residuals"),
        &chart.svg(),
        "A pattern here is something that the network has not learnt.",
    );
}

fn matrix(body: &mut String, names: &[String], confusion: &[Vec<u64>]) {
    let mut rows = "<thead><tr><th class=\"text\" scope=\"col\">is \\ called</th>".to_owned();
    for name in names {
        let _ = write!(rows, "<th scope=\"col\">{}</th>", escaped(name));
    }
    rows.push_str("</tr></thead><tbody>");
    for (i, (name, row)) in names.iter().zip(confusion).enumerate() {
        let all = row.iter().sum::<u64>().max(1) as f64;
        let _ = write!(rows, "<tr><th class=\"text\" scope=\"row\">{}</th>", escaped(name));
        for (j, &count) in row.iter().enumerate() {
            let right = if i == j { " right" } else { "" };
            let share = count as f64 / all;
            let _ = write!(rows, "<td class=\"cell{right}\" style=\"--share:{share:.2}\">{count}</td>");
        }
        rows.push_str("</tr>");
    }
    rows.push_str("</tbody>");
    body.push_str(&table("confusion matrix", &rows));
}

fn each_class(body: &mut String, what: &str, names: &[String], figures: &[ClassFigures]) {
    let mut rows = format!("<thead><tr><th class=\"text\" scope=\"col\">{what}</th>");
    rows.push_str("<th scope=\"col\">precision</th><th scope=\"col\">recall</th><th scope=\"col\">F1</th><th scope=\"col\">rows</th></tr></thead><tbody>");
    for (name, f) in names.iter().zip(figures).take(SHOWN) {
        let _ = write!(rows, "<tr><th class=\"text\" scope=\"row\">{}</th>", escaped(name));
        for share in [f.precision, f.recall, f.f1] {
            let _ = write!(rows, "<td>{}</td>", number(share));
        }
        let _ = write!(rows, "<td>{}</td></tr>", f.rows);
    }
    rows.push_str("</tbody>");
    body.push_str(&table("figures of each class", &rows));
}

fn calibrated(body: &mut String, bins: &[Bin], of: &str) {
    if bins.is_empty() {
        body.push_str("<p>The outputs are scores, no probabilities.</p>\n");
        return;
    }
    let points = bins.iter().map(|bin| [bin.score, bin.share]).collect();
    let chart = Chart {
        name: format!("calibration: {of} against how often it is so"),
        axes: ["probability given", "share that is so"],
        ends: [Some([0.0, 1.0]), Some([-0.02, 1.02])],
        log: false,
        layers: vec![Layer::Ideal("right", [0.0, 0.0], [1.0, 1.0]), Layer::Dotted("model", points)],
    };
    let rows: Vec<String> =
        bins.iter().map(|bin| format!("{:.2} → {:.2} ({})", bin.score, bin.share, bin.rows)).collect();
    let caption = format!(
        "Rows in ten groups by {}: what the model gives, and the share where it is so. Below the dashed \
         line the model is too sure.<details><summary>probability given → share (rows)</summary>{}</details>",
        escaped(of),
        rows.join("; ")
    );
    figure(body, "Calibration", &chart.svg(), &caption);
}

fn curve(
    body: &mut String,
    (title, caption): (&str, &str),
    axes: [&str; 2],
    points: Vec<[f64; 2]>,
    chance: Option<([f64; 2], [f64; 2])>,
) {
    if points.is_empty() {
        return;
    }
    let mut layers: Vec<Layer<'_>> =
        chance.map(|(from, to)| Layer::Ideal("chance", from, to)).into_iter().collect();
    layers.push(Layer::Curve("model", points));
    let ends = [Some([0.0, 1.0]), Some([-0.02, 1.02])];
    let chart = Chart { name: title.to_owned(), axes, ends, log: false, layers };
    figure(body, title, &chart.svg(), &escaped(caption));
}
