//! The core's socket with a CIB in memory behind it: what pcsd may expect of a real one.

use rhapsody_api::core::*;
use rhapsody_cib::Cib;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub const CIB: &str = r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0" have-quorum="1" dc-uuid="1">
  <configuration>
    <crm_config/>
    <nodes>
      <node id="1" uname="n1"/>
    </nodes>
    <resources/>
    <constraints/>
  </configuration>
  <status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>
  </status>
</cib>
"#;

pub struct FakeCore {
    pub state: Arc<Mutex<State>>,
}

pub struct State {
    pub cib: Cib,
    pub event: u64,
    /// So many changes are refused as stale, as if somebody else had been faster.
    pub stale: usize,
    pub no_quorum: bool,
    pub busy: bool,
    pub asked: Vec<Request>,
}

impl FakeCore {
    /// Serves below `root`, as the process that runs the test.
    pub fn start(root: &Path) -> FakeCore {
        let run = root.join("run/rhapsody");
        std::fs::create_dir_all(&run).unwrap();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let start_time = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().to_owned();
        std::fs::write(run.join("core.pid"), format!("{} {start_time}\n", std::process::id())).unwrap();
        let listener = UnixListener::bind(run.join("core.sock")).unwrap();
        let state = Arc::new(Mutex::new(State {
            cib: Cib::parse(CIB).unwrap(),
            event: 1,
            stale: 0,
            no_quorum: false,
            busy: false,
            asked: Vec::new(),
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        FakeCore { state }
    }

    pub fn cib(&self) -> String {
        self.state.lock().unwrap().cib.to_xml()
    }
}

fn send(stream: &mut UnixStream, value: &impl serde::Serialize) -> std::io::Result<()> {
    let body = serde_json::to_vec(value)?;
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend(body);
    stream.write_all(&frame)
}

fn receive<T: serde::de::DeserializeOwned>(stream: &mut UnixStream) -> std::io::Result<T> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

fn serve(mut stream: UnixStream, state: &Mutex<State>) {
    let hello = Hello { protocol: PROTOCOL, build: "fake".into(), name: "n1".into() };
    if send(&mut stream, &hello).is_err() || receive::<Hello>(&mut stream).is_err() {
        return;
    }
    while let Ok(frame) = receive::<RequestFrame>(&mut stream) {
        for response in answers(&frame.request, &mut state.lock().unwrap()) {
            if send(&mut stream, &ResponseFrame { id: frame.id, response }).is_err() {
                return;
            }
        }
    }
}

fn answers(request: &Request, state: &mut State) -> Vec<Response> {
    if !matches!(request, Request::Version | Request::Snapshot) {
        state.asked.push(request.clone());
    }
    vec![match request {
        Request::Snapshot => Response::Snapshot { cib: state.cib.to_xml() },
        Request::Version => {
            let version = state.cib.version();
            Response::Version {
                admin_epoch: version.admin_epoch,
                epoch: version.epoch,
                num_updates: version.num_updates,
                event: state.event,
            }
        }
        Request::Apply { patch, base, force, .. } => apply(state, patch, *base, *force),
        Request::Members => {
            Response::Members { view: 1, dc: Some("n1".into()), local: "n1".into(), members: Vec::new() }
        }
        Request::Quorum => Response::Quorum(Quorum {
            quorate: true,
            expected_votes: 1,
            highest_expected: 1,
            total_votes: 1,
            quorum: 1,
            flags: vec!["Quorate".into()],
            view: 1,
            members: vec![QuorumMember { id: 1, name: "n1".into(), votes: 1, local: true }],
        }),
        Request::Wait { .. } if state.busy => Response::Error(CoreError::Timeout),
        Request::Events { since } => {
            return (since + 1..=state.event)
                .map(|number| {
                    Response::Event(Event {
                        number,
                        wall_ms: 0,
                        mono_ms: 0,
                        code: "config".into(),
                        text: "changed".into(),
                        fields: serde_json::Value::Null,
                    })
                })
                .collect();
        }
        Request::Cleanup { resource: Some(resource), .. } if resource == "nothing" => {
            Response::Error(CoreError::UnknownResource { resource: resource.clone() })
        }
        Request::Statistics => Response::Error(CoreError::Unsupported),
        _ => Response::Done,
    }]
}

fn apply(state: &mut State, patch: &str, base: ConfigVersion, force: bool) -> Response {
    let version = state.cib.version();
    let now = ConfigVersion { admin_epoch: version.admin_epoch, epoch: version.epoch };
    if state.stale > 0 {
        state.stale -= 1;
        // Somebody else's change.
        let mut version = version;
        version.epoch += 1;
        state.cib.set_version(version);
        return Response::Error(CoreError::Stale { now });
    }
    if base != now {
        return Response::Error(CoreError::Stale { now });
    }
    if state.no_quorum && !force {
        return Response::Error(CoreError::NoQuorum);
    }
    if let Err(error) = rhapsody_cib::patch::apply(&mut state.cib, patch) {
        return Response::Error(CoreError::Invalid { text: error.to_string() });
    }
    state.event += 1;
    let version = state.cib.version();
    Response::Applied { version: ConfigVersion { admin_epoch: version.admin_epoch, epoch: version.epoch } }
}
