// letters.rs, with the crates ureq (feature json) and serde_json
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (url, token) = (std::env::var("MILEPOST_URL")?, std::env::var("MILEPOST_TOKEN")?);
    let call = |path: String, body: Value| -> Result<Value, ureq::Error> {
        let request = ureq::post(format!("{url}/api/v1{path}")).header("Authorization", format!("Bearer {token}"));
        request.send_json(body)?.body_mut().read_json()
    };
    let id = call("/tasks".into(), json!({ "title": "Send letters", "total": 20 }))?["id"].clone();
    for n in 1..=20 {
        // Here a letter is sent.
        let answer = call(format!("/tasks/{id}/progress"), json!({ "processed": n }))?;
        if answer["cancel_requested"] == true {
            call(format!("/tasks/{id}/finish"), json!({ "outcome": "cancelled" }))?;
            return Ok(());
        }
    }
    call(format!("/tasks/{id}/finish"), json!({ "outcome": "done" }))?;
    Ok(())
}
