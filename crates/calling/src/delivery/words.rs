//! What is said of webhooks that failed: on the server's terminal and in the verdict of their call.

use super::{Outcome, delivered};

/// Sentences about webhooks in one verdict, at most.
const MOST: usize = 3;
/// Characters of a URL that are shown.
const LONGEST_URL: usize = 160;

/// A webhook of a call with at least one failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// `connect`, `terminate`, `RINGING` …
    pub event: String,
    /// Where it was sent last; empty where there was no callback.
    pub url: String,
    /// Its failed attempts, each with the reason where there was no answer; oldest first, never empty.
    pub attempts: Vec<(Outcome, String)>,
    /// Whether a later attempt delivered it.
    pub delivered: bool,
}

/// A URL without what may be secret in it: user, password, query.
#[must_use]
pub fn shown_url(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let path_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path_at);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let colon = if scheme.is_empty() { "" } else { "://" };
    let shown = format!("{scheme}{colon}{host}{path}");
    shown.chars().take(LONGEST_URL).collect()
}

/// The receiver behind a URL: scheme, host and port as they are written.
#[must_use]
pub fn receiver_of(url: &str) -> String {
    let shown = shown_url(url);
    let host_at = shown.find("://").map_or(0, |at| at + 3);
    let end = shown[host_at..]
        .find('/')
        .map_or(shown.len(), |at| host_at + at);
    shown[..end].to_ascii_lowercase()
}

/// What came of one failed attempt, to follow "the webhook".
#[must_use]
pub fn outcome_words(outcome: Outcome, note: &str) -> String {
    match outcome {
        Outcome::Status(status) => format!("was answered {status}"),
        Outcome::NoAnswer if note.is_empty() => "failed: there was no answer".to_owned(),
        Outcome::NoAnswer => format!("failed: {note}"),
        Outcome::NoCallback => "has no callback to go to".to_owned(),
    }
}

/// The verdict of a call whose webhooks failed. The business that never heard of its call is the earliest missing link,
/// so that comes before what is said of the media; everything else comes behind it.
#[must_use]
pub fn verdict_with(verdict: &str, failing: &[Failing]) -> String {
    let untold = |one: &&Failing| one.event == "connect" && !one.delivered;
    let first = failing.iter().filter(untold).map(sentence).take(MOST);
    let mut sentences: Vec<String> = first.collect();
    let room = MOST - sentences.len();
    if !verdict.is_empty() {
        sentences.push(verdict.to_owned());
    }
    let others = failing.iter().filter(|one| !untold(one));
    sentences.extend(others.map(sentence).take(room));
    let said = sentences.len() - usize::from(!verdict.is_empty());
    match failing.len() - said {
        0 => {}
        1 => sentences.push("Another webhook of this call failed too.".to_owned()),
        more => sentences.push(format!("{more} other webhooks of this call failed too.")),
    }
    sentences.join(" ")
}

fn sentence(one: &Failing) -> String {
    let times = times(one.attempts.len());
    let event = &one.event;
    let last = one.attempts.last();
    let alike = one
        .attempts
        .iter()
        .all(|(outcome, _)| last.is_some_and(|(l, _)| l == outcome));
    let what = match last {
        Some((Outcome::Status(status), _)) if alike => format!("was answered {status} {times}"),
        Some((Outcome::Status(status), _)) => {
            format!("failed {times}, and was last answered {status}")
        }
        Some((Outcome::NoCallback, _)) => "has no callback to go to".to_owned(),
        Some((Outcome::NoAnswer, note)) if !note.is_empty() => format!("failed {times}: {note}"),
        Some((Outcome::NoAnswer, _)) | None => format!("failed {times}: there was no answer"),
    };
    let later = if one.delivered {
        ", and was delivered then"
    } else {
        ""
    };
    if one.url.is_empty() {
        format!("The {event} webhook {what}{later}.")
    } else {
        format!(
            "The {event} webhook {what}{later} ({}).",
            shown_url(&one.url)
        )
    }
}

fn times(count: usize) -> String {
    const WORDS: [&str; 11] = [
        "never",
        "once",
        "twice",
        "three times",
        "four times",
        "five times",
        "six times",
        "seven times",
        "eight times",
        "nine times",
        "ten times",
    ];
    match WORDS.get(count) {
        Some(words) => (*words).to_owned(),
        None => format!("{count} times"),
    }
}

impl Failing {
    /// A webhook by its attempts; `None` where none of them failed.
    #[must_use]
    pub fn of(
        event: String,
        attempts: impl IntoIterator<Item = (String, Outcome, String)>,
    ) -> Option<Self> {
        let mut failing = Self {
            event,
            url: String::new(),
            attempts: Vec::new(),
            delivered: false,
        };
        for (url, outcome, note) in attempts {
            if delivered(outcome) {
                failing.delivered = true;
            } else {
                failing.url = url;
                // The body of an answer is no reason.
                let note = if outcome == Outcome::NoAnswer {
                    note
                } else {
                    String::new()
                };
                failing.attempts.push((outcome, note));
            }
        }
        (!failing.attempts.is_empty()).then_some(failing)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const URL: &str = "http://user:password@bot.example:9000/hook?token=secret";

    fn failing(event: &str, outcomes: &[Outcome]) -> Failing {
        let note = || "nothing listens at bot.example:9000 (connection refused)".to_owned();
        let attempts = outcomes
            .iter()
            .map(|&outcome| (URL.to_owned(), outcome, note()));
        Failing::of(event.to_owned(), attempts).unwrap()
    }

    #[test]
    fn a_connect_that_never_came_is_the_first_thing_said() {
        let four = failing("connect", &[Outcome::Status(401); 4]);
        assert_eq!(
            verdict_with("The call was never accepted.", &[four]),
            "The connect webhook was answered 401 four times (http://bot.example:9000/hook). \
             The call was never accepted."
        );
    }

    #[test]
    fn other_webhooks_are_said_behind_it() {
        let none = failing("terminate", &[Outcome::NoAnswer]);
        let late = failing("connect", &[Outcome::Status(503), Outcome::Status(200)]);
        assert_eq!(
            verdict_with("Both sides heard each other.", &[late, none]),
            "Both sides heard each other. \
             The connect webhook was answered 503 once, and was delivered then (http://bot.example:9000/hook). \
             The terminate webhook failed once: nothing listens at bot.example:9000 (connection refused) \
             (http://bot.example:9000/hook)."
        );
        let mixed = failing("connect", &[Outcome::NoAnswer, Outcome::Status(500)]);
        let words = verdict_with("", &[mixed]);
        assert!(
            words.contains("failed twice, and was last answered 500"),
            "{words}"
        );
    }

    #[test]
    fn many_are_counted_and_not_listed() {
        let all: Vec<_> = (0..6)
            .map(|_| failing("connect", &[Outcome::Status(500); 12]))
            .collect();
        let words = verdict_with("Nothing.", &all);
        assert_eq!(words.matches("answered 500 12 times").count(), MOST);
        assert!(
            words.ends_with("Nothing. 3 other webhooks of this call failed too."),
            "{words}"
        );
    }

    #[test]
    fn without_a_callback_and_without_failures() {
        let none = [(
            String::new(),
            Outcome::NoCallback,
            "the app has no callback".to_owned(),
        )];
        let none = Failing::of("connect".into(), none).unwrap();
        assert_eq!(
            verdict_with("", &[none]),
            "The connect webhook has no callback to go to."
        );
        assert_eq!(verdict_with("Fine.", &[]), "Fine.");
        let ok = [(URL.to_owned(), Outcome::Status(200), String::new())];
        assert_eq!(Failing::of("connect".into(), ok), None);
    }

    #[test]
    fn nothing_secret_of_a_url_is_shown() {
        for (url, shown, receiver) in [
            (
                URL,
                "http://bot.example:9000/hook",
                "http://bot.example:9000",
            ),
            (
                "https://Bot.example?a=b",
                "https://Bot.example",
                "https://bot.example",
            ),
            ("http://a@b@c/#x", "http://c/", "http://c"),
            ("", "", ""),
        ] {
            assert_eq!(
                (shown_url(url).as_str(), receiver_of(url).as_str()),
                (shown, receiver)
            );
        }
        assert_eq!(
            shown_url(&format!("http://h/{}", "ä".repeat(1_000)))
                .chars()
                .count(),
            LONGEST_URL
        );
    }
}
