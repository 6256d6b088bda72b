//! Every word that a person reads comes from `locales/`, in every language, and nothing there is left over.
//! Keys are found as literals: `msg("…")` in Rust; `.t("…")`, `.n("…", …)`, `.with("…", …)` in Rust and templates;
//! every literal inside a function whose name ends in `key` (an enum's words), and all that begin like an error's key.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::source::{self, Piece};

const LANGUAGES: [&str; 2] = ["en", "he"];

/// Key → the names of the arguments that its text uses.
type Messages = BTreeMap<String, BTreeSet<String>>;

fn messages(language: &str) -> Messages {
    let mut found = Messages::new();
    for file in source::files(&format!("locales/{language}"), "ftl") {
        let mut current = None;
        for line in file.text.lines() {
            if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let key = line.split('=').next().unwrap_or(line).trim().to_owned();
                let again = found.insert(key.clone(), BTreeSet::new());
                assert!(again.is_none(), "{}: {key} stands twice", file.path);
                current = Some(key);
            } else if line.starts_with('#') || line.starts_with('-') {
                current = None;
            }
            if let Some(arguments) = current.as_ref().and_then(|key| found.get_mut(key)) {
                arguments.extend(variables(line));
            }
        }
    }
    found
}

fn variables(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split('$').skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        rest[..end].to_owned()
    })
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Use {
    key: String,
    /// The argument that the caller gives, where the call itself shows it.
    argument: Option<String>,
    place: String,
}

/// Uses in Rust: the literal right behind an opening call.
fn uses_in_rust() -> Vec<Use> {
    let mut found = Vec::new();
    for file in source::files("src", "rs") {
        let pieces = source::pieces(&file.text);
        let mut inside_key_function: Option<i32> = None;
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Code(code) => follow(code, &mut inside_key_function),
                Piece::Text { value, line } => {
                    let before = match at.checked_sub(1).map(|at| &pieces[at]) {
                        Some(Piece::Code(code)) => code.trim_end(),
                        _ => "",
                    };
                    // Others have a `with` too; ours names its argument by a literal.
                    let names_argument = matches!(pieces.get(at + 1), Some(Piece::Code(code)) if code.trim() == ",");
                    let call = ["msg(", ".t(", ".n(", ".with("].into_iter().find(|call| before.ends_with(call));
                    let call = call.filter(|call| *call != ".with(" || names_argument);
                    if inside_key_function.is_some() || call.is_some() || value.starts_with("error-") {
                        let argument = match call {
                            Some(".n(") => Some("count".to_owned()),
                            Some(".with(") => text_at(&pieces, at + 2),
                            _ => None,
                        };
                        found.push(Use { key: value.clone(), argument, place: format!("{}:{line}", file.path) });
                    }
                }
            }
        }
    }
    // A literal with a gap or a space is not a key: a function that names others.
    found.retain(|used| !used.key.is_empty() && used.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    found
}

fn text_at(pieces: &[Piece], at: usize) -> Option<String> {
    match pieces.get(at) {
        Some(Piece::Text { value, .. }) => Some(value.clone()),
        _ => None,
    }
}

/// Follows the braces to know whether the text that comes is inside `fn …key(…) … { … }`.
fn follow(code: &str, inside: &mut Option<i32>) {
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        if inside.is_none() {
            let Some(start) = rest.find("fn ") else {
                return;
            };
            let name = &rest[start + 3..];
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
            at += start + 3 + end;
            if name[..end].ends_with("key") && name[end..].starts_with(['(', '<']) {
                *inside = Some(0);
            }
            continue;
        }
        let Some(brace) = rest.find(['{', '}']) else {
            return;
        };
        let depth = inside.unwrap_or(0) + if rest[brace..].starts_with('{') { 1 } else { -1 };
        *inside = (depth > 0).then_some(depth);
        at += brace + 1;
    }
}

fn uses_in_templates() -> Vec<Use> {
    let mut found = Vec::new();
    for file in source::files("templates", "html") {
        for (number, line) in file.text.lines().enumerate() {
            for call in [".t(\"", ".n(\"", ".with(\"", "msg(\""] {
                for (at, _) in line.match_indices(call) {
                    let rest = &line[at + call.len()..];
                    let Some((key, after)) = rest.split_once('"') else {
                        continue;
                    };
                    let argument = match call {
                        ".n(\"" => Some("count".to_owned()),
                        ".with(\"" => after.split('"').nth(1).map(str::to_owned),
                        _ => None,
                    };
                    found.push(Use { key: key.into(), argument, place: format!("{}:{}", file.path, number + 1) });
                }
            }
        }
    }
    found
}

fn uses() -> Vec<Use> {
    [uses_in_rust(), uses_in_templates()].concat()
}

#[test]
fn every_language_has_every_message() {
    let [english, others @ ..] = LANGUAGES.map(messages);
    for (language, other) in LANGUAGES[1..].iter().zip(others) {
        let missing: Vec<_> = english.keys().filter(|key| !other.contains_key(*key)).collect();
        let extra: Vec<_> = other.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{language} misses {missing:?} and has alone {extra:?}");
        for (key, arguments) in &english {
            // A plural form may say "one task" without its number.
            let foreign: Vec<_> = other[key].difference(arguments).collect();
            assert!(foreign.is_empty(), "{language}: {key} wants {foreign:?}, which nobody gives");
            assert_eq!(&other[key], arguments, "{language}: {key} leaves something out");
        }
    }
}

#[test]
fn every_key_that_is_used_exists_and_gets_its_argument() {
    let english = messages("en");
    let mut wrong = Vec::new();
    for used in uses() {
        match (english.get(&used.key), &used.argument) {
            (None, _) => wrong.push(format!("{}: {} is in no locale", used.place, used.key)),
            (Some(wanted), Some(given)) if !wanted.contains(given) => {
                wrong.push(format!("{}: {} is given {given}, but wants {wanted:?}", used.place, used.key));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every quoted piece of a template, in expressions and in attributes.
fn quoted_in_templates() -> BTreeSet<String> {
    let templates = source::files("templates", "html");
    templates.iter().flat_map(|file| file.text.split('"').map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_key_that_exists_is_used() {
    let mut used = quoted_in_templates();
    for file in source::files("src", "rs") {
        used.extend(source::pieces(&file.text).into_iter().filter_map(|piece| match piece {
            Piece::Text { value, .. } => Some(value),
            Piece::Code(_) => None,
        }));
    }
    let unused: Vec<String> = messages("en").into_keys().filter(|key| !used.contains(key)).collect();
    assert!(unused.is_empty(), "nothing uses {unused:#?}");
}

/// What may stand in a template as it is: the product's name and key caps.
const NAMES: [&str; 2] = ["Milepost", "Esc"];

#[test]
fn templates_carry_no_words_of_their_own() {
    let mut wrong = Vec::new();
    for file in source::files("templates", "html") {
        for words in bare_words(&file.text) {
            wrong.push(format!("{}: {words}", file.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Text and readable attributes that do not come from an expression.
fn bare_words(template: &str) -> Vec<String> {
    let without = cut(&cut(&cut(template, "{#", "#}", ""), "<!--", "-->", ""), "{%", "%}", "");
    let without = cut(&without, "{{", "}}", "\u{1}");
    let mut found = Vec::new();
    for attribute in ["title", "aria-label", "placeholder", "alt", "aria-description"] {
        for (at, _) in without.match_indices(&format!(" {attribute}=\"")) {
            let value = without[at..].split('"').nth(1).unwrap_or_default();
            found.push(value.to_owned());
        }
    }
    let text = cut(&cut(&without, "<script", "</script>", ""), "<", ">", "\n");
    found.extend(text.lines().map(|line| line.trim().to_owned()));
    let entities = |words: &str| cut(words, "&", ";", "");
    let is_word = |words: &String| {
        // A macro may hold a bare attribute, to be put into somebody's tag.
        let told: Vec<&str> = words.split_whitespace().filter(|word| !word.contains('"')).collect();
        let rest = NAMES.iter().fold(entities(&told.join(" ")), |rest, name| rest.replace(name, ""));
        // A lone letter is a key to press.
        rest.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() > 1)
    };
    found.into_iter().filter(is_word).collect()
}

/// Replaces everything from `open` to `close`, both included.
fn cut(text: &str, open: &str, close: &str, by: &str) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(open) {
        kept.push_str(&rest[..start]);
        kept.push_str(by);
        let inside = &rest[start + open.len()..];
        rest = inside.find(close).map_or("", |end| &inside[end + close.len()..]);
    }
    kept + rest
}

#[test]
fn bare_words_are_found() {
    let template = r#"{# a note #}<p title="{{ l.t("x") }}">{{ l.t("hello-there") }} &middot; <b>Milepost</b> g</p>"#;
    assert_eq!(bare_words(template), Vec::<String>::new());
    assert_eq!(bare_words("<p class=\"x\">Hello</p><input placeholder=\"Your name\">"), ["Your name", "Hello"]);
}

#[test]
fn uses_inside_key_functions_are_found() {
    let mut inside = None;
    follow("impl X { fn label_key(self) -> &str { match self { A => ", &mut inside);
    assert!(inside.is_some());
    follow(", } } fn other(self) { ", &mut inside);
    assert!(inside.is_none());
}
