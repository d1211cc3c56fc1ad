//! Several members: folds, seeds, their mean, and what is learnt from the rows that each was not trained on.

use clearprop::engine::Engine;
use clearprop::fit::{Fit, Plan, Rows, Split};
use clearprop::loss::Loss;
use clearprop::metrics::{score, trust};
use clearprop::model::{Model, Tensor};
use clearprop::settings::Choices;
use clearprop::table::{Column, Table, Unseen};
use clearprop::target::Target;
use clearprop::train::Event;
use ndarray::Array2;
use std::collections::BTreeMap;

fn noise(i: u32, salt: f64) -> f64 {
    (f64::from(i + 1) * salt).fract()
}

/// Rows of three classes that overlap; `rare` has three rows. `group` has twelve values.
fn table(n: u32) -> Table {
    let x = |i| noise(i, 0.618_033_988_75);
    let class = |i: u32| match x(i) + 0.4 * (noise(i, 0.754_877_666) - 0.5) {
        _ if [5, 50, 77].contains(&i) => "rare",
        v if v < 0.5 => "low",
        _ => "high",
    };
    Table::new(vec![
        ("x".into(), Column::numbers((0..n).map(x))),
        ("z".into(), Column::numbers((0..n).map(|i| noise(i, 0.569_840_291)))),
        (
            "group".into(),
            Column::words(
                (0..n).map(|i| format!("g{}", (i * 7) % 12)).collect::<Vec<_>>().iter().map(String::as_str),
            ),
        ),
        ("y".into(), Column::words((0..n).map(class))),
    ])
    .unwrap()
}

fn quick() -> Choices {
    Choices::new().hidden(vec![8]).epochs(6).batch_size(16)
}

fn ended(mut fit: Fit<f64>) -> (Fit<f64>, Vec<Event>) {
    let mut events = Vec::new();
    loop {
        match fit.advance(u64::MAX) {
            event @ Event::Member(_) => events.push(event),
            event @ Event::Stopped(_) => {
                events.push(event);
                return (fit, events);
            }
            _ => {}
        }
    }
}

fn model(fit: Fit<f64>) -> Model<f64> {
    let (fit, events) = ended(fit);
    let Some(&Event::Stopped(reason)) = events.last() else { panic!() };
    fit.finish(reason)
}

/// (line, fold, answer, outputs) of each row.
fn apart(fit: &Fit<f64>) -> Vec<(u32, u32, String, Vec<f64>)> {
    let mut rows = Vec::new();
    let cell = |table: &Table, name: &str, row| table.column(name).unwrap().text(row);
    fit.out_of_fold(|table, outputs| {
        for row in 0..table.len() {
            let [line, fold] = ["row", "fold"].map(|name| cell(table, name, row).parse().unwrap());
            rows.push((line, fold, cell(table, "y", row), outputs.row(row).to_vec()));
        }
        Ok(())
    })
    .unwrap();
    rows
}

#[test]
fn every_row_is_in_one_fold_with_its_share_of_every_class() {
    let fit = Fit::new(Rows::table(table(100), &["y"]), &quick().folds(5)).unwrap();
    let warning = fit.plan().decisions.iter().find(|one| one.key == "folds").unwrap();
    assert_eq!(
        warning.to_string(),
        "class \"rare\" has 3 rows, fewer than the 5 folds: 2 of them test no row of it"
    );
    let (fit, events) = ended(fit);
    assert_eq!(events[..4], [1, 2, 3, 4].map(Event::Member));
    let rows = apart(&fit);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
    let mut counts: BTreeMap<(&str, u32), u32> = BTreeMap::new();
    rows.iter().for_each(|(_, fold, class, _)| *counts.entry((class, *fold)).or_default() += 1);
    for class in ["low", "high"] {
        let each: Vec<u32> = (1..=5).map(|fold| counts[&(class, fold)]).collect();
        assert!(each.iter().max().unwrap() - each.iter().min().unwrap() <= 1, "{class}: {each:?}");
    }
    for fold in 1..=5 {
        assert_eq!(rows.iter().filter(|row| row.1 == fold).count(), 20);
    }
    assert!(fit.members().iter().all(|member| member.rows == 80 && member.score.is_some()));
    // The folds are the test: none is kept apart beside them, unless that is asked for.
    assert_eq!(fit.test_score(), None);
    let fit = Fit::new(Rows::table(table(100), &["y"]), &quick().folds(4).test_size(0.2)).unwrap();
    let (fit, _) = ended(fit);
    assert!(fit.test_score().is_some() && apart(&fit).len() == 80);
}

#[test]
fn a_row_is_predicted_by_the_member_that_has_not_seen_it() {
    let fit = Fit::new(Rows::table(table(90), &["y"]), &quick().folds(3)).unwrap();
    let (fit, events) = ended(fit);
    let (rows, all, figures) = (apart(&fit), fit.fold_score().unwrap(), fit.members().to_vec());
    let Some(&Event::Stopped(reason)) = events.last() else { panic!() };
    let model = fit.finish(reason);
    let data = model
        .encoder
        .transform_data(&table(90), &(0..90).collect::<Vec<_>>(), &mut Unseen::default())
        .unwrap();
    let outputs: Vec<Array2<f64>> = model
        .members
        .iter()
        .map(|params| model.engine.predict(&model.network, params, data.x.view()))
        .collect();
    for (line, fold, _, said) in &rows {
        let own = outputs[*fold as usize - 1].row(*line as usize - 1).to_vec();
        assert!(own.iter().zip(said).all(|(a, b)| (a - b).abs() < 1e-12), "row {line}");
    }
    let fold: Vec<u32> = rows.iter().map(|row| row.1 - 1).collect();
    let apart = model.out_of_fold(data.x.view(), &fold);
    assert_eq!(score(Loss::Softmax, apart.view(), &data.y), all);
    // The folds are as large, so the mean of their scores is the score of all.
    let mean = figures.iter().map(|member| member.score.unwrap()).sum::<f64>() / 3.0;
    assert!((mean - all).abs() < 1e-12);
    // What is said of the temperature is so of the model, which has taken it in.
    let calibration = model.trained.calibration.unwrap();
    let after = trust(Loss::Softmax, &apart, &data.y);
    assert!((after.log_loss - calibration.after.log_loss).abs() < 1e-12);
    assert!((after.calibration_error - calibration.after.calibration_error).abs() < 1e-12);
    assert!(after.log_loss < calibration.before.log_loss && calibration.rows == 90);
}

#[test]
fn a_member_is_the_network_that_its_rows_alone_give() {
    // A fold as given rows, from the seed of its member; the columns as they are, since folds share their meaning.
    let choices = quick().folds(3).scale("none".parse().unwrap()).validation_size(0.0);
    let fit = Fit::new(Rows::table(table(90), &["y"]), &choices).unwrap();
    let rows = apart(&ended(Fit::new(Rows::table(table(90), &["y"]), &choices).unwrap()).0);
    let model = model(fit);
    for member in 0..3u32 {
        let (inside, others): (Vec<u32>, Vec<u32>) =
            (0..90).partition(|&row| rows[row as usize].1 == member + 1);
        let alone = Rows { split: Split::Given(others, inside), ..Rows::table(table(90), &["y"]) };
        let choices = quick().scale("none".parse().unwrap()).validation_size(0.0).seed(u64::from(member));
        let alone = Fit::<f64>::new(alone, &choices).unwrap().run();
        // The temperature is in the last layer.
        let own = &model.members[member as usize];
        let temperature = model.trained.calibration.unwrap().temperature;
        assert_eq!(own.wb(1), alone.members[0].wb(1), "member {member}");
        let last = alone.members[0].wb(2).mapv(|w| w / temperature);
        assert_eq!(own.wb(2), last.view());
        assert_eq!(model.trained.members[member as usize].score, alone.trained.test_score);
    }
}

#[test]
fn the_mean_is_of_probabilities_or_numbers() {
    let ensemble = model(Fit::new(Rows::table(table(100), &["y"]), &quick().ensemble(3)).unwrap());
    assert_eq!((ensemble.members.len(), ensemble.trained.members.len()), (3, 3));
    let rows: Vec<u32> = (0..100).collect();
    let data = ensemble.encoder.transform_data(&table(100), &rows, &mut Unseen::default()).unwrap();
    let each: Vec<_> = ensemble
        .members
        .iter()
        .map(|one| ensemble.engine.predict(&ensemble.network, one, data.x.view()))
        .collect();
    let mean = (&each[0] + &each[1] + &each[2]) / 3.0;
    assert_eq!(ensemble.outputs(data.x.view()), mean);
    let Target::Classes(y) = &data.y else { panic!() };
    let loss = -y.iter().enumerate().map(|(i, &class)| mean[[i, class as usize]].ln()).sum::<f64>() / 100.0;
    let evaluation = ensemble.evaluate(&data);
    assert!(
        (evaluation.loss - loss).abs() < 1e-12
            && evaluation.score == score(Loss::Softmax, mean.view(), &data.y)
    );
    // The first member is the run of one network; the seeds of the others follow.
    for (seed, member) in (0..3).zip(&ensemble.members) {
        let rows = Rows::table(table(100), &["y"]);
        let same_rows = Plan::new::<f64>(&rows, &quick(), None).unwrap();
        assert_eq!(same_rows.encoder, ensemble.encoder);
        let plan = Plan::new::<f64>(&rows, &quick(), None).unwrap();
        if seed == 0 {
            assert_eq!(Fit::begin(plan, rows, None).unwrap().run().members[0], *member);
        } else {
            assert_ne!(ensemble.members[0], *member);
        }
    }
}

#[test]
fn each_member_of_an_ensemble_watches_its_own_rows() {
    let rows = || Rows::table(table(90), &["y"]);
    let choices = || quick().scale("none".parse().unwrap()).test_size(0.0).validation_size(0.2);
    let plan = Plan::new::<f64>(&rows(), &choices().ensemble(3), None).unwrap();
    let said = plan.decisions.iter().find(|one| one.key == "rows").unwrap().to_string();
    assert_eq!(said, "rows: 90 to train on (each network on its own 72, 18 tell it when to stop)");
    let ensemble = model(Fit::begin(plan, rows(), None).unwrap());
    let temperature = ensemble.trained.calibration.unwrap().temperature;
    let all: Vec<u32> = (0..90).collect();
    let data = ensemble.encoder.transform_data::<f64>(&table(90), &all, &mut Unseen::default()).unwrap();
    let (mut sum, mut count) = (Array2::<f64>::zeros((90, 3)), vec![0; 90]);
    for (seed, own) in (0..).zip(&ensemble.members) {
        // One network from that seed: its rows are those of the member.
        let given = Rows { split: Split::Given((0..90).collect(), Vec::new()), ..rows() };
        let alone = Fit::<f64>::new(given, &choices().seed(seed)).unwrap();
        let train: Vec<Vec<f64>> =
            alone.trainer().data().x.rows().into_iter().map(|row| row.to_vec()).collect();
        assert_eq!(train.len(), 72);
        let alone = model(alone);

        assert_eq!(own.wb(1), alone.members[0].wb(1), "seed {seed}");
        assert_eq!(own.wb(2), alone.members[0].wb(2).mapv(|w| w / temperature));
        let outputs = alone.outputs(data.x.view());
        for row in (0..90).filter(|&row| !train.contains(&data.x.row(row).to_vec())) {
            let mut sum = sum.row_mut(row);
            sum += &outputs.row(row);
            count[row] += 1;
        }
    }
    assert!(count.contains(&0) && count.contains(&1) && count.iter().any(|&count| count > 1), "{count:?}");
    // The temperature is told by what each row's watchers, which have not learnt from it, say of it together.
    let watched: Vec<u32> = (0..90).filter(|&row| count[row as usize] > 0).collect();
    let mut mean = Array2::zeros((watched.len(), 3));
    for (&row, mut mean) in watched.iter().zip(mean.rows_mut()) {
        mean.assign(&(&sum.row(row as usize) / f64::from(count[row as usize])));
    }
    let before = trust(Loss::Softmax, &mean, &data.select(&watched).y);
    let calibration = ensemble.trained.calibration.unwrap();
    assert_eq!(calibration.rows, watched.len());
    assert!((calibration.before.log_loss - before.log_loss).abs() < 1e-12);
    // Nothing is watched: all learn from all rows.
    let blind = model(Fit::new(rows(), &choices().validation_size(0.0).ensemble(2)).unwrap());
    assert!(blind.trained.calibration.is_none() && blind.trained.members.iter().all(|one| one.rows == 90));
}

/// A run whose members end after different numbers of steps, and its course.
fn uneven(threads: usize) -> Fit<f64> {
    let choices = Choices::new().hidden(vec![8]).epochs(60).batch_size(16).step_size(0.05);
    let choices = choices.folds(5).validation_size(0.2).patience(2).threads(threads);
    Fit::new(Rows::table(table(120), &["y"]), &choices).unwrap()
}

#[test]
fn members_that_are_trained_at_once_are_those_that_are_trained_in_turn() {
    let (whole, _) = ended(uneven(1));
    let steps: Vec<u64> = whole.members().iter().map(|member| member.steps).collect();
    assert!(steps.windows(2).any(|pair| pair[1] < pair[0]), "one ends before an earlier one: {steps:?}");
    let history = whole.history().clone();
    assert!(history.rows.is_sorted_by(|a, b| a.step < b.step));
    let whole = model(whole);
    for threads in [2, 3, 5, 9] {
        let (fit, events) = ended(uneven(threads));
        assert_eq!(events[..4], [1, 2, 3, 4].map(Event::Member));
        assert_eq!(fit.step(), steps.iter().sum::<u64>());
        assert_eq!(*fit.history(), history, "{threads} threads");
        assert_eq!(model(fit), whole, "{threads} threads");
    }
    let choices = |threads| quick().ensemble(4).threads(threads);
    let ensemble = |threads| model(Fit::new(Rows::table(table(100), &["y"]), &choices(threads)).unwrap());
    assert_eq!(ensemble(3), ensemble(1));
}

#[test]
fn a_pause_in_any_member_changes_no_bit() {
    let (whole, _) = ended(uneven(1));
    let (total, history) = (whole.step(), whole.history().clone());
    let whole = model(whole);
    for (pause, threads) in
        [1, total / 5 - 1, total / 5, total / 3, total / 2, total - 1].into_iter().zip(1..)
    {
        let mut first = uneven(threads);
        while first.step() < pause {
            assert!(!matches!(first.advance(pause), Event::Stopped(_)));
            assert!(first.step() <= pause);
        }
        let fit = uneven(threads % 4 + 1);
        let rows = Rows::table(table(120), &["y"]);
        let second = Fit::resume(fit.plan().clone(), rows, first.progress()).unwrap();
        assert_eq!(second.step(), pause);
        let (second, _) = ended(second);
        assert_eq!(*second.history(), history, "paused at {pause}");
        assert_eq!(model(second), whole, "paused at {pause} with {threads} threads");
    }
}

#[test]
fn minutes_are_as_many_epochs_as_there_is_time_for() {
    // A clock that says a tenth of a second more each time that it is asked.
    let clock = || {
        let asked = std::cell::Cell::new(0.0);
        move || {
            asked.set(asked.get() + 0.1);
            asked.get()
        }
    };
    // Nobody knows how far the members of other threads come between two of its looks.
    let choices = Choices::new().hidden(vec![8]).batch_size(16).folds(3).threads(1);
    let rows = || Rows::table(table(120), &["y"]);
    let timed = |minutes| {
        Fit::<f64>::new(rows(), &choices.clone().minutes(minutes)).unwrap().within(clock()).unwrap()
    };
    let fit = timed(0.5);
    let epochs = fit.plan().settings.epochs.unwrap();
    let said = fit.plan().decisions.iter().find(|one| one.key == "minutes").unwrap().to_string();
    assert_eq!(
        said,
        format!("0.5 minutes: there is time for {epochs} epochs (`epochs={epochs}` is the same run)")
    );
    assert!((2..256).contains(&epochs) && timed(0.25).plan().settings.epochs.unwrap() < epochs);
    let told = fit.plan().decisions.iter().find(|one| one.key == "settings").unwrap().to_string();
    assert!(told.contains(&format!("`epochs={epochs}`")), "{told}");
    let same = model(Fit::new(rows(), &choices.clone().epochs(epochs)).unwrap());
    assert_eq!(model(fit).members, same.members);
    assert_eq!(timed(1e-6).plan().settings.epochs, Some(1));
    let tables = choices.clone().recipe("tabular".parse().unwrap()).minutes(1e6);
    let most = Fit::<f64>::new(rows(), &tables).unwrap().within(clock()).unwrap();
    assert_eq!(most.plan().settings.epochs, Some(256));
    let refused = |choices: Choices| Fit::<f64>::new(rows(), &choices).unwrap_err().to_string();
    assert_eq!(
        refused(choices.minutes(1.0).epochs(3)),
        "minutes: given together with `epochs`; each of them says how long the run is"
    );
    assert_eq!(
        Choices::new().set("minutes", "0").unwrap_err().to_string(),
        "minutes: found '0'; give a number above 0"
    );
}

#[test]
fn groups_are_in_one_fold_and_time_has_none() {
    let rows = |split| Rows { split, ..Rows::table(table(120), &["y"]) };
    let fit = Fit::new(rows(Split::Groups("group".into())), &quick().folds(4)).unwrap();
    let groups = table(120);
    let mut folds: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (line, fold, ..) in apart(&ended(fit).0) {
        folds.entry(groups.column("group").unwrap().text(line as usize - 1)).or_default().push(fold);
    }
    assert!(folds.len() == 12 && folds.values().all(|folds| folds.iter().all(|fold| *fold == folds[0])));
    let refused = |split, choices: &Choices| Fit::<f64>::new(rows(split), choices).unwrap_err().to_string();
    assert_eq!(
        refused(Split::Groups("group".into()), &quick().folds(13)),
        "folds: there are 12 groups for 13 folds; at most `folds=12`"
    );
    assert!(
        refused(Split::Time("x".into()), &quick().folds(3)).contains("with `split=time` there is `ensemble`")
    );
    let few =
        Fit::<f64>::new(Rows::table(table(12), &["y"]), &Choices::new().folds(13)).unwrap_err().to_string();
    assert_eq!(few, "folds: there are 12 rows for 13 folds; at most `folds=12`");
    assert!(refused(Split::Random, &quick().folds(3).ensemble(3)).contains("given together with `folds`"));
    assert_eq!(
        Choices::new().set("folds", "1").unwrap_err().to_string(),
        "folds: found '1'; give a whole number from 2 to 100"
    );
    // As many folds as rows: each row is left out once.
    let each = Fit::new(Rows::table(table(12), &["y"]), &Choices::new().hidden(vec![2]).epochs(2).folds(12))
        .unwrap();
    assert_eq!(
        apart(&ended(each).0).iter().map(|row| row.1).collect::<std::collections::BTreeSet<_>>().len(),
        12
    );
    // Batches that only some members could fill.
    assert!(
        refused(Split::Random, &quick().folds(3).batch_size(81))
            .contains("a member has only 80 training rows")
    );
}

#[test]
fn a_word_that_only_a_members_fold_has_says_nothing_to_it() {
    let rows = || {
        let words = |i: u32| if i == 17 { "once".to_owned() } else { format!("w{}", i % 3) };
        let words: Vec<String> = (0..60).map(words).collect();
        let table = Table::new(vec![
            ("word".into(), Column::words(words.iter().map(String::as_str))),
            ("y".into(), Column::numbers((0..60).map(|i| noise(i, 0.618) + f64::from(i % 3)))),
        ]);
        Rows::table(table.unwrap(), &["y"])
    };
    for recipe in ["plain", "tabular"] {
        let choices = quick().folds(3).recipe(recipe.parse().unwrap());
        let (fit, _) = ended(Fit::new(rows(), &choices).unwrap());
        let fold = apart(&fit).iter().find(|row| row.0 == 18).unwrap().1 as usize - 1;
        let input = fit.plan().encoder.input_names().iter().position(|name| name == "word=once").unwrap();
        let model = fit.finish(clearprop::train::StopReason::Finished);
        for (i, member) in model.members.iter().enumerate() {
            assert_eq!(member.w(1).row(input).iter().all(|&w| w == 0.0), i == fold, "{recipe} {i}");
        }
    }
}

#[test]
fn intervals_hold_as_many_new_answers_as_they_say() {
    let table = |from: u32, n: u32| {
        let rows = from..from + n;
        let y = |i| 3.0 * noise(i, 0.618_033_988_75) + noise(i, 0.754_877_666).powi(2);
        Table::new(vec![
            ("x".into(), Column::numbers(rows.clone().map(|i| noise(i, 0.618_033_988_75)))),
            ("y".into(), Column::numbers(rows.map(y))),
        ])
        .unwrap()
    };
    let fit = Fit::new(Rows::table(table(0, 400), &["y"]), &Choices::new().folds(4)).unwrap();
    let model = model(fit);
    let rows: Vec<u32> = (0..2000).collect();
    let new = table(400, 2000);
    let said = model.predict(&new, &rows, &mut Unseen::default()).unwrap();
    let Column::Numbers(y) = new.column("y").unwrap() else { panic!() };
    for level in [0.5, 0.8, 0.9, 0.99] {
        let half = model.interval(level).unwrap()[0];
        let inside = (0..2000).filter(|&i| (said[[i, 0]] - y.get(i)).abs() <= half).count() as f64 / 2000.0;
        assert!((inside - level).abs() < 0.05, "{level}: {inside}");
    }
    let refused = |level| model.interval(level).unwrap_err().to_string();
    assert_eq!(
        refused(0.999),
        "interval: found 0.999, 400 rows tell at most 0.9975; give less, or train on more rows"
    );
    assert_eq!(refused(1.0), "interval: found 1; give a share between 0 and 1, like 0.9");
}

#[test]
fn a_model_is_its_tensors_and_its_text() {
    let several = model(Fit::new(Rows::table(table(100), &["y"]), &quick().folds(3)).unwrap());
    let again = |text: &str, tensors: &[Tensor<f64>]| Model::from_parts(several.engine, text, tensors);
    let (text, tensors) = (several.metadata().unwrap(), several.tensors());
    assert_eq!((tensors[0].name.as_str(), tensors[0].shape.len(), tensors[0].shape[0]), ("w1", 3, 3));
    assert_eq!(again(&text, &tensors).unwrap(), several);
    let mut other = tensors.clone();
    other[0].shape[0] = 2;
    assert!(again(&text, &other).unwrap_err().to_string().contains("w1"));
    other[0].values.truncate(tensors[0].values.len() / 3 * 2);
    assert!(again(&text, &other).unwrap_err().to_string().contains("the network needs [3, "));
    // A file of before there were members.
    let single = model(Fit::new(Rows::table(table(100), &["y"]), &quick()).unwrap());
    let text = single.metadata().unwrap();
    let old = text.replace("\"folds\":null,", "").replace("\"ensemble\":null,", "");
    assert!(old.len() < text.len() && !old.contains("members") && !old.contains("calibration"));
    let read = Model::from_parts(Engine::default(), &old, &single.tensors()).unwrap();
    assert_eq!(read, single);
}
