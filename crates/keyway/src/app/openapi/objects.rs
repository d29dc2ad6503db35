//! The objects of the API, one line of fields each, as [`super::schemas`] reads them.

/// A key's fields, which stand in its rotation too.
macro_rules! key_fields {
    () => {
        "object*: string, id*: string, name*: string, description*: string, redacted_value*: string, \
         value: string?, secret_already_shown: boolean, created_at*: integer, expires_at*: integer?, \
         last_used_at*: integer?, status*: active|disabled|expired|revoked, scopes*: [string], read_only*: boolean, \
         models: [string]?, exposed_in_browser: Exposed?, endpoints: [string]?, not_before: integer?, idle_expires_in_seconds: integer?, rotation_due_at: integer, \
         labels: object, metadata: object, mode: live|test, project_id: string, rate_limits: KeyLimits, \
         projects: [string]?, ip_allowlist*: [string]?, owner*: Owner?, warnings*: [string], nodes: integer, \
         acknowledged: integer, ms: integer, revoked_keys: [string], handed_over_keys: [string]"
    };
}
const LIMIT: &str = "max_requests_per_1_minute: integer?, max_tokens_per_1_minute: integer?, \
    max_requests_per_1_day: integer?, max_tokens_per_1_day: integer?, max_concurrent_requests: integer?";

/// Name and fields of every object.
pub const OBJECTS: &[(&str, &str)] = &[
    ("Error", "error*: ErrorBody"),
    ("ErrorBody", "message*: string, type*: string, param*: string?, code*: string?"),
    (
        "Deleted",
        "id*: string, object*: string, deleted*: boolean, nodes: integer, acknowledged: integer, ms: integer, \
        revoked_keys: [string], handed_over_keys: [string]",
    ),
    ("Nothing", ""),
    ("Status", "status*: string, reason: string"),
    ("Document", "openapi*: string, info*: object, paths*: object, components*: object"),
    ("Key", key_fields!()),
    ("Rotated", concat!(key_fields!(), ", previous_expires_at*: integer")),
    ("RotateNew", "overlap_seconds*: integer"),
    (
        "Secret",
        "object*: string, id*: string, key_id*: string, redacted_value*: string, created_at*: integer, \
        expires_at*: integer?, last_used_at*: integer?, last_used_ip*: string?, use_count*: integer, \
        status*: active|expired, current*: boolean",
    ),
    ("Exposed", "at*: integer, origin*: string"),
    ("IncidentNew", "replace: boolean, since: integer"),
    ("AdminIncidentNew", "replace: boolean, since: integer, hand_over: boolean"),
    (
        "Incident",
        "object*: string, api_key*: Key, replacement*: Key?, revoked_keys*: [string], handed_over_keys*: [string], \
        uses: KeyUses, acts: [KeyAct], notified*: [string], warnings*: [string], nodes: integer, \
        acknowledged: integer, ms: integer",
    ),
    ("KeyAct", "ip*: string?, type*: string, count*: integer, first_at*: integer, last_at*: integer"),
    ("KeyUses", "since*: integer, complete*: boolean, data*: [KeyUse]"),
    (
        "KeyUse",
        "ip*: string, model*: string, num_model_requests*: integer, num_failed_requests*: integer, \
        input_tokens*: integer, output_tokens*: integer, cost_usd*: number, first_at*: integer, last_at*: integer",
    ),
    (
        "TokenNew",
        "expires_in_seconds: integer, scopes: [string], models: [string], ip: string, format: opaque|jwt, \
        budget_usd: number",
    ),
    (
        "Token",
        "object*: string, id*: string, value*: string?, secret_already_shown: boolean, format*: opaque|jwt, \
        api_key_id*: string, created_at*: integer, expires_at*: integer, scopes*: [string], models*: [string]?, \
        ip*: string?, budget_usd*: number?",
    ),
    (
        "ListedModel",
        "object*: string, id*: string, provider*: string, upstream*: string, source*: builtin|stored|config, \
        kind*: chat|embedding|rerank|image|speech|transcription, context_tokens*: integer?, output_tokens_max*: integer?, tools*: boolean?, \
        vision*: boolean?, documents*: boolean?, audio*: boolean?, reasoning*: boolean?, \
        structured_output*: boolean?, quality*: object?, price*: object?, prices: [Price]",
    ),
    (
        "ListedModelNew",
        "id*: string, upstream: string, kind: chat|embedding|rerank|image|speech|transcription, context_tokens: integer, output_tokens_max: integer, \
        tools: boolean, vision: boolean, documents: boolean, audio: boolean, reasoning: boolean, \
        structured_output: boolean, hidden_reasoning: boolean",
    ),
    (
        "Provider",
        "object*: string, id*: string, display_name*: string, source*: builtin|stored|config, enabled*: boolean, \
        on*: boolean, credential*: string?, speaks*: [string], models*: integer, base_urls: object, auth: string, \
        quirks: [string], priority: integer",
    ),
    (
        "ProviderNew",
        "id*: string, display_name: string, base_url: string, base_urls: object, \
        auth: bearer|x-api-key|x-goog-api-key|query|azure|sigv4|google-oauth|none, speaks: [string], quirks: [string], \
        priority: integer, concurrency_max: integer, models_any: boolean, credential_optional: boolean",
    ),
    ("ProviderSwitch", "enabled*: boolean"),
    ("ProviderTestNew", "credential_id: string"),
    (
        "ProviderTest",
        "object*: string, provider*: string, credential_id*: string, ok*: boolean, status*: integer?, \
        latency_ms*: integer, models*: integer?, error*: string?",
    ),
    (
        "ProviderCredential",
        "object*: string, id*: string, provider*: string, name*: string, owner*: installation|organization, \
        source*: stored|config, hint*: string?, state*: enabled|disabled|broken, last_error*: string?, \
        last_error_at*: integer?, created_at*: integer?",
    ),
    ("ProviderCredentialNew", "value*: string, name: string, owner: installation|organization"),
    ("ProviderCredentialEdit", "value: string, name: string, enabled: boolean"),
    (
        "Price",
        "object*: string, id*: string?, model*: string, version*: string, effective_at*: integer, source*: string, \
        input*: number, output*: number, cache_read*: number?, cache_write*: number?, cache_write_1h*: number?, \
        reasoning*: number?, input_audio*: number?, output_audio*: number?, unit: number, per_request*: number, tiers*: [object], \
        hours*: [object]",
    ),
    (
        "PriceNew",
        "model*: string, effective_at: integer, input*: number, output*: number, cache_read: number, \
        cache_write: number, cache_write_1h: number, reasoning: number, input_audio: number, input_image: number, \
        output_audio: number, unit: number, per_request: number, source: string",
    ),
    ("KeySet", "keys*: [object]"),
    ("Settings", "object*: string, key_name_pattern*: string?"),
    ("SettingsEdit", "key_name_pattern*: string?"),
    (
        "KeyLimits",
        "requests_per_minute: integer?, tokens_per_minute: integer?, requests_per_day: integer?, \
        tokens_per_day: integer?, concurrency: integer?",
    ),
    ("Owner", "type*: string, id*: string"),
    (
        "KeyNew",
        "name*: string, description: string, owner: string, scopes: [string]?, read_only: boolean, models: [string]?, \
        ip_allowlist: [string]?, expires_in_seconds: integer?, mode: live|test, rate_limits: KeyLimits?, \
        endpoints: [string]?, not_before: integer?, idle_expires_in_seconds: integer?, labels: object, \
        metadata: object, budget: KeyBudget?",
    ),
    (
        "KeyEdit",
        "name: string, description: string, scopes: [string]?, read_only: boolean, models: [string]?, endpoints: [string]?, \
        ip_allowlist: [string]?, expires_in_seconds: integer?, not_before: integer?, \
        idle_expires_in_seconds: integer?, labels: object, metadata: object, rate_limits: KeyLimits?",
    ),
    (
        "AdminKeyNew",
        "name*: string, description: string, owner: string, scopes: [string]?, read_only: boolean, \
        projects: [string]?, ip_allowlist: [string]?, expires_in_seconds: integer?",
    ),
    (
        "AdminKeyEdit",
        "name: string, description: string, scopes: [string]?, read_only: boolean, projects: [string]?, \
        ip_allowlist: [string]?, expires_in_seconds: integer?",
    ),
    (
        "OwnKey",
        "object*: string, id*: string, name*: string, mode*: live|test, project_id*: string, scopes*: [string], \
        read_only*: boolean, models*: [string]?, limits*: [object], budgets*: [object], created_at*: integer, \
        expires_at*: integer?, token*: TokenOf?",
    ),
    (
        "TokenOf",
        "object*: string, id*: string, api_key_id*: string, expires_at*: integer?, narrowed*: object",
    ),
    (
        "Organization",
        "object*: string, id*: string, name*: string, created_at*: integer, archived_at*: integer?, \
        status*: active|archived, tier_id*: string?",
    ),
    ("OrganizationNew", "name*: string, tier_id: string?"),
    ("OrganizationEdit", "name: string, tier_id: string?"),
    ("Named", "name*: string"),
    ("AllowList", "object*: string, ip_allowlist*: [string]?"),
    ("AllowListEdit", "ip_allowlist*: [string]?"),
    (
        "Project",
        "object*: string, id*: string, name*: string, environment*: string, created_at*: integer, \
        archived_at*: integer?, status*: active|archived, ip_allowlist*: [string]?",
    ),
    ("ProjectNew", "name*: string, environment: development|staging|production, ip_allowlist: [string]?"),
    ("ProjectEdit", "name: string, environment: development|staging|production, ip_allowlist: [string]?"),
    (
        "Budget",
        "object*: string, id*: string, name*: string, limit_usd*: number, window*: day|week|month|total, \
        time_zone*: string, selector*: Selector, enforcement*: hard|soft, reserve*: sliding|full, \
        alert_thresholds*: [integer], source*: string, created_at*: integer, spent_usd*: number, held_usd*: number, \
        remaining_usd*: number, window_start*: integer, resets_at*: integer?",
    ),
    (
        "BudgetNew",
        "name*: string, limit_usd*: number, window*: day|week|month|total, time_zone: string, selector: Selector, \
        enforcement: hard|soft, reserve: sliding|full, alert_thresholds: [integer]",
    ),
    (
        "BudgetEdit",
        "name: string, limit_usd: number, enforcement: hard|soft, reserve: sliding|full, \
        alert_thresholds: [integer]",
    ),
    (
        "Selector",
        "organization: string, project: string, key: string, user: string, model: string, label: string, \
        end_user: string",
    ),
    (
        "Credit",
        "object*: string, prepaid*: boolean, balance_usd*: number, granted_usd*: number, topped_up_usd*: number, \
        held_usd*: number, remaining_usd*: number, credited_usd*: number, charged_usd*: number",
    ),
    ("CreditEdit", "prepaid*: boolean"),
    (
        "CreditGrant",
        "object*: string, id*: string, kind*: granted|topped_up, amount_usd*: number, note*: string, \
        created_at*: integer",
    ),
    ("CreditGrantNew", "amount_usd*: number, kind*: granted|topped_up, note: string"),
    ("UserBalance", "is_available*: boolean, balance_infos*: [BalanceInfo]"),
    (
        "BalanceInfo",
        "currency*: string, total_balance*: string, granted_balance*: string, topped_up_balance*: string",
    ),
    (
        "Tier",
        "object*: string, id*: string, name*: string, rate_limits*: KeyLimits, starting_credit_usd*: number, \
        markup_ppm*: integer, models*: [string]?, capabilities*: [string]?, predefined*: boolean, \
        created_at*: integer?",
    ),
    (
        "TierNew",
        "name*: string, rate_limits: KeyLimits?, starting_credit_usd: number, markup_ppm: integer, \
        models: [string]?, capabilities: [string]?",
    ),
    (
        "TierEdit",
        "name: string, rate_limits: KeyLimits?, starting_credit_usd: number, markup_ppm: integer, \
        models: [string]?, capabilities: [string]?",
    ),
    (
        "VerificationRequest",
        "object*: string, id*: string, organization_id*: string, status*: pending|approved|rejected, \
        created_at*: integer, asked_by*: string, purpose*: string, expected_volume*: string?, website*: string?, \
        rate_limits*: KeyLimits?, decided_at*: integer?, note*: string?",
    ),
    ("VerificationRequestNew", "purpose*: string, expected_volume: string, website: string"),
    ("VerificationDecision", "decision*: approve|reject, note: string, tier_id: string"),
    (
        "LimitIncreaseRequest",
        "object*: string, id*: string, organization_id*: string, status*: pending|approved|rejected, \
        created_at*: integer, asked_by*: string, purpose*: string, expected_volume*: string?, website*: string?, \
        rate_limits*: KeyLimits?, decided_at*: integer?, note*: string?",
    ),
    (
        "LimitIncreaseRequestNew",
        "purpose*: string, expected_volume: string, website: string, rate_limits*: KeyLimits",
    ),
    (
        "LimitIncreaseDecision",
        "decision*: approve|reject, note: string, tier_id: string, rate_limits: KeyLimits?",
    ),
    ("KeyBudget", "limit_usd*: number, window*: day|week|month|total, time_zone: string"),
    ("ModelPermissions", "object*: string, project_id*: string, mode*: string?, model_ids*: [string]"),
    ("ModelPermissionsEdit", "mode*: allow_list|deny_list, model_ids*: [string]"),
    (
        "RateLimit",
        "object*: string, id*: string, model*: string?, max_requests_per_1_minute*: integer?, \
        max_tokens_per_1_minute*: integer?, max_requests_per_1_day*: integer?, max_tokens_per_1_day*: integer?, \
        max_concurrent_requests*: integer?",
    ),
    ("RateLimitEdit", LIMIT),
    (
        "Policy",
        "object*: string, project_id*: string, api_key_id*: string?, cache*: off|deterministic|all?, \
        cache_ttl_seconds*: integer?, weight*: integer?, priority*: low|normal|high?, input_tokens_max*: integer?, \
        output_tokens_max*: integer?, over_limit*: refuse|clamp?, default_parameters*: object, \
        forbidden_parameters*: [string], fallback_model*: string?, fallback_at_percent*: integer?",
    ),
    (
        "PolicyEdit",
        "cache: off|deterministic|all?, cache_ttl_seconds: integer?, weight: integer?, priority: low|normal|high?, \
        input_tokens_max: integer?, output_tokens_max: integer?, over_limit: refuse|clamp?, \
        default_parameters: object?, forbidden_parameters: [string]?, fallback_model: string?, \
        fallback_at_percent: integer?",
    ),
    (
        "User",
        "object*: string, id*: string, name*: string, email*: string, role*: string, added_at*: integer",
    ),
    ("UserNew", "email*: string, name: string, role: string, role_id: string"),
    ("UserEdit", "name: string, role: string, role_id: string"),
    ("MemberNew", "user_id: string, email: string, role*: string"),
    ("RoleEditOf", "role*: string"),
    (
        "ProjectGroup",
        "object*: string, project_id*: string, group_id*: string, group_name*: string, role*: string, \
        created_at*: integer",
    ),
    ("ProjectGroupNew", "group_id*: string, role*: string"),
    (
        "Group",
        "object*: string, id*: string, name*: string, created_at*: integer, is_scim_managed*: boolean, \
        group_type*: string",
    ),
    ("GroupUser", "object*: string, user_id*: string, group_id*: string"),
    ("GroupUserNew", "user_id*: string"),
    (
        "Role",
        "object*: string, id*: string, name*: string, description*: string, permissions*: [string], \
        resource_type*: string, predefined_role*: boolean",
    ),
    ("RoleNew", "role_name*: string, description: string, permissions*: [string]"),
    ("RoleEdit", "role_name: string, description: string, permissions: [string]"),
    ("Assignment", "object*: string, user_id: string, group_id: string, role*: Role"),
    ("AssignmentNew", "role_id*: string"),
    (
        "Invite",
        "object*: string, id*: string, email*: string, role*: string, status*: pending|accepted|expired, \
        invited_at*: integer, expires_at*: integer, accepted_at*: integer?, projects*: [Place], value: string?",
    ),
    ("InviteNew", "email*: string, role*: string, projects: [Place]"),
    ("InviteAccept", "token*: string, name*: string"),
    ("Place", "id*: string, role*: string"),
    (
        "ServiceAccount",
        "object*: string, id*: string, name*: string, role*: string, created_at*: integer, \
        api_key: ServiceKey?",
    ),
    ("ServiceAccountNew", "name*: string, role: string, create_service_account_only: boolean"),
    ("ServiceAccountEdit", "name: string, role: string"),
    ("ServiceKey", "object*: string, value*: string?, name*: string, created_at*: integer, id*: string"),
    ("ServiceKeyNew", "name: string, scopes: [string]"),
    (
        "Model",
        "id*: string, object*: string, created*: integer, owned_by*: string, context_length*: integer?, \
        max_output_tokens*: integer?",
    ),
    ("Models", "object*: string, data*: [Model]"),
    ("UsagePage", "object*: string, data*: [UsageBucket], has_more*: boolean, next_page*: string?"),
    ("UsageBucket", "object*: string, start_time*: integer, end_time*: integer, results*: [object]"),
    (
        "Request",
        "object*: string, id*: string, created_at*: integer, project_id*: string, api_key_id*: string, \
        user_id*: string?, test*: boolean, kind*: string, model*: string, model_served*: string?, provider*: string?, \
        stream*: boolean, status*: integer, error*: string?, attempts*: [object], losses*: [string], usage*: object, \
        usage_origin*: string, price_version*: string?, cost_usd*: number?, cache_saved_usd*: number?, provider_cost_usd: number?, latency_ms*: integer, \
        first_token_ms*: integer?, labels*: [string], ip*: string, client_request_id*: string?",
    ),
    (
        "Node",
        "object*: string, id*: string, version*: string, listen*: string, started_at*: integer, seen_at*: integer, \
        status*: string, seen_seq*: integer, health*: any",
    ),
    ("AuditProject", "id*: string, name*: string?"),
    (
        "Verification",
        "object*: string, valid*: boolean, records*: integer, sequence*: integer, head*: string, \
        breaks*: [Break], breaks_count*: integer",
    ),
    ("Break", "sequence*: integer, problem*: string"),
    (
        "Question",
        "api_key_id*: string, path*: string, method: GET|POST|DELETE, model: string, ip: string, \
        max_tokens: integer, capabilities: [string], labels: [string], route: cost|latency|quality, \
        prompt_bytes: integer",
    ),
    (
        "Explanation",
        "object*: string, decision*: allow|deny, code*: string?, rules*: [Rule], strategy*: string?, \
        route*: [Step], passed_over*: [Step], estimate_usd*: number?",
    ),
    (
        "ModelRoute",
        "object*: string, id*: string, name*: string, source*: config|stored, \
        strategy*: priority|weight|latency|cost|quality, targets*: [ModelRouteTarget], regions*: [string], \
        zero_retention*: boolean, affinity*: boolean, created_at*: integer?",
    ),
    (
        "ModelRouteTarget",
        "model*: string, weight: integer, labels: [string], needs: [string], prompt_tokens_max: integer?",
    ),
    (
        "ModelRouteNew",
        "name*: string, strategy: priority|weight|latency|cost|quality, targets*: [ModelRouteTarget], \
        regions: [string], zero_retention: boolean, affinity: boolean",
    ),
    (
        "ModelRouteEdit",
        "strategy: priority|weight|latency|cost|quality, targets*: [ModelRouteTarget], regions: [string], \
        zero_retention: boolean, affinity: boolean",
    ),
    ("Rule", "rule*: string, result*: pass|fail|skip, detail*: string"),
    ("Step", "model*: string, provider*: string, reason*: string"),
    (
        "Review",
        "object*: string, id*: string, kind*: project|admin, name*: string, project_id*: string?, owner*: string?, \
        created_at*: integer, expires_at*: integer?, last_used_at*: integer?, findings*: [Finding]",
    ),
    ("Finding", "finding*: string, detail*: string, command*: string"),
];
