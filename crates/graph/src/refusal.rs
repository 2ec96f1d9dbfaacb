//! From the platform's refusals to codes of `errors.md`, in one place.

use ahoy_calling::Refusal;
use ahoy_calling::readings::{SdpDefectReading, SdpRefusal};
use ahoy_calling::routing::ControlRefusal;
use ahoy_calling::template::FaultKind;
use ahoy_platform::AuthError;
use ahoy_wire::errors::SUBCODE_EXPIRED;
use ahoy_wire::{ErrorCode, GraphError};

use crate::answer::Refused;

/// The error for a refusal of a request with this method.
pub(crate) fn graph_error(method: &str, refusal: &Refusal) -> GraphError {
    let code = match refusal {
        Refusal::NoSuchObject(id) => return GraphError::unsupported(method, id),
        Refusal::Sdp(refusal) => return sdp_error(refusal),
        Refusal::Invalid(_) | Refusal::WrongState(_) => ErrorCode::InvalidParameter,
        Refusal::ThreadControl(ControlRefusal::TakeNotAllowed) => ErrorCode::TakeNotAllowed,
        Refusal::ForeignThread | Refusal::ThreadControl(_) => ErrorCode::InvalidParameter,
        Refusal::NotCallPrimary => ErrorCode::NotCallPrimary,
        Refusal::PinMismatch => ErrorCode::PinMismatch,
        Refusal::NoCode(_) => ErrorCode::VerificationCode,
        Refusal::NotVerified => ErrorCode::NumberVerification,
        Refusal::PinGuesses => ErrorCode::PinGuesses,
        Refusal::NotRegistered => ErrorCode::NotRegistered,
        Refusal::RegistrationLimit(_) => ErrorCode::RegistrationLimit,
        Refusal::NotAllowListed => ErrorCode::RecipientNotAllowed,
        Refusal::UserIdNotSupported => ErrorCode::UserIdNotSupported,
        Refusal::SipEnabled => ErrorCode::MethodNotAllowed,
        Refusal::CallingDisabled => ErrorCode::CallingNotEnabled,
        Refusal::NoCallButtons(_) => ErrorCode::MessageParameterValue,
        Refusal::RecipientIsSender => ErrorCode::RecipientIsSender,
        Refusal::CountryNotServed(_) => ErrorCode::CallingNotAvailable,
        Refusal::Restricted { .. } => ErrorCode::CallingPaused,
        Refusal::Payment => ErrorCode::Payment,
        Refusal::Uncallable => ErrorCode::ReceiverUncallable,
        Refusal::NoPermission => ErrorCode::NoPermission,
        Refusal::DailyLimit { .. } => ErrorCode::CallLimit,
        Refusal::RequestLimit(_) => ErrorCode::PermissionRequestLimit,
        Refusal::PermanentPermission => ErrorCode::PermanentPermission,
        Refusal::Duplicate => ErrorCode::DuplicateCall,
        Refusal::Concurrency(_) => ErrorCode::ConcurrentCalls,
        Refusal::ConnectRate(_) => ErrorCode::CallRateLimit,
        Refusal::MessagingLimit(_) => ErrorCode::MessagingLimitTooLow,
        Refusal::NoReceiver => ErrorCode::CallingPrerequisites,
        Refusal::RequestRate { .. } => ErrorCode::Throughput,
        Refusal::Unavailable => ErrorCode::ServiceUnavailable,
        Refusal::Full { what, retry_after } => {
            let secs = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX);
            return GraphError::new(ErrorCode::ServiceUnavailable, sentence(what))
                .with_retry_after(secs.max(1));
        }
        Refusal::ReadRate(_) => ErrorCode::PermissionFetchLimit,
        Refusal::MissingScope(_) => ErrorCode::PermissionDenied,
        Refusal::Template(fault) => template_code(fault.kind),
        Refusal::MediaUpload(_) => ErrorCode::MediaUpload,
        // What went wrong inside is for the operator's log, not for the business.
        Refusal::Internal(reason) => return internal(reason),
        other => return internal(&other.to_string()),
    };
    GraphError::new(code, sentence(&refusal.to_string()))
}

/// The error for a session description, as the readings have it.
fn sdp_error(refusal: &SdpRefusal) -> GraphError {
    let details = sentence(&refusal.sentences);
    match refusal.reading {
        SdpDefectReading::SdpValidation => GraphError::new(ErrorCode::SdpValidation, details),
        SdpDefectReading::InvalidParameter if refusal.other_fingerprint => {
            GraphError::fingerprint(details)
        }
        SdpDefectReading::InvalidParameter => GraphError::invalid(details),
    }
}

/// The code of a rule about templates.
const fn template_code(kind: FaultKind) -> ErrorCode {
    match kind {
        FaultKind::Full => ErrorCode::TemplateLimit,
        FaultKind::Length => ErrorCode::TemplateLength,
        FaultKind::Header => ErrorCode::TemplateHeader,
        FaultKind::Body => ErrorCode::TemplateBody,
        FaultKind::Footer => ErrorCode::TemplateFooter,
        FaultKind::Ratio => ErrorCode::TemplateRatio,
        FaultKind::Edges => ErrorCode::TemplateEdges,
        FaultKind::Count => ErrorCode::TemplateParameterCount,
        FaultKind::Missing => ErrorCode::TemplateMissing,
        FaultKind::TooLong => ErrorCode::TemplateTooLong,
        FaultKind::Format => ErrorCode::TemplateFormat,
        FaultKind::Paused => ErrorCode::TemplatePaused,
        FaultKind::Disabled => ErrorCode::TemplateDisabled,
        FaultKind::Parameter => ErrorCode::TemplateParameter,
    }
}

/// The error for a token that is no good.
pub(crate) fn auth_error(error: &AuthError) -> GraphError {
    match error {
        AuthError::Unknown | AuthError::Revoked(_) => {
            GraphError::new(ErrorCode::InvalidToken, sentence(&error.to_string()))
        }
        AuthError::Expired(_) => {
            GraphError::new(ErrorCode::InvalidToken, sentence(&error.to_string()))
                .with_subcode(SUBCODE_EXPIRED)
        }
        AuthError::Internal(reason) => internal(reason),
    }
}

fn internal(reason: &str) -> GraphError {
    tracing::error!(reason, "a request failed inside the platform");
    GraphError::new(
        ErrorCode::SomethingWentWrong,
        "The platform could not carry this out; nothing has changed.",
    )
}

/// A clause as a sentence: a capital at the start unless it begins with a name, a full stop at the end.
fn sentence(clause: &str) -> String {
    let first_word = clause.split([' ', ':']).next().unwrap_or_default();
    let name = first_word.contains(['_', '.', '`'])
        || clause
            .get(first_word.len()..)
            .is_some_and(|rest| rest.starts_with(':'));
    let mut chars = clause.chars();
    let mut out = String::with_capacity(clause.len() + 1);
    if let Some(first) = chars.next() {
        if name {
            out.push(first);
        } else {
            out.extend(first.to_uppercase());
        }
        out.push_str(chars.as_str());
    }
    if !out.ends_with(['.', '!', '?', '…']) {
        out.push('.');
    }
    out
}

/// Turns the platform's results into the handlers'.
pub(crate) trait OrRefuse<T> {
    /// With the method of the request, which some envelopes name.
    fn or_refuse(self, method: &axum::http::Method) -> Result<T, Refused>;
}

impl<T> OrRefuse<T> for Result<T, Refusal> {
    fn or_refuse(self, method: &axum::http::Method) -> Result<T, Refused> {
        self.map_err(|refusal| Refused(graph_error(method.as_str(), &refusal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_become_sentences() {
        assert_eq!(sentence("the call has ended"), "The call has ended.");
        assert_eq!(
            sentence("to: a number cannot call itself"),
            "to: a number cannot call itself."
        );
        assert_eq!(
            sentence("pre_accept was already done"),
            "pre_accept was already done."
        );
        assert_eq!(
            sentence("session.sdp has no audio."),
            "session.sdp has no audio."
        );
        assert_eq!(sentence(""), ".");
    }
}
