//! Tasks of `/api/v2/task/create`: run beside the request that made them, asked for later, bounded
//! in number and in life.

use crate::app::App;
use crate::auth::User;
use crate::commands::{self, Sink};
use rhapsody_api::task::{Command, TaskFinish, TaskResult, TaskState};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A task nobody asks for is dropped; so is a result that was read.
const ABANDONED: Duration = Duration::from_secs(60);
/// A task that runs longer is killed.
const LIFE_MAX: Duration = Duration::from_secs(3600);

struct Task {
    owner: String,
    command: Command,
    reports: Sink,
    created: Instant,
    asked: Instant,
    handle: tokio::task::AbortHandle,
    outcome: Arc<Mutex<Option<(TaskFinish, Value)>>>,
    kill_reason: Option<&'static str>,
}

pub struct Tasks {
    max: usize,
    tasks: Mutex<HashMap<String, Task>>,
}

impl Tasks {
    pub fn new(max: usize) -> Self {
        Tasks { max, tasks: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Task>> {
        self.tasks.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// `None`: too many tasks exist.
    pub fn create(&self, app: &Arc<App>, user: &User, command: Command) -> Option<String> {
        let mut tasks = self.lock();
        tidy(&mut tasks);
        if tasks.len() >= self.max {
            return None;
        }
        let ident = uuid::Uuid::new_v4().to_string();
        let reports = Sink::default();
        let outcome = Arc::new(Mutex::new(None));
        let running = commands::run(app.clone(), user.clone(), command.clone(), reports.clone());
        let (finished, ready) = (outcome.clone(), reports.clone());
        let handle = tokio::spawn(async move {
            let (finish, mut value) = running.await;
            if let Some(json) = ready.ready() {
                value = serde_json::from_str(&json).unwrap_or_default();
            }
            *finished.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((finish, value));
        })
        .abort_handle();
        let now = Instant::now();
        let owner = user.name.clone();
        let task =
            Task { owner, command, reports, created: now, asked: now, handle, outcome, kill_reason: None };
        tasks.insert(ident.clone(), task);
        Some(ident)
    }

    /// How a task stands; other users' tasks are not there.
    pub fn result(&self, user: &User, ident: &str) -> Option<TaskResult> {
        let mut tasks = self.lock();
        tidy(&mut tasks);
        let task = tasks.get_mut(ident).filter(|task| task.owner == user.name)?;
        task.asked = Instant::now();
        let outcome = task.outcome.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        let (state, finish, result) = match (outcome, task.kill_reason) {
            (Some((finish, result)), _) => (TaskState::Finished, finish, result),
            (None, Some(_)) => (TaskState::Finished, TaskFinish::Kill, Value::Null),
            (None, None) if task.handle.is_finished() => {
                (TaskState::Finished, TaskFinish::UnhandledException, Value::Null)
            }
            (None, None) => (TaskState::Executed, TaskFinish::Unfinished, Value::Null),
        };
        Some(TaskResult {
            task_ident: ident.to_owned(),
            command: commands::without_secrets(&task.command),
            reports: task.reports.list(),
            state,
            task_finish_type: finish,
            kill_reason: task.kill_reason.filter(|_| finish == TaskFinish::Kill).map(str::to_owned),
            result,
        })
    }

    /// False: there is no such task of this user.
    pub fn kill(&self, user: &User, ident: &str) -> bool {
        let mut tasks = self.lock();
        let Some(task) = tasks.get_mut(ident).filter(|task| task.owner == user.name) else {
            return false;
        };
        task.kill_reason = Some("USER");
        task.handle.abort();
        true
    }
}

fn tidy(tasks: &mut HashMap<String, Task>) {
    for task in tasks.values_mut() {
        if !task.handle.is_finished() && task.created.elapsed() > LIFE_MAX {
            task.kill_reason = Some("COMPLETION_TIMEOUT");
            task.handle.abort();
        }
    }
    // A change that runs goes on; only its record is not kept for ever.
    tasks.retain(|_, task| !task.handle.is_finished() || task.asked.elapsed() < ABANDONED);
}
