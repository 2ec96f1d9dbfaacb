//! rtpengine, driven by its ng protocol (bencode over UDP).
use super::{Res, Target, e, kill, spawn};
use crate::Scenario;
use crate::peer::{Codec, Kind};
use std::net::UdpSocket;
use std::process::Child;
use std::time::Duration;

pub struct RtpEngine {
    pub sc: Scenario,
    pub threads: usize,
    pub child: Option<Child>,
    pub tags: UdpSocket,
}
const NG: &str = "127.0.0.1:22222";
impl RtpEngine {
    fn ng(&self, call: usize, verb: &str, sdp: &str, more: &str) -> Res<String> {
        let s = |x: &str| format!("{}:{x}", x.len());
        let mut d = format!("rb{call}{verb} d");
        for (k, v) in [("command", verb), ("call-id", &format!("call{call}")), ("from-tag", "a"), ("sdp", sdp)] {
            d += &(s(k) + &s(v))
        }
        if verb == "answer" {
            d += &(s("to-tag") + &s("b"))
        }
        d += more;
        d.push('e');
        self.tags.set_read_timeout(Some(Duration::from_secs(5))).map_err(e)?;
        self.tags.send_to(d.as_bytes(), NG).map_err(e)?;
        let mut b = [0u8; 16384];
        let n = self.tags.recv(&mut b).map_err(e)?;
        let r = String::from_utf8_lossy(&b[..n]).into_owned();
        let at = r.find("3:sdp").ok_or_else(|| format!("rtpengine: {r}"))? + 5;
        let (len, rest) = r[at..].split_once(':').ok_or("bad bencode")?;
        Ok(rest[..len.parse::<usize>().map_err(e)?].to_string())
    }
    fn toward(&self, kind: Kind, codec: Codec, offering: bool) -> String {
        let s = |x: &str| format!("{}:{x}", x.len());
        let l = |k: &str, v: &[&str]| s(k) + "l" + &v.iter().map(|x| s(x)).collect::<String>() + "e";
        let mut o = l("replace", &["origin"]) + &l("rtcp-mux", &["accept", "offer"]);
        o += &s("transport-protocol");
        o += &s(match kind {
            Kind::Plain => "RTP/AVP",
            Kind::Sdes => "RTP/SAVP",
            Kind::Dtls => "UDP/TLS/RTP/SAVPF",
        });
        o += &(s("ICE") + &s(if kind == Kind::Dtls { "force" } else { "remove" }));
        if kind != Kind::Dtls {
            o += &(s("DTLS") + &s("off"))
        } else {
            o += &l("SDES", &["off"])
        }
        if offering && self.sc.xcode() {
            let (strip, add) = if codec == Codec::Pcmu { ("opus", "PCMU") } else { ("PCMU", "opus") };
            o += &(s("codec") + "d" + &l("mask", &[strip]) + &l("transcode", &[add]) + "e");
        }
        o
    }
}
impl Target for RtpEngine {
    fn start(&mut self, core: usize, dir: &str) -> Res<Option<u32>> {
        let t = format!("--num-threads={}", self.threads);
        self.child = Some(spawn(
            core,
            dir,
            &[
                "rtpengine",
                "--config-file=none",
                "-f",
                "-E",
                "-L",
                "3",
                "--table=-1",
                "--interface=127.0.0.1",
                &format!("--listen-ng={NG}"),
                "--port-min=42000",
                "--port-max=64000",
                &t,
            ],
        )?);
        std::thread::sleep(Duration::from_millis(800));
        Ok(self.child.as_ref().map(Child::id))
    }
    fn offer(&mut self, call: usize, sdp: &str) -> Res<String> {
        self.ng(call, "offer", sdp, &self.toward(self.sc.b, self.sc.b_codec, true))
    }
    fn answer(&mut self, call: usize, sdp: &str) -> Res<String> {
        self.ng(call, "answer", sdp, &self.toward(self.sc.a, self.sc.a_codec, false))
    }
    fn stop(&mut self) {
        kill(&mut self.child)
    }
}
