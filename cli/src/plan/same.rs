//! When two parts of a configuration are the same: ids that nobody chose do not count, nor does
//! what only describes the moment.

use serde::Serialize;
use serde_json::Value;

/// Do two things differ in nothing that a command could change?
pub fn same<T: Serialize>(left: &T, right: &T) -> bool {
    let value = |thing: &T| serde_json::to_value(thing).map(|value| essence(value, 0));
    match (value(left), value(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}

fn essence(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(mut fields) => {
            // A rule is what it says.
            if fields.contains_key("as_string") && fields.contains_key("expressions") {
                fields.shift_remove("expressions");
                // What holds where none is given.
                if let Some(Value::Object(options)) = fields.get_mut("options")
                    && options.get("score").is_some_and(|score| score == "INFINITY")
                {
                    options.shift_remove("score");
                }
            }
            // The role that is meant where none is given.
            fields.retain(|name, value| !(name.ends_with("role") && value == "Started"));
            for name in ["in_effect", "set_id"] {
                fields.shift_remove(name);
            }
            if depth > 0 {
                fields.shift_remove("id");
            }
            let fields = fields.into_iter().map(|(name, value)| (name, essence(value, depth + 1)));
            Value::Object(fields.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(values) => {
            let mut values: Vec<Value> =
                values.into_iter().map(|value| essence(value, depth + 1)).filter(|v| !is_empty(v)).collect();
            // Pairs and operations have names; members of groups and sets have an order.
            if values.iter().all(|value| value.get("name").is_some()) {
                values.sort_by_key(|value| value.to_string());
            }
            Value::Array(values)
        }
        value => value,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_inside_and_the_order_of_pairs_do_not_count() {
        let left = json!({"id": "a", "pairs": [{"id": "1", "name": "x", "value": "1"}, {"id": "2", "name": "y", "value": "2"}]});
        let right = json!({"id": "a", "pairs": [{"name": "y", "value": "2"}, {"id": "9", "name": "x", "value": "1"}], "none": null});
        assert!(same(&left, &right));
        assert!(!same(&json!({"id": "a"}), &json!({"id": "b"})));
        assert!(!same(&json!({"members": ["a", "b"]}), &json!({"members": ["b", "a"]})));
    }
}
