//! An HTTP/2 client for tests, and a place to run it.

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use std::future::Future;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Runs an asynchronous test.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// A connection of HTTP/2.
pub struct Client {
    pub send: SendRequest<Bytes>,
    /// Ends with the connection.
    pub end: JoinHandle<Result<(), h2::Error>>,
    authority: String,
}

/// A whole answer.
pub struct Whole {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Whole {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> testkit::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

impl Client {
    /// By prior knowledge.
    pub async fn plain(address: SocketAddr) -> Self {
        let tcp = TcpStream::connect(address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        Self::over(tcp, address).await
    }

    /// Over a connection that is there.
    pub async fn over(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, address: SocketAddr) -> Self {
        Self::try_over(io, address).await.unwrap()
    }

    /// The same, if there is somebody.
    pub async fn try_over(
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: SocketAddr,
    ) -> Result<Self, h2::Error> {
        // Room for what one stream does not take, so that it does not stand in the way of the others.
        let mut builder = h2::client::Builder::new();
        builder.initial_connection_window_size(1 << 20).initial_window_size(64 * 1024);
        let (send, connection) = builder.handshake(io).await?;
        let end = tokio::spawn(connection);
        Ok(Self { send, end, authority: address.to_string() })
    }

    /// A request's head, with a key where it is not empty.
    pub fn request(&self, method: Method, path: &str, key: &str) -> Request<()> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.authority));
        if !key.is_empty() {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        request.body(()).unwrap()
    }

    /// Sends a request; its answer as far as its head.
    pub async fn begin(&self, request: Request<()>, body: &str) -> Result<Response<RecvStream>, h2::Error> {
        let mut send = self.send.clone().ready().await?;
        let (answer, mut stream) = send.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            stream.send_data(Bytes::from(body.to_owned()), true)?;
        }
        answer.await
    }

    /// Sends a request; its answer.
    pub async fn whole(&mut self, request: Request<()>, body: &str) -> Whole {
        let answer = self.begin(request, body).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = text(answer.into_body()).await.unwrap();
        Whole { status, headers, body }
    }

    pub async fn get(&mut self, path: &str, key: &str) -> Whole {
        self.whole(self.request(Method::GET, path, key), "").await
    }

    pub async fn post(&mut self, path: &str, key: &str, body: &str) -> Whole {
        self.whole(self.request(Method::POST, path, key), body).await
    }
}

/// A body to its end.
pub async fn text(mut body: RecvStream) -> Result<String, h2::Error> {
    let mut whole = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        whole.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(whole).unwrap())
}
