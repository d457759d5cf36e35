//! `config` as text: the cluster, its nodes, and every section that has something in it.

use crate::Done;
use crate::commands::resource::defaults;
use crate::commands::{alert, property, resource, stonith, tag};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::constraints_text::{self, Full};
use crate::output::nvset_text::indent;
use crate::settings;
use rhapsody_conf::{Conf, Section};
use rhapsody_ops::configuration::Configuration;
use rhapsody_ops::dto::resources::Resources;
use serde_json::json;

/// Options of the quorum that people set.
const QUORUM: &[&str] =
    &["auto_tie_breaker", "last_man_standing", "last_man_standing_window", "wait_for_all"];

pub fn run(context: &mut Context) -> Done {
    let conf = corosync(context)?;
    let all = super::export::get(context)?;
    let mut sections = vec![head(conf.as_ref(), &all)];
    sections.extend(of_cib(context, all)?);
    sections.push(quorum(conf.as_ref()));
    spaced(sections).iter().for_each(|line| context.line(line));
    Ok(())
}

/// The sections one after the other, an empty line between them.
pub fn spaced(sections: Vec<Vec<String>>) -> Vec<String> {
    let sections: Vec<_> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join(&String::new())
}

/// What the CIB says, a section each; those that have nothing in them are empty.
pub fn of_cib(context: &mut Context, all: Configuration) -> Result<Vec<Vec<String>>, Failure> {
    let mut sections = Vec::new();
    let resources = all.resources.clone().unwrap_or_default();
    let devices = resource::config::stonith_alone(&resources);
    let (mut ours, mut fencing) = (resources.clone(), Resources::default());
    (fencing.primitives, ours.primitives) =
        ours.primitives.into_iter().partition(|found| devices.contains(&found.id));
    sections.push(titled("Resources:", resource::config::text(&ours, &resources, &[])));
    sections.push(titled("Stonith Devices:", resource::config::text(&fencing, &resources, &[])));
    sections.push(titled("Fencing Levels:", stonith::level::text(&all.fencing_levels.unwrap_or_default())));
    sections.push(constraints_text::all(&all.constraints.unwrap_or_default(), Full(true)));
    sections.push(titled("Alerts:", alert::config::lines(&all.alerts.unwrap_or_default())));
    let lines = |found: Option<_>| defaults::lines(&found.unwrap_or_default(), false);
    let mut both = titled("Resources Defaults:", lines(all.resource_defaults));
    both.extend(titled("Operations Defaults:", lines(all.operation_defaults)));
    sections.push(both);
    sections.push(context.captured(|context| property::config::run(context, &[]))?);
    let mut tags: Vec<String> =
        tag::lines(&all.tags.unwrap_or_default()).iter().map(|line| format!(" {line}")).collect();
    if !tags.is_empty() {
        tags.insert(0, "Tags:".to_owned());
    }
    sections.push(tags);
    Ok(sections)
}

fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    std::iter::once(title.to_owned()).chain(indent(lines)).collect()
}

/// corosync.conf: of the cluster, or for a file the one named or that of this machine.
fn corosync(context: &mut Context) -> Result<Option<Conf>, Failure> {
    let named = context.options.value("--corosync_conf").map(str::to_owned);
    if !context.options.has("-f") && named.is_none() {
        let answer = context.run("cluster.get_corosync_conf", &json!({}))?;
        return Ok(answer.as_str().and_then(|text| Conf::parse(text).ok()));
    }
    let path = named.clone().or_else(|| settings::setting("corosync_conf_file"));
    let path = path.unwrap_or_else(|| "/etc/corosync/corosync.conf".to_owned());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if named.is_none() => return Ok(None),
        Err(error) => {
            let text = format!("Unable to read Corosync configuration '{path}': {error}");
            return Err(Failure::Message(text));
        }
    };
    let conf = Conf::parse(&text).map_err(|error| {
        Failure::Message(format!("Unable to parse Corosync configuration '{path}': {error}"))
    })?;
    Ok(Some(conf))
}

fn head(conf: Option<&Conf>, all: &Configuration) -> Vec<String> {
    let in_cib =
        all.properties.iter().flat_map(|found| &found.nvsets).find_map(|set| set.get("cluster-name"));
    let value = |section: &str, name: &str| {
        let found = conf?.root().sections(section).find_map(|found| found.get(name).map(str::to_owned));
        found.filter(|value| !value.is_empty())
    };
    let name = value("totem", "cluster_name").or_else(|| in_cib.map(str::to_owned)).unwrap_or_default();
    let mut lines = vec![format!("Cluster Name: {name}").trim_end().to_owned()];
    let node = |node: &Section| node.get("name").or(node.get("ring0_addr")).unwrap_or_default().to_owned();
    let corosync: Vec<String> = conf
        .map(|conf| {
            conf.root()
                .sections("nodelist")
                .flat_map(|list| list.sections("node").map(node).collect::<Vec<_>>())
                .collect()
        })
        .unwrap_or_default();
    let pacemaker: Vec<String> =
        all.nodes.iter().flat_map(|found| &found.nodes).map(|node| node.uname.clone()).collect();
    for (title, names) in [("Corosync Nodes:", corosync), ("Pacemaker Nodes:", pacemaker)] {
        lines.push(title.to_owned());
        if !names.is_empty() {
            lines.push(format!(" {}", names.join(" ")));
        }
    }
    lines
}

fn quorum(conf: Option<&Conf>) -> Vec<String> {
    let Some(conf) = conf else { return Vec::new() };
    let options = conf.root().sections("quorum").flat_map(|section| {
        let known = section.pairs().filter(|(name, _)| QUORUM.contains(name));
        known.map(|(name, value)| format!("  {name}: {value}")).collect::<Vec<_>>()
    });
    let mut options: Vec<String> = options.collect();
    if options.is_empty() {
        return Vec::new();
    }
    options.sort();
    options.insert(0, "Options:".to_owned());
    titled("Quorum:", options)
}
