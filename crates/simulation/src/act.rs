//! What happens in a story: acts of users, businesses, receivers, time and the power, drawn from a seed.

use std::fmt;

use ahoy_calling::pair::Answer;
use ahoy_platform::Grant;
use ahoy_types::Direction;

use crate::power::CutAt;
use crate::receiver::Mood;

/// Users of a story.
pub const USERS: usize = 4;
/// Business numbers of a story: one under the sandbox's limits, one under production's.
pub const NUMBERS: usize = 2;
/// Apps that receive webhooks.
pub const APPS: usize = 2;

/// An act on one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCall {
    /// The business warms up with its answer, or with another one.
    PreAccept {
        /// Which of its answers it sends.
        sdp: u8,
    },
    /// The business takes a user's call.
    Accept {
        /// Which of its answers it sends.
        sdp: u8,
    },
    /// The business declines.
    Reject,
    /// The business ends it.
    Terminate,
    /// The user's phone rings.
    Ring,
    /// The user takes a business's call.
    Answer,
    /// The user declines.
    Decline,
    /// The user hangs up.
    HangUp,
    /// The user presses a key.
    Digit,
}

/// What the business writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// Words.
    Text,
    /// A request for permission to call.
    Request,
    /// A button that calls.
    Button,
}

/// A change of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Calling on or off.
    Calling(bool),
    /// Whether a user's call lets the business call back.
    Callback(bool),
    /// Whether there is a valid payment method.
    Payment(bool),
}

/// What a user does against a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// Blocks it.
    Block,
    /// No longer does.
    Unblock,
    /// Reports it.
    Report,
}

/// What a simulated user does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habit {
    /// When the phone rings: nothing, answer, decline or let it ring.
    pub on_ring: u8,
    /// Milliseconds until then.
    pub after_ms: u64,
    /// Milliseconds from the connection to hanging up.
    pub hang_up_ms: Option<u64>,
    /// The answer to requests.
    pub on_request: Option<Answer>,
}

/// One act.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A user calls.
    UserCalls {
        /// Who.
        user: usize,
        /// Whom.
        number: usize,
        /// From a real phone, not a simulated one.
        phone: bool,
    },
    /// A business calls.
    BusinessCalls {
        /// Whom.
        user: usize,
        /// From which number.
        number: usize,
    },
    /// Several at the same instant place calls.
    Rush {
        /// Who calls whom; the business calls where the flag is set.
        calls: Vec<(usize, usize, bool)>,
    },
    /// Acts at the same instant on one call.
    OnCall {
        /// Which of the calls that live, or of all.
        pick: u64,
        /// What.
        acts: Vec<OnCall>,
    },
    /// A user sets the permission in the business's profile.
    Permit {
        /// Who.
        user: usize,
        /// For which number.
        number: usize,
        /// What.
        grant: Grant,
    },
    /// A business writes.
    Write {
        /// Whom to.
        user: usize,
        /// From which number.
        number: usize,
        /// What.
        letter: Letter,
    },
    /// A user writes.
    UserWrites {
        /// Who.
        user: usize,
        /// Whom to.
        number: usize,
    },
    /// A user answers the newest open request.
    AnswersRequest {
        /// Who.
        user: usize,
        /// Of which number.
        number: usize,
        /// What.
        answer: Answer,
    },
    /// A user taps the newest call button.
    Taps {
        /// Who.
        user: usize,
    },
    /// A user blocks, unblocks or reports.
    Feedback {
        /// Who.
        user: usize,
        /// Which number.
        number: usize,
        /// What.
        what: Feedback,
    },
    /// A number is changed.
    Set {
        /// Which.
        number: usize,
        /// What.
        setting: Setting,
    },
    /// A user's real phone comes, or goes.
    Phone {
        /// Whose.
        user: usize,
        /// Whether it is there from now on.
        there: bool,
    },
    /// A simulated user changes its habits.
    Habit {
        /// Whose.
        user: usize,
        /// What.
        habit: Habit,
    },
    /// A receiver fares differently.
    Receiver {
        /// Which.
        app: usize,
        /// How.
        mood: Mood,
    },
    /// Time passes.
    Pass {
        /// Milliseconds.
        ms: u64,
    },
    /// The clock jumps.
    Jump {
        /// Seconds.
        seconds: u64,
    },
    /// The process dies and starts again.
    Crash {
        /// At one of the next commits, or at once.
        at: Option<(u32, CutAt)>,
        /// It dies again right after it has settled what was left.
        twice: bool,
    },
    /// The process stops in good order and starts again.
    Restart,
    /// The disk is full for a while.
    DiskFull {
        /// Commits that fail.
        commits: u32,
    },
}

impl OnCall {
    /// The act of the same purpose that fits a call of this direction.
    #[must_use]
    pub const fn fitting(self, direction: Direction) -> Self {
        match (direction, self) {
            (Direction::UserInitiated, Self::Answer) => Self::Accept { sdp: 0 },
            (Direction::UserInitiated, Self::Decline) => Self::Reject,
            (Direction::UserInitiated, Self::Ring) => Self::PreAccept { sdp: 0 },
            (Direction::BusinessInitiated, Self::Accept { .. }) => Self::Answer,
            (Direction::BusinessInitiated, Self::Reject) => Self::Decline,
            (Direction::BusinessInitiated, Self::PreAccept { .. }) => Self::Ring,
            (_, act) => act,
        }
    }
}

/// Names of the users, for the reader.
const NAMES: [&str; USERS] = ["Ana", "Ben", "Caro", "Dan"];

/// A user's name.
pub fn name(user: usize) -> &'static str {
    NAMES.get(user).copied().unwrap_or("somebody")
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserCalls {
                user,
                number,
                phone,
            } => {
                let with = if *phone { " from a real phone" } else { "" };
                write!(f, "{} calls number {number}{with}", name(*user))
            }
            Self::BusinessCalls { user, number } => {
                write!(f, "number {number} calls {}", name(*user))
            }
            Self::Rush { calls } => {
                f.write_str("at once:")?;
                for (user, number, business) in calls {
                    match business {
                        true => write!(f, " number {number} calls {};", name(*user))?,
                        false => write!(f, " {} calls number {number};", name(*user))?,
                    }
                }
                Ok(())
            }
            Self::OnCall { acts, .. } => write!(f, "on a call: {acts:?}"),
            Self::Permit {
                user,
                number,
                grant,
            } => write!(
                f,
                "{} sets number {number}'s permission: {grant:?}",
                name(*user)
            ),
            Self::Write {
                user,
                number,
                letter,
            } => write!(f, "number {number} writes to {}: {letter:?}", name(*user)),
            Self::UserWrites { user, number } => {
                write!(f, "{} writes to number {number}", name(*user))
            }
            Self::AnswersRequest {
                user,
                number,
                answer,
            } => write!(
                f,
                "{} answers number {number}'s request: {answer:?}",
                name(*user)
            ),
            Self::Taps { user } => write!(f, "{} taps the newest call button", name(*user)),
            Self::Feedback { user, number, what } => {
                write!(f, "{} about number {number}: {what:?}", name(*user))
            }
            Self::Set { number, setting } => write!(f, "number {number} is set: {setting:?}"),
            Self::Phone { user, there } => {
                let what = if *there { "comes" } else { "goes" };
                write!(f, "{}'s phone {what}", name(*user))
            }
            Self::Habit { user, habit } => write!(f, "{} from now on: {habit:?}", name(*user)),
            Self::Receiver { app, mood } => write!(f, "receiver {app}: {mood:?}"),
            Self::Pass { ms } => write!(f, "{ms} ms pass"),
            Self::Jump { seconds } => write!(f, "the clock jumps {seconds} s"),
            Self::Crash { at, twice } => {
                match at {
                    None => f.write_str("the process dies")?,
                    Some((0, at)) => write!(f, "the process dies at the next commit ({at:?})")?,
                    Some((n, at)) => write!(f, "the process dies {n} commits on ({at:?})")?,
                }
                f.write_str(if *twice {
                    ", and again at its start"
                } else {
                    ""
                })
            }
            Self::Restart => f.write_str("the process stops and starts again"),
            Self::DiskFull { commits } => write!(f, "the disk is full for {commits} commits"),
        }
    }
}
