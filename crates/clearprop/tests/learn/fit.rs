//! From data and choices to a model: what is learnt from which rows, and what is decided.

use clearprop::activation::Activation;
use clearprop::fit::{Fit, Plan, Rows};
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::optim::{Rule, Solver};
use clearprop::params::Params;
use clearprop::settings::{Choices, Effort, Recipe, SETTINGS, Scale, Settings};
use clearprop::table::{Coding, Column, Table};
use clearprop::train::{Event, StopReason};
use std::collections::HashSet;

/// A hundred rows: numbers without a pattern, and an answer that hangs on them.
fn table() -> Table {
    let number = |i: u32| (f64::from(i) * 0.618_033_988_749_895).fract();
    let words: Vec<&str> = (0..100).map(|i| if number(i) > 0.5 { "high" } else { "low" }).collect();
    Table::new(vec![
        ("value".into(), Column::numbers((0..100).map(number))),
        ("row".into(), Column::numbers((0..100).map(|i| f64::from(i * i)))),
        ("answer".into(), Column::words(words)),
    ])
    .unwrap()
}

fn begin(choices: &Choices) -> Fit<f64> {
    let rows = Rows::table(table(), &["answer"]);
    let plan = Plan::new::<f64>(&rows, choices, None).unwrap();
    Fit::begin(plan, rows, None).unwrap()
}

fn finish(fit: &mut Fit<f64>) -> StopReason {
    loop {
        if let Event::Stopped(reason) = fit.advance(u64::MAX) {
            return reason;
        }
    }
}

#[test]
fn columns_are_learnt_from_the_training_rows_alone() {
    // The mean of what was learnt must be that of the rows that the trainer has: their inputs are centred.
    let fit = begin(&Choices::new().test_size(0.2).validation_size(0.3));
    let x = &fit.trainer().data().x;
    assert_eq!(x.nrows(), 56);
    for (j, input) in fit.plan().encoder.inputs.iter().enumerate() {
        let mean = x.column(j).mean().unwrap();
        let square = x.column(j).mapv(|value| value * value).mean().unwrap();
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{}: {mean}, {square}", input.column);
        assert!(matches!(input.coding, Coding::Number { .. }));
    }
}

#[test]
fn a_category_that_only_the_watched_rows_have_is_not_learnt() {
    let rows: Vec<u32> = (0..100).collect();
    let watched = |column: Column| {
        let table = Table::new(vec![
            ("word".into(), column),
            ("y".into(), Column::words(rows.iter().map(|i| if i % 2 == 0 { "a" } else { "b" }))),
        ]);
        let rows = Rows::table(table.unwrap(), &["y"]);
        Plan::new::<f64>(&rows, &Choices::new().validation_size(0.3), None).unwrap()
    };
    // Each of ten words has ten rows; a word of a single row is in the training rows or it is not.
    let mut unknown = 0;
    for odd in 0..100u32 {
        let words: Vec<String> =
            rows.iter().map(|&i| if i == odd { "odd".into() } else { format!("w{}", i % 10) }).collect();
        let plan = watched(Column::words(words.iter().map(String::as_str)));
        unknown += usize::from(!plan.encoder.input_names().contains(&"word=odd".to_owned()));
    }
    // 25 rows are tested on, 23 of the others are watched.
    assert_eq!(unknown, 25 + 23);
}

#[test]
fn a_run_that_goes_on_ends_as_if_it_had_not_paused() {
    let choices = Choices::new().epochs(30).hidden(vec![8]);
    let mut whole = begin(&choices);
    let reason = finish(&mut whole);
    let mut first = begin(&choices);
    while first.trainer().state().step < 7 {
        first.advance(7);
    }
    let rows = Rows::table(table(), &["answer"]);
    let mut second = Fit::resume(first.plan().clone(), rows, first.progress()).unwrap();
    assert_eq!(finish(&mut second), reason);
    assert_eq!(second.history(), whole.history());
    assert_eq!(second.finish(reason), whole.finish(reason));
}

/// A file may hold a plan whose network is not that of its encoder.
#[test]
fn a_plan_that_contradicts_itself_is_an_error_for_one_and_for_many_members() {
    let rows = || {
        let words = Column::words((0..100).map(|i| ["red", "green", "blue"][i % 3]));
        let columns = [&[("colour".into(), words)][..], table().columns()].concat();
        Rows::table(Table::new(columns).unwrap(), &["answer"])
    };
    for choices in [Choices::new(), Choices::new().folds(3)] {
        let plan = Plan::new::<f64>(&rows(), &choices, None).unwrap();
        let mut fit = Fit::<f64>::begin(plan.clone(), rows(), None).unwrap();
        fit.advance(1);
        let mut wrong = plan;
        wrong.network.sizes[0] = 1;
        // No row has this word: with folds, an input that is 0 in all rows begins with weights of 0.
        let Coding::Words { categories, .. } = &mut wrong.encoder.inputs[0].coding else {
            panic!("no words")
        };
        categories[2] = "none".into();
        let begun = Fit::<f64>::begin(wrong.clone(), rows(), None).unwrap_err();
        let resumed = Fit::resume(wrong, rows(), fit.progress()).unwrap_err();
        for error in [begun, resumed] {
            assert!(error.to_string().contains("a network of 1 and 2"), "{error}");
        }
    }
    // So many networks are refused before the rows of the first are drawn.
    let mut wrong = Plan::new::<f64>(&rows(), &Choices::new().validation_size(0.2), None).unwrap();
    wrong.settings.ensemble = Some(1_000_000_000);
    let error = Fit::<f64>::begin(wrong, rows(), None).unwrap_err().to_string();
    assert!(error.starts_with("ensemble: found 1000000000;"), "{error}");
}

#[test]
fn the_recipe_of_tables_learns_goes_on_to_the_same_bits_and_leaves_a_plain_network() {
    let choices = Choices::new().recipe(Recipe::Tabular).epochs(40).hidden(vec![16, 16]);
    let mut whole = begin(&choices);
    let settings = whole.plan().settings.clone();
    // What hangs on the answers: these are classes.
    assert_eq!((settings.activation.clone(), settings.step_size), (vec![Activation::Selu], 0.04));
    assert_eq!((settings.label_smoothing, settings.patience, settings.beta2), (Some(0.1), None, Some(0.95)));
    assert!(whole.trainer().params().s().is_some());
    // Far values come near: the inputs are clipped.
    assert!(whole.trainer().data().x.iter().all(|x| x.abs() <= 3.0));
    let reason = finish(&mut whole);
    assert_eq!(reason, StopReason::Finished);
    for pause in [1, 3, 7] {
        let mut first = begin(&choices);
        while first.trainer().state().step < pause {
            first.advance(pause);
        }
        let rows = Rows::table(table(), &["answer"]);
        let mut second = Fit::resume(first.plan().clone(), rows, first.progress()).unwrap();
        assert_eq!(finish(&mut second), reason);
        assert_eq!(second.trainer().params(), whole.trainer().params(), "paused at {pause}");
    }
    let model = whole.finish(reason);
    assert!(model.members[0].s().is_none());
    assert_eq!(model.network.loss, Loss::Softmax);
    assert!(model.trained.test_score > Some(0.9), "{:?}", model.trained);
    // Each piece can be chosen otherwise.
    let plain =
        Choices::new().recipe(Recipe::Tabular).activation(vec![Activation::Relu]).label_smoothing(0.0);
    let settings = begin(&plain.front_scale(false).scale(Scale::Standard)).plan().settings.clone();
    assert_eq!((settings.activation, settings.label_smoothing), (vec![Activation::Relu], Some(0.0)));
    assert_eq!((settings.front_scale, settings.scale), (false, Scale::Standard));
}

/// The plan for a table of one column and these answers.
fn plan(n: u32, answers: fn(u32) -> f64, choices: &Choices) -> Result<Plan, clearprop::error::Error> {
    let number = |i: u32| (f64::from(i) * 0.618_033_988_749_895).fract();
    let table = Table::new(vec![
        ("x".into(), Column::numbers((0..n).map(number))),
        ("y".into(), Column::numbers((0..n).map(answers))),
    ])?;
    Plan::new::<f32>(&Rows::table(table, &["y"]), choices, None)
}

#[test]
fn the_recipe_of_tables_is_usual_where_there_are_rows_enough() {
    let (class, number) = (|i| f64::from(i % 2), |i| f64::from(i) + 0.5);
    let usual = |n, answers| plan(n, answers, &Choices::new()).unwrap();
    let said = |plan: &Plan| {
        let decision = plan.decisions.iter().find(|decision| decision.key == "recipe").unwrap();
        decision.to_string()
    };
    let small = usual(499, class);
    assert_eq!((small.settings.recipe, small.settings.hidden.as_slice()), (Recipe::Plain, &[100][..]));
    assert_eq!(said(&small), "recipe plain: there are fewer than 500 rows");
    let large = usual(500, class);
    assert_eq!(large.settings.hidden, [256; 3]);
    assert!(
        said(&large).starts_with("recipe tabular: the mean of 4 networks, each of 64 epochs of 300 rows, "),
        "{}",
        said(&large)
    );
    // What hangs on the answers.
    assert_eq!((large.settings.label_smoothing, large.settings.step_size), (Some(0.1), 0.04));
    let numbers = usual(500, number).settings;
    assert_eq!((numbers.activation, numbers.label_smoothing), (vec![Activation::Mish], None));
    assert_eq!(numbers.step_size, 0.07);
    // It is one of adam, and of its own step size and first weights.
    for (choices, why) in [
        (Choices::new().solver(Solver::Sgd), "the solver is sgd"),
        (Choices::new().step_size(0.003), "the step size is chosen"),
        (Choices::new().init(Init::Glorot), "the first weights are chosen"),
    ] {
        let other = plan(500, class, &choices).unwrap();
        assert_eq!((other.settings.recipe, said(&other)), (Recipe::Plain, format!("recipe plain: {why}")));
    }
    assert_eq!(plan(500, class, &Choices::new().init(Init::Ntk)).unwrap().settings.recipe, Recipe::Tabular);
    // How long it is follows the rows, unless it was chosen.
    let epochs = |n, choices: &Choices| plan(n, number, choices).unwrap().settings.epochs;
    let of = |effort| epochs(8000, &Choices::new().effort(effort)).unwrap();
    assert!(of(Effort::Quick) < of(Effort::Standard) && of(Effort::Standard) < of(Effort::Best));
    assert_eq!((of(Effort::Best), epochs(500, &Choices::new().epochs(7))), (64, Some(7)));
    for (n, choices, what) in
        [(100, Choices::new(), "the recipe plain"), (500, Choices::new().epochs(7), "epochs")]
    {
        let error = plan(n, class, &choices.effort(Effort::Quick)).unwrap_err().to_string();
        assert!(error.starts_with(&format!("effort: has no meaning with {what};")), "{error}");
    }
}

#[test]
fn the_more_there_is_to_do_the_fewer_epochs_and_then_the_fewer_networks() {
    for effort in Effort::ALL {
        let plans = [100, 1000, 10_000, 100_000, 1_000_000].map(|rows| effort.plan(rows, 150_000));
        assert!(plans.is_sorted_by(|a, b| a.0 >= b.0) && plans.is_sorted_by(|a, b| a.1 >= b.1), "{plans:?}");
    }
    let standard = |rows| Effort::Standard.plan(rows, 150_000);
    assert_eq!([2000, 5000, 60_000, 80_000].map(standard), [(4, 64), (4, 40), (4, 24), (3, 24)]);
    // A pass or two are never all.
    assert_eq!([100_000, 100_000_000].map(standard), [(2, 24), (1, 8)]);
}

#[test]
fn the_model_of_a_table_is_the_mean_of_several_networks_unless_one_is_asked_for() {
    let class = |i| f64::from(i % 2);
    let members = |choices: &Choices| plan(500, class, choices).unwrap().settings.members();
    assert_eq!(members(&Choices::new()), 4);
    assert_eq!(members(&Choices::new().effort(Effort::Best)), 6);
    assert_eq!(members(&Choices::new().folds(3)), 3);
    let one = [
        Choices::new().ensemble(1),
        Choices::new().effort(Effort::Quick),
        Choices::new().epochs(7),
        Choices::new().steps(7),
        Choices::new().recipe(Recipe::Plain),
    ];
    assert!(one.iter().all(|choices| members(choices) == 1));
    let text = |choices: &Choices| {
        let plan = plan(500, class, choices).unwrap();
        plan.decisions.into_iter().find(|one| one.key == "recipe").unwrap().why
    };
    assert!(text(&Choices::new()).starts_with("the mean of 4 networks, each of 64 epochs of "));
    assert!(text(&Choices::new().ensemble(1)).starts_with("64 epochs of "));
}

#[test]
fn a_run_does_not_go_on_with_other_rows() {
    let fit = begin(&Choices::new());
    let mut other = table();
    other = other.only(&["value".into(), "answer".into()]).unwrap();
    let error = Fit::resume(fit.plan().clone(), Rows::table(other, &["answer"]), fit.progress()).unwrap_err();
    assert!(error.to_string().starts_with("the column 'row' of the model is missing"), "{error}");
    let changed = Table::new(
        table()
            .columns()
            .iter()
            .map(|(name, column)| match name.as_str() {
                "row" => (name.clone(), Column::numbers((0..100).map(|i| f64::from(i * i + i / 99)))),
                _ => (name.clone(), column.clone()),
            })
            .collect(),
    );
    let rows = Rows::table(changed.unwrap(), &["answer"]);
    let error = Fit::resume(fit.plan().clone(), rows, fit.progress()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "these are not the rows that the run began with; go on with the same file, or train anew"
    );
}

#[test]
fn every_setting_is_read_back_from_its_text() {
    let check = |settings: Settings| {
        let mut choices = Choices::new();
        for (setting, text) in settings.texts() {
            if text != "none" || setting.key == "hidden" || setting.key == "scale" {
                choices.set(setting.key, &text).unwrap();
            }
        }
        let mut read = Settings { hidden: vec![3], seed: 9, ..Settings::notebook() };
        // What has no meaning has no text.
        (read.steps, read.epochs) = (None, None);
        choices.lay_over(&mut read);
        assert_eq!(read, settings);
        assert_eq!(
            serde_json::from_value::<Settings>(serde_json::to_value(&read).unwrap()).unwrap(),
            settings
        );
    };
    check(Settings::notebook());
    check(Settings::table(5000));
    check(Settings::plain(5000));
    check(Settings { hidden: vec![], seed: u64::MAX, step_size: 0.1 + 0.2, ..Settings::table(1) });
    check(Settings {
        solver: Solver::Sgd,
        momentum: Some(0.5),
        nesterov: Some(false),
        ..Settings::notebook()
    });
    let keys: HashSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len());
}

#[test]
fn what_is_no_choice_is_an_error_with_its_key() {
    let check = |key: &str, text: &str, expected: &str| {
        let error = Choices::new().set(key, text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("stepsize", "1", "there is no setting 'stepsize'; did you mean 'step_size'?");
    check("step_size", "0", "step_size: found '0'; give a number above 0");
    check("seed", "1.5", "seed: found '1.5'; give a whole number from 0 up");
    check("solver", "adm", "solver: found 'adm'; did you mean 'adam'? There are: gd, sgd, adam, lbfgs");
    let plan = |choices: &Choices| {
        let rows = Rows::table(table(), &["answer"]);
        Plan::new::<f32>(&rows, choices, None).map(drop).unwrap_err().to_string()
    };
    assert_eq!(
        plan(&Choices::new().momentum(0.5)),
        "momentum: has no meaning with the solver adam; only sgd has momentum: `solver=sgd`"
    );
    assert_eq!(plan(&Choices::new().step_size(-1.0)), "step_size: found -1; give a number above 0");
    assert_eq!(
        plan(&Choices::new().steps(5).epochs(5)),
        "steps: given together with `epochs`; the length of a run is either in steps or in epochs"
    );
}

#[test]
fn a_choice_brings_what_goes_with_it() {
    let settings = |choices: &Choices| {
        let rows = Rows::table(table(), &["answer"]);
        Plan::new::<f32>(&rows, choices, None).unwrap().settings
    };
    let sgd = settings(&Choices::new().solver(Solver::Sgd));
    assert_eq!(sgd.rule(), Rule::Sgd { momentum: 0.9, nesterov: true });
    assert_eq!((sgd.step_size, sgd.batch_size), (0.01, Some(32)));
    let gd = settings(&Choices::new().solver(Solver::Gd));
    assert_eq!((gd.step_size, gd.batch_size, gd.beta1), (0.1, None, None));
    let steps = settings(&Choices::new().steps(100));
    assert_eq!((steps.stops_early(), steps.validation_size, steps.epochs), (None, 0.0, None));
    let watched = settings(&Choices::new().steps(100).validation_size(0.2));
    assert_eq!(watched.stops_early().unwrap().patience, 10);
    assert_eq!(settings(&Choices::new().init(Init::Glorot)).init, Init::Glorot);
}

#[test]
fn first_weights_say_how_large_the_hidden_layers_are() {
    let rows = Rows::table(table(), &["answer"]);
    let start = Params::<f64>::zeros(&[2, 5, 2]);
    let plan = Plan::new(&rows, &Choices::new(), Some(&start)).unwrap();
    assert_eq!(plan.network.sizes, [2, 5, 2]);
    let error = Plan::new(&rows, &Choices::new().hidden(vec![6]), Some(&start)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "start: the weights are for hidden layers [5], `hidden` says [6]; leave `hidden` out"
    );
}

#[test]
fn decisions_say_what_nobody_chose() {
    let fit = begin(&Choices::new());
    let decisions = &fit.plan().decisions;
    let of = |key: &str| decisions.iter().find(|decision| decision.key == key).unwrap();
    assert_eq!(of("rows").why, "75 to train on, 25 to test on");
    assert!(of("settings").why.starts_with("`hidden=100` `activation=relu`"), "{}", of("settings").why);
}
