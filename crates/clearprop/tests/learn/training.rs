//! Training runs: what they end with, and that a pause changes nothing.

use clearprop::activation::Activation;
use clearprop::data::{Data, Spirals, Target, spirals, split};
use clearprop::engine::Engine;
use clearprop::error::Error;
use clearprop::init::Init;
use clearprop::loss::Loss;
use clearprop::network::Network;
use clearprop::objective::loss_and_grad;
use clearprop::optim::{Optimiser, Rule, Solver};
use clearprop::params::Params;
use clearprop::random::Purpose;
use clearprop::schedule::Schedule;
use clearprop::settings::Settings;
use clearprop::train::{Event, State, StopReason, Trainer, train};
use ndarray::array;
use std::ops::ControlFlow;

/// Ninety points of the spirals, a third of them for validation.
fn rows() -> (Data<f64>, Data<f64>) {
    let data = spirals(&Spirals { points: 30, ..Spirals::default() }, 7).unwrap();
    let (train, validation) = split(90, 0.33, 7).unwrap();
    (data.select(&train), data.select(&validation))
}

fn batches() -> Settings {
    Settings {
        hidden: vec![8],
        solver: Solver::Adam,
        step_size: 0.01,
        batch_size: Some(16),
        steps: None,
        epochs: Some(40),
        tolerance: Some(1e-3),
        patience: Some(5),
        init: Init::He,
        ..Settings::notebook()
    }
}

fn start(settings: &Settings) -> (Network, Params<f64>) {
    let network = settings.network(2, 3, Loss::Softmax).unwrap();
    let params = settings.init.draw(&network, settings.seed);
    (network, params)
}

fn trainer(settings: &Settings, validated: bool) -> Trainer<f64> {
    let (network, params) = start(settings);
    let (data, validation) = rows();
    Trainer::new(network, params, data, validated.then_some(validation), settings.clone()).unwrap()
}

/// Runs to the end, stopping at every multiple of `every` steps; every loss on the way.
fn finish(trainer: &mut Trainer<f64>, every: u64) -> (StopReason, Vec<f64>, State<f64>) {
    let mut losses = Vec::new();
    loop {
        let until = (trainer.state().step / every + 1) * every;
        let event = trainer.advance(until);
        losses.extend_from_slice(trainer.losses());
        if let Event::Stopped(reason) = event {
            return (reason, losses, trainer.state().clone());
        }
    }
}

#[test]
fn a_run_asked_for_every_step_has_the_same_bits_as_one_asked_for_the_end() {
    let scheduled = Schedule::ALL.map(|schedule| Settings { schedule, ..batches() });
    for settings in scheduled.into_iter().chain([Settings { steps: Some(50), ..Settings::notebook() }]) {
        assert_eq!(
            finish(&mut trainer(&settings, true), 1),
            finish(&mut trainer(&settings, true), u64::MAX - 1),
        );
    }
}

#[test]
fn a_run_resumed_at_any_step_ends_in_the_same_bits() {
    for (pause, schedule) in [1, 3, 4, 7, 30].into_iter().zip(Schedule::ALL) {
        let settings = Settings { schedule, patience: Some(2), ..batches() };
        let whole = finish(&mut trainer(&settings, true), 1000);
        let mut first = trainer(&settings, true);
        let mut losses = Vec::new();
        while first.state().step < pause {
            first.advance(pause);
            losses.extend_from_slice(first.losses());
        }
        let (data, validation) = rows();
        let (network, _) = start(&settings);
        let state = first.state().clone();
        let mut second = Trainer::resume(network, state, data, Some(validation), settings.clone()).unwrap();
        let (reason, rest, state) = finish(&mut second, 1000);
        losses.extend(rest);
        assert_eq!((reason, losses, state), whole, "paused at step {pause}");
    }
}

#[test]
fn each_update_goes_as_far_as_its_schedule_says_in_every_engine() {
    for schedule in Schedule::ALL {
        let settings = Settings { solver: Solver::Sgd, momentum: Some(0.0), schedule, ..batches() };
        let mut ends = Vec::new();
        for engine in [Engine::Plain, Engine::default()] {
            let mut trainer = trainer(&Settings { engine, ..settings.clone() }, false);
            trainer.advance(7);
            ends.push(trainer.params().clone());
        }
        // By hand: four batches of 16 are an epoch of 60 rows.
        let (network, mut params) = start(&settings);
        let (data, _) = rows();
        for t in 0..4 {
            let order = clearprop::random::shuffled(60, settings.seed, Purpose::Shuffle(0));
            let batch = data.select(&order[t * 16..(t * 16 + 16).min(60)]);
            let (_, grads) = loss_and_grad(&network, &params, &batch);
            let share = t as f64 / 160.0;
            let factor = match schedule {
                Schedule::Constant | Schedule::Adaptive | Schedule::InvScaling { .. } => 1.0,
                Schedule::Cosine => (1.0 + (std::f64::consts::PI * share).cos()) / 2.0,
                Schedule::Coslog4 => {
                    (1.0 - (std::f64::consts::TAU * (1.0 + 15.0 * share).log2()).cos()) / 2.0
                }
            };
            for (p, g) in params.values_mut().iter_mut().zip(grads.values()) {
                *p -= 0.01 * factor * g;
            }
        }
        for end in ends {
            for (found, right) in end.values().iter().zip(params.values()) {
                assert!((found - right).abs() < 1e-12, "{schedule}: {found} not {right}");
            }
        }
    }
}

#[test]
fn adaptive_takes_smaller_steps_where_the_loss_no_longer_falls_until_they_are_tiny() {
    let settings = Settings {
        schedule: Schedule::Adaptive,
        tolerance: Some(10.0),
        patience: Some(3),
        epochs: Some(1000),
        ..batches()
    };
    let mut trainer = trainer(&settings, false);
    let (reason, ..) = finish(&mut trainer, u64::MAX - 1);
    assert_eq!(reason, StopReason::Converged);
    // 0.01 / 5^6 is the first below 1e-6: the first time after five epochs, then after four each.
    assert!((trainer.state().optimiser.step_size - 0.01 / 5.0_f64.powi(6)).abs() < 1e-15);
    assert_eq!(trainer.state().step, 4 * (5 + 5 * 4 + 4));
}

#[test]
fn the_caller_says_how_long_steps_are_taken_and_no_bit_depends_on_it() {
    let settings = Settings { steps: Some(50), epochs: None, ..Settings::notebook() };
    let whole = finish(&mut trainer(&settings, false), u64::MAX - 1);
    let (mut trainer, mut losses, mut asked) = (trainer(&settings, false), Vec::new(), 0);
    let reason = loop {
        let event = trainer.advance_while(u64::MAX, || {
            asked += 1;
            asked % 2 == 0
        });
        losses.extend_from_slice(trainer.losses());
        if let Event::Stopped(reason) = event {
            break reason;
        }
    };
    assert!(asked > 0);
    assert_eq!((reason, losses, trainer.state().clone()), whole);
}

#[test]
fn a_schedule_that_cannot_be_is_refused_with_its_key() {
    let endless = Settings { steps: None, schedule: Schedule::Cosine, ..Settings::notebook() };
    let impatient = Settings { schedule: Schedule::Adaptive, ..Settings::notebook() };
    for settings in [endless, impatient] {
        assert!(settings.check().unwrap_err().to_string().starts_with("schedule: "));
    }
}

#[test]
fn early_stopping_restores_the_weights_of_the_best_epoch() {
    let settings = Settings { step_size: 0.2, ..batches() };
    let mut trainer = trainer(&settings, true);
    let (_, validation) = rows();
    let mut best = f64::INFINITY;
    let reason = train(&mut trainer, |_, event| {
        if let Event::Epoch(epoch) = event {
            best = best.min(epoch.validation.unwrap().loss);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(reason, StopReason::EarlyStopped);
    assert_eq!(trainer.evaluate(&validation).loss, best);
}

#[test]
fn a_run_whose_loss_no_longer_falls_has_converged() {
    let settings = Settings { tolerance: Some(10.0), patience: Some(3), ..batches() };
    let mut trainer = trainer(&settings, false);
    let mut epochs = 0;
    let reason = train(&mut trainer, |_, event| {
        epochs += u32::from(matches!(event, Event::Epoch(_)));
        ControlFlow::Continue(())
    });
    // The first epoch is better than none; the next four are not better by 10.
    assert_eq!((reason, epochs), (StopReason::Converged, 5));
}

#[test]
fn a_run_that_diverges_says_at_which_step() {
    let settings = Settings { step_size: 1e200, steps: Some(50), ..Settings::notebook() };
    let (reason, losses, _) = finish(&mut trainer(&settings, false), 1000);
    let StopReason::Diverged { step } = reason else { panic!("{reason:?}") };
    let first_bad = losses.iter().position(|loss| !loss.is_finite()).unwrap_or(losses.len());
    assert_eq!(step, first_bad as u64);
}

#[test]
fn an_observer_can_end_the_run() {
    let mut trainer = trainer(&batches(), false);
    assert_eq!(train(&mut trainer, |_, _| ControlFlow::Break(())), StopReason::Interrupted);
}

#[test]
fn each_epoch_uses_every_row_once_in_another_order() {
    use clearprop::random::{Purpose, shuffled};
    let orders: Vec<Vec<u32>> = (0..3).map(|epoch| shuffled(100, 5, Purpose::Shuffle(epoch))).collect();
    for order in &orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<u32>>());
    }
    assert_ne!(orders[0], orders[1]);
    assert_ne!(orders[1], orders[2]);
    assert_ne!(orders[0], shuffled(100, 6, Purpose::Shuffle(0)));
}

#[test]
fn two_updates_of_each_rule_by_hand() {
    // p = 1, step size 0.1, gradients 2 and then -1, on every one of two parameters.
    let check = |rule: Rule, expected: [f64; 2]| {
        let mut optimiser = Optimiser::new(rule, 0.1, &[1, 1]).unwrap();
        let mut params = Params::from_values(&[1, 1], vec![1.0f64; 2]).unwrap();
        for (gradient, expected) in [2.0, -1.0].into_iter().zip(expected) {
            optimiser.update(&mut params, &Params::from_values(&[1, 1], vec![gradient; 2]).unwrap());
            for &p in params.values() {
                assert!((p - expected).abs() < 1e-12, "{rule:?}: {p}, by hand {expected}");
            }
        }
    };
    check(Rule::Gd, [0.8, 0.9]);
    // v = -0.2, then 0.9*-0.2 + 0.1 = -0.08
    check(Rule::Sgd { momentum: 0.9, nesterov: false }, [0.8, 0.72]);
    // p += 0.9 v - 0.1 g: 1 - 0.18 - 0.2 = 0.62, then + 0.9*-0.08 + 0.1 = 0.648
    check(Rule::Sgd { momentum: 0.9, nesterov: true }, [0.62, 0.648]);
    // beta1 = beta2 = 1/2, epsilon 0.  First m = 1, v = 2, both doubled by the correction: 0.1 * 2/sqrt(4).
    // Then m = 0, so nothing moves.
    check(Rule::Adam { beta1: 0.5, beta2: 0.5, epsilon: 0.0, epsilon_hat: false }, [0.9, 0.9]);
    // epsilon 2: first 0.1 * 2/(2 + 2) = 0.05
    check(Rule::Adam { beta1: 0.5, beta2: 0.5, epsilon: 2.0, epsilon_hat: false }, [0.95, 0.95]);
}

#[test]
fn what_does_not_fit_is_an_error_at_the_door() {
    let (data, _) = rows();
    let names = Activation::ALL.map(Activation::name);
    let new = |settings: Settings, data: Data<f64>| {
        let (network, params) = start(&settings);
        Trainer::new(network, params, data, None, settings).map(drop)
    };
    let check =
        |result: Result<(), Error>, message: &str| assert_eq!(result.unwrap_err().to_string(), message);
    check(
        new(Settings { batch_size: Some(100), ..batches() }, data.clone()),
        "batch_size: found 100; there are only 60 training rows",
    );
    check(
        new(Settings { step_size: -1.0, ..batches() }, data.clone()),
        "step_size: found -1; give a number above 0, like 0.1",
    );
    check(
        new(Settings { step_size: f64::NAN, ..batches() }, data.clone()),
        "step_size: found NaN; give a number above 0, like 0.1",
    );
    check(
        new(batches(), Data::new(array![[1.0]], Target::Classes(array![0])).unwrap()),
        "x has 1 columns, the network 2 inputs",
    );
    check(
        new(batches(), Data::new(array![[1.0, 2.0]], Target::Classes(array![3])).unwrap()),
        "y[0] is class 3, the network has classes 0 to 2",
    );
    check(
        Data::new(array![[1.0], [f64::INFINITY]], Target::Classes(array![0, 1])).map(drop),
        "found inf at x[1, 0]; only finite numbers can be learnt from",
    );
    check(
        "rlu".parse::<Activation>().map(drop),
        &format!("unknown activation 'rlu'; did you mean 'relu'? There are: {}", names.join(", ")),
    );
}

#[test]
fn a_run_goes_on_only_with_the_settings_and_the_network_that_it_began_with() {
    let (data, _) = rows();
    let settings = batches();
    let (network, params) = start(&settings);
    let resumed = |network: &Network, change: &dyn Fn(&mut State<f64>), settings: Settings| {
        let rule = batches().rule();
        let optimiser = Optimiser::new(rule, 0.01, &[2, 8, 3]).unwrap();
        let mut state = State {
            step: 0,
            params: params.clone(),
            optimiser,
            epoch_loss: 0.0,
            best_loss: f64::INFINITY,
            not_better: 0,
            best: None,
            lbfgs: None,
        };
        change(&mut state);
        let trainer = Trainer::resume(network.clone(), state, data.clone(), None, settings);
        trainer.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(resumed(&network, &|_| {}, settings.clone()), Ok(()));
    for (change, expected) in [
        (
            Settings { step_size: 0.02, ..settings.clone() },
            "the run's step size is 0.01, the settings say 0.02",
        ),
        (Settings { beta2: Some(0.9), ..settings.clone() }, "the run was made with Adam"),
        (Settings { solver: Solver::Sgd, ..settings.clone() }, "the run was made with Adam"),
        (Settings { reg: 0.5, ..settings.clone() }, "reg: 0.5 is set, the network has 0.001"),
        (
            Settings { hidden: vec![9], ..settings.clone() },
            "hidden: [9] is set, the network has layers [2, 8, 3]",
        ),
        (
            Settings { activation: vec![Activation::Tanh], ..settings.clone() },
            "activation: tanh is set, the network has relu",
        ),
        (
            Settings { loss: Some(Loss::Squared), ..settings.clone() },
            "loss: squared is set, the network has softmax",
        ),
    ] {
        let error = resumed(&network, &|_| {}, change).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    type Change = Box<dyn Fn(&mut State<f64>)>;
    let mut changes: Vec<(Change, &str)> = Vec::new();
    changes.push((Box::new(|state| drop(state.optimiser.moments.pop())), "1 moments, Adam"));
    changes.push((
        Box::new(|state| state.optimiser.moments[0] = Params::zeros(&[2, 7, 3])),
        "moments of layers [2, 7, 3], the network has [2, 8, 3]",
    ));
    changes.push((
        Box::new(|state| state.best = Some(Params::zeros(&[2, 3]))),
        "moments of layers [2, 3], the network has [2, 8, 3]",
    ));
    changes.push((
        Box::new(|state| state.optimiser.moments[1].values_mut()[3] = f64::NAN),
        "the run's moments hold NaN or infinity",
    ));
    for (change, expected) in changes {
        let error = resumed(&network, &change, settings.clone()).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
