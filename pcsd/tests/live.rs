//! Commands on a running cluster, played by a CIB in memory.

mod common;
#[path = "common/fake_core.rs"]
mod fake_core;

use common::*;
use fake_core::FakeCore;
use serde_json::json;

async fn with_core(name: &str) -> (Pcsd, FakeCore, String) {
    let pcsd = Pcsd::start(name);
    let core = FakeCore::start(&pcsd.root);
    let token = pcsd.token().await;
    (pcsd, core, token)
}

fn with_stickiness(cib: &str) -> String {
    cib.replace(
        "<crm_config/>",
        "<crm_config><cluster_property_set id=\"o\"><nvpair id=\"o-m\" name=\"maintenance-mode\" value=\"true\"/></cluster_property_set></crm_config>",
    )
}

#[tokio::test]
async fn the_cib_is_read_and_pushed() {
    let (pcsd, core, token) = with_core("push").await;
    let cib = pcsd.run_command(&token, "rhapsody.cluster.cib", json!({})).await;
    let text = cib["result"].as_str().unwrap();
    assert_eq!(text, core.cib());
    let nodes = pcsd.run_command(&token, "rhapsody.cluster.cib", json!({"scope": "nodes"})).await;
    assert!(nodes["result"].as_str().unwrap().starts_with("<nodes>"), "{nodes}");

    let push = |params: serde_json::Value| pcsd.run_command(&token, "rhapsody.cluster.cib_push", params);
    let answer = push(json!({"cib": with_stickiness(text)})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    let now = core.cib();
    assert!(now.contains("maintenance-mode") && now.contains("epoch=\"6\""), "{now}");
    assert!(now.contains("node_state"), "status is not the pusher's business");

    // The text from before is older now.
    let answer = push(json!({"cib": text})).await;
    assert_eq!(codes(&answer), ["CIB_PUSH_ERROR"]);
    assert_eq!(answer["reports"][0]["severity"]["force_code"], "FORCE");
    let answer = push(json!({"cib": text, "force_flags": ["FORCE"]})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    assert!(!core.cib().contains("maintenance-mode") && core.cib().contains("epoch=\"7\""));

    let answer = push(json!({"cib": with_stickiness(text), "diff_against": text})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    assert!(core.cib().contains("maintenance-mode"));
    let answer = push(json!({"cib": "<crm_config/>", "scope": "crm_config"})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    assert!(!core.cib().contains("maintenance-mode"));

    let before = core.cib();
    for bad in ["", "<cib", "<cib/>", "<html/>", "<nodes/>"] {
        let answer = push(json!({"cib": bad})).await;
        assert_eq!(codes(&answer), ["CIB_PUSH_ERROR"], "{bad}");
    }
    let dangling = "<constraints><rsc_location id='l' rsc='ghost' node='n1' score='1'/></constraints>";
    let answer = push(json!({"cib": dangling, "scope": "constraints"})).await;
    assert_eq!(codes(&answer), ["CIB_PUSH_ERROR"]);
    assert!(answer.to_string().contains("there is no resource `ghost`"), "{answer}");
    assert_eq!(core.cib(), before);
}

#[tokio::test]
async fn a_lost_race_is_run_again_and_a_refusal_is_told() {
    let (pcsd, core, token) = with_core("race").await;
    let push = |params: serde_json::Value| pcsd.run_command(&token, "rhapsody.cluster.cib_push", params);
    let section = json!({"cib": "<tags/>", "scope": "tags"});
    core.state.lock().unwrap().stale = 2;
    let answer = push(section.clone()).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    assert!(core.cib().contains("<tags/>"));
    core.state.lock().unwrap().stale = 100;
    let answer = push(json!({"cib": "<acls/>", "scope": "acls"})).await;
    assert_eq!(codes(&answer), ["CIB_CHANGED_MEANWHILE"], "it gives up");
    assert!(core.state.lock().unwrap().stale >= 90);
    core.state.lock().unwrap().stale = 0;

    core.state.lock().unwrap().no_quorum = true;
    let mut section = json!({"cib": "<alerts/>", "scope": "alerts"});
    let answer = push(section.clone()).await;
    assert_eq!(
        (codes(&answer), &answer["reports"][0]["severity"]["force_code"]),
        (vec!["NO_QUORUM"], &json!("FORCE"))
    );
    section["force_flags"] = json!(["FORCE"]);
    assert_eq!(push(section).await["task_finish_type"], "SUCCESS");
}

#[tokio::test]
async fn requests_reach_the_core() {
    let (pcsd, core, token) = with_core("requests").await;
    for (name, params, code) in [
        ("rhapsody.resource.cleanup", json!({"resource": "vip", "interval": "10s"}), "RESOURCE_CLEANUP_DONE"),
        ("rhapsody.resource.cleanup", json!({"resource": "nothing"}), "ID_NOT_FOUND"),
        ("rhapsody.resource.cleanup", json!({"interval": "often"}), "INVALID_OPTION_VALUE"),
        ("rhapsody.resource.refresh", json!({"node": "n1"}), "RESOURCE_REFRESH_DONE"),
        ("rhapsody.stonith.fence", json!({"node": "n1", "action": "off"}), "NODE_FENCED"),
        ("rhapsody.stonith.confirm", json!({"node": "n1"}), "NODE_CONFIRMED_FENCED"),
        ("rhapsody.core.statistics", json!({}), "CLUSTER_REQUEST_FAILED"),
    ] {
        assert_eq!(codes(&pcsd.run_command(&token, name, params).await), [code], "{name}");
    }
    let wait = pcsd.run_command(&token, "rhapsody.node.wait", json!({"wait_value": 1})).await;
    assert_eq!(wait["task_finish_type"], "SUCCESS");
    core.state.lock().unwrap().busy = true;
    let wait = pcsd.run_command(&token, "cluster.wait_for_pcmk_idle", json!({"wait_value": "1"})).await;
    assert_eq!(codes(&wait), ["WAIT_FOR_IDLE_STARTED", "WAIT_FOR_IDLE_TIMED_OUT"]);
    core.state.lock().unwrap().event = 7;
    let events = pcsd.run_command(&token, "rhapsody.events", json!({"since": 4})).await;
    assert_eq!(
        (events["result"]["events"].as_array().unwrap().len(), &events["result"]["next"]),
        (3, &json!(7))
    );
    let quorum = pcsd.run_command(&token, "rhapsody.quorum.status", json!({})).await;
    assert_eq!(quorum["result"]["quorum"]["expected_votes"], 1);
    let status = pcsd.get(&token, "/remote/pacemaker_node_status").await.1;
    assert!(status.contains(r#""online":true"#) && status.contains(r#""pending":false"#), "{status}");
    let text = format!("{:?}", core.state.lock().unwrap().asked);
    assert!(text.contains("interval_ms: Some(10000)"), "{text}");
}

#[tokio::test]
async fn operations_change_the_live_cib() {
    let (pcsd, core, token) = with_core("operations").await;
    let set = |more: serde_json::Value| {
        let mut params = json!({"cluster_properties": {"stonith-enabled": "false"}, "force_flags": []});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        pcsd.run_command(&token, "cluster_property.set_properties", params)
    };
    let before = core.cib();
    let answer = set(json!({"dry_run": true})).await;
    assert_eq!((&answer["task_finish_type"], core.cib()), (&json!("SUCCESS"), before.clone()), "{answer}");

    // Somebody else changes the CIB twice meanwhile.
    core.state.lock().unwrap().stale = 2;
    let answer = set(json!({"wait": "5"})).await;
    assert_eq!(answer["task_finish_type"], "SUCCESS", "{answer}");
    let now = core.cib();
    assert!(now.contains(r#"name="stonith-enabled" value="false""#) && now.contains(r#"epoch="8""#), "{now}");
    let version = core.state.lock().unwrap().cib.version();
    set(json!({})).await;
    assert_eq!(core.state.lock().unwrap().cib.version(), version, "nothing to change, nothing sent");

    core.state.lock().unwrap().busy = true;
    let params = json!({"standby": true, "node_names": ["n1"], "wait": 1});
    let answer = pcsd.run_command(&token, "node.standby_unstandby_list", params).await;
    assert_eq!(
        (codes(&answer).pop(), &answer["task_finish_type"]),
        (Some("WAIT_FOR_IDLE_TIMED_OUT"), &json!("FAIL")),
        "{answer}"
    );
    assert!(core.cib().contains(r#"name="standby" value="on""#), "the change stays");

    let before = core.cib();
    let refused = set(json!({"cluster_properties": {"no-such-property": "1"}})).await;
    assert_eq!((&refused["task_finish_type"], core.cib()), (&json!("FAIL"), before), "{refused}");
    let body = r#"{"command_name":"cluster_property.get_properties","params":[],"options":{}}"#;
    assert_eq!(pcsd.post_json(&token, "/api/v2/task/run", body).await.0, 400);
}

#[tokio::test]
async fn status_is_kept_until_something_moves() {
    let (pcsd, core, token) = with_core("status").await;
    let status = || pcsd.run_command(&token, "rhapsody.status", json!({}));
    let first = status().await;
    let text = first["result"]["text"].as_str().unwrap();
    assert!(text.contains("Online: [ n1 ]") && text.contains("corosync: active/disabled"), "{text}");
    assert_eq!(first["result"]["status"]["nodes"][0]["name"], "n1");
    {
        let mut state = core.state.lock().unwrap();
        let offline = state
            .cib
            .to_xml()
            .replace("crmd=\"online\"", "crmd=\"offline\"")
            .replace("num_updates=\"3\"", "num_updates=\"4\"");
        state.cib = rhapsody_cib::Cib::parse(&offline).unwrap();
    }
    let text = status().await["result"]["text"].as_str().unwrap().to_owned();
    assert!(!text.contains("Online: [ n1 ]"), "{text}");
    let xml = pcsd.run_command(&token, "rhapsody.status.xml", json!({})).await;
    assert!(xml["result"].as_str().unwrap().contains("<pacemaker-result"));
    let full =
        pcsd.run_command(&token, "rhapsody.status", json!({"full": true, "hide_inactive": true})).await;
    assert_eq!(full["task_finish_type"], "SUCCESS");
    let data = r#"{"hide_inactive_resources":false,"verbose":false}"#;
    let (status, text) = pcsd.post(&token, "/remote/cluster_status_plaintext", &[("data_json", data)]).await;
    assert!(status == 200 && text.starts_with(r#"{"status":"success""#), "{text}");
    let quorum = pcsd.get(&token, "/remote/get_quorum_info").await.1;
    assert!(quorum.contains("Quorate:          Yes"), "{quorum}");
}
