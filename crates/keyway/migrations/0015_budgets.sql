-- What may be spent, by whom and on what, in which window of time. What was spent is the ledger's.
-- A selector that is NULL selects everybody, or everything; those that are not must all fit.
CREATE TABLE budgets (
    id             TEXT   NOT NULL PRIMARY KEY,
    org_id         TEXT   NOT NULL REFERENCES organizations (id),
    name           TEXT   NOT NULL,
    limit_nanousd  BIGINT NOT NULL CHECK (limit_nanousd > 0),
    window_kind    TEXT   NOT NULL CHECK (window_kind IN ('day', 'week', 'month', 'total')),
    time_zone      TEXT   NOT NULL,   -- IANA name
    enforcement    TEXT   NOT NULL CHECK (enforcement IN ('hard', 'soft')),
    reserve        TEXT   NOT NULL CHECK (reserve IN ('sliding', 'full')),
    thresholds     TEXT   NOT NULL,   -- JSON list of percents, ascending
    project_id     TEXT   REFERENCES projects (id),   -- of a key's budget: the key's project
    key_id         TEXT   REFERENCES keys (id),
    token_id       TEXT,              -- a token made from the key
    user_id        TEXT,              -- owner of keys: a user or a service account
    model          TEXT,              -- name or pattern
    label          TEXT,              -- name=value
    end_user       TEXT,              -- as requests name theirs
    source         TEXT   NOT NULL,   -- api | key | token
    epoch          BIGINT NOT NULL,   -- rises with each edit
    created_ms     BIGINT NOT NULL,
    archived_ms    BIGINT
);
CREATE INDEX budgets_by_org ON budgets (org_id, id);
CREATE INDEX budgets_by_key ON budgets (key_id, id);
