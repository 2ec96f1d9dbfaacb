//! Janus with its NoSIP plugin, driven over HTTP: A is the WebRTC side, B plain RTP or SDES.
use super::{Res, Target, e, kill, spawn};
use crate::Scenario;
use crate::peer::Kind;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::Duration;

pub struct Janus {
    pub sc: Scenario,
    pub child: Option<Child>,
    pub calls: Vec<(String, u64)>,
}
impl Janus {
    fn http(&self, path: &str, body: Option<Value>) -> Res<Value> {
        let mut c = TcpStream::connect("127.0.0.1:18088").map_err(e)?;
        let b = body.map(|b| b.to_string()).unwrap_or_default();
        let verb = if b.is_empty() { "GET" } else { "POST" };
        write!(c, "{verb} {path} HTTP/1.0\r\nHost: j\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{b}", b.len())
            .map_err(e)?;
        let mut r = String::new();
        c.read_to_string(&mut r).map_err(e)?;
        let v: Value = serde_json::from_str(r.split_once("\r\n\r\n").ok_or("bad http")?.1).map_err(|x| format!("{x}: {r}"))?;
        if v["janus"] == "error" { Err(v.to_string()) } else { Ok(v) }
    }
    fn ask(&self, call: usize, body: Value, jsep: Option<Value>) -> Res<Value> {
        let (s, h) = &self.calls[call];
        let mut m = json!({"janus": "message", "transaction": "t", "body": body});
        if let Some(j) = jsep {
            m["jsep"] = j
        }
        self.http(&format!("{s}/{h}"), Some(m))?;
        for _ in 0..10 {
            let ev = self.http(s, None)?;
            if ev["plugindata"]["data"]["error"].is_string() {
                return Err(ev.to_string());
            }
            if ev["janus"] == "event" {
                return Ok(ev);
            }
        }
        Err("janus: no event".into())
    }
}
impl Target for Janus {
    fn start(&mut self, core: usize, dir: &str) -> Res<Option<u32>> {
        let w = |f: &str, t: &str| std::fs::write(format!("{dir}/{f}"), t).map_err(e);
        w(
            "janus.jcfg",
            "general: { debug_level = 2 }\nnat: { ice_lite = true }\nmedia: { ipv6 = false\n rtp_port_range = \"42000-64000\" }\n\
            plugins: { disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_lua.so,libjanus_echotest.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so\" }\n\
            transports: { disable = \"libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so\" }\n",
        )?;
        w(
            "janus.transport.http.jcfg",
            "general: { json = \"compact\"\n base_path = \"/janus\"\n http = true\n ip = \"127.0.0.1\"\n port = 18088\n https = false }\n",
        )?;
        w("janus.plugin.nosip.jcfg", "general: { local_ip = \"127.0.0.1\"\n rtp_port_range = \"20000-39999\" }\n")?;
        self.child = Some(spawn(core, dir, &["janus", "-F", ".", "-C", "janus.jcfg"])?);
        std::thread::sleep(Duration::from_millis(1500));
        Ok(self.child.as_ref().map(Child::id))
    }
    fn offer(&mut self, call: usize, sdp: &str) -> Res<String> {
        let id = self.http("/janus", Some(json!({"janus": "create", "transaction": "t"})))?["data"]["id"].as_u64().ok_or("no session")?;
        let s = format!("/janus/{id}");
        let h = self.http(&s, Some(json!({"janus": "attach", "plugin": "janus.plugin.nosip", "transaction": "t"})))?["data"]["id"]
            .as_u64()
            .ok_or("no handle")?;
        self.calls.push((s, h));
        let mut body = json!({"request": "generate"});
        if self.sc.b == Kind::Sdes {
            body["srtp"] = "sdes_mandatory".into()
        }
        let ev = self.ask(call, body, Some(json!({"type": "offer", "sdp": sdp})))?;
        Ok(ev["plugindata"]["data"]["result"]["sdp"].as_str().ok_or_else(|| ev.to_string())?.into())
    }
    fn answer(&mut self, call: usize, sdp: &str) -> Res<String> {
        let mut body = json!({"request": "process", "type": "answer", "sdp": sdp});
        if self.sc.b == Kind::Sdes {
            body["srtp"] = "sdes_mandatory".into()
        }
        let ev = self.ask(call, body, None)?;
        Ok(ev["jsep"]["sdp"].as_str().ok_or_else(|| ev.to_string())?.into())
    }
    fn stop(&mut self) {
        kill(&mut self.child)
    }
}
