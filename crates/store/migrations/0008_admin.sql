-- Objects as an administrator lists and changes them.

ALTER TABLE wabas ADD COLUMN currency TEXT NOT NULL DEFAULT 'USD';
ALTER TABLE wabas ADD COLUMN timezone_id TEXT NOT NULL DEFAULT '0';
-- An index on a table with a row id ends with it: each of these lists its part in the order of ids.
CREATE INDEX wabas_of_business ON wabas (business);
CREATE INDEX apps_of_business ON apps (business);

ALTER TABLE tokens ADD COLUMN id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN revoked_at INTEGER;
UPDATE tokens SET id = 740000000000000 + abs(random() % 10000000000000);
CREATE UNIQUE INDEX tokens_by_id ON tokens (id);
CREATE INDEX tokens_of_business ON tokens (business, id);
CREATE INDEX tokens_of_app ON tokens (app);

CREATE INDEX subscriptions_of_app ON subscriptions (app);
CREATE INDEX number_overrides_of_app ON number_overrides (app);

CREATE TABLE role_grants (
    id         INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    business   INTEGER,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX role_grants_of_business ON role_grants (business) WHERE business IS NOT NULL;

-- Whom a test number may reach.
CREATE TABLE allow_list (
    number INTEGER NOT NULL,
    user   INTEGER NOT NULL,
    PRIMARY KEY (number, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE pictures (
    number INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT;
