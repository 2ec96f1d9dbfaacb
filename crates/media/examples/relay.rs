//! The relay alone, for measuring it: `benches/relaybench` offers as one side and answers as the other, by JSON lines on standard input.
//!
//! For each line `{"op":"offer"|"answer","call":N,"sdp":"…"}` it prints `{"sdp":"…"}` or `{"error":"…"}`: A's offer goes in and the offer for B
//! comes out, B's answer goes in and the answer for A comes out; from then on audio flows both ways. It ends with its standard input.
//! `RB_THREADS` is the number of workers (default 1), `RB_REST_US` the longest rest of a worker (default that of the engine).

use std::collections::HashMap;
use std::io::BufRead;
use std::time::Duration;

use ahoy_media::{
    BridgeId, CallSetup, DtlsRole, LegPlan, MediaConfig, MediaEngine, Networks, RemoteLeg, Said,
    Side, UserLeg,
};
use ahoy_sdp::{Keying, Local, OfferCodecs, Offered, Policy, Remote, RemoteKeying, Setup};
use serde_json::{Value, json};

/// A call between its offer and its answer.
struct Open {
    /// Our answer to A, written when the call was drawn up.
    answer: String,
    /// What B's answer is checked against.
    offered: Offered,
}

struct Relay {
    engine: MediaEngine,
    policy: Policy,
    open: HashMap<u64, Open>,
}

fn local(plan: &LegPlan, call: u64) -> Local {
    Local {
        v4: plan.v4,
        v6: plan.v6,
        ufrag: plan.ufrag.clone(),
        pwd: plan.pwd.clone(),
        fingerprint: plan.fingerprint,
        ssrc: plan.ssrc,
        session_id: 1_760_000_000_000 + call,
        stream_id: "relay".to_owned(),
    }
}

fn remote(said: &Remote, ours: DtlsRole) -> Result<RemoteLeg, String> {
    let RemoteKeying::Dtls {
        ufrag, fingerprint, ..
    } = &said.keying
    else {
        return Err("only ICE and DTLS-SRTP are relayed here".to_owned());
    };
    Ok(RemoteLeg {
        ufrag: Some(ufrag.clone()),
        fingerprint: *fingerprint,
        dtls: ours,
        opus: said.opus.ok_or("only Opus is relayed here")?,
        telephone_event: said.telephone_event,
        said: Said {
            candidates: said.candidates.clone(),
            ..Said::default()
        },
    })
}

impl Relay {
    fn offer(&mut self, call: u64, sdp: &str) -> Result<String, String> {
        let said = ahoy_sdp::parse_offer(sdp, &self.policy).map_err(|e| e.to_string())?;
        let choice = ahoy_sdp::choose(&said, &self.policy).map_err(|e| e.to_string())?;
        let ours = if choice.setup == Setup::Active {
            DtlsRole::Client
        } else {
            DtlsRole::Server
        };
        let plan = self.engine.plan();
        let answer = ahoy_sdp::write_answer(&local(&plan.business, call), &said, &choice);
        let offered = Offered::new(&local(&plan.user, call), OfferCodecs::default());
        let text = offered.text.clone();
        let bridge = BridgeId(call);
        self.engine
            .arm(
                bridge,
                CallSetup {
                    plan,
                    user: UserLeg::WebRtc,
                    networks: Networks::default(),
                },
            )
            .wait();
        self.engine
            .set_remote(bridge, Side::Business, remote(&said, ours)?);
        self.open.insert(call, Open { answer, offered });
        Ok(text)
    }

    fn answer(&mut self, call: u64, sdp: &str) -> Result<String, String> {
        let open = self
            .open
            .remove(&call)
            .ok_or("there was no offer of this call")?;
        let said =
            ahoy_sdp::parse_answer(sdp, &open.offered, &self.policy).map_err(|e| e.to_string())?;
        let RemoteKeying::Dtls { setup, .. } = &said.keying else {
            return Err("only ICE and DTLS-SRTP are relayed here".to_owned());
        };
        let ours = if *setup == Setup::Passive {
            DtlsRole::Client
        } else {
            DtlsRole::Server
        };
        let bridge = BridgeId(call);
        self.engine
            .set_remote(bridge, Side::User, remote(&said, ours)?);
        self.engine.open_gate(bridge);
        Ok(open.answer)
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = MediaConfig {
        workers: usize::try_from(number("RB_THREADS").unwrap_or(1))?,
        ..MediaConfig::default()
    };
    if let Some(rest) = number("RB_REST_US") {
        config.max_rest = Duration::from_micros(rest);
    }
    let engine = MediaEngine::start(config, |_| ())?;
    let policy = Policy {
        keying: Keying::Dtls,
        g711: vec![],
        fingerprints: ahoy_sdp::Fingerprints::Any,
    };
    let mut relay = Relay {
        engine,
        policy,
        open: HashMap::new(),
    };
    println!("{}", json!({ "pid": std::process::id() }));
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        let (call, sdp) = (
            asked["call"].as_u64().unwrap_or(0),
            asked["sdp"].as_str().unwrap_or(""),
        );
        let outcome = match asked["op"].as_str() {
            Some("offer") => relay.offer(call, sdp),
            Some("answer") => relay.answer(call, sdp),
            _ => Err("op must be offer or answer".to_owned()),
        };
        match outcome {
            Ok(sdp) => println!("{}", json!({ "sdp": sdp })),
            Err(error) => println!("{}", json!({ "error": error })),
        }
    }
    relay.engine.shutdown();
    Ok(())
}
