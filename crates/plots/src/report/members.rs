//! The members of a model: how each did on its fold, and what the temperature of their probabilities is worth.

use super::parts::{counted, heading, number, rows};
use crate::page::table;
use clearprop::metrics::{Calibration, mean_and_spread};
use clearprop::report::Report;
use std::fmt::Write;

pub(super) fn members(body: &mut String, report: &Report) {
    let score = report.figures.first().map_or("score", |(name, _)| name);
    let scores: Vec<f64> = report.members.iter().filter_map(|member| member.score).collect();
    if !scores.is_empty() {
        let (mean, spread) = mean_and_spread(&scores);
        heading(
            body,
            "The folds",
            &format!(
                "Each row was in one fold, and was predicted by the member that the other folds trained. The model is \
                 the mean of all members. The mean {score} of the folds is {}, its standard deviation {}.",
                number(mean),
                number(spread)
            ),
        );
        let mut text = format!(
            "<thead><tr><th scope=\"col\">fold</th><th scope=\"col\">{score}</th><th scope=\"col\">rows of the other \
             folds</th><th scope=\"col\">steps</th></tr></thead><tbody>"
        );
        let folds = report.folds.unwrap_or(scores.len()).max(1);
        for (i, member) in (1..=folds).cycle().zip(&report.members) {
            let _ = write!(
                text,
                "<tr><th scope=\"row\">{i}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
                member.score.map_or_else(String::new, number),
                counted(member.rows),
                member.steps
            );
        }
        text.push_str("</tbody>");
        body.push_str(&table("score of each fold", &text));
    }
    if let Some(calibration) = &report.calibration {
        calibrated(body, calibration);
    }
}

fn calibrated(body: &mut String, calibration: &Calibration) {
    let Calibration { temperature, rows: n, before, after } = calibration;
    heading(
        body,
        "The temperature of the probabilities",
        &format!(
            "All logits are divided by {}, so that probabilities can be taken at their word. Found and measured on {}, \
             each by the networks that have not learnt from it; the calibration error is how far the curve of the probabilities is from its \
             diagonal.",
            number(*temperature),
            rows(*n)
        ),
    );
    let mut text =
        "<thead><tr><th class=\"text\" scope=\"col\"></th><th scope=\"col\">log loss</th><th scope=\"col\">\
                    calibration error</th></tr></thead><tbody>"
            .to_owned();
    for (name, trust) in [("before", before), ("after", after)] {
        let _ = write!(
            text,
            "<tr><th class=\"text\" scope=\"row\">{name}</th><td>{}</td><td>{}</td></tr>",
            number(trust.log_loss),
            number(trust.calibration_error)
        );
    }
    text.push_str("</tbody>");
    body.push_str(&table("log loss and calibration error", &text));
}
