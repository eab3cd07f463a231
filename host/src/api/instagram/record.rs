//! Kinds of record that the specification does not document: each is served as its plain record, in snake case.

use axum::{
    Router,
    extract::{FromRef, State},
    http::Uri,
    response::Response,
    routing::get,
};

use super::{
    answer::{answer_kept, run},
    parameters,
};
use crate::{
    api::http::error::{ApiError, Subject},
    contract::{Kind, Shape},
    extraction::Extraction,
};

/// `GET /instagram/<kind>` for each of these kinds, with the parameters that their queries need; the response is the
/// record itself.
pub fn routes<S>(kinds: impl IntoIterator<Item = Kind>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Extraction: FromRef<S>,
{
    let route = |router: Router<S>, kind: Kind| {
        let handler = move |State(extraction): State<Extraction>, uri: Uri| async move {
            record(&extraction, kind, &uri).await
        };
        router.route(&format!("/instagram/{kind}"), get(handler))
    };
    kinds.into_iter().fold(Router::new(), route)
}

async fn record(extraction: &Extraction, kind: Kind, uri: &Uri) -> Result<Response, ApiError> {
    let query = parameters::query(kind, uri)?;
    let subject = match kind.shape() {
        Shape::Account | Shape::List => Subject::Account,
        Shape::Media => Subject::Post,
    };
    let extracted = run(extraction, &query, subject).await?;
    answer_kept(&extracted, || &*extracted.record)
}
