//! Addresses inside other addresses, in sentences and in markup.

use proptest::prelude::*;

use super::{CODE, OWNER, code, media, username};

#[test]
fn a_login_page_names_what_comes_after_it() {
    for form in [
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FDdEo7DPG8x2%2F",
        "https://www.instagram.com/accounts/login/?next=/p/DdEo7DPG8x2/",
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FDdEo7DPG8x2%2F%3Figsh%3DMTk%3D&source=x",
        "https://www.instagram.com/accounts/login/?hl=en&next=https%3A%2F%2Fwww.instagram.com%2Freel%2FDdEo7DPG8x2%2F",
        "https://www.instagram.com/accounts/login/?next=https://www.instagram.com/p/DdEo7DPG8x2/",
        "https://www.instagram.com/accounts/login/?next=%252Fp%252FDdEo7DPG8x2%252F",
        "https://www.instagram.com/accounts/login/?next=%2Faccounts%2Fonetap%2F%3Fnext%3D%252Fp%252FDdEo7DPG8x2%252F",
        "https://www.instagram.com/challenge/?next=/some.user/p/DdEo7DPG8x2/",
        "https://www.instagram.com/consent/?flow=x&next=/tv/DdEo7DPG8x2",
        "/accounts/login/?next=/p/DdEo7DPG8x2/",
        "https://l.instagram.com/?u=https%3A%2F%2Fwww.instagram.com%2Fp%2FDdEo7DPG8x2%2F%3Figsh%3Dx&e=AT0",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.instagram.com%2Fp%2FDdEo7DPG8x2%2F&h=AT0",
        "https%3A%2F%2Fwww.instagram.com%2Fp%2FDdEo7DPG8x2%2F",
    ] {
        assert_eq!(media(form), code(CODE), "{form}");
    }
    let login = "https://www.instagram.com/accounts/login/?next=";
    assert_eq!(
        username(&format!("{login}/some.user/")).as_deref(),
        Ok("some.user")
    );
    for form in [
        login.to_owned(),
        format!("{login}/"),
        format!("{login}https://evil.test/p/{CODE}/"),
        format!("{login}//evil.test/p/{CODE}/"),
        format!("https://l.instagram.com/?u=https%3A%2F%2Fevil.test%2Fp%2F{CODE}"),
        format!("https://l.instagram.com/p/{CODE}/"),
        format!("https://evil.test/?next=/p/{CODE}/&u=https://www.instagram.com/p/{CODE}/"),
        login.repeat(20) + "/p/DdEo7DPG8x2/",
    ] {
        assert!(media(&form).is_err(), "{form}");
    }
}

#[test]
fn what_is_around_an_address_in_a_text_is_left_out() {
    for form in [
        "“https://www.instagram.com/p/DdEo7DPG8x2/”",
        "<https://www.instagram.com/p/DdEo7DPG8x2/>",
        "<https://www.instagram.com/p/DdEo7DPG8x2|a post>",
        "(www.instagram.com/p/DdEo7DPG8x2).",
        "[a post](https://www.instagram.com/p/DdEo7DPG8x2/)",
        "**https://www.instagram.com/p/DdEo7DPG8x2**",
        "_https://www.instagram.com/p/DdEo7DPG8x2_",
        "`instagram.com/p/DdEo7DPG8x2`",
        "href=\"https://www.instagram.com/p/DdEo7DPG8x2/?a=b&amp;c=d\"",
        r#""https:\/\/www.instagram.com\/p\/DdEo7DPG8x2\/","#,
        "Fog over the harbour: https://www.instagram.com/p/DdEo7DPG8x2/, by @some.user and/or friends!",
        "https://www.instagram.com/p/DdEo7DPG8x2/ https://instagram.com/p/DdEo7DPG8x2",
        "看https://www.instagram.com/p/DdEo7DPG8x2看看",
        "https://www.instagram.com/p/DdEo7DPG8x2&utm_source=ig_web",
        "https://www.instagram.com/p/DdEo7DPG8x2%3Figsh=x",
        "https://www.instagram.com/p/DdEo7DPG8x2%E2%80%8B",
        "\u{feff}https://www.insta\u{200b}gram.com/p/\u{202a}DdEo7DPG8x2\u{202c}/\u{a0}",
        "\u{200e}DdEo7DPG8x2\u{200f}",
    ] {
        assert_eq!(media(form), code(CODE), "{form}");
    }
    for form in [
        "Follow instagram.com/some.user.",
        "instagram.com/some.user),",
        "https://www.instagram.com/some.user&utm_source=qr",
        "\u{2068}@some.user\u{2069}",
    ] {
        assert_eq!(username(form).as_deref(), Ok("some.user"), "{form}");
    }
}

proptest! {
    #[test]
    fn whatever_is_around_it_the_code_stays_the_same(
        code in "[A-Za-z0-9_-]{9,11}",
        owner in prop::sample::select(vec!["", OWNER]),
        before in prop::sample::select(vec!["", " ", "“", "<", "(", "[post](", "See: ", "\u{feff}", "\u{202a}", "**"]),
        scheme in prop::sample::select(vec!["https://", "http://", "HTTPS://", "//", "", "intent://"]),
        host in prop::sample::select(vec![
            "www.instagram.com", "instagram.com", "m.instagram.com", "WWW.Instagram.Com", "instagr.am", "ig.me",
            "www.instagram.com.", "instagram.com:443", "ddinstagram.com", "d.ddinstagram.com", "kkinstagram.com",
            "vxinstagram.com", "rxddinstagram.com", "eeinstagram.com", "instagramez.com", "imginn.com",
        ]),
        prefix in prop::sample::select(vec!["p", "reel", "reels", "tv", "some.user/p", "some.user_1/reel", "_u/some.user/p", "p/"]),
        after in prop::sample::select(vec![
            "", "/", "?igsh=x", "/?img_index=2&hl=en", "#c", "/embed/captioned/", "&utm=x", "/&x=y", "%3Fa=b", ").", ",", ";",
            "!", ">", "”", "/)", "\u{200b}", "\u{a0}", "|x>", "…", "。", " by @some.user", "/comments/?x=%20#y",
        ]),
    ) {
        let text = format!("{before}{scheme}{host}/{prefix}/{code}{owner}{after}");
        prop_assert_eq!(media(&text), super::code(&code), "{}", text);
        let inner: String = url::form_urlencoded::byte_serialize(
            format!("/{prefix}/{code}{owner}/").as_bytes()
        ).collect();
        let login = format!("{before}{scheme}www.instagram.com/accounts/login/?next={inner}{after}");
        prop_assert_eq!(media(&login), super::code(&code), "{}", login);
    }

    #[test]
    fn another_host_is_never_read(host in "[a-z]{0,8}(\\.|-|@|%2e|%40|:)?(www\\.)?(instagram|ddinstagram)\\.com[.:@%][a-z]{1,8}\\.[a-z]{2,4}") {
        let read = media(&format!("https://{host}/p/{CODE}/"));
        prop_assert!(read.is_err(), "{}", host);
    }
}
