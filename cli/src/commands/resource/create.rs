//! `resource create`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups, Pairs};
use rhapsody_ops::resource::operations::Operation;
use rhapsody_ops::resource::{bundle, create, create_as_clone, group};

/// Where the new resource goes.
enum Place {
    Alone,
    Clone { id: Option<String>, meta: Pairs },
    Group { id: String, adjacent: Option<String>, after: bool },
    Bundle { id: String },
}

struct Words {
    options: Pairs,
    operations: Vec<Operation>,
    meta: Pairs,
    place: Place,
}

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let [id, agent, rest @ ..] = words else { return Err(usage()) };
    let parsed = parse(context, rest)?;
    wait::refuse_on_file(context)?;
    let force = context.options.force();
    let simple = create::Request {
        resource_id: id.clone(),
        resource_agent_name: agent.clone(),
        operation_list: parsed.operations,
        meta_attributes: parsed.meta,
        instance_attributes: parsed.options,
        allow_absent_agent: force,
        allow_invalid_operation: force,
        allow_invalid_instance_attributes: force,
        allow_not_suitable_command: force,
        use_default_operations: Some(!context.options.has("--no-default-ops")),
        ensure_disabled: context.options.has("--disabled"),
        enable_agent_self_validation: context.options.has("--agent-validation"),
    };
    match parsed.place {
        Place::Alone => context.change("resource.create", &simple)?,
        Place::Clone { id, meta } => {
            context.change("resource.create_as_clone", &as_clone(simple, id, meta, force))?
        }
        Place::Group { id, adjacent, after } => {
            context.change("resource.create_in_group", &in_group(simple, id, adjacent, after))?
        }
        Place::Bundle { id } => {
            let request = bundle::CreateInRequest {
                primitive: simple,
                bundle_id: id,
                allow_not_accessible_resource: force,
            };
            context.change("rhapsody.resource.create_in_bundle", &request)?
        }
    };
    Ok(())
}

fn as_clone(from: create::Request, id: Option<String>, meta: Pairs, force: bool) -> create_as_clone::Request {
    create_as_clone::Request {
        resource_id: from.resource_id,
        resource_agent_name: from.resource_agent_name,
        operation_list: from.operation_list,
        meta_attributes: from.meta_attributes,
        instance_attributes: from.instance_attributes,
        clone_meta_options: meta,
        clone_id: id,
        allow_absent_agent: from.allow_absent_agent,
        allow_invalid_operation: from.allow_invalid_operation,
        allow_invalid_instance_attributes: from.allow_invalid_instance_attributes,
        allow_not_suitable_command: from.allow_not_suitable_command,
        allow_incompatible_clone_meta_attributes: force,
        use_default_operations: from.use_default_operations,
        ensure_disabled: from.ensure_disabled,
        enable_agent_self_validation: from.enable_agent_self_validation,
    }
}

fn in_group(
    from: create::Request,
    id: String,
    adjacent: Option<String>,
    after: bool,
) -> group::CreateRequest {
    group::CreateRequest {
        resource_id: from.resource_id,
        resource_agent_name: from.resource_agent_name,
        group_id: id,
        operation_list: from.operation_list,
        meta_attributes: from.meta_attributes,
        instance_attributes: from.instance_attributes,
        allow_absent_agent: from.allow_absent_agent,
        allow_invalid_operation: from.allow_invalid_operation,
        allow_invalid_instance_attributes: from.allow_invalid_instance_attributes,
        allow_not_suitable_command: from.allow_not_suitable_command,
        use_default_operations: from.use_default_operations,
        ensure_disabled: from.ensure_disabled,
        adjacent_resource_id: adjacent,
        put_after_adjacent: Some(after),
        enable_agent_self_validation: from.enable_agent_self_validation,
    }
}

/// The words after the agent's name.
fn parse(context: &Context, words: &[String]) -> Result<Words, Failure> {
    let future = context.options.has("--future");
    let with_option = context.options.value("--group").is_some();
    let outer = ["clone", "promotable", "bundle", "group"];
    let keywords: &[&str] = if future || !with_option { &outer } else { &outer[..3] };
    let parts = Groups::split(words, keywords);
    let own = Groups::split(&parts.head, &INNER);
    if with_option && !future {
        warn_group_options(context);
    }
    if parts.groups.len() + usize::from(with_option) > 1 {
        let group = if future { "group" } else { "--group" };
        return Err(Failure::Message(format!(
            "you can specify only one of clone, promotable, bundle or {group}"
        )));
    }
    let mut op_parts: Vec<Vec<String>> = own.each("op").map(<[String]>::to_vec).collect();
    let mut meta_words = own.flat("meta");
    let place = match parts.groups.first() {
        Some((keyword, words)) => {
            let mut inner = Groups::split(words, &INNER);
            if future {
                refuse_inner(keyword, &inner)?;
            } else {
                warn_inner(keyword, &inner);
                op_parts.extend(inner.each("op").map(<[String]>::to_vec));
                meta_words.extend(inner.flat("meta"));
                inner.groups.clear();
            }
            match keyword.as_str() {
                "bundle" => match inner.head.as_slice() {
                    [id] => Place::Bundle { id: id.clone() },
                    _ => return Err(Failure::message("you have to specify exactly one bundle")),
                },
                "group" => group_place(context, &inner.head)?,
                _ => clone_place(keyword, &inner, future)?,
            }
        }
        None => option_group(context, future)?,
    };
    let occurrences: Vec<&[String]> = op_parts.iter().map(Vec::as_slice).collect();
    Ok(Words {
        options: grammar::pairs(&own.head)?,
        operations: grammar::operations(&occurrences)?,
        meta: grammar::pairs(&meta_words)?,
        place,
    })
}

/// What an article may write behind `clone ID` and still mean for the resource itself.
const INNER: [&str; 2] = ["op", "meta"];

/// `op` and `meta` behind the place are the resource's today; in future `meta` is the clone's.
fn warn_inner(keyword: &str, inner: &Groups) {
    let clone = keyword == "clone" || keyword == "promotable";
    for (word, what) in [("op", "operations"), ("meta", "meta attributes")] {
        if inner.has(word) {
            let future = if clone && word == "meta" { "set those of the clone" } else { "be removed" };
            eprintln!(
                "Deprecation Warning: Specifying '{word}' after '{keyword}' sets {what} of the resource itself. In a \
                 future release it will {future}. Write '{word}' before '{keyword}', or specify --future to switch to \
                 the future behavior."
            );
        }
    }
}

fn refuse_inner(keyword: &str, inner: &Groups) -> Result<(), Failure> {
    let clone = keyword == "clone" || keyword == "promotable";
    for (word, what) in [("op", "op settings"), ("meta", "meta options")] {
        if inner.has(word) && !(clone && word == "meta") {
            return Err(Failure::Message(format!(
                "{what} must be defined on the base resource, not the {keyword}"
            )));
        }
    }
    Ok(())
}

fn clone_place(keyword: &str, words: &Groups, future: bool) -> Result<Place, Failure> {
    let (id, rest) = match words.head.split_first() {
        Some((first, rest)) if !first.contains('=') => (Some(first.clone()), rest),
        _ => (None, words.head.as_slice()),
    };
    let mut all = Pairs::new();
    if !rest.is_empty() {
        if future {
            return Err(usage());
        }
        eprintln!(
            "Deprecation Warning: Configuring {keyword} meta attributes without specifying the 'meta' keyword after the \
             '{keyword}' keyword is deprecated and will be removed in a future release. Specify --future to switch to the \
             future behavior."
        );
        all.extend(grammar::pairs(rest)?);
    }
    all.extend(grammar::pairs(&words.flat("meta"))?);
    if keyword == "promotable" {
        if all.contains_key("promotable") {
            return Err(Failure::message("you cannot specify both promotable option and promotable keyword"));
        }
        all.insert("promotable".to_owned(), "true".to_owned());
    }
    Ok(Place::Clone { id, meta: all })
}

/// `group ID [before|after RESOURCE]`.
fn group_place(context: &Context, words: &[String]) -> Result<Place, Failure> {
    if context.options.has("--before") || context.options.has("--after") {
        return Err(usage());
    }
    let [id, rest @ ..] = words else {
        return Err(Failure::message("you have to specify exactly one group"));
    };
    let place = |adjacent: Option<String>, after: bool| Place::Group { id: id.clone(), adjacent, after };
    match rest {
        [] => Ok(place(None, true)),
        [word, adjacent] if word == "before" => Ok(place(Some(adjacent.clone()), false)),
        [word, adjacent] if word == "after" => Ok(place(Some(adjacent.clone()), true)),
        [word] if word == "before" || word == "after" => {
            Err(Failure::Message(format!("you have to specify exactly one resource after '{word}'")))
        }
        [_, _, word, _] if word == "before" || word == "after" => {
            Err(Failure::message("you cannot specify both 'before' and 'after'"))
        }
        _ => Err(Failure::message("you have to specify exactly one group")),
    }
}

/// `--group ID [--before ID | --after ID]`, as it was written up to now.
fn option_group(context: &Context, future: bool) -> Result<Place, Failure> {
    let options = &context.options;
    let Some(id) = options.value("--group") else {
        for name in ["--before", "--after"] {
            if options.has(name) {
                return Err(Failure::Message(format!("you cannot use {name} without --group")));
            }
        }
        return Ok(Place::Alone);
    };
    if future {
        return Err(Failure::message("Specified option '--group' is not supported in this command"));
    }
    let (adjacent, after) = super::group::adjacent(context)?;
    Ok(Place::Group { id: id.to_owned(), adjacent, after })
}

/// `--group` and what goes with it are on their way out.
fn warn_group_options(context: &Context) {
    for (old, new) in [("--group", "group"), ("--before", "before"), ("--after", "after")] {
        if context.options.has(old) {
            eprintln!(
                "Deprecation Warning: Using '{old}' is deprecated and will be replaced with '{new}' in a future release. \
                 Specify --future to switch to the future behavior."
            );
        }
    }
}
