//! Golden bodies of every webhook (`webhooks.md` §2 to §4), and that our own receiver types read them back.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_types::{
    CallId, Country, Direction, PhoneNumberId, RuleTime, Seconds, UserId, WaId, WabaId,
};
use ahoy_wire::errors::{ErrorCode, WebhookError};
use ahoy_wire::settings::{Calling, IconVisibility, Switch};
use ahoy_wire::webhook::{self, *};
use ahoy_wire::{SdpType, Session};
use serde_json::Value as Json;

const USER: WaId = WaId::from_u64(447_700_900_001);
const BUSINESS: WaId = WaId::from_u64(442_079_460_000);

fn common() -> Common {
    let country: Country = "GB".parse().unwrap();
    Common {
        waba: WabaId(720_000_000_000_001),
        phone_number_id: PhoneNumberId(710_000_000_000_001),
        display_phone_number: BUSINESS,
        contact: ContactCard {
            username: None,
            parent_user_id: None,
            name: Some("Zoë 🎧".into()),
            wa_id: Some(USER),
            user_id: UserId::derive(&ahoy_types::Named {
                business: ahoy_types::BusinessId(730_000_000_000_001),
                user: USER,
                holder: 0,
                country: Some(country),
                parent: false,
            }),
        },
    }
}

fn call_id(direction: Direction) -> CallId {
    CallId::new(USER, BUSINESS, direction, [7; 16])
}

/// The body as JSON, after the checks that hold for every body.
fn checked(bytes: &[u8]) -> Json {
    assert!(bytes.is_ascii());
    let read: Notification = serde_json::from_slice(bytes).unwrap();
    let again: Json = serde_json::to_value(&read).unwrap();
    let json: Json = serde_json::from_slice(bytes).unwrap();
    assert_eq!(again, json, "the receiver types lose something");
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.contains("null"), "{text}");
    // Empty lists are for settings alone, which are told as they are shown: a client takes the first of any other.
    let settings = text.contains("\"account_settings_update\"");
    assert!(settings || !text.contains("[]"), "{text}");
    json
}

fn connect_event(direction: Direction, session: Session) -> ConnectEvent {
    ConnectEvent {
        call_id: call_id(direction),
        direction,
        timestamp: RuleTime(1_790_000_506_999),
        session,
        biz_opaque_callback_data: None,
        deeplink_payload: None,
        cta_payload: None,
    }
}

fn terminate_event(direction: Direction) -> TerminateEvent {
    TerminateEvent {
        call_id: call_id(direction),
        direction,
        timestamp: RuleTime::from_secs(1_790_000_533),
        outcome: CallOutcome::Completed,
        answered: None,
        biz_opaque_callback_data: None,
        deeplink_payload: None,
        cta_payload: None,
        errors: Vec::new(),
    }
}

#[test]
fn connect_of_a_users_call() {
    let mut event = connect_event(Direction::UserInitiated, Session::offer("v=0\r\n…"));
    event.deeplink_payload = Some("web-banner".into());
    event.cta_payload = Some("order-55".into());
    let bytes = webhook::connect(&common(), &event);
    insta::assert_json_snapshot!(checked(&bytes));
}

#[test]
fn connect_of_a_business_call() {
    let mut event = connect_event(Direction::BusinessInitiated, Session::answer("v=0\r\n"));
    event.biz_opaque_callback_data = Some("crm-77".into());
    let bytes = webhook::connect(&common(), &event);
    insta::assert_json_snapshot!(checked(&bytes));
}

#[test]
fn a_user_without_a_name_is_called_by_the_number() {
    let mut common = common();
    common.contact.name = None;
    let event = connect_event(Direction::UserInitiated, Session::offer("v=0\r\n"));
    let json = checked(&webhook::connect(&common, &event));
    assert_eq!(
        json["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"],
        "447700900001"
    );
}

#[test]
fn statuses_of_a_business_call() {
    let bodies: Vec<Json> = [
        CallStatus::Ringing,
        CallStatus::Accepted,
        CallStatus::Rejected,
    ]
    .into_iter()
    .map(|status| {
        let event = StatusEvent {
            call_id: call_id(Direction::BusinessInitiated),
            timestamp: RuleTime::from_secs(1_790_000_602),
            status,
            biz_opaque_callback_data: Some("crm-77".into()),
        };
        checked(&webhook::status(&common(), &event))
    })
    .collect();
    insta::assert_json_snapshot!(bodies);
}

#[test]
fn end_of_an_answered_call() {
    let mut event = terminate_event(Direction::UserInitiated);
    event.answered = Some(Answered {
        start: RuleTime::from_secs(1_790_000_513),
        end: RuleTime::from_secs(1_790_000_533),
        duration: Seconds(20),
    });
    event.biz_opaque_callback_data = Some("q-3".into());
    event.cta_payload = Some("order-55".into());
    insta::assert_json_snapshot!(checked(&webhook::terminate(&common(), &event)));
}

#[test]
fn end_of_an_unanswered_call() {
    let event = terminate_event(Direction::BusinessInitiated);
    insta::assert_json_snapshot!(checked(&webhook::terminate(&common(), &event)));
}

#[test]
fn end_of_a_failed_call_has_its_error_in_both_places() {
    let mut event = terminate_event(Direction::UserInitiated);
    event.outcome = CallOutcome::Failed;
    event.errors = vec![WebhookError::new(
        ErrorCode::MediaReceiveTimeout,
        "No media was received from the business for 20 seconds after the call was accepted.",
    )];
    insta::assert_json_snapshot!(checked(&webhook::terminate(&common(), &event)));
}

#[test]
fn a_users_call_that_could_not_be_put_through() {
    let error = WebhookError::new(
        ErrorCode::PaymentUserCall,
        "The account has no valid payment method.",
    );
    insta::assert_json_snapshot!(checked(&webhook::failure(&common(), error)));
}

#[test]
fn answers_to_permission_requests() {
    let reply = |permission, automatic, context: Option<&str>| {
        let reply = PermissionReply {
            id: "wamid.HBgM".into(),
            timestamp: RuleTime::from_secs(1_790_000_100),
            permission,
            automatic,
            context: context.map(Into::into),
        };
        checked(&webhook::permission_reply(&common(), &reply))["entry"][0]["changes"][0].take()
    };
    let week = Permission::Temporary(RuleTime::from_secs(1_790_604_900));
    let bodies = [
        reply(week, false, Some("wamid.request")),
        reply(Permission::Permanent, false, None),
        reply(Permission::Rejected, false, Some("wamid.request")),
        reply(week, true, Some("wacid.call")),
        reply(Permission::Rejected, true, None),
    ];
    insta::assert_json_snapshot!(bodies);
}

#[test]
fn a_change_of_settings() {
    let calling = Calling {
        status: Switch::Enabled,
        call_icon_visibility: IconVisibility::DisableAll,
        callback_permission_status: Switch::Disabled,
        call_icons: Default::default(),
        call_hours: None,
        srtp_key_exchange_protocol: None,
        audio: Default::default(),
        voicemail: None,
        sip: Default::default(),
        restrictions: None,
    };
    let bytes = webhook::settings_update(
        WabaId(720_000_000_000_001),
        PhoneNumberId(710_000_000_000_001),
        RuleTime::from_secs(1_790_000_000),
        &calling,
    );
    insta::assert_json_snapshot!(checked(&bytes));
}

#[test]
fn warnings_restrictions_and_tiers() {
    let at = RuleTime::from_secs(1_790_000_000);
    let warned = |violation_type: &str, remediation: Option<&str>| {
        let info = ViolationInfo {
            violation_type: violation_type.into(),
            remediation: remediation.map(str::to_owned),
        };
        checked(&webhook::violation(BUSINESS, at, info))
    };
    let restricted = |restriction_type: &str, expiration, remediation: Option<&str>| {
        let info = RestrictionInfo {
            restriction_type: restriction_type.into(),
            expiration,
            remediation: remediation.map(str::to_owned),
        };
        checked(&webhook::restriction(BUSINESS, at, info))
    };
    let tier = |to_minute| {
        checked(&webhook::tier_update(&TierUpdate {
            at,
            from_minute: 50_001,
            to_minute,
            month: "2026-10".into(),
            region: "Spain".into(),
        }))
    };
    insta::assert_json_snapshot!([
        warned("LOW_BUSINESS_INITIATED_CALLING_QUALITY", None),
        warned(
            "USER_INITIATED_CALLS_LOW_PICKUP_RATE",
            Some("Pick up more.")
        ),
        restricted(
            "RESTRICTED_BUSINESS_INITIATED_CALLING",
            Some(1_790_604_800),
            None
        ),
        restricted(
            "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
            None,
            Some("Show it again.")
        ),
        tier(Some(250_000)),
        tier(None),
    ]);
}

#[test]
fn the_bytes_are_ascii_and_in_a_fixed_order() {
    let event = connect_event(Direction::UserInitiated, Session::offer("v=0\r\n"));
    let bytes = webhook::connect(&common(), &event);
    insta::assert_snapshot!(std::str::from_utf8(&bytes).unwrap());
}

#[test]
fn what_live_escapes_is_escaped_and_reads_back() {
    let sdp = "v=0\r\na=rtpmap:111 opus/48000/2\r\na=x:<ana@b.example> 50% é\r\n";
    let event = connect_event(Direction::UserInitiated, Session::offer(sdp));
    let bytes = webhook::connect(&common(), &event);
    let text = std::str::from_utf8(&bytes).unwrap();
    let golden = r#""sdp":"v=0\r\na=rtpmap:111 opus\/48000\/2\r\na=x:\u003Cana\u0040b.example> 50\u0025 \u00e9\r\n""#;
    assert!(text.contains(golden), "{text}");
    let read: Notification = serde_json::from_slice(&bytes).unwrap();
    let call = &read.entry[0].changes[0].value.calls[0];
    assert_eq!(call.session.as_ref().unwrap().sdp, sdp);
}

#[test]
fn receivers_shrug_at_news() {
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"calls","new":1,"value":{
        "messaging_product":"whatsapp","novelty":[],"contacts":[{"user_id":"GB.1"}],
        "calls":[{"id":"wacid.A","event":"call_created","timestamp":1790000000,"surprise":{}}]}}]}]}"#;
    let read: Notification = serde_json::from_str(body).unwrap();
    let call = &read.entry[0].changes[0].value.calls[0];
    assert_eq!(call.event, CallEvent::Unknown);
    assert_eq!(call.timestamp, RuleTime::from_secs(1_790_000_000));
    assert_eq!(call.session.as_ref().map(|s| s.sdp_type), None::<SdpType>);
}
