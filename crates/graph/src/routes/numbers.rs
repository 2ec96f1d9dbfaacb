//! `GET /{waba-id}/phone_numbers` with its pages, and a number as a node (`graph-api.md` §7).

use ahoy_calling::account::{Number, Scope};
use ahoy_calling::limits::Profile;
use ahoy_platform::{Node, Platform};
use ahoy_store::Page;
use ahoy_types::{PhoneNumberId, WabaId};
use ahoy_wire::GraphError;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::filtering::NumberFilter;
use ahoy_wire::nodes::{
    Cursors, PHONE_NUMBER_DEFAULTS, PHONE_NUMBER_FIELDS, Paging, PhoneNumber, PhoneNumbers,
    QualityScore, Throughput, select,
};
use ahoy_wire::subscriptions::WebhookConfiguration;
use ahoy_wire::templates::TemplateSummary;
use axum::extract::State;
use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::incoming::{Asked, Incoming};
use crate::refusal::OrRefuse as _;
use crate::routes::health;

/// Numbers on a page unless asked otherwise.
const DEFAULT_LIMIT: u64 = 25;
/// Numbers on a page at most.
const MAX_LIMIT: u64 = 100;
/// Numbers read at a time where not all of them are wanted.
const STRIDE: usize = 500;
/// Quality of a number's messages; nothing here rates them. That of its calls is its standing.
const QUALITY: &str = "UNKNOWN";
/// Name of the node's kind in sentences.
const KIND: &str = "WhatsAppBusinessPhoneNumber";

/// A page with the fields that were asked for.
#[derive(Debug, Serialize)]
pub(crate) struct SelectedPage {
    pub(super) data: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paging: Option<Paging>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<TemplateSummary>,
}

/// The phone numbers of an account, by ascending id.
#[utoipa::path(
    get,
    path = "/{waba_id}/phone_numbers",
    operation_id = "phone_numbers",
    tag = "nodes",
    params(
        ("waba_id" = String, Path, description = "The account"),
        ("fields" = Option<String>, Query, description = "Fields of each number"),
        ("filtering" = Option<String>, Query, description = "Conditions, all of which must hold: `[{\"field\":\"account_mode\",\"operator\":\"EQUAL\",\"value\":\"SANDBOX\"}]`, with the fields `account_mode`, `messaging_limit_tier` and `is_official_business_account`"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "A cursor: only what comes after it"),
        ("before" = Option<String>, Query, description = "A cursor: only what comes before it"),
    ),
    responses(
        (status = 200, description = "A page of numbers", body = PhoneNumbers),
        (status = 400, description = "Code 100: parameter or unknown account", body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<SelectedPage>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let query = asked.incoming.query();
    let fields = query.fields();
    if fields.has("sort") {
        return Err(GraphError::invalid(
            "The parameter `sort` is not supported by this server: numbers come by ascending id.",
        )
        .into());
    }
    let filter = match fields.text("filtering")? {
        Some(text) => NumberFilter::parse(text)?,
        None => NumberFilter::default(),
    };
    let list = List {
        state: &state,
        asked: &asked,
        waba,
        filter,
    };
    let limit = match fields.integer("limit")?.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => usize::try_from(limit).unwrap_or(usize::MAX),
        other => {
            let range = format!("1 to {MAX_LIMIT}");
            return Err(fields
                .not_allowed("limit", &other.to_string(), &range)
                .into());
        }
    };
    let after = fields
        .text("after")?
        .map(|text| cursor("after", text))
        .transpose()?;
    let before = fields
        .text("before")?
        .map(|text| cursor("before", text))
        .transpose()?;
    let (numbers, more) = match before {
        Some(before) => (list.backwards(before, limit)?, true),
        None => {
            // One more than asked for says whether there is a next page.
            let mut numbers = list.forwards(after, limit + 1)?;
            let more = numbers.len() > limit;
            numbers.truncate(limit);
            (numbers, more)
        }
    };
    let requested = fields.text("fields")?;
    let healthless = health::without(requested);
    let mut data = Vec::with_capacity(numbers.len());
    for number in &numbers {
        let rest = healthless.as_deref().or(requested);
        let mut answer = selected(&state.platform, &asked, number, rest)?;
        if healthless.is_some() {
            let node = Node::Number(Box::new(number.clone()));
            health::add(&state.platform, &asked, &node, &mut answer)?;
        }
        data.push(answer);
    }
    let paging = match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) => {
            let after = text_of(last.id);
            Some(Paging {
                next: if more {
                    next_page(&asked.incoming, &["fields", "filtering", "limit"], &after)
                } else {
                    None
                },
                cursors: Cursors {
                    before: text_of(first.id),
                    after,
                },
            })
        }
        _ => None,
    };
    Ok(Answer(SelectedPage {
        data,
        paging,
        summary: None,
    }))
}

/// The numbers of an account that a request is after. The store lists forwards and filters nothing; accounts have few numbers.
struct List<'a> {
    state: &'a GraphState,
    asked: &'a Asked,
    waba: WabaId,
    filter: NumberFilter,
}

impl List<'_> {
    fn page(&self, after: Option<PhoneNumberId>, limit: usize) -> Result<Vec<Number>, Refused> {
        let page = Page { after, limit };
        let platform = &self.state.platform;
        let numbers = platform.numbers_of(&self.asked.caller, self.waba, page);
        numbers.or_refuse(&self.asked.incoming.method)
    }

    fn lets_through(&self, number: &Number) -> bool {
        self.filter.is_empty() || self.filter.lets_through(&node(number))
    }

    /// The first `limit` numbers behind a cursor.
    fn forwards(
        &self,
        mut after: Option<PhoneNumberId>,
        limit: usize,
    ) -> Result<Vec<Number>, Refused> {
        if self.filter.is_empty() {
            return self.page(after, limit);
        }
        let mut kept = Vec::new();
        while kept.len() < limit {
            let numbers = self.page(after, STRIDE)?;
            let Some(last) = numbers.last().map(|number| number.id) else {
                break;
            };
            kept.extend(numbers.into_iter().filter(|n| self.lets_through(n)));
            after = Some(last);
        }
        kept.truncate(limit);
        Ok(kept)
    }

    /// The last `limit` numbers before a cursor.
    fn backwards(&self, before: PhoneNumberId, limit: usize) -> Result<Vec<Number>, Refused> {
        let mut kept: Vec<Number> = Vec::new();
        let mut after = None;
        loop {
            let numbers = self.page(after, STRIDE)?;
            let Some(last) = numbers.last().map(|number| number.id) else {
                break;
            };
            let wanted = |number: &Number| number.id < before && self.lets_through(number);
            kept.extend(numbers.into_iter().filter(wanted));
            let surplus = kept.len().saturating_sub(limit);
            kept.drain(..surplus);
            if last >= before {
                break;
            }
            after = Some(last);
        }
        Ok(kept)
    }
}

fn text_of(id: PhoneNumberId) -> String {
    URL_SAFE_NO_PAD.encode(id.0.to_be_bytes())
}

fn cursor(name: &str, text: &str) -> Result<PhoneNumberId, GraphError> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let id = bytes.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    id.map(|id| PhoneNumberId(u64::from_be_bytes(id)))
        .ok_or_else(|| {
            GraphError::invalid(format!(
                "The parameter `{name}` has the value `{}`, which is not a cursor of this list.",
                ahoy_wire::body::excerpt(text)
            ))
        })
}

/// Address of the next page: this request's, with another cursor, without the token, and of its parameters those `kept`.
pub(super) fn next_page(incoming: &Incoming, kept: &[&str], after: &str) -> Option<String> {
    incoming.headers.get(header::HOST)?;
    let mut url = format!("{}{}", origin(incoming), incoming.place.sent);
    let mut separator = '?';
    let query = incoming.query();
    let fields = query.fields();
    for name in kept {
        if let Ok(Some(value)) = fields.text(name) {
            let value =
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            url.push_str(&format!("{separator}{name}={value}"));
            separator = '&';
        }
    }
    url.push_str(&format!("{separator}after={after}"));
    Some(url)
}

/// Scheme and host under which the client reached this server; `localhost` where it did not say.
pub(super) fn origin(incoming: &Incoming) -> String {
    let header = |name: &str| {
        incoming
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let scheme = header("x-forwarded-proto").filter(|p| matches!(*p, "http" | "https"));
    let host = header(header::HOST.as_str()).unwrap_or("localhost");
    format!("{}://{host}", scheme.unwrap_or("http"))
}

/// A number with the fields that were asked for.
pub(super) fn selected(
    platform: &Platform,
    asked: &Asked,
    number: &Number,
    requested: Option<&str>,
) -> Result<Map<String, Value>, Refused> {
    let mut node = node(number);
    if requested.is_some_and(|fields| fields.contains("webhook_configuration")) {
        let urls = platform.webhook_configuration(&asked.caller, number);
        let [phone_number, whatsapp_business_account, application] =
            urls.or_refuse(&asked.incoming.method)?;
        node.webhook_configuration = Some(WebhookConfiguration {
            phone_number,
            whatsapp_business_account,
            application,
        });
    }
    let selected = select(
        &node,
        requested,
        PHONE_NUMBER_DEFAULTS,
        PHONE_NUMBER_FIELDS,
        KIND,
    )?;
    Ok(selected)
}

/// What is known of a number.
fn node(number: &Number) -> PhoneNumber {
    let text = |text: &str| Some(text.to_owned());
    let platform = if number.registration.registered {
        "CLOUD_API"
    } else {
        "NOT_APPLICABLE"
    };
    PhoneNumber {
        id: number.id,
        display_phone_number: Some(number.number.international()),
        verified_name: Some(number.verified_name.clone()),
        quality_rating: text(QUALITY),
        quality_score: Some(QualityScore {
            score: QUALITY.to_owned(),
        }),
        code_verification_status: text(if number.registration.verified {
            "VERIFIED"
        } else {
            "NOT_VERIFIED"
        }),
        name_status: text(number.about.name_status.as_str()),
        status: text(if number.registration.registered {
            "CONNECTED"
        } else {
            "DISCONNECTED"
        }),
        throughput: Some(Throughput {
            level: "STANDARD".to_owned(),
        }),
        platform_type: text(platform),
        account_mode: text(match number.profile {
            Profile::Production => "LIVE",
            Profile::Sandbox | Profile::Test => "SANDBOX",
        }),
        whatsapp_business_manager_messaging_limit: text(number.messaging_limit.as_str()),
        messaging_limit_tier: text(number.messaging_limit.as_str()),
        host_platform: text(platform),
        is_on_biz_app: Some(number.registration.on_biz_app),
        is_official_business_account: Some(number.about.official),
        is_pin_enabled: Some(number.registration.pin_set()),
        country_code: number.number.country().map(|country| country.to_string()),
        country_dial_code: number.number.calling_code().map(|code| code.to_string()),
        webhook_configuration: None,
        health_status: None,
    }
}
