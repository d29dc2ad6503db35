-- Who made an organisation for themselves: until their address is verified it has no live keys. Empty
-- for those that the operator made.
ALTER TABLE organizations ADD COLUMN registered_by TEXT NOT NULL DEFAULT '';
