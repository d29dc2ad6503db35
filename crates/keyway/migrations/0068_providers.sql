-- Providers that were set at run time, and what was turned off.
CREATE TABLE providers (
    id          TEXT   NOT NULL PRIMARY KEY,   -- the name before the slash of its models
    fields      TEXT,                          -- as in keyway.toml; absent: the row is the program's or the file's
    disabled    BIGINT NOT NULL,
    changed_ms  BIGINT NOT NULL
);

-- Credentials at providers. What they are is sealed: sealing/envelope.rs.
CREATE TABLE provider_credentials (
    id             TEXT   NOT NULL PRIMARY KEY,   -- cred_...
    provider       TEXT   NOT NULL,
    org_id         TEXT   NOT NULL,               -- whose account it is; empty: the installation's
    name           TEXT   NOT NULL,
    hint           TEXT   NOT NULL,               -- its last characters; empty where there are too few
    sealed         TEXT   NOT NULL,
    seal           TEXT   NOT NULL,               -- seal_...: bound into `sealed`, and said by the audit record of its making
    state          TEXT   NOT NULL,               -- enabled | disabled | broken
    last_error     TEXT,
    last_error_ms  BIGINT,
    created_ms     BIGINT NOT NULL,
    changed_ms     BIGINT NOT NULL
);
CREATE INDEX provider_credentials_by_owner ON provider_credentials (org_id, provider, id);
CREATE INDEX audit_log_by_object ON audit_log (object_id, seq);

-- What keys, digests and tokens are derived from, sealed under the master key; absent: the master key itself.
ALTER TABLE installation ADD COLUMN root TEXT;
