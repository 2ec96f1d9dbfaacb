//! `call_analytics` of an account, between the wire and the use case.

use ahoy_calling::account::Waba;
use ahoy_calling::analytics::{Granularity, Question};
use ahoy_platform::{CallPoint, Platform};
use ahoy_wire::analytics::{
    CallAnalytics, CallAnalyticsQuery, DataPoint, Dimension, Granularity as Fineness, Metric,
    OneOrMany, amount,
};

use crate::answer::Refused;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// The country of a point where the number belongs to none.
const NO_COUNTRY: &str = "ZZ";

/// The answer to the question in `?fields=`; `None` where there is none.
pub(super) async fn of(
    platform: &Platform,
    asked: &Asked,
    waba: &Waba,
    fields: Option<&str>,
) -> Result<Option<CallAnalytics>, Refused> {
    let Some(query) = CallAnalyticsQuery::parse(fields.unwrap_or_default())? else {
        return Ok(None);
    };
    let by = |dimension| query.dimensions.contains(&dimension);
    let question = Question {
        start: query.start,
        end: query.end,
        granularity: match query.granularity {
            Fineness::HalfHour => Granularity::HalfHour,
            Fineness::Daily => Granularity::Daily,
            Fineness::Monthly => Granularity::Monthly,
        },
        zone: waba.zone.clone(),
        countries: query.country_codes.clone(),
        directions: query.directions.clone(),
        by_number: by(Dimension::Phone),
        by_direction: by(Dimension::Direction),
        by_country: by(Dimension::Country),
    };
    let points = platform
        .call_analytics(
            &asked.caller,
            waba.id,
            question,
            query.phone_numbers.clone(),
        )
        .await
        .or_refuse(&asked.incoming.method)?;
    Ok(Some(CallAnalytics {
        granularity: query.granularity,
        directions: OneOrMany::of(&query.directions),
        data_points: points.iter().map(|point| shown(point, &query)).collect(),
    }))
}

fn shown(point: &CallPoint, query: &CallAnalyticsQuery) -> DataPoint {
    let CallPoint {
        point,
        phone_number,
    } = point;
    let tells = |metric| query.metric_types.contains(&metric);
    DataPoint {
        start: point.start.secs(),
        end: point.end.secs(),
        count: tells(Metric::Count).then_some(point.figures.calls),
        cost: tells(Metric::Cost).then(|| amount(point.figures.cost.0)),
        average_duration: tells(Metric::AverageDuration).then(|| point.figures.average()),
        direction: point.direction,
        country: point
            .country
            .map(|country| country.map_or_else(|| NO_COUNTRY.to_owned(), |c| c.to_string())),
        phone_number: *phone_number,
    }
}
