//! The call log as an administrator may read it.

use ahoy_calling::admin::AdminRefusal;

use super::{Admin, internal};
use crate::call_log::{CallLogQuery, CallLogRefusal};

impl Admin {
    /// Reads the parameters of [`Platform::call_log_query`](crate::Platform::call_log_query). Whoever is tied to one
    /// business names one of its numbers.
    ///
    /// # Errors
    /// A parameter, by name; no such number, or none that the role reaches.
    pub fn call_log_query(
        &self,
        parameters: &[(String, String)],
    ) -> Result<CallLogQuery, AdminRefusal> {
        if self.who.business.is_some() {
            let named = parameters.iter().find(|(name, _)| name == "phone_number");
            let text = named.map(|(_, text)| text.trim()).unwrap_or_default();
            if text.is_empty() {
                return Err(AdminRefusal::Invalid(
                    "phone_number: the number whose calls you want to see is expected".into(),
                ));
            }
            let number = self.platform.find_number(text).map_err(internal)?;
            // The same answer for a number of somebody else and for one that nobody has.
            let ours = number.filter(|number| self.number(number.id).is_ok());
            if ours.is_none() {
                return Err(AdminRefusal::no_such("number", text));
            }
        }
        let parameters = parameters
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        self.platform
            .call_log_query(parameters)
            .map_err(|refusal| match refusal {
                CallLogRefusal::Invalid(clause) => AdminRefusal::Invalid(clause),
                CallLogRefusal::Store(e) => internal(e),
            })
    }
}
