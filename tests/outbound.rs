//! What Milepost asks of others' servers: bounded, and never of what stands behind it.

use std::time::Duration;

use milepost::outbound::{Ask, Outbound, address};
use reqwest::header::HeaderValue;

use crate::support::other::{Other, Reply};

fn outbound(allowed: &str) -> Outbound {
    Outbound::new(allowed.parse().unwrap())
}

fn get(url: &str) -> Ask {
    Ask::get(address(url).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_not_asked_by_number_nor_by_name_nor_by_being_led_there() {
    let inside = Other::at("127.0.0.1", Reply::ok("secret")).await;
    let port = inside.url.rsplit(':').next().unwrap().to_owned();
    for url in [inside.url.clone(), format!("http://localhost:{port}/"), format!("http://0x7f.1:{port}/")] {
        let refused = outbound("").ask(get(&url)).await.unwrap_err();
        assert_eq!(refused.key, "outbound-private", "{url}");
    }
    let outside = Other::at("127.0.0.2", Reply::status(302).with("location", inside.url.clone())).await;
    let only_outside = outbound("127.0.0.2");
    assert_eq!(only_outside.ask(get(&outside.url)).await.unwrap_err().key, "outbound-private");
    outside.replies(Reply::status(302).with("location", format!("http://localhost:{port}/")));
    assert_eq!(only_outside.ask(get(&outside.url)).await.unwrap_err().key, "outbound-private");
    assert_eq!(inside.asked().len(), 0, "nothing came through");
    assert_eq!(outbound("127.0.0.0/8").ask(get(&outside.url)).await.unwrap().body, b"secret", "whoever allows it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_bounded_in_bytes_time_and_redirects_and_half_of_one_is_none() {
    let other = Other::start(Reply::ok(vec![b'x'; 5_000])).await;
    let outbound = outbound("127.0.0.0/8");
    let mut small = get(&other.url);
    small.bytes = 4_999;
    assert_eq!(outbound.ask(small.clone()).await.unwrap_err().key, "outbound-too-large");
    small.bytes = 5_000;
    assert_eq!(outbound.ask(small).await.unwrap().body.len(), 5_000);
    other.replies(Reply::ok("half of").cut());
    assert_eq!(outbound.ask(get(&other.url)).await.unwrap_err().key, "outbound-broken");
    other.replies(Reply { is_silent: true, ..Reply::ok("") });
    let mut short = get(&other.url);
    short.time = Duration::from_millis(50);
    assert_eq!(outbound.ask(short).await.unwrap_err().key, "outbound-late");
    other.replies(Reply::status(307).with("location", "/round"));
    assert_eq!(outbound.ask(get(&other.url)).await.unwrap_err().key, "outbound-redirects");
    let posted = Ask::post(address(&other.url).unwrap(), HeaderValue::from_static("text/plain"), b"hello".to_vec());
    assert_eq!(outbound.ask(posted).await.unwrap().status, 307, "what is sent is not sent on");
    assert_eq!(other.asked().last().unwrap().body, "hello");
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gone = format!("http://{gone}/?key=secret");
    let nobody = "http://no-such-host.invalid/a?key=secret";
    for url in [gone.as_str(), nobody] {
        let unreached = outbound.ask(get(url)).await.unwrap_err();
        assert_eq!(unreached.key, "outbound-unconnected", "nothing was sent");
        assert!(!format!("{unreached:?}").contains("secret"), "{unreached:?}");
    }
}
