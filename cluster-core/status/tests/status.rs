//! What an operator reads, from CIBs small enough to read here.

use rhapsody_cib::Cib;
use rhapsody_status::{Daemon, PcsOptions, Status, Surroundings, XmlApi};

/// Two nodes (n2 as `state` says), `properties`, `resources` and what n1 has run.
fn status(properties: &str, resources: &str, history: &str, n2: &str) -> Status {
    let text = format!(
        r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"
             have-quorum="1" dc-uuid="1" cib-last-written="Fri Nov 20 10:00:00 2026" update-user="root">
           <configuration><crm_config><cluster_property_set id="cib-bootstrap-options">
           <nvpair id="v" name="dc-version" value="0.1.0-rhapsody"/>{properties}</cluster_property_set></crm_config>
           <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
           <resources>{resources}</resources><constraints/></configuration>
           <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
           <lrm id="1"><lrm_resources>{history}</lrm_resources></lrm></node_state>
           <node_state id="2" uname="n2" {n2}/></status></cib>"#
    );
    Status::new(&Cib::parse(&text).unwrap(), 1_763_600_000)
}

const ONLINE: &str = r#"in_ccm="true" crmd="online" join="member" expected="member""#;
const LOST: &str = r#"in_ccm="false" crmd="offline" join="down" expected="member""#;
const VIP: &str = r#"<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"/>"#;
const OFF: &str = r#"<nvpair id="s" name="stonith-enabled" value="false"/>"#;

fn started(id: &str, agent: &str) -> String {
    format!(
        r#"<lrm_resource id="{id}" class="ocf" provider="heartbeat" type="{agent}"><lrm_rsc_op id="{id}_last_0"
           operation_key="{id}_start_0" operation="start" crm_feature_set="3.16.1" call-id="1" rc-code="0" op-status="0"
           interval="0" transition-key="1:1:0:e4c3a1a5-1b4d-4b0e-9ee9-eb4c1ae9ccf7"
           transition-magic="0:0;1:1:0:e4c3a1a5-1b4d-4b0e-9ee9-eb4c1ae9ccf7"/></lrm_resource>"#
    )
}

fn around() -> Surroundings {
    let daemon = |name: &str, enabled| Daemon { name: name.into(), active: true, enabled };
    Surroundings {
        cluster_name: Some("linuxha".into()),
        daemons: vec![daemon("corosync", true), daemon("pacemaker", true), daemon("pcsd", false)],
        pcsd: vec![("n1".into(), "Online".into())],
        ..Surroundings::default()
    }
}

fn text(status: &Status) -> String {
    let text = status.pcs_text(&around(), PcsOptions::default());
    text.lines().filter(|line| !line.contains("Last updated:")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_cluster_at_work_reads_as_pcs_writes_it() {
    let status = status(OFF, VIP, &started("vip", "IPaddr2"), ONLINE);
    assert_eq!(
        text(&status),
        "Cluster name: linuxha\n\
         Cluster Summary:\n\
         \x20 * Stack: rhapsody (embedded)\n\
         \x20 * Current DC: n1 (version 0.1.0-rhapsody) - partition with quorum\n\
         \x20 * Last change:  Fri Nov 20 10:00:00 2026 by root\n\
         \x20 * 2 nodes configured\n\
         \x20 * 1 resource instance configured\n\
         \x20 * Fencing is off: after a lost connection a resource may be active on two nodes at once\n\
         \n\
         Node List:\n\
         \x20 * Online: [ n1 n2 ]\n\
         \n\
         Full List of Resources:\n\
         \x20 * vip\t(ocf:heartbeat:IPaddr2):\t Started n1\n\
         \n\
         Daemon Status:\n\
         \x20 corosync: active/enabled\n\
         \x20 pacemaker: active/enabled\n\
         \x20 pcsd: active/disabled\n"
    );
}

#[test]
fn without_a_fence_device_status_says_why_nothing_starts() {
    let before = text(&status("", VIP, "", ONLINE));
    assert!(
        before.contains("\nWARNINGS:\nNo stonith devices and stonith-enabled is not false\n"),
        "{before}"
    );
    assert!(before.contains("No resource starts until a lost node can be fenced"), "{before}");
    let after = text(&status(OFF, VIP, "", ONLINE));
    assert!(!after.contains("WARNINGS"), "{after}");
    assert!(after.contains("may be active on two nodes at once"), "{after}");
}

#[test]
fn a_node_that_must_be_fenced_first_is_named() {
    let fence = r#"<primitive id="fence" class="stonith" type="fence_xvm"/>"#;
    let status = status("", &format!("{fence}{VIP}"), "", LOST);
    let text = text(&status);
    assert!(text.contains("Node n2: UNCLEAN (offline)"), "{text}");
    assert!(text.contains("Waiting until fencing of n2 is confirmed"), "{text}");
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["warnings"][0]["code"], "WAITING_FOR_FENCING");
    assert_eq!(json["nodes"][1]["unclean"], true);
}

#[test]
fn full_status_has_every_section() {
    let status = status(OFF, VIP, &started("vip", "IPaddr2"), ONLINE);
    let text = status.pcs_text(&around(), PcsOptions { full: true, hide_inactive: false });
    for part in [
        "Node n1 (1): online, feature set",
        "\nMigration Summary:\n",
        "\nTickets:\n",
        "PCSD Status:\n  n1: Online\n",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn hidden_inactive_resources_are_not_shown() {
    let off = r#"<primitive id="idle" class="ocf" provider="pacemaker" type="Dummy"/>"#;
    let status = status(OFF, &format!("{VIP}{off}"), &started("vip", "IPaddr2"), ONLINE);
    let text = status.pcs_text(&around(), PcsOptions { full: false, hide_inactive: true });
    assert!(text.contains("Active Resources:\n  * vip") && !text.contains("idle"), "{text}");
    assert!(status.pcs_nodes_text().starts_with("Pacemaker Nodes:\n Online: n1 n2\n Standby:\n"));
}

#[test]
fn an_empty_cib_is_a_status_too() {
    let status = Status::new(&Cib::empty(), 0);
    assert!(status.crm_mon_text(&Default::default()).contains("  * Current DC: NONE\n"));
    assert!(status.crm_mon_xml(XmlApi::V2_25, "crm_mon", &[]).contains("<current_dc present=\"false\"/>"));
    assert_eq!(status.pcs_resources_text(false, None, None), "NO resources configured\n");
}

#[test]
fn xml_is_that_of_the_version_that_is_asked_for() {
    let group = format!(r#"<group id="g">{VIP}</group>"#);
    let status = status(OFF, &group, &started("vip", "IPaddr2"), ONLINE);
    let only: Vec<String> = ["resources", "operations"].map(str::to_owned).to_vec();
    let new = status.crm_mon_xml(XmlApi::V2_42, "crm_mon", &only);
    assert_eq!(
        new,
        r#"<pacemaker-result api-version="2.42" request="crm_mon">
  <resources>
    <group id="g" number_resources="1" maintenance="false" managed="true" disabled="false">
      <resource id="vip" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="true" orphaned="false" removed="false" blocked="false" maintenance="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="n1" id="1" cached="true"/>
      </resource>
    </group>
  </resources>
  <node_history>
    <node name="n1">
      <resource_history id="vip" orphan="false" removed="false" migration-threshold="1000000">
        <operation_history call="1" task="start" rc="0" rc_text="OK"/>
      </resource_history>
    </node>
  </node_history>
  <status code="0" message="OK"/>
</pacemaker-result>
"#
    );
    // The older one knows neither `removed` nor `maintenance`, and words exit codes its own way.
    let old = status.crm_mon_xml(XmlApi::V2_25, "crm_mon", &only);
    let without = new.replace(r#" removed="false""#, "").replace(r#" maintenance="false""#, "");
    assert_eq!(
        old,
        without.replace("2.42", "2.25").replace(
            r#""OK"/>
      <"#,
            r#""ok"/>
      <"#
        )
    );
}

#[test]
fn options_are_told_by_their_names_of_today_and_of_yesterday() {
    let status = Status::new(&Cib::empty(), 0);
    let new = status.crm_mon_xml(XmlApi::V2_42, "crm_mon", &[]);
    assert!(
        new.contains(r#"<cluster_options fencing-enabled="true" fencing-timeout-ms="60000" symmetric"#),
        "{new}"
    );
    assert!(new.contains(r#"stonith-enabled="true" stonith-timeout-ms="60000"/>"#), "{new}");
    assert!(!new.contains("<resources/>") && !new.contains("<node_history"), "{new}");
    let old = status.crm_mon_xml(XmlApi::V2_25, "crm_mon", &[]);
    assert!(!old.contains("fencing-enabled") && old.contains("<resources/>"), "{old}");
}

#[test]
fn full_status_tells_descriptions() {
    let resources = r#"<primitive id="a" class="ocf" provider="heartbeat" type="Dummy" description="first"/>
        <clone id="c" description="everywhere"><primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/></clone>
        <group id="g" description="together"><primitive id="d" class="ocf" provider="heartbeat" type="Dummy"/></group>"#;
    let status = status(OFF, resources, "", ONLINE);
    let full = status.pcs_text(&around(), PcsOptions { full: true, hide_inactive: false });
    for line in [
        "  * a\t(ocf:heartbeat:Dummy):\t Stopped (first)\n",
        "  * Clone Set: c [b] (everywhere):\n",
        "  * Resource Group: g (together):\n    * d\t(ocf:heartbeat:Dummy):\t Stopped\n",
    ] {
        assert!(full.contains(line), "{line}:\n{full}");
    }
    let short = text(&status);
    assert!(!short.contains("first") && !short.contains("everywhere"), "{short}");
}

const BUNDLE: &str = r#"<bundle id="web" description="site"><meta_attributes id="m">
    <nvpair id="mm" name="is-managed" value="false"/></meta_attributes>
    <podman image="img:1" replicas="1" replicas-per-host="2"/><network ip-range-start="192.0.2.10"/>
    <primitive id="app" class="ocf" provider="heartbeat" type="Dummy"/></bundle>"#;

#[test]
fn a_bundle_tells_what_it_is_and_where_its_guest_is() {
    let status = status(OFF, BUNDLE, "", ONLINE);
    let full = status.pcs_text(&around(), PcsOptions { full: true, hide_inactive: false });
    assert!(full.contains("  * Container bundle: web [img:1] (unique) (site) (unmanaged):\n"), "{full}");
    assert!(full.contains("  * GuestNode web-0@: OFFLINE"), "{full}");
}

#[test]
fn of_a_bundle_only_the_part_that_is_asked_for_is_shown() {
    let status = status(OFF, BUNDLE, "", ONLINE);
    assert_eq!(
        status.pcs_resources_text(false, Some("app"), None),
        "  * Container bundle: web [img:1] (unique) (unmanaged):\n\
         \x20     * app:0\t(ocf:heartbeat:Dummy):\t Stopped (unmanaged)\n"
    );
    let whole = status.pcs_resources_text(false, Some("web"), None);
    assert!(whole.contains("\n    * web-0 (192.0.2.10)\t(ocf:heartbeat:Dummy)"), "{whole}");
}

#[test]
fn full_status_lists_tickets_as_crm_ticket_does() {
    let cib = r#"<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
        <configuration><crm_config/><nodes/><resources/><constraints>
        <rsc_ticket id="t1" rsc="a" ticket="T2"/><rsc_ticket id="t2" rsc="b" ticket="T1"/></constraints></configuration>
        <status><tickets><ticket_state id="T1" granted="true" standby="true"/>
        <ticket_state id="T3" granted="true" standby="false" last-granted="1345000000"/></tickets></status></cib>"#;
    let status = Status::new(&Cib::parse(cib).unwrap(), 1_763_600_000);
    let full = status.pcs_text(&around(), PcsOptions { full: true, hide_inactive: false });
    assert!(
        full.contains("\nTickets:\n  T1\tgranted [standby]\n  T2\trevoked\n  T3\tgranted           last-granted='Wed Aug 15"),
        "{full}"
    );
    let crm_mon = status.crm_mon_text(&rhapsody_status::MonOptions { tickets: true, ..Default::default() });
    assert!(crm_mon.contains("  * T2: revoked\n"), "{crm_mon}");
}
