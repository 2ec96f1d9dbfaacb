-- Who a user is to a business.

-- Of two forms of a number (Mexico, Argentina, Brazil) one is stored: `known_by` in crates/types/src/phone/two_forms.rs.
CREATE TEMP TABLE known_by AS
SELECT n AS former, CASE
    WHEN n BETWEEN 522000000000 AND 529999999999 THEN n + 4690000000000
    WHEN n BETWEEN 541000000000 AND 543999999999 THEN n + 4950000000000
    WHEN n BETWEEN 550000000000 AND 559999999999 AND n / 10000000 % 10 BETWEEN 6 AND 9
        AND (n / 100000000 % 100 BETWEEN 11 AND 19 OR n / 100000000 % 100 IN (21, 22, 24, 27, 28))
        THEN n / 100000000 * 1000000000 + 900000000 + n % 100000000
    WHEN n BETWEEN 5500000000000 AND 5599999999999 AND n / 100000000 % 10 = 9 AND n / 10000000 % 10 BETWEEN 6 AND 9
        AND NOT (n / 1000000000 % 100 BETWEEN 11 AND 19 OR n / 1000000000 % 100 IN (21, 22, 24, 27, 28))
        THEN n / 1000000000 * 100000000 + n % 100000000
    ELSE n
END AS number
FROM (
    SELECT wa_id AS n FROM users UNION SELECT digits FROM numbers UNION SELECT user FROM pairs UNION SELECT user FROM calls
    UNION SELECT user FROM messages UNION SELECT user FROM user_ids UNION SELECT user FROM quality_feedback
    UNION SELECT user FROM allow_list
);
DELETE FROM known_by WHERE former = number;
-- Where both forms had rows, those of the one that stays hold.
UPDATE OR IGNORE users SET wa_id = k.number FROM known_by k WHERE wa_id = k.former;
DELETE FROM users WHERE wa_id IN (SELECT former FROM known_by);
UPDATE OR IGNORE numbers SET digits = k.number FROM known_by k WHERE digits = k.former;
UPDATE OR IGNORE pairs SET user = k.number FROM known_by k WHERE user = k.former;
DELETE FROM pairs WHERE user IN (SELECT former FROM known_by);
UPDATE OR IGNORE calls SET user = k.number FROM known_by k WHERE user = k.former;
UPDATE messages SET user = k.number FROM known_by k WHERE user = k.former;
UPDATE OR IGNORE user_ids SET user = k.number FROM known_by k WHERE user = k.former;
DELETE FROM user_ids WHERE user IN (SELECT former FROM known_by);
UPDATE OR IGNORE quality_feedback SET user = k.number FROM known_by k WHERE user = k.former;
DELETE FROM quality_feedback WHERE user IN (SELECT former FROM known_by);
UPDATE OR IGNORE allow_list SET user = k.number FROM known_by k WHERE user = k.former;
DELETE FROM allow_list WHERE user IN (SELECT former FROM known_by);
DROP TABLE known_by;

-- One portfolio can see a user as the owner of a number and as the one above: two ids, the latter with ENT.
CREATE TABLE shown_ids (
    business INTEGER NOT NULL,
    user     INTEGER NOT NULL,
    parent   INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    PRIMARY KEY (business, user, parent)
) STRICT, WITHOUT ROWID;
INSERT INTO shown_ids SELECT business, user, 0, user_id FROM user_ids WHERE business IN (SELECT business FROM wabas);
INSERT INTO shown_ids SELECT business, user, 1, substr(user_id, 1, 3) || 'ENT.' || substr(user_id, 4) FROM user_ids
    WHERE business IN (SELECT parent FROM business_parents) OR business NOT IN (SELECT business FROM wabas);
DROP TABLE user_ids;
ALTER TABLE shown_ids RENAME TO user_ids;
CREATE UNIQUE INDEX user_ids_by_id ON user_ids (business, user_id);
CREATE INDEX user_ids_of_user ON user_ids (user);

-- How many people gave a number up: whoever has it next is somebody else.
CREATE TABLE former_holders (
    number INTEGER PRIMARY KEY,
    count  INTEGER NOT NULL
) STRICT;

-- Which business numbers know a user, when the two last met by the user's number, and whether that is in the contact book.
CREATE TABLE acquaintances (
    user    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    met_at  INTEGER,
    in_book INTEGER NOT NULL,
    PRIMARY KEY (user, number)
) STRICT, WITHOUT ROWID;
INSERT INTO acquaintances
SELECT user, number, MAX(at), MAX(at) IS NOT NULL FROM (
    SELECT user, number, placed_at AS at FROM calls
    UNION ALL SELECT user, number, at FROM messages WHERE author <> 'platform' AND status <> 'failed'
    UNION ALL SELECT user, number, NULL FROM pairs
) GROUP BY user, number;

-- Whether the portfolio keeps a contact book.
ALTER TABLE businesses ADD COLUMN contact_book INTEGER NOT NULL DEFAULT 1;

-- No field of webhooks: a user's other id is told on `messages`.
UPDATE apps SET fields_json = (SELECT json_group_array(value) FROM json_each(fields_json) WHERE value <> 'user_id_update')
    WHERE fields_json LIKE '%user_id_update%';
