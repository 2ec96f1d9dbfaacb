//! `?fields=health_status` of a phone number, an account, a business, an app or a template.

use ahoy_calling::account::{Number, Waba};
use ahoy_calling::health::{self, Health};
use ahoy_platform::{Node, Platform};
use ahoy_store::Page;
use ahoy_wire::health::{HEALTH_STATUS, HealthEntity, HealthError, HealthStatus};
use ahoy_wire::nodes::parse_fields;
use serde_json::{Map, Value};

use crate::answer::Refused;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// Numbers of an account that are looked at.
const NUMBERS: usize = 1_000;

/// Takes the field out of `?fields=`: what is left of the list, if health was in it.
pub(super) fn without(requested: Option<&str>) -> Option<String> {
    let text = requested.filter(|text| text.contains(HEALTH_STATUS))?;
    let names = parse_fields(text).ok()?;
    if !names.iter().any(|name| name == HEALTH_STATUS) {
        return None;
    }
    let mut depth = 0_u32;
    let parts = text.split(|c: char| {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let name =
        |part: &str| part.split(['{', '(', '[', '.']).next().map(str::trim) == Some(HEALTH_STATUS);
    let kept: Vec<&str> = parts.filter(|part| !name(part)).collect();
    Some(kept.join(","))
}

/// Adds the field to the node's answer.
pub(super) fn add(
    platform: &Platform,
    asked: &Asked,
    node: &Node,
    answer: &mut Map<String, Value>,
) -> Result<(), Refused> {
    let Some(status) = of(platform, asked, node)? else {
        return Ok(());
    };
    if let Ok(value) = serde_json::to_value(status) {
        answer.insert(HEALTH_STATUS.to_owned(), value);
    }
    Ok(())
}

fn of(platform: &Platform, asked: &Asked, node: &Node) -> Result<Option<HealthStatus>, Refused> {
    let now = platform.clock().now();
    let mut parts: Vec<(&str, String, Health)> = Vec::new();
    let app = asked.caller.app;
    let business = (
        "BUSINESS",
        asked.caller.business.to_string(),
        health::of_business(),
    );
    match node {
        Node::Number(number) => {
            let one = std::slice::from_ref(&**number);
            parts.push((
                "PHONE_NUMBER",
                number.id.to_string(),
                health::of_number(number, now),
            ));
            parts.push(("WABA", number.waba.to_string(), health::of_account(one)));
            parts.push(business);
            parts.push(("APP", app.to_string(), health::of_app(app, one)));
        }
        Node::Waba(waba) => {
            let numbers = numbers_of(platform, asked, waba)?;
            parts.push(("WABA", waba.id.to_string(), health::of_account(&numbers)));
            parts.push(business);
            parts.push(("APP", app.to_string(), health::of_app(app, &numbers)));
        }
        Node::Template(template) => {
            let waba = platform
                .waba_for(&asked.caller, template.waba)
                .or_refuse(&asked.incoming.method)?;
            let numbers = numbers_of(platform, asked, &waba)?;
            parts.push((
                "MESSAGE_TEMPLATE",
                template.id.to_string(),
                health::of_template(template),
            ));
            parts.push(("WABA", waba.id.to_string(), health::of_account(&numbers)));
            parts.push(business);
            parts.push(("APP", app.to_string(), health::of_app(app, &numbers)));
        }
        Node::App(own) => {
            let numbers = platform.numbers(NUMBERS).map_err(|e| {
                Refused::from(ahoy_wire::GraphError::new(
                    ahoy_wire::ErrorCode::SomethingWentWrong,
                    e.to_string(),
                ))
            })?;
            parts.push(("APP", own.id.to_string(), health::of_app(own.id, &numbers)));
        }
        Node::Business(own) => parts.push(("BUSINESS", own.id.to_string(), health::of_business())),
        Node::Media(_) => return Ok(None),
    }
    let worst = health::worst(parts.iter().map(|(_, _, health)| health));
    Ok(Some(HealthStatus {
        can_send_message: worst.as_str().to_owned(),
        entities: parts.into_iter().map(entity).collect(),
    }))
}

fn numbers_of(platform: &Platform, asked: &Asked, waba: &Waba) -> Result<Vec<Number>, Refused> {
    let page = Page {
        after: None,
        limit: NUMBERS,
    };
    let numbers = platform.numbers_of(&asked.caller, waba.id, page);
    numbers.or_refuse(&asked.incoming.method)
}

fn entity((kind, id, health): (&str, String, Health)) -> HealthEntity {
    let error = |cause: &health::Cause| HealthError {
        error_code: cause.code,
        error_description: cause.description.to_owned(),
        possible_solution: cause.solution.to_owned(),
    };
    HealthEntity {
        entity_type: kind.to_owned(),
        id,
        can_send_message: health.messages.as_str().to_owned(),
        can_receive_call_sip: health.sip.map(|sip| sip.as_str().to_owned()),
        errors: health.causes.iter().map(error).collect(),
        additional_info: health
            .limits
            .iter()
            .map(|text| (*text).to_owned())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_taken_out_of_the_list() {
        for (list, left) in [
            ("health_status", Some("")),
            ("id, health_status ,name", Some("id,name")),
            ("a.b([1,2]),health_status{x,y},c", Some("a.b([1,2]),c")),
            ("id,name", None),
            ("unhealthy_health_status_x", None),
            ("health_status{", None),
        ] {
            assert_eq!(without(Some(list)).as_deref(), left, "{list}");
        }
        assert_eq!(without(None), None);
    }
}
