//! A search: which trials get how many folds, what is combined, and that the same parts give the same bits.

use clearprop::error::{Error, ErrorKind, Result};
use clearprop::fit::{Plan, Rows};
use clearprop::metrics::score;
use clearprop::model::Model;
use clearprop::optim::Solver;
use clearprop::settings::Choices;
use clearprop::table::{Column, Table, Unseen};
use clearprop::train::StopReason;
use clearprop::tune::{Limits, News, Space, Tune};
use ndarray::Array2;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

fn noise(i: u32, salt: f64) -> f64 {
    (f64::from(i + 1) * salt).fract()
}

fn table(n: u32) -> Table {
    let x = |i| noise(i, 0.618_033_988_75);
    let class = |i: u32| if x(i) + 0.4 * (noise(i, 0.754_877_666) - 0.5) < 0.5 { "low" } else { "high" };
    Table::new(vec![
        ("x".into(), Column::numbers((0..n).map(x))),
        ("z".into(), Column::numbers((0..n).map(|i| noise(i, 0.569_840_291)))),
        ("y".into(), Column::words((0..n).map(class))),
    ])
    .unwrap()
}

fn choices() -> Choices {
    Choices::new().hidden(vec![6]).epochs(4).batch_size(8).folds(3).test_size(0.2)
}

fn begun(choices: &Choices, most: usize) -> Tune<f64> {
    let rows = Rows::table(table(90), &["y"]);
    let plan = Plan::new::<f64>(&rows, choices, None).unwrap();
    Tune::begin(plan, rows, (Space::beside(choices), Some(most))).unwrap()
}

fn resumed(choices: &Choices, from: &Tune<f64>, rows: u32) -> Result<Tune<f64>> {
    let rows = Rows::table(table(rows), &["y"]);
    let plan = Plan::new::<f64>(&rows, choices, None).unwrap();
    Tune::resume(plan, rows, from.asked(), (from.fit().fingerprint(), from.parts().clone()))
}

fn all(mut tune: Tune<f64>) -> Tune<f64> {
    tune.advance(&|| false, &|| true, &mut |_, _| Ok(())).unwrap();
    tune
}

fn model(tune: Tune<f64>) -> (Model<f64>, Vec<usize>) {
    let (fit, trials) = tune.finish().unwrap();
    (fit.finish(StopReason::Finished), trials)
}

#[test]
fn the_better_half_gets_another_fold_and_the_better_quarter_all() {
    let tune = all(begun(&choices(), 16));
    let trials = tune.trials();
    assert_eq!(trials.len(), 16);
    for (number, bracket) in trials.chunks(8).enumerate() {
        // Nobody with one fold was better on the first fold than one who got more; the usual settings stay in any case.
        let first = |trial: usize| tune.parts()[&(trial, 0)].found.unwrap().loss;
        let (stay, go): (Vec<_>, Vec<_>) =
            bracket.iter().filter(|trial| trial.trial > 0).partition(|trial| trial.folds > 1);
        let worst = stay.iter().map(|trial| first(trial.trial)).fold(0.0, f64::max);
        assert!(go.iter().all(|trial| first(trial.trial) >= worst));
        let with = |folds: usize| bracket.iter().filter(|trial| trial.folds >= folds).count();
        let extra = usize::from(number == 0);
        assert!((4..=4 + extra).contains(&with(2)) && (2..=3).contains(&with(3)));
    }
    assert_eq!(trials[0].folds, 3);
    // The first is as without a search, and what was chosen is nowhere searched.
    assert_eq!(trials[0].settings, tune.fit().plan().settings);
    assert!(trials.iter().all(|trial| trial.settings.hidden == [6]));
    let different: BTreeSet<String> =
        trials.iter().map(|one| format!("{}", one.settings.step_size)).collect();
    assert_eq!(different.len(), 16);
    // The first bracket decides the network.
    let later: BTreeSet<String> =
        trials[8..].iter().map(|one| format!("{:?}", one.settings.activation)).collect();
    assert_eq!(later.len(), 1);
}

#[test]
fn the_same_parts_give_the_same_bits() {
    let whole = model(all(begun(&choices().threads(1), 8)));
    assert_eq!(model(all(begun(&choices().threads(3), 8))), whole);
    // Given up after some parts, and in the middle of others; then by another number of threads.
    for most in [1, 5, 11] {
        let mut tune = begun(&choices().threads(2), 8);
        let done = AtomicUsize::new(0);
        let go_on = || done.load(Ordering::SeqCst) < most;
        let mut count = |_: &Tune<f64>, news| {
            done.fetch_add(usize::from(matches!(news, News::Part(_))), Ordering::SeqCst);
            Ok(())
        };
        tune.advance(&|| false, &go_on, &mut count).unwrap();
        assert!(tune.parts().len() >= most && tune.parts().len() < 15, "{}", tune.parts().len());
        let again = resumed(&choices().threads(3), &tune, 90).unwrap();
        assert_eq!(model(all(again)), whole, "after {most}");
    }
}

#[test]
fn what_is_said_of_the_mean_is_so() {
    let tune = all(begun(&choices(), 24));
    let (fit, trials) = tune.finish().unwrap();
    assert!(!trials.is_empty() && trials.len() <= 10);
    let said = fit.fold_score().unwrap();
    let (rows, mut fold) = (72, BTreeMap::new());
    fit.out_of_fold(|table, _| {
        for row in 0..table.len() {
            let [line, number] =
                ["row", "fold"].map(|name| table.column(name).unwrap().text(row).parse::<u32>().unwrap());
            fold.insert(line - 1, number - 1);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(fold.len(), rows);
    let test = fit.test_score().unwrap();
    let model = fit.finish(StopReason::Finished);
    assert_eq!(model.members.len(), 3 * trials.len());
    let lines: Vec<u32> = fold.keys().copied().collect();
    let data = model.encoder.transform_data(&table(90), &lines, &mut Unseen::default()).unwrap();
    let apart = model.out_of_fold(data.x.view(), &fold.values().copied().collect::<Vec<_>>());
    assert_eq!(score(model.network.loss, apart.view(), &data.y), said);
    assert_eq!(model.trained.test_score, Some(test));
    // Selection is by these rows, so none of the trials alone is better on them.
    let loss =
        |outputs: &Array2<f64>| model.network.loss.data_loss(&model.network.loss.logits(outputs), &data.y);
    for set in model.members.chunks(3) {
        let alone = Model { members: set.to_vec(), ..model.clone() };
        let own = alone.out_of_fold(data.x.view(), &fold.values().copied().collect::<Vec<_>>());
        assert!(loss(&apart) <= loss(&own) + 0.01, "{} {}", loss(&apart), loss(&own));
    }
    // It is a model like any other.
    let (text, tensors) = (model.metadata().unwrap(), model.tensors());
    assert_eq!(Model::from_parts(model.engine, &text, &tensors).unwrap(), model);
}

#[test]
fn a_model_needs_one_trial_with_all_folds() {
    let mut tune = begun(&choices(), 8);
    // Nobody waits for one.
    tune.advance(&|| true, &|| false, &mut |_, _| Ok(())).unwrap();
    assert!(!tune.has_model() && tune.parts().is_empty());
    // No time at all.
    let mut heard = Vec::new();
    let mut hear = |_: &Tune<f64>, news| {
        heard.push(news);
        Ok(())
    };
    tune.advance(&|| true, &|| true, &mut hear).unwrap();
    assert_eq!(heard.iter().filter(|&&news| news == News::Overtime).count(), 1);
    assert_eq!(tune.parts().keys().copied().collect::<Vec<_>>(), [(0, 0), (0, 1), (0, 2)]);
    let (found, trials) = model(tune);
    assert_eq!(trials, [0]);
    let rows = Rows::table(table(90), &["y"]);
    let alone = clearprop::fit::Fit::<f64>::new(rows, &choices()).unwrap().run();
    // That is a run with folds, with as many rows to test on.
    assert_eq!(found.members, alone.members);
}

#[test]
fn who_is_told_can_end_it() {
    let mut tune = begun(&choices().threads(2), 8);
    let ended = |_: &Tune<f64>, news| match news {
        News::Part(_) => Err(Error::new(ErrorKind::File, "the disk is full")),
        _ => Ok(()),
    };
    let error = tune.advance(&|| false, &|| true, &mut { ended }).unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    // What others were at is given up, or was over at the same time.
    assert!((1..=2).contains(&tune.parts().len()));
}

#[test]
fn a_search_has_an_end() {
    let limits = |choices: &mut Choices, trials| Limits::of(choices, trials).unwrap();
    let mut choices = Choices::new();
    let usual = limits(&mut choices, None);
    assert_eq!((usual, choices.folds), (Limits { trials: None, minutes: Some(5.0) }, Some(5)));
    assert!(!usual.is_over(299.0) && usual.is_over(300.0));
    let mut choices = Choices::new().folds(3).minutes(2.0);
    assert_eq!(limits(&mut choices, Some("8")), Limits { trials: Some(8), minutes: Some(2.0) });
    // The minutes are those of all trials together, not of each.
    assert_eq!((choices.folds, choices.minutes), (Some(3), None));
    let most = limits(&mut Choices::new(), Some("100000"));
    assert!(most.minutes.is_none() && !most.is_over(1e300));
    for text in ["0", "-1", "1.5", "many", "100001"] {
        let error = Limits::of(&mut Choices::new(), Some(text)).unwrap_err().to_string();
        assert_eq!(error, format!("trials: found '{text}'; give a whole number from 1 to 100000"));
    }
}

#[test]
fn twelve_rows_are_enough() {
    let rows = Rows::table(table(12), &["y"]);
    let choices = Choices::new().folds(5).epochs(3);
    let plan = Plan::new::<f64>(&rows, &choices, None).unwrap();
    let tune = all(Tune::<f64>::begin(plan, rows, (Space::beside(&choices), Some(8))).unwrap());
    assert!(tune.has_model());
    let (found, _) = model(tune);
    assert_eq!(found.members.len() % 5, 0);
}

#[test]
fn parts_of_another_search_are_refused() {
    let tune = all(begun(&choices(), 8));
    let error = resumed(&choices().hidden(vec![7]), &tune, 90).unwrap_err();
    assert!(error.to_string().contains("is none of this search"), "{error}");
    for trial in [8, 100_000, usize::MAX / 3, usize::MAX] {
        for most in [Some(8), None, Some(usize::MAX)] {
            let mut parts = tune.parts().clone();
            let last = parts.pop_last().unwrap().1;
            parts.insert((trial, 0), last);
            let rows = Rows::table(table(90), &["y"]);
            let plan = Plan::new::<f64>(&rows, &choices(), None).unwrap();
            let asked = (tune.asked().0, most);
            let found = Tune::resume(plan, rows, asked, (tune.fit().fingerprint(), parts));
            assert_eq!(found.is_ok(), trial == 8 && most != Some(8), "trial {trial} of {most:?}");
        }
    }
    let error = resumed(&choices(), &tune, 91).unwrap_err();
    assert!(error.to_string().contains("not the rows that the search began with"), "{error}");
    let begin = |choices: &Choices| {
        let rows = Rows::table(table(90), &["y"]);
        let plan = Plan::new::<f64>(&rows, choices, None).unwrap();
        Tune::<f64>::begin(plan, rows, (Space::beside(choices), None)).unwrap_err().to_string()
    };
    assert!(begin(&Choices::new()).starts_with("folds: is missing"));
    assert!(begin(&Choices::new().folds(3).solver(Solver::Sgd)).starts_with("solver: "));
}
