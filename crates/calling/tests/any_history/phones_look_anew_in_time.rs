use ahoy_calling::Pair;
use ahoy_calling::account::User;
use ahoy_calling::identity::Client;
use ahoy_calling::limits::SETTINGS_HELD;
use ahoy_calling::view::shown_as_of;
use ahoy_types::{RuleTime, WaId};
use proptest::prelude::*;

use crate::{DAY, START};

proptest! {
    /// A phone that holds old settings never shows any older than seven days, never turns back, and keeps what it saw
    /// until it looks again.
    #[test]
    fn whatever_the_user_opens(
        opened in prop::option::of(-10 * DAY..10 * DAY),
        mut looks in prop::collection::vec(0..60 * DAY, 1..40),
    ) {
        let user = User {
            wa_id: WaId::from_u64(447_700_900_001),
            name: None,
            country: None,
            behaviour: None,
            identity: Default::default(),
            client: Client { holds_old_settings_since: Some(START), ..Client::default() },
            created_at: START,
        };
        let seen = opened.map(|at| RuleTime(START.0 + at));
        let pair = Pair { seen, ..Pair::default() };
        let first = seen.map_or(START, |seen| seen.max(START));
        looks.sort_unstable();
        let mut before = None;
        for look in looks {
            let now = RuleTime(first.0 + look);
            let shown = shown_as_of(&user, &pair, now);
            prop_assert!(shown <= now && now.since(shown) < SETTINGS_HELD);
            prop_assert!(shown >= first);
            // It looks anew at whole weeks from the first look on, and at no other time.
            prop_assert_eq!(shown.since(first).as_millis() % SETTINGS_HELD.as_millis(), 0);
            prop_assert!(before.is_none_or(|before| before <= shown));
            before = Some(shown);
        }
        let fresh = User { client: Client::default(), ..user };
        let now = RuleTime(first.0 + DAY);
        prop_assert_eq!(shown_as_of(&fresh, &pair, now), now);
    }
}
