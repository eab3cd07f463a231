//! Checks the guides against the server: every curl line of `docs/clients.md` gets the response that the guide and the
//! OpenAPI document state, and every setting is in `docs/operators.md`.

mod guide;
mod schema;
mod threats;

use std::{fs, path::Path, time::Duration};

use gramhost::storage::BucketAddress;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::harness::server::{Answer, Server, gramhost};
use guide::{Call, Shown};

/// How long a job may take to reach the state that the guide shows.
const JOB: Duration = Duration::from_secs(60);

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn document(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

#[tokio::test]
async fn the_guide_for_clients_says_what_the_server_answers() {
    let fixtures = repository().join("fixtures");
    let flags = [
        "--replay",
        fixtures.to_str().unwrap(),
        "--rate-limit",
        "9999",
    ];
    let server = Server::start(&flags);
    let openapi = gramhost(server.folder.path())
        .arg("openapi")
        .output()
        .unwrap();
    let openapi: Value = serde_json::from_slice(&openapi.stdout).unwrap();
    let calls = guide::calls(&document("docs/clients.md"));
    assert!(calls.len() >= 25, "only {} curl lines", calls.len());
    let mut job = String::new();
    let mut asked = Vec::new();
    for call in &calls {
        let answer = ask(&server, call, &job).await;
        let line = &call.line;
        assert_eq!(answer.status, call.status, "{line}: {}", answer.text);
        match &call.shown {
            Shown::Json(shown) => {
                let differences = guide::differences(shown, &answer.json);
                assert!(differences.is_empty(), "{line}: {differences:#?}");
            }
            Shown::Text(text) if call.method == Method::HEAD => {
                for name in guide::header_names(text) {
                    assert!(answer.headers.contains_key(&name), "{line}: no {name}");
                }
            }
            Shown::Text(text) => {
                let begin = text.lines().next().unwrap();
                assert!(answer.text.starts_with(begin), "{line}: {}", answer.text);
            }
            Shown::Nothing => {}
        }
        let path = call.path.split('?').next().unwrap();
        if answer.json.is_object() {
            let faults = schema::faults(&openapi, path, &call.method, answer.status, &answer.json);
            assert!(faults.is_empty(), "{line}: {faults:#?}");
        }
        for key in ["job_id", "batch_job_id"] {
            if let Some(id) = answer.json[key].as_str() {
                job = id.to_owned();
            }
        }
        asked.push(schema::template(&openapi, path));
    }
    for path in openapi["paths"].as_object().unwrap().keys() {
        let shown = !path.starts_with("/instagram/") || asked.contains(path);
        assert!(shown, "docs/clients.md does not show {path}");
    }
}

/// Repeats a request until its job is in the state that the guide shows.
async fn ask(server: &Server, call: &Call, job: &str) -> Answer {
    let path = call.path.replace("$JOB", job);
    let wanted = match &call.shown {
        Shown::Json(shown) if path.starts_with("/instagram/status/") => shown["status"].clone(),
        _ => Value::Null,
    };
    let asking = async {
        loop {
            let answer = match &call.body {
                Some(body) => server.post(&path, body).await,
                None => {
                    let headers = call.headers.iter().map(|(name, value)| (&**name, &**value));
                    let headers: Vec<_> = headers.collect();
                    server.send(call.method.clone(), &path, &headers).await
                }
            };
            if wanted.is_null() || answer.json["status"] == wanted {
                return answer;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(JOB, asking).await.expect(&call.line)
}

#[tokio::test]
async fn the_guide_for_operators_has_every_setting_with_its_default() {
    let server = Server::start(&[]);
    let settings = server.admin("/limits").await.json;
    let settings = settings.as_array().unwrap();
    assert!(settings.len() > 60, "only {} settings", settings.len());
    let guide = document("docs/operators.md");
    let mut faults = Vec::new();
    for setting in settings {
        let key = setting["key"].as_str().unwrap();
        let row = format!("| `{key}` | ");
        let shown = guide
            .split(&row)
            .nth(1)
            .and_then(|it| it.split(" | ").next());
        let default = setting["default"].as_str();
        let number = default.and_then(|default| default.parse::<u64>().ok());
        match shown {
            None => faults.push(format!("`{key}` is missing; it is {default:?}")),
            Some(shown) if number.is_some() && guide::number(shown) != number => {
                faults.push(format!("`{key}` is shown as {shown}, and is {default:?}"));
            }
            Some(_) => {}
        }
    }
    // The guide must not name settings that do not exist.
    for name in guide.split('`').filter(|word| word.starts_with("limits.")) {
        if !settings.iter().any(|setting| setting["key"] == name) {
            faults.push(format!("`{name}` is no setting"));
        }
    }
    assert!(faults.is_empty(), "docs/operators.md: {faults:#?}");
}

/// Its two durations are the most that a bucket keeps without need, and more than files are kept by default.
#[test]
fn the_guide_for_operators_has_a_lifecycle_rule_that_amazon_takes() {
    let guide = document("docs/operators.md");
    let (_, rest) = guide.split_once("### Files in a bucket").unwrap();
    let (_, rest) = rest.split_once("```json").unwrap();
    let (rule, _) = rest.split_once("```").unwrap();
    let rules: Value = serde_json::from_str(rule).unwrap();
    let address = BucketAddress::parse("s3://my-bucket/gramhost").unwrap();
    let wanted = json!({
        "Rules": [{
            "ID": "gramhost-files",
            "Status": "Enabled",
            "Filter": { "Prefix": address.files_prefix() },
            "Expiration": { "Days": 1 },
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 },
        }],
    });
    assert_eq!(rules, wanted);
    assert!(guide.contains(&address.to_string()));
}
