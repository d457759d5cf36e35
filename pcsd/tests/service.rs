//! The daemon as a process: starting, listening, logging in, ending.

mod common;

use common::*;
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

fn fails(root: &std::path::Path, words: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(words).env("RHAPSODY_ROOT", root).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.lines().any(|line| line.starts_with("Error: ")), "{text}");
    text
}

#[tokio::test]
async fn tokens_open_the_door_and_survive_a_restart() {
    let mut pcsd = Pcsd::start("tokens");
    assert_eq!(pcsd.get("", "/remote/check_auth").await, (401, r#"{"notauthorized":"true"}"#.into()));
    assert_eq!(pcsd.get("wrong", "/remote/check_auth").await.0, 401);
    let token = pcsd.token().await;
    assert_eq!(pcsd.get(&token, "/remote/check_auth").await, (200, r#"{"success":true}"#.into()));
    assert_eq!(pcsd.post(&token, "/remote/check_auth", &[("check_auth_only", "1")]).await.0, 200);
    assert_eq!(pcsd.get(&token, "/remote/nothing").await.0, 404);

    assert!(pcsd.terminate() < Duration::from_secs(1));
    let (root, port) = (pcsd.root.clone(), pcsd.port);
    let again = Pcsd::run(root, port);
    assert_eq!(again.get(&token, "/remote/check_auth").await.0, 200);
    assert!(!again.log().contains(&token) && !again.log().contains(PASSWORD));
}

#[tokio::test]
async fn every_refused_login_looks_the_same() {
    let pcsd = Pcsd::start("logins");
    set_password(&pcsd.root, "ann", "her password");
    set_password(&pcsd.root, "bob", "his password");
    let locked = Command::new(PROGRAM)
        .args(["passwd", "--lock", "bob"])
        .env("RHAPSODY_ROOT", &pcsd.root)
        .status()
        .unwrap();
    assert!(locked.success());
    let mut times = Vec::new();
    for (user, password) in [("ann", "wrong"), ("nobody", "wrong"), ("bob", "his password"), ("", "")] {
        let started = Instant::now();
        assert_eq!(pcsd.login(user, password).await, "", "{user}");
        times.push(started.elapsed().as_millis());
    }
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*least >= 1000 && most - least < 300, "{times:?}");
    let token = pcsd.login("ann", "her password").await;
    assert_eq!(pcsd.get(&token, "/remote/check_host").await.0, 200, "may read");
    assert_eq!(pcsd.get(&token, "/remote/cluster_destroy").await, (403, "Permission denied".into()));
}

#[tokio::test]
async fn bad_surroundings_are_told_and_change_nothing() {
    let pcsd = Pcsd::start("surroundings");
    let root = folder("second");
    let settings = root.join("etc/rhapsody/pcsd.toml");
    std::fs::write(&settings, format!("port = {}\naddresses = ['127.0.0.1']", pcsd.port)).unwrap();
    assert!(fails(&root, &[]).contains(&format!("port {} of 127.0.0.1 is in use", pcsd.port)));
    std::fs::write(&settings, "prot = 1").unwrap();
    let text = fails(&root, &[]);
    assert!(text.contains("pcsd.toml") && text.contains("prot"), "{text}");
    std::fs::write(&settings, "").unwrap();
    std::fs::write(root.join("var/lib/rhapsody/pcsd/pcsd.key"), "no key").unwrap();
    assert!(fails(&root, &[]).contains("pcsd.key"));
    assert!(fails(&root, &["start"]).contains("unknown arguments: start"));
    assert!(fails(&root, &["passwd", "a:b"]).contains("not a user name"));
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn bodies_are_bounded_and_slow_clients_do_not_stop_others() {
    let pcsd = Pcsd::start_with("limits", "[limits]\nbody_bytes = 1000\nheader_seconds = 1\n");
    let token = pcsd.token().await;
    let long = "x".repeat(2000);
    assert_eq!(pcsd.post(&token, "/remote/check_auth", &[("a", &long)]).await.0, 413);
    let mut idle: Vec<_> =
        (0..50).map(|_| std::net::TcpStream::connect(("127.0.0.1", pcsd.port)).unwrap()).collect();
    let started = Instant::now();
    assert_eq!(pcsd.get(&token, "/remote/check_auth").await.0, 200);
    assert!(started.elapsed() < Duration::from_secs(1));
    // A handshake that never comes is given up.
    use std::io::Read;
    idle[0].set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(idle[0].read(&mut [0; 1]).unwrap_or(0), 0);
}

#[tokio::test]
async fn api_v2_answers_in_pcs_shapes() {
    let pcsd = Pcsd::start("v2");
    let token = pcsd.token().await;
    let run = "/api/v2/task/run";
    let error = |text: &str| json!({"http_code": 400, "http_error": "Bad Request", "error_message": text});
    for (body, text) in [
        ("{", "Malformed JSON data."),
        (r#"{"command_name":"a","params":{}}"#, "Required key \"options\" is missing in request body."),
        (
            r#"{"command_name":"a","params":{},"options":{},"z":1}"#,
            "Request body contains unexpected keys: z.",
        ),
    ] {
        assert_eq!(pcsd.post_json(&token, run, body).await, (400, error(text)));
    }
    let (status, text) = pcsd.post(&token, run, &[("a", "b")]).await;
    assert_eq!(status, 400);
    assert!(text.contains("Request body is missing, has wrong format or wrong/missing headers."));
    assert_eq!(pcsd.get(&token, run).await.0, 405);
    assert_eq!(
        pcsd.post_json("", run, "{}").await,
        (401, json!({"http_code": 401, "http_error": "Unauthorized", "error_message": null}))
    );
    let answer = pcsd.run_command(&token, "no.such", json!({})).await;
    assert_eq!((codes(&answer), &answer["task_finish_type"]), (vec!["COMMAND_UNKNOWN"], &json!("FAIL")));
    let answer = pcsd.run_command(&token, "rhapsody.host.deauth", json!({"hosts": 5})).await;
    assert_eq!(codes(&answer), ["COMMAND_INVALID_PAYLOAD"]);

    let body = json!({"command_name": "rhapsody.host.list", "params": {}, "options": {}}).to_string();
    let (_, created) = pcsd.post_json(&token, "/api/v2/task/create", &body).await;
    let ident = created["task_ident"].as_str().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let result = loop {
        let (status, text) = pcsd.get(&token, &format!("/api/v2/task/result?task_ident={ident}")).await;
        assert_eq!(status, 200);
        let result: serde_json::Value = serde_json::from_str(&text).unwrap();
        if result["state"] == "FINISHED" {
            break result;
        }
        assert!(Instant::now() < deadline);
    };
    assert_eq!((&result["task_finish_type"], &result["result"]), (&json!("SUCCESS"), &json!({})));
    set_password(&pcsd.root, "ann", "her password");
    let other = pcsd.login("ann", "her password").await;
    assert_eq!(pcsd.get(&other, &format!("/api/v2/task/result?task_ident={ident}")).await.0, 404);
    assert_eq!(pcsd.get(&token, "/api/v2/task/result").await.0, 400);
}

#[tokio::test]
async fn hosts_are_authenticated_and_their_certificates_pinned() {
    let (one, two) = (Pcsd::start("auth-one"), Pcsd::start("auth-two"));
    let token = one.token().await;
    let dest = json!([{"addr": "127.0.0.1", "port": two.port}]);
    let hosts = |password: &str| json!({"hosts": {"n2": {"username": "hacluster", "password": password, "dest_list": dest}}});
    let wrong = one.run_command(&token, "auth.auth_hosts", hosts("wrong")).await;
    assert_eq!(codes(&wrong), ["INCORRECT_CREDENTIALS"]);
    assert_eq!(wrong["command"]["params"]["hosts"]["n2"]["password"], "***");
    let right = one.run_command(&token, "auth.auth_hosts", hosts(PASSWORD)).await;
    assert_eq!(codes(&right), ["AUTHORIZATION_SUCCESSFUL"]);
    let list = one.run_command(&token, "rhapsody.host.list", json!({})).await;
    assert_eq!(list["result"]["n2"]["cert_sha256"].as_str().unwrap().len(), 64);
    assert!(list["result"]["n2"].get("token").is_none());
    let nodes = json!({"nodes": ["n2", "n3"]});
    let status = one.run_command(&token, "rhapsody.pcsd.status", nodes.clone()).await;
    assert_eq!(status["result"], json!({"n2": "Online", "n3": "Unable to authenticate"}));

    // Somebody else at its address has another certificate.
    let (root, port) = (two.root.clone(), two.port);
    let kept = folder("kept");
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::rename(&root, &kept).unwrap();
    drop(two);
    std::fs::rename(&kept, &root).unwrap();
    std::fs::remove_file(root.join("var/lib/rhapsody/pcsd/pcsd.key")).unwrap();
    std::fs::remove_file(root.join("var/lib/rhapsody/pcsd/pcsd.crt")).unwrap();
    let _impostor = Pcsd::run(root, port);
    let status = one.run_command(&token, "rhapsody.pcsd.status", nodes.clone()).await;
    assert_eq!(status["result"]["n2"], "Offline");

    let gone = one.run_command(&token, "rhapsody.host.deauth", json!({"hosts": ["n9"]})).await;
    assert_eq!(codes(&gone), ["HOST_NOT_FOUND"]);
    one.run_command(&token, "rhapsody.host.deauth", json!({"hosts": ["n2"]})).await;
    let list = one.run_command(&token, "rhapsody.host.list", json!({})).await;
    assert_eq!(list["result"], json!({}));
}

#[tokio::test]
async fn the_end_waits_for_nobody() {
    let mut pcsd = Pcsd::start("ending");
    let url = pcsd.url("/remote/auth");
    let mut slow = std::net::TcpStream::connect(("127.0.0.1", pcsd.port)).unwrap();
    std::io::Write::write_all(&mut slow, &[22, 3, 1]).unwrap();
    // A refused login is answered after a second only.
    let refused = tokio::spawn(async move {
        client().post(url).form(&[("username", "joe"), ("password", "wrong")]).send().await
    });
    while !pcsd.root.join("run/rhapsody/pcsd.sock").exists() {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let time = tokio::task::spawn_blocking(move || pcsd.terminate()).await.unwrap();
    assert!(time < Duration::from_secs(1), "{time:?}");
    let _ = refused.await;
}

#[tokio::test]
async fn a_hung_host_does_not_hold_up_the_others() {
    let (one, two) = (Pcsd::start("hung-one"), Pcsd::start("hung-two"));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let token = one.token().await;
    let made_elsewhere = "0123456789abcdef0123456789abcdef";
    let host =
        |port: u16| json!({"token": made_elsewhere, "dest_list": [{"addr": "127.0.0.1", "port": port}]});
    let accept = json!({"token": made_elsewhere});
    let answer = two.run_command(&two.token().await, "rhapsody.pcsd.accept_token", accept).await;
    assert_eq!(
        (&answer["task_finish_type"], &answer["command"]["params"]["token"]),
        (&json!("SUCCESS"), &json!("***"))
    );
    let port = silent.local_addr().unwrap().port();
    let add = json!({"hosts_to_add": {"two": host(two.port), "silent": host(port)}});
    one.run_command(&token, "auth.known_hosts_change", add).await;
    let started = Instant::now();
    let nodes = json!({"nodes": ["silent", "two"]});
    let status = one.run_command(&token, "rhapsody.pcsd.status", nodes).await;
    assert_eq!(status["result"], json!({"silent": "Offline", "two": "Online"}));
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());
    // An entry without a certificate learns it at the first connection.
    let list = one.run_command(&token, "rhapsody.host.list", json!({})).await;
    assert!(
        list["result"]["two"]["cert_sha256"].is_string() && list["result"]["silent"]["cert_sha256"].is_null()
    );
    two.run_command(&two.token().await, "rhapsody.pcsd.deauth", json!({})).await;
    let status = one.run_command(&token, "rhapsody.pcsd.status", json!({"nodes": ["two"]})).await;
    assert_eq!(status["result"], json!({"two": "Unable to authenticate"}));
}

#[test]
fn root_needs_no_token_on_the_local_socket() {
    use std::io::{Read, Write};
    let pcsd = Pcsd::start("local");
    let socket = pcsd.root.join("run/rhapsody/pcsd.sock");
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    let body = r#"{"command_name":"rhapsody.host.list","params":{},"options":{}}"#;
    write!(
        stream,
        "POST /api/v2/task/run HTTP/1.1\r\nhost: n\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let is_root =
        std::fs::metadata(&socket).is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if is_root {
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("SUCCESS"), "{answer}");
    } else {
        assert!(answer.contains("NOT_AUTHORIZED"), "{answer}");
    }
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
}
