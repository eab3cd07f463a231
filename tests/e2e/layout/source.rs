//! One source file as the layout test reads it: code without comments and strings, and its imports.

/// The production part of a file, up to an inline `mod tests`.
pub(super) struct Source {
    /// Without comments; strings are empty.
    code: String,
    /// The positions of `use` declarations in it.
    uses: Vec<std::ops::Range<usize>>,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let mut code = strip(text);
        if let Some(tests) = code.find("#[cfg(test)]\nmod tests {") {
            code.truncate(tests);
        }
        let uses = uses(&code);
        Self { code, uses }
    }

    /// Every imported path, with groups expanded: `use a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
    pub(super) fn imports(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for range in &self.uses {
            let tree = self.code[range.clone()].split_once("use ");
            let tree = tree.map_or("", |(_, tree)| tree);
            let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
            spell("", &tree.replace(" as ", "#"), &mut paths);
        }
        paths
    }

    /// Whether the code contains these words, not as part of a longer name.
    pub(super) fn says(&self, words: &str) -> bool {
        says(&self.code, words)
    }

    /// Whether a path begins with `crate::` outside `use` declarations and visibilities.
    pub(super) fn names_crate_outside_imports(&self) -> bool {
        let mut rest = self.code.clone();
        for range in self.uses.iter().rev() {
            rest.replace_range(range.clone(), "");
        }
        says(&rest.replace("pub(in crate::", "pub("), "crate::")
    }
}

fn says(code: &str, words: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    code.match_indices(words).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + words.len()..].chars().next();
        // `a::toml::Value` refers to one of our modules, `::toml` and `toml` to the library.
        let inner = code[..at]
            .strip_suffix("::")
            .is_some_and(|rest| rest.chars().next_back().is_some_and(part_of_name));
        let longer = before.is_some_and(part_of_name)
            || !words.ends_with(':') && after.is_some_and(part_of_name);
        !inner && !longer
    })
}

/// Each range is from the start of the line to the semicolon.
fn uses(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let visible = trimmed.strip_prefix("pub").map_or(trimmed, |rest| {
            let rest = match rest.strip_prefix('(') {
                Some(scope) => scope.split_once(')').map_or(rest, |(_, rest)| rest),
                None => rest,
            };
            rest.trim_start()
        });
        if visible.starts_with("use ") {
            let end = code[start..]
                .find(';')
                .map_or(code.len(), |end| start + end);
            found.push(start..end);
        }
        start += line.len();
    }
    found
}

/// Expands one use tree into its paths.
fn spell(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split('#').next().unwrap_or_default();
        let path = format!("{prefix}{}", path.trim());
        let path = path.strip_suffix("::self").unwrap_or(&path);
        if !path.is_empty() {
            paths.push(path.to_owned());
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                spell(&prefix, group[start..at].trim(), paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = group[start..].trim();
    if !last.is_empty() {
        spell(&prefix, last, paths);
    }
}

/// Returns the code without comments and with empty strings. Line breaks stay.
fn strip(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = string(rest, &code) {
            code.push_str("\"\"");
            length
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    code
}

/// The length of the string literal, raw or not, at the start of `rest`.
fn string(rest: &str, before: &str) -> Option<usize> {
    if let Some(body) = rest.strip_prefix('"') {
        let mut escaped = false;
        let end = body.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return Some(end.map_or(rest.len(), |end| end + 2));
    }
    let named = before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_');
    let hashes = rest.strip_prefix('r')?;
    let body = hashes.trim_start_matches('#');
    if named || !body.starts_with('"') {
        return None;
    }
    let fence = format!("\"{}", &hashes[..hashes.len() - body.len()]);
    let opening = rest.len() - body.len() + 1;
    let end = rest[opening..].find(&fence)?;
    Some(opening + end + fence.len())
}
