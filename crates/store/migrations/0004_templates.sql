-- Message templates: all of an account's are read at once, and there are few.

CREATE TABLE templates (
    id            INTEGER PRIMARY KEY,
    waba          INTEGER NOT NULL,
    name          TEXT NOT NULL,
    language      TEXT NOT NULL,
    template_json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX templates_by_name ON templates (waba, name, language);
CREATE INDEX templates_of_waba ON templates (waba, id);

-- Media files. A row comes first, its bytes follow in parts; until `complete` it may be an upload that broke off.

CREATE TABLE media (
    id         INTEGER PRIMARY KEY,
    number     INTEGER NOT NULL,
    mime_type  TEXT NOT NULL,
    sha256     BLOB NOT NULL,
    size       INTEGER NOT NULL,
    use_case   TEXT NOT NULL,
    complete   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE TABLE media_parts (
    id    INTEGER PRIMARY KEY,
    media INTEGER NOT NULL,
    n     INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX media_parts_of_file ON media_parts (media, n);
