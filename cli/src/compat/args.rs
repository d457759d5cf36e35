//! getopt, as the tools use it: `-abc`, `-nVALUE`, `-n VALUE`, `--name=VALUE`, `--name VALUE`,
//! unambiguous beginnings of long names. A value that is required may begin with a dash
//! (`-v -INFINITY`).

use super::exit::Problem;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arg {
    No,
    Yes,
    /// The next word, unless it begins with a dash.
    Maybe,
}

/// One option: its letter (`\0` for none), its long name, what it takes.
pub type Opt = (char, &'static str, Arg);

/// What was given, by long name, in the order of the command line.
#[derive(Debug, Default)]
pub struct Args {
    given: BTreeMap<&'static str, Vec<Option<String>>>,
    pub rest: Vec<String>,
}

impl Args {
    pub fn parse(table: &[Opt], words: &[String]) -> Result<Args, Problem> {
        let mut args = Args::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                args.rest.extend(words.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let (_, name, takes) = find_long(table, name)?;
                let value = match (takes, value) {
                    (Arg::No, Some(_)) => return Err(Problem::usage(format!("--{name} takes no argument"))),
                    (_, Some(value)) => Some(value),
                    (Arg::No, None) => None,
                    (Arg::Yes, None) => Some(
                        words
                            .next()
                            .cloned()
                            .ok_or_else(|| Problem::usage(format!("Missing argument for --{name}")))?,
                    ),
                    (Arg::Maybe, None) => words.next_if(|next| !next.starts_with('-')).cloned(),
                };
                args.given.entry(name).or_default().push(value);
            } else if word.len() > 1 && word.starts_with('-') {
                let mut letters = word[1..].chars();
                while let Some(letter) = letters.next() {
                    let (_, name, takes) = table
                        .iter()
                        .find(|(known, ..)| *known == letter)
                        .ok_or_else(|| Problem::usage(format!("Unknown option -{letter}")))?;
                    let attached: String = letters.as_str().to_owned();
                    let value = match takes {
                        Arg::No => {
                            args.given.entry(name).or_default().push(None);
                            continue;
                        }
                        _ if !attached.is_empty() => Some(attached.trim_start_matches('=').to_owned()),
                        Arg::Yes => Some(
                            words
                                .next()
                                .cloned()
                                .ok_or_else(|| Problem::usage(format!("Missing argument for -{letter}")))?,
                        ),
                        Arg::Maybe => words.next_if(|next| !next.starts_with('-')).cloned(),
                    };
                    args.given.entry(name).or_default().push(value);
                    break;
                }
            } else {
                args.rest.push(word.clone());
            }
        }
        Ok(args)
    }

    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The last value of an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.given.get(name)?.last()?.as_deref()
    }

    /// All values of an option that may be repeated.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.given.get(name).into_iter().flatten().flatten().cloned().collect()
    }
}

fn find_long(table: &[Opt], name: &str) -> Result<Opt, Problem> {
    if let Some(found) = table.iter().find(|(_, known, _)| *known == name) {
        return Ok(*found);
    }
    let mut begins = table.iter().filter(|(_, known, _)| !name.is_empty() && known.starts_with(name));
    match (begins.next(), begins.next()) {
        (Some(found), None) => Ok(*found),
        _ => Err(Problem::usage(format!("Unknown option --{name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Opt] = &[
        ('v', "update", Arg::Yes),
        ('p', "promotion", Arg::Maybe),
        ('q', "quiet", Arg::No),
        ('Q', "query", Arg::No),
    ];

    fn parse(line: &str) -> Result<Args, Problem> {
        Args::parse(TABLE, &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_in_every_spelling() {
        for line in ["-v 5 -q", "-qv5", "--update=5 --quiet", "--update 5 --qui", "-qv 5"] {
            let args = parse(line).unwrap_or_else(|e| panic!("{line}: {e:?}"));
            assert_eq!((args.value("update"), args.has("quiet")), (Some("5"), true), "{line}");
        }
        assert_eq!(parse("-v -INFINITY").unwrap().value("update"), Some("-INFINITY"));
        let twice = parse("-v 1 --update=2").unwrap();
        assert_eq!(
            (twice.value("update"), twice.values("update")),
            (Some("2"), vec!["1".into(), "2".into()])
        );
    }

    #[test]
    fn an_optional_value_is_the_next_word_only_if_it_is_no_option() {
        let args = parse("--promotion -v 1").unwrap();
        assert_eq!((args.has("promotion"), args.value("promotion")), (true, None));
        assert_eq!(parse("-p redis").unwrap().value("promotion"), Some("redis"));
        assert_eq!(parse("-p -v 1").unwrap().value("update"), Some("1"));
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for line in ["-x", "--nosuch", "-v", "--quiet=1", "--qu=1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
