//! Why an act does not fit the state of a call.

/// Why an act does not fit the call. Displays as the sentence that goes into `error_data.details`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongState {
    /// The act belongs to user-initiated calls.
    #[error("{act} is only for user-initiated calls; this call is business-initiated")]
    Direction {
        /// The name of the act.
        act: &'static str,
    },
    /// The act of the user belongs to business-initiated calls.
    #[error("{act} is only for business-initiated calls; this call is user-initiated")]
    UserDirection {
        /// The name of the act.
        act: &'static str,
    },
    /// The call is over.
    #[error("{act} came too late: the call has already ended ({cause})")]
    Ended {
        /// The name of the act.
        act: &'static str,
        /// The cause of the end.
        cause: &'static str,
    },
    /// The call is connected already.
    #[error("{act} is not possible: the call has already been accepted")]
    AlreadyAccepted {
        /// The name of the act.
        act: &'static str,
    },
    /// pre_accept a second time with another SDP.
    #[error("pre_accept was already done with a different SDP")]
    PreAcceptDiffers,
    /// accept with another SDP than pre_accept.
    #[error("the SDP of accept differs from the SDP of pre_accept: both must be the same")]
    AcceptDiffers,
}
