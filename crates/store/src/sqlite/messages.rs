//! Messages, their cards and the media they carry.

use ahoy_calling::calendar::Month;
use ahoy_calling::message::{Message, Side};
use ahoy_types::{AppId, MessageId, PhoneNumberId, RuleTime, WaId};
use rusqlite::types::ValueRef;
use rusqlite::{Row, params};

use super::codec::{corrupt, id, json, key, limit, many, one, run, to_json, unsigned, word};
use super::view::View;
use crate::{MessageRows, MessageTx, Result};

macro_rules! messages {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, user, author, at, kind_json, context, status, error, opaque, pricing_json, app FROM messages ",
            $rest
        )
    };
}

fn read_message(row: &Row<'_>) -> Result<Message> {
    let message_id =
        |text: String| -> Result<MessageId> { text.parse().map_err(|_| corrupt(&text)) };
    let context: Option<String> = row.get(6)?;
    Ok(Message {
        id: message_id(row.get(0)?)?,
        number: PhoneNumberId(unsigned(row, 1)?),
        user: WaId::from_u64(unsigned(row, 2)?),
        from: word(row, 3)?,
        at: RuleTime(row.get(4)?),
        kind: json(row, 5)?,
        context: context.map(message_id).transpose()?,
        status: word(row, 7)?,
        error: row.get(8)?,
        opaque: row.get(9)?,
        pricing: match row.get_ref(10)? {
            ValueRef::Null => None,
            _ => Some(json(row, 10)?),
        },
        app: match row.get_ref(11)? {
            ValueRef::Null => None,
            _ => Some(AppId(unsigned(row, 11)?)),
        },
    })
}

impl MessageRows for View<'_> {
    fn message(&mut self, of: &MessageId) -> Result<Option<Message>> {
        one(
            self.0,
            messages!("WHERE id = ?1"),
            [of.as_str()],
            read_message,
        )
    }

    fn messages_of_pair(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        at_most: usize,
    ) -> Result<Vec<Message>> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(Vec::new());
        };
        let mut newest = many(
            self.0,
            messages!(
                "INDEXED BY messages_of_pair WHERE number = ?1 AND user = ?2 ORDER BY seq DESC LIMIT ?3"
            ),
            params![number, user, limit(at_most)],
            read_message,
        )?;
        newest.reverse();
        Ok(newest)
    }

    fn requests_of_pair(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        at_most: usize,
    ) -> Result<Vec<Message>> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            messages!(
                "INDEXED BY messages_requests WHERE number = ?1 AND user = ?2 AND is_request = 1
                 AND status <> 'failed' ORDER BY seq DESC LIMIT ?3"
            ),
            params![number, user, limit(at_most)],
            read_message,
        )
    }

    fn unread(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        from: Side,
        up_to: Option<&MessageId>,
    ) -> Result<Vec<Message>> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(Vec::new());
        };
        let last = match up_to {
            None => Some(i64::MAX),
            Some(of) => one(
                self.0,
                "SELECT seq FROM messages WHERE id = ?1",
                [of.as_str()],
                |row| Ok(row.get(0)?),
            )?,
        };
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            messages!(
                "INDEXED BY messages_unread WHERE number = ?1 AND user = ?2 AND author = ?3 AND seq <= ?4
                 AND status IN ('sent', 'delivered') ORDER BY seq"
            ),
            params![number, user, from.as_str(), last],
            read_message,
        )
    }

    fn undelivered(&mut self, user: WaId, at_most: usize) -> Result<Vec<Message>> {
        let Some(user) = key(user.as_u64()) else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            messages!(
                "INDEXED BY messages_undelivered WHERE user = ?1 AND status = 'sent' AND author = 'business'
                 ORDER BY seq LIMIT ?2"
            ),
            params![user, limit(at_most)],
            read_message,
        )
    }

    fn service_messages(&mut self, number: PhoneNumberId, month: Month) -> Result<u64> {
        let Some(number) = key(number.0) else {
            return Ok(0);
        };
        let found = one(
            self.0,
            "SELECT count FROM service_messages WHERE number = ?1 AND month = ?2",
            params![number, month.to_string()],
            |row| unsigned(row, 0),
        )?;
        Ok(found.unwrap_or(0))
    }
}

impl MessageTx for View<'_> {
    fn put_message(&mut self, row: &Message) -> Result<()> {
        run(
            self.0,
            "INSERT INTO messages (id, number, user, author, at, kind_json, context, status, error, opaque, is_request, pricing_json, app)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO UPDATE SET kind_json = excluded.kind_json, status = excluded.status,
             error = excluded.error",
            params![
                row.id.as_str(),
                id(row.number.0)?,
                id(row.user.as_u64())?,
                row.from.as_str(),
                row.at.0,
                to_json(&row.kind)?,
                row.context.as_ref().map(MessageId::as_str),
                row.status.as_str(),
                row.error,
                row.opaque,
                row.request().is_some(),
                row.pricing.as_ref().map(to_json).transpose()?,
                row.app.map(|app| id(app.0)).transpose()?,
            ],
        )?;
        Ok(())
    }

    fn count_service_message(&mut self, number: PhoneNumberId, month: Month) -> Result<()> {
        run(
            self.0,
            "INSERT INTO service_messages (number, month, count) VALUES (?1, ?2, 1)
             ON CONFLICT (number, month) DO UPDATE SET count = count + 1",
            params![id(number.0)?, month.to_string()],
        )?;
        Ok(())
    }
}
