//! Addresses: their order, and which of them is used.

use super::*;
use crate::upstream::connect::{alternate, dial};
use std::net::SocketAddr;

fn addresses(list: &[&str]) -> Vec<SocketAddr> {
    list.iter().map(|host| format!("{host}:9").parse().unwrap()).collect()
}

#[test]
fn families_take_turns_beginning_with_the_resolvers_choice() {
    for (found, order) in [
        (&["[::1]", "[::2]", "1.1.1.1", "1.1.1.2"][..], &["[::1]", "1.1.1.1", "[::2]", "1.1.1.2"][..]),
        (&["1.1.1.1", "[::1]", "[::2]", "[::3]"], &["1.1.1.1", "[::1]", "[::2]", "[::3]"]),
        (&["1.1.1.2", "1.1.1.1"], &["1.1.1.2", "1.1.1.1"]),
        (&[], &[]),
    ] {
        assert_eq!(alternate(addresses(found)), addresses(order));
    }
    assert_eq!(alternate(addresses(&["1.1.1.1"; 20])).len(), limits::ADDRESSES_MAX);
}

#[tokio::test]
async fn dead_addresses_are_passed_over() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let good = listener.local_addr().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = gone.local_addr().unwrap();
    drop(gone);
    // TEST-NET-1: unreachable, or silent for ever.
    let silent = SocketAddr::from(([192, 0, 2, 1], 9));
    let tcp = dial(&[silent, refusing, good]).await.unwrap();
    assert_eq!(tcp.peer_addr().unwrap(), good);
    assert!(dial(&[refusing, refusing]).await.is_err());
    assert!(dial(&[]).await.is_err());
}

#[tokio::test]
async fn a_name_that_cannot_exist_is_dns() {
    let url = format!("http://{}.invalid/v1", "a".repeat(64));
    let endpoint = Endpoint::new(&url, AuthStyle::None, None).unwrap();
    let failure = lanes(limits()).send(&endpoint, &chat()).await.err().unwrap();
    assert_eq!((failure, failure.may_have_been_sent()), (Failure::Dns, false));
}
