-- Requests at a time that one credential's account takes; absent: the provider's own cap, shared by all of its owner.
ALTER TABLE provider_credentials ADD COLUMN concurrency_max BIGINT;
