//! A person's own program that computes a loss: started, asked, and stopped when it takes too long.
//!
//! One question is a line on its standard input, `WEIGHTS.npz <tab> GRADIENTS.npz` (or `.json`); the answer is a line
//! on its standard output with the loss.  What it writes to standard error is shown as it is.

use clap::ValueEnum;
use clearprop::data::Data;
use clearprop::diagnose::arrays::{Array, Stored, Values};
use clearprop::diagnose::reading::Reading;
use clearprop::error::{Error, ErrorKind, Result};
use clearprop::network::Network;
use clearprop::params::{Params, with_ones};
use clearprop::target::Target;
use clearprop_files::{arrays as containers, disk};
use ndarray::Array2;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What the arrays travel in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Exchange {
    /// NumPy's .npz
    Npz,
    /// Nested lists under their names
    Json,
}

/// How the arrays lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// X with ones as its last column, W1, W2, .. with the bias in the last row
    Notebook,
    /// The file's own names and shapes
    File,
}

/// How a program is spoken to.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) exchange: Exchange,
    pub(super) layout: Layout,
}

/// A program at work, in a folder of its own for the arrays that go to and fro.
pub(super) struct Program<'a> {
    words: Vec<String>,
    limit: Duration,
    folder: Folder,
    setting: Setting,
    reading: &'a Reading,
    /// What does not change from question to question.
    fixed: Vec<Array>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Answers,
    answered: bool,
}

/// The lines of its standard output that are not blank.
enum Answers {
    /// Read by a thread, because a pipe can only be waited for; it ends when the program's output does.
    Waited(Receiver<String>),
    /// Read here, without a limit of time: the system starts no thread.
    Read(Lines<BufReader<ChildStdout>>),
}

impl Answers {
    fn of(output: ChildStdout) -> Self {
        let (send, answers) = channel();
        let (give, take) = channel::<ChildStdout>();
        let reader = thread::Builder::new().spawn(move || {
            let Ok(output) = take.recv() else { return };
            let lines = BufReader::new(output).lines().map_while(std::io::Result::ok);
            // Ends when nobody listens any more.
            let _ = lines.filter(|line| !line.trim().is_empty()).try_for_each(|line| send.send(line));
        });
        if reader.is_err() {
            return Self::Read(BufReader::new(output).lines());
        }
        // It waits for nothing else.
        let _ = give.send(output);
        Self::Waited(answers)
    }

    /// The next line, if it comes within the limit.
    fn next(&mut self, limit: Duration) -> std::result::Result<String, RecvTimeoutError> {
        match self {
            Self::Waited(lines) => lines.recv_timeout(limit),
            Self::Read(lines) => lines
                .map_while(std::io::Result::ok)
                .find(|line| !line.trim().is_empty())
                .ok_or(RecvTimeoutError::Disconnected),
        }
    }
}

/// A network with its numbers in the notebook's names.
pub(super) fn arrays(network: &Network, params: &Params<f64>, data: &Data<f64>) -> Vec<Array> {
    let mut arrays =
        vec![matrix("X", &with_ones(&data.x)), answers(&data.y), number("reg", network.penalty.reg)];
    arrays.extend((1..=params.layers()).map(|l| matrix(&format!("W{l}"), &params.wb(l).to_owned())));
    for (name, word) in [
        ("activation", network.activation_text()),
        ("loss_name", network.loss.to_string()),
        ("regularize", network.penalty.over.name().to_owned()),
    ] {
        arrays.push(Array { name: name.to_owned(), shape: vec![], values: Values::Text(word) });
    }
    arrays
}

fn matrix(name: &str, values: &Array2<f64>) -> Array {
    Array {
        name: name.to_owned(),
        shape: values.shape().to_vec(),
        values: Values::Numbers(values.iter().copied().collect(), Stored::Double),
    }
}

fn number(name: &str, value: f64) -> Array {
    Array { name: name.to_owned(), shape: vec![], values: Values::Numbers(vec![value], Stored::Double) }
}

fn answers(y: &Target<f64>) -> Array {
    match y {
        Target::Values(y) => matrix("y", y),
        Target::Classes(y) => Array {
            name: "y".to_owned(),
            shape: vec![y.len()],
            values: Values::Numbers(y.iter().map(|&class| f64::from(class)).collect(), Stored::Whole),
        },
    }
}

impl<'a> Program<'a> {
    /// Takes the command line apart; the program starts with the first question.  `arrays` are the file's.
    pub(super) fn start(
        command: &str,
        limit: Duration,
        setting: Setting,
        arrays: &[Array],
        reading: &'a Reading,
    ) -> Result<Self> {
        let wrong = |found: &str| Error::new(ErrorKind::Setting, found).name("--loss");
        let words = shlex::split(command)
            .filter(|words| !words.is_empty())
            .ok_or_else(|| wrong("no command line").hint("write it like 'python my_loss.py'"))?;
        let fixed = match setting.layout {
            Layout::Notebook => {
                vec![
                    matrix("X", &with_ones(&reading.x()?)),
                    answers(&reading.answers()?),
                    number("reg", reading.reg()),
                ]
            }
            Layout::File => {
                let parameters = reading.in_their_layout(reading.params());
                let computed = reading.computed();
                let changes = |array: &&Array| {
                    computed.contains(&array.name.as_str()) || parameters.iter().any(|p| p.name == array.name)
                };
                arrays.iter().filter(|array| !changes(array)).cloned().collect()
            }
        };
        Ok(Self {
            words,
            limit,
            folder: Folder::create(setting.exchange)?,
            setting,
            reading,
            fixed,
            running: None,
        })
    }

    /// The weights as the program gets them.
    fn parameters(&self, params: &Params<f64>) -> Vec<Array> {
        match self.setting.layout {
            Layout::Notebook => {
                (1..=params.layers()).map(|l| matrix(&format!("W{l}"), &params.wb(l).to_owned())).collect()
            }
            Layout::File => self.reading.in_their_layout(params),
        }
    }

    /// The loss at these weights.
    pub(super) fn ask(&mut self, params: &Params<f64>) -> Result<f64> {
        let all: Vec<Array> = self.fixed.iter().cloned().chain(self.parameters(params)).collect();
        let bytes = match self.setting.exchange {
            Exchange::Npz => containers::npz(&all)?,
            Exchange::Json => containers::json(&all),
        };
        disk::write_whole(&self.folder.weights, &bytes)?;
        let line = self.answer()?;
        let loss: f64 = line.trim().parse().map_err(|_| {
            let shown: String = line.trim().chars().take(60).collect();
            self.error(format!("answered '{shown}', expected the loss"))
                .hint("print one number a line, and nothing else, to standard output")
        })?;
        if loss.is_finite() {
            Ok(loss)
        } else {
            Err(self.error(format!("answered {loss}")).hint("a slope needs a finite loss"))
        }
    }

    /// The gradient that it wrote with its last answer, if it did, in whatever layout.
    pub(super) fn gradient(&self) -> Result<Option<Params<f64>>> {
        if !self.folder.gradients.exists() {
            return Ok(None);
        }
        let file = containers::open(&self.folder.gradients)?;
        let written = containers::for_diagnosis(&file);
        let mut all: Vec<Array> =
            self.fixed.iter().cloned().chain(self.parameters(self.reading.params())).collect();
        all.extend(written.iter().filter(|array| !self.fixed.iter().any(|f| f.name == array.name)).cloned());
        let (claimed, there) = Reading::of(&all)
            .and_then(|reading| reading.claimed())
            .map_err(|error| self.error(format!("wrote a gradient of which {error}")))?;
        if (1..=claimed.layers()).all(|l| there.contains(&format!("dw{l}"))) {
            return Ok(Some(claimed));
        }
        let names: Vec<&str> = written.iter().map(|array| array.name.as_str()).collect();
        Err(self
            .error("wrote gradients without dL_dW1, dL_dW2, ..".into())
            .hint(format!("found: {}", names.join(", "))))
    }

    /// Asks, and waits for the line.  A program that ended after an answer is started again.
    fn answer(&mut self) -> Result<String> {
        let question = format!("{}\t{}\n", self.folder.weights.display(), self.folder.gradients.display());
        for _ in 0..2 {
            if self.running.is_none() {
                self.running = Some(self.launch()?);
            }
            let Some(running) = &mut self.running else { continue };
            let asked =
                running.questions.write_all(question.as_bytes()).and_then(|()| running.questions.flush());
            let answer = match asked {
                Ok(()) => running.answers.next(self.limit),
                Err(_) => Err(RecvTimeoutError::Disconnected),
            };
            match answer {
                Ok(line) => {
                    running.answered = true;
                    return Ok(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.running = None;
                    let found = format!("gave no answer within {} s", self.limit.as_secs_f64());
                    return Err(self
                        .error(found)
                        .hint("it must print a line and flush it; --timeout allows more"));
                }
                // It answered before and ended: one answer a start.
                Err(RecvTimeoutError::Disconnected) if running.answered => self.running = None,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.running = None;
        Err(self.error("ended without an answer".into()).hint("it must print the loss as one line"))
    }

    fn launch(&self) -> Result<Running> {
        let failed = |e: std::io::Error| self.error(format!("cannot be started: {e}"));
        let mut child = Command::new(&self.words[0])
            .args(&self.words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(questions), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.error("has no standard input and output".into()));
        };
        let answers = Answers::of(output);
        Ok(Running { child, questions, answers, answered: false })
    }

    fn error(&self, found: String) -> Error {
        Error::new(ErrorKind::File, found).name(format!("--loss '{}'", self.words.join(" ")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that is gone when the check is over.
struct Folder {
    path: PathBuf,
    weights: PathBuf,
    gradients: PathBuf,
}

impl Folder {
    fn create(exchange: Exchange) -> Result<Self> {
        let ending = match exchange {
            Exchange::Npz => "npz",
            Exchange::Json => "json",
        };
        let start = Instant::now();
        for attempt in 0..100 {
            let path = std::env::temp_dir().join(format!(
                "clearprop-check-{}-{attempt}-{:x}",
                std::process::id(),
                start.elapsed().as_nanos()
            ));
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    let weights = path.join(format!("weights.{ending}"));
                    let gradients = path.join(format!("gradients.{ending}"));
                    return Ok(Self { path, weights, gradients });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => {
                    return Err(
                        Error::new(ErrorKind::File, format!("cannot be made: {e}")).file(path.display())
                    );
                }
            }
        }
        Err(Error::new(ErrorKind::File, "no folder can be made").file(std::env::temp_dir().display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::some_trace;

    fn ask(command: &str, seconds: f64, times: usize) -> Result<Vec<f64>> {
        let trace = some_trace(1);
        let params = trace.params.clone();
        let arrays = arrays(&trace.network, &trace.params, &trace.data);
        let reading = Reading::of(&arrays)?;
        let setting = Setting { exchange: Exchange::Npz, layout: Layout::Notebook };
        let mut program =
            Program::start(command, Duration::from_secs_f64(seconds), setting, &arrays, &reading)?;
        (0..times).map(|_| program.ask(&params)).collect()
    }

    #[test]
    fn a_program_that_stays_and_one_that_ends_both_answer() {
        assert_eq!(ask("sh -c 'while read line; do echo 1.5; done'", 10.0, 3).unwrap(), [1.5, 1.5, 1.5]);
        assert_eq!(ask("sh -c 'read line; echo 2.5'", 10.0, 3).unwrap(), [2.5, 2.5, 2.5]);
        assert_eq!(ask("sh -c 'read line; echo; echo 2.5e-3'", 10.0, 1).unwrap(), [2.5e-3]);
    }

    #[test]
    fn a_program_that_does_not_is_named_in_one_line() {
        let check = |command: &str, seconds: f64, expected: &str| {
            let error = ask(command, seconds, 2).unwrap_err().to_string();
            assert!(error.contains(expected), "{command}\nexpected {expected}\n   found {error}");
        };
        check("sleep 60", 0.2, "gave no answer within 0.2 s");
        check("sh -c 'read line; echo hello'", 10.0, "answered 'hello', expected the loss");
        check("true", 10.0, "ended without an answer");
        check("no-such-program-here", 10.0, "cannot be started");
        check("sh -c 'read line; echo nan'", 10.0, "a slope needs a finite loss");
        check("'", 10.0, "no command line");
    }

    #[test]
    fn nothing_is_left_behind() {
        let folder = Folder::create(Exchange::Json).unwrap();
        let path = folder.path.clone();
        std::fs::write(&folder.weights, "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
