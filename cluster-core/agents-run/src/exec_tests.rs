use super::*;

fn sh(script: &str) -> Command {
    let mut command = Command::new("/bin/sh").arg("-c").arg(script).timeout_ms(10_000);
    command.grace_ms = 200;
    command
}

fn alive(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Zombies wait for a parent of theirs and are not alive.
    state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

/// Killed it is; when it is gone is up to the kernel.
fn gone(pid: u32) -> bool {
    let give_up = Instant::now() + Duration::from_secs(5);
    while alive(pid) && Instant::now() < give_up {
        std::thread::yield_now();
    }
    !alive(pid)
}

#[test]
fn exit_codes_and_both_streams() {
    let done = run(&sh(
        "echo out; echo err >&2; echo 'ocf-exit-reason: first' >&2; echo 'ocf-exit-reason:no disk' >&2; exit 5",
    ));
    assert_eq!(done.end, End::Exited(5));
    assert_eq!(done.stdout, "out\n");
    assert_eq!(done.exit_reason(), Some("no disk"));
    assert_eq!(run(&sh("kill -9 $$")).end, End::Signaled(9));
}

#[test]
fn stdin_is_fed_even_when_large_and_echoed() {
    let mut command = sh("cat");
    command.stdin = Some("x".repeat(300_000));
    command.stdout_bytes_max = 1 << 20;
    let done = run(&command);
    assert_eq!((done.end, done.stdout.len(), done.cut), (End::Exited(0), 300_000, false));
    // A program that does not read its stdin is no error.
    let mut command = sh("exec <&-; exit 3");
    command.stdin = Some("x".repeat(300_000));
    assert_eq!(run(&command).end, End::Exited(3));
}

#[test]
fn a_flood_is_read_but_not_kept() {
    let done = run(&sh(
        "head -c 20000000 /dev/zero | tr '\\0' a; echo; echo end >&2; (yes | head -c 9000000) >&2; echo ocf-exit-reason:last >&2",
    ));
    assert_eq!(done.end, End::Exited(0));
    assert_eq!((done.stdout.len(), done.stderr.len(), done.cut), (64 << 10, 64 << 10, true));
    assert_eq!(done.exit_reason(), Some("last"));
}

#[test]
fn output_that_is_no_text() {
    let done = run(&sh("printf '\\377\\376ok'"));
    assert!(done.stdout.ends_with("ok"), "{:?}", done.stdout);
}

#[test]
fn a_timeout_ends_the_whole_group() {
    let mut pid = 0;
    let done = run_announced(&sh("sleep 60 & echo $!; wait").timeout_ms(100), |started| pid = started);
    assert_eq!(done.end, End::TimedOut);
    let child: u32 = done.stdout.trim().parse().unwrap();
    assert!(gone(pid) && gone(child));
    assert!(done.elapsed_ms < 2_000, "{}", done.elapsed_ms);
}

#[test]
fn a_timeout_ends_who_ignores_sigterm_or_is_stopped() {
    let script = "trap '' TERM; (trap '' TERM; sleep 60) & echo $!; while :; do sleep 60; done";
    let done = run(&sh(script).timeout_ms(100));
    assert_eq!(done.end, End::TimedOut);
    assert!(gone(done.stdout.trim().parse().unwrap()));
    assert_eq!(run(&sh("kill -STOP $$").timeout_ms(100)).end, End::TimedOut);
}

#[test]
fn a_daemon_left_behind_is_not_waited_for_nor_killed() {
    let done = run(&sh("sleep 30 & echo $!"));
    assert_eq!(done.end, End::Exited(0));
    assert!(done.elapsed_ms < 5_000);
    let pid: u32 = done.stdout.trim().parse().unwrap();
    assert!(alive(pid));
    rustix::process::kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn the_child_is_ordinary() {
    let open = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).unwrap();
    let script = "umask; grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj; ps -o pgid= -p $$; echo $$; env";
    let done = run(&Command { env: BTreeMap::new(), ..sh(script) }.env("ONLY", "this"));
    let lines: Vec<&str> = done.stdout.lines().map(str::trim).collect();
    assert_eq!(lines[0], "0022");
    assert_eq!(lines[1], "SigBlk:\t0000000000000000");
    // All that have a name; 32 and 33 belong to the C library, which does not let us set them.
    let ignored = lines[2].strip_prefix("SigIgn:\t").unwrap();
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & 0x7fff_ffff, 0);
    // stdin, stdout, stderr and the folder that ls reads.
    assert_eq!(lines[3], "4", "{}", done.stdout);
    assert_eq!(lines[4], "0");
    assert_eq!(lines[5], lines[6]);
    assert!(lines.contains(&"ONLY=this"));
    assert!(!done.stdout.contains("CARGO"));
}

#[test]
fn what_cannot_be_run_says_why() {
    assert!(
        matches!(run(&Command::new("/no/such/agent")).end, End::Missing(t) if t.contains("/no/such/agent"))
    );
    assert!(matches!(run(&Command::new("/etc/passwd")).end, End::Denied(_)));
    let path = std::env::temp_dir().join(format!("rhapsody-exec-{}", std::process::id()));
    std::fs::write(&path, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert!(matches!(run(&Command::new(&path)).end, End::Missing(t) if t.contains("interpreter")));
    std::fs::remove_file(path).unwrap();
}
