//! Reads a stream of server-sent events, by the rules of the HTML standard.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::in_time;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    pub id: Option<String>,
    pub data: String,
    /// Milliseconds after which to come back, where the event says so.
    pub retry: Option<u64>,
}

impl Event {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("{} carries JSON: {}", self.name, self.data))
    }
}

pub struct Events {
    bytes: BoxStream<'static, Vec<u8>>,
    buffer: Vec<u8>,
    pub headers: reqwest::header::HeaderMap,
    /// All that came, for a failing test's message.
    pub seen: Vec<Event>,
}

impl Events {
    pub fn new(response: reqwest::Response) -> Events {
        let headers = response.headers().clone();
        // A connection that breaks ends the stream just as one that closes.
        let chunks = response.bytes_stream().map(|chunk| chunk.map(|chunk| chunk.to_vec()));
        let bytes =
            chunks.take_while(|chunk| std::future::ready(chunk.is_ok())).filter_map(|chunk| async { chunk.ok() });
        Events::of(headers, bytes.boxed())
    }

    /// A stream that came some other way.
    pub fn of(headers: reqwest::header::HeaderMap, bytes: BoxStream<'static, Vec<u8>>) -> Events {
        Events { bytes, buffer: Vec::new(), headers, seen: Vec::new() }
    }

    /// The next event, or none when the server closed the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(std::str::from_utf8(&block).expect("a stream is UTF-8")) {
                    self.seen.push(event.clone());
                    return Some(event);
                }
                continue;
            }
            let chunk = in_time("the stream says something", self.bytes.next()).await?;
            self.buffer.extend(chunk);
        }
    }

    /// Reads on to the first event that fits.
    pub async fn until(&mut self, what: &str, mut fits: impl FnMut(&Event) -> bool) -> Event {
        let reading = async {
            while let Some(event) = self.next().await {
                if fits(&event) {
                    return Some(event);
                }
            }
            None
        };
        match tokio::time::timeout(super::PATIENCE, reading).await {
            Ok(Some(event)) => event,
            Ok(None) => panic!("the stream closed before: {what}; it said {:#?}", self.seen),
            Err(_) => panic!("never on the stream: {what}; it said {:#?}", self.seen),
        }
    }

    pub async fn named(&mut self, name: &str) -> Event {
        self.until(name, |event| event.name == name).await
    }

    /// Reads to the end of the stream and gives what came until then.
    pub async fn rest(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// The events of a text that was read whole; what is left of one that was cut short is none.
pub fn events_in(text: &str) -> Vec<Event> {
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    whole.split("\n\n").filter_map(parse).collect()
}

fn parse(block: &str) -> Option<Event> {
    let (mut name, mut id, mut data, mut retry) = ("message".to_owned(), None, Vec::new(), None);
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "id" => id = Some(value.to_owned()),
            "data" => data.push(value),
            "retry" => retry = value.parse().ok(),
            _ => {}
        }
    }
    (!data.is_empty()).then(|| Event { name, id, data: data.join("\n"), retry })
}
