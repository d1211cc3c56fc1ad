//! The page that a run leaves behind, and that of an evaluation.

use crate::Place;
use serde_json::Value;
use std::fmt::Write;

/// Rows of numbers, words and dates with names that a page must not take for its own.
fn rows(target: &str) -> String {
    let mut text = format!("size,<b>\"colour\"&,day,{target}\n");
    text = text.replace("<b>\"colour\"&", "\"<b>\"\"colour\"\"&\"");
    for i in 0..240_u32 {
        let size = f64::from(i * 37 % 101) / 10.0;
        let colour = ["red", "<i>", "blue"][(i * i % 7 % 3) as usize];
        let answer = match target {
            "kind" => if size + f64::from(i % 5) > 7.0 { "<script>" } else { "plain" }.to_owned(),
            "price" => format!("{:.2}", 3.0 * size + f64::from(i % 11) / 7.0),
            _ => if size < 3.4 {
                "a"
            } else if size < 6.8 {
                "b"
            } else {
                "c"
            }
            .to_owned(),
        };
        let size = if i % 17 == 0 { String::new() } else { size.to_string() };
        let _ = writeln!(text, "{size},{colour},2024-{:02}-{:02},{answer}", i % 12 + 1, i % 28 + 1);
    }
    text
}

/// It loads nothing, every picture has words, every tag that is opened is closed.
#[track_caller]
fn is_whole(page: &str) {
    for word in ["<script", "<i>", "<b>", "http", "src=", "@import", "url("] {
        assert!(!page.contains(word), "the page contains {word}");
    }
    assert_eq!(page.matches("role=\"img\" aria-label=").count(), page.matches("<svg").count());
    for tag in
        ["figure", "table", "thead", "tr", "td", "th", "svg", "text", "div", "dl", "ul", "li", "h2", "main"]
    {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

/// The headings of a page, in order.
fn headings(page: &str) -> Vec<&str> {
    page.split("<h2>").skip(1).filter_map(|rest| rest.split("</h2>").next()).collect()
}

fn numbers(json: &Value) -> Vec<&str> {
    json["importance"].as_array().unwrap().iter().map(|worth| worth["column"].as_str().unwrap()).collect()
}

#[test]
fn a_run_leaves_a_page_and_its_numbers() {
    let trust = "How far the probabilities can be trusted";
    let rest = ["What each column is worth", "How the answer follows a column", "Where it is most wrong"];
    let last = ["The training", "What was read and decided"];
    for (target, first) in [
        ("kind", &["Who is taken for whom", trust][..]),
        ("size3", &["Who is taken for whom", trust]),
        ("price", &["Predicted against true"]),
    ] {
        let place = Place::new();
        place.write("rows.csv", rows(target));
        place.ok(&format!("train rows.csv --target {target} --epochs 20 --quiet --out run"));
        let (page, json) = (place.read("run/report.html"), place.json("run/report.json"));
        is_whole(&page);
        assert_eq!(headings(&page), [first, &rest, &last].concat(), "{target}");
        assert_eq!(page.contains("ROC curve"), target == "kind");
        // The first line of the summary and the page are about the same rows.
        let summary = place.json("run/summary.json");
        let score = summary["test_accuracy"].as_f64().or(summary["test_r2"].as_f64()).unwrap();
        assert!((json["figures"][0][1].as_f64().unwrap() - score).abs() < 1e-6, "{json}");
        assert_eq!((&json["rows"], &json["part"]), (&60.into(), &"test rows".into()));
        // The answer follows from the size: that is the dearest column, and rows that lack it are among the worst.
        assert_eq!(numbers(&json)[0], "size");
        let columns: Vec<&Value> = json["columns"].as_array().unwrap().iter().collect();
        let of = |key: &str| columns.iter().map(|column| column[key].clone()).collect::<Vec<_>>();
        assert_eq!(of("name"), ["size", "<b>\"colour\"&", "day", target]);
        assert_eq!((of("missing")[0].as_u64(), of("fate")[3].as_str()), (Some(15), Some("target")));
        assert!(page.contains("missing values are filled with the median"));
        // The worst rows are named by their lines.
        for worst in json["worst"].as_array().unwrap() {
            let line = usize::try_from(worst["line"].as_u64().unwrap()).unwrap();
            let text = rows(target);
            let cells: Vec<&str> = text.lines().nth(line - 1).unwrap().split(',').collect();
            assert_eq!(worst["is"], cells[3]);
            let size = worst["cells"][0][1].as_str().unwrap().parse::<f64>().ok();
            assert_eq!(size, cells[0].parse().ok(), "{worst}");
        }
    }
}

#[test]
fn columns_that_were_not_read_are_listed_and_rows_are_named() {
    let place = Place::new();
    place.write("rows.csv", rows("kind"));
    for options in ["--drop day", "--columns size"] {
        place.ok(&format!("train rows.csv --target kind --epochs 2 --quiet --out run --overwrite {options}"));
        let json = place.json("run/report.json");
        let of = |key: &str| {
            json["columns"].as_array().unwrap().iter().map(|column| column[key].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("name"), ["size", "<b>\"colour\"&", "day", "kind"]);
        assert_eq!((&of("fate")[2], &of("kind")[2]), (&"left out".into(), &Value::Null), "{options}");
        assert!(place.read("run/report.html").contains("<td class=\"text\">not read</td>"));
        let lines: Vec<u64> =
            json["lines"].as_array().unwrap().iter().map(|line| line.as_u64().unwrap()).collect();
        assert!(lines.len() == 60 && lines.windows(2).all(|two| two[0] < two[1]), "{lines:?}");
        assert!(lines[0] >= 2 && lines[59] <= 241, "{lines:?}");
    }
}

/// `examples/report.html` is what the README's first command leaves behind; digits may differ from machine to machine.
#[test]
fn the_example_is_the_page_of_the_examples_table() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let kept = std::fs::read_to_string(examples.join("report.html")).unwrap();
    let place = Place::new();
    place.write("members.csv", std::fs::read(examples.join("members.csv")).unwrap());
    place.ok("train members.csv --target stays --drop id,joined --quiet --out run");
    let page = place.read("run/report.html");
    let style =
        |page: &str| page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap().to_owned();
    let decided = |page: &str| -> Vec<String> {
        let items = page.split("<li>").skip(1).map(|item| item.split("</li>").next().unwrap());
        items.map(|item| item.chars().filter(|c| !c.is_ascii_digit()).collect()).collect()
    };
    let parts = |page: &str| (style(page), headings(page).join("; "), decided(page));
    assert_eq!(parts(&kept), parts(&page), "write it anew, by the README's command");
}

#[test]
fn an_evaluation_leaves_a_page_beside_the_model_or_where_it_is_asked_for() {
    let place = Place::new();
    place.write("rows.csv", rows("kind"));
    place.ok("train rows.csv --target kind --epochs 5 --quiet --out run");
    let whole = place.read("run/report.html");
    let out = place.ok("evaluate run rows.csv");
    assert!(out.ends_with("\nThe page with all of it is run/evaluation.html\n"), "{out}");
    is_whole(&place.read("run/evaluation.html"));
    assert_eq!(place.json("run/evaluation.json")["rows"], 240);
    assert_eq!(place.read("run/report.html"), whole);
    // A model that lies alone has no page but the one asked for.
    place.write("alone.safetensors", place.bytes("run/model.safetensors"));
    place.ok("evaluate alone.safetensors rows.csv --json");
    assert_eq!(place.files(), ["alone.safetensors", "rows.csv", "run"]);
    place.ok("evaluate alone.safetensors rows.csv --json --report page.html");
    assert_eq!(place.files(), ["alone.safetensors", "page.html", "page.json", "rows.csv", "run"]);
    let ended = place.run("evaluate alone.safetensors rows.csv --report no/page.html");
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    // Another run in the folder has nothing to do with the evaluation.
    place.ok("train rows.csv --target kind --epochs 5 --quiet --out run --overwrite");
    assert!(!place.path("run/evaluation.html").exists() && !place.path("run/evaluation.json").exists());
}
