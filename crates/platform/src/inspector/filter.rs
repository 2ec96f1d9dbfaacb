//! Which entries somebody wants to see.

use std::collections::BTreeSet;

use ahoy_types::{CallId, PhoneNumberId, WaId};

use super::{Entry, Kind};

/// What an entry must be to be shown; the default takes all.
#[derive(Debug, Clone, Default)]
pub struct TimelineFilter {
    /// Of this call. Jumps of the clock and resets belong to every call.
    pub call: Option<CallId>,
    /// Of this business number.
    pub number: Option<PhoneNumberId>,
    /// Of this user.
    pub user: Option<WaId>,
    /// Of one of these kinds; none means of any.
    pub kinds: BTreeSet<Kind>,
    /// Only what went wrong.
    pub failures: bool,
}

fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

impl TimelineFilter {
    /// Whether the entry fits.
    pub fn takes(&self, entry: &Entry) -> bool {
        let kind = entry.event.kind();
        let of = &entry.concerns;
        let whom = matches!(kind, Kind::Clock | Kind::Reset)
            || (is(self.call.as_ref(), of.call.as_ref())
                && is(self.number.as_ref(), of.number.as_ref())
                && is(self.user.as_ref(), of.user.as_ref()));
        whom && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (!self.failures || entry.failed)
    }
}
