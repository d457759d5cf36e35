//! CIBs of any size for measuring the scheduler, the same for the same numbers: half of the
//! primitives in groups of five, for every ten primitives a colocation with an order and a location
//! preference, all nodes online.

use std::fmt::Write;

#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub nodes: usize,
    pub primitives: usize,
}

/// A small generator of numbers that looks random enough.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// With `probed`, every resource was looked for on every node and found stopped; else nothing is known.
pub fn cib(size: Size, probed: bool) -> String {
    let Size { nodes, primitives } = size;
    let mut dice = Dice((nodes * 1009 + primitives) as u64);
    let mut out = String::from(
        "<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\" epoch=\"1\" num_updates=\"0\" \
         admin_epoch=\"0\" have-quorum=\"1\" dc-uuid=\"1\"><configuration><crm_config>\
         <cluster_property_set id=\"o\"><nvpair id=\"o-fencing\" name=\"stonith-enabled\" value=\"false\"/>\
         </cluster_property_set></crm_config><nodes>",
    );
    for n in 1..=nodes {
        let _ = write!(out, "<node id=\"{n}\" uname=\"node{n:02}\"/>");
    }
    out += "</nodes><resources>";
    let groups = primitives / 10;
    let mut tops = Vec::new();
    for g in 0..groups {
        let _ = write!(out, "<group id=\"g{g}\">");
        (g * 5..g * 5 + 5).for_each(|p| primitive(&mut out, p));
        out += "</group>";
        tops.push(format!("g{g}"));
    }
    for p in groups * 5..primitives {
        primitive(&mut out, p);
        tops.push(format!("p{p}"));
    }
    out += "</resources><constraints>";
    // What follows another stands later in the list, so that there is no circle; each follows one.
    let count = (primitives / 10).max(1).min(tops.len() - 1);
    for k in 0..count {
        let at = 1 + k * (tops.len() - 1) / count;
        let (then, first) = (&tops[at], &tops[at - 1 - dice.below(at.min(10))]);
        let score =
            if dice.below(2) == 0 { "INFINITY".to_owned() } else { (100 + dice.below(900)).to_string() };
        let kind = if dice.below(10) < 7 { "Mandatory" } else { "Optional" };
        let (liked, node) = (&tops[dice.below(tops.len())], 1 + dice.below(nodes));
        let weight = ["-1000", "50", "100", "500"][dice.below(4)];
        let _ = write!(
            out,
            "<rsc_colocation id=\"c{k}\" rsc=\"{then}\" with-rsc=\"{first}\" score=\"{score}\"/>\
             <rsc_order id=\"o{k}\" first=\"{first}\" then=\"{then}\" kind=\"{kind}\"/>\
             <rsc_location id=\"l{k}\" rsc=\"{liked}\" node=\"node{node:02}\" score=\"{weight}\"/>"
        );
    }
    out += "</constraints></configuration><status>";
    for n in 1..=nodes {
        let _ = write!(
            out,
            "<node_state id=\"{n}\" uname=\"node{n:02}\" in_ccm=\"true\" crmd=\"online\" join=\"member\" \
             expected=\"member\"><lrm id=\"{n}\"><lrm_resources>"
        );
        (0..if probed { primitives } else { 0 }).for_each(|p| history(&mut out, p));
        out += "</lrm_resources></lrm></node_state>";
    }
    out + "</status></cib>"
}

fn primitive(out: &mut String, p: usize) {
    let _ = write!(
        out,
        "<primitive id=\"p{p}\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><instance_attributes \
         id=\"p{p}-a\"><nvpair id=\"p{p}-fake\" name=\"fake\" value=\"{p}\"/></instance_attributes><operations>\
         <op id=\"p{p}-monitor\" name=\"monitor\" interval=\"10s\" timeout=\"20s\"/>\
         <op id=\"p{p}-start\" name=\"start\" interval=\"0s\" timeout=\"20s\"/>\
         <op id=\"p{p}-stop\" name=\"stop\" interval=\"0s\" timeout=\"20s\"/></operations></primitive>"
    );
}

fn history(out: &mut String, p: usize) {
    let _ = write!(
        out,
        "<lrm_resource id=\"p{p}\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><lrm_rsc_op \
         id=\"p{p}_last_0\" operation_key=\"p{p}_monitor_0\" operation=\"monitor\" \
         transition-key=\"1:0:7:00000000-0000-4000-8000-000000000001\" \
         transition-magic=\"0:7;1:0:7:00000000-0000-4000-8000-000000000001\" call-id=\"{}\" rc-code=\"7\" \
         op-status=\"0\" interval=\"0\" last-rc-change=\"1790000000\"/></lrm_resource>",
        p + 1
    );
}
