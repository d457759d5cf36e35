//! `cluster setup` across three daemons on one machine.

mod common;

use common::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// Three hosts that the first one is authenticated to.
async fn three(name: &str) -> (Vec<Pcsd>, String) {
    let hosts: Vec<Pcsd> = (1..=3).map(|n| Pcsd::start(&format!("{name}-{n}"))).collect();
    let token = hosts[0].token().await;
    let entries: serde_json::Map<String, Value> = (1..)
        .zip(&hosts)
        .map(|(n, host)| {
            let dest = json!([{"addr": "127.0.0.1", "port": host.port}]);
            let login = json!({"username": "hacluster", "password": PASSWORD, "dest_list": dest});
            (format!("n{n}"), login)
        })
        .collect();
    let answer = hosts[0].run_command(&token, "auth.auth_hosts", json!({"hosts": entries})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    (hosts, token)
}

fn setup(more: Value) -> Value {
    let mut params = json!({
        "cluster_name": "linuxha",
        "nodes": [
            {"name": "n1", "addrs": ["127.0.0.11"]},
            {"name": "n2", "addrs": ["127.0.0.12"]},
            {"name": "n3", "addrs": ["127.0.0.13"]},
        ],
    });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

fn read(host: &Pcsd, path: &str) -> Option<Vec<u8>> {
    std::fs::read(host.root.join(path)).ok()
}

const CONF: &str = "etc/corosync/corosync.conf";
const KEYS: [&str; 2] = ["etc/corosync/authkey", "etc/pacemaker/authkey"];

#[tokio::test]
async fn three_hosts_become_a_cluster_once() {
    let (hosts, token) = three("setup").await;
    let answer = hosts[0].run_command(&token, "cluster.setup", setup(json!({"enable": true}))).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer:#}");
    let told = codes(&answer);
    let order = [
        "CLUSTER_DESTROY_STARTED",
        "FILES_REMOVE_FROM_NODES_STARTED",
        "FILES_DISTRIBUTION_STARTED",
        "CLUSTER_SETUP_SUCCESS",
        "CLUSTER_ENABLE_STARTED",
    ];
    let places: Vec<_> = order.iter().map(|code| told.iter().position(|have| have == code)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told:?}");

    let conf = read(&hosts[0], CONF).unwrap();
    let text = String::from_utf8(conf.clone()).unwrap();
    assert!(text.contains("cluster_name: linuxha") && text.contains("ring0_addr: 127.0.0.13"), "{text}");
    assert!(text.contains("token: 1000") && text.contains("cluster_uuid: "), "{text}");
    for host in &hosts {
        assert_eq!(read(host, CONF).as_ref(), Some(&conf), "the same everywhere");
        for key in KEYS {
            let bytes = read(host, key).unwrap();
            assert_eq!((bytes.len(), Some(bytes)), (256, read(&hosts[0], key)));
            let mode = std::fs::metadata(host.root.join(key)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o400, "{key}");
        }
        assert!(read(host, "var/lib/rhapsody/enabled").is_some());
        let known = String::from_utf8(read(host, "var/lib/rhapsody/pcsd/known-hosts").unwrap()).unwrap();
        assert!(["n1", "n2", "n3"].iter().all(|name| known.contains(name)), "{known}");
    }

    // Again: refused, and nothing changes.
    let answer = hosts[0].run_command(&token, "cluster.setup", setup(json!({}))).await;
    assert_eq!(answer["task_finish_type"], "FAIL");
    let told = codes(&answer);
    assert!(told.contains(&"HOST_ALREADY_IN_CLUSTER_CONFIG") && told.contains(&"CLUSTER_WILL_BE_DESTROYED"));
    assert_eq!(read(&hosts[1], CONF), Some(conf.clone()));

    // By force: a new cluster with new keys, from any node, since all know all.
    let key = read(&hosts[0], KEYS[0]);
    let token = hosts[2].token().await;
    let forced = setup(json!({"force_flags": ["FORCE"], "totem_options": {"token": "300"}}));
    let answer = hosts[2].run_command(&token, "cluster.setup", forced).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer:#}");
    for host in &hosts {
        assert!(String::from_utf8(read(host, CONF).unwrap()).unwrap().contains("token: 300"));
        assert_ne!(read(host, KEYS[0]), key);
        assert!(read(host, "var/lib/rhapsody/enabled").is_none(), "not asked for this time");
    }

    let answer =
        hosts[1].run_command(&hosts[1].token().await, "rhapsody.cluster.destroy", json!({"all": true})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer:#}");
    for host in &hosts {
        assert!([CONF, KEYS[0], KEYS[1]].iter().all(|path| read(host, path).is_none()));
    }
}

#[tokio::test]
async fn a_failed_setup_leaves_nothing_and_can_be_repeated() {
    let (hosts, token) = three("rollback").await;
    // The third host cannot take its corosync.conf: something is in the way.
    let block = hosts[2].root.join(CONF);
    std::fs::create_dir_all(block.join("in-the-way")).unwrap();
    let params = setup(json!({"force_flags": ["FORCE"]}));
    let answer = hosts[0].run_command(&token, "cluster.setup", params.clone()).await;
    assert_eq!(answer["task_finish_type"], "FAIL");
    assert!(codes(&answer).contains(&"CLUSTER_SETUP_FAILED"), "{answer:#}");
    for host in &hosts[..2] {
        assert!([CONF, KEYS[0], KEYS[1]].iter().all(|path| read(host, path).is_none()));
    }
    std::fs::remove_dir_all(&block).unwrap();
    let answer = hosts[0].run_command(&token, "cluster.setup", params).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer:#}");
}

#[tokio::test]
async fn bad_requests_are_refused_before_anything_changes() {
    let (mut hosts, token) = three("refused").await;
    for (more, code) in [
        (json!({"cluster_name": ""}), "INVALID_OPTION_VALUE"),
        (json!({"cluster_name": "with space"}), "COROSYNC_CLUSTER_NAME_INVALID_FOR_GFS2"),
        (json!({"nodes": []}), "COROSYNC_NODES_MISSING"),
        (json!({"nodes": [{"name": "n1"}, {"name": "n1"}]}), "NODE_NAMES_DUPLICATION"),
        (json!({"nodes": [{"name": "n1"}, {"name": "n9"}]}), "HOST_NOT_FOUND"),
        (json!({"totem_options": {"tokne": "1"}}), "INVALID_OPTIONS"),
        (json!({"quorum_options": {"wait_for_all": "maybe"}}), "INVALID_OPTION_VALUE"),
        (json!({"transport_type": "pigeon"}), "INVALID_OPTION_VALUE"),
        (
            json!({"crypto_options": {"cipher": "aes256", "hash": "none"}}),
            "PREREQUISITE_OPTION_MUST_BE_ENABLED_AS_WELL",
        ),
        (json!({"surprise": 1}), "COMMAND_INVALID_PAYLOAD"),
    ] {
        let answer = hosts[0].run_command(&token, "cluster.setup", setup(more)).await;
        assert_eq!(answer["task_finish_type"], "FAIL", "{code}: {answer:#}");
        assert!(codes(&answer).contains(&code), "{code}: {answer:#}");
    }
    // A host that does not answer is named; the others are left as they are.
    drop(hosts.pop());
    let answer = hosts[0].run_command(&token, "cluster.setup", setup(json!({}))).await;
    assert_eq!(codes(&answer), ["NODE_COMMUNICATION_ERROR_UNABLE_TO_CONNECT"]);
    assert_eq!(answer["reports"][0]["context"]["node"], "n3");
    for host in &hosts {
        assert!([CONF, KEYS[0], KEYS[1]].iter().all(|path| read(host, path).is_none()));
    }
    // Only hacluster may.
    set_password(&hosts[0].root, "ann", "her password");
    let other = hosts[0].login("ann", "her password").await;
    let answer = hosts[0].run_command(&other, "cluster.setup", setup(json!({}))).await;
    assert_eq!(codes(&answer), ["NOT_AUTHORIZED"]);
}

#[tokio::test]
async fn a_node_without_a_cluster_says_so() {
    let host = Pcsd::start("alone");
    let token = host.token().await;
    for (name, params, code) in [
        ("rhapsody.cluster.start", json!({}), "CLUSTER_START_FAILED"),
        ("rhapsody.cluster.start", json!({"all": true}), "UNABLE_TO_READ_COROSYNC_CONFIG"),
        ("rhapsody.cluster.cib", json!({}), "CLUSTER_NOT_RUNNING"),
        ("rhapsody.quorum.status", json!({}), "CLUSTER_NOT_RUNNING"),
        ("cluster.get_corosync_conf", json!({}), "UNABLE_TO_READ_COROSYNC_CONFIG"),
        ("rhapsody.cluster.cib", json!({"scope": "soup"}), "CIB_LOAD_ERROR_SCOPE_MISSING"),
    ] {
        let answer = host.run_command(&token, name, params).await;
        assert_eq!(codes(&answer).last(), Some(&code), "{name}");
    }
    let stop = host.run_command(&token, "rhapsody.cluster.stop", json!({})).await;
    assert_eq!(stop["task_finish_type"], "SUCCESS", "it does not run: {stop}");
    assert_eq!(host.get(&token, "/remote/get_quorum_info").await.1.trim(), "Cannot initialize CMAP service");
    assert_eq!(host.get(&token, "/remote/pacemaker_node_status").await.1, r#"{"offline":true}"#);
    assert_eq!(
        host.get(&token, "/remote/get_corosync_conf").await,
        (400, "Unable to read corosync.conf".into())
    );
    assert_eq!(host.get(&token, "/remote/sbd_enable").await.0, 400);
    let check: Value = serde_json::from_str(&host.get(&token, "/remote/check_host").await.1).unwrap();
    assert_eq!(check["cluster_configuration_exists"], false);
    assert_eq!(
        check["services"]["pacemaker"],
        json!({"installed": true, "enabled": false, "running": false, "version": "2.1.5"})
    );
}

#[tokio::test]
async fn files_come_and_go_as_pcs_sends_them() {
    let host = Pcsd::start("files");
    let token = host.token().await;
    let put = |data: Value| {
        let (host, token) = (&host, &token);
        async move {
            let (status, text) =
                host.post(token, "/remote/put_file", &[("data_json", &data.to_string())]).await;
            (status, serde_json::from_str::<Value>(&text).unwrap_or(Value::from(text)))
        }
    };
    let key = |data: &str| json!({"corosync authkey": {"type": "corosync_authkey", "data": data}});
    let code = |code: &str| (200, json!({"files": {"corosync authkey": {"code": code, "message": ""}}}));
    assert_eq!(put(key("QUJD")).await, code("written"));
    assert_eq!(put(key("QUJD")).await, code("same_content"));
    assert_eq!(put(key("REVG")).await, code("conflict"));
    assert_eq!(std::fs::read(host.root.join(KEYS[0])).unwrap(), b"ABC");
    let (status, text) = put(json!({"x": {"type": "soup", "data": ""}})).await;
    assert_eq!(status, 400);
    assert!(
        text.as_str().unwrap().starts_with("Invalid input data format: file (key: x): unsupported 'type'")
    );
    let remove = json!({"pcsd settings": {"type": "pcsd_settings"}}).to_string();
    let (_, text) = host.post(&token, "/remote/remove_file", &[("data_json", &remove)]).await;
    assert_eq!(text, r#"{"files":{"pcsd settings":{"code":"not_found","message":""}}}"#);

    for remove in ["{}", "[]"] {
        let data = format!(
            r#"{{"known_hosts_add":{{"n1":{{"token":"t","dest_list":[{{"addr":"n1","port":2224}}]}}}},"known_hosts_remove":{remove}}}"#
        );
        let answer = host.post(&token, "/remote/known_hosts_change", &[("data_json", &data)]).await;
        assert_eq!(answer, (200, String::new()));
    }
    let conf = "totem {\n  version: 2\n  cluster_name: c\n}\nnodelist {\n  node {\n    ring0_addr: a\n    name: n1\n    nodeid: 1\n  }\n}\n";
    for (text, answer) in [("rubbish", (400, "Failed")), (conf, (200, "Succeeded"))] {
        let (status, body) = host.post(&token, "/remote/set_corosync_conf", &[("corosync_conf", text)]).await;
        assert_eq!((status, body.as_str()), answer);
    }
    assert_eq!(host.get(&token, "/remote/get_corosync_conf").await, (200, conf.to_owned()));
    let configs = host.get(&token, "/remote/get_configs?cluster_name=c").await.1;
    let configs: Value = serde_json::from_str(&configs).unwrap();
    assert_eq!(configs["status"], "ok");
    let text = configs["configs"]["known-hosts"]["text"].as_str().unwrap();
    assert!(text.contains("n1"));
    let newer = text.replace("\"data_version\": 1", "\"data_version\": 5").replace("\"n1\": {", "\"n7\": {");
    for (file, outcome) in [(newer.as_str(), "accepted"), (text, "rejected"), ("{", "error")] {
        let set = json!({"cluster_name": "c", "configs": {"known-hosts": {"type": "file", "text": file}}});
        let (_, answer) = host.post(&token, "/remote/set_configs", &[("configs", &set.to_string())]).await;
        assert_eq!(answer, format!(r#"{{"status":"ok","result":{{"known-hosts":"{outcome}"}}}}"#));
    }
}
