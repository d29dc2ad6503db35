-- The host of the page that a live key was first used in.
ALTER TABLE keys ADD COLUMN exposed_origin TEXT;
