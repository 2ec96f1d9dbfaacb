//! Calls placed, and acts on them: several at the same instant, of which one may win.

use ahoy_media::Digit;
use ahoy_platform::{ConnectRequest, Dial, Recipient, UserLegKind};
use ahoy_types::{CallId, Direction};

use crate::act::OnCall;
use crate::breach::{Breach, Held, Promise};
use crate::machine::lock;
use crate::play::{outcome, sound};
use crate::world::{Known, NODES, Slot, World, wa_id};

/// What a stack in use offers and answers.
const OFFER: &str = include_str!("../../sdp/tests/data/aiortc-stripped-offer.sdp");
const ANSWER: &str = include_str!("../../sdp/tests/data/aiortc-stripped-answer.sdp");

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// The business's answers: the right one, another right one, and none at all.
fn answer(which: u8) -> String {
    let right = crlf(ANSWER);
    match which {
        0 => right,
        1 => right.replace("a=ice-pwd:", "a=ice-pwd:x"),
        _ => "v=0\r\nnothing of the kind\r\n".into(),
    }
}

impl World {
    /// How the reader knows a call.
    pub(crate) fn call_name(&self, id: &CallId) -> String {
        let place = self.calls.iter().position(|call| call.id == *id);
        place.map_or_else(|| "an unknown call".into(), |n| format!("call {}", n + 1))
    }

    /// Calls placed at the same instant: from users to numbers, or the other way.
    pub(crate) fn place(&mut self, calls: &[(usize, usize, bool)], phone: bool) -> Held<bool> {
        let platform = self.platform()?;
        let caller = self.caller()?;
        let mut slots = Vec::new();
        for &(user, number, business) in calls {
            let (who, node) = (wa_id(user), NODES[number]);
            let platform = platform.clone();
            let slot = if business {
                let caller = caller.clone();
                self.begin(async move {
                    let request = ConnectRequest {
                        recipient: Recipient::Number(who),
                        sdp: crlf(OFFER),
                        opaque: None,
                    };
                    let placed = platform.connect(&caller, node, request).await;
                    placed.map_err(|e| e.to_string())
                })
            } else {
                let leg = match phone {
                    true => UserLegKind::Phone,
                    false => UserLegKind::Simulated,
                };
                self.begin(async move {
                    let placed = platform.user_calls(who, node, leg, Dial::default()).await;
                    placed.map(|d| d.id).map_err(|e| e.to_string())
                })
            };
            slots.push(slot);
        }
        let whole = self.until(|| slots.iter().all(|slot| lock(slot).is_some()))?;
        for (&(user, number, business), slot) in calls.iter().zip(slots) {
            let Some(placed) = lock(&slot).take() else {
                continue;
            };
            let direction = match business {
                true => Direction::BusinessInitiated,
                false => Direction::UserInitiated,
            };
            match placed {
                Ok(id) => {
                    if business && self.denied.contains(&(number, user)) {
                        return Err(Breach::new(
                            Promise::NoCallWithoutPermission,
                            format!(
                                "a call to {} was placed after the permission was taken back",
                                crate::act::name(user)
                            ),
                        ));
                    }
                    let placed_at = self.rule_now()?;
                    self.calls.push(Known {
                        id,
                        user: wa_id(user),
                        number: NODES[number],
                        direction,
                        placed_at,
                        takes: 0,
                        ends: 0,
                        declined: false,
                        row: None,
                    });
                    let n = self.calls.len();
                    self.tell(|| format!("  call {n} is placed"));
                }
                Err(sentence) => {
                    sound(&sentence)?;
                    self.tell(|| format!("  refused: {sentence}"));
                }
            }
        }
        Ok(whole)
    }

    /// Acts at the same instant on one call.
    pub(crate) fn on_call(&mut self, pick: u64, acts: &[OnCall]) -> Held<bool> {
        let live = self.look(|rows| rows.live_calls())?;
        let live: Vec<usize> = live
            .iter()
            .filter_map(|row| self.calls.iter().position(|known| known.id == row.id))
            .collect();
        let all: Vec<usize> = (0..self.calls.len()).collect();
        let from = if live.is_empty() { all } else { live };
        let Some(index) = usize::try_from(pick % (from.len().max(1) as u64))
            .ok()
            .and_then(|place| from.get(place).copied())
        else {
            return Ok(true);
        };
        let known = self.calls[index].clone();
        // Mostly what makes sense in a call of this direction.
        let fit = |(n, act): (usize, &OnCall)| match (pick >> (32 + 2 * n)) & 3 {
            0 => *act,
            _ => act.fitting(known.direction),
        };
        let acts: Vec<OnCall> = acts.iter().enumerate().map(fit).collect();
        let acts = acts.as_slice();
        let mut slots = Vec::new();
        for act in acts {
            slots.push(self.begin_on_call(&known, *act)?);
        }
        let whole = self.until(|| slots.iter().all(|slot| lock(slot).is_some()))?;
        self.tell(|| format!("  on call {}:", index + 1));
        for (act, slot) in acts.iter().zip(slots) {
            let Some(result) = lock(&slot).take() else {
                continue;
            };
            let said = outcome(&result);
            sound(&said)?;
            self.tell(|| format!("  {act:?} {said}"));
            if result.is_ok() {
                self.note_on_call(index, *act)?;
            }
        }
        Ok(whole)
    }

    fn begin_on_call(&self, known: &Known, act: OnCall) -> Held<Slot<Result<(), String>>> {
        let (platform, caller) = (self.platform()?, self.caller()?);
        let (id, user, node) = (known.id.clone(), known.user, known.number);
        Ok(self.begin(async move {
            let text = |e: ahoy_calling::Refusal| e.to_string();
            let said = |e: ahoy_calling::place::PhoneRefusal| e.to_string();
            match act {
                OnCall::PreAccept { sdp } => platform
                    .pre_accept(&caller, node, id, answer(sdp))
                    .await
                    .map_err(text),
                OnCall::Accept { sdp } => platform
                    .accept(&caller, node, id, answer(sdp), None)
                    .await
                    .map_err(text),
                OnCall::Reject => platform.reject(&caller, node, id).await.map_err(text),
                OnCall::Terminate => platform.terminate(&caller, node, id).await.map_err(text),
                OnCall::Ring => platform.user_rings(&id).await.map_err(said),
                OnCall::Answer => platform.user_answers(user, &id).await.map_err(said),
                OnCall::Decline => platform.user_rejects(user, &id).await.map_err(said),
                OnCall::HangUp => platform.user_hangs_up(user, &id).await.map_err(said),
                OnCall::Digit => platform
                    .user_digits(user, &id, Digit::from_code(5).into_iter().collect())
                    .map_err(said),
            }
        }))
    }

    /// An act on a call was acknowledged: it may not have been one too many.
    fn note_on_call(&mut self, index: usize, act: OnCall) -> Held {
        let call = &mut self.calls[index];
        let broken = |how: &str| {
            Err(Breach::new(
                Promise::OneWinner,
                format!("call {}: {how}", index + 1),
            ))
        };
        match act {
            OnCall::Accept { .. } | OnCall::Answer => {
                call.takes += 1;
                if call.takes > 1 {
                    return broken("two accepts or answers won");
                }
                if call.declined {
                    return broken("it was taken after it had been declined");
                }
            }
            OnCall::Reject | OnCall::Decline => {
                call.ends += 1;
                if call.takes > 0 {
                    return broken("it was declined after it had been taken");
                }
                call.declined = true;
            }
            OnCall::Terminate | OnCall::HangUp => call.ends += 1,
            OnCall::PreAccept { .. } | OnCall::Ring | OnCall::Digit => {}
        }
        if call.ends > 1 {
            return broken("it was ended twice");
        }
        Ok(())
    }
}
