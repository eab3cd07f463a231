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
    for (query, name) in [
        ("username=a&username=b", "username"),
        ("username=a&limit=5&limit=5", "limit"),
        ("username=a&cursor=x&cursor=y", "cursor"),
    ] {
        let error = page(query).await.err().unwrap();
        assert_eq!(error.code.name(), "INVALID_PARAMETER", "{query}");
        assert_eq!(error.details(), format!("`{name}` is given twice"));
    }
    for query in ["username=a&x=1&x=2", "username=a&_=1&limit=12&limits=3"] {
        let page = page(query).await.unwrap();
        assert_eq!((&*page.username, page.limit), ("a", 12));
    }
}

#[tokio::test]
async fn what_is_misspelt_is_named_with_what_was_meant() {
    for (query, instead, meant) in [
        ("username=a&limt=5", "limt", "limit"),
        ("username=a&Limit=5", "Limit", "limit"),
        ("username=a&curser=x", "curser", "cursor"),
        ("user=a", "user", "username"),
        ("usrname=a&limit=5", "usrname", "username"),
    ] {
        let error = page(query).await.err().unwrap();
        let named = format!("There is no parameter `{instead}`: did you mean `{meant}`?");
        assert!(
            error.details().starts_with(&named),
            "{query}: {}",
            error.details()
        );
    }
    for query in [
        "url=x",
        "code=x",
        "url_or_id=x",
        "URL_OR_CODE=x",
        "urlorcode=x",
    ] {
        let address = UrlOrCode::from_request_parts(&mut parts(query), &()).await;
        let error = address.err().unwrap();
        assert_eq!(error.code.name(), "INVALID_URL");
        let details = error.details();
        assert!(
            details.contains("did you mean `url_or_code`?"),
            "{query}: {details}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_or_invalid_is_named_with_what_it_takes() {
    let username = Username::from_request_parts(&mut parts("x=a"), &()).await;
    let error = username.err().unwrap();
    assert_eq!(error.code.name(), "INVALID_USERNAME");
    let takes = "A username has 1 to 30 letters, digits, dots and underscores";
    assert_eq!(error.details(), format!("`username` is missing. {takes}"));
    for (query, named) in [
        ("", "`url_or_code` is missing. "),
        ("url_or_code=x+y", "`url_or_code`: "),
    ] {
        let url = UrlOrCode::from_request_parts(&mut parts(query), &()).await;
        let error = url.err().unwrap();
        assert_eq!(error.code.name(), "INVALID_URL");
        let details = error.details();
        assert!(details.starts_with(named), "{details}");
        assert!(
            details.ends_with("Give a post or reel URL, a shortcode or a numeric id"),
            "{details}"
        );
    }
    let limit = page("username=a&limit=99").await.err().unwrap();
    assert_eq!(limit.details(), "`limit`: Give a whole number from 1 to 50");
}

proptest! {
    #[test]
    fn no_query_panics(query in "((username|limit|cursor|x)[=&%+a-c0-9]{0,6}){0,20}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let page = runtime.block_on(page(&query));
        prop_assert!(page.is_err() || page.is_ok_and(|page| (1..=50).contains(&page.limit)));
    }
}
