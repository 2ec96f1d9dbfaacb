//! The verification request to a callback, done by whoever can send requests (`webhooks.md` §1.1).

use std::future::Future;
use std::pin::Pin;

use ahoy_calling::account::Callback;
use ahoy_platform::Verified;

/// A verification under way.
pub type Verifying = Pin<Box<dyn Future<Output = Result<Verified, String>> + Send>>;

/// Sends the verification request.
pub trait CallbackVerifier: Send + Sync {
    /// Asks the callback to repeat a challenge. The error is what went wrong as a clause, fit to follow
    /// "could not be verified: ".
    fn verify(&self, callback: Callback) -> Verifying;
}

impl<F> CallbackVerifier for F
where
    F: Fn(Callback) -> Verifying + Send + Sync,
{
    fn verify(&self, callback: Callback) -> Verifying {
        self(callback)
    }
}
