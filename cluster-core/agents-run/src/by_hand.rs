//! An agent's action run here and now, for somebody who wants to see what it says.

use crate::exec::{self, Command, Finished};
use crate::installed::{Installed, ocf_environment};
use crate::surroundings::Surroundings;
use rhapsody_agents_catalog::AgentName;

/// What to run, of which resource.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub agent: &'a AgentName,
    /// As agents call it: `start`, `stop`, `monitor`, `promote`, `demote`.
    pub action: &'a str,
    /// The resource's id.
    pub instance: &'a str,
    pub options: &'a [(String, String)],
    /// Meta attributes, which agents see as `OCF_RESKEY_CRM_meta_NAME`.
    pub meta: &'a [(String, String)],
    pub timeout_ms: u64,
    pub surroundings: &'a Surroundings,
}

impl Installed {
    /// Runs the action; None when there is no such agent on this machine.
    pub fn call(&self, call: &Call<'_>) -> Option<Finished> {
        let (command, mut words) = match call.agent.standard.as_str() {
            "systemd" | "service" => {
                let verb = if call.action == "monitor" { "is-active" } else { call.action };
                (Command::new("systemctl"), vec![verb.to_owned(), call.agent.kind.clone()])
            }
            _ => {
                let (program, words) = self.program(call.agent)?;
                (Command::new(program), words)
            }
        };
        let mut command = command.timeout_ms(call.timeout_ms);
        call.surroundings.give(&mut command);
        match call.agent.standard.as_str() {
            "ocf" => {
                words.push(call.action.to_owned());
                command = ocf_environment(command, call.agent, self.ocf_root())
                    .env("OCF_RESOURCE_INSTANCE", call.instance)
                    .env("OCF_RESKEY_CRM_meta_timeout", call.timeout_ms.to_string());
                for (name, value) in call.options {
                    command = command.env(format!("OCF_RESKEY_{name}"), value.clone());
                }
                for (name, value) in call.meta {
                    command =
                        command.env(format!("OCF_RESKEY_CRM_meta_{}", name.replace('-', "_")), value.clone());
                }
            }
            "lsb" => words.push(if call.action == "monitor" { "status" } else { call.action }.to_owned()),
            _ => {}
        }
        command.args = words;
        Some(exec::run(&command))
    }
}
