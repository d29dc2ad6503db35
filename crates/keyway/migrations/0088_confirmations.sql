-- A key that an alert has stopped until somebody confirms that its use was meant to be.
ALTER TABLE alert_events ADD COLUMN asks BIGINT NOT NULL DEFAULT 0;   -- 1: it waits for that, or did
ALTER TABLE alert_events ADD COLUMN confirmed_ms BIGINT;
