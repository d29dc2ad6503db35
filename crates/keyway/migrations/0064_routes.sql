-- Routes of organisations: names that stand for several models, of which the best is asked.
CREATE TABLE routes (
    id          TEXT   PRIMARY KEY,   -- route_...
    org_id      TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    fields      TEXT   NOT NULL,      -- as in keyway.toml: strategy = "cost", targets = [{ model = "mine/small" }]
    created_ms  BIGINT NOT NULL,
    changed_ms  BIGINT NOT NULL
);
CREATE UNIQUE INDEX routes_name ON routes (org_id, name);
