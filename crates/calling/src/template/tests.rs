#![allow(clippy::unwrap_used)]

use ahoy_types::{RuleTime, TemplateId, WabaId};
use proptest::prelude::*;
use std::time::Duration;

use super::*;
use crate::Refusal;
use crate::limits::TemplateLimits;

const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

fn text(text: &str, examples: &[&str]) -> Text {
    Text {
        text: text.into(),
        examples: examples
            .iter()
            .map(|value| Example {
                name: None,
                value: (*value).into(),
            })
            .collect(),
    }
}

/// The draft of the reference: a request with one variable in header and body.
fn draft() -> Draft {
    Draft {
        name: "ask_to_call".into(),
        language: "en".into(),
        category: Category::Utility,
        parameter_format: ParameterFormat::Positional,
        content: Content {
            header: Some(Header::Text(text("About order {{1}}", &["A-77"]))),
            body: text("May we ring you about order {{1}}?", &["A-77"]),
            footer: Some("Acme".into()),
            buttons: Vec::new(),
            call_permission_request: true,
        },
    }
}

fn approved(id: u64, draft: Draft) -> Template {
    let mut template = Template::new(TemplateId(id), WabaId(1), draft, NOW);
    assert!(template.reviewed(1, []));
    template
}

fn call_button(ttl_minutes: Option<u32>) -> Button {
    Button::VoiceCall {
        text: "Call Now".into(),
        ttl_minutes,
    }
}

fn kind(result: Result<(), Refusal>) -> Option<FaultKind> {
    match result {
        Err(Refusal::Template(fault)) => Some(fault.kind),
        Err(Refusal::Invalid(_)) => None,
        other => panic!("{other:?}"),
    }
}

fn broken(change: impl FnOnce(&mut Draft)) -> Option<FaultKind> {
    let mut draft = draft();
    change(&mut draft);
    kind(check(&draft))
}

#[test]
fn every_rule_of_the_form_has_its_code() {
    assert_eq!(check(&draft()), Ok(()));
    let long = |n: usize| "ab ".repeat(n / 3 + 1).chars().take(n).collect::<String>();
    type Change = fn(&mut Draft, String);
    let cases: [(&str, Option<FaultKind>, Change); 6] = [
        ("name", None, |d, _| d.name = "Ask to call".into()),
        ("language", None, |d, _| d.language = "english".into()),
        ("long name", Some(FaultKind::Length), |d, _| {
            d.name = "a".repeat(513)
        }),
        ("long header", Some(FaultKind::Length), |d, s| {
            d.content.header = Some(Header::Text(text(&s[..61], &[])));
        }),
        ("long body", Some(FaultKind::Length), |d, s| {
            d.content.body = text(&s, &[])
        }),
        ("long footer", Some(FaultKind::Length), |d, s| {
            d.content.footer = Some(s[..61].into());
        }),
    ];
    for (name, expected, change) in cases {
        assert_eq!(broken(|d| change(d, long(1025))), expected, "{name}");
    }
    let header = |line: &str, examples: &[&str]| {
        broken(|d| d.content.header = Some(Header::Text(text(line, examples))))
    };
    assert_eq!(
        header("two {{1}} of {{2}}", &["a", "b"]),
        Some(FaultKind::Header)
    );
    assert_eq!(header("two\nlines", &[]), Some(FaultKind::Header));
    assert_eq!(header("*bold*", &[]), Some(FaultKind::Header));
    let body = |line: &str, examples: &[&str]| broken(|d| d.content.body = text(line, examples));
    assert_eq!(body("  ", &[]), Some(FaultKind::Body));
    assert_eq!(body("one\n\n\ntwo", &[]), Some(FaultKind::Body));
    assert_eq!(
        body("a gap {{1}} and {{3}} here", &["a", "b"]),
        Some(FaultKind::Body)
    );
    assert_eq!(body("open {{1} here", &["a"]), Some(FaultKind::Body));
    assert_eq!(
        body("{{1}} is your order, thank you", &["a"]),
        Some(FaultKind::Edges)
    );
    assert_eq!(
        body("Hi {{1}}, {{2}} and {{3}} ok", &["a", "b", "c"]),
        Some(FaultKind::Ratio)
    );
    assert_eq!(body("Your order {{1}} is here", &[]), None, "no sample");
    let footer = |line: &str| broken(|d| d.content.footer = Some(line.into()));
    assert_eq!(footer("for {{1}}"), Some(FaultKind::Footer));
    assert_eq!(footer(""), Some(FaultKind::Footer));
}

#[test]
fn a_permission_request_has_no_buttons_and_a_call_button_lasts_a_day_at_least() {
    assert_eq!(
        broken(|d| d.content.buttons = vec![call_button(None)]),
        None
    );
    let with = |buttons: Vec<Button>| {
        let mut draft = draft();
        draft.content.call_permission_request = false;
        draft.content.buttons = buttons;
        check(&draft)
    };
    for (minutes, good) in [(1439, false), (1440, true), (43_200, true), (43_201, false)] {
        assert_eq!(
            with(vec![call_button(Some(minutes))]).is_ok(),
            good,
            "{minutes}"
        );
    }
    assert!(
        with(vec![call_button(None), call_button(None)]).is_err(),
        "one call button"
    );
    let url = |url: &str, example: Option<&str>| Button::Url {
        text: "Track".into(),
        url: url.into(),
        example: example.map(str::to_owned),
    };
    assert!(
        with(vec![
            call_button(None),
            url("https://acme.example/{{1}}", Some("A"))
        ])
        .is_ok()
    );
    assert!(
        with(vec![url("https://acme.example/{{1}}", None)]).is_err(),
        "no sample"
    );
    assert!(
        with(vec![url("https://acme.example/{{1}}/x", Some("A"))]).is_err(),
        "not at the end"
    );
    assert!(with(vec![url("acme.example", None)]).is_err(), "no scheme");
}

#[test]
fn the_account_holds_so_many_and_no_name_twice() {
    let limits = TemplateLimits {
        most: 2,
        ..TemplateLimits::default()
    };
    let first = approved(1, draft());
    assert_eq!(
        kind(may_create(&draft(), std::slice::from_ref(&first), &limits)),
        None
    );
    let mut other = draft();
    other.language = "en_GB".into();
    let two = [first, approved(2, other.clone())];
    assert_eq!(may_create(&other, &two[..1], &limits), Ok(()));
    other.name = "third".into();
    assert_eq!(
        kind(may_create(&other, &two, &limits)),
        Some(FaultKind::Full)
    );
}

#[test]
fn a_review_rejects_shortened_links_and_twins() {
    let mut linked = draft();
    linked.content.body = text("Ring us back, see https://wa.me/447700900001 please", &[]);
    let mut template = Template::new(TemplateId(1), WabaId(1), linked, NOW);
    assert!(template.reviewed(1, []));
    assert_eq!(
        (template.status, template.reason),
        (Status::Rejected, Some(Reason::InvalidFormat))
    );
    let first = approved(2, draft());
    let mut twin = draft();
    twin.name = "ask_again".into();
    let mut template = Template::new(TemplateId(3), WabaId(1), twin, NOW);
    assert!(template.reviewed(1, [&first]));
    assert_eq!(template.status, Status::Rejected);
    assert!(!template.reviewed(1, []), "once");
}

#[test]
fn an_approved_template_is_edited_once_a_day() {
    let limits = TemplateLimits::default();
    let mut template = approved(1, draft());
    let edit = |line: &str| Edit {
        category: None,
        content: Some(Content {
            body: text(line, &[]),
            ..draft().content
        }),
    };
    assert!(
        template.edit(Edit::default(), &limits, NOW).is_err(),
        "nothing to change"
    );
    let category = Edit {
        category: Some(Category::Marketing),
        content: None,
    };
    assert!(template.edit(category, &limits, NOW).is_err());
    assert_eq!(template.edit(edit("Another text"), &limits, NOW), Ok(()));
    assert!(!template.reviewed(1, []), "the review of the text before");
    assert!(template.edit(edit("While pending"), &limits, NOW).is_err());
    assert!(template.reviewed(2, []));
    let day = Duration::from_secs(86_400);
    let before = RuleTime((NOW + day).0 - 1);
    assert!(template.edit(edit("Too soon"), &limits, before).is_err());
    assert_eq!(
        template.edit(edit("A day later"), &limits, NOW + day),
        Ok(())
    );
}

fn values(values: &[&str]) -> Vec<GivenText> {
    let value = |text: &&str| GivenText {
        name: None,
        text: (*text).into(),
    };
    values.iter().map(value).collect()
}

#[test]
fn values_go_where_they_belong() {
    let template = approved(1, draft());
    let given = Given {
        header: values(&["A-1"]),
        body: values(&["B-2"]),
        ..Given::default()
    };
    let sent = render(&template, &given).unwrap();
    assert_eq!(
        sent.header,
        Some(RenderedHeader::Text("About order A-1".into()))
    );
    assert_eq!(sent.body, "May we ring you about order B-2?");
    assert!(sent.call_permission_request);
    let fails = |header: &[&str], body: &[&str]| {
        let given = Given {
            header: values(header),
            body: values(body),
            ..Given::default()
        };
        render(&template, &given).unwrap_err().kind
    };
    assert_eq!(fails(&["a"], &[]), FaultKind::Count);
    assert_eq!(fails(&["a"], &["b", "c"]), FaultKind::Count);
    assert_eq!(fails(&[], &["b"]), FaultKind::Count);
    assert_eq!(fails(&["a"], &["two\nlines"]), FaultKind::Parameter);
    assert_eq!(
        fails(&["a"], &["x".repeat(1024).as_str()]),
        FaultKind::TooLong
    );
    let mut paused = template;
    for (status, kind) in [
        (Status::Paused, FaultKind::Paused),
        (Status::Disabled, FaultKind::Disabled),
        (Status::Rejected, FaultKind::Missing),
        (Status::Pending, FaultKind::Missing),
    ] {
        paused.status = status;
        assert_eq!(render(&paused, &given).unwrap_err().kind, kind);
    }
}

#[test]
fn named_values_are_found_by_their_names() {
    let mut draft = draft();
    draft.parameter_format = ParameterFormat::Named;
    draft.content.header = None;
    draft.content.body = Text {
        text: "Dear {{name}}, your order {{order_id}} is ready, {{name}} dear".into(),
        examples: ["name", "order_id"]
            .map(|name| Example {
                name: Some(name.into()),
                value: "x".into(),
            })
            .into(),
    };
    assert_eq!(check(&draft), Ok(()));
    let template = approved(1, draft);
    let named = |pairs: &[(&str, &str)]| Given {
        body: pairs
            .iter()
            .map(|(name, text)| GivenText {
                name: Some((*name).into()),
                text: (*text).into(),
            })
            .collect(),
        ..Given::default()
    };
    let sent = render(&template, &named(&[("order_id", "7"), ("name", "Ana")])).unwrap();
    assert_eq!(sent.body, "Dear Ana, your order 7 is ready, Ana dear");
    let wrong = render(&template, &named(&[("order", "7"), ("name", "Ana")])).unwrap_err();
    assert_eq!(wrong.kind, FaultKind::Parameter);
}

#[test]
fn a_call_button_takes_the_messages_minutes_then_its_own() {
    let mut draft = draft();
    draft.content.call_permission_request = false;
    draft.content.header = None;
    draft.content.body = text("Ring us", &[]);
    draft.content.buttons = vec![call_button(Some(2000))];
    let template = approved(1, draft);
    let with = |buttons| {
        render(
            &template,
            &Given {
                buttons,
                ..Given::default()
            },
        )
    };
    let button = |ttl_minutes, payload: Option<&str>| {
        vec![GivenButton::VoiceCall {
            ttl_minutes,
            payload: payload.map(str::to_owned),
        }]
    };
    assert_eq!(
        with(vec![]).unwrap().call_button(),
        Some(("Call Now", 2000, None))
    );
    let sent = with(button(Some(1), Some("order-55"))).unwrap();
    assert_eq!(sent.call_button(), Some(("Call Now", 1, Some("order-55"))));
    for bad in [
        button(Some(0), None),
        button(Some(43_201), None),
        button(None, Some(&"x".repeat(513))),
    ] {
        assert_eq!(with(bad).unwrap_err().kind, FaultKind::Parameter);
    }
    let stray = vec![GivenButton::Url {
        index: 0,
        text: "x".into(),
    }];
    assert_eq!(with(stray).unwrap_err().kind, FaultKind::Count);
}

proptest! {
    /// No text whatever breaks the reader, and what it takes apart is what was there.
    #[test]
    fn any_text_is_taken_apart_or_refused(parts in prop::collection::vec("\\{\\{|\\}\\}|[0-9]{1,2}|[ -~é]{0,4}", 0..12)) {
        let text = parts.concat();
        for format in [ParameterFormat::Positional, ParameterFormat::Named] {
            if let Ok(found) = variables(&text, format) {
                let names: Vec<&str> = found.names.clone();
                let plain = found.filled(|name| names.contains(&name).then_some("v"));
                prop_assert!(!plain.contains("{{") && !plain.contains("}}"));
            }
        }
    }
}
