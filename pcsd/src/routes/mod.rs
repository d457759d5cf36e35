//! The table of routes: path, method, permission, handler. A path that is not here does not exist,
//! and no line can be written without saying who may use it.

mod v0;
mod v0_booth;
mod v0_cluster;
mod v0_files;
mod v0_sbd;
mod v2;

use crate::http::{Call, Reply};
use crate::permissions::Access::{self, Needs, Public, Token};
use crate::permissions::Permission::{Full, Grant, Read, Write};
use axum::http::Method;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

pub type Answer = Pin<Box<dyn Future<Output = Reply> + Send>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    Get,
    Post,
    /// pcs's client sends GET without data and POST with, whatever the route does.
    Any,
}

impl Methods {
    pub fn allow(self, method: &Method) -> bool {
        let get = *method == Method::GET || *method == Method::HEAD;
        match self {
            Methods::Get => get,
            Methods::Post => *method == Method::POST,
            Methods::Any => get || *method == Method::POST,
        }
    }
}

pub struct Route {
    pub path: &'static str,
    pub methods: Methods,
    pub access: Access,
    pub run: fn(Call) -> Answer,
}

macro_rules! route {
    ($methods:ident $path:literal, $access:expr, $handler:path) => {
        Route {
            path: $path,
            methods: Methods::$methods,
            access: $access,
            run: |call| Box::pin($handler(call)),
        }
    };
}

#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    route!(Post "/api/v2/task/run", Token, v2::run),
    route!(Post "/api/v2/task/create", Token, v2::create),
    route!(Get "/api/v2/task/result", Token, v2::result),
    route!(Post "/api/v2/task/kill", Token, v2::kill),

    route!(Post "/remote/auth", Public, v0::auth),
    route!(Any "/remote/check_auth", Token, v0::check_auth),
    route!(Any "/remote/capabilities", Token, v0::capabilities),
    route!(Any "/capabilities", Token, v0::capabilities),
    route!(Any "/remote/get_sw_versions", Token, v0::versions),
    route!(Any "/remote/check_host", Needs(Read), v0::check_host),

    route!(Any "/remote/known_hosts_change", Needs(Full), v0_files::known_hosts_change),
    route!(Any "/remote/remove_file", Needs(Full), v0_files::remove_file),
    route!(Any "/remote/put_file", Needs(Full), v0_files::put_file),
    route!(Any "/remote/get_corosync_conf", Needs(Read), v0_files::get_corosync_conf),
    route!(Any "/remote/set_corosync_conf", Needs(Full), v0_files::set_corosync_conf),
    route!(Any "/remote/set_certs", Needs(Full), v0_files::set_certs),
    route!(Any "/remote/config_restore", Needs(Full), v0_files::config_restore),
    route!(Any "/remote/get_configs", Needs(Full), v0_files::get_configs),
    route!(Any "/remote/set_configs", Needs(Full), v0_files::set_configs),
    route!(Any "/remote/get_sync_capabilities", Token, v0_files::get_sync_capabilities),
    route!(Any "/remote/get_cluster_known_hosts", Needs(Full), v0_files::get_cluster_known_hosts),

    route!(Any "/remote/cluster_destroy", Needs(Full), v0_cluster::destroy),
    route!(Any "/remote/cluster_enable", Needs(Write), v0_cluster::enable),
    route!(Any "/remote/cluster_disable", Needs(Write), v0_cluster::disable),
    route!(Any "/remote/cluster_start", Needs(Write), v0_cluster::start),
    route!(Any "/remote/cluster_stop", Needs(Write), v0_cluster::stop),
    route!(Any "/remote/pacemaker_node_status", Needs(Read), v0_cluster::node_status),
    route!(Any "/remote/get_quorum_info", Needs(Read), v0_cluster::quorum_info),
    route!(Any "/remote/reload_corosync_conf", Needs(Write), v0_cluster::reload_corosync_conf),
    route!(Any "/remote/remove_nodes_from_cib", Needs(Write), v0_cluster::remove_nodes_from_cib),
    route!(Any "/remote/status", Needs(Read), v0_cluster::status),
    route!(Any "/remote/cluster_status_plaintext", Needs(Read), v0_cluster::status_plaintext),

    route!(Any "/remote/booth_get_config", Needs(Full), v0_booth::get_config),
    route!(Any "/remote/booth_set_config", Needs(Full), v0_booth::set_config),
    route!(Any "/remote/check_sbd", Needs(Read), v0_sbd::check),
    route!(Any "/remote/get_sbd_config", Needs(Read), v0_sbd::get_config),
    route!(Any "/remote/sbd_disable", Needs(Write), v0_sbd::disable),

    // pcs's clients ask for these; the answer says that they are not there yet.
    route!(Any "/remote/cluster_add_nodes", Needs(Full), v0::not_yet),
    route!(Any "/remote/set_sync_options", Needs(Full), v0::not_yet),
    route!(Any "/remote/get_permissions", Needs(Grant), v0::not_yet),
    route!(Any "/remote/set_permissions", Needs(Grant), v0::not_yet),
    route!(Any "/remote/manage_services", Needs(Write), v0::not_yet),
    route!(Any "/remote/qdevice_net_get_ca_certificate", Needs(Read), v0::not_yet),
    route!(Any "/remote/qdevice_net_client_init_certificate_storage", Needs(Full), v0::not_yet),
    route!(Any "/remote/qdevice_net_sign_node_certificate", Needs(Full), v0::not_yet),
    route!(Any "/remote/qdevice_net_client_import_certificate", Needs(Full), v0::not_yet),
    route!(Any "/remote/qdevice_net_client_destroy", Needs(Full), v0::not_yet),
    route!(Any "/remote/qdevice_client_enable", Needs(Write), v0::not_yet),
    route!(Any "/remote/qdevice_client_disable", Needs(Write), v0::not_yet),
    route!(Any "/remote/qdevice_client_start", Needs(Write), v0::not_yet),
    route!(Any "/remote/qdevice_client_stop", Needs(Write), v0::not_yet),
    route!(Any "/remote/set_sbd_config", Needs(Write), v0::not_yet),
    route!(Any "/remote/sbd_enable", Needs(Write), v0::not_yet),
    route!(Any "/remote/remove_stonith_watchdog_timeout", Needs(Write), v0::not_yet),
    route!(Any "/remote/set_stonith_watchdog_timeout_to_zero", Needs(Write), v0::not_yet),
    route!(Any "/remote/booth_save_files", Needs(Full), v0::not_yet),
    route!(Any "/run_pcs", Needs(Full), v0::not_yet),
];

/// The route of a path.
pub fn find(path: &str) -> Option<&'static Route> {
    static BY_PATH: LazyLock<HashMap<&str, &Route>> =
        LazyLock::new(|| ROUTES.iter().map(|route| (route.path, route)).collect());
    BY_PATH.get(path).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_there_once_and_only_login_is_public() {
        let mut seen = std::collections::HashSet::new();
        for route in ROUTES {
            assert!(seen.insert(route.path), "{} is there twice", route.path);
            assert_eq!(route.access == Public, route.path == "/remote/auth", "{}", route.path);
        }
        assert!(find("/remote/auth/").is_none() && find("/").is_none());
    }

    /// What holds secrets or replaces keys is not for those who may merely write.
    #[test]
    fn secrets_need_full_permission() {
        for path in ["put_file", "set_configs", "get_configs", "known_hosts_change", "set_certs"] {
            assert_eq!(find(&format!("/remote/{path}")).unwrap().access, Needs(Full), "{path}");
        }
    }
}
