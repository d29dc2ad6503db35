use super::*;
use address::is_public;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener};
use std::sync::Mutex;
use std::time::Duration;

/// A listener that must not be reached.
struct Trap(TcpListener);

impl Trap {
    fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn is_untouched(&self) -> bool {
        self.0.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

/// Answers one connection with these bytes, and says what it was asked.
fn serve(listener: TcpListener, answer: Vec<u8>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = socket.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        let _ = socket.write_all(&answer);
        String::from_utf8(asked).unwrap()
    })
}

fn guard(allowed: &[&str], listeners: Vec<SocketAddr>) -> Egress {
    let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Egress::new(allowed, listeners, Clock::system(), Arc::new(Tls::new(None)))
}

fn get(url: &str) -> Call<'_> {
    Call {
        method: Method::GET,
        url,
        headers: &[],
        accept: "*/*",
        credential: None,
        content_type: "application/json",
        body: Bytes::new(),
        answer_bytes_max: 1024,
        time_ms: 5_000,
    }
}

/// Spellings of private addresses; `{}` is the port of a listener on this machine.
const SPELLINGS: &str = include_str!("spellings.json");

#[tokio::test]
async fn no_spelling_of_a_private_address_reaches_a_listener() {
    let spellings: Vec<String> = serde_json::from_str(SPELLINGS).unwrap();
    assert!(spellings.len() >= 60);
    let v4 = Trap::on("0.0.0.0:0");
    let v6 = TcpListener::bind(("::1", v4.port())).ok().map(|listener| {
        listener.set_nonblocking(true).unwrap();
        Trap(listener)
    });
    let guard = guard(&[], Vec::new());
    for spelling in &spellings {
        let url = spelling.replace("{}", &v4.port().to_string());
        let denied = guard.call(get(&url)).await.unwrap_err();
        // Never an attempt to connect: that would be `Failed` or `Late`.
        assert!(matches!(denied, Denied::Url(_) | Denied::Address | Denied::Unknown), "{url}: {denied:?}");
        assert!(v4.is_untouched(), "{url}");
        assert!(v6.as_ref().is_none_or(Trap::is_untouched), "{url}");
    }
}

#[test]
fn public_addresses_are_those_of_the_registries() {
    let public = [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "192.0.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001::200e",
        "2001:4860:4860::8888",
        "2620:fe::fe",
    ];
    let closed = [
        "0.1.2.3",
        "10.255.0.1",
        "100.127.255.255",
        "127.1.2.3",
        "169.254.0.1",
        "172.20.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "192.168.0.1",
        "198.19.255.255",
        "203.0.113.7",
        "224.0.0.1",
        "250.0.0.1",
        "::",
        "::1",
        "::ffff:1.1.1.1",
        "::1.1.1.1",
        "64:ff9b::101:101",
        "64:ff9b:1::1",
        "100::",
        "2001::1",
        "2001:20::1",
        "2001:db8::",
        "2002:101:101::",
        "3fff::1",
        "5f00::1",
        "4000::1",
        "fc00::1",
        "fe80::1",
        "ff0e::1",
        "2600:1::200:5efe:a00:1",
    ];
    for (list, expected) in [(&public[..], true), (&closed[..], false)] {
        for text in list {
            assert_eq!(is_public(text.parse::<IpAddr>().unwrap()), expected, "{text}");
        }
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once() {
    // The first answer may be asked, the second may not: what was checked is what is connected to.
    let good = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = good.local_addr().unwrap().port();
    let trap = Trap::on(&format!("127.0.0.1:{port}"));
    let mut guard = guard(&["127.0.0.2/32"], Vec::new());
    let list = |address: &str| vec![SocketAddr::new(address.parse().unwrap(), port)];
    guard.resolver = Resolver::Scripted(Mutex::new(VecDeque::from([list("127.0.0.2"), list("127.0.0.1")])));
    let served = serve(good, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec());
    let url = format!("http://rebind.example:{port}/a?b=c#d");
    let answer = guard.call(get(&url)).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    let asked = served.join().unwrap();
    assert!(asked.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("host: rebind.example:{port}\r\n")), "{asked}");
    assert_eq!(guard.call(get(&url)).await.unwrap_err(), Denied::Address);
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn a_name_that_leads_to_both_sides_is_denied() {
    let trap = Trap::on("127.0.0.1:0");
    let mut guard = guard(&[], Vec::new());
    let both = ["93.184.216.34", "127.0.0.1"].map(|ip| SocketAddr::new(ip.parse().unwrap(), trap.port()));
    guard.resolver = Resolver::Scripted(Mutex::new(VecDeque::from([both.to_vec()])));
    assert_eq!(guard.call(get("https://both.example/")).await.unwrap_err(), Denied::Address);
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let trap = Trap::on("127.0.0.1:0");
    for status in [301, 302, 303, 307, 308] {
        let host = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = host.local_addr().unwrap().port();
        let guard = guard(&["127.0.0.0/8"], Vec::new());
        let head = format!("HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{}/\r\n", trap.port());
        let served = serve(host, format!("{head}content-length: 0\r\n\r\n").into_bytes());
        let denied = guard.call(get(&format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
        assert_eq!(denied, Denied::Redirect, "{status}");
        served.join().unwrap();
    }
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn our_own_listeners_are_closed_even_in_an_opened_network() {
    let trap = Trap::on("127.0.0.1:0");
    let port = trap.port();
    for listener in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}"), format!("[::]:{port}")] {
        let guard = guard(&["127.0.0.0/8", "0.0.0.0/8", "::1/128"], vec![listener.parse().unwrap()]);
        for host in ["127.0.0.1", "localhost"] {
            let denied = guard.call(get(&format!("http://{host}:{port}/"))).await.unwrap_err();
            assert_eq!(denied, Denied::Address, "{host} beside {listener}");
        }
    }
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn size_and_time_are_bounded() {
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n".to_vec();
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 4096]].concat();
    for answer in [long, endless] {
        let host = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", host.local_addr().unwrap());
        let served = serve(host, answer);
        assert_eq!(guard(&["127.0.0.1/32"], Vec::new()).call(get(&url)).await.unwrap_err(), Denied::TooLarge);
        served.join().unwrap();
    }
    // Takes the connection and says nothing.
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", host.local_addr().unwrap());
    let call = Call { time_ms: 50, ..get(&url) };
    assert_eq!(guard(&["127.0.0.1/32"], Vec::new()).call(call).await.unwrap_err(), Denied::Late);
    // All places taken: waiting is bounded too.
    let guard = guard(&["127.0.0.1/32"], Vec::new());
    let _places = guard.places.acquire_many(CALLS_MAX as u32).await.unwrap();
    let call = Call { time_ms: 50, ..get(&url) };
    let waited = tokio::time::timeout(Duration::from_secs(30), guard.call(call)).await.unwrap();
    assert_eq!(waited.unwrap_err(), Denied::Late);
}

#[tokio::test]
async fn plain_http_goes_to_opened_networks_only() {
    let trap = Trap::on("127.0.0.1:0");
    let guard = guard(&[], Vec::new());
    for url in ["http://93.184.216.34/", "http://[2606:4700:4700::1111]/"] {
        assert_eq!(guard.call(get(url)).await.unwrap_err(), Denied::Address, "{url}");
    }
    assert!(trap.is_untouched());
}
