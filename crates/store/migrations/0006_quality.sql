-- Quality windows, notices and mail.

-- Marks of a number by the hour. An hour is written often and read in windows of a week.
CREATE TABLE quality_counts (
    number            INTEGER NOT NULL,
    hour              INTEGER NOT NULL,
    business_call     INTEGER NOT NULL DEFAULT 0,
    business_feedback INTEGER NOT NULL DEFAULT 0,
    user_answered     INTEGER NOT NULL DEFAULT 0,
    user_missed       INTEGER NOT NULL DEFAULT 0,
    user_feedback     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (number, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_counts_hour ON quality_counts (hour);

-- When a user's feedback on a direction last counted: one who blocks and reports counts once a window.
CREATE TABLE quality_feedback (
    number    INTEGER NOT NULL,
    user      INTEGER NOT NULL,
    direction TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (number, user, direction)
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_feedback_at ON quality_feedback (at);

CREATE TABLE mails (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    business   INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    recipient  TEXT,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state      TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    next_due   INTEGER,
    note       TEXT NOT NULL
) STRICT;
CREATE INDEX mails_sending ON mails (state) WHERE state = 'sending';
CREATE INDEX mails_finished ON mails (created_at) WHERE state IN ('kept', 'sent', 'failed');

-- Who gets the mail of a portfolio.
ALTER TABLE businesses ADD COLUMN contacts_json TEXT NOT NULL DEFAULT '[]';
