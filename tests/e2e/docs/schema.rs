//! Checks responses against the OpenAPI document, as far as generated clients rely on it: no unknown key, no missing
//! required key, no other type.

use reqwest::Method;
use serde_json::Value;

/// The path template in the document for a requested path.
pub(super) fn template(document: &Value, path: &str) -> String {
    let paths = document["paths"].as_object().unwrap();
    let fits = |template: &&String| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template
                .zip(path)
                .all(|(part, asked)| part == asked || part.starts_with('{'))
    };
    // Exact paths take precedence over templates such as `/instagram/status/{job_id}`.
    let exact = paths.keys().find(|template| *template == path);
    exact.or_else(|| paths.keys().find(fits)).unwrap().clone()
}

/// The differences between a response and its description.
pub(super) fn faults(
    document: &Value,
    path: &str,
    method: &Method,
    status: u16,
    answer: &Value,
) -> Vec<String> {
    let operation = &document["paths"][template(document, path)][method.as_str().to_lowercase()];
    let schema =
        &operation["responses"][status.to_string()]["content"]["application/json"]["schema"];
    let mut faults = Vec::new();
    if schema.is_null() {
        faults.push(format!("{status} is not described"));
    }
    hold(document, schema, answer, "", &mut faults);
    faults
}

fn hold(document: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]).unwrap();
        return hold(document, schema, value, place, faults);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(schemas) = schema[choice].as_array() {
            let fits = schemas.iter().any(|schema| {
                let mut faults = Vec::new();
                hold(document, schema, value, place, &mut faults);
                faults.is_empty()
            });
            if !fits {
                faults.push(format!("{place} is none of its choices: {value}"));
            }
            return;
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        hold(document, part, value, place, faults);
    }
    let types: Vec<_> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name, value)) {
        faults.push(format!("{place} is {value}, not {types:?}"));
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                hold(
                    document,
                    &schema["items"],
                    item,
                    &format!("{place}[]"),
                    faults,
                );
            }
        }
        Value::Object(fields) if schema["properties"].is_object() => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                match schema["properties"].get(name) {
                    Some(schema) => hold(document, schema, value, &place, faults),
                    None => faults.push(format!("{place} is not described")),
                }
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap();
                if !fields.contains_key(name) {
                    faults.push(format!("{place}.{name} is required and missing"));
                }
            }
        }
        _ => {}
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
