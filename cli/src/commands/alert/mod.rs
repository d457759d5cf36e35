//! `rhapsody alert ...`

pub mod config;

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups, Pairs};
use rhapsody_ops::alert::{RecipientRequest, RemoveRecipientRequest, RemoveRequest, Request};

const CONFIG: &[&str] = &["-f", "--output-format"];
const F: &[&str] = &["-f", "--dry-run"];
const FORCE: &[&str] = &["-f", "--dry-run", "--force"];

pub const NOUN: Noun = Noun {
    name: "alert",
    about: "manage alerts, programs that are told about events",
    verbs: &[
        Verb { words: "", usage: "\nShow alerts.", options: CONFIG, run: config::run },
        Verb {
            words: "config",
            usage: "[--output-format text|cmd|json]\nShow alerts.",
            options: CONFIG,
            run: config::run,
        },
        Verb { words: "show", usage: "\nShow alerts.", options: CONFIG, run: config::run },
        Verb {
            words: "create",
            usage: "path=<path> [id=<alert id>] [description=<description>] [options [<option>=<value>]...] [meta [<meta option>=<value>]...]\nMake an alert.",
            options: F,
            run: create,
        },
        Verb {
            words: "update",
            usage: "<alert id> [path=<path>] [description=<description>] [options [<option>=<value>]...] [meta [<meta option>=<value>]...]\nChange an alert.",
            options: F,
            run: update,
        },
        Verb { words: "delete", usage: "<alert id>...\nRemove alerts.", options: F, run: remove },
        Verb { words: "remove", usage: "<alert id>...\nRemove alerts.", options: F, run: remove },
        Verb {
            words: "recipient add",
            usage: "<alert id> value=<recipient value> [id=<recipient id>] [description=<description>] [options ...] [meta ...]\nAdd a recipient.",
            options: FORCE,
            run: recipient_add,
        },
        Verb {
            words: "recipient update",
            usage: "<recipient id> [value=<recipient value>] [description=<description>] [options ...] [meta ...]\nChange a recipient.",
            options: FORCE,
            run: recipient_update,
        },
        Verb {
            words: "recipient delete",
            usage: "<recipient id>...\nRemove recipients.",
            options: F,
            run: recipient_remove,
        },
        Verb {
            words: "recipient remove",
            usage: "<recipient id>...\nRemove recipients.",
            options: F,
            run: recipient_remove,
        },
    ],
};

struct Words {
    main: Pairs,
    options: Pairs,
    meta: Pairs,
}

fn parse(words: &[String], allowed: &[&str]) -> Result<Words, Failure> {
    let parts = Groups::split(words, &["options", "meta"]);
    let main = grammar::pairs(&parts.head)?;
    if let Some((name, value)) = main.iter().find(|(name, _)| !allowed.contains(&name.as_str())) {
        return Err(Failure::Message(format!("Unexpected parameter '{name}={value}'")));
    }
    Ok(Words {
        main,
        options: grammar::pairs(&parts.flat("options"))?,
        meta: grammar::pairs(&parts.flat("meta"))?,
    })
}

fn create(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let words = parse(words, &["id", "path", "description"])?;
    let request = Request {
        alert_id: words.main.get("id").cloned(),
        path: words.main.get("path").cloned(),
        description: words.main.get("description").cloned(),
        instance_attribute_dict: words.options,
        meta_attribute_dict: words.meta,
    };
    context.change("alert.create_alert", &request)?;
    Ok(())
}

fn update(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let words = parse(rest, &["path", "description"])?;
    let request = Request {
        alert_id: Some(id.clone()),
        path: words.main.get("path").cloned(),
        description: words.main.get("description").cloned(),
        instance_attribute_dict: words.options,
        meta_attribute_dict: words.meta,
    };
    context.change("alert.update_alert", &request)?;
    Ok(())
}

fn remove(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    context.change("alert.remove_alert", &RemoveRequest { alert_id_list: words.to_vec() })?;
    Ok(())
}

fn recipient_add(context: &mut Context, words: &[String]) -> Done {
    let [alert_id, rest @ ..] = words else { return Err(usage()) };
    if rest.is_empty() {
        return Err(usage());
    }
    let words = parse(rest, &["id", "value", "description"])?;
    let request = RecipientRequest {
        alert_id: alert_id.clone(),
        recipient_id: words.main.get("id").cloned(),
        recipient_value: words.main.get("value").cloned(),
        description: words.main.get("description").cloned(),
        instance_attribute_dict: words.options,
        meta_attribute_dict: words.meta,
        allow_same_value: context.options.force(),
    };
    context.change("alert.add_recipient", &request)?;
    Ok(())
}

fn recipient_update(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let words = parse(rest, &["value", "description"])?;
    let request = RecipientRequest {
        recipient_id: Some(id.clone()),
        recipient_value: words.main.get("value").cloned(),
        description: words.main.get("description").cloned(),
        instance_attribute_dict: words.options,
        meta_attribute_dict: words.meta,
        allow_same_value: context.options.force(),
        ..RecipientRequest::default()
    };
    context.change("alert.update_recipient", &request)?;
    Ok(())
}

fn recipient_remove(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let request = RemoveRecipientRequest { recipient_id_list: words.to_vec() };
    context.change("alert.remove_recipient", &request)?;
    Ok(())
}
