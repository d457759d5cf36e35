//! `booth setup`: sites and arbitrators, an odd number of them.

use super::file::BoothConf;
use crate::reports::Reports;
use crate::work::Stop;
use rhapsody_agents_catalog::check::quoted;
use std::collections::BTreeSet;

const SITES_MIN: usize = 2;

#[derive(Debug, Clone, Default)]
pub struct Request {
    pub sites: Vec<String>,
    pub arbitrators: Vec<String>,
    /// Where the key is.
    pub authfile: String,
}

pub fn run(request: &Request, reports: &mut Reports) -> Result<BoothConf, Stop> {
    let Request { sites, arbitrators, authfile } = request;
    if sites.len() < SITES_MIN {
        let text = format!(
            "lack of sites for booth configuration (need {SITES_MIN} at least): sites {}",
            if sites.is_empty() { "missing".to_owned() } else { quoted(sites) }
        );
        reports.error("BOOTH_LACK_OF_SITES", text);
    }
    let peers = sites.len() + arbitrators.len();
    if peers % 2 == 0 {
        let text = format!("odd number of peers is required (entered {peers} peers)");
        reports.error("BOOTH_EVEN_PEERS_NUM", text);
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<&String> = sites.iter().chain(arbitrators).filter(|peer| !seen.insert(*peer)).collect();
    if !twice.is_empty() {
        let text = format!("duplicate address for booth configuration: {}", quoted(twice));
        reports.error("BOOTH_ADDRESS_DUPLICATION", text);
    }
    for peer in seen {
        if peer.is_empty() || peer.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"') {
            let text = format!("'{}' is not an address", peer.escape_debug());
            reports.error("INVALID_OPTION_VALUE", text);
        }
    }
    reports.check()?;
    let mut conf = BoothConf::default();
    conf.push("authfile", authfile);
    sites.iter().for_each(|site| conf.push("site", site));
    arbitrators.iter().for_each(|arbitrator| conf.push("arbitrator", arbitrator));
    Ok(conf)
}
