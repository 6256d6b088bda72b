//! The house plan, kept by reading the source: who may use whom, where SQL and status codes stand.

use std::collections::BTreeSet;

use crate::support::source::{self, Piece, Source};

/// What a file is, from inside to outside; each may use those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Layer {
    Words,
    Rows,
    Verbs,
    Doors,
}

const NOUNS: [&str; 5] = ["people", "tasks", "jobs", "notify", "schedules"];
/// Among verbs, the earlier one never calls the later one.
const VERBS_IN_ORDER: [&str; 5] = ["jobs", "notify", "people", "tasks", "schedules"];

/// The layer of a module path such as `tasks::actions::report`; none for what all may use
/// (errors, configuration, the clock, the database, live letters).
fn layer(module: &str) -> Option<Layer> {
    let parts: Vec<&str> = module.split("::").collect();
    match parts[0] {
        "web" | "api" | "cli" | "main" => Some(Layer::Doors),
        "insight" => Some(Layer::Rows),
        noun if NOUNS.contains(&noun) => Some(match parts.get(1).copied().unwrap_or_default() {
            // The session store stands on rows and is called by doors.
            "sql" | "sessions" => Layer::Rows,
            "actions" | "presence" | "worker" | "channels" => Layer::Verbs,
            // Jobs that the program runs itself call verbs as those from outside do.
            "kinds" => Layer::Doors,
            _ => Layer::Words,
        }),
        _ => None,
    }
}

fn module_of(file: &Source) -> String {
    let path = file.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.replace('/', "::")
}

/// Every `crate::…` and `super::…` path that a module names, from the crate's root,
/// with `use crate::{a, b::{c, d}}` spread out.
fn crate_paths(module: &str, rust: &str) -> BTreeSet<String> {
    let code = source::code(rust);
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("super::") {
        let mut parent: Vec<&str> = module.split("::").collect();
        let mut rest = &code[at..];
        while let Some(deeper) = rest.strip_prefix("super::") {
            parent.pop();
            rest = deeper;
        }
        if !code[..at].ends_with("::") {
            spread(&parent.join("::"), rest, &mut found);
        }
    }
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and names that merely end so are other things.
        if code[..at].ends_with(|c: char| c == '$' || c.is_alphanumeric() || c == '_') {
            continue;
        }
        spread("", &code[at + "crate::".len()..], &mut found);
    }
    found
}

/// Reads one path or group after `prefix`; returns how much it read.
fn spread(prefix: &str, text: &str, found: &mut BTreeSet<String>) -> usize {
    let name = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let path = [prefix, &text[..name]].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::");
    let rest = &text[name..];
    if let Some(deeper) = rest.strip_prefix("::") {
        return name + 2 + spread(&path, deeper, found);
    }
    if name > 0 || !rest.starts_with('{') {
        found.insert(path);
        return name;
    }
    let mut at = 1;
    while at < rest.len() && !rest[at..].starts_with('}') {
        let c = rest[at..].chars().next().unwrap_or('}');
        at += if c.is_alphanumeric() || c == '_' { spread(prefix, &rest[at..], found) } else { c.len_utf8() };
    }
    at + 1
}

#[test]
fn words_know_no_rows_rows_no_verbs_verbs_no_doors() {
    let mut wrong = Vec::new();
    for file in source::files("src", "rs") {
        let module = module_of(&file);
        let Some(own) = layer(&module) else { continue };
        for path in crate_paths(&module, &file.text) {
            if layer(&path).is_some_and(|other| other > own) {
                wrong.push(format!("{} ({own:?}) uses crate::{path} ({:?})", file.path, layer(&path).unwrap()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nobody_inside_reads_the_doors() {
    let mut wrong = Vec::new();
    for file in source::files("src", "rs") {
        let module = module_of(&file);
        // The crate's root puts the rooms together, and the command line starts the server.
        if layer(&module) == Some(Layer::Doors) || module == "lib" {
            continue;
        }
        for path in crate_paths(&module, &file.text).into_iter().filter(|path| layer(path) == Some(Layer::Doors)) {
            wrong.push(format!("{} uses crate::{path}", file.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn verbs_call_each_other_in_one_direction() {
    let rank = |module: &str| VERBS_IN_ORDER.iter().position(|noun| module.split("::").next() == Some(noun));
    let mut wrong = Vec::new();
    for file in source::files("src", "rs") {
        let module = module_of(&file);
        if layer(&module) != Some(Layer::Verbs) {
            continue;
        }
        for path in crate_paths(&module, &file.text) {
            if layer(&path) == Some(Layer::Verbs) && rank(&path) > rank(&module) {
                wrong.push(format!("{} uses crate::{path}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    ["select ", "insert into ", "insert or ", "delete from ", "pragma ", "with recursive "]
        .iter()
        .any(|start| text.starts_with(start))
        || (text.starts_with("update ") && text.contains(" set "))
}

#[test]
fn sql_stands_in_its_rooms_only() {
    let mut wrong = Vec::new();
    for file in source::files("src", "rs") {
        let module = module_of(&file);
        let at_home =
            module.starts_with("db") || module.starts_with("insight") || module.split("::").any(|part| part == "sql");
        if at_home {
            continue;
        }
        for piece in source::pieces(&file.text) {
            match piece {
                Piece::Text { value, line } if is_sql(&value) => wrong.push(format!("{}:{line}: {value}", file.path)),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn status_codes_stand_at_the_doors_only() {
    let mut wrong = Vec::new();
    for file in source::files("src", "rs") {
        let module = module_of(&file);
        let door = module.starts_with("web") || module.starts_with("api");
        if !door && source::code(&file.text).contains("StatusCode") {
            wrong.push(file.path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_file_says_what_lives_in_it() {
    let silent = |file: &Source| !file.text.starts_with("//!");
    let wrong: Vec<String> = source::files("src", "rs").into_iter().filter(silent).map(|file| file.path).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_script_or_style_stands_in_a_template() {
    let mut wrong = Vec::new();
    for file in source::files("templates", "html") {
        for (number, line) in file.text.lines().enumerate() {
            let handler = [" onclick", " onchange", " oninput", " onsubmit", " onload", " style=", "hx-on"];
            let inline = line.contains("<style") || (line.contains("<script") && !line.contains(" src="));
            if inline || handler.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_address_forgets_the_prefix_under_which_the_program_may_lie() {
    let mut wrong = Vec::new();
    let mut look = |file: &Source, marks: &[&str], ends: &[char]| {
        for (number, line) in file.text.lines().enumerate() {
            let found =
                marks.iter().flat_map(|mark| line.match_indices(mark).map(|(at, mark)| &line[at + mark.len()..]));
            if found.into_iter().any(|rest| rest.starts_with(char::is_alphanumeric) || rest.starts_with(ends)) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    };
    for file in source::files("templates", "html") {
        look(&file, &["=\"/", "=\"{{ crate::web::assets::"], &['"', '{']);
    }
    // Where a string begins, not where a regular expression ends.
    let before = ["(", " ", "[", "="];
    let opened = ["\"/", "'/", "`/"].map(|quote| before.map(|before| format!("{before}{quote}")));
    let opened: Vec<&str> = opened.iter().flatten().map(String::as_str).collect();
    for file in source::files("assets", "js") {
        look(&file, &opened, &['$']);
    }
    for file in source::files("assets", "css") {
        look(&file, &["url(/", "url(\"/", "url('/"], &[]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn styles_name_no_physical_side() {
    let sides = ["margin-left", "margin-right", "padding-left", "padding-right", "border-left", "border-right"];
    let mut wrong = Vec::new();
    for file in source::files("assets", "css") {
        for (number, line) in file.text.lines().enumerate() {
            let bare = line.trim_start().starts_with("left:") || line.trim_start().starts_with("right:");
            let aligned = line.contains("text-align: left") || line.contains("text-align: right");
            if bare || aligned || sides.iter().any(|side| line.contains(side)) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "right-to-left needs logical properties: {wrong:#?}");
}

#[test]
fn grouped_uses_are_spread_out() {
    let rust = "use crate::{error::{Error, Result}, tasks::sql, App};\nuse super::Email;\nlet x = crate::clock::now();";
    let paths = crate_paths("people::tokens", rust);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    assert_eq!(paths, ["App", "clock::now", "error::Error", "error::Result", "people::Email", "tasks::sql"]);
}
