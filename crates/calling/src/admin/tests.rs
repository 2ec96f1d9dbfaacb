//! What administrators may do, and what they enter.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn roles_go_with_their_scope() {
    let one = Some(BusinessId(1));
    for (role, business, good) in [
        (Role::Admin, None, true),
        (Role::Admin, one, false),
        (Role::Developer, None, false),
        (Role::Developer, one, true),
        (Role::Viewer, None, true),
        (Role::Viewer, one, true),
    ] {
        assert_eq!(
            role.check_scope(business).is_ok(),
            good,
            "{role:?} {business:?}"
        );
    }
    for (word, role) in Role::WORDS {
        assert_eq!(role.as_str(), word);
    }
}

#[test]
fn a_role_sees_and_changes_what_it_may() {
    let who = |role, business| Administrator {
        name: "x".into(),
        role,
        business,
    };
    let own = BusinessId(1);
    let developer = who(Role::Developer, Some(own));
    assert!(developer.sees(own) && !developer.sees(BusinessId(2)));
    assert!(developer.may_write().is_ok());
    assert!(developer.must_be_admin("create businesses").is_err());
    let viewer = who(Role::Viewer, None);
    assert!(viewer.sees(BusinessId(2)));
    assert!(viewer.may_write().is_err());
    assert!(
        Administrator::all("x")
            .must_be_admin("create businesses")
            .is_ok()
    );
}

#[test]
fn what_is_entered_is_looked_at() {
    assert_eq!(name("name", "  Harbour Café ").unwrap(), "Harbour Café");
    for bad in ["", "  ", "a\nb", &"x".repeat(201)] {
        assert!(name("name", bad).is_err(), "{bad}");
    }
    for bad in ["short", "with space", "with|bar", "é2345678"] {
        assert!(secret(bad).is_err(), "{bad}");
    }
    assert!(secret("ahoy-dev-secret").is_ok());
    for bad in ["", "usd", "US", "USDX"] {
        assert!(currency(bad).is_err(), "{bad}");
    }
    assert_eq!(time_zone("Europe/Madrid").unwrap().name(), "Europe/Madrid");
    assert!(time_zone("Madrid").is_err() && time_zone("").is_err());
    assert_eq!(timezone_id("007").unwrap(), "7");
    for bad in ["", "-1", "1000", "Europe/Madrid"] {
        assert!(timezone_id(bad).is_err(), "{bad}");
    }
}

#[test]
fn contacts_are_addresses_and_counted_once() {
    let list = |texts: &[&str]| contacts(texts.iter().map(|t| (*t).to_owned()).collect());
    assert_eq!(
        list(&[
            " ops@harbour.example ",
            "OPS@harbour.example",
            "a+b@x.example"
        ])
        .unwrap(),
        ["ops@harbour.example", "a+b@x.example"]
    );
    assert_eq!(list(&[]).unwrap(), Vec::<String>::new());
    let long = format!("{}@x.example", "a".repeat(65));
    for bad in [
        "",
        "ops",
        "@x.example",
        "ops@",
        "o ps@x.example",
        "ops@x..example",
        "ops@-x.example",
        ".ops@x.example",
        "ops\n@x.example",
        "Ops <ops@x.example>",
        "ö@x.example",
        &long,
    ] {
        let sentence = list(&[bad]).unwrap_err().to_string();
        assert!(sentence.starts_with("contacts: "), "{bad}: {sentence}");
    }
    let many: Vec<String> = (0..=CONTACTS).map(|n| format!("a{n}@x.example")).collect();
    assert!(contacts(many).is_err());
}

#[test]
fn pictures_are_told_by_their_bytes() {
    assert_eq!(picture_kind(b"\xff\xd8\xff\xe0rest"), Some("image/jpeg"));
    assert_eq!(picture_kind(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
    assert_eq!(picture_kind(b"RIFF\x10\0\0\0WEBPVP8 "), Some("image/webp"));
    for bad in [
        &b""[..],
        b"<svg xmlns",
        b"GIF89a",
        b"RIFF\x10\0\0\0WAVE",
        b"\xff\xd8",
    ] {
        assert_eq!(picture_kind(bad), None);
    }
}
