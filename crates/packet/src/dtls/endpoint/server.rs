//! The server's half.

use std::time::Instant;

use super::{Endpoint, Failure, Field, Message, Step};
use crate::dtls::hello::{Reader, certificate_list, certificate_request, choose, server_hello};
use crate::dtls::message::kind;
use crate::dtls::suite::OWN_SCHEME;

/// `named_curve` (RFC 8422 §5.4).
pub(super) const NAMED_CURVE: u8 = 3;

impl Endpoint {
    pub(super) fn on_client_hello(
        &mut self,
        message: &Message,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        self.hash(message);
        let chosen = choose(&message.body)?;
        self.peer_random = chosen.random;
        self.suite = Some(chosen.suite);
        self.profile = Some(chosen.profile);
        self.extended_master_secret = chosen.extended_master_secret;

        let hello = server_hello(&chosen, &self.random);
        self.push(kind::SERVER_HELLO, &hello);
        let certificate = certificate_list(self.identity.certificate());
        self.push(kind::CERTIFICATE, &certificate);

        let share = self.exchange(chosen.group)?;
        let mut exchange = vec![NAMED_CURVE];
        exchange.extend(chosen.group.id().to_be_bytes());
        exchange.push(u8::try_from(share.len()).map_err(|_| Failure::Internal)?);
        exchange.extend(share);
        let mut signed = self.peer_random.to_vec();
        signed.extend(self.random);
        signed.extend(&exchange);
        exchange.extend(self.proof(&signed)?);
        self.push(kind::SERVER_KEY_EXCHANGE, &exchange);

        self.push(kind::CERTIFICATE_REQUEST, &certificate_request());
        self.push(kind::SERVER_HELLO_DONE, &[]);
        self.step = Step::ClientCertificate;
        self.start_flight(now, send)
    }

    /// Our signature with its scheme and its length.
    pub(super) fn proof(&self, signed: &[u8]) -> Result<Vec<u8>, Failure> {
        let signature = self.identity.sign(signed)?;
        let mut out = OWN_SCHEME.0.to_be_bytes().to_vec();
        let length = u16::try_from(signature.len()).map_err(|_| Failure::Internal)?;
        out.extend(length.to_be_bytes());
        out.extend(signature);
        Ok(out)
    }

    pub(super) fn on_client_key_exchange(&mut self, message: &Message) -> Result<(), Failure> {
        self.hash(message);
        let share = Reader(&message.body).short();
        let share = share
            .ok_or(Failure::Malformed(Field::KeyExchange))?
            .to_vec();
        self.agree(&share)?;
        self.step = Step::CertificateVerify;
        Ok(())
    }

    pub(super) fn on_certificate_verify(&mut self, message: &Message) -> Result<(), Failure> {
        self.check_signature(&self.transcript, &message.body, Field::CertificateVerify)?;
        self.hash(message);
        self.step = Step::Finished;
        Ok(())
    }
}
