//! The WebRTC peer of one call and the loop that moves its packets and its clock.
//!
//! [`str0m`] speaks ICE, DTLS, SRTP and RTCP without any I/O of its own: it is fed packets and the time, and asked what
//! to send and when to come again.

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
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::dtmf::Keys;
use crate::echo::TICKS;
use crate::event::MediaState;
use crate::heard::Ear;
use crate::media::{Command, Media, MediaError, MediaEvent};
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

pub(crate) struct Peer {
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

fn sdp(error: impl std::fmt::Display) -> MediaError {
    MediaError::Sdp(error.to_string())
}

fn broken(error: impl std::fmt::Display) -> MediaError {
    MediaError::Peer(error.to_string())
}

impl Peer {
    /// Opens a socket on `ip` and makes a peer that has it as its only candidate.
    pub(crate) async fn open(
        ip: IpAddr,
        certificate: DtlsCert,
        sounds: Arc<Sounds>,
    ) -> Result<Self, MediaError> {
        let io = |e| MediaError::Socket(ip, e);
        let socket = UdpSocket::bind((ip, 0)).await.map_err(io)?;
        let local = socket.local_addr().map_err(io)?;
        let mut config = Rtc::builder()
            .set_dtls_cert(certificate)
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
        let events = FormatParams {
            telephone_event_max: Some(16),
            ..FormatParams::default()
        };
        let (pt, rate) = (Pt::new_with_value(126), Frequency::EIGHT_KHZ);
        codecs.add_config(pt, None, Codec::Tele, rate, None, events);
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, Protocol::Udp).map_err(broken)?);
        Ok(Self {
            rtc,
            socket,
            local,
            mid: None,
            stream: Stream::new()?,
            ear: Ear::new()?,
            keys: Keys::default(),
            player: Player::new(sounds),
            next_tick: None,
            last_received: Instant::now(),
            lost: false,
            heard_any: false,
            events: mpsc::channel(1).0,
        })
    }

    /// Takes up an offer.
    pub(crate) fn answer(&mut self, offer: &str) -> Result<String, MediaError> {
        // An offer says `actpass`: either side may begin DTLS. The business shall, so that its first packet comes after
        // ICE has found the path. str0m would leave it to the other side; told `passive`, it begins.
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer = SdpOffer::from_sdp_string(&offer).map_err(sdp)?;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(sdp)?;
        Ok(answer.to_sdp_string())
    }

    /// Makes an offer: one audio line, both ways.
    pub(crate) fn offer(&mut self) -> Result<(String, SdpPendingOffer), MediaError> {
        let mut change = self.rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().ok_or_else(|| broken("no offer was made"))?;
        self.mid = Some(mid);
        Ok((offer.to_sdp_string(), pending))
    }

    /// Lets it run as a task of its own.
    pub(crate) fn spawn(mut self, pending: Option<SdpPendingOffer>) -> Media {
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
            // While our offer waits for its answer there is nobody who could be silent.
            let connecting = pending.is_some();
            if !connecting && !closing && now.duration_since(self.last_received) > SILENCE {
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
        let pending = pending.ok_or_else(|| sdp("there is no offer it could answer"))?;
        let answer = SdpAnswer::from_sdp_string(answer).map_err(sdp)?;
        self.last_received = Instant::now();
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(sdp)
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
