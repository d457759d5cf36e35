//! `cluster config uuid generate`: a name for this cluster that no other has.

use crate::conf::ConfWork;
use crate::work::{ForceFlags, Stop};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default)]
    pub force_flags: ForceFlags,
}

pub fn run(work: &mut ConfWork<'_>, request: Request) -> Result<(), Stop> {
    if work.conf.get("totem", "cluster_uuid").is_some() {
        let text = "Cluster UUID has already been set";
        work.reports.forceable(request.force_flags.force(), "CLUSTER_UUID_ALREADY_SET", text);
        work.reports.check()?;
    }
    work.conf.set("totem", "cluster_uuid", &work.env.uuid);
    Ok(())
}
