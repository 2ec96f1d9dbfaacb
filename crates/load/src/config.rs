//! What a run is asked for, and the sentences that refuse what cannot be.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ahoy_types::{AppId, PhoneNumberId};
use serde::Serialize;
use url::Url;

/// Longest run and longest single call.
pub const MAX_DURATION: Duration = Duration::from_secs(24 * 3600);
/// Most calls at a time.
pub const MAX_CONCURRENT: u32 = 20_000;
/// Most calls a second.
pub const MAX_RATE: f64 = 10_000.0;
/// Without media the platform ends a call for want of it after 20 s.
const MAX_SILENT_HOLD: Duration = Duration::from_secs(15);
/// A pitch wants half a second of sound.
pub(crate) const MIN_AUDIO_HOLD: Duration = Duration::from_secs(1);
/// Threads for media.
const MAX_THREADS: usize = 64;

/// Who places the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The user.
    User,
    /// The business.
    Business,
    /// One as often as the other, in the order the seed gives.
    Both,
}

/// What flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// Nothing: session descriptions lead nowhere.
    None,
    /// ICE, DTLS-SRTP and a tone both ways.
    Audio,
}

/// Who plays the users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// The sandbox.
    Sandbox,
    /// This tool, over the phone's socket and WebRTC.
    Socket,
}

/// Who hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HangUp {
    /// The business, through the API.
    Business,
    /// The user.
    User,
    /// One or the other, as the seed gives.
    Either,
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Calls started a second.
    Rate(f64),
    /// Calls at a time.
    Concurrent(u32),
}

/// A run. [`Default`] is a sensible one of thirty seconds against `ahoy dev`.
#[derive(Clone)]
pub struct LoadConfig {
    /// The server.
    pub url: Url,
    /// Access token of the business.
    pub token: String,
    /// The app whose callback the run takes over.
    pub app_id: AppId,
    /// Its secret: webhooks are signed with it, and with the id it makes the app token.
    pub app_secret: String,
    /// Verify token of our receiver, and of the one the callback is given back to.
    pub verify_token: String,
    /// The business number.
    pub number: PhoneNumberId,
    /// Calls a second, or calls at a time.
    pub target: Target,
    /// Over how long the target is reached from nothing.
    pub ramp: Duration,
    /// How long calls are started.
    pub duration: Duration,
    /// Most calls started; `None`: as many as the time allows.
    pub calls: Option<u64>,
    /// Most calls at a time, whatever the rate.
    pub max_concurrent: u32,
    /// How long a call lasts after it is answered; a call without media that the business places rings for so long.
    pub hold: Duration,
    /// Who calls.
    pub direction: Direction,
    /// What flows.
    pub media: Media,
    /// Who plays the users.
    pub users: Users,
    /// Who hangs up.
    pub hang_up: HangUp,
    /// Whether the business pre-accepts users' calls.
    pub pre_accept: bool,
    /// Threads that carry media.
    pub threads: usize,
    /// Of every choice made by chance.
    pub seed: u64,
    /// How long any single step may take before the call counts as failed.
    pub patience: Duration,
    /// Address of the webhook receiver; port 0 takes a free one.
    pub listen: SocketAddr,
    /// URL under which the platform reaches the receiver, if it differs.
    pub public_url: Option<Url>,
    /// Local address for media.
    pub media_ip: IpAddr,
    /// Go ahead although the server is not on this machine.
    pub yes_remote: bool,
}

impl Default for LoadConfig {
    fn default() -> Self {
        let port = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            url: format!("http://{}", port(8080))
                .parse()
                .unwrap_or_else(|_| unreachable!("a socket address makes a URL")),
            token: "ahoy-dev-token".into(),
            app_id: AppId(900_100_200_300),
            app_secret: "ahoy-dev-secret".into(),
            verify_token: "ahoy-dev-verify".into(),
            number: PhoneNumberId(710_000_000_000_001),
            target: Target::Rate(5.0),
            ramp: Duration::from_secs(5),
            duration: Duration::from_secs(30),
            calls: None,
            max_concurrent: 900,
            hold: Duration::from_secs(5),
            direction: Direction::Both,
            media: Media::Audio,
            users: Users::Sandbox,
            hang_up: HangUp::Business,
            pre_accept: true,
            threads: 2,
            seed: 1,
            patience: Duration::from_secs(10),
            listen: port(0),
            public_url: None,
            media_ip: Ipv4Addr::LOCALHOST.into(),
            yes_remote: false,
        }
    }
}

impl fmt::Debug for LoadConfig {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadConfig")
            .field("url", &self.url.as_str())
            .field("number", &self.number)
            .field("target", &self.target)
            .field("direction", &self.direction)
            .field("media", &self.media)
            .field("users", &self.users)
            .finish_non_exhaustive()
    }
}

/// An option that cannot be, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadOption(pub String);

impl LoadConfig {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// The first option at fault, with what is expected.
    pub fn check(&self) -> Result<(), BadOption> {
        let seconds = |d: Duration| d.as_secs_f64();
        let most = seconds(MAX_DURATION);
        let refuse = |sentence: String| Err(BadOption(sentence));
        match self.target {
            Target::Rate(rate) if !(rate > 0.0 && rate <= MAX_RATE) => {
                return refuse(format!(
                    "--rate: {rate} calls a second is not between 0 and {MAX_RATE}"
                ));
            }
            Target::Concurrent(n) if n == 0 || n > MAX_CONCURRENT => {
                return refuse(format!(
                    "--concurrent: {n} is not between 1 and {MAX_CONCURRENT}"
                ));
            }
            _ => {}
        }
        if self.max_concurrent == 0 || self.max_concurrent > MAX_CONCURRENT {
            return refuse(format!(
                "--max-concurrent: {} is not between 1 and {MAX_CONCURRENT}",
                self.max_concurrent
            ));
        }
        if let Target::Concurrent(n) = self.target
            && n > self.max_concurrent
        {
            return refuse(format!(
                "--concurrent: {n} is more than --max-concurrent {}; raise that too if you mean it",
                self.max_concurrent
            ));
        }
        if self.duration.is_zero() || self.duration > MAX_DURATION {
            return refuse(format!(
                "--duration: {} s is not between 0 and {most} s",
                seconds(self.duration)
            ));
        }
        if self.ramp > self.duration {
            return refuse(format!(
                "--ramp: {} s is longer than --duration {} s",
                seconds(self.ramp),
                seconds(self.duration)
            ));
        }
        if self.calls == Some(0) {
            return refuse("--calls: at least 1 is expected".into());
        }
        if self.threads == 0 || self.threads > MAX_THREADS {
            return refuse(format!(
                "--threads: {} is not between 1 and {MAX_THREADS}",
                self.threads
            ));
        }
        match self.media {
            Media::Audio if self.hold < MIN_AUDIO_HOLD || self.hold > MAX_DURATION => {
                return refuse(format!(
                    "--hold: {} s is not between {} and {most} s; below, no pitch can be told",
                    seconds(self.hold),
                    seconds(MIN_AUDIO_HOLD)
                ));
            }
            Media::None if self.hold > MAX_SILENT_HOLD => {
                return refuse(format!(
                    "--hold: without media the platform ends a call after 20 s, so at most {} s are allowed with --media none",
                    seconds(MAX_SILENT_HOLD)
                ));
            }
            _ => {}
        }
        if self.users == Users::Socket && self.media == Media::None {
            return refuse(
                "--users socket: a phone without media holds every call back for a second; use --media audio or --users sandbox".into(),
            );
        }
        if !matches!(self.url.scheme(), "http" | "https") || self.url.host().is_none() {
            return refuse(format!("--url: {} is no http or https address", self.url));
        }
        if !self.yes_remote && !is_loopback(&self.url) {
            return refuse(format!(
                "--url: {} is not this machine. A run takes the app's callback over and may cost its owner calls, money and sleep; \
                 say --yes-remote if that is meant",
                self.url.host_str().unwrap_or_default()
            ));
        }
        Ok(())
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(change: impl FnOnce(&mut LoadConfig)) -> String {
        let mut config = LoadConfig::default();
        change(&mut config);
        config.check().unwrap_err().0
    }

    #[test]
    fn the_defaults_are_in_order() {
        assert_eq!(LoadConfig::default().check(), Ok(()));
    }

    #[test]
    fn each_mistake_names_its_option() {
        let s = Duration::from_secs;
        for (said, option) in [
            (refused(|c| c.target = Target::Rate(0.0)), "--rate: "),
            (refused(|c| c.target = Target::Rate(f64::NAN)), "--rate: "),
            (
                refused(|c| c.target = Target::Concurrent(0)),
                "--concurrent: ",
            ),
            (
                refused(|c| c.target = Target::Concurrent(901)),
                "--concurrent: 901 is more",
            ),
            (refused(|c| c.max_concurrent = 0), "--max-concurrent: "),
            (refused(|c| c.duration = s(0)), "--duration: "),
            (refused(|c| c.ramp = s(31)), "--ramp: 31 s is longer"),
            (refused(|c| c.calls = Some(0)), "--calls: "),
            (refused(|c| c.threads = 0), "--threads: "),
            (refused(|c| c.hold = s(0)), "--hold: "),
            (
                refused(|c| (c.media, c.hold) = (Media::None, s(16))),
                "--hold: without media",
            ),
            (
                refused(|c| (c.media, c.users) = (Media::None, Users::Socket)),
                "--users socket: ",
            ),
            (
                refused(|c| c.url = "ftp://127.0.0.1".parse().unwrap()),
                "--url: ",
            ),
            (
                refused(|c| c.url = "http://192.0.2.1:8080".parse().unwrap()),
                "--url: 192.0.2.1 is not this machine",
            ),
        ] {
            assert!(said.starts_with(option), "{said}");
        }
    }

    #[test]
    fn another_machine_wants_a_word_more() {
        let url: Url = "https://calls.example".parse().unwrap();
        let config = LoadConfig {
            url,
            yes_remote: true,
            ..LoadConfig::default()
        };
        assert_eq!(config.check(), Ok(()));
    }
}
