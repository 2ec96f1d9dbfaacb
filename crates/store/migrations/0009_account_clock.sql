-- The clock of an account, and what its messages count as on the bill.

-- IANA name: days and months of charges and figures go by it.
ALTER TABLE wabas ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';

-- What a message counts as, decided when it was sent.
ALTER TABLE messages ADD COLUMN pricing_json TEXT;

-- How many messages other than templates a number sent in a month of its account.
CREATE TABLE service_messages (
    number INTEGER NOT NULL,
    month  TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (number, month)
) STRICT, WITHOUT ROWID;
