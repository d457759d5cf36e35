//! `status` and `status xml`: of the cluster as pcsd on the node knows them, or of files.

use super::model;
use crate::Done;
use crate::commands::{cluster, usage};
use crate::context::Context;
use crate::failure::Failure;
use crate::target_conf;
use rhapsody_cib::Cib;
use rhapsody_ops::nvset;
use rhapsody_ops::resource::tree;
use rhapsody_status::{PcsOptions, Status, Surroundings, Warning, XmlApi};
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let full = context.options.has("--full");
    let hide_inactive = context.options.has("--hide-inactive");
    match (context.options.has("-f"), context.options.has("--corosync_conf")) {
        (true, false) => {
            return Err(Failure::message("When -f is specified, --corosync_conf must be specified as well"));
        }
        (false, true) => {
            return Err(Failure::message("When --corosync_conf is specified, -f must be specified as well"));
        }
        (true, true) => return of_files(context, PcsOptions { full, hide_inactive }),
        (false, false) => {}
    }
    let answer = context.run("rhapsody.status", &json!({ "full": full, "hide_inactive": hide_inactive }))?;
    let text = answer.get("text").and_then(|text| text.as_str());
    context.line(text.ok_or_else(|| Failure::message("the answer has no text"))?.trim_end());
    Ok(())
}

pub fn xml(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    if context.options.has("-f") {
        let request = "crm_mon --one-shot --inactive --output-as xml";
        let text = model::get(context)?.crm_mon_xml(XmlApi::V2_42, request, &[]);
        context.line(text.trim_end());
        return Ok(());
    }
    let answer = context.run("rhapsody.status.xml", &json!({}))?;
    context.line(answer.as_str().ok_or_else(|| Failure::message("the answer is no XML"))?.trim_end());
    Ok(())
}

fn of_files(context: &mut Context, options: PcsOptions) -> Done {
    let membership = target_conf::membership(context)?;
    let cib = model::cib(context)?;
    let mut status = Status::new(&cib, model::now());
    // Of a cluster that runs we tell what is to be done; of a file, what would be complained about.
    let mut warnings = fencing_options(&cib);
    let problems = cluster::problems(&cib);
    let invalid = problems.iter().any(|(severity, _)| *severity == "error");
    let any = !problems.is_empty();
    warnings.extend(cluster::dropped(&cib));
    warnings.extend(problems.into_iter().map(|(severity, text)| format!("{severity}: {text}")));
    if any {
        let verdict = if invalid { "Configuration invalid" } else { "Configuration may need attention" };
        warnings.push(verdict.to_owned());
    }
    status.warnings = warnings.into_iter().map(|text| Warning { code: "VERIFY", text }).collect();
    let around =
        Surroundings { cluster_name: membership.map(|found| found.cluster_name), ..Surroundings::default() };
    context.line(status.pcs_text(&around, options).trim_end());
    Ok(())
}

/// Options of fence devices that are taken and should not be used.
fn fencing_options(cib: &Cib) -> Vec<String> {
    let with = |option: &str, is: fn(Option<&str>, &str) -> bool| -> Vec<String> {
        let devices = tree::primitives(cib).into_iter().filter(|device| tree::is_stonith(cib, *device));
        devices
            .filter(|device| {
                nvset::value(cib, *device, "instance_attributes", option)
                    .is_some_and(|value| is(cib.attr(*device, "type"), value))
            })
            .map(|device| format!("'{}'", tree::id(cib, device)))
            .collect()
    };
    let mut told = Vec::new();
    let action = with("action", |_, _| true);
    if !action.is_empty() {
        told.push(format!(
            "Following stonith devices have the 'action' option set, it is recommended to set 'pcmk_off_action', \
             'pcmk_reboot_action' instead: {}",
            action.join(", ")
        ));
    }
    // A node that sbd resets is off for sure before it comes back.
    let cycle = with("method", |agent, method| method == "cycle" && agent != Some("fence_sbd"));
    if !cycle.is_empty() {
        told.push(format!(
            "Following stonith devices have the 'method' option set to 'cycle' which is potentially dangerous, please \
             consider using 'onoff': {}",
            cycle.join(", ")
        ));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_other_than_sbd_are_warned_of_for_cycling() {
        let device = |id: &str, agent: &str| {
            format!(
                r#"<primitive id="{id}" class="stonith" type="{agent}"><instance_attributes id="{id}-ia">
                   <nvpair id="{id}-m" name="method" value="cycle"/></instance_attributes></primitive>"#
            )
        };
        let text = format!(
            "<cib><configuration><crm_config/><nodes/><resources>{}{}</resources><constraints/></configuration>
             <status/></cib>",
            device("disk", "fence_sbd"),
            device("power", "fence_apc")
        );
        let told = fencing_options(&Cib::parse(&text).unwrap());
        assert_eq!(told.len(), 1);
        assert!(told[0].ends_with("'onoff': 'power'"), "{told:?}");
    }
}
