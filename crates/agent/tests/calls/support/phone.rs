//! A user's phone together with the platform's relay: ICE-lite, DTLS server, and SDP text in the platform's shape
//! (`media.md` §2.1 and §3), written here by hand so that the agent meets what it will meet.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ahoy_audio::{EncodedSound, OpusDecoder, listen};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Frequency, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpWrite, Ssrc};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

/// What has come out of the phone's loudspeaker, at 8 kHz.
#[derive(Debug, Clone, Default)]
pub struct Sound {
    pub pcm: Vec<i16>,
    pub packets: u64,
    pub lost: u64,
}

impl Sound {
    /// Pitch of the last `ms` milliseconds.
    pub fn pitch(&self, ms: usize) -> Option<f64> {
        listen::dominant_pitch(&self.pcm[self.pcm.len().saturating_sub(ms * 8)..], 8_000)
    }
}

enum Command {
    Remote(String),
    Press(u8),
}

pub struct Phone {
    address: SocketAddr,
    creds: IceCreds,
    fingerprint: String,
    ssrc: u32,
    commands: mpsc::UnboundedSender<Command>,
    pub sound: watch::Receiver<Sound>,
}

fn attribute<'a>(sdp: &'a str, name: &str) -> &'a str {
    let start = format!("a={name}:");
    sdp.lines()
        .find_map(|line| line.trim_end().strip_prefix(&start))
        .unwrap_or_else(|| panic!("no {start} in\n{sdp}"))
}

impl Phone {
    /// A phone that says `tone_hz` as long as there is somebody to hear it.
    pub async fn new(tone_hz: f64) -> Self {
        Self::on(Ipv4Addr::LOCALHOST.into(), tone_hz).await
    }

    /// The same with media on another address.
    pub async fn on(ip: IpAddr, tone_hz: f64) -> Self {
        let socket = UdpSocket::bind((ip, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let mut config = Rtc::builder()
            .set_ice_lite(true)
            .clear_codecs()
            .set_rtp_mode(true)
            .set_reordering_size_audio(1);
        config.codec_config().enable_opus(true, false);
        config.codec_config().add_config(
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
        rtc.add_local_candidate(Candidate::host(address, Protocol::Udp).unwrap());
        let mid: Mid = "audio".into();
        let mut direct = rtc.direct_api();
        direct.set_ice_controlling(false);
        direct.declare_media(mid, MediaKind::Audio);
        let ssrc = direct.new_ssrc();
        direct.declare_stream_tx(ssrc, None, mid, None);
        let creds = direct.local_ice_credentials();
        let fingerprint = direct.local_dtls_fingerprint().to_string();
        let (commands, inbox) = mpsc::unbounded_channel();
        let (out, sound) = watch::channel(Sound::default());
        let line = Line {
            rtc,
            socket,
            mid,
            voice: EncodedSound::tone(tone_hz, -12.0).unwrap(),
            seq: 100,
            time: u32::MAX - 48_000,
            ear: OpusDecoder::new(8_000).unwrap(),
            range: None,
        };
        tokio::spawn(line.run(inbox, out));
        Self {
            address,
            creds,
            fingerprint,
            ssrc: *ssrc,
            commands,
            sound,
        }
    }

    fn sdp(&self, setup: &str, mid: &str) -> String {
        let Self {
            address,
            creds,
            fingerprint,
            ssrc,
            ..
        } = self;
        let (ip, port) = (address.ip(), address.port());
        [
            "v=0",
            "o=- 1760000000123 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            &format!("a=group:BUNDLE {mid}"),
            "a=msid-semantic: WMS 4b0b1d02-1c5b-4f5f-a6dc-0c8cbc1b6ae8",
            "a=ice-lite",
            &format!("m=audio {port} UDP/TLS/RTP/SAVPF 111 126"),
            &format!("c=IN IP{} {ip}", if ip.is_ipv6() { 6 } else { 4 }),
            "a=rtcp:9 IN IP4 0.0.0.0",
            &format!("a=candidate:1234567890 1 udp 2122260223 {ip} {port} typ host generation 0 network-cost 50"),
            &format!("a=ice-ufrag:{}", creds.ufrag),
            &format!("a=ice-pwd:{}", creds.pass),
            &format!("a=fingerprint:{fingerprint}"),
            &format!("a=setup:{setup}"),
            &format!("a=mid:{mid}"),
            "a=sendrecv",
            "a=msid:4b0b1d02-1c5b-4f5f-a6dc-0c8cbc1b6ae8 WhatsAppTrack1",
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
            "a=rtcp-fb:111 transport-cc",
            "a=fmtp:111 maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;sprop-maxcapturerate=16000;useinbandfec=1",
            "a=rtpmap:126 telephone-event/8000",
            "a=maxptime:20",
            "a=ptime:20",
            &format!("a=ssrc:{ssrc} cname:WhatsAppAudioStream1"),
            "",
        ]
        .join("\r\n")
    }

    /// The offer of a user's call.
    pub fn offer(&self) -> String {
        self.sdp("actpass", "audio")
    }

    /// The answer to a business's offer, which is applied as well.
    pub fn answer(&self, offer: &str) -> String {
        self.remote(offer);
        self.sdp("passive", attribute(offer, "mid"))
    }

    /// Applies the business's SDP.
    pub fn remote(&self, sdp: &str) {
        self.commands.send(Command::Remote(sdp.to_owned())).unwrap();
    }

    /// Presses a key (event code of RFC 4733).
    pub fn press(&self, event: u8) {
        self.commands.send(Command::Press(event)).unwrap();
    }

    /// Waits until what was heard fits.
    pub async fn hears<T>(&mut self, what: &str, mut fits: impl FnMut(&Sound) -> Option<T>) -> T {
        let mut found = None;
        let heard = self.sound.wait_for(|sound| {
            found = fits(sound);
            found.is_some()
        });
        let in_time = tokio::time::timeout(super::PATIENCE, heard).await.is_ok();
        match found {
            Some(found) if in_time => found,
            _ => {
                let sound = self.sound.borrow();
                panic!(
                    "{what} was not heard: {} packets, {} samples, last pitch {:?}",
                    sound.packets,
                    sound.pcm.len(),
                    sound.pitch(500)
                )
            }
        }
    }

    /// Waits for a steady tone of `hz`, within 1 %.
    pub async fn hears_tone(&mut self, hz: f64) {
        self.hears(&format!("{hz} Hz"), |sound| {
            sound
                .pitch(140)
                .filter(|heard| (heard - hz).abs() < hz * 0.01)
                .map(drop)
        })
        .await;
    }
}

struct Line {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Mid,
    voice: EncodedSound,
    seq: u64,
    time: u32,
    ear: OpusDecoder,
    range: Option<(u64, u64)>,
}

impl Line {
    async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        out: watch::Sender<Sound>,
    ) {
        let local = self.socket.local_addr().unwrap();
        let mut buffer = [0; 2_000];
        let mut due: Option<Instant> = None;
        let mut pressing: Vec<[u8; 4]> = Vec::new();
        let mut tick = 0;
        loop {
            let wake = loop {
                match self.rtc.poll_output().unwrap() {
                    Output::Timeout(at) => break at,
                    Output::Transmit(p) => {
                        drop(self.socket.send_to(&p.contents, p.destination).await)
                    }
                    Output::Event(Event::Connected) => due = Some(Instant::now()),
                    Output::Event(Event::RtpPacket(p)) => self.hear(*p.seq_no, &p.payload, &out),
                    Output::Event(_) => {}
                }
            };
            if !self.rtc.is_alive() {
                return;
            }
            let now = Instant::now();
            if due.is_some_and(|at| at <= now) {
                due = due.map(|at| at + Duration::from_millis(20));
                if let Some(event) = pressing.first().copied() {
                    pressing.remove(0);
                    // Timestamp of the press: that of its beginning (RFC 4733 §2.1).
                    self.send(126, event.to_vec(), event[3] == 160);
                    if pressing.is_empty() {
                        self.time = self.time.wrapping_add(960 * 10);
                    }
                } else {
                    self.send(111, self.voice.frame(tick).to_vec(), tick == 0);
                    self.time = self.time.wrapping_add(960);
                    tick += 1;
                }
                continue;
            }
            let wake = due
                .map_or(wake, |d| d.min(wake))
                .min(now + Duration::from_secs(1));
            tokio::select! {
                received = self.socket.recv_from(&mut buffer) => {
                    let Ok((len, source)) = received else { continue };
                    if let Ok(packet) = Receive::new(Protocol::Udp, source, local, &buffer[..len]) {
                        self.rtc.handle_input(Input::Receive(Instant::now(), packet)).unwrap();
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => {
                    self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
                }
                command = commands.recv() => match command {
                    Some(Command::Remote(sdp)) => self.remote(&sdp),
                    Some(Command::Press(event)) => {
                        pressing = (1..=7).map(|n| {
                            let end = if n > 4 { 0x80 } else { 0 };
                            [event, end | 10, ((n.min(5) * 160u16) >> 8) as u8, (n.min(5) * 160) as u8]
                        }).collect();
                    }
                    None => return,
                },
            }
        }
    }

    fn remote(&mut self, sdp: &str) {
        assert_eq!(sdp.matches("m=audio").count(), 1);
        assert_eq!(
            sdp.matches("a=fingerprint").count(),
            1,
            "one fingerprint:\n{sdp}"
        );
        assert!(
            !sdp.contains("a=ice-lite"),
            "the business is a full ICE agent"
        );
        let fingerprint = attribute(sdp, "fingerprint");
        assert!(fingerprint.starts_with("sha-256 "), "{fingerprint}");
        // To an offer `actpass` this side answers `passive`; an answer must be `active`.
        assert!(["active", "actpass"].contains(&attribute(sdp, "setup")));
        let ssrc: u32 = attribute(sdp, "ssrc")
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let mid = self.mid;
        let mut direct = self.rtc.direct_api();
        direct.set_remote_ice_credentials(IceCreds {
            ufrag: attribute(sdp, "ice-ufrag").to_owned(),
            pass: attribute(sdp, "ice-pwd").to_owned(),
        });
        direct.set_remote_fingerprint(fingerprint.parse().unwrap());
        direct.expect_stream_rx(Ssrc::from(ssrc), None, mid, None);
        direct.start_dtls(false).unwrap();
    }

    fn send(&mut self, pt: u8, payload: Vec<u8>, marker: bool) {
        let (seq, time) = (self.seq, self.time);
        self.seq += 1;
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.mid, None).unwrap();
        stream.write_rtp(
            RtpWrite::new(pt.into(), seq.into(), time, Instant::now(), payload).marker(marker),
        );
    }

    fn hear(&mut self, seq: u64, payload: &[u8], out: &watch::Sender<Sound>) {
        let mut pcm = [0; OpusDecoder::MAX_SAMPLES];
        let n = self.ear.decode(Some(payload), &mut pcm).unwrap();
        let (first, highest) = self.range.unwrap_or((seq, seq));
        self.range = Some((first.min(seq), highest.max(seq)));
        let (first, highest) = self.range.unwrap();
        out.send_modify(|sound| {
            sound.packets += 1;
            sound.lost = highest - first + 1 - sound.packets;
            sound.pcm.extend_from_slice(&pcm[..n]);
        });
    }
}
