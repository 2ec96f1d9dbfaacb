//! A business's media: a full WebRTC peer that offers a call and takes the platform's answer.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ahoy_audio::EncodedSound;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// A peer that has made its offer.
pub struct Peer {
    pub offer: String,
    rtc: Rtc,
    socket: UdpSocket,
    pending: SdpPendingOffer,
    mid: Mid,
}

/// A peer without a word about media so far, and its socket.
async fn blank() -> (Rtc, UdpSocket) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let local = socket.local_addr().unwrap();
    let mut config = Rtc::builder().clear_codecs();
    config.codec_config().enable_opus(true, false);
    let mut rtc = config.build(Instant::now());
    rtc.add_local_candidate(Candidate::host(local, Protocol::Udp).unwrap());
    (rtc, socket)
}

impl Peer {
    pub async fn new() -> Self {
        let (mut rtc, socket) = blank().await;
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        Self {
            offer: offer.to_sdp_string(),
            rtc,
            socket,
            pending,
            mid,
        }
    }

    /// Takes the platform's answer and brings the media up; waits for that. The media lives as long as what is
    /// returned.
    pub async fn connect(self, answer: &str) -> watch::Receiver<bool> {
        self.bring_up(answer, None).await
    }

    /// The same, and plays a tone of `hz` from then on.
    pub async fn connect_and_speak(self, answer: &str, hz: f64) -> watch::Receiver<bool> {
        let sound = EncodedSound::tone(hz, -12.0).unwrap();
        self.bring_up(answer, Some(sound)).await
    }

    async fn bring_up(
        mut self,
        answer: &str,
        sound: Option<EncodedSound>,
    ) -> watch::Receiver<bool> {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc
            .sdp_api()
            .accept_answer(self.pending, answer)
            .unwrap();
        let (up, mut seen) = watch::channel(false);
        let voice = sound.map(|sound| Voice {
            mid: self.mid,
            sound,
            tick: 0,
            next: None,
        });
        tokio::spawn(run(self.rtc, self.socket, up, voice));
        let connected = seen.wait_for(|up| *up);
        let in_time = tokio::time::timeout(super::PATIENCE, connected).await;
        assert!(in_time.is_ok(), "the media did not come up");
        drop(in_time);
        seen
    }
}

/// A phone's media: takes the platform's offer and brings its media up from now on. Gives its answer; the media lives
/// as long as the other thing returned.
pub async fn answer_as_phone(offer: &str) -> (String, watch::Receiver<bool>) {
    let (mut rtc, socket) = blank().await;
    let offer = SdpOffer::from_sdp_string(offer).unwrap();
    let answer = rtc.sdp_api().accept_offer(offer).unwrap();
    let (up, seen) = watch::channel(false);
    tokio::spawn(run(rtc, socket, up, None));
    (answer.to_sdp_string(), seen)
}

/// What a peer plays, in real time.
struct Voice {
    mid: Mid,
    sound: EncodedSound,
    tick: u64,
    /// When the next frame is due; none before the media is up.
    next: Option<Instant>,
}

impl Voice {
    fn speak(&mut self, rtc: &mut Rtc) {
        let now = Instant::now();
        // One at a time: each leaves before the next one is taken.
        if let Some(due) = self.next.filter(|due| *due <= now) {
            let time = MediaTime::new(self.tick * 960, Frequency::FORTY_EIGHT_KHZ);
            let writer = rtc.writer(self.mid).unwrap();
            let pt = writer.payload_params().next().unwrap().pt();
            writer
                .write(pt, now, time, self.sound.frame(self.tick))
                .unwrap();
            self.tick += 1;
            self.next = Some(due + Duration::from_millis(20));
        }
    }
}

async fn run(mut rtc: Rtc, socket: UdpSocket, up: watch::Sender<bool>, mut voice: Option<Voice>) {
    let local = socket.local_addr().unwrap();
    let mut buffer = [0; 2_000];
    while !up.is_closed() {
        let wake = loop {
            match rtc.poll_output().unwrap() {
                Output::Timeout(at) => break at,
                Output::Transmit(p) => drop(socket.send_to(&p.contents, p.destination).await),
                Output::Event(Event::Connected) => {
                    let _ = up.send(true);
                    if let Some(voice) = &mut voice {
                        voice.next = Some(Instant::now());
                    }
                }
                Output::Event(_) => {}
            }
        };
        let word = voice.as_ref().and_then(|voice| voice.next);
        let wake = word.map_or(wake, |word| word.min(wake));
        let input = tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                let (n, from) = received.unwrap();
                match Receive::new(Protocol::Udp, from, local, &buffer[..n]) {
                    Ok(packet) => Input::Receive(Instant::now(), packet),
                    Err(_) => continue,
                }
            }
            () = tokio::time::sleep_until(wake.into()) => Input::Timeout(Instant::now()),
            () = up.closed() => return,
        };
        rtc.handle_input(input).unwrap();
        if let Some(voice) = &mut voice {
            voice.speak(&mut rtc);
        }
    }
}
