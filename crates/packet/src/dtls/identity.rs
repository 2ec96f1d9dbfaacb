//! Our certificate.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};

use super::Failure;
use super::certificate::fingerprint;

/// A self-signed certificate and its key, shared by all handshakes of a server.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    certificate: Vec<u8>,
    key: EcdsaKeyPair,
    fingerprint: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// A new key on P-256 and a certificate for it: small flights that need no fragmentation.
    ///
    /// # Errors
    /// A sentence where the crypto library fails.
    pub fn generate() -> Result<Self, String> {
        let text = |e: rcgen::Error| e.to_string();
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(text)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let certificate = params.self_signed(&pair).map_err(text)?;
        let certificate = certificate.der().to_vec();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pair.serialize_der())
            .map_err(|e| e.to_string())?;
        let fingerprint = fingerprint(&certificate);
        Ok(Self(Arc::new(Inner {
            certificate,
            key,
            fingerprint,
        })))
    }

    /// The certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.0.certificate
    }

    /// SHA-256 of the certificate, for the session description.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.0.fingerprint
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let signature = self.0.key.sign(&SystemRandom::new(), message);
        signature
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| Failure::Internal)
    }
}
