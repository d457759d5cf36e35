//! Small clusters and what becomes of them: `testdata/FOLDER/NAME.xml` -> `NAME.txt`. The first line
//! of a case is the rule that it shows. The text is that of a simulation with scores, then the planned
//! actions with what each waits for, then what a second run would still do (most often nothing).
//! Where a `NAME.graph` exists, it is the transition graph with all parameters.
//! `UPDATE=1 cargo test` rewrites the texts; read the difference.

use rhapsody_cib::Cib;
use rhapsody_scheduler::simulate::{Answer, Request, Text, read_cib, simulate};
use rhapsody_scheduler::{Options, schedule};
use rhapsody_transition::Transition;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const NOW: i64 = 1_790_000_000;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let entries = |p: &Path| std::fs::read_dir(p).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let mut files: Vec<_> =
        entries(&folder).iter().flat_map(|p| if p.is_dir() { entries(p) } else { vec![p.clone()] }).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "xml"));
    files.sort();
    files
}

/// `KEY on NODE` of every action; with `inputs`, also what it waits for.
fn action_lines(t: &Transition, inputs: bool) -> String {
    let label = |a: &rhapsody_transition::Action| {
        let key = a.internal_key.as_deref().unwrap_or(&a.key);
        // A cancellation has the key of what it cancels.
        let cancel = if a.task == "cancel" { "cancel " } else { "" };
        a.node.as_ref().map_or(key.to_owned(), |n| format!("{cancel}{key} on {n}"))
    };
    let mut text = String::new();
    for a in &t.actions {
        write!(text, "  * {}", label(a)).unwrap();
        if inputs && !a.inputs.is_empty() {
            let waits = a
                .inputs
                .iter()
                .map(|id| t.actions.iter().find(|b| b.id == *id).map_or("what is not planned".into(), label));
            write!(text, " <- {}", waits.collect::<Vec<_>>().join(", ")).unwrap();
        }
        text.push('\n');
    }
    text
}

/// Everything about one case: the text, and the answer that it comes from.
fn outcome(source: &str) -> (String, Answer) {
    let request = Request { now: NOW, simulate: true, show_scores: true, graph: true, ..Request::default() };
    let mut out = Text { show_scores: true, ..Text::default() };
    let answer = simulate(&read_cib(source.to_owned()).unwrap(), &request, &mut out).unwrap();
    let plan = |cib: &Cib| schedule(cib, &Options { now: NOW, ..Options::default() }).transition;
    let mut text = out.text;
    let planned = action_lines(&plan(&Cib::parse(source).unwrap()), true);
    if !planned.is_empty() {
        write!(text, "\nTransition Graph:\n{planned}").unwrap();
    }
    let after = Cib::try_from(answer.document.clone().unwrap()).unwrap();
    let left = action_lines(&plan(&after), false);
    if !left.is_empty() {
        write!(text, "\nAfterwards:\n{left}").unwrap();
    }
    (text, answer)
}

fn holds(expected: &Path, text: &str) -> bool {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(expected, text).unwrap();
    }
    std::fs::read_to_string(expected).unwrap_or_default() == text
}

#[test]
fn own_cases() {
    let mut wrong = Vec::new();
    for path in cases() {
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(source.starts_with("<!-- "), "{}: which rule is it?", path.display());
        let (text, answer) = outcome(&source);
        assert_eq!(text, outcome(&source).0, "{}: the same input, another text", path.display());
        if !holds(&path.with_extension("txt"), &text) {
            wrong.push(format!("{}:\n{text}", path.display()));
        }
        let graph = path.with_extension("graph");
        if graph.exists() && !holds(&graph, &answer.graph.unwrap_or_default()) {
            wrong.push(graph.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
