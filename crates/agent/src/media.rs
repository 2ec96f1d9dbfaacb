//! Media of one call: a complete WebRTC peer on a UDP socket of its own.
//!
//! The platform is ICE-lite: it waits for our connectivity checks and never sends any. We are the *full, controlling*
//! agent (RFC 8445 §6.1.1), whoever made the offer, and we are the DTLS client. Keys come out of DTLS, media is SRTP:
//! one stream of Opus each way, and the caller's keys as telephone-events (RFC 4733) beside it.
//!
//! [`str0m`] does the protocol without any I/O; `Peer::run` is the loop that moves its packets and its clock.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::DtlsCert;
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use crate::dtmf::Keys;
use crate::echo::TICKS;
use crate::event::MediaState;
use crate::heard::{Ear, Heard};
use crate::player::Player;
use crate::sounds::Sounds;

const FRAME: Duration = Duration::from_millis(20);
/// Pause after the first connectivity check, doubled after each up to the second value.
const FIRST_CHECK: Duration = Duration::from_millis(100);
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// Ticks missed for longer than this (a suspended laptop) are not made up for.
const MAX_BEHIND: Duration = Duration::from_millis(500);
/// Nothing at all arrived for this long: the other side is gone (`media.md` §10 has the same limit).
const SILENCE: Duration = Duration::from_secs(30);

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
        let io = |e| MediaError::Socket(self.ip, e);
        let socket = UdpSocket::bind((self.ip, 0)).await.map_err(io)?;
        let local = socket.local_addr().map_err(io)?;
        let mut config = Rtc::builder()
            .set_dtls_cert(self.certificate.clone())
            .clear_codecs()
            // RTP as it comes: frames are forwarded, not rebuilt.
            .set_rtp_mode(true)
            .set_reordering_size_audio(1)
            .set_send_buffer_audio(5);
        // A check that is lost while a phone rings is repeated soon, not after seconds of backing off; a path without
        // an answer for about 20 s is given up.
        config.set_initial_stun_rto(FIRST_CHECK);
        config.set_max_stun_rto(CHECK_EVERY);
        config.set_max_stun_retransmits(20);
        let codecs = config.codec_config();
        codecs.enable_opus(true, false);
        // Keys travel at 8 kHz whatever the codec's clock (`media.md` §9).
        codecs.add_config(
            Pt::new_with_value(126),
            None,
            Codec::Tele,
            Frequency::EIGHT_KHZ,
            None,
            FormatParams {
                telephone_event_max: Some(16),
                ..FormatParams::default()
            },
        );
        let mut rtc = config.build(Instant::now());
        let candidate =
            Candidate::host(local, Protocol::Udp).map_err(|e| MediaError::Peer(e.to_string()))?;
        rtc.add_local_candidate(candidate);
        Ok(Peer {
            rtc,
            socket,
            local,
            mid: None,
            stream: Stream::new()?,
            ear: Ear::new()?,
            keys: Keys::default(),
            player: Player::new(self.sounds.clone()),
            next_tick: None,
            last_received: Instant::now(),
            lost: false,
            heard_any: false,
            events: mpsc::channel(1).0,
        })
    }

    /// Takes up the platform's offer. Returns the running media and our answer, to be sent with both `pre_accept`
    /// and `accept`: the platform wants the very same text in both.
    ///
    /// # Errors
    /// [`MediaError::Sdp`] with the reason, or [`MediaError::Socket`].
    pub async fn answer(&self, offer: &str) -> Result<(Media, String), MediaError> {
        let mut peer = self.peer().await?;
        // An offer says `actpass`: either side may begin DTLS. The business shall, so that its first packet comes after
        // ICE has found the path. str0m would leave it to the other side; told `passive`, it begins.
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer =
            SdpOffer::from_sdp_string(&offer).map_err(|e| MediaError::Sdp(e.to_string()))?;
        let answer = peer
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(|e| MediaError::Sdp(e.to_string()))?;
        Ok((peer.spawn(None), answer.to_sdp_string()))
    }

    /// Makes an offer for a call of our own. [`Media::apply_answer`] completes it.
    ///
    /// # Errors
    /// [`MediaError::Socket`].
    pub async fn offer(&self) -> Result<(Media, String), MediaError> {
        let mut peer = self.peer().await?;
        let mut change = peer.rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change
            .apply()
            .ok_or_else(|| MediaError::Peer("no offer can be made".into()))?;
        peer.mid = Some(mid);
        Ok((peer.spawn(Some(pending)), offer.to_sdp_string()))
    }
}

enum Command {
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
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<MediaEvent>,
    task: tokio::task::JoinHandle<Heard>,
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

/// Numbering of what we send.
#[derive(Debug)]
struct Stream {
    /// Sequence number, extended; begins in the lower half, so that it cannot wrap before SRTP's roll-over counters
    /// agree (`media.md` §8).
    seq: u64,
    time: u32,
    started: bool,
}

impl Stream {
    fn new() -> Result<Self, MediaError> {
        let random = getrandom::u64().map_err(|e| MediaError::Peer(e.to_string()))?;
        Ok(Self {
            seq: random & 0x7fff,
            time: (random >> 32) as u32,
            started: false,
        })
    }
}

struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    mid: Option<Mid>,
    stream: Stream,
    ear: Ear,
    keys: Keys,
    player: Player,
    /// When the next frame is due, once we talk.
    next_tick: Option<Instant>,
    last_received: Instant,
    lost: bool,
    heard_any: bool,
    events: mpsc::Sender<MediaEvent>,
}

impl Peer {
    fn spawn(mut self, pending: Option<SdpPendingOffer>) -> Media {
        let (commands, inbox) = mpsc::channel(32);
        let (events, outbox) = mpsc::channel(256);
        self.events = events;
        let task = tokio::spawn(async move {
            self.tell(MediaState::Ready);
            if let Err(error) = self.run(inbox, pending).await {
                tracing::warn!(%error, "media broke off");
            }
            self.tell(MediaState::Closed);
            self.ear.heard()
        });
        Media {
            commands,
            events: outbox,
            task,
        }
    }

    fn tell(&self, state: MediaState) {
        // Full only if nobody reads: then nobody misses it.
        let _ = self.events.try_send(MediaEvent::State(state));
    }

    /// str0m has one rule: after every change drain its output until it names the time of the next one.
    async fn run(
        &mut self,
        mut commands: mpsc::Receiver<Command>,
        mut pending: Option<SdpPendingOffer>,
    ) -> Result<(), MediaError> {
        let broken = |e: str0m::RtcError| MediaError::Peer(e.to_string());
        let mut buffer = vec![0; 2_000];
        let mut talk = false;
        let mut connected = false;
        let mut closing = false;
        loop {
            let wake = loop {
                match self.rtc.poll_output().map_err(broken)? {
                    Output::Timeout(at) => break at,
                    Output::Transmit(packet) => {
                        // A packet that cannot be sent is a lost packet: UDP's own rule.
                        let _ = self
                            .socket
                            .send_to(&packet.contents, packet.destination)
                            .await;
                    }
                    Output::Event(Event::Connected) => {
                        connected = true;
                        self.tell(MediaState::Connected);
                    }
                    Output::Event(event) => self.notice(event),
                }
            };
            if !self.rtc.is_alive() || self.lost {
                return Ok(());
            }
            let now = Instant::now();
            if talk && connected && self.next_tick.is_none() && !closing {
                self.next_tick = Some(now);
                self.ear.start(now);
                self.tell(MediaState::Greeting);
            }
            if self.next_tick.is_some_and(|due| due <= now) {
                self.speak(now);
                continue;
            }
            if now.duration_since(self.last_received) > SILENCE && !closing {
                self.tell(MediaState::Lost);
                return Ok(());
            }
            let wake = self
                .next_tick
                .map_or(wake, |due| due.min(wake))
                .min(now + FRAME * 50);
            tokio::select! {
                received = self.socket.recv_from(&mut buffer) => {
                    // An error here is the echo of an earlier packet that found nobody.
                    let Ok((len, source)) = received else { continue };
                    let now = Instant::now();
                    // What is neither STUN, DTLS nor RTP is not for us.
                    let Ok(packet) = Receive::new(Protocol::Udp, source, self.local, &buffer[..len]) else { continue };
                    let input = Input::Receive(now, packet);
                    if self.rtc.accepts(&input) {
                        self.last_received = now;
                        self.rtc.handle_input(input).map_err(broken)?;
                    }
                }
                () = sleep_until(wake.into()) => {
                    self.rtc.handle_input(Input::Timeout(Instant::now())).map_err(broken)?;
                }
                command = commands.recv() => match command {
                    Some(Command::Answer(answer, done)) => {
                        let _ = done.send(self.apply(pending.take(), &answer));
                    }
                    Some(Command::Talk) => talk = true,
                    Some(Command::Heard(reply)) => {
                        let _ = reply.send(self.ear.heard());
                    }
                    Some(Command::Close) | None if closing => return Ok(()),
                    Some(Command::Close) | None => {
                        closing = true;
                        self.next_tick = None;
                        self.rtc.close().map_err(broken)?;
                    }
                },
            }
        }
    }

    fn apply(&mut self, pending: Option<SdpPendingOffer>, answer: &str) -> Result<(), MediaError> {
        let refused = |e: String| Err(MediaError::Sdp(e));
        let Some(pending) = pending else {
            return refused("there is no offer it could answer".into());
        };
        let answer = match SdpAnswer::from_sdp_string(answer) {
            Ok(answer) => answer,
            Err(e) => return refused(e.to_string()),
        };
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .or_else(|e| refused(e.to_string()))
    }

    fn notice(&mut self, event: Event) {
        match event {
            Event::IceConnectionStateChange(IceConnectionState::Connected) => {
                self.tell(MediaState::IceConnected);
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.tell(MediaState::Lost);
                self.lost = true;
            }
            // Named by the platform's offer; of our own offers we know it already.
            Event::MediaAdded(media) => self.mid = Some(media.mid),
            Event::RtpPacket(packet) => {
                let seq = *packet.seq_no;
                match self.codec(packet.header.payload_type) {
                    Some(Codec::Opus) => {
                        if !self.heard_any {
                            self.heard_any = true;
                            self.tell(MediaState::FirstPacket);
                        }
                        self.ear.audio(seq, &packet.payload, packet.timestamp);
                        self.player
                            .listen(seq, packet.header.timestamp, packet.payload);
                    }
                    Some(Codec::Tele) => {
                        self.ear.event(seq);
                        if let Some(digit) =
                            self.keys.press(packet.header.timestamp, &packet.payload)
                        {
                            self.ear.digit(digit);
                            if digit != '*' {
                                self.player.answer(digit);
                            }
                            let _ = self.events.try_send(MediaEvent::Digit(digit));
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn codec(&self, pt: Pt) -> Option<Codec> {
        self.rtc
            .codec_config()
            .find(|p| p.pt() == pt)
            .map(|p| p.spec().codec)
    }

    /// Sends the frame that is due.
    fn speak(&mut self, now: Instant) {
        let Some(due) = self.next_tick else { return };
        self.next_tick = Some(
            if now.duration_since(due) > MAX_BEHIND {
                now
            } else {
                due
            } + FRAME,
        );
        let tick = self.player.tick();
        if tick.echo_begins {
            self.tell(MediaState::Echo);
        }
        let opus = self
            .rtc
            .codec_config()
            .find(|p| p.spec().codec == Codec::Opus)
            .map(|p| p.pt());
        if let (Some(payload), Some(mid), Some(pt)) = (tick.frame, self.mid, opus)
            && let Some(out) = self.rtc.direct_api().stream_tx_by_mid(mid, None)
        {
            let packet = RtpWrite::new(pt, self.stream.seq.into(), self.stream.time, now, payload)
                .marker(!self.stream.started);
            out.write_rtp(packet);
            self.stream.seq += 1;
            self.stream.started = true;
        }
        // Time passes whether or not there is something to say.
        self.stream.time = self.stream.time.wrapping_add(TICKS);
    }
}
