//! The review of a template. Nobody reads it; what can be decided by a rule is.

use super::{Draft, Header, Reason, Template};

/// Hosts whose links hide where they lead.
const SHORTENERS: [&str; 9] = [
    "wa.me",
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "cutt.ly",
    "rebrand.ly",
];

/// Whether a template passes. `others` are the account's other templates.
///
/// # Errors
/// The reason for its rejection: shortened links, or body and footer of an approved template of the same language.
pub fn review<'t>(
    draft: &Draft,
    others: impl IntoIterator<Item = &'t Template>,
) -> Result<(), Reason> {
    let content = &draft.content;
    let header = match &content.header {
        Some(Header::Text(header)) => header.text.as_str(),
        _ => "",
    };
    let urls = content.buttons.iter().filter_map(|button| match button {
        super::Button::Url { url, .. } => Some(url.as_str()),
        _ => None,
    });
    let texts = [header, &content.body.text]
        .into_iter()
        .chain(content.footer.as_deref())
        .chain(urls);
    if texts.into_iter().any(has_shortener) {
        return Err(Reason::InvalidFormat);
    }
    let twin = others.into_iter().any(|other| {
        other.status == super::Status::Approved
            && other.draft.language == draft.language
            && other.draft.content.body.text == content.body.text
            && other.draft.content.footer == content.footer
            && other.draft.content.buttons == content.buttons
            && other.draft.content.call_permission_request == content.call_permission_request
    });
    if twin {
        Err(Reason::InvalidFormat)
    } else {
        Ok(())
    }
}

fn has_shortener(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let stop = |c: char| c.is_whitespace() || matches!(c, '/' | '(' | ')' | '<' | '>' | ',' | ':');
    text.split(stop)
        .any(|word| SHORTENERS.contains(&word.trim_end_matches(['.', '!', '?', ';'])))
}
