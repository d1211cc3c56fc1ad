//! Diagnosis of programs in other styles than the notebook's: each mistake is planted in a line, and what follows is
//! computed on from it, as a person's program would.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use clearprop::diagnose::arrays::{Array, Stored, Values};
use clearprop::diagnose::{Diagnosis, Status, Verdict, diagnose};
use clearprop::mistake::MistakeId::{self, *};
use ndarray::{Array2, Axis, array};

/// What was computed so far, by name.
struct Named(Vec<(&'static str, Array2<f64>)>);

/// From a name and what was computed before: a value in the place of the right one.
type Spoil<'a> = &'a dyn Fn(&str, &Named) -> Option<Array2<f64>>;

/// What a slip makes of z.
type Slip<'a> = &'a dyn Fn(&Array2<f64>) -> Array2<f64>;

impl Named {
    fn get(&self, name: &str) -> &Array2<f64> {
        &self.0.iter().find(|(other, _)| *other == name).unwrap().1
    }

    fn put(&mut self, spoil: Spoil<'_>, name: &'static str, right: impl FnOnce(&Self) -> Array2<f64>) {
        let value = spoil(name, self).unwrap_or_else(|| right(self));
        self.0.push((name, value));
    }

    /// What is said of these arrays without some of them.
    fn said(&self, without: &[&str]) -> Diagnosis {
        let kept = self.0.iter().filter(|(name, _)| !without.contains(name));
        let arrays: Vec<Array> = kept.map(|(name, value)| array_of(name, value)).collect();
        diagnose(&arrays).unwrap()
    }
}

/// One number is no array, one row is a vector.
fn array_of(name: &str, value: &Array2<f64>) -> Array {
    let shape = match value.dim() {
        (1, 1) => vec![],
        (1, n) => vec![n],
        (n, m) => vec![n, m],
    };
    Array {
        name: name.to_owned(),
        shape,
        values: Values::Numbers(value.iter().copied().collect(), Stored::Double),
    }
}

fn numbers(rows: usize, columns: usize, seed: f64) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (seed + 3.7 * i as f64 + 1.9 * j as f64).sin() * 0.9)
}

fn sums(value: &Array2<f64>) -> Array2<f64> {
    value.sum_axis(Axis(0)).insert_axis(Axis(0))
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn relu(z: f64) -> f64 {
    z.max(0.0)
}

fn on(z: f64) -> f64 {
    f64::from(u8::from(z > 0.0))
}

const N: f64 = 7.0;

/// Three inputs, five hidden units, two logistic outputs; binary cross-entropy, the mean over rows taken late.
fn binary(hidden: fn(f64) -> f64, slope: fn(f64) -> f64, spoil: Spoil<'_>) -> Named {
    let y = Array2::from_shape_fn((7, 2), |(i, j)| f64::from(u8::from((i * 3 + j * 2) % 5 < 2)));
    let mut v = Named(vec![("X", numbers(7, 3, 0.3)), ("Y", y)]);
    v.0.extend([("W1", numbers(3, 5, 1.1)), ("b1", numbers(1, 5, 2.3))]);
    v.0.extend([("W2", numbers(5, 2, 0.7)), ("b2", numbers(1, 2, 4.1))]);
    v.put(spoil, "Z1", |v| v.get("X").dot(v.get("W1")) + v.get("b1"));
    v.put(spoil, "A1", |v| v.get("Z1").mapv(hidden));
    v.put(spoil, "Z2", |v| v.get("A1").dot(v.get("W2")) + v.get("b2"));
    v.put(spoil, "A2", |v| v.get("Z2").mapv(logistic));
    v.put(spoil, "cost", |v| {
        let (p, y) = (v.get("A2"), v.get("Y"));
        let each = ndarray::Zip::from(p).and(y).map_collect(|p, y| y * p.ln() + (1.0 - y) * (1.0 - p).ln());
        array![[-each.sum() / N]]
    });
    v.put(spoil, "dZ2", |v| v.get("A2") - v.get("Y"));
    v.put(spoil, "dW2", |v| v.get("A1").t().dot(v.get("dZ2")) / N);
    v.put(spoil, "db2", |v| sums(v.get("dZ2")) / N);
    v.put(spoil, "dA1", |v| v.get("dZ2").dot(&v.get("W2").t()));
    v.put(spoil, "dZ1", |v| v.get("dA1") * v.get("Z1").mapv(slope));
    v.put(spoil, "dW1", |v| v.get("X").t().dot(v.get("dZ1")) / N);
    v.put(spoil, "db1", |v| sums(v.get("dZ1")) / N);
    v
}

/// The same with dropout at the hidden layer, in place: `A1 *= mask`, `dA1 *= mask`.
fn dropout(spoil: Spoil<'_>) -> Named {
    let mask = Array2::from_shape_fn((7, 5), |(i, j)| if (i * 5 + j * 3) % 4 == 0 { 0.0 } else { 1.25 });
    let masked = |name: &str, before: &Named| {
        let spoilt = spoil(name, before);
        match name {
            "A1" => spoilt.or_else(|| Some(before.get("Z1").mapv(relu) * &mask)),
            "dA1" => spoilt.or_else(|| Some(before.get("dZ2").dot(&before.get("W2").t()) * &mask)),
            "dZ1" => spoilt.or_else(|| Some(before.get("dA1") * &before.get("A1").mapv(on))),
            _ => spoilt,
        }
    };
    let mut v = binary(relu, on, &masked);
    v.0.push(("D1", mask));
    v
}

/// What is wrong, the mistakes, the line; no other array may be accused.
fn check(found: &Diagnosis, stage: &str, ids: &[MistakeId], line: &str) {
    let wrong: Vec<&str> =
        found.stages.iter().filter(|s| s.status == Status::Wrong).map(|s| s.name.as_str()).collect();
    assert_eq!((found.verdict, &wrong[..]), (Verdict::Wrong, &[stage][..]), "{found:#?}");
    assert_eq!(found.first_wrong_stage.as_deref(), Some(stage));
    let stage = found.stages.iter().find(|s| s.name == stage).unwrap();
    assert_eq!(stage.mistakes, ids, "{stage:#?}");
    assert_eq!(stage.right.as_deref().unwrap_or(""), line);
}

#[test]
fn right_programs_are_correct() {
    for found in [binary(relu, on, &|_, _| None), dropout(&|_, _| None), normalised(&|_, _| None)] {
        assert_eq!(found.said(&[]).verdict, Verdict::Correct, "{:#?}", found.said(&[]));
    }
}

#[test]
fn a_derivative_of_an_impossible_shape_is_wrong_and_ends_nothing() {
    let line = "dW1 = X.T @ dZ1 / len(X)";
    for (rows, columns) in [(2, 9), (5, 3), (7, 7), (1, 4)] {
        let spoil = |name: &str, _: &Named| (name == "dW1").then(|| numbers(rows, columns, 0.1));
        let found = binary(relu, on, &spoil).said(&[]);
        check(&found, "dW1", &[], line);
        assert!(found.stages.iter().any(|s| s.evidence.iter().any(|e| e.contains("its shape is"))));
    }
}

#[test]
fn one_number_in_the_place_of_a_bias_derivative_is_a_sum_without_its_axis() {
    let spoil = |name: &str, v: &Named| (name == "db1").then(|| array![[v.get("dZ1").sum() / N]]);
    let found = binary(relu, on, &spoil).said(&[]);
    check(&found, "db1", &[DbOverAll], "db1 = dZ1.sum(axis=0) / len(X)");
}

#[test]
fn a_loss_has_its_mistake_also_where_the_mean_comes_late() {
    let half = |name: &str, v: &Named| {
        (name == "cost").then(|| array![[-(v.get("Y") * &v.get("A2").mapv(f64::ln)).sum() / N]])
    };
    let found = binary(relu, on, &half).said(&[]);
    let line = "cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / len(X)";
    check(&found, "cost", &[HalfTheLoss], line);
}

#[test]
fn derivatives_that_are_right_are_not_accused_for_a_loss_with_the_wrong_sign_and_without_its_mean() {
    let sum = |name: &str, v: &Named| {
        (name == "cost").then(|| {
            let (p, y) = (v.get("A2"), v.get("Y"));
            let each =
                ndarray::Zip::from(p).and(y).map_collect(|p, y| y * p.ln() + (1.0 - y) * (1.0 - p).ln());
            array![[each.sum()]]
        })
    };
    let line = "cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / len(X)";
    check(&binary(relu, on, &sum).said(&[]), "cost", &[Sign, NoMean], line);
}

#[test]
fn a_function_with_the_wrong_sign_is_found_and_its_slope_not_accused() {
    let turned = |name: &str, v: &Named| (name == "A1").then(|| -v.get("Z1").mapv(relu));
    // The slope is asked of the output, which is never positive now: that line is right.
    let program = |name: &str, v: &Named| match name {
        "dZ1" => Some(v.get("dA1") * &v.get("A1").mapv(on)),
        _ => turned(name, v),
    };
    check(&binary(relu, on, &program).said(&[]), "A1", &[Sign], "A1 = np.maximum(0, Z1)");
    let turned = |name: &str, v: &Named| (name == "A1").then(|| v.get("Z1").mapv(|z| logistic(-z)));
    let found = binary(logistic, |z| logistic(z) * (1.0 - logistic(z)), &turned).said(&[]);
    check(&found, "A1", &[Sign], "A1 = 1 / (1 + np.exp(-Z1))");
}

#[test]
fn the_function_in_the_place_of_its_slope_is_named() {
    let spoil = |name: &str, v: &Named| (name == "dZ1").then(|| v.get("dA1") * &v.get("A1").mapv(logistic));
    let found = binary(logistic, |z| logistic(z) * (1.0 - logistic(z)), &spoil).said(&[]);
    check(&found, "dZ1", &[ValueForSlope], "dZ1 = dA1 * A1 * (1 - A1)");
}

#[test]
fn a_mask_of_dropout_that_is_left_out_is_missed_where_it_belongs() {
    let forgotten =
        |name: &str, v: &Named| (name == "dA1").then(|| v.get("dZ2").dot(&v.get("W2").t()) * 1.25);
    check(&dropout(&forgotten).said(&[]), "dA1", &[PartLeftOut], "dA1 = dZ2 @ W2.T * D1");
}

#[test]
fn what_a_mistake_that_is_not_in_the_file_made_is_accused_and_nothing_that_is_right() {
    let other = |name: &str, v: &Named| (name == "dA1").then(|| v.get("Y").dot(&v.get("W2").t()));
    let found = binary(relu, on, &other).said(&["Z1", "dZ2", "dA1", "dZ1"]);
    assert_eq!((found.verdict, found.first_wrong_stage.as_deref()), (Verdict::Wrong, Some("dW1")));
    let stage = |name: &str| found.stages.iter().find(|stage| stage.name == name).unwrap();
    assert_eq!((stage("cost").status, stage("dW2").status), (Status::Right, Status::Right));
    assert!(stage("dW1").evidence[0].contains("not in the file"), "{:?}", stage("dW1").evidence);
    assert!(stage("dW1").right.as_ref().unwrap().contains("dW1 = X.T @ "), "{:?}", stage("dW1").right);
}

#[test]
fn a_mistake_before_the_loss_is_found_by_the_loss_where_nothing_else_of_the_forward_pass_is_there() {
    let turned = |name: &str, v: &Named| (name == "Z1").then(|| v.get("X").dot(v.get("W1")) - v.get("b1"));
    let found = binary(relu, on, &turned).said(&["Z1", "A1", "Z2", "A2", "dZ2", "dA1", "dZ1"]);
    assert_eq!((found.verdict, found.first_wrong_stage.as_deref()), (Verdict::Wrong, Some("cost")));
    let stage = found.stages.iter().find(|stage| stage.name == "cost").unwrap();
    assert_eq!(stage.mistakes, [Sign], "{stage:#?}");
    assert!(stage.evidence[0].contains("the mistake is in Z1, which is not in the file"), "{stage:#?}");
}

#[test]
fn what_is_only_open_is_asked_and_not_told_as_a_mistake() {
    // Without the loss nobody knows whether it is a sum; the slope is missing in any case.
    let late = |name: &str, v: &Named| match name {
        "dW2" => Some(v.get("A1").t().dot(v.get("dZ2"))),
        "db2" => Some(sums(v.get("dZ2"))),
        "dZ1" => Some(v.get("dA1").clone()),
        "dW1" => Some(v.get("X").t().dot(v.get("dZ1"))),
        "db1" => Some(sums(v.get("dZ1"))),
        _ => None,
    };
    let found = binary(relu, on, &late).said(&["cost"]);
    let text =
        clearprop::diagnose::text::text(&found, "", clearprop::paper::Paper { width: 80, colour: false });
    assert!(text.contains("question") && text.contains("dZ1  mistake 40"), "{text}");
    assert!(!text.contains("mistake 1:"), "{text}");
}

/// Batch normalisation before relu, with gamma and beta; one linear output, squared error.
fn normalised(spoil: Spoil<'_>) -> Named {
    let mut v = Named(vec![("X", numbers(7, 3, 0.3)), ("y", numbers(7, 1, 5.0))]);
    v.0.extend([
        ("W1", numbers(3, 5, 1.1)),
        ("gamma", numbers(1, 5, 2.3) + 1.5),
        ("beta", numbers(1, 5, 0.2)),
    ]);
    v.0.extend([("W2", numbers(5, 1, 0.7)), ("b2", array![[0.2]])]);
    let deviation = |z: &Array2<f64>| {
        let off = z - &sums(z) / N;
        (sums(&(&off * &off)) / N + 1e-5).mapv(f64::sqrt)
    };
    v.put(spoil, "z1", |v| v.get("X").dot(v.get("W1")));
    v.put(spoil, "xhat", |v| (v.get("z1") - sums(v.get("z1")) / N) / deviation(v.get("z1")));
    v.put(spoil, "bn", |v| v.get("gamma") * v.get("xhat") + v.get("beta"));
    v.put(spoil, "a1", |v| v.get("bn").mapv(relu));
    v.put(spoil, "z2", |v| v.get("a1").dot(v.get("W2")) + v.get("b2"));
    v.put(spoil, "loss", |v| array![[(v.get("z2") - v.get("y")).mapv(|d| d * d).sum() / (2.0 * N)]]);
    v.put(spoil, "dz2", |v| (v.get("z2") - v.get("y")) / N);
    v.put(spoil, "dW2", |v| v.get("a1").t().dot(v.get("dz2")));
    v.put(spoil, "da1", |v| v.get("dz2").dot(&v.get("W2").t()));
    v.put(spoil, "dbn", |v| v.get("da1") * &v.get("bn").mapv(on));
    v.put(spoil, "dgamma", |v| sums(&(v.get("dbn") * v.get("xhat"))));
    v.put(spoil, "dbeta", |v| sums(v.get("dbn")));
    v.put(spoil, "dxhat", |v| v.get("dbn") * v.get("gamma"));
    v.put(spoil, "dz1", |v| {
        let (d, n) = (v.get("dxhat"), v.get("xhat"));
        (d - sums(d) / N - n * &(sums(&(d * n)) / N)) / deviation(v.get("z1"))
    });
    v.put(spoil, "dW1", |v| v.get("X").t().dot(v.get("dz1")));
    v
}

#[test]
fn the_paths_of_batch_normalisation_have_their_lines() {
    let of_z = |name: &str, v: &Named| (name == "dgamma").then(|| sums(&(v.get("dbn") * v.get("z1"))));
    check(&normalised(&of_z).said(&[]), "dgamma", &[OtherArray], "dgamma = np.sum(dbn * xhat, axis=0)");
    let no_gamma = |name: &str, v: &Named| (name == "dxhat").then(|| v.get("dbn").clone());
    let found = normalised(&no_gamma).said(&[]);
    check(&found, "dxhat", &[PartLeftOut], "dxhat = dbn * gamma");
    assert!(found.stages.iter().any(|s| s.evidence.iter().any(|e| e.starts_with("gamma is left out"))));
    let turned = |name: &str, v: &Named| {
        (name == "xhat").then(|| {
            let off = v.get("z1") - &(sums(v.get("z1")) / N);
            -(&off / (sums(&(&off * &off)) / N + 1e-5).mapv(f64::sqrt))
        })
    };
    let found = normalised(&turned).said(&["loss"]);
    let stage = found.stages.iter().find(|stage| stage.name == "xhat").unwrap();
    assert_eq!((found.first_wrong_stage.as_deref(), &stage.mistakes[..]), (Some("xhat"), &[Sign][..]));
}

#[test]
fn a_normalisation_that_slips_is_told_and_the_derivative_that_goes_with_it_is_right() {
    let root = |variance: Array2<f64>| (variance + 1e-5).mapv(f64::sqrt);
    let slips: [(&str, Slip<'_>); 4] = [
        ("the mean is added", &|z| {
            let off = z - &(sums(z) / N);
            (z + &(sums(z) / N)) / root(sums(&(&off * &off)) / N)
        }),
        ("a sum in place of the mean in the variance", &|z| {
            let off = z - &(sums(z) / N);
            &off / &root(sums(&(&off * &off)))
        }),
        ("the mean is taken along the other axis", &|z| {
            let off = z - &z.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1));
            &off / &root(sums(&(&off * &off)) / N)
        }),
        ("the sign of the mean is turned", &|z| {
            let off = z + &(sums(z) / N);
            &off / &root(sums(&(&off * &off)) / N)
        }),
    ];
    for (words, slip) in slips {
        let spoil = |name: &str, v: &Named| (name == "xhat").then(|| slip(v.get("z1")));
        let found = normalised(&spoil).said(&["dz1", "dW1"]);
        assert_eq!(
            (found.verdict, found.first_wrong_stage.as_deref()),
            (Verdict::Wrong, Some("xhat")),
            "{words}"
        );
        let stage = found.stages.iter().find(|stage| stage.name == "xhat").unwrap();
        assert!(stage.evidence[0].contains(words), "{words}: {:?}", stage.evidence);
    }
}

#[test]
fn a_derivative_is_no_value_of_the_forward_pass_whatever_numbers_it_holds() {
    // dbn holds the numbers of a1.
    let spoil = |name: &str, v: &Named| (name == "dbn").then(|| v.get("bn").mapv(relu));
    let found = normalised(&spoil).said(&[]);
    assert_eq!(found.first_wrong_stage.as_deref(), Some("dbn"), "{found:#?}");
}

fn silu(z: f64) -> f64 {
    z * logistic(z)
}

fn silu_slope(z: f64) -> f64 {
    logistic(z) * (1.0 + z * (1.0 - logistic(z)))
}

#[test]
fn a_function_is_told_by_its_slope_and_by_one_thing_changed_but_not_where_it_is_ones_own() {
    // The slope is that of silu, its value is not.
    let twice = |name: &str, v: &Named| (name == "A1").then(|| v.get("Z1").mapv(|z| 2.0 * silu(z)));
    let found = binary(silu, silu_slope, &twice).said(&[]);
    assert_eq!((found.verdict, found.first_wrong_stage.as_deref()), (Verdict::Wrong, Some("A1")));
    // z + s(z) in the place of z s(z), and a slope that is neither's.
    let slipped = |name: &str, v: &Named| match name {
        "A1" => Some(v.get("Z1").mapv(|z| z + logistic(z))),
        "dZ1" => Some(v.get("dA1") * &v.get("Z1").mapv(|z| 1.0 - 0.5 * logistic(z) * (1.0 - logistic(z)))),
        _ => None,
    };
    let found = binary(silu, silu_slope, &slipped).said(&[]);
    assert_eq!(found.verdict, Verdict::Wrong, "{found:#?}");
    // With its own slope z + s(z) is a function like any other: nobody knows it, and nothing is wrong.
    let own = |z: f64| z + logistic(z);
    let found = binary(own, |z| 1.0 + logistic(z) * (1.0 - logistic(z)), &|_, _| None).said(&[]);
    assert_eq!(found.verdict, Verdict::NotKnown, "{found:#?}");
    assert!(found.stages.iter().all(|stage| stage.status != Status::Wrong), "{found:#?}");
}

#[test]
fn the_right_line_of_a_loss_is_printed_only_where_the_derivatives_tell_whether_it_is_a_mean() {
    let odd = |name: &str, _: &Named| (name == "cost").then(|| array![[0.5]]);
    let found = binary(relu, on, &odd).said(&[]);
    let line = "cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / len(X)";
    check(&found, "cost", &[], line);
    // A mean that comes late, or a sum: without the derivatives by weights and biases both are right.
    let found = binary(relu, on, &odd).said(&["dW1", "dW2", "db1", "db2"]);
    check(&found, "cost", &[], "");
    // Derivatives by the parameters alone tell it too.
    let found = binary(relu, on, &odd).said(&["Z1", "A1", "Z2", "dZ2", "dA1", "dZ1"]);
    check(&found, "cost", &[], line);
}

#[test]
fn two_outputs_and_a_mean_over_everything_miss_both_counts() {
    // The loss is np.mean((z - y) ** 2) with two outputs: 2 / (N K) is 1 / N.
    let program = |spoil: Spoil<'_>| {
        let mut v = Named(vec![("X", numbers(7, 3, 0.3)), ("y", numbers(7, 2, 5.0))]);
        v.0.extend([("W1", numbers(3, 2, 1.1)), ("b1", numbers(1, 2, 2.3))]);
        v.put(spoil, "z1", |v| v.get("X").dot(v.get("W1")) + v.get("b1"));
        v.put(spoil, "loss", |v| array![[(v.get("z1") - v.get("y")).mapv(|d| d * d).sum() / (2.0 * N)]]);
        v.put(spoil, "dz1", |v| (v.get("z1") - v.get("y")) / N);
        v.put(spoil, "dW1", |v| v.get("X").t().dot(v.get("dz1")));
        v.put(spoil, "db1", |v| sums(v.get("dz1")));
        v
    };
    let forgotten = |name: &str, v: &Named| (name == "dz1").then(|| (v.get("z1") - v.get("y")) * 2.0);
    let found = program(&forgotten).said(&[]);
    let wrong: Vec<_> = found.stages.iter().filter(|s| s.status == Status::Wrong).map(|s| &s.name).collect();
    assert_eq!(wrong, ["dz1"], "{found:#?}");
}

#[test]
fn a_derivative_by_a_is_one_by_z_where_a_book_calls_them_so_also_without_its_slope() {
    let program = |spoil: Spoil<'_>| {
        let one = Array2::from_shape_fn((7, 2), |(i, j)| f64::from(u8::from((i + j) % 2 == 0)));
        let mut v = Named(vec![("x", numbers(7, 3, 0.3)), ("t", one)]);
        v.0.extend([("W1", numbers(3, 5, 1.1)), ("b1", numbers(1, 5, 2.3))]);
        v.0.extend([("W2", numbers(5, 2, 0.7)), ("b2", numbers(1, 2, 4.1))]);
        v.put(spoil, "a1", |v| v.get("x").dot(v.get("W1")) + v.get("b1"));
        v.put(spoil, "z1", |v| v.get("a1").mapv(logistic));
        v.put(spoil, "a2", |v| v.get("z1").dot(v.get("W2")) + v.get("b2"));
        v.put(spoil, "y", |v| v.get("a2").mapv(logistic));
        v.put(spoil, "da2", |v| (v.get("y") - v.get("t")) / N);
        v.put(spoil, "dW2", |v| v.get("z1").t().dot(v.get("da2")));
        v.put(spoil, "dz1", |v| v.get("da2").dot(&v.get("W2").t()));
        v.put(spoil, "da1", |v| v.get("dz1") * &v.get("z1").mapv(|z| z * (1.0 - z)));
        v.put(spoil, "dW1", |v| v.get("x").t().dot(v.get("da1")));
        v
    };
    assert_eq!(program(&|_, _| None).said(&[]).verdict, Verdict::Correct);
    let no_slope = |name: &str, v: &Named| (name == "da1").then(|| v.get("dz1").clone());
    assert_eq!(program(&no_slope).said(&[]).first_wrong_stage.as_deref(), Some("da1"));
    let from_dz = |name: &str, v: &Named| (name == "dW1").then(|| v.get("x").t().dot(v.get("dz1")));
    assert_eq!(program(&from_dz).said(&[]).first_wrong_stage.as_deref(), Some("dW1"));
}

#[test]
fn a_factor_without_a_name_at_the_outputs_is_one_mistake_and_nothing_below_is_accused() {
    // The mean comes early here, and half of it is left.
    let halved = |name: &str, v: &Named| match name {
        "dZ2" => Some((v.get("A2") - v.get("Y")) / (2.0 * N)),
        "dW2" => Some(v.get("A1").t().dot(v.get("dZ2"))),
        "db2" => Some(sums(v.get("dZ2"))),
        "dW1" => Some(v.get("X").t().dot(v.get("dZ1"))),
        "db1" => Some(sums(v.get("dZ1"))),
        _ => None,
    };
    let found = binary(relu, on, &halved).said(&[]);
    let wrong: Vec<_> = found.stages.iter().filter(|s| s.status == Status::Wrong).map(|s| &s.name).collect();
    assert_eq!(wrong, ["dZ2"], "{found:#?}");
}

/// The same arrays with samples in columns and weights (fan_out, fan_in).
fn in_columns(v: &Named, without: &[&str]) -> Diagnosis {
    let kept = v.0.iter().filter(|(name, _)| !without.contains(name));
    let turned = kept.map(|(name, value)| Array {
        name: (*name).to_owned(),
        shape: if value.len() == 1 { vec![] } else { vec![value.ncols(), value.nrows()] },
        values: Values::Numbers(value.t().iter().copied().collect(), Stored::Double),
    });
    diagnose(&turned.collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_line_for_samples_in_columns_is_written_as_one_writes_it() {
    let value = |name: &str, v: &Named| (name == "dZ1").then(|| v.get("dA1") * v.get("A1"));
    let found = in_columns(&binary(relu, on, &value), &["dA1"]);
    check(&found, "dZ1", &[ValueForSlope], "dZ1 = W2.T @ dZ2 * (Z1 > 0)");
    // What is used twice has a line of its own, in columns too.
    let found = in_columns(&binary(relu, on, &value), &["Z1", "A1", "Z2", "A2", "dZ2", "dA1", "dZ1"]);
    let line = "Z1 = W1 @ X + b1; dW1 = W2.T @ ((1 / (1 + np.exp(-(W2 @ np.maximum(0, Z1) + b2))) - Y) / X.shape[1]) \
                * (Z1 > 0) @ X.T";
    let stage = found.stages.iter().find(|stage| stage.name == "dW1").unwrap();
    assert_eq!(stage.right.as_deref(), Some(line));
}

#[test]
fn a_loss_that_is_known_to_be_broadcast_tells_its_factors_and_accuses_nothing_else() {
    let (y, reg) = (numbers(7, 1, 5.0), 0.1);
    let mut v =
        Named(vec![("X", numbers(7, 3, 0.3)), ("W1", numbers(3, 4, 1.1)), ("W2", numbers(4, 1, 0.7))]);
    let none: Spoil<'_> = &|_, _| None;
    v.put(none, "z1", |v| v.get("X").dot(v.get("W1")));
    v.put(none, "a1", |v| v.get("z1").mapv(relu));
    v.put(none, "yhat", |v| v.get("a1").dot(v.get("W2")));
    let squares = |m: &Array2<f64>| m.mapv(|w| w * w).sum();
    // Without 1/2, and with reg * sum(W^2).
    v.put(none, "loss", |v| {
        let pairs = squares(&(v.get("yhat") - &y.t())) / (N * N);
        array![[pairs + reg * (squares(v.get("W1")) + squares(v.get("W2")))]]
    });
    v.put(none, "dyhat", |v| (v.get("yhat") - &y) * (2.0 / N));
    v.put(none, "dW2", |v| v.get("a1").t().dot(v.get("dyhat")) + v.get("W2") * (2.0 * reg));
    v.put(none, "dz1", |v| v.get("dyhat").dot(&v.get("W2").t()) * v.get("z1").mapv(on));
    v.put(none, "dW1", |v| v.get("X").t().dot(v.get("dz1")) + v.get("W1") * (2.0 * reg));
    v.0.push(("lam", array![[reg]]));
    let mut arrays: Vec<Array> = v.0.iter().map(|(name, value)| array_of(name, value)).collect();
    arrays.push(Array { shape: vec![7], ..array_of("y", &y) });
    let line =
        "loss = np.sum((yhat - y.reshape(-1, 1)) ** 2) / len(X) + lam * (np.sum(W1 ** 2) + np.sum(W2 ** 2))";
    check(&diagnose(&arrays).unwrap(), "loss", &[BroadcastLabels], line);
}

#[test]
fn the_path_through_the_mean_is_left_out_and_no_array_exchanged() {
    let found = normalised(&|name, v| {
        let (d, n) = (name == "dz1").then(|| (v.get("dxhat"), v.get("xhat")))?;
        let off = v.get("z1") - &(sums(v.get("z1")) / N);
        Some((d - n * &(sums(&(d * n)) / N)) / (sums(&(&off * &off)) / N + 1e-5).mapv(f64::sqrt))
    });
    let found = found.said(&[]);
    let stage = found.stages.iter().find(|stage| stage.status == Status::Wrong).unwrap();
    assert_eq!((stage.name.as_str(), &stage.mistakes[..]), ("dz1", &[PartLeftOut][..]));
    assert_eq!(stage.evidence[0], "dxhat.mean(axis=0, keepdims=True) is left out");
}

#[test]
fn what_is_absent_is_called_as_the_person_calls_what_is_there() {
    let mut v = normalised(&|_, _| None);
    v.0.retain(|(name, _)| !matches!(*name, "z2" | "dW1" | "dz1"));
    let names: Vec<String> = v.said(&[]).stages.into_iter().map(|stage| stage.name).collect();
    assert!(names.contains(&"dW1".to_owned()) && names.contains(&"z2".to_owned()), "{names:?}");
}

#[test]
fn the_running_means_of_an_update_are_used_and_not_called_ignored() {
    let mut v = binary(relu, on, &|_, _| None);
    let (m, s) = (v.get("dW2") * 0.1, v.get("dW2").mapv(|d| d * d * 0.001));
    let moved = v.get("W2") - &((&m / 0.1) / ((&s / 0.001).mapv(f64::sqrt) + 1e-8) * 0.01);
    v.0.extend([("W2_new", moved), ("m_W2", m), ("v_W2", s), ("lr", array![[0.01]])]);
    let found = v.said(&[]);
    assert_eq!((found.verdict, &found.ignored[..]), (Verdict::Correct, &[][..]), "{found:#?}");
}
