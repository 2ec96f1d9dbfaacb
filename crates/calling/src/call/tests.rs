#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;

use ahoy_types::Seconds;

use super::*;

const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);
const COMPLETED: WithoutMedia = WithoutMedia::Completed;

fn call(direction: Direction) -> Call {
    let (user, business) = (
        WaId::from_u64(447_700_900_001),
        WaId::from_u64(442_079_460_000),
    );
    Call {
        id: CallId::new(user, business, direction, [7; 16]),
        number: PhoneNumberId(710_000_000_000_001),
        user,
        direction,
        state: CallState::Ringing,
        bridge: 1,
        placed_at: NOW,
        rang_at: None,
        answered_at: None,
        business_media_up: false,
        end: None,
        opaque: None,
        cta_payload: None,
        deeplink_payload: None,
        business_sdp: None,
        platform_sdp: "v=0".into(),
        report: None,
    }
}

fn same(a: &str, b: &str) -> bool {
    a == b
}

fn later(secs: i64) -> RuleTime {
    RuleTime(NOW.0 + secs * 1000)
}

#[test]
fn accept_must_repeat_the_pre_accept_sdp() {
    let mut c = call(Direction::UserInitiated);
    assert_eq!(c.pre_accept("a", same), Ok(Step::PreAccepted));
    assert_eq!(c.pre_accept("a", same), Ok(Step::Repeated));
    assert_eq!(c.pre_accept("b", same), Err(WrongState::PreAcceptDiffers));
    assert_eq!(
        c.accept("b", None, same, NOW),
        Err(WrongState::AcceptDiffers)
    );
    assert_eq!(
        c.state,
        CallState::PreAccepted,
        "a refused accept leaves the leg as it was"
    );
    assert_eq!(
        c.accept("a", None, same, NOW),
        Ok(Step::Connected { new_sdp: false })
    );
}

#[test]
fn one_accept_wins() {
    let mut c = call(Direction::UserInitiated);
    assert_eq!(
        c.accept("a", None, same, NOW),
        Ok(Step::Connected { new_sdp: true })
    );
    assert_eq!(
        c.accept("a", None, same, NOW),
        Err(WrongState::AlreadyAccepted { act: "accept" })
    );
}

#[test]
fn business_calls_refuse_accept_and_reject() {
    let mut c = call(Direction::BusinessInitiated);
    for act in [
        c.pre_accept("a", same).unwrap_err(),
        c.accept("a", None, same, NOW).unwrap_err(),
        c.reject(NOW).unwrap_err(),
    ] {
        assert!(matches!(act, WrongState::Direction { .. }), "{act}");
    }
    assert!(c.state.live());
}

#[test]
fn an_unanswered_call_is_completed_without_times() {
    for (direction, cause) in [
        (Direction::UserInitiated, EndCause::NoAnswer),
        (Direction::BusinessInitiated, EndCause::NoAnswer),
    ] {
        let mut c = call(direction);
        assert!(c.ring_timed_out(later(60)));
        assert_eq!(c.end.unwrap().cause, cause);
        let end = c.ending().unwrap();
        assert_eq!(end.status, EndStatus::Completed);
        assert_eq!((end.start, end.end, end.duration), (None, None, None));
        assert!(!c.ring_timed_out(later(61)), "ends once");
    }
}

#[test]
fn the_duration_is_what_its_two_instants_say_and_the_length_is_exact() {
    for (from, lasted, duration) in [
        (0, 19_100, 19),
        (950, 19_100, 20),
        (950, 40, 0),
        (990, 20, 1),
    ] {
        let mut c = call(Direction::UserInitiated);
        let start = RuleTime(NOW.0 + from);
        c.accept("a", None, same, start).unwrap();
        c.user_hangs_up(COMPLETED, RuleTime(start.0 + lasted))
            .unwrap();
        let end = c.ending().unwrap();
        assert_eq!(end.duration, Some(Seconds(duration)));
        let told = end.end.unwrap().secs() - end.start.unwrap().secs();
        assert_eq!(i64::try_from(duration), Ok(told));
        let length = Duration::from_millis(lasted.unsigned_abs());
        assert_eq!(end.length, Some(length));
        assert_eq!(c.end.unwrap().cause, EndCause::UserHungUp);
    }
}

#[test]
fn accepted_waits_for_the_business_media() {
    let mut c = call(Direction::BusinessInitiated);
    assert_eq!(c.ring(NOW), Ok(Step::Rings));
    assert_eq!(c.ring(NOW), Ok(Step::Repeated));
    assert_eq!(c.user_answers(later(3)), Ok(Step::AwaitsMedia));
    assert_eq!(c.business_media_is_up(), Step::Connected { new_sdp: false });
    assert_eq!(
        c.answered_at,
        Some(later(3)),
        "the call starts when the user picks up"
    );
    let mut c = call(Direction::BusinessInitiated);
    assert_eq!(c.business_media_is_up(), Step::Repeated);
    assert_eq!(
        c.user_answers(later(3)),
        Ok(Step::Connected { new_sdp: false })
    );
}

#[test]
fn a_crash_ends_ringing_calls_without_times_and_connected_ones_at_the_last_heartbeat() {
    let mut ringing = call(Direction::UserInitiated);
    assert!(ringing.lost(later(5), later(9)));
    let end = ringing.ending().unwrap();
    assert_eq!(
        (end.status, end.error_code),
        (EndStatus::Failed, Some(138_019))
    );
    assert_eq!((end.start, end.duration), (None, None));

    let mut connected = call(Direction::UserInitiated);
    connected.accept("a", None, same, later(1)).unwrap();
    assert!(connected.lost(later(5), later(900)));
    let end = connected.ending().unwrap();
    assert_eq!(
        (end.status, end.error_code),
        (EndStatus::Failed, Some(138_020))
    );
    assert_eq!((end.end, end.duration), (Some(later(5)), Some(Seconds(4))));

    let mut young = call(Direction::UserInitiated);
    young.accept("a", None, same, later(6)).unwrap();
    assert!(young.lost(later(5), later(900)));
    assert_eq!(
        young.ending().unwrap().duration,
        Some(Seconds(0)),
        "never before it started"
    );
}

/// Neither before an answer nor once media was there does the choice matter.
#[test]
fn a_call_without_media_is_completed_or_failed_as_configured() {
    let ended = |silent, answered: bool, media: bool, by_user: bool| {
        let mut c = call(Direction::UserInitiated);
        if answered {
            c.accept("a", None, same, NOW).unwrap();
        }
        if media {
            c.business_media_is_up();
        }
        if by_user {
            c.user_hangs_up(silent, later(3)).unwrap();
        } else {
            c.terminate(silent, later(3)).unwrap();
        }
        let cause = c.end.unwrap().cause;
        let end = c.ending().unwrap();
        (cause, end.status, end.error_code, end.duration)
    };
    let three = Some(Seconds(3));
    for by_user in [true, false] {
        let usual = if by_user {
            EndCause::UserHungUp
        } else {
            EndCause::BusinessHungUp
        };
        let completed = (usual, EndStatus::Completed, None, three);
        assert_eq!(ended(COMPLETED, true, false, by_user), completed);
        assert_eq!(ended(COMPLETED, true, true, by_user), completed);
        assert_eq!(ended(WithoutMedia::Failed, true, true, by_user), completed);
        let failed = (EndCause::NoMedia, EndStatus::Failed, Some(138_023), three);
        assert_eq!(ended(WithoutMedia::Failed, true, false, by_user), failed);
        let unanswered = ended(WithoutMedia::Failed, false, false, by_user);
        assert_eq!(unanswered.1, EndStatus::Completed);
    }
}

#[test]
fn causes_by_who_ends_and_when() {
    let mut c = call(Direction::UserInitiated);
    c.user_hangs_up(COMPLETED, NOW).unwrap();
    assert_eq!(c.end.unwrap().cause, EndCause::Abandoned);
    let mut c = call(Direction::BusinessInitiated);
    c.terminate(COMPLETED, NOW).unwrap();
    assert_eq!(c.end.unwrap().cause, EndCause::Cancelled);
    assert!(
        !c.counts_as_unanswered(),
        "cancelling is no refusal of the user's"
    );
    let mut c = call(Direction::BusinessInitiated);
    c.user_rejects(NOW).unwrap();
    assert_eq!(c.end.unwrap().cause, EndCause::UserDeclined);
    assert!(c.counts_as_unanswered());
}

proptest! {
    /// Whatever happens in whatever order: a call ends at most once, is answered at most once, and its
    /// duration is never negative nor present without an answer.
    #[test]
    fn any_order_of_acts_keeps_the_life_straight(
        business in any::<bool>(),
        acts in proptest::collection::vec((0u8..11, 0i64..100), 0..30),
    ) {
        let mut c = call(if business { Direction::BusinessInitiated } else { Direction::UserInitiated });
        let mut t = 0;
        let mut ended_with = None;
        let mut answered = None;
        for (act, dt) in acts {
            t += dt;
            let now = later(t);
            match act {
                0 => drop(c.pre_accept("a", same)),
                1 => drop(c.pre_accept("b", same)),
                2 => drop(c.accept("a", None, same, now)),
                3 => drop(c.reject(now)),
                4 => drop(c.terminate(COMPLETED, now)),
                5 => drop(c.ring(now)),
                6 => drop(c.user_answers(now)),
                7 => drop(c.user_hangs_up(COMPLETED, now)),
                8 => drop(c.ring_timed_out(now)),
                9 => drop(c.media_timed_out(true, now)),
                _ => { c.business_media_is_up(); }
            }
            if let Some(before) = ended_with {
                prop_assert_eq!(Some(before), c.end);
            }
            if answered.is_some() {
                prop_assert_eq!(answered, c.answered_at);
            }
            ended_with = c.end;
            answered = c.answered_at;
            prop_assert_eq!(c.end.is_some(), c.state == CallState::Ended);
        }
        if let Some(end) = c.ending() {
            prop_assert_eq!(end.duration.is_some(), c.answered_at.is_some());
            prop_assert_eq!(end.status == EndStatus::Failed, end.error_code.is_some());
        }
    }
}

#[test]
fn the_last_dated_event_is_the_latest_of_them() {
    let mut c = call(Direction::BusinessInitiated);
    assert_eq!(c.last_event(), NOW);
    c.ring(later(2)).unwrap();
    assert_eq!(c.last_event(), later(2));
    c.user_answers(later(5)).unwrap();
    assert_eq!(c.last_event(), later(5));
    c.user_hangs_up(COMPLETED, later(9)).unwrap();
    assert_eq!(c.last_event(), later(9));
}
