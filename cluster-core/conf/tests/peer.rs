//! The real Corosync, where it is installed, takes what we build and refuses what we refuse.

use rhapsody_conf::{Conf, Setup, SetupNode, Severity};
use std::path::PathBuf;
use std::process::Command;

/// None when there is no corosync here.
fn corosync_takes(name: &str, text: &str) -> Option<bool> {
    let dir = std::env::temp_dir().join(format!("rhapsody-conf-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).ok()?;
    let (file, key): (PathBuf, PathBuf) = (dir.join("corosync.conf"), dir.join("authkey"));
    std::fs::write(&key, [7u8; 256]).ok()?;
    let text = text.replace("version: 2\n", &format!("version: 2\nkeyfile: {}\n", key.display()));
    std::fs::write(&file, text).ok()?;
    let output = Command::new("corosync").arg("-t").arg("-c").arg(&file).output();
    let _ = std::fs::remove_dir_all(&dir);
    match output {
        Ok(output) => Some(output.status.success()),
        Err(_) => {
            eprintln!("skipped: corosync is not installed");
            None
        }
    }
}

fn setup(nodes: usize) -> Setup {
    let node = |n: usize| SetupNode {
        name: format!("node{n}"),
        addresses: vec![format!("127.0.0.{n}"), format!("127.0.1.{n}")],
    };
    Setup {
        cluster_name: "linuxha".into(),
        nodes: (1..=nodes).map(node).collect(),
        short_token: true,
        ..Setup::default()
    }
}

#[test]
fn corosync_takes_what_setup_builds() {
    for nodes in [1, 2, 3] {
        let text = setup(nodes).build().to_text();
        if let Some(taken) = corosync_takes(&format!("setup{nodes}"), &text) {
            assert!(taken, "{text}");
        }
    }
}

#[test]
fn corosync_refuses_what_check_refuses() {
    let good = setup(2).build().to_text();
    for (i, (from, to)) in [
        ("nodeid: 2", "nodeid: 1"),
        ("token: 1000", "token: abc"),
        ("token: 1000", "token: 5"),
        ("transport: knet", "transport: rdma"),
        ("crypto_hash: sha256", "crypto_hash: none"),
        ("version: 2", "version: 3"),
        ("}\n\nquorum", "\n\nquorum"),
        ("totem {", "totem { x"),
    ]
    .iter()
    .enumerate()
    {
        let bad = good.replace(from, to);
        let refused = match Conf::parse(&bad) {
            Err(_) => true,
            Ok(conf) => conf.check().iter().any(|p| p.severity == Severity::Error),
        };
        assert!(refused, "we take {to:?}");
        if let Some(taken) = corosync_takes(&format!("bad{i}"), &bad) {
            assert!(!taken, "corosync takes {to:?}");
        }
    }
}
