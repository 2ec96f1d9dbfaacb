//! Message templates and uploaded media.

use ahoy_calling::media::MediaFile;
use ahoy_calling::template::Template;
use ahoy_types::{MediaId, PhoneNumberId, TemplateId, WabaId};

use crate::Result;

/// Reading them.
pub trait TemplateRows {
    /// A template.
    fn template(&mut self, id: TemplateId) -> Result<Option<Template>>;
    /// A template by name and language.
    fn template_by_name(
        &mut self,
        waba: WabaId,
        name: &str,
        language: &str,
    ) -> Result<Option<Template>>;
    /// All templates of an account by ascending id; the rules bound how many there are.
    fn templates_of(&mut self, waba: WabaId) -> Result<Vec<Template>>;
    /// A media file, whether complete or not.
    fn media(&mut self, id: MediaId) -> Result<Option<MediaFile>>;
    /// Bytes and files that have wholly arrived, of one number and of all.
    fn media_held(&mut self, number: PhoneNumberId) -> Result<[MediaHeld; 2]>;
    /// The `n`-th part of a file's bytes, from 0; `None` after the last.
    fn media_part(&mut self, id: MediaId, n: u32) -> Result<Option<Vec<u8>>>;
}

/// How much there is of media files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaHeld {
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// Writing them.
pub trait TemplateTx: TemplateRows {
    /// Creates or replaces a template; name and language are taken once an account.
    fn put_template(&mut self, row: &Template) -> Result<()>;
    /// Removes a template; says whether it was there.
    fn delete_template(&mut self, id: TemplateId) -> Result<bool>;
    /// Creates or replaces what is known of a file; its bytes stay.
    fn put_media(&mut self, row: &MediaFile) -> Result<()>;
    /// Adds the `n`-th part of a file's bytes; the file must be there. Large files come in parts, each its own
    /// commit, so that none of them holds up calls.
    fn add_media_part(&mut self, id: MediaId, n: u32, bytes: &[u8]) -> Result<()>;
    /// Removes a file and its bytes; says whether it was there.
    fn delete_media(&mut self, id: MediaId) -> Result<bool>;
}
