//! Every form that is accepted, and forms that are not.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const CODE: &str = "DdEo7DPG8x2";
const LONG: &str = "DdEo7DPG8x2abcdefghijklmnopqrstuvwxyz-_";

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
        "https://d.ddinstagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com/some.user_/p/DdEo7DPG8x2/",
        "https://www.instagram.com/some.user_/reel/DdEo7DPG8x2/?hl=en",
        "https://www.instagram.com/p/DdEo7DPG8x2/embed/captioned/",
        "https://www.instagram.com/p/DdEo7DPG8x2/c/17900000000000000/",
        "https://www.instagram.com//p//DdEo7DPG8x2//",
        "instagram://media?id=3982487950286638198",
        "instagram://media?id=3982487950286638198_25025320&x=y",
        "3982487950286638198",
        "3982487950286638198_25025320",
    ] {
        assert_eq!(media(form), code(CODE), "{form}");
    }
}

#[test]
fn long_shortcodes_stay_whole_and_name_the_same_post() {
    assert_eq!(media(LONG), code(LONG));
    assert_eq!(
        media(&format!("https://www.instagram.com/p/{LONG}/")),
        code(LONG)
    );
    assert_eq!(public_part(LONG), CODE);
    assert_eq!(public_part(CODE), CODE);
    assert_eq!(public_part(&"a".repeat(28)), "a".repeat(28));
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
        "ftp://www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com.evil.test/p/DdEo7DPG8x2/",
        "https://evil.test/www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com@evil.test/p/DdEo7DPG8x2/",
        "https://user@www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com:8443/p/DdEo7DPG8x2/",
        "https://www.instagram.com/",
        "https://www.instagram.com/instagram/",
        "https://www.instagram.com/p/",
        "https://www.instagram.com/p/DdEo7DPG8x2x/",
        "https://www.instagram.com/p/%44dEo7DPG8x2/",
        "https://www.instagram.com/p%2FDdEo7DPG8x2/",
        "https:%2F%2Fwww.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com/p/DdEo7DPG8x2/ https://www.instagram.com/p/DdEo7DPG8x3/",
        "https://www.instagram.com/reels/audio/123456789/",
        "https://www.instagram.com/explore/p/DdEo7DPG8x2/",
        "https://www.instagram.com/stories/user/3982487950286638198/",
        "https://www.instagram.com/share/",
        "https://www.instagram.com/share/p/",
        "https://www.instagram.com/share/p/a/b/c",
        "instagram://media?id=",
        "instagram://media?id=x",
        "instagram://media?id=+1",
        "instagram://user?username=x",
        "99999999999999999999",
        "3982487950286638198_",
        "3982487950286638198_x",
    ] {
        assert_eq!(
            media(form),
            Err(InvalidUrl),
            "{}",
            form.chars().take(80).collect::<String>()
        );
    }
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
        "https://www.instagram.com/some.user_1/reels/",
        "https://www.instagram.com/stories/some.user_1/3982487950286638198/",
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
        "https://www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com/user/p/DdEo7DPG8x2/",
        "https://www.instagram.com/stories/highlights/17900000000000000/",
        "https://evil.test/user",
    ] {
        assert_eq!(username(form), Err(InvalidUsername), "{form}");
    }
}

#[test]
fn shortcodes_of_the_smallest_and_largest_ids() {
    assert_eq!(shortcode(0), "A");
    assert_eq!(shortcode(2), "C");
    assert_eq!(shortcode(64), "BA");
    assert_eq!(shortcode(u64::MAX), "P__________");
}

proptest! {
    #[test]
    fn ids_and_shortcodes_agree(id: u64) {
        let code = shortcode(id);
        let back = code.bytes().fold(0_u64, |id, byte| {
            id << 6 | ALPHABET.iter().position(|known| *known == byte).unwrap() as u64
        });
        prop_assert_eq!(back, id);
        prop_assert!(is_shortcode(&code));
        prop_assert_eq!(media(&format!("instagram://media?id={id}")), Ok(Target::Shortcode(code)));
    }

    #[test]
    fn any_text_is_refused_or_gives_something_well_formed(text in r"(https?://)?(www\.)?instagram\.com/(p|reel|share|[a-z]{1,4})?/?\PC{0,40}|\PC{0,60}") {
        match media(&text) {
            Ok(Target::Shortcode(code)) => prop_assert!(is_shortcode(&code)),
            Ok(Target::Share(url)) => prop_assert_eq!(media(&url), Ok(Target::Share(url))),
            Err(InvalidUrl) => {}
        }
        if let Ok(user) = username(&text) {
            prop_assert_eq!(username(&user), Ok(user));
        }
    }
}
