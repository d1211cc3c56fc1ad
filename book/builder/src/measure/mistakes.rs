//! Every mistake of the catalogue on one small network: the right numbers beside the wrong ones.

use self::case::{Case, Mistake};
use super::measured::Measured;
use crate::matrix::{panel, side_by_side};
use crate::stages::plain;
use clearprop::diagnose::catalogue;
use clearprop::error::Result;

mod case;
mod hidden;
mod parameters;
mod scores;

fn all() -> impl Iterator<Item = &'static Mistake> {
    scores::MISTAKES.iter().chain(parameters::MISTAKES).chain(hidden::MISTAKES)
}

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    let case = Case::new()?;
    for mistake in all() {
        m.show(format!("mistake.{}", mistake.id), section(mistake, &case));
    }
    let labels: Vec<String> = case.y.iter().map(ToString::to_string).collect();
    let views = [
        panel("x", &case.x, None),
        panel("z1 (h11)", &case.z1, None),
        panel("logits (f)", &case.logits, None),
        panel(&format!("probs, for y = {}", labels.join(", ")), &case.probs, None),
    ];
    m.show("mistakes.case", side_by_side(&views));
    m.set("mistakes.off", 1.0 - case.mask().mean().unwrap_or(0.0));
    Ok(())
}

/// The right line for each array, with N rows, a column of ones, and rows of the right answers.
pub const RIGHT: [(&str, &str); 11] = [
    ("z1", "h11 = X.dot(W1); h12 = np.c_[np.maximum(0, h11), ones]"),
    ("probs", "e = np.exp(f - f.max(axis=1, keepdims=True)); probs = e / e.sum(axis=1, keepdims=True)"),
    ("log p", "dL_df = probs.copy(); dL_df[range(N), y] -= 1; dL_df /= N"),
    ("dlogits", "dL_df = (probs - onehot) / N"),
    ("f - y", "dL_df = (f - y[:, np.newaxis]) / N"),
    ("dw2", "dL_dW2 = h12.T.dot(dL_df) + reg * W2"),
    ("db2", "dL_dW2[-1] = dL_df.sum(axis=0) + reg * W2[-1]"),
    ("da1", "dL_dh12 = dL_df.dot(W2.T)"),
    ("dz1", "dL_dh11 = dL_dh12[:, :-1] * (h11 > 0)"),
    ("dw1", "dL_dW1 = X.T.dot(dL_dh11) + reg * W1"),
    ("db1", "dL_dW1[-1] = dL_dh11.sum(axis=0) + reg * W1[-1]"),
];

/// What the catalogue says, the wrong line, and the two pictures.
fn section(mistake: &Mistake, case: &Case) -> String {
    let said =
        catalogue::mistake(mistake.id).map_or(("", "", ""), |said| (said.name, said.evidence, said.why));
    let [name, evidence, why] = [said.0, said.1, said.2].map(plain);
    let right = case.right(mistake.array);
    let right_line = RIGHT.iter().find(|(array, _)| *array == mistake.array).map_or("", |(_, line)| line);
    let panels = [
        panel(&format!("<code>{}</code>, right", mistake.array), &right, None),
        panel("wrong", &(mistake.wrong)(case), Some(&right)),
    ];
    format!(
        "\n\n## {id}. {name} {{#mistake-{id}}}\n\n```python\n{}\n```\n\n{}\n\n**It shows:** {evidence}.\n\n**Why:** {why}.\n\n**Right:** `{right_line}`\n\n",
        mistake.line,
        side_by_side(&panels),
        id = mistake.id
    )
}

#[cfg(test)]
mod tests {
    use super::case::column_sums;
    use super::*;
    use clearprop::diagnose::arrays::{Array, Stored, Values};
    use clearprop::diagnose::diagnose;
    use clearprop::mistake::MistakeId::{BiasColumnKept, BroadcastLabels, LossAfterEdit, Overwritten};
    use ndarray::{Array2, Axis, array, concatenate};

    #[test]
    fn every_mistake_is_there_once() {
        let mut ids: Vec<u8> = all().map(|mistake| mistake.id.number()).collect();
        ids.sort_unstable();
        assert_eq!(ids, (1..=57).collect::<Vec<u8>>());
    }

    #[test]
    fn every_mistake_can_be_seen_on_the_small_network() {
        let case = Case::new().unwrap();
        for mistake in all() {
            let (right, wrong) = (case.right(mistake.array), (mistake.wrong)(&case));
            assert!(!right.is_empty() && right.iter().all(|v| v.is_finite()), "{}", mistake.id);
            let same = right.dim() == wrong.dim() && (&right - &wrong).iter().all(|d| d.abs() < 1e-3);
            assert!(!same, "mistake {} cannot be seen", mistake.id);
        }
    }

    #[test]
    fn every_unit_is_on_for_some_rows_and_off_for_others() {
        let case = Case::new().unwrap();
        for on in case.mask().sum_axis(Axis(0)) {
            assert!(on > 0.0 && on < case.n, "{}", case.mask());
        }
    }

    /// The pass up to the mistake's array, as a person would save it: biases apart, or as last rows.
    fn saved(case: &Case, mistake: &Mistake, apart: bool) -> Vec<Array> {
        let stack = |w: &Array2<f64>, b: &Array2<f64>| concatenate(Axis(0), &[w.view(), b.view()]).ok();
        let of = |name: &str, value: &Array2<f64>| Array {
            name: name.to_owned(),
            shape: value.shape().to_vec(),
            values: Values::Numbers(value.iter().copied().collect(), Stored::Double),
        };
        let number = |name: &str, value: f64| Array { shape: vec![], ..of(name, &array![[value]]) };
        let labels: Vec<f64> = case.y.iter().map(|&y| f64::from(y)).collect();
        let y = Array { shape: vec![5], ..of("y", &Array2::from_shape_vec((1, 5), labels).unwrap()) };
        let all = Array { values: Values::Text("all".to_owned()), ..number("regularize", 0.0) };
        let mut arrays = vec![of("x", &case.x), y, number("reg", case.reg), all];
        for l in [1, 2] {
            let (w, b) = (case.params.w(l).to_owned(), case.params.b(l).to_owned().insert_axis(Axis(0)));
            if apart {
                arrays.extend([of(&format!("w{l}"), &w), of(&format!("b{l}"), &b)]);
            } else {
                arrays.push(of(&format!("w{l}"), &stack(&w, &b).unwrap()));
            }
        }
        let squares: f64 = case.params.values().iter().map(|w| w * w).sum();
        let data = -case.of_label(&case.probs).mapv(f64::ln).mean().unwrap();
        let wrong = (mistake.wrong)(case);
        // Without what comes of it a dlogits that is N times too large would be a late 1/N.
        let scores = mistake.array == "dlogits";
        let value_of = |name: &str| match name {
            name if name == mistake.array => wrong.clone(),
            "dw2" if scores => case.a1.t().dot(&wrong) + case.penalty(2),
            "db2" if scores => column_sums(&wrong) + case.reg * &case.b2(),
            "a1" => case.a1.clone(),
            "logits" => case.logits.clone(),
            "loss" => array![[data + 0.5 * case.reg * squares]],
            name => case.right(name),
        };
        let last = if scores { "db2" } else { mistake.array };
        for name in
            ["z1", "a1", "logits", "probs", "loss", "dlogits", "dw2", "db2", "da1", "dz1", "dw1", "db1"]
        {
            let value = value_of(name);
            match name {
                "loss" => arrays.push(number(name, value[[0, 0]])),
                "dw1" | "dw2" if !apart => {
                    // The bias's derivative is the last row, right or wrong.
                    let bias = name.replace('w', "b");
                    let Some(both) = stack(&value, &value_of(&bias)) else { continue };
                    arrays.push(of(name, &both));
                }
                "db1" | "db2" if !apart => {}
                _ => arrays.push(of(name, &value)),
            }
            if name == last || (!apart && name.replace('w', "b") == last) {
                break;
            }
        }
        arrays
    }

    #[test]
    fn every_picture_is_diagnosed_as_its_mistake() {
        let case = Case::new().unwrap();
        for mistake in all() {
            // 38: with the bias trick da has that column, it is dz that must not.  50 is harmless for rectifiers.
            // 56 and 57 show what goes into a loss, which is no array of the pass.
            if matches!(mistake.id, BiasColumnKept | Overwritten | BroadcastLabels | LossAfterEdit) {
                continue;
            }
            let said: Vec<String> = [true, false]
                .into_iter()
                .filter_map(|apart| diagnose(&saved(&case, mistake, apart)).ok())
                .map(|found| {
                    format!(
                        "{:?} {:?}",
                        found.verdict,
                        found.mistakes.iter().map(|m| m.id.number()).collect::<Vec<_>>()
                    )
                })
                .collect();
            let named = said.iter().any(|said| {
                let numbers = said.trim_start_matches("Wrong [").trim_end_matches(']');
                numbers.split(", ").any(|number| number == mistake.id.to_string())
            });
            assert!(named, "mistake {}: {said:?}", mistake.id);
        }
    }
}
