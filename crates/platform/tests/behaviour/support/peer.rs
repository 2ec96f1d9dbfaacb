//! A business's media: a full WebRTC peer that offers a call and takes the platform's answer.

use std::net::Ipv4Addr;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind};
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
        change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        Self {
            offer: offer.to_sdp_string(),
            rtc,
            socket,
            pending,
        }
    }

    /// Takes the platform's answer and brings the media up; waits for that. The media lives as long as what is
    /// returned.
    pub async fn connect(mut self, answer: &str) -> watch::Receiver<bool> {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc
            .sdp_api()
            .accept_answer(self.pending, answer)
            .unwrap();
        let (up, mut seen) = watch::channel(false);
        tokio::spawn(run(self.rtc, self.socket, up));
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
    tokio::spawn(run(rtc, socket, up));
    (answer.to_sdp_string(), seen)
}

async fn run(mut rtc: Rtc, socket: UdpSocket, up: watch::Sender<bool>) {
    let local = socket.local_addr().unwrap();
    let mut buffer = [0; 2_000];
    while !up.is_closed() {
        let wake = loop {
            match rtc.poll_output().unwrap() {
                Output::Timeout(at) => break at,
                Output::Transmit(p) => drop(socket.send_to(&p.contents, p.destination).await),
                Output::Event(Event::Connected) => drop(up.send(true)),
                Output::Event(_) => {}
            }
        };
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
    }
}
