-- What was put into an organisation's balance. Rows are never changed: what was a mistake is taken back by
-- a row of its own. What was charged to it is the ledger's.
CREATE TABLE credit_entries (
    id                      TEXT   NOT NULL PRIMARY KEY,
    org_id                  TEXT   NOT NULL REFERENCES organizations (id),
    kind                    TEXT   NOT NULL CHECK (kind IN ('granted', 'topped_up')),
    amount_nanousd          BIGINT NOT NULL CHECK (amount_nanousd <> 0),
    charged_before_nanousd  BIGINT NOT NULL,   -- what had been charged to the balance by then
    note                    TEXT   NOT NULL,
    reference               TEXT,              -- what comes once, as a tier's starting credit does
    created_ms              BIGINT NOT NULL
);
CREATE INDEX credit_entries_by_org ON credit_entries (org_id, id);
CREATE UNIQUE INDEX credit_entries_once ON credit_entries (org_id, reference) WHERE reference IS NOT NULL;

-- 1: it spends no more than its balance.
ALTER TABLE organizations ADD COLUMN prepaid BIGINT NOT NULL DEFAULT 0;
