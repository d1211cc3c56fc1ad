//! Matrices as small tables, with marks on the numbers that are wrong.

use ndarray::Array2;
use std::fmt::Write;

/// A matrix with a caption; numbers that differ from those of `right` are marked.
pub(crate) fn panel(caption: &str, values: &Array2<f64>, right: Option<&Array2<f64>>) -> String {
    let mut out = format!("<figure><figcaption>{caption}</figcaption><table class=\"matrix\">");
    let most =
        |values: &Array2<f64>| values.iter().filter(|v| v.is_finite()).fold(0.0, |m: f64, v| m.max(v.abs()));
    let largest = most(values);
    // What is left of a sum that is zero but for rounding is shown as the zero that it is.
    let noise = 1e-14 * largest.max(right.map_or(0.0, most));
    for (i, row) in values.rows().into_iter().enumerate() {
        out.push_str("<tr>");
        for (j, &value) in row.iter().enumerate() {
            let off = right.is_some_and(|right| {
                right
                    .get((i, j))
                    .is_none_or(|right| value.is_nan() || (value - right).abs() > 1e-9 * (1.0 + right.abs()))
            });
            let class = if off { " class=\"off\"" } else { "" };
            let _ = write!(
                out,
                "<td{class}>{}</td>",
                entry(if value.abs() < noise { 0.0 } else { value }, largest)
            );
        }
        out.push_str("</tr>");
    }
    out.push_str("</table></figure>");
    out
}

/// Several of them side by side.
pub(crate) fn side_by_side(panels: &[String]) -> String {
    format!("<div class=\"panels\">{}</div>", panels.join(""))
}

/// Three decimals, or fewer where the matrix holds large numbers; an exact zero is a bare 0.
fn entry(value: f64, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value.is_nan() { "NaN" } else { "inf" }.to_owned();
    }
    let decimals = if largest >= 100.0 {
        1
    } else if largest >= 10.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.decimals$}");
    // A number that rounds to zero is not zero: say so.
    let text = if text.chars().all(|c| matches!(c, '0' | '.' | '-')) { format!("{value:.0e}") } else { text };
    text.replace('-', "&minus;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn only_wrong_numbers_are_marked() {
        let html = panel("x", &array![[1.0, -2.0], [0.0, 1e-7]], Some(&array![[1.0, 2.0], [0.0, 1e-7]]));
        assert_eq!(html.matches("class=\"off\"").count(), 1);
        assert!(html.contains("<td class=\"off\">&minus;2.000</td>"), "{html}");
        assert!(html.contains("<td>0</td>") && html.contains("1e&minus;7"), "{html}");
    }

    #[test]
    fn rounding_is_no_finding() {
        let html = panel("x", &array![[1e-17, 1e-7]], Some(&array![[0.1, 0.2]]));
        assert!(html.contains("<td class=\"off\">0</td>") && html.contains("1e&minus;7"), "{html}");
    }

    #[test]
    fn a_number_without_a_right_one_is_wrong() {
        let html = panel("x", &array![[1.0, 2.0]], Some(&array![[1.0]]));
        assert_eq!(html.matches("class=\"off\"").count(), 1);
        assert_eq!(panel("x", &array![[f64::NAN]], Some(&array![[1.0]])).matches("off").count(), 1);
    }
}
