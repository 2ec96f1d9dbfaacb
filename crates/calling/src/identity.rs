//! How a user shows up at a business (`rules.md` §8), and what the user's phone is like.

mod acquaintance;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use crate::app::AppVersion;
use crate::limits::{
    BUTTONS_FROM_APP, CALLED_FROM_APP, HIDDEN_ICONS_FROM_APP, ICON_FROM_APP, PAYLOADS_FROM_APP,
};

pub use acquaintance::{Acquaintance, CONTACT_BOOK_FROM, NUMBER_SEEN_FOR, NamedBy};

/// What businesses get to see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The name the user goes by instead of the number.
    pub username: Option<String>,
    /// Whether no business sees the number, whatever the rules say: webhooks and answers then carry the business-scoped id
    /// alone. A switch of the sandbox; otherwise [`Identity::shows_number`] decides.
    pub hides_number: bool,
}

/// What a user's app runs on (`rules.md` §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppPlatform {
    /// A phone with Android.
    #[default]
    Android,
    /// An iPhone.
    Ios,
    /// The app for small businesses on Android.
    SmbAndroid,
    /// The app for small businesses on an iPhone.
    SmbIos,
    /// The browser.
    Web,
    /// The desktop.
    Desktop,
}

impl AppPlatform {
    /// Whether businesses and users call each other there: not in the browser and not on the desktop.
    pub const fn has_calls(self) -> bool {
        !matches!(self, Self::Web | Self::Desktop)
    }

    /// Whether a click on an advertisement there opens a free entry point (`rules.md` §7).
    pub const fn opens_free_entry(self) -> bool {
        matches!(self, Self::Android | Self::Ios)
    }
}

/// What the user's phone is like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// Whether the app is older than anything that has to do with calls: whatever its version, it neither calls nor is
    /// called (138001), and permission requests and call buttons do not arrive (131026).
    pub too_old_for_calls: bool,
    /// What the app runs on. In the browser and on the desktop it neither calls nor is called (138001), and permission requests
    /// and call buttons do not arrive (131026).
    pub platform: AppPlatform,
    /// The app's version; `None` is the newest.
    pub app_version: Option<AppVersion>,
    /// Whether the user calls from a companion device: such calls let nobody call back.
    pub companion: bool,
    /// Since when it holds settings of businesses as it last saw them, instead of always showing the newest
    /// (`rules.md` §5); `None` where it does not.
    pub holds_old_settings_since: Option<RuleTime>,
}

impl Client {
    fn is_at_least(&self, version: AppVersion) -> bool {
        !self.too_old_for_calls
            && self.platform.has_calls()
            && self.app_version.is_none_or(|own| own >= version)
    }
    /// Whether businesses can call it and ask to be allowed to (else 138001 and 131026).
    pub fn can_be_called(&self) -> bool {
        self.is_at_least(CALLED_FROM_APP)
    }
    /// Whether it can call a business.
    pub fn can_call(&self) -> bool {
        self.is_at_least(ICON_FROM_APP)
    }
    /// Whether messages with a call button arrive (else 131026).
    pub fn shows_call_buttons(&self) -> bool {
        self.is_at_least(BUTTONS_FROM_APP)
    }
    /// Whether it hides the call icon of a business that wants it hidden.
    pub fn hides_icons(&self) -> bool {
        self.is_at_least(HIDDEN_ICONS_FROM_APP)
    }
    /// Whether the payload of a button or a link goes with the call.
    pub fn sends_payloads(&self) -> bool {
        self.is_at_least(PAYLOADS_FROM_APP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an app of this version can do: be called, call, show call buttons, hide icons, send payloads.
    fn can(version: &str) -> [bool; 5] {
        let app_version = version.parse().ok();
        assert!(app_version.is_some(), "{version}");
        let client = Client {
            app_version,
            ..Default::default()
        };
        of(&client)
    }

    fn of(client: &Client) -> [bool; 5] {
        [
            client.can_be_called(),
            client.can_call(),
            client.shows_call_buttons(),
            client.hides_icons(),
            client.sends_payloads(),
        ]
    }

    #[test]
    fn an_app_learns_one_thing_after_the_other() {
        assert_eq!(can("2.23.13.99"), [false; 5]);
        assert_eq!(can("2.23.14"), [false, true, false, false, false]);
        assert_eq!(can("24.0.9"), [false, true, false, false, false]);
        assert_eq!(can("24.1"), [false, true, true, false, false]);
        assert_eq!(can("2.24.10.7"), [false, true, true, false, false]);
        assert_eq!(can("2.24.10.8"), [false, true, true, true, false]);
        assert_eq!(can("2.24.13.99"), [false, true, true, true, false]);
        assert_eq!(can("2.24.14.0"), [true, true, true, true, false]);
        assert_eq!(can("2.25.26.99"), [true, true, true, true, false]);
        assert_eq!(can("2.25.27"), [true; 5]);
        assert_eq!(of(&Client::default()), [true; 5]);
    }

    #[test]
    fn neither_the_browser_nor_the_desktop_has_calls() {
        for (platform, calls) in [
            (AppPlatform::Android, true),
            (AppPlatform::Ios, true),
            (AppPlatform::SmbAndroid, true),
            (AppPlatform::SmbIos, true),
            (AppPlatform::Web, false),
            (AppPlatform::Desktop, false),
        ] {
            let client = Client {
                platform,
                ..Default::default()
            };
            assert_eq!(of(&client), [calls; 5], "{platform:?}");
        }
    }

    #[test]
    fn too_old_is_too_old_whatever_the_version_says() {
        let client = Client {
            too_old_for_calls: true,
            app_version: Some(PAYLOADS_FROM_APP),
            ..Default::default()
        };
        assert_eq!(of(&client), [false; 5]);
    }
}
