-- The secret in use is the one without an end, and there is one: rotation gives the others theirs.
CREATE UNIQUE INDEX key_secrets_current ON key_secrets (key_id) WHERE expires_ms IS NULL;
