//! Pages as a person sees them: text, links, forms.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use scraper::{ElementRef, Html, Selector};

#[derive(Clone, Debug)]
pub struct Page {
    pub path: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("the selector {css}: {error}"))
}

fn text_of(element: ElementRef) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    /// Fails with what the page said, unless it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Page {
        assert_eq!(self.status.as_u16(), status, "{} said: {}", self.path, self.said());
        self
    }

    /// The main part's words, for a failing test's message.
    pub fn said(&self) -> String {
        let words = self.texts("#flash p, #main").join(" | ");
        let words = if words.is_empty() { self.body.clone() } else { words };
        words.chars().take(600).collect()
    }

    /// What a program reads.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} is no JSON: {}", self.path, self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }

    pub fn location(&self) -> Option<String> {
        self.headers.get(LOCATION).map(|value| value.to_str().unwrap().to_owned())
    }

    pub fn texts(&self, css: &str) -> Vec<String> {
        Html::parse_document(&self.body).select(&selector(css)).map(text_of).collect()
    }

    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        self.texts(css).into_iter().next().unwrap_or_else(|| panic!("{} has no {css}: {}", self.path, self.said()))
    }

    pub fn has(&self, css: &str) -> bool {
        Html::parse_document(&self.body).select(&selector(css)).next().is_some()
    }

    pub fn contains(&self, words: &str) -> bool {
        self.texts("html").concat().contains(words)
    }

    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.attributes(css, name).into_iter().next()
    }

    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let document = Html::parse_document(&self.body);
        document.select(&selector(css)).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
    }

    /// The form with this selector, filled in as the page has it.
    #[track_caller]
    pub fn form(&self, css: &str) -> Form {
        let document = Html::parse_document(&self.body);
        let css = format!("form{css}");
        let found = document.select(&selector(&css)).next();
        let element = found.unwrap_or_else(|| panic!("{} has no {css}: {}", self.path, self.said()));
        Form::read(element, &self.path)
    }

    pub fn forms(&self) -> Vec<Form> {
        let document = Html::parse_document(&self.body);
        document.select(&selector("form")).map(|element| Form::read(element, &self.path)).collect()
    }
}

#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub method: String,
    pub fields: Vec<(String, String)>,
    known: Vec<String>,
    buttons: Vec<(String, String)>,
}

impl Form {
    fn read(element: ElementRef, page: &str) -> Form {
        let mut form = Form {
            action: element.attr("action").unwrap_or(page).to_owned(),
            method: element.attr("method").unwrap_or("get").to_ascii_lowercase(),
            fields: vec![],
            known: vec![],
            buttons: vec![],
        };
        for control in element.select(&selector("input, select, textarea, button")) {
            form.take(control);
        }
        form
    }

    fn take(&mut self, control: ElementRef) {
        let (Some(name), None) = (control.attr("name"), control.attr("disabled")) else {
            return;
        };
        let value = control.attr("value").unwrap_or_default().to_owned();
        match (control.value().name(), control.attr("type").unwrap_or_default()) {
            ("button", _) | ("input", "submit") => return self.buttons.push((name.into(), value)),
            ("select", _) => self.take_select(name, control),
            // The parser drops the first line break of a textarea, as HTML says.
            ("textarea", _) => self.fields.push((name.into(), control.text().collect())),
            ("input", "checkbox" | "radio") if control.attr("checked").is_none() => {}
            ("input", "checkbox" | "radio") if value.is_empty() => self.fields.push((name.into(), "on".into())),
            _ => self.fields.push((name.into(), value)),
        }
        self.known.push(name.into());
    }

    fn take_select(&mut self, name: &str, control: ElementRef) {
        let options: Vec<ElementRef> = control.select(&selector("option")).collect();
        let value = |option: &ElementRef| option.attr("value").map_or_else(|| text_of(*option), str::to_owned);
        let mut chosen = options.iter().filter(|option| option.attr("selected").is_some()).map(value);
        if control.attr("multiple").is_some() {
            self.fields.extend(chosen.map(|value| (name.to_owned(), value)));
        } else if let Some(value) = chosen.next_back().or_else(|| options.first().map(value)) {
            self.fields.push((name.into(), value));
        }
    }

    /// Types into a field; the form must have it.
    #[track_caller]
    pub fn fill(mut self, name: &str, value: &str) -> Form {
        assert!(self.known.iter().any(|known| known == name), "{} has no field {name}: {:?}", self.action, self.known);
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.into(), value.into()));
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.known.iter().any(|known| known == name)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Presses a named button: its name and value go along.
    #[track_caller]
    pub fn press(mut self, name: &str, value: &str) -> Form {
        let button = (name.to_owned(), value.to_owned());
        assert!(self.buttons.contains(&button), "{} has no button {button:?}: {:?}", self.action, self.buttons);
        self.fields.retain(|(known, _)| known != name);
        self.fields.push(button);
        self
    }

    /// The number of the option of `field` whose words contain `words`, on this page.
    #[track_caller]
    pub fn option(page: &Page, field: &str, words: &str) -> String {
        let document = Html::parse_document(&page.body);
        let css = format!("select[name='{field}'] option");
        let found = document.select(&selector(&css)).find(|option| text_of(*option).contains(words));
        let option = found.unwrap_or_else(|| panic!("{}: {field} offers no {words}", page.path));
        option.attr("value").expect("an option has a value").to_owned()
    }
}

impl Page {
    /// The sentences that refuse something: beside a field, above a form, or in the message on top.
    pub fn refusals(&self) -> Vec<String> {
        self.texts(".field-error, .form-note, .flash-bad p, h1 + .lead")
    }

    /// Refused with a sentence, by a page of ours, with nothing of the inside in it.
    #[track_caller]
    pub fn refused(self, status: u16) -> Page {
        let page = self.expect(status);
        assert!(!page.refusals().is_empty(), "{} refuses without a sentence: {}", page.path, page.said());
        for inside in ["rusqlite", "panicked", "src/", "SQLITE", "constraint", "No such file", "Internal("] {
            assert!(!page.body.contains(inside), "{} shows {inside}: {}", page.path, page.said());
        }
        page
    }
}
