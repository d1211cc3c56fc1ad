//! Tests that cannot fail are no tests: `cargo xtask break` writes a mistake into `backward.rs`, one at a
//! time, in a copy of the repository, and expects the gradient test and the golden test to fail.

use crate::chores::Done;
use crate::sources::root;
use std::process::{Command, Stdio};

/// The five mistakes: what is replaced by what.
const MISTAKES: [(&str, &str, &str); 5] = [
    (
        "the weight gradient uses z, the input of the nonlinearity, where a, its output, belongs",
        "grads.w_mut(l).assign(&a[l - 1].t().dot(&dz[l]));",
        "grads.w_mut(l).assign(&if l > 1 { &z[l - 1] } else { &a[0] }.t().dot(&dz[l]));",
    ),
    (
        "the bias gradient is a mean instead of a sum over the rows",
        "dz[l].sum_axis(Axis(0))",
        "(dz[l].sum_axis(Axis(0)) / R::of(dz[l].nrows() as f64))",
    ),
    (
        "the nonlinearity is not differentiated",
        "&da[l - 1] * &slope(network, &z[l - 1], &a[l - 1])",
        "&da[l - 1] * &slope(network, &z[l - 1], &a[l - 1]).mapv(|_| R::one())",
    ),
    (
        "the penalty is counted twice",
        "let reg = R::of(network.penalty.reg);",
        "let reg = R::of(2.0 * network.penalty.reg);",
    ),
    ("the penalty pulls the wrong way", "scaled_add(reg, &params.w(l))", "scaled_add(-reg, &params.w(l))"),
];

/// Runs both tests against each mistake.
pub(crate) fn run() -> Done {
    let copy = root().join("target/broken");
    // An old copy may hold files that have gone since; its own target folder is worth keeping.
    for entry in ["crates", "xtask", "golden"] {
        let _ = std::fs::remove_dir_all(copy.join(entry));
    }
    std::fs::create_dir_all(&copy).map_err(|error| error.to_string())?;
    let files = "git ls-files -z | xargs -0 cp --parents -t target/broken";
    sh(files).then_some(()).ok_or("could not copy the repository")?;
    let file = copy.join("crates/clearprop/src/backward.rs");
    let right = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;

    if !(passes("clearprop", "gradient") && passes("clearprop-files", "golden")) {
        return Err("the tests fail before anything is broken".to_owned());
    }
    let mut missed = 0;
    for (mistake, line, wrong) in MISTAKES {
        if !right.contains(line) {
            return Err(format!("backward.rs no longer holds `{line}`"));
        }
        std::fs::write(&file, right.replace(line, wrong)).map_err(|error| error.to_string())?;
        let caught = |passed: bool| if passed { "MISSED" } else { "caught" };
        let (gradient, golden) = (passes("clearprop", "gradient"), passes("clearprop-files", "golden"));
        println!("gradient test: {}, golden test: {}: {mistake}", caught(gradient), caught(golden));
        missed += usize::from(gradient) + usize::from(golden);
    }
    if missed == 0 { Ok(()) } else { Err(format!("{missed} mistakes went unnoticed")) }
}

/// Whether one test file of the copy passes.
fn passes(package: &str, test: &str) -> bool {
    sh(&format!("cd target/broken && cargo test -q -p {package} --test {test}"))
}

fn sh(command: &str) -> bool {
    Command::new("sh")
        .args(["-c", command])
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
