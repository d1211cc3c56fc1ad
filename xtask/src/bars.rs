//! `cargo xtask bars`: the five bars of README.md, from what the benchmark printed (`bench/RESULTS.md`).
//!
//! A picture in a page on another ground than its own is asked by that page's reader, not by us, whether it is
//! light or dark: so its colours are those of a style that answers.

use crate::chores::Done;
use crate::sources::root;
use std::fmt::Write;

const FROM: &str = "bench/RESULTS.md";
const TO: &str = "pictures/speed.svg";
/// The workload: the first rows of the table whose first cell begins so.
const WORKLOAD: &str = "notebook 603";
/// The peers that are drawn, the slowest first, and what they are called there.
const PEERS: [(&str, &str); 4] = [
    ("NumPy, the notebook's", "NumPy f64"),
    ("scikit-learn", "scikit-learn f32"),
    ("PyTorch, compiled", "PyTorch compiled f32"),
    ("JAX, jitted", "JAX f32"),
];

pub(crate) fn draw() -> Done {
    let svg = svg(&read(FROM)?)?;
    std::fs::write(root().join(TO), svg).map_err(|error| format!("{TO}: {error}"))
}

fn read(name: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"))
}

/// `4.32 s ±1 %` in seconds.
fn seconds(cell: &str) -> Option<f64> {
    let mut parts = cell.split(' ');
    let value: f64 = parts.next()?.parse().ok()?;
    let unit = match parts.next()? {
        "s" => 1.0,
        "ms" => 1e-3,
        "µs" => 1e-6,
        _ => return None,
    };
    Some(value * unit)
}

/// Name and seconds of each bar, clearprop's last.
fn times(results: &str) -> Result<Vec<(&'static str, f64)>, String> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows =
        results.lines().map(cells).skip_while(|row| !row.get(1).is_some_and(|c| c.starts_with(WORKLOAD)));
    let first = rows.next().ok_or_else(|| format!("{FROM} has no row '{WORKLOAD}'"))?;
    let same = rows.take_while(|row| row.get(1).is_some_and(String::is_empty));
    let rows: Vec<Vec<String>> = std::iter::once(first.clone()).chain(same).collect();
    let time = |row: Option<&Vec<String>>, column: usize, what: &str| {
        row.and_then(|row| seconds(row.get(column)?)).ok_or_else(|| format!("{FROM} has no time of {what}"))
    };
    let mut bars = Vec::new();
    for (name, peer) in PEERS {
        let row = rows.iter().find(|row| row.get(6).is_some_and(|cell| cell == peer));
        bars.push((name, time(row, 7, peer)?));
    }
    bars.push(("clearprop", time(Some(&first), 4, "clearprop")?));
    Ok(bars)
}

fn svg(results: &str) -> Result<String, String> {
    let bars = times(results)?;
    let longest = bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
    let said: Vec<String> =
        bars.iter().map(|(name, seconds)| format!("{name} {}", shown(*seconds))).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"{h}\" viewBox=\"0 0 640 {h}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"14\">\n<title>{}</title>\n<style>\n\
         text {{ fill: #1f2328 }} .bar {{ fill: #8c959f }} .ours {{ fill: #0969da; font-weight: 600 }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .bar {{ fill: #6e7681 }} .ours {{ fill: #58a6ff }} }}\n\
         </style>\n",
        said.join(", "),
        h = 28 * bars.len() + 4,
    );
    for (i, (name, seconds)) in bars.iter().enumerate() {
        let (y, width) = (28 * i + 4, (seconds / longest * 346.0).max(2.0));
        let ours = if *name == "clearprop" { " ours" } else { "" };
        let _ = writeln!(
            svg,
            "<text class=\"{}\" x=\"210\" y=\"{}\" text-anchor=\"end\">{name}</text>\
             <rect class=\"bar{ours}\" x=\"220\" y=\"{y}\" width=\"{width:.1}\" height=\"20\" rx=\"2\"/>\
             <text class=\"{}\" x=\"{:.1}\" y=\"{}\">{}</text>",
            ours.trim(),
            y + 15,
            ours.trim(),
            228.0 + width,
            y + 15,
            shown(*seconds)
        );
    }
    svg.push_str("</svg>\n");
    Ok(svg.replace(" class=\"\"", ""))
}

fn shown(seconds: f64) -> String {
    if seconds >= 1.0 { format!("{seconds:.1} s") } else { format!("{seconds:.2} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bars_are_those_of_the_results() {
        let results = read(FROM).unwrap();
        assert_eq!(svg(&results).unwrap(), read(TO).unwrap(), "draw them anew: cargo xtask bars");
        let times = times(&results).unwrap();
        assert!(times.len() == 5 && times.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{times:?}");
        assert_eq!((seconds("61.3 ms ±3 %"), seconds("met")), (Some(0.0613), None));
    }
}
