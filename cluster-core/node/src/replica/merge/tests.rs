use super::*;
use crate::Cib;
use crate::replica::status::Part;

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
