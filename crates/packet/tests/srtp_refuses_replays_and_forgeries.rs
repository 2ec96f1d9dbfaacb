//! Forged, damaged, cut and repeated packets are refused and leave no trace; what is authentic passes whatever came before.

#![allow(clippy::unwrap_used)]

use ahoy_packet::rtp::{self, Fields};
use ahoy_packet::srtp::{
    DtlsRole, Inbound, Keys, MAX_OVERHEAD, MAX_SOURCES, Outbound, Profile, SrtpError,
};
use ahoy_types::{PayloadType, Ssrc};
use proptest::prelude::*;

const PROFILES: [Profile; 6] = [
    Profile::Aes128CmSha1_80,
    Profile::Aes128CmSha1_32,
    Profile::Aes256CmSha1_80,
    Profile::Aes256CmSha1_32,
    Profile::Aes128Gcm,
    Profile::Aes256Gcm,
];

fn keys(profile: Profile) -> Keys {
    let material: Vec<u8> = (0..profile.key_and_salt_len()).map(|i| i as u8).collect();
    Keys::from_sdes(profile, &material).unwrap()
}

fn pair(profile: Profile) -> (Outbound, Inbound) {
    let keys = keys(profile);
    (Outbound::new(&keys).unwrap(), Inbound::new(&keys).unwrap())
}

fn plain(sequence: u16, ssrc: u32) -> Vec<u8> {
    let fields = Fields {
        payload_type: PayloadType(111),
        marker: false,
        sequence,
        timestamp: u32::from(sequence) * 960,
        ssrc: Ssrc(ssrc),
    };
    let mut packet = vec![0; 12];
    rtp::write_header(&mut packet, &fields).unwrap();
    packet.extend((0..40).map(|i| i ^ sequence as u8));
    packet
}

fn seal(outbound: &mut Outbound, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buf = packet.to_vec();
    buf.resize(packet.len() + MAX_OVERHEAD, 0);
    let len = outbound.protect_rtp(&mut buf, packet.len())?;
    buf.truncate(len);
    Ok(buf)
}

fn open(inbound: &mut Inbound, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buf = packet.to_vec();
    let len = inbound.unprotect_rtp(&mut buf, packet.len())?;
    buf.truncate(len);
    Ok(buf)
}

const RTCP: &[u8] = b"\x80\xc9\x00\x01\x01\x02\x03\x04";

fn seal_rtcp(outbound: &mut Outbound, packet: &[u8]) -> Vec<u8> {
    let mut buf = packet.to_vec();
    buf.resize(packet.len() + MAX_OVERHEAD, 0);
    let len = outbound.protect_rtcp(&mut buf, packet.len()).unwrap();
    buf.truncate(len);
    buf
}

fn open_rtcp(inbound: &mut Inbound, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buf = packet.to_vec();
    let len = inbound.unprotect_rtcp(&mut buf, packet.len())?;
    buf.truncate(len);
    Ok(buf)
}

#[test]
fn a_flipped_bit_anywhere_is_refused_and_the_packet_still_opens_afterwards() {
    for profile in PROFILES {
        let (mut outbound, mut inbound) = pair(profile);
        let packet = plain(7, 1);
        let good = seal(&mut outbound, &packet).unwrap();
        for at in 0..good.len() {
            let mut forged = good.clone();
            forged[at] ^= 0x04;
            assert!(open(&mut inbound, &forged).is_err(), "{profile:?} {at}");
        }
        assert_eq!(open(&mut inbound, &good), Ok(packet), "{profile:?}");

        let good = seal_rtcp(&mut outbound, RTCP);
        for at in 0..good.len() {
            let mut forged = good.clone();
            forged[at] ^= 0x04;
            // Version and packet type of RTCP are the parser's business, but they are authenticated too.
            assert!(
                open_rtcp(&mut inbound, &forged).is_err(),
                "{profile:?} {at}"
            );
        }
        assert_eq!(open_rtcp(&mut inbound, &good), Ok(RTCP.to_vec()));
    }
}

#[test]
fn every_cut_is_refused() {
    for profile in PROFILES {
        let (mut outbound, mut inbound) = pair(profile);
        let good = seal(&mut outbound, &plain(7, 1)).unwrap();
        let good_rtcp = seal_rtcp(&mut outbound, RTCP);
        for len in 0..good.len() {
            assert!(open(&mut inbound, &good[..len]).is_err(), "{profile:?}");
        }
        for len in 0..good_rtcp.len() {
            assert!(
                open_rtcp(&mut inbound, &good_rtcp[..len]).is_err(),
                "{profile:?}"
            );
        }
        assert!(open(&mut inbound, &good).is_ok());
        assert!(open_rtcp(&mut inbound, &good_rtcp).is_ok());
    }
}

#[test]
fn each_packet_opens_once() {
    for profile in PROFILES {
        let (mut outbound, mut inbound) = pair(profile);
        let packets: Vec<_> = (100..300)
            .map(|sequence| seal(&mut outbound, &plain(sequence, 1)).unwrap())
            .collect();
        for packet in &packets {
            assert!(open(&mut inbound, packet).is_ok());
            assert_eq!(open(&mut inbound, packet), Err(SrtpError::Replayed));
        }
        for packet in &packets {
            assert_eq!(open(&mut inbound, packet), Err(SrtpError::Replayed));
        }
        let report = seal_rtcp(&mut outbound, RTCP);
        assert!(open_rtcp(&mut inbound, &report).is_ok());
        assert_eq!(open_rtcp(&mut inbound, &report), Err(SrtpError::Replayed));
    }
}

#[test]
fn a_forged_packet_moves_neither_roll_over_counter_nor_window_nor_sources() {
    for profile in PROFILES {
        let (mut outbound, mut inbound) = pair(profile);
        let first = seal(&mut outbound, &plain(60_000, 1)).unwrap();
        assert!(open(&mut inbound, &first).is_ok());
        let forge = |sequence: u16, ssrc: u32| {
            let mut packet = plain(sequence, ssrc);
            packet.extend([0x5a; 16]);
            packet
        };
        // Enough to roll over many times and to push the one real source out, if they were believed.
        for round in 0..2_000u32 {
            let forged = forge((round * 7_919) as u16, 1);
            assert!(open(&mut inbound, &forged).is_err());
            assert!(open(&mut inbound, &forge(5, 1_000 + round)).is_err());
        }
        assert_eq!(open(&mut inbound, &first), Err(SrtpError::Replayed));
        let next = seal(&mut outbound, &plain(60_001, 1)).unwrap();
        assert_eq!(open(&mut inbound, &next), Ok(plain(60_001, 1)));
    }
}

#[test]
fn a_refused_packet_is_left_as_it_was_in_counter_mode() {
    for profile in PROFILES
        .into_iter()
        .filter(|p| !matches!(p, Profile::Aes128Gcm | Profile::Aes256Gcm))
    {
        let mut stranger =
            Inbound::new(&Keys::new(profile, &vec![9; profile.key_len()], &[9; 14]).unwrap())
                .unwrap();
        let (mut outbound, mut inbound) = pair(profile);
        let mut packet = seal(&mut outbound, &plain(1, 1)).unwrap();
        let len = packet.len();
        assert_eq!(
            stranger.unprotect_rtp(&mut packet, len),
            Err(SrtpError::Authentication)
        );
        assert!(inbound.unprotect_rtp(&mut packet, len).is_ok());
    }
}

#[test]
fn the_roll_over_counter_follows_a_long_stream_with_loss_and_disorder() {
    for profile in [Profile::Aes128CmSha1_80, Profile::Aes256Gcm] {
        let (mut outbound, mut inbound) = pair(profile);
        let mut held_back: Option<Vec<u8>> = None;
        for index in (65_000u32..400_000).step_by(3) {
            let packet = plain(index as u16, 1);
            let sealed = seal(&mut outbound, &packet).unwrap();
            if index % 11 == 0 {
                held_back = Some(sealed);
                continue;
            }
            assert_eq!(open(&mut inbound, &sealed), Ok(packet), "{index}");
            if let Some(late) = held_back.take() {
                assert!(open(&mut inbound, &late).is_ok(), "{index}");
            }
        }
    }
}

#[test]
fn no_index_is_sent_twice() {
    for profile in PROFILES {
        let (mut outbound, _) = pair(profile);
        seal(&mut outbound, &plain(10, 1)).unwrap();
        seal(&mut outbound, &plain(12, 1)).unwrap();
        let again = plain(10, 1);
        let mut buf = again.clone();
        buf.resize(again.len() + MAX_OVERHEAD, 0);
        assert_eq!(
            outbound.protect_rtp(&mut buf, again.len()),
            Err(SrtpError::Replayed)
        );
        assert_eq!(buf[..again.len()], again);
        assert!(seal(&mut outbound, &plain(11, 1)).is_ok());
        assert!(seal(&mut outbound, &plain(10, 2)).is_ok());
    }
}

#[test]
fn a_sender_keeps_its_sources_and_a_receiver_forgets_the_idlest() {
    let (mut outbound, mut inbound) = pair(Profile::Aes128CmSha1_80);
    let sources = MAX_SOURCES as u32;
    for ssrc in 0..sources {
        let packet = seal(&mut outbound, &plain(1, ssrc)).unwrap();
        assert!(open(&mut inbound, &packet).is_ok());
    }
    assert_eq!(
        seal(&mut outbound, &plain(1, sources)),
        Err(SrtpError::TooManySources)
    );
    assert!(seal(&mut outbound, &plain(2, 0)).is_ok());
    // Another sender with the same key brings one source more than there is room for.
    let (mut other, _) = pair(Profile::Aes128CmSha1_80);
    let packet = seal(&mut other, &plain(1, sources)).unwrap();
    assert!(open(&mut inbound, &packet).is_ok());
    assert_eq!(open(&mut inbound, &packet), Err(SrtpError::Replayed));
}

#[test]
fn both_ends_of_a_handshake_understand_each_other() {
    for profile in PROFILES {
        let material: Vec<u8> = (0..2 * profile.key_and_salt_len() + 5)
            .map(|i| (i * 7) as u8)
            .collect();
        let client = Keys::from_dtls(profile, &material, DtlsRole::Client).unwrap();
        let server = Keys::from_dtls(profile, &material, DtlsRole::Server).unwrap();
        assert_eq!(client.outbound, server.inbound);
        assert_eq!(client.inbound, server.outbound);
        assert_ne!(client.inbound, client.outbound);
        // Client key, server key, client salt, server salt.
        let (key, salt) = (profile.key_len(), profile.salt_len());
        let expected = Keys::new(
            profile,
            &material[key..2 * key],
            &material[2 * key + salt..][..salt],
        );
        assert_eq!(server.outbound, expected.unwrap());
        let short = 2 * profile.key_and_salt_len() - 1;
        assert_eq!(
            Keys::from_dtls(profile, &material[..short], DtlsRole::Client),
            Err(SrtpError::KeyLength)
        );
    }
}

#[test]
fn keys_have_the_length_of_their_profile_and_are_never_printed() {
    for profile in PROFILES {
        let len = profile.key_and_salt_len();
        for wrong in [0, len - 1, len + 1] {
            assert_eq!(
                Keys::from_sdes(profile, &vec![0x42; wrong]),
                Err(SrtpError::KeyLength)
            );
        }
        let printed = format!("{:?}", keys(profile));
        assert_eq!(printed, format!("Keys({profile:?}, …)"));
    }
}

#[test]
fn a_buffer_without_room_is_refused_before_anything_happens() {
    for profile in PROFILES {
        let (mut outbound, mut inbound) = pair(profile);
        let packet = plain(1, 1);
        let mut tight = packet.clone();
        tight.resize(packet.len() + profile.rtp_overhead() - 1, 0);
        assert_eq!(
            outbound.protect_rtp(&mut tight, packet.len()),
            Err(SrtpError::BufferTooSmall)
        );
        tight.push(0);
        let len = outbound.protect_rtp(&mut tight, packet.len()).unwrap();
        assert_eq!(len, tight.len());
        assert_eq!(
            outbound.protect_rtp(&mut tight, len + 1),
            Err(SrtpError::TooShort)
        );
        assert_eq!(
            inbound.unprotect_rtp(&mut tight, len + 1),
            Err(SrtpError::TooShort)
        );
        assert_eq!(
            inbound.unprotect_rtcp(&mut tight, len + 1),
            Err(SrtpError::TooShort)
        );
        let mut tight = RTCP.to_vec();
        assert_eq!(
            outbound.protect_rtcp(&mut tight, 8),
            Err(SrtpError::BufferTooSmall)
        );
        assert_eq!(
            outbound.protect_rtcp(&mut tight, 7),
            Err(SrtpError::TooShort)
        );
    }
}

proptest! {
    #[test]
    fn what_is_protected_opens_to_the_same_bytes(
        profile in prop::sample::select(&PROFILES),
        first in any::<u8>(), rest in prop::collection::vec(any::<u8>(), 11..300),
    ) {
        let mut packet = vec![0x80 | first & 0x3f];
        packet.extend(rest);
        let (mut outbound, mut inbound) = pair(profile);
        if let Ok(sealed) = seal(&mut outbound, &packet) {
            prop_assert_eq!(open(&mut inbound, &sealed), Ok(packet.clone()));
            prop_assert_eq!(sealed.len(), packet.len() + profile.rtp_overhead());
        }
        let sealed = seal_rtcp(&mut outbound, &packet);
        prop_assert_eq!(open_rtcp(&mut inbound, &sealed), Ok(packet));
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        profile in prop::sample::select(&PROFILES),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let (mut outbound, mut inbound) = pair(profile);
        let _ = seal(&mut outbound, &bytes);
        prop_assert!(open(&mut inbound, &bytes).is_err());
        prop_assert!(open_rtcp(&mut inbound, &bytes).is_err());
    }
}
