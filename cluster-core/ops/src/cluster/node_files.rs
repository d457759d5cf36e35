//! What a remote or guest node needs besides its place in the CIB, and who has to do it.

use crate::work::Work;
use rhapsody_agents_catalog::check::quoted;
use rhapsody_api::Report;

/// Why nothing is sent to the node and nothing started there.
fn reason(work: &Work<'_>) -> &'static str {
    if work.env.live {
        "this version does not do it"
    } else {
        "the command does not run on a live cluster (e.g. -f was used)"
    }
}

/// Names in corosync.conf are only known in a live cluster.
pub(super) fn tell_conflicts_unchecked(work: &mut Work<'_>) {
    if !work.env.live {
        let text = "Unable to check if there is a conflict with nodes set in corosync because the command does not run on a live cluster (e.g. -f was used)";
        work.report(Report::info("COROSYNC_NODE_CONFLICT_CHECK_SKIPPED", text));
    }
}

pub(super) fn tell_added(work: &mut Work<'_>, node: &str) {
    let reason = reason(work);
    work.report(Report::info(
        "FILES_DISTRIBUTION_SKIPPED",
        format!(
            "Distribution of 'pacemaker authkey' to '{node}' was skipped because {reason}. Please, distribute the file(s) manually."
        ),
    ));
    work.report(Report::info(
        "SERVICE_COMMANDS_ON_NODES_SKIPPED",
        format!(
            "Running action(s) 'pacemaker_remote enable', 'pacemaker_remote start' on '{node}' was skipped because {reason}. Please, run the action(s) manually."
        ),
    ));
}

pub(super) fn tell_removed(work: &mut Work<'_>, nodes: &[String]) {
    let reason = reason(work);
    let names = quoted(nodes);
    work.report(Report::info(
        "SERVICE_COMMANDS_ON_NODES_SKIPPED",
        format!(
            "Running action(s) 'pacemaker_remote disable', 'pacemaker_remote stop' on {names} was skipped because {reason}. Please, run the action(s) manually."
        ),
    ));
    work.report(Report::info(
        "FILES_REMOVE_FROM_NODES_SKIPPED",
        format!(
            "Removing 'pacemaker authkey' from {names} was skipped because {reason}. Please, remove the file(s) manually."
        ),
    ));
    if !work.env.live {
        let s = if nodes.len() == 1 { "" } else { "s" };
        work.warning(
            "NODE_REMOVE_IN_PACEMAKER_SKIPPED",
            format!(
                "Skipping removal of node{s} {names} from pacemaker because the command does not run on a live cluster"
            ),
        );
    }
}
