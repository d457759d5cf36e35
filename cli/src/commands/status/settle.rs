//! `status wait`: until the cluster has nothing left to do.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_cib::duration;
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let request = match words {
        [] => json!({ "wait_value": 0 }),
        [timeout] => json!({ "wait_value": seconds(timeout)? }),
        _ => return Err(super::super::usage()),
    };
    context.run("cluster.wait_for_pcmk_idle", &request).map(|_| ())
}

fn seconds(text: &str) -> Result<u64, Failure> {
    let ms = duration::parse_ms(text).and_then(|ms| u64::try_from(ms).ok());
    ms.map(|ms| ms.div_ceil(1000)).ok_or_else(|| {
        Failure::Message(format!(
            "'{text}' is not a valid interval value, use a number of seconds, or for example 2min"
        ))
    })
}
