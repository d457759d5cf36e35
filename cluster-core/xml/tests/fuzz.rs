//! Broken bytes and long series of edits. A second in `cargo test`; RHAPSODY_FUZZ_SECONDS=N for N.

use rhapsody_xml::{Document, Element, xpath};
use std::time::{Duration, Instant};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n.max(1)
    }
}

/// Repeats with seeds 1, 2, ... until the time is over; says which seed failed.
fn for_a_while(test: impl Fn(&mut Random)) {
    let seconds = std::env::var("RHAPSODY_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = 0;
    while Instant::now() < end {
        seed += 1;
        let mut random = Random(seed);
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&mut random))).is_err();
        assert!(!failed, "seed {seed}");
    }
    eprintln!("{seed} rounds");
}

const SEED: &str = "<?xml version='1.0'?>\n<!-- a --><cib a='1' b=\"&lt;é&#x41;\"><x id='1'> t &amp; u <![CDATA[<&]]></x>\r\n\t<y/><!-- b --><?p q?><z:w v=''></z:w></cib>\n<!-- e -->";

#[test]
fn broken_bytes() {
    for_a_while(|random| {
        let mut bytes = SEED.as_bytes().to_vec();
        for _ in 0..1 + random.below(5) {
            let at = random.below(bytes.len());
            match random.below(5) {
                0 if bytes.len() > 1 => {
                    bytes.remove(at);
                }
                0 | 1 => bytes[at] = random.next() as u8,
                2 => bytes.insert(at, b"<>&'\"/=!-?[] \n\0"[random.below(15)]),
                3 => {
                    let end = (at + random.below(20)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    let to = random.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                _ => bytes.truncate(at.max(1)),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(doc) = Document::parse(&text) {
            let written = doc.to_xml();
            let again = Document::parse(&written).expect("what is written can be read");
            assert_eq!(again.compact(again.root()), doc.compact(doc.root()), "{text}");
        }
    });
}

#[test]
fn broken_paths() {
    let doc = Document::parse(SEED).unwrap();
    let seed = "/cib//x[@id='1' and not(@b)][position()=1] | //*[last()]/@a";
    for_a_while(|random| {
        let mut bytes = seed.as_bytes().to_vec();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = b"/@[]()'|*=x1 "[random.below(13)],
                1 => bytes.insert(at, b"/@[]()'|*=x1 "[random.below(13)]),
                _ => {
                    bytes.remove(at);
                    bytes.push(b']');
                }
            }
        }
        let path = String::from_utf8_lossy(&bytes);
        let _ = xpath::select(&doc, &path);
    });
}

/// What a document should look like, kept by other means.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    name: String,
    attrs: Vec<(String, String)>,
    children: Vec<Model>,
}

impl Model {
    fn of(doc: &Document, e: Element) -> Model {
        Model {
            name: doc.name(e).to_owned(),
            attrs: doc.attrs(e).map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            children: doc.children(e).map(|c| Model::of(doc, c)).collect(),
        }
    }

    fn at(&mut self, path: &[usize]) -> &mut Model {
        path.iter().fold(self, |m, i| &mut m.children[*i])
    }
}

fn path_to(doc: &Document, e: Element) -> Vec<usize> {
    let mut path = Vec::new();
    let mut at = e;
    while let Some(parent) = doc.parent(at) {
        path.push(doc.position(at));
        at = parent;
    }
    path.reverse();
    path
}

#[test]
fn edits_do_what_a_model_does() {
    for_a_while(|random| {
        let mut doc = Document::parse(SEED).unwrap();
        let mut model = Model::of(&doc, doc.root());
        for step in 0..40 {
            let all: Vec<Element> = doc.descendants(doc.root()).collect();
            let e = all[random.below(all.len())];
            let path = path_to(&doc, e);
            match random.below(6) {
                0 | 1 => {
                    let position = random.below(doc.children(e).count() + 1);
                    doc.insert(e, position, "n");
                    let child = Model { name: "n".into(), attrs: vec![], children: vec![] };
                    model.at(&path).children.insert(position, child);
                }
                2 => {
                    let (name, value) = (["a", "b", "id"][random.below(3)], "v".repeat(random.below(9)));
                    doc.set_attr(e, name, &value);
                    let attrs = &mut model.at(&path).attrs;
                    match attrs.iter_mut().find(|(n, _)| n == name) {
                        Some(attr) => attr.1 = value,
                        None => attrs.push((name.into(), value)),
                    }
                }
                3 => {
                    doc.remove_attr(e, "b");
                    model.at(&path).attrs.retain(|(n, _)| n != "b");
                }
                4 if e != doc.root() => {
                    doc.remove(e);
                    let (last, parent) = path.split_last().unwrap();
                    model.at(parent).children.remove(*last);
                }
                5 if e != doc.root() => {
                    let target = all[random.below(all.len())];
                    if doc.is_within(target, e) {
                        continue;
                    }
                    let (last, parent) = path.split_last().unwrap();
                    let moved = model.at(parent).children.remove(*last);
                    let count = doc.children(target).count() - usize::from(doc.parent(e) == Some(target));
                    let position = random.below(count + 1);
                    doc.move_to(e, target, position);
                    let (_, target_path) = (0, path_to(&doc, target));
                    model.at(&target_path).children.insert(position, moved);
                }
                _ => {}
            }
            assert_eq!(Model::of(&doc, doc.root()), model, "step {step}");
        }
        let again = Document::parse(&doc.to_xml()).unwrap();
        assert_eq!(Model::of(&again, again.root()), model);
        let compact = Document::parse(&doc.compact(doc.root())).unwrap();
        assert_eq!(Model::of(&compact, compact.root()), model);
    });
}
