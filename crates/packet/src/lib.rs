//! The packets of the media plane as plain functions: no socket, no clock, no thread, no allocation per packet
//! (but one for each SRTCP packet in Galois mode, which come once in seconds).
//!
//! * [`demux`] tells STUN, DTLS, RTP and RTCP apart on one port;
//! * [`dtls`] agrees on SRTP keys;
//! * [`stun`] answers connectivity checks (ICE-lite) and makes them (a controlling client);
//! * [`rtp`], [`rtcp`] and [`dtmf`] read and write the packets of a call;
//! * [`srtp`] protects and opens them in place.
//!
//! RTP, RTCP and STUN are read here and not by crates of their own: those read through allocate while writing, refuse a whole
//! compound packet for one malformed part, or bring second versions of the hash crates into the tree.

mod bytes;
pub mod demux;
pub mod dtls;
pub mod dtmf;
mod mac;
pub mod opus;
pub mod red;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod stun;
