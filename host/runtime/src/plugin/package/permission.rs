//! Checks whether a new version asks for more than the serving one. In that case a person decides, not the host.

use crate::contract::Manifest;

/// Returns what `next` asks for beyond `serving`, in words, if anything.
pub(crate) fn more(serving: &Manifest, next: &Manifest) -> Option<String> {
    let mut more = Vec::new();
    let hosts = next.hosts.iter();
    let hosts: Vec<_> = hosts
        .filter(|host| !serving.names(host))
        .map(String::as_str)
        .collect();
    if !hosts.is_empty() {
        more.push(format!("the hosts {}", hosts.join(", ")));
    }
    for (what, before, now) in [
        ("rounds", serving.rounds, next.rounds),
        ("requests", serving.requests, next.requests),
    ] {
        if now > before {
            more.push(format!("{now} {what} instead of {before}"));
        }
    }
    if next.uses_session && !serving.uses_session {
        more.push("the operator's session".to_owned());
    }
    (!more.is_empty()).then(|| format!("asks for more: {}", more.join("; ")))
}

#[cfg(test)]
mod tests {
    //! Only additional permissions are reported.

    use super::*;

    fn manifest(hosts: &[&str], rounds: u32, uses_session: bool) -> Manifest {
        Manifest {
            name: "post".to_owned(),
            version: "1.0.0".to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            rounds,
            requests: 4,
            uses_session,
            settings: String::new(),
        }
    }

    #[test]
    fn only_more_is_told() {
        let serving = manifest(&["www.instagram.com", "*.fbcdn.net"], 3, false);
        for less in [
            manifest(&["www.instagram.com"], 2, false),
            manifest(&["a.fbcdn.net", "*.b.fbcdn.net"], 3, false),
        ] {
            assert_eq!(more(&serving, &less), None);
        }
        let next = manifest(
            &["www.instagram.com", "fbcdn.net", "*.example.com"],
            5,
            true,
        );
        assert_eq!(
            more(&serving, &next).as_deref(),
            Some(
                "asks for more: the hosts fbcdn.net, *.example.com; 5 rounds instead of 3; the operator's session"
            )
        );
    }
}
