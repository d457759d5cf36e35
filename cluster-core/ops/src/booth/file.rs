//! booth.conf: `name = value` lines, and tickets with the lines that follow them.

/// A whole file; comments and order stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoothConf {
    global: Vec<Line>,
    tickets: Vec<Ticket>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub name: String,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Option(String, String),
    /// A comment.
    Other(String),
}

/// The line that is neither an option nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoothConfError(pub String);

/// booth keeps names of tickets in buffers of this size.
pub const TICKET_NAME_MAX: usize = 63;

impl BoothConf {
    pub fn parse(text: &str) -> Result<BoothConf, BoothConfError> {
        let mut conf = BoothConf::default();
        for raw in text.lines() {
            let line = raw.trim();
            if line.is_empty() {
                continue;
            }
            let parsed = match line.split_once('=') {
                _ if line.starts_with('#') => Line::Other(line.to_owned()),
                Some((name, value)) if !name.trim().is_empty() => {
                    Line::Option(name.trim().to_owned(), value.trim().to_owned())
                }
                _ => return Err(BoothConfError(line.to_owned())),
            };
            match (parsed, conf.tickets.last_mut()) {
                (Line::Option(name, value), _) if name == "ticket" => {
                    conf.tickets.push(Ticket { name: unquoted(&value).to_owned(), lines: Vec::new() });
                }
                (line, Some(ticket)) => ticket.lines.push(line),
                (line, None) => conf.global.push(line),
            }
        }
        Ok(conf)
    }

    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut write = |indent: &str, line: &Line| match line {
            Line::Option(name, value) => out.push_str(&format!("{indent}{name} = {value}\n")),
            Line::Other(text) => out.push_str(&format!("{indent}{text}\n")),
        };
        self.global.iter().for_each(|line| write("", line));
        for ticket in &self.tickets {
            write("", &Line::Option("ticket".to_owned(), format!("\"{}\"", ticket.name)));
            ticket.lines.iter().for_each(|line| write("  ", line));
        }
        out
    }

    pub fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    pub fn ticket(&self, name: &str) -> Option<&Ticket> {
        self.tickets.iter().find(|ticket| ticket.name == name)
    }

    pub fn add_ticket(&mut self, name: &str, options: impl IntoIterator<Item = (String, String)>) {
        let mut lines: Vec<(String, String)> = options.into_iter().collect();
        lines.sort();
        let lines = lines.into_iter().map(|(name, value)| Line::Option(name, value)).collect();
        self.tickets.push(Ticket { name: name.to_owned(), lines });
    }

    /// False when there is no such ticket.
    pub fn remove_ticket(&mut self, name: &str) -> bool {
        let before = self.tickets.len();
        self.tickets.retain(|ticket| ticket.name != name);
        self.tickets.len() < before
    }

    /// The last of duplicates counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.global.iter().rev().find_map(|line| match line {
            Line::Option(key, value) if key == name => Some(unquoted(value)),
            _ => None,
        })
    }

    pub fn push(&mut self, name: &str, value: &str) {
        self.global.push(Line::Option(name.to_owned(), value.to_owned()));
    }

    /// In front of all others, instead of what was there.
    pub fn set_first(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.global.insert(0, Line::Option(name.to_owned(), value.to_owned()));
    }

    pub fn remove(&mut self, name: &str) {
        self.global.retain(|line| !matches!(line, Line::Option(key, _) if key == name));
    }
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_survives_reading_and_writing() {
        let text = "# ours\nauthfile = /etc/booth/b.key\nsite = 10.0.0.1\nticket = \"A\"\n  expire = 600\n  # why\nticket = \"B\"\n";
        let conf = BoothConf::parse(text).unwrap();
        assert_eq!(conf.to_text(), text);
        assert_eq!(conf.get("authfile"), Some("/etc/booth/b.key"));
        assert_eq!(conf.tickets().len(), 2);
        let loose = BoothConf::parse("\n  site=10.0.0.1\n\nticket=A\nexpire = 600").unwrap();
        assert_eq!(loose.to_text(), "site = 10.0.0.1\nticket = \"A\"\n  expire = 600\n");
    }

    #[test]
    fn what_is_no_line_of_it_is_named() {
        for (text, bad) in [("site = 1\nb\n", "b"), ("= 1", "= 1"), ("\u{0}", "\u{0}")] {
            assert_eq!(BoothConf::parse(text), Err(BoothConfError(bad.to_owned())));
        }
    }

    #[test]
    fn tickets_come_and_go() {
        let mut conf = BoothConf::parse("site = 1\n").unwrap();
        conf.add_ticket(
            "T",
            [("timeout".to_owned(), "5".to_owned()), ("expire".to_owned(), "60".to_owned())],
        );
        assert_eq!(conf.to_text(), "site = 1\nticket = \"T\"\n  expire = 60\n  timeout = 5\n");
        assert!(conf.remove_ticket("T") && !conf.remove_ticket("T"));
        conf.push("enable-authfile", "on");
        conf.set_first("enable-authfile", "yes");
        assert_eq!(conf.to_text(), "enable-authfile = yes\nsite = 1\n");
    }
}
