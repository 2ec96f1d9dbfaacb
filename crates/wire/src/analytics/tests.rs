#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn parse(fields: &str) -> CallAnalyticsQuery {
    CallAnalyticsQuery::parse(fields).unwrap().unwrap()
}

fn refused(fields: &str) -> String {
    CallAnalyticsQuery::parse(fields).unwrap_err().details
}

const REQUIRED: &str = "call_analytics.start(1790000000).end(1790086400).granularity(DAILY)";

#[test]
fn what_is_required_is_enough() {
    let query = parse(REQUIRED);
    assert_eq!(query.start, RuleTime::from_secs(1_790_000_000));
    assert_eq!(query.end, RuleTime::from_secs(1_790_086_400));
    assert_eq!(query.granularity, Granularity::Daily);
    assert_eq!(
        query.metric_types,
        [Metric::Count, Metric::Cost, Metric::AverageDuration]
    );
    assert!(query.phone_numbers.is_empty() && query.dimensions.is_empty());
}

#[test]
fn lists_are_taken_as_clients_write_them() {
    for written in [
        r#"["USER_INITIATED","BUSINESS_INITIATED"]"#,
        "['USER_INITIATED', 'BUSINESS_INITIATED']",
        "[USER_INITIATED,business_initiated]",
        "USER_INITIATED,BUSINESS_INITIATED",
        r#" [ "USER_INITIATED" , "BUSINESS_INITIATED" , "USER_INITIATED" ] "#,
    ] {
        let query = parse(&format!("{REQUIRED}.directions({written})"));
        assert_eq!(
            query.directions,
            [Direction::UserInitiated, Direction::BusinessInitiated],
            "{written}"
        );
    }
    for empty in ["", "[]", "[ ]"] {
        let query = parse(&format!("{REQUIRED}.dimensions({empty})"));
        assert!(query.dimensions.is_empty(), "{empty}");
    }
    let query = parse(&format!(
        "{REQUIRED} .phone_numbers([\"+34 910 000 000\", 442079460000]) .country_codes([\"ES\",gb]).dimensions(['PHONE',country]).metric_types([\"COST\"])"
    ));
    let numbers: Vec<String> = query.phone_numbers.iter().map(WaId::to_string).collect();
    assert_eq!(numbers, ["34910000000", "442079460000"]);
    assert_eq!(query.country_codes.len(), 2);
    assert_eq!(query.dimensions, [Dimension::Phone, Dimension::Country]);
    assert_eq!(query.metric_types, [Metric::Cost]);
}

#[test]
fn other_fields_may_stand_beside_it() {
    let query = format!(
        "id,name.as(x),phone_numbers.limit(3){{id,a.b(1,2)}}, {REQUIRED}{{data_points}} ,currency"
    );
    assert_eq!(parse(&query), parse(REQUIRED));
    for without in [
        "",
        "id",
        "id,call_analytics_x.start(1)",
        "a{call_analytics}",
    ] {
        assert_eq!(
            CallAnalyticsQuery::parse(without).unwrap(),
            None,
            "{without}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_by_name() {
    for (fields, said) in [
        (
            "call_analytics".to_owned(),
            "`call_analytics.start` is required",
        ),
        (
            "call_analytics.start(1).granularity(DAILY)".into(),
            "`call_analytics.end`",
        ),
        (
            "call_analytics.start(1).end(2)".into(),
            "`call_analytics.granularity`",
        ),
        (
            REQUIRED.replace("1790000000", "yesterday"),
            "`yesterday` is not a time",
        ),
        (REQUIRED.replace("1790000000", "-5"), "`-5`"),
        (
            REQUIRED.replace("1790000000", "9223372036854775807"),
            "is not a time",
        ),
        (REQUIRED.replace("1790000000", ""), "is required"),
        (
            REQUIRED.replace("DAILY", "DAY"),
            "`DAY` is none of HALF_HOUR, DAILY, MONTHLY",
        ),
        (format!("{REQUIRED}.directions([UP])"), "`UP`"),
        (
            format!("{REQUIRED}.country_codes([\"XX\"])"),
            "country_codes",
        ),
        (
            format!("{REQUIRED}.phone_numbers([\"12\"])"),
            "phone_numbers",
        ),
        (format!("{REQUIRED}.phone_numbers([\"12\""), "no end"),
        (
            format!("{REQUIRED}.start(3)"),
            "`call_analytics.start` stands twice",
        ),
        (format!("{REQUIRED},{REQUIRED}"), "twice"),
        (format!("{REQUIRED}.start"), "no modifier"),
        (format!("{REQUIRED}now"), "`now`"),
        (format!("{REQUIRED}.end2(3"), "no end"),
        (format!("{REQUIRED})"), "no end"),
    ] {
        let sentence = refused(&fields);
        assert!(
            sentence.contains(said) && sentence.ends_with('.'),
            "{fields}: {sentence}"
        );
    }
    let many: Vec<String> = (0..1_001)
        .map(|n| format!("\"{}\"", 440_000_000 + n))
        .collect();
    assert!(refused(&format!("{REQUIRED}.phone_numbers([{}])", many.join(","))).contains("1000"));
}

#[test]
fn amounts_are_written_with_the_digits_that_were_counted() {
    for (micros, text) in [
        (0, "0.0"),
        (1_730_200, "1.7302"),
        (950, "0.00095"),
        (3_999_999_999_999_999, "3999999999.999999"),
    ] {
        assert_eq!(serde_json::to_string(&amount(micros)).unwrap(), text);
    }
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "(call_analytics|[a-z]{1,3})?[.(){}\\[\\]\"', a-zA-Z0-9é]{0,60}") {
        let _ = CallAnalyticsQuery::parse(&text);
        let _ = CallAnalyticsQuery::parse(&format!("{REQUIRED}{text}"));
    }
}
