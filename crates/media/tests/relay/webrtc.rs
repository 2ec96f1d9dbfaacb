//! A complete, foreign WebRTC peer: str0m on a socket and a thread of its own.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ahoy_audio::{EncodedSound, OpusDecoder, listen};
use ahoy_media::{DtlsRole, LegPlan, RemoteLeg};
use ahoy_packet::dtmf::{Arrival, Collector, Digit, Event as KeyEvent, Schedule};
use ahoy_types::{Fingerprint, PayloadType, Ufrag};
use str0m::config::Fingerprint as StrFingerprint;
use str0m::format::{Codec, FormatParams};
use str0m::ice::IceCreds;
use str0m::media::{Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};

use crate::support::PATIENCE;

pub const OPUS: u8 = 111;
pub const EVENTS: u8 = 126;

/// How a peer behaves.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Whether it sends the ClientHello.
    pub active: bool,
    pub v6: bool,
    /// What it plays once it may.
    pub hz: f64,
    /// Whether it speaks as soon as it is connected.
    pub speaks: bool,
    /// Its own source.
    pub ssrc: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            active: true,
            v6: false,
            hz: 440.0,
            speaks: true,
            ssrc: 77,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Packet {
    pub pt: u8,
    pub seq: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub ssrc: u32,
    pub payload: Arc<[u8]>,
}

#[derive(Default)]
pub struct Ears {
    pub connected: bool,
    pub disconnected: bool,
    pub packets: Vec<Packet>,
    pub sent: u64,
}

impl Ears {
    pub fn audio(&self) -> impl Iterator<Item = &Packet> {
        self.packets.iter().filter(|p| p.pt == OPUS)
    }
    pub fn pitch(&self) -> Option<f64> {
        let mut decoder = OpusDecoder::new(8_000).unwrap();
        let mut pcm = Vec::new();
        let mut frame = [0; OpusDecoder::MAX_SAMPLES];
        let mut before: Option<u16> = None;
        for packet in &self.packets {
            // What is missing is bridged, as any phone does it.
            let missing = before.map_or(0, |b| packet.seq.wrapping_sub(b).saturating_sub(1));
            before = Some(packet.seq);
            for _ in 0..missing.min(50) {
                let n = decoder.decode(None, &mut frame).unwrap();
                pcm.extend_from_slice(&frame[..n]);
            }
            if packet.pt != OPUS {
                continue;
            }
            let n = decoder.decode(Some(&packet.payload), &mut frame).unwrap();
            pcm.extend_from_slice(&frame[..n]);
        }
        listen::dominant_pitch(listen::last_audible(&pcm, 8_000, 500), 8_000)
    }
    pub fn digits(&self) -> String {
        let mut collector = Collector::default();
        self.packets
            .iter()
            .filter(|p| p.pt == EVENTS)
            .filter_map(|p| {
                collector.push(Arrival {
                    sequence: p.seq,
                    marker: p.marker,
                    timestamp: p.timestamp,
                    event: KeyEvent::parse(&p.payload).ok()?,
                    at: Duration::ZERO,
                })
            })
            .map(Digit::as_char)
            .collect()
    }
    /// Sequence numbers that never came, in a stream without disorder.
    pub fn missing(&self) -> usize {
        self.packets
            .windows(2)
            .map(|w| usize::from(w[1].seq.wrapping_sub(w[0].seq)) - 1)
            .sum()
    }
}

enum Order {
    Press(Digit),
    /// Another socket under the same peer, as when a NAT binds anew.
    Move,
    Leave,
}

pub struct Peer {
    /// What our session description would say of it.
    pub remote: RemoteLeg,
    orders: Sender<Order>,
    ears: Arc<(Mutex<Ears>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// A peer that begins its checks towards `leg` at once.
    pub fn start(leg: &LegPlan, manner: Manner) -> Self {
        let now = Instant::now();
        let mut config = Rtc::builder().set_rtp_mode(true).clear_codecs();
        config.codec_config().enable_opus(true, false);
        config.codec_config().add_config(
            EVENTS.into(),
            None,
            Codec::Tele,
            Frequency::EIGHT_KHZ,
            None,
            FormatParams::default(),
        );
        let mut rtc = config.build(now);
        let socket = bind(manner.v6);
        let local = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap())
            .unwrap();
        let server: SocketAddr = if manner.v6 {
            leg.v6.unwrap().into()
        } else {
            leg.v4.unwrap().into()
        };
        rtc.add_remote_candidate(Candidate::host(server, "udp").unwrap());
        let mid = Mid::from("audio");
        let mut direct = rtc.direct_api();
        direct.set_ice_controlling(true);
        direct.set_remote_ice_credentials(IceCreds {
            ufrag: leg.ufrag.to_string(),
            pass: leg.pwd.0.to_string(),
        });
        direct.set_remote_fingerprint(StrFingerprint {
            hash_func: "sha-256".to_owned(),
            bytes: leg.fingerprint.0.to_vec(),
        });
        let creds = direct.local_ice_credentials();
        let fingerprint = direct
            .local_dtls_fingerprint()
            .bytes
            .as_slice()
            .try_into()
            .unwrap();
        direct.start_dtls(manner.active).unwrap();
        direct.declare_media(mid, MediaKind::Audio);
        direct.declare_stream_tx(manner.ssrc.into(), None, mid, None);
        direct.expect_stream_rx(leg.ssrc.0.into(), None, mid, None);
        let remote = RemoteLeg {
            ufrag: Some(Ufrag(creds.ufrag.into())),
            fingerprint: Fingerprint(fingerprint),
            dtls: if manner.active {
                DtlsRole::Server
            } else {
                DtlsRole::Client
            },
            opus: PayloadType(OPUS),
            telephone_event: Some(PayloadType(EVENTS)),
            said: ahoy_media::Said::default(),
        };
        let ears: Arc<(Mutex<Ears>, Condvar)> = Arc::default();
        let (orders, inbox) = channel();
        let life = Life {
            rtc,
            socket,
            local,
            server,
            ears: Arc::clone(&ears),
            sound: EncodedSound::tone(manner.hz, -12.0).unwrap(),
            manner,
            keys: Vec::new(),
            seq: 60_000,
            clock: 0,
            key_clock: 0,
        };
        let thread = std::thread::spawn(move || life.live(&inbox));
        Self {
            remote,
            orders,
            ears,
            thread: Some(thread),
        }
    }
    pub fn press(&self, digits: &str) {
        for digit in digits.chars() {
            self.orders
                .send(Order::Press(digit.try_into().unwrap()))
                .unwrap();
        }
    }
    pub fn move_socket(&self) {
        self.orders.send(Order::Move).unwrap();
    }
    /// Waits until `want` is content with what was heard.
    pub fn hear<T>(&self, what: &str, mut want: impl FnMut(&Ears) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut ears = self.ears.0.lock().unwrap();
        loop {
            if let Some(wanted) = want(&ears) {
                return wanted;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what}: only {} packets came, {} were sent",
                ears.packets.len(),
                ears.sent
            );
            ears = self.ears.1.wait_timeout(ears, left).unwrap().0;
        }
    }
    /// Waits for this many audio packets.
    pub fn hear_audio(&self, count: usize) {
        self.hear(&format!("{count} audio packets"), |ears| {
            (ears.audio().count() >= count).then_some(())
        });
    }
    pub fn ears<T>(&self, look: impl FnOnce(&Ears) -> T) -> T {
        look(&self.ears.0.lock().unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Leave);
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().expect("the peer's thread did not panic");
        }
    }
}

fn bind(v6: bool) -> UdpSocket {
    let socket = if v6 {
        UdpSocket::bind((Ipv6Addr::LOCALHOST, 0))
    } else {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
    };
    socket.unwrap()
}

/// A peer's thread.
struct Life {
    rtc: Rtc,
    socket: UdpSocket,
    /// The address the peer believes in, whatever socket is under it.
    local: SocketAddr,
    server: SocketAddr,
    ears: Arc<(Mutex<Ears>, Condvar)>,
    sound: EncodedSound,
    manner: Manner,
    keys: Vec<(Duration, bool, [u8; 4])>,
    seq: u64,
    clock: u32,
    /// The timestamp of the key being held.
    key_clock: u32,
}

impl Life {
    fn live(mut self, orders: &Receiver<Order>) {
        let mut tick = Instant::now();
        let mut buffer = [0; 2_000];
        loop {
            while let Ok(order) = orders.try_recv() {
                match order {
                    Order::Press(digit) => self.press(digit),
                    Order::Move => self.socket = bind(self.manner.v6),
                    Order::Leave => return,
                }
            }
            let wake = self.drain().min(tick);
            let wait = wake.saturating_duration_since(Instant::now());
            self.socket
                .set_read_timeout(Some(wait.max(Duration::from_micros(200))))
                .unwrap();
            if let Ok((len, source)) = self.socket.recv_from(&mut buffer) {
                let contents = buffer[..len].try_into();
                if let (Ok(contents), true) = (contents, source == self.server) {
                    let receive = Receive {
                        proto: Protocol::Udp,
                        source,
                        destination: self.local,
                        contents,
                    };
                    let _ = self
                        .rtc
                        .handle_input(Input::Receive(Instant::now(), receive));
                }
            }
            self.rtc
                .handle_input(Input::Timeout(Instant::now()))
                .unwrap();
            while tick <= Instant::now() {
                tick += Duration::from_millis(20);
                self.speak();
            }
        }
    }
    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => return at,
                Output::Transmit(t) => {
                    let _ = self.socket.send_to(&t.contents, t.destination);
                }
                Output::Event(event) => self.note(event),
            }
        }
    }
    fn note(&self, event: Event) {
        let mut ears = self.ears.0.lock().unwrap();
        match event {
            Event::Connected => ears.connected = true,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                ears.disconnected = true
            }
            Event::RtpPacket(packet) => ears.packets.push(Packet {
                pt: *packet.header.payload_type,
                seq: packet.header.sequence_number,
                timestamp: packet.header.timestamp,
                marker: packet.header.marker,
                ssrc: *packet.header.ssrc,
                payload: packet.payload,
            }),
            _ => return,
        }
        self.ears.1.notify_all();
    }
    fn press(&mut self, digit: Digit) {
        let base = self
            .keys
            .last()
            .map_or(Duration::ZERO, |(at, ..)| *at + Duration::from_millis(100));
        let packets = Schedule::new(digit, Duration::from_millis(100));
        self.keys
            .extend(packets.map(|p| (base + p.offset, p.marker, p.event.to_bytes())));
    }
    /// Twenty milliseconds of sound or of a key.
    fn speak(&mut self) {
        if !self.manner.speaks || !self.ears.0.lock().unwrap().connected {
            return;
        }
        self.clock += 960;
        let due: Vec<_> = self
            .keys
            .iter()
            .take_while(|(at, ..)| at.is_zero())
            .copied()
            .collect();
        self.keys.drain(..due.len());
        let held = !due.is_empty();
        if held {
            for (_, marker, payload) in due {
                if marker {
                    self.key_clock = self.clock;
                }
                self.write(EVENTS, self.key_clock, marker, &payload);
            }
        } else {
            let payload = self.sound.frame(self.seq).to_vec();
            self.write(OPUS, self.clock, false, &payload);
        }
        for (at, ..) in &mut self.keys {
            *at = at.saturating_sub(Duration::from_millis(20));
        }
    }
    fn write(&mut self, pt: u8, timestamp: u32, marker: bool, payload: &[u8]) {
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx(&self.manner.ssrc.into()).unwrap();
        let packet = RtpWrite::new(
            pt.into(),
            self.seq.into(),
            timestamp,
            Instant::now(),
            payload,
        )
        .marker(marker);
        stream.write_rtp(packet);
        self.seq += 1;
        self.ears.0.lock().unwrap().sent += 1;
        self.drain();
    }
}
