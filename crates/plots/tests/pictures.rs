//! What must hold in every picture, read from its SVG as a viewer would read it.

#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's failure")]

use clearprop_plots::{
    Grid, Panel, Picture, Points, Series, Target, boundary_picture, data_picture, loss_picture,
};
use ndarray::{Array2, array};
use roxmltree::{Document, Node};

fn names(k: usize) -> Vec<String> {
    (0..k).map(|class| format!("class {class}")).collect()
}

fn scores(grid: &Grid, k: usize) -> Array2<f64> {
    let nodes = grid.nodes();
    Array2::from_shape_fn((nodes.nrows(), k), |(i, class)| {
        let angle = class as f64 / k as f64 * std::f64::consts::TAU;
        nodes[[i, 0]] * angle.cos() + nodes[[i, 1]] * angle.sin()
    })
}

/// Both pictures of points with classes 0, 1, .., k - 1, 0, ..
fn both(x: &Array2<f64>, names: &[String], title: &str) -> [Picture; 2] {
    let labels: Vec<usize> = (0..x.nrows()).map(|row| row % names.len()).collect();
    let points = Points::new(x.view(), Target::Classes { labels: &labels, names }, ["x1", "x2"]).unwrap();
    let grid = Grid::around(&points, 40);
    let scores = scores(&grid, names.len());
    [
        data_picture(&points, title).unwrap(),
        boundary_picture(&points, &grid, scores.view(), title, "test accuracy 0.5").unwrap(),
    ]
}

fn ring(n: usize, size: f64, at: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, 2), |(i, column)| {
        let angle = i as f64;
        at + size * if column == 0 { angle.sin() } else { 0.7 * angle.cos() }
    })
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn class<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("class").unwrap_or("")
}

/// Left, top, width, height.
fn frame(document: &Document<'_>) -> [f64; 4] {
    let frame = document.descendants().find(|node| class(*node) == "frame").unwrap();
    ["x", "y", "width", "height"].map(|name| number(frame, name))
}

/// The centres of the points' markers, in order.
fn markers(document: &Document<'_>) -> Vec<[f64; 2]> {
    let group = document.descendants().find(|node| class(*node) == "points").unwrap();
    let paths = group.descendants().filter_map(|node| node.attribute("d"));
    let centre = |d: &str| {
        let place =
            d[1..].split('m').next().unwrap().split(' ').map(|v| v.parse().unwrap()).collect::<Vec<f64>>();
        [place[0], place[1]]
    };
    paths.map(centre).collect()
}

fn check_whole(picture: &Picture) {
    let document = Document::parse(picture.svg()).unwrap();
    assert!(!picture.svg().contains("NaN") && !picture.svg().contains("inf"), "{}", picture.svg());
    for text in document.descendants().filter(|node| node.has_tag_name("text") && node.has_attribute("x")) {
        let inside = (0.0..=picture.width()).contains(&number(text, "x"));
        assert!(inside && (0.0..=picture.height()).contains(&number(text, "y")), "{text:?}");
    }
    assert!(picture.png(0.2).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn every_class_has_its_marker_its_name_and_its_region() {
    for k in [1, 2, 3, 8, 20] {
        let names = names(k);
        let [data, boundary] = both(&ring(5 * k, 1.0, 0.0), &names, "points");
        for picture in [&data, &boundary] {
            check_whole(picture);
            let document = Document::parse(picture.svg()).unwrap();
            assert_eq!(markers(&document).len(), 5 * k);
            let keys: Vec<_> =
                document.descendants().filter(|node| class(*node).starts_with("key")).collect();
            assert_eq!(keys.len(), k);
            let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
            assert!(names.iter().all(|name| texts.contains(&name.as_str())));
            let mut looks: Vec<_> = keys
                .iter()
                .map(|key| {
                    let shape = key.attribute("d").unwrap().split_once('m').unwrap().1;
                    (key.attribute("fill").unwrap(), shape)
                })
                .collect();
            looks.sort_unstable();
            looks.dedup();
            assert_eq!(looks.len(), k, "two classes look the same");
        }
        let document = Document::parse(boundary.svg()).unwrap();
        assert_eq!(document.descendants().filter(|node| class(*node).starts_with("region")).count(), k);
    }
}

#[test]
fn axes_are_equal_and_hold_all_points() {
    for (size, at) in [(1.0, 0.0), (1e-9, 0.0), (1e9, 0.0), (3.0, 1e6)] {
        let x = ring(30, size, at);
        for picture in both(&x, &names(3), "points") {
            check_whole(&picture);
            let document = Document::parse(picture.svg()).unwrap();
            let [left, top, width, height] = frame(&document);
            let drawn = markers(&document);
            assert_eq!(drawn.len(), 30);
            for [px, py] in &drawn {
                assert!((left..=left + width).contains(px) && (top..=top + height).contains(py));
            }
            // Pixels per unit, from two points far apart along each axis.
            let scale = |column: usize, one: usize, other: usize| {
                (drawn[one][column] - drawn[other][column]) / (x[[one, column]] - x[[other, column]])
            };
            let (across, down) = (scale(0, 2, 5), scale(1, 0, 3));
            assert!((across + down).abs() < 0.005 * across, "{across} and {down} pixels per unit");
        }
    }
}

#[test]
fn columns_in_different_units_fill_the_frame_and_it_is_said() {
    let x = array![[0.0, 0.0], [1.0, 1e5], [0.5, 2e4]];
    for picture in both(&x, &names(3), "points") {
        check_whole(&picture);
        assert!(picture.svg().contains("axes not to one scale"));
    }
}

#[test]
fn a_point_alone_or_all_in_one_place_is_drawn() {
    for x in [
        array![[2.0, 3.0]],
        Array2::from_elem((9, 2), 1e9),
        Array2::zeros((2, 2)),
        array![[0.0, 1.0], [5.0, 1.0]],
    ] {
        for picture in both(&x, &names(2), "points") {
            check_whole(&picture);
            assert_eq!(markers(&Document::parse(picture.svg()).unwrap()).len(), x.nrows());
        }
    }
}

#[test]
fn names_of_any_kind_are_shown_whole_or_shortened() {
    let names = ["<b>&\"'".to_owned(), "Ёжик Ångström".to_owned(), "x".repeat(100_000), "\u{0}\n".to_owned()];
    for picture in both(&ring(8, 1.0, 0.0), &names, "a < b & c") {
        check_whole(&picture);
        let document = Document::parse(picture.svg()).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
        assert!(
            texts.contains(&"<b>&\"'") && texts.contains(&"Ёжик Ångström") && texts.contains(&"a < b & c")
        );
        assert!(picture.width() < 1000.0);
    }
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    let [first, second] = [0, 1].map(|_| both(&ring(50, 1.0, 0.0), &names(4), "points"));
    assert_eq!(first, second);
    assert_eq!(first[1].png(1.0).unwrap(), second[1].png(1.0).unwrap());
}

#[test]
fn a_png_has_the_size_asked_for() {
    let [picture, _] = both(&ring(5, 1.0, 0.0), &names(2), "points");
    let png = picture.png(1.5).unwrap();
    let side = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    assert_eq!([side(16), side(20)], [picture.width(), picture.height()].map(|s| (1.5 * s).round()));
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e6] {
        assert!(picture.png(scale).is_err(), "{scale}");
    }
}

#[test]
fn too_many_points_are_thinned_and_it_is_said() {
    let x = ring(50_001, 1.0, 0.0);
    let [data, _] = both(&x, &names(3), "points");
    assert!(data.svg().contains("20000 of 50001 points shown"));
    assert_eq!(markers(&Document::parse(data.svg()).unwrap()).len(), 20_000);
}

#[test]
fn values_have_contours_and_a_colour_bar() {
    let x = ring(30, 2.0, 0.0);
    for (values, model) in [(1.0, 1.0), (0.0, 0.0), (0.0, f64::NAN), (1e12, f64::INFINITY)] {
        let values: Vec<f64> = x.rows().into_iter().map(|row| values * row[0]).collect();
        let target = Target::Values { values: &values, name: "price" };
        let points = Points::new(x.view(), target, ["x1", "x2"]).unwrap();
        let grid = Grid::around(&points, 30);
        let scores = grid.nodes().column(0).mapv(|v| model * v).insert_axis(ndarray::Axis(1));
        let picture = boundary_picture(&points, &grid, scores.view(), "values", "").unwrap();
        check_whole(&picture);
        let document = Document::parse(picture.svg()).unwrap();
        assert!(document.descendants().filter(|node| class(*node) == "level").count() >= 2);
        check_whole(&data_picture(&points, "values").unwrap());
    }
}

#[test]
fn what_does_not_fit_together_is_an_error() {
    let (x, names) = (ring(3, 1.0, 0.0), names(2));
    fn target<'a>(labels: &'a [usize], names: &'a [String]) -> Target<'a> {
        Target::Classes { labels, names }
    }
    let found = |x: &Array2<f64>, labels: &[usize]| {
        Points::new(x.view(), target(labels, &names), ["a", "b"]).unwrap_err().to_string()
    };
    assert!(found(&x, &[0, 1]).contains("3 points, but 2 targets"));
    assert!(found(&x, &[0, 1, 2]).contains("row 3: class 2 of 2"));
    assert!(found(&Array2::zeros((3, 4)), &[0, 1, 0]).contains("needs 2 inputs, found 4"));
    assert!(found(&Array2::zeros((0, 2)), &[]).contains("no point"));
    assert!(found(&array![[0.0, f64::NAN]], &[0]).contains("row 1"));
    let points = Points::new(x.view(), target(&[0, 1, 0], &names), ["a", "b"]).unwrap();
    let grid = Grid::around(&points, 10);
    let error = boundary_picture(&points, &grid, Array2::zeros((7, 2)).view(), "", "").unwrap_err();
    assert!(error.to_string().contains("scores of shape (7, 2)"), "{error}");
}

fn curve<'a>(values: &'a [f64], steps: &'a [f64]) -> Series<'a> {
    Series { name: "train", panel: Panel::Loss, steps: &steps[..values.len()], values }
}

#[test]
fn losses_of_any_kind_are_drawn() {
    let steps: Vec<f64> = (0..20_000).map(f64::from).collect();
    let long: Vec<f64> =
        steps.iter().map(|s| if *s == 777.0 { 5.0 } else { 1.0 + (-s / 3000.0).exp() }).collect();
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let cases: [&[f64]; 9] = [
        &[],
        &[0.7],
        &[nan, nan],
        &[1.0, nan, 0.5, 0.4],
        &[1.0, inf],
        &[0.0, 0.0],
        &[1e-9, 1e9],
        &[-1.0, 1.0],
        &long,
    ];
    for values in cases {
        let picture = loss_picture(&[curve(values, &steps)], "Loss").unwrap();
        check_whole(&picture);
        assert!(picture.svg().len() < 150_000);
    }
    check_whole(&loss_picture(&[], "Loss").unwrap());
    assert!(loss_picture(&[Series { steps: &[1.0], ..curve(&[1.0, 2.0], &steps) }], "Loss").is_err());

    // The spike of one step in 20,000 is still the highest point, and a gap starts the line anew.
    let spike = loss_picture(&[curve(&long, &steps)], "Loss").unwrap();
    let document = Document::parse(spike.svg()).unwrap();
    let [_, top, _, height] = frame(&document);
    let line = document.descendants().find(|node| class(*node) == "curve").unwrap().attribute("d").unwrap();
    let highest = line.split(['M', 'L']).skip(1).map(|p| p.split(' ').nth(1).unwrap().parse().unwrap());
    assert!(highest.fold(inf, f64::min) < top + 0.1 * height);
    let gap = loss_picture(&[curve(&[1.0, 0.9, nan, 0.5, 0.4], &steps)], "Loss").unwrap();
    let document = Document::parse(gap.svg()).unwrap();
    let line = document.descendants().find(|node| class(*node) == "curve").unwrap();
    assert_eq!(line.attribute("d").unwrap().matches('M').count(), 2);
}

#[test]
fn a_wide_range_of_losses_gets_a_log_axis_and_accuracy_its_own_panel() {
    let steps = [0.0, 1.0, 2.0];
    let narrow = curve(&[1.1, 0.6, 0.3], &steps);
    let wide = curve(&[11.0, 0.6, 0.3], &steps);
    assert!(!loss_picture(&[narrow], "").unwrap().svg().contains("log scale"));
    assert!(loss_picture(&[wide], "").unwrap().svg().contains("log scale"));
    let share = Series { panel: Panel::Accuracy, ..narrow };
    let picture = loss_picture(&[narrow, share], "").unwrap();
    check_whole(&picture);
    assert_eq!(picture.svg().matches("class=\"frame\"").count(), 2);
    assert!(picture.svg().contains(">accuracy<"));
}
