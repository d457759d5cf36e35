use super::*;
use crate::Cib;
use crate::replica::status::{OpRecord, Part};

fn held(epoch: u64, view: u64, name: &str, before: Option<&Held>) -> Held {
    let mut cib = Cib::empty();
    let configuration = cib.configuration_mut();
    cib.set_attr(configuration, "test", name);
    cib.set_version(rhapsody_cib::Version::new(0, epoch, 0));
    Held::new(cib, ViewId { counter: view, proposer: 1 }, before.map(|h| &h.lineage))
}

fn state(held: &Held, was_quorate: bool) -> FlushState {
    FlushState {
        last_view: ViewId::default(),
        was_quorate,
        was_dc: false,
        waited: false,
        expected: 0,
        ordered: 0,
        last_quorate: Vec::new(),
        cannot_persist: false,
        stamp: held.stamp.clone(),
        lineage: held.lineage.clone(),
        xml: Some(held.cib.to_xml()),
        part: Part::default(),
        others: Status::default(),
        shutting_down: false,
    }
}

fn test_name(held: &Held) -> String {
    held.cib.attr(held.cib.configuration().unwrap(), "test").unwrap().to_owned()
}

const VIEW: ViewId = ViewId { counter: 9, proposer: 1 };

#[test]
fn a_straggler_catches_up_without_a_new_epoch() {
    let old = held(4, 1, "old", None);
    let new = held(5, 2, "new", Some(&old));
    let states = BTreeMap::from([(1, state(&old, false)), (2, state(&new, true))]);
    let won = configuration(VIEW, &old, &states).unwrap();
    assert_eq!((won.held.stamp.epoch, test_name(&won.held), won.losers.len()), (5, "new".into(), 0));
}

#[test]
fn the_quorate_side_wins_over_a_higher_version_and_becomes_a_new_epoch() {
    let base = held(4, 1, "base", None);
    let quorate = held(5, 2, "quorate", Some(&base));
    let forced = held(8, 3, "forced", Some(&base));
    let states = BTreeMap::from([(1, state(&forced, false)), (2, state(&quorate, true))]);
    let won = configuration(VIEW, &forced, &states).unwrap();
    assert_eq!((won.held.stamp.epoch, test_name(&won.held)), (9, "quorate".into()));
    assert_eq!(won.losers, [(1, forced.stamp.clone())]);
    // The losers descend from nothing of it, but the quorate side does.
    assert!(won.held.lineage.descends_from(&quorate.stamp));
    assert!(!won.held.lineage.descends_from(&forced.stamp));
}

#[test]
fn of_equals_the_higher_version_wins_then_the_later_view() {
    let base = held(4, 1, "base", None);
    let (a, b) = (held(5, 2, "a", Some(&base)), held(5, 3, "b", Some(&base)));
    for quorate in [true, false] {
        let states = BTreeMap::from([(1, state(&a, quorate)), (2, state(&b, quorate))]);
        let won = configuration(VIEW, &a, &states).unwrap();
        assert_eq!((won.held.stamp.epoch, test_name(&won.held)), (6, "b".into()));
    }
}

#[test]
fn a_new_node_has_nothing_to_say() {
    let (empty, full) = (held(0, 0, "empty", None), held(7, 1, "full", None));
    let states = BTreeMap::from([(1, state(&empty, false)), (2, state(&full, false))]);
    let won = configuration(VIEW, &empty, &states).unwrap();
    assert_eq!((won.held.stamp.epoch, won.losers.len()), (7, 0));
}

#[test]
fn each_member_speaks_for_itself_and_the_newest_is_kept_of_the_absent() {
    let h = held(1, 1, "x", None);
    let part = |incarnation, counter| Part {
        incarnation,
        member: true,
        touched: (ViewId { counter, proposer: 1 }, 0),
        ..Part::default()
    };
    let mut a = state(&h, true);
    a.part = Part { incarnation: 11, ..Part::default() };
    a.others.parts = BTreeMap::from([(2, part(21, 1)), (3, part(31, 1))]);
    let mut b = state(&h, true);
    b.part = Part { incarnation: 22, ..Part::default() };
    b.others.parts = BTreeMap::from([(1, part(10, 9)), (3, part(31, 5))]);
    let merged = status(VIEW, &BTreeMap::from([(1, a), (2, b)]));
    assert_eq!((merged.parts[&1].incarnation, merged.parts[&2].incarnation), (11, 22));
    assert!(merged.parts[&1].member && !merged.parts[&3].member);
    assert_eq!(merged.parts[&3].touched.0.counter, 5);
}

#[test]
fn a_returning_node_brings_no_history_but_finds_its_shutdown_locks() {
    let resource = |id: &str| rhapsody_transition::ActionResource {
        id: id.to_owned(),
        long_id: None,
        class: "ocf".to_owned(),
        provider: None,
        agent: "Dummy".to_owned(),
    };
    let op =
        |task: &str, lock| OpRecord { task: task.to_owned(), shutdown_lock: lock, ..OpRecord::default() };
    let held = held(4, 1, "a", None);
    let mut earlier = Part { incarnation: 1, ..Part::default() };
    earlier.record(&resource("locked"), op("stop", Some(1000)), false);
    earlier.record(&resource("used-again"), op("stop", Some(1000)), false);
    earlier.record(&resource("free"), op("stop", None), false);
    let mut returned = state(&held, false);
    returned.part.incarnation = 2;
    returned.part.record(&resource("used-again"), op("start", None), false);
    let mut other = state(&held, true);
    other.others.parts.insert(1, earlier);
    let merged = status(VIEW, &BTreeMap::from([(1, returned.clone()), (2, other.clone())]));
    let part = &merged.parts[&1];
    let locks: Vec<_> = part.resources.iter().map(|(id, h)| (id.as_str(), h.shutdown_lock)).collect();
    assert_eq!(locks, [("locked", Some(1000)), ("used-again", None)]);
    assert!(part.resources["locked"].ops.is_empty());
    // In the same life the node knows better.
    returned.part.incarnation = 1;
    let merged = status(VIEW, &BTreeMap::from([(1, returned), (2, other)]));
    assert!(!merged.parts[&1].resources.contains_key("locked"));
}
