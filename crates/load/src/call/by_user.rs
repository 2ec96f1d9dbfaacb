//! A user calls the business.

use std::time::Instant;

use ahoy_types::CallId;
use serde_json::json;

use super::{Call, bad_description};
use crate::failure::{Failure, FailureKind, Side};
use crate::hooks::News;
use crate::measure::Measure;
use crate::phone::PhoneError;

impl Call<'_> {
    /// Dial, `connect` webhook, pre_accept, accept, talk, hang up.
    pub(super) async fn by_user(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        let answered = self.dial().await?;
        let connect = self
            .hook("connect", |news| matches!(news, News::Connect(_)))
            .await?;
        self.time(Measure::RequestDelay, connect.at - start);
        self.time(
            Measure::WebhookConnect,
            connect.at.saturating_duration_since(answered),
        );
        let News::Connect(session) = connect.news else {
            return Err(bad_description(Side::Business, "there is none"));
        };
        let answer = self.describe(&session.sdp)?;

        let (api, pre_accept) = (&self.stage.api, self.stage.config.pre_accept);
        if pre_accept {
            api.pre_accept(self.id()?, &answer)
                .await
                .map_err(|e| e.failure("pre_accept"))?;
            self.up(Side::Business).await?;
        }
        api.accept(self.id()?, &answer)
            .await
            .map_err(|e| e.failure("accept"))?;
        self.established = Some(Instant::now());
        self.stage.record.established();
        self.up(Side::Business).await?;
        if let Some(leg) = &self.business {
            leg.speak();
        }
        self.user_speaks().await?;
        self.talk().await?;
        self.hang_up(self.plan.business_hangs_up).await
    }

    /// The request for the call; answers when it was granted.
    async fn dial(&mut self) -> Result<Instant, Failure> {
        if self.user.phone.is_none() {
            let id = self
                .stage
                .api
                .dial(self.user.wa_id)
                .await
                .map_err(|e| e.failure("dial"))?;
            let answered = Instant::now();
            self.named(id);
            return Ok(answered);
        }
        let to = self.stage.api.number().to_owned();
        let start = Instant::now();
        let dialled = self.phone()?.ask("call", json!({ "to": to })).await;
        let answered = Instant::now();
        if !matches!(dialled, Err(PhoneError::Late | PhoneError::Lost)) {
            self.time(Measure::Dial, answered - start);
        }
        let dialled = dialled.map_err(|e| e.failure("call"))?;
        let id = dialled["call_id"]
            .as_str()
            .and_then(|id| id.parse::<CallId>().ok());
        let (Some(id), Some(offer)) = (id, dialled["sdp"].as_str()) else {
            let sentence = "phone call: the answer names no call or has no session description";
            return Err(Failure::new(FailureKind::NoAnswer, "phone call", sentence));
        };
        self.named(id);
        self.phone_answers(offer).await?;
        Ok(answered)
    }

    /// The business's answer to the platform's offer.
    fn describe(&mut self, offer: &str) -> Result<String, Failure> {
        let bad = |e: String| bad_description(Side::Business, &e);
        if !self.with_audio() {
            return self.stage.media.answer_to_nowhere(offer).map_err(bad);
        }
        let mut leg = self.leg()?;
        let sound = self.stage.sounds.business(self.plan.tone);
        let answer = leg.answer(offer, sound).map_err(bad)?;
        self.business = Some(leg);
        Ok(answer)
    }
}
