//! Diagnosis of small random nets with planted mistakes, computed here line by line.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use clearprop::diagnose::arrays::{Array, Stored, Values};
use clearprop::diagnose::probe::good_probe;
use clearprop::diagnose::{Status, Verdict, diagnose};
use clearprop::mistake::MistakeId;
use ndarray::{Array2, Axis, s};
use proptest::prelude::*;

/// A pass of the notebook's net, each array to be spoilt before the next one is computed from it.
struct Pass {
    x: Array2<f64>,
    y: Vec<usize>,
    w: [Array2<f64>; 2],
    reg: f64,
}

type Named = Vec<(&'static str, Array2<f64>)>;

/// From a name, its right value and what was computed before: another value, or none to leave it right.
type Spoil<'a> = &'a dyn Fn(&str, &Array2<f64>, &Named) -> Option<Array2<f64>>;

impl Pass {
    fn new(seed: u64) -> Self {
        let probe = good_probe(seed).unwrap();
        let x = ndarray::concatenate(Axis(1), &[probe.x.view(), Array2::ones((17, 1)).view()]).unwrap();
        let w = [probe.params.wb(1).to_owned(), probe.params.wb(2).to_owned()];
        Self { x, y: probe.y.iter().map(|&y| y as usize).collect(), w, reg: 0.1 }
    }

    /// The notebook's arrays; `spoil` gets each name and right value, and may return another value.
    fn run(&self, spoil: Spoil<'_>) -> Named {
        let n = self.x.nrows() as f64;
        let mut named: Named =
            vec![("X", self.x.clone()), ("W1", self.w[0].clone()), ("W2", self.w[1].clone())];
        let mut put = |name: &'static str, right: Array2<f64>| {
            let value = spoil(name, &right, &named).unwrap_or(right);
            named.push((name, value.clone()));
            value
        };
        let h11 = put("h11", self.x.dot(&self.w[0]));
        let relu = h11.mapv(|z| z.max(0.0));
        let ones = Array2::ones((17, 1));
        let h12 = put("h12", ndarray::concatenate(Axis(1), &[relu.view(), ones.view()]).unwrap());
        let f = put("f", h12.dot(&self.w[1]));
        let e = f.mapv(f64::exp);
        let probs = put("probs", &e / &e.sum_axis(Axis(1)).insert_axis(Axis(1)));
        let data: f64 = self.y.iter().enumerate().map(|(i, &y)| -probs[[i, y]].ln()).sum::<f64>() / n;
        let squares: f64 = self.w.iter().flatten().map(|w| w * w).sum();
        put("loss", Array2::from_elem((1, 1), data + 0.5 * self.reg * squares));
        let mut df = probs.clone();
        self.y.iter().enumerate().for_each(|(i, &y)| df[[i, y]] -= 1.0);
        let df = put("dL_df", df / n);
        put("dL_dW2", h12.t().dot(&df) + &self.w[1] * self.reg);
        let da = put("dL_dh12", df.dot(&self.w[1].t()));
        let mask = h11.mapv(|z| if z > 0.0 { 1.0 } else { 0.0 });
        let dz = put("dL_dh11", &da.slice(s![.., ..-1]) * &mask);
        put("dL_dW1", self.x.t().dot(&dz) + &self.w[0] * self.reg);
        named
    }

    fn arrays(&self, named: &Named) -> Vec<Array> {
        let mut arrays: Vec<Array> = named.iter().map(|(name, value)| array(name, value)).collect();
        let y = self.y.iter().map(|&y| y as f64).collect();
        arrays.push(Array { name: "y".into(), shape: vec![17], values: Values::Numbers(y, Stored::Whole) });
        arrays.push(array("reg", &Array2::from_elem((1, 1), self.reg)));
        arrays
    }
}

fn array(name: &str, value: &Array2<f64>) -> Array {
    let shape = if value.len() == 1 { vec![] } else { value.shape().to_vec() };
    Array {
        name: name.into(),
        shape,
        values: Values::Numbers(value.iter().copied().collect(), Stored::Double),
    }
}

fn get<'a>(named: &'a Named, name: &str) -> &'a Array2<f64> {
    &named.iter().find(|(other, _)| *other == name).unwrap().1
}

/// Diagnoses what `spoil` leaves, with the arrays in `without` left away.
fn check(without: &[&str], spoil: Spoil<'_>, verdict: Verdict, first: Option<&str>, ids: &[u8]) {
    for seed in 0..3 {
        let pass = Pass::new(seed);
        let named = pass.run(spoil).into_iter().filter(|(name, _)| !without.contains(name)).collect();
        let found = diagnose(&pass.arrays(&named)).unwrap();
        let mut numbers: Vec<u8> = found.mistakes.iter().map(|named| named.id.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(
            (found.verdict, found.first_wrong_stage.as_deref(), &numbers[..]),
            (verdict, first, ids),
            "seed {seed}"
        );
    }
}

const STAGES: [&str; 8] = ["h11", "h12", "f", "probs", "loss", "dL_df", "dL_dh12", "dL_dh11"];

#[test]
fn a_right_pass_is_correct_with_all_stages_and_with_gradients_alone() {
    check(&[], &|_, _, _| None, Verdict::Correct, None, &[]);
    check(&STAGES, &|_, _, _| None, Verdict::Correct, None, &[]);
}

#[test]
fn one_mistake_is_found_where_it_was_made() {
    let no_mask = |name: &str, _: &Array2<f64>, before: &Named| {
        (name == "dL_dh11").then(|| get(before, "dL_dh12").slice(s![.., ..-1]).to_owned())
    };
    check(&[], &no_mask, Verdict::Wrong, Some("dL_dh11"), &[40, 41]);
    check(&STAGES, &no_mask, Verdict::Wrong, Some("dL_dW1"), &[40, 41, 51]);
    let z_for_a = |name: &str, right: &Array2<f64>, before: &Named| {
        (name == "dL_dW2").then(|| {
            let mut wrong = right.clone();
            let data = get(before, "h11").t().dot(get(before, "dL_df"));
            wrong.slice_mut(s![..-1, ..]).assign(&(data + &get(before, "W2").slice(s![..-1, ..]) * 0.1));
            wrong
        })
    };
    check(&[], &z_for_a, Verdict::Wrong, Some("dL_dW2"), &[26]);
    let turned =
        |name: &str, right: &Array2<f64>, _: &Named| (name == "dL_dW1").then(|| right.t().to_owned());
    check(&[], &turned, Verdict::Wrong, Some("dL_dW1"), &[34]);
}

#[test]
fn a_column_too_many_is_suspected_only_where_the_code_could_go_on() {
    let pass = Pass::new(0);
    let not_dropped = |name: &str, _: &Array2<f64>, before: &Named| {
        (name == "dL_dW1").then(|| {
            let mask = get(before, "h11").mapv(|z| if z > 0.0 { 1.0 } else { 0.0 });
            let mask = clearprop::params::with_ones(&mask);
            get(before, "X").t().dot(&(get(before, "dL_dh12") * &mask))
        })
    };
    let arrays =
        pass.arrays(&pass.run(&not_dropped).into_iter().filter(|(n, _)| !STAGES.contains(n)).collect());
    let found = diagnose(&arrays).unwrap();
    assert!(found.mistakes.iter().any(|named| named.id == MistakeId::BiasColumnKept), "{:?}", found.mistakes);
    // dL_dh12 is not given, and dL_dh11 has the right shape: no column was left in.
    let argmax = |name: &str, right: &Array2<f64>, before: &Named| {
        (name == "dL_df").then(|| {
            let probs = get(before, "probs");
            let mut wrong = right - &(probs / 17.0);
            for (i, row) in probs.rows().into_iter().enumerate() {
                let largest = (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
                wrong[[i, largest]] += 1.0 / 17.0;
            }
            wrong
        })
    };
    check(&["dL_df", "dL_dW2", "dL_dh12", "loss"], &argmax, Verdict::Wrong, Some("dL_dh11"), &[17]);
}

#[test]
fn two_mistakes_are_both_found() {
    let two = |name: &str, right: &Array2<f64>, before: &Named| match name {
        "dL_df" => Some(right * -1.0),
        "dL_dW1" => Some(right - &(get(before, "W1") * 0.1)),
        _ => None,
    };
    check(&[], &two, Verdict::Wrong, Some("dL_df"), &[7, 19, 24]);
    check(&STAGES, &two, Verdict::Wrong, Some("dL_dW2"), &[7, 19, 24]);
}

#[test]
fn what_equals_a_convention_is_ambiguous_until_the_loss_tells() {
    let no_mean = |name: &str, right: &Array2<f64>, _: &Named| (name == "dL_df").then(|| right * 17.0);
    check(&[], &no_mean, Verdict::Wrong, Some("dL_df"), &[1]);
    check(&["loss"], &no_mean, Verdict::NotKnown, Some("dL_df"), &[1]);
    let twice = |name: &str, right: &Array2<f64>, before: &Named| match name {
        "dL_dW1" => Some(right + &(get(before, "W1") * 0.1)),
        "dL_dW2" => Some(right + &(get(before, "W2") * 0.1)),
        _ => None,
    };
    check(&[], &twice, Verdict::Wrong, Some("dL_dW2"), &[20]);
    check(&["loss"], &twice, Verdict::NotKnown, Some("dL_dW2"), &[20]);
}

#[test]
fn arrays_overwritten_in_place_are_said_and_not_called_wrong() {
    let pass = Pass::new(1);
    let mut named = pass.run(&|_, _, _| None);
    let (df, dz) = (get(&named, "dL_df").clone(), get(&named, "dL_dh11").clone());
    for (name, value) in &mut named {
        match *name {
            "probs" => value.assign(&df),
            "dL_dh12" => value.slice_mut(s![.., ..-1]).assign(&dz),
            _ => {}
        }
    }
    // .. and the weights were saved after the update.
    for (w, dw) in [("W1", "dL_dW1"), ("W2", "dL_dW2")] {
        let step = get(&named, dw) * 0.5;
        named.iter_mut().filter(|(name, _)| *name == w).for_each(|(_, value)| *value -= &step);
    }
    let found = diagnose(&pass.arrays(&named)).unwrap();
    assert_eq!(found.verdict, Verdict::Correct);
    let status = |name: &str| found.stages.iter().find(|stage| stage.name == name).unwrap().status;
    assert_eq!((status("probs"), status("dL_dh12")), (Status::Overwritten, Status::Overwritten));
    assert_eq!(status("dL_dW1"), Status::Right);
    assert!(found.conventions.iter().any(|c| c.contains("saved after their update (step size 0.5)")));
}

#[test]
fn numbers_that_nothing_explains_are_wrong_with_stage_and_ratio() {
    let odd = |name: &str, right: &Array2<f64>, _: &Named| (name == "dL_dh12").then(|| right * 0.7);
    check(&[], &odd, Verdict::Wrong, Some("dL_dh12"), &[55]);
    let pass = Pass::new(0);
    let found = diagnose(&pass.arrays(&pass.run(&odd))).unwrap();
    let stage = found.stages.iter().find(|stage| stage.name == "dL_dh12").unwrap();
    assert!(stage.evidence[0].contains("the factor is 0.7"), "{:?}", stage.evidence);
    let after = found.stages.iter().find(|stage| stage.name == "dL_dh11").unwrap();
    assert_eq!(after.status, Status::Inherited);
}

#[test]
fn the_first_number_that_is_none_is_named() {
    let nan = |name: &str, right: &Array2<f64>, _: &Named| {
        (name == "probs").then(|| {
            let mut wrong = right.clone();
            wrong[[3, 1]] = f64::NAN;
            wrong
        })
    };
    let pass = Pass::new(0);
    let found = diagnose(&pass.arrays(&pass.run(&nan))).unwrap();
    assert_eq!((found.verdict, found.first_wrong_stage.as_deref()), (Verdict::Wrong, Some("probs")));
    let stage = found.stages.iter().find(|stage| stage.name == "probs").unwrap();
    assert!(stage.evidence[0].starts_with("probs[3, 1] is NaN"), "{:?}", stage.evidence);
}

#[test]
fn arrays_that_make_no_pass_are_one_line() {
    let pass = Pass::new(0);
    let mut named = pass.run(&|_, _, _| None);
    named.iter_mut().filter(|(name, _)| *name == "W1").for_each(|(_, w)| *w = Array2::zeros((9, 7)));
    let error = diagnose(&pass.arrays(&named)).unwrap_err().to_string();
    assert!(error.contains("W1") && error.contains("(9, 7)") && error.contains("would fit"), "{error}");
    assert_eq!(error.lines().count(), 1);
    let error = diagnose(&[]).unwrap_err().to_string();
    assert!(error.starts_with("found no weights W1"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever is done to a file, there is an answer.
    #[test]
    fn any_spoilt_file_gets_an_answer(
        which in 0..11_usize, how in 0..7, left_out in proptest::collection::vec(0..11_usize, 0..8), at in 0..12_usize,
    ) {
        let pass = Pass::new(2);
        let mut named = pass.run(&|_, _, _| None);
        let count = named.len();
        let (_, value) = &mut named[which % count];
        let (rows, columns) = value.dim();
        *value = match how {
            0 => value.t().to_owned(),
            1 => value.slice(s![..rows - rows / 2, ..]).to_owned(),
            2 => value.slice(s![.., ..columns - columns / 2]).to_owned(),
            3 => Array2::zeros((at + 1, 2)),
            4 => value.mapv(|v| if v > 0.0 { f64::NAN } else { v }),
            5 => value.mapv(|v| v * 1e300),
            _ => value.dot(&value.t()),
        };
        let kept: Named = named
            .into_iter()
            .enumerate()
            .filter(|(i, (name, _))| !left_out.contains(i) || matches!(*name, "X" | "W1" | "W2"))
            .map(|(_, one)| one)
            .collect();
        match diagnose(&pass.arrays(&kept)) {
            Ok(found) => prop_assert!(found.verdict != Verdict::Wrong || found.first_wrong_stage.is_some()),
            Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1),
        }
    }
}

#[test]
fn what_fits_is_asked_once_however_deep_the_search_goes() {
    let numbers = |name: &str, shape: &[usize], values: &[f64]| Array {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values: Values::Numbers(values.to_vec(), Stored::Double),
    };
    // Found by fuzzing: everything is wrong, so the search goes to its deepest.
    let diagnosis = diagnose(&[
        numbers("X", &[2, 1], &[-0.3125, 1.0]),
        numbers("y", &[1], &[2.0]),
        numbers("W1", &[2, 2], &[-1.53125, 2.34375, 3.5, 0.28125]),
        numbers("b1", &[2], &[2.8125, -2.90625]),
        numbers("W2", &[2, 2], &[-0.46875, 0.59375, -1.96875, 2.84375]),
        numbers("a1", &[1, 2], &[2.21875, -2.3125]),
        numbers("logits", &[2, 1], &[0.5625, -1.4375]),
        numbers("probs", &[1, 2], &[2.0, f64::INFINITY]),
        numbers("loss", &[], &[0.34375]),
        numbers("dW2", &[2, 2], &[-1.0625, -2.84375, 3.875, 1.53125]),
        numbers("db2", &[2], &[2.25, -2.6875]),
        numbers("da1", &[2, 1], &[-3.84375, 2.6875]),
        numbers("dz1", &[1, 2], &[1.34375, 1.5625]),
        numbers("dW1", &[2, 2], &[1.1875, -2.28125, -3.3125, -1.84375]),
        numbers("db1", &[2], &[-0.96875, 3.09375]),
        Array { name: "activation".to_owned(), shape: vec![], values: Values::Text("relu".to_owned()) },
    ])
    .unwrap();
    let stopped = diagnosis.warnings.iter().any(|warning| warning.contains("stopped before its end"));
    assert!(!stopped, "{:?}", diagnosis.warnings);
}
