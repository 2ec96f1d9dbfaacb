//! `POST /{phone-number-id}/media`, a file as a node, and its bytes (`graph-api.md` §9).

use std::fmt::Write as _;

use ahoy_calling::account::Scope;
use ahoy_calling::media::{MediaFile, UseCase};
use ahoy_platform::{Node, Upload};
use ahoy_types::{AppId, MediaId, RuleTime};
use ahoy_wire::body::excerpt;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::media::{MediaCreated, MediaNode, VOICEMAIL_ANNOUNCEMENT};
use ahoy_wire::{ErrorCode, GraphError, Success};
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::MediaRequest;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::numbers::origin;

/// Longest text field of the form, in bytes.
const FIELD: usize = 4096;

/// A form with a file, from somebody whose token is good.
pub(crate) struct Form {
    asked: Asked,
    parts: Multipart,
}

impl FromRequest<GraphState> for Form {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &GraphState) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        // The token first: nobody else's bytes are read.
        let head = Request::from_parts(parts.clone(), Body::empty());
        let asked = Asked::from_request(head, state).await?;
        let request = Request::from_parts(parts, body);
        let parts = Multipart::from_request(request, state).await;
        let parts = parts.map_err(|_| {
            GraphError::invalid("The request body must be multipart/form-data with a boundary.")
        })?;
        Ok(Self { asked, parts })
    }
}

/// Uploads a file.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/media",
    operation_id = "upload_media",
    tag = "media",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body(content = MediaRequest, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "Kept", body = MediaCreated),
        (status = 400, description = "Code 100: parameter; 131053: the file cannot be taken, or the number's files fill its quota", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_messaging", body = ErrorEnvelope),
        (status = 503, description = "Code 2: the server's room for files, or for uploads at once, is in use; `Retry-After` says when to try again", body = ErrorEnvelope),
    )
)]
pub(crate) async fn upload(
    State(state): State<GraphState>,
    form: Form,
) -> Result<Answer<MediaCreated>, Refused> {
    let Form { asked, mut parts } = form;
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let begun = state.platform.begin_upload(&asked.caller, number).await;
    let mut upload = begun.or_refuse(&asked.incoming.method)?;
    match receive(&state, &asked, &mut parts, &mut upload).await {
        Ok((mime_type, use_case)) => {
            let id = upload.id();
            let finished = state
                .platform
                .finish_upload(upload, &mime_type, use_case)
                .await;
            match finished {
                Ok(file) => Ok(Answer(MediaCreated {
                    id: file.id.to_string(),
                })),
                Err(refusal) => {
                    state.platform.abandon_upload(id).await;
                    Err(refusal).or_refuse(&asked.incoming.method)
                }
            }
        }
        Err(refused) => {
            state.platform.abandon_upload(upload.id()).await;
            Err(refused)
        }
    }
}

/// Reads the form to its end; answers the file's type and use.
async fn receive(
    state: &GraphState,
    asked: &Asked,
    parts: &mut Multipart,
    upload: &mut Upload,
) -> Result<(String, UseCase), Refused> {
    let mut file_type = None;
    let mut parameters = Parameters::default();
    let query = asked.incoming.query();
    for name in Parameters::NAMES {
        if let Some(value) = query.fields().text(name)? {
            parameters.set(name, value.to_owned())?;
        }
    }
    while let Some(mut part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => {
                if file_type.is_some() {
                    return Err(invalid("The parameter `file` is there twice."));
                }
                file_type = Some(part.content_type().unwrap_or_default().to_owned());
                while let Some(bytes) = part.chunk().await.map_err(unreadable)? {
                    let taken = state.platform.continue_upload(upload, &bytes).await;
                    taken.or_refuse(&asked.incoming.method)?;
                }
            }
            known if Parameters::NAMES.contains(&known) => {
                let value = text(part, known).await?;
                parameters.set(known, value)?;
            }
            _ => while part.chunk().await.map_err(unreadable)?.is_some() {},
        }
    }
    if !parameters.product {
        return Err(invalid("The parameter `messaging_product` is required."));
    }
    let Some(of_file) = file_type else {
        return Err(invalid("The parameter `file` is required."));
    };
    // Clients often leave the part's own type at the default of their library.
    let mime_type = match parameters.mime_type {
        Some(given) if !given.is_empty() => given,
        _ if !of_file.is_empty() => of_file,
        _ => return Err(invalid("The parameter `type` is required.")),
    };
    Ok((mime_type, parameters.use_case))
}

/// What comes with a file: in the query, in the form, or some in either; the form has the last word.
#[derive(Default)]
struct Parameters {
    product: bool,
    mime_type: Option<String>,
    use_case: UseCase,
}

impl Parameters {
    const NAMES: [&str; 3] = ["messaging_product", "type", "use_case"];

    fn set(&mut self, name: &str, value: String) -> Result<(), Refused> {
        match name {
            "messaging_product" if value != "whatsapp" => {
                return Err(not_allowed(name, &value, "whatsapp"));
            }
            "messaging_product" => self.product = true,
            "use_case" if value != VOICEMAIL_ANNOUNCEMENT => {
                return Err(not_allowed(name, &value, VOICEMAIL_ANNOUNCEMENT));
            }
            "use_case" => self.use_case = UseCase::CallVoicemailAnnouncement,
            _ => self.mime_type = Some(value),
        }
        Ok(())
    }
}

fn invalid(sentence: &str) -> Refused {
    GraphError::invalid(sentence).into()
}

fn not_allowed(name: &str, value: &str, allowed: &str) -> Refused {
    GraphError::invalid(format!(
        "The parameter `{name}` has the value `{}`; allowed: {allowed}.",
        excerpt(value)
    ))
    .into()
}

fn unreadable(error: MultipartError) -> Refused {
    GraphError::invalid(format!(
        "The form could not be read: {}.",
        excerpt(&error.body_text())
    ))
    .into()
}

async fn text(mut part: Field<'_>, name: &str) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD {
            return Err(invalid(&format!("The parameter `{name}` is too long.")));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| invalid(&format!("The parameter `{name}` is not UTF-8 text.")))
}

/// `GET /{media-id}`, which the route of all nodes hands on.
pub(super) fn node(
    state: &GraphState,
    asked: &Asked,
    file: &MediaFile,
) -> Result<MediaNode, Refused> {
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let query = asked.incoming.query();
    if let Some(number) = query.fields().text_or_integer("phone_number_id")?
        && *number != file.number.to_string()
    {
        return Err(asked.incoming.unsupported());
    }
    let until = state.platform.clock().now() + state.platform.config().limits.media.link;
    let app = asked.caller.app;
    let path = format!("media_files/{}", file.id);
    let hash = state.platform.link_hash(app, file.id, until);
    let hash = hash.or_refuse(&asked.incoming.method)?;
    Ok(MediaNode {
        messaging_product: "whatsapp".to_owned(),
        url: format!(
            "{}/{path}?ext={}&app={app}&hash={}",
            origin(&asked.incoming),
            until.0,
            hex(&hash)
        ),
        mime_type: file.mime_type.clone(),
        sha256: hex(&file.sha256),
        file_size: file.size.to_string(),
        id: file.id.to_string(),
    })
}

/// `DELETE /{media-id}`.
#[utoipa::path(
    delete,
    path = "/{node_id}",
    operation_id = "delete_node",
    tag = "media",
    params(("node_id" = String, Path, description = "A media file")),
    responses(
        (status = 200, description = "Deleted", body = Success),
        (status = 400, description = "Code 100, subcode 33: unknown file", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_messaging", body = ErrorEnvelope),
    )
)]
pub(crate) async fn delete(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let Node::Media(file) = asked.node()? else {
        return Err(asked.incoming.unsupported());
    };
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let gone = state.platform.delete_media(&asked.caller, file.id).await;
    gone.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// The bytes of a file, at the address its node names.
#[utoipa::path(
    get,
    path = "/media_files/{media_id}",
    operation_id = "download_media",
    tag = "media",
    params(
        ("media_id" = String, Path, description = "The file"),
        ("ext" = String, Query, description = "As in the node's url"),
        ("app" = String, Query, description = "As in the node's url"),
        ("hash" = String, Query, description = "As in the node's url"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 400, description = "Code 100: parameter, or unknown file", body = ErrorEnvelope),
        (status = 404, description = "Code 803: the address is no longer good", body = ErrorEnvelope),
    )
)]
pub(crate) async fn download(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Response, Refused> {
    let incoming = &asked.incoming;
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let id = incoming.edge.as_deref().unwrap_or_default();
    let unknown = || {
        Refused(GraphError::unsupported(
            incoming.method.as_str(),
            &excerpt(id),
        ))
    };
    let id: MediaId = id.parse().map_err(|_| unknown())?;
    let query = incoming.query();
    let fields = query.fields();
    let until: RuleTime = fields
        .required_text("ext")?
        .parse()
        .map(RuleTime)
        .map_err(|_| invalid("The parameter `ext` is not a time."))?;
    let app: AppId = fields
        .required_text("app")?
        .parse()
        .map_err(|_| invalid("The parameter `app` is not an id."))?;
    let hash = fields.required_text("hash")?;
    let expected = state.platform.link_hash(app, id, until);
    let expected = hex(&expected.or_refuse(&incoming.method)?);
    if !same(&expected, hash) || until <= state.platform.clock().now() {
        let details =
            "The address of this file is no longer good: ask the file's node for a new one.";
        let error = GraphError::new(ErrorCode::NotFound, details);
        return Err(error.with_title("Media download address expired").into());
    }
    let file = match state.platform.node(&asked.caller, id.0) {
        Ok(Some(Node::Media(file))) => file,
        Ok(_) => return Err(unknown()),
        Err(refusal) => return Err(refusal).or_refuse(&incoming.method),
    };
    let platform = state.platform.clone();
    let parts = futures_util::stream::unfold(0, move |n| {
        let platform = platform.clone();
        async move {
            let read = tokio::task::spawn_blocking(move || platform.media_part(id, n)).await;
            match read {
                Ok(Ok(Some(part))) => Some((Ok(part), n + 1)),
                Ok(Ok(None)) => None,
                Ok(Err(refusal)) => Some((Err(std::io::Error::other(refusal)), n + 1)),
                Err(broken) => Some((Err(std::io::Error::other(broken)), n + 1)),
            }
        }
    });
    let mut response = Response::new(Body::from_stream(parts));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, file.size.into());
    let kind = HeaderValue::from_str(&file.mime_type);
    let any = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or(any));
    let plain = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, plain);
    let attached = HeaderValue::from_static("attachment");
    headers.insert(header::CONTENT_DISPOSITION, attached);
    Ok(response)
}

/// Compares in a time that does not tell where the texts differ.
fn same(expected: &str, given: &str) -> bool {
    let differ = expected
        .bytes()
        .zip(given.bytes())
        .fold(0, |all, (a, b)| all | (a ^ b));
    expected.len() == given.len() && differ == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
