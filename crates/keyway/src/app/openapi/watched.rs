//! Words and objects of what is noticed and who is told.

use super::operations::{Operation, PAGE, op};

/// What is said of its routes.
pub const OPERATIONS: &[Operation] = &[
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
pub const LISTS: &[(&str, &str)] = &[("WebhookList", "Webhook"), ("NotificationList", "Notification")];
