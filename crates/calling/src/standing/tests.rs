use std::time::Duration;

use proptest::prelude::*;

use super::*;

const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);
const BUSINESS: Direction = Direction::BusinessInitiated;
const USER: Direction = Direction::UserInitiated;

fn rules() -> Quality {
    Quality {
        window: Duration::from_secs(7 * 86_400),
        feedback_min_calls: 10,
        feedback_warn_percent: 10,
        feedback_pause_percent: 20,
        pick_up_min_calls: 10,
        pick_up_warn_percent: 50,
        pick_up_hide_percent: 30,
        warning_lead: Duration::from_secs(86_400),
        pause: Duration::from_secs(604_800),
        ..Quality::default()
    }
}

fn bad(calls: u64, feedback: u64) -> Tally {
    Tally {
        business_calls: calls,
        business_feedback: feedback,
        user_answered: calls,
        user_missed: 0,
        user_feedback: feedback,
    }
}

fn picked(answered: u64, missed: u64) -> Tally {
    Tally {
        user_answered: answered,
        user_missed: missed,
        ..Tally::default()
    }
}

#[test]
fn a_warning_comes_first_and_the_pause_a_day_later() {
    let rules = rules();
    let mut standing = Standing::default();
    let mut judge =
        |tally: Tally, at: RuleTime| standing.judge_feedback(BUSINESS, &tally, &rules, at);
    assert_eq!(judge(bad(9, 9), NOW), None, "too few calls to judge");
    assert_eq!(judge(bad(100, 9), NOW), None, "just below");
    assert_eq!(judge(bad(100, 10), NOW), Some(Notice::LowQuality(BUSINESS)));
    let day = NOW + rules.warning_lead;
    assert_eq!(judge(bad(100, 90), RuleTime(day.0 - 1)), None, "too soon");
    assert_eq!(judge(bad(100, 19), day), None, "warned, and not that bad");
    let until = day + rules.pause;
    assert_eq!(
        judge(bad(100, 20), day),
        Some(Notice::Paused {
            kind: RestrictionKind::BusinessInitiated,
            until
        })
    );
    assert_eq!(until.secs() - day.secs(), 604_800);
    assert_eq!(judge(bad(100, 99), day), None, "paused already");
    assert!(standing.blocks_business(RuleTime(until.0 - 1)));
    assert!(!standing.blocks_business(until));
    assert!(!standing.blocks_user(day));
    assert_eq!(standing.restrictions(until), []);
    assert_eq!(
        standing.restrictions(day),
        [Restriction {
            kind: RestrictionKind::BusinessInitiated,
            reason: RestrictionKind::BusinessInitiated.reason(),
            expires: Some(until)
        }]
    );
    // After the pause it starts over, with a warning.
    assert_eq!(
        standing.judge_feedback(BUSINESS, &bad(10, 9), &rules, until),
        Some(Notice::LowQuality(BUSINESS))
    );
}

#[test]
fn a_warning_is_forgotten_with_its_window() {
    let rules = rules();
    let mut standing = Standing::default();
    standing.judge_feedback(USER, &bad(10, 5), &rules, NOW);
    let later = NOW + rules.window;
    let notice = standing.judge_feedback(USER, &bad(10, 9), &rules, later);
    assert_eq!(notice, Some(Notice::LowQuality(USER)));
}

#[test]
fn the_second_pause_makes_both_end_together() {
    let rules = rules();
    let mut standing = Standing::default();
    standing.pause(USER, NOW + rules.pause, NOW);
    let later = NOW + Duration::from_secs(86_400);
    let until = later + rules.pause;
    assert_eq!(
        standing.pause(BUSINESS, until, later),
        Notice::Paused {
            kind: RestrictionKind::Both,
            until
        }
    );
    assert_eq!(standing.business_paused(later), Some(until));
    assert_eq!(standing.user_paused(later), Some(until));
    let kinds: Vec<_> = standing
        .restrictions(later)
        .iter()
        .map(|r| r.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            RestrictionKind::BusinessInitiated,
            RestrictionKind::UserInitiated
        ],
        "the settings know two types"
    );
    // The first one over, the second is a pause of its own.
    let mut standing = Standing::default();
    standing.pause(USER, later, NOW);
    assert_eq!(
        standing.pause(BUSINESS, until, later),
        Notice::Paused {
            kind: RestrictionKind::BusinessInitiated,
            until
        }
    );
}

#[test]
fn the_button_goes_after_a_warning_and_comes_back_by_the_business_alone() {
    let rules = rules();
    let mut standing = Standing::default();
    assert_eq!(standing.judge_pick_up(&picked(0, 9), &rules, NOW), None);
    assert_eq!(standing.judge_pick_up(&picked(5, 5), &rules, NOW), None);
    assert_eq!(
        standing.judge_pick_up(&picked(4, 6), &rules, NOW),
        Some(Notice::LowPickUp)
    );
    let day = NOW + rules.warning_lead;
    assert_eq!(standing.judge_pick_up(&picked(3, 7), &rules, day), None);
    assert!(!standing.show_button(), "it is not hidden");
    assert_eq!(
        standing.judge_pick_up(&picked(2, 8), &rules, day),
        Some(Notice::ButtonHidden)
    );
    assert!(standing.button_hidden());
    assert!(!standing.blocks_user(day), "calls still come");
    assert_eq!(
        standing.judge_pick_up(&picked(0, 99), &rules, day),
        None,
        "hidden already"
    );
    assert!(standing.show_button());
    assert_eq!(standing, Standing::default());
}

#[test]
fn without_calls_nothing_is_judged_even_where_the_file_asks_for_no_minimum() {
    let rules = Quality {
        feedback_min_calls: 0,
        feedback_warn_percent: 0,
        pick_up_min_calls: 0,
        ..rules()
    };
    let mut standing = Standing::default();
    let none = Tally::default();
    assert_eq!(standing.judge_feedback(USER, &none, &rules, NOW), None);
    assert_eq!(standing.judge_pick_up(&none, &rules, NOW), None);
}

proptest! {
    /// Whatever comes, a restriction follows a warning that is old enough, and a pause lasts as long as it says.
    #[test]
    fn no_restriction_without_an_earlier_warning(
        acts in proptest::collection::vec((0u64..400, 0u64..400, 0i64..200_000, 0u8..3), 1..60),
    ) {
        let rules = rules();
        let mut standing = Standing::default();
        let mut now = NOW;
        let mut warned = [None; 3];
        for (a, b, after, what) in acts {
            now = RuleTime(now.0 + after * 1000);
            let place = usize::from(what);
            let notice = match what {
                0 => standing.judge_feedback(BUSINESS, &bad(a, b), &rules, now),
                1 => standing.judge_feedback(USER, &bad(a, b), &rules, now),
                _ => standing.judge_pick_up(&picked(a, b), &rules, now),
            };
            match notice {
                None => {}
                Some(Notice::LowQuality(_) | Notice::LowPickUp) => warned[place] = Some(now),
                Some(Notice::Paused { kind, until }) => {
                    let at = warned[place].take();
                    prop_assert!(at.is_some_and(|at| now >= at + rules.warning_lead));
                    prop_assert!(until >= now + rules.pause);
                    if kind == RestrictionKind::Both {
                        warned[1 - place] = None;
                    }
                }
                Some(Notice::ButtonHidden) => {
                    let at = warned[place].take();
                    prop_assert!(at.is_some_and(|at| now >= at + rules.warning_lead));
                    standing.show_button();
                }
            }
        }
    }
}
