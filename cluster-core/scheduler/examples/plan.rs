//! Print the actions planned for a CIB: `plan FILE`.

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            std::process::exit(1);
        }
    };
    let doc = match rhapsody_xml::Document::parse(&text) {
        Ok(doc) => doc,
        Err(error) => {
            eprintln!("{path}: {error:?}");
            std::process::exit(1);
        }
    };
    let options = rhapsody_scheduler::Options {
        now: 1_600_000_000,
        show_scores: true,
        ..rhapsody_scheduler::Options::default()
    };
    let outcome = rhapsody_scheduler::schedule_document(&doc, &options);
    for line in outcome.scores {
        println!("{line}");
    }
    for a in outcome.transition.actions {
        println!("{:?} {} {} on {:?} after {:?} {:?}", a.kind, a.id.0, a.key, a.node, a.inputs, a.params);
    }
    for i in outcome.issues {
        println!("issue: {}", i.text);
    }
}
