//! What the scheduler would do and why, asked of a running cluster, and its kept inputs replayed.

use rhapsody_tests::{Cluster, can_run_live};

#[test]
fn the_scheduler_answers_for_the_live_cluster_and_for_what_it_decided_before() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::start("simulate-live", 2, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.ok("n1", "rhapsody resource create a ocf:heartbeat:Dummy --wait=30");
    c.ok("n1", "rhapsody constraint location a prefers n2=100");
    c.see("n1", "the preference is followed", 20, |v| v.running("a") == ["n2"]);

    let failover = c.ok("n1", "rhapsody simulate -L --node-down n2 -S");
    assert!(failover.contains("* Start      a"), "{failover}");
    c.see("n1", "a simulation moves nothing", 5, |v| v.running("a") == ["n2"]);

    let why = c.ok("n1", "rhapsody resource why a n2");
    assert!(why.contains("location-a-n2-100"), "{why}");

    // The newest kept input is read by our simulator and, where it is installed, by the peer's.
    let dc = c.ok("n1", r"rhapsody status | sed -n 's/.*Current DC: \([^ ]*\).*/\1/p'");
    let dc = dc.trim();
    let input = c.ok(dc, "ls -t /var/lib/rhapsody/*/pe-input-*.bz2 | head -1");
    let input = input.trim();
    let replay = c.ok(dc, &format!("rhapsody simulate -S -x {}", input));
    assert!(replay.contains("Revised Cluster Status:"), "{replay}");
    let peer =
        c.on(dc, &format!("command -v crm_simulate >/dev/null || exit 77; crm_simulate -S -x {}", input));
    match peer.code {
        77 => eprintln!("skipped: crm_simulate is not installed"),
        code => {
            assert_eq!(code, 0, "{}", peer.stderr);
            assert!(peer.stdout.contains("Revised Cluster Status:"), "{}", peer.stdout);
        }
    }
}
