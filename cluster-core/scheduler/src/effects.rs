//! What a CIB would make the cluster do, for commands that ask before they act: which resources
//! would be touched, and where everything would run afterwards.

use crate::simulate::{Request, Text, simulate};
use crate::{Options, schedule_document};
use rhapsody_transition::{ActionKind, Transition};
use rhapsody_xml::Document;
use std::collections::BTreeMap;

/// How often something would be done to one resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Touch {
    pub starts: u32,
    pub stops: u32,
    pub promotes: u32,
    pub demotes: u32,
    /// Live migrations.
    pub moves: u32,
}

impl Touch {
    /// Afterwards there would be less of it than before.
    pub fn loses(self) -> bool {
        self.stops > self.starts + self.moves || self.demotes > self.promotes + self.stops
    }
}

#[derive(Debug, Clone)]
pub struct Effects {
    /// By the resource's id, without an instance number.
    pub touched: BTreeMap<String, Touch>,
    /// Status before, actions, status after, as `simulate` prints them.
    pub text: String,
    /// The CIB when all of it were done.
    pub after: Document,
}

/// Plans for a CIB and carries the plan out on a copy. `now` is in seconds since 1970.
pub fn of(cib: &Document, now: i64) -> Result<Effects, String> {
    let outcome = schedule_document(cib, &Options { now, show_scores: false, show_utilization: false });
    let request = Request { now, plan: true, simulate: true, ..Request::default() };
    let mut text = Text::default();
    let answer = simulate(cib, &request, &mut text)?;
    let after = answer.document.ok_or("the simulation gave no CIB")?;
    Ok(Effects { touched: touched(&outcome.transition), text: text.text, after })
}

fn touched(transition: &Transition) -> BTreeMap<String, Touch> {
    let mut all: BTreeMap<String, Touch> = BTreeMap::new();
    for action in transition.actions.iter().filter(|action| action.kind == ActionKind::Resource) {
        let Some(resource) = &action.resource else { continue };
        let touch = all.entry(resource.id.clone()).or_default();
        match action.task.as_str() {
            "start" => touch.starts += 1,
            "stop" => touch.stops += 1,
            "promote" => touch.promotes += 1,
            "demote" => touch.demotes += 1,
            "migrate_from" => touch.moves += 1,
            _ => {}
        }
    }
    all.retain(|_, touch| *touch != Touch::default());
    all
}

/// A copy in which nothing is held where it runs by stickiness.
pub fn without_stickiness(cib: &Document) -> Document {
    let mut copy = cib.clone();
    let sticky: Vec<_> = copy
        .descendants(copy.root())
        .filter(|e| copy.name(*e) == "nvpair" && copy.attr(*e, "name") == Some("resource-stickiness"))
        .collect();
    for pair in sticky {
        copy.set_attr(pair, "value", "0");
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_NODES: &str = r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1">
      <configuration><crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
      <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
      <resources>
        <primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m"><nvpair id="m1" name="resource-stickiness" value="1000"/></meta_attributes></primitive>
        <primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/>
      </resources>
      <constraints><rsc_colocation id="c" rsc="b" with-rsc="a" score="INFINITY"/>CONSTRAINTS</constraints></configuration>
      <status>
        <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
          <lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_start_0" operation="start" crm-debug-origin="x" transition-key="1:1:0:u" transition-magic="0:0;1:1:0:u" call-id="2" rc-code="0" op-status="0" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>
          <lrm_resource id="b" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="b_last_0" operation_key="b_start_0" operation="start" crm-debug-origin="x" transition-key="2:1:0:u" transition-magic="0:0;2:1:0:u" call-id="3" rc-code="0" op-status="0" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>
        </lrm_resources></lrm></node_state>
        <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="2"><lrm_resources>
          <lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_monitor_0" operation="monitor" crm-debug-origin="x" transition-key="3:1:7:u" transition-magic="0:7;3:1:7:u" call-id="2" rc-code="7" op-status="0" interval="0"/></lrm_resource>
          <lrm_resource id="b" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="b_last_0" operation_key="b_monitor_0" operation="monitor" crm-debug-origin="x" transition-key="4:1:7:u" transition-magic="0:7;4:1:7:u" call-id="3" rc-code="7" op-status="0" interval="0"/></lrm_resource>
        </lrm_resources></lrm></node_state>
      </status></cib>"#;

    fn effects(constraints: &str, change: impl FnOnce(Document) -> Document) -> Effects {
        let doc = Document::parse(&TWO_NODES.replace("CONSTRAINTS", constraints)).unwrap();
        of(&change(doc), 0).unwrap()
    }

    #[test]
    fn a_move_takes_along_what_is_colocated() {
        let ban = "<rsc_location id='l' rsc='a' node='n1' score='-INFINITY'/>";
        let moved = effects(ban, |doc| doc);
        let once = Touch { starts: 1, stops: 1, ..Touch::default() };
        assert_eq!(moved.touched, BTreeMap::from([("a".to_owned(), once), ("b".to_owned(), once)]));
        assert!(!once.loses());
        // Carried out, nothing is left to do.
        assert!(of(&moved.after, 0).unwrap().touched.is_empty());
        assert!(effects("", |doc| doc).touched.is_empty());
    }

    #[test]
    fn stickiness_is_forgotten_on_request() {
        let likes = "<rsc_location id='l' rsc='a' node='n2' score='10'/>";
        assert!(effects(likes, |doc| doc).touched.is_empty());
        assert_eq!(effects(likes, |doc| without_stickiness(&doc)).touched.len(), 2);
    }

    #[test]
    fn what_is_only_stopped_is_lost() {
        let disabled = |mut doc: Document| {
            let pair = doc.by_id("m1").unwrap();
            doc.set_attr(pair, "name", "target-role");
            doc.set_attr(pair, "value", "Stopped");
            doc
        };
        let stopped = effects("", disabled);
        assert!(stopped.touched["a"].loses() && stopped.touched["b"].loses());
    }
}
