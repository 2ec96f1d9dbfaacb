//! The business calls a user.

use std::time::Instant;

use serde_json::json;

use super::{Call, bad_description};
use crate::failure::{Failure, Side};
use crate::hooks::News;
use crate::measure::Measure;
use crate::phone::Word;

impl Call<'_> {
    /// `connect`, its webhook, RINGING, ACCEPTED, talk, hang up. Without media nobody could be heard, so it rings and is given up.
    pub(super) async fn by_business(&mut self) -> Result<(), Failure> {
        let offer = if self.with_audio() {
            let leg = self.leg()?;
            let offer = leg.offer();
            self.business = Some(leg);
            offer
        } else {
            self.stage.media.offer_from_nowhere()
        };
        let start = Instant::now();
        let connected = self.stage.api.connect(self.user.wa_id, &offer).await;
        let id = connected.map_err(|e| e.failure("connect"))?;
        let answered = Instant::now();
        self.named(id);

        let connect = self
            .hook("connect", |news| matches!(news, News::Connect(_)))
            .await?;
        self.time(
            Measure::WebhookConnect,
            connect.at.saturating_duration_since(answered),
        );
        if let (News::Connect(session), Some(leg)) = (&connect.news, &mut self.business) {
            let sound = self.stage.sounds.business(self.plan.tone);
            let taken = leg.take_answer(&session.sdp, sound);
            taken.map_err(|e| bad_description(Side::Business, &e))?;
        }
        if self.user.phone.is_some() {
            let ring = self
                .word("ring", |word| matches!(word, Word::Ring { .. }))
                .await?;
            if let Word::Ring { sdp, .. } = ring {
                self.phone_answers(&sdp).await?;
            }
            self.phone_act("ringing", json!({})).await?;
        }
        let ringing = self.hook("RINGING", |news| *news == News::Ringing).await?;
        self.time(Measure::RequestDelay, ringing.at - start);
        self.time(
            Measure::WebhookRinging,
            ringing.at.saturating_duration_since(connect.at),
        );
        if !self.with_audio() {
            self.talk().await?;
            return self.hang_up(true).await;
        }

        if self.user.phone.is_some() {
            self.phone_act("answer", json!({})).await?;
        }
        let accepted = self
            .hook("ACCEPTED", |news| *news == News::Accepted)
            .await?;
        self.time(
            Measure::WebhookAccepted,
            accepted.at.saturating_duration_since(ringing.at),
        );
        self.established = Some(accepted.at);
        self.stage.record.established();
        self.up(Side::Business).await?;
        if let Some(leg) = &self.business {
            leg.speak();
        }
        self.user_speaks().await?;
        self.talk().await?;
        self.hang_up(self.plan.business_hangs_up).await
    }
}
