use super::*;
use crate::config::Layout;
use crate::{Peer, QuorumConfig};

fn config(id: NodeId, n: u32) -> Config {
    Config {
        id,
        cluster_name: "t".into(),
        incarnation: 1,
        layout: Layout {
            nodes: (1..=n).map(|id| Peer { id, name: format!("n{id}"), votes: 1 }).collect(),
            token_ms: 1000,
            quorum: QuorumConfig::default(),
            ..Layout::default()
        },
        version: String::new(),
        have_watchdog: false,
        bugs: Default::default(),
    }
}

/// Runs a mesh; `cut(from, to, at)` drops a beat.
fn run(mesh: &mut [Heartbeat], from_ms: u64, to_ms: u64, cut: impl Fn(NodeId, NodeId, u64) -> bool) {
    for now in from_ms..to_ms {
        for i in 0..mesh.len() {
            if now < mesh[i].deadline() {
                continue;
            }
            let id = mesh[i].id;
            for (to, bytes) in mesh[i].poll(now) {
                if !cut(id, to, now) {
                    mesh[to as usize - 1].receive(now, id, &bytes);
                }
            }
        }
    }
}

fn mesh(n: u32) -> Vec<Heartbeat> {
    (1..=n).map(|id| Heartbeat::new(&config(id, n))).collect()
}

#[test]
fn all_hear_all_after_a_beat() {
    let mut m = mesh(3);
    run(&mut m, 0, 300, |_, _, _| false);
    let c = m[0].changed(300).unwrap();
    for (id, row) in &c.rows {
        assert_eq!(row.hears.len(), 2, "node {id}");
    }
    assert!(m[0].changed(300).is_none());
}

#[test]
fn silence_is_noticed_before_token_is_over_and_not_much_before() {
    let mut m = mesh(2);
    run(&mut m, 0, 300, |_, _, _| false);
    m[0].changed(300);
    run(&mut m, 300, 1120, |from, _, _| from == 2);
    assert!(m[0].changed(1120).is_none_or(|c| c.rows[&1].hears.contains(&2)));
    run(&mut m, 1120, 1300, |from, _, _| from == 2);
    let c = m[0].changed(1300).unwrap();
    assert!(c.rows[&1].hears.is_empty());
    // The other side still hears us, and says so.
    assert!(m[1].changed(1300).unwrap().rows[&2].hears.contains(&1));
}

#[test]
fn a_one_way_cut_is_seen_by_third_nodes() {
    let mut m = mesh(3);
    run(&mut m, 0, 300, |_, _, _| false);
    run(&mut m, 300, 2000, |from, to, _| (from, to) == (1, 2));
    let c = m[2].changed(2000).unwrap();
    assert!(c.rows[&1].hears.contains(&2));
    assert!(!c.rows[&2].hears.contains(&1));
}

#[test]
fn rows_travel_through_a_third_node() {
    let mut m = mesh(3);
    run(&mut m, 0, 3000, |from, to, _| from + to == 3);
    let c = m[0].changed(3000).unwrap();
    assert_eq!(c.rows[&2].hears, BTreeSet::from([3]));
}

#[test]
fn a_late_observer_does_not_accuse() {
    let mut m = mesh(2);
    run(&mut m, 0, 300, |_, _, _| false);
    m[0].changed(300);
    // Node 1 is paused for five seconds; its peer's beats are lost meanwhile.
    m[0].poll(5300);
    let c = m[0].changed(5300).unwrap();
    assert!(c.rows[&1].hears.contains(&2));
    assert!(c.late_ms >= 4900, "{}", c.late_ms);
}

#[test]
fn a_flapping_link_is_trusted_later_each_time() {
    let mut m = mesh(2);
    run(&mut m, 0, 500, |_, _, _| false);
    run(&mut m, 500, 2000, |_, _, _| true);
    assert!(!m[0].peers[&2].heard);
    let first = m[0].peers[&2].trusted_from;
    run(&mut m, 2000, 3500, |_, _, _| false);
    assert!(m[0].peers[&2].heard);
    run(&mut m, 3500, 5000, |_, _, _| true);
    let lost = 5000;
    assert!(!m[0].peers[&2].heard);
    assert!(
        m[0].peers[&2].trusted_from - 4450 > first - 1450,
        "{first} {} {lost}",
        m[0].peers[&2].trusted_from
    );
}

#[test]
fn garbage_is_ignored() {
    let mut m = mesh(2);
    m[0].receive(10, 2, b"");
    m[0].receive(10, 2, &[1, 255, 255, 255, 255, 255]);
    m[0].receive(10, 9, &[1, 0, 0]);
    assert!(m[0].peers[&2].last_heard.is_none());
}

#[test]
fn beats_of_a_big_cluster_fit_a_datagram() {
    let mut m = mesh(32);
    run(&mut m, 0, 400, |_, _, _| false);
    for (_, bytes) in m[5].poll(1000) {
        assert!(bytes.len() <= crate::DATAGRAM_MAX);
    }
    assert_eq!(m[7].changed(1000).unwrap().rows.len(), 32);
}
