//! `cluster cib` and `cluster cib-push`: the whole document, or one section.

use crate::Done;
use crate::commands::wait;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_ops::cluster::cib_push::SCOPES;
use serde_json::{Map, Value, json};

pub fn show(context: &mut Context, words: &[String]) -> Done {
    let (file, scope, _) = parse(context, words, &["scope"])?;
    let text = text(context, scope.as_deref())?;
    let Some(path) = file else {
        context.line(text.trim_end());
        return Ok(());
    };
    std::fs::write(&path, format!("{}\n", text.trim_end()))
        .map_err(|e| Failure::Message(format!("Unable to write to file '{path}', {e}")))
}

/// The whole CIB of a file or of the cluster.
pub fn whole_text(context: &mut Context) -> Result<String, Failure> {
    text(context, None)
}

/// The same, or a section of it.
pub fn text(context: &mut Context, scope: Option<&str>) -> Result<String, Failure> {
    if let Some((_, held)) = context.held() {
        let text = held.to_xml();
        return match scope {
            Some(scope) => section(&text, "the CIB", scope),
            None => Ok(text),
        };
    }
    if let Some(path) = context.options.value("-f") {
        let text = read(path)?;
        return match scope {
            Some(scope) => section(&text, path, scope),
            None => whole(&text, path),
        };
    }
    let request = scope.map_or_else(|| json!({}), |scope| json!({ "scope": scope }));
    let answer = context.run("rhapsody.cluster.cib", &request)?;
    Ok(answer.as_str().ok_or_else(|| Failure::message("the answer is no CIB"))?.to_owned())
}

pub fn push(context: &mut Context, words: &[String]) -> Done {
    let (file, scope, against) = parse(context, words, &["scope", "diff-against"])?;
    let Some(path) = file else { return Err(super::super::usage()) };
    if scope.is_some() && against.is_some() {
        return Err(Failure::message("Cannot use both scope and diff-against"));
    }
    let mut request = Map::new();
    let cib = read(&path)
        .map_err(|_| Failure::Message(format!("unable to parse new cib: '{path}' cannot be read")))?;
    if cib.trim().is_empty() {
        return Err(Failure::Message(format!(
            "unable to parse new cib: '{path}' is empty, there is nothing to push"
        )));
    }
    request.insert("cib".to_owned(), Value::String(cib));
    if let Some(scope) = scope {
        request.insert("scope".to_owned(), Value::String(scope));
    }
    if let Some(path) = against {
        request.insert("diff_against".to_owned(), Value::String(read(&path)?));
    }
    request.insert("force_flags".to_owned(), json!(context.force_flags()));
    wait::refuse_on_file(context)?;
    let pushed = context.change("rhapsody.cluster.cib_push", &request)?;
    if pushed == Value::Bool(true) && !context.options.has("--dry-run") {
        eprintln!("CIB updated");
    }
    Ok(())
}

pub fn upgrade(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    context.change("rhapsody.cluster.cib_upgrade", &json!({})).map(|_| ())
}

/// The file, the scope and diff-against.
pub type Words = (Option<String>, Option<String>, Option<String>);

pub fn parse(context: &Context, words: &[String], known: &[&str]) -> Result<Words, Failure> {
    let (named, files): (Vec<String>, Vec<String>) = words.iter().cloned().partition(|w| w.contains('='));
    let mut pairs = grammar::pairs(&named)?;
    if files.len() > 1 || pairs.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(super::super::usage());
    }
    let mut scope = pairs.shift_remove("scope");
    if context.options.has("--config") {
        if scope.is_some() {
            return Err(Failure::message("Cannot use both scope and --config"));
        }
        scope = Some("configuration".to_owned());
    }
    if let Some(scope) = &scope
        && !SCOPES.contains(&scope.as_str())
    {
        return Err(Failure::Message(format!(
            "invalid CIB scope '{scope}', use one of: {}",
            SCOPES.join(", ")
        )));
    }
    Ok((files.into_iter().next(), scope, pairs.shift_remove("diff-against")))
}

fn read(path: &str) -> Result<String, Failure> {
    crate::whole_file::read(path.as_ref())
        .map_err(|e| Failure::Message(format!("Unable to read '{path}': {e}")))
}

/// As it will be written when it is changed.
fn whole(text: &str, path: &str) -> Result<String, Failure> {
    let cib = rhapsody_xml::Document::parse(text)
        .map_err(|e| Failure::Message(format!("'{path}' is not a CIB: {e}")))?;
    Ok(cib.write(cib.root()))
}

fn section(text: &str, path: &str, scope: &str) -> Result<String, Failure> {
    let cib = rhapsody_xml::Document::parse(text)
        .map_err(|e| Failure::Message(format!("'{path}' is not a CIB: {e}")))?;
    let found = cib.descendants(cib.root()).find(|e| cib.name(*e) == scope);
    let found =
        found.ok_or_else(|| Failure::Message(format!("there is no section '{scope}' in '{path}'")))?;
    Ok(cib.write(found))
}
