//! Every form that is read, and forms that are not.
#![expect(clippy::unwrap_used, reason = "tests")]

mod around;
mod fuzz;

use proptest::prelude::*;

use super::*;

const CODE: &str = "DdEo7DPG8x2";
/// What Instagram appends to a shortcode to bind a link to its owner.
const OWNER: &str = "abcdefghijklmnopqrstuvwxyz-_";

fn code(code: &str) -> Result<Target, InvalidUrl> {
    Ok(Target::Shortcode(code.to_owned()))
}

#[test]
fn every_url_form_of_a_post_gives_its_shortcode() {
    for form in [
        "DdEo7DPG8x2",
        "  DdEo7DPG8x2\n",
        "https://www.instagram.com/p/DdEo7DPG8x2/",
        "http://instagram.com/p/DdEo7DPG8x2",
        "HTTPS://WWW.INSTAGRAM.COM/p/DdEo7DPG8x2/",
        "www.instagram.com/reel/DdEo7DPG8x2/?igsh=MTk=&img_index=2#comments",
        "instagram.com/reels/DdEo7DPG8x2",
        "m.instagram.com/tv/DdEo7DPG8x2/",
        "https://instagr.am/p/DdEo7DPG8x2/",
        "https://ig.me/p/DdEo7DPG8x2",
        "//www.instagram.com/p/DdEo7DPG8x2/",
        "/p/DdEo7DPG8x2/",
        "p/DdEo7DPG8x2",
        "https://www.instagram.com.:443/p/DdEo7DPG8x2/",
        "http://instagram.com:80/p/DdEo7DPG8x2/",
        "https://www.instagram.com/some.user_/p/DdEo7DPG8x2/",
        "https://www.instagram.com/some.user_/reel/DdEo7DPG8x2/?hl=en",
        "https://www.instagram.com/some.user_/reels/DdEo7DPG8x2/",
        "https://www.instagram.com/@some.user_/p/DdEo7DPG8x2/",
        "https://www.instagram.com/p/DdEo7DPG8x2/embed/captioned/",
        "https://www.instagram.com/p/DdEo7DPG8x2/c/17900000000000000/",
        "https://www.instagram.com//p//DdEo7DPG8x2//",
        "https://www.instagram.com/p/%44dEo7DPG8x2/",
        "https://www.instagram.com/_u/some.user_/p/DdEo7DPG8x2/",
        "intent://www.instagram.com/p/DdEo7DPG8x2/#Intent;package=com.instagram.android;scheme=https;end",
        "instagram://media?id=3982487950286638198",
        "instagram://media?id=3982487950286638198_25025320&x=y",
        "https://www.instagram.com/_n/media?id=3982487950286638198",
        "3982487950286638198",
        "3982487950286638198_25025320",
    ] {
        assert_eq!(media(form), code(CODE), "{form}");
    }
}

#[test]
fn mirrors_are_read_for_their_path() {
    for form in [
        "https://ddinstagram.com/p/DdEo7DPG8x2/",
        "https://d.ddinstagram.com/p/DdEo7DPG8x2/",
        "https://g.ddinstagram.com/reel/DdEo7DPG8x2/",
        "https://www.kkinstagram.com/reels/DdEo7DPG8x2/",
        "https://www.d.vxinstagram.com/p/DdEo7DPG8x2/",
        "https://rxddinstagram.com/some.user/p/DdEo7DPG8x2/",
        "eeinstagram.com/p/DdEo7DPG8x2/2",
        "https://fxinstagram.com/p/DdEo7DPG8x2",
        "https://instagramez.com/p/DdEo7DPG8x2",
        "https://imginn.com/p/DdEo7DPG8x2/",
    ] {
        assert_eq!(media(form), code(CODE), "{form}");
    }
    assert_eq!(
        username("https://ddinstagram.com/Some.User").as_deref(),
        Ok("some.user")
    );
    assert_eq!(
        username("https://imginn.com/stories/some.user/").as_deref(),
        Ok("some.user")
    );
    for form in [
        "https://imginn.com/about/",
        "https://imginn.com/tagged/some.user/",
    ] {
        assert!(read(form).is_err(), "{form}");
    }
}

#[test]
fn an_address_may_choose_one_item() {
    for (form, item) in [
        (
            "https://www.instagram.com/p/DdEo7DPG8x2/?img_index=3",
            Some(3),
        ),
        (
            "https://www.instagram.com/p/DdEo7DPG8x2/?igsh=x&amp;img_index=3#y",
            Some(3),
        ),
        (
            "(https://www.instagram.com/some.user/p/DdEo7DPG8x2?img_index=3).",
            Some(3),
        ),
        ("https://ddinstagram.com/p/DdEo7DPG8x2/3", Some(3)),
        (
            "https://www.instagram.com/accounts/login/?next=/p/DdEo7DPG8x2/?img_index=3",
            Some(3),
        ),
        ("https://www.instagram.com/p/DdEo7DPG8x2/3", None),
        ("https://ddinstagram.com/some.user/p/9zXyWvUtSrQ/", None),
        ("https://www.instagram.com/p/DdEo7DPG8x2/?img_index=0", None),
        (
            "https://www.instagram.com/p/DdEo7DPG8x2/?img_index=-1",
            None,
        ),
        (
            "https://www.instagram.com/p/DdEo7DPG8x2/?img_index=3x",
            None,
        ),
        (
            "https://www.instagram.com/p/DdEo7DPG8x2/?img_index=99999999999",
            None,
        ),
        (
            "https://www.instagram.com/reel/DdEo7DPG8x2/?img_index=3",
            None,
        ),
        ("DdEo7DPG8x2", None),
    ] {
        assert_eq!(super::item(form).unwrap().1, item, "{form}");
    }
}

#[test]
fn a_code_that_is_bound_to_its_owner_names_its_post() {
    for short in [CODE, "9zXyWvUtSr", "aZ3bY4cX5", "BA"] {
        let long = format!("{short}{OWNER}");
        assert_eq!(media(&long), code(short));
        let url = format!("https://www.instagram.com/p/{long}/?igsh=x");
        assert_eq!(media(&url), code(short), "{url}");
    }
}

#[test]
fn share_links_come_out_in_one_form() {
    for (link, path) in [
        (
            "https://www.instagram.com/share/BAKyg2Zx5J",
            "share/BAKyg2Zx5J",
        ),
        ("http://instagram.com/share/p/_aB1-/?x=y", "share/p/_aB1-"),
        ("www.instagram.com/share/reel/_aB1-", "share/reel/_aB1-"),
        (
            "<https://www.instagram.com/share/p/_aB1->,",
            "share/p/_aB1-",
        ),
    ] {
        assert_eq!(
            media(link),
            Ok(Target::Share(format!("https://www.instagram.com/{path}")))
        );
    }
}

#[test]
fn what_names_no_post_is_refused() {
    let endless = "a".repeat(100_000);
    let endless_url = format!("https://www.instagram.com/p/{CODE}/?{endless}");
    for form in [
        "",
        " ",
        "-é",
        "a b",
        "/",
        "//",
        "x/y/z",
        "DdEo7DPG8x2x",
        endless.as_str(),
        endless_url.as_str(),
        "javascript:alert(1)//instagram.com/p/DdEo7DPG8x2",
        "javascript:alert(1)//https://www.instagram.com/p/DdEo7DPG8x2",
        "ftp://www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com.evil.test/p/DdEo7DPG8x2/",
        "https://www.instagram.com\u{200b}.evil.test/p/DdEo7DPG8x2/",
        "https://notinstagram.com/p/DdEo7DPG8x2/",
        "https://evil-ddinstagram.com/p/DdEo7DPG8x2/",
        "https://evil.test/www.instagram.com/p/DdEo7DPG8x2/",
        "evil.test/https://www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com@evil.test/p/DdEo7DPG8x2/",
        "https://evil.test#@www.instagram.com/p/DdEo7DPG8x2/",
        r"https://evil.test\@www.instagram.com/p/DdEo7DPG8x2/",
        r"https://www.instagram.com\@evil.test/p/DdEo7DPG8x2/",
        "https://user@www.instagram.com/p/DdEo7DPG8x2/",
        "https://user:password@www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com:8443/p/DdEo7DPG8x2/",
        "https://www.instagram.com:443@evil.test/p/DdEo7DPG8x2/",
        "https://www.instagram.com%2Eevil.test/p/DdEo7DPG8x2/",
        "https://www。instagram。com/p/DdEo7DPG8x2/",
        "https://www.іnstagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com/",
        "https://www.instagram.com/instagram/",
        "https://www.instagram.com/p/",
        "https://www.instagram.com/p/DdEo7DPG8x2x/",
        "https://www.instagram.com/p/DdEo7DPG8xé/",
        "https://www.instagram.com/p%2FDdEo7DPG8x2/",
        "https://www.instagram.com/p/DdEo7DPG8x2/ https://www.instagram.com/p/DdEo7DPG8x3/",
        "https://www.instagram.com/p/DdEo7DPG8x2/,https://www.instagram.com/p/DdEo7DPG8x3/",
        "https://www.instagram.com/reels/audio/123456789/",
        "https://www.instagram.com/explore/p/DdEo7DPG8x2/",
        "https://www.instagram.com/stories/user/3982487950286638198/",
        "https://www.instagram.com/s/aGlnaGxpZ2h0OjE3OTAw?story_media_id=3982487950286638198_1",
        "https://www.instagram.com/_n/mainfeed",
        "https://ig.me/1aBcD",
        "https://www.instagram.com/share/",
        "https://www.instagram.com/share/p/",
        "https://www.instagram.com/share/p/a/b/c",
        "instagram://media?id=",
        "instagram://media?id=x",
        "instagram://media?id=+1",
        "instagram://camera",
        "instagram://user?username=x",
        "99999999999999999999",
        "3982487950286638198_",
        "3982487950286638198_x",
    ] {
        let start: String = form.chars().take(80).collect();
        assert!(media(form).is_err(), "{start}");
    }
}

#[test]
fn a_refusal_says_what_it_is_and_what_can_be_given() {
    for (form, why) in [
        (
            "https://example.com/",
            "That is not an address of Instagram",
        ),
        (
            "https://www.instagram.com/",
            "That is Instagram's front page",
        ),
        ("https://www.instagram.com/p/", "The address is incomplete"),
        (
            "https://www.instagram.com/accounts/login/",
            "That is Instagram's login page",
        ),
        (
            "https://www.instagram.com/some.user/",
            "That names a profile",
        ),
        (
            "https://www.instagram.com/stories/some.user/1/",
            "That names the stories of an account",
        ),
        (
            "a b",
            "That is neither an address, nor a shortcode, a numeric id or a username",
        ),
    ] {
        let advice = "Give a post or reel URL, a shortcode or a numeric id";
        assert_eq!(
            media(form).unwrap_err().to_string(),
            format!("{why}. {advice}")
        );
    }
    let why = username("https://www.instagram.com/p/DdEo7DPG8x2/").unwrap_err();
    assert_eq!(
        why.to_string(),
        "That names a post or reel. A username has 1 to 30 letters, digits, dots and underscores"
    );
}

#[test]
fn short_runs_of_digits_are_shortcodes() {
    assert_eq!(media("12345678901"), code("12345678901"));
    assert_eq!(
        media("123456789012"),
        Ok(Target::Shortcode(shortcode(123_456_789_012)))
    );
}

#[test]
fn every_form_of_a_username_gives_it_in_lower_case() {
    for form in [
        "Some.User_1",
        "@some.user_1",
        " some.user_1 ",
        "https://www.instagram.com/some.user_1/",
        "instagram.com/Some.User_1?igsh=x",
        "https://www.instagram.com/@some.user_1",
        "https://www.instagram.com/%40some.user_1/",
        "https://www.instagram.com/some.user_1/reels/",
        "https://www.instagram.com/some.user_1/tagged/",
        "https://www.instagram.com/some.user_1/profilecard/?igsh=x",
        "https://www.instagram.com/stories/some.user_1/3982487950286638198/",
        "https://www.instagram.com/_u/some.user_1/",
        "https://www.instagram.com/_n/user?username=some.user_1",
        "intent://instagram.com/_u/some.user_1/#Intent;package=com.instagram.android;scheme=https;end",
        "instagram://user?username=some.user_1",
        "https://ig.me/m/some.user_1",
    ] {
        assert_eq!(username(form).as_deref(), Ok("some.user_1"), "{form}");
    }
}

#[test]
fn what_is_no_username_is_refused() {
    for form in [
        "",
        "@",
        "@@x",
        ".a",
        "a.",
        "a..b",
        "a b",
        "é",
        "ａ",
        "a%00",
        "a\0",
        "a-b",
        "instagram/../x",
        "abcdefghijklmnopqrstuvwxyz12345",
        "https://www.instagram.com/",
        "https://www.instagram.com/explore/",
        "https://www.instagram.com/some-user/",
        "https://www.instagram.com/usér/",
        "https://www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com/user/p/DdEo7DPG8x2/",
        "https://www.instagram.com/stories/highlights/17900000000000000/",
        "https://evil.test/user",
        "evil.test/",
    ] {
        assert!(username(form).is_err(), "{form}");
    }
}

#[test]
fn a_word_may_have_several_meanings_the_most_likely_first() {
    let kinds = |text| {
        let kind = |named: &Named| match named {
            Named::Post { .. } => "post",
            Named::Reel { .. } => "reel",
            Named::Stories { .. } => "stories",
            Named::Profile { .. } => "profile",
        };
        read(text).unwrap().iter().map(kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("DdEo7DPG8x2"), ["post", "reel", "profile"]);
    assert_eq!(kinds("DdEo-DPG8x2"), ["post", "reel"]);
    assert_eq!(kinds("summer_2024"), ["profile", "post", "reel"]);
    assert_eq!(kinds("some.user"), ["profile"]);
    assert_eq!(kinds("@summer_2024"), ["profile"]);
    assert_eq!(kinds("3982487950286638198"), ["post", "reel", "profile"]);
    assert_eq!(
        kinds("https://www.instagram.com/reels/DdEo7DPG8x2/"),
        ["reel"]
    );
    assert_eq!(kinds("https://www.instagram.com/share/reel/BAx"), ["reel"]);
    assert_eq!(
        kinds("https://www.instagram.com/stories/some.user/1/"),
        ["stories"]
    );
}

proptest! {
    #[test]
    fn ids_and_shortcodes_name_the_same_post(id: u64) {
        let code = Ok(Target::Shortcode(shortcode(id)));
        prop_assert_eq!(media(&format!("instagram://media?id={id}")), code);
    }

    #[test]
    fn any_text_is_refused_or_gives_something_well_formed(text in r"(https?://)?(www\.)?instagram\.com/(p|reel|share|[a-z]{1,4})?/?\PC{0,40}|\PC{0,60}") {
        for named in read(&text).unwrap_or_default() {
            if let Named::Post { target: Target::Shortcode(code), .. } = &named {
                prop_assert!(is_shortcode(code));
            }
            // Without an address, a username may be one of Instagram's reserved words.
            if let Named::Profile { username } = &named {
                prop_assert_eq!(super::username(username), Ok(username.clone()));
            } else {
                prop_assert_eq!(read(&named.address()), Ok(vec![named]));
            }
        }
    }
}
