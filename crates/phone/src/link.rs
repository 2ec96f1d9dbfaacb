//! Call links, `GET /call/{number}?biz_payload=…`: the phone opens ready to dial, and what the link says goes with the call.

use ahoy_calling::limits::PAYLOAD_CHARS;
use ahoy_platform::Platform;
use ahoy_types::PhoneNumberId;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use crate::page;

/// A call the page is ready to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dial {
    /// Whom it calls.
    pub number: PhoneNumberId,
    /// Who that is.
    pub name: String,
    /// What the link says: goes with the call.
    pub payload: Option<String>,
}

impl Dial {
    /// Finds whom a link calls. The sentence of a failure is for the person who followed it.
    pub(crate) fn find(
        platform: &Platform,
        number: &str,
        payload: Option<String>,
    ) -> Result<Self, (StatusCode, String)> {
        if payload
            .as_ref()
            .is_some_and(|p| p.chars().count() > PAYLOAD_CHARS)
        {
            let sentence = format!("biz_payload: at most {PAYLOAD_CHARS} characters are allowed.");
            return Err((StatusCode::BAD_REQUEST, sentence));
        }
        match platform.find_number(number) {
            Ok(Some(found)) => Ok(Self {
                number: found.id,
                name: found.verified_name,
                payload: payload.filter(|p| !p.is_empty()),
            }),
            Ok(None) => {
                let shown: String = number.chars().take(40).collect();
                let sentence = format!("There is no business with the number {shown}.");
                Err((StatusCode::NOT_FOUND, sentence))
            }
            Err(e) => {
                tracing::error!(error = %e, "a call link cannot be followed");
                let sentence = "The server cannot read its store.".to_owned();
                Err((StatusCode::INTERNAL_SERVER_ERROR, sentence))
            }
        }
    }

    /// The address of this user's phone, ready to dial.
    pub(crate) fn address(&self, user: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("user", user);
        query.append_pair("call", &self.number.to_string());
        if let Some(payload) = &self.payload {
            query.append_pair("biz_payload", payload);
        }
        format!("/phone?{}", query.finish())
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    biz_payload: Option<String>,
    user: Option<String>,
}

/// Asks whose phone it is, unless the link says so.
pub(crate) async fn follow(
    State(platform): State<Platform>,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match Dial::find(&platform, &number, asked.biz_payload) {
        Ok(dial) => match asked.user {
            Some(user) => Redirect::to(&dial.address(&user)).into_response(),
            None => page::pick(&platform, StatusCode::OK, None, Some(&dial)),
        },
        Err((status, sentence)) => page::pick(&platform, status, Some(&sentence), None),
    }
}
