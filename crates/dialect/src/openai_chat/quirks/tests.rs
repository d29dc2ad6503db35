//! Each deviation as a table: what a client sent, what the host is to get.

use super::{Chat, Whose};
use bytes::Bytes;

fn edited(body: &str, edit: impl Fn(&mut Chat<'_>)) -> String {
    let body = Bytes::from(body.to_owned());
    let mut chat = Chat::read(&body).unwrap();
    edit(&mut chat);
    String::from_utf8(chat.finish().to_vec()).unwrap()
}

fn table(rows: &[(&str, &str)], edit: impl Fn(&mut Chat<'_>) + Copy) {
    for (sent, expected) in rows {
        assert_eq!(edited(sent, edit), *expected);
    }
}

#[test]
fn output_caps_have_one_name() {
    table(
        &[
            (r#"{"model":"m", "max_completion_tokens" : 5}"#, r#"{"model":"m", "max_tokens" : 5}"#),
            (r#"{"max_completion_tokens":5,"max_tokens":6,"model":"m"}"#, r#"{"max_tokens":6,"model":"m"}"#),
            (r#"{"model":"m","max_tokens":6,"max_completion_tokens":5}"#, r#"{"model":"m","max_tokens":6}"#),
            (r#"{"model":"m","max\u005fcompletion_tokens":5}"#, r#"{"model":"m","max_tokens":5}"#),
            (r#"{"model":"m","max_tokens":6}"#, r#"{"model":"m","max_tokens":6}"#),
            (r#"{"model":"max_completion_tokens"}"#, r#"{"model":"max_completion_tokens"}"#),
        ],
        |chat| chat.rename("max_completion_tokens", "max_tokens"),
    );
    table(
        &[
            (r#"{"model":"m","max_tokens":6}"#, r#"{"model":"m","max_completion_tokens":6}"#),
            (r#"{"model":"m"}"#, r#"{"model":"m"}"#),
        ],
        |chat| chat.rename("max_tokens", "max_completion_tokens"),
    );
    table(
        &[
            (r#"{"max_tokens":6,"max_completion_tokens":5}"#, r#"{"max_completion_tokens":5}"#),
            (r#"{"model":"m","max_tokens":6}"#, r#"{"model":"m","max_tokens":6}"#),
        ],
        |chat| chat.not_beside("max_tokens", "max_completion_tokens"),
    );
}

#[test]
fn developers_are_system() {
    table(
        &[
            (
                r#"{"messages":[{"role":"developer","content":"developer"},{"content":"x","role": "developer"}]}"#,
                r#"{"messages":[{"role":"system","content":"developer"},{"content":"x","role": "system"}]}"#,
            ),
            (
                r#"{"messages":[{"role":"user","content":"developer"},7],"role":"developer"}"#,
                r#"{"messages":[{"role":"user","content":"developer"},7],"role":"developer"}"#,
            ),
            (r#"{"messages":"developer"}"#, r#"{"messages":"developer"}"#),
        ],
        |chat| chat.developer_is_system(),
    );
}

#[test]
fn a_forced_call_ends_thinking_where_nothing_is_said_of_it() {
    let off = r#"{"type":"disabled"}"#;
    table(
        &[
            (
                r#"{"model":"m","tool_choice":"required"}"#,
                r#"{"thinking":{"type":"disabled"},"model":"m","tool_choice":"required"}"#,
            ),
            (
                r#"{"tool_choice":{"type":"function","function":{"name":"f"}}}"#,
                r#"{"thinking":{"type":"disabled"},"tool_choice":{"type":"function","function":{"name":"f"}}}"#,
            ),
            (r#"{"tool_choice":"auto"}"#, r#"{"tool_choice":"auto"}"#),
            (r#"{"tool_choice":"none"}"#, r#"{"tool_choice":"none"}"#),
            (
                r#"{"tool_choice":"required","thinking":{"type":"enabled"}}"#,
                r#"{"tool_choice":"required","thinking":{"type":"enabled"}}"#,
            ),
            (
                r#"{"tool_choice":"required","reasoning_effort":"high"}"#,
                r#"{"tool_choice":"required","reasoning_effort":"high"}"#,
            ),
        ],
        |chat| chat.end_thinking_where_forced("thinking", off),
    );
}

#[test]
fn members_are_set_once_and_for_all() {
    table(
        &[
            (r#"{"model":"m"}"#, r#"{"user_id":"h","model":"m"}"#),
            (r#"{"model":"m","user_id":"a","user_id":7}"#, r#"{"model":"m","user_id":"h","user_id":"h"}"#),
        ],
        |chat| chat.set("user_id", "\"h\""),
    );
    let body = Bytes::from_static(br#"{"user_id":"a\u0062","seed":1}"#);
    let chat = Chat::read(&body).unwrap();
    assert_eq!(
        (chat.text("user_id"), chat.text("seed"), chat.text("store")),
        ("ab".into(), String::new(), String::new())
    );
    table(
        &[
            (r#"{"tools":[],"model":"m"}"#, r#"{"tool_calls_switch":true,"tools":[],"model":"m"}"#),
            (r#"{"tools":[],"tool_calls_switch":false}"#, r#"{"tools":[],"tool_calls_switch":false}"#),
            (r#"{"model":"m"}"#, r#"{"model":"m"}"#),
        ],
        |chat| chat.switch_on_with_tools("tool_calls_switch"),
    );
}

#[test]
fn lists_of_text_become_text() {
    let rows = [
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a\n"},{"text":"b","type":"text"}]}]}"#,
            r#"{"messages":[{"role":"user","content":"a\nb"}]}"#,
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}]}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}]}"#,
        ),
        (
            r#"{"messages":[{"role":"user","content":"a"}]}"#,
            r#"{"messages":[{"role":"user","content":"a"}]}"#,
        ),
    ];
    table(&rows, |chat| chat.plain_text(Whose::Everybody));
    table(
        &[
            (rows[0].0, rows[0].0),
            (
                r#"{"messages":[{"role":"tool","content":[{"type":"text","text":"4"}]}]}"#,
                r#"{"messages":[{"role":"tool","content":"4"}]}"#,
            ),
        ],
        |chat| chat.plain_text(Whose::Tools),
    );
}

#[test]
fn what_is_beta() {
    for (body, beta) in [
        (r#"{"messages":[{"role":"assistant","content":"a","prefix":true}]}"#, true),
        (r#"{"messages":[{"role":"assistant","prefix":true},{"role":"user"}]}"#, false),
        (r#"{"messages":[{"role":"user","content":"prefix"}]}"#, false),
        (r#"{"tools":[{"type":"function","function":{"name":"f","strict":true}}]}"#, true),
        (r#"{"tools":[{"function":{"strict":true}},{"function":{"strict":false}}]}"#, false),
        (r#"{"tools":[]}"#, false),
    ] {
        assert_eq!(Chat::read(&Bytes::from(body)).unwrap().is_beta(), beta, "{body}");
    }
}

#[test]
fn several_edits_of_one_body_and_what_is_no_request() {
    let edited = edited(
        r#"{"max_completion_tokens":5,"messages":[{"role":"developer","content":[{"type":"text","text":"x"}]}],"max_tokens":4}"#,
        |chat| {
            chat.rename("max_completion_tokens", "max_tokens");
            chat.plain_text(Whose::Everybody);
            chat.plain_text(Whose::Everybody);
            chat.developer_is_system();
            chat.set("user_id", "\"h\"");
        },
    );
    assert_eq!(edited, r#"{"user_id":"h","messages":[{"role":"system","content":"x"}],"max_tokens":4}"#);
    for body in ["[]", "{}", "7", "{", "\u{1}"] {
        assert!(Chat::read(&Bytes::from(body)).is_none(), "{body}");
    }
}

#[test]
fn calls_get_the_reasoning_they_lack_and_nothing_else_changes() {
    let call = r#""tool_calls":[{"id":"c"}]"#;
    let table = [
        (format!(r#"{{"messages":[{{"role":"assistant",{call}}}]}}"#), 1, vec![0]),
        (format!(r#"{{"messages":[{{"role":"assistant","reasoning_content":"so",{call}}}]}}"#), 1, vec![]),
        (format!(r#"{{"messages":[{{"reasoning_content":"so",{call}}},{{ "content":null, {call}}}]}}"#), 2, vec![1]),
        (r#"{"messages":[{"role":"assistant","tool_calls":[ ],"content":"x"},{"role":"user","content":"c"}]}"#.to_owned(), 0, vec![]),
        (r#"{"messages":"none"}"#.to_owned(), 0, vec![]),
    ];
    for (body, calling, bare) in table {
        let body = Bytes::from(body);
        let mut chat = Chat::read(&body).unwrap();
        let (calls, found) = chat.calls_without_reasoning();
        assert_eq!(
            (calls, found.iter().map(|bare| bare.turn).collect::<Vec<_>>()),
            (calling, bare),
            "{body:?}"
        );
        found.iter().for_each(|bare| chat.think(bare, "a \"b\""));
        let done = chat.finish();
        let added = r#""reasoning_content":"a \"b\"","#;
        let text = String::from_utf8(done.to_vec()).unwrap();
        assert_eq!(text.matches(added).count(), found.len(), "{text}");
        assert_eq!(text.replace(added, "").as_bytes(), &body[..], "{text}");
    }
    // What stands there and says nothing is replaced.
    for empty in ["null", "\"\""] {
        let body = Bytes::from(format!(r#"{{"messages":[{{{call},"reasoning_content":{empty}}}]}}"#));
        let mut chat = Chat::read(&body).unwrap();
        let (_, found) = chat.calls_without_reasoning();
        chat.think(&found[0], "so");
        let expected = format!(r#"{{"messages":[{{{call},"reasoning_content":"so"}}]}}"#);
        assert_eq!(chat.finish(), expected.as_bytes());
    }
    for (body, not) in [
        (r#"{"thinking":{"type":"disabled"}}"#, true),
        (r#"{"thinking":{"type":"enabled"}}"#, false),
        (r#"{"enable_thinking":false}"#, true),
        (r#"{"reasoning_effort":"none"}"#, true),
        (r#"{"reasoning_effort":"high"}"#, false),
    ] {
        assert_eq!(Chat::read(&Bytes::from(body)).unwrap().thinks_not(), not, "{body}");
    }
}
