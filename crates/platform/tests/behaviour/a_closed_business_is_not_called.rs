//! Call hours: users' calls outside them are refused and nobody is told; the business may still call, and be asked to.
//! Phones may show old settings, the server goes by the new ones.

use ahoy_calling::Permission;
use ahoy_calling::limits::SETTINGS_HELD;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::settings::{CallHours, IconVisibility, OpenHours, SettingsPatch, Switch};
use ahoy_calling::view::{NoIcon, PhoneView};
use ahoy_platform::{Dial, UserLegKind};
use ahoy_types::{RuleTime, WaId, Weekday};

use crate::support::*;

const DAY: i64 = 86_400;

/// The day of the week in UTC; 1970-01-01 was a Thursday.
fn weekday(at: RuleTime) -> Weekday {
    let days = at.secs().div_euclid(DAY) + 3;
    Weekday::ALL[usize::try_from(days.rem_euclid(7)).unwrap()]
}

/// Open on the day after tomorrow from nine to ten, UTC.
fn hours(now: RuleTime) -> (CallHours, RuleTime) {
    let midnight = (now.secs().div_euclid(DAY) + 2) * DAY;
    let opens = RuleTime::from_secs(midnight + 9 * 3_600);
    let hours = CallHours {
        status: Switch::Enabled,
        timezone_id: "UTC".into(),
        weekly_operating_hours: vec![OpenHours {
            day_of_week: weekday(opens),
            open_time: "0900".parse().unwrap(),
            close_time: "1000".parse().unwrap(),
        }],
        holiday_schedule: Vec::new(),
    };
    (hours, opens)
}

impl World {
    async fn set(&self, patch: SettingsPatch) {
        self.platform
            .update_settings(&self.caller, PHONE, patch)
            .await
            .unwrap();
    }
    async fn try_to_call(&self, user: WaId) -> Result<(), PhoneRefusal> {
        let dialled =
            self.platform
                .user_calls(user, PHONE, UserLegKind::Simulated, Dial::default());
        dialled.await.map(|_| ())
    }
    fn view(&self, user: WaId) -> PhoneView {
        let number = self
            .platform
            .find_number(&PHONE.to_string())
            .unwrap()
            .unwrap();
        self.platform.phone_view(&number, user).unwrap()
    }
}

#[tokio::test]
async fn outside_the_hours_nobody_rings_and_nobody_is_told() {
    let world = World::new().await;
    world.by_hand(&[BEN]).await;
    let now = world.platform.clock().now();
    let (hours, opens) = hours(now);
    world
        .set(SettingsPatch {
            call_hours: Some(hours),
            ..Default::default()
        })
        .await;
    let before = world.outbox().len();

    let refusal = world.try_to_call(ANA).await.unwrap_err();
    let PhoneRefusal::Closed(closed) = &refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!((closed.next_opening, closed.callback), (Some(opens), false));
    let sentence = format!(
        "This business is closed; it opens {} 09:00.",
        weekday(opens).name()
    );
    assert_eq!(refusal.to_string(), sentence);
    assert_eq!(
        world.platform.request_callback(ANA, PHONE).await,
        Err(PhoneRefusal::NoCallback)
    );
    assert_eq!(
        world.outbox().len(),
        before,
        "no webhook tells of an attempt"
    );

    // The hours do not bind the business.
    world.permit(BEN).await;
    let call = world.business_calls(BEN).await;
    world.terminate(&call).await;

    // At the first instant of the hours the phone gets through.
    let wait = opens.since(world.platform.clock().now());
    world.advance(wait).await;
    let view = world.view(ANA);
    assert!(view.open && view.next_opening.is_none());
    world.try_to_call(ANA).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn whoever_asks_to_be_called_back_may_be_called() {
    let world = World::new().await;
    let (hours, _) = hours(world.platform.clock().now());
    let patch = SettingsPatch {
        call_hours: Some(hours),
        callback_permission_status: Some(Switch::Enabled),
        ..Default::default()
    };
    world.set(patch).await;
    assert!(world.view(ANA).callback);
    world.platform.request_callback(ANA, PHONE).await.unwrap();
    let view = world
        .platform
        .call_permissions(&world.caller, PHONE, &ahoy_platform::Recipient::Number(ANA))
        .unwrap();
    assert!(matches!(view.permission, Permission::Temporary { .. }));
    let told = world.platform.deliveries(&Default::default()).unwrap();
    let replies = told.iter().filter(|(d, _)| d.field == "messages");
    let reply: Vec<String> = replies
        .map(|(d, _)| String::from_utf8(d.body.clone()).unwrap())
        .collect();
    assert_eq!(reply.len(), 1);
    assert!(
        reply[0].contains(r#""response_source":"automatic""#),
        "{}",
        reply[0]
    );
    assert!(
        !reply[0].contains(r#""context""#),
        "there is no call it would be about"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_phone_with_old_settings_shows_them_until_it_looks_or_a_week_is_over() {
    let world = World::new().await;
    let since = world.platform.clock().now();
    let holds = world.platform.change_user(ANA, move |user| {
        user.client.holds_old_settings_since = Some(since)
    });
    holds.await.unwrap();
    world.advance(secs(60)).await;
    let hide = SettingsPatch {
        call_icon_visibility: Some(IconVisibility::DisableAll),
        ..Default::default()
    };
    world.set(hide).await;
    assert_eq!(world.view(ANA).no_icon, None);
    assert_eq!(world.view(BEN).no_icon, Some(NoIcon::Hidden));
    let seen = world.platform.open_chat_info(ANA, PHONE).await.unwrap();
    assert_eq!(seen.no_icon, Some(NoIcon::Hidden));

    // Switched off: the phone goes on showing an icon-less business that takes calls, the server refuses.
    world.advance(secs(60)).await;
    let off = SettingsPatch {
        status: Some(Switch::Disabled),
        ..Default::default()
    };
    world.set(off).await;
    assert_eq!(world.view(ANA).no_icon, Some(NoIcon::Hidden));
    assert_eq!(
        world.try_to_call(ANA).await,
        Err(PhoneRefusal::CallingDisabled)
    );
    world.advance(SETTINGS_HELD).await;
    assert_eq!(world.view(ANA).no_icon, Some(NoIcon::CallingOff));
    world.stop().await;
}
