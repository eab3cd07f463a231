//! Damaged addresses: nothing but Instagram is read out of them, and what is read has one address of its own.

use super::*;

#[test]
fn damaged_addresses() {
    let seeds = [
        "https://www.instagram.com/p/DdEo7DPG8x2/?igsh=MTk=&img_index=2#comments",
        "https://www.instagram.com/some.user_/reel/DdEo7DPG8x2/?hl=en",
        "https://www.instagram.com/stories/some.user/3982487950286638198/",
        "https://www.instagram.com/share/reel/BAx",
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FDdEo7DPG8x2%2F",
        "instagram://media?id=3982487950286638198",
        "intent://www.instagram.com/p/DdEo7DPG8x2/#Intent;scheme=https;end",
        "[post](https://instagram.com:443/p/DdEo7DPG8x2abcdefghijklmnopqrstuvwxyz-_)",
        "See: \u{202a}https://m.ddinstagram.com/reels/DdEo7DPG8x2\u{202c}.",
        "@some.user_1",
    ];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec());
    ::fuzz::target("addresses", &seeds, |input| {
        let text = String::from_utf8_lossy(input);
        let _refused = (media(&text), item(&text), username(&text));
        for named in read(&text).unwrap_or_default() {
            if let Named::Post {
                target: Target::Shortcode(code),
                ..
            } = &named
            {
                assert!(is_shortcode(code), "{code}");
            }
            let address = named.address();
            let url = url::Url::parse(&address).unwrap();
            let origin = (url.scheme(), url.host_str(), url.port(), url.username());
            assert_eq!(origin, ("https", Some("www.instagram.com"), None, ""));
            // A username may be one of Instagram's reserved words if it comes without an address.
            if !matches!(named, Named::Profile { .. }) {
                assert_eq!(read(&address), Ok(vec![named]), "{address}");
            }
        }
    });
}
