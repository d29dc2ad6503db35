-- People, what they are in organisations and projects, and what keys owe to whom.

-- A person, once per installation. What an organisation calls them is in the membership.
CREATE TABLE users (
    id          TEXT   NOT NULL PRIMARY KEY,
    email       TEXT   NOT NULL UNIQUE,   -- lower case
    created_ms  BIGINT NOT NULL
);

-- A role is a predefined one's name or a custom one's id, here and in project_members.
CREATE TABLE memberships (
    org_id    TEXT   NOT NULL REFERENCES organizations (id),
    user_id   TEXT   NOT NULL REFERENCES users (id),
    name      TEXT   NOT NULL,
    role      TEXT   NOT NULL,
    added_ms  BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id, org_id);

CREATE TABLE access_groups (
    id          TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL REFERENCES organizations (id),
    name        TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL
);
CREATE INDEX access_groups_by_org ON access_groups (org_id, id);

CREATE TABLE group_members (
    group_id  TEXT   NOT NULL REFERENCES access_groups (id),
    user_id   TEXT   NOT NULL REFERENCES users (id),
    added_ms  BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (user_id, group_id);

-- Custom roles; the predefined ones are in the program.
CREATE TABLE roles (
    id           TEXT   NOT NULL PRIMARY KEY,
    org_id       TEXT   NOT NULL REFERENCES organizations (id),
    name         TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    permissions  TEXT   NOT NULL,   -- JSON list of scopes
    created_ms   BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

-- Roles of the organisation that a user or a group has besides the membership's.
CREATE TABLE role_assignments (
    org_id      TEXT   NOT NULL REFERENCES organizations (id),
    holder_id   TEXT   NOT NULL,   -- user or group
    role        TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    PRIMARY KEY (org_id, holder_id, role)
);

CREATE TABLE project_members (
    project_id  TEXT   NOT NULL REFERENCES projects (id),
    holder_id   TEXT   NOT NULL,   -- user or group
    role        TEXT   NOT NULL,
    added_ms    BIGINT NOT NULL,
    PRIMARY KEY (project_id, holder_id)
);
CREATE INDEX project_members_by_holder ON project_members (holder_id, project_id);

CREATE TABLE service_accounts (
    id          TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL REFERENCES organizations (id),
    project_id  TEXT   NOT NULL REFERENCES projects (id),
    name        TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL
);
CREATE INDEX service_accounts_by_project ON service_accounts (project_id, id);

CREATE TABLE invites (
    id            TEXT   NOT NULL PRIMARY KEY,
    org_id        TEXT   NOT NULL REFERENCES organizations (id),
    email         TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    projects      TEXT   NOT NULL,   -- JSON list of {id, role}
    token_digest  TEXT   NOT NULL UNIQUE,
    maker_kind    TEXT   NOT NULL,
    maker_id      TEXT   NOT NULL,
    created_ms    BIGINT NOT NULL,
    expires_ms    BIGINT NOT NULL,
    accepted_ms   BIGINT
);
CREATE INDEX invites_by_org ON invites (org_id, id);

ALTER TABLE organizations ADD COLUMN ip_allowlist TEXT;         -- JSON list of networks; absent: any
ALTER TABLE organizations ADD COLUMN key_name_pattern TEXT;     -- how its keys are to be called
ALTER TABLE projects ADD COLUMN ip_allowlist TEXT;
ALTER TABLE projects ADD COLUMN model_mode TEXT;                -- allow_list | deny_list; absent: every model
ALTER TABLE projects ADD COLUMN model_ids TEXT;                 -- JSON list

-- Who made a key bounds it for as long as it lives. Keys made before this was kept are the operator's.
ALTER TABLE keys ADD COLUMN maker_kind TEXT NOT NULL DEFAULT 'operator';   -- operator | key | user
ALTER TABLE keys ADD COLUMN maker_id TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN owner_kind TEXT NOT NULL DEFAULT '';           -- user | service_account
ALTER TABLE keys ADD COLUMN reach TEXT NOT NULL DEFAULT 'installation';    -- of an admin key; or organization
ALTER TABLE keys ADD COLUMN projects TEXT;                                 -- of an admin key: JSON list; absent: all
ALTER TABLE keys ADD COLUMN endpoints TEXT;                                -- JSON list of canonical paths; absent: all
ALTER TABLE keys ADD COLUMN ip_allowlist TEXT;
ALTER TABLE keys ADD COLUMN not_before_ms BIGINT;
ALTER TABLE keys ADD COLUMN idle_expires_ms BIGINT;                        -- a span
ALTER TABLE keys ADD COLUMN labels TEXT;                                   -- JSON object
ALTER TABLE keys ADD COLUMN metadata TEXT;                                 -- JSON object
ALTER TABLE keys ADD COLUMN exposed_ms BIGINT;                             -- first seen from a browser
ALTER TABLE keys ADD COLUMN compromised_ms BIGINT;
CREATE INDEX keys_by_owner ON keys (owner_id, id);
CREATE INDEX keys_by_maker ON keys (maker_id, id);
ALTER TABLE key_secrets ADD COLUMN use_count BIGINT NOT NULL DEFAULT 0;
