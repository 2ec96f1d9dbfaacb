//! Shapes of components that some template could take.

use super::{Component, Parameter};
use crate::GraphError;
use crate::body::{Fields, excerpt};

/// Buttons of a template at most; of these, those that open a page (`graph-api.md` §6).
const BUTTONS: u32 = 10;
const URL_BUTTONS: usize = 2;

/// The components so far: a header, a body and each button come once.
#[derive(Default)]
pub(super) struct Shape {
    header: bool,
    body: bool,
    voice_call: bool,
    urls: usize,
    places: Vec<u32>,
}

impl Shape {
    /// Takes the next component.
    ///
    /// # Errors
    /// Code 100 with the component's name, if no template could take it beside those before.
    pub(super) fn take(
        &mut self,
        fields: &Fields<'_>,
        component: &Component,
    ) -> Result<(), GraphError> {
        let values = &component.parameters;
        match component.kind.as_str() {
            "header" => {
                once(fields, &mut self.header, "a header")?;
                let fits = |value: &Parameter| {
                    matches!(value, Parameter::Text { .. } | Parameter::File { .. })
                };
                all(fields, values, fits, "a header", "text or one file")?;
                at_most_one(fields, values, "a header")
            }
            "body" => {
                once(fields, &mut self.body, "a body")?;
                let text = |value: &Parameter| matches!(value, Parameter::Text { .. });
                all(fields, values, text, "a body", "text")?;
                let named = values.iter().filter(|value| value.is_named()).count();
                if named != 0 && named != values.len() {
                    return Err(GraphError::invalid(format!(
                        "The parameter `{}` has values with a parameter_name beside values without: the variables of a template have names, or numbers.",
                        fields.name("parameters")
                    )));
                }
                Ok(())
            }
            "button" => self.button(fields, component),
            other => Err(fields.not_allowed("type", &excerpt(other), "header, body or button")),
        }
    }

    fn button(&mut self, fields: &Fields<'_>, component: &Component) -> Result<(), GraphError> {
        let values = &component.parameters;
        let kind = component.sub_type.as_deref();
        match kind {
            Some("voice_call") => {
                once(fields, &mut self.voice_call, "a voice_call button")?;
                let minutes = |value: &Parameter| matches!(value, Parameter::TtlMinutes(_));
                let payload = |value: &Parameter| matches!(value, Parameter::Payload(_));
                let fits = |value: &Parameter| minutes(value) || payload(value);
                let what = "a voice_call button";
                all(fields, values, fits, what, "ttl_minutes and payload")?;
                for kind in [&minutes as &dyn Fn(&Parameter) -> bool, &payload] {
                    if values.iter().filter(|value| kind(value)).count() > 1 {
                        return Err(GraphError::invalid(format!(
                            "The parameter `{}` has two values of one type; {what} takes ttl_minutes and payload once each.",
                            fields.name("parameters")
                        )));
                    }
                }
            }
            Some("url") => {
                let text = |value: &Parameter| matches!(value, Parameter::Text { .. });
                all(fields, values, text, "a url button", "text")?;
                at_most_one(fields, values, "a url button")?;
                self.urls += 1;
                if self.urls > URL_BUTTONS {
                    return Err(GraphError::invalid(format!(
                        "The parameter `{}` is one url button too many: a template has at most {URL_BUTTONS}.",
                        fields.name("sub_type")
                    )));
                }
            }
            Some("quick_reply") => {
                let payload = |value: &Parameter| matches!(value, Parameter::Payload(_));
                all(fields, values, payload, "a quick_reply button", "payload")?;
                at_most_one(fields, values, "a quick_reply button")?;
            }
            Some(other) => {
                let allowed = "voice_call, url or quick_reply";
                return Err(fields.not_allowed("sub_type", &excerpt(other), allowed));
            }
            None => return Err(fields.missing("sub_type")),
        }
        match component.index {
            Some(index) if index >= BUTTONS => Err(GraphError::invalid(format!(
                "The parameter `{}` is {index}; the {BUTTONS} buttons of a template at most are counted from 0.",
                fields.name("index")
            ))),
            Some(index) if self.places.contains(&index) => Err(GraphError::invalid(format!(
                "The parameter `{}` is {index}, as that of another component: each button has one.",
                fields.name("index")
            ))),
            Some(index) => {
                self.places.push(index);
                Ok(())
            }
            // There is one call button at most, so it needs no place.
            None if kind == Some("voice_call") => Ok(()),
            None => Err(fields.missing("index")),
        }
    }
}

impl Parameter {
    fn is_named(&self) -> bool {
        matches!(self, Self::Text { name: Some(_), .. })
    }
}

fn once(fields: &Fields<'_>, seen: &mut bool, what: &str) -> Result<(), GraphError> {
    if std::mem::replace(seen, true) {
        return Err(GraphError::invalid(format!(
            "The parameter `{}` names {what} for the second time; a template has one.",
            fields.name("type")
        )));
    }
    Ok(())
}

fn all(
    fields: &Fields<'_>,
    values: &[Parameter],
    fits: impl Fn(&Parameter) -> bool,
    what: &str,
    expected: &str,
) -> Result<(), GraphError> {
    match values.iter().position(|value| !fits(value)) {
        None => Ok(()),
        Some(at) => Err(GraphError::invalid(format!(
            "The parameter `{}[{at}]` is of a type that {what} does not take: {expected} is expected.",
            fields.name("parameters")
        ))),
    }
}

fn at_most_one(fields: &Fields<'_>, values: &[Parameter], what: &str) -> Result<(), GraphError> {
    if values.len() > 1 {
        return Err(GraphError::invalid(format!(
            "The parameter `{}` has {} values; {what} takes one.",
            fields.name("parameters"),
            values.len()
        )));
    }
    Ok(())
}
