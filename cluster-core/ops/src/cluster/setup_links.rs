//! Links of a cluster: their options, and the numbers that tell them apart.

use crate::conf::options::{Check, Options};
use crate::conf::tables;
use crate::reports::Reports;
use rhapsody_agents_catalog::check::quoted;
use rhapsody_conf::Transport;
use std::collections::BTreeSet;

/// The options of the links of a new cluster in which every node has so many addresses.
pub(super) fn check(links: &[Options], transport: Transport, addresses: usize, reports: &mut Reports) {
    for link in links {
        check_one(link, transport, reports);
    }
    if transport == Transport::Knet {
        numbers(links, addresses, reports);
    }
    if links.len() > addresses {
        let text = format!(
            "Cannot specify options for more links ({}) than how many is defined by number of addresses per node ({addresses})",
            links.len()
        );
        reports.error("COROSYNC_TOO_MANY_LINKS_OPTIONS", text);
    }
}

/// A link that is not there yet.
pub(super) fn check_one(link: &Options, transport: Transport, reports: &mut Reports) {
    Check { kind: "link", table: tables::link(transport), update: false, force: None }.run(link, reports);
    deprecated(link, transport, reports);
    together(link, transport, reports);
}

pub(super) fn deprecated(link: &Options, transport: Transport, reports: &mut Reports) {
    if transport == Transport::Knet && link.get("transport").is_some_and(|transport| transport == "sctp") {
        let text = "Value 'sctp' of option transport is deprecated and might be removed in a future release, therefore it should not be used";
        reports.deprecation("DEPRECATED_OPTION_VALUE", text);
    }
}

/// All options a link will have: which of them need or forbid each other.
pub(super) fn together(link: &Options, transport: Transport, reports: &mut Reports) {
    if transport == Transport::Knet {
        for (one, other) in [("ping_interval", "ping_timeout"), ("ping_timeout", "ping_interval")] {
            if link.contains_key(one) && !link.contains_key(other) {
                let text = format!(
                    "If link option '{one}' is specified, link option '{other}' must be specified as well"
                );
                reports.error("PREREQUISITE_OPTION_IS_MISSING", text);
            }
        }
    } else if link.contains_key("mcastaddr") && link.get("broadcast").is_some_and(|on| on == "1") {
        let text = "If link option 'mcastaddr' is enabled, link option 'broadcast' must be disabled";
        reports.error("PREREQUISITE_OPTION_MUST_BE_DISABLED", text);
    }
}

fn numbers(links: &[Options], addresses: usize, reports: &mut Reports) {
    let mut seen = BTreeSet::new();
    let given = links.iter().filter_map(|link| link.get("linknumber"));
    let twice: Vec<&String> = given.clone().filter(|number| !seen.insert(*number)).collect();
    if !twice.is_empty() {
        let text = format!("Link numbers must be unique, duplicate link numbers: {}", quoted(twice));
        reports.error("COROSYNC_LINK_NUMBER_DUPLICATION", text);
    }
    for number in given {
        // What is no link number at all was told before.
        if number.parse::<usize>().is_ok_and(|n| n < 8 && n >= addresses) {
            let existing: Vec<String> = (0..addresses).map(|n| n.to_string()).collect();
            let text = format!(
                "Cannot set options for non-existent link '{number}', existing links: {}",
                quoted(existing)
            );
            reports.error("COROSYNC_LINK_DOES_NOT_EXIST_CANNOT_UPDATE", text);
        }
    }
}

/// Links as given; those without a number take the free ones in order.
pub(super) fn numbered(links: Vec<Options>) -> Vec<Options> {
    let taken: BTreeSet<String> = links.iter().filter_map(|link| link.get("linknumber").cloned()).collect();
    let mut free = (0..links.len() * 2).map(|number| number.to_string()).filter(|n| !taken.contains(n));
    let number = |mut link: Options| {
        if !link.contains_key("linknumber")
            && let Some(number) = free.next()
        {
            link.insert("linknumber".to_owned(), number);
        }
        link
    };
    links.into_iter().map(number).collect()
}
