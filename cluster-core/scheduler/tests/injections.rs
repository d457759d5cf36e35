//! What may be changed before planning, and what comes of it: `testdata/injections/NAME.txt`.
//! `UPDATE=1 cargo test` rewrites the texts; read the difference.

use rhapsody_scheduler::simulate::{Injections, OpSpec, Request, Text, simulate};
use rhapsody_xml::Document;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/injections")
}

fn cluster() -> Document {
    Document::parse(&std::fs::read_to_string(folder().join("cluster.cib")).unwrap()).unwrap()
}

fn some(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn operations(words: &[&str]) -> Vec<OpSpec> {
    words.iter().map(|w| OpSpec::parse(w).unwrap()).collect()
}

fn request(injections: Injections, to_fail: &[&str]) -> Request {
    Request {
        now: 1_790_000_000,
        simulate: true,
        injections,
        to_fail: operations(to_fail),
        ..Request::default()
    }
}

#[test]
fn texts_are_as_written() {
    let none = Injections::default;
    let cases = [
        ("node-down", Injections { nodes_down: some(&["n1"]), ..none() }, vec![]),
        ("node-fail", Injections { nodes_fail: some(&["n1"]), ..none() }, vec![]),
        ("new-node-up", Injections { nodes_up: some(&["n3"]), ..none() }, vec![]),
        ("no-quorum", Injections { quorum: Some("0".into()), ..none() }, vec![]),
        ("ticket-revoked", Injections { revoke: some(&["site"]), ..none() }, vec![]),
        ("ticket-standby", Injections { standby: some(&["site"]), ..none() }, vec![]),
        (
            "monitor-failed",
            Injections { operations: operations(&["vip_monitor_10000@n1=7"]), ..none() },
            vec![],
        ),
        // Only a recurring monitor fails by that; nothing is counted.
        ("found-stopped", Injections { operations: operations(&["vip_monitor_0@n1=7"]), ..none() }, vec![]),
        (
            "instance-failed",
            Injections { operations: operations(&["web:0_monitor_10000@n1=1"]), ..none() },
            vec![],
        ),
        ("start-fails", Injections { nodes_down: some(&["n1"]), ..none() }, vec!["vip_start_0@n2=1"]),
        (
            "everything",
            Injections {
                quorum: Some("yes".into()),
                watchdog: Some("off".into()),
                nodes_up: some(&["n3"]),
                nodes_down: some(&["n1"]),
                nodes_fail: some(&["n2"]),
                grant: some(&["site", "other"]),
                revoke: some(&["third"]),
                standby: some(&["site"]),
                activate: some(&["site"]),
                operations: operations(&["vip_start_0@n3=5"]),
            },
            vec![],
        ),
    ];
    let mut wrong = Vec::new();
    for (name, injections, to_fail) in cases {
        let mut out = Text::default();
        simulate(&cluster(), &request(injections, &to_fail), &mut out).unwrap();
        let path = folder().join(name).with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &out.text).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != out.text {
            wrong.push(format!("{name}:\n{}", out.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let none = Injections::default;
    for (injections, part) in [
        (Injections { nodes_down: some(&["n9"]), ..none() }, "'n9'"),
        (Injections { nodes_fail: some(&["n9"]), ..none() }, "'n9'"),
        (Injections { quorum: Some("maybe".into()), ..none() }, "'maybe'"),
        (Injections { operations: operations(&["nope_monitor_0@n1=7"]), ..none() }, "'nope'"),
        (Injections { operations: operations(&["web-clone_monitor_0@n1=7"]), ..none() }, "'web-clone'"),
        (Injections { operations: operations(&["vip_monitor_0@n9=7"]), ..none() }, "'n9'"),
    ] {
        let mut out = Text::default();
        let error = simulate(&cluster(), &request(injections, &[]), &mut out).unwrap_err();
        assert!(error.contains(part), "{error}");
        assert_eq!(out.text, "", "nothing is shown of what is refused");
    }
}

/// A result can be kept and simulated on, and failures add up.
#[test]
fn failures_are_counted_on() {
    let mut doc = cluster();
    for expected in ["1", "2"] {
        let injections =
            Injections { operations: operations(&["vip_monitor_10000@n2=7"]), ..Injections::default() };
        let request = Request { injections, now: 1_790_000_000, ..Request::default() };
        doc = simulate(&doc, &request, &mut Text::default()).unwrap().input.unwrap();
        let count =
            rhapsody_xml::xpath::select(&doc, "//nvpair[@name='fail-count-vip#monitor_10000']").unwrap();
        assert_eq!(count.iter().map(|e| doc.attr(*e, "value")).collect::<Vec<_>>(), [Some(expected)]);
    }
}

#[test]
fn capacity_is_shown_before_and_after() {
    let mut out = Text { quiet: true, show_utilization: true, ..Text::default() };
    let request = Request { show_utilization: true, now: 1_790_000_000, ..Request::default() };
    simulate(&cluster(), &request, &mut out).unwrap();
    let expected = "\nOriginal: n1 capacity: cpu=4\nOriginal: n2 capacity:\n\
        pcmk__assign_resource: vip utilization on n1: cpu=1\npcmk__assign_resource: web:0 utilization on n1:\n\
        pcmk__assign_resource: web:1 utilization on n2:\nRemaining: n1 capacity: cpu=3\n\
        Remaining: n2 capacity:\n";
    assert_eq!(out.text, expected);
}

#[test]
fn the_drawing_says_what_is_done_and_what_cannot_be() {
    let injections = Injections { nodes_down: some(&["n1"]), ..Injections::default() };
    let request = Request { dot: true, injections, now: 1_790_000_000, ..Request::default() };
    let dot = simulate(&cluster(), &request, &mut Text::default()).unwrap().dot.unwrap();
    let expected = " digraph \"g\" {\n\
        \"vip_monitor_10000 n2\" [ style=bold color=\"green\" fontcolor=\"black\"]\n\
        \"vip_start_0 n2\" [ style=bold color=\"green\" fontcolor=\"black\"]\n\
        \"vip_start_0 n2\" -> \"vip_monitor_10000 n2\" [ style = bold]\n}\n";
    assert_eq!(dot, expected);
}
