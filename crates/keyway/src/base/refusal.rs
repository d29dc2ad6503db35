//! The closed list of what a client may be told, and how each is told over HTTP.

use std::borrow::Cow;

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $kind:literal; )*) => {
        /// A published error code. Status and OpenAI `type` belong to the code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $( $(#[$doc])* $name, )* }

        impl Code {
            /// Every code, in the order of the published table.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// The code as clients see it.
            #[must_use]
            pub fn text(self) -> &'static str { match self { $( Self::$name => $text, )* } }

            /// Its HTTP status.
            #[must_use]
            pub fn status(self) -> u16 { match self { $( Self::$name => $status, )* } }

            /// Its `type` in the OpenAI error object.
            #[must_use]
            pub fn kind(self) -> &'static str { match self { $( Self::$name => $kind, )* } }
        }
    };
}

codes! {
    /// The request is malformed; the message names the field.
    InvalidRequest = "invalid_request", 400, "invalid_request_error";
    /// Two different credentials in one request.
    AmbiguousCredentials = "ambiguous_credentials", 400, "invalid_request_error";
    /// A parameter that this model or route does not take.
    UnsupportedParameter = "unsupported_parameter", 400, "invalid_request_error";
    /// The model's dialect cannot say all of the request, and the caller wants it whole or not at all.
    LossyTranslation = "lossy_translation", 400, "invalid_request_error";
    /// The prompt is longer than the model's window.
    ContextLengthExceeded = "context_length_exceeded", 400, "invalid_request_error";
    /// Absent, malformed, unknown or wrong secret: one and the same answer.
    InvalidApiKey = "invalid_api_key", 401, "invalid_request_error";
    /// Right secret, past its expiry.
    ExpiredApiKey = "expired_api_key", 401, "invalid_request_error";
    /// Right secret, revoked.
    RevokedApiKey = "revoked_api_key", 401, "invalid_request_error";
    /// Right secret, switched off.
    DisabledApiKey = "disabled_api_key", 401, "invalid_request_error";
    /// A good credential of the wrong kind.
    WrongKeyType = "wrong_key_type", 403, "permission_error";
    /// The key lacks the route's scope.
    MissingScope = "missing_scope", 403, "permission_error";
    /// The key may not call this model.
    ModelNotAllowed = "model_not_allowed", 403, "permission_error";
    /// The caller's address is not on an allow-list.
    IpNotAllowed = "ip_not_allowed", 403, "permission_error";
    /// Nothing bounds what this costs, and a budget holds that must not be passed.
    UnpriceableForHardBudget = "unpriceable_for_hard_budget", 400, "invalid_request_error";
    /// A change that comes with a session, and not from a page of this server.
    CrossSite = "cross_site", 403, "permission_error";
    /// Live keys come with a verified address.
    EmailNotVerified = "email_not_verified", 403, "permission_error";
    /// The key's project is archived.
    ProjectArchived = "project_archived", 403, "permission_error";
    /// No such model for this key.
    ModelNotFound = "model_not_found", 404, "invalid_request_error";
    /// No such route or object, or not yours.
    NotFound = "not_found", 404, "invalid_request_error";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "invalid_request_error";
    /// The body did not come within its time.
    RequestTimeout = "request_timeout", 408, "invalid_request_error";
    /// The same idempotency key with another body.
    IdempotencyConflict = "idempotency_conflict", 409, "invalid_request_error";
    /// The object is not in a state that allows this, or the same call is still running.
    Conflict = "conflict", 409, "invalid_request_error";
    /// A budget is spent; the message names it.
    InsufficientQuota = "insufficient_quota", 402, "insufficient_quota";
    /// The organisation's balance is spent.
    InsufficientBalance = "insufficient_balance", 402, "insufficient_quota";
    /// Larger than the route takes.
    BodyTooLarge = "body_too_large", 413, "invalid_request_error";
    /// More or larger headers than are taken.
    HeadersTooLarge = "headers_too_large", 431, "invalid_request_error";
    /// A limit of the key, its project or its organisation, named in the message, or the provider's own.
    RateLimitExceeded = "rate_limit_exceeded", 429, "rate_limit_error";
    /// As many requests run as may.
    ConcurrencyExceeded = "concurrency_exceeded", 429, "rate_limit_error";
    /// What is left of a budget is reserved by requests that run.
    BudgetReserved = "budget_reserved", 429, "rate_limit_error";
    /// The client left; seen in the log only.
    ClientGone = "client_gone", 499, "client_error";
    /// A fault of ours; the request id finds it in the log.
    InternalError = "internal_error", 500, "server_error";
    /// The provider failed.
    UpstreamError = "upstream_error", 502, "server_error";
    /// The provider refused our credential.
    UpstreamAuth = "upstream_auth", 502, "server_error";
    /// Too much to do; try again.
    Overloaded = "overloaded", 503, "server_error";
    /// Usage cannot be recorded, so nothing may be spent.
    MeteringUnavailable = "metering_unavailable", 503, "server_error";
    /// No configured provider can serve this now.
    NoHealthyTarget = "no_healthy_target", 503, "server_error";
    /// The provider did not answer in time.
    UpstreamTimeout = "upstream_timeout", 504, "server_error";
}

/// What a client is told instead of an answer. The message says what happened and what to do;
/// it holds no secret and nothing internal.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The published code.
    pub code: Code,
    /// What happened and what to do.
    pub message: Cow<'static, str>,
    /// The field at fault, where one is.
    pub param: Option<Cow<'static, str>>,
    /// How long to wait before trying again, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Tokens of answer for which the money would do, where it does for some.
    pub affordable_tokens: Option<u64>,
    /// A provider's own 4xx keeps its status and its `code` and `type`; `None` for refusals of ours.
    pub upstream: Option<Box<UpstreamRefusal>>,
}

/// What a provider said when it rejected a request of the client's making.
#[derive(Debug, Clone)]
pub struct UpstreamRefusal {
    /// Its HTTP status, 400 to 499.
    pub status: u16,
    /// Its error code, where it gave one.
    pub code: Option<String>,
    /// Its error type, where it gave one.
    pub kind: Option<String>,
}

impl Refusal {
    /// A refusal of ours.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            param: None,
            retry_after_ms: None,
            affordable_tokens: None,
            upstream: None,
        }
    }

    /// A malformed field.
    pub fn field(param: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { param: Some(param.into()), ..Self::new(Code::InvalidRequest, message) }
    }

    /// The same without a provider's own words, which are not of the client's dialect.
    #[must_use]
    pub fn in_our_words(mut self) -> Self {
        if let Some(theirs) = &mut self.upstream {
            (theirs.code, theirs.kind) = (None, None);
        }
        self
    }

    /// The status the client gets.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.upstream.as_ref().map_or_else(|| self.code.status(), |upstream| upstream.status)
    }
}
