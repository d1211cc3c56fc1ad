//! The names of months in languages other than English, as offices there write them.

/// The names of the months in German, French, Spanish, Italian, Portuguese and Dutch, without their accents, and
/// abbreviations that begin none of them.
const NAMES: [(&str, &[&str]); 12] = [
    ("Jan", &["januar", "janner", "janvier", "enero", "gennaio", "janeiro", "januari"]),
    ("Feb", &["februar", "fevrier", "febrero", "febbraio", "fevereiro", "februari"]),
    ("Mar", &["marz", "mars", "marzo", "marco", "maart", "mrz", "mrt"]),
    ("Apr", &["april", "avril", "abril", "aprile"]),
    ("May", &["mai", "mayo", "maggio", "maio", "mei"]),
    ("Jun", &["juni", "juin", "junio", "giugno", "junho"]),
    ("Jul", &["juli", "juillet", "julio", "luglio", "julho"]),
    ("Aug", &["august", "aout", "agosto", "augustus"]),
    ("Sep", &["september", "septembre", "septiembre", "settembre", "setembro"]),
    ("Oct", &["oktober", "octobre", "octubre", "ottobre", "outubro"]),
    ("Nov", &["november", "novembre", "noviembre", "novembro"]),
    ("Dec", &["dezember", "decembre", "diciembre", "dicembre", "dezembro", "december"]),
];

/// A date with its month in English: `1. März 2020` is `1. Mar 2020`; `None` if it names no month.
pub(super) fn in_english(text: &str) -> Option<String> {
    // `3 de marzo de 2020`
    let text = text.replace(" de ", " ");
    let begin = text.find(char::is_alphabetic)?;
    let after = &text[begin..];
    let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
    let word: String = after[..end].to_lowercase().chars().map(plain).collect();
    // A name or the beginning of one; `Marathon 2020` is none.
    let begins = |name: &&str| word.len() >= 3 && name.starts_with(&word);
    let (month, _) = NAMES.iter().find(|(_, names)| names.iter().any(begins))?;
    // The full stop of an abbreviation; one between day and month is another.
    let rest = after[end..].strip_prefix('.').unwrap_or(&after[end..]);
    Some(format!("{}{month}{rest}", &text[..begin]))
}

/// A letter without its accent.
fn plain(letter: char) -> char {
    match letter {
        '\u{e4}' | '\u{e1}' => 'a',
        '\u{e9}' => 'e',
        '\u{fb}' => 'u',
        '\u{e7}' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_six_languages() {
        for (text, expected) in [
            ("1. M\u{e4}rz 2020", "1. Mar 2020"),
            ("01. Mrz 20", "01. Mar 20"),
            ("14 juillet 2021", "14 Jul 2021"),
            ("3 f\u{e9}vr. 2021", "3 Feb 2021"),
            ("15 ao\u{fb}t 2021 10:30", "15 Aug 2021 10:30"),
            ("3 de enero de 2020", "3 Jan 2020"),
            ("2 Maggio 2019", "2 May 2019"),
            ("5 de mar\u{e7}o de 2018", "5 Mar 2018"),
            ("Dez 2019", "Dec 2019"),
        ] {
            assert_eq!(in_english(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["2020-01-02", "3 bottles 2020", "Marathon 2020", "Ma 2020", "Setup 2021", ""] {
            assert_eq!(in_english(text), None, "{text}");
        }
    }
}
