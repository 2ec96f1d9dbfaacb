//! The settings of a number: changed by the business, told by webhook, shown as the wire has them.

use ahoy_calling::Refusal;
use ahoy_calling::account::{MessagingLimit, Number, Scope};
use ahoy_calling::limits::Profile;
use ahoy_calling::media::UseCase;
use ahoy_calling::settings::{
    Asker, CallingSettings, IconVisibility, SettingsPatch, Sip, SipPassword,
};
use ahoy_types::{AppId, MediaId, PhoneNumberId, RuleTime};
use ahoy_wire::{settings as wire, webhook};

use crate::account::Caller;
use crate::business::internal;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{outbox, quality, routing};

impl Platform {
    /// Lays a patch over a number's call settings; enabling needs what `rules.md` §1 asks for. The changes the reference
    /// names are told by webhook in the same transaction.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with a sentence that names the field; [`Refusal::MessagingLimit`], [`Refusal::NoReceiver`].
    pub async fn update_settings(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        patch: SettingsPatch,
    ) -> Result<CallingSettings, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        let id = self.number_for(caller, number)?.id;
        let asker = Asker {
            app: caller.app,
            password: SipPassword(
                self.random16()?
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
            ),
        };
        self.ledger()
            .execute(move |step| {
                let number = step.tx.number(id).map_err(internal)?;
                let mut number = number.ok_or_else(|| Refusal::NoSuchObject(id.to_string()))?;
                let before = number.settings.clone();
                number.settings =
                    before.patched(&patch, &asker, step.limits.readings.holiday_rules, step.now)?;
                if let Some(media) = patch
                    .voicemail
                    .as_ref()
                    .and_then(|v| v.announcement_media_id)
                {
                    is_announcement(step, &number, MediaId(media))?;
                }
                if number.settings.status.on() && !before.status.on() {
                    may_enable(step, &number)?;
                }
                // The business wants its call button back (`rules.md` §6).
                if patch.call_icon_visibility == Some(IconVisibility::Default) {
                    quality::button_shown(step, &mut number).map_err(internal)?;
                }
                step.tx.put_number(&number).map_err(internal)?;
                if number.settings.worth_telling(&before) {
                    tell(step, &number).map_err(internal)?;
                }
                Ok(number.settings)
            })
            .await
    }
}

/// Enabling needs a messaging limit of 2,000 (138015; sandbox numbers are free of it) and somebody who gets the calls: an app
/// with the webhook field, or a SIP server in use (138018; `rules.md` §1).
fn may_enable(step: &mut Step<'_>, number: &Number) -> Result<(), Refusal> {
    if number.registration.on_biz_app {
        return Err(Refusal::Invalid(
            "calling.status: this number is used in the Business app too (is_on_biz_app), and its calls stay there".to_owned(),
        ));
    }
    if number.profile == Profile::Production && number.messaging_limit < MessagingLimit::Tier2k {
        return Err(Refusal::MessagingLimit(number.messaging_limit.as_str()));
    }
    if number.settings.sip.status.on() {
        return Ok(());
    }
    for subscription in step.tx.subscriptions(number.waba).map_err(internal)? {
        let app = step.tx.app(subscription.app).map_err(internal)?;
        let Some(app) = app.filter(|a| a.fields.iter().any(|f| f == "calls")) else {
            continue;
        };
        if routing::gets_calls(step.tx, number, app.business).map_err(internal)? {
            return Ok(());
        }
    }
    Err(Refusal::NoReceiver)
}

/// Voicemail plays what was uploaded for it to a number of the same account, and nothing else (`graph-api.md` §9).
fn is_announcement(step: &mut Step<'_>, number: &Number, id: MediaId) -> Result<(), Refusal> {
    let file = step.tx.media(id).map_err(internal)?;
    let file = file
        .filter(|file| file.use_case == UseCase::CallVoicemailAnnouncement && file.there(step.now));
    let owner = match file {
        Some(file) => step.tx.number(file.number).map_err(internal)?,
        None => None,
    };
    if owner.is_some_and(|owner| owner.waba == number.waba) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!(
        "calling.voicemail.audio.default.announcement_media_id: there is no announcement {id}; upload one with use_case=call_voicemail_announcement"
    )))
}

/// The webhook of the settings a number has now.
pub(crate) fn tell(step: &mut Step<'_>, number: &Number) -> ahoy_store::Result<()> {
    let calling = calling_of(number, None, step.now);
    let body = webhook::settings_update(number.waba, number.id, step.now, &calling);
    outbox::publish_to_all(step, number, "account_settings_update", None, &body)
}

/// The `calling` object of an answer; with the password of that app's SIP server, where one is named.
pub fn calling_of(number: &Number, credentials_of: Option<AppId>, now: RuleTime) -> wire::Calling {
    let settings = &number.settings;
    wire::Calling {
        status: settings.status,
        call_icon_visibility: settings.call_icon_visibility,
        callback_permission_status: settings.callback_permission_status,
        call_icons: wire::CallIcons {
            restrict_to_user_countries: settings.restrict_to_user_countries.clone(),
        },
        call_hours: settings.call_hours.clone(),
        srtp_key_exchange_protocol: settings.srtp_key_exchange_protocol,
        audio: wire::Audio {
            additional_codecs: settings.additional_codecs.clone(),
        },
        voicemail: settings
            .voicemail
            .as_ref()
            .map(|voicemail| wire::Voicemail {
                status: voicemail.status,
                triggers: voicemail.triggers.clone(),
                audio: announced(voicemail.announcement_media_id, voicemail.timeout_seconds),
            }),
        sip: sip_of(&settings.sip, credentials_of),
        restrictions: restrictions_of(number, now),
    }
}

/// What the number may not do now; absent where nothing is restricted.
fn restrictions_of(number: &Number, now: RuleTime) -> Option<wire::Restrictions> {
    let list = number
        .standing
        .restrictions(now)
        .into_iter()
        .map(|restriction| wire::Restriction {
            kind: restriction.kind.as_str().to_owned(),
            reason: restriction.reason.to_owned(),
            expiration: restriction.expires,
        });
    let restrictions_list: Vec<_> = list.collect();
    (!restrictions_list.is_empty()).then_some(wire::Restrictions { restrictions_list })
}

fn announced(media: Option<u64>, wait: Option<u8>) -> Option<wire::VoicemailAudio> {
    let default = wire::Announcement {
        announcement_media_id: media,
        timeout_seconds: wait,
    };
    (media.is_some() || wait.is_some()).then_some(wire::VoicemailAudio { default })
}

fn sip_of(sip: &Sip, credentials_of: Option<AppId>) -> wire::Sip {
    let servers = sip.servers.iter().map(|server| wire::SipServer {
        hostname: server.hostname.clone(),
        port: server.port,
        app_id: server.app.0,
        request_uri_user_params: server.request_uri_user_params.clone(),
        sip_user_password: (credentials_of == Some(server.app)).then(|| server.password.0.clone()),
    });
    wire::Sip {
        status: sip.status,
        webhook_delivery: sip.webhook_delivery,
        servers: servers.collect(),
    }
}
