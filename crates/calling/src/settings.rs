//! Call settings of a number: their state, and which of them may stand together (`graph-api.md` §4).

mod sip;
mod voicemail;

use std::collections::BTreeSet;
use std::fmt;

pub use ahoy_types::settings::{
    CallHours, ExtraCodec, Holiday, IconVisibility, KeyExchange, OpenHours, SettingsPatch, Switch,
    VoicemailTrigger,
};
use ahoy_types::{AppId, Country, Date, RuleTime, TimeOfDay, Weekday};
use serde::{Deserialize, Serialize};
pub use sip::{Sip, SipPassword, SipServer};
pub use voicemail::Voicemail;

use crate::hours;
use crate::limits::{HOLIDAYS, OPEN_HOURS_PER_DAY, PAST_SETTINGS, SETTINGS_HELD};
use crate::place::Refusal;
use crate::readings::HolidayRules;

/// The part of the settings a phone shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// `status`.
    pub status: Switch,
    /// `call_icon_visibility`.
    pub call_icon_visibility: IconVisibility,
    /// `call_icons.restrict_to_user_countries`.
    pub restrict_to_user_countries: Vec<Country>,
    /// `callback_permission_status`.
    pub callback_permission_status: Switch,
    /// `call_hours`.
    pub call_hours: Option<CallHours>,
}

/// What phones showed before a change; some show it for days (`rules.md` §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The instant of the change.
    pub until: RuleTime,
    /// What held before.
    pub shown: Shown,
}

/// The calling settings of a number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallingSettings {
    /// Whether the number takes and places calls at all.
    pub status: Switch,
    /// Whether the phone shows the call icon.
    pub call_icon_visibility: IconVisibility,
    /// Whether a user's call gives the business a temporary permission to call back.
    pub callback_permission_status: Switch,
    /// Countries of the users' numbers whose phones show the call icon; none means all.
    pub restrict_to_user_countries: Vec<Country>,
    /// When users may call; `None` until first set: at all times.
    pub call_hours: Option<CallHours>,
    /// How media keys are agreed on; `None` until first set: DTLS.
    pub srtp_key_exchange_protocol: Option<KeyExchange>,
    /// Codecs beside Opus.
    pub additional_codecs: Vec<ExtraCodec>,
    /// Voicemail; `None` until first set.
    pub voicemail: Option<Voicemail>,
    /// Calls over SIP.
    pub sip: Sip,
    /// What phones showed in the last days, oldest first.
    pub past: Vec<Past>,
}

/// Who asks for a change.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The app: SIP servers are its own.
    pub app: AppId,
    /// A fresh secret, used if the app's SIP server is new.
    pub password: SipPassword,
}

impl CallingSettings {
    /// What phones show of them.
    pub fn shown(&self) -> Shown {
        Shown {
            status: self.status,
            call_icon_visibility: self.call_icon_visibility,
            restrict_to_user_countries: self.restrict_to_user_countries.clone(),
            callback_permission_status: self.callback_permission_status,
            call_hours: self.call_hours.clone(),
        }
    }

    /// What phones showed at an instant of the last days.
    pub fn shown_at(&self, at: RuleTime) -> Shown {
        let past = self.past.iter().find(|past| at < past.until);
        past.map_or_else(|| self.shown(), |past| past.shown.clone())
    }

    /// These settings with the patch laid over them. What is wrong is refused with a sentence that names the field, and then
    /// nothing changes.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn patched(
        &self,
        patch: &SettingsPatch,
        asker: &Asker,
        rules: HolidayRules,
        now: RuleTime,
    ) -> Result<Self, Refusal> {
        let mut next = self.clone();
        next.status = patch.status.unwrap_or(self.status);
        next.call_icon_visibility = patch
            .call_icon_visibility
            .unwrap_or(self.call_icon_visibility);
        next.callback_permission_status = patch
            .callback_permission_status
            .unwrap_or(self.callback_permission_status);
        if let Some(countries) = &patch.restrict_to_user_countries {
            next.restrict_to_user_countries = distinct(countries);
        }
        if let Some(hours) = &patch.call_hours {
            check_hours(hours, rules, now)?;
            next.call_hours = Some(hours.clone());
        }
        next.srtp_key_exchange_protocol = patch
            .srtp_key_exchange_protocol
            .or(self.srtp_key_exchange_protocol);
        if let Some(codecs) = &patch.additional_codecs {
            next.additional_codecs = distinct(codecs);
        }
        if let Some(voicemail) = &patch.voicemail {
            next.voicemail = Some(next.voicemail.unwrap_or_default().patched(voicemail)?);
        }
        if let Some(sip) = &patch.sip {
            next.sip = next.sip.patched(sip, asker)?;
        }
        next.remember(self.shown(), now);
        Ok(next)
    }

    /// The platform shows or hides the call icon; says whether that is a change.
    pub fn set_icon(&mut self, wanted: IconVisibility, now: RuleTime) -> bool {
        if self.call_icon_visibility == wanted {
            return false;
        }
        let before = self.shown();
        self.call_icon_visibility = wanted;
        self.remember(before, now);
        true
    }

    fn remember(&mut self, before: Shown, now: RuleTime) {
        self.past.retain(|past| past.until > now - SETTINGS_HELD);
        if before != self.shown() {
            self.past.push(Past {
                until: now,
                shown: before,
            });
        }
        let surplus = self.past.len().saturating_sub(PAST_SETTINGS);
        self.past.drain(..surplus);
    }

    /// Whether the change is one the webhook `account_settings_update` tells of (`webhooks.md` §4).
    pub fn worth_telling(&self, before: &Self) -> bool {
        self.status != before.status
            || self.call_icon_visibility != before.call_icon_visibility
            || self.callback_permission_status != before.callback_permission_status
            || self.sip.status != before.sip.status
            || self.srtp_key_exchange_protocol != before.srtp_key_exchange_protocol
    }
}

fn distinct<T: Copy + PartialEq>(items: &[T]) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        if !kept.contains(item) {
            kept.push(*item);
        }
    }
    kept
}

fn wrong(field: &str, sentence: impl fmt::Display) -> Refusal {
    Refusal::Invalid(format!("calling.{field}: {sentence}"))
}

fn check_hours(hours: &CallHours, rules: HolidayRules, now: RuleTime) -> Result<(), Refusal> {
    let Some(today) = hours::today(&hours.timezone_id, now) else {
        return Err(wrong(
            "call_hours.timezone_id",
            format_args!(
                "`{}` is not the IANA name of a time zone, as `Europe/Madrid` is",
                hours.timezone_id.escape_debug()
            ),
        ));
    };
    check_weekly(&hours.weekly_operating_hours)?;
    let holidays = &hours.holiday_schedule;
    if holidays.len() > HOLIDAYS {
        return Err(wrong(
            "call_hours.holiday_schedule",
            format_args!(
                "{} entries are given, at most {HOLIDAYS} are allowed",
                holidays.len()
            ),
        ));
    }
    for (i, holiday) in holidays.iter().enumerate() {
        let field = |name: &str| format!("call_hours.holiday_schedule[{i}].{name}");
        if holiday.date < today {
            return Err(wrong(
                &field("date"),
                format_args!(
                    "{} is in the past; today is {today} in {}",
                    holiday.date, hours.timezone_id
                ),
            ));
        }
        if holiday.start_time >= holiday.end_time {
            return Err(wrong(
                &field("end_time"),
                format_args!(
                    "{} is not after the start_time {}",
                    holiday.end_time, holiday.start_time
                ),
            ));
        }
    }
    if rules == HolidayRules::Table {
        check_dates(holidays)?;
    }
    Ok(())
}

/// What the table of the reference demands of the entries of one date, and its list of errors does not.
fn check_dates(holidays: &[Holiday]) -> Result<(), Refusal> {
    let dates: BTreeSet<Date> = holidays.iter().map(|holiday| holiday.date).collect();
    for date in dates {
        let entries = holidays.iter().filter(|holiday| holiday.date == date);
        let windows = entries.map(|holiday| (holiday.start_time, holiday.end_time));
        check_day("call_hours.holiday_schedule", date, windows.collect())?;
    }
    Ok(())
}

/// At most two windows, which do not overlap.
fn check_day(
    field: &str,
    day: impl fmt::Display,
    mut windows: Vec<(TimeOfDay, TimeOfDay)>,
) -> Result<(), Refusal> {
    if windows.len() > OPEN_HOURS_PER_DAY {
        return Err(wrong(
            field,
            format_args!(
                "{day} has {} entries, at most {OPEN_HOURS_PER_DAY} a day are allowed",
                windows.len()
            ),
        ));
    }
    windows.sort();
    for pair in windows.windows(2) {
        if let [(first, end), (second, last)] = pair
            && second < end
        {
            return Err(wrong(
                field,
                format_args!("on {day} the entries {first}-{end} and {second}-{last} overlap"),
            ));
        }
    }
    Ok(())
}

fn check_weekly(weekly: &[OpenHours]) -> Result<(), Refusal> {
    const FIELD: &str = "call_hours.weekly_operating_hours";
    if weekly.is_empty() {
        return Err(wrong(FIELD, "at least one entry is expected"));
    }
    for (i, entry) in weekly.iter().enumerate() {
        if entry.open_time >= entry.close_time {
            return Err(wrong(
                &format!("{FIELD}[{i}].close_time"),
                format_args!(
                    "{} is not after the open_time {}",
                    entry.close_time, entry.open_time
                ),
            ));
        }
    }
    for day in Weekday::ALL {
        let entries = weekly.iter().filter(|entry| entry.day_of_week == day);
        let windows = entries.map(|entry| (entry.open_time, entry.close_time));
        check_day(FIELD, day.as_str(), windows.collect())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
