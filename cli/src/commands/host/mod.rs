//! `host`: which machines may be spoken to, and how.

mod address;
pub mod auth;
mod deauth;

use super::{Noun, Verb};

pub const NOUN: Noun = Noun {
    name: "host",
    about: "Manage hosts known to this one",
    verbs: &[
        Verb {
            words: "auth",
            usage: "(<host name> [addr=<address>[:<port>]])... [-u <username>] [-p <password>]
                Authenticate the local machine (for others than root: this user) to rhapsody-pcsd
                on the hosts. Without addr the host name is the address. Without -u and -p they are
                asked for; a password may come on stdin.",
            options: &["-u", "-p", "--token"],
            run: auth::run,
        },
        Verb {
            words: "deauth",
            usage: "[<host name>]...
                Forget the hosts, or all of them when none is named.",
            options: &[],
            run: deauth::run,
        },
    ],
};
