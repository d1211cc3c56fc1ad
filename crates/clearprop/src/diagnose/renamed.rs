//! A diagnosis in other names than those that it was made in.

use super::Diagnosis;

impl Diagnosis {
    /// Puts other names in the place of some: `(here, theirs)`.  In code every whole name is replaced; in sentences
    /// one that is an English word too, like `loss`, stays.
    pub fn rename(&mut self, names: &[(&str, &str)]) {
        if names.is_empty() {
            return;
        }
        let code = |text: &mut String| *text = replaced(text, |name| find(names, name));
        let sentence = |text: &mut String| {
            *text = replaced(text, |name| {
                let is_word = name.chars().all(|sign| sign.is_ascii_lowercase());
                find(names, name).filter(|_| !is_word)
            });
        };
        self.first_wrong_stage.iter_mut().for_each(code);
        self.mistakes.iter_mut().for_each(|mistake| code(&mut mistake.stage));
        for stage in &mut self.stages {
            code(&mut stage.name);
            sentence(&mut stage.role);
            stage.evidence.iter_mut().for_each(sentence);
            stage.right.iter_mut().for_each(code);
            stage.names.iter_mut().for_each(|(_, what)| code(what));
        }
        for edge in &mut self.forward {
            code(&mut edge.name);
            edge.from.iter_mut().for_each(code);
        }
        for texts in [&mut self.conventions, &mut self.hints, &mut self.questions, &mut self.warnings] {
            texts.iter_mut().for_each(sentence);
        }
        self.ignored.iter_mut().for_each(code);
        sentence(&mut self.head);
    }
}

fn find<'a>(names: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    names.iter().find(|(here, _)| *here == name).map(|(_, theirs)| *theirs)
}

/// A text with whole identifiers replaced.
fn replaced<'a>(text: &str, by: impl Fn(&str) -> Option<&'a str>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '_';
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|sign| !is_part(sign)).unwrap_or(from.len()));
        out.push_str(before);
        out.push_str(by(word).unwrap_or(word));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_alone_are_replaced() {
        let names = [("W1", "w_0"), ("Z1", "cache[\"Z1\"]")];
        let text = replaced("dW1 = a1.T @ W1, W11 > Z1", |name| find(&names, name));
        assert_eq!(text, "dW1 = a1.T @ w_0, W11 > cache[\"Z1\"]");
    }
}
