//! `--name w_0=W1`: what a person's own names mean, and the answer back in those names.

use clearprop::diagnose::arrays::Array;
use clearprop::diagnose::{Diagnosis, could_be};
use clearprop::error::{Error, ErrorKind, Result, nearest};

/// One name of the file and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    theirs: String,
    ours: String,
}

impl std::str::FromStr for Meaning {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((theirs, ours)) if !theirs.trim().is_empty() && !ours.trim().is_empty() => {
                Ok(Self { theirs: theirs.trim().to_owned(), ours: ours.trim().to_owned() })
            }
            _ => Err("write it like w_0=W1".to_owned()),
        }
    }
}

/// Gives the arrays the names that they mean.
///
/// # Errors
/// A name that is not in the file, one that is mapped twice, two that would be called the same.
pub(super) fn apply(meanings: &[Meaning], arrays: &mut [Array]) -> Result<()> {
    let wrong = |meaning: &Meaning, found: String| {
        Error::new(ErrorKind::Setting, found).name(format!("--name {}={}", meaning.theirs, meaning.ours))
    };
    for (nth, meaning) in meanings.iter().enumerate() {
        let earlier = &meanings[..nth];
        if earlier.iter().any(|other| other.theirs == meaning.theirs) {
            return Err(wrong(meaning, format!("'{}' is mapped twice", meaning.theirs)).hint("say it once"));
        }
        if earlier.iter().any(|other| other.ours == meaning.ours) {
            return Err(
                wrong(meaning, format!("two arrays would be '{}'", meaning.ours)).hint("say it of one")
            );
        }
        let leaves = |name: &str| meanings.iter().any(|other| other.theirs == name);
        if arrays.iter().any(|array| array.name == meaning.ours) && !leaves(&meaning.ours) {
            let found = format!("'{}' is in the file already", meaning.ours);
            return Err(wrong(meaning, found).hint(format!("say what it means: --name {}=..", meaning.ours)));
        }
        if !arrays.iter().any(|array| array.name == meaning.theirs) {
            let names = || arrays.iter().map(|array| array.name.as_str());
            let hint = match nearest(&meaning.theirs, names()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("the arrays are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(wrong(meaning, format!("there is no array '{}'", meaning.theirs)).hint(hint));
        }
    }
    for array in arrays {
        if let Some(meaning) = meanings.iter().find(|meaning| meaning.theirs == array.name) {
            array.name.clone_from(&meaning.ours);
        }
    }
    Ok(())
}

/// An error with what the person's own names could mean, where these say nothing.
pub(super) fn offered(arrays: &[Array], error: Error) -> Error {
    let meanings: Vec<String> =
        could_be(arrays).into_iter().map(|(theirs, ours)| format!("--name {theirs}={ours}")).collect();
    if meanings.is_empty() {
        return error;
    }
    error.hint(format!("by their shapes they could be: {}", meanings.join(" ")))
}

/// The answer in the names of the file.
pub(super) fn back(meanings: &[Meaning], diagnosis: &mut Diagnosis) {
    let names: Vec<_> = meanings.iter().map(|m| (m.ours.as_str(), m.theirs.as_str())).collect();
    diagnosis.rename(&names);
}

#[cfg(test)]
mod tests {
    use super::*;
    use clearprop::diagnose::arrays::Values;

    fn arrays(names: &[&str]) -> Vec<Array> {
        let one = |name: &&str| Array {
            name: (*name).to_owned(),
            shape: vec![],
            values: Values::Other("nothing".to_owned()),
        };
        names.iter().map(one).collect()
    }

    fn tried(meanings: &[&str], names: &[&str]) -> std::result::Result<Vec<String>, String> {
        let meanings: Vec<Meaning> = meanings.iter().map(|text| text.parse().unwrap()).collect();
        let mut arrays = arrays(names);
        apply(&meanings, &mut arrays).map_err(|error| error.to_string())?;
        Ok(arrays.into_iter().map(|array| array.name).collect())
    }

    #[test]
    fn names_are_mapped_and_exchanged() {
        assert_eq!(tried(&["w_0=W1"], &["X", "w_0"]).unwrap(), ["X", "W1"]);
        assert_eq!(tried(&["a=b", "b=a"], &["a", "b"]).unwrap(), ["b", "a"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_one_line() {
        for (meanings, names, expected) in [
            (vec!["w_0=W1", "w_0=W2"], vec!["w_0"], "'w_0' is mapped twice"),
            (vec!["w_0=W1", "w_1=W1"], vec!["w_0", "w_1"], "two arrays would be 'W1'"),
            (vec!["w_0=W1"], vec!["w_0", "W1"], "'W1' is in the file already"),
            (vec!["w_9=W1"], vec!["w_0"], "did you mean 'w_0'?"),
        ] {
            let error = tried(&meanings, &names).unwrap_err();
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
        assert!("w_0".parse::<Meaning>().is_err() && "=W1".parse::<Meaning>().is_err());
    }
}
