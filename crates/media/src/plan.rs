//! Both legs of a call as data, before any thread knows of it: what goes into session descriptions.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::Arc;

use ahoy_audio::EncodedSound;
use ahoy_types::{Fingerprint, IcePwd, PayloadType, Ssrc, Ufrag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::{DtlsRole, Flow, LegNetwork, Side};

/// Both legs of a call, drawn up by [`MediaEngine::plan`](crate::MediaEngine::plan). Costs nothing if it is never used.
#[derive(Debug, Clone)]
pub struct CallPlan {
    /// The worker that will own the call.
    pub worker: usize,
    /// Towards the business.
    pub business: LegPlan,
    /// Towards the user.
    pub user: LegPlan,
}

impl CallPlan {
    /// The leg of a side.
    pub fn leg(&self, side: Side) -> &LegPlan {
        match side {
            Side::Business => &self.business,
            Side::User => &self.user,
        }
    }
}

/// What our session description says of one leg (`media.md` §2).
#[derive(Debug, Clone)]
pub struct LegPlan {
    /// `a=ice-ufrag`, 16 characters.
    pub ufrag: Ufrag,
    /// `a=ice-pwd`, 24 characters.
    pub pwd: IcePwd,
    /// `a=ssrc`, the source of all we send on this leg.
    pub ssrc: Ssrc,
    /// The IPv4 candidate.
    pub v4: Option<SocketAddrV4>,
    /// The IPv6 candidate.
    pub v6: Option<SocketAddrV6>,
    /// `a=fingerprint`, SHA-256.
    pub fingerprint: Fingerprint,
}

impl LegPlan {
    pub(crate) fn draw(at: WorkerAddress, fingerprint: Fingerprint) -> Self {
        let ssrc = u32::from_ne_bytes(random());
        Self {
            ufrag: Ufrag(BASE64.encode(random::<12>()).into()),
            pwd: IcePwd(BASE64.encode(random::<16>()).into()),
            // Zero is legal but looks like "none" in too many places.
            ssrc: Ssrc(ssrc.max(1)),
            v4: at.v4,
            v6: at.v6,
            fingerprint,
        }
    }
    /// The candidates' addresses.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.v4
            .map(SocketAddr::V4)
            .into_iter()
            .chain(self.v6.map(SocketAddr::V6))
            .collect()
    }
}

/// The advertised addresses of a worker; both families share the port number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerAddress {
    /// IPv4.
    pub v4: Option<SocketAddrV4>,
    /// IPv6.
    pub v6: Option<SocketAddrV6>,
}

/// A plan and what stands at the user's end.
#[derive(Debug, Clone)]
pub struct CallSetup {
    /// As drawn up.
    pub plan: CallPlan,
    /// The business's leg is always WebRTC.
    pub user: UserLeg,
    /// Networks put in the way of media; none unless somebody asked for them.
    pub networks: Networks,
}

/// The networks of both peers, as far as they are emulated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Networks {
    /// The business's.
    pub business: Option<LegNetwork>,
    /// The user's.
    pub user: Option<LegNetwork>,
}

impl Networks {
    /// The network of a side.
    pub fn of(&self, side: Side) -> Option<&LegNetwork> {
        match side {
            Side::Business => self.business.as_ref(),
            Side::User => self.user.as_ref(),
        }
    }
}

/// The user's end of a call.
#[derive(Debug, Clone)]
pub enum UserLeg {
    /// A phone that speaks WebRTC.
    WebRtc,
    /// A simulated user inside the relay.
    Local(LocalUser),
}

/// A simulated user: plays a sound, keeps what it hears.
#[derive(Debug, Clone)]
pub struct LocalUser {
    /// Played in a loop from accept on.
    pub sound: Arc<EncodedSound>,
}

/// What the peer's session description says of its leg, as far as media needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteLeg {
    /// Its `a=ice-ufrag`; the relay answers checks whatever it is, as only our own password is needed.
    pub ufrag: Option<Ufrag>,
    /// SHA-256 of the certificate it will show.
    pub fingerprint: Fingerprint,
    /// The role we take.
    pub dtls: DtlsRole,
    /// Opus, both ways.
    pub opus: PayloadType,
    /// Telephone events on this leg, both ways.
    pub telephone_event: Option<PayloadType>,
    /// What else it says. Media goes the same way whatever this is; the verdict speaks of it.
    pub said: Said,
}

/// What a session description says that explains why a call was silent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Which way media flows, as the peer sees it.
    pub direction: Flow,
    /// Its candidates, as far as they are literal addresses.
    pub candidates: Vec<SocketAddr>,
    /// It says `a=ice-lite`.
    pub ice_lite: bool,
    /// Numbers it lists for comfort noise, beside 13 (RFC 3389). Never agreed on.
    pub comfort_noise: Vec<PayloadType>,
    /// Numbers it lists for redundant audio (RFC 2198). Never agreed on.
    pub redundancy: Vec<PayloadType>,
}

/// Bytes nobody can guess.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The engine draws once at its start, where a refusal is an error; a system does not lose its entropy afterwards.
    getrandom::fill(&mut bytes).expect("the system gave random bytes before");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_have_the_reference_s_lengths_and_differ() {
        let at = WorkerAddress { v4: None, v6: None };
        let [a, b] = [(); 2].map(|()| LegPlan::draw(at, Fingerprint([0; 32])));
        assert_eq!((a.ufrag.0.len(), a.pwd.0.len()), (16, 24));
        assert!(a.pwd.0.ends_with("=="));
        assert!(a.ufrag != b.ufrag && a.pwd != b.pwd && a.ssrc != b.ssrc);
    }
}
