//! An export that comes as an archive: the one part of it that is read, and no more of that than fits.

use std::io::{Read, Seek};

use super::{BYTES, too_large};
use crate::error::{Message, msg};
use crate::jobs::zipped::{self, Refused};

/// Vikunja's archives have the tasks in this part (`pkg/models/export.go`); attachments and pictures stand beside it.
const DATA: &str = "data.json";

pub fn data<R: Read + Seek>(file: &mut R) -> Result<Vec<u8>, Message> {
    let broken = || msg("tracker-archive");
    let mut archive = zipped::open(file).map_err(|why| match why {
        Refused::TooLarge => msg("archive-many-parts"),
        Refused::Broken => broken(),
    })?;
    let part = archive.by_name(DATA).map_err(|_| broken())?;
    let mut data = Vec::new();
    // What it says of its size is nobody's word: it is counted as it comes.
    part.take(BYTES as u64 + 1).read_to_end(&mut data).map_err(|_| broken())?;
    if data.len() > BYTES { Err(too_large()) } else { Ok(data) }
}
