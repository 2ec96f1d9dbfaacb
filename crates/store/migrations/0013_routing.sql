-- Conversation routing: what a business set for an account or a number, and who answers in which thread.

-- `node` is the account's or the number's id: ids of nodes are never used twice.
CREATE TABLE routing (
    node       INTEGER PRIMARY KEY,
    rules_json TEXT NOT NULL
) STRICT;

CREATE TABLE threads (
    number     INTEGER NOT NULL,
    user       INTEGER NOT NULL,
    state_json TEXT NOT NULL,
    PRIMARY KEY (number, user)
) STRICT, WITHOUT ROWID;

-- Whose message it is: its statuses go to the business of this app.
ALTER TABLE messages ADD COLUMN app INTEGER;
