//! Stories drawn from a seed.

use ahoy_calling::pair::Answer;
use ahoy_platform::Grant;

use crate::act::{APPS, Act, Feedback, Habit, Letter, NUMBERS, OnCall, Setting, USERS};
use crate::dice::Dice;
use crate::power::CutAt;
use crate::receiver::Mood;

const DAY: u64 = 86_400;

/// Kinds of acts, in the order of [`Temper::weights`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    UserCalls,
    BusinessCalls,
    Rush,
    OnCall,
    Permit,
    Write,
    UserWrites,
    AnswersRequest,
    Taps,
    Feedback,
    Set,
    Phone,
    Habit,
    Receiver,
    Pass,
    Jump,
    Crash,
    Restart,
    DiskFull,
}

const KINDS: [Kind; 19] = [
    Kind::UserCalls,
    Kind::BusinessCalls,
    Kind::Rush,
    Kind::OnCall,
    Kind::Permit,
    Kind::Write,
    Kind::UserWrites,
    Kind::AnswersRequest,
    Kind::Taps,
    Kind::Feedback,
    Kind::Set,
    Kind::Phone,
    Kind::Habit,
    Kind::Receiver,
    Kind::Pass,
    Kind::Jump,
    Kind::Crash,
    Kind::Restart,
    Kind::DiskFull,
];

/// What a story is mostly about.
struct Temper {
    /// How often each kind comes.
    weights: [u64; KINDS.len()],
    /// Pairs, of a hundred, that begin with a permission.
    permitted: u64,
}

/// A bit of everything; calls of one business; asking for permission; crashes; receivers that are not well.
const TEMPERS: [Temper; 5] = [
    Temper {
        weights: [12, 14, 4, 26, 5, 6, 2, 3, 1, 2, 2, 2, 2, 4, 9, 3, 2, 1, 1],
        permitted: 60,
    },
    Temper {
        weights: [6, 24, 3, 34, 4, 2, 1, 1, 1, 1, 1, 1, 2, 3, 12, 2, 1, 1, 0],
        permitted: 85,
    },
    Temper {
        weights: [4, 8, 1, 12, 10, 28, 3, 14, 3, 4, 2, 1, 3, 2, 3, 1, 1, 0, 0],
        permitted: 15,
    },
    Temper {
        weights: [14, 14, 6, 26, 4, 4, 1, 2, 1, 1, 1, 2, 1, 5, 6, 2, 9, 1, 6],
        permitted: 60,
    },
    Temper {
        weights: [16, 14, 4, 28, 2, 4, 2, 1, 1, 1, 0, 1, 1, 12, 9, 3, 1, 0, 1],
        permitted: 60,
    },
];

/// All acts of a story.
pub fn draw_story(seed: u64, length: usize) -> Vec<Act> {
    let mut dice = Dice::new(seed, 0);
    let temper = &TEMPERS[dice.place(TEMPERS.len())];
    // Much happens to one pair: limits are met there.
    let favourite = (dice.place(USERS), dice.place(NUMBERS));
    // Thirty days after its end a webhook is forgotten: a story stays well below.
    let mut jumped = 0;
    let mut acts = Vec::with_capacity(length);
    for user in 0..USERS {
        for number in 0..NUMBERS {
            if dice.percent(temper.permitted) {
                acts.push(Act::Permit {
                    user,
                    number,
                    grant: Grant::Permanent,
                });
            }
        }
    }
    while acts.len() < length {
        let act = draw(&mut dice, temper, favourite);
        if let Act::Jump { seconds } = act {
            if jumped + seconds > 20 * DAY {
                continue;
            }
            jumped += seconds;
        }
        acts.push(act);
    }
    acts
}

fn kind(dice: &mut Dice, temper: &Temper) -> Kind {
    let mut place = dice.below(temper.weights.iter().sum());
    for (kind, weight) in KINDS.into_iter().zip(temper.weights) {
        if place < weight {
            return kind;
        }
        place -= weight;
    }
    Kind::Pass
}

fn draw(dice: &mut Dice, temper: &Temper, favourite: (usize, usize)) -> Act {
    let (user, number) = match dice.percent(50) {
        true => favourite,
        // The sandbox's number is the busier one.
        false => (dice.place(USERS), usize::from(dice.percent(35))),
    };
    match kind(dice, temper) {
        Kind::UserCalls => Act::UserCalls {
            user,
            number,
            phone: dice.percent(25),
        },
        Kind::BusinessCalls => Act::BusinessCalls { user, number },
        Kind::Rush => Act::Rush {
            calls: (0..2 + dice.below(4))
                .map(|_| {
                    let who = match dice.percent(50) {
                        true => user,
                        false => dice.place(USERS),
                    };
                    (who, number, dice.percent(60))
                })
                .collect(),
        },
        Kind::OnCall => Act::OnCall {
            pick: dice.next(),
            acts: (0..1 + dice.below(4)).map(|_| on_call(dice)).collect(),
        },
        Kind::Permit => Act::Permit {
            user,
            number,
            grant: dice.of(&[
                Grant::Permanent,
                Grant::Permanent,
                Grant::Temporary,
                Grant::Revoke,
                Grant::Revoke,
            ]),
        },
        Kind::Write => Act::Write {
            user,
            number,
            letter: dice.of(&[
                Letter::Text,
                Letter::Request,
                Letter::Request,
                Letter::Request,
                Letter::Button,
            ]),
        },
        Kind::UserWrites => Act::UserWrites { user, number },
        Kind::AnswersRequest => Act::AnswersRequest {
            user,
            number,
            answer: dice.of(&[
                Answer::Accept,
                Answer::AcceptPermanent,
                Answer::Reject,
                Answer::Reject,
            ]),
        },
        Kind::Taps => Act::Taps { user },
        Kind::Feedback => Act::Feedback {
            user,
            number,
            what: dice.of(&[
                Feedback::Block,
                Feedback::Unblock,
                Feedback::Unblock,
                Feedback::Report,
            ]),
        },
        Kind::Set => Act::Set {
            number,
            setting: dice.of(&[
                Setting::Calling(true),
                Setting::Calling(true),
                Setting::Calling(false),
                Setting::Callback(true),
                Setting::Callback(false),
                Setting::Payment(true),
                Setting::Payment(true),
                Setting::Payment(false),
            ]),
        },
        Kind::Phone => Act::Phone {
            user,
            there: dice.percent(60),
        },
        Kind::Habit => Act::Habit {
            user,
            habit: habit(dice),
        },
        Kind::Receiver => Act::Receiver {
            app: dice.place(APPS),
            mood: dice.of(&Mood::ALL),
        },
        Kind::Pass => Act::Pass {
            ms: dice.of(&[10, 200, 999, 1_000, 3_000, 15_000, 31_000, 61_000]),
        },
        Kind::Jump => Act::Jump {
            seconds: dice.of(&[1, 20, 59, 61, 600, 3_600, DAY - 1, DAY + 1, 7 * DAY]),
        },
        Kind::Crash => Act::Crash {
            at: match dice.below(3) {
                0 => None,
                side => {
                    let more = u32::try_from(dice.below(12)).unwrap_or(0);
                    Some(match side {
                        1 => (more, CutAt::BeforeCommit),
                        _ => (more, CutAt::AfterCommit),
                    })
                }
            },
            twice: dice.percent(40),
        },
        Kind::Restart => Act::Restart,
        Kind::DiskFull => Act::DiskFull {
            commits: 1 + u32::try_from(dice.below(3)).unwrap_or(0),
        },
    }
}

fn habit(dice: &mut Dice) -> Habit {
    Habit {
        on_ring: u8::try_from(dice.below(4)).unwrap_or(0),
        after_ms: dice.of(&[0, 300, 2_000, 70_000]),
        hang_up_ms: dice.of(&[None, Some(0), Some(4_000), Some(90_000)]),
        on_request: dice.of(&[
            None,
            Some(Answer::Accept),
            Some(Answer::AcceptPermanent),
            Some(Answer::Reject),
        ]),
    }
}

fn on_call(dice: &mut Dice) -> OnCall {
    // Mostly the business's right answer.
    let sdp = dice.of(&[0, 0, 0, 0, 1, 2]);
    match dice.below(20) {
        0..=1 => OnCall::PreAccept { sdp },
        2..=6 => OnCall::Accept { sdp },
        7 => OnCall::Reject,
        8..=9 => OnCall::Terminate,
        10 => OnCall::Ring,
        11..=15 => OnCall::Answer,
        16 => OnCall::Decline,
        17..=18 => OnCall::HangUp,
        _ => OnCall::Digit,
    }
}
