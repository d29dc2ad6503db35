-- Roles of a project, and roles that a user or a group has in one besides the membership's.
ALTER TABLE roles ADD COLUMN project_id TEXT;   -- absent: of the organisation

-- A place is an organisation or a project.
CREATE TABLE assigned_roles (
    place_id    TEXT   NOT NULL,
    holder_id   TEXT   NOT NULL,   -- user or group
    role        TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    PRIMARY KEY (place_id, holder_id, role)
);
CREATE INDEX assigned_roles_by_holder ON assigned_roles (holder_id, place_id);
INSERT INTO assigned_roles (place_id, holder_id, role, created_ms)
    SELECT org_id, holder_id, role, created_ms FROM role_assignments;
DROP TABLE role_assignments;
