-- Business-scoped ids of users.

-- The id under which a portfolio knows a user, from the first time it was shown on: it stays when the user's country
-- changes.
CREATE TABLE user_ids (
    business INTEGER NOT NULL,
    user     INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    PRIMARY KEY (business, user)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX user_ids_by_id ON user_ids (business, user_id);

-- The portfolio above a portfolio: its ids of users are shown as well.
CREATE TABLE business_parents (
    business INTEGER PRIMARY KEY,
    parent   INTEGER NOT NULL
) STRICT;
