//! `trace`, `check` and `explain` as a person meets them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use clearprop_files::npz::{self, Npz};
use std::path::{Path, PathBuf};
use std::process::Command;

const BIN: &str = env!("CARGO_BIN_EXE_clearprop");

/// Exit code, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(BIN).current_dir(folder).args(arguments).env("COLUMNS", "100").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name).canonicalize().unwrap()
}

fn read(path: &Path) -> Npz {
    npz::read(std::fs::File::open(path).unwrap(), &path.display().to_string()).unwrap()
}

/// An array as its shape and numbers.
fn numbers(file: &Npz, name: &str) -> (Vec<usize>, Vec<f64>) {
    let array = file.array(name).unwrap();
    let values = match array.shape.as_slice() {
        [] => vec![file.scalar(name).unwrap()],
        [_] => file.vector::<f64>(name).unwrap().to_vec(),
        _ => file.matrix::<f64>(name).unwrap().iter().copied().collect(),
    };
    (array.shape.clone(), values)
}

#[test]
fn a_trace_gives_the_golden_values_of_every_network() {
    let folder = tempfile::tempdir().unwrap();
    let (mut networks, mut compared) = (0, 0);
    for entry in std::fs::read_dir(golden("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("net_") || !name.ends_with(".npz") {
            continue;
        }
        networks += 1;
        let out = folder.path().join("out.npz");
        let arguments =
            ["trace", path.to_str().unwrap(), "--names", "notebook", "--npz", out.to_str().unwrap()];
        let (code, _, error) = run(folder.path(), &arguments);
        assert_eq!(code, 0, "{name}: {error}");
        let (expected, found) = (read(&path), read(&out));
        for quantity in expected.arrays.keys() {
            if ["X", "y", "sizes", "activation", "loss_name", "regularize"].contains(&quantity.as_str()) {
                continue;
            }
            let (shape, golden) = numbers(&expected, quantity);
            let (wide, ours) = numbers(&found, quantity);
            // Ours ends with the column of ones, and the derivative by it, which the oracle has not.
            let ours: Vec<f64> = match (shape.as_slice(), wide.as_slice()) {
                ([n, h], [m, w]) if n == m && *w == h + 1 => {
                    ours.chunks(h + 1).flat_map(|row| row[..*h].to_vec()).collect()
                }
                _ => ours,
            };
            assert_eq!(ours.len(), golden.len(), "{name}, {quantity}: {wide:?} for {shape:?}");
            let scale = golden.iter().fold(0.0_f64, |scale, v| scale.max(v.abs()));
            let error = ours.iter().zip(&golden).fold(0.0_f64, |e, (a, b)| e.max((a - b).abs()));
            assert!(error <= 1e-12 * scale, "{name}, {quantity}: {error} of {scale}");
            compared += 1;
        }
    }
    assert!(networks >= 8 && compared >= 60, "{networks} networks, {compared} arrays");
}

#[test]
fn what_a_trace_writes_is_read_again_in_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let start = golden("net_relu_logistic.npz");
    let mut losses = Vec::new();
    let mut from = start.to_str().unwrap().to_owned();
    for names in ["ours", "notebook", "ours"] {
        let out = folder.path().join(format!("{names}-{}.npz", losses.len()));
        let (code, _, error) =
            run(folder.path(), &["trace", &from, "--names", names, "--npz", out.to_str().unwrap()]);
        assert_eq!(code, 0, "{error}");
        losses.push(read(&out).scalar("loss").unwrap());
        from = out.to_str().unwrap().to_owned();
    }
    assert!(losses.iter().all(|loss| (loss - losses[0]).abs() < 1e-14), "{losses:?}");
}

#[test]
fn the_chain_is_drawn_without_colour_into_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let path = golden("net_relu_softmax.npz");
    let (code, out, _) = run(folder.path(), &["trace", path.to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(!out.contains('\x1b'), "{out}");
    for line in
        ["LAYER 1: x in, a1 out", "LAYER 2: a1 in, logits out", "by a1, the OUTPUT of the nonlinearity"]
    {
        assert!(out.contains(line), "{line} is missing in\n{out}");
    }
    for line in ["z1 (h11) = x w1 + b1", "dz1 (dL_dh11) = da1 * (z1 > 0)", "dw2 (dL_dW2) = a1^T dlogits"] {
        assert!(out.contains(line), "{line} is missing in\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let (_, out, _) = run(folder.path(), &["trace", path.to_str().unwrap(), "--entry", "dw1[0,3]"]);
    assert!(out.contains("sum over rows i of x[i,0] * dz1[i,3], + reg * w1[0,3]"), "{out}");
    let (_, out, _) = run(folder.path(), &["trace", path.to_str().unwrap(), "--unit", "2", "--row", "1"]);
    assert!(out.contains("Unit 2 of layer 1") && out.contains("dz1[1,2] (dL_dh11[1,2])"), "{out}");
}

#[test]
fn json_holds_the_chain_with_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = golden("net_relu_softmax.npz");
    let (code, out, _) = run(folder.path(), &["trace", path.to_str().unwrap(), "--json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let link = &json["chain"][3];
    assert_eq!(link["value"]["name"], "z1");
    assert_eq!(link["derivative"]["name"], "dz1");
    assert_eq!(link["value"]["role"], "the INPUT of layer 1's nonlinearity");
    assert_eq!(link["derivative"]["role"], "by z1, the INPUT of the nonlinearity");
    assert_eq!(link["derivative"]["formulas"][0]["plain"], "dz1 = da1 * (z1 > 0)");
    assert_eq!(link["value"]["values"].as_array().unwrap().len(), 11);
    let (_, out, _) = run(folder.path(), &["trace", path.to_str().unwrap(), "--json", "--entry", "db1[0]"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json[0]["steps"][0]["terms"].as_array().unwrap().len(), 12);
}

#[test]
fn a_right_gradient_passes_and_a_wrong_one_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    // The golden file claims gradients, which are right; --all checks each number.
    let path = golden("net_relu_softmax.npz");
    let (code, out, error) = run(folder.path(), &["check", path.to_str().unwrap(), "--all"]);
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.contains("the file's gradient") && !out.contains("WRONG"), "{out}");

    let mut wrong = read(&path);
    let (shape, mut values) = numbers(&wrong, "dL_dW2");
    values.iter_mut().for_each(|v| *v *= 2.0);
    wrong.arrays.insert("dL_dW2".into(), npz::Array::f64(&shape, values));
    let bytes = npz::write(wrong.arrays.iter().map(|(name, array)| (name.as_str(), array))).unwrap();
    std::fs::write(folder.path().join("wrong.npz"), bytes).unwrap();
    let (code, out, error) = run(folder.path(), &["check", "wrong.npz"]);
    assert_eq!(code, 1, "{out}{error}");
    assert!(out.contains("WRONG") && out.contains("ratio 2"), "{out}");
    assert!(error.contains("first at dw2"), "{error}");
}

/// A program in plain Python, without NumPy: it reads the npz by hand; its loss is half the sum of squares
/// of all weights, so the gradient is the weights themselves (times the factor it is started with).
const PROGRAM: &str = r#"
import ast, struct, sys, zipfile

def load(path):
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            length = struct.unpack("<H", data[8:10])[0]
            header = ast.literal_eval(data[10:10 + length].decode())
            if header["descr"] == "<f8":
                count = (len(data) - 10 - length) // 8
                arrays[name[:-4]] = (header["shape"], struct.unpack("<%dd" % count, data[10 + length:]))
    return arrays

def save(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, (shape, values) in arrays.items():
            header = repr({"descr": "<f8", "fortran_order": False, "shape": shape})
            header += " " * (63 - (10 + len(header)) % 64) + "\n"
            data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
            archive.writestr(name + ".npy", data + struct.pack("<%dd" % len(values), *values))

factor = float(sys.argv[1])
for line in sys.stdin:
    weights, gradients = line.rstrip("\n").split("\t")
    arrays = load(weights)
    layers = {name: arrays[name] for name in arrays if name.startswith("W")}
    save(gradients, {"dL_d" + n: (s, [factor * v for v in values]) for n, (s, values) in layers.items()})
    print(sum(0.5 * v * v for _, values in layers.values() for v in values), flush=True)
"#;

#[test]
fn a_persons_own_program_is_checked_against_its_own_loss() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my loss.py"), PROGRAM).unwrap();
    let path = golden("net_relu_softmax.npz");
    let check = |program: &str| run(folder.path(), &["check", path.to_str().unwrap(), "--loss", program]);
    let (code, out, error) = check("python3 'my loss.py' 1");
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.contains("the program's gradient"), "{out}");
    assert!(error.contains("it may mean another loss"), "{error}");
    let (code, out, _) = check("python3 'my loss.py' -1");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("ratio -1"), "{out}");
    let (code, _, error) = check("python3 missing.py");
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("ended without an answer"), "{error}");
}

/// The same loss, with JSON as the exchange.
const IN_JSON: &str = r#"
import json, sys
def half_square(v): return sum(map(half_square, v)) if isinstance(v, list) else v * v / 2
for line in sys.stdin:
    weights, gradients = line.rstrip("\n").split("\t")
    layers = {name: v for name, v in json.load(open(weights)).items() if name[0] in "Wb"}
    json.dump({"d" + name: v for name, v in layers.items()}, open(gradients, "w"))
    print(half_square(list(layers.values())), flush=True)
"#;

/// Every line of `trace`, `check` and `explain` that the README shows, word for word but for the name of Python, and
/// Python where it has JavaScript.
#[test]
fn the_readmes_commands_run() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("my_loss.py", &PROGRAM.replace("float(sys.argv[1])", "1.0"));
    write("my_json.py", IN_JSON);
    let commands = ["clearprop trace", "clearprop check", "clearprop explain"];
    let mut ran = 0;
    for line in readme.lines().filter(|line| commands.iter().any(|command| line.starts_with(command))) {
        let line = line.split('#').next().unwrap().trim_end();
        // Every other part stands between quotes.
        let words: Vec<&str> = line
            .split('\'')
            .enumerate()
            .flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
            .map(|word| match word {
                "python my_loss.py" => "python3 my_loss.py",
                "node my_loss.js" => "python3 my_json.py",
                word => word,
            })
            .collect();
        let (code, out, error) = run(folder.path(), &words[1..]);
        assert_eq!(code, 0, "{line}\n{out}{error}");
        ran += 1;
    }
    assert_eq!(ran, 7);
    println!("{ran} commands of the README ran");
}

#[test]
fn what_cannot_be_looked_at_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = golden("net_relu_softmax.npz");
    let path = path.to_str().unwrap();
    let check = |arguments: &[&str], expected: &str| {
        let (code, _, error) = run(folder.path(), arguments);
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}\nexpected {expected}\n   found {error}");
    };
    check(&["trace", path, "--row", "11"], "there are rows 0 to 10");
    check(&["trace", path, "--unit", "5"], "there are units 0 to 4");
    check(&["trace", path, "--unit", "0", "--layer", "3"], "there are layers 1 to 2");
    check(&["trace", path, "--entry", "dw1[9,9]"], "dw1 of shape (2, 5)");
    check(&["trace", "missing.npz"], "missing.npz");
    check(&["check", path, "--tolerance", "2"], "--tolerance");
    check(&["explain", "backprop"], "nothing is called 'backprop'");
}

#[test]
fn explain_tells_of_stages() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = run(folder.path(), &["explain", "dL_dh11"]);
    assert_eq!(code, 0);
    assert!(out.contains("dz1 = da1 * (z1 > 0)"), "{out}");
    let (code, out, _) = run(folder.path(), &["explain"]);
    assert_eq!(code, 0);
    assert!(out.contains("dlogits = (probs - onehot(y)) / n"), "{out}");
}

/// `examples/trace.html` is the notebook's network before its first step; digits may differ from machine to machine.
#[test]
fn the_examples_page_is_the_trace_of_the_notebooks_network() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(folder.path(), &["trace", "--report", "trace.html"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let page = std::fs::read_to_string(folder.path().join("trace.html")).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/trace.html");
    // What a heat map shows follows from the digits, too.
    let words = |page: &str| -> String {
        let text = page.split("<svg").map(|part| part.rsplit("</svg>").next().unwrap()).collect::<String>();
        text.chars().filter(|c| !c.is_ascii_digit() && !"-+.".contains(*c)).collect()
    };
    let kept = std::fs::read_to_string(kept).unwrap();
    assert_eq!(words(&kept), words(&page), "write it anew: clearprop trace --report examples/trace.html");
    for name in ["x", "w1", "z1", "a1", "logits", "probs", "loss", "dlogits", "dw2", "da1", "dz1", "dw1"] {
        assert!(page.contains(&format!("<code>{name}</code>")), "{name}");
    }
    assert!(page.contains("by logits") && page.contains("<math"));
}
