//! What a session needs of the platform. The seam lets sessions be tested on invented time.

use std::collections::HashMap;
use std::future::Future;

use ahoy_calling::account::Number;
use ahoy_calling::hours::Line as TimetableLine;
use ahoy_calling::pair::Permission as Held;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::view::{NoIcon, PhoneView};
use ahoy_platform::{
    CallView, Dial, Dialled, Grant, PhoneEvent, PhoneHandle, Platform, ThreadEntry, UserLegKind,
};
use ahoy_types::{CallId, Direction, MessageId, PhoneNumberId, RuleTime, WaId};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::protocol::{Act, Problem};
use crate::session::{
    Answer, Business, CallEntry, Done, Entry, HoursShown, MessageEntry, Permission, Thread,
};
use crate::words;

/// Businesses in the phone's list at most.
const BUSINESSES: usize = 500;

/// The person whose phone it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Person {
    pub wa_id: WaId,
    pub name: String,
    /// As people write it.
    pub number: String,
}

/// A live call at a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HeldCall {
    pub call_id: CallId,
    pub direction: Direction,
    /// Whether it is the phone's user who is being asked.
    pub rings: bool,
    pub connected: bool,
}

/// An attached phone; dropping it detaches.
pub(crate) trait Line: Send + 'static {
    fn events(&mut self) -> &mut UnboundedReceiver<PhoneEvent>;
}

/// The platform as a phone sees it.
pub(crate) trait Exchange: Clone + Send + Sync + 'static {
    type Line: Line;
    /// Whose phone it is; refuses people nobody knows where none are created.
    fn meet(&self, user: WaId) -> impl Future<Output = Result<Person, Problem>> + Send;
    /// From now on calls for the user come here.
    fn attach(&self, user: WaId) -> Self::Line;
    /// The live calls at the user's phone.
    fn calls(&self, user: WaId) -> Vec<HeldCall>;
    /// Carries out a request.
    fn perform(&self, user: WaId, act: &Act) -> impl Future<Output = Answer> + Send;
}

impl Line for PhoneHandle {
    fn events(&mut self) -> &mut UnboundedReceiver<PhoneEvent> {
        &mut self.events
    }
}

impl From<PhoneRefusal> for Problem {
    fn from(refusal: PhoneRefusal) -> Self {
        Problem::new(refusal.code(), refusal.to_string())
    }
}

fn internal(e: impl std::fmt::Display) -> Problem {
    PhoneRefusal::Internal(e.to_string()).into()
}

fn business(platform: &Platform, number: &Number, view: &PhoneView) -> Business {
    Business {
        id: number.id,
        name: number.verified_name.clone(),
        number: number.number.international(),
        calling: view.no_icon != Some(NoIcon::CallingOff),
        call_icon: view.no_icon.is_none(),
        no_icon: view.no_icon.map(NoIcon::as_str),
        no_icon_reason: view.no_icon.map(NoIcon::sentence),
        open: view.open,
        next_opening: view.next_opening.map(|at| at.secs()),
        opens: view.opens.clone(),
        hours: platform.timetable(number, view).map(|hours| {
            let lines =
                |lines: Vec<TimetableLine>| lines.into_iter().map(|l| [l.day, l.hours]).collect();
            HoursShown {
                zone: hours.zone,
                week: lines(hours.week),
                dates: lines(hours.dates),
            }
        }),
        callback: view.callback,
        official: number.about.official,
        description: number.about.description.clone(),
        picture: number.about.picture_path(number.id),
    }
}

fn call_entry(call: &CallView) -> Entry {
    let outcome = words::outcome(call);
    Entry::Call(CallEntry {
        call_id: call.id.clone(),
        direction: call.direction,
        outcome,
        text: words::heading(call.direction, outcome),
        at: call.placed_at,
        duration_seconds: call.duration,
    })
}

fn message_entry(said: ThreadEntry, now: RuleTime) -> Entry {
    let expires = |of: &str| {
        let part = said.content.get(of)?;
        Some(part.get("expires").and_then(Value::as_i64))
    };
    // Neither is there while it has no end yet: a request that has not been delivered.
    let open = |end: Option<i64>| end.is_none_or(|end| now.secs() < end);
    let call_works = expires("call_button").map(open);
    let can_answer = expires("request").map(open);
    Entry::Message(Box::new(MessageEntry {
        request_state: can_answer.is_some().then_some(said.state),
        kind: said.kind,
        id: said.id,
        from: said.from,
        at: said.time,
        state: said.state,
        context: said.context,
        call_works,
        can_answer,
        content: said.content,
    }))
}

fn thread(
    platform: &Platform,
    user: WaId,
    number: &Number,
    limit: usize,
) -> Result<Thread, Problem> {
    let view = platform.thread(user, number.id, limit).map_err(internal)?;
    let calls = platform
        .calls_of_pair(number.id, user, limit)
        .map_err(internal)?;
    let calls: HashMap<&str, &CallView> = calls.iter().map(|c| (c.id.as_str(), c)).collect();
    let now = platform.clock().now();
    let entries = view.data.into_iter().filter_map(|said| match said.kind {
        // A call that was placed between the two looks comes with the next one.
        "call" => calls.get(said.id.as_str()).map(|call| call_entry(call)),
        _ => Some(message_entry(said, now)),
    });
    let entries = entries.collect();
    let pair = platform.pair(number.id, user).map_err(internal)?;
    let shown = platform.phone_view(number, user).map_err(internal)?;
    Ok(Thread {
        business: business(platform, number, &shown),
        entries,
        typing: view.typing,
        blocked: view.blocked,
        window_until: view.window_until,
        permission: match pair.permission(now) {
            Held::None => Permission::None,
            Held::Temporary { expires } => Permission::Temporary {
                until: expires.secs(),
            },
            Held::Permanent => Permission::Permanent,
        },
        unread: view.unread,
    })
}

impl Exchange for Platform {
    type Line = PhoneHandle;

    async fn meet(&self, user: WaId) -> Result<Person, Problem> {
        self.meet_user(user).await?;
        let known = self.user(user).map_err(internal)?;
        let number = user.international();
        Ok(Person {
            wa_id: user,
            name: known.and_then(|u| u.name).unwrap_or_else(|| number.clone()),
            number,
        })
    }

    fn attach(&self, user: WaId) -> PhoneHandle {
        self.attach_phone(user)
    }

    fn calls(&self, user: WaId) -> Vec<HeldCall> {
        let calls = self.calls_at_phone(user).into_iter();
        calls
            .map(|call| HeldCall {
                call_id: call.id,
                direction: call.direction,
                rings: call.rings,
                connected: call.connected,
            })
            .collect()
    }

    async fn perform(&self, user: WaId, act: &Act) -> Answer {
        match act {
            Act::Businesses => {
                let numbers = self.numbers(BUSINESSES).map_err(internal)?;
                let views = self.phone_views(&numbers, user).map_err(internal)?;
                let pairs = numbers.iter().zip(&views);
                let businesses = pairs.map(|(n, v)| business(self, n, v)).collect();
                Ok(Done::Businesses { businesses })
            }
            Act::Thread {
                business: id,
                limit,
            } => {
                let number = known(self, *id)?;
                let thread = thread(self, user, &number, *limit)?;
                Ok(Done::Thread(Box::new(thread)))
            }
            Act::Open { business } => {
                let number = known(self, *business)?;
                plain(self.user_opens_chat(user, number.id).await)
            }
            Act::Write {
                business,
                text,
                context,
            } => {
                let number = known(self, *business)?;
                let (text, context) = (text.clone(), context.clone());
                written(self.user_writes(user, number.id, text, context).await)
            }
            Act::Reply { message, reply } => {
                let (message, reply) = (message.clone(), reply.clone());
                written(self.user_replies(user, message, reply).await)
            }
            Act::Tap { message } => {
                let tapped = self.user_taps(user, message.clone(), UserLegKind::Phone);
                dialled(tapped.await?)
            }
            Act::ShareNumber { message } => {
                written(self.user_shares_number(user, message.clone()).await)
            }
            Act::AnswerRequest {
                business,
                message,
                response,
            } => {
                let number = known(self, *business)?;
                let answered = self
                    .user_answers_request(user, number.id, Some(message.clone()), *response)
                    .await;
                plain(answered.map(|_| ()))
            }
            Act::Permission { business, always } => {
                let number = known(self, *business)?;
                let grant = if *always {
                    Grant::Permanent
                } else {
                    Grant::Revoke
                };
                let set = self.set_permission(number.id, user, grant).await;
                set.map(|_| Done::Plain {}).map_err(internal)
            }
            Act::Block { business, blocked } => {
                let number = known(self, *business)?;
                plain(self.user_blocks(user, number.id, *blocked).await)
            }
            Act::Report { business } => {
                let number = known(self, *business)?;
                plain(self.user_reports(user, number.id).await)
            }
            Act::Call {
                to,
                cta_payload,
                deeplink_payload,
            } => {
                let number = self.find_number(to).map_err(internal)?;
                let number = number.ok_or_else(|| PhoneRefusal::NoSuchBusiness(to.clone()))?;
                let dial = Dial {
                    cta_payload: cta_payload.clone(),
                    deeplink_payload: deeplink_payload.clone(),
                    button: None,
                };
                let placed = self.user_calls(user, number.id, UserLegKind::Phone, dial);
                dialled(placed.await?)
            }
            Act::ChatInfo { business: id } => {
                let number = known(self, *id)?;
                let view = self.open_chat_info(user, number.id).await?;
                let business = Box::new(business(self, &number, &view));
                Ok(Done::ChatInfo { business })
            }
            Act::Callback { business: id } => {
                let number = known(self, *id)?;
                plain(self.request_callback(user, number.id).await)
            }
            Act::Sdp { call, sdp } => plain(self.user_sdp(user, call, sdp)),
            Act::Ringing { call } => {
                // The platform takes the word of whoever says it rings: only the user's own phone may.
                if !self.calls_at_phone(user).iter().any(|c| c.id == *call) {
                    return Err(PhoneRefusal::NoSuchCall(call.to_string()).into());
                }
                plain(self.user_rings(call).await)
            }
            Act::Answer { call } => plain(self.user_answers(user, call).await),
            Act::Reject { call } => plain(self.user_rejects(user, call).await),
            Act::HangUp { call } => plain(self.user_hangs_up(user, call).await),
        }
    }
}

fn plain(result: Result<(), PhoneRefusal>) -> Answer {
    result.map(|()| Done::Plain {}).map_err(Problem::from)
}

fn written(result: Result<MessageId, PhoneRefusal>) -> Answer {
    let message_id = result?;
    Ok(Done::Written { message_id })
}

fn dialled(dialled: Dialled) -> Answer {
    let sdp = dialled
        .offer
        .ok_or_else(|| internal("the platform gave the phone no offer"))?;
    Ok(Done::Dialled {
        call_id: dialled.id,
        sdp,
    })
}

fn known(platform: &Platform, id: PhoneNumberId) -> Result<Number, Problem> {
    let found = platform.find_number(&id.to_string()).map_err(internal)?;
    Ok(found.ok_or_else(|| PhoneRefusal::NoSuchBusiness(id.to_string()))?)
}
