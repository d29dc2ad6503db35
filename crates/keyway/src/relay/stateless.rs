//! The Responses API without what a provider would keep: a provider's account is shared by everybody who
//! calls it through here, so nothing is stored there, and nothing that is can be named.

use crate::base::{Code, Refusal};
use bytes::Bytes;
use dialect::json::Node;
use dialect::openai_chat::quirks::Chat;
use dialect::openai_responses::KEPT_BY_PROVIDER;

/// A request as a provider of the same dialect is asked it: `store` is always false.
///
/// # Errors
/// `unsupported_parameter` for what stands for something that a provider keeps.
pub fn stateless(body: &Bytes) -> Result<Bytes, Refusal> {
    let members = Node::parse(body).map(Node::members).unwrap_or_default();
    let is_said = |name: &&&str| members.get(name).is_some_and(|node| node.bool() != Some(false));
    if let Some(name) = KEPT_BY_PROVIDER.iter().find(is_said) {
        let message = format!(
            "`{name}` stands for what a provider keeps, and nothing is kept there: its account is not yours \
             alone. Send the whole conversation in `input`."
        );
        return Err(Refusal {
            param: Some((*name).into()),
            ..Refusal::new(Code::UnsupportedParameter, message)
        });
    }
    let Some(mut request) = Chat::read(body) else {
        return Ok(body.clone());
    };
    request.set("store", "false");
    Ok(request.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_stored_and_nothing_stored_is_named() {
        let table = [
            (r#"{"model":"m","input":"x"}"#, Some(r#"{"model":"m","input":"x","store":false}"#)),
            (r#"{"store":true,"model":"m"}"#, Some(r#"{"store":false,"model":"m"}"#)),
            (
                r#"{"previous_response_id":null,"background":false,"store":false}"#,
                Some(r#"{"previous_response_id":null,"background":false,"store":false}"#),
            ),
            (r#"{"previous_response_id":"resp_1"}"#, None),
            (r#"{"conversation":{"id":"c"}}"#, None),
            (r#"{"prompt":{"id":"p"}}"#, None),
            (r#"{"background":true}"#, None),
        ];
        for (body, sent) in table {
            let told = stateless(&Bytes::from(body));
            let code = told.as_ref().err().map(|refusal| refusal.code);
            assert_eq!(code, sent.is_none().then_some(Code::UnsupportedParameter), "{body}");
            if let (Ok(told), Some(sent)) = (told, sent) {
                let parsed = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
                assert_eq!(parsed(&told), parsed(sent.as_bytes()), "{body}");
            }
        }
    }
}
