-- What organisations ask of the operator: to be verified, to be held to larger limits.
CREATE TABLE applications (
    id           TEXT   NOT NULL PRIMARY KEY,   -- vrq_..., lrq_...
    kind         TEXT   NOT NULL,               -- verification, limit_increase
    org_id       TEXT   NOT NULL REFERENCES organizations (id),
    asked_by     TEXT   NOT NULL,               -- user_..., key_...
    created_ms   BIGINT NOT NULL,
    asked        TEXT   NOT NULL,               -- JSON: what was asked
    status       TEXT   NOT NULL,               -- pending, approved, rejected, withdrawn
    decided_by   TEXT   NOT NULL,               -- empty while pending
    decided_ms   BIGINT,
    note         TEXT   NOT NULL                -- of who decided, for who asked
);
CREATE INDEX applications_by_org ON applications (org_id, kind, id);
CREATE INDEX applications_by_status ON applications (kind, status, id);
