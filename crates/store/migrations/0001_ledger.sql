-- Instants are rule time in milliseconds since the Unix epoch; ids are positive and fit 63 bits; words are those of the
-- types' `as_str`; columns named *_json hold nested settings that no query looks into.

-- Who is who.

CREATE TABLE businesses (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE wabas (
    id       INTEGER PRIMARY KEY,
    business INTEGER NOT NULL,
    name     TEXT NOT NULL
) STRICT;

CREATE TABLE numbers (
    id              INTEGER PRIMARY KEY,
    waba            INTEGER NOT NULL,
    digits          INTEGER NOT NULL UNIQUE,
    verified_name   TEXT NOT NULL,
    profile         TEXT NOT NULL,
    messaging_limit TEXT NOT NULL,
    payment_valid   INTEGER NOT NULL,
    settings_json   TEXT NOT NULL
) STRICT;
CREATE INDEX numbers_of_waba ON numbers (waba);

CREATE TABLE apps (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    secret       TEXT NOT NULL,
    business     INTEGER NOT NULL,
    callback_url TEXT,
    verify_token TEXT,
    fields_json  TEXT NOT NULL,
    CHECK ((callback_url IS NULL) = (verify_token IS NULL))
) STRICT;

CREATE TABLE tokens (
    hash        BLOB PRIMARY KEY,
    app         INTEGER NOT NULL,
    business    INTEGER NOT NULL,
    scopes_json TEXT NOT NULL,
    issued_at   INTEGER NOT NULL,
    expires_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
    waba         INTEGER NOT NULL,
    app          INTEGER NOT NULL,
    callback_url TEXT,
    verify_token TEXT,
    PRIMARY KEY (waba, app),
    CHECK ((callback_url IS NULL) = (verify_token IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE number_overrides (
    number       INTEGER NOT NULL,
    app          INTEGER NOT NULL,
    callback_url TEXT NOT NULL,
    verify_token TEXT NOT NULL,
    PRIMARY KEY (number, app)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    seq            INTEGER PRIMARY KEY,
    wa_id          INTEGER NOT NULL UNIQUE,
    name           TEXT,
    country        TEXT,
    behaviour_json TEXT,
    created_at     INTEGER NOT NULL
) STRICT;

-- Calls. Other tables name a call by its `seq`: their indexes grow at one end, where a text of random letters would
-- touch a page of its own for every row.

CREATE TABLE pairs (
    number     INTEGER NOT NULL,
    user       INTEGER NOT NULL,
    state_json TEXT NOT NULL,
    PRIMARY KEY (number, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    seq               INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    number            INTEGER NOT NULL,
    user              INTEGER NOT NULL,
    direction         TEXT NOT NULL,
    state             TEXT NOT NULL,
    -- The 64 bits of an unsigned number: never compared, only handed back.
    bridge            INTEGER NOT NULL,
    placed_at         INTEGER NOT NULL,
    rang_at           INTEGER,
    answered_at       INTEGER,
    business_media_up INTEGER NOT NULL,
    end_cause         TEXT,
    ended_at          INTEGER,
    opaque            TEXT,
    cta_payload       TEXT,
    deeplink_payload  TEXT,
    CHECK ((end_cause IS NULL) = (ended_at IS NULL))
) STRICT;
-- The rule "one live call a pair" holds even against a bug; the same index counts a number's live calls.
CREATE UNIQUE INDEX calls_live ON calls (number, user) WHERE state <> 'ended';
CREATE INDEX calls_connects ON calls (number, placed_at) WHERE direction = 'BUSINESS_INITIATED';
-- In the order of the calls; the number is there to pick a pair's out of a user's without touching the others.
CREATE INDEX calls_of_user ON calls (user, seq, number);

-- Apart from the call, because a call changes its state several times and its long texts hardly ever.
CREATE TABLE call_texts (
    call         INTEGER PRIMARY KEY,
    business_sdp TEXT,
    platform_sdp TEXT NOT NULL,
    report       TEXT
) STRICT;

CREATE TABLE timers (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    due       INTEGER NOT NULL,
    call      INTEGER,
    kind_json TEXT NOT NULL
) STRICT;
CREATE INDEX timers_due ON timers (due);
CREATE INDEX timers_of_call ON timers (call) WHERE call IS NOT NULL;

-- Webhooks.

CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    app        INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    lane       INTEGER,
    field      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state      TEXT NOT NULL,
    holds_lane INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    next_due   INTEGER
) STRICT;
CREATE INDEX deliveries_of_call ON deliveries (lane) WHERE lane IS NOT NULL;
CREATE INDEX deliveries_holding ON deliveries (app, lane) WHERE holds_lane = 1;
CREATE INDEX deliveries_waiting ON deliveries (app, lane) WHERE state = 'waiting';
CREATE INDEX deliveries_sending ON deliveries (state) WHERE state = 'sending';
CREATE INDEX deliveries_finished ON deliveries (created_at) WHERE state IN ('delivered', 'abandoned');

-- Apart from the delivery: its state changes with every attempt, its body never.
CREATE TABLE delivery_bodies (
    delivery INTEGER PRIMARY KEY,
    body     BLOB NOT NULL
) STRICT;

CREATE TABLE attempts (
    id           INTEGER PRIMARY KEY,
    delivery     INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    url          TEXT NOT NULL,
    headers_json TEXT NOT NULL,
    at           INTEGER NOT NULL,
    took_us      INTEGER NOT NULL,
    status       INTEGER,
    note         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempts_of_delivery ON attempts (delivery, number);

-- The platform's own.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
