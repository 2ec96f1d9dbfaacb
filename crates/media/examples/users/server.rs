//! The relay: one worker, its calls armed by JSON lines on standard input.

use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Duration;

use ahoy_media::{
    BridgeId, CallSetup, Conditions, DtlsRole, EncodedSound, LegNetwork, LocalUser, MediaConfig,
    MediaEngine, Networks, RemoteLeg, Said, Side, UserLeg,
};
use ahoy_types::{Fingerprint, PayloadType, Ufrag};
use serde_json::{Value, json};

use crate::Outcome;

/// What every user plays: one sound, encoded once.
pub const HZ: f64 = 660.0;

pub fn serve() -> Outcome<()> {
    let config = MediaConfig {
        workers: 1,
        ..MediaConfig::default()
    };
    let engine = MediaEngine::start(config, |_| ())?;
    let sound = Arc::new(EncodedSound::tone(HZ, -12.0)?);
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        let answer = answer(&engine, &sound, &asked);
        println!(
            "{}",
            answer.unwrap_or_else(|e| json!({ "error": e.to_string() }))
        );
    }
    engine.shutdown();
    Ok(())
}

fn answer(engine: &MediaEngine, sound: &Arc<EncodedSound>, asked: &Value) -> Outcome<Value> {
    let bridge = BridgeId(asked["call"].as_u64().ok_or("call is missing")?);
    match asked["op"].as_str() {
        Some("arm") => {
            let plan = engine.plan();
            let leg = plan.business.clone();
            let conditions = Conditions {
                delay: Duration::from_millis(60),
                jitter: Duration::from_millis(30),
                ..Conditions::loss(0.05)
            };
            let network = asked["network"] == true;
            let setup = CallSetup {
                plan,
                user: UserLeg::Local(LocalUser {
                    sound: Arc::clone(sound),
                }),
                networks: Networks {
                    user: network.then(|| LegNetwork::both_ways(conditions, bridge.0)),
                    ..Networks::default()
                },
            };
            engine.arm(bridge, setup).wait();
            Ok(json!({
                "ufrag": &*leg.ufrag.0,
                "pwd": &*leg.pwd.0,
                "address": leg.v4.ok_or("no IPv4 address")?,
            }))
        }
        Some("remote") => {
            let peer = &asked["peer"];
            let fingerprint: Vec<u8> = serde_json::from_value(peer["fingerprint"].clone())?;
            let fingerprint = fingerprint.try_into().map_err(|_| "no SHA-256")?;
            let remote = RemoteLeg {
                ufrag: Some(Ufrag(
                    peer["ufrag"].as_str().ok_or("ufrag is missing")?.into(),
                )),
                fingerprint: Fingerprint(fingerprint),
                dtls: DtlsRole::Server,
                opus: PayloadType(111),
                telephone_event: Some(PayloadType(126)),
                said: Said::default(),
            };
            engine.set_remote(bridge, Side::Business, remote);
            Ok(json!({}))
        }
        Some("open") => {
            engine.open_gate(bridge);
            Ok(json!({}))
        }
        Some("heard") => {
            let report = engine
                .report(bridge)
                .wait()
                .ok_or("there is no such call")?;
            Ok(serde_json::to_value(report.heard())?)
        }
        _ => Err("op must be arm, remote, open or heard".into()),
    }
}
