//! `/{phone-number-id}/whatsapp_business_profile`, `/register` and `/deregister` (`graph-api.md` §7).

use serde::{Deserialize, Serialize};

use crate::calls::messaging_product;
use crate::{Body, GraphError};

/// The public profile of a number. Empty lines are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BusinessProfile {
    /// `whatsapp`.
    #[cfg_attr(feature = "openapi", schema(example = "whatsapp"))]
    pub messaging_product: String,
    /// Short line below the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Postal address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// What the business does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Address of the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_picture_url: Option<String>,
    /// At most two addresses of web sites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub websites: Vec<String>,
    /// Line of business.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vertical: String,
}

/// All fields of a [`BusinessProfile`].
pub const PROFILE_FIELDS: &[&str] = &[
    "about",
    "address",
    "description",
    "email",
    "messaging_product",
    "profile_picture_url",
    "vertical",
    "websites",
];

/// Answer to `GET …/whatsapp_business_profile`: a list of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BusinessProfiles {
    /// The profile.
    pub data: Vec<BusinessProfile>,
}

/// Body of `POST …/whatsapp_business_profile`: what is absent stays as it is, an empty text takes a line away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// Short line below the name.
    pub about: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// What the business does.
    pub description: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Line of business.
    pub vertical: Option<String>,
    /// Addresses of web sites, all of them.
    pub websites: Option<Vec<String>>,
}

impl ProfileChange {
    /// Reads a change.
    ///
    /// # Errors
    /// Code 100 for a parameter of another type, and for a picture: there is no upload of handles here.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        messaging_product(&fields)?;
        if fields.has("profile_picture_handle") {
            return Err(GraphError::invalid(
                "The parameter `profile_picture_handle` is not supported by this server: pictures are set through its admin API.",
            ));
        }
        let text = |name| Ok::<_, GraphError>(fields.text(name)?.map(str::to_owned));
        Ok(Self {
            about: text("about")?,
            address: text("address")?,
            description: text("description")?,
            email: text("email")?,
            vertical: text("vertical")?,
            websites: fields.list("websites")?,
        })
    }
}

/// Body of `POST …/register`: the two-step PIN.
///
/// # Errors
/// Code 100 for what is missing or of another type, and for a place of storage, which this server does not offer.
pub fn parse_register(body: &Body) -> Result<String, GraphError> {
    let fields = body.fields();
    messaging_product(&fields)?;
    if fields.has("data_localization_region") {
        return Err(GraphError::invalid(
            "The parameter `data_localization_region` is not supported: data stays on this server.",
        ));
    }
    // A number would have lost the zeros in front; as text it keeps them.
    Ok(fields.required_text("pin")?.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn body(json: &str) -> Body {
        Body::parse(Some("application/json"), json.as_bytes()).unwrap()
    }

    #[test]
    fn a_pin_is_text() {
        let pin = |json: &str| parse_register(&body(json));
        assert_eq!(
            pin(r#"{"messaging_product":"whatsapp","pin":"012345"}"#),
            Ok("012345".into())
        );
        for (json, name) in [
            (r#"{"messaging_product":"whatsapp"}"#, "`pin`"),
            (r#"{"messaging_product":"whatsapp","pin":12345}"#, "`pin`"),
            (r#"{"pin":"012345"}"#, "`messaging_product`"),
            (
                r#"{"messaging_product":"whatsapp","pin":"012345","data_localization_region":"DE"}"#,
                "`data_localization_region`",
            ),
        ] {
            let details = pin(json).unwrap_err().details;
            assert!(details.contains(name), "{details}");
        }
    }

    #[test]
    fn a_change_says_what_it_changes() {
        let change = ProfileChange::parse(&body(
            r#"{"messaging_product":"whatsapp","about":"Open","websites":["https://a.example"],"email":null}"#,
        ))
        .unwrap();
        assert_eq!(change.about.as_deref(), Some("Open"));
        assert_eq!(change.websites.unwrap(), ["https://a.example"]);
        assert_eq!(change.email, None);
        let picture = r#"{"messaging_product":"whatsapp","profile_picture_handle":"4::x"}"#;
        let details = ProfileChange::parse(&body(picture)).unwrap_err().details;
        assert!(details.contains("`profile_picture_handle`"));
    }
}
