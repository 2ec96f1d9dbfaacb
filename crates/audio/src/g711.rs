//! G.711: the two logarithmic telephone codes (ITU-T G.711), 8 kHz, one byte a sample.

/// One µ-law byte (payload type 0) for a sample.
pub fn encode_ulaw(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    const CLIP: i32 = 32_635;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(CLIP) + BIAS;
    // The segment is the place of the highest bit above the 7 that the bias guarantees.
    let segment = 24 - magnitude.leading_zeros() as i32;
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !(sign | (segment << 4) | step) as u8
}

/// The sample of one µ-law byte.
pub fn decode_ulaw(byte: u8) -> i16 {
    let byte = i32::from(!byte);
    let segment = (byte >> 4) & 7;
    let magnitude = ((((byte & 0x0f) << 3) + 0x84) << segment) - 0x84;
    (if byte & 0x80 != 0 {
        -magnitude
    } else {
        magnitude
    }) as i16
}

/// One A-law byte (payload type 8) for a sample.
pub fn encode_alaw(sample: i16) -> u8 {
    // Negative samples count from -1, so that both halves have the same steps.
    let (sign, magnitude) = match sample {
        0.. => (0x80, i32::from(sample) >> 3),
        _ => (0, !i32::from(sample) >> 3),
    };
    let code = if magnitude < 32 {
        magnitude >> 1
    } else {
        let segment = 27 - magnitude.leading_zeros() as i32;
        (segment << 4) | ((magnitude >> segment) & 0x0f)
    };
    (sign | code) as u8 ^ 0x55
}

/// The sample of one A-law byte.
pub fn decode_alaw(byte: u8) -> i16 {
    let byte = i32::from(byte ^ 0x55);
    let (segment, step) = ((byte >> 4) & 7, byte & 0x0f);
    // The middle of the step it stands for.
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    (if byte & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // G.711 tables 1 and 2: the ends, the zeros and their neighbours.
        assert_eq!(
            [0, -1, 32_767, -32_768].map(encode_ulaw),
            [0xff, 0x7f, 0x80, 0x00]
        );
        assert_eq!(
            [0xff, 0x7f, 0x80, 0x00].map(decode_ulaw),
            [0, 0, 32_124, -32_124]
        );
        assert_eq!(
            [0, -1, 32_767, -32_768].map(encode_alaw),
            [0xd5, 0x55, 0xaa, 0x2a]
        );
        assert_eq!(
            [0xd5, 0x55, 0xaa, 0x2a].map(decode_alaw),
            [8, -8, 32_256, -32_256]
        );
    }

    #[test]
    fn every_byte_survives_a_round() {
        for byte in 0..=255u8 {
            // µ-law has two zeros; the negative one comes back as the positive.
            let expected = if byte == 0x7f { 0xff } else { byte };
            assert_eq!(encode_ulaw(decode_ulaw(byte)), expected);
            assert_eq!(encode_alaw(decode_alaw(byte)), byte);
        }
    }

    #[test]
    fn every_sample_comes_back_close() {
        for sample in i16::MIN..=i16::MAX {
            let exact = i32::from(sample);
            // Half a step: 1/32 of the magnitude, at least the smallest step, and the clipped top.
            let allowed = exact.abs() / 32 + 16;
            for (name, back) in [
                ("µ", decode_ulaw(encode_ulaw(sample))),
                ("A", decode_alaw(encode_alaw(sample))),
            ] {
                let off = (i32::from(back) - exact).abs();
                assert!(off <= allowed, "{name} {sample} became {back}");
            }
        }
    }
}
