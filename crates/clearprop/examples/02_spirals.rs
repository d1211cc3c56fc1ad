//! The notebook: three spirals, 200 hidden units, 5001 steps of gradient descent.
//!
//!     cargo run --release -p clearprop --example 02_spirals
//!
//! From here to the weight gradient it is three hops: `main`, `Trainer::advance` (one step is
//! `loss_and_grad` and `update`), `loss_and_grad`, `backward`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use clearprop::data::{Spirals, spirals, split};
use clearprop::engine::Engine;
use clearprop::error::Result;
use clearprop::loss::Loss;
use clearprop::settings::Settings;
use clearprop::train::{Event, Trainer};

fn main() -> Result<()> {
    let settings = Settings { engine: Engine::Plain, ..Settings::notebook() };
    let data = spirals::<f32>(&Spirals::default(), settings.seed)?;
    let (train, test) = split(data.len(), settings.test_size, settings.seed)?;
    let (train, test) = (data.select(&train), data.select(&test));

    let network = settings.network(2, 3, Loss::Softmax)?;
    let params = settings.init.draw(&network, settings.seed);
    let mut trainer = Trainer::new(network, params, train, None, settings)?;

    let mut shown = 0;
    while !matches!(trainer.advance(shown + 1), Event::Stopped(_)) {
        // The loss of a step is measured before its update, the accuracy after it.
        if let (true, Some(loss)) = (trainer.state().step == shown + 1, trainer.losses().last()) {
            let accuracy = trainer.evaluate(trainer.data()).score;
            println!("Step {shown:4}. Loss={loss:.3}, train accuracy={accuracy:.5}");
            shown += 500;
        }
    }
    println!("Test accuracy={:.5}", trainer.evaluate(&test).score);
    Ok(())
}
