//! `GET /pictures/{number}`: the profile picture of a business number, public like its name.

use ahoy_platform::Platform;
use ahoy_types::PhoneNumberId;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};

pub(crate) async fn serve(
    State(platform): State<Platform>,
    Path(number): Path<String>,
) -> Response {
    let missing = || (StatusCode::NOT_FOUND, "There is no such picture.\n").into_response();
    let Ok(number) = number.parse::<PhoneNumberId>() else {
        return missing();
    };
    match platform.picture(number) {
        Ok(Some(picture)) => {
            let headers = [
                (CONTENT_TYPE, picture.kind.as_str()),
                // Another picture has another address: its tag is in the query.
                (CACHE_CONTROL, "public, max-age=86400"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            ];
            (headers, picture.body).into_response()
        }
        Ok(None) => missing(),
        Err(e) => {
            tracing::error!(error = %e, "a picture cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
