//! A record of the audit log as the API shows it: OpenAI's shape, with its place in the chain.

use super::json::seconds;
use crate::base::id;
use crate::store::audit::{Listed, Record};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Prefix of a record's id.
pub const ID_PREFIX: &str = "audit";

/// A record's id: its time and its number, in the form of every other id.
#[must_use]
pub fn id_of(record: &Record) -> String {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&record.at_ms.max(0).to_be_bytes()[2..]);
    bytes[8..].copy_from_slice(&record.seq.to_be_bytes());
    id::text(ID_PREFIX, bytes)
}

/// The number in a record's id; `None` when it is none.
#[must_use]
pub fn seq_of(id: &str) -> Option<i64> {
    let bytes = id::parse(ID_PREFIX, id)?;
    let seq = bytes[8..].try_into().ok().map(i64::from_be_bytes)?;
    (bytes[6..8] == [0, 0] && seq > 0).then_some(seq)
}

/// A record.
#[derive(Debug)]
pub struct AuditObject<'a> {
    listed: &'a Listed,
    /// `audit_...`
    pub id: String,
}

impl<'a> AuditObject<'a> {
    /// The object of a record.
    #[must_use]
    pub fn new(listed: &'a Listed) -> Self {
        Self { listed, id: id_of(&listed.record) }
    }
}

impl Serialize for AuditObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = &self.listed.record;
        let project =
            record.project_id.as_ref().map(|id| json!({ "id": id, "name": self.listed.project_name }));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("object", "organization.audit_log")?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("type", &record.event)?;
        map.serialize_entry("effective_at", &seconds(record.at_ms))?;
        map.serialize_entry("project", &project)?;
        map.serialize_entry("actor", &actor(record))?;
        map.serialize_entry(&record.event, &What::of(record))?;
        map.serialize_entry("sequence", &record.seq)?;
        map.serialize_entry("hash", &record.hash)?;
        map.end()
    }
}

fn actor(record: &Record) -> Value {
    let id = &record.actor_id;
    match record.actor_kind.as_str() {
        "admin_key" => json!({ "type": "api_key", "api_key": { "id": id, "ip_address": record.actor_ip } }),
        kind => json!({ "type": kind, kind: { "id": id, "ip_address": record.actor_ip } }),
    }
}

/// What happened to what: `data` of what was made, `changes_requested` of what was changed.
#[derive(Serialize)]
struct What<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_requested: Option<Box<RawValue>>,
}

impl<'a> What<'a> {
    fn of(record: &'a Record) -> Self {
        let detail = RawValue::from_string(record.detail.clone()).ok();
        let changed = record.event.ends_with(".updated");
        let (data, changes_requested) = if changed { (None, detail) } else { (detail, None) };
        Self { id: &record.object_id, data, changes_requested }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::json;

    fn listed(event: &str, actor_kind: &str) -> Listed {
        let record = Record {
            seq: 7,
            at_ms: 1_700_000_000_123,
            org_id: "org_1".to_owned(),
            project_id: Some("proj_1".to_owned()),
            actor_kind: actor_kind.to_owned(),
            actor_id: "key_1".to_owned(),
            actor_ip: Some("192.0.2.1".to_owned()),
            event: event.to_owned(),
            object_id: "key_2".to_owned(),
            detail: r#"{"name":"n"}"#.to_owned(),
            hash: "ab".to_owned(),
        };
        Listed { record, project_name: Some("Default".to_owned()) }
    }

    #[test]
    fn a_record_as_documented() {
        let made = listed("api_key.created", "admin_key");
        let object = AuditObject::new(&made);
        assert_eq!(
            json::text(&object).unwrap(),
            format!(
                r#"{{"object":"organization.audit_log","id":"{}","type":"api_key.created","effective_at":1700000000,"project":{{"id":"proj_1","name":"Default"}},"actor":{{"api_key":{{"id":"key_1","ip_address":"192.0.2.1"}},"type":"api_key"}},"api_key.created":{{"id":"key_2","data":{{"name":"n"}}}},"sequence":7,"hash":"ab"}}"#,
                object.id
            )
        );
        let changed = listed("api_key.updated", "cli");
        let text = json::text(&AuditObject::new(&changed)).unwrap();
        assert!(
            text.contains(r#""api_key.updated":{"id":"key_2","changes_requested":{"name":"n"}}"#),
            "{text}"
        );
        assert!(
            text.contains(r#""actor":{"cli":{"id":"key_1","ip_address":"192.0.2.1"},"type":"cli"}"#),
            "{text}"
        );
    }

    #[test]
    fn an_id_holds_the_number() {
        let id = id_of(&listed("x", "cli").record);
        assert_eq!((seq_of(&id), id.len()), (Some(7), "audit_".len() + 26));
        for none in ["audit_1", "key_00000000000000000000000000", "audit_01m7y89m9jv9jh5vdsqadjxb6k"] {
            assert_eq!(seq_of(none), None, "{none}");
        }
    }
}
