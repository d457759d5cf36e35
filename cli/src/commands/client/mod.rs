//! `client`: this user and the local rhapsody-pcsd.

use super::host::auth::{Hosts, as_user, ask_name, ask_password};
use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::live::PORT;
use crate::live::known_hosts::Destination;

pub const NOUN: Noun = Noun {
    name: "client",
    about: "Manage pcsd client configuration",
    verbs: &[Verb {
        words: "local-auth",
        usage: "[<port>] [-u <username>] [-p <password>]
            Authenticate this user to the local rhapsody-pcsd: what root may do without asking, others
            do through it. The port is 2224 if nothing else is said.",
        options: &["-u", "-p"],
        run: local_auth,
    }],
};

fn local_auth(context: &mut Context, words: &[String]) -> Done {
    let port = match words {
        [] => PORT,
        [port] => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
            Failure::Message(format!("'{port}' is not a port number, use one from 1 to 65535"))
        })?,
        _ => return Err(usage()),
    };
    if crate::live::is_root() {
        return Err(Failure::message(
            "root speaks to the local rhapsody-pcsd as it is; run this command as the user who is to be authenticated",
        ));
    }
    let username = context.options.value("-u").map(str::to_owned).map_or_else(ask_name, Ok)?;
    let password = context.options.value("-p").map(str::to_owned).map_or_else(ask_password, Ok)?;
    let here = Destination { addr: "localhost".to_owned(), port };
    as_user(&Hosts::from([("localhost".to_owned(), vec![here])]), &username, &password)
}
