//! Who waits for whom: `testdata/graph/NAME.xml` -> `NAME.txt`, every action of the transition with
//! its inputs. `UPDATE=1 cargo test` rewrites the texts; read the difference.

use rhapsody_scheduler::{Options, schedule_document};
use rhapsody_transition::{Action, ActionKind, Transition};
use rhapsody_xml::Document;
use std::fmt::Write as _;
use std::path::Path;

/// `KEY@NODE`, with the instance's key where the graph has a shorter one; milestones in brackets.
fn name_of(a: &Action) -> String {
    let key = a.internal_key.as_ref().unwrap_or(&a.key);
    let place = a.node.as_ref().map(|n| format!("@{n}")).unwrap_or_default();
    if a.kind == ActionKind::Pseudo { format!("[{key}]{place}") } else { format!("{key}{place}") }
}

fn text_of(t: &Transition) -> String {
    let mut lines: Vec<String> = Vec::new();
    for a in &t.actions {
        let mut text = name_of(a);
        for (k, v) in a.params.iter().filter(|(k, _)| !k.starts_with("CRM_meta_") && *k != "crm_feature_set")
        {
            let _ = write!(text, " {k}={v}");
        }
        if let Some(ms) = a.timeout_ms().filter(|ms| *ms != 20_000) {
            let _ = write!(text, " timeout={ms}ms");
        }
        let mut inputs: Vec<String> = a
            .inputs
            .iter()
            .map(|id| {
                t.actions.iter().find(|b| b.id == *id).map_or("(nothing that will happen)".into(), name_of)
            })
            .collect();
        inputs.sort();
        for i in inputs {
            let _ = write!(text, "\n  after {i}");
        }
        lines.push(text);
    }
    lines.sort();
    lines.join("\n") + "\n"
}

#[test]
fn own_graphs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/graph");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "xml"));
    paths.sort();
    assert!(paths.len() >= 4);
    let mut wrong = Vec::new();
    for path in paths {
        let doc = Document::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let options = Options { now: 1_790_000_000, show_scores: false };
        let text = text_of(&schedule_document(&doc, &options).transition);
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, &text).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
