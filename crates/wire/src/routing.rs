//! Roles and thread control (`graph-api.md` §2.8).

use serde::{Deserialize, Serialize};

use crate::body::Fields;
use crate::calls::{Callee, callee, messaging_product};
use crate::{Body, GraphError};

/// The edge of a phone number that tells its roles. The reference platform's is not known.
pub const ROLES_EDGE: &str = "routing_roles";
/// Characters of `metadata` at most.
pub const MAX_METADATA: usize = 2_000;

const ACTIONS: &[(&str, Verb)] = &[
    ("pass", Verb::Pass),
    ("release", Verb::Release),
    ("take", Verb::Take),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Pass,
    Release,
    Take,
}

/// A change of a thread's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlAction<R> {
    /// To this role.
    Pass(R),
    /// To nobody in particular.
    Release,
    /// To the escalation partner.
    Take,
}

/// Body of `POST /{phone-number-id}/thread_control`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadControl<R> {
    /// The user of the thread.
    pub callee: Callee,
    /// What to do.
    pub action: ControlAction<R>,
    /// For the next owner, or for the one before.
    pub metadata: Option<String>,
}

impl<R: Copy> ThreadControl<R> {
    /// Reads it. `roles` are the words of those who can own a thread; a pass that names none goes to `escalation`.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body, roles: &[(&str, R)], escalation: R) -> Result<Self, GraphError> {
        let fields = body.fields();
        messaging_product(&fields)?;
        let callee = callee(&fields)?;
        let action = fields
            .word("action", ACTIONS)?
            .ok_or_else(|| fields.missing("action"))?;
        let given = fields.object("control_pass")?;
        let action = match (action, given) {
            (Verb::Pass, given) => ControlAction::Pass(target(given.as_ref(), roles, escalation)?),
            (_, Some(_)) => {
                return Err(GraphError::invalid(
                    "The parameter `control_pass` goes with the action `pass` alone.",
                ));
            }
            (Verb::Release, None) => ControlAction::Release,
            (Verb::Take, None) => ControlAction::Take,
        };
        let metadata = fields.short_text("metadata", MAX_METADATA)?;
        Ok(Self {
            callee,
            action,
            metadata: metadata.map(str::to_owned),
        })
    }
}

fn target<R: Copy>(
    given: Option<&Fields<'_>>,
    roles: &[(&str, R)],
    escalation: R,
) -> Result<R, GraphError> {
    let Some(pass) = given else {
        return Ok(escalation);
    };
    pass.word("target_role", roles)?
        .ok_or_else(|| pass.missing("target_role"))
}

/// Answer to a change of a thread's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadControlAnswer {
    /// `whatsapp`.
    pub messaging_product: String,
    /// The id of the request, as in the headers of the answer.
    pub request_id: String,
}

/// The roles of the asking business on a phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoutingRoles {
    /// `calls` for the Call primary, `customer_service`, `marketing`, `utility`, `ctwa`, `ai_agent`, `escalation`.
    pub roles: Vec<String>,
    /// Whether copies of foreign threads come.
    pub is_standby: bool,
}
