//! Planning ends, whatever is asked for.

use rhapsody_cib::Cib;
use rhapsody_scheduler::simulate::{Request, Text, read_cib, simulate};
use rhapsody_scheduler::{Options, schedule};

fn plan(constraints: &str) -> usize {
    let node = |n: u32| {
        format!(
            "<node_state id='{n}' uname='n{n}' in_ccm='true' crmd='online' join='member' expected='member'/>"
        )
    };
    let clone = |id: &str| {
        format!(
            "<clone id='{id}-clone'><meta_attributes id='{id}-m'><nvpair id='{id}-i' name='interleave' value='true'/>\
             </meta_attributes><primitive id='{id}' class='ocf' provider='heartbeat' type='Dummy'/></clone>"
        )
    };
    let cib = Cib::parse(&format!(
        "<cib have-quorum='1' dc-uuid='1' admin_epoch='0' epoch='1' num_updates='0'><configuration><crm_config>\
         <cluster_property_set id='o'><nvpair id='o1' name='stonith-enabled' value='false'/></cluster_property_set>\
         </crm_config><nodes><node id='1' uname='n1'/><node id='2' uname='n2'/></nodes>\
         <resources>{}{}{}</resources><constraints>{constraints}</constraints></configuration>\
         <status>{}{}</status></cib>",
        clone("a"),
        clone("b"),
        clone("c"),
        node(1),
        node(2)
    ))
    .unwrap();
    schedule(&cib, &Options { now: 1_790_000_000, ..Options::default() }).transition.actions.len()
}

#[test]
fn an_instance_without_its_partner() {
    let actions = plan(
        "<rsc_location id='l' rsc='a-clone' node='n2' score='-INFINITY'/>\
         <rsc_order id='o' first='a-clone' then='b-clone'/>",
    );
    assert!(actions > 0);
}

#[test]
fn orderings_in_a_circle() {
    let actions = plan(
        "<rsc_order id='o1' first='a-clone' then='b-clone'/><rsc_order id='o2' first='b-clone' then='c-clone'/>\
         <rsc_order id='o3' first='c-clone' then='a-clone'/><rsc_colocation id='k' rsc='a-clone' with-rsc='c-clone' score='INFINITY'/>",
    );
    assert!(actions > 0);
}

#[test]
fn a_circle_that_cannot_be_carried_out_is_told() {
    let stuck = |order: &str| {
        let primitive =
            |id: &str| format!("<primitive id='{id}' class='ocf' provider='heartbeat' type='Dummy'/>");
        let cib = format!(
            "<cib have-quorum='1' dc-uuid='1' admin_epoch='0' epoch='1' num_updates='0'><configuration><crm_config>\
             <cluster_property_set id='o'><nvpair id='o1' name='stonith-enabled' value='false'/></cluster_property_set>\
             </crm_config><nodes><node id='1' uname='n1'/></nodes><resources>{}{}</resources>\
             <constraints><rsc_order id='o1' first='a' then='b'/>{order}</constraints></configuration><status>\
             <node_state id='1' uname='n1' in_ccm='true' crmd='online' join='member' expected='member'/></status></cib>",
            primitive("a"),
            primitive("b")
        );
        let request = Request { now: 1_790_000_000, simulate: true, ..Request::default() };
        simulate(&read_cib(cib).unwrap(), &request, &mut Text::default()).unwrap().is_stuck
    };
    assert!(!stuck(""));
    assert!(stuck("<rsc_order id='o2' first='b' then='a'/>"));
}
