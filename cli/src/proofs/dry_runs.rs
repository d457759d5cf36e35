//! Every command that changes something can be tried, or stands here with the reason why not.

use crate::commands::NOUNS;

/// Commands that only answer.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("acl", &["", "config", "list"]),
    ("alert", &["", "config", "show"]),
    ("booth", &["config", "status"]),
    ("cluster", &["cib", "config", "config show", "corosync", "pcsd-status", "status", "uidgid", "verify"]),
    ("config", &["", "checkpoint", "checkpoint diff", "checkpoint list", "checkpoint view", "show"]),
    (
        "constraint",
        &[
            "",
            "colocation",
            "colocation config",
            "config",
            "list",
            "location config",
            "order config",
            "ref",
            "ticket",
            "ticket config",
        ],
    ),
    ("dr", &["config", "status"]),
    ("explain", &[""]),
    ("pcsd", &["status"]),
    ("plan", &[""]),
    ("property", &["", "config", "defaults", "describe", "get_cluster_properties_definition", "list"]),
    ("quorum", &["", "config", "device status", "status"]),
    (
        "resource",
        &[
            "",
            "agents",
            "config",
            "defaults",
            "defaults config",
            "describe",
            "failcount",
            "failcount show",
            "group list",
            "list",
            "op defaults",
            "op defaults config",
            "providers",
            "relations",
            "relocate dry-run",
            "relocate show",
            "standards",
            "status",
            "why",
        ],
    ),
    (
        "status",
        &[
            "",
            "cluster",
            "corosync",
            "failover",
            "links",
            "nodes",
            "pcsd",
            "query",
            "quorum",
            "resources",
            "status",
            "wait",
            "xml",
            "booth",
        ],
    ),
    (
        "stonith",
        &[
            "",
            "config",
            "describe",
            "failcount",
            "failcount show",
            "history",
            "history show",
            "level",
            "level config",
            "level verify",
            "sbd config",
            "sbd local_config_in_json",
            "sbd status",
            "sbd watchdog list",
            "list",
            "status",
        ],
    ),
    ("tag", &["", "config", "list"]),
];

/// Commands that change something and cannot be tried.
const ACTS: &[(&str, &str)] = &[
    ("booth destroy", "removes files that 'booth config' shows"),
    ("booth enable", DAEMONS),
    ("booth disable", DAEMONS),
    ("booth start", DAEMONS),
    ("booth stop", DAEMONS),
    ("booth restart", DAEMONS),
    ("booth pull", "the files are those of another host"),
    ("booth sync", SAME),
    ("booth ticket grant", TICKET),
    ("booth ticket revoke", TICKET),
    ("client local-auth", TOKEN),
    ("cluster auth", TOKEN),
    ("cluster report", BESIDE),
    ("config backup", BESIDE),
    ("config restore", "takes the files of a whole cluster, 'config checkpoint restore' has --dry-run"),
    ("dr destroy", SITES),
    ("dr set-recovery-site", SITES),
    ("pcsd accept_token", TOKEN),
    ("pcsd certkey", "replaces a certificate by the one that is named"),
    ("pcsd deauth", TOKEN),
    ("pcsd sync-certificates", SAME),
    ("stonith history cleanup", HISTORY),
    ("stonith history update", HISTORY),
    ("stonith sbd enable", DAEMONS),
    ("stonith sbd disable", DAEMONS),
    ("stonith sbd device setup", "a disk is written, asks before it begins"),
    ("stonith sbd device message", "another machine is told"),
    ("stonith sbd watchdog test", "this machine is reset"),
    ("stonith update-scsi-devices", "is refused in any case"),
    ("cluster setup", "makes what is not there yet: there is nothing to compare with"),
    ("cluster start", DAEMONS),
    ("cluster stop", DAEMONS),
    ("cluster enable", DAEMONS),
    ("cluster disable", DAEMONS),
    ("cluster destroy", "asks before it begins"),
    ("cluster kill", DAEMONS),
    ("cluster node clear", "only removes what is left of a node that is gone"),
    ("cluster reload corosync", DAEMONS),
    ("cluster sync", SAME),
    ("cluster sync corosync", SAME),
    ("cluster authkey corosync", "the new key is random"),
    ("quorum expected-votes", DAEMONS),
    ("quorum unblock", DAEMONS),
    ("host auth", TOKEN),
    ("host deauth", TOKEN),
    (
        "resource move",
        "what it changes it takes back; 'resource move-with-constraint --dry-run' shows the moves",
    ),
    ("resource restart", "what it changes it takes back"),
    ("resource safe-disable", "has --simulate"),
    ("resource relocate run", "'resource relocate dry-run' shows it"),
    ("resource relocate clear", "only removes what 'resource relocate run' has left behind"),
    ("resource debug-start", AGENT),
    ("resource debug-stop", AGENT),
    ("resource debug-monitor", AGENT),
    ("resource debug-promote", AGENT),
    ("resource debug-demote", AGENT),
    ("resource cleanup", HISTORY),
    ("resource refresh", HISTORY),
    ("stonith cleanup", HISTORY),
    ("stonith refresh", HISTORY),
    ("stonith fence", "a machine is switched off, and no configuration is changed"),
    ("stonith confirm", "asks before it begins"),
];

const TOKEN: &str = "who may speak to whom is no configuration of the cluster";
const TICKET: &str = "booth decides";
const SITES: &str = "two clusters are told of each other, and neither is changed";
const BESIDE: &str = "only writes a file beside the cluster";
const DAEMONS: &str = "acts on the daemons, not on a configuration";
const SAME: &str = "the other nodes get the file that is here; 'cluster config' shows it";
const AGENT: &str = "runs an agent on this host";
const HISTORY: &str = "the history of the cluster is forgotten, and no configuration is changed";

#[test]
fn what_changes_something_can_be_tried() {
    let question =
        |noun: &str, verb: &str| QUESTIONS.iter().any(|(name, verbs)| *name == noun && verbs.contains(&verb));
    let act = |line: &str| ACTS.iter().any(|(name, _)| *name == line);
    let mut wrong = Vec::new();
    for noun in NOUNS {
        for verb in noun.verbs {
            let line = format!("{} {}", noun.name, verb.words);
            let kinds = [verb.options.contains(&"--dry-run"), question(noun.name, verb.words), act(&line)];
            if kinds.iter().filter(|is| **is).count() != 1 {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "in no list, or in two: {wrong:#?}");
    // Nothing is listed that is not there.
    let is = |noun: &str, verb: &str| {
        NOUNS.iter().any(|n| n.name == noun && n.verbs.iter().any(|v| v.words == verb))
    };
    for (noun, verbs) in QUESTIONS {
        verbs.iter().for_each(|verb| assert!(is(noun, verb), "there is no '{noun} {verb}'"));
    }
    for (line, why) in ACTS {
        let (noun, verb) = line.split_once(' ').expect("a noun and a verb");
        assert!(is(noun, verb) && !why.is_empty(), "there is no '{line}'");
    }
}
