//! Words and objects of what is noticed and who is told.

use super::operations::{Operation, PAGE, op};

/// What is said of its routes.
pub const OPERATIONS: &[Operation] = &[
    op(
        "advice",
        "What could cost less, and which keys may more than they need, each with what it would have saved or closed",
        "limit: integer, after: string",
        "",
        "AdviceList",
    ),
    op("alert_list", "What is worth telling somebody", PAGE, "", "AlertList"),
    op("alert_create", "Make an alert", "", "AlertNew", "Alert"),
    op("alert_get", "Show an alert", "", "", "Alert"),
    op("alert_update", "Change or snooze an alert", "", "AlertEdit", "Alert"),
    op("alert_remove", "Remove an alert", "", "", "Deleted"),
    op("alert_test", "Send what it would send, to everybody it would tell", "", "Nothing", "AlertTest"),
    op("alert_preview", "How often it would have fired in the last thirty days", "", "", "AlertPreview"),
    op(
        "alert_events",
        "What was told, each occurrence once",
        "limit: integer, after: string, order: asc|desc, alert_id: string, api_key_id: string",
        "",
        "AlertEventList",
    ),
    op(
        "alert_event_confirm",
        "Confirm the use for which a key was stopped: it works again",
        "",
        "Nothing",
        "AlertEvent",
    ),
    op("key_timeline", "What happened to a key and with it, newest first", "", "", "KeyTimeline"),
    op("webhook_list", "Programs that are told what happens", PAGE, "", "WebhookList"),
    op(
        "webhook_create",
        "Tell a program what happens; the secret that signs is in this one answer",
        "",
        "WebhookNew",
        "Webhook",
    ),
    op("webhook_get", "Show a webhook", "", "", "Webhook"),
    op("webhook_update", "Change a webhook", "", "WebhookEdit", "Webhook"),
    op("webhook_remove", "Remove a webhook", "", "", "Deleted"),
    op("webhook_test", "Send a message, to see that it arrives", "", "Nothing", "Notification"),
    op(
        "notification_list",
        "Messages to people and programs, and whether they were sent",
        "limit: integer, after: string, order: asc|desc, failed: true|false",
        "",
        "NotificationList",
    ),
    op("notification_replay", "Try a message anew that was given up", "", "Nothing", "Notification"),
];

/// Name and fields of its objects.
pub const OBJECTS: &[(&str, &str)] = &[
    (
        "Advice",
        "object*: string, id*: string, about*: cost|key, advice*: string, model*: string?, project_id*: string?, \
        api_key_id*: string?, detail*: string, spent_usd*: number?, saves_usd*: number?, closes*: [string], \
        command*: string?, apply*: Apply?",
    ),
    (
        "Alert",
        "object*: string, id*: string, name*: string, on*: string, project_id*: string?, api_key_id*: string?, \
        threshold*: number?, unit*: string, window*: string?, events*: [string], channels*: [Channel], act*: Act?, \
        preset*: boolean, enabled*: boolean, snoozed_until*: integer?, created_at*: integer",
    ),
    (
        "AlertNew",
        "name*: string, on*: budget|key_expiring|rotation_due|usage|cost|errors|latency|new_address|unusual_hour|provider_down|audit_event|unpriced_model|exposed_in_browser, \
        project_id: string, api_key_id: string, threshold: number?, window: minute|hour|day, events: [string], \
        channels: [Channel], act: Act?, enabled: boolean, snooze_seconds: integer",
    ),
    (
        "AlertEdit",
        "name: string, threshold: number?, window: minute|hour|day, events: [string], channels: [Channel], act: Act?, \
        enabled: boolean, snooze_seconds: integer",
    ),
    ("Channel", "type*: email|webhook, to: string, digest: boolean, webhook_id: string"),
    ("Act", "type*: disable_key|limit_key|confirm_key, requests_per_minute: integer"),
    ("AlertTest", "object*: string, alert_id*: string, messages*: integer"),
    (
        "AlertPreview",
        "object*: string, alert_id*: string, days*: integer, would_have_fired*: integer?, judged_by*: exact|hour|none",
    ),
    (
        "AlertEvent",
        "object*: string, id*: string, alert_id*: string, on*: string, subject*: string, project_id*: string?, \
        api_key_id*: string?, began_at*: integer, ended_at*: integer?, waits_for_confirmation*: boolean, \
        confirmed_at*: integer?, detail*: any",
    ),
    ("KeyTimeline", "object*: string, api_key_id*: string, data*: [KeyMoment]"),
    ("KeyMoment", "at*: integer, kind*: audit|alert|network, what*: string, summary*: string"),
    (
        "Webhook",
        "object*: string, id*: string, name*: string, redacted_url*: string, format*: standard|slack, \
        enabled*: boolean, created_at*: integer, secret: string?, secret_already_shown: boolean",
    ),
    ("WebhookNew", "name*: string, url*: string, format: standard|slack"),
    ("WebhookEdit", "name: string, url: string, enabled: boolean, rotate_secret: boolean"),
    (
        "Notification",
        "object*: string, id*: string, type*: string, channel*: email|webhook, recipient*: string, \
        created_at*: integer, sent_at*: integer?, status*: waiting|sent|failed, attempts*: integer, \
        next_attempt_at*: integer?, error*: string?, detail*: any",
    ),
];

/// Lists and what is in them.
pub const LISTS: &[(&str, &str)] = &[
    ("AdviceList", "Advice"),
    ("AlertList", "Alert"),
    ("AlertEventList", "AlertEvent"),
    ("WebhookList", "Webhook"),
    ("NotificationList", "Notification"),
];
