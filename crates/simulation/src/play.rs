//! Acts carried out, each through the platform's own use cases.

use std::fmt::Display;
use std::time::Duration;

use ahoy_calling::message::MessageStatus;
use ahoy_calling::pair::Answer;
use ahoy_calling::settings::Switch;
use ahoy_calling::simulated::{OnPermissionRequest, OnRing};
use ahoy_platform::{Grant, OutgoingMessage, Recipient, UserLegKind};
use ahoy_wire::messages::{Content, Interactive};

use crate::act::{Act, Feedback, Habit, Letter, Setting};
use crate::breach::{Breach, Held, Promise};
use crate::power::DISK_FULL;
use crate::world::{NODES, RECEIVERS, World, wa_id};

/// A timer whose commit failed is put off by a minute, and so is everything that hangs on it.
const POSTPONED: Duration = Duration::from_secs(62);

/// What became of an act, in a word or a sentence.
pub(crate) fn outcome<T, E: Display>(result: &Result<T, E>) -> String {
    match result {
        Ok(_) => "done".into(),
        Err(e) => format!("refused: {e}"),
    }
}

/// A refusal of the rules is an answer like another; one of the platform's own defects is not.
pub(crate) fn sound(said: &str) -> Held {
    let defects = ["a decision broke off", "the store failed"];
    // Unless the story wanted it so.
    let wanted = said.contains(DISK_FULL);
    match !wanted && defects.iter().any(|defect| said.contains(defect)) {
        true => Err(Breach::new(Promise::NothingBreaks, said)),
        false => Ok(()),
    }
}

/// Whether the power was there to the end. That the store had no room is an answer like another.
fn stored<T>(answer: Option<ahoy_store::Result<T>>) -> Held<bool> {
    match answer {
        None => Ok(false),
        Some(Err(e)) if !e.0.contains(DISK_FULL) => Err(e.into()),
        Some(_) => Ok(true),
    }
}

impl World {
    /// One act, and what follows from it at once. `false` if the power went in it.
    pub(crate) fn act(&mut self, act: &Act) -> Held<bool> {
        match act {
            Act::UserCalls {
                user,
                number,
                phone,
            } => self.place(&[(*user, *number, false)], *phone),
            Act::BusinessCalls { user, number } => self.place(&[(*user, *number, true)], false),
            Act::Rush { calls } => self.place(calls, false),
            Act::OnCall { pick, acts } => self.on_call(*pick, acts),
            Act::Permit {
                user,
                number,
                grant,
            } => self.permit(*user, *number, *grant),
            Act::Write {
                user,
                number,
                letter,
            } => self.write(*user, *number, *letter),
            Act::UserWrites { user, number } => {
                let (platform, who, whom) = (self.platform()?, wa_id(*user), NODES[*number]);
                self.simply(async move {
                    outcome(&platform.user_writes(who, whom, "Hello".into(), None).await)
                })
            }
            Act::AnswersRequest {
                user,
                number,
                answer,
            } => {
                let (platform, who, whom, given) =
                    (self.platform()?, wa_id(*user), NODES[*number], *answer);
                self.denied.remove(&(*number, *user));
                self.simply(async move {
                    outcome(&platform.user_answers_request(who, whom, None, given).await)
                })
            }
            Act::Taps { user } => self.taps(*user),
            Act::Feedback { user, number, what } => {
                let (platform, who, whom) = (self.platform()?, wa_id(*user), NODES[*number]);
                let what = *what;
                self.simply(async move {
                    outcome(&match what {
                        Feedback::Block => platform.user_blocks(who, whom, true).await,
                        Feedback::Unblock => platform.user_blocks(who, whom, false).await,
                        Feedback::Report => platform.user_reports(who, whom).await,
                    })
                })
            }
            Act::Set { number, setting } => self.set(*number, *setting),
            Act::Phone { user, there } => {
                let platform = self.platform()?;
                if !there {
                    self.phones.remove(user);
                } else if !self.phones.contains_key(user) {
                    self.phones
                        .insert(*user, platform.attach_phone(wa_id(*user)));
                }
                self.machine.run();
                Ok(!self.power.is_cut())
            }
            Act::Habit { user, habit } => self.habit(*user, *habit),
            Act::Receiver { app, mood } => {
                self.receivers.fares(RECEIVERS[*app], *mood);
                Ok(true)
            }
            Act::Pass { ms } => {
                self.machine.pass(Duration::from_millis(*ms));
                Ok(!self.power.is_cut())
            }
            Act::Jump { seconds } => self.jump(Duration::from_secs(*seconds)),
            Act::Crash { at, twice } => self.crash(*at, *twice),
            Act::Restart => self.restart(),
            Act::DiskFull { commits } => {
                self.power.fill_up(*commits);
                self.patience += POSTPONED;
                Ok(true)
            }
        }
    }

    /// An act of which only the story knows what came of it.
    fn simply(&mut self, act: impl Future<Output = String> + Send + 'static) -> Held<bool> {
        let Some(said) = self.ask(act)? else {
            return Ok(false);
        };
        sound(&said)?;
        self.tell(|| format!("  {said}"));
        Ok(true)
    }

    fn permit(&mut self, user: usize, number: usize, grant: Grant) -> Held<bool> {
        let (platform, who, whom) = (self.platform()?, wa_id(user), NODES[number]);
        self.denied.remove(&(number, user));
        let set = async move { platform.set_permission(whom, who, grant).await };
        let Some(held) = self.ask(set)? else {
            return Ok(false);
        };
        self.tell(|| format!("  {held:?}"));
        if grant == Grant::Revoke && held.is_ok() {
            let calls_back = self.look(|rows| {
                let number = rows.number(whom)?;
                Ok(number.is_none_or(|n| n.settings.callback_permission_status.on()))
            })?;
            // Otherwise a call of the user's could give it anew at any time.
            if !calls_back {
                self.denied.insert((number, user));
            }
        }
        Ok(true)
    }

    fn write(&mut self, user: usize, number: usize, letter: Letter) -> Held<bool> {
        let (platform, caller) = (self.platform()?, self.caller()?);
        let content = match letter {
            Letter::Text => Content::Text { body: "Hi".into() },
            Letter::Request => {
                // A simulated user may answer it at once.
                self.denied.remove(&(number, user));
                Content::Interactive(Interactive::PermissionRequest {
                    body: Some("May we call?".into()),
                })
            }
            Letter::Button => Content::Interactive(Interactive::VoiceCall {
                body: "Call us".into(),
                button: ahoy_wire::messages::CallButton {
                    display_text: "Call".into(),
                    ttl_minutes: 600,
                    payload: None,
                },
            }),
        };
        let message = OutgoingMessage {
            recipient: Recipient::Number(wa_id(user)),
            content,
            context: None,
            opaque: None,
            sent: None,
        };
        self.simply(async move {
            outcome(&platform.send_message(&caller, NODES[number], message).await)
        })
    }

    fn taps(&mut self, user: usize) -> Held<bool> {
        let button = self.look(|rows| {
            let mut newest = None;
            for node in NODES {
                for message in rows.messages_of_pair(node, wa_id(user), 50)? {
                    if message.call_button().is_some() && message.status != MessageStatus::Failed {
                        newest = Some(message.id);
                    }
                }
            }
            Ok(newest)
        })?;
        let Some(button) = button else {
            return Ok(true);
        };
        let platform = self.platform()?;
        let taps = async move {
            platform
                .user_taps(wa_id(user), button, UserLegKind::Simulated)
                .await
        };
        let Some(dialled) = self.ask(taps)? else {
            return Ok(false);
        };
        let said = outcome(&dialled);
        sound(&said)?;
        self.tell(|| format!("  {said}"));
        if dialled.is_ok() {
            self.adopt()?;
        }
        Ok(true)
    }

    fn set(&mut self, number: usize, setting: Setting) -> Held<bool> {
        let platform = self.platform()?;
        let switch = |on| {
            if on {
                Switch::Enabled
            } else {
                Switch::Disabled
            }
        };
        if setting == Setting::Callback(true) {
            self.denied.retain(|(n, _)| *n != number);
        }
        let change = move |row: &mut ahoy_calling::account::Number| match setting {
            Setting::Calling(on) => row.settings.status = switch(on),
            Setting::Callback(on) => row.settings.callback_permission_status = switch(on),
            Setting::Payment(valid) => row.payment_valid = valid,
        };
        let set = async move { platform.change_number(NODES[number], change).await };
        let set = self.ask(set)?;
        stored(set)
    }

    fn habit(&mut self, user: usize, habit: Habit) -> Held<bool> {
        let platform = self.platform()?;
        let change = move |user: &mut ahoy_calling::account::User| {
            let mut behaviour = user.behaviour.take().unwrap_or_default();
            behaviour.on_ring = match habit.on_ring {
                0 => OnRing::Answer,
                1 => OnRing::Reject,
                2 => OnRing::Ignore,
                _ => OnRing::Manual,
            };
            behaviour.answer_after_ms = habit.after_ms;
            behaviour.hang_up_after_ms = habit.hang_up_ms;
            behaviour.on_permission_request = match habit.on_request {
                None => OnPermissionRequest::Ignore,
                Some(Answer::Accept) => OnPermissionRequest::Accept,
                Some(Answer::AcceptPermanent) => OnPermissionRequest::AcceptPermanent,
                Some(Answer::Reject) => OnPermissionRequest::Reject,
            };
            user.behaviour = Some(behaviour);
        };
        let changed = async move { platform.change_user(wa_id(user), change).await };
        let changed = self.ask(changed)?;
        stored(changed)
    }

    pub(crate) fn jump(&mut self, by: Duration) -> Held<bool> {
        let platform = self.platform()?;
        let before = self.rule_now()?;
        let jumped = self.ask(async move { platform.advance(by).await })?;
        let now = match jumped {
            None => return Ok(false),
            Some(Ok(now)) => now,
            failed => return stored(failed),
        };
        if now.since(before) < by {
            return Err(Breach::new(
                Promise::NothingHangs,
                format!("a jump of {by:?} from {before} ended at {now}"),
            ));
        }
        Ok(true)
    }
}
