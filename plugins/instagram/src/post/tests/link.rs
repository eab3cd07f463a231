//! Posts by links: bound to their owner, shared, and the codes in addresses.

use super::*;

#[test]
fn a_link_bound_to_its_owner_is_the_post_of_its_first_characters() {
    for code in [CODE, "9zXyWvUtSr", "aZ3bY4cX5"] {
        let query = Query {
            target: Target::Shortcode(format!("{code}{}", "x".repeat(28))),
        };
        let (step, _) = run(
            |memo, answers| extract(&query, &guest(MEDIA), memo, answers),
            |_| post_of(code),
        );
        assert_eq!(record(step).shortcode, code);
    }
}

#[test]
fn a_share_link_may_lead_to_a_code_that_is_bound_to_its_owner() {
    let query = Query {
        target: Target::Share("https://www.instagram.com/share/p/BAshared".to_owned()),
    };
    let code = "aZ3bY4cX5";
    let (step, asked) = run(
        |memo, answers| extract(&query, &guest(MEDIA), memo, answers),
        |request| match label(request).as_str() {
            "/share/p/BAshared" => {
                let url = format!("https://www.instagram.com/p/{code}{}/", "x".repeat(28));
                response(200, &url, "<html>")
            }
            _ => post_of(code),
        },
    );
    assert_eq!(record(step).shortcode, code);
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_share_link_leads_to_its_post() {
    let query = Query {
        target: Target::Share("https://www.instagram.com/share/p/BAshared?igsh=x".to_owned()),
    };
    let (step, asked) = run(
        |memo, answers| extract(&query, &guest(MEDIA), memo, answers),
        |request| match label(request).as_str() {
            "/share/p/BAshared" => response(
                200,
                &format!("https://www.instagram.com/reel/{CODE}/?igsh=y"),
                "<html>",
            ),
            _ => post(),
        },
    );
    assert_eq!(record(step).shortcode, CODE);
    assert_eq!(
        asked.iter().map(label).collect::<Vec<_>>(),
        ["/share/p/BAshared", GUEST]
    );
}

#[test]
fn a_share_link_that_leads_nowhere_is_refused() {
    let query = Query {
        target: Target::Share("https://www.instagram.com/share/BAshared".to_owned()),
    };
    let end = |url: &'static str, body: &'static str| {
        let context = guest(MEDIA);
        let extract = |memo: &[u8], answers: &[Exchange]| extract(&query, &context, memo, answers);
        refusal(run(extract, |_| response(200, url, body)).0)
    };
    assert_eq!(
        end("https://www.instagram.com/accounts/login/", "<html>"),
        Refusal::LoginRequired
    );
    assert_eq!(
        end("", "<html><title>Page isn't available</title>"),
        Refusal::NotFound
    );
    assert!(matches!(end("", "<html>"), Refusal::Changed(_)));
}

#[test]
fn the_code_is_found_in_every_address_of_a_post() {
    for url in [
        "https://www.instagram.com/p/DAbcdefghij/",
        "https://www.instagram.com/reel/DAbcdefghij",
        "https://www.instagram.com/someone/reel/DAbcdefghij/?igsh=x",
        "https://www.instagram.com/tv/DAbcdefghij?x#y",
        "https://www.instagram.com/accounts/login/?next=%2Freel%2FDAbcdefghij%2F",
        "https://www.instagram.com/accounts/login/?next=https%3A%2F%2Fwww.instagram.com%2Fp%2FDAbcdefghij%2F%3Figsh%3Dx",
    ] {
        assert_eq!(code_in(url).as_deref(), Some(CODE), "{url}");
    }
    for url in [
        "https://www.instagram.com/share/p/DAbcdefghij/",
        "https://www.instagram.com/p/",
        "",
        "/p",
    ] {
        assert_eq!(code_in(url), None, "{url}");
    }
}
