-- Images made, characters spoken, seconds heard.
ALTER TABLE usage_rollup ADD COLUMN units BIGINT NOT NULL DEFAULT 0;
