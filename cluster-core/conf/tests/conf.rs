//! Reading, editing, meaning, checking and building, on small files.

use rhapsody_conf::{Conf, Setup, SetupNode, Severity, TieBreaker, Transport};

const FILE: &str = "# our cluster
totem {
    version: 2
  cluster_name:   linuxha
    token: 500
    # twice on purpose
    token: 2000
    interface {
        linknumber: 1
        mcastport: 5500
        knet_link_priority: 7
    }
}

nodelist {
    node {
        ring0_addr: 10.0.0.2
        ring1_addr: 10.0.1.2
        name: b
        nodeid: 2
    }

    node {
        ring0_addr: 10.0.0.1
        ring1_addr: 10.0.1.1
        name: a
        nodeid: 1
    }
}

quorum {
    provider: corosync_votequorum
    two_node: 1
}
";

#[test]
fn an_untouched_file_is_written_as_it_was_read() {
    for text in [FILE, "", "a {\r\n}\r\n\n# end", "a {\n b {\n  c {\n  }\n }\n}\n"] {
        let text = text.replace('\r', "");
        assert_eq!(Conf::parse(&text).unwrap().to_text(), text);
    }
}

#[test]
fn values_mean_what_corosync_takes_them_for() {
    let settings = Conf::parse(FILE).unwrap().settings();
    assert_eq!(settings.cluster_name.as_deref(), Some("linuxha"));
    assert_eq!(settings.token_ms, 2000);
    assert_eq!(settings.transport, Transport::Knet);
    assert!(settings.crypto.is_none());
    let names: Vec<_> = settings.nodes.iter().map(|n| (n.id, n.name.as_str())).collect();
    assert_eq!(names, [(1, "a"), (2, "b")]);
    assert_eq!(settings.nodes[1].address(1), Some("10.0.1.2"));
    let links: Vec<_> = settings.links.iter().map(|l| (l.number, l.port, l.priority)).collect();
    assert_eq!(links, [(0, 5405, 1), (1, 5500, 7)]);
    assert!(settings.quorum.two_node && settings.quorum.wait_for_all);
    assert_eq!(settings.quorum.expected_votes, 2);
    assert_eq!(Conf::parse(FILE).unwrap().check(), []);
}

#[test]
fn the_token_grows_with_the_nodes() {
    let node = |n: u32| format!("node {{\n ring0_addr: 10.0.0.{n}\n name: n{n}\n nodeid: {n}\n}}\n");
    let nodes: String = (1..=4).map(node).collect();
    let settings = |totem: &str| {
        let text = format!("totem {{\n version: 2\n {totem}\n}}\nnodelist {{\n{nodes}}}\n");
        Conf::parse(&text).unwrap().settings()
    };
    assert_eq!(settings("").token_ms, 3000 + 2 * 650);
    assert_eq!(settings("token: 1000\ntoken_coefficient: 0").token_ms, 1000);
    assert_eq!(settings("").quorum.expected_votes, 4);
    let secure = settings("secauth: on\ncrypto_hash: sha512").crypto;
    assert_eq!((secure.cipher.as_str(), secure.hash.as_str()), ("aes256", "sha512"));
}

#[test]
fn quorum_options_are_understood() {
    let quorum = |text: &str| Conf::parse(&format!("quorum {{\n{text}\n}}\n")).unwrap().settings().quorum;
    assert!(!quorum("two_node: 1\nwait_for_all: 0").wait_for_all);
    assert_eq!(quorum("auto_tie_breaker: 1").auto_tie_breaker, Some(TieBreaker::Lowest));
    assert_eq!(
        quorum("auto_tie_breaker: 1\nauto_tie_breaker_node: 3 1").auto_tie_breaker,
        Some(TieBreaker::Nodes(vec![3, 1]))
    );
    assert_eq!(quorum("expected_votes: 5").expected_votes, 5);
    let device =
        quorum("device {\n model: net\n votes: 1\n net {\n host: q\n algorithm: ffsplit\n }\n}").device;
    assert_eq!(device.unwrap().host.as_deref(), Some("q"));
}

#[test]
fn an_edit_changes_only_its_lines() {
    let mut conf = Conf::parse(FILE).unwrap();
    conf.set("totem", "token", "1000");
    conf.set("totem", "join", "60");
    conf.set("logging", "to_syslog", "yes");
    assert!(conf.remove("quorum", "two_node"));
    let expected = FILE
        .replace("    token: 500\n", "")
        .replace("    token: 2000\n", "    token: 1000\n    join: 60\n")
        .replace("    two_node: 1\n", "")
        + "\nlogging {\n    to_syslog: yes\n}\n";
    assert_eq!(conf.to_text(), expected);
}

#[test]
fn sections_come_and_go() {
    let mut conf = Conf::parse(FILE).unwrap();
    let list = conf.root_mut().sections_mut("nodelist").next().unwrap();
    assert_eq!(list.remove_sections("node", |n| n.get("name") == Some("a")), 1);
    let node = list.add_section("node");
    node.set("ring0_addr", "10.0.0.3");
    node.set("name", "c\n}\nevil");
    node.set("nodeid", "3");
    let text = conf.to_text();
    assert!(text.ends_with(
        "        nodeid: 2\n    }\n\n    node {\n        ring0_addr: 10.0.0.3\n        name: c   evil\n        \
         nodeid: 3\n    }\n}\n\nquorum {\n    provider: corosync_votequorum\n    two_node: 1\n}\n"
    ));
}

#[test]
fn what_corosync_refuses_is_refused_with_its_line() {
    for (text, line, part) in [
        ("totem { version: 2\n}\n", 1, "follows"),
        ("totem {\n version 2\n}\n", 2, "key: value"),
        ("totem {\n version: 2\n} x\n", 3, "alone"),
        ("totem {\n", 1, "not closed"),
        ("}\n", 1, "never opened"),
        ("x: 1\n", 1, "outside"),
        ("{\n}\n", 1, "name"),
        ("totem {\n : 2\n}\n", 2, "key is missing"),
        ("totem {\n a: \u{1}\n}\n", 2, "control"),
    ] {
        let error = Conf::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text:?}: {error}");
        assert!(error.message.contains(part), "{text:?}: {error}");
    }
    let deep = "a {\n".repeat(100_000);
    assert!(Conf::parse(&deep).unwrap_err().message.contains("deeper"));
}

#[test]
fn mistakes_are_found() {
    for (from, to, part) in [
        ("version: 2", "version: 1", "must be 2"),
        ("token: 2000", "token: soon", "number"),
        ("token: 2000", "token: 3", "too short"),
        ("token: 2000", "crypto_cipher: aes256", "needs a `crypto_hash`"),
        ("token: 2000", "crypto_cipher: rot13", "use one of"),
        ("token: 2000", "transport: rdma", "not known"),
        ("token: 2000", "transport: udpu", "more than one link"),
        ("nodeid: 1", "nodeid: 2", "line 20"),
        ("nodeid: 1", "nodeid: 0", "from 1 to"),
        ("        nodeid: 1\n", "", "no `nodeid`"),
        ("10.0.1.1", "10.0.0.2", "address `10.0.0.2`"),
        ("name: a", "name: b", "name `b`"),
        ("ring1_addr: 10.0.1.1", "ring9_addr: 10.0.1.1", "from 0 to 7"),
        ("mcastport: 5500", "mcastport: 0", "port"),
        ("linknumber: 1", "linknumber: 8", "0 to 7"),
        ("two_node: 1", "two_node: maybe", "0 or 1"),
        ("two_node: 1", "auto_tie_breaker_node: 7", "`7`"),
        ("corosync_votequorum", "magic", "magic"),
    ] {
        assert!(FILE.contains(from), "{from}");
        let problems = Conf::parse(&FILE.replace(from, to)).unwrap().check();
        let found = problems.iter().any(|p| p.severity == Severity::Error && p.to_string().contains(part));
        assert!(found, "{to}: {problems:?}");
    }
    for (from, to, part) in [
        ("token: 2000", "tocken: 2000", "`tocken`"),
        ("quorum {", "qorum {", "`qorum`"),
        ("        name: a\n", "", "has no `name`"),
        ("        ring1_addr: 10.0.1.1\n", "", "other links"),
    ] {
        let problems = Conf::parse(&FILE.replace(from, to)).unwrap().check();
        let found = problems.iter().any(|p| p.severity == Severity::Warning && p.to_string().contains(part));
        assert!(found, "{to}: {problems:?}");
    }
    let empty = Conf::parse("").unwrap().check();
    assert!(empty.iter().filter(|p| p.severity == Severity::Error).count() >= 2, "{empty:?}");
}

fn pairs(text: &str) -> Vec<(String, String)> {
    text.split_whitespace().filter_map(|w| w.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
}

fn node(name: &str, addresses: &[&str]) -> SetupNode {
    SetupNode { name: name.into(), addresses: addresses.iter().map(|a| a.to_string()).collect() }
}

#[test]
fn a_small_setup() {
    let setup = Setup {
        cluster_name: "c".into(),
        nodes: vec![node("a", &["10.0.0.1"]), node("b", &["10.0.0.2"])],
        short_token: true,
        ..Setup::default()
    };
    let text = setup.build().to_text();
    assert_eq!(
        text,
        "totem {
    version: 2
    cluster_name: c
    transport: knet
    token: 1000
    token_coefficient: 0
    crypto_cipher: aes256
    crypto_hash: sha256
}

nodelist {
    node {
        ring0_addr: 10.0.0.1
        name: a
        nodeid: 1
    }

    node {
        ring0_addr: 10.0.0.2
        name: b
        nodeid: 2
    }
}

quorum {
    provider: corosync_votequorum
    two_node: 1
}

logging {
    to_logfile: yes
    logfile: /var/log/corosync/corosync.log
    to_syslog: yes
    timestamp: on
}
"
    );
    let again = Conf::parse(&text).unwrap();
    assert_eq!(again.canonical(), text);
    assert_eq!(again.check(), []);
    assert_eq!(again.settings().token_ms, 1000);
}

#[test]
fn a_setup_with_everything() {
    let setup = Setup {
        cluster_name: "c".into(),
        cluster_uuid: Some("u".into()),
        nodes: vec![node("a", &["10.0.0.1", "10.0.1.1"]), node("b", &["10.0.0.2", "10.0.1.2"])],
        totem: pairs("token=12000 consensus=14000 join="),
        transport_options: pairs("link_mode=passive ip_version=ipv4"),
        compression: pairs("model=zlib"),
        crypto: pairs("hash=sha512 model=openssl"),
        quorum: pairs("wait_for_all=1 auto_tie_breaker=1"),
        links: vec![
            pairs("linknumber=1 link_priority=9 mcastport=5500"),
            pairs("linknumber=0 transport=udp"),
        ],
        short_token: true,
        ..Setup::default()
    };
    let text = setup.build().to_text();
    assert!(text.starts_with(
        "totem {
    version: 2
    cluster_name: c
    cluster_uuid: u
    transport: knet
    consensus: 14000
    token: 12000
    ip_version: ipv4
    link_mode: passive
    knet_compression_model: zlib
    crypto_cipher: aes256
    crypto_hash: sha512
    crypto_model: openssl

    interface {
        knet_transport: udp
        linknumber: 0
    }

    interface {
        knet_link_priority: 9
        linknumber: 1
        mcastport: 5500
    }
}

nodelist {
    node {
        ring0_addr: 10.0.0.1
        ring1_addr: 10.0.1.1
        name: a
"
    ));
    assert!(text.contains("provider: corosync_votequorum\n    auto_tie_breaker: 1\n    wait_for_all: 1\n}"));
    assert_eq!(Conf::parse(&text).unwrap().check(), []);
}
