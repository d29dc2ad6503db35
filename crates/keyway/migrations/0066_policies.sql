-- What a project or a key wants done with its requests.
-- One text for SQLite and PostgreSQL: text ids, JSON as TEXT.

CREATE TABLE request_policies (
    subject_id  TEXT  NOT NULL PRIMARY KEY,   -- proj_... or key_...
    body        TEXT  NOT NULL                -- JSON object, as `access::policy` writes it
);
