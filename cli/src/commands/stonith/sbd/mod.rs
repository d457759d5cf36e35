//! `stonith sbd`: the files, services and devices of sbd. It watches Corosync and Pacemaker, so a
//! cluster of Rhapsody's own core cannot use it yet: what is there can be seen, prepared and
//! switched off.

mod device;
mod nodes;
mod watchdog;

pub use device::{message, setup};
pub use nodes::{config, disable, local_config, status};
pub use watchdog::{list, test};

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;

/// Refused: a node on which sbd finds no Corosync resets itself.
pub fn enable(_: &mut Context, _: &[String]) -> Done {
    Err(Failure::message(
        "sbd is not enabled: it looks for Corosync and Pacemaker, finds neither where Rhapsody runs the cluster, and \
         would reset the nodes; configure a fence device with 'rhapsody stonith create'",
    ))
}
