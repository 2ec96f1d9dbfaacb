//! Media files: uploaded in parts, looked at, deleted, gone when their time is over (`graph-api.md` §9).

use ahoy_audio::ogg;
use ahoy_calling::Refusal;
use ahoy_calling::account::Scope;
use ahoy_calling::media::{LARGEST, MediaFile, UseCase, acceptable};
use ahoy_store::{Result as StoreResult, TimerKind};
use ahoy_types::{AppId, MediaId, PhoneNumberId, RuleTime};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::account::{Caller, Node};
use crate::business::internal;
use crate::effect::Effect;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::quotas::Arrival;
use crate::templates::free_id;

/// First of the ids files get.
const FIRST_ID: u64 = 900_000_000_000_000;
/// Bytes written in one transaction: more would hold up calls.
const PART: usize = 256 * 1024;

/// A file on its way in.
#[derive(Debug)]
pub struct Upload {
    id: MediaId,
    hash: Sha256,
    size: u64,
    parts: u32,
    waiting: Vec<u8>,
    arrival: Arrival,
}

impl Upload {
    /// The id the file will have.
    pub const fn id(&self) -> MediaId {
        self.id
    }
}

impl Platform {
    /// Begins an upload for a number. What has arrived of one that is never finished goes by itself.
    pub async fn begin_upload(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
    ) -> Result<Upload, Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        self.number_for(caller, number)?;
        let stored = || self.read(|rows| rows.media_held(number));
        let arrival = self.arrivals().begin(number, stored).map_err(internal)?;
        arrival.check(&self.config().limits.media)?;
        let id = self.random_node_id(FIRST_ID)?;
        let job = move |step: &mut Step<'_>| {
            let id = MediaId(free_id(step, id)?);
            let file = MediaFile::begin(id, number, &step.limits.media, step.now);
            step.tx.put_media(&file)?;
            expire_at(step, &file)?;
            Ok(id)
        };
        let id = self.ledger().execute(job).await.map_err(internal)?;
        Ok(Upload {
            id,
            hash: Sha256::new(),
            size: 0,
            parts: 0,
            waiting: Vec::new(),
            arrival,
        })
    }

    /// Takes more bytes of a file.
    pub async fn continue_upload(&self, upload: &mut Upload, bytes: &[u8]) -> Result<(), Refusal> {
        upload.size = upload.size.saturating_add(bytes.len() as u64);
        if upload.size > LARGEST {
            let sentence = format!("file: it has more than {LARGEST} bytes");
            return Err(Refusal::MediaUpload(sentence));
        }
        upload.arrival.more(bytes.len() as u64);
        upload.arrival.check(&self.config().limits.media)?;
        upload.hash.update(bytes);
        upload.waiting.extend_from_slice(bytes);
        while upload.waiting.len() >= PART {
            let rest = upload.waiting.split_off(PART);
            let part = std::mem::replace(&mut upload.waiting, rest);
            self.keep_part(upload, part).await?;
        }
        Ok(())
    }

    async fn keep_part(&self, upload: &mut Upload, part: Vec<u8>) -> Result<(), Refusal> {
        let (id, n) = (upload.id, upload.parts);
        upload.parts += 1;
        let kept = self
            .ledger()
            .execute(move |step| {
                if step.tx.media(id)?.is_none() {
                    return Ok(false);
                }
                step.tx.add_media_part(id, n, &part)?;
                Ok(true)
            })
            .await;
        if kept.map_err(internal)? {
            Ok(())
        } else {
            Err(took_too_long())
        }
    }

    /// All bytes are there: checks the file and makes it usable.
    ///
    /// # Errors
    /// As [`acceptable`]; 131053 for an announcement that is not Ogg with Opus or too long.
    pub async fn finish_upload(
        &self,
        mut upload: Upload,
        mime_type: &str,
        use_case: UseCase,
    ) -> Result<MediaFile, Refusal> {
        let kind = acceptable(mime_type, upload.size, use_case)?;
        let last = std::mem::take(&mut upload.waiting);
        if !last.is_empty() {
            self.keep_part(&mut upload, last).await?;
        }
        let Upload {
            id,
            hash,
            size,
            arrival,
            ..
        } = upload;
        if use_case == UseCase::CallVoicemailAnnouncement {
            self.check_announcement(id).await?;
        }
        let sha256: [u8; 32] = hash.finalize().into();
        let stored = self
            .ledger()
            .execute(move |step| {
                let begun = step.tx.media(id).map_err(internal)?;
                let begun = begun.ok_or_else(took_too_long)?;
                let file = MediaFile {
                    mime_type: kind.to_owned(),
                    sha256,
                    size,
                    use_case,
                    complete: true,
                    expires_at: MediaFile::expiry(use_case, &step.limits.media, step.now),
                    ..begun
                };
                step.tx.put_media(&file).map_err(internal)?;
                expire_at(step, &file).map_err(internal)?;
                Ok(file)
            })
            .await;
        if stored.is_ok() {
            arrival.finished();
        }
        stored
    }

    async fn check_announcement(&self, id: MediaId) -> Result<(), Refusal> {
        let platform = self.clone();
        let most = self.config().limits.media.announcement;
        let checked = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            for n in 0.. {
                match platform.media_part(id, n)? {
                    Some(part) => bytes.extend_from_slice(&part),
                    None => break,
                }
            }
            let length = ogg::opus_length(&bytes).map_err(|defect| {
                Refusal::MediaUpload(format!("file: it is not Ogg with Opus: {defect}"))
            })?;
            if length < most {
                return Ok(());
            }
            Err(Refusal::MediaUpload(format!(
                "file: the announcement is {:.1} s long; it must be shorter than {} s",
                length.as_secs_f64(),
                most.as_secs()
            )))
        });
        checked
            .await
            .unwrap_or_else(|e| Err(Refusal::Internal(format!("the check broke off: {e}"))))
    }

    /// Throws away what has arrived of a file.
    pub async fn abandon_upload(&self, id: MediaId) {
        let job = move |step: &mut Step<'_>| step.tx.delete_media(id);
        if let Err(e) = self.ledger().execute(job).await {
            // Its timer deletes it later.
            tracing::warn!(media = %id, error = %e, "a broken upload could not be deleted");
        }
    }

    /// The `n`-th part of a file's bytes; `None` after the last.
    pub fn media_part(&self, id: MediaId, n: u32) -> Result<Option<Vec<u8>>, Refusal> {
        self.read(|rows| rows.media_part(id, n)).map_err(internal)
    }

    /// What makes a download address good until then and nothing else: a hash under the secret of the app that asked
    /// for the address.
    pub fn link_hash(&self, app: AppId, id: MediaId, until: RuleTime) -> Result<[u8; 32], Refusal> {
        let app = self.read(|rows| rows.app(app)).map_err(internal)?;
        let app = app.ok_or_else(|| Refusal::Invalid("app: there is no such app".into()))?;
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(app.secret.as_bytes())
            .map_err(|e| Refusal::Internal(format!("the app's secret is no key: {e}")))?;
        mac.update(format!("media {id} {}", until.0).as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    /// Deletes a file.
    pub async fn delete_media(&self, caller: &Caller, id: MediaId) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        match self.node(caller, id.0)? {
            Some(Node::Media(_)) => {}
            _ => return Err(Refusal::NoSuchObject(id.to_string())),
        }
        let job = move |step: &mut Step<'_>| step.tx.delete_media(id);
        self.ledger().execute(job).await.map_err(internal)?;
        Ok(())
    }
}

fn took_too_long() -> Refusal {
    Refusal::MediaUpload("file: the upload took too long, and what had arrived is gone".into())
}

fn expire_at(step: &mut Step<'_>, file: &MediaFile) -> StoreResult<()> {
    if let Some(at) = file.expires_at {
        step.tx
            .add_timer(at, &TimerKind::MediaExpiry { media: file.id })?;
        step.effects.push(Effect::TimersChanged);
    }
    Ok(())
}

/// A file's time may be over; not if it has got another one since.
pub(crate) fn expire(step: &mut Step<'_>, id: MediaId) -> StoreResult<()> {
    if let Some(file) = step.tx.media(id)?
        && file.expires_at.is_some_and(|at| at <= step.now)
    {
        step.tx.delete_media(id)?;
    }
    Ok(())
}
