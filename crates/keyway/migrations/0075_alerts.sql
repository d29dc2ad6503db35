-- What is worth telling somebody, what was told, and what that is found in.

-- A rule. Preset ones are in the program; one that was changed or removed has its row here, under the id it has.
CREATE TABLE alerts (
    id                TEXT   NOT NULL PRIMARY KEY,
    org_id            TEXT   NOT NULL REFERENCES organizations (id),
    name              TEXT   NOT NULL,
    kind              TEXT   NOT NULL,
    project_id        TEXT   REFERENCES projects (id),
    key_id            TEXT   REFERENCES keys (id),
    threshold_nano    BIGINT,            -- in the kind's unit, times a billion; absent: the kind's own
    span              TEXT,              -- minute | hour | day
    events            TEXT   NOT NULL,   -- JSON list of names of the audit log
    channels          TEXT   NOT NULL,   -- JSON list
    act               TEXT,              -- JSON object; absent: it only tells
    preset            TEXT   NOT NULL,   -- empty: somebody made it
    enabled           BIGINT NOT NULL,
    snoozed_until_ms  BIGINT,
    created_ms        BIGINT NOT NULL,
    archived_ms       BIGINT
);
CREATE INDEX alerts_by_org ON alerts (org_id, id);

-- Each occurrence once. What lasts is open until it has ended; of one thing, a rule has one open at a time.
CREATE TABLE alert_events (
    id          TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL REFERENCES organizations (id),
    alert_id    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    occurrence  TEXT   NOT NULL,
    project_id  TEXT,
    key_id      TEXT,
    at_ms       BIGINT NOT NULL,
    last_ms     BIGINT NOT NULL,
    ended_ms    BIGINT,
    detail      TEXT   NOT NULL,
    UNIQUE (alert_id, occurrence)
);
CREATE UNIQUE INDEX alert_events_open ON alert_events (alert_id, subject) WHERE ended_ms IS NULL;
CREATE INDEX alert_events_by_org ON alert_events (org_id, id);
CREATE INDEX alert_events_by_key ON alert_events (key_id, id) WHERE key_id IS NOT NULL;

-- Networks that live keys were used from: /24 of IPv4, /48 of IPv6.
CREATE TABLE key_networks (
    key_id      TEXT   NOT NULL,
    network     TEXT   NOT NULL,
    org_id      TEXT   NOT NULL,
    project_id  TEXT   NOT NULL,
    first_ms    BIGINT NOT NULL,
    last_ms     BIGINT NOT NULL,
    PRIMARY KEY (key_id, network)
);
CREATE INDEX key_networks_new ON key_networks (first_ms);

-- What a live key used by hour, and in its busiest minute: the past that rules look back on, 16 days of it.
CREATE TABLE key_hours (
    org_id        TEXT   NOT NULL,
    key_id        TEXT   NOT NULL,
    hour_ms       BIGINT NOT NULL,
    requests      BIGINT NOT NULL,
    peak_requests BIGINT NOT NULL,
    sell_nanousd  BIGINT NOT NULL,
    peak_nanousd  BIGINT NOT NULL,
    PRIMARY KEY (org_id, key_id, hour_ms)
);

-- How tries at providers ended, by minute, from live traffic.
CREATE TABLE provider_minutes (
    provider   TEXT   NOT NULL,
    minute_ms  BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    failed     BIGINT NOT NULL,   -- no answer, or 5xx
    refused    BIGINT NOT NULL,   -- our credential: 401, 403
    unpaid     BIGINT NOT NULL,   -- our account: 402
    limited    BIGINT NOT NULL,   -- 429
    PRIMARY KEY (provider, minute_ms)
);
CREATE INDEX provider_minutes_by_time ON provider_minutes (minute_ms);

-- One row: which span of time was looked at last, whoever looked; and up to which record of the audit log.
CREATE TABLE watch_state (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    slot_ms    BIGINT NOT NULL,
    hour_ms    BIGINT NOT NULL,
    audit_seq  BIGINT NOT NULL
);
INSERT INTO watch_state (id, slot_ms, hour_ms, audit_seq) SELECT 1, 0, 0, seq FROM change_head;

CREATE INDEX keys_by_expiry ON keys (expires_ms) WHERE expires_ms IS NOT NULL AND status = 'active';
CREATE INDEX keys_by_exposure ON keys (exposed_ms) WHERE exposed_ms IS NOT NULL;
CREATE INDEX key_secrets_by_age ON key_secrets (created_ms);
