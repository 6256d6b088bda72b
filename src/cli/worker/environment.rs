//! What a job's command finds: the payload on its standard input and, as far as it is small, in its environment. Pure.

use serde_json::Value;

/// Bytes of one variable; Linux takes four times as much.
const VARIABLE: usize = 32 << 10;
/// Fields of a payload that become variables.
const FIELDS: usize = 200;

/// The variables of one attempt.
pub fn variables(task: i64, attempt: i64, payload: &Value) -> Vec<(String, String)> {
    let mut variables =
        vec![("MILEPOST_TASK_ID".to_owned(), task.to_string()), ("MILEPOST_ATTEMPT".to_owned(), attempt.to_string())];
    let mut add = |name: String, value: String| {
        if value.len() <= VARIABLE && !value.contains('\0') {
            variables.push((name, value));
        }
    };
    add("MILEPOST_PAYLOAD".into(), payload.to_string());
    for (name, value) in payload.as_object().into_iter().flatten().take(FIELDS) {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        add(format!("MILEPOST_PAYLOAD_{}", upper(name)), value);
    }
    variables
}

/// A field's name as a variable may be called.
fn upper(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_is_given_whole_and_by_its_fields() {
        let payload =
            json!({ "file": "a b.csv", "rows": 3, "dry-run": true, "none": null, "list": [1], "nul": "a\0b" });
        let found = variables(42, 2, &payload);
        let value = |name: &str| found.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("MILEPOST_TASK_ID"), Some("42"));
        assert_eq!(value("MILEPOST_ATTEMPT"), Some("2"));
        assert_eq!(value("MILEPOST_PAYLOAD_FILE"), Some("a b.csv"));
        assert_eq!(value("MILEPOST_PAYLOAD_ROWS"), Some("3"));
        assert_eq!(value("MILEPOST_PAYLOAD_DRY_RUN"), Some("true"));
        assert_eq!(value("MILEPOST_PAYLOAD_LIST"), Some("[1]"));
        assert_eq!((value("MILEPOST_PAYLOAD_NONE"), value("MILEPOST_PAYLOAD_NUL")), (None, None));
        assert_eq!(value("MILEPOST_PAYLOAD"), Some(payload.to_string().as_str()));
    }

    #[test]
    fn what_is_too_long_for_a_variable_comes_on_standard_input_only() {
        let found = variables(1, 1, &json!({ "long": "x".repeat(VARIABLE), "short": "y" }));
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["MILEPOST_TASK_ID", "MILEPOST_ATTEMPT", "MILEPOST_PAYLOAD_LONG", "MILEPOST_PAYLOAD_SHORT"]);
    }
}
