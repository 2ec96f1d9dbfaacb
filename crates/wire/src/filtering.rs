//! `?filtering=` of a list of phone numbers: `[{"field":"account_mode","operator":"EQUAL","value":"SANDBOX"}]`.
//!
//! `graph-api.md` §7 names the parameter; its form is the one the platform of reference prints in its own samples, where the quotes
//! are single ones. Both kinds are read.

use serde_json::Value;

use crate::GraphError;
use crate::body::excerpt;
use crate::nodes::PhoneNumber;

/// Conditions of a list at most.
const CONDITIONS: usize = 10;
/// The comparison this server knows.
const EQUAL: &str = "EQUAL";

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    AccountMode,
    MessagingLimitTier,
    OfficialAccount,
}

impl Field {
    const ALL: [(&'static str, Self); 4] = [
        ("account_mode", Self::AccountMode),
        ("messaging_limit_tier", Self::MessagingLimitTier),
        (
            "whatsapp_business_manager_messaging_limit",
            Self::MessagingLimitTier,
        ),
        ("is_official_business_account", Self::OfficialAccount),
    ];
}

/// One condition: a field has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    field: Field,
    value: String,
}

/// What numbers of a list must be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberFilter(Vec<Condition>);

impl NumberFilter {
    /// Reads the parameter.
    ///
    /// # Errors
    /// Code 100 with what is wrong in it.
    pub fn parse(text: &str) -> Result<Self, GraphError> {
        let read = crate::json::parse(text.as_bytes())
            .or_else(|_| crate::json::parse(text.replace('\'', "\"").as_bytes()));
        let Ok(Value::Array(items)) = read else {
            return Err(bad(&format!(
                "has the value `{}`; a JSON list of conditions is expected, such as [{{\"field\":\"account_mode\",\"operator\":\"EQUAL\",\"value\":\"SANDBOX\"}}]",
                excerpt(text)
            )));
        };
        if items.len() > CONDITIONS {
            return Err(bad(&format!(
                "has {} conditions; at most {CONDITIONS} are allowed",
                items.len()
            )));
        }
        let conditions = items.iter().map(condition).collect::<Result<_, _>>()?;
        Ok(Self(conditions))
    }

    /// Whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a number is let through.
    pub fn lets_through(&self, number: &PhoneNumber) -> bool {
        self.0.iter().all(|condition| {
            let value = condition.value.as_str();
            match condition.field {
                Field::AccountMode => number.account_mode.as_deref() == Some(value),
                Field::MessagingLimitTier => {
                    number.whatsapp_business_manager_messaging_limit.as_deref() == Some(value)
                }
                Field::OfficialAccount => number.is_official_business_account == value.parse().ok(),
            }
        })
    }
}

fn bad(what: &str) -> GraphError {
    GraphError::invalid(format!("The parameter `filtering` {what}."))
}

fn condition(item: &Value) -> Result<Condition, GraphError> {
    let text = |key: &str| {
        let value = item.get(key).ok_or_else(|| {
            bad(&format!(
                "has the condition `{}`, which lacks `{key}`",
                excerpt(&item.to_string())
            ))
        })?;
        Ok(match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let (name, operator, value) = (text("field")?, text("operator")?, text("value")?);
    let field = Field::ALL.iter().find(|(known, _)| *known == name);
    let Some((_, field)) = field else {
        let known: Vec<&str> = Field::ALL.iter().map(|(known, _)| *known).collect();
        return Err(bad(&format!(
            "names the field `{}`, which is none of {}",
            excerpt(&name),
            known.join(", ")
        )));
    };
    if operator != EQUAL {
        return Err(bad(&format!(
            "names the operator `{}`; this server knows {EQUAL} alone",
            excerpt(&operator)
        )));
    }
    if *field == Field::OfficialAccount && value.parse::<bool>().is_err() {
        return Err(bad(&format!(
            "compares `{name}` with `{}`; true or false is expected",
            excerpt(&value)
        )));
    }
    Ok(Condition {
        field: *field,
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        match NumberFilter::parse(text) {
            Ok(filter) => format!("taken: {filter:?}"),
            Err(error) => error.details,
        }
    }

    #[test]
    fn both_kinds_of_quotes_are_read() {
        let double = r#"[{"field":"account_mode","operator":"EQUAL","value":"SANDBOX"}]"#;
        let single = double.replace('"', "'");
        assert_eq!(NumberFilter::parse(double), NumberFilter::parse(&single));
        let filter = NumberFilter::parse(double).unwrap_or_default();
        assert!(!filter.is_empty());
        let none = NumberFilter::parse("[]");
        assert!(none.is_ok_and(|none| none.is_empty()));
    }

    #[test]
    fn each_mistake_is_named() {
        for (text, named) in [
            ("SANDBOX", "a JSON list"),
            ("{}", "a JSON list"),
            ("[7]", "lacks `field`"),
            (
                r#"[{"field":"account_mode","operator":"EQUAL"}]"#,
                "lacks `value`",
            ),
            (
                r#"[{"field":"colour","operator":"EQUAL","value":"red"}]"#,
                "`colour`",
            ),
            (
                r#"[{"field":"account_mode","operator":"GREATER_THAN","value":"A"}]"#,
                "`GREATER_THAN`",
            ),
            (
                r#"[{"field":"is_official_business_account","operator":"EQUAL","value":"maybe"}]"#,
                "`maybe`",
            ),
        ] {
            let said = refusal(text);
            assert!(said.contains(named), "{text}: {said}");
            assert!(said.starts_with("The parameter `filtering`"), "{said}");
        }
        let one = r#"{"field":"account_mode","operator":"EQUAL","value":"LIVE"}"#;
        let many = format!("[{}]", [one; CONDITIONS + 1].join(","));
        assert!(refusal(&many).contains("at most 10"));
    }
}
