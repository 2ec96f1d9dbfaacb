//! A request as the handlers see it: whose token, which node, which parameters.

use std::future::Future;

use ahoy_calling::account::{App, Number, Waba};
use ahoy_platform::{Caller, Node};
use ahoy_wire::{Body, ErrorCode, GraphError};
use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use http_body_util::BodyExt as _;

use crate::GraphState;
use crate::answer::Refused;
use crate::refusal::{OrRefuse as _, auth_error};
use crate::share::UnderWay;
use crate::shell::Place;

/// Largest body that is read. Real ones have a few kilobytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
/// How much of a body that is too large is still taken off the wire, so that the client gets to read the answer
/// instead of a reset connection.
const MAX_DRAINED: usize = 32 * 1024 * 1024;

/// A request without its token looked at yet.
pub(crate) struct Incoming {
    /// HTTP method.
    pub(crate) method: Method,
    /// First segment of the path after the version.
    pub(crate) node: String,
    /// Second segment, if there is one.
    pub(crate) edge: Option<String>,
    /// The path and query after the version, and what they were before.
    pub(crate) place: Place,
    /// Headers.
    pub(crate) headers: HeaderMap,
    query: String,
    body: Result<Body, GraphError>,
}

/// A request whose token is good.
pub(crate) struct Asked {
    /// The request.
    pub(crate) incoming: Incoming,
    /// Who asks.
    pub(crate) caller: Caller,
    state: GraphState,
    /// Counted until the answer is written.
    _under_way: UnderWay,
}

impl Incoming {
    /// The token: in the header, else in the query, else in the body.
    pub(crate) fn token(&self) -> Option<String> {
        let header = self
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok());
        if let Some(value) = header {
            let (scheme, token) = value.trim().split_once(' ')?;
            let bearer =
                scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
            return bearer
                .then(|| token.trim().to_owned())
                .filter(|t| !t.is_empty());
        }
        let query = self.query();
        let of = |body: &Body| match body.fields().text("access_token") {
            Ok(Some(token)) if !token.is_empty() => Some(token.to_owned()),
            _ => None,
        };
        of(&query).or_else(|| self.body.as_ref().ok().and_then(of))
    }

    /// The app-secret proof that came with the request, in the query or the body.
    fn proof(&self) -> Option<String> {
        let of = |body: &Body| {
            body.fields()
                .text("appsecret_proof")
                .ok()
                .flatten()
                .map(str::to_owned)
        };
        of(&self.query()).or_else(|| self.body.as_ref().ok().and_then(of))
    }

    /// Parameters of the query alone.
    pub(crate) fn query(&self) -> Body {
        Body::from_query(&self.query)
    }

    /// Parameters of body and query.
    ///
    /// # Errors
    /// Code 100 for a body that cannot be read.
    pub(crate) fn body(&self) -> Result<Body, Refused> {
        Ok(self.body.clone()?.with_query(&self.query))
    }

    /// The answer to a request for something that is not there.
    pub(crate) fn unsupported(&self) -> Refused {
        Refused(GraphError::unsupported(self.method.as_str(), &self.node))
    }
}

impl Asked {
    /// The object of the path, if the caller may know it.
    ///
    /// # Errors
    /// The "unsupported request" envelope for ids that are unknown or another tenant's, 803 for names.
    pub(crate) fn node(&self) -> Result<Node, Refused> {
        let node = &self.incoming.node;
        let Ok(id) = node.parse::<u64>() else {
            let shown = ahoy_wire::body::excerpt(node);
            let numeric = !node.is_empty() && node.bytes().all(|b| b.is_ascii_digit());
            if numeric {
                return Err(self.incoming.unsupported());
            }
            let title = format!("Some of the aliases you requested do not exist: {shown}");
            let details = format!("There is no object with the name `{shown}`.");
            return Err(GraphError::new(ErrorCode::NotFound, details)
                .with_title(&title)
                .into());
        };
        let found = self.state.platform.node(&self.caller, id);
        match found.or_refuse(&self.incoming.method)? {
            Some(node) => Ok(node),
            None => Err(self.incoming.unsupported()),
        }
    }

    /// The phone number of the path.
    ///
    /// # Errors
    /// As [`Asked::node`], also for objects of another kind.
    pub(crate) fn number(&self) -> Result<Number, Refused> {
        match self.node()? {
            Node::Number(number) => Ok(*number),
            _ => Err(self.incoming.unsupported()),
        }
    }

    /// The account of the path.
    ///
    /// # Errors
    /// As [`Asked::node`], also for objects of another kind.
    pub(crate) fn waba(&self) -> Result<Waba, Refused> {
        match self.node()? {
            Node::Waba(waba) => Ok(waba),
            _ => Err(self.incoming.unsupported()),
        }
    }

    /// The app of the path, if the token is the app's own.
    ///
    /// # Errors
    /// As [`Asked::node`], also for objects of another kind.
    pub(crate) fn app(&self) -> Result<App, Refused> {
        match self.node()? {
            Node::App(app) if app.id == self.caller.app => Ok(app),
            _ => Err(self.incoming.unsupported()),
        }
    }

    /// Refuses a token that lacks every one of these permissions.
    ///
    /// # Errors
    /// Code 10.
    pub(crate) fn need(&self, any: &[ahoy_calling::account::Scope]) -> Result<(), Refused> {
        if any.iter().any(|scope| self.caller.scopes.contains(scope)) {
            return Ok(());
        }
        let names: Vec<&str> = any.iter().map(|scope| scope.as_str()).collect();
        let details = format!(
            "The access token lacks the permission {}.",
            names.join(" or ")
        );
        Err(GraphError::new(ErrorCode::PermissionDenied, details).into())
    }
}

impl<S: Sync> FromRequest<S> for Incoming {
    type Rejection = Refused;

    fn from_request(request: Request, _: &S) -> impl Future<Output = Result<Self, Refused>> + Send {
        read(request)
    }
}

async fn read(request: Request) -> Result<Incoming, Refused> {
    let (parts, body) = request.into_parts();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let bytes = collect(body).await?;
    let body = match bytes {
        Some(bytes) => Body::parse(content_type, &bytes),
        None => Err(GraphError::invalid(format!(
            "The request body is too large: at most {MAX_BODY} bytes are allowed."
        ))),
    };
    let place = parts.extensions.get::<Place>().cloned().unwrap_or_default();
    Ok(Incoming {
        method: parts.method,
        node: place.segments.first().cloned().unwrap_or_default(),
        edge: place.segments.get(1).cloned(),
        headers: parts.headers,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body,
        place,
    })
}

/// The body, or `None` for one that is too large.
async fn collect(mut body: HttpBody) -> Result<Option<Vec<u8>>, Refused> {
    let mut bytes = Vec::new();
    let mut seen = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            GraphError::invalid(format!("The request body could not be read: {error}."))
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen > MAX_DRAINED {
            break;
        }
        if seen > MAX_BODY {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(data);
        }
    }
    Ok((seen <= MAX_BODY).then_some(bytes))
}

impl FromRequest<GraphState> for Asked {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &GraphState) -> Result<Self, Refused> {
        let incoming = read(request).await?;
        let Some(token) = incoming.token() else {
            return Err(GraphError::new(
                ErrorCode::AuthException,
                "An access token is required: send it as `Authorization: Bearer …` or as the parameter `access_token`.",
            )
            .into());
        };
        let caller = state.platform.authenticate(&token);
        let caller = caller.map_err(|error| auth_error(&error))?;
        if let Some(proof) = incoming.proof() {
            let fits = state.platform.proof_fits(&caller, &token, &proof);
            if !fits.map_err(|error| auth_error(&error))? {
                return Err(GraphError::wrong_proof(
                    "The parameter `appsecret_proof` does not fit: the HMAC-SHA256 of the access token, keyed with the app secret, in lower-case hexadecimal digits, is expected.",
                )
                .into());
            }
        }
        // Names, which are no ids, have a share of their own together.
        let node = incoming.node.parse().unwrap_or_default();
        let limits = &state.platform.config().limits.requests;
        let under_way = state.shares.enter(caller.app, node, limits)?;
        Ok(Self {
            caller: Caller {
                request: Some(incoming.place.trace.clone()),
                ..caller
            },
            incoming,
            state: state.clone(),
            _under_way: under_way,
        })
    }
}
