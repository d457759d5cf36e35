//! `rhapsody-pcsd`: the management daemon of one node. HTTPS and a local socket in, commands to the
//! cluster and requests to other nodes out. It holds no cluster state: it may end or be replaced at
//! any time, and no resource notices.

mod app;
mod auth;
mod backup;
mod booth;
mod checkpoints;
mod cluster_files;
mod commands;
mod core_process;
mod corosync;
mod engine;
mod fence_history;
mod files;
mod host_info;
mod http;
mod known_hosts;
mod local_node;
mod passwd;
mod paths;
mod peers;
mod permissions;
mod programs;
mod report;
mod routes;
mod sbd;
mod serve;
mod settings;
mod status;
mod tasks;
#[cfg(test)]
mod testing;
mod tls;

use anyhow::Context;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
Usage: rhapsody-pcsd            serve in the foreground until SIGTERM
       rhapsody-pcsd passwd USER          set USER's password, read from stdin
       rhapsody-pcsd passwd --lock USER   refuse USER from now on
       rhapsody-pcsd --version | --help

Settings: /etc/rhapsody/pcsd.toml (port, addresses, [limits]).
RHAPSODY_ROOT=DIR moves all files below DIR.
";

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [] => serve(),
        ["--help" | "-h" | "help"] => {
            print!("{HELP}");
            Ok(())
        }
        ["--version" | "-V"] => {
            println!("rhapsody-pcsd {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        ["passwd", "--lock", user] => passwd::lock(user),
        ["passwd", user] if !user.starts_with('-') => passwd::set(user),
        other => {
            eprintln!("Error: unknown arguments: {}\n\n{HELP}", other.join(" "));
            return ExitCode::FAILURE;
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("RHAPSODY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
    let paths = paths::Paths::from_environment();
    let settings = settings::Settings::load(&paths)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .context("cannot start")?;
    let result = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let app = app::App::new(paths, settings)?;
        let listeners = serve::Listeners::bind(&app)?;
        for address in listeners.addresses() {
            tracing::info!("listening on {address}");
        }
        tokio::spawn(app.core.clone().supervise());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let serving = tokio::spawn(listeners.serve(app, stopped));
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ending");
        let _ = stop.send(true);
        let _ = serving.await;
        Ok(())
    });
    // Whatever still runs (a password check, a wait for a peer) has no say in when we end.
    runtime.shutdown_background();
    result
}
