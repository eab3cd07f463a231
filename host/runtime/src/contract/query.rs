//! The queries to plugins. Mirrors `wit/query.wit`: kinds share the shapes of their queries.

use serde::{Deserialize, Serialize};

use super::{Kind, Shape};

/// The post or reel of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// At most 11 characters, without the 28 that bind a link to its owner.
    Shortcode(String),
    /// An `https://www.instagram.com/share/…` link that must be followed.
    Share(String),
}

/// One query to a plugin: a kind of record, and its subject. In JSON, the fields of the subject are next to the kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Query {
    kind: Kind,
    #[serde(flatten)]
    subject: Subject,
}

/// The subject of a query, in the shape that the table of kinds defines for the kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// A page of a list of an account. This variant comes first, because its fields include those of an account.
    List {
        /// Without `@`, lower case.
        username: String,
        /// 1 to 50.
        limit: u32,
        /// The cursor from an earlier page.
        cursor: Option<String>,
    },
    /// An account.
    Account {
        /// Without `@`, lower case.
        username: String,
    },
    /// One post or reel.
    Media {
        /// The post or reel.
        target: Target,
    },
}

/// A query that is not checked yet.
#[derive(Deserialize)]
struct Fields {
    kind: Kind,
    #[serde(flatten)]
    subject: Subject,
}

/// The subject of a query has the shape of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a query for {kind} needs {}", .kind.shape().fields())]
pub struct WrongSubject {
    kind: Kind,
}

impl Query {
    /// Creates a query for a record of this kind.
    ///
    /// # Errors
    /// If the subject has another shape than queries of this kind.
    pub fn new(kind: Kind, subject: Subject) -> Result<Self, WrongSubject> {
        if subject.shape() == kind.shape() {
            Ok(Self { kind, subject })
        } else {
            Err(WrongSubject { kind })
        }
    }

    /// The profile of an account.
    #[must_use]
    pub fn profile(username: String) -> Self {
        Self {
            kind: Kind::ProfileInfo,
            subject: Subject::Account { username },
        }
    }

    /// The active stories of an account.
    #[must_use]
    pub fn story(username: String) -> Self {
        Self {
            kind: Kind::Story,
            subject: Subject::Account { username },
        }
    }

    /// A page of the posts of an account.
    #[must_use]
    pub fn posts(username: String, limit: u32, cursor: Option<String>) -> Self {
        Self {
            kind: Kind::ProfilePosts,
            subject: Subject::List {
                username,
                limit,
                cursor,
            },
        }
    }

    /// A page of the reels of an account.
    #[must_use]
    pub fn reels(username: String, limit: u32, cursor: Option<String>) -> Self {
        Self {
            kind: Kind::ProfileReels,
            ..Self::posts(username, limit, cursor)
        }
    }

    /// One post.
    #[must_use]
    pub fn post(target: Target) -> Self {
        Self {
            kind: Kind::Post,
            subject: Subject::Media { target },
        }
    }

    /// One reel.
    #[must_use]
    pub fn reel(target: Target) -> Self {
        Self {
            kind: Kind::Reel,
            subject: Subject::Media { target },
        }
    }

    /// The kind of record that it asks for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The subject that it asks for.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Maximum number of items of a list that it asks for.
    #[must_use]
    pub fn limit(&self) -> usize {
        match &self.subject {
            Subject::List { limit, .. } => usize::try_from(*limit).unwrap_or(usize::MAX),
            Subject::Account { .. } | Subject::Media { .. } => 1,
        }
    }
}

impl Subject {
    fn shape(&self) -> Shape {
        match self {
            Self::Account { .. } => Shape::Account,
            Self::List { .. } => Shape::List,
            Self::Media { .. } => Shape::Media,
        }
    }
}

impl TryFrom<Fields> for Query {
    type Error = WrongSubject;

    fn try_from(Fields { kind, subject }: Fields) -> Result<Self, WrongSubject> {
        Self::new(kind, subject)
    }
}

#[cfg(test)]
mod tests {
    //! Queries come from files: cases, captures and HAR bodies of other versions.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, from_value, json};

    use super::*;

    #[test]
    fn a_query_is_its_kind_and_the_fields_of_its_subject() {
        let target = Target::Shortcode("C".to_owned());
        for (query, form) in [
            (
                Query::profile("a".to_owned()),
                json!({"kind": "profile-info", "username": "a"}),
            ),
            (
                Query::reels("a".to_owned(), 12, Some("x".to_owned())),
                json!({"kind": "profile-reels", "username": "a", "limit": 12, "cursor": "x"}),
            ),
            (
                Query::post(target),
                json!({"kind": "post", "target": {"shortcode": "C"}}),
            ),
        ] {
            assert_eq!(serde_json::to_value(&query).unwrap(), form);
            assert_eq!(from_value::<Query>(form).unwrap(), query);
        }
        let without = json!({"kind": "profile-posts", "username": "a", "limit": 3});
        let query = from_value::<Query>(without).unwrap();
        assert_eq!(query, Query::posts("a".to_owned(), 3, None));
    }

    #[test]
    fn a_subject_of_another_kind_is_an_error() {
        let error = |form: Value| from_value::<Query>(form).unwrap_err().to_string();
        assert_eq!(
            error(json!({"kind": "post", "username": "a"})),
            "a query for post needs target"
        );
        assert_eq!(
            error(json!({"kind": "story", "username": "a", "limit": 3})),
            "a query for story needs username"
        );
        assert!(from_value::<Query>(json!({"kind": "post"})).is_err());
        assert!(from_value::<Query>(json!({"kind": "comments", "username": "a"})).is_err());
    }
}
