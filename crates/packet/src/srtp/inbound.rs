//! Opening what the peer sent.

use super::keys::{Keys, Profile};
use super::session::{RTCP_HEADER, Session};
use super::window::{Sources, WhenFull};
use super::{SessionKeys, SrtpError};
use crate::bytes::u32_at;
use crate::rtp;

/// Opens the packets of one direction.
pub struct Inbound {
    profile: Profile,
    rtp: Session,
    /// Expanded for each packet, as in [`super::Outbound`].
    rtcp: SessionKeys,
    sources: Sources,
    rtcp_sources: Sources,
}

impl Inbound {
    /// A context from the peer's keys.
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
            rtcp_sources: Sources::default(),
        })
    }

    /// The profile in use.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Opens the SRTP packet in `buf[..len]` in place and returns its length without tag.
    ///
    /// # Errors
    /// [`SrtpError::Authentication`], [`SrtpError::Replayed`], [`SrtpError::Header`], [`SrtpError::TooShort`],
    /// [`SrtpError::KeyExhausted`]. The context is then as before. So is the packet in counter mode; in Galois mode
    /// its bytes are unspecified.
    pub fn unprotect_rtp(&mut self, buf: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buf.get_mut(..len).ok_or(SrtpError::TooShort)?;
        let header = rtp::parse(packet)?;
        let ssrc = header.fields.ssrc.0;
        let index = self.sources.estimate(ssrc, header.fields.sequence)?;
        let payload = header.payload_offset;
        let end = self
            .rtp
            .open_rtp(self.profile, packet, payload, ssrc, index)?;
        self.sources.mark(ssrc, index, WhenFull::Evict)?;
        Ok(end)
    }

    /// Opens the SRTCP packet in `buf[..len]` in place and returns its length without index and tag.
    ///
    /// # Errors
    /// As [`Inbound::unprotect_rtp`].
    pub fn unprotect_rtcp(&mut self, buf: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buf.get_mut(..len).ok_or(SrtpError::TooShort)?;
        let ssrc = u32_at(packet, RTCP_HEADER - 4).ok_or(SrtpError::TooShort)?;
        let session = Session::new(&self.rtcp)?;
        let (at, word) = session.index_word(packet)?;
        self.rtcp_sources.check(ssrc, word.index())?;
        let end = session.open_rtcp(packet, at, word, ssrc)?;
        self.rtcp_sources
            .mark(ssrc, word.index(), WhenFull::Evict)?;
        Ok(end)
    }
}
