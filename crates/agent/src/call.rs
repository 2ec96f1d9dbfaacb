//! One call from its first webhook to its last, as one task.
//!
//! Read [`answer`] for a user's call and [`place`] for one of our own: both are straight lines of what a business does,
//! and both end in [`converse`].

use std::sync::Arc;
use std::time::Duration;

use ahoy_types::{CallId, PhoneNumberId};
use ahoy_wire::Session;
use ahoy_wire::webhook::CallStatus;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::client::Client;
use crate::event::{AgentEvent, MediaState};
use crate::heard::Heard;
use crate::media::{Media, MediaEvent, MediaSetup};
use crate::webhook::News;

/// How long to wait for ICE and DTLS between pre_accept and accept. If they take longer we pick up all the same: the
/// caller would rather lose a syllable than wait.
const MEDIA_WAIT: Duration = Duration::from_secs(3);
/// A call of ours that nobody says anything about for so long is no call any more.
const RING_WAIT: Duration = Duration::from_secs(120);
/// After hanging up, how long to wait for the platform's word that the call is over.
const END_WAIT: Duration = Duration::from_secs(2);
const HEARD_EVERY: Duration = Duration::from_secs(1);

/// What every call uses.
pub(crate) struct Line {
    pub(crate) client: Client,
    pub(crate) setup: MediaSetup,
    pub(crate) answer_after: Duration,
    pub(crate) events: broadcast::Sender<AgentEvent>,
}

/// A call's name and its mailbox.
pub(crate) struct Call {
    pub(crate) line: Arc<Line>,
    pub(crate) id: CallId,
    pub(crate) phone: PhoneNumberId,
    pub(crate) mail: mpsc::Receiver<Mail>,
}

/// How a call came to its end.
pub(crate) struct Ended {
    pub(crate) why: String,
    pub(crate) heard: Heard,
}

/// What a running call is told.
#[derive(Debug)]
pub(crate) enum Mail {
    News(News),
    HangUp,
}

/// A user calls us.
pub(crate) async fn answer(mut call: Call, offer: Session) -> Ended {
    // Our peer takes up the platform's offer. ICE starts as soon as the platform knows our answer.
    let (mut media, answer) = match call.line.setup.answer(&offer.sdp).await {
        Ok(ready) => ready,
        Err(error) => {
            let _ = call.line.client.reject(call.phone, &call.id).await;
            return Ended {
                why: format!("rejected: {error}"),
                heard: Heard::default(),
            };
        }
    };
    // The user may give up at any moment; then whatever we are doing here is in vain.
    let picked_up = tokio::select! {
        picked_up = call.line.pick_up(&call.id, call.phone, &mut media, &answer) => picked_up,
        ending = ending(&mut call.mail) => Err(ending),
    };
    let why = match picked_up {
        Ok(()) => converse(&mut call, &mut media).await,
        Err(Ending::Asked(why)) => {
            let _ = call.line.client.reject(call.phone, &call.id).await;
            why
        }
        Err(Ending::Over(why)) => why,
    };
    call.close(media, why).await
}

/// We call a user. The offer is sent and the call has its id; `media` waits for the answer.
pub(crate) async fn place(mut call: Call, mut media: Media) -> Ended {
    let why = match timeout(RING_WAIT, ring(&mut call, &mut media)).await {
        Ok(Ok(())) => converse(&mut call, &mut media).await,
        Ok(Err(Ending::Over(why))) => why,
        Ok(Err(Ending::Asked(why))) => hang_up(&mut call, why).await,
        Err(_) => hang_up(&mut call, "nobody said what became of the call".into()).await,
    };
    call.close(media, why).await
}

/// Why a call ends: it is over, or we were asked to end it.
enum Ending {
    Over(String),
    Asked(String),
}

impl Line {
    /// pre_accept, let the media connect while it rings, accept, talk.
    async fn pick_up(
        &self,
        id: &CallId,
        phone: PhoneNumberId,
        media: &mut Media,
        answer: &str,
    ) -> Result<(), Ending> {
        let failed = |what: &str, e| Ending::Asked(format!("{what} failed: {e}"));
        self.client
            .pre_accept(phone, id, answer)
            .await
            .map_err(|e| failed("pre_accept", e))?;
        // Both at once: the time it shall ring at least, and the time media needs.
        let (_, ()) = tokio::join!(
            timeout(MEDIA_WAIT, self.connected(id, media)),
            tokio::time::sleep(self.answer_after),
        );
        self.client
            .accept(phone, id, answer)
            .await
            .map_err(|e| failed("accept", e))?;
        // Only now: the platform drops what comes before its 200.
        media.talk().await;
        Ok(())
    }

    async fn connected(&self, id: &CallId, media: &mut Media) {
        while let Some(event) = media.event().await {
            self.report(id, event);
            if event == MediaEvent::State(MediaState::Connected) {
                return;
            }
        }
    }

    fn report(&self, call: &CallId, event: MediaEvent) {
        let call = call.clone();
        self.tell(match event {
            MediaEvent::State(state) => AgentEvent::Media { call, state },
            MediaEvent::Digit(digit) => AgentEvent::Digit { call, digit },
        });
    }

    fn tell(&self, event: AgentEvent) {
        tracing::debug!(?event);
        // Nobody may be watching.
        let _ = self.events.send(event);
    }
}

impl Call {
    async fn close(self, media: Media, why: String) -> Ended {
        let heard = media.close().await;
        self.line
            .report(&self.id, MediaEvent::State(MediaState::Closed));
        Ended { why, heard }
    }
}

/// Waits until the call is over or we are asked to end it.
async fn ending(mail: &mut mpsc::Receiver<Mail>) -> Ending {
    loop {
        match mail.recv().await {
            Some(Mail::News(News::Terminate(how))) => return Ending::Over(how),
            Some(Mail::News(_)) => {}
            Some(Mail::HangUp) | None => return Ending::Asked("hung up by the agent".into()),
        }
    }
}

/// From the connect webhook, which brings the answer to our offer, to the user's decision.
async fn ring(call: &mut Call, media: &mut Media) -> Result<(), Ending> {
    loop {
        tokio::select! {
            mail = call.mail.recv() => match mail {
                // The media connects while the phone rings.
                Some(Mail::News(News::Connect(_, answer))) => take_up(call, media, &answer).await?,
                Some(Mail::News(News::Status(CallStatus::Accepted))) => {
                    media.talk().await;
                    return Ok(());
                }
                // Declined: the terminate is on its way.
                Some(Mail::News(News::Status(_))) => {}
                Some(Mail::News(News::Terminate(how))) => return Err(Ending::Over(how)),
                Some(Mail::HangUp) | None => return Err(Ending::Asked("cancelled by the agent".into())),
            },
            event = media.event() => match event {
                Some(event) => call.line.report(&call.id, event),
                None => return Err(Ending::Asked("media broke off".into())),
            },
        }
    }
}

async fn take_up(call: &Call, media: &Media, answer: &Session) -> Result<(), Ending> {
    media.apply_answer(&answer.sdp).await.map_err(|e| {
        tracing::warn!(call = %call.id, error = %e, "the platform's answer is of no use");
        Ending::Asked(e.to_string())
    })
}

/// The conversation: the media task plays, echoes and answers keys; here is what needs the API.
async fn converse(call: &mut Call, media: &mut Media) -> String {
    let mut ticker = interval_at(Instant::now() + HEARD_EVERY, HEARD_EVERY);
    // A late tick tells all there is to tell: none is made up for.
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            mail = call.mail.recv() => match mail {
                Some(Mail::News(News::Terminate(how))) => return how,
                // The word that the user accepted may overtake the answer to our offer.
                Some(Mail::News(News::Connect(_, answer))) => {
                    if let Err(Ending::Asked(why) | Ending::Over(why)) = take_up(call, media, &answer).await {
                        return hang_up(call, why).await;
                    }
                }
                Some(Mail::News(News::Status(_))) => {}
                Some(Mail::HangUp) | None => return hang_up(call, "hung up by the agent".into()).await,
            },
            event = media.event() => {
                let Some(event) = event else {
                    return hang_up(call, "media broke off".into()).await;
                };
                call.line.report(&call.id, event);
                match event {
                    MediaEvent::Digit('*') => return hang_up(call, "the caller pressed *".into()).await,
                    MediaEvent::State(MediaState::Lost) => return hang_up(call, "media was lost".into()).await,
                    _ => {}
                }
            }
            // Decoding goes on anyway, but telling the pitch costs a millisecond.
            _ = ticker.tick(), if call.line.events.receiver_count() > 0 => {
                if let Some(heard) = media.heard().await.filter(|h| h.packets > 0) {
                    call.line.tell(AgentEvent::Heard { call: call.id.clone(), heard });
                }
            }
        }
    }
}

/// Ends the call at the platform and waits a moment for its last webhook.
async fn hang_up(call: &mut Call, why: String) -> String {
    match call.line.client.terminate(call.phone, &call.id).await {
        // The caller may have been quicker; then that webhook is on its way as well.
        Ok(()) | Err(crate::client::ApiError::Refused { .. }) => {
            let over = async {
                loop {
                    match call.mail.recv().await {
                        Some(Mail::News(News::Terminate(how))) => return Some(how),
                        Some(_) => {}
                        None => return None,
                    }
                }
            };
            match timeout(END_WAIT, over).await {
                Ok(Some(how)) => format!("{why}; {how}"),
                _ => why,
            }
        }
        Err(error) => format!("{why}; {error}"),
    }
}
