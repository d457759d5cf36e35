//! Any text: no panic, and what is read is written unchanged.

use proptest::prelude::*;
use rhapsody_conf::Conf;

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("totem {".to_owned()),
        Just("  node {".to_owned()),
        Just("}".to_owned()),
        Just("# a comment".to_owned()),
        Just(String::new()),
        "[a-z]{1,4} ?: ?[a-z0-9 ]{0,4}",
        "\\PC{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn round_trip(lines in prop::collection::vec(line(), 0..20), end in prop::bool::ANY) {
        let text = lines.join("\n") + if end { "\n" } else { "" };
        if let Ok(conf) = Conf::parse(&text) {
            let written = conf.to_text();
            prop_assert_eq!(&written, &text.replace("\r\n", "\n"));
            let canonical = conf.canonical();
            prop_assert_eq!(Conf::parse(&canonical).unwrap().canonical(), canonical);
            conf.check();
            conf.settings();
        }
    }

    #[test]
    fn edits_can_be_read_back(key in "[a-z]{1,3}", value in "\\PC{0,8}", other in "[a-z]{1,3}") {
        let mut conf = Conf::parse("totem {\n abc: 1\n abc: 2\n}\ntotem {\n x: 1\n}\n").unwrap();
        conf.set("totem", &key, &value);
        conf.remove("totem", &other);
        let again = Conf::parse(&conf.to_text()).unwrap();
        let expected = (key != other).then(|| value.replace(['{', '}'], " ").trim().to_owned());
        prop_assert_eq!(again.get("totem", &key), expected.as_deref());
    }
}
