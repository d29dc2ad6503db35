-- Messages leave: to people by e-mail, to programs by webhook. Each is claimed before it is sent.
-- url_sealed: sealed under a subkey of the master key, for such URLs are often secrets. The secret that signs
-- is derived from the master key, the id and the version: it is nowhere.
CREATE TABLE webhooks (
    id              TEXT   NOT NULL PRIMARY KEY,
    org_id          TEXT   NOT NULL REFERENCES organizations (id),
    name            TEXT   NOT NULL,
    url_sealed      TEXT   NOT NULL,
    url_shown       TEXT   NOT NULL,   -- scheme and host
    form            TEXT   NOT NULL CHECK (form IN ('standard', 'slack')),
    secret_version  BIGINT NOT NULL,
    created_ms      BIGINT NOT NULL,
    disabled_ms     BIGINT,            -- absent while it is sent to
    archived_ms     BIGINT
);
CREATE INDEX webhooks_by_org ON webhooks (org_id, id);

ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL DEFAULT 'email';   -- email | webhook: the recipient is its id
ALTER TABLE outbox ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next_ms BIGINT NOT NULL DEFAULT 0;       -- not tried before
ALTER TABLE outbox ADD COLUMN claimed_by TEXT;                         -- the start of a server that sends it now
ALTER TABLE outbox ADD COLUMN claimed_until_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN failed_ms BIGINT;                        -- given up
ALTER TABLE outbox ADD COLUMN last_error TEXT;
-- Nothing was sent until now: what has waited is old by now, and not to come all at once.
UPDATE outbox SET failed_ms = created_ms, last_error = 'written before messages were sent' WHERE sent_ms IS NULL;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_due ON outbox (next_ms, id) WHERE sent_ms IS NULL AND failed_ms IS NULL;
CREATE INDEX outbox_by_recipient ON outbox (recipient, next_ms) WHERE sent_ms IS NULL AND failed_ms IS NULL;
