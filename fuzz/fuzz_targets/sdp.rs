//! Session descriptions of the other side: reading them, answering them, and what they can smuggle into an answer.
#![no_main]

use std::sync::LazyLock;

use ahoy_sdp::{
    CryptoLine, Fingerprints, G711, Keying, Local, LocalSdes, OfferCodecs, Offered, Policy, Suite, choose,
    choose_crypto, parse_answer, parse_offer, same_sdp, write_answer, write_answer_sdes,
    write_offer_sdes,
};
use ahoy_types::{Fingerprint, IcePwd, Ssrc, Ufrag};
use libfuzzer_sys::fuzz_target;

struct Side {
    local: Local,
    sdes: LocalSdes,
    offered: Offered,
    offered_sdes: Offered,
    policies: [Policy; 2],
}

static SIDE: LazyLock<Side> = LazyLock::new(|| {
    let local = Local {
        v4: "192.0.2.20:3480".parse().ok(),
        v6: "[2001:db8::20]:3480".parse().ok(),
        ufrag: Ufrag("Ab3dEf6hIj9lMn2p".into()),
        pwd: IcePwd("q0w1e2r3t4y5u6i7o8p9aA==".into()),
        fingerprint: Fingerprint([8; 32]),
        ssrc: Ssrc(1),
        session_id: 1_760_000_000_123,
        stream_id: "0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f".into(),
    };
    let sdes = LocalSdes {
        address: ([192, 0, 2, 20], 3480).into(),
        crypto: CryptoLine::new(1, Suite::AesCm128HmacSha1_80, &[0x5a; 30]).expect("30 octets"),
        ssrc: Ssrc(1),
        session_id: 1_760_000_000_123,
        stream_id: local.stream_id.clone(),
    };
    let codecs = OfferCodecs {
        g711: vec![G711::Pcmu, G711::Pcma],
    };
    let policy = |keying| Policy {
        keying,
        g711: codecs.g711.clone(),
        fingerprints: Fingerprints::default(),
    };
    Side {
        offered: Offered::new(&local, codecs.clone()),
        offered_sdes: Offered::read(write_offer_sdes(&sdes, &codecs)).expect("our own offer"),
        policies: [policy(Keying::Dtls), policy(Keying::Sdes)],
        local,
        sdes,
    }
});

fuzz_target!(|text: &str| {
    let side = &*SIDE;
    let [dtls, sdes] = &side.policies;
    for policy in &side.policies {
        let offer = match parse_offer(text, policy) {
            Ok(offer) => offer,
            Err(defects) => {
                let sentence = defects.to_string();
                assert!(!sentence.is_empty() && sentence.len() < 8192);
                continue;
            }
        };
        let Ok(choice) = choose(&offer, policy) else {
            continue;
        };
        match choose_crypto(&offer) {
            None => {
                let answer = write_answer(&side.local, &offer, &choice);
                is_ours(&answer, "a=setup:");
                parse_offer(&answer, dtls).expect("our answers obey our rules");
            }
            Some(_) => {
                let answer = write_answer_sdes(&side.sdes, &offer, &choice);
                is_ours(&answer, "a=crypto:");
                parse_offer(&answer, sdes).expect("our answers obey our rules");
            }
        }
    }
    if parse_answer(text, &side.offered, dtls).is_ok() {
        assert!(!same_sdp(text, &side.offered.text));
    }
    let _ = parse_answer(text, &side.offered_sdes, sdes);
    assert!(same_sdp(text, text));
});

/// Each line that only we may write stands there once: nothing of the offer broke out of its place.
fn is_ours(answer: &str, keys: &str) {
    for prefix in [keys, "v=0", "a=ptime:", "a=ssrc:", "a=msid:", "a=rtcp-mux"] {
        let count = answer.lines().filter(|l| l.starts_with(prefix)).count();
        assert_eq!(count, 1, "{prefix} in {answer}");
    }
}
