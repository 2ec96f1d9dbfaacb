//! Opus from anybody: packets of any bytes, lost ones and copies, at every rate: no panic, no more samples than the packet says.
#![no_main]

use ahoy_audio::{OpusDecoder, opus};
use libfuzzer_sys::fuzz_target;

const RATES: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];

fuzz_target!(|bytes: &[u8]| {
    let Some((&how, rest)) = bytes.split_first() else {
        return;
    };
    let rate = RATES[usize::from(how) % RATES.len()];
    let mut decoder = OpusDecoder::new(rate).expect("a rate of Opus");
    let mut out = vec![0; OpusDecoder::MAX_SAMPLES];
    let mut left = rest;
    while let Some((&length, behind)) = left.split_first() {
        let (packet, next) = behind.split_at(usize::from(length).min(behind.len()));
        left = next;
        opus::carries_copy(packet);
        match length {
            0 => {
                let n = decoder.decode(None, &mut out).expect("a bridge");
                assert!(n <= out.len());
            }
            n if n % 16 == 1 => {
                let _ = decoder.recover(packet, &mut out);
            }
            _ => {
                let ticks = opus::packet_ticks(packet);
                if let Ok(n) = decoder.decode(Some(packet), &mut out) {
                    assert_eq!(Some(n as u32 * (48_000 / rate)), ticks);
                }
            }
        }
    }
    // Whatever came before: a good packet is decoded.
    assert_eq!(decoder.decode(Some(&[0x48, 0]), &mut out).expect("a packet"), rate as usize / 50);
});
