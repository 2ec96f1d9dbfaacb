//! Reading the body of `POST /{phone-number-id}/settings`: types and spellings. What may stand together is a rule.

use ahoy_types::settings::{
    CallHours, ExtraCodec, Holiday, IconVisibility, KeyExchange, OpenHours, SettingsPatch,
    SipPatch, SipServerWish, Switch, VoicemailPatch, VoicemailTrigger,
};
use ahoy_types::{Country, Date, TimeOfDay, Weekday};

use super::GROUPS;
use crate::body::{Fields, excerpt};
use crate::{Body, GraphError};

/// A change of one group of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsChange {
    /// Of `calling`: what is absent stays as it is.
    Calling(Box<SettingsPatch>),
    /// Of `storage_configuration`, to the only one this server has.
    DefaultStorage,
}

/// Settings of `calling`.
const KNOWN: [&str; 9] = [
    "status",
    "call_icon_visibility",
    "callback_permission_status",
    "call_icons",
    "call_hours",
    "srtp_key_exchange_protocol",
    "audio",
    "voicemail",
    "sip",
];
/// Documented keys of `calling` that cannot be changed: what an answer holds beside the settings, and video.
const FIXED: [&str; 3] = ["restrictions", "video", "ip_addresses"];
/// The port of SIP over TLS.
const SIP_PORT: u16 = 5061;
/// Longest list that is read; the rules allow far less.
const LONGEST: usize = 300;

const SWITCH: &[(&str, Switch)] = &[("ENABLED", Switch::Enabled), ("DISABLED", Switch::Disabled)];
const ICON: &[(&str, IconVisibility)] = &[
    ("DEFAULT", IconVisibility::Default),
    ("DISABLE_ALL", IconVisibility::DisableAll),
];
const KEYING: &[(&str, KeyExchange)] = &[("DTLS", KeyExchange::Dtls), ("SDES", KeyExchange::Sdes)];
const CODECS: &[(&str, ExtraCodec)] = &[("PCMA", ExtraCodec::Pcma), ("PCMU", ExtraCodec::Pcmu)];
const TRIGGERS: &[(&str, VoicemailTrigger)] = &[
    ("REJECT", VoicemailTrigger::Reject),
    ("TIMEOUT", VoicemailTrigger::Timeout),
];

impl SettingsChange {
    /// Reads the body of `POST /{phone-number-id}/settings`: one group a request.
    ///
    /// A setting that would be swallowed is refused: groups this server does not have, and unknown objects and lists.
    /// Other unknown keys are let pass, as everywhere.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        let groups: Vec<&str> = GROUPS
            .into_iter()
            .filter(|group| fields.has(group))
            .collect();
        if let [first, second, ..] = groups.as_slice() {
            return Err(GraphError::invalid(format!(
                "The parameters `{first}` and `{second}` are two groups of settings; one a request can be changed."
            )));
        }
        for name in fields.names() {
            if !GROUPS.contains(&name) && fields.is_structured(name) {
                return Err(unknown(name));
            }
        }
        match groups.first().copied() {
            Some("calling") => {}
            Some("storage_configuration") => return storage(&fields),
            Some(other) => {
                return Err(GraphError::invalid(format!(
                    "The parameter `{other}` is not supported by this server; the group `calling` is."
                )));
            }
            None => return Err(fields.missing("calling")),
        }
        let Some(calling) = fields.object("calling")? else {
            return Err(fields.missing("calling"));
        };
        Ok(Self::Calling(Box::new(patch(&calling)?)))
    }
}

fn storage(fields: &Fields<'_>) -> Result<SettingsChange, GraphError> {
    let storage = fields.object("storage_configuration")?;
    let status = storage
        .as_ref()
        .map(|storage| storage.word("status", &[("DEFAULT", ())]));
    match status.transpose()?.flatten() {
        Some(()) => Ok(SettingsChange::DefaultStorage),
        None => Err(GraphError::invalid(
            "The parameter `storage_configuration.status` is required.",
        )),
    }
}

fn unknown(name: &str) -> GraphError {
    GraphError::invalid(format!(
        "The parameter `{}` is not a known group of settings.",
        excerpt(name)
    ))
}

fn patch(calling: &Fields<'_>) -> Result<SettingsPatch, GraphError> {
    for name in calling.names() {
        if FIXED.contains(&name) {
            return Err(GraphError::invalid(format!(
                "The parameter `calling.{name}` cannot be changed."
            )));
        }
        if calling.is_structured(name) && !KNOWN.contains(&name) {
            return Err(unknown(&format!("calling.{name}")));
        }
    }
    let patch = SettingsPatch {
        status: calling.word("status", SWITCH)?,
        call_icon_visibility: calling.word("call_icon_visibility", ICON)?,
        callback_permission_status: calling.word("callback_permission_status", SWITCH)?,
        restrict_to_user_countries: match calling.object("call_icons")? {
            Some(icons) => countries(&icons)?,
            None => None,
        },
        call_hours: calling
            .object("call_hours")?
            .map(|hours| call_hours(&hours))
            .transpose()?,
        srtp_key_exchange_protocol: calling.word("srtp_key_exchange_protocol", KEYING)?,
        additional_codecs: match calling.object("audio")? {
            Some(audio) => words(&audio, "additional_codecs", CODECS)?,
            None => None,
        },
        voicemail: calling
            .object("voicemail")?
            .map(|voicemail| voice(&voicemail))
            .transpose()?,
        sip: calling
            .object("sip")?
            .map(|sip| sip_change(&sip))
            .transpose()?,
    };
    if patch == SettingsPatch::default() && !KNOWN.iter().any(|name| calling.has(name)) {
        return Err(GraphError::invalid(format!(
            "The parameter `calling` names no setting; it can change {}.",
            KNOWN.join(", ")
        )));
    }
    Ok(patch)
}

fn countries(icons: &Fields<'_>) -> Result<Option<Vec<Country>>, GraphError> {
    const NAME: &str = "restrict_to_user_countries";
    let Some(list) = icons.list(NAME)? else {
        return Ok(None);
    };
    bounded(icons, NAME, list.len())?;
    let country = |text: String| {
        text.parse()
            .map_err(|_| icons.not_allowed(NAME, &text, "ISO 3166-1 alpha-2 country codes"))
    };
    list.into_iter()
        .map(country)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn words<T: Copy>(
    fields: &Fields<'_>,
    name: &str,
    set: &[(&str, T)],
) -> Result<Option<Vec<T>>, GraphError> {
    let Some(list) = fields.list(name)? else {
        return Ok(None);
    };
    bounded(fields, name, list.len())?;
    let word = |text: String| {
        let hit = set
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text));
        hit.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
            fields.not_allowed(name, &text, &words.join(", "))
        })
    };
    list.into_iter()
        .map(word)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn bounded(fields: &Fields<'_>, name: &str, length: usize) -> Result<(), GraphError> {
    if length <= LONGEST {
        return Ok(());
    }
    Err(GraphError::invalid(format!(
        "The parameter `{}` has {length} entries; at most {LONGEST} are read.",
        fields.name(name)
    )))
}

fn call_hours(hours: &Fields<'_>) -> Result<CallHours, GraphError> {
    let weekly = hours.objects("weekly_operating_hours")?;
    let weekly = weekly.ok_or_else(|| hours.missing("weekly_operating_hours"))?;
    bounded(hours, "weekly_operating_hours", weekly.len())?;
    let holidays = hours.objects("holiday_schedule")?.unwrap_or_default();
    bounded(hours, "holiday_schedule", holidays.len())?;
    Ok(CallHours {
        status: hours
            .word("status", SWITCH)?
            .ok_or_else(|| hours.missing("status"))?,
        timezone_id: hours.required_text("timezone_id")?.to_owned(),
        weekly_operating_hours: weekly.iter().map(open_hours).collect::<Result<_, _>>()?,
        holiday_schedule: holidays.iter().map(holiday).collect::<Result<_, _>>()?,
    })
}

fn open_hours(entry: &Fields<'_>) -> Result<OpenHours, GraphError> {
    let days = Weekday::ALL.map(|day| (day.as_str(), day));
    Ok(OpenHours {
        day_of_week: entry
            .word("day_of_week", &days)?
            .ok_or_else(|| entry.missing("day_of_week"))?,
        open_time: time(entry, "open_time")?,
        close_time: time(entry, "close_time")?,
    })
}

fn holiday(entry: &Fields<'_>) -> Result<Holiday, GraphError> {
    let text = entry.required_text("date")?;
    let date: Date = text
        .parse()
        .map_err(|_| entry.not_allowed("date", text, "a date as YYYY-MM-DD"))?;
    // One table of the reference names the times as those of the week.
    let named = |name, other| {
        if entry.has(name) || !entry.has(other) {
            name
        } else {
            other
        }
    };
    Ok(Holiday {
        date,
        start_time: time(entry, named("start_time", "open_time"))?,
        end_time: time(entry, named("end_time", "close_time"))?,
    })
}

/// `"HHMM"`, `"HH:MM"`, or the number the digits make, which has lost its zeros.
fn time(entry: &Fields<'_>, name: &str) -> Result<TimeOfDay, GraphError> {
    let text = entry
        .text_or_integer(name)?
        .ok_or_else(|| entry.missing(name))?;
    let written = match (entry.text(name), text.parse::<u16>()) {
        (Err(_), Ok(number)) => format!("{number:04}"),
        _ => text.clone().into_owned(),
    };
    written
        .parse()
        .map_err(|_| entry.not_allowed(name, &text, "a time of day as HHMM, from 0000 to 2359"))
}

fn number<T: std::str::FromStr>(
    fields: &Fields<'_>,
    name: &str,
    allowed: &str,
) -> Result<Option<T>, GraphError> {
    let Some(text) = fields.text_or_integer(name)? else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse().ok().filter(|_| digits);
    value
        .map(Some)
        .ok_or_else(|| fields.not_allowed(name, &text, allowed))
}

fn voice(voicemail: &Fields<'_>) -> Result<VoicemailPatch, GraphError> {
    let status = voicemail.word("status", SWITCH)?;
    let audio = voicemail.object("audio")?;
    let default = audio
        .as_ref()
        .map(|audio| audio.object("default"))
        .transpose()?
        .flatten();
    let mut patch = VoicemailPatch {
        status: status.ok_or_else(|| voicemail.missing("status"))?,
        triggers: words(voicemail, "triggers", TRIGGERS)?,
        announcement_media_id: None,
        timeout_seconds: None,
    };
    if let Some(default) = default {
        patch.announcement_media_id = number(
            &default,
            "announcement_media_id",
            "the id of a media object",
        )?;
        patch.timeout_seconds = number(&default, "timeout_seconds", "0 to 30")?;
    }
    Ok(patch)
}

fn sip_change(sip: &Fields<'_>) -> Result<SipPatch, GraphError> {
    let servers = sip.objects("servers")?;
    if let Some(servers) = &servers {
        bounded(sip, "servers", servers.len())?;
    }
    Ok(SipPatch {
        status: sip.word("status", SWITCH)?,
        webhook_delivery: sip.word("webhook_delivery", SWITCH)?,
        servers: servers
            .map(|servers| servers.iter().map(server).collect::<Result<_, _>>())
            .transpose()?,
    })
}

fn server(server: &Fields<'_>) -> Result<SipServerWish, GraphError> {
    Ok(SipServerWish {
        hostname: server.required_text("hostname")?.to_owned(),
        port: number(server, "port", "1 to 65535")?.unwrap_or(SIP_PORT),
        request_uri_user_params: server.texts("request_uri_user_params")?.unwrap_or_default(),
    })
}
