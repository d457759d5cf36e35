//! `resource group ...`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use rhapsody_ops::resource::group::AddRequest;
use rhapsody_ops::resource::unclone::UngroupRequest;

pub fn add(context: &mut Context, words: &[String]) -> Done {
    let [group_id, resources @ ..] = words else { return Err(usage()) };
    if resources.is_empty() {
        return Err(usage());
    }
    let (adjacent, after) = adjacent(context)?;
    wait::refuse_on_file(context)?;
    let request = AddRequest {
        group_id: group_id.clone(),
        resource_id_list: resources.to_vec(),
        adjacent_resource_id: adjacent,
        put_after_adjacent: Some(after),
    };
    context.change("resource.group_add", &request)?;
    Ok(())
}

/// `--before ID` or `--after ID`.
pub fn adjacent(context: &Context) -> Result<(Option<String>, bool), crate::failure::Failure> {
    let options = &context.options;
    match (options.value("--before"), options.value("--after")) {
        (Some(_), Some(_)) => {
            Err(crate::failure::Failure::message("you cannot specify both --before and --after"))
        }
        (Some(id), None) => Ok((Some(id.to_owned()), false)),
        (None, Some(id)) => Ok((Some(id.to_owned()), true)),
        (None, None) => Ok((None, true)),
    }
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    let [group_id, resources @ ..] = words else { return Err(usage()) };
    wait::refuse_on_file(context)?;
    let request = UngroupRequest { group_id: group_id.clone(), resource_ids: resources.to_vec() };
    context.change("rhapsody.resource.ungroup", &request)?;
    Ok(())
}

pub fn list(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    for group in super::configured(context)?.groups {
        let members: Vec<String> = group.member_ids.iter().map(|member| format!(" {member}")).collect();
        context.line(format!("{}:{}", group.id, members.concat()));
    }
    Ok(())
}
