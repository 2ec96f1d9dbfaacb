//! Messages, their cards and the media they carry.

use ahoy_calling::calendar::Month;
use ahoy_calling::message::{Message, Side};
use ahoy_types::{MessageId, PhoneNumberId, WaId};

use crate::Result;

/// Reading them.
pub trait MessageRows {
    /// A message.
    fn message(&mut self, id: &MessageId) -> Result<Option<Message>>;
    /// Messages of one pair, oldest first, the newest `limit` of them.
    fn messages_of_pair(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        limit: usize,
    ) -> Result<Vec<Message>>;
    /// Permission requests of one pair, newest first; failed ones are not among them.
    fn requests_of_pair(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        limit: usize,
    ) -> Result<Vec<Message>>;
    /// What `from` wrote in this thread and the other side has not read, oldest first. With `up_to` only what is not
    /// newer than that message.
    fn unread(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        from: Side,
        up_to: Option<&MessageId>,
    ) -> Result<Vec<Message>>;
    /// What businesses wrote to a user and the user's phone has not taken, oldest first, at most `limit`.
    fn undelivered(&mut self, user: WaId, limit: usize) -> Result<Vec<Message>>;
    /// Messages other than templates that a number sent in a month of its account.
    fn service_messages(&mut self, number: PhoneNumberId, month: Month) -> Result<u64>;
}

/// Writing them.
pub trait MessageTx: MessageRows {
    /// Creates a message, or replaces what can change of it: content, status and error.
    fn put_message(&mut self, row: &Message) -> Result<()>;
    /// A number sent one more of [`MessageRows::service_messages`].
    fn count_service_message(&mut self, number: PhoneNumberId, month: Month) -> Result<()>;
}
