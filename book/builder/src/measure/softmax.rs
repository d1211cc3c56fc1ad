//! Softmax with and without the maximum subtracted, and with one maximum for the whole batch.

use super::measured::Measured;
use clearprop::error::Result;
use clearprop::loss::Loss;
use clearprop::target::Target;
use ndarray::{Array2, Axis, array};
use std::fmt::Write;

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    m.set("softmax.most_f64", f64::MAX.ln());
    m.set("softmax.most_f32", f64::from(f32::MAX.ln()));
    m.set("softmax.least_f64", f64::from_bits(1).ln());

    let logits = array![[2.0, 1.0, -1.0], [1002.0, 1001.0, 999.0], [-998.0, -999.0, -1001.0]];
    let right = Loss::Softmax.outputs(&logits);
    let naive = normalised(logits.mapv(f64::exp));
    let largest = logits.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
    let one_maximum = normalised(logits.mapv(|z| (z - largest).exp()));
    let mut table = "<table><thead><tr><th>logits of a row</th><th>exp at once</th>\
                     <th>one maximum for the batch</th><th>each row's own</th></tr></thead>"
        .to_owned();
    for i in 0..logits.nrows() {
        table.push_str("<tr>");
        let _ = write!(table, "<td>{}</td>", row(&logits, i, 0));
        for probs in [&naive, &one_maximum, &right] {
            let _ = write!(table, "<td>{}</td>", row(probs, i, 3));
        }
        table.push_str("</tr>");
    }
    m.show("softmax.three_ways", format!("<div class=\"wide\">{table}</table></div>"));
    m.set("softmax.shift", (&right.row(0) - &right.row(1)).fold(0.0, |m: f64, d| m.max(d.abs())));

    // A probability that rounds to 0 has no logarithm; the loss from the logits has.
    let far = array![[800.0, 0.0]];
    m.set("softmax.far_prob", Loss::Softmax.outputs(&far)[[0, 1]]);
    m.set("softmax.far_loss", Loss::Softmax.data_loss(&far, &Target::Classes(array![1])));
    Ok(())
}

fn normalised(e: Array2<f64>) -> Array2<f64> {
    let sums = e.sum_axis(Axis(1)).insert_axis(Axis(1));
    e / sums
}

fn row(values: &Array2<f64>, i: usize, decimals: usize) -> String {
    let text: Vec<String> = values.row(i).iter().map(|v| format!("{v:.decimals$}")).collect();
    text.join(", ").replace('-', "&minus;")
}
