//! Files of all nodes as a whole (`sync`, `reload`, `authkey`), names that all nodes must change
//! together (`rename`), and the end of this one (`kill`).

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::target_conf;
use base64::Engine as _;
use serde_json::{Value, json};

pub fn sync(context: &mut Context, words: &[String]) -> Done {
    no_words(words)?;
    context.run("rhapsody.cluster.sync", &json!({ "force_flags": context.force_flags() })).map(|_| ())
}

pub fn reload(context: &mut Context, words: &[String]) -> Done {
    no_words(words)?;
    context.run("cluster.reload_corosync_conf", &json!({})).map(|_| ())
}

pub fn kill(context: &mut Context, words: &[String]) -> Done {
    no_words(words)?;
    context.run("rhapsody.cluster.kill", &json!({})).map(|_| ())
}

pub fn authkey(context: &mut Context, words: &[String]) -> Done {
    let key = match words {
        [] => Value::Null,
        [path] => {
            let bytes = std::fs::read(path)
                .map_err(|error| Failure::Message(format!("Unable to read the authkey '{path}': {error}")))?;
            Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        _ => return Err(usage()),
    };
    let request = json!({ "key": key, "force_flags": context.force_flags() });
    context.run("rhapsody.cluster.authkey", &request).map(|_| ())
}

pub fn rename(context: &mut Context, words: &[String]) -> Done {
    let [name] = words else { return Err(usage()) };
    let request = json!({ "new_name": name, "force_flags": context.force_flags() });
    target_conf::run(context, "cluster.rename", &request).map(|_| ())
}

pub fn rename_node(context: &mut Context, words: &[String]) -> Done {
    let [old, new] = words else { return Err(usage()) };
    let request = json!({ "old_name": old, "new_name": new, "force_flags": context.force_flags() });
    target_conf::run(context, "cluster.rename_node_corosync", &request).map(|_| ())
}

fn no_words(words: &[String]) -> Done {
    if words.is_empty() { Ok(()) } else { Err(usage()) }
}
