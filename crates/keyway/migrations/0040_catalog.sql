-- Models and prices that were set at run time. A price holds from its day on; one that has held stays.
CREATE TABLE catalog_models (
    id          TEXT   PRIMARY KEY,   -- provider/name
    fields      TEXT   NOT NULL,      -- as in keyway.toml: context_tokens = 128000, tools = true
    changed_ms  BIGINT NOT NULL
);

CREATE TABLE catalog_prices (
    id          TEXT   PRIMARY KEY,   -- price_...
    model       TEXT   NOT NULL,      -- provider/name
    from_ms     BIGINT NOT NULL,
    price       TEXT   NOT NULL,      -- JSON; holds the version's name, which lines of the ledger keep
    created_ms  BIGINT NOT NULL
);
CREATE UNIQUE INDEX catalog_prices_model ON catalog_prices (model, from_ms);
