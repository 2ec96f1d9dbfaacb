//! Our end of a DTLS-SRTP handshake (RFC 5764), around dimpl. Sans-I/O.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ahoy_packet::srtp::{DtlsKeys, DtlsRole, Keys, Profile};
use ahoy_types::Fingerprint;
use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};

/// First retransmission: on one machine nothing takes longer, and a lost flight shall not hide in the figures.
const FIRST_RETRY: Duration = Duration::from_millis(400);

/// The certificate of a run. One for all peers: making one costs more than a handshake.
#[derive(Clone)]
pub(crate) struct Identity {
    config: Arc<Config>,
    certificate: DtlsCertificate,
    pub(crate) fingerprint: Fingerprint,
}

impl Identity {
    pub(crate) fn generate() -> Result<Self, String> {
        let certificate =
            dimpl::certificate::generate_self_signed_certificate().map_err(|e| e.to_string())?;
        let config = Config::builder()
            .use_server_cookie(false)
            .flight_start_rto(FIRST_RETRY)
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Self {
            config: Arc::new(config),
            fingerprint: fingerprint(&certificate.certificate)
                .ok_or("the certificate's SHA-256 has another length")?,
            certificate,
        })
    }
}

fn fingerprint(der: &[u8]) -> Option<Fingerprint> {
    dimpl::certificate::calculate_fingerprint(der)
        .try_into()
        .ok()
        .map(Fingerprint)
}

/// A handshake under way.
pub(crate) struct Handshake {
    dtls: Dtls,
    role: DtlsRole,
    peer: Option<Fingerprint>,
    keys: Option<DtlsKeys>,
    due: Option<Instant>,
}

impl Handshake {
    pub(crate) fn new(identity: &Identity, role: DtlsRole, now: Instant) -> Self {
        let mut dtls = Dtls::new_12(
            Arc::clone(&identity.config),
            identity.certificate.clone(),
            now,
        );
        dtls.set_active(role == DtlsRole::Client);
        Self {
            dtls,
            role,
            peer: None,
            keys: None,
            due: None,
        }
    }

    /// Whether the clock alone has something to do.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Moves on with a datagram, or with time alone; gives the keys once the other side's certificate has proved to be the expected one.
    pub(crate) fn advance(
        &mut self,
        packet: Option<&[u8]>,
        expected: Fingerprint,
        now: Instant,
        mut send: impl FnMut(&[u8]),
    ) -> Result<Option<DtlsKeys>, String> {
        self.dtls.handle_timeout(now).map_err(|e| e.to_string())?;
        if let Some(packet) = packet {
            self.drain(&mut send)?;
            self.dtls.handle_packet(packet).map_err(|e| e.to_string())?;
        }
        self.drain(&mut send)?;
        match (self.peer, &self.keys) {
            (Some(peer), Some(_)) if peer != expected => {
                Err("the certificate is not the one of the session description".into())
            }
            (Some(_), Some(_)) => Ok(self.keys.take()),
            _ => Ok(None),
        }
    }

    fn drain(&mut self, send: &mut impl FnMut(&[u8])) -> Result<(), String> {
        let mut scratch = [0; 2_048];
        loop {
            match self.dtls.poll_output(&mut scratch) {
                Output::Packet(packet) => send(packet),
                Output::Timeout(at) => {
                    self.due = Some(at);
                    return Ok(());
                }
                Output::PeerCert(der) => self.peer = fingerprint(der),
                Output::KeyingMaterial(material, profile) => {
                    let profile = match profile {
                        SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
                        SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
                        SrtpProfile::AEAD_AES_256_GCM => Profile::Aes256Gcm,
                        other => return Err(format!("SRTP profile {other:?} is not ours")),
                    };
                    self.keys = Some(
                        Keys::from_dtls(profile, &material, self.role)
                            .map_err(|e| e.to_string())?,
                    );
                }
                Output::BufferTooSmall { .. } => {
                    return Err("a flight is larger than a datagram".into());
                }
                _ => {}
            }
        }
    }
}
