//! Commands of pcs that are not built, and words that nobody knows.

use super::{NOUNS, Noun, Verb, nearest_verb, usage_of};
use crate::failure::Failure;
use crate::suggest;

/// pcs's nouns with their verbs: what answers "is not there yet" rather than "unknown".
const KNOWN: &[(&str, &str)] = &[
    ("acl", "config enable disable role user group permission"),
    ("alert", "config create update delete remove recipient"),
    (
        "booth",
        "config setup destroy ticket create delete remove restart sync pull enable disable start stop status \
         enable-authfile clean-enable-authfile",
    ),
    ("cib", "element"),
    ("client", "local-auth"),
    (
        "cluster",
        "setup start stop kill enable disable auth status pcsd-status sync cib cib-push cib-upgrade edit node link \
         uidgid corosync reload destroy verify report config authkey rename",
    ),
    ("config", "show backup restore checkpoint import-cman export"),
    ("constraint", "location order colocation ticket remove delete ref rule config list"),
    ("dr", "config status set-recovery-site destroy"),
    ("host", "auth deauth"),
    (
        "node",
        "attribute utilization standby unstandby maintenance unmaintenance add-remote delete-remote add-guest \
         delete-guest remove-remote remove-guest",
    ),
    ("pcsd", "certkey sync-certificates deauth accept_token status"),
    ("property", "set unset config list defaults describe"),
    ("qdevice", "status setup destroy start stop kill enable disable"),
    ("quorum", "config status device expected-votes unblock update"),
    (
        "resource",
        "config list describe create delete remove enable disable safe-disable restart debug-start debug-stop \
         debug-promote debug-demote debug-monitor move move-with-constraint ban clear standards providers agents \
         update op meta group ungroup clone promotable unclone bundle manage unmanage defaults cleanup refresh \
         failcount relocate utilization relations status",
    ),
    ("status", "status cluster corosync quorum qdevice booth nodes pcsd xml wait query resources config"),
    (
        "stonith",
        "config list describe create update delete remove op meta enable disable cleanup refresh level fence confirm \
         history sbd failcount update-scsi-devices status",
    ),
    ("tag", "config create delete remove update"),
    ("usage", ""),
];

/// Commands that pcs had once, and what does the same today.
const REMOVED: &[(&str, &str)] = &[
    ("constraint rule add", "constraint location <resource> rule"),
    ("constraint rule delete", "constraint delete"),
    ("constraint rule remove", "constraint delete"),
];

/// Why these words run nothing: not built yet, or unknown, and then what is near.
pub fn answer(words: &[String]) -> Failure {
    let name = words[0].as_str();
    let line = words.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(" ");
    if let Some((_, instead)) = REMOVED.iter().find(|(removed, _)| *removed == line) {
        return Failure::Message(format!(
            "This command has been removed, see 'man pcs', Changes in pcs-0.12\nHint: 'rhapsody {instead}' does it today"
        ));
    }
    let built = NOUNS.iter().find(|noun| noun.name == name);
    let known = KNOWN.iter().find(|(noun, _)| *noun == name);
    if built.is_none() && known.is_none() {
        let nouns = NOUNS.iter().map(|noun| noun.name).chain(KNOWN.iter().map(|(noun, _)| *noun));
        let near = suggest::nearest(name, nouns.chain(["completion", "lab", "man", "simulate"]));
        return unknown(name, near, "rhapsody --help");
    }
    if let Some(failure) = built.and_then(|noun| half_known(noun, &words[1..])) {
        return failure;
    }
    let verb = words.get(1).map(String::as_str);
    let verbs = known.map_or("", |(_, verbs)| *verbs);
    match verb {
        Some(verb) if verbs.split_whitespace().any(|known| known == verb) => {
            let words: Vec<&str> =
                words.iter().take(3).map(String::as_str).take_while(|word| !word.contains('=')).collect();
            Failure::Message(format!("'rhapsody {}' is not there yet", words.join(" ")))
        }
        Some(verb) => {
            let near = built.and_then(|noun| nearest_verb(noun, verb));
            let near = near.or_else(|| suggest::nearest(verb, verbs.split_whitespace()));
            let near = near.map(|near| format!("{name} {near}"));
            unknown(&format!("{name} {verb}"), near.as_deref(), &format!("rhapsody {name} --help"))
        }
        None if built.is_some() => Failure::Usage { problem: None, usage: usage_of(&[name]) },
        None => Failure::Message(format!("'rhapsody {name}' is not there yet")),
    }
}

/// Words that begin as commands do and do not go on so: `resource group ad`.
fn half_known(noun: &'static Noun, words: &[String]) -> Option<Failure> {
    let verbs = || noun.verbs.iter().map(|verb| verb.words.split_whitespace().collect::<Vec<_>>());
    let begins = |verb: &Vec<&str>, count: usize| {
        count < verb.len() && count <= words.len() && verb[..count].iter().zip(words).all(|(v, w)| v == w)
    };
    let count = (1..=words.len()).rev().find(|count| verbs().any(|verb| begins(&verb, *count)))?;
    let before = format!("{} {}", noun.name, words[..count].join(" "));
    let next: Vec<&str> = verbs().filter(|verb| begins(verb, count)).map(|verb| verb[count]).collect();
    let Some(word) = words.get(count) else {
        let mut next = next;
        next.dedup();
        let text =
            format!("'{before}' is only the beginning of a command, it goes on with: {}", next.join(", "));
        return Some(Failure::Message(text));
    };
    let near = suggest::nearest(word, next.into_iter()).map(|near| format!("{before} {near}"));
    Some(unknown(&format!("{before} {word}"), near.as_deref(), &format!("rhapsody {} --help", noun.name)))
}

/// The first argument of a command looks like the word that makes it another one:
/// `constraint location ad`.
pub fn nearly_another(noun: &Noun, verb: &Verb, words: &[String]) -> Option<String> {
    let word = words.first()?;
    let longer =
        noun.verbs.iter().filter_map(|other| other.words.strip_prefix(verb.words)?.split_whitespace().next());
    let near = suggest::nearest(word, longer)?;
    let before = format!("{} {}", noun.name, verb.words);
    Some(format!("'{word}' is not understood here, did you mean '{} {near}'?", before.trim_end()))
}

fn unknown(words: &str, near: Option<&str>, help: &str) -> Failure {
    let hint = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
    Failure::Message(format!("unknown command '{words}'{hint}\nHint: '{help}' shows the commands there are"))
}
