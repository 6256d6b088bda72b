//! Goes everywhere that pages lead: links, assets, what scripts and style sheets name, and streams. Presses no button.

use std::collections::{BTreeSet, VecDeque};

use super::curl::Curl;
use super::html::Page;

/// Every address that a page names and that a browser would fetch or could open.
fn addresses(page: &Page, prefix: &str) -> Vec<String> {
    let kind = page.header("content-type");
    if kind.starts_with("text/css") || kind.starts_with("text/javascript") {
        let quoted = |mark: &str| -> Vec<String> {
            let ends = page.body.match_indices(mark).map(|(at, _)| &page.body[at + mark.len()..]);
            ends.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        let modules = quoted("from \"").into_iter().filter(|module| module.starts_with("./"));
        return modules.chain(quoted("url(\"")).collect();
    }
    if !kind.starts_with("text/html") {
        return Vec::new();
    }
    let mut all = Vec::new();
    for name in ["href", "src", "action", "formaction", "data-stream", "hx-get", "hx-post", "poster", "srcset"] {
        all.extend(page.attributes(&format!("[{name}]"), name));
    }
    // Only what is opened, not what is done.
    let done: BTreeSet<String> = page.forms().into_iter().filter(|f| f.method != "get").map(|f| f.action).collect();
    let buttons: BTreeSet<String> = page.attributes("[formaction]", "formaction").into_iter().collect();
    for address in done.iter().chain(&buttons) {
        assert!(address.starts_with(prefix), "{} posts to {address}", page.path);
    }
    all.retain(|address| !done.contains(address) && !buttons.contains(address) && !address.starts_with('#'));
    all
}

/// Where an address on this page leads: a path of the same host.
fn resolved(page: &Page, address: &str) -> String {
    let address = address.split('#').next().unwrap();
    if address.starts_with('/') {
        return address.to_owned();
    }
    let mut steps: Vec<&str> = page.path.split('?').next().unwrap().split('/').collect();
    steps.pop();
    for step in address.split('/') {
        match step {
            ".." => drop(steps.pop()),
            "." => {}
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// Opens everything that can be opened from `start`, all of it under `prefix`; gives what was opened.
pub fn walk(visitor: &Curl, prefix: &str, start: &[&str]) -> BTreeSet<String> {
    let mut opened = BTreeSet::new();
    let mut waiting: VecDeque<String> = start.iter().map(|path| (*path).to_owned()).collect();
    while let Some(path) = waiting.pop_front() {
        if !opened.insert(path.clone()) {
            continue;
        }
        if path.contains("/events") {
            assert_eq!(visitor.events(&path).0, 200, "{path}");
            continue;
        }
        let page = visitor.get(&path);
        if let Some(next) = page.location() {
            assert!(next.starts_with(prefix), "{path} leads to {next}");
            waiting.push_back(next);
            continue;
        }
        let page = page.expect(200);
        for address in addresses(&page, prefix) {
            let led_to = resolved(&page, &address);
            assert!(led_to.starts_with(prefix), "{path} names {address}");
            waiting.push_back(led_to);
        }
    }
    opened
}
