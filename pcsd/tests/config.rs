//! Checkpoints, backup and restore, certificates and reports on a node whose cluster does not run.

mod common;

use base64::prelude::{BASE64_STANDARD, Engine};
use common::*;
use rhapsody_cib::stored::Stored;
use serde_json::{Value, json};
use std::path::Path;

const CONF: &str = "totem {\n    version: 2\n    cluster_name: safe\n}\n\nnodelist {\n    node {\n        ring0_addr: 127.0.0.1\n        name: n1\n        nodeid: 1\n    }\n}\n\nquorum {\n    provider: corosync_votequorum\n}\n";

fn cib(epoch: u64) -> String {
    format!("<cib admin_epoch=\"0\" epoch=\"{epoch}\" num_updates=\"0\"><configuration/><status/></cib>\n")
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn stored(epoch: u64) -> String {
    Stored { xml: cib(epoch), epoch, ..Stored::default() }.render()
}

/// A node of a cluster of one, which was stopped.
fn make_node(root: &Path) {
    put(root, "etc/corosync/corosync.conf", CONF);
    put(root, "etc/corosync/authkey", "secret");
    put(root, "etc/corosync/uidgid.d/app", "uidgid {}");
    put(root, "var/lib/rhapsody/cib/3.xml", &stored(7));
    put(root, "var/lib/rhapsody/cib/4.xml", &stored(8));
}

/// Reports come without their node's own name.
fn said(answer: &Value) -> String {
    let reports = answer["reports"].as_array().unwrap();
    reports.iter().map(|report| format!("{}\n", report["message"]["message"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn checkpoints_are_listed_and_read() {
    let pcsd = Pcsd::start("checkpoints");
    let token = pcsd.token().await;
    let empty = pcsd.run_command(&token, "rhapsody.config.checkpoints", json!({})).await;
    assert_eq!(empty["result"], json!({"checkpoints": []}));
    make_node(&pcsd.root);
    put(&pcsd.root, "var/lib/rhapsody/cib/5.xml", "damaged");
    let found = pcsd.run_command(&token, "rhapsody.config.checkpoints", json!({})).await;
    let numbers: Vec<u64> = found["result"]["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 4, 5]);
    let one = pcsd.run_command(&token, "rhapsody.config.checkpoint", json!({"number": 3})).await;
    assert_eq!(one["result"], json!(cib(7)));
    for (number, code) in [(9, "CHECKPOINT_NOT_FOUND"), (5, "CHECKPOINT_UNREADABLE")] {
        let none = pcsd.run_command(&token, "rhapsody.config.checkpoint", json!({"number": number})).await;
        assert_eq!(codes(&none), [code]);
    }
}

#[tokio::test]
async fn a_backup_makes_another_host_the_same_node() {
    let pcsd = Pcsd::start("backup");
    let token = pcsd.token().await;
    let none = pcsd.run_command(&token, "rhapsody.config.backup", json!({})).await;
    assert_eq!(codes(&none), ["CONFIG_BACKUP_FAILED"]);
    make_node(&pcsd.root);
    let backup = pcsd.run_command(&token, "rhapsody.config.backup", json!({})).await;
    let tarball = backup["result"].as_str().unwrap();

    let other = Pcsd::start("restore");
    let token = other.token().await;
    let restore = |params: Value| other.run_command(&token, "rhapsody.config.restore", params);
    for (tarball, why) in [("aGVsbG8=", "no tarball"), ("%", "base64"), ("", "empty")] {
        let refused = restore(json!({"tarball": tarball, "local": true})).await;
        assert_eq!(codes(&refused), ["CONFIG_RESTORE_FAILED"]);
        assert!(said(&refused).contains(why), "{}", said(&refused));
    }
    // Its nodes are unknown here: nothing is changed anywhere.
    let refused = restore(json!({"tarball": tarball})).await;
    assert_eq!(codes(&refused), ["HOST_NOT_FOUND"]);
    assert!(!other.root.join("etc/corosync").exists());

    assert_eq!(restore(json!({"tarball": tarball, "local": true})).await["task_finish_type"], "SUCCESS");
    let read = |path: &str| std::fs::read_to_string(other.root.join(path)).unwrap();
    assert_eq!(read("etc/corosync/corosync.conf"), CONF);
    assert_eq!(read("etc/corosync/authkey"), "secret");
    assert_eq!(read("etc/corosync/uidgid.d/app"), "uidgid {}");
    assert_eq!(Stored::parse(&read("var/lib/rhapsody/cib/1.xml")).unwrap().xml, cib(8));

    // As another node's client sends it.
    let bytes = BASE64_STANDARD.decode(tarball).unwrap();
    let body: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    let sent = client()
        .post(other.url("/remote/config_restore"))
        .header("cookie", format!("token={token}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("tarball={body}"))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.text().await.unwrap(), "Succeeded");
    assert_eq!(Stored::parse(&read("var/lib/rhapsody/cib/2.xml")).unwrap().xml, cib(8));
    let (_, text) = other.post(&token, "/remote/config_restore", &[("tarball", "junk")]).await;
    assert!(text.starts_with("unable to restore the cluster"), "{text}");
}

#[tokio::test]
async fn a_certificate_is_replaced_while_we_serve() {
    let pcsd = Pcsd::start("certkey");
    let token = pcsd.token().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["n1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let pair = |flags: Value| json!({"certificate": certificate.pem(), "key": key.serialize_pem(), "force_flags": flags});
    let refused = pcsd.run_command(&token, "rhapsody.pcsd.certkey", pair(json!([]))).await;
    assert_eq!(codes(&refused), ["CERTIFICATE_ALREADY_EXISTS"]);
    let bad = json!({"certificate": certificate.pem(), "key": "no key", "force_flags": ["FORCE"]});
    assert_eq!(codes(&pcsd.run_command(&token, "rhapsody.pcsd.certkey", bad).await), ["INVALID_CERTIFICATE"]);
    let done = pcsd.run_command(&token, "rhapsody.pcsd.certkey", pair(json!(["FORCE"]))).await;
    assert_eq!(done["task_finish_type"], "SUCCESS", "{done}");
    assert_eq!(
        std::fs::read_to_string(pcsd.root.join("var/lib/rhapsody/pcsd/pcsd.crt")).unwrap(),
        certificate.pem()
    );
    let seen = client()
        .get(pcsd.url("/remote/check_auth"))
        .header("cookie", format!("token={token}"))
        .send()
        .await
        .unwrap();
    assert_eq!(seen.status(), 200);
    let (status, _) = pcsd.post(&token, "/remote/set_certs", &[("ssl_cert", "x"), ("ssl_key", "y")]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_report_holds_what_is_known_and_no_key() {
    let pcsd = Pcsd::start("report");
    let token = pcsd.token().await;
    make_node(&pcsd.root);
    let asked = json!({"from": 0, "to": 4_000_000_000_u64, "folder": "trouble"});
    let report = pcsd.run_command(&token, "rhapsody.cluster.report", asked).await;
    assert_eq!(codes(&report), ["REPORT_WITHOUT_NODE"], "n1 is not known here");
    let bytes = BASE64_STANDARD.decode(report["result"].as_str().unwrap()).unwrap();
    let mut names = Vec::new();
    let mut tar = tar::Archive::new(bzip2::read::BzDecoder::new(bytes.as_slice()));
    for entry in tar.entries().unwrap() {
        let path = entry.unwrap().path().unwrap().to_string_lossy().into_owned();
        names.push(path.splitn(3, '/').nth(2).unwrap().to_owned());
        assert!(path.starts_with("trouble/"), "{path}");
    }
    for wanted in ["cib.xml", "corosync.conf", "sysinfo.txt"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("authkey")), "{names:?}");
    let bad = json!({"from": 0, "to": 1, "folder": "../up"});
    assert_eq!(
        codes(&pcsd.run_command(&token, "rhapsody.cluster.report", bad).await),
        ["COMMAND_INVALID_PAYLOAD"]
    );
}
