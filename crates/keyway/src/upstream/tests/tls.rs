//! TLS: against a server whose certificate comes from a CA made for this test (`tls_fixture`; the CA's own
//! key was thrown away, and the server's key opens nothing).

use super::*;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use tokio_rustls::TlsAcceptor;

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "src/upstream/tests/tls_fixture", name].iter().collect()
}

/// Answers two requests per connection, on two connections, then closes without `close_notify`.
async fn start(alpn: &[u8], script: &'static [&'static str]) -> (String, Tasks) {
    let chain = vec![CertificateDer::from_pem_file(fixture("localhost.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(fixture("localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
    let tasks = Tasks::default();
    tasks.spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(tcp).await else {
                continue;
            };
            for answer in script {
                let mut bytes = [0; 4096];
                let mut read = 0;
                while !bytes[..read].ends_with(b"}") {
                    read += stream.read(&mut bytes[read..]).await.unwrap();
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    });
    (url, tasks)
}

fn trusting(file: &str) -> Lanes {
    Lanes::new(limits(), Clock::system(), Arc::new(Tls::new(Some(fixture(file)))))
}

fn at(url: &str) -> Endpoint {
    Endpoint::new(url, AuthStyle::Bearer, Some(Secret::new("sk-canary".into()))).unwrap()
}

#[tokio::test]
async fn an_exchange_over_tls_and_another_on_the_same_connection() {
    let (url, _tasks) = start(b"http/1.1", &[OK, OK]).await;
    let lanes = trusting("ca.pem");
    for reused in [false, true] {
        let response = lanes.send(&at(&url), &chat()).await.unwrap();
        assert_eq!(response.reused, reused);
        assert_eq!(response.body.whole(2).await.unwrap(), "hi");
    }
}

#[tokio::test]
async fn a_cut_tls_connection_is_not_the_end_of_a_body() {
    // The close of a bare TCP connection can be forged; without `close_notify` it says nothing.
    let (url, _tasks) = start(b"http/1.1", &["HTTP/1.1 200 OK\r\n\r\nhi"]).await;
    let response = trusting("ca.pem").send(&at(&url), &chat()).await.unwrap();
    assert_eq!(response.body.whole(9).await, Err(Failure::Closed));
}

#[tokio::test]
async fn strangers_are_refused() {
    let (url, _tasks) = start(b"http/1.1", &[OK]).await;
    let refused = |lanes: Lanes, url: String| async move { lanes.send(&at(&url), &chat()).await.err() };
    assert_eq!(refused(lanes(limits()), url.clone()).await, Some(Failure::Tls), "unknown CA");
    let other_name = url.replace("localhost", "127.0.0.1");
    assert_eq!(refused(trusting("ca.pem"), other_name).await, Some(Failure::Tls), "wrong name");
    let (url, _tasks) = start(b"h2", &[OK]).await;
    assert_eq!(refused(trusting("ca.pem"), url).await, Some(Failure::Tls), "no common protocol");
}

#[test]
fn an_unusable_ca_file_is_found_by_asking() {
    for file in ["absent.pem", "localhost.key"] {
        assert!(Tls::new(Some(fixture(file))).config().is_err(), "{file}");
    }
    assert!(Tls::new(Some(fixture("ca.pem"))).config().is_ok());
}
