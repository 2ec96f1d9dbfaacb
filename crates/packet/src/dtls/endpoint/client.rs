//! The client's half.

use std::time::Instant;

use super::server::NAMED_CURVE;
use super::{Endpoint, Failure, Field, Message, Step};
use crate::dtls::certificate::KeyKind;
use crate::dtls::hello::{
    Reader, certificate_list, client_hello, cookie, read_server_hello, requested_schemes,
};
use crate::dtls::message::kind;
use crate::dtls::suite::{Authentication, Group, OWN_SCHEME};

impl Endpoint {
    /// Sends the first ClientHello.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        let hello = client_hello(&self.random, &[]);
        self.push(kind::CLIENT_HELLO, &hello);
        self.start_flight(now, send)
    }

    /// The server wants to see that we receive at our address: the same hello again with its cookie.
    pub(super) fn on_hello_verify(
        &mut self,
        message: &Message,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        if std::mem::replace(&mut self.cookie, true) {
            return Err(Failure::Unexpected(message.kind));
        }
        let cookie = cookie(&message.body).ok_or(Failure::Malformed(Field::ServerHello))?;
        let hello = client_hello(&self.random, cookie);
        // Neither the first hello nor the request for the cookie is hashed (RFC 6347 §4.2.1).
        self.transcript.clear();
        self.flight.clear();
        self.push(kind::CLIENT_HELLO, &hello);
        self.start_flight(now, send)
    }

    pub(super) fn on_server_hello(&mut self, message: &Message) -> Result<(), Failure> {
        self.hash(message);
        let choice = read_server_hello(&message.body)?;
        self.peer_random = choice.random;
        self.suite = Some(choice.suite);
        self.profile = Some(choice.profile);
        self.extended_master_secret = choice.extended_master_secret;
        self.step = Step::ServerCertificate;
        Ok(())
    }

    /// Whether the server's key is of the kind its suite says.
    pub(super) fn fits_suite(&self) -> Result<(), Failure> {
        let suite = self.suite.ok_or(Failure::Internal)?;
        let (_, key) = self.peer.as_ref().ok_or(Failure::NoCertificate)?;
        let rsa = matches!(key.kind, KeyKind::Rsa | KeyKind::RsaPss);
        if rsa == (suite.authentication == Authentication::Rsa) {
            Ok(())
        } else {
            Err(Failure::KeyAndSuite)
        }
    }

    pub(super) fn on_server_key_exchange(&mut self, message: &Message) -> Result<(), Failure> {
        let malformed = Failure::Malformed(Field::KeyExchange);
        let mut reader = Reader(&message.body);
        if reader.u8() != Some(NAMED_CURVE) {
            return Err(malformed);
        }
        let group = Group::of(reader.u16().ok_or(malformed)?).ok_or(Failure::NoGroup)?;
        let share = reader.short().ok_or(malformed)?.to_vec();
        let proof = reader.0;
        let parameters = message.body.len() - proof.len();
        let mut signed = self.random.to_vec();
        signed.extend(self.peer_random);
        signed.extend(message.body.iter().take(parameters));
        self.check_signature(&signed, proof, Field::KeyExchange)?;
        self.hash(message);
        self.peer_share = Some((group, share));
        self.step = Step::RequestOrDone;
        Ok(())
    }

    pub(super) fn on_certificate_request(&mut self, message: &Message) -> Result<(), Failure> {
        let schemes = requested_schemes(&message.body);
        let schemes = schemes.ok_or(Failure::Malformed(Field::CertificateRequest))?;
        if !schemes.contains(&OWN_SCHEME) {
            return Err(Failure::NoScheme);
        }
        self.hash(message);
        self.certificate_wanted = true;
        self.step = Step::Done;
        Ok(())
    }

    pub(super) fn on_server_hello_done(
        &mut self,
        message: &Message,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        self.hash(message);
        self.flight.clear();
        if self.certificate_wanted {
            let certificate = certificate_list(self.identity.certificate());
            self.push(kind::CERTIFICATE, &certificate);
        }
        let (group, peer_share) = self.peer_share.take().ok_or(Failure::Internal)?;
        let share = self.exchange(group)?;
        let mut exchange = vec![u8::try_from(share.len()).map_err(|_| Failure::Internal)?];
        exchange.extend(share);
        self.push(kind::CLIENT_KEY_EXCHANGE, &exchange);
        self.agree(&peer_share)?;
        if self.certificate_wanted {
            let proof = self.proof(&self.transcript)?;
            self.push(kind::CERTIFICATE_VERIFY, &proof);
        }
        self.push_finished()?;
        self.step = Step::Finished;
        self.start_flight(now, send)
    }
}
