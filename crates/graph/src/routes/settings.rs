//! `/{phone-number-id}/settings` (`graph-api.md` §4).

use ahoy_calling::account::Scope;
use ahoy_platform::calling_of;
use ahoy_wire::Success;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::nodes::select;
use ahoy_wire::settings::{GROUPS, Settings, SettingsChange};
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
        ("fields" = Option<String>, Query, description = "Only these groups: `calling`, `storage_configuration`"),
        ("include_sip_credentials" = Option<bool>, Query, description = "With the password of the asking app's SIP server"),
    ),
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = 400, description = "Code 100: unknown number or field", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn read(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Map<String, Value>>, Refused> {
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let query = asked.incoming.query();
    let fields = query.fields();
    let credentials = fields.boolean("include_sip_credentials")?.unwrap_or(false);
    let by = credentials.then_some(asked.caller.app);
    let settings = Settings::new(calling_of(&number, by, state.platform.clock().now()));
    let wanted = fields
        .text("fields")?
        .filter(|text| !text.trim().is_empty());
    Ok(Answer(select(
        &settings,
        wanted,
        &GROUPS,
        &GROUPS,
        "WhatsAppBusinessPhoneNumberSettings",
    )?))
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
    match SettingsChange::parse(&asked.incoming.body()?)? {
        SettingsChange::Calling(patch) => {
            let changed = state
                .platform
                .update_settings(&asked.caller, number, *patch)
                .await;
            changed.or_refuse(&asked.incoming.method)?;
        }
        // The only place there is: nothing to do.
        SettingsChange::DefaultStorage => {}
    }
    Ok(Answer(Success::default()))
}
