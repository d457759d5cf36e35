use super::*;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;

fn socket(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rhapsody-client-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn serve(name: &str, protocol: u32, answers: Vec<Response>) -> (PathBuf, thread::JoinHandle<Vec<Request>>) {
    let path = socket(name);
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let hello = Hello { protocol, build: "0".into(), name: "n1".into() };
        frame::write(&mut &stream, &hello).unwrap();
        let Ok(theirs) = frame::read::<Hello>(&mut &stream) else { return Vec::new() };
        assert_eq!(theirs.name, "test");
        let mut asked = Vec::new();
        for response in answers {
            if !matches!(response, Response::Event(_)) || asked.is_empty() {
                let request: RequestFrame = frame::read(&mut &stream).unwrap();
                asked.push(request.request);
            }
            let id = asked.len() as u64;
            // A late answer to something else must not be taken for ours.
            frame::write(&mut &stream, &ResponseFrame { id: 999, response: Response::Done }).unwrap();
            frame::write(&mut &stream, &ResponseFrame { id, response }).unwrap();
        }
        asked
    });
    (path, server)
}

#[test]
fn answers_come_to_their_questions() {
    let now = rhapsody_api::core::ConfigVersion { admin_epoch: 1, epoch: 9 };
    let (path, server) =
        serve("ask", PROTOCOL, vec![Response::Done, Response::Error(CoreError::Stale { now })]);
    let mut client = Client::connect_to(&path, "test").unwrap();
    assert_eq!(client.hello().name, "n1");
    assert_eq!(client.request(Request::Wait { timeout_ms: 5 }).unwrap(), Response::Done);
    let refused = client.request(Request::Stop).unwrap_err();
    assert!(refused.to_string().contains("1.9"), "{refused}");
    assert_eq!(server.join().unwrap(), [Request::Wait { timeout_ms: 5 }, Request::Stop]);
}

#[test]
fn events_stream() {
    let event = |number| {
        Response::Event(Event {
            number,
            wall_ms: 0,
            mono_ms: 0,
            code: "dc".into(),
            text: String::new(),
            fields: serde_json::Value::Null,
        })
    };
    let (path, server) = serve("events", PROTOCOL, vec![event(4), event(5)]);
    let mut events = Client::connect_to(&path, "test").unwrap().events(3).unwrap();
    let wait = Duration::from_secs(5);
    assert_eq!(events.next(wait).unwrap().unwrap().number, 4);
    assert_eq!(events.next(wait).unwrap().unwrap().number, 5);
    assert_eq!(server.join().unwrap(), [Request::Events { since: 3 }]);
}

#[test]
fn nobody_listens() {
    let error = Client::connect_to(&socket("nobody"), "test").unwrap_err();
    assert!(matches!(error, ClientError::NotRunning { .. }), "{error}");
}

#[test]
fn a_far_protocol_is_refused_by_name() {
    let (path, server) = serve("far", PROTOCOL + 2, vec![]);
    let error = Client::connect_to(&path, "test").unwrap_err();
    assert!(matches!(error, ClientError::Version { theirs } if theirs == PROTOCOL + 2), "{error}");
    server.join().unwrap();
}

#[test]
fn a_long_frame_costs_no_memory() {
    let mut bytes: &[u8] = &[0xff, 0xff, 0xff, 0xff, b'{'];
    assert!(matches!(frame::read::<Hello>(&mut bytes), Err(frame::FrameError::TooLong(_))));
    let mut bytes: &[u8] = &[0x0f, 0xff, 0xff, 0xff, b'{'];
    assert!(matches!(frame::read::<Hello>(&mut bytes), Err(frame::FrameError::Io(_))));
}

#[test]
fn the_root_moves_everything() {
    let paths = Paths::below("/tmp/x");
    assert_eq!(paths.core_socket(), PathBuf::from("/tmp/x/run/rhapsody/core.sock"));
    assert_eq!(Paths::default().corosync_conf(), PathBuf::from("/etc/corosync/corosync.conf"));
}
