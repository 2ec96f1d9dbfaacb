//! `X-Hub-Signature-256`: HMAC-SHA256 over the exact bytes of the body, keyed with the app secret
//! (`webhooks.md` §1.2).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

/// Name of the header, in the case the platform of reference uses.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// Name of the header with the legacy signature, which is sent beside the other.
pub const LEGACY_SIGNATURE_HEADER: &str = "X-Hub-Signature";

fn mac(app_secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; the error exists for other kinds of MAC.
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).ok()?;
    mac.update(body);
    Some(mac)
}

/// Value of the header: `sha256=` and 64 lower-case hexadecimal digits.
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    let tag = mac(app_secret, body)
        .map(|mac| mac.finalize().into_bytes())
        .unwrap_or_default();
    with_hex("sha256=", &tag)
}

/// Value of the legacy header: `sha1=` and 40 lower-case hexadecimal digits, HMAC-SHA1 over the same bytes with the same key.
pub fn sign_legacy(app_secret: &str, body: &[u8]) -> String {
    let tag = Hmac::<Sha1>::new_from_slice(app_secret.as_bytes())
        .map(|mac| mac.chain_update(body).finalize().into_bytes())
        .unwrap_or_default();
    with_hex("sha1=", &tag)
}

fn with_hex(prefix: &str, tag: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(prefix.len() + tag.len() * 2);
    text.push_str(prefix);
    for byte in tag {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether the header's value is right for the body. Takes it with or without `sha256=`, in either case; compares
/// in constant time.
pub fn verify(app_secret: &str, body: &[u8], header: &str) -> bool {
    let hex = header.trim();
    let hex = hex.strip_prefix("sha256=").unwrap_or(hex);
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return false;
    }
    let mut tag = [0; 32];
    for (byte, pair) in tag.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = pair.iter().fold(0, |value, &digit| {
            value << 4 | (digit as char).to_digit(16).unwrap_or(0) as u8
        });
    }
    mac(app_secret, body).is_some_and(|mac| mac.verify_slice(&tag).is_ok())
}

/// Whether `proof` is the app-secret proof of this access token: 64 lower-case hexadecimal digits, HMAC-SHA256 of the token
/// keyed with the app secret (`graph-api.md` §1.2). Compares in constant time.
pub fn proof_fits(app_secret: &str, token: &str, proof: &str) -> bool {
    let lower = proof.len() == 64 && !proof.bytes().any(|b| b.is_ascii_uppercase());
    lower && verify(app_secret, token.as_bytes(), proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231 §4.3, test case 2.
    const TAG: &str = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const BODY: &[u8] = b"what do ya want for nothing?";

    #[test]
    fn the_published_vector() {
        assert_eq!(sign("Jefe", BODY), TAG);
        assert!(verify("Jefe", BODY, TAG));
        assert!(verify("Jefe", BODY, TAG.trim_start_matches("sha256=")));
    }

    // RFC 2202 §3, test case 2.
    #[test]
    fn the_published_vector_of_the_legacy_signature() {
        assert_eq!(
            sign_legacy("Jefe", BODY),
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
    }

    #[test]
    fn a_proof_is_the_bare_lower_case_digits() {
        let token = "what do ya want for nothing?";
        let hex = TAG.trim_start_matches("sha256=");
        assert!(proof_fits("Jefe", token, hex));
        for wrong in [TAG, &hex.to_uppercase(), &hex[1..], ""] {
            assert!(!proof_fits("Jefe", token, wrong), "{wrong}");
        }
        assert!(!proof_fits("Jefe", "another token", hex));
    }

    #[test]
    fn one_wrong_bit_anywhere_is_refused() {
        assert!(!verify("jefe", BODY, TAG));
        assert!(!verify("Jefe", b"what do ya want for nothing!", TAG));
        for wrong in [
            "",
            "sha256=",
            "sha256=5bdc",
            "sha1=5bdc",
            &TAG.replace("5bdc", "5bdd"),
            &TAG.replace("5bdc", "zzzz"),
        ] {
            assert!(!verify("Jefe", BODY, wrong), "{wrong}");
        }
    }
}
