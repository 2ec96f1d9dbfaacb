//! What the user's phone shows of a business: the call icon, the hours, the choice to be called back (`rules.md` §5).
//!
//! The server always decides by the settings that hold; a phone may show older ones for days.

use ahoy_types::RuleTime;

use crate::account::{Number, User};
use crate::hours::{HolidayReading, Hours, Timetable};
use crate::limits::SETTINGS_HELD;
use crate::pair::Pair;
use crate::settings::{IconVisibility, Shown};
use crate::standing::Standing;

/// Why a phone shows no call icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoIcon {
    /// The app is too old to have one.
    AppTooOld,
    /// The user sits at a browser or a desktop.
    NoCallsHere,
    /// The business takes no calls.
    CallingOff,
    /// The business hides it from everybody. Call buttons, links and the call log still work.
    Hidden,
    /// The business shows it to users of other countries only.
    Country,
    /// Calls to the business are paused for low quality.
    Paused,
    /// The platform hid it because too few calls were picked up; the business can show it again.
    Unanswered,
}

impl NoIcon {
    /// A short stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppTooOld => "app_too_old",
            Self::NoCallsHere => "no_calls_here",
            Self::CallingOff => "calling_off",
            Self::Hidden => "hidden",
            Self::Country => "country",
            Self::Paused => "paused",
            Self::Unanswered => "unanswered",
        }
    }
    /// One sentence for the person with the phone.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::AppTooOld => "This app is too old for calls with businesses: update it first.",
            Self::NoCallsHere => {
                "Businesses are called from a phone, not from the browser or the desktop."
            }
            Self::CallingOff => "This business does not take calls.",
            Self::Hidden => "This business has hidden its call button.",
            Self::Country => "This business shows its call button in other countries only.",
            Self::Paused => "This business cannot be called at the moment.",
            Self::Unanswered => "This business has no call button at the moment.",
        }
    }
}

/// What a phone shows of a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneView {
    /// Why there is no call icon; `None` where there is one.
    pub no_icon: Option<NoIcon>,
    /// Whether the business is open by the hours the phone knows.
    pub open: bool,
    /// When it opens next, while it is closed; `None` also where it never does.
    pub next_opening: Option<RuleTime>,
    /// The same in words: `Monday 09:00` on the business's own clock.
    pub opens: Option<String>,
    /// Whether the phone offers to ask for a call back.
    pub callback: bool,
    /// The instant whose settings the phone shows: now, unless it holds old ones.
    pub as_of: RuleTime,
}

/// The instant whose settings the phone shows: it keeps what it saw for the whole time allowed, then looks anew.
pub fn shown_as_of(user: &User, pair: &Pair, now: RuleTime) -> RuleTime {
    let Some(since) = user.client.holds_old_settings_since else {
        return now;
    };
    let first = pair.seen.map_or(since, |seen| seen.max(since));
    let (held, age) = (SETTINGS_HELD.as_millis(), now.since(first).as_millis());
    let into = age.checked_rem(held).unwrap_or(0);
    let into = u64::try_from(into).unwrap_or(0);
    now - std::time::Duration::from_millis(into)
}

/// What this user's phone shows of the business now.
pub fn phone_view(
    number: &Number,
    user: &User,
    pair: &Pair,
    reading: HolidayReading,
    now: RuleTime,
) -> PhoneView {
    let as_of = shown_as_of(user, pair, now);
    let shown = number.settings.shown_at(as_of);
    let hours = Hours::of(shown.call_hours.as_ref(), reading);
    let open = hours.as_ref().is_none_or(|hours| hours.is_open(now));
    let next_opening = match &hours {
        Some(hours) if !open => hours.next_opening(now),
        _ => None,
    };
    PhoneView {
        no_icon: no_icon(&shown, user, &number.standing, now),
        open,
        next_opening,
        opens: opens(hours.as_ref(), next_opening, now),
        callback: shown.status.on() && shown.callback_permission_status.on(),
        as_of,
    }
}

/// The hours that a phone knows which shows the settings of `as_of`; `None` where the business is open at all times.
pub fn timetable(
    number: &Number,
    reading: HolidayReading,
    as_of: RuleTime,
    now: RuleTime,
) -> Option<Timetable> {
    let shown = number.settings.shown_at(as_of);
    Some(Hours::of(shown.call_hours.as_ref(), reading)?.timetable(now))
}

fn opens(hours: Option<&Hours<'_>>, at: Option<RuleTime>, now: RuleTime) -> Option<String> {
    Some(hours?.spoken(at?, now))
}

/// What the platform itself hides, phones know at once.
fn no_icon(shown: &Shown, user: &User, standing: &Standing, now: RuleTime) -> Option<NoIcon> {
    if !user.client.platform.has_calls() {
        return Some(NoIcon::NoCallsHere);
    }
    if !user.client.can_call() {
        return Some(NoIcon::AppTooOld);
    }
    if !shown.status.on() {
        return Some(NoIcon::CallingOff);
    }
    if standing.blocks_user(now) {
        return Some(NoIcon::Paused);
    }
    if standing.button_hidden() {
        return Some(NoIcon::Unanswered);
    }
    let hidden = shown.call_icon_visibility == IconVisibility::DisableAll;
    if hidden && user.client.hides_icons() {
        return Some(NoIcon::Hidden);
    }
    let countries = &shown.restrict_to_user_countries;
    let country = user.country.or_else(|| user.wa_id.country());
    let elsewhere =
        !countries.is_empty() && country.is_none_or(|country| !countries.contains(&country));
    elsewhere.then_some(NoIcon::Country)
}

/// Why a user's call is refused for the hour: what the phone is told (`rules.md` §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedNow {
    /// When the business opens; `None` where it never does.
    pub next_opening: Option<RuleTime>,
    /// The same in words.
    pub opens: Option<String>,
    /// Whether the user may ask for a call back.
    pub callback: bool,
}

/// Whether the business is closed now, by the settings that hold.
pub fn closed_now(number: &Number, reading: HolidayReading, now: RuleTime) -> Option<ClosedNow> {
    let hours = Hours::of(number.settings.call_hours.as_ref(), reading)?;
    if hours.is_open(now) {
        return None;
    }
    let next_opening = hours.next_opening(now);
    Some(ClosedNow {
        next_opening,
        opens: opens(Some(&hours), next_opening, now),
        callback: number.settings.callback_permission_status.on(),
    })
}

#[cfg(test)]
mod tests;
