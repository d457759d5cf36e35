//! Cluster-wide settings that the scheduler reads.

/// What to do without quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoQuorum {
    #[default]
    Stop,
    Freeze,
    Ignore,
    Demote,
    Fence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HealthStrategy {
    #[default]
    None,
    MigrateOnRed,
    OnlyGreen,
    Progressive,
    Custom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    #[default]
    Default,
    Utilization,
    Minimal,
    Balanced,
}

#[derive(Debug, Clone)]
pub struct ClusterOptions {
    pub no_quorum: NoQuorum,
    pub symmetric: bool,
    pub fencing: bool,
    pub fencing_action: String,
    pub fencing_timeout: String,
    pub concurrent_fencing: bool,
    pub startup_fencing: bool,
    pub have_watchdog: bool,
    pub priority_fencing_delay_ms: u64,
    pub node_pending_timeout_ms: u64,
    pub start_failure_is_fatal: bool,
    pub startup_probes: bool,
    pub stop_all: bool,
    pub stop_removed: bool,
    pub cancel_removed: bool,
    pub maintenance: bool,
    pub cluster_delay: String,
    pub batch_limit: u32,
    pub migration_limit: Option<i32>,
    pub placement: Placement,
    pub shutdown_lock: bool,
    pub shutdown_lock_limit_ms: u64,
    pub health: HealthStrategy,
    pub health_base: i32,
    pub health_red: i32,
    pub health_yellow: i32,
    pub health_green: i32,
    pub fence_remote_without_quorum: bool,
    pub cluster_name: Option<String>,
    pub site_name: Option<String>,
    pub remove_after_stop: bool,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        ClusterOptions {
            no_quorum: NoQuorum::Stop,
            symmetric: true,
            fencing: true,
            fencing_action: "reboot".into(),
            fencing_timeout: "60s".into(),
            concurrent_fencing: true,
            startup_fencing: true,
            have_watchdog: false,
            priority_fencing_delay_ms: 0,
            node_pending_timeout_ms: 0,
            start_failure_is_fatal: true,
            startup_probes: true,
            stop_all: false,
            stop_removed: true,
            cancel_removed: true,
            maintenance: false,
            cluster_delay: "60s".into(),
            batch_limit: 0,
            migration_limit: None,
            placement: Placement::Default,
            shutdown_lock: false,
            shutdown_lock_limit_ms: 0,
            health: HealthStrategy::None,
            health_base: 0,
            health_red: -super::INFINITY,
            health_yellow: 0,
            health_green: 0,
            fence_remote_without_quorum: false,
            cluster_name: None,
            site_name: None,
            remove_after_stop: false,
        }
    }
}
