//! Resources as the commands that make them.

use super::cmd::{pair, quote};
use super::resources_text::{
    container_options, network_options, operation_options, port_options, storage_options,
};
use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::dto::resources::{Bundle, Clone, Group, Primitive, Resources};

/// Commands, each as its lines, for all resources given; warnings about what cannot be said so.
#[derive(Default)]
pub struct Commands {
    pub commands: Vec<Vec<String>>,
    pub warnings: Vec<String>,
}

impl Commands {
    pub fn extend(&mut self, more: Commands) {
        self.commands.extend(more.commands);
        self.warnings.extend(more.warnings);
    }

    fn describe(&mut self, id: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.commands.push(vec![format!(
                "rhapsody cib element description {} {}",
                quote(id),
                quote(text)
            )]);
        }
    }

    /// A primitive, possibly into a bundle.
    pub fn primitive(&mut self, primitive: &Primitive, bundle: Option<&str>) {
        let stonith = primitive.agent_name.standard == "stonith";
        let (noun, agent) = match stonith {
            true => ("stonith", primitive.agent_name.kind.clone()),
            false => ("resource", primitive.agent_name.to_string()),
        };
        let mut lines = vec![format!(
            "rhapsody {noun} create --no-default-ops --force -- {} {}",
            quote(&primitive.id),
            quote(&agent)
        )];
        if let Some(options) = block_line(&primitive.instance_attributes) {
            lines.push(format!("  {options}"));
        }
        if !primitive.operations.is_empty() {
            lines.push("  op".to_owned());
            for op in &primitive.operations {
                let mut words = vec![quote(&op.name), pair("interval", &op.interval)];
                if let Some(text) = &op.description {
                    words.push(pair("description", text));
                }
                if !op.id.is_empty() {
                    words.push(pair("id", &op.id));
                }
                words.extend(operation_options(op).iter().map(|(name, value)| pair(name, value)));
                lines.push(format!("    {}", words.join(" ")));
            }
        }
        if let Some(options) = block_line(&primitive.meta_attributes) {
            lines.push(format!("  meta {options}"));
        }
        if let Some(bundle) = bundle {
            lines.push(format!("  bundle {}", quote(bundle)));
        }
        self.commands.push(lines);
        if let Some(options) = block_line(&primitive.utilization) {
            self.commands.push(vec![
                format!("rhapsody resource utilization {}", quote(&primitive.id)),
                format!("  {options}"),
            ]);
        }
        self.describe(&primitive.id, primitive.description.as_deref());
    }

    pub fn group(&mut self, group: &Group, members: &[String]) {
        let names: Vec<String> = members.iter().map(|member| quote(member)).collect();
        self.commands.push(vec![
            format!("rhapsody resource group add {}", quote(&group.id)),
            format!("  {}", names.join(" ")),
        ]);
        if let Some(options) = block_line(&group.meta_attributes) {
            self.commands
                .push(vec![format!("rhapsody resource meta {}", quote(&group.id)), format!("  {options}")]);
        }
        self.describe(&group.id, group.description.as_deref());
    }

    pub fn clone(&mut self, clone: &Clone) {
        let mut lines =
            vec![format!("rhapsody resource clone {} {}", quote(&clone.member_id), quote(&clone.id))];
        if let Some(options) = block_line(&clone.meta_attributes) {
            lines.push(format!("  meta {options}"));
        }
        self.commands.push(lines);
        self.describe(&clone.id, clone.description.as_deref());
    }

    pub fn bundle(&mut self, bundle: &Bundle) {
        let mut lines = vec![format!("rhapsody resource bundle create {}", quote(&bundle.id))];
        if let Some(kind) = &bundle.container_type {
            lines.push(format!("  container {kind}"));
            lines.push(format!("    {}", shell(container_options(bundle))));
        }
        let network = network_options(bundle);
        if !network.is_empty() {
            lines.push(format!("  network {}", shell(network)));
        }
        lines.extend(
            bundle.port_mappings.iter().map(|port| format!("  port-map {}", shell(port_options(port)))),
        );
        lines.extend(
            bundle
                .storage_mappings
                .iter()
                .map(|storage| format!("  storage-map {}", shell(storage_options(storage)))),
        );
        if let Some(options) = block_line(&bundle.meta_attributes) {
            lines.push(format!("  meta {options}"));
        }
        self.commands.push(lines);
        self.describe(&bundle.id, bundle.description.as_deref());
    }
}

fn shell(options: Vec<String>) -> String {
    // The options were joined for people: only their quotes differ.
    options.iter().map(|option| quote(&option.replace('"', ""))).collect::<Vec<_>>().join(" ")
}

/// The pairs of the first block: commands know only one.
fn block_line(blocks: &[Nvset]) -> Option<String> {
    let pairs = &blocks.first()?.nvpairs;
    if pairs.is_empty() {
        return None;
    }
    Some(pairs.iter().map(|found| pair(&found.name, &found.value)).collect::<Vec<_>>().join(" "))
}

/// All commands for a set of resources, in an order in which they can be run.
pub fn all(resources: &Resources) -> Commands {
    let mut out = Commands::default();
    let is_stonith = |id: &str| {
        resources
            .primitives
            .iter()
            .any(|primitive| primitive.id == id && primitive.agent_name.standard == "stonith")
    };
    for bundle in &resources.bundles {
        if let Some(member) = bundle.member_id.as_ref().filter(|member| is_stonith(member)) {
            out.warnings.push(format!(
                "Bundle resource '{}' contains stonith resource: '{member}', which is unsupported. The bundle resource will be omitted.",
                bundle.id
            ));
            continue;
        }
        out.bundle(bundle);
        let member =
            resources.primitives.iter().find(|primitive| Some(&primitive.id) == bundle.member_id.as_ref());
        if let Some(member) = member {
            out.primitive(member, Some(&bundle.id));
        }
    }
    let in_bundle: Vec<&String> =
        resources.bundles.iter().filter_map(|bundle| bundle.member_id.as_ref()).collect();
    for primitive in &resources.primitives {
        if !in_bundle.contains(&&primitive.id) && primitive.agent_name.standard != "stonith" {
            out.primitive(primitive, None);
        }
    }
    let mut omitted: Vec<&str> = Vec::new();
    for group in &resources.groups {
        let (stonith, members): (Vec<String>, Vec<String>) =
            group.member_ids.iter().cloned().partition(|id| is_stonith(id));
        if !stonith.is_empty() {
            let all = members.is_empty();
            let names = stonith.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
            let s = if stonith.len() == 1 { "" } else { "s" };
            let what = if all { "group".to_owned() } else { format!("stonith resource{s}") };
            out.warnings.push(format!(
                "Group '{}' contains stonith resource{s}: {names}, which is unsupported. The {what} will be omitted.",
                group.id
            ));
            if all {
                omitted.push(&group.id);
                continue;
            }
        }
        out.group(group, &members);
    }
    for clone in &resources.clones {
        let members: Vec<String> = match resources.groups.iter().find(|group| group.id == clone.member_id) {
            Some(group) => group.member_ids.clone(),
            None => vec![clone.member_id.clone()],
        };
        let stonith: Vec<&String> = members.iter().filter(|id| is_stonith(id)).collect();
        if !stonith.is_empty()
            && (omitted.contains(&clone.member_id.as_str()) || stonith.len() == members.len())
        {
            let names = stonith.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
            let s = if stonith.len() == 1 { "" } else { "s" };
            out.warnings.push(format!(
                "Clone '{}' contains stonith resource{s}: {names}, which is unsupported. The clone will be omitted.",
                clone.id
            ));
            continue;
        }
        out.clone(clone);
    }
    out
}
