-- House rules: ids are ours (text), times BIGINT unix milliseconds, JSON as TEXT, 0/1 for yes/no.
-- The same text runs on SQLite and PostgreSQL.

CREATE TABLE installation (
    id            BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    master_check  TEXT   NOT NULL,
    created_ms    BIGINT NOT NULL
);

-- One row: the gapless order of every administrative change, and the head of the audit chain.
CREATE TABLE change_head (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq         BIGINT NOT NULL,
    audit_hash  TEXT   NOT NULL
);
INSERT INTO change_head (id, seq, audit_hash) VALUES (1, 0, '');

CREATE TABLE changes (
    seq        BIGINT NOT NULL PRIMARY KEY,
    at_ms      BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    object_id  TEXT   NOT NULL
);

CREATE TABLE audit_log (
    seq         BIGINT NOT NULL PRIMARY KEY,
    at_ms       BIGINT NOT NULL,
    org_id      TEXT   NOT NULL,
    project_id  TEXT,
    actor_kind  TEXT   NOT NULL,
    actor_id    TEXT   NOT NULL,
    actor_ip    TEXT,
    event       TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    hash        TEXT   NOT NULL
);
CREATE INDEX audit_log_by_org ON audit_log (org_id, seq);

CREATE TABLE organizations (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    created_ms   BIGINT NOT NULL,
    archived_ms  BIGINT
);

CREATE TABLE projects (
    id           TEXT   NOT NULL PRIMARY KEY,
    org_id       TEXT   NOT NULL REFERENCES organizations (id),
    name         TEXT   NOT NULL,
    environment  TEXT   NOT NULL,
    created_ms   BIGINT NOT NULL,
    archived_ms  BIGINT
);
CREATE INDEX projects_by_org ON projects (org_id, id);

-- A key is an identity; its secrets are rows of their own, so that it can have several.
CREATE TABLE keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,   -- project | admin
    mode         TEXT   NOT NULL,   -- live | test
    org_id       TEXT   NOT NULL REFERENCES organizations (id),
    project_id   TEXT   REFERENCES projects (id),   -- absent: an admin key
    name         TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    owner_id     TEXT   NOT NULL,   -- empty: nobody in particular
    scopes       TEXT,              -- JSON list; absent: the kind's defaults
    models       TEXT,              -- JSON list of names and patterns; absent: every model
    status       TEXT   NOT NULL,   -- active | disabled | revoked
    created_ms   BIGINT NOT NULL,
    expires_ms   BIGINT,
    revoked_ms   BIGINT
);
CREATE INDEX keys_by_project ON keys (project_id, id);
CREATE INDEX keys_by_org ON keys (org_id, kind, id);

CREATE TABLE key_secrets (
    kid           TEXT   NOT NULL PRIMARY KEY,
    key_id        TEXT   NOT NULL REFERENCES keys (id),
    digest        TEXT   NOT NULL,   -- hex of HMAC-SHA-256 under the installation's pepper
    created_ms    BIGINT NOT NULL,
    expires_ms    BIGINT,
    last_used_ms  BIGINT,
    last_used_ip  TEXT
);
CREATE INDEX key_secrets_by_key ON key_secrets (key_id, kid);

CREATE TABLE idempotency (
    actor_id    TEXT   NOT NULL,
    path        TEXT   NOT NULL,
    idem_key    TEXT   NOT NULL,
    body_hash   TEXT   NOT NULL,
    at_ms       BIGINT NOT NULL,
    response    TEXT   NOT NULL,
    PRIMARY KEY (actor_id, path, idem_key)
);

CREATE TABLE nodes (
    id          TEXT   NOT NULL PRIMARY KEY,
    boot        TEXT   NOT NULL,
    version     TEXT   NOT NULL,
    listen      TEXT   NOT NULL,
    started_ms  BIGINT NOT NULL,
    seen_ms     BIGINT NOT NULL,
    seen_seq    BIGINT NOT NULL,
    health      TEXT   NOT NULL
);
