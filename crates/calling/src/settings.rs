//! Call settings of a number (`graph-api.md` §4).

use serde::{Deserialize, Serialize};

/// On or off, as the wire spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    #[default]
    Disabled,
}

impl Switch {
    /// Whether it is on.
    pub const fn on(self) -> bool {
        matches!(self, Self::Enabled)
    }
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
        }
    }
}

/// Where the phone shows the call icon. Hiding it refuses no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IconVisibility {
    /// In the chat and the business profile.
    #[default]
    Default,
    /// Nowhere.
    DisableAll,
}

impl IconVisibility {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::DisableAll => "DISABLE_ALL",
        }
    }
}

/// The calling settings of a number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallingSettings {
    /// Whether the number takes and places calls at all.
    pub status: Switch,
    /// Whether the phone shows the call icon.
    pub call_icon_visibility: IconVisibility,
    /// Whether a user's call gives the business a temporary permission to call back.
    pub callback_permission_status: Switch,
}

/// A partial update: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsPatch {
    /// New `status`.
    pub status: Option<Switch>,
    /// New `call_icon_visibility`.
    pub call_icon_visibility: Option<IconVisibility>,
    /// New `callback_permission_status`.
    pub callback_permission_status: Option<Switch>,
}

impl CallingSettings {
    /// These settings with the patch laid over them.
    pub fn patched(&self, patch: &SettingsPatch) -> Self {
        Self {
            status: patch.status.unwrap_or(self.status),
            call_icon_visibility: patch
                .call_icon_visibility
                .unwrap_or(self.call_icon_visibility),
            callback_permission_status: patch
                .callback_permission_status
                .unwrap_or(self.callback_permission_status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_leaves_the_rest_alone() {
        let before = CallingSettings {
            status: Switch::Enabled,
            ..Default::default()
        };
        let patch = SettingsPatch {
            call_icon_visibility: Some(IconVisibility::DisableAll),
            ..Default::default()
        };
        let after = before.patched(&patch);
        assert_eq!(after.status, Switch::Enabled);
        assert_eq!(after.call_icon_visibility, IconVisibility::DisableAll);
    }
}
