-- Charge records, tiers and the figures of analytics.

-- What a call cost, one row a call that was charged. Money is in millionths of the currency's unit.
CREATE TABLE charges (
    call       INTEGER PRIMARY KEY,
    business   INTEGER NOT NULL,
    market     TEXT NOT NULL,
    month      TEXT NOT NULL,
    tier       TEXT NOT NULL,
    pulses     INTEGER NOT NULL,
    currency   TEXT NOT NULL,
    per_minute INTEGER NOT NULL,
    cost       INTEGER NOT NULL
) STRICT;

-- The volume that decides the tier.
CREATE TABLE month_volumes (
    business INTEGER NOT NULL,
    market   TEXT NOT NULL,
    month    TEXT NOT NULL,
    seconds  INTEGER NOT NULL,
    PRIMARY KEY (business, market, month)
) STRICT, WITHOUT ROWID;

-- Sums of ended calls, so that a question about a year reads sums and not calls: kept for half hours and for days (`span`, in
-- seconds), for each number and for its whole account (`waba`). An account with many numbers is not summed up anew for
-- every question, and a year of days is not put together from half hours.
CREATE TABLE call_sums (
    span           INTEGER NOT NULL,
    waba           INTEGER NOT NULL,
    -- 0 stands for all numbers of the account.
    number         INTEGER NOT NULL,
    start          INTEGER NOT NULL,
    -- Empty for numbers of no country.
    country        TEXT NOT NULL,
    user_initiated INTEGER NOT NULL,
    calls          INTEGER NOT NULL,
    seconds        INTEGER NOT NULL,
    cost           INTEGER NOT NULL,
    PRIMARY KEY (span, waba, number, start, country, user_initiated)
) STRICT, WITHOUT ROWID;

-- What happened to a call, in order. `request` is the id the API's answer carried, where a request did it.
CREATE TABLE call_events (
    call    INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    act     TEXT NOT NULL,
    detail  TEXT,
    request TEXT,
    PRIMARY KEY (call, n)
) STRICT, WITHOUT ROWID;

-- A number's log in the order of its calls.
CREATE INDEX calls_of_number ON calls (number, seq);
