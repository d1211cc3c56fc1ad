//! What may stand between `{{` and `}}` in a chapter.
//!
//! ```text
//! {{name ~ 10.7}}             a measured number that rounds to 10.7; 94.3% is 0.943
//! {{name = 603}}              one that is exactly this
//! {{name < 1e-12}}            one that is below (or, with >, above) the bound that is printed
//! {{code FILE}}               a source file
//! {{code FILE NAME}}          a function of it, `forward` or `Loss::dlogits`
//! {{code FILE "a" .. "b"}}    its lines from the one that holds a to the next one that holds b
//! {{stage ID}}                a stage of the table: formula, shape, derivation
//! {{show NAME}}               a measured figure or table
//! {{table FILE}}              the table of a file of results, which a command of the repository wrote
//! ```

/// One directive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Directive<'a> {
    /// A measured number and how it is printed.
    Number { name: &'a str, relation: char, printed: &'a str },
    /// Source code.
    Code { file: &'a str, part: Part<'a> },
    /// A stage of the table.
    Stage(&'a str),
    /// A measured figure or table.
    Show(&'a str),
    /// The table of a file of results.
    Table(&'a str),
}

/// Which part of a source file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part<'a> {
    /// All of it.
    Whole,
    /// One function.
    Function(&'a str),
    /// From the line that holds the first text to the next one that holds the second.
    Lines(&'a str, &'a str),
}

/// Reads what stands between the braces.
pub(crate) fn parse(body: &str) -> Result<Directive<'_>, String> {
    let unknown = || Err(format!("no directive looks like {{{{{body}}}}}"));
    let (word, rest) = body.trim().split_once(char::is_whitespace).unwrap_or((body.trim(), ""));
    let rest = rest.trim();
    match word {
        "stage" => return Ok(Directive::Stage(rest)),
        "show" => return Ok(Directive::Show(rest)),
        "table" => return Ok(Directive::Table(rest)),
        "code" => {
            let (file, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let rest = rest.trim();
            let part = match rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(quoted) => match quoted.split_once("\" .. \"") {
                    Some((from, to)) => Part::Lines(from, to),
                    None => Part::Lines(quoted, quoted),
                },
                None if rest.is_empty() => Part::Whole,
                None => Part::Function(rest),
            };
            return Ok(Directive::Code { file, part });
        }
        _ => {}
    }
    let mut relation = rest.chars();
    match relation.next() {
        Some(relation @ ('~' | '=' | '<' | '>')) if !rest[1..].trim().is_empty() => {
            Ok(Directive::Number { name: word, relation, printed: rest[1..].trim() })
        }
        _ => unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let number = Directive::Number { name: "a.b", relation: '~', printed: "10.7" };
        assert_eq!(parse("a.b ~ 10.7"), Ok(number));
        assert_eq!(parse(" stage dz "), Ok(Directive::Stage("dz")));
        assert_eq!(
            parse("code loss.rs Loss::dlogits"),
            Ok(Directive::Code { file: "loss.rs", part: Part::Function("Loss::dlogits") })
        );
        assert_eq!(
            parse(r#"code backward.rs "by the weights" .. "assign""#),
            Ok(Directive::Code { file: "backward.rs", part: Part::Lines("by the weights", "assign") })
        );
        assert_eq!(parse("code a.rs"), Ok(Directive::Code { file: "a.rs", part: Part::Whole }));
        assert!(parse("loss 10.7").is_err());
        assert!(parse("loss ~").is_err());
    }
}
