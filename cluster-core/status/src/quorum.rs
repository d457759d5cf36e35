//! The text of `corosync-quorumtool -s`, as scripts and people read it.

use crate::words;
use rhapsody_api::core::Quorum;
use std::fmt::Write;

/// Quorum information, votequorum information and the members.
pub fn quorumtool_text(quorum: &Quorum, now: i64) -> String {
    let mut text = head(quorum, now);
    text.push_str(&membership_text(quorum));
    text
}

/// The same as `corosync-quorumtool -p -s`: with the column of the quorum device, which pcs shows
/// and reads (`quorum status`, `get_quorum_info`).
pub fn quorumtool_device_text(quorum: &Quorum, now: i64) -> String {
    let mut text = head(quorum, now);
    text.push_str(&members(quorum, true));
    text
}

fn head(quorum: &Quorum, now: i64) -> String {
    let local = quorum.members.iter().find(|m| m.local).map_or(0, |m| m.id);
    let lowest = quorum.members.iter().map(|m| m.id).min().unwrap_or(local);
    let mut text = String::new();
    let yes = if quorum.quorate { "Yes" } else { "No" };
    let blocked = if quorum.quorate { "" } else { " Activity blocked" };
    let _ = writeln!(text, "Quorum information\n------------------");
    let _ = writeln!(text, "Date:             {}", words::date(now));
    let _ = writeln!(text, "Quorum provider:  corosync_votequorum");
    let _ = writeln!(text, "Nodes:            {}", quorum.members.len());
    let _ = writeln!(text, "Node ID:          {local}");
    let _ = writeln!(text, "Ring ID:          {lowest:x}.{:x}", quorum.view);
    let _ = writeln!(text, "Quorate:          {yes}\n");
    let _ = writeln!(text, "Votequorum information\n----------------------");
    let _ = writeln!(text, "Expected votes:   {}", quorum.expected_votes);
    let _ = writeln!(text, "Highest expected: {}", quorum.highest_expected);
    let _ = writeln!(text, "Total votes:      {}", quorum.total_votes);
    let _ = writeln!(text, "Quorum:           {}{blocked} ", quorum.quorum);
    let flags = if quorum.flags.is_empty() { String::new() } else { format!("{} ", quorum.flags.join(" ")) };
    let _ = writeln!(text, "Flags:            {flags}\n");
    text
}

/// The table of members alone (`status corosync`).
pub fn membership_text(quorum: &Quorum) -> String {
    members(quorum, false)
}

fn members(quorum: &Quorum, device: bool) -> String {
    let mut text = String::from("Membership information\n----------------------\n");
    text.push_str(if device {
        "    Nodeid      Votes    Qdevice Name\n"
    } else {
        "    Nodeid      Votes Name\n"
    });
    // NR: no quorum device is registered.
    let column = if device { "         NR" } else { "" };
    let mut members: Vec<_> = quorum.members.iter().collect();
    members.sort_by_key(|m| m.id);
    for member in members {
        let local = if member.local { " (local)" } else { "" };
        let _ = writeln!(text, "{:>10}{:>11}{column} {}{local}", member.id, member.votes, member.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhapsody_api::core::QuorumMember;

    #[test]
    fn the_table_is_that_of_quorumtool() {
        let member = |id, local| QuorumMember { id, name: format!("n{id}"), votes: 1, local };
        let quorum = Quorum {
            quorate: false,
            expected_votes: 3,
            highest_expected: 3,
            total_votes: 1,
            quorum: 2,
            flags: vec!["WaitForAll".into()],
            view: 26,
            members: vec![member(2, true)],
        };
        let text = quorumtool_text(&quorum, 0);
        assert!(text.contains("Ring ID:          2.1a\n"), "{text}");
        assert!(text.contains("Quorum:           2 Activity blocked \n"), "{text}");
        assert!(text.ends_with("    Nodeid      Votes Name\n         2          1 n2 (local)\n"), "{text}");
        let text = quorumtool_device_text(&quorum, 0);
        assert!(text.ends_with(
            "    Nodeid      Votes    Qdevice Name\n         2          1         NR n2 (local)\n"
        ));
    }
}
