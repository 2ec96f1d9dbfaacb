//! The answer to a message.

use ahoy_types::{MessageId, UserId, WaId};
use serde::{Deserialize, Serialize};

/// Answer to a message that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SendAnswer {
    /// `whatsapp`.
    pub messaging_product: String,
    /// The recipient, alone.
    pub contacts: Vec<ContactRef>,
    /// The message, alone.
    pub messages: Vec<MessageRef>,
}

/// Whom a message went to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactRef {
    /// `to` or `recipient` as it was sent.
    pub input: String,
    /// The user's number, where the business may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "447700900001"))]
    pub wa_id: Option<WaId>,
    /// The user's business-scoped id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user_id: Option<UserId>,
}

/// A message by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageRef {
    /// `wamid.…`
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "wamid.HBgMNDQ3NzAwOTAwMDAx"))]
    pub id: MessageId,
    /// On templates: `accepted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_status: Option<String>,
}

impl SendAnswer {
    /// The answer for a new message.
    pub fn new(contact: ContactRef, id: MessageId, template: bool) -> Self {
        Self {
            messaging_product: "whatsapp".to_owned(),
            contacts: vec![contact],
            messages: vec![MessageRef {
                id,
                message_status: template.then(|| "accepted".to_owned()),
            }],
        }
    }
}
