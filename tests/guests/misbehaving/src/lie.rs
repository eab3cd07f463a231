//! Records that are not true: a plain one of each kind, and what a lie changes in it.

use std::iter::repeat_n;

use instagram::contract::records::{
    BioLink, Image, Media, MediaPage, MediaType, Profile, Renditions, Stories, StoryItem, User,
};

use crate::{behaviour::Asked, media::media};

/// What is not true about a record.
#[derive(Clone, Copy)]
pub(crate) enum Lie {
    /// Nothing.
    None,
    /// It is another one than was asked for.
    Other,
    /// A number that cannot be.
    Number,
    /// A picture on a host that is not Instagram's.
    ForeignImage,
    /// A text that is too long.
    LongText,
    /// Characters that do harm where nobody expects them.
    OddText,
    /// An account that is private.
    Private,
    /// An addition under the name of a field.
    TakenName,
    /// 10,000 additions.
    ManyFields,
    /// 64 additions that no other number has.
    NewFields(u32),
    /// A list of 10,000.
    ManyItems,
    /// As much text as a call may return.
    Heavy,
    /// A cursor of 1 MB.
    LongCursor,
    /// A place to go on, and always the same.
    SameCursor,
}

impl Lie {
    pub(crate) fn named(behaviour: &str, number: u32) -> Option<Self> {
        Some(match behaviour {
            "plain" => Self::None,
            "other-post" => Self::Other,
            "liar" => Self::Number,
            "foreign-img" => Self::ForeignImage,
            "long-text" => Self::LongText,
            "odd-text" => Self::OddText,
            "private" => Self::Private,
            "taken-name" => Self::TakenName,
            "many-fields" => Self::ManyFields,
            "new-fields" => Self::NewFields(number),
            "many-items" => Self::ManyItems,
            "heavy" => Self::Heavy,
            "long-cursor" => Self::LongCursor,
            "same-cursor" => Self::SameCursor,
            _ => return None,
        })
    }

    /// The text that it puts into a record.
    fn text(self) -> Option<String> {
        match self {
            Self::LongText => Some("x".repeat(20_000)),
            Self::OddText => {
                Some("a\0b\u{202e}c\u{1b}[31m\r\nx-evil: 1\u{2028}\u{feff}<script>".to_owned())
            }
            _ => None,
        }
    }

    /// The additions that it makes; `taken` is the name of a field.
    fn more(self, taken: &str) -> Vec<(String, String)> {
        let numbered = |prefix: String, count: u32| {
            let names = (0..count).map(|number| format!("{prefix}{number}"));
            names.map(|name| (name, "1".to_owned())).collect()
        };
        match self {
            Self::TakenName => vec![(taken.to_owned(), "1".to_owned())],
            Self::ManyFields => numbered("field_".to_owned(), 10_000),
            Self::NewFields(number) => numbered(format!("new_{number}_"), 64),
            _ => Vec::new(),
        }
    }

    fn images(self) -> Vec<Image> {
        match self {
            Self::ForeignImage => vec![Image {
                url: "https://example.com/a.jpg".to_owned(),
                width: None,
                height: None,
            }],
            _ => Vec::new(),
        }
    }

    fn renditions(self, plain: Renditions) -> Renditions {
        Renditions {
            images: self.images(),
            duration: match self {
                Self::Number => Some(f64::NAN),
                _ => None,
            },
            accessibility_caption: self.text(),
            ..plain
        }
    }
}

/// A record that a query can be answered with.
pub(crate) trait Record {
    /// The record that answers a query with this lie.
    fn telling(lie: Lie, name: &str) -> Self;
}

/// The record that answers a query with this lie.
pub(crate) fn tell<R: Record>(asked: &Asked, lie: Lie) -> R {
    R::telling(lie, &asked.name)
}

fn user(lie: Lie, username: &str) -> User {
    User {
        user_id: None,
        username: Some(username.to_owned()),
        full_name: None,
        picture_url: None,
        is_verified: None,
        is_private: matches!(lie, Lie::Private).then_some(true),
        more: Vec::new(),
    }
}

/// The name of the account, or of another one.
fn account(lie: Lie, name: &str) -> &str {
    match lie {
        Lie::Other => "somebody.else",
        _ => name,
    }
}

impl Record for Media {
    fn telling(lie: Lie, name: &str) -> Self {
        let plain = media(match lie {
            Lie::Other => "CnU4zIh9x_F",
            _ => name,
        });
        let coauthors = match lie {
            Lie::ManyItems => repeat_n(user(lie, "a"), 10_000).collect(),
            Lie::Heavy => {
                let heavy = User {
                    full_name: Some("x".repeat(16_000)),
                    ..user(lie, "a")
                };
                repeat_n(heavy, 900).collect()
            }
            _ => Vec::new(),
        };
        Self {
            renditions: lie.renditions(media("A").renditions),
            caption: lie.text(),
            owner: Some(user(lie, "somebody")),
            coauthors,
            more: lie.more("like_count"),
            ..plain
        }
    }
}

impl Record for MediaPage {
    fn telling(lie: Lie, name: &str) -> Self {
        let item = match lie {
            Lie::Private | Lie::Other => Lie::None,
            lie => lie,
        };
        let count = match lie {
            Lie::ManyItems => 10_000,
            _ => 1,
        };
        let cursor = match lie {
            Lie::LongCursor => Some("x".repeat(1 << 20)),
            Lie::SameCursor => Some("again".to_owned()),
            _ => None,
        };
        let item = match lie {
            Lie::ManyItems => media("A"),
            _ => Media::telling(item, "A"),
        };
        Self {
            owner: user(lie, account(lie, name)),
            total_count: None,
            items: repeat_n(item, count).collect(),
            has_next_page: cursor.is_some(),
            end_cursor: cursor,
            more: lie.more("items"),
        }
    }
}

impl Record for Profile {
    fn telling(lie: Lie, name: &str) -> Self {
        let link = |bytes| BioLink {
            url: "https://example.com/".to_owned(),
            title: Some("x".repeat(bytes)),
        };
        Self {
            user_id: "1".to_owned(),
            username: account(lie, name).to_owned(),
            full_name: None,
            biography: lie.text(),
            bio_links: match lie {
                Lie::ManyItems => repeat_n(link(1), 10_000).collect(),
                Lie::Heavy => repeat_n(link(16_000), 900).collect(),
                _ => Vec::new(),
            },
            external_url: None,
            pictures: lie.images(),
            follower_count: None,
            following_count: None,
            post_count: None,
            reel_count: None,
            story_count: None,
            has_active_story: None,
            is_private: Some(matches!(lie, Lie::Private)),
            is_verified: None,
            is_business: None,
            is_professional: None,
            category: None,
            email: None,
            phone: None,
            more: lie.more("biography"),
        }
    }
}

impl Record for Stories {
    fn telling(lie: Lie, name: &str) -> Self {
        let item = |bytes: usize| StoryItem {
            id: "1_1".to_owned(),
            media_type: MediaType::Image,
            renditions: Renditions {
                accessibility_caption: lie.text().or((bytes > 0).then(|| "x".repeat(bytes))),
                ..lie.renditions(media("A").renditions)
            },
            taken_at: None,
            expiring_at: None,
            view_count: None,
            stickers: Vec::new(),
            more: lie.more("view_count"),
        };
        Self {
            user_id: "1".to_owned(),
            username: account(lie, name).to_owned(),
            has_active_stories: None,
            items: match lie {
                Lie::ManyItems => repeat_n(item(0), 10_000).collect(),
                Lie::Heavy => repeat_n(item(16_000), 900).collect(),
                _ => vec![item(0)],
            },
            is_private: matches!(lie, Lie::Private).then_some(true),
            more: lie.more("items"),
        }
    }
}
