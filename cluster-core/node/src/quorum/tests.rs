//! A table in text: options and nodes, then steps. `12` is a partition that was installed,
//! `12!` the same after the last_man_standing window, `boot` forgets, and `=` says what comes out
//! (Q quorate, - not, w waiting; then the quorum).

use super::*;
use crate::Peer;
use crate::config::Layout;

fn config(line: &str) -> Config {
    let mut quorum = QuorumConfig::default();
    let mut n = 0;
    for word in line.split_whitespace() {
        match word {
            "two_node" => quorum.two_node = true,
            "wfa" => quorum.wait_for_all = Some(true),
            "wfa=0" => quorum.wait_for_all = Some(false),
            "lms" => quorum.last_man_standing = true,
            "atb" => quorum.auto_tie_breaker = true,
            "atb=highest" => {
                quorum.auto_tie_breaker = true;
                quorum.auto_tie_breaker_node = TieBreaker::Highest;
            }
            "ev=3" => quorum.expected_votes = 3,
            n_nodes => n = n_nodes.parse().unwrap(),
        }
    }
    Config {
        id: 1,
        cluster_name: "t".into(),
        incarnation: 1,
        layout: Layout {
            nodes: (1..=n).map(|id| Peer { id, name: format!("n{id}"), votes: 1 }).collect(),
            token_ms: 1000,
            quorum,
            ..Layout::default()
        },
        version: String::new(),
        have_watchdog: false,
        bugs: Default::default(),
    }
}

const TABLE: &str = "
3                  | 1=-2 12=Q2 123=Q2 23=Q2 3=-2
2                  | 1=-2 12=Q2 2=-2
4                  | 12=-3 123=Q3 34=-3
5                  | 123=Q3 12=-3 12345=Q3 345=Q3
2 two_node         | 1=w1 12=Q1 1=Q1 2=Q1 boot 2=w1
2 two_node wfa=0   | 1=Q1 2=Q1
3 wfa              | 12=w2 123=Q2 12=Q2 1=-2 boot 12=w2
4 atb              | 12=-3 1234=Q3 12=Q2 34=-3
4 atb=highest      | 1234=Q3 34=Q2 12=-3
4 atb              | 1234=Q3 234=Q3 34=-3
4 lms wfa          | 1234=Q3 123=Q3 123!=Q2 12=Q2 12!=Q2 1=-2 123=Q2
4 lms wfa atb      | 1234=Q3 123=Q3 123!=Q2 12=Q2 12!=Q2 1=Q1 2=-2
2 ev=3             | 12=Q2 1=-2
";

#[test]
fn partitions_are_judged_as_votequorum_judges_them() {
    for line in TABLE.lines().filter(|l| !l.is_empty()) {
        let (head, steps) = line.split_once('|').unwrap();
        let config = config(head);
        let mut memory = Memory::default();
        let mut last = Verdict::default();
        for step in steps.split_whitespace() {
            if step == "boot" {
                memory = Memory::default();
                continue;
            }
            let (who, want) = step.split_once('=').unwrap();
            if who.ends_with('!') {
                memory = stand(&config, &memory, &last).unwrap_or(memory);
            }
            let members = who.chars().filter_map(|c| c.to_digit(10)).collect();
            last = judge(&config, &memory, &members);
            let before = memory.clone();
            // Every step is a partition of its own: what it learns counts only where it is kept.
            let learned = remember(&memory, &last, &members, false);
            let state = if last.waiting {
                "w"
            } else if last.quorate {
                "Q"
            } else {
                "-"
            };
            assert_eq!(format!("{state}{}", last.quorum), want, "{line} at {step}, {before:?}");
            if last.quorate {
                memory = learned;
            }
            memory.waited |= last.total >= last.highest_expected;
        }
    }
}

#[test]
fn a_member_that_has_waited_ends_the_waiting() {
    let config = config("3 wfa");
    let members = BTreeSet::from([1, 2]);
    let verdict = judge(&config, &Memory::default(), &members);
    assert!(verdict.waiting);
    let memory = remember(&Memory::default(), &verdict, &members, true);
    assert!(judge(&config, &memory, &members).quorate);
}

#[test]
fn flags_are_spelled_as_quorumtool_spells_them() {
    let verdict = judge(&config("2 two_node"), &Memory { waited: true, ..Memory::default() }, &[1].into());
    assert_eq!(verdict.flags, ["2Node", "Quorate", "WaitForAll"]);
}
