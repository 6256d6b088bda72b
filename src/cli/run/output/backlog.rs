//! What a command has printed and nobody has looked at yet, in bounded memory: when it prints faster than one can look,
//! the first and the latest bytes are kept, and how many are missing between them. Pure.

use std::collections::VecDeque;

/// Kept of the beginning.
const HEAD: usize = 64 << 10;
/// Kept of the end.
const TAIL: usize = 128 << 10;
/// Bytes from one stream that are kept in one piece.
const PIECE: usize = 16 << 10;

/// Where bytes came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    Out,
    Err,
}

pub struct Piece {
    pub from: Stream,
    pub bytes: Vec<u8>,
}

/// What was printed since the last look, in order.
#[derive(Default)]
pub struct Backlog {
    head: Vec<Piece>,
    head_bytes: usize,
    /// Bytes left out between head and tail.
    pub missing: u64,
    tail: VecDeque<Piece>,
    tail_bytes: usize,
}

impl Backlog {
    pub fn push(&mut self, from: Stream, bytes: &[u8]) {
        for bytes in bytes.chunks(PIECE) {
            if self.head_bytes < HEAD {
                self.head_bytes += bytes.len();
                add(&mut self.head, from, bytes);
                continue;
            }
            self.tail_bytes += bytes.len();
            match self.tail.back_mut().filter(|last| last.from == from && last.bytes.len() + bytes.len() <= PIECE) {
                Some(last) => last.bytes.extend_from_slice(bytes),
                None => self.tail.push_back(Piece { from, bytes: bytes.to_vec() }),
            }
            while self.tail_bytes > TAIL {
                let Some(first) = self.tail.pop_front() else { break };
                self.tail_bytes -= first.bytes.len();
                self.missing += first.bytes.len() as u64;
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// What came before the gap, and what after it.
    pub fn into_parts(self) -> (Vec<Piece>, u64, VecDeque<Piece>) {
        (self.head, self.missing, self.tail)
    }
}

fn add(pieces: &mut Vec<Piece>, from: Stream, bytes: &[u8]) {
    match pieces.last_mut().filter(|last| last.from == from && last.bytes.len() + bytes.len() <= PIECE) {
        Some(last) => last.bytes.extend_from_slice(bytes),
        None => pieces.push(Piece { from, bytes: bytes.to_vec() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: impl IntoIterator<Item = Piece>) -> String {
        pieces.into_iter().map(|piece| String::from_utf8(piece.bytes).unwrap()).collect()
    }

    #[test]
    fn little_output_is_kept_as_it_came() {
        let mut backlog = Backlog::default();
        for (from, bytes) in [(Stream::Out, "a"), (Stream::Out, "b"), (Stream::Err, "c"), (Stream::Out, "d")] {
            backlog.push(from, bytes.as_bytes());
        }
        let (head, missing, tail) = backlog.into_parts();
        assert_eq!(head.iter().map(|piece| piece.from).collect::<Vec<_>>(), [Stream::Out, Stream::Err, Stream::Out]);
        assert_eq!((text(head).as_str(), missing, tail.len()), ("abcd", 0, 0));
    }

    #[test]
    fn of_much_output_the_head_and_the_tail_are_kept_and_every_byte_is_counted() {
        let mut backlog = Backlog::default();
        let all = 10_000_000_usize;
        for number in 0..all / 10 {
            backlog.push(Stream::Out, format!("{number:09}\n").as_bytes());
        }
        let (head, missing, tail) = backlog.into_parts();
        let (head, tail) = (text(head), text(tail));
        assert!(head.starts_with("000000000\n000000001\n") && tail.ends_with("000999999\n"));
        assert!(head.len() <= HEAD + PIECE && tail.len() <= TAIL);
        assert_eq!(head.len() + tail.len() + usize::try_from(missing).unwrap(), all);
    }
}
