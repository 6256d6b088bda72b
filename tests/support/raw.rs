//! A client below HTTP: sends the bytes it is told to, as slowly as it likes, and reads when it wants to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use super::client::Client;
use super::{PATIENCE, eventually};

pub struct Raw {
    pub socket: TcpStream,
    server: SocketAddr,
    /// Read, and not yet asked for.
    buffer: Vec<u8>,
}

/// A request with this person's cookies, or this program's token.
pub fn get(path: &str, client: &Client) -> String {
    let cookies: Vec<_> = client.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let who = client
        .token()
        .map_or_else(|| format!("Cookie: {}", cookies.join("; ")), |token| format!("Authorization: Bearer {token}"));
    format!("GET {path} HTTP/1.1\r\nHost: milepost\r\n{who}\r\n\r\n")
}

/// An answer that was told apart from what follows it.
pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

impl Raw {
    pub fn open(url: &str) -> Raw {
        Raw::connect(url, None)
    }

    /// The system takes little on behalf of this one: a server notices soon that it does not read.
    pub fn with_small_buffer(url: &str) -> Raw {
        Raw::connect(url, Some(4096))
    }

    fn connect(url: &str, buffer: Option<usize>) -> Raw {
        let server: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        if let Some(size) = buffer {
            socket.set_recv_buffer_size(size).unwrap();
        }
        socket.connect_timeout(&server.into(), PATIENCE).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Raw { socket: socket.into(), server, buffer: Vec::new() }
    }

    pub fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).unwrap();
    }

    /// False when the other end closed.
    fn read_more(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        let length = self.socket.read(&mut chunk).expect("something comes, or the end");
        self.buffer.extend_from_slice(&chunk[..length]);
        length > 0
    }

    /// Reads up to this text, and gives all that came with it.
    pub fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.buffer.windows(text.len()).position(|part| part == text.as_bytes()) {
                let read: Vec<u8> = self.buffer.drain(..at + text.len()).collect();
                return String::from_utf8_lossy(&read).into_owned();
            }
            assert!(self.read_more(), "closed before {text:?}, after {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// The next answer, whose head says how long its body is.
    pub fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
            let digits = rest.split("\r\n").next().unwrap();
            digits.parse().unwrap()
        });
        while self.buffer.len() < length {
            assert!(self.read_more(), "closed in the middle of an answer");
        }
        Answer { head, body: self.buffer.drain(..length).collect() }
    }

    /// Reads to the end. Says whether that was a proper one.
    pub fn rest(&mut self) -> (String, bool) {
        let mut bytes = std::mem::take(&mut self.buffer);
        let is_proper = self.socket.read_to_end(&mut bytes).is_ok();
        (String::from_utf8_lossy(&bytes).into_owned(), is_proper)
    }

    /// Bytes that the system keeps for the server because this reader does not take them.
    fn waiting(&self) -> u64 {
        let port = |address: SocketAddr| format!(":{:04X}", address.port());
        let (local, remote) = (port(self.server), port(self.socket.local_addr().unwrap()));
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let row = rows.into_iter().find(|row| row.len() > 4 && row[1].ends_with(&local) && row[2].ends_with(&remote));
        row.map_or(0, |row| u64::from_str_radix(row[4].split(':').next().unwrap(), 16).unwrap())
    }

    /// Waits until the server cannot send anything more.
    pub async fn is_stuck(&self) {
        let (mut before, mut same) = (0, 0);
        eventually("nothing more leaves the server", || {
            let waiting = self.waiting();
            same = if waiting > 0 && waiting == before { same + 1 } else { 0 };
            before = waiting;
            std::future::ready((same == 3).then_some(()))
        })
        .await;
    }
}
