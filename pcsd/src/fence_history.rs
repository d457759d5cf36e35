//! Fencings in the journals, without those that somebody has cleaned up. A journal is never
//! shortened: a cleanup is remembered as the time up to which nothing is shown.

use crate::app::App;
use crate::engine::EngineError;
use crate::files;
use crate::paths::Paths;
use anyhow::Context;
use rhapsody_api::core::Event;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Of all nodes.
const ALL: &str = "*";
/// What all nodes note of a fencing comes so close to what its coordinator noted, clocks included.
const SAME_MS: u64 = 30_000;

/// By node: nothing up to this time (milliseconds since 1970) is shown.
type Marks = BTreeMap<String, u64>;

fn path(paths: &Paths) -> PathBuf {
    paths.own("fence-history.json")
}

/// A file that is damaged hides nothing.
fn marks(paths: &Paths) -> Marks {
    let bytes = files::read_optional(&path(paths)).ok().flatten().unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

pub fn forget(paths: &Paths, node: Option<&str>, until_ms: u64) -> anyhow::Result<()> {
    let mut marks = marks(paths);
    match node {
        Some(node) => {
            marks.insert(node.to_owned(), until_ms);
        }
        // It includes what was said of single nodes.
        None => marks = Marks::from([(ALL.to_owned(), until_ms)]),
    }
    let path = path(paths);
    let text = serde_json::to_vec_pretty(&marks)?;
    files::write_whole(&path, &text, 0o600).with_context(|| format!("cannot write {}", path.display()))
}

/// The fencings that this node knows.
pub async fn of_this_node(app: &App) -> Result<Vec<Event>, EngineError> {
    // 0 would be "from now on".
    let (mut found, mut since) = (Vec::new(), 1);
    loop {
        let page = app.engine.events(since).await?;
        let Some(last) = page.last().map(|event| event.number).filter(|last| *last > since) else { break };
        since = last;
        found.extend(page.into_iter().filter(is_end));
    }
    Ok(shown(found, &marks(&app.paths)))
}

/// Not the begin of one.
fn is_end(event: &Event) -> bool {
    event.code == "fenced" || (event.code == "fence" && event.fields["result"].is_string())
}

fn node_of(event: &Event) -> &str {
    event.fields["node"].as_str().unwrap_or_default()
}

fn shown(mut events: Vec<Event>, marks: &Marks) -> Vec<Event> {
    let mark = |name: &str| marks.get(name).copied().unwrap_or(0);
    events.retain(|event| event.wall_ms > mark(ALL).max(mark(node_of(event))));
    events
}

/// What several nodes know, each fencing once: its coordinator tells more of it than the others.
pub fn merged(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| (event.code != "fence", event.wall_ms));
    let mut kept: Vec<Event> = Vec::new();
    for event in events {
        let same = |other: &Event| {
            let stronger = event.code == "fenced"
                && matches!(other.fields["result"].as_str(), Some("ok" | "confirmed") | None);
            node_of(other) == node_of(&event)
                && other.wall_ms.abs_diff(event.wall_ms) <= SAME_MS
                && (stronger || *other == event)
        };
        if !kept.iter().any(same) {
            kept.push(event);
        }
    }
    kept.sort_by_key(|event| event.wall_ms);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(at: u64, code: &str, node: &str, result: Option<&str>) -> Event {
        Event {
            number: 1,
            wall_ms: at,
            mono_ms: 0,
            code: code.to_owned(),
            text: String::new(),
            fields: json!({"node": node, "result": result}),
        }
    }

    #[test]
    fn each_fencing_is_there_once() {
        let done = event(1_000_000, "fence", "n2", Some("ok"));
        let failed = event(900_000, "fence", "n2", Some("failed"));
        let noted = [event(1_000_100, "fenced", "n2", None), event(1_000_900, "fenced", "n2", None)];
        let other = event(1_000_100, "fenced", "n3", None);
        let all = [noted.to_vec(), vec![done.clone(), failed.clone(), other.clone(), done.clone()]].concat();
        assert_eq!(merged(all), [failed, done, other]);
        assert_eq!(merged(noted.to_vec()).len(), 1, "when the coordinator is gone one of the others tells");
        assert!(!is_end(&event(1, "fence", "n2", None)) && is_end(&noted[0]));
    }

    #[test]
    fn a_cleanup_hides_what_was() {
        let paths = Paths::below(&crate::testing::folder("fence-history"));
        let events = [
            event(10, "fenced", "n2", None),
            event(20, "fenced", "n3", None),
            event(30, "fenced", "n2", None),
        ];
        let left =
            || shown(events.to_vec(), &marks(&paths)).iter().map(|event| event.wall_ms).collect::<Vec<_>>();
        assert_eq!(left(), [10, 20, 30]);
        forget(&paths, Some("n2"), 15).unwrap();
        assert_eq!(left(), [20, 30]);
        forget(&paths, None, 25).unwrap();
        assert_eq!(left(), [30]);
        std::fs::write(path(&paths), "damaged").unwrap();
        assert_eq!(left(), [10, 20, 30]);
    }
}
