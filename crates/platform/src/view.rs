//! What a user's phone shows of a business, and what the user does there besides calling.

use ahoy_calling::account::{Number, User};
use ahoy_calling::hours::Timetable;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::view::{self, PhoneView};
use ahoy_store::{Result, StoreError};
use ahoy_types::{PhoneNumberId, WaId};

use crate::account::{ensure_user, new_user};
use crate::platform::Platform;
use crate::{finish, permission};

fn broken(e: StoreError) -> PhoneRefusal {
    PhoneRefusal::Internal(e.to_string())
}

impl Platform {
    /// What this user's phone shows of a number now.
    pub fn phone_view(&self, number: &Number, user: WaId) -> Result<PhoneView> {
        Ok(self
            .phone_views(std::slice::from_ref(number), user)?
            .remove(0))
    }

    /// What this user's phone shows of each of these numbers now.
    pub fn phone_views(&self, numbers: &[Number], user: WaId) -> Result<Vec<PhoneView>> {
        let now = self.clock().now();
        let reading = self.config().limits.readings.holiday;
        self.read(|rows| {
            let user: User = rows.user(user)?.unwrap_or_else(|| new_user(user, now));
            let mut views = Vec::with_capacity(numbers.len());
            for number in numbers {
                // Only a phone that holds old settings needs to know what it saw.
                let pair = match user.client.holds_old_settings_since {
                    Some(_) => rows.pair(number.id, user.wa_id)?,
                    None => Default::default(),
                };
                views.push(view::phone_view(number, &user, &pair, reading, now));
            }
            Ok(views)
        })
    }

    /// The hours in a phone's view of a number, in words.
    pub fn timetable(&self, number: &Number, view: &PhoneView) -> Option<Timetable> {
        let reading = self.config().limits.readings.holiday;
        view::timetable(number, reading, view.as_of, self.clock().now())
    }

    /// The user opens the chat information: from now on the phone knows the settings that hold.
    ///
    /// # Errors
    /// The number or the user is unknown.
    pub async fn open_chat_info(
        &self,
        user: WaId,
        number: PhoneNumberId,
    ) -> std::result::Result<PhoneView, PhoneRefusal> {
        let create = self.config().create_users;
        self.ledger()
            .execute(move |step| {
                let number = finish::number_of(step, number).map_err(broken)?;
                if !create && step.tx.user(user).map_err(broken)?.is_none() {
                    return Err(PhoneRefusal::NoSuchUser(user.to_string()));
                }
                ensure_user(step, user).map_err(broken)?;
                let known = step.tx.user(user).map_err(broken)?;
                let person = known.unwrap_or_else(|| new_user(user, step.now));
                let mut pair = step.tx.pair(number.id, user).map_err(broken)?;
                pair.seen = Some(step.now);
                step.tx.put_pair(number.id, user, &pair).map_err(broken)?;
                let reading = step.limits.readings.holiday;
                Ok(view::phone_view(&number, &person, &pair, reading, step.now))
            })
            .await
    }

    /// The user asks to be called back, as phones offer while the business is closed and after a call that was missed: the
    /// business may call for a while, and is told.
    ///
    /// # Errors
    /// [`PhoneRefusal::NoCallback`] where the business's settings that hold do not allow it.
    pub async fn request_callback(
        &self,
        user: WaId,
        number: PhoneNumberId,
    ) -> std::result::Result<(), PhoneRefusal> {
        let create = self.config().create_users;
        self.ledger()
            .execute(move |step| {
                let number = finish::number_of(step, number).map_err(broken)?;
                if !create && step.tx.user(user).map_err(broken)?.is_none() {
                    return Err(PhoneRefusal::NoSuchUser(user.to_string()));
                }
                if !number.settings.status.on() {
                    return Err(PhoneRefusal::CallingDisabled);
                }
                if !number.settings.callback_permission_status.on() {
                    return Err(PhoneRefusal::NoCallback);
                }
                ensure_user(step, user).map_err(broken)?;
                permission::grant_automatic(step, &number, user, None).map_err(broken)
            })
            .await
    }
}
