-- Requests whose answer ended where the request's own cap on it was: paid for, and cut in the middle.
ALTER TABLE usage_rollup ADD COLUMN truncated_requests BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_total ADD COLUMN truncated_requests BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_member ADD COLUMN truncated_requests BIGINT NOT NULL DEFAULT 0;
