//! Every wording that has been seen, and texts that only contain its words.

use super::*;

#[test]
fn messages_of_an_api_have_a_meaning() {
    for (message, meaning) in [
        ("Sorry, this media has been deleted", Missing),
        ("Sorry, this photo has been deleted.", Missing),
        ("This media has been deleted by owner", Missing),
        ("Media not found or unavailable", Missing),
        ("Media is unavailable", Missing),
        ("Sorry, the media is not available", Missing),
        ("Invalid media_id 1_2", Missing),
        ("User not found", Missing),
        (
            "feedback_required\nThe post you were viewing has been deleted.",
            Missing,
        ),
        ("The post you were viewing is no longer available", Missing),
        ("\"Sorry, this photo has been deleted\"", Missing),
        ("Not authorized to view user", Private),
        ("geoblock_required", Region),
        (
            "This content isn’t available in your country due to legal restrictions.",
            Region,
        ),
        ("You must be 18 years old or over to see this profile", Age),
        ("challenge_required", Login),
        ("feedback_required", Login),
        ("rate_limit_error", Throttled),
    ] {
        assert_eq!(of_message(message), Some(meaning), "{message}");
    }
}

#[test]
fn messages_about_something_else_have_none() {
    for message in [
        "",
        "Asset ig_business_category_subvertical has been deleted",
        "useragent mismatch",
        "SecFetch Policy violation",
        "The GraphQL document with ID 1 was not found.",
        "Sorry, something went wrong",
        "Sorry, this content isn't available right now",
        "execution error",
    ] {
        assert_eq!(of_message(message), None, "{message}");
    }
}

#[test]
fn gates_are_about_age_or_place() {
    for (words, meaning) in [
        ("Restricted Video You must be 18 years old or over", Age),
        ("Are You 20 or Over? You must be 20 years old", Age),
        (
            "Age-restricted content This content is age-restricted based on your age or account settings.",
            Age,
        ),
        ("Age restricted", Age),
        (
            "This content may be inappropriate It's unavailable for certain audiences.",
            Age,
        ),
        ("Restricted profile", Age),
        ("Not available in your region", Region),
        (
            "This content isn't available in your country because of its adult content.",
            Region,
        ),
        (
            "You must be 21 years old or over in your country to see this.",
            Age,
        ),
    ] {
        assert_eq!(of_gate(words), Some(meaning), "{words}");
    }
    assert_eq!(of_gate("Contenu indisponible"), None);
}

#[test]
fn titles_are_read_only_as_a_whole() {
    for (title, meaning) in [
        ("Page not found • Instagram", Missing),
        ("Page Not Found &bull; Instagram", Missing),
        ("Page isn’t available", Missing),
        ("Sorry, this page isn't available.", Missing),
        ("Post isn't available | Instagram", Missing),
        ("Instagram - Page not found", Missing),
        ("Restricted profile", Age),
    ] {
        assert_eq!(of_title(title), Some(meaning), "{title}");
    }
    for title in [
        "Instagram",
        "Login • Instagram",
        "Ann on Instagram: \"Page not found\"",
        "Ann | Page not found | Instagram",
        "Page not found | Ann | Instagram",
        "Post isn't available in blue • Instagram",
    ] {
        assert_eq!(of_title(title), None, "{title}");
    }
}
