//! Finds the known name that is most similar to a misspelled one.

/// Minimum similarity of a misspelled name, between 0 and 1.
const SIMILARITY_MIN: f64 = 0.7;

/// Returns the known name that is most similar to `word`; `None` if no name is similar.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::normalized_damerau_levenshtein(word, name), name))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_is_found_and_another_word_is_not() {
        let known = || ["listen", "admin_listen", "limits.in_flight_max"].into_iter();
        assert_eq!(nearest("lisen", known()), Some("listen"));
        assert_eq!(
            nearest("limits.inflight_max", known()),
            Some("limits.in_flight_max")
        );
        assert_eq!(nearest("proxy", known()), None);
    }
}
