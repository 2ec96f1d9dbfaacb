//! Answers for people: lists as tables, objects line by line.

use ahoy_calling::instant;
use ahoy_types::RuleTime;
use serde_json::Value;

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum View {
    /// One row an object, with these keys.
    Table(&'static [&'static str]),
    /// One line a key.
    Object,
    /// These words.
    Done(&'static str),
}

pub(super) fn show(view: &View, answer: &Value) {
    match view {
        View::Table(columns) => say_text!("{}", table(columns, answer)),
        View::Object => say_text!("{}", object(answer)),
        View::Done(words) => say!("{words}"),
    }
    if answer.get("token").is_some() {
        eprintln!("The token is shown once; the server keeps a hash of it alone.");
    }
}

/// A value on one line: lines of a text have a space between them, and control characters of names cannot reach the terminal.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| cell(Some(item))).collect();
            items.join(", ")
        }
        Some(other) => other.to_string(),
    };
    let text = text.lines().filter(|line| !line.is_empty());
    let text = text.collect::<Vec<_>>().join(" ");
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The value of a key: an instant (`…_at`, Unix seconds) as date and time in UTC.
fn of_key(key: &str, value: Option<&Value>) -> String {
    match value.and_then(Value::as_i64) {
        Some(secs) if key.ends_with("_at") => instant::written(RuleTime::from_secs(secs)),
        _ => cell(value),
    }
}

fn table(columns: &[&str], answer: &Value) -> String {
    let rows = answer.get("data").and_then(Value::as_array);
    let rows: Vec<Vec<String>> = rows
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|key| of_key(key, row.get(*key)))
                .collect()
        })
        .collect();
    if rows.is_empty() {
        return "There are none.\n".to_owned();
    }
    let head: Vec<String> = columns.iter().map(|c| c.replace('_', " ")).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widest = cells.chain(head.get(at)).map(|c| c.chars().count()).max();
        widest.unwrap_or(0)
    };
    let mut out = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        let line: String = row
            .iter()
            .enumerate()
            .map(|(at, cell)| format!("{cell:<width$}  ", width = width(at)))
            .collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn object(answer: &Value) -> String {
    let Some(map) = answer.as_object() else {
        return String::new();
    };
    let width = map.keys().map(|key| key.chars().count()).max().unwrap_or(0);
    map.iter()
        .map(|(key, value)| {
            let line = format!(
                "{:<width$}  {}",
                key.replace('_', " "),
                of_key(key, Some(value))
            );
            format!("{}\n", line.trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_line_up_and_nothing_steers_the_terminal() {
        let answer = json!({"data": [
            {"id": "1", "name": "Harbour Café", "official": true},
            {"id": "22", "name": "a\u{1b}[31mb\n\nc", "official": false},
        ]});
        assert_eq!(
            table(&["id", "name", "official"], &answer),
            "id  name          official\n1   Harbour Café  yes\n22  a[31mb c      no\n"
        );
        assert_eq!(table(&["id"], &json!({"data": []})), "There are none.\n");
        let ends = json!({"data": [{"expires_at": 1_796_083_200}, {"expires_at": null}]});
        assert_eq!(
            table(&["expires_at"], &ends),
            "expires at\n2026-12-01T00:00:00Z\n\n"
        );
    }

    #[test]
    fn an_object_has_a_line_a_key() {
        let answer = json!({"id": "1", "scopes": ["a", "b"], "pin_set": false, "about": ""});
        assert_eq!(
            object(&answer),
            "about\nid       1\npin set  no\nscopes   a, b\n"
        );
    }
}
