//! Reading Ogg files with Opus (RFC 3533, RFC 7845): their length and their packets. Nothing is decoded, and the work is bounded
//! by the length of the bytes.

use std::time::Duration;

/// Samples a second of every Opus stream's clock (RFC 7845 §4).
const RATE: u64 = 48_000;
/// Length of a page's head without its table of segments (RFC 3533 §6).
const PAGE_HEAD: usize = 27;
/// Longest Opus packet, in samples: 120 ms (RFC 6716 §3.4).
const LONGEST_PACKET: u64 = 5_760;
/// As much of a packet as is looked at: the fixed part of the identification header.
const LOOKED_AT: usize = 19;
/// Longest Opus packet, in bytes: 120 ms in six frames of the longest kind (RFC 6716 §3.4).
const LONGEST_BYTES: usize = 6 * 1_276 + 7;
/// Flags of a page.
const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OggDefect {
    /// A page does not begin where one should.
    #[error("there is no Ogg page at byte {0}")]
    NoPage(usize),
    /// The file ends inside a page.
    #[error("the page at byte {0} is cut short")]
    CutShort(usize),
    /// The checksum of a page does not fit.
    #[error("the page at byte {0} is damaged")]
    Damaged(usize),
    /// More than one stream, side by side or one after the other.
    #[error("it holds more than one stream")]
    SeveralStreams,
    /// A page is missing.
    #[error("a page before byte {0} is missing")]
    Gap(usize),
    /// The stream is not Opus.
    #[error("its stream is not Opus")]
    NotOpus,
    /// A packet that no Opus decoder takes.
    #[error("it holds a broken Opus packet")]
    BrokenPacket,
    /// More than two channels.
    #[error("it has more than two channels")]
    ManyChannels,
    /// No sound.
    #[error("it holds no sound")]
    Empty,
}

/// How long the sound of an Ogg file with one Opus stream is.
///
/// The packets are counted, so that what a file says about its own length does not matter.
///
/// # Errors
/// The first defect met.
pub fn opus_length(bytes: &[u8]) -> Result<Duration, OggDefect> {
    let mut stream = Stream::default();
    stream.read(bytes)?;
    stream.length()
}

/// The packets of an Ogg file with one Opus stream, and what a player needs to know of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpusFile {
    /// One or two; each packet says for itself whether it is stereo.
    pub channels: u8,
    /// Samples of the 48 kHz clock at the beginning that are not to be heard.
    pub pre_skip: u64,
    /// Gain to apply after decoding, in 256ths of a dB (RFC 7845 §5.1).
    pub gain: i16,
    /// Samples of the 48 kHz clock at the end that are not to be heard.
    pub trimmed: u64,
    /// The packets, 2.5 to 120 ms each.
    pub packets: Vec<Box<[u8]>>,
    /// How long the sound is.
    pub length: Duration,
}

impl OpusFile {
    /// Reads a file.
    ///
    /// # Errors
    /// The first defect met.
    pub fn read(bytes: &[u8]) -> Result<Self, OggDefect> {
        let mut stream = Stream {
            kept: Some(Vec::new()),
            ..Stream::default()
        };
        stream.read(bytes)?;
        let length = stream.length()?;
        Ok(Self {
            channels: stream.channels,
            pre_skip: stream.pre_skip,
            gain: stream.gain,
            trimmed: stream.trimmed,
            packets: stream.kept.unwrap_or_default(),
            length,
        })
    }
}

/// How many samples of the 48 kHz clock a packet stands for; `None` if no Opus decoder takes it.
pub fn packet_samples(packet: &[u8]) -> Option<u64> {
    samples(packet).ok()
}

struct Page<'b> {
    flags: u8,
    granule: i64,
    serial: u32,
    sequence: u32,
    segments: &'b [u8],
    body: &'b [u8],
    length: usize,
}

impl<'b> Page<'b> {
    fn read(bytes: &'b [u8], at: usize) -> Result<Self, OggDefect> {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some((magic, after)) = rest.split_first_chunk::<5>() else {
            return Err(OggDefect::NoPage(at));
        };
        if magic != b"OggS\0" {
            return Err(OggDefect::NoPage(at));
        }
        let short = OggDefect::CutShort(at);
        let (&[flags], after) = after.split_first_chunk().ok_or(short)?;
        let (granule, after) = after.split_first_chunk().ok_or(short)?;
        let (serial, after) = after.split_first_chunk().ok_or(short)?;
        let (sequence, after) = after.split_first_chunk().ok_or(short)?;
        let (checksum, after) = after.split_first_chunk().ok_or(short)?;
        let (&[count], after) = after.split_first_chunk().ok_or(short)?;
        let (segments, after) = after.split_at_checked(count.into()).ok_or(short)?;
        let size = segments.iter().map(|s| usize::from(*s)).sum();
        let body = after.get(..size).ok_or(short)?;
        let length = PAGE_HEAD + segments.len() + size;
        let whole = rest.get(..length).ok_or(short)?;
        if sum(whole) != u32::from_le_bytes(*checksum) {
            return Err(OggDefect::Damaged(at));
        }
        Ok(Self {
            flags,
            granule: i64::from_le_bytes(*granule),
            serial: u32::from_le_bytes(*serial),
            sequence: u32::from_le_bytes(*sequence),
            segments,
            body,
            length,
        })
    }
}

/// CRC-32 with the polynomial 0x04c11db7, not reflected, the checksum's own bytes taken as zero (RFC 3533 §6).
fn sum(page: &[u8]) -> u32 {
    page.iter().enumerate().fold(0, |crc, (at, byte)| {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        let index = (crc >> 24) as u8 ^ byte;
        (crc << 8) ^ TABLE[usize::from(index)]
    })
}

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut n = 0;
    while n < table.len() {
        let mut crc = (n as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc << 1)
                ^ if crc & 0x8000_0000 == 0 {
                    0
                } else {
                    0x04c1_1db7
                };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
}

/// The one stream so far.
#[derive(Default)]
struct Stream {
    serial: Option<u32>,
    next_sequence: u32,
    /// Packets that are whole.
    packets: u64,
    /// The beginning of the packet that is being put together.
    start: Vec<u8>,
    open: bool,
    pre_skip: u64,
    samples: u64,
    /// Samples the last page took away at the end.
    trimmed: u64,
    granule: i64,
    ended: bool,
    channels: u8,
    gain: i16,
    /// The packets with sound, where somebody wants them.
    kept: Option<Vec<Box<[u8]>>>,
}

impl Stream {
    fn read(&mut self, bytes: &[u8]) -> Result<(), OggDefect> {
        let mut at = 0;
        while at < bytes.len() {
            let page = Page::read(bytes, at)?;
            self.take(&page, at)?;
            at += page.length;
        }
        Ok(())
    }

    fn take(&mut self, page: &Page<'_>, at: usize) -> Result<(), OggDefect> {
        match self.serial {
            None if page.flags & FIRST != 0 => {
                self.serial = Some(page.serial);
                self.next_sequence = page.sequence;
            }
            None => return Err(OggDefect::Gap(at)),
            Some(serial) if serial != page.serial || self.ended || page.flags & FIRST != 0 => {
                return Err(OggDefect::SeveralStreams);
            }
            Some(_) => {}
        }
        let continued = page.flags & CONTINUED != 0;
        if page.sequence != self.next_sequence || continued != self.open {
            return Err(OggDefect::Gap(at));
        }
        self.next_sequence = self.next_sequence.wrapping_add(1);
        let before = self.samples;
        let mut body = page.body;
        for &size in page.segments {
            let (segment, rest) = body.split_at_checked(size.into()).unwrap_or((body, &[]));
            body = rest;
            let most = match self.kept {
                // One byte more than allowed, so that a packet too long is known for one.
                Some(_) if self.packets > 1 => LONGEST_BYTES + 1,
                _ => LOOKED_AT,
            };
            let room = most.saturating_sub(self.start.len());
            self.start.extend(segment.iter().take(room));
            self.open = size == u8::MAX;
            if !self.open {
                self.packet()?;
            }
        }
        let here = self.samples - before;
        self.ended = page.flags & LAST != 0;
        if self.ended && page.granule >= 0 {
            let whole = self.granule.saturating_add_unsigned(here);
            let over = whole.saturating_sub(page.granule).max(0).unsigned_abs();
            self.trimmed = over.min(here);
        }
        if page.granule >= 0 {
            self.granule = page.granule;
        }
        Ok(())
    }

    fn packet(&mut self) -> Result<(), OggDefect> {
        let packet = std::mem::take(&mut self.start);
        match self.packets {
            0 => {
                let head: &[u8; LOOKED_AT] = packet.first_chunk().ok_or(OggDefect::NotOpus)?;
                // The upper half of the version is that of the format (RFC 7845 §5.1).
                if !head.starts_with(b"OpusHead") || head[8] & 0xf0 != 0 || head[9] == 0 {
                    return Err(OggDefect::NotOpus);
                }
                self.channels = head[9];
                self.pre_skip = u16::from_le_bytes([head[10], head[11]]).into();
                self.gain = i16::from_le_bytes([head[16], head[17]]);
                // Family 0 is mono or stereo in one stream; others put several streams into a packet.
                if self.kept.is_some() && (head[18] != 0 || self.channels > 2) {
                    return Err(OggDefect::ManyChannels);
                }
            }
            1 if !packet.starts_with(b"OpusTags") => return Err(OggDefect::NotOpus),
            1 => {}
            _ => {
                self.samples += samples(&packet)?;
                if let Some(kept) = &mut self.kept {
                    if packet.len() > LONGEST_BYTES {
                        return Err(OggDefect::BrokenPacket);
                    }
                    kept.push(packet.into());
                }
            }
        }
        self.packets += 1;
        Ok(())
    }

    fn length(&self) -> Result<Duration, OggDefect> {
        let heard = self
            .samples
            .saturating_sub(self.trimmed)
            .saturating_sub(self.pre_skip);
        if heard == 0 {
            return Err(OggDefect::Empty);
        }
        let micros = u128::from(heard) * 1_000_000 / u128::from(RATE);
        Ok(Duration::from_micros(
            u64::try_from(micros).unwrap_or(u64::MAX),
        ))
    }
}

/// How many samples a packet stands for: by its first byte, and its second where that counts frames (RFC 6716 §3.1).
fn samples(packet: &[u8]) -> Result<u64, OggDefect> {
    let first = *packet.first().ok_or(OggDefect::BrokenPacket)?;
    let frame = match first >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1).ok_or(OggDefect::BrokenPacket)? & 0x3f),
    };
    let samples = frame * frames;
    if samples == 0 || samples > LONGEST_PACKET {
        return Err(OggDefect::BrokenPacket);
    }
    Ok(samples)
}

#[cfg(test)]
mod tests;
