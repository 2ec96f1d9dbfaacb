//! Protecting what we send.

use super::keys::{Keys, Profile};
use super::session::{RTCP_HEADER, Session};
use super::window::{Sources, WhenFull};
use super::{SessionKeys, SrtpError};
use crate::bytes::u32_at;
use crate::rtp;

/// Protects the packets of one direction. Roll-over counters start at 0, the SRTCP index too.
pub struct Outbound {
    profile: Profile,
    rtp: Session,
    /// Expanded for each packet: RTCP flows once in seconds, and an expanded key costs more memory than all the rest.
    rtcp: SessionKeys,
    sources: Sources,
    rtcp_index: u32,
}

impl Outbound {
    /// A context from our own keys.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`] if the crypto library refuses the key.
    pub fn new(keys: &Keys) -> Result<Self, SrtpError> {
        let (rtp, rtcp) = keys.derive();
        Ok(Self {
            profile: keys.profile(),
            rtp: Session::new(&rtp)?,
            rtcp,
            sources: Sources::default(),
            rtcp_index: 0,
        })
    }

    /// The profile in use.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Protects the RTP packet in `buf[..len]` in place and returns its new length; `buf` needs
    /// [`Profile::rtp_overhead`] more bytes. Packets may come out of order, each index once.
    ///
    /// # Errors
    /// [`SrtpError::Replayed`] for an index already sent (it would repeat a key stream) or more than 127 behind,
    /// [`SrtpError::TooManySources`], [`SrtpError::KeyExhausted`], [`SrtpError::Header`], [`SrtpError::TooShort`],
    /// [`SrtpError::BufferTooSmall`]. The packet is then unchanged.
    pub fn protect_rtp(&mut self, buf: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let header = rtp::parse(buf.get(..len).ok_or(SrtpError::TooShort)?)?;
        if buf.len() < len + self.profile.rtp_overhead() {
            return Err(SrtpError::BufferTooSmall);
        }
        let ssrc = header.fields.ssrc.0;
        let index = self.sources.estimate(ssrc, header.fields.sequence)?;
        self.sources.mark(ssrc, index, WhenFull::Refuse)?;
        let payload = header.payload_offset;
        self.rtp
            .seal_rtp(self.profile, buf, payload, len, ssrc, index)
    }

    /// Protects the compound RTCP packet in `buf[..len]` in place and returns its new length; `buf` needs
    /// [`Profile::rtcp_overhead`] more bytes.
    ///
    /// # Errors
    /// [`SrtpError::TooShort`], [`SrtpError::BufferTooSmall`], [`SrtpError::KeyExhausted`]. The packet is then unchanged.
    pub fn protect_rtcp(&mut self, buf: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buf.get(..len).ok_or(SrtpError::TooShort)?;
        let ssrc = u32_at(packet, RTCP_HEADER - 4).ok_or(SrtpError::TooShort)?;
        if buf.len() < len + self.profile.rtcp_overhead() {
            return Err(SrtpError::BufferTooSmall);
        }
        let index = self.rtcp_index;
        if index >> 31 != 0 {
            return Err(SrtpError::KeyExhausted);
        }
        let session = Session::new(&self.rtcp)?;
        // One count for all sources: the source is part of the counter block, so no key stream repeats.
        self.rtcp_index += 1;
        session.seal_rtcp(self.profile, buf, len, ssrc, index)
    }
}
