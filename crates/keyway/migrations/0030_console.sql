-- People who sign in: what they prove themselves by, their sessions, and links that work once.

ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN operator BIGINT NOT NULL DEFAULT 0;    -- of the installation: above organisations
ALTER TABLE users ADD COLUMN verified_ms BIGINT;                    -- the address was shown to be read by them
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';    -- IANA name; empty: the browser's
ALTER TABLE users ADD COLUMN terms_version TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN terms_ms BIGINT;

-- Apart from users, so that no list of people ever reads one.
CREATE TABLE passwords (
    user_id     TEXT   NOT NULL PRIMARY KEY REFERENCES users (id),
    hash        TEXT   NOT NULL,   -- argon2id in PHC form, of a digest under the installation's pepper
    changed_ms  BIGINT NOT NULL
);

CREATE TABLE sessions (
    id            TEXT   NOT NULL PRIMARY KEY,
    kid           TEXT   NOT NULL UNIQUE,
    digest        TEXT   NOT NULL,
    user_id       TEXT   NOT NULL REFERENCES users (id),
    org_id        TEXT   NOT NULL,   -- the one it looks at; empty: its person is in none
    created_ms    BIGINT NOT NULL,
    seen_ms       BIGINT NOT NULL,
    idle_ms       BIGINT NOT NULL,   -- a span
    expires_ms    BIGINT NOT NULL,
    confirmed_ms  BIGINT NOT NULL,   -- when the password was last given
    ip            TEXT   NOT NULL,
    user_agent    TEXT   NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (expires_ms);

-- Links that work once: set-up, verification of an address, a new password.
CREATE TABLE once_links (
    digest      TEXT   NOT NULL PRIMARY KEY,
    purpose     TEXT   NOT NULL,   -- setup | verify | reset | address
    user_id     TEXT   NOT NULL,   -- empty for setup
    email       TEXT   NOT NULL,   -- what it is about, lower case
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL
);
CREATE INDEX once_links_by_user ON once_links (user_id, purpose);
CREATE INDEX once_links_by_end ON once_links (expires_ms);
