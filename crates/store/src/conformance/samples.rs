//! Rows to try a store with: realistic in shape and size.

use ahoy_calling::account::{
    App, Business, Callback, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::calendar::Zone;
use ahoy_calling::limits::Profile;
use ahoy_calling::message::{Chat, FreeEntry};
use ahoy_calling::settings::{
    CallHours, CallingSettings, ExtraCodec, Holiday, IconVisibility, KeyExchange, OpenHours, Past,
    Sip, SipPassword, SipServer, Switch, Voicemail, VoicemailTrigger,
};
use ahoy_calling::simulated::{Audio, Behaviour, Network, OnMessage, OnPermissionRequest, OnRing};
use ahoy_calling::{Call, CallState, End, EndCause, Pair, Permission};
use ahoy_types::{
    AppId, BusinessId, CallId, Date, Direction, PhoneNumberId, RuleTime, TimeOfDay, TokenHash,
    TokenId, WaId, WabaId, Weekday,
};

use crate::{Attempt, DeliveryState, NewDelivery, NumberOverride};

/// An instant to count from.
pub const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);
/// A number.
pub const NUMBER: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
/// Another number.
pub const OTHER_NUMBER: PhoneNumberId = PhoneNumberId(710_000_000_000_002);
/// A WABA.
pub const WABA: WabaId = WabaId(720_000_000_000_001);
/// A portfolio.
pub const BUSINESS: BusinessId = BusinessId(730_000_000_000_001);
/// An app.
pub const APP: AppId = AppId(900_100_200_300);

/// The user with this many others before it, from a range reserved for fiction.
pub fn wa_id(n: u64) -> WaId {
    WaId::from_u64(447_700_900_001 + n)
}

/// A call id that no other `n` has.
pub fn call_id(n: u64) -> CallId {
    let mut random = [0x5a; 16];
    random[..8].copy_from_slice(&n.to_be_bytes());
    let business = WaId::from_u64(442_079_460_000);
    CallId::new(wa_id(n % 100), business, Direction::UserInitiated, random)
}

/// A portfolio.
pub fn business() -> Business {
    Business {
        id: BUSINESS,
        name: "Ahoy Ltd".into(),
        contacts: vec!["ops@ahoy.example".into()],
        contact_book: false,
    }
}

/// A WABA.
pub fn waba() -> Waba {
    Waba {
        currency: "EUR".into(),
        timezone_id: "7".into(),
        zone: Zone::stored("Europe/Madrid"),
        ..Waba::new(WABA, BUSINESS, "Ahoy support")
    }
}

/// A number of [`WABA`].
pub fn number(id: PhoneNumberId) -> Number {
    Number {
        id,
        waba: WABA,
        number: WaId::from_u64(442_079_460_000 + id.0 % 100_000),
        verified_name: "Ahoy".into(),
        profile: Profile::Production,
        messaging_limit: MessagingLimit::Tier2k,
        payment_valid: true,
        settings: CallingSettings {
            status: Switch::Enabled,
            call_icon_visibility: IconVisibility::DisableAll,
            callback_permission_status: Switch::Enabled,
            restrict_to_user_countries: WaId::from_u64(34_600_111_222)
                .country()
                .into_iter()
                .collect(),
            call_hours: Some(hours()),
            srtp_key_exchange_protocol: Some(KeyExchange::Sdes),
            additional_codecs: vec![ExtraCodec::Pcma],
            voicemail: Some(Voicemail {
                status: Switch::Enabled,
                triggers: vec![VoicemailTrigger::Timeout],
                announcement_media_id: Some(900_000_000_000_001),
                timeout_seconds: Some(15),
            }),
            sip: Sip {
                status: Switch::Enabled,
                webhook_delivery: Switch::Enabled,
                servers: vec![SipServer {
                    app: APP,
                    hostname: "sip.acme.example".into(),
                    port: 5061,
                    request_uri_user_params: [("tgrp".to_owned(), "wa".to_owned())].into(),
                    password: SipPassword("secret".into()),
                }],
            },
            past: vec![Past {
                until: NOW,
                shown: Default::default(),
            }],
        },
        registration: Default::default(),
        about: Default::default(),
        standing: Default::default(),
    }
}

/// Call hours with a holiday.
fn hours() -> CallHours {
    let (open, close) = (TimeOfDay::default(), TimeOfDay::LAST);
    CallHours {
        status: Switch::Enabled,
        timezone_id: "Europe/Madrid".into(),
        weekly_operating_hours: vec![OpenHours {
            day_of_week: Weekday::Sunday,
            open_time: open,
            close_time: close,
        }],
        holiday_schedule: Date::new(2027, 1, 6)
            .map(|date| Holiday {
                date,
                start_time: open,
                end_time: close,
            })
            .into_iter()
            .collect(),
    }
}

/// A callback.
pub fn callback(path: &str) -> Callback {
    Callback {
        url: format!("https://business.example/{path}?a=b&c=%20"),
        verify_token: "ahoy-dev-verify".into(),
    }
}

/// An app with a callback.
pub fn app() -> App {
    App {
        id: APP,
        name: "Desk".into(),
        secret: "ahoy-dev-secret".into(),
        business: BUSINESS,
        callback: Some(callback("hook")),
        fields: vec!["calls".into(), "messages".into()],
    }
}

/// A token that ends.
pub fn token(text: &str) -> Token {
    let hash = TokenHash::of(text);
    Token {
        id: TokenId(740_000_000_000_000 + u64::from(hash.0[0]) * 256 + u64::from(hash.0[1])),
        hash,
        name: format!("Token {text}"),
        app: APP,
        business: BUSINESS,
        scopes: vec![
            Scope::WhatsappBusinessMessaging,
            Scope::WhatsappBusinessManagement,
        ],
        issued_at: NOW,
        expires_at: Some(RuleTime(NOW.0 + 1)),
        revoked_at: None,
    }
}

/// A subscription of [`WABA`] with a callback of its own.
pub fn subscription(app: AppId) -> Subscription {
    Subscription {
        waba: WABA,
        app,
        callback: Some(callback("waba")),
    }
}

/// An override for a number.
pub fn number_override(number: PhoneNumberId, app: AppId) -> NumberOverride {
    NumberOverride {
        number,
        app,
        callback: callback("number"),
    }
}

/// A simulated user with everything set.
pub fn user(n: u64) -> User {
    User {
        wa_id: wa_id(n),
        name: Some(format!("Ana {n}")),
        country: "GB".parse().ok(),
        behaviour: Some(Behaviour {
            on_ring: OnRing::Manual,
            answer_after_ms: 1_500,
            hang_up_after_ms: Some(60_000),
            reply_after_ms: 250,
            on_message: OnMessage::Ignore,
            on_permission_request: OnPermissionRequest::AcceptPermanent,
            audio: Audio::Tone { tone_hz: 660.5 },
            network: Network {
                loss: 0.125,
                burst: Some(2.5),
                jitter_ms: 20,
                delay_ms: 80,
                reorder: 0.5,
                seed: Some(7),
            },
        }),
        identity: Default::default(),
        client: Default::default(),
        created_at: NOW,
    }
}

/// A pair with everything set.
pub fn pair() -> Pair {
    Pair {
        chat: Chat {
            blocked_at: Some(NOW),
            unblocked_at: None,
            reported_at: Some(NOW),
            typing_until: Some(NOW),
            free_entry: Some(FreeEntry {
                clicked_at: NOW,
                until: Some(RuleTime(NOW.0 + 1)),
            }),
        },
        granted: Permission::Temporary {
            expires: RuleTime(NOW.0 + 604_800_000),
        },
        connected: vec![NOW, RuleTime(NOW.0 + 1)],
        requests: vec![RuleTime(NOW.0 - 1)],
        unanswered: 3,
        window_until: Some(RuleTime(NOW.0 + 86_400_000)),
        seen: Some(NOW),
    }
}

/// A description of the size that clients send.
pub fn sdp(setup: &str) -> String {
    let mut text =
        String::from("v=0\r\no=- 7669997803033704573 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
    for n in 0..20 {
        text.push_str(&format!(
            "a=candidate:{n} 1 udp 2122260223 192.0.2.{n} 30468 typ host\r\n"
        ));
    }
    text.push_str(&format!("a=setup:{setup}\r\n"));
    text
}

/// A ringing call of user `n`, just placed, with nothing more than a placed call has.
pub fn call(n: u64, number: PhoneNumberId, direction: Direction) -> Call {
    Call {
        id: call_id(n),
        number,
        user: wa_id(n),
        direction,
        state: CallState::Ringing,
        bridge: n,
        placed_at: NOW,
        rang_at: None,
        answered_at: None,
        business_media_up: false,
        end: None,
        opaque: None,
        cta_payload: None,
        deeplink_payload: None,
        business_sdp: None,
        platform_sdp: sdp("actpass"),
        report: None,
    }
}

/// The call, ended.
pub fn ended(call: Call, cause: EndCause) -> Call {
    let end = End {
        cause,
        at: RuleTime(call.placed_at.0 + 20_001),
    };
    Call {
        state: CallState::Ended,
        end: Some(end),
        ..call
    }
}

/// A call with everything set.
pub fn full_call(n: u64, direction: Direction, cause: EndCause) -> Call {
    Call {
        bridge: u64::MAX,
        rang_at: Some(RuleTime(NOW.0 + 1)),
        answered_at: Some(RuleTime(NOW.0 + 2)),
        business_media_up: true,
        opaque: Some("order-4711".into()),
        cta_payload: Some("button".into()),
        deeplink_payload: Some("link".into()),
        business_sdp: Some(sdp("active")),
        report: Some(r#"{"verdict":"both sides were heard"}"#.into()),
        ..ended(call(n, NUMBER, direction), cause)
    }
}

/// A webhook of the usual size.
pub fn delivery(app: AppId, lane: Option<CallId>, state: DeliveryState) -> NewDelivery {
    let body = format!(
        r#"{{"object":"whatsapp_business_account","sdp":{:?}}}"#,
        sdp("actpass")
    );
    NewDelivery {
        app,
        number: NUMBER,
        holds_lane: lane.is_some() && state == DeliveryState::Sending,
        lane,
        field: "calls".into(),
        body: body.into_bytes(),
        created_at: NOW,
        state,
    }
}

/// An attempt that was answered.
pub fn attempt(delivery: ahoy_types::DeliveryId, number: u32) -> Attempt {
    Attempt {
        delivery,
        number,
        url: callback("hook").url,
        headers: vec![
            ("content-type".into(), "application/json".into()),
            (
                "x-hub-signature-256".into(),
                format!("sha256={}", "ab".repeat(32)),
            ),
            ("x-twice".into(), "1".into()),
            ("x-twice".into(), "2".into()),
        ],
        at: RuleTime(NOW.0 + i64::from(number)),
        took_us: 12_345,
        status: Some(503),
        note: "busy".into(),
        replay: false,
        fault: None,
    }
}
