//! `quorum expected-votes` and `quorum unblock`: by hand, in the running cluster alone.

use crate::Done;
use crate::commands::{confirm, usage};
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn expected(context: &mut Context, words: &[String]) -> Done {
    let [votes] = words else { return Err(usage()) };
    let number = votes.parse::<u32>().ok().filter(|number| *number > 0);
    let number = number.ok_or_else(|| {
        Failure::Message(format!("'{votes}' is not a number of votes, use a positive integer"))
    })?;
    context.run("rhapsody.quorum.expected_votes", &json!({ "votes": number })).map(|_| ())
}

pub fn unblock(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let warning = "WARNING: If the nodes that the cluster waits for are not powered off or they do have access to shared \
                   resources, data corruption and/or cluster failure may occur";
    let sure = context.options.force() || context.options.has("--yes");
    if !sure && !confirm::confirmed(warning, "if you have seen that they are down, repeat with --force")? {
        return Err(Failure::message("Canceled, nothing was changed"));
    }
    context.run("rhapsody.quorum.unblock", &json!({}))?;
    eprintln!("Quorum unblocked");
    eprintln!("Waiting for nodes canceled");
    Ok(())
}
