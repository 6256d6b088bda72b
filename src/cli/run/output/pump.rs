//! Passes a command's output on, byte for byte and at once, and leaves a copy in the tap. Never waits for anything but the
//! command and whoever reads our own output.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Tap, Way};

const BUFFER: usize = 64 << 10;
/// How long output is waited for after the command itself has ended: what it left in the background may go on, and
/// would keep us as long.
const AFTER_THE_END: Duration = Duration::from_secs(1);

pub(super) struct Pump {
    pub way: Way,
    /// Readable once the command has ended.
    pub ended: Arc<PipeReader>,
    pub tap: Arc<Tap>,
}

impl Pump {
    /// Returns when the output is over. That we can no longer write (the reader of a pipe has gone) closes the command's
    /// output too, so that it meets what it would meet without us.
    pub fn run(mut self) {
        let mut buffer = vec![0; BUFFER];
        let mut end: Option<Instant> = None;
        loop {
            match self.readable(end) {
                Ok(Ready::Output) => {}
                Ok(Ready::Ended) => {
                    end = Some(Instant::now() + AFTER_THE_END);
                    continue;
                }
                Ok(Ready::Late) | Err(_) => return,
            }
            let read = match self.way.from.read(&mut buffer) {
                // A terminal whose other side is closed answers with an error (EIO).
                Ok(0) | Err(_) => return,
                Ok(read) => &buffer[..read],
            };
            let written = self.way.to.as_mut().map_or(Ok(()), |to| write_all(to, read));
            self.tap.push(self.way.stream, read);
            if written.is_err() {
                return;
            }
        }
    }

    fn readable(&self, end: Option<Instant>) -> io::Result<Ready> {
        let mut watched =
            [PollFd::new(&self.way.from, PollFlags::IN), PollFd::from_borrowed_fd(self.ended.as_fd(), PollFlags::IN)];
        let watched = if end.is_some() { &mut watched[..1] } else { &mut watched[..] };
        let patience = end.map(|end| end.saturating_duration_since(Instant::now()));
        let patience =
            patience.map(|left| Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() });
        loop {
            match poll(watched, patience.as_ref()) {
                Ok(0) => return Ok(Ready::Late),
                Ok(_) if !watched[0].revents().is_empty() => return Ok(Ready::Output),
                Ok(_) => return Ok(Ready::Ended),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

enum Ready {
    Output,
    Ended,
    Late,
}

/// Writes to what may be a pipe that another program made non-blocking.
pub fn write_all(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for(to.as_fd(), PollFlags::OUT)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wait_for(file: BorrowedFd<'_>, what: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::from_borrowed_fd(file, what)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
