//! Why pcsd could not be asked, and what to type next.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error(
        "rhapsody-pcsd is not running on this machine (no answer at {})\n\
         Start it with `systemctl start rhapsody-pcsd`, or run `rhapsody-pcsd` where there is no systemd; \
         to work on a file instead, use `-f FILE`; to reach another machine, use `--host NODE`",
        socket.display()
    )]
    NotRunning { socket: PathBuf },

    #[error("cannot use the socket {}: {text}", socket.display())]
    Socket { socket: PathBuf, text: String },

    #[error(
        "you are not root, and not authenticated to this machine\n\
         Type `rhapsody host auth localhost -u hacluster`, or run the command as root"
    )]
    NotRoot,

    #[error(
        "not authenticated to host '{host}'\n\
         Type `rhapsody host auth {host} -u hacluster` (add addr=ADDRESS if the name does not resolve)"
    )]
    NotAuthenticated { host: String },

    #[error("host '{host}' does not permit this command to you; ask for it with an account that may do it")]
    NotPermitted { host: String },

    #[error(
        "cannot connect to {host} at {address}: {text}\n\
         Check the name, that rhapsody-pcsd runs there, and that port {port}/tcp is open between the machines"
    )]
    Unreachable { host: String, address: String, port: u16, text: String },

    #[error("no answer from {host} within {seconds} s; the command may still be at work there")]
    TimedOut { host: String, seconds: u64 },

    #[error(
        "the certificate of {host} is not the one seen at `host auth`\n\
         If rhapsody-pcsd made a new one there, type `rhapsody host auth {host}` again; \
         if not, somebody may be standing between you and that machine"
    )]
    WrongCertificate { host: String },

    #[error("Username and/or password is incorrect")]
    WrongPassword { host: String },

    #[error("{host} answered {status}: {text}")]
    Refused { host: String, status: u16, text: String },

    #[error("an answer of rhapsody-pcsd could not be read: {text}")]
    BadAnswer { text: String },

    #[error("{text}")]
    KnownHosts { text: String },
}
