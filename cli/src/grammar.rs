//! The word grammar: `name=value` groups and keyword groups.

use crate::failure::Failure;
use indexmap::IndexMap;

pub type Pairs = IndexMap<String, String>;

/// `name=value name=value ...`; a repeated name must repeat its value.
pub fn pairs(words: &[String]) -> Result<Pairs, Failure> {
    let mut pairs = Pairs::new();
    for word in words {
        let (name, value) = pair(word)?;
        match pairs.get(name) {
            Some(before) if before != value => {
                return Err(Failure::Message(format!(
                    "duplicate option '{name}' with different values '{before}' and '{value}'"
                )));
            }
            _ => pairs.insert(name.to_owned(), value.to_owned()),
        };
    }
    Ok(pairs)
}

fn pair(word: &str) -> Result<(&str, &str), Failure> {
    match word.split_once('=') {
        None => Err(Failure::Message(format!("missing value of '{word}' option"))),
        Some(("", _)) => Err(Failure::Message(format!("missing key in '{word}' option"))),
        Some(pair) => Ok(pair),
    }
}

/// Words up to the first keyword, then the words after each keyword, occurrence by occurrence.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Groups {
    pub head: Vec<String>,
    pub groups: Vec<(String, Vec<String>)>,
}

impl Groups {
    pub fn split(words: &[String], keywords: &[&str]) -> Groups {
        let mut groups = Groups::default();
        for word in words {
            if keywords.contains(&word.as_str()) {
                groups.groups.push((word.clone(), Vec::new()));
            } else {
                match groups.groups.last_mut() {
                    Some((_, words)) => words.push(word.clone()),
                    None => groups.head.push(word.clone()),
                }
            }
        }
        groups
    }

    pub fn has(&self, keyword: &str) -> bool {
        self.groups.iter().any(|(name, _)| name == keyword)
    }

    /// All words of all occurrences of a keyword.
    pub fn flat(&self, keyword: &str) -> Vec<String> {
        self.groups.iter().filter(|(name, _)| name == keyword).flat_map(|(_, words)| words.clone()).collect()
    }

    /// The words of each occurrence of a keyword.
    pub fn each<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a [String]> + 'a {
        self.groups.iter().filter(move |(name, _)| name == keyword).map(|(_, words)| words.as_slice())
    }

    /// Refuses keywords that must not occur more than once and do.
    pub fn once(&self, keywords: &[&str]) -> Result<(), Failure> {
        match keywords.iter().find(|keyword| self.each(keyword).count() > 1) {
            Some(keyword) => Err(Failure::Message(format!("'{keyword}' cannot be used more than once"))),
            None => Ok(()),
        }
    }
}

/// Operations as written after `op`: `monitor interval=10s start timeout=60s` are two.
pub fn operations(occurrences: &[&[String]]) -> Result<Vec<Pairs>, Failure> {
    let mut operations = Vec::new();
    for words in occurrences {
        if words.is_empty() || words[0].contains('=') {
            let first = words.first().map_or("", String::as_str);
            return Err(Failure::Message(match first {
                "" => "When using 'op' you must specify an operation name after 'op'".to_owned(),
                _ => {
                    format!("When using 'op' you must specify an operation name after 'op', found '{first}'")
                }
            }));
        }
        let mut at = 0;
        while at < words.len() {
            let name = &words[at];
            let end = words[at + 1..]
                .iter()
                .position(|word| !word.contains('='))
                .map_or(words.len(), |n| at + 1 + n);
            if end == at + 1 {
                return Err(Failure::Message(format!(
                    "When using 'op' you must specify an operation name and at least one option; '{name}' has none"
                )));
            }
            let mut operation = Pairs::new();
            operation.insert("name".to_owned(), name.clone());
            operation.extend(pairs(&words[at + 1..end])?);
            operations.push(operation);
            at = end;
        }
    }
    Ok(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn groups_follow_their_keyword() {
        let groups =
            Groups::split(&words("ip=1 op monitor interval=5s meta a=b op start timeout=1"), &["op", "meta"]);
        assert_eq!(groups.head, ["ip=1"]);
        assert_eq!(groups.flat("meta"), ["a=b"]);
        assert_eq!(groups.each("op").count(), 2);
        assert!(groups.once(&["meta"]).is_ok());
        assert!(groups.once(&["meta", "op"]).is_err());
    }

    #[test]
    fn one_op_keyword_may_carry_several_operations() {
        let line = words("start timeout=300s monitor interval=5s role=Promoted");
        let operations = operations(&[&line]).unwrap();
        assert_eq!(operations.len(), 2);
        assert_eq!(operations[1]["name"], "monitor");
        assert_eq!(operations[1]["role"], "Promoted");
        assert!(super::operations(&[&words("monitor")]).is_err());
        assert!(super::operations(&[&[]]).is_err());
    }

    #[test]
    fn a_repeated_name_must_repeat_its_value() {
        assert_eq!(pairs(&words("a=b a=b")).unwrap().len(), 1);
        assert!(pairs(&words("a=b a=c")).is_err());
        assert!(pairs(&words("=c")).is_err());
        assert_eq!(pairs(&words("a=b=c")).unwrap()["a"], "b=c");
    }
}
