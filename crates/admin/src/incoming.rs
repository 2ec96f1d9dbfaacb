//! A request as the handlers see it: whose token, which parameters, which page.

use std::str::FromStr;

use ahoy_calling::admin::{AdminRefusal, PAGE};
use ahoy_platform::admin::Admin;
use ahoy_store::Page;
use ahoy_wire::Body;
use ahoy_wire::body::{Fields, excerpt};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};

use crate::AdminState;
use crate::answer::{Failure, invalid};

/// Largest body that is read: a picture and a little more.
pub(crate) const MAX_BODY: usize = 2 << 20;

/// A request whose admin token is good.
pub(crate) struct Asked {
    /// The objects, as far as the token reaches.
    pub(crate) admin: Admin,
    /// The body as it came.
    pub(crate) bytes: Bytes,
    query: Body,
    content_type: Option<String>,
}

impl Asked {
    /// Parameters of the query.
    pub(crate) fn query(&self) -> Fields<'_> {
        self.query.fields()
    }

    /// Parameters of the body.
    pub(crate) fn body(&self) -> Result<Body, Failure> {
        Ok(Body::parse(self.content_type.as_deref(), &self.bytes)?)
    }

    /// The page that was asked for, and its size; one more is read, to see whether another page follows.
    pub(crate) fn page<I: FromStr>(&self) -> Result<(Page<I>, usize), Failure> {
        let fields = self.query();
        let (usual, most) = PAGE;
        let limit = match fields.integer("limit")? {
            None => usual,
            Some(asked) => usize::try_from(asked)
                .ok()
                .filter(|limit| (1..=most).contains(limit))
                .ok_or_else(|| invalid(format!("limit: 1 to {most} is expected")))?,
        };
        let page = Page {
            after: parsed(&fields, "after")?,
            limit: limit + 1,
        };
        Ok((page, limit))
    }
}

/// An id or number among the parameters.
pub(crate) fn parsed<T: FromStr>(fields: &Fields<'_>, name: &str) -> Result<Option<T>, Failure> {
    let Some(text) = fields.text_or_integer(name)? else {
        return Ok(None);
    };
    match text.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(invalid(format!(
            "{}: `{}` cannot be read; digits are expected",
            fields.name(name),
            excerpt(&text)
        ))),
    }
}

/// One that must be there.
pub(crate) fn required<T: FromStr>(fields: &Fields<'_>, name: &str) -> Result<T, Failure> {
    parsed(fields, name)?.ok_or_else(|| fields.missing(name).into())
}

/// An id of the path; what is none names nothing.
pub(crate) fn of_path<T: FromStr>(kind: &'static str, text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| Failure(AdminRefusal::no_such(kind, format!("`{}`", excerpt(text)))))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl FromRequest<AdminState> for Asked {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AdminState) -> Result<Self, Failure> {
        let token = bearer(request.headers()).ok_or(AdminRefusal::Unauthorized(
            "an admin token is required: send it as `Authorization: Bearer …`",
        ))?;
        let admin = state.enter(token)?;
        let query = Body::from_query(request.uri().query().unwrap_or_default());
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let bytes = Bytes::from_request(request, state).await.map_err(|e| {
            invalid(format!(
                "the body cannot be read; at most {MAX_BODY} bytes are allowed: {e}"
            ))
        })?;
        Ok(Self {
            admin,
            bytes,
            query,
            content_type,
        })
    }
}
