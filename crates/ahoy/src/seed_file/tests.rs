#![allow(clippy::unwrap_used)]

use ahoy_calling::limits::Profile;
use ahoy_calling::simulated::Audio;
use ahoy_calling::template::Status;
use ahoy_platform::Grant;
use ahoy_types::{PhoneNumberId, TokenHash, WaId};

use super::*;

fn planting(text: &str) -> Checked<Planting> {
    parse(text, Path::new("/seeds"), &Seed::default())
}

#[test]
fn the_sample_file_is_read_whole() {
    let planting = planting(include_str!("../../../../docs/seed.toml")).unwrap();
    assert_eq!(planting.businesses[0].name, "Northwind Ltd");
    assert_eq!(planting.wabas[0].zone.name(), "Europe/Berlin");
    assert_eq!(planting.apps[0].fields, ["calls", "messages"]);
    assert_eq!(planting.tokens[0].hash, TokenHash::of("northwind-token"));
    assert_eq!(planting.subscriptions.len(), 1);
    let [new, seeded] = &planting.numbers[..] else {
        panic!("{:?}", planting.numbers);
    };
    let hours = new.settings.call_hours.as_ref().unwrap();
    assert_eq!(hours.weekly_operating_hours.len(), 2);
    assert_eq!(seeded.id, PhoneNumberId(710_000_000_000_002));
    assert!(seeded.settings.status.on());
    assert_eq!(
        seeded.profile,
        Profile::Production,
        "it keeps what is not named"
    );
    assert!(seeded.verified_name.starts_with("Harbour"));
    let [dora, ana] = &planting.users[..] else {
        panic!("{:?}", planting.users);
    };
    assert!(dora.identity.hides_number);
    assert_eq!(dora.behaviour.as_ref().unwrap().answer_after_ms, 2_000);
    assert_eq!(ana.name.as_deref(), Some("Ana"));
    let pair = (
        PhoneNumberId(710_000_000_000_003),
        WaId::from_u64(447_700_900_010),
    );
    assert_eq!(planting.permissions, [(pair.0, pair.1, Grant::Permanent)]);
    assert_eq!(planting.templates[0].status, Status::Approved);
}

#[test]
fn an_empty_file_adds_nothing() {
    let nothing = planting("").unwrap();
    assert!(nothing.numbers.is_empty() && nothing.users.is_empty());
}

#[test]
fn files_are_looked_for_beside_the_seed_file() {
    let text = "[[users]]\nwa_id = \"447700900001\"\nbehaviour = { audio = { file = \"hi.wav\" } }";
    let users = planting(text).unwrap().users;
    let Some(Audio::File { file, .. }) = users[0].behaviour.as_ref().map(|b| b.audio.clone())
    else {
        panic!("{users:?}");
    };
    assert_eq!(Path::new(&file), Path::new("/seeds/hi.wav"));
}

#[test]
fn every_mistake_is_a_sentence_with_its_place() {
    let number = "[[numbers]]\nid = \"710000000000009\"\nwaba = \"720000000000001\"\nnumber = \"442079460009\"\nname = \"N\"\n";
    let app = "[[apps]]\nid = \"5\"\nbusiness = \"730000000000001\"\nname = \"A\"\nsecret = \"long-secret\"\n";
    let template = "[[templates]]\nwaba = \"720000000000001\"\nname = \"a\"\nlanguage = \"en_GB\"\ncategory = \"UTILITY\"\n";
    let cases = [
        ("[[numbers]\n".to_owned(), "line 1: "),
        ("colour = 1".to_owned(), "line 1: colour: unknown field `colour`, expected one of `businesses`"),
        ("numbers = 1".to_owned(), "line 1: numbers: invalid type: integer `1`"),
        ("\n[[numbers]]\nid = \"x\"".to_owned(), "line 3: numbers[0].id: `x` is not an object id"),
        ("[[numbers]]\nid = 5".to_owned(), "line 2: numbers[0].id: invalid type: integer `5`, expected a string"),
        ("[[numbers]]\nname = \"N\"".to_owned(), "numbers[0]: missing field `id`"),
        (format!("{number}shoes = 1"), "line 6: numbers[0].shoes: unknown field `shoes`"),
        (format!("{number}profile = \"big\""), "line 6: numbers[0].profile: unknown variant `big`, expected one of `production`"),
        (format!("{number}[[numbers]]\nid = \"710000000000009\""), "numbers[1].id: `710000000000009` is named twice"),
        ("[[numbers]]\nid = \"710000000000009\"".to_owned(), "numbers[0].waba: a number that the seeded account does not have needs it"),
        (number.replace("720000000000001", "7"), "numbers[0].waba: there is no `7` in this file or the seeded account"),
        (number.replace("442079460009", "442079460000"), "numbers[0].number: 442079460000 is the number of 710000000000001 already"),
        (format!("{number}calling = {{ status = \"MAYBE\" }}"), "numbers[0].calling: The parameter `calling.status`"),
        (
            format!("{number}calling = {{ call_hours = {{ status = \"ENABLED\", timezone_id = \"Mars\", weekly_operating_hours = [] }} }}"),
            "numbers[0].calling: ",
        ),
        ("[[businesses]]\nid = \"5\"".to_owned(), "businesses[0].name: a business that the seeded account does not have needs it"),
        ("[[wabas]]\nid = \"720000000000001\"\ncurrency = \"euro\"".to_owned(), "wabas[0].currency: "),
        ("[[wabas]]\nid = \"720000000000001\"\ntime_zone = \"Mars\"".to_owned(), "wabas[0].time_zone: "),
        (format!("{app}fields = [\"gossip\"]"), "apps[0].fields: `gossip` is none of account_settings_update, account_update"),
        (format!("{app}callback = {{ url = \"ftp://x\", verify_token = \"v\" }}"), "line 6: apps[0].callback.url: an http or https address is expected"),
        ("[[tokens]]\ntoken = \"t\"\napp = \"9\"".to_owned(), "tokens[0].app: there is no `9`"),
        ("[[tokens]]\ntoken = \"ahoy-dev-token\"\napp = \"900100200300\"".to_owned(), "tokens[0].token: `ahoy-dev-token` is taken"),
        ("[[tokens]]\ntoken = \"t\"\napp = \"900100200300\"\nscopes = [\"all\"]".to_owned(), "line 4: tokens[0].scopes[0]: unknown variant `all`"),
        ("[[tokens]]\ntoken = \"t\"\napp = \"900100200300\"\nexpires_at = \"soon\"".to_owned(), "tokens[0].expires_at: an instant like"),
        ("[[users]]\nwa_id = \"447700900010\"\nhides_number = true".to_owned(), "users[0].hides_number: only a user with a username"),
        ("[[users]]\nwa_id = \"447700900010\"\nbehaviour = { on_ring = \"sing\" }".to_owned(), "line 3: users[0].behaviour.on_ring: unknown variant `sing`"),
        ("[[users]]\nwa_id = \"447700900010\"\nbehaviour = { audio = { noise = 1 } }".to_owned(), "users[0].behaviour.audio: { tone_hz = 660 }, { file"),
        ("[[users]]\nwa_id = \"447700900010\"\ncountry = \"Mordor\"".to_owned(), "line 3: users[0].country: "),
        ("[[permissions]]\nnumber = \"1\"\nuser = \"447700900010\"\npermission = \"permanent\"".to_owned(), "permissions[0].number: there is no `1`"),
        ("[[permissions]]\nnumber = \"710000000000001\"\nuser = \"447700900010\"\npermission = \"forever\"".to_owned(), "line 4: permissions[0].permission: unknown variant `forever`"),
        (template.to_owned(), "templates[0]: The parameter `components`"),
        (format!("{template}components = [{{ type = \"SONG\" }}]"), "templates[0]: "),
    ];
    for (text, said) in cases {
        let mistake = planting(&text).unwrap_err();
        assert!(
            mistake.contains(said),
            "{text}\nsays: {mistake}\nnot:  {said}"
        );
    }
}
