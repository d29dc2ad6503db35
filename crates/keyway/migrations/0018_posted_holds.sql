-- Crash holds that were posted because nobody had claimed them: with the lines, all that was ever charged.
CREATE TABLE posted_holds (
    request          TEXT   NOT NULL,
    account_id       TEXT   NOT NULL,
    window_start_ms  BIGINT NOT NULL,
    amount_nanousd   BIGINT NOT NULL CHECK (amount_nanousd > 0),
    at_ms            BIGINT NOT NULL,
    PRIMARY KEY (request, account_id, window_start_ms)
);
