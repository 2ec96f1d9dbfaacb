//! `/admin/v1/mails`: the mailbox. What goes out by a mail server is here too, with how that went.

use axum::Json;
use axum::extract::Path;

use crate::answer::{Answer, Refusals};
use crate::incoming::{Asked, of_path, parsed};
use crate::model::{List, MailView, listed};

/// Mails to the contacts of businesses, by ascending id.
#[utoipa::path(
    get,
    path = "/mails",
    operation_id = "mails",
    tag = "mails",
    params(
        ("business" = Option<String>, Query, description = "Only those of this business"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<MailView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<MailView>> {
    let (page, limit) = asked.page()?;
    let business = parsed(&asked.query(), "business")?;
    let rows = asked.admin.mails(business, page)?;
    Ok(listed(
        rows,
        limit,
        |row| row.id.to_string(),
        MailView::from,
    ))
}

/// A mail.
#[utoipa::path(
    get,
    path = "/mails/{id}",
    operation_id = "mail",
    tag = "mails",
    params(("id" = String, Path, description = "The mail")),
    responses(
        (status = 200, description = "The mail", body = MailView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<MailView> {
    let id = of_path("mail", &id)?;
    Ok(Json(asked.admin.mail(id)?.into()))
}
