use super::*;
use rhapsody_agents_run::exec::Finished;
use rhapsody_client::Paths;
use rhapsody_transition::ActionResource;

fn agents() -> Agents {
    let root = std::env::temp_dir().join(format!("rhapsody-agents-{}", std::process::id()));
    let places = Places {
        fence_folders: vec![],
        own_agents: Some("/x/agent".into()),
        ..Places::find(&Paths::below(root))
    };
    Agents::new(places, 7, "old")
}

fn operation(id: u64, class: &str, task: &str, interval_ms: u64) -> Operation {
    let resource = ActionResource {
        id: "f".into(),
        long_id: None,
        class: class.into(),
        provider: (class == "ocf").then(|| "rhapsody".into()),
        agent: if class == "ocf" { "Dummy".into() } else { "fence_rhapsody_lab".into() },
    };
    Operation {
        id,
        resource,
        task: task.into(),
        interval_ms,
        timeout_ms: 1000,
        params: BTreeMap::new(),
        node: "n1".into(),
        incarnation: 7,
        view: 1,
        exec_before_ms: 99,
    }
}

fn result(end: End, stdout: &str) -> OperationResult {
    let finished = Finished { end, stdout: stdout.into(), stderr: String::new(), cut: false, elapsed_ms: 1 };
    OperationResult { finished, started_mono_ms: 0, started_wall_ms: 0, lost: false }
}

fn request(action: &str) -> FenceRequest {
    FenceRequest {
        id: 5,
        device: "f".into(),
        agent: "fence_rhapsody_lab".into(),
        action: action.into(),
        target: Some("n2".into()),
        params: BTreeMap::new(),
        timeout_ms: 10_000,
    }
}

fn run(begun: Begun) -> Run {
    match begun {
        Begun::Run(run) => *run,
        Begun::Answered(input) => panic!("{input:?}"),
    }
}

#[test]
fn a_device_is_found_where_it_was_started() {
    let mut agents = agents();
    let probe = |agents: &mut Agents, id| match agents.execute(&operation(id, "stonith", "monitor", 0)) {
        Begun::Run(_) => "asked",
        Begun::Answered(input) => {
            assert!(matches!(*input, Input::Executed(Executed { rc: 7, .. })));
            "not there"
        }
    };
    assert_eq!(probe(&mut agents, 1), "not there");
    let start = run(agents.execute(&operation(2, "stonith", "start", 0)));
    assert_eq!(start.start_before_mono_ms, Some(99));
    assert!(start.command.stdin.unwrap().contains("action=monitor"));
    let (input, _) = agents.finished(2, &result(End::Exited(0), ""));
    assert!(matches!(input, Some(Input::Executed(Executed { rc: 0, status: OpStatus::Done, .. }))));
    assert_eq!(agents.devices_to_remember().as_deref(), Some("f,old"));
    assert_eq!(probe(&mut agents, 3), "asked");
    assert!(matches!(agents.execute(&operation(4, "stonith", "stop", 0)), Begun::Answered(_)));
    assert_eq!(agents.devices_to_remember().as_deref(), Some("old"));
    assert_eq!(probe(&mut agents, 5), "not there");
}

#[test]
fn a_stop_is_never_too_late_and_a_lost_one_is_lost() {
    let mut agents = agents();
    let stop = run(agents.execute(&operation(1, "ocf", "stop", 0)));
    assert_eq!(stop.start_before_mono_ms, None);
    let lost = OperationResult { lost: true, ..OperationResult::never("x") };
    let (input, _) = agents.finished(1, &lost);
    assert!(matches!(input, Some(Input::Executed(Executed { status: OpStatus::Lost, .. }))));
    run(agents.execute(&operation(2, "ocf", "start", 0)));
    agents.cancelled(2);
    let (input, _) = agents.finished(2, &result(End::Signaled(15), ""));
    assert!(matches!(input, Some(Input::Executed(Executed { status: OpStatus::Cancelled, .. }))));
    assert!(agents.finished(2, &result(End::Exited(0), "")).0.is_none(), "said twice");
}

#[test]
fn the_operations_of_an_earlier_life_are_understood() {
    let mut first = agents();
    let started = run(first.execute(&operation(1, "ocf", "monitor", 10)));
    let mut second = agents();
    let known = Known { id: 1, tag: started.tag, result: None };
    let fence = Known { id: FENCE_NUMBERS + 1, tag: String::new(), result: None };
    assert_eq!(second.adopt(&[known, fence]), [1]);
    let (input, _) = second.finished(1, &result(End::Exited(7), ""));
    assert!(matches!(input, Some(Input::Executed(Executed { rc: 7, .. }))));
    assert!(second.finished(FENCE_NUMBERS + 1, &result(End::Exited(0), "")).0.is_none());
}

#[test]
fn an_agent_without_reboot_switches_off_and_on() {
    let mut agents = agents();
    let metadata = run(agents.fence(request("reboot")));
    assert!(metadata.command.args.contains(&"metadata".to_owned()));
    let text = "<actions><action name=\"off\"/><action name=\"on\"/></actions>";
    let (input, off) = agents.finished(metadata.id, &result(End::Exited(0), text));
    assert!(input.is_none());
    let off = off.unwrap();
    assert!(off.command.stdin.as_ref().unwrap().contains("action=off"));
    let (input, on) = agents.finished(off.id, &result(End::Exited(0), ""));
    assert!(input.is_none());
    let (input, _) = agents.finished(on.unwrap().id, &result(End::Exited(1), ""));
    assert!(matches!(input, Some(Input::Fenced { id: 5, result: FenceResult::Ok { .. } })));
    // Known by now; and an `off` that fails is a failure.
    let off = run(agents.fence(request("reboot")));
    assert!(off.command.stdin.as_ref().unwrap().contains("action=off"));
    let (input, next) = agents.finished(off.id, &result(End::TimedOut, ""));
    assert!(next.is_none());
    assert!(matches!(input, Some(Input::Fenced { result: FenceResult::Timeout, .. })));
}

#[test]
fn metadata_is_asked_before_it_is_needed() {
    let mut agents = agents();
    let probe = operation(1, "stonith", "monitor", 0);
    let metadata = agents.ask_beforehand(&probe).unwrap();
    assert!(agents.ask_beforehand(&probe).is_none(), "once");
    let (input, next) = agents.finished(metadata.id, &result(End::Exited(0), "<action name=\"reboot\"/>"));
    assert!(input.is_none() && next.is_none());
    let reboot = run(agents.fence(request("reboot")));
    assert!(reboot.command.stdin.as_ref().unwrap().contains("action=reboot"));
    assert!(agents.ask_beforehand(&operation(2, "ocf", "monitor", 0)).is_none());
}
