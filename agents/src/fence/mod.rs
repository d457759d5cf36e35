//! `fence_rhapsody_lab`: powers a node of a lab (`rhapsody lab up`) off and on.
//!
//! The counterpart of a management board: the lab's supervisor listens on a socket that every node
//! of the lab sees, whatever happens to its network. One line asks, one line answers:
//! `off n2` -> `ok off`, `status n2` -> `ok on`, `list` -> `ok n1 n2`, else `error TEXT`.
//! Success is reported only after the supervisor has confirmed it, never on a guess.

mod metadata;
mod options;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use options::Options;

const SOCKET: &str = "/run/rhapsody-lab/supervisor.sock";

const OK: u8 = 0;
const FAILED: u8 = 1;
/// What `status` exits with for a node that is off.
const OFF: u8 = 2;

pub fn main(args: Vec<String>) -> u8 {
    let options = match Options::read(&args, std::io::stdin().lock()) {
        Ok(options) => options,
        Err(text) => return error(&text),
    };
    match run(&options) {
        Ok(code) => code,
        Err(text) => error(&text),
    }
}

fn error(text: &str) -> u8 {
    eprintln!("Error: {text}");
    FAILED
}

fn run(options: &Options) -> Result<u8, String> {
    let action = options.action();
    match action {
        "metadata" => {
            print!("{}", metadata::TEXT);
            return Ok(OK);
        }
        "version" => {
            println!("fence_rhapsody_lab {}", env!("CARGO_PKG_VERSION"));
            return Ok(OK);
        }
        "help" => {
            print!("{}", options::HELP);
            return Ok(OK);
        }
        _ => {}
    }
    let lab = Supervisor(options.get("socket").unwrap_or(SOCKET));
    match action {
        "monitor" => lab.ask("list").map(|_| OK),
        "list" | "list-status" => {
            for node in lab.ask("list")?.split_ascii_whitespace() {
                match action {
                    "list" => println!("{node},"),
                    _ => println!("{node},,{}", lab.ask(&format!("status {node}"))?),
                }
            }
            Ok(OK)
        }
        "validate-all" => options.plug().map(|_| OK),
        "status" => match lab.ask(&format!("status {}", options.plug()?))?.as_str() {
            "on" => {
                println!("Status: ON");
                Ok(OK)
            }
            "off" => {
                println!("Status: OFF");
                Ok(OFF)
            }
            other => Err(format!("the lab answered {other}, neither on nor off")),
        },
        "on" | "off" | "reboot" => {
            let plug = options.plug()?;
            if let Some(delay) = options.get("delay") {
                let seconds: u64 =
                    delay.parse().map_err(|_| format!("delay={delay} is not a number of seconds"))?;
                std::thread::sleep(Duration::from_secs(seconds.min(3600)));
            }
            if action != "on" {
                lab.power(plug, "off")?;
            }
            if action != "off"
                && let Err(text) = lab.power(plug, "on")
            {
                // Off is what the cluster needed; a node that stays off is for people to look at.
                if action == "on" {
                    return Err(text);
                }
                eprintln!("WARNING: {plug} is off, but did not come on again: {text}");
            }
            println!("Success: {plug} {action}");
            Ok(OK)
        }
        other => Err(format!(
            "there is no action {other}; there are on, off, reboot, status, list, list-status, \
             monitor, validate-all and metadata"
        )),
    }
}

struct Supervisor<'a>(&'a str);

impl Supervisor<'_> {
    /// Orders and then asks again: only the second answer counts.
    fn power(&self, plug: &str, to: &str) -> Result<(), String> {
        self.ask(&format!("{to} {plug}"))?;
        match self.ask(&format!("status {plug}"))? {
            now if now == to => Ok(()),
            now => Err(format!("{plug} is {now} after it was told to go {to}")),
        }
    }

    fn ask(&self, request: &str) -> Result<String, String> {
        let path = self.0;
        let no = |e: std::io::Error| format!("no answer from the lab's supervisor at {path}: {e}");
        let mut stream = UnixStream::connect(path).map_err(|e| {
            format!("cannot reach the lab's supervisor at {path}: {e}; is this a node of a lab?")
        })?;
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).map_err(no)?;
        stream.set_write_timeout(limit).map_err(no)?;
        stream.write_all(format!("{request}\n").as_bytes()).map_err(no)?;
        let mut answer = String::new();
        BufReader::new(stream.take(4096)).read_line(&mut answer).map_err(no)?;
        match answer.trim_end().split_once(' ') {
            Some(("ok", rest)) => Ok(rest.to_owned()),
            Some(("error", text)) => Err(text.to_owned()),
            _ => Err(format!("the lab's supervisor answered {answer:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn options(words: &str) -> Options {
        Options::read(&[], words.replace(' ', "\n").as_bytes()).unwrap()
    }

    /// A supervisor with one node; `deaf` ones say ok and do nothing.
    fn supervisor(name: &str, deaf: bool) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let path = std::env::temp_dir().join(format!("rhapsody-fence-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let text = path.to_string_lossy().into_owned();
        let thread = std::thread::spawn(move || {
            let mut state = "on".to_owned();
            let mut asked = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                let line = line.trim().to_owned();
                let answer = match line.split(' ').collect::<Vec<_>>()[..] {
                    ["end"] => break,
                    ["list"] => "ok n1 n2".into(),
                    ["status", "n2"] => format!("ok {state}"),
                    [order @ ("on" | "off"), "n2"] => {
                        if !deaf {
                            state = order.to_owned();
                        }
                        format!("ok {state}")
                    }
                    _ => "error there is no such node".into(),
                };
                asked.push(line);
                writeln!(stream, "{answer}").unwrap();
            }
            let _ = std::fs::remove_file(&path);
            asked
        });
        (text, thread)
    }

    fn end(path: &str, thread: std::thread::JoinHandle<Vec<String>>) -> Vec<String> {
        UnixStream::connect(path).unwrap().write_all(b"end\n").unwrap();
        thread.join().unwrap()
    }

    #[test]
    fn a_reboot_is_off_confirmed_then_on() {
        let (path, thread) = supervisor("reboot", false);
        let o = |w: &str| options(&format!("socket={path} {w}"));
        assert_eq!(run(&o("action=reboot port=n2")), Ok(OK));
        assert_eq!(run(&o("action=off plug=n2")), Ok(OK));
        assert_eq!(run(&o("action=status nodename=n2")), Ok(OFF));
        assert_eq!(run(&o("action=monitor")), Ok(OK));
        assert!(run(&o("action=off plug=n9")).unwrap_err().contains("no such node"));
        assert!(run(&o("action=off")).unwrap_err().contains("plug"));
        let asked = end(&path, thread);
        assert_eq!(asked[..4], ["off n2", "status n2", "on n2", "status n2"]);
    }

    #[test]
    fn a_lying_device_is_not_believed() {
        let (path, thread) = supervisor("liar", true);
        let text = run(&options(&format!("socket={path} action=off plug=n2"))).unwrap_err();
        assert!(text.contains("n2 is on after"), "{text}");
        end(&path, thread);
        let text = run(&options(&format!("socket={path} action=off plug=n2"))).unwrap_err();
        assert!(text.contains("cannot reach"), "{text}");
    }
}
