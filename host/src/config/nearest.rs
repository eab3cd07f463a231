//! Which known name somebody meant who wrote another.

/// From where on two names are taken for the same with a slip in it; between 0 and 1.
const ALIKE_MIN: f64 = 0.7;

/// The known name that is nearest to `word`; none if nothing is near.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::normalized_damerau_levenshtein(word, name), name))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = || ["listen", "admin_listen", "limits.in_flight_max"].into_iter();
        assert_eq!(nearest("lisen", known()), Some("listen"));
        assert_eq!(
            nearest("limits.inflight_max", known()),
            Some("limits.in_flight_max")
        );
        assert_eq!(nearest("proxy", known()), None);
    }
}
