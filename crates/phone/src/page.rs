//! `GET /phone`: the page's shell, also ready to dial for a call link. What happens on it is drawn by the modules in `assets/`.

use ahoy_platform::Platform;
use ahoy_types::WaId;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use crate::link::Dial;

/// Users to pick from at most.
const USERS: usize = 100;

/// What of the device the page may use.
const PERMISSIONS: &str = "microphone=(self), camera=(), geolocation=()";

#[derive(Deserialize)]
pub(crate) struct Asked {
    user: Option<String>,
    call: Option<String>,
    biz_payload: Option<String>,
}

pub(crate) async fn show(State(platform): State<Platform>, Query(asked): Query<Asked>) -> Response {
    let dial = match asked.call {
        Some(number) => match Dial::find(&platform, &number, asked.biz_payload) {
            Ok(dial) => Some(dial),
            Err((status, sentence)) => return pick(&platform, status, Some(&sentence), None),
        },
        None => None,
    };
    let Some(text) = asked.user else {
        return pick(&platform, StatusCode::OK, None, dial.as_ref());
    };
    let user = match WaId::parse_loose(&text) {
        Ok(user) => user,
        Err(e) => {
            let complaint = format!("{e}.");
            return pick(
                &platform,
                StatusCode::BAD_REQUEST,
                Some(&complaint),
                dial.as_ref(),
            );
        }
    };
    match platform.user(user) {
        Ok(known) => {
            let name = known.and_then(|u| u.name);
            respond(StatusCode::OK, &phone(user, name.as_deref(), dial.as_ref()))
        }
        Err(e) => broken(&e),
    }
}

fn broken(e: &impl std::fmt::Display) -> Response {
    tracing::error!(error = %e, "the phone page cannot be made");
    let body = html! { main.pick { h1 { "Ahoy phone" } p role="alert" { "The server cannot read its store." } } };
    respond(
        StatusCode::INTERNAL_SERVER_ERROR,
        &shell("Ahoy phone", &body, false),
    )
}

fn respond(status: StatusCode, page: &Markup) -> Response {
    ahoy_pages::respond(status, page.0.clone(), PERMISSIONS)
}

fn shell(title: &str, body: &Markup, script: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" type="image/svg+xml" href="/phone/assets/ahoy.svg";
                link rel="stylesheet" href="/phone/assets/base.css";
                @if script {
                    link rel="stylesheet" href="/phone/assets/phone.css";
                    link rel="stylesheet" href="/phone/assets/chat.css";
                    link rel="stylesheet" href="/phone/assets/call.css";
                    script type="module" src="/phone/assets/main.js" {}
                } @else {
                    link rel="stylesheet" href="/phone/assets/picker.css";
                }
            }
            body { (body) }
        }
    }
}

/// The letters in somebody's round picture: of the first two words, or none for a bare number.
pub(crate) fn initials(name: &str) -> String {
    let first = name.split_whitespace().filter_map(|w| w.chars().next());
    let letters: String = first.filter(|c| c.is_alphabetic()).take(2).collect();
    if letters.is_empty() {
        return "#".into();
    }
    letters.to_uppercase()
}

pub(crate) fn pick(
    platform: &Platform,
    status: StatusCode,
    complaint: Option<&str>,
    dial: Option<&Dial>,
) -> Response {
    let users = match platform.users(USERS) {
        Ok(users) => users,
        Err(e) => return broken(&e),
    };
    let body = html! {
        main.pick {
            header.brand { img src="/phone/assets/ahoy.svg" alt="" width="40" height="40"; h1 { "Ahoy phone" } }
            @if let Some(complaint) = complaint { p.complaint role="alert" { (complaint) } }
            @if let Some(dial) = dial { p.lead { "To call " strong { (dial.name) } ": whose phone is this?" } }
            @else { p.lead { "Whose phone is this?" } }
            @if !users.is_empty() {
                ul.people {
                    @for user in &users {
                        @let number = user.wa_id.international();
                        @let name = user.name.as_ref().unwrap_or(&number);
                        li {
                            a.person href=(address(user.wa_id, dial)) {
                                span.face aria-hidden="true" { (initials(name)) }
                                span.who { strong { (name) } @if *name != number { " " span.quiet { (number) } } }
                            }
                        }
                    }
                }
            }
            form.other action="/phone" method="get" {
                @if let Some(dial) = dial {
                    input type="hidden" name="call" value=(dial.number);
                    @if let Some(payload) = &dial.payload { input type="hidden" name="biz_payload" value=(payload); }
                }
                label for="user" { "Another number" }
                div.row {
                    input #user name="user" type="tel" inputmode="tel" autocomplete="off" required
                        placeholder="+44 7700 900003" maxlength="32";
                    button.primary type="submit" { "Use this number" }
                }
            }
        }
    };
    respond(status, &shell("Ahoy phone", &body, false))
}

/// Where a user's phone is.
fn address(user: WaId, dial: Option<&Dial>) -> String {
    match dial {
        Some(dial) => dial.address(&user.to_string()),
        None => format!("/phone?user={user}"),
    }
}

fn phone(user: WaId, name: Option<&str>, dial: Option<&Dial>) -> Markup {
    let number = user.international();
    let name = name.unwrap_or(&number);
    let body = html! {
        div.phone #phone data-user=(user) data-name=(name)
            data-call=[dial.map(|d| d.number)] data-payload=[dial.and_then(|d| d.payload.as_deref())] {
            section.side aria-label="Businesses" {
                header.bar {
                    span.face aria-hidden="true" { (initials(name)) }
                    div.who { h1 { (name) } @if name != number { span.quiet { (number) } } }
                    a.change href="/phone" { "Change user" }
                }
                p.connection #connection role="status" {}
                h2.heading { "Businesses" }
                ul.businesses #businesses {}
            }
            main.chat #chat aria-label="Chat" {}
        }
        p.unseen #announcement role="status" aria-live="polite" {}
        dialog.call #call-screen aria-labelledby="call-who" {}
        audio #remote-audio autoplay {}
        noscript { p.complaint { "The phone needs JavaScript." } }
    };
    shell(&format!("{name} – Ahoy phone"), &body, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_two_words() {
        for (name, letters) in [
            ("Ana", "A"),
            ("Harbour Café (production rules)", "HC"),
            ("élan vital", "ÉV"),
            ("+44 7700 900001", "#"),
            ("", "#"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_the_page() {
        let page = phone(WaId::from_u64(447_700_900_001), Some("<script>\"x\""), None).0;
        assert!(!page.contains("<script>\"") && page.contains("&lt;script&gt;&quot;x&quot;"));
    }
}
