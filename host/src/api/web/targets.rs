//! `POST /targets`: tells the page what pasted lines name, so that one place decides it.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::{
        body::Body,
        document::{Endpoint, described},
        error::{ApiError, Code},
    },
    contract::target::{self, Mention, Named},
};

/// Maximum number of texts in one request: far more lines than a batch has items.
const TEXTS_MAX: usize = 1_000;

/// `POST /targets` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[&[Code::InvalidParameter, Code::InvalidRequest, Code::NotJson]],
};

/// Its route.
pub(in crate::api) fn route<S: Clone + Send + Sync + 'static>() -> UtoipaMethodRouter<S> {
    described(routes!(targets), ENDPOINT)
}

/// The body of the request.
#[derive(Deserialize, ToSchema)]
struct TargetsBody {
    /// 1 to 1,000 texts.
    #[schema(min_items = 1, max_items = 1000)]
    texts: Vec<String>,
}

/// What the texts name, in their order: one target for each address of a text, or one for a text without an address.
#[derive(Serialize, ToSchema)]
struct TargetList {
    targets: Vec<TextTarget>,
}

/// What one part of a text names.
#[derive(Serialize, ToSchema)]
struct TextTarget {
    /// The part.
    text: String,
    /// The most likely first: a word may be a shortcode or a username. Empty if the text names nothing.
    meanings: Vec<Meaning>,
    /// Why the text names nothing.
    details: Option<String>,
    /// The same as one word, such as `foreign`, `highlight` or `word`.
    reason: Option<&'static str>,
}

/// One meaning of a text.
#[derive(Serialize, ToSchema)]
struct Meaning {
    /// `post`, `reel`, `story` or `profile`.
    kind: &'static str,
    /// The address to ask for.
    address: String,
    /// The account of stories or a profile.
    username: Option<String>,
    /// The item of a carousel that the address chooses, 1 for the first.
    item: Option<u32>,
}

#[utoipa::path(post, path = "/targets", operation_id = "targets", tag = "Page",
    summary = "Tell what texts name, without asking Instagram", request_body = TargetsBody,
    responses((status = 200, description = "Posts, reels, stories and profiles", body = TargetList)))]
async fn targets(Body(body): Body<TargetsBody>) -> Result<Json<TargetList>, ApiError> {
    if !(1..=TEXTS_MAX).contains(&body.texts.len()) {
        return Err(ApiError::from(Code::InvalidParameter).because("Give 1 to 1,000 texts"));
    }
    let mentions = body.texts.iter().flat_map(|text| target::read_all(text));
    let targets = mentions.take(TEXTS_MAX).map(TextTarget::from).collect();
    Ok(Json(TargetList { targets }))
}

impl From<Mention> for TextTarget {
    fn from(mention: Mention) -> Self {
        let Mention { text, read } = mention;
        match read {
            Ok(meanings) => Self {
                text,
                meanings: meanings.into_iter().map(Meaning::from).collect(),
                details: None,
                reason: None,
            },
            Err(why) => Self {
                text,
                meanings: Vec::new(),
                details: Some(format!(
                    "{why}. Paste the link of a post, a reel, stories or a profile, or a name."
                )),
                reason: Some(why.name()),
            },
        }
    }
}

impl From<Named> for Meaning {
    fn from(named: Named) -> Self {
        let address = named.address();
        let (kind, username, item) = match named {
            Named::Post { item, .. } => ("post", None, item),
            Named::Reel { .. } => ("reel", None, None),
            Named::Stories { username } => ("story", Some(username), None),
            Named::Profile { username } => ("profile", Some(username), None),
        };
        Self {
            kind,
            address,
            username,
            item,
        }
    }
}
