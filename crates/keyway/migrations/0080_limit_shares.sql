-- Limits that several nodes keep together: what no node holds of each, and what each node holds.

-- Times are the database's clock, unix milliseconds. A level is units times milliseconds of the period.
CREATE TABLE limit_pools (
    subject_id   TEXT   NOT NULL,   -- key_..., proj_..., org_...
    model        TEXT   NOT NULL,   -- provider/name; empty: every model together
    kind         TEXT   NOT NULL,   -- requests_per_minute, ...
    limit_units  BIGINT NOT NULL,
    units        BIGINT NOT NULL,   -- below 0 while nodes hold more than a limit that was made smaller
    level        BIGINT NOT NULL CHECK (level >= 0),
    at_ms        BIGINT NOT NULL,
    wanted_ms    BIGINT NOT NULL,   -- when a node last lacked something that others held; 0: never
    PRIMARY KEY (subject_id, model, kind)
);
CREATE INDEX limit_pools_by_want ON limit_pools (wanted_ms);

-- Each start of a node that holds shares. One that was not seen for valid_ms and some seconds uses them no
-- more, for it answers nothing without the database.
CREATE TABLE limit_holders (
    boot      TEXT   NOT NULL PRIMARY KEY,
    node      TEXT   NOT NULL,
    seen_ms   BIGINT NOT NULL,
    valid_ms  BIGINT NOT NULL,
    lost      BIGINT NOT NULL   -- 1: its rates went back to the pools, as used up
);

CREATE TABLE limit_shares (
    boot        TEXT   NOT NULL,
    subject_id  TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    units       BIGINT NOT NULL CHECK (units >= 0),
    wants       BIGINT NOT NULL,   -- what was asked of it in the last seconds, in its units
    wants_ms    BIGINT NOT NULL,
    PRIMARY KEY (boot, subject_id, model, kind)
);
CREATE INDEX limit_shares_by_subject ON limit_shares (subject_id, model, kind);
