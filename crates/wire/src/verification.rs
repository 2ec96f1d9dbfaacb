//! `POST /{waba-id}/phone_numbers`, `/{phone-number-id}/request_code`, `/verify_code` and `/official_business_account`
//! (`graph-api.md` §7).

use ahoy_types::WaId;
use serde::{Deserialize, Serialize};

use crate::{Body, GraphError};

/// Body of `POST /{waba-id}/phone_numbers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNumber {
    /// The number, country code included.
    pub number: WaId,
    /// The name phones show.
    pub verified_name: String,
}

impl NewNumber {
    /// Reads it. The country code stands in `cc`, or in `country_code` as some clients have it.
    ///
    /// # Errors
    /// Code 100 for what is missing, of another type, or no telephone number.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        let code = if fields.has("cc") {
            "cc"
        } else {
            "country_code"
        };
        if !fields.has(code) {
            return Err(GraphError::invalid("The parameter `cc` is required."));
        }
        let country = fields.text_or_integer(code)?.unwrap_or_default();
        let rest = fields
            .text_or_integer("phone_number")?
            .ok_or_else(|| GraphError::invalid("The parameter `phone_number` is required."))?;
        // Some clients repeat the country code in front of the number.
        let whole = match rest.strip_prefix('+') {
            Some(whole) => whole.to_owned(),
            None => format!("{}{rest}", country.trim_start_matches('+')),
        };
        let number = WaId::parse_loose(&whole).map_err(|e| {
            GraphError::invalid(format!("The parameter `phone_number` does not fit: {e}."))
        })?;
        let country = country.trim_start_matches('+');
        if number
            .calling_code()
            .map(|known| known.to_string())
            .as_deref()
            != Some(country)
        {
            return Err(GraphError::invalid(format!(
                "The parameter `{code}` is not the country code of {}.",
                number.international()
            )));
        }
        Ok(Self {
            number,
            verified_name: fields.required_text("verified_name")?.to_owned(),
        })
    }
}

/// Answer to `POST /{waba-id}/phone_numbers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberAdded {
    /// The new number's node.
    #[cfg_attr(feature = "openapi", schema(example = "710000000000004"))]
    pub id: String,
}

/// What `request_code` asks for: the word of `code_method`, and the language.
///
/// # Errors
/// Code 100 for what is missing or of another type.
pub fn parse_request_code(body: &Body) -> Result<(String, String), GraphError> {
    let fields = body.fields();
    let method = fields.required_text("code_method")?.to_owned();
    let language = fields.required_text("language")?.to_owned();
    Ok((method, language))
}

/// The code that `verify_code` gives back.
///
/// # Errors
/// Code 100 where it is missing or no text of digits.
pub fn parse_verify_code(body: &Body) -> Result<String, GraphError> {
    let fields = body.fields();
    let code = fields.text_or_integer("code")?;
    let code = code.ok_or_else(|| GraphError::invalid("The parameter `code` is required."))?;
    // Users type it as they read it: `123-456`.
    Ok(code.replace(['-', ' '], ""))
}

/// Answer to `GET /{phone-number-id}/official_business_account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfficialAccount {
    /// The number.
    pub id: String,
    /// `NOT_STARTED`, `PENDING`, `UNDER_REVIEW`, `APPROVED`, `REJECTED`, `EXPIRED` or `CANCELLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oba_status: Option<String>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
}

/// All fields of an [`OfficialAccount`].
pub const OFFICIAL_ACCOUNT_FIELDS: &[&str] = &["id", "oba_status", "status_message"];

/// Checks the body of `POST /{phone-number-id}/official_business_account`; nothing of it is kept. `links` are least and most
/// supporting links, `chars` the longest text.
///
/// # Errors
/// Code 100 for what is missing, too long or of another type.
pub fn check_badge_request(
    body: &Body,
    links: (usize, usize),
    chars: usize,
) -> Result<(), GraphError> {
    let fields = body.fields();
    for name in ["business_website_url", "primary_country_of_operation"] {
        fields.required_text(name)?;
    }
    for name in [
        "business_website_url",
        "primary_country_of_operation",
        "primary_language",
        "parent_business_or_brand",
        "additional_supporting_information",
    ] {
        fields.short_text(name, chars)?;
    }
    let listed = fields.list("supporting_links")?.unwrap_or_default();
    let website = fields.required_text("business_website_url")?;
    if !website.starts_with("https://") && !website.starts_with("http://") {
        return Err(GraphError::invalid(
            "The parameter `business_website_url` is no address of a web site.",
        ));
    }
    let (least, most) = links;
    if !listed.is_empty() && !(least..=most).contains(&listed.len())
        || listed.iter().any(|link| link.chars().count() > chars)
    {
        return Err(GraphError::invalid(format!(
            "The parameter `supporting_links` takes {least} to {most} addresses of at most {chars} characters."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn body(json: &str) -> Body {
        Body::parse(Some("application/json"), json.as_bytes()).unwrap()
    }

    #[test]
    fn a_number_is_written_with_its_country_code_apart_or_in_front() {
        let number = |json: &str| NewNumber::parse(&body(json)).map(|new| new.number.to_string());
        for json in [
            r#"{"cc":"44","phone_number":"2079460003","verified_name":"Quay"}"#,
            r#"{"cc":44,"phone_number":2079460003,"verified_name":"Quay"}"#,
            r#"{"country_code":"+44","phone_number":"20 7946 0003","verified_name":"Quay"}"#,
            r#"{"cc":"44","phone_number":"+44 20 7946 0003","verified_name":"Quay"}"#,
        ] {
            assert_eq!(number(json), Ok("442079460003".into()), "{json}");
        }
        for (json, named) in [
            (
                r#"{"phone_number":"2079460003","verified_name":"Q"}"#,
                "`cc`",
            ),
            (r#"{"cc":"44","verified_name":"Q"}"#, "`phone_number`"),
            (
                r#"{"cc":"44","phone_number":"2079460003"}"#,
                "`verified_name`",
            ),
            (
                r#"{"cc":"34","phone_number":"+442079460003","verified_name":"Q"}"#,
                "`cc`",
            ),
            (
                r#"{"cc":"44","phone_number":"x","verified_name":"Q"}"#,
                "`phone_number`",
            ),
            (
                r#"{"cc":"44","phone_number":["2079460003"],"verified_name":"Q"}"#,
                "`phone_number`",
            ),
        ] {
            let details = NewNumber::parse(&body(json)).unwrap_err().details;
            assert!(details.contains(named), "{json}: {details}");
        }
    }

    #[test]
    fn a_code_may_have_a_hyphen_or_be_a_number() {
        for json in [
            r#"{"code":"123-456"}"#,
            r#"{"code":123456}"#,
            r#"{"code":"123 456"}"#,
        ] {
            assert_eq!(parse_verify_code(&body(json)).unwrap(), "123456");
        }
        assert!(parse_verify_code(&body("{}")).is_err());
    }
}
