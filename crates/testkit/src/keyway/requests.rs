//! Requests to the running program.

use super::Keyway;
use crate::http::{Connection, Head, Response};
use serde_json::Value;
use std::io;
use std::sync::Arc;

impl Keyway {
    /// Opens a connection, with TLS where the server has it.
    ///
    /// # Errors
    /// When nobody listens, or a handshake fails.
    pub fn open(&self) -> io::Result<Connection> {
        match &self.tls {
            None => Connection::open(self.address()),
            Some(config) => Connection::open_tls(self.address(), Arc::clone(config)),
        }
    }

    /// Opens a connection.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect(&self) -> Connection {
        self.open().expect("a listening server")
    }

    /// One request on a connection of its own.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        let mut connection = self.open()?;
        let mut headers = headers.to_vec();
        headers.push(("connection", "close"));
        connection.send(method, path, &headers, body)?;
        connection.response()
    }

    /// One request on a connection of its own.
    ///
    /// # Panics
    /// When no whole answer comes.
    #[must_use]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.try_request(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.stderr()))
    }

    /// GET with a key; an empty key sends none.
    #[must_use]
    pub fn get(&self, path: &str, key: &str) -> Response {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str())];
        self.request("GET", path, if key.is_empty() { &[] } else { &headers }, b"")
    }

    /// DELETE with a key.
    #[must_use]
    pub fn delete(&self, path: &str, key: &str) -> Response {
        self.request("DELETE", path, &[("authorization", &format!("Bearer {key}"))], b"")
    }

    /// POST of JSON with a key.
    #[must_use]
    pub fn post_json(&self, path: &str, key: &str, body: &Value) -> Response {
        self.post_bytes(path, key, body.to_string().as_bytes())
    }

    /// POST of exactly these bytes as JSON with a key.
    #[must_use]
    pub fn post_bytes(&self, path: &str, key: &str, body: &[u8]) -> Response {
        let bearer = format!("Bearer {key}");
        self.request("POST", path, &[("authorization", &bearer), ("content-type", "application/json")], body)
    }

    /// POST of JSON whose answer is read as it comes: head, and the connection with its body.
    ///
    /// # Panics
    /// When no head comes.
    #[must_use]
    pub fn stream(&self, path: &str, key: &str, body: &Value) -> (Head, Connection) {
        let mut connection = self.connect();
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        connection.send("POST", path, &headers, body.to_string().as_bytes()).expect("a request is taken");
        let head = connection.head().unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.stderr()));
        (head, connection)
    }
}
