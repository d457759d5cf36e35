//! `pcsd certkey` and `pcsd sync-certificates`: what this host and its cluster show over TLS. Other
//! hosts pin it, so those of the cluster are told of a new one.

use super::hosts::{self, Nothing, unreachable_report};
use super::{Ctx, Done, Stop};
use crate::peers::{self, Ask};
use crate::{cluster_files, tls};
use rhapsody_api::Report;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertKey {
    /// PEM.
    certificate: String,
    key: String,
    #[serde(default)]
    force_flags: Vec<String>,
}

pub async fn certkey(ctx: &Ctx, params: CertKey) -> Done {
    // There is always a pair: one was made at the first start.
    if !params.force_flags.iter().any(|flag| flag == "FORCE") {
        let text = "certificate and/or key already exists";
        return Err(ctx.fail(Report::error("CERTIFICATE_ALREADY_EXISTS", text).forceable("FORCE")));
    }
    let old = ctx.app.tls.pair().ok().and_then(|(old, _)| tls::fingerprint(old.as_bytes()));
    ctx.app
        .tls
        .replace(params.certificate.as_bytes(), params.key.as_bytes())
        .map_err(|error| ctx.fail(Report::error("INVALID_CERTIFICATE", format!("{error:#}"))))?;
    let new = tls::fingerprint(params.certificate.as_bytes());
    if let (Some(old), Some(new)) = (old, new) {
        repin(ctx, |_, pin| pin == Some(&old), &new).await?;
    }
    others_must_authenticate(ctx);
    Ok(Value::Null)
}

/// All nodes of the cluster show this one's certificate from now on.
pub async fn sync(ctx: &Ctx, _: Nothing) -> Done {
    let nodes = cluster_files::node_names(&ctx.app);
    if nodes.is_empty() {
        let text = "there is no cluster on this node, so there are no nodes to send the certificate to";
        return Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)));
    }
    let unreadable =
        |error: anyhow::Error| ctx.fail(Report::error("INVALID_CERTIFICATE", format!("{error:#}")));
    let (certificate, key) = ctx.app.tls.pair().map_err(unreadable)?;
    let Some(fingerprint) = tls::fingerprint(certificate.as_bytes()) else {
        return Err(
            ctx.fail(Report::error("INVALID_CERTIFICATE", "the certificate file holds no certificate"))
        );
    };
    let form = [("ssl_cert", certificate.as_str()), ("ssl_key", key.as_str())];
    let ask = Ask::post("remote/set_certs", &ctx.user, &form);
    let ask = ask.within(ctx.request_time(peers::REQUEST_TIME));
    let mut taken = Vec::new();
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, &nodes, &ask).await {
        match answer {
            Ok(_) => {
                ctx.report(
                    Report::info("PCSD_SSL_CERT_AND_KEY_SET_SUCCESS", "Success").on_node(node.clone()),
                );
                taken.push(node);
            }
            Err(error) => {
                well = false;
                ctx.report(unreachable_report(&node, &ask.path, &error));
            }
        }
    }
    repin(ctx, |name, _| taken.iter().any(|node| node == name), &fingerprint).await?;
    others_must_authenticate(ctx);
    if well { Ok(Value::Null) } else { Err(Stop) }
}

/// Hosts that are chosen by name and pin show the certificate `fingerprint` now.
async fn repin(
    ctx: &Ctx,
    is_it: impl Fn(&str, Option<&String>) -> bool,
    fingerprint: &str,
) -> Result<(), Stop> {
    let changed = ctx.app.known_hosts.change(|hosts| {
        for (name, host) in hosts.iter_mut() {
            if is_it(name, host.cert_sha256.as_ref()) {
                host.cert_sha256 = Some(fingerprint.to_owned());
            }
        }
    });
    match changed {
        Ok(file) => {
            hosts::spread(ctx, file).await;
            Ok(())
        }
        Err(error) => Err(ctx.fail(Report::error("UNABLE_TO_SAVE_KNOWN_HOSTS", format!("{error:#}")))),
    }
}

fn others_must_authenticate(ctx: &Ctx) {
    let text =
        "hosts and users outside of this cluster that know the old certificate must run 'host auth' again";
    ctx.report(Report::warning("PCSD_CERTIFICATE_CHANGED", text));
}
