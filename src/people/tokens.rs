//! Secrets that travel in links: 256 random bits, shown once, stored as their
//! SHA-256 (a fast hash is right for what cannot be guessed).

use std::fmt;

use anyhow::anyhow;
use sha2::{Digest, Sha256};

use crate::error::Result;

/// A secret in a link. Prints as `[redacted]`; [`Token::reveal`] shows it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    pub fn random() -> Result<Token> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness from the system: {error}"))?;
        Ok(Token(hex(&bytes)))
    }

    pub fn from_link(text: &str) -> Token {
        Token(text.to_owned())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}
