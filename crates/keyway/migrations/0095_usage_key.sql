-- What each key came to by day, in short: the highest of many keys are found by these sums, and read in full
-- from the rollups then. Written in the same transaction. A key stays in its project and keeps its mode.
CREATE TABLE usage_key (
    key_id       TEXT   NOT NULL,
    bucket_ms    BIGINT NOT NULL,   -- start of the day, UTC
    requests     BIGINT NOT NULL,
    errors       BIGINT NOT NULL,   -- of every class
    tokens       BIGINT NOT NULL,   -- of every class
    sell_nanousd BIGINT NOT NULL,
    PRIMARY KEY (key_id, bucket_ms)
);
INSERT INTO usage_key (key_id, bucket_ms, requests, errors, tokens, sell_nanousd)
SELECT key_id, bucket_ms, CAST(SUM(requests) AS BIGINT),
    CAST(SUM(errors_client + errors_limited + errors_upstream + errors_internal + errors_cancelled) AS BIGINT),
    CAST(SUM(in_uncached + cache_read + cache_write_5m + cache_write_1h + in_audio + in_image + out_text
        + out_reasoning + out_audio) AS BIGINT),
    CAST(SUM(sell_nanousd) AS BIGINT)
FROM usage_rollup WHERE width = 'd' AND label = '' AND key_id <> ''
GROUP BY key_id, bucket_ms;
-- Everything a sum over days reads of a key stands in the index, one key behind the other.
CREATE INDEX usage_key_sums ON usage_key (key_id, bucket_ms, requests, errors, tokens, sell_nanousd);

-- The days of a few keys, without reading those of all others.
CREATE INDEX usage_rollup_days_by_key ON usage_rollup (key_id, bucket_ms, model_served, provider)
    WHERE width = 'd' AND label = '';
