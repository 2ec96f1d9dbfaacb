use std::time::Duration;

use ahoy_calling::message::{CardRefusal, CardState, RequestCard};
use ahoy_calling::pair::Answer;
use ahoy_types::RuleTime;
use proptest::prelude::*;

use crate::{DAY, START};

const LASTS: Duration = Duration::from_secs(7 * 86_400);

proptest! {
    #[test]
    fn whenever_it_is_answered(
        delivered in any::<bool>(),
        answers in prop::collection::vec((0..6 * DAY, 0u8..3), 1..12),
    ) {
        let mut card = RequestCard::new();
        if delivered {
            card.expires = Some(START + LASTS);
        }
        let (mut now, mut accepted, mut declined) = (START, false, false);
        for (after, which) in answers {
            now = RuleTime(now.0 + after);
            let answer = [Answer::Accept, Answer::AcceptPermanent, Answer::Reject][usize::from(which)];
            let (before, open) = (card, card.open(now));
            match card.take(answer, LASTS, now) {
                Ok(()) => {
                    prop_assert!(open && !accepted);
                    prop_assert!(answer != Answer::Reject || !declined, "one no is enough");
                    prop_assert_eq!(card.answer, Some((answer, now)));
                    prop_assert_eq!(card.expires, Some(now + LASTS));
                    accepted = answer != Answer::Reject;
                    declined = !accepted;
                }
                Err(why) => {
                    prop_assert_eq!(card, before, "what is refused changes nothing");
                    let expected = match (accepted, open) {
                        (true, _) => CardRefusal::Accepted,
                        (false, false) => CardRefusal::Expired,
                        (false, true) => CardRefusal::Declined,
                    };
                    prop_assert_eq!(why, expected);
                }
            }
            let state = match (accepted, declined, card.open(now)) {
                (true, ..) => CardState::Accepted,
                (_, true, _) => CardState::Declined,
                (.., true) => CardState::Open,
                (.., false) => CardState::Expired,
            };
            prop_assert_eq!(card.state(now), state);
        }
    }
}
