//! Media of one call: a complete WebRTC peer on a UDP socket of its own.
//!
//! The platform is ICE-lite: it waits for our connectivity checks and never sends any. We are the *full, controlling*
//! agent (RFC 8445 §6.1.1), whoever made the offer, and we are the DTLS client. Keys come out of DTLS, media is SRTP:
//! one stream of Opus each way, and the caller's keys as telephone-events (RFC 4733) beside it.
//!
//! Here is what the rest of the agent sees of it: [`MediaSetup`] makes the SDP, [`Media`] is a running peer. How its packets
//! move is in `peer`.

use std::net::IpAddr;
use std::sync::Arc;

use str0m::config::DtlsCert;
use tokio::sync::{mpsc, oneshot};

use crate::event::MediaState;
use crate::heard::Heard;
use crate::peer::Peer;
use crate::sounds::Sounds;

/// Why media could not be set up or broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// No socket on the media address.
    #[error("no UDP socket on {0}: {1}")]
    Socket(IpAddr, std::io::Error),
    /// The other side's SDP cannot be used.
    #[error("the SDP cannot be used: {0}")]
    Sdp(String),
    /// The peer stopped working.
    #[error("media broke off: {0}")]
    Peer(String),
    /// The encoder or decoder failed.
    #[error(transparent)]
    Audio(#[from] ahoy_audio::AudioError),
}

/// What all calls share: one certificate, the sounds, the address.
#[derive(Clone)]
pub struct MediaSetup {
    certificate: DtlsCert,
    sounds: Arc<Sounds>,
    ip: IpAddr,
}

impl MediaSetup {
    /// Makes a certificate (ECDSA P-256) and the sounds.
    ///
    /// # Errors
    /// Those of the encoder, or [`MediaError::Peer`] if no certificate can be made.
    pub fn new(ip: IpAddr) -> Result<Self, MediaError> {
        if ip.is_unspecified() {
            // It would be our candidate, and nobody can send to *any address*.
            let why = std::io::Error::other("the address of one interface is needed");
            return Err(MediaError::Socket(ip, why));
        }
        let certificate = str0m::crypto::from_feature_flags()
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| MediaError::Peer("no DTLS certificate can be made".into()))?;
        Ok(Self {
            certificate,
            sounds: Arc::new(Sounds::new()?),
            ip,
        })
    }

    async fn peer(&self) -> Result<Peer, MediaError> {
        Peer::open(self.ip, self.certificate.clone(), self.sounds.clone()).await
    }

    /// Takes up the platform's offer. Returns the running media and our answer, to be sent with both `pre_accept`
    /// and `accept`: the platform wants the very same text in both.
    ///
    /// # Errors
    /// [`MediaError::Sdp`] with the reason, or [`MediaError::Socket`].
    pub async fn answer(&self, offer: &str) -> Result<(Media, String), MediaError> {
        let mut peer = self.peer().await?;
        let answer = peer.answer(offer)?;
        Ok((peer.spawn(None), answer))
    }

    /// Makes an offer for a call of our own. [`Media::apply_answer`] completes it.
    ///
    /// # Errors
    /// [`MediaError::Socket`].
    pub async fn offer(&self) -> Result<(Media, String), MediaError> {
        let mut peer = self.peer().await?;
        let (offer, pending) = peer.offer()?;
        Ok((peer.spawn(Some(pending)), offer))
    }
}

pub(crate) enum Command {
    Answer(String, oneshot::Sender<Result<(), MediaError>>),
    Talk,
    Heard(oneshot::Sender<Heard>),
    Close,
}

/// What a running peer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// It took a step.
    State(MediaState),
    /// The caller pressed a key.
    Digit(char),
}

/// A running peer. Dropping it closes the media.
#[derive(Debug)]
pub struct Media {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) events: mpsc::Receiver<MediaEvent>,
    pub(crate) task: tokio::task::JoinHandle<Heard>,
}

impl Media {
    /// Applies the platform's answer to an offer of ours.
    ///
    /// # Errors
    /// [`MediaError::Sdp`] with the reason.
    pub async fn apply_answer(&self, answer: &str) -> Result<(), MediaError> {
        let (done, result) = oneshot::channel();
        let gone = || MediaError::Peer("it is closed".into());
        self.commands
            .send(Command::Answer(answer.to_owned(), done))
            .await
            .map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }

    /// Greeting, beep, echo: to be called when the call is accepted, not before. Begins as soon as there are keys.
    pub async fn talk(&self) {
        // A peer that is gone has nothing to say; its state tells.
        let _ = self.commands.send(Command::Talk).await;
    }

    /// What happens next; `None` when the media is closed.
    pub async fn event(&mut self) -> Option<MediaEvent> {
        self.events.recv().await
    }

    /// What was heard up to now; `None` when the media is closed.
    pub async fn heard(&self) -> Option<Heard> {
        let (reply, heard) = oneshot::channel();
        self.commands.send(Command::Heard(reply)).await.ok()?;
        heard.await.ok()
    }

    /// Says goodbye (RTCP BYE, DTLS close_notify) and tells what was heard.
    pub async fn close(self) -> Heard {
        let _ = self.commands.send(Command::Close).await;
        self.task.await.unwrap_or_default()
    }
}
