//! Offer and answer are the two halves of one conversation: what one side writes the other understands.
#![allow(clippy::unwrap_used)]

mod common;

use ahoy_sdp::{
    AnswerChoice, Codec, CryptoLine, Fingerprints, G711, Keying, Local, LocalSdes, MediaDirection,
    OfferCodecs, Offered, Policy, RemoteKeying, Setup, Suite, choose, choose_crypto, parse_answer,
    parse_offer, write_answer, write_answer_sdes, write_offer, write_offer_sdes,
};
use ahoy_types::{Fingerprint, IcePwd, PayloadType, Ssrc, Ufrag};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

fn v4() -> impl Strategy<Value = SocketAddrV4> {
    (0x0100_0000_u32..0xdfff_ffff, 1..=u16::MAX)
        .prop_map(|(ip, port)| SocketAddrV4::new(Ipv4Addr::from(ip), port))
}

fn v6() -> impl Strategy<Value = SocketAddrV6> {
    (1..=u128::MAX >> 8, 1..=u16::MAX)
        .prop_map(|(ip, port)| SocketAddrV6::new(Ipv6Addr::from(ip), port, 0, 0))
}

prop_compose! {
    fn local()(
        addresses in prop_oneof![
            v4().prop_map(|a| (Some(a), None)),
            v6().prop_map(|a| (None, Some(a))),
            (v4(), v6()).prop_map(|(a, b)| (Some(a), Some(b))),
        ],
        ufrag in "[A-Za-z0-9+/]{4,32}",
        pwd in "[A-Za-z0-9+/]{22,30}(==)?",
        fingerprint: [u8; 32],
        ssrc: u32,
        session_id in 1_700_000_000_000_u64..2_000_000_000_000,
        stream_id in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
    ) -> Local {
        Local {
            v4: addresses.0,
            v6: addresses.1,
            ufrag: Ufrag(ufrag.into()),
            pwd: IcePwd(pwd.into()),
            fingerprint: Fingerprint(fingerprint),
            ssrc: Ssrc(ssrc),
            session_id,
            stream_id,
        }
    }
}

fn codecs() -> impl Strategy<Value = OfferCodecs> {
    prop::sample::subsequence(vec![G711::Pcmu, G711::Pcma], 0..=2)
        .prop_map(|g711| OfferCodecs { g711 })
}

fn policy(keying: Keying, codecs: &OfferCodecs) -> Policy {
    Policy {
        keying,
        g711: codecs.g711.clone(),
        fingerprints: Fingerprints::default(),
    }
}

fn has_keys_of(keying: &RemoteKeying, local: &Local, role: Setup) {
    assert_eq!(
        keying,
        &RemoteKeying::Dtls {
            ufrag: local.ufrag.clone(),
            pwd: local.pwd.clone(),
            fingerprint: local.fingerprint,
            setup: role,
            ice_lite: true,
        }
    );
}

fn addresses(local: &Local) -> Vec<SocketAddr> {
    let v4 = local.v4.map(SocketAddr::V4);
    v4.into_iter().chain(local.v6.map(SocketAddr::V6)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dtls_offer_and_its_answer(ours in local(), theirs in local(), codecs in codecs(), active: bool) {
        prop_assume!(ours.ufrag != theirs.ufrag);
        let policy = policy(Keying::Dtls, &codecs);
        let text = write_offer(&ours, &codecs);
        let offer = parse_offer(&text, &policy).unwrap();
        has_keys_of(&offer.keying, &ours, Setup::Actpass);
        prop_assert_eq!(offer.ssrc, Some(ours.ssrc));
        prop_assert_eq!(&offer.candidates, &addresses(&ours));
        prop_assert_eq!(offer.address, addresses(&ours).first().copied());
        prop_assert_eq!(offer.pcmu.is_some(), codecs.g711.contains(&G711::Pcmu));
        prop_assert_eq!(offer.pcma.is_some(), codecs.g711.contains(&G711::Pcma));
        prop_assert!(offer.bundle && offer.rtcp_mux && !offer.rtcp_rsize && offer.transport_cc);

        let offered = Offered::new(&ours, codecs.clone());
        prop_assert_eq!(&offered.text, &text);
        prop_assert_eq!(&Offered::read(text).unwrap(), &offered);

        let mut choice = choose(&offer, &policy).unwrap();
        if active {
            choice = choice.with_setup(&offer, Setup::Active);
        }
        let expected = AnswerChoice {
            codec: Codec::Opus,
            pt: PayloadType(111),
            dtmf: PayloadType(126),
            setup: if active { Setup::Active } else { Setup::Passive },
        };
        prop_assert_eq!(choice, expected);
        let answer = parse_answer(&write_answer(&theirs, &offer, &choice), &offered, &policy).unwrap();
        has_keys_of(&answer.keying, &theirs, choice.setup);
        prop_assert_eq!(answer.opus, Some(PayloadType(111)));
        prop_assert_eq!(answer.telephone_event, Some(PayloadType(126)));
        prop_assert_eq!((answer.pcmu, answer.pcma), (None, None));
        prop_assert_eq!(answer.ssrc, Some(theirs.ssrc));
        prop_assert_eq!(&answer.candidates, &addresses(&theirs));
        prop_assert_eq!(answer.profile, offer.profile);
        prop_assert_eq!((answer.mid, answer.bundle), (offer.mid, true));
        prop_assert_eq!(answer.direction, MediaDirection::SendRecv);
    }

    #[test]
    fn an_sdes_offer_and_its_answer(
        addresses in (v4(), v6()),
        keys in (prop::array::uniform30(any::<u8>()), prop::array::uniform30(any::<u8>())),
        ssrc: u32,
        codecs in codecs(),
    ) {
        prop_assume!(keys.0 != keys.1);
        let policy = policy(Keying::Sdes, &codecs);
        let side = |address: SocketAddr, key: &[u8]| LocalSdes {
            address,
            crypto: CryptoLine::new(1, Suite::AesCm128HmacSha1_80, key).unwrap(),
            ssrc: Ssrc(ssrc),
            session_id: 1_760_000_000_123,
            stream_id: common::STREAM.into(),
        };
        let ours = side(addresses.0.into(), &keys.0);
        let theirs = side(addresses.1.into(), &keys.1);
        let text = write_offer_sdes(&ours, &codecs);
        let offer = parse_offer(&text, &policy).unwrap();
        prop_assert_eq!(choose_crypto(&offer), Some(&ours.crypto));
        prop_assert_eq!(offer.address, Some(ours.address));
        let offered = Offered::read(text).unwrap();
        prop_assert_eq!(&offered.codecs, &codecs);
        let choice = choose(&offer, &policy).unwrap();
        let answer = write_answer_sdes(&theirs, &offer, &choice);
        let answer = parse_answer(&answer, &offered, &policy).unwrap();
        prop_assert_eq!(answer.keying, RemoteKeying::Sdes { cryptos: vec![theirs.crypto] });
        prop_assert_eq!(answer.address, Some(theirs.address));
    }
}
