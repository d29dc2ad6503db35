-- Opaque tokens made from a key: gone with it, and soon anyway. No change record: any node finds one here.
CREATE TABLE ephemeral_tokens (
    kid         TEXT   NOT NULL PRIMARY KEY,
    key_id      TEXT   NOT NULL REFERENCES keys (id),
    secret_kid  TEXT   NOT NULL,   -- the secret it was made with
    digest      TEXT   NOT NULL,   -- hex of HMAC-SHA-256 under the installation's pepper
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL,
    narrowed    TEXT   NOT NULL    -- JSON object: scopes, models, ip; absent: as the key
);
CREATE INDEX ephemeral_tokens_by_key ON ephemeral_tokens (key_id, expires_ms);
CREATE INDEX ephemeral_tokens_by_end ON ephemeral_tokens (expires_ms);
