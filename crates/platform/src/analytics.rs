//! Figures about an account's calls (`graph-api.md` §7): read from sums, never from the calls themselves.

use ahoy_calling::Refusal;
use ahoy_calling::account::{Number, Scope, Waba};
use ahoy_calling::analytics::{Point, Question, Table};
use ahoy_store::{Page, Result as StoreResult, Rows, SumsOf};
use ahoy_types::{PhoneNumberId, WaId, WabaId};

use crate::account::Caller;
use crate::business::internal;
use crate::platform::Platform;

/// Numbers read at once.
const PAGE: usize = 1_000;

/// A point with the number it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallPoint {
    /// The point.
    pub point: Point,
    /// The business's number, where a point each number was asked for.
    pub phone_number: Option<WaId>,
}

impl Platform {
    /// Answers a question about an account's calls; `numbers` leaves all but those out, unless it is empty.
    ///
    /// # Errors
    /// 100 for a number of somebody else, a time beyond the look-back and an answer too large; 10 without the permission.
    pub async fn call_analytics(
        &self,
        caller: &Caller,
        waba: WabaId,
        question: Question,
        numbers: Vec<WaId>,
    ) -> Result<Vec<CallPoint>, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        let waba = self.waba_for(caller, waba)?;
        question
            .check(self.clock().now())
            .map_err(Refusal::Invalid)?;
        let platform = self.clone();
        // A year of half hours takes its time: not on the threads that serve requests.
        let answering =
            tokio::task::spawn_blocking(move || platform.answer(&waba, &question, &numbers));
        answering
            .await
            .unwrap_or_else(|e| Err(Refusal::Internal(format!("the figures broke off: {e}"))))
    }

    fn answer(
        &self,
        waba: &Waba,
        question: &Question,
        numbers: &[WaId],
    ) -> Result<Vec<CallPoint>, Refusal> {
        let mut table = Table::new(question);
        let read = self.read(|rows| {
            let whole = numbers.is_empty() && !question.by_number;
            if whole {
                let full = sums(rows, waba, None, question, &mut table)?;
                return Ok((full.map(Refusal::Invalid), Vec::new()));
            }
            let numbers = match named(rows, waba, numbers)? {
                Ok(numbers) => numbers,
                Err(refusal) => return Ok((Some(refusal), Vec::new())),
            };
            for number in &numbers {
                if let Some(full) = sums(rows, waba, Some(number.id), question, &mut table)? {
                    return Ok((Some(Refusal::Invalid(full)), numbers));
                }
            }
            Ok((None, numbers))
        });
        let (refused, mut numbers) = read.map_err(internal)?;
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        numbers.sort_by_key(|number| number.id);
        let digits = |id: PhoneNumberId| {
            let at = numbers.binary_search_by_key(&id, |number| number.id).ok()?;
            numbers.get(at).map(|number| number.number)
        };
        Ok(table
            .points()
            .into_iter()
            .map(|point| CallPoint {
                phone_number: point.number.and_then(digits),
                point,
            })
            .collect())
    }
}

/// The numbers that were named, or all of the account.
fn named(
    rows: &mut dyn Rows,
    waba: &Waba,
    wanted: &[WaId],
) -> StoreResult<Result<Vec<Number>, Refusal>> {
    let mut found: Vec<Number> = Vec::new();
    if wanted.is_empty() {
        let mut after = None;
        loop {
            let page = rows.numbers_of(waba.id, Page { after, limit: PAGE })?;
            after = page.last().map(|number| number.id);
            let more = page.len() == PAGE;
            found.extend(page);
            if !more {
                return Ok(Ok(found));
            }
        }
    }
    for digits in wanted {
        match rows.number_by_digits(*digits)? {
            Some(number) if number.waba == waba.id => {
                if !found.iter().any(|known| known.id == number.id) {
                    found.push(number);
                }
            }
            // The same sentence for a number of somebody else: numbers must not be found out by trying.
            _ => {
                return Ok(Err(Refusal::Invalid(format!(
                    "call_analytics.phone_numbers: {digits} is not a number of this account"
                ))));
            }
        }
    }
    Ok(Ok(found))
}

/// Counts in the kept figures of a number or of the whole account; a clause where the answer gets too large.
fn sums(
    rows: &mut dyn Rows,
    waba: &Waba,
    number: Option<PhoneNumberId>,
    question: &Question,
    table: &mut Table<'_>,
) -> StoreResult<Option<String>> {
    let (from, until) = question.range();
    let of = SumsOf {
        waba: waba.id,
        number,
        span: question.granularity.span(),
        from,
        until,
    };
    let mut full = None;
    rows.call_sums(&of, &mut |cell| {
        full = table.add(&cell).err();
        Ok(full.is_none())
    })?;
    Ok(full)
}
