//! The proof of settings that say where facts stand now (`rename`): like a component, they must not spoil a case.

use tokio::task::spawn_blocking;

use super::Desk;
use crate::plugin::{admission::proof, registry::slot::Slot};

impl Desk {
    /// Why the settings in this text of `<name>.toml` must not be used: with what they say of moves, a case that the
    /// serving version passes now is not passed any more. Other settings need no proof: no recording knows a new door.
    pub(super) async fn disproof(&self, slot: &Slot, text: &str) -> Option<String> {
        let plugin = slot.now().plugin.clone();
        let (next, error) = plugin.configured(Some(text));
        let next = next.settings();
        if error.is_some() || moves(&next) == moves(&plugin.settings()) {
            return None;
        }
        let (embedded, kept) = (self.config.embedded, self.config.cases.clone());
        let rules = self.config.rules.clone();
        let name = slot.name;
        let spoilt = spawn_blocking(move || {
            let own = proof::embedded(&embedded, name).unwrap_or_default();
            // A case that cannot be read proves nothing.
            let kept = kept.and_then(|folder| proof::kept(name, &folder).ok());
            let cases = proof::merge([own, kept.unwrap_or_default()]);
            plugin.spoilt(&next, &cases, &rules)
        });
        let spoilt = spoilt.await.ok()??;
        Some(format!("its renames spoil a case: {spoilt}"))
    }
}

/// What settings (JSON) say of moves.
fn moves(settings: &str) -> serde_json::Value {
    let settings: serde_json::Value = serde_json::from_str(settings).unwrap_or_default();
    match &settings["rename"] {
        serde_json::Value::Object(renames) if renames.is_empty() => serde_json::Value::Null,
        renames => renames.clone(),
    }
}
