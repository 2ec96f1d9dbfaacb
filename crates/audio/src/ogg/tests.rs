#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// A page as RFC 3533 §6 describes it.
fn page(flags: u8, granule: i64, sequence: u32, segments: &[u8], body: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(77_u32.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(segments.len() as u8);
    page.extend(segments);
    page.extend(body);
    let sum = sum(&page).to_le_bytes();
    page[22..26].copy_from_slice(&sum);
    page
}

fn heads() -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(312_u16.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    let tags = b"OpusTags\x04\0\0\0ahoy\0\0\0\0";
    let mut file = page(FIRST, 0, 0, &[head.len() as u8], &head);
    file.extend(page(0, 0, 1, &[tags.len() as u8], tags));
    file
}

/// Frames of 20 ms, fifty a page, `last` the granule of the last page.
fn file(seconds: u32, last: Option<i64>) -> Vec<u8> {
    let mut file = heads();
    let frame = [0x78, 1, 2];
    for n in 0..seconds {
        let end = n + 1 == seconds;
        let granule = i64::from(n + 1) * 48_000;
        let granule = last.filter(|_| end).unwrap_or(granule);
        let flags = if end { LAST } else { 0 };
        file.extend(page(flags, granule, n + 2, &[3; 50], &frame.repeat(50)));
    }
    file
}

#[test]
fn packets_are_counted_and_the_end_is_trimmed() {
    let skip = Duration::from_micros(312 * 1_000_000 / 48_000);
    let length = opus_length(&file(3, None)).unwrap();
    assert_eq!(length, Duration::from_secs(3) - skip);
    let length = opus_length(&file(3, Some(3 * 48_000 - 480))).unwrap();
    assert_eq!(length, Duration::from_millis(2_990) - skip);
    // A file may say that it ends in the past: more than its last page cannot go.
    let length = opus_length(&file(3, Some(0))).unwrap();
    assert_eq!(length, Duration::from_secs(2) - skip);
}

#[test]
fn a_packet_may_go_on_over_a_page() {
    let mut bytes = heads();
    let long = [0x78; 300];
    bytes.extend(page(0, -1, 2, &[255], &long[..255]));
    bytes.extend(page(CONTINUED | LAST, 960, 3, &[45], &long[255..]));
    assert!(opus_length(&bytes).is_ok());
    let mut torn = heads();
    torn.extend(page(0, -1, 2, &[255], &long[..255]));
    torn.extend(page(LAST, 960, 3, &[45], &long[255..]));
    assert!(matches!(opus_length(&torn), Err(OggDefect::Gap(_))));
}

#[test]
fn every_defect_is_named() {
    let good = file(2, None);
    assert_eq!(opus_length(b""), Err(OggDefect::Empty));
    assert_eq!(opus_length(b"RIFFxxxxWAVE"), Err(OggDefect::NoPage(0)));
    assert!(matches!(
        opus_length(&good[..good.len() - 1]),
        Err(OggDefect::CutShort(_))
    ));
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(matches!(opus_length(&damaged), Err(OggDefect::Damaged(_))));
    let twice = [good.clone(), good.clone()].concat();
    assert_eq!(opus_length(&twice), Err(OggDefect::SeveralStreams));
    assert_eq!(opus_length(&heads()), Err(OggDefect::Empty));
    let vorbis = page(FIRST, 0, 0, &[30], b"\x01vorbis0123456789012345678901234");
    let vorbis = &vorbis[..];
    assert!(opus_length(vorbis).is_err());
    let other = page(FIRST, 0, 0, &[30], b"\x01vorbis01234567890123456789012");
    assert_eq!(opus_length(&other), Err(OggDefect::NotOpus));
    let broken = [heads(), page(LAST, 0, 2, &[2], &[0x7b, 0])].concat();
    assert_eq!(opus_length(&broken), Err(OggDefect::BrokenPacket));
    let missing = [heads(), page(LAST, 960, 9, &[3], &[0x78, 1, 2])].concat();
    assert!(matches!(opus_length(&missing), Err(OggDefect::Gap(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = opus_length(&bytes);
    }

    /// Pages with good checksums and arbitrary content: what lies behind the checksum is reached.
    #[test]
    fn any_pages_are_survived(pages in prop::collection::vec(
        (any::<u8>(), any::<i64>(), prop::collection::vec(any::<u8>(), 0..5)), 0..6)) {
        let mut bytes = heads();
        for (n, (flags, granule, segments)) in (2..).zip(pages) {
            let size = segments.iter().map(|s| usize::from(*s)).sum();
            bytes.extend(page(flags, granule, n, &segments, &vec![0x78; size]));
        }
        if let Ok(length) = opus_length(&bytes) {
            prop_assert!(length <= Duration::from_millis(120 * 30));
        }
    }
}
