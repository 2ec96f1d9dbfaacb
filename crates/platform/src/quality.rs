//! Quality: what ended calls and users' feedback do to a number, and who is told (`rules.md` §6).

use ahoy_calling::account::Number;
use ahoy_calling::quality::{Feedback, Mark, Tally, bucket};
use ahoy_calling::settings::IconVisibility;
use ahoy_calling::standing::{Notice, RestrictionKind, Standing};
use ahoy_calling::{Call, Refusal};
use ahoy_store::Result;
use ahoy_types::{Direction, PhoneNumberId, WaId};
use ahoy_wire::webhook::{self, RestrictionInfo, ViolationInfo};

use crate::business::internal;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{finish, mail, outbox, settings};

/// A state of the rules that the sandbox can put a number into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// Nothing is wrong.
    Good,
    /// Warned.
    Warned,
    /// Calls of a direction paused; for picking up: the call button hidden.
    Restricted,
}

/// What the sandbox changes of a standing; `None` leaves a part as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StandingChange {
    /// Calls of the business.
    pub business_calls: Option<Grade>,
    /// Calls of users.
    pub user_calls: Option<Grade>,
    /// Picking up.
    pub pick_up: Option<Grade>,
}

/// A call ended: it counts, and a call of a user that was not picked up is judged at once.
pub(crate) fn call_finished(step: &mut Step<'_>, number: &Number, call: &Call) -> Result<()> {
    let rules = step.limits.of(number.profile).quality.clone();
    let Some(mark) = Mark::of(call, &rules) else {
        return Ok(());
    };
    step.tx.count_mark(number.id, bucket(step.now), mark)?;
    if mark != Mark::UserMissed {
        return Ok(());
    }
    let tally = step.tx.tally(number.id, bucket(step.now - rules.window))?;
    let mut number = number.clone();
    match number.standing.judge_pick_up(&tally, &rules, step.now) {
        Some(notice) => took_effect(step, &mut number, notice),
        None => Ok(()),
    }
}

/// A user blocked or reported a business. It counts against calls of `direction`, or where none is given, of the
/// pair's newest call if that is not too old; one user counts once a window and direction. Answers what it counted
/// against.
pub(crate) fn feedback(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    what: Feedback,
    direction: Option<Direction>,
) -> Result<Option<Direction>> {
    let rules = step.limits.of(number.profile).quality.clone();
    let now = step.now;
    let direction = match direction {
        Some(direction) => Some(direction),
        None => step
            .tx
            .calls_of_pair(number.id, user, 1)?
            .pop()
            .filter(|call| call.placed_at + rules.feedback_within > now)
            .map(|call| call.direction),
    };
    let Some(direction) = direction else {
        return Ok(None);
    };
    let paused = match direction {
        Direction::BusinessInitiated => number.standing.blocks_business(now),
        Direction::UserInitiated => number.standing.blocks_user(now),
    };
    let counted = step.tx.feedback_counted(number.id, user, direction)?;
    if paused || counted.is_some_and(|at| at + rules.window > now) {
        return Ok(None);
    }
    tracing::info!(number = %number.id, %user, ?what, direction = direction.as_str(), "bad feedback on a call");
    step.tx
        .put_feedback_counted(number.id, user, direction, now)?;
    step.tx
        .count_mark(number.id, bucket(now), Mark::feedback(direction))?;
    let tally = step.tx.tally(number.id, bucket(now - rules.window))?;
    // The caller's number may be older than this transaction's.
    let mut number = finish::number_of(step, number.id)?;
    if let Some(notice) = number
        .standing
        .judge_feedback(direction, &tally, &rules, now)
    {
        took_effect(step, &mut number, notice)?;
    }
    Ok(Some(direction))
}

/// The business set `call_icon_visibility` to `DEFAULT`: a button that the platform had hidden comes back, and the
/// count of unanswered calls starts anew.
pub(crate) fn button_shown(step: &mut Step<'_>, number: &mut Number) -> Result<()> {
    if number.standing.show_button() {
        step.tx
            .forget_marks(number.id, &[Mark::UserMissed, Mark::UserAnswered])?;
    }
    Ok(())
}

/// The standing of `number` changed: writes it with what follows from it, and tells the business.
fn took_effect(step: &mut Step<'_>, number: &mut Number, notice: Notice) -> Result<()> {
    match notice {
        Notice::LowQuality(_) | Notice::LowPickUp => {}
        // What led to a pause is settled with it.
        Notice::Paused { kind, .. } => {
            if kind != RestrictionKind::UserInitiated {
                step.tx
                    .forget_marks(number.id, &[Mark::BusinessCall, Mark::BusinessFeedback])?;
            }
            if kind != RestrictionKind::BusinessInitiated {
                step.tx.forget_marks(number.id, &[Mark::UserFeedback])?;
            }
        }
        Notice::ButtonHidden => set_icon(step, number, IconVisibility::DisableAll)?,
    }
    step.tx.put_number(number)?;
    tell(step, number, notice)
}

/// The platform changes `call_icon_visibility`: the business is told of its settings as of any change of them
/// (`webhooks.md` §4 names the change, not who makes it).
fn set_icon(step: &mut Step<'_>, number: &mut Number, wanted: IconVisibility) -> Result<()> {
    if number.settings.set_icon(wanted, step.now) {
        settings::tell(step, number)?;
    }
    Ok(())
}

/// The `account_update` webhook and the mails of a notice.
fn tell(step: &mut Step<'_>, number: &Number, notice: Notice) -> Result<()> {
    tracing::warn!(number = %number.id, ?notice, "the standing of a number got worse");
    let remediation = notice.remedy().map(str::to_owned);
    let body = match (notice.violation(), notice.restriction()) {
        (Some(kind), _) => {
            let info = ViolationInfo {
                violation_type: kind.to_owned(),
                remediation,
            };
            webhook::violation(number.number, step.now, info)
        }
        (None, Some((kind, until))) => {
            let info = RestrictionInfo {
                restriction_type: kind.as_str().to_owned(),
                expiration: until.map(|t| t.secs()),
                remediation,
            };
            webhook::restriction(number.number, step.now, info)
        }
        (None, None) => return Ok(()),
    };
    outbox::publish_to_all(step, number, "account_update", None, &body)?;
    let (subject, text) = notice.mail(number);
    mail::notify(step, number, &subject, &text)
}

/// Puts a number into a state of the rules; what gets worse is told as the rules tell it, what gets better is not.
fn change(step: &mut Step<'_>, id: PhoneNumberId, wanted: StandingChange) -> Result<Number> {
    let mut number = finish::number_of(step, id)?;
    let now = step.now;
    let pause = step.limits.of(number.profile).quality.pause;
    let mut notices = Vec::new();
    let mut grade = |standing: &mut Standing, direction, wanted| {
        let track = match direction {
            Direction::BusinessInitiated => &mut standing.business_calls,
            Direction::UserInitiated => &mut standing.user_calls,
        };
        *track = Default::default();
        match wanted {
            Grade::Good => {}
            Grade::Warned => {
                track.warned_at = Some(now);
                notices.push(Notice::LowQuality(direction));
            }
            Grade::Restricted => notices.push(standing.pause(direction, now + pause, now)),
        }
    };
    if let Some(wanted) = wanted.business_calls {
        grade(&mut number.standing, Direction::BusinessInitiated, wanted);
    }
    if let Some(wanted) = wanted.user_calls {
        grade(&mut number.standing, Direction::UserInitiated, wanted);
    }
    if let Some(wanted) = wanted.pick_up {
        if number.standing.show_button() {
            set_icon(step, &mut number, IconVisibility::Default)?;
        }
        number.standing.pick_up = Default::default();
        match wanted {
            Grade::Good => {}
            Grade::Warned => {
                number.standing.pick_up.warned_at = Some(now);
                notices.push(Notice::LowPickUp);
            }
            Grade::Restricted => notices.push(number.standing.hide_button(now)),
        }
    }
    // Of two pauses at once only the last is told: it is about both.
    let both = notices.iter().any(|notice| {
        matches!(
            notice,
            Notice::Paused {
                kind: RestrictionKind::Both,
                ..
            }
        )
    });
    if both {
        notices.retain(|notice| match notice {
            Notice::Paused { kind, .. } => *kind == RestrictionKind::Both,
            _ => true,
        });
    }
    step.tx.put_number(&number)?;
    for notice in notices {
        took_effect(step, &mut number, notice)?;
    }
    Ok(number)
}

impl Platform {
    /// A user's feedback on a business, as by the phone's menu: blocks and reports count against the newest call of
    /// the two. Answers the direction it counted against.
    ///
    /// # Errors
    /// The number is unknown, or the store fails.
    pub async fn user_feedback(
        &self,
        number: PhoneNumberId,
        user: WaId,
        what: Feedback,
    ) -> Result<Option<Direction>> {
        self.ledger()
            .execute(move |step| {
                let number = finish::number_of(step, number)?;
                feedback(step, &number, user, what, None)
            })
            .await
    }

    /// A number with what its window counts.
    ///
    /// # Errors
    /// The number is unknown, or the store fails.
    pub fn standing(&self, id: PhoneNumberId) -> std::result::Result<(Number, Tally), Refusal> {
        let window = |number: &Number| self.config().limits.of(number.profile).quality.window;
        let now = self.clock().now();
        self.read(|rows| {
            let Some(number) = rows.number(id)? else {
                return Ok(None);
            };
            let tally = rows.tally(id, bucket(now - window(&number)))?;
            Ok(Some((number, tally)))
        })
        .map_err(internal)?
        .ok_or_else(|| Refusal::NoSuchObject(id.to_string()))
    }

    /// Puts a number into a state of the rules, for tests of what follows from it.
    ///
    /// # Errors
    /// The number is unknown, or the store fails.
    pub async fn set_standing(&self, id: PhoneNumberId, wanted: StandingChange) -> Result<Number> {
        self.ledger()
            .execute(move |step| change(step, id, wanted))
            .await
    }
}
