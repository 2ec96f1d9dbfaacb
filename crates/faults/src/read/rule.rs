//! One rule of an area: its faults, and what it is narrowed to.

use ahoy_types::CallId;
use serde_json::Value;

use super::fields::{Fields, list};
use super::{Numbers, faults_of};
use crate::event::EVENTS;
use crate::plan::{
    AlertFault, ApiFault, Area, Cut, EventFault, Heard, MediaFault, OnlyCalls, OnlyRequests,
    OnlyWebhooks, ProcessFault, Receiver, Rule, WebhookFault,
};

pub(super) type Named<F> = Vec<(&'static str, F, Option<f64>)>;

pub(super) fn finish<F, O>(
    fields: &Fields<'_>,
    index: usize,
    area: Area,
    faults: Named<F>,
    only: O,
) -> Result<Rule<F, O>, String> {
    if faults.is_empty() {
        let names = list(faults_of(area));
        return Err(fields.at(
            "",
            &format!("no fault is named: one of {names} is expected"),
        ));
    }
    let probability = fields.share("probability")?;
    if let (Some(_), Some((name, ..))) = (probability, faults.iter().find(|(_, _, p)| p.is_some()))
    {
        return Err(fields.at(
            name,
            "a number says how probable it is, and `probability` does so too: give one of them",
        ));
    }
    let times = fields.whole("times", u64::MAX)?;
    Ok(Rule {
        index,
        faults,
        only,
        probability: probability.unwrap_or(1.0),
        times,
        asked: fields.asked(),
    })
}

fn flags<F: Copy>(fields: &Fields<'_>, names: &[(&'static str, F)]) -> Result<Named<F>, String> {
    let mut found = Vec::new();
    for (name, fault) in names {
        if let Some(probability) = fields.chance(name)? {
            found.push((*name, *fault, probability));
        }
    }
    Ok(found)
}

pub(super) fn webhook_faults(fields: &Fields<'_>) -> Result<Named<WebhookFault>, String> {
    let mut found = flags(
        fields,
        &[
            ("drop", WebhookFault::Drop),
            ("timeout", WebhookFault::Timeout),
            ("duplicate", WebhookFault::Duplicate),
            ("reorder", WebhookFault::Reorder),
            ("chunked", WebhookFault::Chunked),
        ],
    )?;
    if let Some(delay) = fields.millis("delay_ms")? {
        found.push(("delay_ms", WebhookFault::Delay(delay), None));
    }
    Ok(found)
}

pub(super) fn api_faults(fields: &Fields<'_>) -> Result<Named<ApiFault>, String> {
    let mut found = Vec::new();
    if let Some(latency) = fields.millis("latency_ms")? {
        found.push(("latency_ms", ApiFault::Latency(latency), None));
    }
    if let Some(code) = fields.error_code("error_code")? {
        found.push(("error_code", ApiFault::Error(code), None));
    }
    let cut = match fields.get("cut") {
        None | Some(Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(Cut::Half),
        Some(_) => fields.word(
            "cut",
            &[
                ("before", Cut::Before),
                ("after", Cut::After),
                ("half", Cut::Half),
            ],
        )?,
    };
    found.extend(cut.map(|cut| ("cut", ApiFault::Cut(cut), None)));
    Ok(found)
}

pub(super) fn media_faults(fields: &Fields<'_>) -> Result<Named<MediaFault>, String> {
    let mut found = flags(
        fields,
        &[
            ("no_ice", MediaFault::NoIce),
            ("no_dtls", MediaFault::NoDtls),
            ("codec_refused", MediaFault::CodecRefused),
        ],
    )?;
    let both = fields.share("loss")?;
    let to_business = fields.share("loss_to_business")?.or(both);
    let to_user = fields.share("loss_to_user")?.or(both);
    if to_business.is_some() || to_user.is_some() {
        let (to_business, to_user) = (to_business.unwrap_or(0.0), to_user.unwrap_or(0.0));
        found.push((
            "loss",
            MediaFault::Loss {
                to_business,
                to_user,
            },
            None,
        ));
    }
    if let Some(late) = fields.millis("dtls_late_ms")? {
        found.push(("dtls_late_ms", MediaFault::DtlsLate(late), None));
    }
    let heard = fields.word(
        "one_way",
        &[
            ("to_business", Heard::ToBusiness),
            ("to_user", Heard::ToUser),
        ],
    )?;
    found.extend(heard.map(|heard| ("one_way", MediaFault::OneWay(heard), None)));
    found.extend(event_fault(fields)?);
    found.extend(alert_fault(fields)?);
    Ok(found)
}

type Found<F> = Option<(&'static str, F, Option<f64>)>;

fn event_fault(fields: &Fields<'_>) -> Result<Found<MediaFault>, String> {
    let most = u64::from(u8::MAX);
    let packet = |key| match fields.whole(key, most)?.map(u8::try_from) {
        Some(Ok(0)) => Err(fields.at(key, "the packets of a press are counted from 1")),
        Some(Ok(packet)) => Ok(Some(packet)),
        Some(Err(_)) | None => Ok(None),
    };
    let (lost, repeated) = (packet("event_lost")?, packet("event_repeated")?);
    let press = fields.whole("press", u64::from(u32::MAX))?;
    if press == Some(0) {
        return Err(fields.at("press", "the presses of a call are counted from 1"));
    }
    let (name, packet) = match (lost, repeated) {
        (Some(_), Some(_)) => {
            let said = "stands beside `event_lost`: one of the two in a rule";
            return Err(fields.at("event_repeated", said));
        }
        (Some(packet), None) => ("event_lost", packet),
        (None, Some(packet)) => ("event_repeated", packet),
        (None, None) if press.is_some() => {
            return Err(fields.at("press", "goes with `event_lost` or `event_repeated`"));
        }
        (None, None) => return Ok(None),
    };
    let fault = EventFault {
        packet,
        press: press.and_then(|press| u32::try_from(press).ok()),
        again: repeated.is_some(),
    };
    Ok(Some((name, MediaFault::Event(fault), None)))
}

fn alert_fault(fields: &Fields<'_>) -> Result<Found<MediaFault>, String> {
    let fatal = fields.word("dtls_alert", &[("close_notify", false), ("fatal", true)])?;
    let after = fields.millis("after_ms")?;
    match (fatal, after) {
        (Some(fatal), after) => {
            let after = after.unwrap_or_default();
            let fault = AlertFault { fatal, after };
            Ok(Some(("dtls_alert", MediaFault::Alert(fault), None)))
        }
        (None, Some(_)) => Err(fields.at("after_ms", "goes with `dtls_alert`")),
        (None, None) => Ok(None),
    }
}

pub(super) fn process_faults(fields: &Fields<'_>) -> Result<Named<ProcessFault>, String> {
    flags(
        fields,
        &[
            ("refuse_calls", ProcessFault::RefuseCalls),
            ("over_capacity", ProcessFault::OverCapacity),
        ],
    )
}

pub(super) fn only_webhooks(
    fields: &Fields<'_>,
    numbers: Numbers<'_>,
) -> Result<OnlyWebhooks, String> {
    let event = fields.text("event")?.map(|event| event.to_lowercase());
    let known =
        |event: &str| EVENTS.contains(&event) || ahoy_wire::subscriptions::FIELDS.contains(&event);
    if let Some(event) = event.as_deref().filter(|event| !known(event)) {
        let names = list(&EVENTS);
        return Err(fields.at(
            "event",
            &format!("`{event}` is none of {names}, and no webhook field"),
        ));
    }
    let receiver = fields.text("receiver")?.map(|text| match text.parse() {
        Ok(app) => Receiver::App(app),
        Err(_) => Receiver::Url(text),
    });
    if let Some(Receiver::Url(url)) = &receiver
        && !url.starts_with("http")
    {
        return Err(fields.at(
            "receiver",
            &format!("`{url}` is neither the id of an app nor the beginning of a callback address"),
        ));
    }
    let attempt = fields.whole("attempt", u64::from(u32::MAX))?;
    if attempt == Some(0) {
        return Err(fields.at("attempt", "attempts are counted from 1"));
    }
    Ok(OnlyWebhooks {
        event,
        call: call(fields)?,
        number: fields.number("number", numbers)?,
        receiver,
        attempt: attempt.and_then(|n| u32::try_from(n).ok()),
    })
}

pub(super) fn only_requests(
    fields: &Fields<'_>,
    numbers: Numbers<'_>,
) -> Result<OnlyRequests, String> {
    let path = fields.text("path")?.map(|text| {
        let segments = text.split('/').filter(|segment| !segment.is_empty());
        segments.map(str::to_owned).collect::<Vec<_>>()
    });
    if path.as_ref().is_some_and(Vec::is_empty) {
        return Err(fields.at(
            "path",
            "part of a path without its version is expected, like `calls`",
        ));
    }
    Ok(OnlyRequests {
        method: fields.text("method")?.map(|method| method.to_uppercase()),
        path,
        action: fields.text("action")?.map(|action| action.to_lowercase()),
        call: call(fields)?,
        number: fields.number("number", numbers)?,
    })
}

pub(super) fn only_calls(fields: &Fields<'_>, numbers: Numbers<'_>) -> Result<OnlyCalls, String> {
    Ok(OnlyCalls {
        call: call(fields)?,
        number: fields.number("number", numbers)?,
        user: fields.user("user")?,
        direction: fields.direction("direction")?,
    })
}

fn call(fields: &Fields<'_>) -> Result<Option<CallId>, String> {
    fields
        .text("call")?
        .map(|text| text.parse().map_err(|e| fields.at("call", &format!("{e}"))))
        .transpose()
}
