//! What the document says of each route: its name in the route table, a line of words, the names of its
//! query, the object it takes and the one it answers with.

/// Names of a list's query.
const ASKED: &str = "status: pending|approved|rejected, limit: integer, after: string, order: asc|desc";
pub(super) const PAGE: &str = "limit: integer, after: string, order: asc|desc";

/// Names of the query of usage.
const USAGE_QUERY: &str = "start_time*: integer, end_time: integer, bucket_width: 1m|1h|1d, group_by: [string], project_ids: [string], user_ids: [string], api_key_ids: [string], models: [string], labels: [string], \
    batch: true|false, limit: integer, page: string";

/// What is said of a route.
#[derive(Debug)]
pub struct Operation {
    /// Its name in the route table.
    pub route: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Its query, as fields.
    pub query: &'static str,
    /// The object it takes; empty: none.
    pub body: &'static str,
    /// The object it answers with; `text` where that is none.
    pub answer: &'static str,
}

pub(super) const fn op(
    route: &'static str,
    summary: &'static str,
    query: &'static str,
    body: &'static str,
    answer: &'static str,
) -> Operation {
    Operation { route, summary, query, body, answer }
}

/// What is said of every route, in the groups of the route table.
pub static OPERATIONS: &[&[Operation]] =
    &[DATA, KEYS, PEOPLE, PROJECTS, ROLES, MONEY, USAGE, LOOKS, CATALOG, super::watched::OPERATIONS];

const DATA: &[Operation] = &[
    op("healthz", "Whether the process runs", "", "", "Status"),
    op("readyz", "Whether it would serve a request", "", "", "Status"),
    op("metrics", "Every number, for Prometheus", "", "", "text"),
    op("openapi", "This document", "", "", "Document"),
    op("chat_completions", "Ask a model, as at OpenAI", "", "ChatRequest", "ChatAnswer"),
    op("messages", "Ask a model, as at Anthropic", "", "MessagesRequest", "ModelAnswer"),
    op("count_tokens", "How many tokens a prompt has, about", "", "MessagesRequest", "TokenCount"),
    op("responses", "Ask a model, as at OpenAI's Responses API", "", "ResponsesRequest", "ModelAnswer"),
    op("input_tokens", "How many tokens an input has, about", "", "ResponsesRequest", "TokenCount"),
    op("generate_content", "Ask a model, as at Google", "", "GenerateRequest", "ModelAnswer"),
    op(
        "stream_generate_content",
        "Ask a model, as at Google, for a stream",
        "alt: string",
        "GenerateRequest",
        "text",
    ),
    op("count_content", "How many tokens contents have, about", "", "GenerateRequest", "ContentCount"),
    op("completions", "Go on with a text, as at OpenAI", "", "ModelRequest", "ModelAnswer"),
    op("embeddings", "Turn texts into vectors, as at OpenAI", "", "ModelRequest", "ModelAnswer"),
    op("rerank", "Put texts in order, as at Cohere", "", "ModelRequest", "ModelAnswer"),
    op("moderations", "Judge texts, as at OpenAI", "", "ModerationRequest", "ModelAnswer"),
    op("models", "Models the key may call", "", "", "Models"),
    op("google_models", "Models the key may call, as at Google", "", "", "GoogleModels"),
    op("google_model", "One model, as at Google", "", "", "GoogleModel"),
    op("model", "One model, by any of its names", "", "", "Model"),
    op("own_key", "The key that asks", "", "", "OwnKey"),
    op("own_balance", "The balance of the key's organisation, as at DeepSeek", "", "", "UserBalance"),
    op("token_create", "Make an ephemeral token of the key that asks", "", "TokenNew", "Token"),
    op("jwks", "Public halves of the keys that sign tokens", "", "", "KeySet"),
];

const KEYS: &[Operation] = &[
    op("key_list", "List a project's keys", PAGE, "", "KeyList"),
    op("key_create", "Make a key; its secret is in this one answer", "", "KeyNew", "Key"),
    op("key_get", "Show a key", "", "", "Key"),
    op("key_edit", "Change a key", "", "KeyEdit", "Key"),
    op("key_revoke", "Stop a key for good", "wait: string", "", "Deleted"),
    op("key_disable", "Stop a key for now", "wait: string", "Nothing", "Key"),
    op("key_enable", "Let a disabled key work again", "", "Nothing", "Key"),
    op(
        "key_compromised",
        "Revoke a key that has leaked, replace it, and say what it was used for",
        "wait: string",
        "IncidentNew",
        "Incident",
    ),
    op(
        "key_rotate",
        "Give a key another secret; the older ones go on for a while",
        "",
        "RotateNew",
        "Rotated",
    ),
    op("key_secret_list", "Secrets of a key", "", "", "SecretList"),
    op("key_secret_get", "Show a secret, but not the secret itself", "", "", "Secret"),
    op("key_secret_delete", "Take a secret away", "", "", "Deleted"),
    op("settings_get", "What the organisation has set", "", "", "Settings"),
    op("settings_update", "Change what the organisation has set", "", "SettingsEdit", "Settings"),
    op("admin_key_list", "List admin keys", PAGE, "", "KeyList"),
    op("admin_key_create", "Make an admin key; its secret is in this one answer", "", "AdminKeyNew", "Key"),
    op("admin_key_get", "Show an admin key", "", "", "Key"),
    op(
        "admin_key_revoke",
        "Stop an admin key for good",
        "wait: string, hand_over: true|false",
        "",
        "Deleted",
    ),
    op("admin_key_edit", "Change an admin key", "", "AdminKeyEdit", "Key"),
    op(
        "admin_key_rotate",
        "Give an admin key another secret; the older ones go on for a while",
        "",
        "RotateNew",
        "Rotated",
    ),
    op(
        "admin_key_compromised",
        "Revoke an admin key that has leaked with what was made with it, and say what it did",
        "wait: string",
        "AdminIncidentNew",
        "Incident",
    ),
    op("admin_key_secret_list", "Secrets of an admin key", "", "", "SecretList"),
    op("admin_key_secret_get", "Show a secret of an admin key, but not the secret itself", "", "", "Secret"),
    op("admin_key_secret_delete", "Take a secret of an admin key away", "", "", "Deleted"),
];

const PEOPLE: &[Operation] = &[
    op(
        "user_list",
        "List users",
        "limit: integer, after: string, order: asc|desc, emails: [string]",
        "",
        "UserList",
    ),
    op("user_add", "Add a user", "", "UserNew", "User"),
    op("user_get", "Show a user", "", "", "User"),
    op("user_update", "Change a user", "", "UserEdit", "User"),
    op(
        "user_remove",
        "Remove a user and end or hand over what they hold",
        "hand_over_to: string",
        "",
        "Deleted",
    ),
    op("user_roles", "Roles of a user", PAGE, "", "RoleList"),
    op("user_role_give", "Give a user a role", "", "AssignmentNew", "Assignment"),
    op("user_role", "Show a role that a user has", "", "", "Assignment"),
    op("user_role_take", "Take a role from a user", "", "", "Deleted"),
    op("invite_list", "List invitations", PAGE, "", "InviteList"),
    op("invite_create", "Invite somebody; the token is in this one answer", "", "InviteNew", "Invite"),
    op("invite_get", "Show an invitation", "", "", "Invite"),
    op("invite_remove", "Take an invitation back", "", "", "Deleted"),
    op("invite_accept", "Take an invitation up with its token", "", "InviteAccept", "User"),
    op("group_list", "List groups", PAGE, "", "GroupList"),
    op("group_create", "Make a group", "", "Named", "Group"),
    op("group_get", "Show a group", "", "", "Group"),
    op("group_update", "Rename a group", "", "Named", "Group"),
    op("group_remove", "Remove a group", "", "", "Deleted"),
    op("group_users", "Users of a group", PAGE, "", "UserList"),
    op("group_user_add", "Put a user into a group", "", "GroupUserNew", "GroupUser"),
    op("group_user_remove", "Take a user out of a group", "", "", "Deleted"),
    op("group_roles", "Roles of a group", PAGE, "", "RoleList"),
    op("group_role_give", "Give a group a role", "", "AssignmentNew", "Assignment"),
    op("group_role", "Show a role that a group has", "", "", "Assignment"),
    op("group_role_take", "Take a role from a group", "", "", "Deleted"),
    op("role_list", "List roles", PAGE, "", "RoleList"),
    op("role_create", "Make a role", "", "RoleNew", "Role"),
    op("role_get", "Show a role", "", "", "Role"),
    op("role_update", "Change a role", "", "RoleEdit", "Role"),
    op("role_remove", "Remove a role", "", "", "Deleted"),
];

const PROJECTS: &[Operation] = &[
    op(
        "projects",
        "List projects",
        "limit: integer, after: string, order: asc|desc, include_archived: true|false",
        "",
        "ProjectList",
    ),
    op("project_create", "Make a project", "", "ProjectNew", "Project"),
    op("project", "Show a project", "", "", "Project"),
    op("project_update", "Change a project", "", "ProjectEdit", "Project"),
    op("project_archive", "Archive a project: its keys work no longer", "", "Nothing", "Project"),
    op("model_permissions", "Which models a project may call", "", "", "ModelPermissions"),
    op(
        "model_permissions_set",
        "Say which models a project may call",
        "",
        "ModelPermissionsEdit",
        "ModelPermissions",
    ),
    op("model_permissions_remove", "Let a project call every model", "", "", "Deleted"),
    op("project_policy", "What is done with a project's requests", "", "", "Policy"),
    op("project_policy_edit", "Change what is done with a project's requests", "", "PolicyEdit", "Policy"),
    op("key_policy", "What is done with a key's requests", "", "", "Policy"),
    op("key_policy_edit", "Change what is done with a key's requests", "", "PolicyEdit", "Policy"),
    op("project_users", "Users of a project", PAGE, "", "UserList"),
    op("project_user_add", "Put a user into a project", "", "MemberNew", "User"),
    op("project_user", "Show a user of a project", "", "", "User"),
    op("project_user_update", "Change a user's role in a project", "", "RoleEditOf", "User"),
    op("project_user_remove", "Take a user out of a project", "", "", "Deleted"),
    op("project_groups", "Groups of a project", PAGE, "", "ProjectGroupList"),
    op("project_group_add", "Put a group into a project", "", "ProjectGroupNew", "ProjectGroup"),
    op("project_group", "Show a group of a project", "", "", "ProjectGroup"),
    op("project_group_remove", "Take a group out of a project", "", "", "Deleted"),
    op("service_account_list", "List service accounts", PAGE, "", "ServiceAccountList"),
    op(
        "service_account_create",
        "Make a service account, with a key",
        "",
        "ServiceAccountNew",
        "ServiceAccount",
    ),
    op("service_account", "Show a service account", "", "", "ServiceAccount"),
    op("service_account_update", "Change a service account", "", "ServiceAccountEdit", "ServiceAccount"),
    op("service_account_remove", "Remove a service account and its keys", "", "", "Deleted"),
    op("service_account_key", "Make a key of a service account", "", "ServiceKeyNew", "ServiceKey"),
    op(
        "project_limit_list",
        "Rate limits of a project",
        "limit: integer, after: string",
        "",
        "RateLimitList",
    ),
    op("project_limit_edit", "Change a rate limit of a project", "", "RateLimitEdit", "RateLimit"),
    op(
        "organization_limit_list",
        "Rate limits of the organisation",
        "limit: integer, after: string",
        "",
        "RateLimitList",
    ),
    op(
        "organization_limit_edit",
        "Change a rate limit of the organisation",
        "",
        "RateLimitEdit",
        "RateLimit",
    ),
    op("ip_allowlist", "Networks that the organisation's keys work from", "", "", "AllowList"),
    op(
        "ip_allowlist_set",
        "Say which networks the organisation's keys work from",
        "",
        "AllowListEdit",
        "AllowList",
    ),
    op("organization_list", "List organisations", PAGE, "", "OrganizationList"),
    op("organization_create", "Make an organisation", "", "OrganizationNew", "Organization"),
    op("organization", "Show an organisation", "", "", "Organization"),
    op(
        "organization_update",
        "Rename an organisation, or give it a tier",
        "",
        "OrganizationEdit",
        "Organization",
    ),
    op(
        "organization_archive",
        "Archive an organisation: its keys work no longer",
        "",
        "Nothing",
        "Organization",
    ),
];

const MONEY: &[Operation] = &[
    op(
        "budget_list",
        "List budgets, and how they stand",
        "limit: integer, after: string, order: asc|desc, api_key_id: string",
        "",
        "BudgetList",
    ),
    op("budget_create", "Make a budget", "", "BudgetNew", "Budget"),
    op("budget_get", "Show a budget, and how it stands", "", "", "Budget"),
    op("budget_update", "Change a budget; what was spent stays spent", "", "BudgetEdit", "Budget"),
    op("budget_remove", "Remove a budget: it refuses nothing from then on", "", "", "Deleted"),
    op("credit_get", "The organisation's balance", "", "", "Credit"),
    op(
        "credit_update",
        "Say whether the organisation spends no more than its balance",
        "",
        "CreditEdit",
        "Credit",
    ),
    op("credit_list", "What was put into the balance", PAGE, "", "CreditGrantList"),
    op("credit_grant", "Put something into the balance", "", "CreditGrantNew", "CreditGrant"),
    op("tier_list", "List tiers", "limit: integer, after: string", "", "TierList"),
    op("tier_create", "Make a tier", "", "TierNew", "Tier"),
    op("tier_get", "Show a tier", "", "", "Tier"),
    op("tier_update", "Change a tier", "", "TierEdit", "Tier"),
    op("verification_list", "List who wants to be verified", ASKED, "", "VerificationRequestList"),
    op("verification_ask", "Ask to be verified", "", "VerificationRequestNew", "VerificationRequest"),
    op("verification_get", "Show a request to be verified", "", "", "VerificationRequest"),
    op("verification_decide", "Decide who is verified", "", "VerificationDecision", "VerificationRequest"),
    op("limit_increase_list", "List who wants larger limits", ASKED, "", "LimitIncreaseRequestList"),
    op("limit_increase_ask", "Ask for larger limits", "", "LimitIncreaseRequestNew", "LimitIncreaseRequest"),
    op("limit_increase_get", "Show a request for larger limits", "", "", "LimitIncreaseRequest"),
    op(
        "limit_increase_decide",
        "Decide on larger limits",
        "",
        "LimitIncreaseDecision",
        "LimitIncreaseRequest",
    ),
];

const ROLES: &[Operation] = &[
    op("project_role_list", "Roles that can be held in a project", PAGE, "", "RoleList"),
    op("project_role_create", "Make a role of a project", "", "RoleNew", "Role"),
    op("project_role_get", "Show a role of a project", "", "", "Role"),
    op("project_role_update", "Change a role of a project", "", "RoleEdit", "Role"),
    op("project_role_remove", "Remove a role of a project", "", "", "Deleted"),
    op("project_user_roles", "Roles of a user in a project", PAGE, "", "RoleList"),
    op("project_user_role_give", "Give a user a role in a project", "", "AssignmentNew", "Assignment"),
    op("project_user_role", "Show a role that a user has in a project", "", "", "Assignment"),
    op("project_user_role_take", "Take a role in a project from a user", "", "", "Deleted"),
    op("project_group_roles", "Roles of a group in a project", PAGE, "", "RoleList"),
    op("project_group_role_give", "Give a group a role in a project", "", "AssignmentNew", "Assignment"),
    op("project_group_role", "Show a role that a group has in a project", "", "", "Assignment"),
    op("project_group_role_take", "Take a role in a project from a group", "", "", "Deleted"),
];

const USAGE: &[Operation] = &[
    op(
        "usage_completions",
        "What was used of chat and text completions, by time and group",
        USAGE_QUERY,
        "",
        "UsagePage",
    ),
    op("usage_embeddings", "What was used of embeddings, by time and group", USAGE_QUERY, "", "UsagePage"),
    op("usage_rerank", "What was used of reranking, by time and group", USAGE_QUERY, "", "UsagePage"),
    op("usage_moderations", "What was used of moderations, by time and group", USAGE_QUERY, "", "UsagePage"),
    op("usage_images", "What was used of pictures, by time and group", USAGE_QUERY, "", "UsagePage"),
    op("usage_audio_speeches", "What was used of speech, by time and group", USAGE_QUERY, "", "UsagePage"),
    op(
        "usage_audio_transcriptions",
        "What was used of transcriptions, by time and group",
        USAGE_QUERY,
        "",
        "UsagePage",
    ),
    op("usage_export", "What was used, as CSV; recorded", USAGE_QUERY, "", "text"),
    op(
        "costs",
        "What it cost, by day and group",
        "start_time*: integer, end_time: integer, bucket_width: string, group_by: [string], project_ids: [string], api_key_ids: [string], limit: integer, page: string",
        "",
        "UsagePage",
    ),
    op(
        "request_list",
        "Single requests, newest first",
        "limit: integer, after: string, api_key_ids: [string], user_ids: [string], project_ids: [string], models: [string], providers: [string], status: [integer], start_time: integer, end_time: integer",
        "",
        "RequestList",
    ),
    op("request_get", "One request", "", "", "Request"),
    op("nodes", "Processes that serve on this database", "", "", "NodeList"),
];

const LOOKS: &[Operation] = &[
    op(
        "audit_list",
        "Who changed what, newest first",
        "effective_at[gt]: integer, effective_at[gte]: integer, effective_at[lt]: integer, effective_at[lte]: integer, event_types: [string], actor_ids: [string], actor_emails: [string], tenant_only: true|false, resource_ids: [string], project_ids: [string], limit: integer, after: string, before: string",
        "",
        "AuditLogList",
    ),
    op("audit_verify", "Whether the audit log is whole", "", "", "Verification"),
    op("explain", "What would become of a call, and why", "", "Question", "Explanation"),
    op("key_review", "Keys that somebody should look at", "limit: integer, after: string", "", "ReviewList"),
];

const CATALOG: &[Operation] = &[
    op(
        "model_list",
        "Models of the providers that are on",
        "limit: integer, after: string",
        "",
        "ListedModelList",
    ),
    op("model_put", "Set a model's row, in the place of the stored one", "", "ListedModelNew", "ListedModel"),
    op("model_get", "One model, with every version of its price", "", "", "ListedModel"),
    op("model_delete", "Take a model's stored row away", "", "", "Deleted"),
    op(
        "route_list",
        "Routes: the configuration file's, then the organisation's",
        "limit: integer, after: string, order: asc|desc",
        "",
        "ModelRouteList",
    ),
    op("route_create", "Make a route", "", "ModelRouteNew", "ModelRoute"),
    op("route_get", "Show a route", "", "", "ModelRoute"),
    op("route_update", "Change a route: all of it but its name", "", "ModelRouteEdit", "ModelRoute"),
    op("route_remove", "Remove a route", "", "", "Deleted"),
    op(
        "price_list",
        "Prices that were set at run time",
        "limit: integer, after: string, order: asc|desc, model: string",
        "",
        "PriceList",
    ),
    op("price_create", "Set a model's price from an instant on", "", "PriceNew", "Price"),
    op("price_delete", "Delete a price that does not hold yet", "", "", "Deleted"),
];
