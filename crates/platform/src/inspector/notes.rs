//! What the platform itself writes into the log.

use ahoy_calling::EndCause;
use ahoy_calling::delivery::{Outcome, delivered};
use ahoy_media::verdict::is_at_fault;
use ahoy_media::{CallReport, TimelineEntry};
use ahoy_store::Delivery;
use ahoy_types::{CallId, Direction, RuleTime, WaId};
use serde_json::Value;

use super::{CallStep, Concerns, Draft, Event, Inspector, Message, Payload, Phase, WebhookAttempt};
use crate::live::LiveCall;
use crate::outbox::AttemptReport;
use crate::target::Target;

/// An attempt whose outcome is stored.
#[derive(Debug)]
pub(crate) struct Attempted {
    /// The delivery as it is now.
    pub row: Delivery,
    /// The attempt's number.
    pub number: u32,
}

/// What a webhook tells of: `connect`, `RINGING`, the type of a message.
pub(crate) fn event_of(body: &[u8]) -> Option<String> {
    news(body).event
}

/// What a webhook tells of, and of whom.
struct News {
    event: Option<String>,
    user: Option<WaId>,
}

fn news(body: &[u8]) -> News {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let value = &json["entry"][0]["changes"][0]["value"];
    let words = [
        &value["calls"][0]["event"],
        &value["statuses"][0]["status"],
        &value["messages"][0]["type"],
        &value["event"],
    ];
    let event = words.iter().find_map(|word| word.as_str());
    let contact = value["contacts"][0]["wa_id"].as_str();
    News {
        event: event.map(str::to_owned),
        user: contact.and_then(|id| WaId::parse_loose(id).ok()),
    }
}

impl LiveCall {
    pub(crate) fn concerns(&self, call: &CallId) -> Concerns {
        Concerns {
            call: Some(call.clone()),
            number: Some(self.number),
            user: Some(self.user),
        }
    }
}

impl Inspector {
    pub(crate) fn call_placed(&self, call: &CallId, live: &LiveCall) {
        let (user, number) = (live.user, live.number);
        let text = match live.direction {
            Direction::UserInitiated => format!("User {user} calls number {number}."),
            Direction::BusinessInitiated => format!("Number {number} calls user {user}."),
        };
        let step = CallStep::Placed {
            direction: live.direction,
        };
        self.note(Draft::now(live.concerns(call), text, Event::Call(step)));
    }

    pub(crate) fn call_step(&self, call: &CallId, live: &LiveCall, step: CallStep) {
        let text = match &step {
            CallStep::Rings => "The user's phone rings.",
            CallStep::Answered => "The user picked up; the business's media is awaited.",
            CallStep::Connected => "The call is connected.",
            CallStep::Placed { .. } | CallStep::Ended { .. } => "The call goes on.",
        };
        let concerns = live.concerns(call);
        self.note(Draft::now(concerns, text.to_owned(), Event::Call(step)));
    }

    pub(crate) fn call_ended(&self, call: &CallId, live: &LiveCall, cause: EndCause) {
        let step = CallStep::Ended {
            cause: cause.as_str(),
            status: cause.status(),
            error_code: cause.error_code(),
        };
        let text = match cause.error_code() {
            Some(code) => format!("The call failed: {} ({code}).", cause.as_str()),
            None => format!("The call ended: {}.", cause.as_str()),
        };
        let mut draft = Draft::now(live.concerns(call), text, Event::Call(step));
        draft.failed = cause.error_code().is_some();
        self.note(draft);
    }

    pub(crate) fn media_step(&self, concerns: Concerns, entry: TimelineEntry) {
        let mut draft = Draft::now(concerns, entry.event.to_string(), Event::Media(entry));
        draft.failed = matches!(&draft.event, Event::Media(entry) if entry.event.is_fault());
        self.note(draft);
    }

    /// The end of a call's media: the summaries, which were no steps, and the verdict.
    pub(crate) fn media_closed(&self, concerns: &Concerns, report: &CallReport, verdict: &str) {
        let summaries = report.timeline.iter().filter(|e| e.event.is_summary());
        for entry in summaries {
            self.media_step(concerns.clone(), entry.clone());
        }
        let event = Event::Verdict {
            verdict: verdict.to_owned(),
            legs: Box::new(report.legs.clone()),
        };
        let mut draft = Draft::now(concerns.clone(), verdict.to_owned(), event);
        // More was said than of the media: webhooks failed.
        draft.failed = is_at_fault(&report.timeline) || verdict != report.verdict;
        self.note(draft);
    }

    pub(crate) fn clock_jumps(&self, from: RuleTime, to: RuleTime) {
        let text = format!("The clock jumps {} s ahead.", to.since(from).as_secs_f64());
        let event = Event::Clock {
            from_ms: from.0,
            to_ms: to.0,
        };
        self.note(Draft::now(Concerns::default(), text, event));
    }

    /// An attempt begins; says the entry's number.
    pub(crate) fn webhook_started(&self, target: &Target, replay: bool) -> u64 {
        let row = &target.delivery;
        let url = target.url.clone().unwrap_or_default();
        let (concerns, mut attempt) = attempt(row, url, replay);
        let what = attempt.event.as_deref().unwrap_or(&attempt.field);
        let text = match &target.url {
            Some(url) if replay => format!("Webhook {what} goes to {url} once more."),
            Some(url) => format!("Webhook {what} goes to {url}."),
            None => format!("Webhook {what} has no callback to go to."),
        };
        attempt.phase = Phase::Started;
        let event = Event::Webhook(Box::new(attempt));
        self.note(Draft::now(concerns, text, event))
    }

    /// An attempt is over.
    pub(crate) fn webhook_ended(
        &self,
        done: &Attempted,
        report: &AttemptReport,
        replay: bool,
        started: Option<u64>,
    ) {
        let row = &done.row;
        let (concerns, mut attempt) = attempt(row, report.url.clone(), replay);
        let what = attempt.event.as_deref().unwrap_or(&attempt.field);
        let took = std::time::Duration::from_micros(report.took_us);
        let took_ms = super::ms(took);
        let mut text = match report.outcome {
            Outcome::Status(status) => {
                format!("Webhook {what}: answered {status} in {took_ms:.1} ms.")
            }
            Outcome::NoAnswer => format!("Webhook {what}: no answer: {}.", report.note),
            Outcome::NoCallback => format!("Webhook {what}: {}.", report.note),
        };
        if let Some(fault) = &report.fault {
            text.push_str(&format!(" A fault was asked for: {fault}."));
        }
        if let Some(due) = row.next_due {
            let wait = due.since(self.clock.now()).as_secs_f64();
            text.push_str(&format!(" The next attempt is due in {wait:.0} s."));
        }
        attempt.attempt = Some(done.number);
        attempt.request.headers.clone_from(&report.headers);
        attempt.took_ms = Some(took_ms);
        attempt.state = Some(row.state);
        attempt.next_attempt_at = row.next_due.map(|at| at.secs());
        if let Outcome::Status(status) = report.outcome {
            let bytes = report.note.len() as u64;
            attempt.status = Some(status);
            attempt.answer = Some(Message {
                headers: report.answer_headers.clone(),
                body: Payload::of(report.note.as_bytes(), bytes),
            });
        } else {
            attempt.note.clone_from(&report.note);
        }
        let draft = Draft {
            at: Some(self.moment().before(took)),
            completes: started,
            failed: !delivered(report.outcome),
            ..Draft::now(concerns, text, Event::Webhook(Box::new(attempt)))
        };
        self.note(draft);
    }
}

fn attempt(row: &Delivery, url: String, replay: bool) -> (Concerns, WebhookAttempt) {
    let News { event, user } = news(&row.body);
    let concerns = Concerns {
        call: row.lane.clone(),
        number: Some(row.number),
        user,
    };
    let attempt = WebhookAttempt {
        phase: Phase::Ended,
        delivery_id: row.id,
        attempt: None,
        replay,
        app_id: row.app,
        field: row.field.clone(),
        event,
        url,
        request: Message {
            headers: Vec::new(),
            body: Payload::of(&row.body, row.body.len() as u64),
        },
        answer: None,
        status: None,
        note: String::new(),
        took_ms: None,
        state: None,
        next_attempt_at: None,
    };
    (concerns, attempt)
}
