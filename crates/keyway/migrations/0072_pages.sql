-- What pages of the console look for: keys by their end, thresholds of budgets by when they were reached.
CREATE INDEX keys_by_end ON keys (org_id, expires_ms);
CREATE INDEX budget_events_by_time ON budget_events (at_ms);
