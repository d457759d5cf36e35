//! The global options: one table, found anywhere before `--`.
//!
//! Words that look like a negative number or score (`-INFINITY`, `-100`) are arguments. After `--`
//! everything is an argument, except that pcs scripts write `-- -INFINITY` in the middle of a
//! line, so the rest of the line goes to the command as it stands.

use crate::suggest;
use std::collections::BTreeMap;

/// How an option takes its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Value,
    /// `--wait` or `--wait=n`.
    Maybe,
}

use Takes::{Maybe, Nothing, Value};

/// Every option: name, one-letter form, value, what it does (for help and completion).
pub const OPTIONS: &[(&str, Option<char>, Takes, &str)] = &[
    ("--help", Some('h'), Nothing, "show how a command is written"),
    ("--version", None, Nothing, "print the version"),
    ("--host", None, Value, "act on the cluster of this host instead of the local one"),
    ("--corosync_conf", None, Value, "act on this corosync.conf"),
    ("--debug", None, Nothing, "print debug reports"),
    ("--force", None, Nothing, "turn errors that can be overridden into warnings"),
    ("--skip-offline", None, Nothing, "go on when a node does not answer"),
    ("--request-timeout", None, Value, "seconds to wait for another node"),
    ("--wait", None, Maybe, "wait until the cluster has settled, at most n seconds"),
    ("--yes", None, Nothing, "do not ask"),
    ("--output-format", None, Value, "text, json or cmd"),
    ("--full", None, Nothing, "show everything"),
    ("--all", None, Nothing, "all nodes, all items"),
    ("--dry-run", None, Nothing, "show what would change, change nothing"),
    ("--after", None, Value, "put after this member"),
    ("--agent-validation", None, Nothing, "let the agent check the options"),
    ("--autodelete", None, Nothing, "remove what has become empty"),
    ("--before", None, Value, "put before this member"),
    ("--booth-conf", None, Value, "act on this booth configuration"),
    ("--booth-key", None, Value, "act on this booth key"),
    ("--brief", None, Nothing, "short answer"),
    ("--config", None, Nothing, "configuration only"),
    ("--corosync", None, Nothing, "names known to corosync only"),
    ("--defaults", None, Nothing, "show defaults too"),
    ("--disabled", None, Nothing, "do not start it"),
    ("--enable", None, Nothing, "start at boot"),
    ("--expired", None, Nothing, "expired constraints only"),
    ("--from", None, Value, "begin of the time to report"),
    ("--future", None, Nothing, "behave as the next major version will"),
    ("--group", None, Value, "put into this group"),
    ("--hide-inactive", None, Nothing, "leave out what is not active"),
    ("--interactive", None, Nothing, "ask before each step"),
    ("--list", None, Nothing, "show all there are"),
    ("--local", None, Nothing, "this node only"),
    ("--master", None, Nothing, "old spelling of --promoted"),
    ("--monitor", None, Nothing, "switch monitor operations too"),
    ("--name", None, Value, "name of a property, attribute or ticket"),
    ("--no-cluster-uuid", None, Nothing, "write no cluster UUID"),
    ("--no-default-ops", None, Nothing, "add only the operations given"),
    ("--no-expire-check", None, Nothing, "do not evaluate rules"),
    ("--no-keys-sync", None, Nothing, "do not create and send keys"),
    ("--no-stop", None, Nothing, "do not stop it first"),
    ("--no-strict", None, Nothing, "allow other resources to be affected"),
    ("--no-watchdog-validation", None, Nothing, "do not check watchdogs"),
    ("--node", None, Value, "node"),
    ("--nodesc", None, Nothing, "names without descriptions"),
    ("--off", None, Nothing, "turn it off, do not reboot"),
    ("--overwrite", None, Nothing, "replace the file when it exists"),
    ("--pacemaker", None, Nothing, "names known to pacemaker only"),
    ("--promoted", None, Nothing, "promoted instances only"),
    ("--quiet", None, Nothing, "answer with the exit code only"),
    ("--safe", None, Nothing, "only when nothing else is affected"),
    ("--show-secrets", None, Nothing, "show values kept out of the CIB"),
    ("--simulate", None, Nothing, "show what would happen"),
    ("--skip-sync", None, Nothing, "do not send files to other nodes"),
    ("--start", None, Nothing, "start the cluster"),
    ("--strict", None, Nothing, "only what is named; refuse when anything else is affected"),
    ("--to", None, Value, "end of the time to report"),
    ("--token", None, Value, "file with a token"),
];

/// One-letter options that have no long form.
pub const LETTERS: &[(char, Takes)] =
    &[('f', Value), ('u', Value), ('p', Value), ('h', Nothing), ('V', Nothing)];

/// What was given. Names keep their dashes, as users and messages write them.
#[derive(Debug, Default, Clone)]
pub struct Options {
    given: BTreeMap<&'static str, Option<String>>,
}

impl Options {
    /// Splits a command line into options and words.
    pub fn parse(line: Vec<String>) -> Result<(Options, Vec<String>), String> {
        let mut options = Options::default();
        let mut words = Vec::new();
        let mut line = line.into_iter();
        while let Some(word) = line.next() {
            if word == "--" {
                words.extend(line);
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (format!("--{name}"), Some(value.to_owned())),
                    None => (word.clone(), None),
                };
                let (name, takes) = find_long(&name)?;
                let value = match (takes, value) {
                    (Nothing, Some(_)) => return Err(format!("option {name} must not have an argument")),
                    (Nothing, None) | (Maybe, None) => None,
                    (Value, None) => {
                        Some(line.next().ok_or_else(|| format!("option {name} requires argument"))?)
                    }
                    (_, Some(value)) => Some(value),
                };
                options.add(name, value)?;
            } else if word.len() > 1 && word.starts_with('-') && !is_negative(&word) {
                options.letters(&word, &mut line)?;
            } else {
                if word.len() > 1 && word.starts_with('-') {
                    eprintln!(
                        "Deprecation Warning: Using '{word}' without '--' is deprecated, those parameters will be considered position \
                         independent options in future versions"
                    );
                }
                words.push(word);
            }
        }
        Ok((options, words))
    }

    fn letters(&mut self, word: &str, line: &mut impl Iterator<Item = String>) -> Result<(), String> {
        let mut rest = word[1..].chars();
        while let Some(letter) = rest.next() {
            let Some((_, takes)) = LETTERS.iter().find(|(known, _)| *known == letter) else {
                return Err(format!("option -{letter} not recognized"));
            };
            let name = match letter {
                'f' => "-f",
                'u' => "-u",
                'p' => "-p",
                'V' => "--version",
                _ => "--help",
            };
            if *takes == Value {
                let value: String = rest.collect();
                let value = match value.is_empty() {
                    true => line.next().ok_or_else(|| format!("option {name} requires argument"))?,
                    false => value,
                };
                return self.add(name, Some(value));
            }
            self.add(name, None)?;
        }
        Ok(())
    }

    fn add(&mut self, name: &'static str, value: Option<String>) -> Result<(), String> {
        if self.given.contains_key(name) {
            return Err(format!("{name} can only be used once"));
        }
        self.given.insert(name, value);
        Ok(())
    }

    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Gives an option as if it had been on the command line.
    pub fn set(&mut self, name: &'static str, value: Option<&str>) {
        self.given.insert(name, value.map(str::to_owned));
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.given.get(name)?.as_deref()
    }

    pub fn force(&self) -> bool {
        self.has("--force")
    }

    /// Names of the options given that are in none of the lists.
    pub fn beyond<'a>(&'a self, allowed: &'a [&'a str]) -> impl Iterator<Item = &'static str> + 'a {
        const EVERYWHERE: &[&str] = &["--help", "--debug", "--host", "--request-timeout", "--version"];
        self.given.keys().copied().filter(|name| !allowed.contains(name) && !EVERYWHERE.contains(name))
    }

    /// `--wait` (0) or `--wait=seconds`.
    pub fn wait_seconds(&self) -> Result<Option<u64>, String> {
        match self.given.get("--wait") {
            None => Ok(None),
            Some(None) => Ok(Some(0)),
            Some(Some(text)) => {
                let (number, unit) =
                    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
                let seconds = match unit {
                    "" | "s" | "sec" => Some(1),
                    "m" | "min" => Some(60),
                    "h" | "hr" => Some(3600),
                    _ => None,
                };
                let seconds =
                    seconds.zip(number.parse::<u64>().ok()).and_then(|(unit, n)| n.checked_mul(unit));
                seconds.map(Some).ok_or_else(|| {
                    format!("'{text}' is not a valid number of seconds to wait, use for example --wait=60")
                })
            }
        }
    }
}

fn find_long(name: &str) -> Result<(&'static str, Takes), String> {
    if let Some((known, _, takes, _)) = OPTIONS.iter().find(|(known, ..)| *known == name) {
        return Ok((known, *takes));
    }
    let mut begins = OPTIONS.iter().filter(|(known, ..)| name.len() > 3 && known.starts_with(name));
    if let (Some((known, _, takes, _)), None) = (begins.next(), begins.next()) {
        return Ok((known, *takes));
    }
    let near = suggest::nearest(name, OPTIONS.iter().map(|(known, ..)| *known));
    Err(match near {
        Some(near) => format!("option {name} not recognized, did you mean {near}?"),
        None => format!("option {name} not recognized"),
    })
}

/// `-5`, `-12.3`, `-INFINITY`: numbers, not options.
fn is_negative(word: &str) -> bool {
    let rest = &word[1..];
    rest.starts_with(|first: char| first.is_ascii_digit())
        || (rest.len() >= 3 && rest.to_ascii_lowercase().starts_with("inf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Options, Vec<String>), String> {
        Options::parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_found_anywhere_and_scores_are_words() {
        let (options, words) =
            parse("-f cib.xml constraint colocation add a with b -INFINITY --force").unwrap();
        assert_eq!(options.value("-f"), Some("cib.xml"));
        assert!(options.force());
        assert_eq!(words.join(" "), "constraint colocation add a with b -INFINITY");
    }

    #[test]
    fn after_two_dashes_everything_is_a_word() {
        let (options, words) = parse("node attribute -- n1 --force").unwrap();
        assert!(!options.force());
        assert_eq!(words, ["node", "attribute", "n1", "--force"]);
    }

    #[test]
    fn wait_takes_a_value_only_with_an_equals_sign() {
        let (options, words) = parse("resource enable --wait vip").unwrap();
        assert_eq!(options.wait_seconds(), Ok(Some(0)));
        assert_eq!(words, ["resource", "enable", "vip"]);
        assert_eq!(parse("--wait=10").unwrap().0.wait_seconds(), Ok(Some(10)));
        assert!(parse("--wait=x").unwrap().0.wait_seconds().is_err());
    }

    #[test]
    fn unknown_options_name_the_nearest() {
        assert_eq!(parse("--forse").unwrap_err(), "option --forse not recognized, did you mean --force?");
        assert_eq!(parse("--force=1").unwrap_err(), "option --force must not have an argument");
        assert_eq!(parse("-f").unwrap_err(), "option -f requires argument");
    }
}
