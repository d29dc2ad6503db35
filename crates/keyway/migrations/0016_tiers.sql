-- Levels of organisations, the operator's: what their keys are held to when nothing is said, what they
-- begin with, what they pay above cost, what they may call. A limit that is NULL is none.
CREATE TABLE tiers (
    id                       TEXT   NOT NULL PRIMARY KEY,
    name                     TEXT   NOT NULL UNIQUE,
    requests_per_minute      BIGINT,
    tokens_per_minute        BIGINT,
    requests_per_day         BIGINT,
    tokens_per_day           BIGINT,
    concurrency              BIGINT,
    starting_credit_nanousd  BIGINT NOT NULL,
    markup_ppm               BIGINT NOT NULL,   -- millionths of the cost, on top of it
    models                   TEXT,              -- JSON list of names and patterns; absent: every model
    capabilities             TEXT,              -- JSON list; absent: every one
    created_ms               BIGINT NOT NULL
);
INSERT INTO tiers (id, name, requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, concurrency,
    starting_credit_nanousd, markup_ppm, models, capabilities, created_ms) VALUES
    ('tier_new', 'new', 10, 40000, 200, 1000000, 3, 0, 0, NULL, NULL, 0),
    ('tier_verified', 'verified', 60, 200000, 5000, 20000000, 20, 0, 0, NULL, NULL, 0),
    ('tier_business', 'business', 600, 2000000, NULL, NULL, 200, 0, 0, NULL, NULL, 0),
    ('tier_developer', 'developer', 120, 400000, NULL, NULL, 40, 0, 0, NULL, NULL, 0);

-- Without a tier: the operator's own, at cost.
ALTER TABLE organizations ADD COLUMN tier_id TEXT REFERENCES tiers (id);
