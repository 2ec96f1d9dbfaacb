//! Quality windows, notices and mail.

use ahoy_calling::quality::{Mark, Tally};
use ahoy_types::{BusinessId, Direction, MailId, PhoneNumberId, RuleTime, WaId};
use rusqlite::{Row, params};

use super::codec::{after, id, key, limit, many, one, run, unsigned, word};
use super::view::View;
use crate::{Mail, NewMail, Page, QualityRows, QualityTx, Result, StoreError};

const MAIL: &str = "SELECT id, business, number, recipient, subject, body, created_at, state, attempts, next_due, note FROM mails";

fn mail(row: &Row<'_>) -> Result<Mail> {
    Ok(Mail {
        id: MailId(unsigned(row, 0)?),
        business: BusinessId(unsigned(row, 1)?),
        number: PhoneNumberId(unsigned(row, 2)?),
        recipient: row.get(3)?,
        subject: row.get(4)?,
        body: row.get(5)?,
        created_at: RuleTime(row.get(6)?),
        state: word(row, 7)?,
        attempts: row.get(8)?,
        next_due: row.get::<_, Option<i64>>(9)?.map(RuleTime),
        note: row.get(10)?,
    })
}

/// How many rows a statement changed.
fn changed(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl QualityRows for View<'_> {
    fn tally(&mut self, number: PhoneNumberId, since: RuleTime) -> Result<Tally> {
        let mut tally = Tally::default();
        let Some(key) = key(number.0) else {
            return Ok(tally);
        };
        let columns: Vec<String> = Mark::ALL
            .iter()
            .map(|mark| format!("SUM({})", mark.as_str()))
            .collect();
        let sql = format!(
            "SELECT {} FROM quality_counts WHERE number = ?1 AND hour >= ?2",
            columns.join(", ")
        );
        let sums = one(self.0, &sql, params![key, since.0], |row| {
            let mut sums = [0; Mark::ALL.len()];
            for (column, sum) in sums.iter_mut().enumerate() {
                // Without a row the sum is null.
                let found: Option<i64> = row.get(column)?;
                *sum = u64::try_from(found.unwrap_or(0)).unwrap_or(0);
            }
            Ok(sums)
        })?;
        for (mark, sum) in Mark::ALL.into_iter().zip(sums.unwrap_or_default()) {
            tally.add(mark, sum);
        }
        Ok(tally)
    }

    fn feedback_counted(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        direction: Direction,
    ) -> Result<Option<RuleTime>> {
        let Some(key) = key(number.0) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT at FROM quality_feedback WHERE number = ?1 AND user = ?2 AND direction = ?3",
            params![key, id(user.as_u64())?, direction.as_str()],
            |row| Ok(RuleTime(row.get(0)?)),
        )
    }

    fn mail(&mut self, of: MailId) -> Result<Option<Mail>> {
        let Some(key) = key(of.0) else {
            return Ok(None);
        };
        one(self.0, &format!("{MAIL} WHERE id = ?1"), [key], mail)
    }

    fn mails(&mut self, page: Page<MailId>) -> Result<Vec<Mail>> {
        let Some(start) = after(page.after.map(|i| i.0)) else {
            return Ok(Vec::new());
        };
        let sql = format!("{MAIL} WHERE id > ?1 ORDER BY id LIMIT ?2");
        many(self.0, &sql, params![start, limit(page.limit)], mail)
    }

    fn mails_sending(&mut self) -> Result<Vec<MailId>> {
        many(
            self.0,
            "SELECT id FROM mails INDEXED BY mails_sending WHERE state = 'sending' ORDER BY id",
            [],
            |row| Ok(MailId(unsigned(row, 0)?)),
        )
    }
}

impl QualityTx for View<'_> {
    fn count_mark(&mut self, number: PhoneNumberId, hour: RuleTime, mark: Mark) -> Result<()> {
        let column = mark.as_str();
        let sql = format!(
            "INSERT INTO quality_counts (number, hour, {column}) VALUES (?1, ?2, 1)
             ON CONFLICT (number, hour) DO UPDATE SET {column} = {column} + 1"
        );
        run(self.0, &sql, params![id(number.0)?, hour.0])?;
        Ok(())
    }

    fn forget_marks(&mut self, number: PhoneNumberId, marks: &[Mark]) -> Result<()> {
        for mark in marks {
            let sql = format!(
                "UPDATE quality_counts SET {} = 0 WHERE number = ?1",
                mark.as_str()
            );
            run(self.0, &sql, [id(number.0)?])?;
        }
        Ok(())
    }

    fn put_feedback_counted(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        direction: Direction,
        at: RuleTime,
    ) -> Result<()> {
        run(
            self.0,
            "INSERT INTO quality_feedback (number, user, direction, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (number, user, direction) DO UPDATE SET at = excluded.at",
            params![id(number.0)?, id(user.as_u64())?, direction.as_str(), at.0],
        )?;
        Ok(())
    }

    fn prune_quality(&mut self, before: RuleTime, limit: u32) -> Result<u32> {
        let counts = run(
            self.0,
            "DELETE FROM quality_counts WHERE (number, hour) IN
             (SELECT number, hour FROM quality_counts INDEXED BY quality_counts_hour WHERE hour < ?1 LIMIT ?2)",
            params![before.0, limit],
        )?;
        let feedback = run(
            self.0,
            "DELETE FROM quality_feedback WHERE (number, user, direction) IN
             (SELECT number, user, direction FROM quality_feedback INDEXED BY quality_feedback_at WHERE at < ?1 LIMIT ?2)",
            params![before.0, limit],
        )?;
        Ok(changed(counts).saturating_add(changed(feedback)))
    }

    fn add_mail(&mut self, row: &NewMail) -> Result<MailId> {
        run(
            self.0,
            "INSERT INTO mails (business, number, recipient, subject, body, created_at, state, attempts, next_due, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, NULL, '')",
            params![
                id(row.business.0)?,
                id(row.number.0)?,
                row.recipient,
                row.subject,
                row.body,
                row.created_at.0,
                row.state.as_str(),
            ],
        )?;
        u64::try_from(self.0.last_insert_rowid())
            .map(MailId)
            .map_err(|_| StoreError("mail ids are used up".into()))
    }

    fn update_mail(&mut self, row: &Mail) -> Result<()> {
        run(
            self.0,
            "UPDATE mails SET state = ?2, attempts = ?3, next_due = ?4, note = ?5 WHERE id = ?1",
            params![
                id(row.id.0)?,
                row.state.as_str(),
                row.attempts,
                row.next_due.map(|t| t.0),
                row.note,
            ],
        )?;
        Ok(())
    }

    fn prune_mails(&mut self, before: RuleTime, limit: u32) -> Result<u32> {
        let gone = run(
            self.0,
            "DELETE FROM mails WHERE id IN
             (SELECT id FROM mails INDEXED BY mails_finished
              WHERE state IN ('kept', 'sent', 'failed') AND created_at < ?1 LIMIT ?2)",
            params![before.0, limit],
        )?;
        Ok(changed(gone))
    }
}
