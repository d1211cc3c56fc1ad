//! A chapter, from its source to plain Markdown with HTML in it.

use crate::directive::{self, Directive};
use crate::measure::{Measured, everything};
use crate::{math, number, source, stages};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The book with everything in it measured.
#[derive(Debug)]
pub struct Book {
    measured: Measured,
    used: RefCell<BTreeSet<String>>,
}

impl Book {
    /// Runs the library and keeps what the chapters will ask for.
    ///
    /// # Errors
    /// A golden file that cannot be read.
    pub fn measure() -> Result<Self, String> {
        Ok(Self { measured: everything()?, used: RefCell::default() })
    }

    /// Carries out a chapter's directives and typesets its formulas.
    ///
    /// # Errors
    /// All that is wrong with it: numbers that do not hold, code or figures that do not exist, formulas that
    /// cannot be read; each with its line.
    pub fn expand(&self, chapter: &str) -> Result<String, Vec<String>> {
        let mut out = String::new();
        let mut faults = Vec::new();
        let mut rest = chapter;
        while let Some((before, after)) = rest.split_once("{{") {
            let line = 1 + chapter[..chapter.len() - after.len()].matches('\n').count();
            out.push_str(before);
            let Some((body, after)) = after.split_once("}}") else {
                faults.push(format!("line {line}: {{{{ without }}}}"));
                break;
            };
            match directive::parse(body.trim()).and_then(|directive| self.carry_out(&directive)) {
                Ok(text) => out.push_str(&text),
                Err(fault) => faults.push(format!("line {line}: {fault}")),
            }
            rest = after;
        }
        out.push_str(rest);
        match math::typeset(&out) {
            Ok(out) if faults.is_empty() => Ok(out),
            Ok(_) => Err(faults),
            Err(fault) => Err([faults, vec![fault]].concat()),
        }
    }

    /// What was measured and no chapter has asked for so far.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        self.measured.names().filter(|name| !used.contains(*name)).map(str::to_owned).collect()
    }

    fn carry_out(&self, directive: &Directive<'_>) -> Result<String, String> {
        match directive {
            Directive::Number { name, relation, printed } => {
                let value = self.measured.number(name).ok_or(format!("no number is called {name}"))?;
                self.used.borrow_mut().insert((*name).to_owned());
                number::print(name, value, *relation, printed)
            }
            Directive::Code { file, part } => source::code(file, part),
            Directive::Stage(id) => stages::section(id),
            Directive::Table(file) => source::table(file),
            Directive::Show(name) => {
                let shown = self.measured.shown(name).ok_or(format!("no figure is called {name}"))?;
                self.used.borrow_mut().insert((*name).to_owned());
                Ok(format!("\n\n{shown}\n\n"))
            }
        }
    }
}
