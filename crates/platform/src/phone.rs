//! What a phone's edge asks of the calls that live now.

use ahoy_types::{CallId, Direction, PhoneNumberId, WaId};

use crate::live::LiveCall;
use crate::platform::Platform;

/// A live call at a user's real phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCall {
    /// The call.
    pub id: CallId,
    /// The business's number node.
    pub phone_number_id: PhoneNumberId,
    /// The business's verified name.
    pub name: String,
    /// Who placed it.
    pub direction: Direction,
    /// Whether it rings at the phone: the user has not decided yet.
    pub rings: bool,
    /// Whether both sides talk.
    pub connected: bool,
}

impl PhoneCall {
    fn of((id, live): (CallId, LiveCall)) -> Self {
        Self {
            rings: live.rings_user(),
            id,
            phone_number_id: live.number,
            name: live.business_name,
            direction: live.direction,
            connected: live.connected,
        }
    }
}

impl Platform {
    /// The live calls at this user's real phone; calls of the simulated one are not among them.
    pub fn calls_at_phone(&self, user: WaId) -> Vec<PhoneCall> {
        let calls = self.live().phone_calls(user);
        calls.into_iter().map(PhoneCall::of).collect()
    }
}
