-- Rate limits and concurrency of keys, projects and organisations. A column that is NULL is no limit;
-- a row without any limit does not exist.
CREATE TABLE rate_limits (
    subject_id           TEXT   NOT NULL,   -- key_..., proj_... or org_...
    model                TEXT   NOT NULL,   -- provider/name; '': every model together
    requests_per_minute  BIGINT,
    tokens_per_minute    BIGINT,
    requests_per_day     BIGINT,
    tokens_per_day       BIGINT,
    concurrency          BIGINT,
    PRIMARY KEY (subject_id, model)
);
