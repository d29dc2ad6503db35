-- Charges of lines whose lease was not there any more, because its money had been written off or given to others
-- meanwhile: nobody pays them. With what was posted, all that lines charge.
CREATE TABLE absorbed_charges (
    boot             TEXT   NOT NULL,
    account_id       TEXT   NOT NULL,
    window_start_ms  BIGINT NOT NULL,
    amount_nanousd   BIGINT NOT NULL CHECK (amount_nanousd > 0),
    at_ms            BIGINT NOT NULL,   -- of the last of them
    PRIMARY KEY (boot, account_id, window_start_ms)
);

-- Its leases were written off: what its journal still brings is charged to nobody, and it leases nothing more.
ALTER TABLE journal_boot ADD COLUMN written_off_ms BIGINT;
