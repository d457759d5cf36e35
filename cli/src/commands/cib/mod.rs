//! `rhapsody cib ...`

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use rhapsody_ops::cib_elements::{DescriptionRequest, GetDescriptionRequest};

pub const NOUN: Noun = Noun {
    name: "cib",
    about: "edit elements of the CIB",
    verbs: &[Verb {
        words: "element description",
        usage: "<element id> [<text>]\nShow or set the description of an element; an empty text removes it.",
        options: &["-f", "--dry-run"],
        run: description,
    }],
};

fn description(context: &mut Context, words: &[String]) -> Done {
    match words {
        [id] => {
            let request = GetDescriptionRequest { element_id: id.clone() };
            let text: String = context.get("cib.element_description_get", &request)?;
            context.line(text);
        }
        [id, text] => {
            let request = DescriptionRequest { element_id: id.clone(), description: text.clone() };
            context.change("cib.element_description_set", &request)?;
        }
        _ => return Err(usage()),
    }
    Ok(())
}
