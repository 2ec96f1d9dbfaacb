//! Routes that are known and not finished: they say so with 501, never a silent success.

use axum::extract::OriginalUri;

use crate::answer::Failure;
use crate::model::SandboxError;

async fn unfinished(uri: OriginalUri) -> Failure {
    Failure::NotFinished(format!("{} is not available yet", uri.path()))
}

/// The faults that are on.
#[utoipa::path(
    get,
    path = "/faults",
    operation_id = "read_faults",
    tag = "faults",
    responses((status = 501, description = "Not available yet", body = SandboxError))
)]
pub(crate) async fn faults(uri: OriginalUri) -> Failure {
    unfinished(uri).await
}

/// Puts faults on.
#[utoipa::path(
    put,
    path = "/faults",
    operation_id = "set_faults",
    tag = "faults",
    responses((status = 501, description = "Not available yet", body = SandboxError))
)]
pub(crate) async fn set_faults(uri: OriginalUri) -> Failure {
    unfinished(uri).await
}

/// Takes every fault off.
#[utoipa::path(
    delete,
    path = "/faults",
    operation_id = "clear_faults",
    tag = "faults",
    responses((status = 501, description = "Not available yet", body = SandboxError))
)]
pub(crate) async fn clear_faults(uri: OriginalUri) -> Failure {
    unfinished(uri).await
}
