//! corosync.conf of a new cluster, from checked options.

use super::options::Options;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Everything in the file; names and values hold no line breaks and no braces.
#[derive(Debug, Default)]
pub struct Plan {
    pub cluster_name: String,
    pub cluster_uuid: Option<String>,
    pub transport: String,
    pub transport_options: Options,
    pub links: Vec<Options>,
    pub compression: Options,
    pub crypto: Options,
    pub totem: Options,
    pub quorum: Options,
    /// Names and addresses, in the order of their ids.
    pub nodes: Vec<(String, Vec<String>)>,
}

/// How soon a silent node counts as lost, where nobody says: nothing of ours travels a ring, so it
/// does not grow with the number of nodes either.
const TOKEN_MS: &str = "1000";
const TOKEN_COEFFICIENT_MS: &str = "0";

impl Plan {
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut totem = vec![
            ("version".to_owned(), "2".to_owned()),
            ("cluster_name".to_owned(), self.cluster_name.clone()),
            ("transport".to_owned(), self.transport.clone()),
        ];
        if let Some(uuid) = &self.cluster_uuid {
            totem.push(("cluster_uuid".to_owned(), uuid.clone()));
        }
        let put = |totem: &mut Vec<(String, String)>, prefix: &str, options: &Options| {
            totem.extend(options.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone())));
        };
        put(&mut totem, "", &self.transport_options);
        if self.transport == "knet" {
            let mut crypto = Options::from([
                ("cipher".to_owned(), "aes256".to_owned()),
                ("hash".to_owned(), "sha256".to_owned()),
            ]);
            crypto.extend(self.crypto.clone());
            put(&mut totem, "crypto_", &crypto);
            put(&mut totem, "knet_compression_", &self.compression);
        }
        let mut timing = Options::from([
            ("token".to_owned(), TOKEN_MS.to_owned()),
            ("token_coefficient".to_owned(), TOKEN_COEFFICIENT_MS.to_owned()),
        ]);
        timing.extend(self.totem.clone());
        put(&mut totem, "", &timing);

        out.push_str("totem {\n");
        for (name, value) in &totem {
            let _ = writeln!(out, "    {name}: {value}");
        }
        for link in &self.links {
            out.push_str("\n    interface {\n");
            for (name, value) in link {
                // corosync's names of what the user calls link options.
                let name = match (self.transport.as_str(), name.as_str()) {
                    (_, "linknumber" | "mcastport" | "bindnetaddr" | "broadcast" | "mcastaddr" | "ttl") => {
                        name.clone()
                    }
                    ("knet", "link_priority") => "knet_link_priority".to_owned(),
                    (_, other) => format!("knet_{other}"),
                };
                let value = match (name.as_str(), value.as_str()) {
                    ("broadcast", "1") => "yes",
                    ("broadcast", _) => "no",
                    (_, value) => value,
                };
                let _ = writeln!(out, "        {name}: {value}");
            }
            out.push_str("    }\n");
        }
        out.push_str("}\n\nnodelist {\n");
        for (index, (name, addresses)) in self.nodes.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str("    node {\n");
            for (link, address) in addresses.iter().enumerate() {
                let _ = writeln!(out, "        ring{link}_addr: {address}");
            }
            let _ = writeln!(out, "        name: {name}\n        nodeid: {}\n    }}", index + 1);
        }
        out.push_str("}\n\nquorum {\n    provider: corosync_votequorum\n");
        for (name, value) in &self.quorum {
            let _ = writeln!(out, "    {name}: {value}");
        }
        // Two nodes go on alone, unless a tie is broken in another way.
        if self.nodes.len() == 2 && self.quorum.get("auto_tie_breaker").is_none_or(|on| on != "1") {
            out.push_str("    two_node: 1\n");
        }
        out.push_str("}\n\nlogging {\n    to_logfile: no\n    to_syslog: yes\n    timestamp: on\n}\n");
        out
    }
}

/// Links as given, numbered; those without a number take the free ones in order.
pub fn number_links(links: &[Options]) -> Vec<Options> {
    let taken: Vec<&String> = links.iter().filter_map(|link| link.get("linknumber")).collect();
    let mut free = (0..).map(|number: usize| number.to_string()).filter(|number| !taken.contains(&number));
    let mut numbered = BTreeMap::new();
    for link in links {
        let mut link = link.clone();
        let number = link.get("linknumber").cloned().or_else(|| free.next()).unwrap_or_default();
        link.insert("linknumber".to_owned(), number.clone());
        numbered.insert(number, link);
    }
    numbered.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_plain_cluster() {
        let plan = Plan {
            cluster_name: "linuxha".into(),
            transport: "knet".into(),
            nodes: vec![("n1".into(), vec!["10.77.0.11".into()]), ("n2".into(), vec!["10.77.0.12".into()])],
            ..Plan::default()
        };
        let text = plan.text();
        for line in [
            "cluster_name: linuxha",
            "crypto_cipher: aes256",
            "crypto_hash: sha256",
            "token: 1000",
            "token_coefficient: 0",
            "two_node: 1",
            "ring0_addr: 10.77.0.12",
            "nodeid: 2",
            "provider: corosync_votequorum",
        ] {
            assert!(text.lines().any(|have| have.trim() == line), "{line} in\n{text}");
        }
        let found = crate::corosync::parse(&text).unwrap();
        assert_eq!((found.cluster_name.as_str(), found.nodes.len()), ("linuxha", 2));
    }

    #[test]
    fn everything_that_can_be_said() {
        let plan = Plan {
            cluster_name: "c".into(),
            cluster_uuid: Some("u-u".into()),
            transport: "knet".into(),
            transport_options: options(&[("link_mode", "active")]),
            links: number_links(&[
                options(&[("mcastport", "5405")]),
                options(&[("linknumber", "0"), ("link_priority", "3")]),
            ]),
            compression: options(&[("model", "zlib")]),
            crypto: options(&[("cipher", "none"), ("hash", "none")]),
            totem: options(&[("token", "300")]),
            quorum: options(&[("auto_tie_breaker", "1")]),
            nodes: vec![
                ("n1".into(), vec!["a".into(), "b".into()]),
                ("n2".into(), vec!["c".into(), "d".into()]),
            ],
        };
        let text = plan.text();
        for line in [
            "cluster_uuid: u-u",
            "link_mode: active",
            "knet_link_priority: 3",
            "linknumber: 1",
            "knet_compression_model: zlib",
            "crypto_cipher: none",
            "token: 300",
            "ring1_addr: d",
            "auto_tie_breaker: 1",
        ] {
            assert!(text.lines().any(|have| have.trim() == line), "{line} in\n{text}");
        }
        assert!(!text.contains("two_node") && !text.contains("aes256"));
    }
}
