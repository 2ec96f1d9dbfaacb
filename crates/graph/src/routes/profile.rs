//! `/{phone-number-id}/whatsapp_business_profile`: what a number says about itself.

use ahoy_calling::about::AboutPatch;
use ahoy_calling::account::{Number, Scope};
use ahoy_wire::Success;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::nodes::select;
use ahoy_wire::profile::{BusinessProfile, BusinessProfiles, PROFILE_FIELDS, ProfileChange};
use axum::extract::State;
use serde_json::{Value, json};

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::ProfileBody;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::numbers::origin;

/// The public profile of a number.
#[utoipa::path(
    get,
    path = "/{phone_number_id}/whatsapp_business_profile",
    operation_id = "business_profile",
    tag = "nodes",
    params(
        ("phone_number_id" = String, Path, description = "The business phone number"),
        ("fields" = Option<String>, Query, description = "Only these lines"),
    ),
    responses(
        (status = 200, description = "The profile", body = BusinessProfiles),
        (status = 400, description = "Code 100: unknown field or number", body = ErrorEnvelope),
    )
)]
pub(crate) async fn read(asked: Asked) -> Result<Answer<Value>, Refused> {
    let number = asked.number()?;
    asked.need(&[
        Scope::WhatsappBusinessManagement,
        Scope::WhatsappBusinessMessaging,
    ])?;
    let query = asked.incoming.query();
    let requested = query.fields();
    let requested = requested.text("fields")?;
    let profile = profile(&number, &origin(&asked.incoming));
    let kind = "WhatsAppBusinessProfile";
    let mut selected = select(&profile, requested, PROFILE_FIELDS, PROFILE_FIELDS, kind)?;
    // Always there, whatever was asked for.
    selected.insert("messaging_product".to_owned(), json!("whatsapp"));
    Ok(Answer(json!({ "data": [selected] })))
}

/// Changes the public profile; what is absent stays as it is.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/whatsapp_business_profile",
    operation_id = "change_business_profile",
    tag = "nodes",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = ProfileBody,
    responses(
        (status = 200, description = "Changed", body = Success),
        (status = 400, description = "Code 100: parameter", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks both permissions", body = ErrorEnvelope),
    )
)]
pub(crate) async fn change(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[
        Scope::WhatsappBusinessManagement,
        Scope::WhatsappBusinessMessaging,
    ])?;
    let change = ProfileChange::parse(&asked.incoming.body()?)?;
    let patch = AboutPatch {
        about: change.about,
        address: change.address,
        description: change.description,
        email: change.email,
        vertical: change.vertical,
        websites: change.websites,
    };
    let done = state
        .platform
        .change_profile(&asked.caller, number, patch)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// The profile; the picture's address begins with the origin this request went to.
fn profile(number: &Number, origin: &str) -> BusinessProfile {
    let about = &number.about;
    let picture = about.picture_path(number.id);
    BusinessProfile {
        messaging_product: "whatsapp".to_owned(),
        about: about.about.clone(),
        address: about.address.clone(),
        description: about.description.clone(),
        email: about.email.clone(),
        profile_picture_url: picture.map(|path| format!("{origin}{path}")),
        websites: about.websites.clone(),
        // Clients read it without looking whether it is there.
        vertical: match about.vertical.as_str() {
            "" => "UNDEFINED",
            given => given,
        }
        .to_owned(),
    }
}
