//! `cluster config update`: options of totem, its transport, compression and encryption.

use super::config::transport;
use crate::conf::ConfWork;
use crate::conf::options::{Check, Options, Table};
use crate::conf::tables;
use crate::reports::Reports;
use crate::work::Stop;
use rhapsody_conf::{Conf, Transport};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default)]
    pub transport_options: Options,
    #[serde(default)]
    pub compression_options: Options,
    #[serde(default)]
    pub crypto_options: Options,
    #[serde(default)]
    pub totem_options: Options,
}

pub fn run(work: &mut ConfWork<'_>, request: Request) -> Result<(), Stop> {
    let Request { transport_options, compression_options, crypto_options, totem_options } = request;
    let transport = transport(work)?;
    check("totem", tables::TOTEM, &totem_options, work);
    let kind = format!("{} transport", tables::family(transport));
    check(&kind, tables::transport(transport), &transport_options, work);
    if transport == Transport::Knet {
        check("compression", tables::COMPRESSION, &compression_options, work);
        check("crypto", tables::CRYPTO, &crypto_options, work);
        if !crypto_options.is_empty() {
            let after = |name: &str| match crypto_options.get(name) {
                Some(value) => Some(value.as_str()).filter(|value| !value.is_empty()),
                None => work.conf.get("totem", &format!("crypto_{name}")),
            };
            cipher_needs_hash(after("cipher"), after("hash"), &mut work.reports);
        }
    } else {
        only_with_knet("compression", &compression_options, &mut work.reports);
        only_with_knet("crypto", &crypto_options, &mut work.reports);
    }
    work.reports.check()?;
    for (prefix, options) in [
        ("", totem_options),
        ("", transport_options),
        ("knet_compression_", compression_options),
        ("crypto_", crypto_options),
    ] {
        set(&mut work.conf, prefix, options);
    }
    Ok(())
}

fn check(kind: &str, table: &'static Table, options: &Options, work: &mut ConfWork<'_>) {
    Check { kind, table, update: true, force: None }.run(options, &mut work.reports);
}

fn set(conf: &mut Conf, prefix: &str, mut options: Options) {
    options.sort_keys();
    for (name, value) in options {
        let key = format!("{prefix}{name}");
        if value.is_empty() {
            conf.remove("totem", &key);
        } else {
            conf.set("totem", &key, &value);
        }
    }
}

/// Encrypted but not authenticated is no protection, and Corosync refuses it.
pub(super) fn cipher_needs_hash(cipher: Option<&str>, hash: Option<&str>, reports: &mut Reports) {
    let on = |value: Option<&str>| value.is_some_and(|value| value != "none");
    if on(cipher) && !on(hash) {
        let text = "If crypto option 'cipher' is enabled, crypto option 'hash' must be enabled as well";
        reports.error("PREREQUISITE_OPTION_MUST_BE_ENABLED_AS_WELL", text);
    }
}

pub(super) fn only_with_knet(kind: &str, options: &Options, reports: &mut Reports) {
    if !options.is_empty() {
        let text = format!("The udp/udpu transport does not support '{kind}' options, use 'knet' transport");
        reports.error("COROSYNC_TRANSPORT_UNSUPPORTED_OPTIONS", text);
    }
}
