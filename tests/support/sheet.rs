//! Files as people bring them: made by Python's csv, by a writer of XLSX, sent by a page's form.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use milepost::jobs::BuiltIn;
use milepost::tasks::TaskId;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::client::Client;
use super::html::Page;

/// Sends a file as the page's form does.
pub async fn upload(client: &Client, name: &str, bytes: &[u8]) -> Page {
    upload_for(client, BuiltIn::ImportTasks, name, bytes).await
}

/// The same for another kind that begins with a file.
pub async fn upload_for(client: &Client, kind: BuiltIn, name: &str, bytes: &[u8]) -> Page {
    const MARK: &str = "----the-mark-between-parts";
    let mut body = format!(
        "--{MARK}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{MARK}--\r\n").as_bytes());
    let request = client.request(Method::POST, &format!("/jobs/new/{kind}/file"));
    client.send(request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={MARK}")).body(body)).await
}

/// The job with whose files a brought one is, by the address to which its form led.
pub fn uploaded(answer: &Page) -> TaskId {
    let location = answer.location().unwrap_or_else(|| panic!("{}", answer.said()));
    let (_, rest) = location.split_once("task=").unwrap_or_else(|| panic!("leads to {location}"));
    TaskId::new(rest.split('&').next().unwrap().parse().unwrap())
}

/// What Python's csv module writes of these rows with these settings (`delimiter=';', lineterminator='\n'`).
pub fn python_csv(rows: &[Vec<String>], encoding: &str, settings: &str) -> Vec<u8> {
    let script = format!(
        "import csv, io, json, sys\n\
         rows = json.load(sys.stdin.buffer)\n\
         text = io.StringIO(newline='')\n\
         csv.writer(text, {settings}).writerows(rows)\n\
         sys.stdout.buffer.write(text.getvalue().encode('{encoding}'))\n"
    );
    let mut python = Command::new("python3");
    let mut python = python.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(json!(rows).to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "python failed");
    output.stdout
}

/// What LibreOffice makes of a file: as `to` says (`xlsx`, or `csv:` with its filter's numbers), read as `from` does.
pub fn libreoffice(bytes: &[u8], name: &str, from: Option<&str>, to: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join(name), folder.path().join("out"));
    std::fs::write(&source, bytes).unwrap();
    let mut office = Command::new("soffice");
    // A profile of its own, so that none that is open elsewhere answers.
    office.arg(format!("-env:UserInstallation=file://{}/profile", folder.path().display())).arg("--headless");
    office.args(from.map(|filter| format!("--infilter={filter}")));
    office.args(["--convert-to", to, "--outdir"]).arg(&out).arg(&source);
    let output = office.output().expect("LibreOffice is there: tests/run installs it");
    let kind = to.split(':').next().unwrap();
    let made = out.join(name).with_extension(kind);
    std::fs::read(&made).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The sheets of a workbook as openpyxl reads them: of each cell its value, its type (`s` text, `n` number, `d` date, `f`
/// formula) and its format.
pub fn openpyxl(bytes: &[u8]) -> Value {
    const SCRIPT: &str = "import io, json, sys, openpyxl\n\
         plain = lambda value: value if isinstance(value, (int, float, str, type(None))) else value.isoformat()\n\
         cell = lambda cell: [plain(cell.value), cell.data_type, cell.number_format]\n\
         sheet = lambda sheet: {\n\
             'name': sheet.title, 'frozen': sheet.freeze_panes, 'right_to_left': bool(sheet.sheet_view.rightToLeft),\n\
             'widths': [width.width for width in sheet.column_dimensions.values()],\n\
             'rows': [[cell(at) for at in row] for row in sheet.iter_rows()],\n\
         }\n\
         book = openpyxl.load_workbook(io.BytesIO(sys.stdin.buffer.read()))\n\
         json.dump([sheet(one) for one in book], sys.stdout)\n";
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/subscribers-python/bin/python");
    let mut python = Command::new(python);
    let mut python = python.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let bytes = bytes.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success(), "openpyxl failed: tests/run installs it");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The rows of a CSV.
pub fn csv_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

pub fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(ToString::to_string).collect()
}

/// How many rows an import says it made, changed, left alone and refused.
pub fn tally(result: &Value) -> [i64; 4] {
    ["new", "updated", "skipped", "failed"].map(|name| result[name].as_i64().unwrap_or_else(|| panic!("{result}")))
}

/// Rows of two columns, each with an external id of its own, and every hundredth one bad.
pub fn many(rows: usize, has_id: bool) -> Vec<u8> {
    let mut csv = String::from("title,assignee,external id\n");
    for number in 1..=rows {
        let who = if number % 100 == 0 { "zoe" } else { "bob" };
        let id = if has_id { number.to_string() } else { String::new() };
        csv.push_str(&format!("Row {number},{who}@harbour.example,{id}\n"));
    }
    csv.into_bytes()
}
