//! A lab from outside: what each verb does to real processes, and that nothing stays behind.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rhapsody_lab::{Lab, Options, ProbeOptions};

/// A bare lab of a name that nobody else uses; None, and said aloud, where none can be made.
fn lab(test: &str, nodes: u8) -> Option<Lab> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    if !rustix::process::geteuid().is_root() {
        // Straight to the descriptor: the harness hides what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: lab::{test} needs root (without it: the test `without_root` only)"
        );
        return None;
    }
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let name = format!("t-{}-{number}", std::process::id());
    let options = Options { program: Some(program()), ..Options::bare(&name, nodes) };
    Some(Lab::up(&options).unwrap())
}

/// The example beside the folder of this test.
fn program() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let path = exe.parent().unwrap().with_file_name("examples").join("lab");
    assert!(
        path.is_file(),
        "{} is not built; run: cargo build -p rhapsody-lab --example lab",
        path.display()
    );
    path
}

fn run(lab: &Lab, node: &str, script: &str) -> String {
    let out = lab.exec(node, &["sh", "-c", script]).unwrap();
    assert!(out.status.success(), "{node}: {script}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

fn reaches(lab: &Lab, from: &str, to: &str) -> bool {
    let to = match to {
        "client" => "10.77.0.250".to_owned(),
        node => lab.address(node).unwrap(),
    };
    // Frames are dropped silently, so "no" takes the whole second.
    let out = lab.exec(from, &["ping", "-c1", "-W1", &to]).unwrap();
    out.status.success()
}

fn until(what: &str, mut f: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !f() {
        assert!(Instant::now() < end, "waited ten seconds for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Processes with a word in their command line.
fn processes_of(word: &str) -> Vec<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|e| std::fs::read(e.path().join("cmdline")).ok())
        .map(|c| String::from_utf8_lossy(&c).replace('\0', " "))
        .filter(|c| c.contains(word))
        .collect()
}

fn nothing_left(name: &str, folder: &Path, disks: &Path) {
    assert_eq!(processes_of(folder.to_str().unwrap()), [""; 0]);
    assert!(!folder.exists(), "{}", folder.display());
    assert!(!disks.exists(), "{}", disks.display());
    assert!(!Lab::list().contains(&name.to_owned()));
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(name), "{mounts}");
}

#[test]
fn nodes_are_machines_of_their_own() {
    let Some(lab) = lab("nodes_are_machines_of_their_own", 2) else {
        return;
    };
    assert_eq!(run(&lab, "n1", "hostname; cat /etc/hostname"), "n1\nn1");
    assert!(run(&lab, "n2", "ip -o -4 addr show eth0").contains("10.77.0.12/24"));
    // Only its own processes, with an init that is ours.
    let processes = run(&lab, "n1", "cat /proc/1/cmdline | tr '\\0' ' '; ls /proc | grep -c '^[0-9]'");
    assert!(processes.contains("__init"), "{processes}");
    // Its own files: not the other's, not the host's, and the host has no new folder.
    let had = Path::new("/etc/corosync/corosync.conf").exists();
    run(&lab, "n1", "echo 1 > /etc/corosync/corosync.conf; echo 1 > /var/lib/rhapsody/x; echo 1 > /run/x");
    run(
        &lab,
        "n2",
        "! test -e /etc/corosync/corosync.conf && ! test -e /var/lib/rhapsody/x && ! test -e /run/x",
    );
    assert_eq!(Path::new("/etc/corosync/corosync.conf").exists(), had);
    assert!(!Path::new("/run/x").exists() && !Path::new("/var/lib/rhapsody/x").exists());
    // Names of all nodes resolve; the others and the client are there.
    run(&lab, "n1", "getent hosts n2 && ping -c1 -W2 n2 && ping -c1 -W2 10.77.0.250");
    // Daemons belong to init, so they die with the node.
    lab.spawn("n1", &["sleep", "1000"], "sleep.out").unwrap();
    until("the daemon", || run(&lab, "n1", "pgrep -P 1 sleep | wc -l") == "1");
    let exit = lab.exec("n1", &["sh", "-c", "exit 42"]).unwrap();
    assert_eq!(exit.status.code(), Some(42));
    let error = lab.exec("n9", &["true"]).unwrap_err();
    assert!(format!("{error:#}").contains("no node n9; it has n1, n2"));
}

#[test]
fn a_power_cut_keeps_the_disk_and_nothing_else() {
    let Some(lab) = lab("a_power_cut_keeps_the_disk_and_nothing_else", 2) else {
        return;
    };
    run(
        &lab,
        "n2",
        "echo kept > /var/lib/rhapsody/kept; echo lost > /run/lost; ip addr add 10.77.0.200/24 dev eth0",
    );
    lab.spawn("n2", &["sleep", "4242"], "sleep.out").unwrap();
    let probe = lab.probe("10.77.0.200", &ProbeOptions::default()).unwrap();
    probe.wait_answer(0, Duration::from_secs(5)).unwrap();

    let cut = lab.crash("n2").unwrap();
    assert_eq!(processes_of("sleep 4242"), [""; 0]);
    assert!(!lab.state().unwrap().node("n2").unwrap().is_on());
    let error = lab.exec("n2", &["true"]).unwrap_err();
    assert!(format!("{error:#}").contains("rhapsody lab boot n2"), "{error:#}");
    lab.crash("n2").unwrap(); // off is off

    // Another node takes the address over and the client notices.
    run(&lab, "n1", "ip addr add 10.77.0.200/24 dev eth0");
    run(&lab, "client", "ip neigh flush all");
    let back = probe.wait_answer(cut, Duration::from_secs(10)).unwrap();
    let report = probe.stop().unwrap();
    let outage = *report.after(cut).expect("an outage");
    assert_eq!(outage.to_us, Some(back));
    assert!(outage.from_us < cut + 100_000, "the old node answered on: {report}");

    lab.boot("n2").unwrap();
    assert_eq!(
        run(&lab, "n2", "cat /var/lib/rhapsody/kept; ls /run/lost 2>/dev/null || echo gone"),
        "kept\ngone"
    );
    assert!(!run(&lab, "n2", "ip -o addr show eth0").contains("10.77.0.200"));
    assert!(reaches(&lab, "client", "n2"), "same hardware address as before");
}

#[test]
fn cables_partitions_and_pauses() {
    let Some(lab) = lab("cables_partitions_and_pauses", 3) else {
        return;
    };
    lab.link("n1", false).unwrap();
    assert!(run(&lab, "n1", "ip -br link show eth0").contains("NO-CARRIER"));
    assert!(!reaches(&lab, "n2", "n1"));
    lab.link("n1", true).unwrap();
    until("the carrier", || reaches(&lab, "n2", "n1"));

    lab.partition("n1,n2 / n3").unwrap();
    assert!(reaches(&lab, "n1", "n2") && reaches(&lab, "client", "n3"));
    assert!(!reaches(&lab, "n1", "n3") && !reaches(&lab, "n3", "n2"));
    assert!(!run(&lab, "n3", "ip -br link show eth0").contains("NO-CARRIER"));
    lab.heal().unwrap();
    until("the healed segment", || reaches(&lab, "n1", "n3") && reaches(&lab, "n3", "n2"));

    lab.spawn("n2", &["sh", "-c", "while :; do date +%s%N > /run/tick; sleep 0.01; done"], "tick.out")
        .unwrap();
    let tick = || std::fs::read_to_string(lab.path("n2", "/run/tick").unwrap()).unwrap_or_default();
    let moves = || {
        let before = tick();
        std::thread::sleep(Duration::from_millis(300));
        tick() != before
    };
    until("the first tick", || !tick().is_empty());
    assert!(moves());
    lab.pause("n2").unwrap();
    assert!(!moves(), "a process of a paused node runs");
    assert!(!reaches(&lab, "n1", "n2"), "a paused node answers");
    lab.resume("n2").unwrap();
    assert!(moves() && reaches(&lab, "n1", "n2"));
}

#[test]
fn the_fence_device_switches_nodes() {
    let Some(lab) = lab("the_fence_device_switches_nodes", 2) else {
        return;
    };
    let ask = |line: &str| -> String {
        // As a node sees it: the socket is in its own /run, whatever its network does.
        let path = lab.path("n1", "/run/rhapsody-lab/supervisor.sock").unwrap();
        let mut stream = UnixStream::connect(path).unwrap();
        writeln!(stream, "{line}").unwrap();
        std::io::read_to_string(stream).unwrap().trim().to_owned()
    };
    lab.link("n1", false).unwrap();
    assert_eq!(ask("list"), "ok n1 n2");
    assert_eq!(ask("status n2"), "ok on");
    assert_eq!(ask("off n2"), "ok off");
    assert!(!lab.state().unwrap().node("n2").unwrap().is_on());
    assert_eq!(ask("off n2"), "ok off");
    assert_eq!(ask("on n2"), "ok on");
    assert_eq!(run(&lab, "n2", "hostname"), "n2");
    assert!(ask("off n7").starts_with("error") && ask("shoot n2").starts_with("error"));
}

#[test]
fn nothing_is_left_behind_even_after_a_kill() {
    for kill in [false, true] {
        let Some(mut lab) = lab("nothing_is_left_behind_even_after_a_kill", 2) else {
            return;
        };
        lab.keep();
        let (name, folder) = (lab.name().to_owned(), lab.folder().to_owned());
        let state = lab.state().unwrap();
        lab.spawn("n1", &["sleep", "1000"], "sleep.out").unwrap();
        // A probe of another process, and a shell that somebody forgot in the client.
        let program = program();
        let mut probe = Command::new(&program)
            .args(["probe", "--name", &name, "10.77.0.11"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut shell = lab.command("client").unwrap().args(["sleep", "1001"]).spawn().unwrap();
        until("the probe", || processes_of("__probe").iter().any(|p| p.contains(&name)));
        if kill {
            // What the supervisor knew is lost as well: only the processes themselves tell.
            let supervisor = state.supervisor.unwrap();
            supervisor.signal(rustix::process::Signal::KILL);
            assert!(supervisor.wait_dead(Duration::from_secs(5)));
            std::fs::write(folder.join("state.json"), "{").unwrap();
        }
        drop(lab);
        let out = Command::new(&program).args(["down", "--name", &name]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        probe.wait().unwrap();
        shell.wait().unwrap();
        nothing_left(&name, &folder, &state.disks);
    }
}

#[test]
fn two_labs_do_not_meet() {
    let (Some(a), Some(b)) = (lab("two_labs_do_not_meet", 1), lab("two_labs_do_not_meet", 2)) else {
        return;
    };
    assert!(reaches(&b, "client", "n2"));
    let out = a.exec("client", &["ping", "-c1", "-W1", "10.77.0.12"]).unwrap();
    assert!(!out.status.success(), "lab a reaches a node of lab b");
    let again = Lab::up(&Options::bare(a.name(), 1)).unwrap_err();
    assert!(again.to_string().contains("down --name"), "{again}");
}

#[test]
fn the_words_that_people_type() {
    let Some(mut lab) = lab("the_words_that_people_type", 2) else {
        return;
    };
    lab.keep();
    let name = lab.name().to_owned();
    let type_in = |words: &[&str]| {
        let out = Command::new(program()).args(words).args(["--name", &name]).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        (out.status.code(), said)
    };
    run(&lab, "n2", "ip addr add 10.77.0.200/24 dev eth0");
    // Another takes over a while after the power of n2 is gone.
    let takes_over = std::thread::spawn({
        let mut command = lab.command("n1").unwrap();
        command.args(["sh", "-c"]).arg(
            "while ping -c1 -W1 10.77.0.12; do sleep 0.05; done; ip addr add 10.77.0.200/24 dev eth0; \
             ip neigh flush all; arping -U -c3 -I eth0 10.77.0.200 || true",
        );
        move || command.output().unwrap()
    });
    let flush = lab.command("client").unwrap().args(["sh", "-c", "sleep 4; ip neigh flush all"]).spawn();
    let (code, said) = type_in(&["probe", "10.77.0.200", "--duration", "6", "--crash", "n2"]);
    takes_over.join().unwrap();
    flush.unwrap().wait().unwrap();
    assert_eq!(code, Some(0), "{said}");
    let last = said.lines().last().unwrap();
    let longest: f64 = last.split(' ').nth(2).unwrap().parse().unwrap();
    assert!(last.starts_with("longest outage ") && longest > 50.0, "{said}");
    assert!(said.contains("power of n2 cut\noutage ") && said.contains("(no answer from "), "{said}");
    // The raw log gives the same figure again.
    let log = said.lines().next().unwrap().strip_prefix("raw log: ").unwrap();
    let (_, again) = type_in(&["probe", "--from", log]);
    assert!(again.ends_with(&format!("{last}\n")), "{again}");

    let (_, list) = type_in(&["list"]);
    assert!(list.contains("n2  10.77.0.12  off"), "{list}");
    let (code, said) = type_in(&["probe", "10.77.0.11", "--count", "20"]);
    assert!(
        code == Some(0) && said.ends_with("20 answers in 0.1 s, 0 outages\nlongest outage 0 ms\n"),
        "{said}"
    );
    for (words, wrong) in [
        (&["crash", "n7"][..], "Error: lab"),
        (&["exec", "n2", "--", "true"], "Error: node n2 is off"),
        (&["fly"], "Error: unrecognized subcommand 'fly'"),
        (&["partition", "n1"], "one group"),
        (&["probe", "n1"], "not an IPv4 or IPv6 address"),
    ] {
        // For exec the name goes before the command's own words.
        let out = match words[0] {
            "exec" => {
                let out = Command::new(program()).args(["--name", &name]).args(words).output().unwrap();
                (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
            }
            _ => type_in(words),
        };
        assert!(out.0 == Some(1) && out.1.contains(wrong), "{words:?}: {out:?}");
        assert!(!out.1.contains("__"), "{out:?}");
    }
    let (code, said) = type_in(&["down"]);
    assert_eq!((code, said), (Some(0), format!("lab {name} is gone\n")));
}

#[test]
fn folders_that_nodes_have_for_themselves() {
    if lab("folders_that_nodes_have_for_themselves", 1).is_none() {
        return;
    }
    let options = Options {
        program: Some(program()),
        private: vec!["/etc/skel".into(), "/var/cache/apt".into(), "/var/lib/dpkg".into()],
        ..Options::bare(&format!("p-{}", std::process::id()), 1)
    };
    let lab = Lab::up(&options).unwrap();
    // Below /etc with files, elsewhere folders only; and what is written stays in the node.
    run(
        &lab,
        "n1",
        "test -e /etc/skel/.bashrc && test -d /var/lib/dpkg/info && ! test -e /var/lib/dpkg/status",
    );
    run(&lab, "n1", "echo 1 > /etc/skel/x; echo 1 > /var/cache/apt/x; echo 1 > /var/lib/dpkg/x");
    for host in ["/etc/skel/x", "/var/cache/apt/x", "/var/lib/dpkg/x"] {
        assert!(!Path::new(host).exists(), "{host}");
    }
    lab.crash("n1").unwrap();
    lab.boot("n1").unwrap();
    run(&lab, "n1", "test -e /etc/skel/x && test -e /var/cache/apt/x && test -e /var/lib/dpkg/x");
    let nowhere = Options { private: vec!["/nowhere/at/all".into()], ..Options::bare("p-x", 1) };
    assert!(Lab::up(&nowhere).unwrap_err().to_string().contains("/nowhere/at/all"));
}

/// An ordinary user's lab, where the kernel lets ordinary users have namespaces.
#[test]
fn without_root() {
    let program = program();
    let name = format!("u-{}", std::process::id());
    let runtime = std::env::temp_dir().join(format!("rhapsody-lab-test-{name}"));
    std::fs::create_dir_all(&runtime).unwrap();
    let mut user = Command::new("unshare");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&runtime, Some(65534), Some(65534)).unwrap();
        user = Command::new("setpriv");
        user.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare"]);
    }
    let may = user.args(["-rn", "true"]).output().is_ok_and(|o| o.status.success());
    if !may {
        let _ = writeln!(std::io::stderr(), "NOT RUN: lab::without_root: no user namespaces here");
        return;
    }
    let script = format!(
        "set -e; export XDG_RUNTIME_DIR={runtime}; L={program}; \
         $L up --bare --nodes 2 --name {name}; \
         $L exec --name {name} n1 -- ping -c1 -W2 10.77.0.12; \
         $L exec --name {name} n1 -- sh -c 'echo 1 > /etc/corosync/x'; \
         $L crash --name {name} n1; $L boot --name {name} n1; \
         $L exec --name {name} n1 -- cat /etc/corosync/x; \
         $L probe --name {name} 10.77.0.12 --count 10; \
         $L down --name {name}; test ! -e {runtime}/rhapsody-lab",
        runtime = runtime.display(),
        program = program.display(),
    );
    let mut command = Command::new("sh");
    if rustix::process::geteuid().is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "sh"]);
    }
    let out = command.args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    std::fs::remove_dir_all(&runtime).unwrap();
    assert!(out.status.success(), "{said}");
    assert!(said.contains("without root only our own agents"), "{said}");
    assert!(said.contains("10 answers"), "{said}");
}
