//! Media files: which kinds are taken, how large they may be, how long they live (`graph-api.md` §9).

use std::time::Duration;

use ahoy_types::{MediaId, PhoneNumberId, RuleTime};
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::limits::MediaLimits;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The largest file of any kind, in bytes.
pub const LARGEST: u64 = 100 * MIB;

/// The kinds of files taken, and how many bytes one of them may have.
const KINDS: &[(&str, u64)] = &[
    ("audio/aac", 16 * MIB),
    ("audio/amr", 16 * MIB),
    ("audio/mp4", 16 * MIB),
    ("audio/mpeg", 16 * MIB),
    ("audio/ogg", 16 * MIB),
    ("image/jpeg", 5 * MIB),
    ("image/png", 5 * MIB),
    ("image/webp", 500 * KIB),
    ("video/3gpp", 16 * MIB),
    ("video/mp4", 16 * MIB),
    ("text/plain", LARGEST),
    ("application/pdf", LARGEST),
    ("application/msword", LARGEST),
    ("application/vnd.ms-excel", LARGEST),
    ("application/vnd.ms-powerpoint", LARGEST),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        LARGEST,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        LARGEST,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        LARGEST,
    ),
];

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseCase {
    /// To be sent in messages.
    #[default]
    Message,
    /// What callers hear before they leave a voice message: Ogg with Opus, shorter than a minute.
    CallVoicemailAnnouncement,
}

/// A media file, its bytes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// Its id.
    pub id: MediaId,
    /// The business number it was uploaded for.
    pub number: PhoneNumberId,
    /// `audio/ogg`, in lower case and without parameters.
    pub mime_type: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: u64,
    /// What it is for.
    pub use_case: UseCase,
    /// Whether all of it has arrived.
    pub complete: bool,
    /// When its upload began.
    pub created_at: RuleTime,
    /// When it goes; `None` never.
    pub expires_at: Option<RuleTime>,
}

impl MediaFile {
    /// A file of which nothing has arrived yet; it goes unless it is complete in time.
    pub fn begin(id: MediaId, number: PhoneNumberId, limits: &MediaLimits, now: RuleTime) -> Self {
        Self {
            id,
            number,
            mime_type: String::new(),
            sha256: [0; 32],
            size: 0,
            use_case: UseCase::Message,
            complete: false,
            created_at: now,
            expires_at: Some(now + limits.upload),
        }
    }

    /// Whether it is there: all of it has arrived, and its time is not over.
    pub fn there(&self, now: RuleTime) -> bool {
        self.complete && self.expires_at.is_none_or(|at| now < at)
    }

    /// When a file for this use goes.
    pub fn expiry(use_case: UseCase, limits: &MediaLimits, now: RuleTime) -> Option<RuleTime> {
        match use_case {
            UseCase::Message => Some(now + limits.kept),
            UseCase::CallVoicemailAnnouncement => None,
        }
    }
}

/// How much there is of media files, of a number or of all, with what is arriving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    /// Bytes.
    pub bytes: u64,
    /// Files, each upload under way counted as one.
    pub files: u64,
    /// Uploads under way.
    pub uploads: u64,
}

/// When room for files may have come free.
const ROOM_AGAIN: Duration = Duration::from_secs(3_600);
/// When an upload may have ended.
const UPLOAD_AGAIN: Duration = Duration::from_secs(5);

/// Whether an upload may begin or go on; it is counted in both already. The number's own quota comes first, so that who fills
/// it is told to make room, and not to wait.
///
/// # Errors
/// 131053 for the number's bytes and files, which the business itself can delete; [`Refusal::Full`] for uploads at once and
/// for what all numbers share.
pub fn may_take(
    of_number: &Holding,
    of_all: &Holding,
    limits: &MediaLimits,
) -> Result<(), Refusal> {
    let own = |most: u64, of: &str| {
        Err(Refusal::MediaUpload(format!(
            "file: this number's files would exceed its {most} {of}; delete some, or wait until they expire"
        )))
    };
    let full = |what: String, retry_after| Err(Refusal::Full { what, retry_after });
    if of_number.bytes > limits.number_bytes {
        return own(limits.number_bytes, "bytes");
    }
    if of_number.files > limits.number_files {
        return own(limits.number_files, "files");
    }
    if of_all.bytes > limits.all_bytes || of_all.files > limits.all_files {
        return full("the server has no room for more files".into(), ROOM_AGAIN);
    }
    if of_number.uploads > limits.number_uploads {
        let most = limits.number_uploads;
        return full(
            format!("this number has {most} uploads under way, which is as many as it may"),
            UPLOAD_AGAIN,
        );
    }
    if of_all.uploads > limits.all_uploads {
        return full(
            "the server has as many uploads under way as it takes".into(),
            UPLOAD_AGAIN,
        );
    }
    Ok(())
}

/// Whether a file of this kind and size may be kept for this use; answers the kind in its plain form.
///
/// # Errors
/// 100 for kinds nobody can send, 131053 for a file that is empty or too large.
pub fn acceptable(mime_type: &str, size: u64, use_case: UseCase) -> Result<&'static str, Refusal> {
    let plain = mime_type.split(';').next().unwrap_or_default().trim();
    let known = KINDS
        .iter()
        .find(|(kind, _)| kind.eq_ignore_ascii_case(plain));
    let Some((kind, most)) = known else {
        let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        let shown: String = plain.chars().take(60).collect();
        return Err(Refusal::Invalid(format!(
            "type: `{shown}` is not taken; one of {} is expected",
            kinds.join(", ")
        )));
    };
    if use_case == UseCase::CallVoicemailAnnouncement && *kind != "audio/ogg" {
        return Err(Refusal::Invalid(format!(
            "type: an announcement is audio/ogg with Opus, not {kind}"
        )));
    }
    if size == 0 {
        return Err(Refusal::MediaUpload("file: it is empty".into()));
    }
    if size > *most {
        return Err(Refusal::MediaUpload(format!(
            "file: it has {size} bytes, at most {most} are allowed for {kind}"
        )));
    }
    Ok(kind)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn kinds_are_known_in_any_case_and_with_parameters() {
        let ogg = |size| acceptable("Audio/OGG; codecs=opus", size, UseCase::Message);
        assert_eq!(ogg(1), Ok("audio/ogg"));
        assert_eq!(ogg(16 * MIB), Ok("audio/ogg"));
        assert!(matches!(ogg(16 * MIB + 1), Err(Refusal::MediaUpload(_))));
        assert!(matches!(ogg(0), Err(Refusal::MediaUpload(_))));
        for odd in ["", "audio", "application/x-sh", "audio/ogg2"] {
            let refused = acceptable(odd, 1, UseCase::Message);
            assert!(
                matches!(refused, Err(Refusal::Invalid(s)) if s.starts_with("type: ")),
                "{odd}"
            );
        }
    }

    #[test]
    fn an_announcement_is_ogg_and_stays() {
        let case = UseCase::CallVoicemailAnnouncement;
        assert!(acceptable("audio/ogg", 9, case).is_ok());
        assert!(acceptable("audio/mpeg", 9, case).is_err());
        let limits = MediaLimits::default();
        let now = RuleTime::from_secs(1_790_000_000);
        assert_eq!(MediaFile::expiry(case, &limits, now), None);
        let ends = MediaFile::expiry(UseCase::Message, &limits, now).unwrap();
        let mut file = MediaFile::begin(MediaId(1), PhoneNumberId(2), &limits, now);
        assert!(!file.there(now), "nothing has arrived");
        file.complete = true;
        file.expires_at = Some(ends);
        assert!(file.there(RuleTime(ends.0 - 1)) && !file.there(ends));
    }

    #[test]
    fn each_quota_is_named_and_the_numbers_own_come_first() {
        let limits = MediaLimits::default();
        let refused = |of_number: Holding, of_all: Holding| {
            may_take(&of_number, &of_all, &limits).unwrap_err()
        };
        let with = |bytes, files, uploads| Holding {
            bytes,
            files,
            uploads,
        };
        let most = with(
            limits.number_bytes,
            limits.number_files,
            limits.number_uploads,
        );
        let most_of_all = with(limits.all_bytes, limits.all_files, limits.all_uploads);
        assert!(may_take(&most, &most_of_all, &limits).is_ok());
        let over = with(u64::MAX, u64::MAX, u64::MAX);
        assert!(
            refused(over, over)
                .to_string()
                .contains("its 2147483648 bytes")
        );
        assert!(
            refused(with(0, u64::MAX, 0), most)
                .to_string()
                .contains("its 10000 files")
        );
        for (number, all, secs) in [
            (most, with(u64::MAX, 0, 0), 3_600),
            (most, with(0, u64::MAX, 0), 3_600),
            (with(0, 0, 17), most_of_all, 5),
            (most, with(0, 0, 129), 5),
        ] {
            let Refusal::Full { retry_after, .. } = refused(number, all) else {
                panic!("{number:?} {all:?}");
            };
            assert_eq!(retry_after.as_secs(), secs);
        }
        // No number takes all there is.
        assert!(limits.number_bytes < limits.all_bytes && limits.number_files < limits.all_files);
        assert!(limits.number_uploads < limits.all_uploads);
    }
}
