//! How often an agent is asked about its options, and what is made of its answers.

use crate::work::Env;
use rhapsody_agents_catalog::{AgentName, AgentUnavailable, Agents, Metadata, Validation};
use rhapsody_cib::Cib;
use std::cell::Cell;
use std::sync::Arc;

/// Its agent refuses options of which one is `wrong`.
#[derive(Default)]
struct Judge {
    asked: Cell<u32>,
}

impl Agents for Judge {
    fn installed(&self) -> Vec<AgentName> {
        Vec::new()
    }

    fn standards(&self) -> Vec<String> {
        Vec::new()
    }

    fn metadata(&self, name: &AgentName) -> Result<Arc<Metadata>, AgentUnavailable> {
        let text = "<resource-agent name='Judge'><parameters><parameter name='a'><content type='string'/></parameter>\
                    <parameter name='b'><content type='string'/></parameter></parameters>\
                    <actions><action name='validate-all' timeout='20s'/></actions></resource-agent>";
        Ok(Arc::new(Metadata::parse(name, text).unwrap()))
    }

    fn validate(&self, _: &AgentName, options: &[(String, String)]) -> Validation {
        self.asked.set(self.asked.get() + 1);
        match options.iter().any(|(_, value)| value == "wrong") {
            true => Validation::Invalid("no".to_owned()),
            false => Validation::Valid,
        }
    }
}

/// Updates `b` of a resource whose `a` is given; the codes of the reports, and how often the agent ran.
fn update(a: &str, b: &str, strict: bool) -> (bool, Vec<String>, u32) {
    let mut cib = Cib::parse(&format!(
        "<cib epoch='1' num_updates='0' admin_epoch='0' validate-with='pacemaker-3.9'><configuration><crm_config/>\
         <nodes/><resources><primitive id='r' class='ocf' provider='test' type='Judge'><instance_attributes id='r-ia'>\
         <nvpair id='r-a' name='a' value='{a}'/></instance_attributes></primitive></resources><constraints/>\
         </configuration><status/></cib>"
    ))
    .unwrap();
    let agents = Judge::default();
    let env = Env { agents: &agents, now: 0, live: false, nodes: Vec::new() };
    let params = serde_json::json!({
        "resource_id": "r", "instance_attributes": {"b": b}, "enable_agent_self_validation": strict,
    });
    let outcome = crate::run("rhapsody.resource.update", params, &mut cib, &env);
    let codes = outcome.reports.into_iter().map(|report| report.message.code).collect();
    (outcome.done, codes, agents.asked.get())
}

#[test]
fn an_agent_that_accepts_the_new_options_runs_once() {
    assert_eq!(update("x", "y", false), (true, vec![], 1));
    assert_eq!(update("x", "y", true), (true, vec![], 2));
}

#[test]
fn options_that_the_agent_refuses_are_warned_of_or_refused() {
    let warned = ["AGENT_SELF_VALIDATION_AUTO_ON_WITH_WARNINGS", "AGENT_SELF_VALIDATION_RESULT"];
    assert_eq!(update("x", "wrong", false), (true, warned.map(str::to_owned).to_vec(), 2));
    let refused = vec!["AGENT_SELF_VALIDATION_RESULT".to_owned()];
    assert_eq!(update("x", "wrong", true), (false, refused, 2));
}

#[test]
fn what_was_wrong_before_is_not_held_against_a_change() {
    assert_eq!(update("wrong", "y", false), (true, vec![], 2));
    let skipped = "AGENT_SELF_VALIDATION_SKIPPED_UPDATED_RESOURCE_MISCONFIGURED";
    assert_eq!(update("wrong", "y", true), (true, vec![skipped.to_owned()], 1));
}
