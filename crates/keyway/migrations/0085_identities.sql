-- Who people are elsewhere: a provider's word for them. Never by their address.
CREATE TABLE identities (
    issuer      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    user_id     TEXT   NOT NULL REFERENCES users (id),
    provider    TEXT   NOT NULL,   -- its name in the settings when it was linked
    shown       TEXT   NOT NULL,   -- what they are called there
    created_ms  BIGINT NOT NULL,
    used_ms     BIGINT NOT NULL,   -- when they last came in by it
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id, created_ms);

-- Who is on the way to a provider and back; each comes back once.
CREATE TABLE departures (
    digest      TEXT   NOT NULL PRIMARY KEY,   -- of the state
    visit       TEXT   NOT NULL,               -- digest of the browser's visit
    provider    TEXT   NOT NULL,
    purpose     TEXT   NOT NULL,               -- enter | link | confirm
    session_id  TEXT   NOT NULL,               -- empty for enter
    next        TEXT   NOT NULL,
    expires_ms  BIGINT NOT NULL
);
CREATE INDEX departures_by_end ON departures (expires_ms);
