//! `/{phone-number-id}/settings` (`graph-api.md` §4).

use ahoy_calling::account::Scope;
use ahoy_calling::settings as rules;
use ahoy_wire::Success;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::nodes::parse_fields;
use ahoy_wire::settings::{Calling, IconVisibility, Settings, SettingsChange, Switch};
use axum::extract::State;
use serde_json::{Map, Value};

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::SettingsBody;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// The settings of a number.
#[utoipa::path(
    get,
    path = "/{phone_number_id}/settings",
    operation_id = "settings",
    tag = "settings",
    params(
        ("phone_number_id" = String, Path, description = "The business phone number"),
        ("fields" = Option<String>, Query, description = "Only these groups"),
    ),
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = 400, description = "Code 100: unknown number", body = ErrorEnvelope),
    )
)]
pub(crate) async fn read(asked: Asked) -> Result<Answer<Map<String, Value>>, Refused> {
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let settings = Settings::new(calling(&number.settings));
    let query = asked.incoming.query();
    let wanted = query
        .fields()
        .text("fields")?
        .map(parse_fields)
        .transpose()?;
    let Ok(Value::Object(mut groups)) = serde_json::to_value(&settings) else {
        return Ok(Answer(Map::new()));
    };
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        groups.retain(|group, _| wanted.contains(group));
    }
    Ok(Answer(groups))
}

/// Changes settings; what is absent stays as it is.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/settings",
    operation_id = "change_settings",
    tag = "settings",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = SettingsBody,
    responses(
        (status = 200, description = "Changed", body = Success),
        (status = 400, description = "Code 100: parameter; 138015, 138018: calling cannot be enabled", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn change(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let change = SettingsChange::parse(&asked.incoming.body()?)?;
    let patch = rules::SettingsPatch {
        status: change.status.map(rule_switch),
        call_icon_visibility: change.call_icon_visibility.map(|icon| match icon {
            IconVisibility::Default => rules::IconVisibility::Default,
            IconVisibility::DisableAll => rules::IconVisibility::DisableAll,
        }),
        callback_permission_status: change.callback_permission_status.map(rule_switch),
    };
    let changed = state
        .platform
        .update_settings(&asked.caller, number, patch)
        .await;
    changed.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

const fn rule_switch(switch: Switch) -> rules::Switch {
    match switch {
        Switch::Enabled => rules::Switch::Enabled,
        Switch::Disabled => rules::Switch::Disabled,
    }
}

const fn wire_switch(switch: rules::Switch) -> Switch {
    match switch {
        rules::Switch::Enabled => Switch::Enabled,
        rules::Switch::Disabled => Switch::Disabled,
    }
}

fn calling(settings: &rules::CallingSettings) -> Calling {
    Calling {
        status: wire_switch(settings.status),
        call_icon_visibility: match settings.call_icon_visibility {
            rules::IconVisibility::Default => IconVisibility::Default,
            rules::IconVisibility::DisableAll => IconVisibility::DisableAll,
        },
        callback_permission_status: wire_switch(settings.callback_permission_status),
    }
}
