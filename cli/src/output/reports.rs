//! Reports on stderr, one line each.

use rhapsody_api::Report;
use rhapsody_api::report::Level;

/// Prints what a command told; debug reports only when asked for.
pub fn tell(reports: &[Report], debug: bool) {
    for report in reports {
        if report.severity.level != Level::Debug || debug {
            eprintln!("{}", line(report));
        }
    }
}

/// One report as it is printed.
pub fn line(report: &Report) -> String {
    let word = match report.severity.level {
        Level::Error => "Error: ",
        Level::Warning => "Warning: ",
        Level::Deprecation => "Deprecation Warning: ",
        Level::Info => "",
        Level::Debug => "Debug: ",
    };
    let node = report.context.as_ref().map(|context| format!("{}: ", context.node)).unwrap_or_default();
    // Some sentences of pcs name their node themselves.
    let node = if report.message.message.starts_with(&node) { String::new() } else { node };
    let hint = match (report.severity.level, report.severity.force_code.as_deref()) {
        (Level::Error, Some("SKIP_OFFLINE_NODES")) => ", use --skip-offline to override",
        (Level::Error, Some(_)) => ", use --force to override",
        _ => "",
    };
    // The hint belongs to the sentence, not to the list that may follow it.
    let (sentence, list) = report.message.message.split_once('\n').unwrap_or((&report.message.message, ""));
    let break_ = if list.is_empty() { "" } else { "\n" };
    format!("{word}{node}{sentence}{hint}{break_}{list}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_bad_it_is_where_and_what_overrides_it() {
        let report = Report::error("X", "it is wrong").forceable("FORCE").on_node("n1");
        assert_eq!(line(&report), "Error: n1: it is wrong, use --force to override");
        assert_eq!(line(&Report::info("X", "n1: Authorized").on_node("n1")), "n1: Authorized");
        assert_eq!(line(&Report::deprecation("X", "old")), "Deprecation Warning: old");
    }
}
