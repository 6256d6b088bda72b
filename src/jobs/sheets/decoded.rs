//! Bytes of any encoding read as UTF-8, with a limit on what is read between two rows.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use encoding_rs::{Decoder, Encoding};

const BLOCK: usize = 64 * 1024;

pub struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_place: usize,
    text: Vec<u8>,
    text_place: usize,
    has_ended: bool,
    /// Bytes that were read since the last row; whoever takes rows sets it back.
    since_row: Rc<Cell<u64>>,
    most: u64,
}

impl<R: Read> Decoded<R> {
    pub fn new(inner: R, encoding: &'static Encoding, most: u64) -> Decoded<R> {
        Decoded {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_place: 0,
            text: Vec::new(),
            text_place: 0,
            has_ended: false,
            since_row: Rc::default(),
            most,
        }
    }

    pub fn since_row(&self) -> Rc<Cell<u64>> {
        self.since_row.clone()
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.text_place = 0;
        while self.text.is_empty() && !self.has_ended {
            if self.raw_place == self.raw.len() {
                self.raw.resize(BLOCK, 0);
                let read = self.inner.read(&mut self.raw)?;
                self.raw.truncate(read);
                self.raw_place = 0;
            }
            let last = self.raw.is_empty();
            self.text.resize(BLOCK * 3, 0);
            let (outcome, read, written, _) =
                self.decoder.decode_to_utf8(&self.raw[self.raw_place..], &mut self.text, last);
            self.raw_place += read;
            self.text.truncate(written);
            self.has_ended = last && outcome == encoding_rs::CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > self.most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row is too long"));
        }
        if self.text_place == self.text.len() {
            self.fill()?;
        }
        let rest = &self.text[self.text_place..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.text_place += length;
        self.since_row.set(self.since_row.get() + length as u64);
        Ok(length)
    }
}
