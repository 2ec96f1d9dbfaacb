//! Webhooks: what the platform sends ([`connect`], [`status`], [`terminate`] …, bytes ready to be signed and stored),
//! what a receiver reads ([`Notification`]), and the signature over the bytes ([`sign`], [`verify`]).
//!
//! Field sets follow `webhooks.md` §2 and the demands of real clients in `clients.md` §0: one event a body, `contacts`
//! with `user_id` on every event, errors in both places and never as an empty list, timestamps as text, duration as
//! a number, pure ASCII with the escapes seen live.

mod account;
mod build;
mod messages;
mod model;
mod person;
mod routing;
mod sign;
mod template;
mod unix;

pub use account::{
    RestrictionInfo, TierUpdate, ViolationInfo, VolumeTierInfo, restriction, tier_update, violation,
};
pub use build::{
    Answered, Common, ConnectEvent, ContactCard, Permission, PermissionReply, StatusEvent,
    TerminateEvent, connect, failure, permission_reply, settings_update, status, terminate,
};
pub use messages::{InboundContent, InboundMessage, MessageStatusEvent, inbound, message_status};
pub use model::{
    Call, CallEvent, CallOutcome, CallPermissionReply, CallStatus, Change, Contact, Context,
    Conversation, ConversationOrigin, Entry, Interactive, Message, MessageStatus, Metadata,
    Notification, Pricing, Profile, QuickReply, Referral, Reply, Status, StatusWord, Text, Value,
    WelcomeMessage,
};
pub use person::{SharedContact, SharedName, SharedPhone, System, UserChanged, user_changed};
pub use routing::{
    Control, HANDOVERS, HandoverEvent, HandoverRecipient, HandoverSender, MessageEcho, STANDBY,
    Standby, echo, handover, standby_copy,
};
pub use sign::{LEGACY_SIGNATURE_HEADER, SIGNATURE_HEADER, proof_fits, sign, sign_legacy, verify};
pub use template::{TemplateStatus, template_status};
