//! Our side of the calls in these tests, and the samples in `tests/data`.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

use std::net::{SocketAddrV4, SocketAddrV6};
use std::path::Path;

use ahoy_sdp::{
    CryptoLine, Fingerprints, G711, Keying, Local, LocalSdes, OfferCodecs, Offered, Policy, Suite,
    write_offer_sdes,
};
use ahoy_types::{Fingerprint, IcePwd, Ssrc, Ufrag};

pub const STREAM: &str = "0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f";

pub fn v4() -> SocketAddrV4 {
    "192.0.2.20:3480".parse().unwrap()
}

pub fn v6() -> SocketAddrV6 {
    "[2001:db8::20]:3480".parse().unwrap()
}

pub fn local() -> Local {
    Local {
        v4: Some(v4()),
        v6: Some(v6()),
        ufrag: Ufrag("Ab3dEf6hIj9lMn2p".into()),
        pwd: IcePwd("q0w1e2r3t4y5u6i7o8p9aA==".into()),
        fingerprint: Fingerprint(std::array::from_fn(|i| i as u8 * 8)),
        ssrc: Ssrc(3_735_928_559),
        session_id: 1_760_000_000_123,
        stream_id: STREAM.into(),
    }
}

pub fn local_sdes() -> LocalSdes {
    LocalSdes {
        address: v4().into(),
        crypto: CryptoLine::new(1, Suite::AesCm128HmacSha1_80, &[0x5a; 30]).unwrap(),
        ssrc: Ssrc(3_735_928_559),
        session_id: 1_760_000_000_123,
        stream_id: STREAM.into(),
    }
}

/// Our offer without G.711.
pub fn offered() -> Offered {
    Offered::new(&local(), OfferCodecs::default())
}

pub fn offered_sdes() -> Offered {
    Offered::read(write_offer_sdes(&local_sdes(), &OfferCodecs::default())).unwrap()
}

pub fn dtls() -> Policy {
    Policy {
        keying: Keying::Dtls,
        g711: vec![],
        fingerprints: Fingerprints::default(),
    }
}

/// As [`dtls`], with fingerprints by other hashes passed over.
pub fn any_fingerprint() -> Policy {
    Policy {
        fingerprints: Fingerprints::Any,
        ..dtls()
    }
}

pub fn dtls_with_g711() -> Policy {
    Policy {
        keying: Keying::Dtls,
        g711: vec![G711::Pcmu, G711::Pcma],
        fingerprints: Fingerprints::default(),
    }
}

pub fn sdes_with_g711() -> Policy {
    Policy {
        keying: Keying::Sdes,
        g711: vec![G711::Pcmu, G711::Pcma],
        fingerprints: Fingerprints::default(),
    }
}

/// A sample by the name of its file, with LF line ends as stored.
pub fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(format!("{name}.sdp"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every sample: name and text with CRLF line ends.
pub fn samples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".sdp")?.to_owned();
            let text = sample(&name).replace('\n', "\r\n");
            Some((name, text))
        })
        .collect();
    all.sort();
    assert!(all.len() > 10);
    all
}
