//! `docs/sandbox.md` is true: every example runs against a fresh `ahoy dev`, every answer looks as the OpenAPI document says,
//! and every route has its example.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Folder, Running};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The examples of a page, with the lines at which they begin.
fn examples(page: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (n, line) in page.lines().enumerate() {
        match &mut open {
            None if line == "```sh" => open = Some((n + 2, String::new())),
            None => {}
            Some(_) if line == "```" => all.extend(open.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    all
}

/// What comes before the examples: each `curl` leaves its body and one line about itself.
const PRELUDE: &str = r#"
set -u
curl() {
  local n
  n=$(find "$LOG" -name '*.body' | wc -l)
  command curl -sS "$@" -w "%{stderr}%{method} %{url_effective} %{http_code} %{content_type}\n" 2>"$LOG/$n.line" | tee "$LOG/$n.body"
  echo "$EXAMPLE" >>"$LOG/$n.line"
}
"#;

/// A request an example made.
#[derive(Debug)]
struct Asked {
    place: String,
    method: String,
    path: String,
    status: u16,
    body: Option<Value>,
}

fn asked(log: &Path, base: &str) -> Vec<Asked> {
    let mut all = Vec::new();
    for n in 0.. {
        let Ok(line) = fs::read_to_string(log.join(format!("{n}.line"))) else {
            break;
        };
        let place = line.lines().last().unwrap_or_default();
        // Beside what curl itself had to say.
        let about = line.lines().find(|l| l.contains(" http://"));
        let Some(about) = about else {
            panic!("request {n} of the example at line {place} left: {line}");
        };
        let parts: Vec<&str> = about.split(' ').collect();
        let [method, url, status, ..] = parts.as_slice() else {
            panic!("request {n} at line {place} failed: {line}");
        };
        let path = url.split('?').next().unwrap();
        let body = fs::read(log.join(format!("{n}.body"))).unwrap();
        all.push(Asked {
            place: place.to_owned(),
            method: method.to_ascii_lowercase(),
            path: path.strip_prefix(base).unwrap_or(path).to_owned(),
            status: status.parse().unwrap(),
            body: serde_json::from_slice(&body).ok(),
        });
    }
    all
}

/// Whether a path is one of this template.
fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(t, p)| t == p || t.starts_with('{') && !p.is_empty())
}

/// What is wrong with `value` by `schema`, place first.
fn mistakes(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        return mistakes(document, schema, value, at, found);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(list) = schema[key].as_array() {
            let fits = list.iter().any(|one| {
                let mut wrong = Vec::new();
                mistakes(document, one, value, at, &mut wrong);
                wrong.is_empty()
            });
            if !fits {
                found.push(format!("{at} is none of {key}: {value}"));
            }
            return;
        }
    }
    if let Some(list) = schema["allOf"].as_array() {
        for one in list {
            mistakes(document, one, value, at, found);
        }
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let number = kind == "integer" && allowed.contains(&"number");
    if !allowed.is_empty() && !allowed.contains(&kind) && !number {
        found.push(format!("{at} is a {kind}, not {}", allowed.join(" or ")));
        return;
    }
    match value {
        Value::Array(list) if schema["items"].is_object() => {
            for (n, item) in list.iter().enumerate() {
                mistakes(
                    document,
                    &schema["items"],
                    item,
                    &format!("{at}[{n}]"),
                    found,
                );
            }
        }
        Value::Object(map) => {
            let properties = schema["properties"].as_object();
            for (key, item) in map {
                let place = format!("{at}.{key}");
                match properties.and_then(|p| p.get(key)) {
                    Some(schema) => mistakes(document, schema, item, &place, found),
                    None if schema["additionalProperties"].is_object() => {
                        let schema = &schema["additionalProperties"];
                        mistakes(document, schema, item, &place, found);
                    }
                    // An object without a word about its keys may have any.
                    None if properties.is_none() || schema["additionalProperties"] == true => {}
                    None => found.push(format!("{place} is not described")),
                }
            }
            for key in schema["required"].as_array().into_iter().flatten() {
                if !map.contains_key(key.as_str().unwrap()) {
                    found.push(format!("{at}.{} is missing", key.as_str().unwrap()));
                }
            }
        }
        _ => {}
    }
}

fn get(url: &str) -> (u16, String) {
    let output = Command::new("curl")
        .args(["-sS", "-w", "\n%{http_code}", url])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// Runs the examples of a page one after the other against a server: the requests they made, and what they said to the terminal.
fn run_examples(name: &str, dev: &Running) -> (Vec<Asked>, String) {
    let page = fs::read_to_string(format!("{ROOT}/docs/{name}.md")).unwrap();
    let folder = Folder::new(&format!("examples-{name}"));
    let log = folder.0.join("log");
    fs::create_dir(&log).unwrap();
    let mut script = PRELUDE.to_owned();
    for (line, text) in examples(&page) {
        let text = text.replace("http://127.0.0.1:8080", &dev.url);
        writeln!(script, "EXAMPLE={line}\n{text}").unwrap();
    }
    // Bounded: an example may wait for what never comes.
    let output = Command::new("timeout")
        .args(["120", "bash", "-c", &script])
        .env("LOG", &log)
        .env("DOCS", format!("{ROOT}/docs"))
        .current_dir(&folder.0)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (asked(&log, &dev.url), said)
}

#[test]
fn two_businesses_share_a_number_as_the_routing_page_says() {
    let dev = Running::start(&["dev", "--json", "--listen", "127.0.0.1:0"]);
    let (all, said) = run_examples("routing", &dev);
    let refused: Vec<_> = all.iter().filter(|one| one.status >= 300).collect();
    let [refused] = refused.as_slice() else {
        panic!("{refused:?}\n{said}");
    };
    let code = |one: &Asked| one.body.as_ref().unwrap()["error"]["code"].clone();
    assert_eq!(code(refused), 138_038);
    let answer = |edge: &str| {
        let one = all.iter().find(|one| one.path.ends_with(edge));
        one.unwrap().body.clone().unwrap()
    };
    let roles = serde_json::json!({"roles": ["calls"], "is_standby": false});
    assert_eq!(answer("/routing_roles"), roles);
    let threads = answer("/threads");
    assert_eq!(
        threads["data"][0]["owner"]["business_id"],
        "730000000000001"
    );
    assert_eq!(threads["data"][0]["owner"]["role"], "customer_service");
    assert_eq!(all.len(), 12, "{all:?}");
}

#[test]
fn every_example_of_the_sandbox_page_runs() {
    let dev = Running::start(&["dev", "--json", "--listen", "127.0.0.1:0"]);
    let (all, said) = run_examples("sandbox", &dev);
    assert!(
        all.len() > 40,
        "only {} requests were made: {said}",
        all.len()
    );

    let (_, document) = get(&format!("{}/sandbox/v1/openapi.json", dev.url));
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut open: BTreeMap<String, (&String, &Value)> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            open.insert(format!("{method} {path}"), (path, operation));
        }
    }
    let mut wrong = Vec::new();
    let mut shown = Vec::new();
    for one in &all {
        let at = format!(
            "docs/sandbox.md, example of line {}: {} {}",
            one.place, one.method, one.path
        );
        if !(200..300).contains(&one.status) {
            let body = one.body.clone().unwrap_or_default();
            wrong.push(format!("{at} answers {}: {body}", one.status));
            continue;
        }
        // The fixed name before the one in braces.
        let mut fitting: Vec<_> = open
            .iter()
            .filter(|(key, (path, _))| {
                key.starts_with(&format!("{} ", one.method)) && matches(path, &one.path)
            })
            .collect();
        fitting.sort_by_key(|(key, _)| key.matches('{').count());
        let Some((key, (_, operation))) = fitting.first() else {
            continue;
        };
        shown.push((*key).clone());
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        if let (Some(body), true) = (&one.body, schema.is_object()) {
            let mut found = Vec::new();
            mistakes(&document, schema, body, "answer", &mut found);
            wrong.extend(found.into_iter().map(|m| format!("{at}: {m}")));
        }
    }
    // What is not finished has nothing to show.
    for (key, (_, operation)) in &open {
        if !shown.contains(key) && !operation["responses"]["501"].is_object() {
            wrong.push(format!("docs/sandbox.md has no example of {key}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{said}", wrong.join("\n"));

    // The page of the documents offers them.
    let (_, pages) = get(&format!("{}/docs/swagger-initializer.js", dev.url));
    for document in [
        "/openapi.json",
        "/sandbox/v1/openapi.json",
        "/admin/openapi.json",
    ] {
        assert!(pages.contains(document), "/docs without {document}");
    }
}
