//! The demo's lines: time, who, what. As JSON lines on request.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use ahoy_agent::{AgentEvent, Heard};
use serde_json::{Value, json};

use super::Verdict;

/// Prints steps with the time since the start.
pub(crate) struct Printer {
    start: Instant,
    json: bool,
    colour: bool,
}

impl Printer {
    pub(crate) fn new(json: bool) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            start: Instant::now(),
            json,
            colour,
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn object(&self, mut value: Value) {
        value["t"] = json!(self.start.elapsed().as_secs_f64());
        say!("{value}");
    }

    pub(crate) fn heading(&self, text: &str) {
        if self.json {
            self.object(json!({ "event": "heading", "text": text }));
        } else {
            say!("{text}");
        }
    }

    pub(crate) fn call(&self, title: &str) {
        if self.json {
            self.object(json!({ "event": "call", "title": title }));
        } else {
            say!("\n{}", self.paint("1", title));
        }
    }

    fn line(&self, who: &str, what: &str) {
        let t = self.start.elapsed().as_secs_f64();
        say!(
            "  {t:7.3} s  {}  {what}",
            self.paint("2", &format!("{who:<8}"))
        );
    }

    /// A step of the agent.
    pub(crate) fn agent(&self, event: &AgentEvent) {
        if self.json {
            match serde_json::to_value(event) {
                Ok(value) => self.object(value),
                Err(e) => self.object(json!({ "event": "unprintable", "error": e.to_string() })),
            }
        } else if let Some((who, what)) = words(event) {
            self.line(who, &what);
        }
    }

    /// An act of the sandbox.
    pub(crate) fn sandbox(&self, path: &str, body: &Value, status: u16, took: Duration) {
        if self.json {
            let ms = took.as_secs_f64() * 1000.0;
            self.object(json!({ "event": "sandbox", "path": path, "body": body, "status": status, "ms": ms }));
        } else {
            let short = shortened(path);
            self.line(
                "sandbox",
                &format!("POST {short} {body} → {status} ({} ms)", took.as_millis()),
            );
        }
    }

    /// What both sides heard.
    pub(crate) fn heard(&self, verdict: &Verdict, view: &Value) {
        if self.json {
            self.object(json!({ "event": "heard", "title": verdict.title, "agent": verdict.agent, "user": verdict.user, "verdict": verdict.media }));
            return;
        }
        if let Some(timeline) = view["media"]["timeline"].as_array() {
            for entry in timeline {
                self.line("media", &timeline_words(entry));
            }
        }
        self.line("verdict", &verdict.media);
    }

    /// The end: a table a person and a script can read.
    pub(crate) fn verdicts(&self, verdicts: &[Verdict]) {
        if self.json {
            for v in verdicts {
                self.object(json!({ "event": "verdict", "title": v.title, "passed": v.passed() }));
            }
            return;
        }
        say!("");
        for v in verdicts {
            let mark = if v.passed() {
                self.paint("32", "heard")
            } else {
                self.paint("31", "NOT HEARD")
            };
            say!("{mark}  {}", v.title);
            say!(
                "       the customer's {} Hz at the agent:  {}",
                v.wanted,
                agent_ear(&v.agent)
            );
            say!(
                "       the agent at the customer:        {}",
                user_ear(&v.user)
            );
        }
    }
}

/// One line of an agent's event, without the time; `None` for those that say nothing new.
pub(crate) fn step_of_agent(event: &AgentEvent) -> Option<String> {
    words(event).map(|(who, what)| format!("{who:<8}  {what}"))
}

fn words(event: &AgentEvent) -> Option<(&'static str, String)> {
    Some(match event {
        AgentEvent::ApiCall {
            method,
            path,
            action,
            status,
            ms,
            error,
            ..
        } => {
            let action = action.map(|a| format!(" {a}")).unwrap_or_default();
            let answer = match (status, error) {
                (Some(status), None) => format!("{status}"),
                (Some(status), Some(why)) => format!("{status}: {why}"),
                (None, why) => why.clone().unwrap_or_else(|| "no answer".into()),
            };
            (
                "api",
                format!("{method} {path}{action} → {answer} ({ms} ms)"),
            )
        }
        AgentEvent::Webhook { what, ignored, .. } => (
            "webhook",
            if *ignored {
                format!("{what} (again)")
            } else {
                what.clone()
            },
        ),
        AgentEvent::WebhookRefused { why } => ("webhook", format!("refused: {why}")),
        AgentEvent::Media { state, .. } => ("agent", media_words(*state).to_owned()),
        AgentEvent::Digit { digit, .. } => ("agent", format!("the key {digit} was pressed")),
        AgentEvent::Heard { heard, .. } => ("agent", format!("hears {}", agent_ear(heard))),
        AgentEvent::CallEnded { why, .. } => ("agent", format!("the call is over: {why}")),
        _ => return None,
    })
}

const fn media_words(state: ahoy_agent::MediaState) -> &'static str {
    use ahoy_agent::MediaState as S;
    match state {
        S::Ready => "SDP is ready, the socket is open",
        S::IceConnected => "ICE has a path",
        S::Connected => "DTLS is done: there are keys",
        S::FirstPacket => "the first packet arrived",
        S::Greeting => "the greeting begins",
        S::Echo => "the beep is over, the echo begins",
        S::Lost => "the path is gone",
        S::Closed => "the socket is closed",
        _ => "another step",
    }
}

fn agent_ear(heard: &Heard) -> String {
    ear(
        heard.tone_hz,
        heard.level_dbfs,
        heard.packets,
        heard.lost,
        &heard.digits,
    )
}

fn user_ear(heard: &Value) -> String {
    ear(
        heard["tone_hz"].as_f64(),
        heard["level_dbfs"].as_f64(),
        heard["packets"].as_u64().unwrap_or(0),
        heard["lost"].as_u64().unwrap_or(0),
        heard["digits"].as_str().unwrap_or(""),
    )
}

fn ear(tone: Option<f64>, level: Option<f64>, packets: u64, lost: u64, digits: &str) -> String {
    let tone = tone.map_or("silence".to_owned(), |hz| format!("{hz:.1} Hz"));
    let level = level
        .map(|l| format!(" at {l:.0} dBFS"))
        .unwrap_or_default();
    let digits = if digits.is_empty() {
        String::new()
    } else {
        format!(", keys {digits}")
    };
    format!("{tone}{level}, {packets} packets, {lost} lost{digits}")
}

fn timeline_words(entry: &Value) -> String {
    let ms = entry["at_ms"].as_f64().unwrap_or(0.0);
    let mut rest = Vec::new();
    if let Some(map) = entry.as_object() {
        for (key, value) in map {
            if key != "at_ms" && !value.is_null() {
                rest.push(match value {
                    Value::String(text) if key == "event" => text.replace('_', " "),
                    Value::String(text) => format!("{key} {text}"),
                    other => format!("{key} {other}"),
                });
            }
        }
    }
    format!("+{ms:.0} ms  {}", rest.join(", "))
}

/// Call ids are long and opaque: their end tells them apart.
fn shortened(path: &str) -> String {
    path.split('/')
        .map(|part| match part.strip_prefix("wacid.") {
            Some(id) => format!("wacid.…{}", &id[id.len().saturating_sub(6)..]),
            None => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}
