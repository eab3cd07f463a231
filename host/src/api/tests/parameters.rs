//! What a query may contain, checked before any handler.

use axum::{
    extract::FromRequestParts,
    http::{Request, Uri, request::Parts},
};
use proptest::prelude::*;

use crate::api::{
    http::error::ApiError,
    instagram::parameters::{Page, UrlOrCode, Username},
};

fn parts(query: &str) -> Parts {
    let uri: Uri = format!("/x?{query}").parse().unwrap();
    Request::builder().uri(uri).body(()).unwrap().into_parts().0
}

async fn page(query: &str) -> Result<Page, ApiError> {
    Page::from_request_parts(&mut parts(query), &()).await
}

async fn refused(query: &str) -> &'static str {
    page(query).await.err().unwrap().code.name()
}

#[tokio::test]
async fn limit_is_a_whole_number_from_1_to_50() {
    for limit in [
        "0",
        "51",
        "-1",
        "1e3",
        "+5",
        "%205",
        "5.0",
        "",
        "x",
        "99999999999",
    ] {
        assert_eq!(
            refused(&format!("username=a&limit={limit}")).await,
            "INVALID_LIMIT",
            "{limit}"
        );
    }
    for (query, limit) in [
        ("username=a&limit=1", 1),
        ("username=a&limit=50", 50),
        ("username=a", 12),
    ] {
        assert_eq!(page(query).await.unwrap().limit, limit);
    }
}

#[tokio::test]
async fn a_cursor_is_bounded_and_opaque() {
    let cursor = |cursor: String| async move { page(&format!("username=a&cursor={cursor}")).await };
    assert_eq!(
        cursor("QVF%3D".into()).await.unwrap().cursor.as_deref(),
        Some("QVF=")
    );
    assert_eq!(cursor(String::new()).await.unwrap().cursor, None);
    for bad in ["x".repeat(2049), "%00".to_owned(), "a%0D%0Ab".to_owned()] {
        assert_eq!(
            cursor(bad).await.err().unwrap().code.name(),
            "INVALID_PARAMETER"
        );
    }
}

#[tokio::test]
async fn known_parameters_come_once_and_unknown_ones_do_not_matter() {
    for query in [
        "username=a&username=b",
        "username=a&limit=5&limit=5",
        "username=a&cursor=x&cursor=y",
    ] {
        assert_eq!(refused(query).await, "INVALID_PARAMETER", "{query}");
    }
    assert_eq!(page("username=a&x=1&x=2").await.unwrap().username, "a");
}

#[tokio::test]
async fn what_is_missing_is_invalid() {
    let username = Username::from_request_parts(&mut parts("user=a"), &()).await;
    assert_eq!(username.err().unwrap().code.name(), "INVALID_USERNAME");
    let url = UrlOrCode::from_request_parts(&mut parts(""), &()).await;
    assert_eq!(url.err().unwrap().code.name(), "INVALID_URL");
}

proptest! {
    #[test]
    fn no_query_panics(query in "((username|limit|cursor|x)[=&%+a-c0-9]{0,6}){0,20}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let page = runtime.block_on(page(&query));
        prop_assert!(page.is_err() || page.is_ok_and(|page| (1..=50).contains(&page.limit)));
    }
}
