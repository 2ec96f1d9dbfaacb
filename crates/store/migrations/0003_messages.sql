-- Messages, their cards and the media they carry.

CREATE TABLE messages (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    number     INTEGER NOT NULL,
    user       INTEGER NOT NULL,
    author     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    kind_json  TEXT NOT NULL,
    context    TEXT,
    status     TEXT NOT NULL,
    error      INTEGER,
    opaque     TEXT,
    -- Whether it asks for permission to call.
    is_request INTEGER NOT NULL,
    CHECK ((status = 'failed') = (error IS NOT NULL))
) STRICT;
CREATE INDEX messages_of_pair ON messages (number, user, seq);
CREATE INDEX messages_requests ON messages (number, user, seq) WHERE is_request = 1 AND status <> 'failed';
CREATE INDEX messages_unread ON messages (number, user, author, seq) WHERE status IN ('sent', 'delivered');
CREATE INDEX messages_undelivered ON messages (user, seq) WHERE status = 'sent' AND author = 'business';
