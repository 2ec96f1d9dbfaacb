//! Writing compound packets: a report, the canonical name, a goodbye.

use ahoy_types::Ssrc;

use super::{ReportBlock, RtcpError, SenderInfo};

/// A compound packet to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report<'a> {
    /// The reporter.
    pub ssrc: Ssrc,
    /// Its own stream: makes a sender report; without it a receiver report.
    pub sender: Option<SenderInfo>,
    /// What it receives, at most 31 blocks.
    pub blocks: &'a [ReportBlock],
    /// Canonical name, at most 255 bytes; `media.md` §8 fixes ours.
    pub cname: &'a str,
    /// Whether the reporter leaves.
    pub goodbye: bool,
}

/// Writes a compound packet at the start of `out` and returns its length: report, SDES with CNAME, and BYE if asked for.
///
/// # Errors
/// [`RtcpError::DoesNotFit`].
pub fn write_report(out: &mut [u8], report: &Report<'_>) -> Result<usize, RtcpError> {
    let mut writer = Writer { out, len: 0 };
    let blocks = u8::try_from(report.blocks.len())
        .ok()
        .filter(|count| *count <= 31)
        .ok_or(RtcpError::DoesNotFit)?;
    writer.packet(
        if report.sender.is_some() { 200 } else { 201 },
        blocks,
        |writer| {
            writer.word(report.ssrc.0)?;
            if let Some(info) = report.sender {
                writer.bytes(&info.ntp.0.to_be_bytes())?;
                writer.word(info.rtp_timestamp)?;
                writer.word(info.packets)?;
                writer.word(info.octets)?;
            }
            report
                .blocks
                .iter()
                .try_for_each(|block| writer.block(block))
        },
    )?;
    let name_len = u8::try_from(report.cname.len()).map_err(|_| RtcpError::DoesNotFit)?;
    writer.packet(202, 1, |writer| {
        writer.word(report.ssrc.0)?;
        writer.bytes(&[1, name_len])?;
        writer.bytes(report.cname.as_bytes())?;
        // Closes the chunk; the packet's padding to a word follows.
        writer.bytes(&[0])
    })?;
    if report.goodbye {
        writer.packet(203, 1, |writer| writer.word(report.ssrc.0))?;
    }
    Ok(writer.len)
}

struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), RtcpError> {
        let end = self.len + bytes.len();
        self.out
            .get_mut(self.len..end)
            .ok_or(RtcpError::DoesNotFit)?
            .copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    fn word(&mut self, word: u32) -> Result<(), RtcpError> {
        self.bytes(&word.to_be_bytes())
    }

    fn block(&mut self, block: &ReportBlock) -> Result<(), RtcpError> {
        let lost = block.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        self.word(block.ssrc.0)?;
        self.word(u32::from(block.fraction_lost) << 24 | lost)?;
        self.word(block.highest_sequence)?;
        self.word(block.jitter)?;
        self.word(block.last_sender_report)?;
        self.word(block.delay_since_last)
    }

    /// One packet: header, what `body` writes, zeros up to a word, and then the length that came of it.
    fn packet(
        &mut self,
        packet_type: u8,
        count: u8,
        body: impl FnOnce(&mut Self) -> Result<(), RtcpError>,
    ) -> Result<(), RtcpError> {
        let start = self.len;
        self.bytes(&[0x80 | count, packet_type, 0, 0])?;
        body(self)?;
        let padding = [0; 3];
        self.bytes(padding.split_at(self.len.next_multiple_of(4) - self.len).0)?;
        let words = u16::try_from((self.len - start) / 4 - 1).map_err(|_| RtcpError::DoesNotFit)?;
        self.out
            .get_mut(start + 2..start + 4)
            .ok_or(RtcpError::DoesNotFit)?
            .copy_from_slice(&words.to_be_bytes());
        Ok(())
    }
}
