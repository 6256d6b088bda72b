//! Reads the project's own source: Rust files as code and string literals, without comments.

use std::path::{Path, PathBuf};

pub struct Source {
    /// From the repository's root, with forward slashes: `src/tasks/sql.rs`.
    pub path: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends in `.extension`, in the order of its path.
pub fn files(folder: &str, extension: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), extension, &mut paths);
    paths.sort();
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"),
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "node_modules" {
            walk(&path, extension, into);
        } else if path.extension().is_some_and(|found| found == extension) {
            into.push(path);
        }
    }
}

/// A piece of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Code(String),
    /// A string literal's value, plain escapes resolved.
    Text {
        value: String,
        line: usize,
    },
}

/// Splits Rust into code and string literals; comments and the file's unit tests fall away.
pub fn pieces(rust: &str) -> Vec<Piece> {
    let rust = rust.split("#[cfg(test)]\nmod ").next().unwrap_or(rust);
    let (bytes, mut at, mut code, mut found) = (rust.as_bytes(), 0, String::new(), Vec::new());
    while at < bytes.len() {
        let rest = &rust[at..];
        let line = || rust[..at].lines().count();
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if let Some((value, length)) = literal(rest) {
            found.push(Piece::Code(std::mem::take(&mut code)));
            found.push(Piece::Text { value, line: line() });
            at += length;
        } else if let Some(length) = char_literal(rest) {
            code.push_str(&rest[..length]);
            at += length;
        } else {
            let c = rest.chars().next().unwrap();
            // A name that ends in r or b is not the start of a raw string: take names whole.
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()).max(c.len_utf8());
            code.push_str(&rest[..length]);
            at += length;
        }
    }
    found.push(Piece::Code(code));
    found
}

/// The value and source length of the string literal that `rest` starts with.
fn literal(rest: &str) -> Option<(String, usize)> {
    let prefix = rest
        .find('"')
        .filter(|end| *end <= 6 && matches!(rest[..*end].trim_end_matches('#'), "" | "b" | "c" | "r" | "br"))?;
    let hashes = rest[..prefix].matches('#').count();
    let body = &rest[prefix + 1..];
    if rest[..prefix].contains('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        let end = body.find(&close)?;
        return Some((body[..end].to_owned(), prefix + 1 + end + close.len()));
    }
    if hashes > 0 {
        return None;
    }
    let (mut value, mut chars) = (String::new(), body.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, prefix + 1 + at + 1)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                // A line break that is joined: the next line's indent goes.
                '\n' => {
                    let skip = chars.as_str().len() - chars.as_str().trim_start().len();
                    chars.by_ref().take(skip).for_each(drop);
                }
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

/// The length of a character literal, which may hold a quote; lifetimes are not one.
fn char_literal(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    let end = if body.starts_with('\\') { body[2..].find('\'')? + 2 } else { body.chars().next()?.len_utf8() };
    (body[end..].starts_with('\'') && end < 12).then_some(end + 2)
}

/// Only the code, each string literal left as `""`.
pub fn code(rust: &str) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Code(code) => code.clone(),
        Piece::Text { .. } => "\"\"".into(),
    };
    pieces(rust).iter().map(piece).collect()
}

#[test]
fn rust_is_split_into_code_and_text() {
    let rust = "let a = \"x\\\"y\"; // \"no\"\nlet b = r#\"raw \"q\" \"#; let c = '\"'; fn f<'a>(x: &'a str) {}";
    let texts: Vec<String> = pieces(rust)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Text { value, .. } => Some(value),
            Piece::Code(_) => None,
        })
        .collect();
    assert_eq!(texts, ["x\"y", "raw \"q\" "]);
    assert!(code(rust).contains("let c = '\"'; fn f<'a>"));
}
