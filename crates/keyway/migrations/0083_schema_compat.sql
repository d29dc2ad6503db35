-- Migrations that programs from before them can live with, so that nodes are upgraded one by one and any of
-- them may be started again meanwhile. A migration that takes nothing away and asks for nothing new says so:
-- INSERT INTO schema_compat (version, oldest) VALUES (its number, the one before it);
CREATE TABLE schema_compat (
    version BIGINT NOT NULL PRIMARY KEY,   -- of the migration
    oldest  BIGINT NOT NULL                -- the newest migration of the oldest program that can live with it
);
