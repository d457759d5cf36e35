//! A real rhapsody-pcsd in a folder of its own, and a client for it.
#![allow(dead_code)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rhapsody-pcsd");
pub const PASSWORD: &str = "correct horse";

pub struct Pcsd {
    pub root: PathBuf,
    pub port: u16,
    child: Child,
    log: Arc<Mutex<String>>,
}

pub fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rhapsody-pcsd-it-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("etc/rhapsody")).unwrap();
    folder
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Sets a password as an administrator's script would.
pub fn set_password(root: &std::path::Path, user: &str, password: &str) {
    let mut child = Command::new(PROGRAM)
        .args(["passwd", user])
        .env("RHAPSODY_ROOT", root)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

impl Pcsd {
    /// Started with the password of hacluster set; returns when it listens.
    pub fn start(name: &str) -> Pcsd {
        Self::start_with(name, "")
    }

    pub fn start_with(name: &str, more_settings: &str) -> Pcsd {
        let root = folder(name);
        let port = free_port();
        std::fs::write(
            root.join("etc/rhapsody/pcsd.toml"),
            format!("port = {port}\naddresses = ['127.0.0.1']\n{more_settings}"),
        )
        .unwrap();
        set_password(&root, "hacluster", PASSWORD);
        Self::run(root, port)
    }

    pub fn run(root: PathBuf, port: u16) -> Pcsd {
        let mut child =
            Command::new(PROGRAM).env("RHAPSODY_ROOT", &root).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "ended: {}", log.lock().unwrap());
            log.lock().unwrap().push_str(&line);
        }
        let rest = log.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = lines.read(&mut buffer) {
                rest.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        Pcsd { root, port, child, log }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    pub async fn login(&self, user: &str, password: &str) -> String {
        let response = client()
            .post(self.url("/remote/auth"))
            .form(&[("username", user), ("password", password)])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    pub async fn token(&self) -> String {
        let token = self.login("hacluster", PASSWORD).await;
        assert_eq!(token.len(), 64);
        token
    }

    pub async fn get(&self, token: &str, path: &str) -> (u16, String) {
        let cookie = format!("token={token}");
        let response = client().get(self.url(path)).header("cookie", cookie).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub async fn post(&self, token: &str, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let cookie = format!("token={token}");
        let request = client().post(self.url(path)).header("cookie", cookie).form(form);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub async fn post_json(&self, token: &str, path: &str, body: &str) -> (u16, Value) {
        let response = client()
            .post(self.url(path))
            .header("cookie", format!("token={token}"))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    /// A task, run to its end.
    pub async fn run_command(&self, token: &str, name: &str, params: Value) -> Value {
        let body = json!({"command_name": name, "params": params, "options": {}}).to_string();
        let (status, answer) = self.post_json(token, "/api/v2/task/run", &body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// SIGTERM; how long it took to end.
    pub fn terminate(&mut self) -> Duration {
        let started = Instant::now();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
        started.elapsed()
    }
}

impl Drop for Pcsd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}

/// As automation is written: any certificate.
pub fn client() -> reqwest::Client {
    static CLIENT: std::sync::OnceLock<()> = std::sync::OnceLock::new();
    CLIENT.get_or_init(|| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

pub fn codes(answer: &Value) -> Vec<&str> {
    let reports = answer["reports"].as_array().unwrap();
    reports.iter().map(|report| report["message"]["code"].as_str().unwrap()).collect()
}
