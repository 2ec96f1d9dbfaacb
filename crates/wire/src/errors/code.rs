//! Every code, with its HTTP status and title (`errors.md`; HTTP choices of `contract.md` §4).

use std::fmt;

/// Value of `error.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Nearly everything.
    OAuthException,
    /// Requests to objects that are absent, hidden or of another kind.
    GraphMethodException,
}

impl ErrorKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuthException => "OAuthException",
            Self::GraphMethodException => "GraphMethodException",
        }
    }
}

/// Where a code can be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// In the answer to a request.
    Answer,
    /// In a webhook.
    Webhook,
    /// In either.
    Both,
    /// In a node's `health_status`.
    Health,
}

impl Channel {
    /// The word in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Webhook => "webhook",
            Self::Both => "answer, webhook",
            Self::Health => "health status",
        }
    }
}

/// What a refusal of a call says to the person at the desk: `error_user_title`, `error_user_msg` and `is_transient`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserWords {
    /// A few words over the text.
    pub title: &'static str,
    /// What happened and what the person can do about it.
    pub text: &'static str,
    /// The same request may succeed in a moment.
    pub transient: bool,
}

macro_rules! words {
    () => {
        None
    };
    ($title:literal $text:literal $transient:literal) => {
        Some(UserWords {
            title: $title,
            text: $text,
            transient: $transient,
        })
    };
}

macro_rules! table {
    ($($name:ident $code:literal $http:literal $channel:ident $title:literal $when:literal $(=> $said:literal $text:literal $transient:literal)?;)*) => {
        /// A documented error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = concat!($code, ": ", $title, ". ", $when)] $name,)*
        }

        impl ErrorCode {
            /// All of them in the order of the numbers.
            pub const ALL: &'static [ErrorCode] = &[$(Self::$name,)*];

            /// The number on the wire.
            pub const fn code(self) -> u32 {
                match self { $(Self::$name => $code,)* }
            }
            /// Status of an answer that carries this code. Codes that travel only in webhooks or health answers
            /// have the status printed for them, 400 where none is.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $http,)* }
            }
            /// Short name of the fault; the envelope's message is `(#CODE) Title`.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
            /// Where it can be met.
            pub const fn channel(self) -> Channel {
                match self { $(Self::$name => Channel::$channel,)* }
            }
            /// When it happens, for the documentation.
            pub const fn when(self) -> &'static str {
                match self { $(Self::$name => $when,)* }
            }
            /// What a refusal of a call with this code says to the person at the desk, where a call can be refused so.
            pub const fn user_words(self) -> Option<UserWords> {
                match self { $(Self::$name => words!($($said $text $transient)?),)* }
            }
            /// The code of a number on the wire. Numbers 201 to 299 are the permission code 200.
            pub const fn from_code(code: u32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    201..=299 => Some(Self::ApiPermission),
                    _ => None,
                }
            }
        }
    };
}

table! {
    AuthException 0 401 Answer "AuthException" "No access token was sent, or it could not be read.";
    UnknownApi 1 400 Answer "API Unknown" "The path or the method does not exist.";
    ServiceUnavailable 2 503 Answer "API Service" "A temporary fault or overload of the server; try again."
        => "Service unavailable" "The calling service cannot take this request at the moment. Try again in a minute." true;
    MethodCapability 3 500 Answer "API Method" "The app has no capability for this method.";
    AppRateLimit 4 400 Answer "API Too Many Calls" "The app has reached its rate limit."
        => "Too many requests" "Your calling software has sent too many requests. Wait a while before the next call." true;
    PermissionDenied 10 403 Answer "Permission denied" "The token lacks the permission this request needs."
        => "Not allowed" "Your calling software may not do this with the number's calls. Ask your administrator for the permission." false;
    ParameterValue 33 400 Answer "Parameter value is not valid" "The phone number has been deleted.";
    InvalidParameter 100 400 Answer "Invalid parameter" "A parameter is missing, of the wrong type or not allowed in this state; SDP faults. The details name it."
        => "Parameter Invalid" "The call could not be handled because the request was not correct. Report it to the people who run your calling software." false;
    InvalidToken 190 401 Answer "Access token expired or invalid" "The token is unknown, revoked or expired (subcode 463).";
    ApiPermission 200 403 Answer "API Permission" "Codes 200 to 299: a permission is missing or was taken away.";
    PolicyBlock 368 403 Answer "Temporarily blocked for policies violations" "The account is blocked for a breach of policy.";
    PermissionFetchLimit 613 429 Answer "Fetch call permission API limit hit" "More than 100 reads of call permissions in a second by one number.";
    NotFound 803 404 Answer "Some of the aliases you requested do not exist" "The WhatsApp Business Account or alias does not exist.";
    WabaRateLimit 80007 400 Answer "Rate limit issues" "The WhatsApp Business Account has reached its rate limit.";
    Throughput 130429 400 Answer "Rate limit hit" "The number's message throughput has been reached."
        => "Too many requests" "This number has sent too many requests in a short time. Try again in a moment." true;
    Experiment 130472 400 Webhook "User's number is part of an experiment" "The message was held back from this user.";
    CountryRestricted 130497 403 Answer "Business account is restricted from messaging users in this country" "Messaging into the user's country is not allowed.";
    SomethingWentWrong 131000 500 Answer "Something went wrong" "An unknown fault inside the server."
        => "Something went wrong" "The calling service met a fault of its own. Nothing has happened; try again in a minute." true;
    AccessDenied 131005 403 Answer "Access denied" "The permission was not granted or has been removed.";
    RequiredParameterMissing 131008 400 Answer "Required parameter is missing" "A message lacks a required parameter.";
    MessageParameterValue 131009 400 Answer "Parameter value is not valid" "A message parameter has a wrong value; call buttons in a country without them.";
    MessagingUnavailable 131016 500 Answer "Service unavailable" "A service behind messaging is temporarily unavailable.";
    RecipientIsSender 131021 400 Answer "Recipient cannot be sender" "A number cannot write to or call itself."
        => "Own number" "A number cannot call itself. Choose another number." false;
    Undeliverable 131026 400 Webhook "Message undeliverable" "Not a WhatsApp number, or the user's client is too old.";
    RecipientNotAllowed 131030 400 Answer "Recipient phone number not in allowed list" "A public test number reaches only the numbers on its list."
        => "Recipient not in the list" "This test number reaches only the numbers on its list. Add the customer's number to the list first." false;
    AccountLocked 131031 403 Answer "Account has been locked" "The business account is locked.";
    DisplayName 131037 400 Answer "Display name approval needed" "The number's display name has not been approved.";
    Payment 131042 400 Both "Business eligibility payment issue" "There is a problem with the payment method."
        => "Payment problem" "The business account has no valid payment method. Calls can be made once it has one." false;
    PaymentUserCall 131044 400 Webhook "Business eligibility payment issue" "A user called, and the business has no valid payment method.";
    Certificate 131045 500 Answer "Incorrect certificate" "The number's registration has a wrong certificate.";
    Reengagement 131047 400 Webhook "Re-engagement message" "More than 24 hours have passed since the user last wrote or called.";
    SpamRateLimit 131048 400 Answer "Spam rate limit hit" "Too many earlier messages of this number were blocked or flagged.";
    Ecosystem 131049 400 Webhook "Message held back for healthy ecosystem engagement" "The message was not delivered.";
    MarketingStopped 131050 400 Webhook "User has stopped marketing messages" "The user no longer takes marketing messages from this business.";
    MessageType 131051 400 Answer "Unsupported message type" "The message type is not supported.";
    MediaDownload 131052 400 Webhook "Media download error" "Media sent by the user could not be fetched.";
    MediaUpload 131053 400 Answer "Media upload error" "Media to be sent could not be taken.";
    MethodNotAllowed 131055 400 Answer "Method not allowed" "Graph call endpoints on a number with SIP enabled."
        => "Calls go over SIP" "This number's calls go over SIP and cannot be handled here. Use the phone system of the number." false;
    PairRateLimit 131056 400 Answer "Pair rate limit hit" "Too many messages to one user in a short time.";
    Maintenance 131057 500 Answer "Account in maintenance mode" "The account is under maintenance.";
    UserIdNotSupported 131062 400 Answer "Business-scoped user id not supported for this message" "Authentication templates need a phone number.";
    TemplateParameterCount 132000 400 Answer "Template parameter count mismatch" "The number of values differs from the template's.";
    TemplateMissing 132001 404 Answer "Template does not exist" "There is no approved template of this name and language.";
    TemplateTooLong 132005 400 Answer "Template hydrated text too long" "The text with its values filled in is too long.";
    TemplatePolicy 132007 400 Answer "Template format character policy violated" "The template breaks a policy.";
    TemplateFormat 132012 400 Answer "Template parameter format mismatch" "A value has another format than the template's.";
    TemplatePaused 132015 400 Answer "Template is paused" "The template is paused for low quality.";
    TemplateDisabled 132016 400 Answer "Template is disabled" "The template was paused too often and is disabled.";
    TemplateParameter 132018 400 Both "Template parameter problem" "A template value cannot be used.";
    TemplateAsync 132021 400 Both "Template sending failed" "The template could not be sent after it had been taken.";
    Deregistration 133000 500 Answer "Incomplete deregistration" "An earlier deregistration did not finish.";
    RegistrationUnavailable 133004 503 Answer "Server temporarily unavailable" "Registration is temporarily unavailable.";
    PinMismatch 133005 400 Answer "Two-step verification PIN mismatch" "The PIN is wrong.";
    NumberVerification 133006 400 Answer "Phone number re-verification needed" "The number must be verified before it is registered.";
    PinGuesses 133008 400 Answer "Too many two-step verification PIN guesses" "Wait before the next attempt.";
    PinTooFast 133009 400 Answer "Two-step verification PIN guessed too fast" "Wait before the next attempt.";
    NotRegistered 133010 400 Answer "Phone number not registered" "The number has not been registered on the platform.";
    JustDeleted 133015 400 Answer "Please wait a few minutes before attempting to register this phone number" "The number was deleted a moment ago.";
    RegistrationLimit 133016 400 Answer "Account register deregister rate limit exceeded" "Too many registrations of this number.";
    UserError 135000 400 Answer "Generic user error" "The request's parameters could not be used.";
    VerificationCode 136024 400 Answer "Request code error" "No verification code can be sent to the number.";
    CallingNotEnabled 138000 400 Answer "Calling API not enabled" "Calling is switched off for this number."
        => "Calling is off" "Calling is not switched on for this business number. Ask your administrator to switch it on." false;
    ReceiverUncallable 138001 400 Answer "Receiver uncallable" "The user is not on WhatsApp, has not taken the terms or has an old client."
        => "Customer cannot be called" "The customer is not on this service, has not accepted its terms, or has an app too old for calls. Write a message instead." false;
    ConcurrentCalls 138002 429 Answer "Concurrent calls limit reached" "The number has as many calls up as it may."
        => "Too many calls" "This number has as many calls as it may have at once. Try again when one of them has ended." true;
    DuplicateCall 138003 400 Answer "Duplicate call" "A call between this number and this user is up already."
        => "Already in a call" "There is a call with this customer already. End that call first." false;
    Connection 138004 500 Both "Connection error" "The call could not be connected."
        => "Connection failed" "The call could not be connected. Try again in a minute." true;
    CallRateLimit 138005 429 Answer "Call rate limit exceeded" "The number has placed as many calls in 24 hours as it may."
        => "Call limit reached" "This number has placed as many calls as it may in 24 hours. Try again later." true;
    NoPermission 138006 401 Answer "No approved call permission found" "The user has not allowed this number to call."
        => "No permission to call" "The customer has not allowed this business to call. Send a request for permission first." false;
    ConnectTimeout 138007 500 Both "Connect timeout" "The SDP answer was not applied or not sent in time."
        => "Connection timed out" "The call was not connected in time. Try again." true;
    SdpValidation 138008 400 Answer "SDP Validation error" "A session description has a defect, where the configuration asks for this code in place of 100."
        => "Call could not be set up" "The media settings of this call were refused. Report it to the people who run your calling software." false;
    PermissionRequestLimit 138009 400 Answer "Call permission request limit hit" "One request in 24 hours and two in 7 days to one user."
        => "Already asked" "The customer has been asked for permission as often as allowed. Wait for the answer, or ask again later." false;
    CallLimit 138012 400 Answer "Business initiated calling limit hit" "As many connected calls to this user in 24 hours as allowed; the details name the next time."
        => "Daily limit reached" "This customer has had as many calls as allowed in 24 hours. Try again later." false;
    CallingNotAvailable 138013 400 Answer "Business initiated calling not available" "The country of the business number does not allow it."
        => "Calling not available" "Numbers of this country cannot call customers. Write a message, or ask the customer to call." false;
    CallingPaused 138014 400 Answer "Calling temporarily disabled" "Calling is paused for low quality."
        => "Calling is paused" "Calling is paused for this number because of low quality. Write a message until the pause is over." false;
    MessagingLimitTooLow 138015 400 Answer "Calling cannot be enabled" "The number's messaging limit is below 2000."
        => "Calling cannot be switched on" "The number's messaging limit is too low for calling. Try again when it has grown." false;
    PermanentPermission 138017 400 Answer "Permanent call permission exists" "A permission request is pointless: the user has granted it for good."
        => "Permission is there already" "The customer has allowed calls for good. Call without asking again." false;
    CallingPrerequisites 138018 400 Answer "Calling cannot be enabled" "No app is subscribed to `calls` on this account and SIP is not set up."
        => "Calling cannot be switched on" "No software is set up to receive this number's calls. Ask your administrator to subscribe it to calls." false;
    CallSetupFailed 138019 400 Webhook "Call setup failed" "The call ended before it could be set up.";
    RelayFailed 138020 400 Webhook "Relay connection failed" "The connection to the relay was lost or never made.";
    MediaReceiveTimeout 138021 400 Webhook "Media receive timeout" "No media from the business for 20 s at the start or 30 s in the call.";
    MediaTransmitTimeout 138022 400 Webhook "Media transmit timeout" "Media could not be sent to the business.";
    NoMedia 138023 400 Webhook "Call accepted but ended with no media" "The call was accepted, and no media was ever seen.";
    SipNotEnabled 138024 400 Health "SIP not enabled on the phone number" "Of a phone number.";
    SipServerMissing 138025 400 Health "No SIP server configured for the app" "Of an app.";
    NotCallPrimary 138038 400 Answer "Not the primary responder for calls" "The number has conversation routing, and another business is primary for its calls; trying again does not help."
        => "Calls are handled elsewhere" "Another provider handles the calls of this number. Ask whoever manages the number to assign calls to you." false;
    TemplateLimit 2388019 400 Answer "Template limit reached" "The account has as many templates as it may (250).";
    TemplateLength 2388040 400 Answer "Template field too long" "A field of the template is too long.";
    TemplateHeader 2388047 400 Answer "Template header format is not valid" "The header's format is wrong.";
    TemplateBody 2388072 400 Answer "Template body format is not valid" "The body's format is wrong.";
    TemplateFooter 2388073 400 Answer "Template footer format is not valid" "The footer's format is wrong.";
    TemplateRatio 2388293 400 Answer "Template has too many variables for its length" "There are too many variables in too little text.";
    TemplateEdges 2388299 400 Answer "Template begins or ends with a variable" "A variable stands at the start or the end.";
    TakeNotAllowed 2494191 400 Answer "Thread control not permitted" "Only the escalation partner takes a thread.";
}

impl ErrorCode {
    /// Value of `error.type`. [`super::GraphError::unsupported`] overrides it for code 100.
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::GraphMethodException,
            _ => ErrorKind::OAuthException,
        }
    }
    /// `(#CODE) Title`.
    pub fn message(self) -> String {
        format!("(#{}) {}", self.code(), self.title())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(#{}) {}", self.code(), self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_find_their_way_back() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code(), "{} {}", pair[0], pair[1]);
        }
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(code.code()), Some(code));
            assert!((400..=503).contains(&code.http_status()), "{code}");
        }
        assert_eq!(ErrorCode::from_code(250), Some(ErrorCode::ApiPermission));
        assert_eq!(ErrorCode::from_code(138_010), None);
    }

    #[test]
    fn every_call_code_of_an_answer_has_words_for_the_desk() {
        for &code in ErrorCode::ALL {
            let answers = matches!(code.channel(), Channel::Answer | Channel::Both);
            if (138_000..139_000).contains(&code.code()) && answers {
                assert!(code.user_words().is_some(), "{code}");
            }
            if let Some(words) = code.user_words() {
                assert!(answers, "{code}: words that nobody reads");
                assert!(
                    words.title.len() <= 40 && !words.title.ends_with('.'),
                    "{code}"
                );
                assert!(
                    words.text.len() <= 160 && words.text.ends_with('.'),
                    "{code}"
                );
                // A temporary fault is one the status tells as such, too.
                let busy = matches!(code.http_status(), 429 | 500 | 503);
                assert!(words.transient || !busy, "{code}");
            }
        }
    }

    #[test]
    fn the_two_statuses_of_choice() {
        assert_eq!(ErrorCode::CallingNotEnabled.http_status(), 400);
        assert_eq!(ErrorCode::NoPermission.http_status(), 401);
    }
}
