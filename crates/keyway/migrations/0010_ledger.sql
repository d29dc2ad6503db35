-- Money: what was charged to budgets and balances, and what nodes may still charge.

-- One row per account and window, made when it is first used and never reset. posted: charged and shipped.
-- leased: what nodes may still charge, crash holds included. limit: the highest it was leased under; absent: it
-- is only counted.
CREATE TABLE budget_windows (
    account_id       TEXT   NOT NULL,   -- bud_...; org_...: an organisation's balance
    window_start_ms  BIGINT NOT NULL,   -- 0: the one window of a total, and of a balance
    posted_nanousd   BIGINT NOT NULL CHECK (posted_nanousd >= 0),
    leased_nanousd   BIGINT NOT NULL CHECK (leased_nanousd >= 0),
    limit_nanousd    BIGINT,
    PRIMARY KEY (account_id, window_start_ms),
    CHECK (limit_nanousd IS NULL OR posted_nanousd + leased_nanousd <= limit_nanousd)
);

-- What one start of a node holds. It ends when that start's journal has been taken in to its end, and by no
-- clock: its money may have been spent.
CREATE TABLE leases (
    boot              TEXT   NOT NULL,
    account_id        TEXT   NOT NULL,
    window_start_ms   BIGINT NOT NULL,
    node              TEXT   NOT NULL,
    granted_nanousd   BIGINT NOT NULL CHECK (granted_nanousd >= 0),
    charged_nanousd   BIGINT NOT NULL CHECK (charged_nanousd >= 0),   -- and shipped
    reserved_nanousd  BIGINT NOT NULL,   -- by requests that run: as the node last said
    PRIMARY KEY (boot, account_id, window_start_ms),
    CHECK (charged_nanousd <= granted_nanousd)
);
CREATE INDEX leases_by_account ON leases (account_id, window_start_ms);

-- What requests had reserved that nobody settled, above what they were charged.
CREATE TABLE crash_holds (
    request          TEXT   NOT NULL,
    account_id       TEXT   NOT NULL,
    window_start_ms  BIGINT NOT NULL,
    amount_nanousd   BIGINT NOT NULL CHECK (amount_nanousd > 0),
    at_ms            BIGINT NOT NULL,
    PRIMARY KEY (request, account_id, window_start_ms)
);
CREATE INDEX crash_holds_by_account ON crash_holds (account_id, window_start_ms);

-- Thresholds that were reached, each once in a window.
CREATE TABLE budget_events (
    account_id       TEXT   NOT NULL,
    window_start_ms  BIGINT NOT NULL,
    percent          BIGINT NOT NULL,
    at_ms            BIGINT NOT NULL,
    posted_nanousd   BIGINT NOT NULL,
    limit_nanousd    BIGINT NOT NULL,
    PRIMARY KEY (account_id, window_start_ms, percent)
);

ALTER TABLE usage_rollup ADD COLUMN sell_nanousd BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_rollup ADD COLUMN absorbed_nanousd BIGINT NOT NULL DEFAULT 0;   -- sold above what was reserved
UPDATE usage_rollup SET sell_nanousd = cost_nanousd;
