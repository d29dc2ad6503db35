-- What people are to be told, written in the transaction of what it is about, for a sender to take.
CREATE TABLE outbox (
    id          TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL REFERENCES organizations (id),
    kind        TEXT   NOT NULL,   -- event name of the audit log
    recipient   TEXT   NOT NULL,   -- e-mail address
    detail      TEXT   NOT NULL,   -- JSON object
    created_ms  BIGINT NOT NULL,
    sent_ms     BIGINT             -- absent: it waits
);
CREATE INDEX outbox_by_org ON outbox (org_id, id);
CREATE INDEX outbox_waiting ON outbox (id) WHERE sent_ms IS NULL;
