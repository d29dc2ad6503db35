//! What is said besides the endpoints: pages of paragraphs, as data. `{base}` is where this server is.

/// A piece of a guide. Text between backticks is code.
#[derive(Debug)]
pub enum Piece {
    /// A heading.
    Heading(&'static str),
    /// A paragraph.
    Text(&'static str),
    /// A list.
    List(&'static [&'static str]),
    /// Something to copy: what it is, and its text.
    Code(&'static str, &'static str),
    /// The table of errors.
    Errors,
    /// The first call, in every language.
    FirstCall,
}

/// A guide.
#[derive(Debug)]
pub struct Guide {
    /// Its place in addresses.
    pub slug: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it holds.
    pub pieces: &'static [Piece],
}

use Piece::{Code, Errors, FirstCall, Heading, List, Text};

/// Every guide, in the order of the documentation.
pub static GUIDES: &[Guide] = &[
    Guide {
        slug: "quick-start",
        title: "Quick start",
        pieces: &[
            Text(
                "One key and one address for every model. What speaks to OpenAI, Anthropic or Gemini speaks to this \
                  server: change the address and the key, nothing else.",
            ),
            List(&[
                "Sign in to the console and make a key. It is shown once; keep it where your program finds it.",
                "Put it into the environment: `export KEYWAY_API_KEY=sk-kw-...`",
                "Call the model `sandbox/echo`, which every installation has, costs nothing and takes test keys.",
            ]),
            FirstCall,
            Heading("With the SDKs"),
            Text("They read address and key from the environment. Anthropic's has no `/v1` at the end."),
            Code("OpenAI's SDKs", "export OPENAI_BASE_URL={base}/v1\nexport OPENAI_API_KEY=$KEYWAY_API_KEY"),
            Code(
                "Anthropic's SDKs, Claude Code",
                "export ANTHROPIC_BASE_URL={base}\nexport ANTHROPIC_AUTH_TOKEN=$KEYWAY_API_KEY",
            ),
            Text(
                "`keyway client setup` prints what other programs want, and the page that shows a new key has samples \
                  with the key filled in.",
            ),
        ],
    },
    Guide {
        slug: "authentication",
        title: "Authentication",
        pieces: &[
            Text("A request carries its key in one of three header fields, whichever its client uses."),
            Code(
                "Any one of them",
                "Authorization: Bearer sk-kw-...\nx-api-key: sk-kw-...\nx-goog-api-key: sk-kw-...",
            ),
            Text(
                "Two of them with different keys are refused (`ambiguous_credentials`). A key in the address is never \
                  read.",
            ),
            Heading("Kinds of keys"),
            List(&[
                "`sk-kw-live-...` calls models. What it may call, how much and from where is its own.",
                "`sk-kw-test-...` calls the sandbox alone, and costs nothing.",
                "`sk-kw-admin-...` manages keys, projects and people, and calls no model.",
                "`ek-kw-...` is a token for a quarter of an hour at most, made of a key and never wider than it: for \
                 browsers and for programs of others.",
            ]),
            Heading("A token for a browser"),
            Text("Your server asks for it with its key, and gives it to the page."),
            Code(
                "curl",
                "curl {base}/v1/tokens \\\n  -H \"Authorization: Bearer $KEYWAY_API_KEY\" \\\n  \
                  -H \"Content-Type: application/json\" \\\n  -d '{ \"expires_in_seconds\": 300 }'",
            ),
        ],
    },
    Guide {
        slug: "errors",
        title: "Errors and what to do",
        pieces: &[
            Text(
                "An error has a status, a `code` that stays, and a message that says what happened and what to do. Its \
                  shape is that of the endpoint's own vendor; on Anthropic's endpoints the code is \
                  `error.details.error_code`, on Gemini's `details[].reason`.",
            ),
            Code(
                "On OpenAI's endpoints",
                "{ \"error\": { \"message\": \"...\", \"type\": \"...\", \"param\": null, \"code\": \"rate_limit_exceeded\" } }",
            ),
            Text(
                "Every answer has an `x-request-id`: with it the request is found in the console. A request that may be \
                  sent again says when, in `retry-after`; where that is of no use it says `x-should-retry: false`.",
            ),
            Errors,
        ],
    },
    Guide {
        slug: "limits",
        title: "Limits and budgets",
        pieces: &[
            Text(
                "A key, its project and its organisation can each be held to requests and tokens per minute and per \
                  day, to requests at the same time, and to money. A request has to fit all of them.",
            ),
            List(&[
                "What is left is said in every answer: `x-ratelimit-limit-requests`, `x-ratelimit-remaining-requests`, \
                 `x-ratelimit-reset-requests` and the same for tokens; on Anthropic's endpoints \
                 `anthropic-ratelimit-*`.",
                "429 `rate_limit_exceeded` names the limit; wait for `retry-after` seconds.",
                "429 `concurrency_exceeded`: wait until one of your requests has ended.",
                "402 `insufficient_quota` names the budget that is spent; waiting does not help before its window ends.",
                "402 `insufficient_balance`: the organisation's credit is spent.",
            ]),
            Text(
                "`GET /v1/key` tells a program its limits and what is left of its budgets. What a finished answer cost \
                  is in `x-keyway-cost-usd`; of a stream, in its event with the usage.",
            ),
        ],
    },
    Guide {
        slug: "streaming",
        title: "Streaming",
        pieces: &[
            Text(
                "With `\"stream\": true` an answer comes as server-sent events while it is made, in the shape of the \
                  endpoint's own vendor, whatever the model's provider speaks.",
            ),
            List(&[
                "While a provider is silent, a sign of life comes in the dialect's own way: a comment or a ping. SDKs \
                 ignore it.",
                "Something that goes wrong within a stream comes as an event with an error, and no `[DONE]` follows.",
                "A stream that would spend more than its budget has ends as one that reached its length, and a \
                 `keyway.notice` says why.",
                "What a client does not read is not asked for: a slow reader slows the provider and loses nothing.",
                "Closing the connection ends the request at the provider. What came until then is charged.",
            ]),
        ],
    },
    Guide {
        slug: "key-safety",
        title: "Key safety",
        pieces: &[
            Text("A key is worth what it may spend. Give each program its own, with no more than it needs."),
            List(&[
                "Keep it in the environment or in a store of secrets: never in code, in an address or in a browser.",
                "Narrow it: models, endpoints, networks, an end, a budget. The page that makes keys shows what each \
                 choice allows.",
                "Servers get a key of a service account: it stays when people leave.",
                "A key that came in a browser's request is marked, and its owner is told.",
                "Rotate without a break: the old secret goes on for as long as you say.",
                "It has leaked? `compromised` revokes it at once and says what it was used for; a replacement with \
                 the same rights can come with it.",
            ]),
            Code(
                "curl",
                "curl -X POST {base}/v1/organization/projects/PROJECT/api_keys/KEY/compromised \\\n  \
                  -H \"Authorization: Bearer $KEYWAY_ADMIN_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  \
                  -d '{ \"replace\": true }'",
            ),
            Text("A revoked key is refused on every node within a second, and streams under it end."),
        ],
    },
];

/// The guide of a place in addresses.
#[must_use]
pub fn named(slug: &str) -> Option<&'static Guide> {
    GUIDES.iter().find(|guide| guide.slug == slug)
}
