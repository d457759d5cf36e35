//! The explanation of a plan names each thing that was added to a score, and what stands in the way.

use rhapsody_cib::Cib;
use rhapsody_scheduler::explain::{Cause, NodeReasons, Reasons, explain};
use rhapsody_scheduler::model::INFINITY;
use rhapsody_scheduler::{Options, schedule};

const NOW: i64 = 1_790_000_000;

/// Three nodes (n3 in standby); `a` runs on n1 and failed on n2 as often as it may.
fn cib(resources: &str, constraints: &str) -> Cib {
    let history = |id: &str, task: &str, rc: u8| {
        format!(
            "<lrm_resource id='{id}' class='ocf' provider='p' type='t'><lrm_rsc_op id='{id}_last_0' \
             operation_key='{id}_{task}_0' operation='{task}' call-id='1' rc-code='{rc}' op-status='0' \
             interval='0' transition-key='1:1:{rc}:u'/></lrm_resource>"
        )
    };
    let node = |n: u8, inside: &str| {
        format!(
            "<node_state id='{n}' uname='n{n}' in_ccm='true' crmd='online' join='member' expected='member'>\
             <lrm id='{n}'><lrm_resources>{}</lrm_resources></lrm>{inside}</node_state>",
            if n == 1 { history("a", "start", 0) } else { history("a", "monitor", 7) }
        )
    };
    let failed = "<transient_attributes id='2'><instance_attributes id='s2'><nvpair id='s2-f' \
                  name='fail-count-a#monitor_10000' value='3'/></instance_attributes></transient_attributes>";
    Cib::parse(&format!(
        "<cib have-quorum='1' dc-uuid='1'><configuration><crm_config><cluster_property_set id='o'>\
         <nvpair id='o1' name='stonith-enabled' value='false'/></cluster_property_set></crm_config><nodes>\
         <node id='1' uname='n1'/><node id='2' uname='n2'/><node id='3' uname='n3'><instance_attributes id='i'>\
         <nvpair id='i1' name='standby' value='on'/></instance_attributes></node></nodes><resources>\
         <primitive id='a' class='ocf' provider='p' type='t'><meta_attributes id='a-m'>\
         <nvpair id='a-m1' name='resource-stickiness' value='10'/>\
         <nvpair id='a-m2' name='migration-threshold' value='3'/></meta_attributes></primitive>{resources}\
         </resources><constraints>{constraints}</constraints></configuration><status>{}{}{}</status></cib>",
        node(1, ""),
        node(2, failed),
        node(3, "")
    ))
    .unwrap()
}

fn one(cib: &Cib, id: &str) -> Reasons {
    let mut all = explain(cib, NOW, id).unwrap();
    assert_eq!(all.len(), 1, "{id}");
    all.remove(0)
}

fn on<'a>(r: &'a Reasons, node: &str) -> &'a NodeReasons {
    r.nodes.iter().find(|n| n.node == node).unwrap()
}

fn parts(r: &Reasons, node: &str) -> Vec<(i32, Cause)> {
    on(r, node).parts.iter().map(|p| (p.score, p.cause.clone())).collect()
}

#[test]
fn scores_are_told_with_their_source() {
    let cib = cib(
        "",
        "<rsc_location id='likes-n1' rsc='a' node='n1' score='100'/>\
         <rsc_location id='never-n2' rsc='a' node='n2' score='-INFINITY'/>",
    );
    let a = one(&cib, "a");
    assert_eq!((a.assigned.as_deref(), a.active_on.len()), (Some("n1"), 1));
    assert_eq!(parts(&a, "n1"), [(100, Cause::Location("likes-n1".into())), (10, Cause::Stickiness)]);
    assert_eq!(on(&a, "n1").score, Some(110));
    assert!(on(&a, "n1").is_chosen);
    // Both bans, although one would do: who lifts one must know of the other.
    let failures = Cause::Failures { count: 3, threshold: 3 };
    assert_eq!(parts(&a, "n2"), [(-INFINITY, Cause::Location("never-n2".into())), (-INFINITY, failures)]);
    assert_eq!(on(&a, "n3").obstacles, ["the node is in standby"]);
}

#[test]
fn a_colocation_is_named_on_both_sides() {
    let b = "<primitive id='b' class='ocf' provider='p' type='t'/>";
    let cib = cib(b, "<rsc_colocation id='together' rsc='b' with-rsc='a' score='INFINITY'/>");
    let b = one(&cib, "b");
    assert_eq!(b.assigned.as_deref(), Some("n1"));
    assert_eq!(parts(&b, "n2"), [(-INFINITY, Cause::Colocation("together".into()))]);
}

#[test]
fn what_keeps_it_from_running_is_told() {
    let others = "<primitive id='off' class='ocf' provider='p' type='t'><meta_attributes id='off-m'>\
                  <nvpair id='off-m1' name='target-role' value='Stopped'/></meta_attributes></primitive>\
                  <primitive id='kept' class='ocf' provider='p' type='t'/>";
    let cib = cib(others, "<rsc_ticket id='t' rsc='kept' ticket='site'/>");
    let off = one(&cib, "off");
    assert_eq!(off.assigned, None);
    assert!(off.conditions.iter().any(|c| c.contains("disabled")), "{:?}", off.conditions);
    assert!(parts(&off, "n1").contains(&(-INFINITY, Cause::Stopped)));
    assert!(parts(&one(&cib, "kept"), "n1").contains(&(-INFINITY, Cause::Ticket("site".into()))));
}

#[test]
fn each_instance_of_a_clone_and_member_of_a_group_is_told() {
    let others = "<clone id='c'><primitive id='x' class='ocf' provider='p' type='t'/></clone>\
                  <group id='g'><primitive id='m1' class='ocf' provider='p' type='t'/>\
                  <primitive id='m2' class='ocf' provider='p' type='t'/></group>";
    let cib = cib(others, "<rsc_location id='l' rsc='g' node='n2' score='7'/>");
    let instances = explain(&cib, NOW, "c").unwrap();
    let places: Vec<_> = instances.iter().filter_map(|r| r.assigned.as_deref()).collect();
    assert_eq!((instances.len(), places.len()), (3, 2), "{places:?}");
    assert_eq!(explain(&cib, NOW, "x").unwrap().len(), 3);
    let members = explain(&cib, NOW, "g").unwrap();
    assert_eq!(members.len(), 2);
    assert!(parts(&members[0], "n2").contains(&(7, Cause::Location("l".into()))));
    assert!(members[1].conditions.contains(&"it is part of 'g'".to_owned()));
    assert_eq!(explain(&cib, NOW, "nope").unwrap_err(), "resource 'nope' does not exist");
}

/// The sum of what is told is the score, and listening changes no decision.
#[test]
fn parts_add_up() {
    let b = "<primitive id='b' class='ocf' provider='p' type='t'/>";
    let cib = cib(
        b,
        "<rsc_location id='l1' rsc='b' node='n1' score='5'/><rsc_location id='l2' rsc='b' node='n2' score='-3'/>\
         <rsc_colocation id='c1' rsc='b' with-rsc='a' score='40'/>",
    );
    let plain = schedule(&cib, &Options { now: NOW, ..Options::default() });
    for id in ["a", "b"] {
        let told = one(&cib, id);
        let model = &plain.model[plain.model.resource(id).unwrap()];
        assert_eq!(told.assigned, model.assigned.map(|n| plain.model[n].name.clone()));
        for node in told.nodes.iter().filter(|n| n.obstacles.is_empty()) {
            let sum = node.parts.iter().map(|p| p.score).sum::<i32>().max(-INFINITY);
            assert_eq!(Some(sum), node.score, "{id} on {}: {:?}", node.node, node.parts);
        }
    }
}
