//! The file of `plan` and `apply`: JSON in the form of `config --output-format json`.

use crate::failure::Failure;
use rhapsody_ops::configuration::Configuration;
use serde_json::Value;
use std::io::Read;

/// Reads a file, or standard input for `-`.
pub fn read(path: &str) -> Result<Configuration, Failure> {
    let mut text = String::new();
    let read = match path {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        path => std::fs::read_to_string(path).map(|found| text = found),
    };
    read.map_err(|error| Failure::Message(format!("unable to read '{path}': {error}")))?;
    parse(&text).map_err(|problem| Failure::Message(format!("'{path}' is no configuration: {problem}")))
}

fn parse(text: &str) -> Result<Configuration, String> {
    let given: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !given.is_object() {
        return Err("the outermost thing is no object".to_owned());
    }
    let wanted: Configuration = serde_json::from_value(given.clone()).map_err(|error| error.to_string())?;
    // Answers of other versions may have fields that are new; a file that people write may not.
    let known = serde_json::to_value(&wanted).map_err(|error| error.to_string())?;
    match stranger(&given, &known, "") {
        Some(path) => Err(format!("there is no field '{path}'")),
        None => Ok(wanted),
    }
}

/// The first field that was given and is not understood.
fn stranger(given: &Value, known: &Value, path: &str) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match known.get(name) {
                Some(known) => stranger(value, known, &path),
                // A section that is null is as good as absent.
                None if value.is_null() => None,
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(known)) => given
            .iter()
            .zip(known)
            .enumerate()
            .find_map(|(at, (given, known))| stranger(given, known, &format!("{path}[{at}]"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_enough_and_unknown_fields_are_named() {
        let wanted = parse(
            r#"{"resources": {"primitives": [{"id": "a", "agent_name": {"standard": "ocf", "type": "D"}}]}}"#,
        );
        assert_eq!(wanted.unwrap().resources.unwrap().primitives[0].id, "a");
        let problem = parse(r#"{"resources": {"primitives": [{"id": "a", "atributes": []}]}}"#).unwrap_err();
        assert_eq!(problem, "there is no field 'resources.primitives[0].atributes'");
        assert!(parse(r#"{"resource": {}}"#).unwrap_err().contains("unknown field `resource`"));
        assert!(parse("[]").is_err() && parse("{").is_err());
    }
}
