-- What providers want back of their models' reasoning, for clients that cannot carry it. Names and
-- contents are made with subkeys of the master key: neither says anything without it.
CREATE TABLE reasoning_states (
    name        TEXT   NOT NULL PRIMARY KEY,   -- hex of a keyed digest of whose turn it was, and which
    sealed      BYTEA  NOT NULL,
    expires_ms  BIGINT NOT NULL
);
CREATE INDEX reasoning_states_by_end ON reasoning_states (expires_ms);
