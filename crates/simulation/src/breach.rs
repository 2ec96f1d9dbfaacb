//! A promise that was broken.

use std::fmt;

use serde::Serialize;

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// One accept or answer wins a call, one act ends it, and its gate opens once.
    OneWinner,
    /// Usage is never above a limit.
    WithinLimits,
    /// Every call that rang has one connect first and one terminate last.
    OneTerminateLast,
    /// Every webhook is delivered at least once, with the same bytes, in the order of its call.
    DeliveredInOrder,
    /// Charges are the sum of answered business-initiated calls.
    Charges,
    /// What was acknowledged is there after a crash, and recovery leaves nothing half done.
    SurvivesCrash,
    /// Nothing waits for ever.
    NothingHangs,
    /// A business calls nobody who took the permission back.
    NoCallWithoutPermission,
    /// The same story has the same end, whatever the store.
    Replays,
    /// Nothing panics, and the store takes what it is given.
    NothingBreaks,
}

impl Promise {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneWinner => "one_winner",
            Self::WithinLimits => "within_limits",
            Self::OneTerminateLast => "one_terminate_last",
            Self::DeliveredInOrder => "delivered_in_order",
            Self::Charges => "charges",
            Self::SurvivesCrash => "survives_crash",
            Self::NothingHangs => "nothing_hangs",
            Self::NoCallWithoutPermission => "no_call_without_permission",
            Self::Replays => "replays",
            Self::NothingBreaks => "nothing_breaks",
        }
    }
}

/// It was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which one.
    pub promise: Promise,
    /// How.
    pub how: String,
}

impl Breach {
    /// This promise was broken like that.
    pub fn new(promise: Promise, how: impl Into<String>) -> Self {
        Self {
            promise,
            how: how.into(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise.as_str(), self.how)
    }
}

/// A store that fails breaks a promise.
impl From<ahoy_store::StoreError> for Breach {
    fn from(e: ahoy_store::StoreError) -> Self {
        Self::new(Promise::NothingBreaks, e.to_string())
    }
}

/// What holds, or what was broken.
pub type Held<T = ()> = Result<T, Breach>;
