-- What requests used: journal cursors, the request log, rollups.
-- One text for SQLite and PostgreSQL: text ids, BIGINT milliseconds, 0/1 for booleans, BYTEA for bytes
-- (SQLite knows no such type and keeps a blob a blob).

-- One row per start of a server. 'closed': everything its journal said is in the tables below.
CREATE TABLE journal_boot (
    boot TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    opened_ms BIGINT NOT NULL,
    closed_ms BIGINT
);

-- How far a shard's journal has been taken in; moves in the transaction that stores what it passed.
CREATE TABLE journal_cursor (
    boot TEXT NOT NULL REFERENCES journal_boot (boot) ON DELETE CASCADE,
    shard BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    byte_offset BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (boot, shard)
);

-- Journal records that could not be stored: kept for a person to look at.
CREATE TABLE usage_quarantine (
    id TEXT PRIMARY KEY,
    boot TEXT NOT NULL,
    shard BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    reason TEXT NOT NULL,
    body BYTEA NOT NULL
);

-- Request lines, packed: up to 256 of one organisation in order of their ids, body as `store::requests` writes it.
CREATE TABLE request_batches (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    first_request TEXT NOT NULL,
    last_request TEXT NOT NULL,
    count BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX request_batches_newest ON request_batches (org_id, last_request, id);

-- Which batches hold a line with a value, so that a filter opens no others.
CREATE TABLE request_facets (
    org_id TEXT NOT NULL,
    facet TEXT NOT NULL CHECK (facet IN ('project', 'key', 'user', 'model', 'provider', 'status')),
    value TEXT NOT NULL,
    last_request TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    PRIMARY KEY (org_id, facet, value, last_request, batch_id)
);

-- Sums by minute ('m'), hour ('h') and day ('d'), UTC. label '' is the whole; one more row per label.
CREATE TABLE usage_rollup (
    width TEXT NOT NULL CHECK (width IN ('m', 'h', 'd')),
    bucket_ms BIGINT NOT NULL,
    org_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    model_asked TEXT NOT NULL,
    model_served TEXT NOT NULL,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    test BIGINT NOT NULL,
    requests BIGINT NOT NULL DEFAULT 0, errors_client BIGINT NOT NULL DEFAULT 0,
    errors_limited BIGINT NOT NULL DEFAULT 0, errors_upstream BIGINT NOT NULL DEFAULT 0,
    errors_internal BIGINT NOT NULL DEFAULT 0, errors_cancelled BIGINT NOT NULL DEFAULT 0,
    in_uncached BIGINT NOT NULL DEFAULT 0, cache_read BIGINT NOT NULL DEFAULT 0,
    cache_write_5m BIGINT NOT NULL DEFAULT 0, cache_write_1h BIGINT NOT NULL DEFAULT 0,
    in_audio BIGINT NOT NULL DEFAULT 0, in_image BIGINT NOT NULL DEFAULT 0, out_text BIGINT NOT NULL DEFAULT 0,
    out_reasoning BIGINT NOT NULL DEFAULT 0, out_audio BIGINT NOT NULL DEFAULT 0,
    cost_nanousd BIGINT NOT NULL DEFAULT 0, unpriced_requests BIGINT NOT NULL DEFAULT 0,
    estimated_requests BIGINT NOT NULL DEFAULT 0, latency_ms_sum BIGINT NOT NULL DEFAULT 0,
    lat_00 BIGINT NOT NULL DEFAULT 0, lat_01 BIGINT NOT NULL DEFAULT 0, lat_02 BIGINT NOT NULL DEFAULT 0,
    lat_03 BIGINT NOT NULL DEFAULT 0, lat_04 BIGINT NOT NULL DEFAULT 0, lat_05 BIGINT NOT NULL DEFAULT 0,
    lat_06 BIGINT NOT NULL DEFAULT 0, lat_07 BIGINT NOT NULL DEFAULT 0, lat_08 BIGINT NOT NULL DEFAULT 0,
    lat_09 BIGINT NOT NULL DEFAULT 0, lat_10 BIGINT NOT NULL DEFAULT 0, lat_11 BIGINT NOT NULL DEFAULT 0,
    lat_12 BIGINT NOT NULL DEFAULT 0, lat_13 BIGINT NOT NULL DEFAULT 0, lat_14 BIGINT NOT NULL DEFAULT 0,
    lat_15 BIGINT NOT NULL DEFAULT 0, ttft_ms_sum BIGINT NOT NULL DEFAULT 0, ttft_count BIGINT NOT NULL DEFAULT 0,
    ttft_00 BIGINT NOT NULL DEFAULT 0, ttft_01 BIGINT NOT NULL DEFAULT 0, ttft_02 BIGINT NOT NULL DEFAULT 0,
    ttft_03 BIGINT NOT NULL DEFAULT 0, ttft_04 BIGINT NOT NULL DEFAULT 0, ttft_05 BIGINT NOT NULL DEFAULT 0,
    ttft_06 BIGINT NOT NULL DEFAULT 0, ttft_07 BIGINT NOT NULL DEFAULT 0, ttft_08 BIGINT NOT NULL DEFAULT 0,
    ttft_09 BIGINT NOT NULL DEFAULT 0, ttft_10 BIGINT NOT NULL DEFAULT 0, ttft_11 BIGINT NOT NULL DEFAULT 0,
    ttft_12 BIGINT NOT NULL DEFAULT 0, ttft_13 BIGINT NOT NULL DEFAULT 0, ttft_14 BIGINT NOT NULL DEFAULT 0,
    ttft_15 BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, width, bucket_ms, project_id, key_id, user_id, model_asked, model_served, provider, kind, label, test)
);
