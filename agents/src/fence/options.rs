//! Options of a fence agent: `key=value` lines on stdin, or words of the command line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

/// More on stdin than this is no set of options.
const STDIN_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Default)]
pub struct Options(BTreeMap<String, String>);

pub const HELP: &str = "\
usage: fence_rhapsody_lab [-o ACTION] [-n NODE] [--socket=PATH] [--delay=SECONDS]
Without options they are read from stdin, one key=value a line: action, plug, socket, delay.
Actions: reboot (default), off, on, status, list, list-status, monitor, validate-all, metadata
";

/// Short spelling, long spelling, name on stdin; the last ones take no value.
const FLAGS: &[(&str, &str, &str)] = &[
    ("-o", "--action", "action"),
    ("-n", "--plug", "plug"),
    ("", "--socket", "socket"),
    ("", "--delay", "delay"),
];

impl Options {
    pub fn read(args: &[String], stdin: impl Read) -> Result<Self, String> {
        let mut options = Options::default();
        if args.is_empty() {
            options.take_stdin(stdin)?;
        } else {
            options.take_args(args)?;
        }
        Ok(options)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    pub fn action(&self) -> &str {
        self.get("action").unwrap_or("reboot")
    }

    /// The node to act on. Pacemaker's name of the target comes as `nodename`, always.
    pub fn plug(&self) -> Result<&str, String> {
        self.get("plug")
            .or_else(|| self.get("port"))
            .or_else(|| self.get("nodename"))
            .ok_or_else(|| "no node was named; give plug=NODE (or -n NODE)".to_owned())
    }

    /// Names that we do not know are skipped: the cluster adds its own.
    fn take_stdin(&mut self, stdin: impl Read) -> Result<(), String> {
        for line in BufReader::new(stdin.take(STDIN_BYTES_MAX)).lines() {
            let line = line.map_err(|e| format!("cannot read the options from stdin: {e}"))?;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                return Err(format!("the line {line:?} on stdin is not key=value"));
            };
            let name = match name.trim() {
                "option" => "action", // the name of old
                name => name,
            };
            self.0.insert(name.to_owned(), value.trim().to_owned());
        }
        Ok(())
    }

    fn take_args(&mut self, args: &[String]) -> Result<(), String> {
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "-h" | "--help" => self.set("action", "help"),
                "-V" | "--version" => self.set("action", "version"),
                "-v" | "--verbose" => {}
                _ => {
                    let (flag, value) = match arg.split_once('=') {
                        Some((flag, value)) => (flag, Some(value)),
                        None => (arg.as_str(), None),
                    };
                    let known = FLAGS.iter().find(|(s, l, _)| flag == *s || flag == *l);
                    let Some((.., name)) = known else {
                        return Err(format!("unknown option {arg}; see --help"));
                    };
                    let value = match value {
                        Some(value) => value,
                        None => args.next().ok_or_else(|| format!("{arg} needs a value"))?,
                    };
                    self.set(name, value);
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_say_the_same() {
        let stdin = "# comment\naction=off\n port = n2 \nunknown=1\n";
        let lines = Options::read(&[], stdin.as_bytes()).unwrap();
        let words = ["-o", "off", "--plug=n2"].map(str::to_owned);
        let words = Options::read(&words, std::io::empty()).unwrap();
        for options in [lines, words] {
            assert_eq!(options.action(), "off");
            assert_eq!(options.plug(), Ok("n2"));
        }
        let none = Options::read(&[], std::io::empty()).unwrap();
        assert_eq!(none.action(), "reboot");
        assert!(none.plug().is_err());
    }

    #[test]
    fn bad_options_are_named() {
        let read = |w: &str| Options::read(&[w.to_owned()], std::io::empty()).unwrap_err();
        assert!(read("--fly").contains("--fly"));
        assert!(read("-o").contains("value"));
        assert!(Options::read(&[], "nonsense".as_bytes()).is_err());
    }
}
