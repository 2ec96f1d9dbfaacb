//! Planted bugs: each is what a mistake in the platform would do, and each must be caught.
//!
//! They are planted where the simulation holds the platform: as triggers in the schema of its database, as damage to the disk
//! when the process dies, or on the way to the receivers. No production code knows of them.

use crate::breach::Promise;
use crate::receiver::EdgeBug;

/// Where a bug is planted.
#[derive(Debug, Clone, Copy)]
pub enum Plant {
    /// Triggers: the store does something else than it was told.
    Store(&'static str),
    /// Whenever the process dies, the disk loses or changes something.
    AtCrash(&'static str),
    /// Whoever sends webhooks makes a mistake.
    Edge(EdgeBug),
}

/// A planted bug.
#[derive(Debug)]
pub struct Mutation {
    /// Its name.
    pub name: &'static str,
    /// The mistake it stands for.
    pub mistake: &'static str,
    /// Where it is.
    pub plant: Plant,
    /// Promises that it may break.
    pub breaks: &'static [Promise],
}

use Promise::{
    Charges, DeliveredInOrder, NoCallWithoutPermission, NothingHangs, OneTerminateLast, OneWinner,
    SurvivesCrash, WithinLimits,
};

/// All of them.
pub const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "second-accept-wins",
        mistake: "an accepted call is kept as if it still rang",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE OF state ON calls
             WHEN NEW.state = 'connected' AND NEW.direction = 'USER_INITIATED'
             BEGIN UPDATE calls SET state = 'ringing', answered_at = NULL WHERE seq = NEW.seq; END",
        ),
        breaks: &[OneWinner, OneTerminateLast, NothingHangs, SurvivesCrash],
    },
    Mutation {
        name: "end-forgotten",
        mistake: "the end of a call is not kept, so that it ends again",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE OF state ON calls
             WHEN NEW.end_cause IN ('business_hung_up', 'user_hung_up')
             BEGIN UPDATE calls SET state = 'connected', end_cause = NULL, ended_at = NULL WHERE seq = NEW.seq; END",
        ),
        // A crash meanwhile has recovery end the call again, and charge it again, which the store refuses.
        breaks: &[
            OneWinner,
            OneTerminateLast,
            NothingHangs,
            WithinLimits,
            SurvivesCrash,
        ],
    },
    Mutation {
        name: "terminate-sent-twice",
        mistake: "the end of a call is told twice",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON delivery_bodies
             WHEN CAST(NEW.body AS TEXT) LIKE '%\"event\":\"terminate\"%'
             BEGIN
               INSERT INTO deliveries (app, number, lane, field, created_at, state, holds_lane, attempts, next_due)
                 SELECT app, number, lane, field, created_at, 'waiting', 0, 0, NULL FROM deliveries WHERE id = NEW.delivery;
               INSERT INTO delivery_bodies (delivery, body) VALUES (last_insert_rowid(), NEW.body);
             END",
        ),
        breaks: &[OneTerminateLast, DeliveredInOrder],
    },
    Mutation {
        name: "terminate-not-owed",
        mistake: "a call nobody answered ends without a word",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON delivery_bodies
             WHEN CAST(NEW.body AS TEXT) LIKE '%\"event\":\"terminate\"%' AND CAST(NEW.body AS TEXT) NOT LIKE '%start_time%'
             BEGIN
               DELETE FROM delivery_bodies WHERE delivery = NEW.delivery;
               DELETE FROM deliveries WHERE id = NEW.delivery;
             END",
        ),
        breaks: &[OneTerminateLast],
    },
    Mutation {
        name: "events-do-not-wait",
        mistake: "an event does not hold up the later ones of its call",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON deliveries WHEN NEW.holds_lane = 1
             BEGIN UPDATE deliveries SET holds_lane = 0 WHERE id = NEW.id; END",
        ),
        breaks: &[DeliveredInOrder, OneTerminateLast],
    },
    Mutation {
        name: "hold-ignored",
        mistake: "no answer holds up nothing",
        plant: Plant::Edge(EdgeBug::SilenceTakenForAnAnswer),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "webhook-forgotten",
        mistake: "a webhook that was handed out is not sent and not reported",
        plant: Plant::Edge(EdgeBug::ForgetsWebhooks),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "reported-too-early",
        mistake: "a webhook counts as delivered before the receiver has answered",
        plant: Plant::Edge(EdgeBug::ReportsTooEarly),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "hold-not-kept",
        mistake: "that an event holds up others is forgotten after its first attempt",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE OF holds_lane ON deliveries
             WHEN NEW.state = 'retrying' AND NEW.holds_lane = 1
             BEGIN UPDATE deliveries SET holds_lane = 0 WHERE id = NEW.id; END",
        ),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "hold-for-ever",
        mistake: "an event without an answer is never let go of",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON timers WHEN NEW.kind_json LIKE '%release_lane%'
             BEGIN DELETE FROM timers WHERE id = NEW.id; END;
             CREATE TRIGGER planted_too AFTER UPDATE OF state ON deliveries
             WHEN NEW.state = 'delivered' AND OLD.attempts > 0 AND OLD.holds_lane = 1
             BEGIN UPDATE deliveries SET holds_lane = 1 WHERE id = NEW.id; END",
        ),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "no-retry",
        mistake: "a webhook that was not taken is not tried again",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON timers WHEN NEW.kind_json LIKE '%\"retry\"%'
             BEGIN DELETE FROM timers WHERE id = NEW.id; END",
        ),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "any-answer-will-do",
        mistake: "an error counts as taken",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON attempts WHEN NEW.status >= 300
             BEGIN UPDATE deliveries SET state = 'delivered', holds_lane = 0, next_due = NULL WHERE id = NEW.delivery; END;
             CREATE TRIGGER planted_too AFTER UPDATE OF state ON deliveries
             WHEN NEW.state = 'retrying' AND OLD.state = 'delivered'
             BEGIN UPDATE deliveries SET state = 'delivered', next_due = NULL WHERE id = NEW.id; END",
        ),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "retry-with-other-bytes",
        mistake: "a retry is written anew",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON attempts
             BEGIN UPDATE delivery_bodies SET body = CAST(CAST(body AS TEXT) || ' ' AS BLOB) WHERE delivery = NEW.delivery; END",
        ),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "connects-not-counted",
        mistake: "connects of a day are not counted",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE OF state ON calls
             WHEN NEW.state = 'ended' AND NEW.direction = 'BUSINESS_INITIATED'
             BEGIN UPDATE calls SET placed_at = placed_at - 90000000 WHERE seq = NEW.seq; END",
        ),
        breaks: &[WithinLimits],
    },
    Mutation {
        name: "usage-not-counted",
        mistake: "connected calls of a pair are not counted",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE ON pairs
             BEGIN UPDATE pairs SET state_json = json_set(state_json, '$.connected', json('[]'))
               WHERE number = NEW.number AND user = NEW.user; END;
             CREATE TRIGGER planted_too AFTER INSERT ON pairs
             BEGIN UPDATE pairs SET state_json = json_set(state_json, '$.connected', json('[]'))
               WHERE number = NEW.number AND user = NEW.user; END",
        ),
        breaks: &[WithinLimits],
    },
    Mutation {
        name: "requests-not-counted",
        mistake: "requests for permission are not counted",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE ON pairs
             BEGIN UPDATE pairs SET state_json = json_set(state_json, '$.requests', json('[]'))
               WHERE number = NEW.number AND user = NEW.user; END;
             CREATE TRIGGER planted_too AFTER INSERT ON pairs
             BEGIN UPDATE pairs SET state_json = json_set(state_json, '$.requests', json('[]'))
               WHERE number = NEW.number AND user = NEW.user; END",
        ),
        breaks: &[WithinLimits],
    },
    Mutation {
        name: "permission-survives-revocation",
        mistake: "a permission cannot be taken back",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE ON pairs
             WHEN json_extract(NEW.state_json, '$.granted.kind') = 'none'
               AND json_extract(OLD.state_json, '$.granted.kind') <> 'none'
             BEGIN UPDATE pairs SET state_json = json_set(state_json, '$.granted', json('{\"kind\":\"permanent\"}'))
               WHERE number = NEW.number AND user = NEW.user; END",
        ),
        breaks: &[NoCallWithoutPermission],
    },
    Mutation {
        name: "charge-doubled",
        mistake: "a call is charged twice its pulses",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON charges WHEN NEW.pulses > 0
             BEGIN UPDATE charges SET pulses = pulses * 2, cost = cost * 2 WHERE call = NEW.call; END",
        ),
        breaks: &[Charges],
    },
    Mutation {
        name: "charge-forgotten",
        mistake: "a call the user hung up is not charged",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON charges
             WHEN (SELECT end_cause FROM calls WHERE seq = NEW.call) = 'user_hung_up'
             BEGIN DELETE FROM charges WHERE call = NEW.call; END",
        ),
        breaks: &[Charges],
    },
    Mutation {
        name: "users-call-charged",
        mistake: "a user's call is charged",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE OF state ON calls
             WHEN NEW.state = 'ended' AND NEW.direction = 'USER_INITIATED' AND NEW.answered_at IS NOT NULL
             BEGIN INSERT INTO charges (call, business, market, month, tier, pulses, currency, per_minute, cost)
               VALUES (NEW.seq, 730000000000001, 'GB', '2026-09', '0:', 1, 'USD', 1000, 100); END",
        ),
        breaks: &[Charges],
    },
    Mutation {
        name: "volume-not-kept",
        mistake: "the month's volume forgets the calls before",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER UPDATE ON month_volumes
             BEGIN UPDATE month_volumes SET seconds = NEW.seconds - OLD.seconds
               WHERE business = NEW.business AND market = NEW.market AND month = NEW.month; END",
        ),
        breaks: &[Charges],
    },
    Mutation {
        name: "ring-timeout-lost",
        mistake: "a call rings for ever",
        plant: Plant::Store(
            "CREATE TRIGGER planted AFTER INSERT ON timers WHEN NEW.kind_json LIKE '%ring_timeout%'
             BEGIN DELETE FROM timers WHERE id = NEW.id; END",
        ),
        breaks: &[NothingHangs],
    },
    Mutation {
        name: "recovery-forgets-a-ringing-call",
        mistake: "recovery does not see calls that ring",
        plant: Plant::AtCrash(
            "UPDATE calls SET state = 'ended', end_cause = 'setup_lost', ended_at = placed_at
             WHERE state IN ('ringing', 'pre_accepted')",
        ),
        breaks: &[OneTerminateLast, SurvivesCrash],
    },
    Mutation {
        name: "timers-lost-in-a-crash",
        mistake: "timers are kept in memory only",
        plant: Plant::AtCrash("DELETE FROM timers"),
        breaks: &[DeliveredInOrder, NothingHangs],
    },
    Mutation {
        name: "in-flight-lost-in-a-crash",
        mistake: "a webhook in flight counts as delivered when the process dies",
        plant: Plant::AtCrash(
            "UPDATE deliveries SET state = 'delivered', holds_lane = 0 WHERE state = 'sending'",
        ),
        breaks: &[DeliveredInOrder],
    },
    Mutation {
        name: "last-commit-lost-in-a-crash",
        mistake: "an answer is given before its commit",
        plant: Plant::AtCrash(
            "UPDATE calls SET answered_at = NULL, state = 'ringing', end_cause = NULL, ended_at = NULL
             WHERE seq = (SELECT MAX(seq) FROM calls) AND state <> 'ended'",
        ),
        breaks: &[SurvivesCrash, Charges, OneTerminateLast],
    },
    Mutation {
        name: "clock-goes-back-in-a-crash",
        mistake: "what a jump gained is lost",
        plant: Plant::AtCrash("DELETE FROM meta WHERE key = 'clock'"),
        breaks: &[SurvivesCrash],
    },
];

/// The planted bug of this name.
pub fn named(name: &str) -> Option<&'static Mutation> {
    MUTATIONS.iter().find(|mutation| mutation.name == name)
}
