//! Talking, hanging up, and what the ends then say they heard.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Call, ended_early, no_keys};
use crate::config::{MIN_AUDIO_HOLD, Media};
use crate::failure::{Failure, FailureKind, Side};
use crate::hooks::News;
use crate::measure::Measure;
use crate::media::{Listened, PeerReport};
use crate::record::{HeardOne, Outcome};
use crate::users::Tone;

impl Call<'_> {
    /// Holds the call for as long as the run says; shorter if the run is stopped.
    pub(super) async fn talk(&mut self) -> Result<(), Failure> {
        let hold = tokio::time::sleep(self.stage.config.hold);
        tokio::pin!(hold);
        let mut stop = self.stage.stop.clone();
        let Some(mail) = self.mail.as_mut() else {
            return Err(Failure::tool("the call has no id"));
        };
        loop {
            tokio::select! {
                () = &mut hold => return Ok(()),
                // A run that is over without a word is stopped as well.
                _ = stop.wait_for(|stop| *stop) => {
                    let talked = self.established.map_or(Duration::ZERO, |at| at.elapsed());
                    self.cut_short = self.stage.config.media == Media::Audio && talked < MIN_AUDIO_HOLD;
                    return Ok(());
                }
                hook = mail.next() => match hook.news {
                    News::Terminate { failed } => {
                        self.over = true;
                        return Err(ended_early("while it was held", failed));
                    }
                    _ => self.early.push(hook),
                },
            }
        }
    }

    /// One side hangs up; over when the business has been told.
    pub(super) async fn hang_up(&mut self, by_business: bool) -> Result<(), Failure> {
        let asked = Instant::now();
        if let Some(established) = self.established {
            self.time(Measure::SessionDuration, asked - established);
        }
        if by_business {
            let done = self.stage.api.terminate(self.id()?).await;
            done.map_err(|e| e.failure("terminate"))?;
        } else if self.user.phone.is_some() {
            self.phone_act("hang_up", json!({})).await?;
        } else {
            let done = self
                .stage
                .api
                .user_hangs_up(self.user.wa_id, self.id()?)
                .await;
            done.map_err(|e| e.failure("hang_up"))?;
        }
        let answered = Instant::now();
        let told = self
            .hook("terminate", |news| matches!(news, News::Terminate { .. }))
            .await?;
        self.over = true;
        self.time(Measure::DisconnectDelay, told.at - asked);
        self.time(
            Measure::WebhookTerminate,
            told.at.saturating_duration_since(answered),
        );
        match told.news {
            News::Terminate { failed: Some(code) } => Err(ended_early("as failed", Some(code))),
            _ => Ok(()),
        }
    }

    /// Closes what is open, listens, and notes how the call went.
    pub(super) async fn finish(mut self, result: Result<(), Failure>) {
        if let (Err(_), Some(id), false) = (&result, &self.id, self.over) {
            self.stage.api.clear(id).await;
        }
        let business = match self.business.take() {
            Some(leg) => Some(leg.close().await),
            None => None,
        };
        let phone = match self.phone_leg.take() {
            Some(leg) => Some(leg.close().await),
            None => None,
        };
        for report in [&business, &phone].into_iter().flatten() {
            self.note_steps(report);
        }
        let result = match result {
            Ok(()) if self.established.is_some() && self.with_audio() && !self.cut_short => {
                self.judge(business, phone).await
            }
            Ok(()) => Ok(()),
            Err(failure) => Err(explained(
                failure,
                self.established.is_some(),
                business.as_ref(),
                phone.as_ref(),
            )),
        };
        let stopped = *self.stage.stop.borrow();
        let outcome = match result {
            Ok(()) if self.cut_short => Outcome::GivenUp { established: true },
            Ok(()) if self.established.is_some() => Outcome::Completed,
            Ok(()) => Outcome::Rang,
            Err(_) if stopped && self.established.is_none() => {
                Outcome::GivenUp { established: false }
            }
            Err(failure) => Outcome::Failed(failure),
        };
        let well = !matches!(outcome, Outcome::Failed(_));
        self.stage
            .record
            .ended(self.id.as_ref().map(|id| id.as_str()), &outcome);
        if well {
            self.stage.crowd.give_back(self.user);
        }
    }

    fn note_steps(&self, report: &PeerReport) {
        let steps = report.steps;
        if let (Some(began), Some(ice)) = (steps.began, steps.ice) {
            self.time(Measure::Ice, ice - began);
        }
        if let (Some(ice), Some(dtls)) = (steps.ice, steps.dtls) {
            self.time(Measure::Dtls, dtls - ice);
        }
    }

    /// What both ends heard.
    async fn judge(
        &mut self,
        business: Option<PeerReport>,
        phone: Option<PeerReport>,
    ) -> Result<(), Failure> {
        let established = self.established.unwrap_or_else(Instant::now);
        let user_tone = self.user.tone;
        let mut verdict = Ok(());
        if let Some(report) = business {
            self.time(Measure::JitterBusiness, report.heard.jitter);
            if let Some(first) = report.heard.first {
                self.time(
                    Measure::FirstAudioBusiness,
                    first.saturating_duration_since(established),
                );
            }
            verdict = self.judge_peer(Side::Business, report, user_tone).await;
        }
        let at_user = match phone {
            Some(report) => {
                self.time(Measure::JitterUser, report.heard.jitter);
                if let Some(first) = report.heard.first {
                    self.time(
                        Measure::FirstAudioUser,
                        first.saturating_duration_since(established),
                    );
                }
                self.judge_peer(Side::User, report, self.plan.tone).await
            }
            None => self.judge_simulated().await,
        };
        verdict.and(at_user)
    }

    async fn judge_peer(&self, side: Side, report: PeerReport, tone: Tone) -> Result<(), Failure> {
        let heard = report.heard;
        let mut one = HeardOne {
            packets: heard.packets,
            lost: heard.lost,
            gaps: heard.gaps.into(),
            longest_gap: heard.longest_gap,
            ..HeardOne::default()
        };
        if heard.packets == 0 {
            self.stage.record.heard(side, &one);
            return Err(no_audio(side));
        }
        if !self.stage.ears.take() {
            self.stage.record.heard(side, &one);
            return Ok(());
        }
        // Off the threads that carry requests. A panic in the decoder costs only its own sound.
        let listened = tokio::task::spawn_blocking(move || heard.listen())
            .await
            .unwrap_or_default();
        let Listened { tone_hz, holes } = listened;
        let (right, wanted) = match side {
            Side::Business => (tone.is_user(tone_hz), tone.user_hz()),
            Side::User => (tone.is_business(tone_hz), tone.business_hz()),
        };
        one.right_pitch = Some(right);
        one.holes = holes.into();
        self.stage.record.heard(side, &one);
        if right {
            Ok(())
        } else {
            Err(wrong_pitch(side, tone_hz, wanted))
        }
    }

    /// Asks the sandbox what its user heard, for as many calls as the sandbox is asked.
    async fn judge_simulated(&self) -> Result<(), Failure> {
        if !self.stage.questions.take() {
            return Ok(());
        }
        let asked = self
            .stage
            .api
            .call_of_user(self.user.wa_id, self.id()?)
            .await;
        let view = asked.map_err(|e| e.failure("what the user heard"))?;
        let heard = &view["heard"];
        let packets = heard["packets"].as_u64().unwrap_or(0);
        let mut one = HeardOne {
            packets,
            lost: heard["lost"].as_u64().unwrap_or(0),
            holes: heard["gaps"].as_array().map_or(0, |gaps| gaps.len() as u64),
            ..HeardOne::default()
        };
        if packets == 0 || heard["audio_ms"].as_u64() == Some(0) {
            self.stage.record.heard(Side::User, &one);
            let mut failure = no_audio(Side::User);
            if let Some(verdict) = verdict_of(&view) {
                failure.sentence = format!("{}: {verdict}", failure.sentence);
            }
            return Err(failure);
        }
        if let Some(ms) = heard["first_audio_ms_after_accept"].as_u64() {
            self.time(Measure::FirstAudioUser, Duration::from_millis(ms));
        }
        let tone_hz = heard["tone_hz"].as_f64();
        let right = self.plan.tone.is_business(tone_hz);
        one.right_pitch = Some(right);
        self.stage.record.heard(Side::User, &one);
        if right {
            Ok(())
        } else {
            Err(wrong_pitch(
                Side::User,
                tone_hz,
                self.plan.tone.business_hz(),
            ))
        }
    }
}

/// A call that never came up may have failed for want of media; the peers know.
fn explained(
    failure: Failure,
    established: bool,
    business: Option<&PeerReport>,
    phone: Option<&PeerReport>,
) -> Failure {
    let for_want_of_media = match failure.kind {
        FailureKind::NoDtls => true,
        FailureKind::WebhookMissing | FailureKind::PhoneEventMissing | FailureKind::EndedEarly => {
            !established
        }
        _ => false,
    };
    if !for_want_of_media {
        return failure;
    }
    for (side, report) in [(Side::Business, business), (Side::User, phone)] {
        let Some(report) = report.filter(|r| r.steps.began.is_some()) else {
            continue;
        };
        if report.steps.ice.is_none() {
            let sentence = format!("no connectivity check of the {side} was answered");
            return Failure::new(FailureKind::NoIce, side.to_string(), sentence);
        }
        if report.steps.dtls.is_none() {
            let fault = report.dtls_fault.as_deref();
            return no_keys(side, fault.unwrap_or("the handshake did not end"));
        }
    }
    failure
}

fn verdict_of(view: &Value) -> Option<&str> {
    view["media"]["verdict"].as_str()
}

fn no_audio(side: Side) -> Failure {
    Failure::new(
        FailureKind::NoAudio,
        side.to_string(),
        format!("the {side} heard nothing"),
    )
}

fn wrong_pitch(side: Side, heard: Option<f64>, wanted: f64) -> Failure {
    let heard = heard.map_or("no pitch".to_owned(), |hz| format!("{hz:.0} Hz"));
    let sentence = format!("the {side} heard {heard} where the other side spoke at {wanted:.0} Hz");
    Failure::new(FailureKind::WrongPitch, side.to_string(), sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Steps;

    #[test]
    fn the_peers_tell_why_a_call_did_not_come_up() {
        let now = Some(Instant::now());
        let report = |ice, dtls| PeerReport {
            steps: Steps {
                began: now,
                ice,
                dtls,
            },
            ..PeerReport::default()
        };
        let missing = || Failure::new(FailureKind::WebhookMissing, "ACCEPTED", "late");
        let kind = |established, business: PeerReport, phone: Option<PeerReport>| {
            let failure = explained(missing(), established, Some(&business), phone.as_ref());
            (failure.kind, failure.detail)
        };
        let up = || report(now, now);
        let business = || "business".to_owned();
        assert_eq!(
            kind(false, report(None, None), None),
            (FailureKind::NoIce, business())
        );
        assert_eq!(
            kind(false, report(now, None), None),
            (FailureKind::NoDtls, business())
        );
        let phone = Some(report(None, None));
        assert_eq!(
            kind(false, up(), phone),
            (FailureKind::NoIce, "user".to_owned())
        );
        // With media up, and after the answer, the webhook is what is missing.
        let webhook = (FailureKind::WebhookMissing, "ACCEPTED".to_owned());
        assert_eq!(kind(false, up(), Some(up())), webhook);
        assert_eq!(kind(true, report(None, None), None), webhook);
    }
}
