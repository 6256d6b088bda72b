//! Nothing crosses from one organisation to another, and nobody does what is not theirs: every route,
//! as everybody. The table says what each may expect; a route without a line fails the test.

mod things;

use std::collections::BTreeSet;

use reqwest::Method;

use crate::support::client::Client;
use crate::support::html::Page;
use crate::support::server::{House, MARK};
use things::{Things, everything};

/// Who asks, in the order of the table's columns; those who may do least come first,
/// so that what the others do cannot hide what these should not.
const EVERYBODY: [&str; 5] = ["nobody", "stranger", "carol", "bob", "ada"];

/// What is expected of one answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    /// Shown.
    Shown,
    /// Done: on to the next page.
    Done,
    /// Asked to sign in: a page leads there, an action is refused.
    SignIn,
    /// There is no such thing, whether or not somebody else has it.
    Nothing,
    /// It is there, and not for them.
    Forbidden,
    /// The form comes back with a sentence.
    Back,
    /// In a state that does not allow it.
    Conflict,
}

use Answer::{Back, Conflict, Done, Forbidden, Nothing, Shown, SignIn};

fn fits(answer: Answer, page: &Page) -> bool {
    let to_sign_in = page.location().is_some_and(|location| location.starts_with("/sign-in"));
    match (answer, page.status.as_u16()) {
        (Shown, 200 | 201 | 204)
        | (Nothing, 404)
        | (Forbidden, 403)
        | (Back, 422)
        | (Conflict, 409)
        | (SignIn, 401) => true,
        (Done, 303) => !to_sign_in,
        (SignIn, 303) => to_sign_in,
        _ => false,
    }
}

struct Line {
    method: Method,
    path: &'static str,
    fields: &'static str,
    expected: [Answer; 5],
}

/// Whoever asks gets this, signed in or not.
const ANYBODY: [Answer; 5] = [Shown; 5];
/// A page on which everyone sees their own.
const OWN_PAGE: [Answer; 5] = [SignIn, Shown, Shown, Shown, Shown];
/// Something about oneself that anyone signed in may do.
const OWN_DEED: [Answer; 5] = [SignIn, Done, Done, Done, Done];
/// A page for admins, each of their own organisation.
const ADMINS_PAGE: [Answer; 5] = [SignIn, Shown, Forbidden, Forbidden, Shown];
/// Something new that admins make, each in their own organisation.
const ADMINS_DEED: [Answer; 5] = [SignIn, Done, Forbidden, Forbidden, Done];
/// A page about one thing of Harbour Works, for its admins.
const THEIR_PAGE: [Answer; 5] = [SignIn, Nothing, Forbidden, Forbidden, Shown];
/// Something done to one thing of Harbour Works, by its admins.
const THEIR_DEED: [Answer; 5] = [SignIn, Nothing, Forbidden, Forbidden, Done];
/// Something that is bob's alone.
const BOBS_OWN_PAGE: [Answer; 5] = [SignIn, Nothing, Nothing, Shown, Nothing];
/// What Bob's job left behind.
const BOBS_PAGE: [Answer; 5] = [SignIn, Nothing, Nothing, Shown, Shown];
/// Bob's own work: his and the admins' to move.
const BOBS_DEED: [Answer; 5] = [SignIn, Nothing, Nothing, Done, Done];
/// About Bob's task, for admins alone.
const BOBS_TASK_ADMINS_DEED: [Answer; 5] = [SignIn, Nothing, Nothing, Forbidden, Done];

fn get(path: &'static str, expected: [Answer; 5]) -> Line {
    Line { method: Method::GET, path, fields: "", expected }
}

fn post(path: &'static str, fields: &'static str, expected: [Answer; 5]) -> Line {
    Line { method: Method::POST, path, fields, expected }
}

/// One with JSON, as programs send it.
fn send(method: Method, path: &'static str, json: &'static str, expected: [Answer; 5]) -> Line {
    Line { method, path, fields: json, expected }
}

/// Bob's own job: his and the admins' to look at and to move.
const BOBS_JOB: [Answer; 5] = [SignIn, Nothing, Nothing, Shown, Shown];
/// It does not stand so that this could be done.
const BOBS_JOB_CONFLICT: [Answer; 5] = [SignIn, Nothing, Nothing, Conflict, Conflict];

/// The doors for programs.
fn api_table() -> Vec<Line> {
    let post = |path, json, expected| send(Method::POST, path, json, expected);
    vec![
        get("/api/v1/openapi.json", ANYBODY),
        get("/api/v1/events", OWN_PAGE),
        get("/api/v1/events/poll", OWN_PAGE),
        get("/api/v1/tasks", OWN_PAGE),
        post("/api/v1/tasks", r#"{"title":"New"}"#, OWN_PAGE),
        get("/api/v1/tasks/{id}", BOBS_JOB),
        send(Method::PATCH, "/api/v1/tasks/{id}", r#"{"title":"Renamed"}"#, THEIR_PAGE),
        send(Method::DELETE, "/api/v1/tasks/{id}", "", BOBS_JOB_CONFLICT),
        get("/api/v1/tasks/{id}/trail", BOBS_JOB),
        post("/api/v1/tasks/{id}/progress", r#"{"progress":40,"note":"x"}"#, BOBS_JOB),
        // Each report is answered by itself: whoever may not move the task is told so inside.
        post("/api/v1/tasks/progress", r#"{"reports":[{"task_id":{job},"progress":40}]}"#, OWN_PAGE),
        post("/api/v1/tasks/{id}/heartbeat", "{}", BOBS_JOB),
        post("/api/v1/tasks/{id}/finish", r#"{"outcome":"done"}"#, BOBS_JOB),
        post("/api/v1/tasks/{id}/cancel", "{}", BOBS_JOB),
        post("/api/v1/tasks/{id}/retry", "{}", BOBS_JOB_CONFLICT),
        post("/api/v1/tasks/{id}/complete", "{}", BOBS_JOB_CONFLICT),
        post("/api/v1/tasks/{id}/reopen", "{}", BOBS_JOB_CONFLICT),
        post("/api/v1/tasks/{id}/comments", r#"{"text":"hello"}"#, BOBS_JOB),
        get("/api/v1/tasks/{id}/items", BOBS_JOB),
        get("/api/v1/tasks/{id}/log", BOBS_JOB),
        post("/api/v1/tasks/{id}/log", r#"{"text":"x"}"#, BOBS_JOB),
        get("/api/v1/tasks/{id}/artifacts", BOBS_JOB),
        get("/api/v1/tasks/{id}/artifacts/{name}", BOBS_JOB),
        send(Method::PUT, "/api/v1/tasks/{id}/artifacts/{name}", r#"{"a":1}"#, BOBS_JOB),
        post("/api/v1/claims", "{}", OWN_PAGE),
        get("/api/v1/queues", OWN_PAGE),
        send(Method::PUT, "/api/v1/queues/{what}/{name}", r#"{"is_paused":true}"#, ADMINS_PAGE),
        get("/api/v1/schedules", ADMINS_PAGE),
        post("/api/v1/schedules", r#"{"title":"New","cron":"@daily","job":{"job_kind":"letters"}}"#, ADMINS_PAGE),
        get("/api/v1/schedules/{id}", THEIR_PAGE),
        send(Method::PATCH, "/api/v1/schedules/{id}", r#"{"title":"Renamed"}"#, THEIR_PAGE),
        send(Method::DELETE, "/api/v1/schedules/{id}", "", THEIR_PAGE),
        post("/api/v1/schedules/{id}/run", "", THEIR_PAGE),
        post("/api/v1/schedules/{id}/pause", "", THEIR_PAGE),
        post("/api/v1/schedules/{id}/resume", "", THEIR_PAGE),
    ]
}

/// One line for each route. `{bob}`, `{project}` and so on in fields are ids of Harbour Works.
fn table() -> Vec<Line> {
    vec![
        get("/healthz", ANYBODY),
        get("/readyz", ANYBODY),
        get("/assets/{*path}", ANYBODY),
        get("/docs", ANYBODY),
        get("/", [SignIn, Done, Done, Done, Done]),
        get("/setup", [Done; 5]),
        post("/setup", "organisation=X&name=X&email=x@example.org&password=longenough", [Conflict; 5]),
        get("/sign-in", [Shown, Done, Done, Done, Done]),
        post("/sign-in", "email=x@example.org&password=not the right one", [Back; 5]),
        post("/sign-out", "", [SignIn; 5]),
        get("/invitations/{token}", ANYBODY),
        post("/invitations/{token}", "name=Dan&password=x", [Back; 5]),
        get("/reset/{token}", [Nothing; 5]),
        post("/reset/{token}", "password=a long new password", [Nothing; 5]),
        post("/preferences", "theme=dark", [Done; 5]),
        post("/switch-organisation", "organisation=1", [SignIn, Nothing, Done, Done, Done]),
        post("/presence", "state=active", OWN_PAGE),
        get("/account", OWN_PAGE),
        post("/account/alarms", "mail=1", OWN_DEED),
        post("/account/name", "name=Another", OWN_DEED),
        post("/account/password", "current=wrong&password=a long new password", [SignIn, Back, Back, Back, Back]),
        post("/account/preferences", "language=en&theme=auto&zone=", OWN_DEED),
        post("/account/sessions/end-others", "", OWN_DEED),
        post("/account/sessions/{key}/end", "", [SignIn, Nothing, Nothing, Done, Nothing]),
        // A secret is shown once, on the page that answers.
        post("/account/tokens", "name=Script&scopes=read&expires=", OWN_PAGE),
        get("/account/tokens/{id}/revoke", BOBS_OWN_PAGE),
        post("/account/tokens/{id}/revoke", "", [SignIn, Nothing, Nothing, Done, Nothing]),
        post("/settings/tokens", "name=Script&scopes=read&expires=", ADMINS_PAGE),
        get("/settings/tokens/{id}/revoke", THEIR_PAGE),
        post("/settings/tokens/{id}/revoke", "", THEIR_DEED),
        get("/people", ADMINS_PAGE),
        // A link is shown once, on the page that answers.
        post("/people", "email=new@example.org&name=New&role=member", ADMINS_PAGE),
        post("/people/invitations/{id}/revoke", "", THEIR_DEED),
        get("/people/{id}", THEIR_PAGE),
        post("/people/{id}/role", "role=admin", THEIR_DEED),
        get("/people/{id}/deactivate", THEIR_PAGE),
        post("/people/{id}/deactivate", "", THEIR_DEED),
        post("/people/{id}/reactivate", "", THEIR_DEED),
        post("/people/{id}/reset-link", "", THEIR_PAGE),
        get("/projects", ADMINS_PAGE),
        post("/projects", "name=Another", ADMINS_DEED),
        get("/projects/{id}", THEIR_PAGE),
        post("/projects/{id}", "name=Renamed", THEIR_DEED),
        post("/projects/{id}/members", "members={bob}", THEIR_DEED),
        post("/projects/{id}/archive", "archived=1", THEIR_DEED),
        get("/settings", ADMINS_PAGE),
        post("/settings", "name=Renamed&zone=UTC&members_see_projects=1", ADMINS_DEED),
        get("/tasks", OWN_PAGE),
        get("/tasks/{id}", [SignIn, Nothing, Nothing, Shown, Shown]),
        post("/tasks/{id}", "title=Renamed&version=1", BOBS_TASK_ADMINS_DEED),
        post("/tasks/{id}/progress", "progress=40&note=x", BOBS_DEED),
        post("/tasks/{id}/complete", "", BOBS_DEED),
        post("/tasks/{id}/cancel", "", BOBS_TASK_ADMINS_DEED),
        post("/tasks/{id}/reopen", "", [SignIn, Nothing, Nothing, Conflict, Conflict]),
        post("/tasks/{id}/undo", "sequence={sequence}", [SignIn, Nothing, Nothing, Done, Conflict]),
        post("/tasks/{id}/comments", "text=hello", BOBS_DEED),
        post("/tasks/{id}/retry", "", [SignIn, Nothing, Nothing, Done, Conflict]),
        get("/tasks/{id}/dismiss", BOBS_PAGE),
        post("/tasks/{id}/dismiss", "", [SignIn, Nothing, Nothing, Done, Nothing]),
        get("/tasks/{id}/log", BOBS_PAGE),
        get("/tasks/{id}/items.csv", BOBS_PAGE),
        get("/tasks/{id}/artifacts/{name}", BOBS_PAGE),
        get("/jobs", OWN_PAGE),
        get("/jobs/bulk", OWN_PAGE),
        post("/jobs/bulk", "act=retry&status=failed", OWN_DEED),
        get("/jobs/new", OWN_PAGE),
        get("/jobs/new/{kind}", ADMINS_PAGE),
        post("/jobs/new/{kind}", "steps=1", ADMINS_DEED),
        // It begins with no file.
        post("/jobs/new/{kind}/file", "", [SignIn, Nothing, Forbidden, Forbidden, Nothing]),
        post("/jobs/limits", "what=queue&name=mail&paused=1", ADMINS_DEED),
        get("/schedules", ADMINS_PAGE),
        post(
            "/schedules",
            "what=assignment&title=New&assignee={bob}&cron=@daily&zone=UTC",
            [SignIn, Back, Forbidden, Forbidden, Done],
        ),
        get("/schedules/new", ADMINS_PAGE),
        get("/schedules/{id}", THEIR_PAGE),
        post("/schedules/{id}", "title=Renamed&cron=@daily&zone=UTC&job_kind=letters", THEIR_DEED),
        get("/schedules/{id}/edit", THEIR_PAGE),
        post("/schedules/{id}/run", "", THEIR_DEED),
        post("/schedules/{id}/pause", "paused=1", THEIR_DEED),
        get("/schedules/{id}/delete", THEIR_PAGE),
        post("/schedules/{id}/delete", "", THEIR_DEED),
        get("/monitor", OWN_PAGE),
        get("/assign", ADMINS_PAGE),
        post("/assign", "title=New&assignee={bob}", [SignIn, Back, Forbidden, Forbidden, Done]),
        get("/history", OWN_PAGE),
        get("/notifications", OWN_PAGE),
        post("/notifications/read", "id={notification}", [SignIn, Nothing, Nothing, Done, Nothing]),
        get("/events", OWN_PAGE),
        get("/events/poll", OWN_PAGE),
        post("/organisations", "organisation=Another", [SignIn, Done, Forbidden, Forbidden, Forbidden]),
    ]
    .into_iter()
    .chain(api_table())
    .collect()
}

/// A route's path with ids that are there, for a walk that is refused before anyone looks at them.
pub fn filled_path(route: &str, task: &str, house: &House) -> String {
    let path = route.replace("{id}", if route.contains("/tasks") { task } else { house.people.id("bob") });
    let path = path.replace("{what}", "queue").replace("{name}", "default").replace("{kind}", "rehearsal");
    path.replace("{token}", "0").replace("{key}", "0").replace("{*path}", "0")
}

async fn ask_once(client: &Client, line: &Line, path: &str, fields: &str) -> Page {
    let request = match line.method {
        // A foreign cursor is answered at once.
        Method::GET if path.contains("/events") => {
            client.request(Method::GET, &format!("{path}?view=monitor&after=0-0"))
        }
        Method::GET => client.request(Method::GET, path),
        _ if fields.starts_with('{') || fields.is_empty() && path.starts_with("/api") => {
            client.request(line.method.clone(), path).header("content-type", "application/json").body(fields.to_owned())
        }
        _ => client
            .request(line.method.clone(), path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields.to_owned()),
    };
    if !line.path.ends_with("/events") {
        return client.send(request).await;
    }
    let response = request.send().await.unwrap();
    if response.status() != 200 {
        let (status, headers) = (response.status(), response.headers().clone());
        return Page { path: path.into(), status, headers, body: response.text().await.unwrap() };
    }
    let status = response.status();
    let mut events = crate::support::events::Events::new(response);
    let hello = events.named("hello").await;
    Page { path: path.into(), status, headers: events.headers.clone(), body: hello.data }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_everybody_as_the_table_says() {
    let lines = table();
    let mut wrong = Vec::new();
    for line in &lines {
        let house = House::open_with(|config| config.workers = 0).await;
        let things = Things::make(&house).await;
        let (path, fields) = (things.path(line.path, &house), things.fields(line.fields, &house));
        for (name, expected) in EVERYBODY.into_iter().zip(line.expected) {
            let before = everything(&house);
            let page = ask_once(&house.client(name), line, &path, &fields).await;
            let who = format!("{} {path} as {name}", line.method);
            if !fits(expected, &page) {
                let to = page.location().unwrap_or_default();
                wrong.push(format!("{who}: {expected:?} was expected, not {} {to}: {}", page.status, page.said()));
            }
            if name == "stranger" && !line.path.starts_with("/invitations") && page.body.contains(MARK) {
                wrong.push(format!("{who}: shows what is Harbour Works' own: {}", page.said()));
            }
            let acts = line.method != Method::GET && matches!(expected, Done | Shown);
            let may_change = acts && name != "stranger" && name != "nobody";
            if !may_change && everything(&house) != before {
                let changed: Vec<String> = everything(&house).into_iter().filter(|row| !before.contains(row)).collect();
                wrong.push(format!("{who}: changed something: {changed:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_route_has_its_line_in_the_table() {
    let name = |method: &Method, path: &str| format!("{method} {path}");
    let routes: BTreeSet<String> =
        milepost::web::routes().iter().map(|route| name(&route.method, route.path)).collect();
    let lines: BTreeSet<String> = table().iter().map(|line| name(&line.method, line.path)).collect();
    let missing: Vec<_> = routes.difference(&lines).collect();
    let stale: Vec<_> = lines.difference(&routes).collect();
    assert!(missing.is_empty() && stale.is_empty(), "no expectation for {missing:#?}; no route for {stale:#?}");
}
