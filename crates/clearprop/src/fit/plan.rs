//! All that is decided before the first step.

use super::choose;
use super::rows::{Origin, Rows};
use crate::decision::Decision;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::network::Network;
use crate::optim::Solver;
use crate::params::{self, Params};
use crate::real::Real;
use crate::settings::{Choices, Recipe, Settings};
use crate::table::Encoder;
use serde::{Deserialize, Serialize};

/// All that is decided before the first step: with the rows, enough to begin; with a [`Progress`](super::Progress) too, enough
/// to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// What the network is.
    pub network: Network,
    /// What the columns mean, learnt from the training rows.
    pub encoder: Encoder,
    /// Every setting.
    pub settings: Settings,
    /// What nobody asked for and everybody should know.
    pub decisions: Vec<Decision>,
}

impl Plan {
    /// Decides.  `start` are weights to begin with, which say how large the hidden layers are.
    ///
    /// # Errors
    /// A choice that is out of its range, has no meaning or does not fit the rows; rows that cannot be
    /// learnt from; weights that do not fit the columns.
    pub fn new<R: Real>(rows: &Rows, choices: &Choices, start: Option<&Params<R>>) -> Result<Self> {
        let n = rows.table.len();
        let chosen = choices.recipe.or(rows.beside.recipe);
        let (usual, why) = choose::usual_recipe(n, choices, start.is_some());
        let recipe = chosen.unwrap_or(if rows.origin == Origin::Table { usual } else { Recipe::Plain });
        let mut settings = rows.origin.defaults(n, recipe);
        rows.beside.lay_over(&mut settings);
        let mut settings = choose::choose(settings, choices, n)?;
        let mut parts = rows.parts(&settings)?;
        let least = parts.least();
        match (choices.batch_size, settings.members()) {
            // A default is no reason for an error.
            (None, _) => settings.batch_size = settings.batch_size.map(|size| size.min(least)),
            (Some(size), 2..) if size > least => {
                return Err(Error::new(ErrorKind::Setting, format!("found {size}"))
                    .setting("batch_size")
                    .hint(format!("a member has only {least} training rows")));
            }
            _ => {}
        }
        if start.is_some() && settings.members() > 1 {
            return Err(Error::new(ErrorKind::Setting, "several members cannot begin with the same weights")
                .setting("start")
                .hint("leave it out, or train one network"));
        }
        let (mut encoder, mut decisions) = rows.learn(&parts.train, &settings)?;
        if let Some(params) = start {
            settings.hidden = hidden_of(params, choices, &encoder)?;
        }
        let network_of = |settings: &Settings, encoder: &Encoder| {
            let (answers, width) = (&encoder.answers, encoder.width());
            settings.network(width, answers.outputs(), answers.loss())
        };
        let mut network = network_of(&settings, &encoder)?;
        if recipe == Recipe::Tabular {
            let (before, loss) = (settings.members(), encoder.answers.loss());
            let asked = (choices, start.is_some());
            choose::adapt(&mut settings, asked, (loss, least, params::count(&network.sizes)));
            if settings.members() != before {
                // What one network watches, another one learns from.
                parts = rows.parts(&settings)?;
                (encoder, decisions) = rows.learn(&parts.train, &settings)?;
            }
            network = network_of(&settings, &encoder)?;
        }
        match rows.origin {
            // The notebook does not explain its own data.
            Origin::Notebook => decisions.clear(),
            Origin::Arrays => decisions.extend(plain(&settings, &network)),
            Origin::Table => {
                decisions.extend(plain(&settings, &network));
                decisions.extend(rows.in_time());
                decisions.push(Decision::new("rows", "rows", parts.said()));
                if let Some(name) = &rows.weights {
                    let what = "each row counts as this column says, in training and validation";
                    decisions.push(Decision::new("weights", what, "").column(name));
                }
                decisions.extend(rows.rare(&parts, &encoder));
                if chosen.is_none() {
                    decisions.push(choose::said(&settings, least, why));
                }
                decisions.push(told(&settings));
            }
        }
        Ok(Self { network, encoder, settings, decisions })
    }
}

impl Plan {
    /// What hangs on the number of epochs is decided anew, for so many rows that are trained on.
    pub(super) fn tell_again(&mut self, rows: usize) {
        for decision in &mut self.decisions {
            match (decision.key.as_str(), self.settings.recipe) {
                ("settings", _) => *decision = told(&self.settings),
                ("recipe", Recipe::Tabular) => *decision = choose::said(&self.settings, rows, None),
                _ => {}
            }
        }
    }
}

/// What has no kernels runs on the plain engine.
fn plain(settings: &Settings, network: &Network) -> Option<Decision> {
    if settings.engine == Engine::Plain {
        return None;
    }
    let what = match settings.solver {
        Solver::Lbfgs => "the solver lbfgs".to_owned(),
        _ if settings.engine.for_network(network) == settings.engine => return None,
        _ => format!("a network of {} with the loss {}", network.activation_text(), network.loss),
    };
    Some(Decision::new("engine", "runs on the plain engine", format!("there are no kernels for {what}")))
}

/// The settings that nobody need look up, in one decision.
fn told(settings: &Settings) -> Decision {
    let said = |(setting, text): (&crate::settings::Setting, String)| {
        let known = text != "none" || setting.key == "hidden" || setting.key == "scale";
        // How it is computed changes no result worth naming.
        let used = setting.key != "step_size" || settings.solver != Solver::Lbfgs;
        (known && used && !["engine", "threads"].contains(&setting.key))
            .then(|| format!("`{}={text}`", setting.key))
    };
    let texts: Vec<String> = settings.texts().into_iter().filter_map(said).collect();
    Decision::new("settings", "settings", texts.join(" "))
}

/// The hidden layers of weights to begin with; what else was said must agree.
fn hidden_of<R: Real>(params: &Params<R>, choices: &Choices, encoder: &Encoder) -> Result<Vec<usize>> {
    let sizes = params.sizes();
    let hidden = &sizes[1..sizes.len() - 1];
    let wrong =
        |found: String, hint: String| Err(Error::new(ErrorKind::Shape, found).setting("start").hint(hint));
    if let Some(asked) = choices.hidden.as_ref().filter(|asked| *asked != hidden) {
        let found = format!("the weights are for hidden layers {hidden:?}, `hidden` says {asked:?}");
        return wrong(found, "leave `hidden` out".into());
    }
    let (inputs, outputs) = (encoder.width(), encoder.answers.outputs());
    if (sizes[0], sizes[sizes.len() - 1]) != (inputs, outputs) {
        return wrong(
            format!("the weights are for {} inputs and {} outputs", sizes[0], sizes[sizes.len() - 1]),
            format!("the data have {inputs} inputs and {outputs} outputs"),
        );
    }
    Ok(hidden.to_vec())
}
