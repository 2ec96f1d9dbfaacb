//! One vocabulary for identifiers and units.
//!
//! Parse at the edge into these types; inside the house no identifier travels as a bare `String` or `u64`.

mod calendar;
mod call_id;
mod ids;
mod media;
mod message_id;
mod phone;
pub mod settings;
mod time;

pub use calendar::{Date, DateError, TimeOfDay, TimeOfDayError, Weekday};
pub use call_id::{CallId, CallIdError, Direction};
pub use ids::{
    AppId, BusinessId, DeliveryId, IdError, MailId, MediaId, PhoneNumberId, TemplateId, TimerId,
    TokenHash, TokenId, WabaId,
};
pub use media::{Fingerprint, FingerprintError, IcePwd, PayloadType, Ssrc, Ufrag};
pub use message_id::{MessageId, MessageIdError};
pub use phone::{Country, Named, TWO_FORMS, TwoForms, UserId, WaId, WaIdError};
pub use time::{RuleTime, Seconds};
