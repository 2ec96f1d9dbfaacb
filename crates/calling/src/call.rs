//! Life of a call: one state machine for both directions (`graph-api.md` §2, `webhooks.md` §2, `contract.md` §4).
//!
//! ```text
//! user-initiated:      Ringing ─ pre_accept → PreAccepted ─ accept → Connected → Ended
//!                         └────────── accept ──────────────────┘
//! business-initiated:  Ringing ─ user picks up → Answered ─ business media is up → Connected → Ended
//! ```

mod end;
mod wrong_state;

use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, WaId};
use serde::{Deserialize, Serialize};

pub use end::{End, EndCause, EndStatus, Ending, WithoutMedia};
pub use wrong_state::WrongState;

/// Where a call is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// The other side is being asked.
    Ringing,
    /// User-initiated only: the business sent its SDP and warms up its media.
    PreAccepted,
    /// Business-initiated only: the user picked up, the business's media is not up yet.
    Answered,
    /// Both sides talk.
    Connected,
    /// Over.
    Ended,
}

impl CallState {
    /// Whether the call still occupies its pair.
    pub const fn live(self) -> bool {
        !matches!(self, Self::Ended)
    }
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::PreAccepted => "pre_accepted",
            Self::Answered => "answered",
            Self::Connected => "connected",
            Self::Ended => "ended",
        }
    }
}

/// A call as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The business's number.
    pub number: PhoneNumberId,
    /// The user.
    pub user: WaId,
    /// Who placed it.
    pub direction: Direction,
    /// Where it is in its life.
    pub state: CallState,
    /// The media bridge that carries it; meaningless after a restart.
    pub bridge: u64,
    /// When it was placed.
    pub placed_at: RuleTime,
    /// Business-initiated: when the phone began to ring.
    pub rang_at: Option<RuleTime>,
    /// When the called side picked up: the start of the call.
    pub answered_at: Option<RuleTime>,
    /// Whether the business's DTLS is up (business-initiated calls wait for it before ACCEPTED).
    pub business_media_up: bool,
    /// How it ended.
    pub end: Option<End>,
    /// `biz_opaque_callback_data` of connect or accept.
    pub opaque: Option<String>,
    /// Payload of the call button the user pressed.
    pub cta_payload: Option<String>,
    /// Payload of the call link the user opened.
    pub deeplink_payload: Option<String>,
    /// The business's SDP: its offer, or the answer of pre_accept or accept.
    pub business_sdp: Option<String>,
    /// Our SDP towards the business: the offer or the answer.
    pub platform_sdp: String,
    /// The media report of an ended call, as JSON (`ahoy-media`'s `CallReport`).
    pub report: Option<String>,
}

/// What an accepted act means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing changes: the same act was done before.
    Repeated,
    /// The call is now pre-accepted: set the business's remote description.
    PreAccepted,
    /// The call is connected: set the remote description if it is new, open the gate.
    Connected {
        /// Whether the business's SDP came with this very act.
        new_sdp: bool,
    },
    /// The user picked up but the business's media is not there yet.
    AwaitsMedia,
    /// The phone rings now.
    Rings,
}

impl Call {
    /// When the last of the acts that are dated happened to it.
    pub fn last_event(&self) -> RuleTime {
        [self.rang_at, self.answered_at, self.end.map(|end| end.at)]
            .into_iter()
            .flatten()
            .fold(self.placed_at, RuleTime::max)
    }

    /// Whether the user can press keys: not once the call is over.
    ///
    /// # Errors
    /// [`WrongState::Ended`].
    pub fn user_presses_keys(&self) -> Result<(), WrongState> {
        self.refuse_ended("dtmf")
    }

    fn refuse_ended(&self, act: &'static str) -> Result<(), WrongState> {
        match self.end {
            Some(end) => Err(WrongState::Ended {
                act,
                cause: end.cause.as_str(),
            }),
            None => Ok(()),
        }
    }

    fn only_user_initiated(&self, act: &'static str) -> Result<(), WrongState> {
        match self.direction {
            Direction::UserInitiated => Ok(()),
            Direction::BusinessInitiated => Err(WrongState::Direction { act }),
        }
    }

    fn only_business_initiated(&self, act: &'static str) -> Result<(), WrongState> {
        match self.direction {
            Direction::BusinessInitiated => Ok(()),
            Direction::UserInitiated => Err(WrongState::UserDirection { act }),
        }
    }

    /// The business warms up. `same` says whether two SDPs are the same after normalising.
    pub fn pre_accept(
        &mut self,
        sdp: &str,
        same: impl Fn(&str, &str) -> bool,
    ) -> Result<Step, WrongState> {
        self.only_user_initiated("pre_accept")?;
        self.refuse_ended("pre_accept")?;
        match (self.state, &self.business_sdp) {
            (CallState::PreAccepted, Some(before)) if same(before, sdp) => Ok(Step::Repeated),
            (CallState::PreAccepted, _) => Err(WrongState::PreAcceptDiffers),
            (CallState::Ringing, _) => {
                self.state = CallState::PreAccepted;
                self.business_sdp = Some(sdp.to_owned());
                Ok(Step::PreAccepted)
            }
            _ => Err(WrongState::AlreadyAccepted { act: "pre_accept" }),
        }
    }

    /// The business takes the call: exactly one accept wins.
    pub fn accept(
        &mut self,
        sdp: &str,
        opaque: Option<String>,
        same: impl Fn(&str, &str) -> bool,
        now: RuleTime,
    ) -> Result<Step, WrongState> {
        self.only_user_initiated("accept")?;
        self.refuse_ended("accept")?;
        let new_sdp = match (self.state, &self.business_sdp) {
            (CallState::Ringing, _) => true,
            (CallState::PreAccepted, Some(before)) if !same(before, sdp) => {
                return Err(WrongState::AcceptDiffers);
            }
            (CallState::PreAccepted, _) => false,
            _ => return Err(WrongState::AlreadyAccepted { act: "accept" }),
        };
        if new_sdp {
            self.business_sdp = Some(sdp.to_owned());
        }
        if opaque.is_some() {
            self.opaque = opaque;
        }
        self.state = CallState::Connected;
        self.answered_at = Some(now);
        Ok(Step::Connected { new_sdp })
    }

    /// The business declines a user's call that it has not accepted.
    pub fn reject(&mut self, now: RuleTime) -> Result<(), WrongState> {
        self.only_user_initiated("reject")?;
        self.refuse_ended("reject")?;
        if self.answered_at.is_some() {
            return Err(WrongState::AlreadyAccepted { act: "reject" });
        }
        self.finish(EndCause::BusinessRejected, now);
        Ok(())
    }

    /// The business ends the call: hanging up, cancelling its own ringing call, or turning away a user's.
    pub fn terminate(&mut self, silent: WithoutMedia, now: RuleTime) -> Result<(), WrongState> {
        self.refuse_ended("terminate")?;
        let cause = match (self.answered_at, self.direction) {
            (Some(_), _) => self.hung_up(EndCause::BusinessHungUp, silent),
            (None, Direction::BusinessInitiated) => EndCause::Cancelled,
            (None, Direction::UserInitiated) => EndCause::BusinessRejected,
        };
        self.finish(cause, now);
        Ok(())
    }

    /// The user's phone rings: told once.
    pub fn ring(&mut self, now: RuleTime) -> Result<Step, WrongState> {
        self.only_business_initiated("ringing")?;
        self.refuse_ended("ringing")?;
        if self.rang_at.is_some() {
            return Ok(Step::Repeated);
        }
        self.rang_at = Some(now);
        Ok(Step::Rings)
    }

    /// The user picks up a business's call.
    pub fn user_answers(&mut self, now: RuleTime) -> Result<Step, WrongState> {
        self.only_business_initiated("answer")?;
        self.refuse_ended("answer")?;
        if self.answered_at.is_some() {
            return Err(WrongState::AlreadyAccepted { act: "answer" });
        }
        self.answered_at = Some(now);
        if self.business_media_up {
            self.state = CallState::Connected;
            Ok(Step::Connected { new_sdp: false })
        } else {
            self.state = CallState::Answered;
            Ok(Step::AwaitsMedia)
        }
    }

    /// The business's DTLS came up.
    pub fn business_media_is_up(&mut self) -> Step {
        self.business_media_up = true;
        if self.state == CallState::Answered {
            self.state = CallState::Connected;
            Step::Connected { new_sdp: false }
        } else {
            Step::Repeated
        }
    }

    /// The user declines a business's call.
    pub fn user_rejects(&mut self, now: RuleTime) -> Result<(), WrongState> {
        self.only_business_initiated("reject")?;
        self.refuse_ended("reject")?;
        if self.answered_at.is_some() {
            return Err(WrongState::AlreadyAccepted { act: "reject" });
        }
        self.finish(EndCause::UserDeclined, now);
        Ok(())
    }

    /// The user hangs up, or gives up before an answer, or declines.
    pub fn user_hangs_up(&mut self, silent: WithoutMedia, now: RuleTime) -> Result<(), WrongState> {
        self.refuse_ended("hang_up")?;
        let cause = match (self.answered_at, self.direction) {
            (Some(_), _) => self.hung_up(EndCause::UserHungUp, silent),
            (None, Direction::UserInitiated) => EndCause::Abandoned,
            (None, Direction::BusinessInitiated) => EndCause::UserDeclined,
        };
        self.finish(cause, now);
        Ok(())
    }

    /// The ring time-out fired. Returns whether the call ended by it.
    pub fn ring_timed_out(&mut self, now: RuleTime) -> bool {
        let unanswered = self.end.is_none() && self.answered_at.is_none();
        if unanswered {
            self.finish(EndCause::NoAnswer, now);
        }
        unanswered
    }

    /// A media watchdog fired. Returns whether the call ended by it.
    pub fn media_timed_out(&mut self, business: bool, now: RuleTime) -> bool {
        let runs = self.end.is_none() && self.answered_at.is_some();
        if runs {
            let cause = if business {
                EndCause::BusinessMediaTimeout
            } else {
                EndCause::UserMediaTimeout
            };
            self.finish(cause, now);
        }
        runs
    }

    /// The platform lost the call: it crashed or is stopping. Connected calls end at `last_seen`, but never
    /// before they started.
    pub fn lost(&mut self, last_seen: RuleTime, now: RuleTime) -> bool {
        if self.end.is_some() {
            return false;
        }
        match self.answered_at {
            Some(start) => self.finish(EndCause::RelayLost, last_seen.clamp(start, now.max(start))),
            None => self.finish(EndCause::SetupLost, now),
        }
        true
    }

    /// What hanging up an accepted call is.
    const fn hung_up(&self, cause: EndCause, silent: WithoutMedia) -> EndCause {
        match silent {
            WithoutMedia::Failed if !self.business_media_up => EndCause::NoMedia,
            _ => cause,
        }
    }

    fn finish(&mut self, cause: EndCause, at: RuleTime) {
        self.state = CallState::Ended;
        self.end = Some(End { cause, at });
    }

    /// The end as the terminate webhook tells it; `None` while the call lives.
    pub fn ending(&self) -> Option<Ending> {
        let end = self.end?;
        Some(Ending {
            status: end.cause.status(),
            start: self.answered_at,
            end: self.answered_at.map(|_| end.at),
            duration: self
                .answered_at
                .map(|start| end.at.whole_seconds_since(start)),
            length: self.answered_at.map(|start| end.at.since(start)),
            error_code: end.cause.error_code(),
        })
    }

    /// Whether an ended business-initiated call counts as unanswered for the streak (`rules.md` §3).
    pub fn counts_as_unanswered(&self) -> bool {
        self.direction == Direction::BusinessInitiated
            && matches!(
                self.end.map(|e| e.cause),
                Some(EndCause::NoAnswer | EndCause::UserDeclined)
            )
    }
}

#[cfg(test)]
mod tests;
