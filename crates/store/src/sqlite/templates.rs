//! Message templates and uploaded media.

use ahoy_calling::media::{MediaFile, UseCase};
use ahoy_calling::template::Template;
use ahoy_types::{MediaId, PhoneNumberId, RuleTime, TemplateId, WabaId};
use rusqlite::params;

use super::codec::{corrupt, id, json, key, many, one, run, to_json, unsigned, word};
use super::view::View;
use crate::{MediaHeld, Result, StoreError, TemplateRows, TemplateTx};

impl TemplateRows for View<'_> {
    fn template(&mut self, id: TemplateId) -> Result<Option<Template>> {
        let Some(key) = key(id.0) else {
            return Ok(None);
        };
        let sql = "SELECT template_json FROM templates WHERE id = ?1";
        one(self.0, sql, [key], |row| json(row, 0))
    }

    fn template_by_name(
        &mut self,
        waba: WabaId,
        name: &str,
        language: &str,
    ) -> Result<Option<Template>> {
        let Some(waba) = key(waba.0) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT template_json FROM templates WHERE waba = ?1 AND name = ?2 AND language = ?3",
            params![waba, name, language],
            |row| json(row, 0),
        )
    }

    fn templates_of(&mut self, waba: WabaId) -> Result<Vec<Template>> {
        let Some(waba) = key(waba.0) else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            "SELECT template_json FROM templates WHERE waba = ?1 ORDER BY id",
            [waba],
            |row| json(row, 0),
        )
    }

    fn media(&mut self, id: MediaId) -> Result<Option<MediaFile>> {
        let Some(key) = key(id.0) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT number, mime_type, sha256, size, use_case, complete, created_at, expires_at \
             FROM media WHERE id = ?1",
            [key],
            |row| {
                let hash: Vec<u8> = row.get(2)?;
                let use_case: UseCase = word(row, 4)?;
                Ok(MediaFile {
                    id,
                    number: PhoneNumberId(unsigned(row, 0)?),
                    mime_type: row.get(1)?,
                    sha256: hash.try_into().map_err(|_| corrupt("sha256"))?,
                    size: unsigned(row, 3)?,
                    use_case,
                    complete: row.get(5)?,
                    created_at: RuleTime(row.get(6)?),
                    expires_at: row.get::<_, Option<i64>>(7)?.map(RuleTime),
                })
            },
        )
    }

    fn media_held(&mut self, number: PhoneNumberId) -> Result<[MediaHeld; 2]> {
        // No number has an id that fits in no row.
        let key = key(number.0).unwrap_or(-1);
        let found = one(
            self.0,
            "SELECT COALESCE(SUM(size) FILTER (WHERE number = ?1), 0), COUNT(*) FILTER (WHERE number = ?1), \
             COALESCE(SUM(size), 0), COUNT(*) FROM media WHERE complete",
            [key],
            |row| {
                let held = |at| {
                    Ok::<_, StoreError>(MediaHeld {
                        bytes: unsigned(row, at)?,
                        files: unsigned(row, at + 1)?,
                    })
                };
                Ok([held(0)?, held(2)?])
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    fn media_part(&mut self, id: MediaId, n: u32) -> Result<Option<Vec<u8>>> {
        let Some(key) = key(id.0) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT bytes FROM media_parts WHERE media = ?1 AND n = ?2",
            params![key, n],
            |row| Ok(row.get(0)?),
        )
    }
}

impl TemplateTx for View<'_> {
    fn put_template(&mut self, row: &Template) -> Result<()> {
        run(
            self.0,
            "INSERT INTO templates (id, waba, name, language, template_json) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (id) DO UPDATE SET template_json = excluded.template_json",
            params![
                id(row.id.0)?,
                id(row.waba.0)?,
                row.draft.name,
                row.draft.language,
                to_json(row)?
            ],
        )?;
        Ok(())
    }

    fn delete_template(&mut self, id: TemplateId) -> Result<bool> {
        let Some(key) = key(id.0) else {
            return Ok(false);
        };
        Ok(run(self.0, "DELETE FROM templates WHERE id = ?1", [key])? > 0)
    }

    fn put_media(&mut self, row: &MediaFile) -> Result<()> {
        run(
            self.0,
            "INSERT INTO media \
             (id, number, mime_type, sha256, size, use_case, complete, created_at, expires_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT (id) DO UPDATE SET mime_type = excluded.mime_type, sha256 = excluded.sha256, \
             size = excluded.size, use_case = excluded.use_case, complete = excluded.complete, \
             expires_at = excluded.expires_at",
            params![
                id(row.id.0)?,
                id(row.number.0)?,
                row.mime_type,
                row.sha256,
                id(row.size)?,
                use_case(row.use_case),
                row.complete,
                row.created_at.0,
                row.expires_at.map(|at| at.0)
            ],
        )?;
        Ok(())
    }

    fn add_media_part(&mut self, media: MediaId, n: u32, bytes: &[u8]) -> Result<()> {
        let added = run(
            self.0,
            "INSERT INTO media_parts (media, n, bytes) SELECT id, ?2, ?3 FROM media WHERE id = ?1",
            params![id(media.0)?, n, bytes],
        )?;
        if added == 0 {
            return Err(StoreError(format!("there is no media file {media}")));
        }
        Ok(())
    }

    fn delete_media(&mut self, id: MediaId) -> Result<bool> {
        let Some(key) = key(id.0) else {
            return Ok(false);
        };
        run(self.0, "DELETE FROM media_parts WHERE media = ?1", [key])?;
        Ok(run(self.0, "DELETE FROM media WHERE id = ?1", [key])? > 0)
    }
}

const fn use_case(case: UseCase) -> &'static str {
    match case {
        UseCase::Message => "message",
        UseCase::CallVoicemailAnnouncement => "call_voicemail_announcement",
    }
}
