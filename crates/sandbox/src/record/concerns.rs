//! Whom a request is about, read from what it carries; a wrong guess shows a line under the wrong call and does no
//! other harm.

use ahoy_platform::Platform;
use ahoy_platform::inspector::Concerns;
use ahoy_types::{CallId, PhoneNumberId, WaId};
use ahoy_wire::Body;
use axum::http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Surface;

/// A request as far as it was understood.
pub(super) struct Read {
    surface: Surface,
    segments: Vec<String>,
    body: Option<Body>,
}

impl Read {
    pub(super) fn of(
        surface: Surface,
        uri: &Uri,
        content_type: Option<&str>,
        beginning: &[u8],
    ) -> Self {
        let segments = uri
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        // The sandbox routes read any body as JSON, whatever it is called.
        let content_type = match surface {
            Surface::Sandbox => Some("application/json"),
            Surface::Api | Surface::Admin => content_type,
        };
        let body = Body::parse(content_type, beginning).ok();
        let query = uri.query().unwrap_or_default();
        Self {
            surface,
            segments,
            body: Some(
                body.unwrap_or_else(|| Body::from_query(""))
                    .with_query(query),
            ),
        }
    }

    fn field(&self, name: &str) -> Option<String> {
        let fields = self.body.as_ref()?.fields();
        let text = fields.text_or_integer(name).ok()??;
        Some(text.into_owned()).filter(|t| !t.is_empty())
    }

    /// What is to be done, where one path does several things.
    pub(super) fn action(&self) -> Option<String> {
        let edge = self.segments.last()?;
        let several = self.surface == Surface::Api && edge == "calls";
        self.field("action").filter(|_| several)
    }

    /// The access token, wherever the public API takes one.
    pub(super) fn token(&self, headers: &HeaderMap) -> Option<String> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let (_, token) = value.to_str().ok()?.trim().split_once(' ')?;
            return Some(token.trim().to_owned());
        }
        self.field("access_token")
    }

    pub(super) fn concerns(&self, platform: &Platform, answer: &Value) -> Concerns {
        if let Some(call) = self.call(answer) {
            return platform.concerns_of(&call);
        }
        Concerns {
            call: None,
            number: self.number(platform),
            user: self.user(answer),
        }
    }

    fn call(&self, answer: &Value) -> Option<CallId> {
        let named = self.field("call_id");
        let answered = [&answer["calls"][0]["id"], &answer["id"], &answer["call_id"]];
        let answered = answered.into_iter().filter_map(Value::as_str);
        let candidates = self.segments.iter().map(String::as_str);
        candidates
            .chain(named.as_deref())
            .chain(answered)
            .filter(|text| text.starts_with("wacid."))
            .find_map(|text| text.parse().ok())
    }

    fn number(&self, platform: &Platform) -> Option<PhoneNumberId> {
        let mut candidates: Vec<String> = Vec::new();
        candidates.extend(self.field("phone_number_id"));
        match self.surface {
            Surface::Sandbox => candidates.extend(self.field("to")),
            Surface::Api | Surface::Admin => {}
        }
        let ids = self.segments.iter().filter(|s| s.parse::<u64>().is_ok());
        candidates.extend(ids.cloned());
        let found = candidates
            .iter()
            .find_map(|text| platform.find_number(text).ok().flatten());
        found.map(|number| number.id)
    }

    fn user(&self, answer: &Value) -> Option<WaId> {
        let after = |name: &str| {
            let at = self.segments.iter().position(|s| s == name)?;
            self.segments.get(at + 1).cloned()
        };
        let text = match self.surface {
            Surface::Sandbox => after("users").or_else(|| self.field("wa_id")),
            Surface::Api => self
                .field("to")
                .or_else(|| self.field("user_wa_id"))
                .or_else(|| answer["contacts"][0]["wa_id"].as_str().map(str::to_owned)),
            Surface::Admin => None,
        }?;
        WaId::parse_loose(&text).ok()
    }
}

/// The sentence of an answer that is an error.
pub(super) fn sentence(answer: &Value) -> Option<String> {
    let error = &answer["error"];
    let details = error["error_data"]["details"].as_str();
    let said = details.or_else(|| error["message"].as_str())?;
    Some(said.to_owned())
}
