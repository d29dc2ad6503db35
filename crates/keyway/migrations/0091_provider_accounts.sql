-- What providers last told of the accounts that credentials are of.
CREATE TABLE provider_accounts (
    provider    TEXT   NOT NULL,
    credential  TEXT   NOT NULL,   -- cred_..., or config
    told        TEXT   NOT NULL,   -- providers/account.rs
    told_ms     BIGINT NOT NULL,
    PRIMARY KEY (provider, credential)
);
