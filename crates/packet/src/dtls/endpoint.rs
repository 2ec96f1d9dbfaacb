//! One handshake in one role.

mod client;
mod server;

use std::time::{Duration, Instant};

use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use super::certificate::{PublicKey, fingerprint};
use super::hello::{Random, Reader};
use super::message::{self, Assembly, Message, Taken, kind};
use super::record::{self, Protection, Record, Window};
use super::secrets::Secrets;
use super::suite::{Group, Scheme, Suite, verifies};
use super::{Alert, Established, Failure, Field, Identity};
use crate::srtp::{DtlsKeys, DtlsRole, Profile};

/// First retransmission (RFC 6347 §4.2.4 allows less than its second where the application knows better). A ring lasts long, but
/// whoever has answered waits for this.
const FIRST_RETRY: Duration = Duration::from_millis(400);
/// With doubling, retries reach over the longest ring (60 s).
const RETRIES: u32 = 7;
/// After so long a handshake is given up.
const WHOLE: Duration = Duration::from_secs(100);
/// A flight that is asked for again is not sent more often than this.
const REPEAT_PAUSE: Duration = Duration::from_millis(50);
/// Flights that are sent again because the peer asked at most.
const REPEATS: u32 = 32;
/// Bytes of a datagram at most: what passes tunnels.
const DATAGRAM: usize = 1_200;
/// Records of epoch 1 that are kept until there are keys: Finished, and an alert.
const EARLY: usize = 4;

/// What a finished handshake yields. The keys are worth nothing until the fingerprint is compared with the announced one.
#[derive(Debug)]
pub struct Outcome {
    /// SHA-256 of the peer's certificate.
    pub peer: [u8; 32],
    /// The SRTP profile agreed on.
    pub profile: Profile,
    /// SRTP keys of both directions.
    pub keys: DtlsKeys,
    /// For alerts later.
    pub established: Established,
}

/// A record of the last flight, to be written anew with a number of its own.
#[derive(Debug, Clone)]
enum Piece {
    ChangeCipherSpec,
    Handshake { epoch: u16, message: Vec<u8> },
}

/// What the handshake waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    // As a server.
    ClientHello,
    ClientCertificate,
    ClientKeyExchange,
    CertificateVerify,
    // As a client.
    ServerHello,
    ServerCertificate,
    ServerKeyExchange,
    RequestOrDone,
    Done,
    // Either.
    Finished,
    Over,
}

/// A handshake under way.
pub struct Endpoint {
    identity: Identity,
    role: DtlsRole,
    step: Step,
    assembly: Assembly,
    /// Every message so far as it counts for hashes (RFC 6347 §4.2.6).
    transcript: Vec<u8>,
    /// Number of our next message.
    number: u16,
    /// Numbers of our next records of epoch 0 and 1.
    records: [u64; 2],
    windows: [Window; 2],
    write: Option<Protection>,
    read: Option<Protection>,
    early: Vec<Vec<u8>>,
    flight: Vec<Piece>,
    /// When the flight is sent again, and after how long the time before that was.
    retry: Option<(Instant, Duration)>,
    retries: u32,
    repeats: u32,
    sent_at: Option<Instant>,
    deadline: Instant,
    random: Random,
    peer_random: Random,
    cookie: bool,
    suite: Option<Suite>,
    profile: Option<Profile>,
    extended_master_secret: bool,
    private: Option<(Group, EphemeralPrivateKey)>,
    peer_share: Option<(Group, Vec<u8>)>,
    peer: Option<([u8; 32], PublicKey)>,
    certificate_wanted: bool,
    secrets: Option<Secrets>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("role", &self.role)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// A handshake that begins now: a client sends its ClientHello with the first [`Endpoint::advance`], a server waits for one.
    pub fn new(identity: &Identity, role: DtlsRole, now: Instant) -> Self {
        let step = match role {
            DtlsRole::Client => Step::ServerHello,
            DtlsRole::Server => Step::ClientHello,
        };
        let mut random = [0; 32];
        // A failure of the system's generator shows again with the key exchange, which can refuse.
        let _ = SystemRandom::new().fill(&mut random);
        Self {
            identity: identity.clone(),
            role,
            step,
            assembly: Assembly::default(),
            transcript: Vec::new(),
            number: 0,
            records: [0; 2],
            windows: [Window::default(); 2],
            write: None,
            read: None,
            early: Vec::new(),
            flight: Vec::new(),
            retry: None,
            retries: 0,
            repeats: 0,
            sent_at: None,
            deadline: now + WHOLE,
            random,
            peer_random: [0; 32],
            cookie: false,
            suite: None,
            profile: None,
            extended_master_secret: false,
            private: None,
            peer_share: None,
            peer: None,
            certificate_wanted: false,
            secrets: None,
        }
    }

    #[cfg(test)]
    pub(super) fn identity_ref(&self) -> &Identity {
        &self.identity
    }

    /// When [`Endpoint::advance`] wants to be called without a datagram.
    pub fn due(&self) -> Instant {
        match self.retry {
            Some((at, _)) => at.min(self.deadline),
            None => self.deadline,
        }
    }

    /// Moves on with a datagram, or with time alone. After an outcome or a failure, whose alert has been sent by then, it is of no more
    /// use.
    ///
    /// # Errors
    /// Why there will be no keys.
    pub fn advance(
        &mut self,
        datagram: Option<&[u8]>,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Box<Outcome>>, Failure> {
        let done = self.step(datagram, now, send);
        if let Err(failure) = done {
            self.step = Step::Over;
            if let Some(alert) = failure.alert() {
                self.send_alert(alert, send);
            }
        }
        done
    }

    fn step(
        &mut self,
        datagram: Option<&[u8]>,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Box<Outcome>>, Failure> {
        if self.step == Step::Over {
            return Ok(None);
        }
        self.on_time(now, send)?;
        let Some(datagram) = datagram else {
            return Ok(None);
        };
        let taken = self.take(datagram)?;
        let before = self.step;
        loop {
            while let Some(message) = self.assembly.next() {
                self.on_message(&message, now, send)?;
                if self.step == Step::Over {
                    return self.outcome().map(Some);
                }
            }
            // Keys may have come meanwhile.
            if self.read.is_none() || self.early.is_empty() {
                break;
            }
            for early in std::mem::take(&mut self.early) {
                self.take(&early)?;
            }
        }
        // The peer has not seen our last flight, or its answer was lost (RFC 6347 §4.2.4).
        let rested = self
            .sent_at
            .is_none_or(|at| now.saturating_duration_since(at) >= REPEAT_PAUSE);
        if taken == Taken::Again && before == self.step && rested && self.repeats < REPEATS {
            self.repeats += 1;
            self.send_flight(now, send)?;
        }
        Ok(None)
    }

    fn on_time(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        if now >= self.deadline {
            return Err(Failure::TimedOut);
        }
        if self.step == Step::ServerHello && self.flight.is_empty() {
            self.begin(now, send)?;
        }
        let Some((at, waited)) = self.retry else {
            return Ok(());
        };
        if now >= at {
            if self.retries >= RETRIES {
                return Err(Failure::TimedOut);
            }
            self.retries += 1;
            self.retry = Some((now + waited * 2, waited * 2));
            self.send_flight(now, send)?;
        }
        Ok(())
    }

    /// Takes the records of a datagram.
    fn take(&mut self, datagram: &[u8]) -> Result<Taken, Failure> {
        let mut taken = Taken::New;
        let mut rest = datagram;
        while let Some((record, next)) = record::split(rest) {
            rest = next;
            if self.take_record(&record)? == Taken::Again {
                taken = Taken::Again;
            }
        }
        Ok(taken)
    }

    fn take_record(&mut self, record: &Record<'_>) -> Result<Taken, Failure> {
        let Some(window) = self.windows.get(usize::from(record.epoch)) else {
            return Ok(Taken::New);
        };
        if !window.is_new(record.number) {
            return Ok(Taken::New);
        }
        if record.epoch == 0 {
            self.note(record);
            return self.take_plain(record.kind, record.body);
        }
        let Some(read) = &self.read else {
            if self.early.len() < EARLY && record.body.len() <= DATAGRAM {
                let mut kept = Vec::new();
                let length = record.body.len();
                record::header(&mut kept, record.kind, record.epoch, record.number, length);
                kept.extend(record.body);
                self.early.push(kept);
            }
            return Ok(Taken::New);
        };
        let Some(body) = read.open(record) else {
            return Ok(Taken::New);
        };
        self.note(record);
        self.take_plain(record.kind, &body)
    }

    fn note(&mut self, record: &Record<'_>) {
        if let Some(window) = self.windows.get_mut(usize::from(record.epoch)) {
            window.note(record.number);
        }
    }

    fn take_plain(&mut self, kind: u8, body: &[u8]) -> Result<Taken, Failure> {
        match kind {
            record::HANDSHAKE => self.assembly.take(body),
            record::ALERT => match Alert::parse(body) {
                Some(alert) if alert.ends() => Err(Failure::PeerAlert(alert)),
                _ => Ok(Taken::New),
            },
            // ChangeCipherSpec says what the epoch of the records says too.
            _ => Ok(Taken::New),
        }
    }

    fn on_message(
        &mut self,
        message: &Message,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        match (self.step, message.kind) {
            (Step::ClientHello, kind::CLIENT_HELLO) => self.on_client_hello(message, now, send),
            (Step::ClientCertificate, kind::CERTIFICATE) => {
                self.on_certificate(message)?;
                self.step = Step::ClientKeyExchange;
                Ok(())
            }
            (Step::ClientKeyExchange, kind::CLIENT_KEY_EXCHANGE) => {
                self.on_client_key_exchange(message)
            }
            (Step::CertificateVerify, kind::CERTIFICATE_VERIFY) => {
                self.on_certificate_verify(message)
            }
            (Step::ServerHello, kind::HELLO_VERIFY_REQUEST) => {
                self.on_hello_verify(message, now, send)
            }
            (Step::ServerHello, kind::SERVER_HELLO) => self.on_server_hello(message),
            (Step::ServerCertificate, kind::CERTIFICATE) => {
                self.on_certificate(message)?;
                self.fits_suite()?;
                self.step = Step::ServerKeyExchange;
                Ok(())
            }
            (Step::ServerKeyExchange, kind::SERVER_KEY_EXCHANGE) => {
                self.on_server_key_exchange(message)
            }
            (Step::RequestOrDone, kind::CERTIFICATE_REQUEST) => {
                self.on_certificate_request(message)
            }
            (Step::RequestOrDone | Step::Done, kind::SERVER_HELLO_DONE) => {
                self.on_server_hello_done(message, now, send)
            }
            (Step::Finished, kind::FINISHED) => self.on_finished(message, now, send),
            (_, kind) => Err(Failure::Unexpected(kind)),
        }
    }

    /// Adds a message to what is hashed.
    fn hash(&mut self, message: &Message) {
        message::write(
            &mut self.transcript,
            message.kind,
            message.number,
            &message.body,
        );
    }

    fn on_certificate(&mut self, message: &Message) -> Result<(), Failure> {
        self.hash(message);
        let malformed = Failure::Malformed(Field::Certificate);
        let der = super::hello::first_certificate(&message.body).ok_or(malformed)?;
        let der = der.ok_or(Failure::NoCertificate)?;
        self.peer = Some((fingerprint(der), PublicKey::of(der)?));
        Ok(())
    }

    /// Checks a signature by the peer's certificate: scheme, length, signature.
    fn check_signature(&self, signed: &[u8], proof: &[u8], of: Field) -> Result<(), Failure> {
        let mut reader = Reader(proof);
        let scheme = reader.u16().ok_or(Failure::Malformed(of))?;
        let signature = reader.long().ok_or(Failure::Malformed(of))?;
        let (_, key) = self.peer.as_ref().ok_or(Failure::NoCertificate)?;
        let verifier = Scheme(scheme)
            .verifier(key.kind)
            .ok_or(Failure::Scheme(scheme))?;
        if verifies(verifier, &key.bytes, signed, signature) {
            Ok(())
        } else {
            Err(Failure::BadSignature)
        }
    }

    /// A key of our own for the exchange; answers what the peer is to know of it.
    fn exchange(&mut self, group: Group) -> Result<Vec<u8>, Failure> {
        let private = EphemeralPrivateKey::generate(group.algorithm(), &SystemRandom::new())
            .map_err(|_| Failure::Internal)?;
        let public = private
            .compute_public_key()
            .map_err(|_| Failure::Internal)?;
        self.private = Some((group, private));
        Ok(public.as_ref().to_vec())
    }

    /// The secrets, from our key and the peer's share. The transcript ends with ClientKeyExchange.
    fn agree(&mut self, share: &[u8]) -> Result<(), Failure> {
        let (group, private) = self.private.take().ok_or(Failure::Internal)?;
        let suite = self.suite.ok_or(Failure::Internal)?;
        let randoms = match self.role {
            DtlsRole::Client => (self.random, self.peer_random),
            DtlsRole::Server => (self.peer_random, self.random),
        };
        let session = self
            .extended_master_secret
            .then_some(self.transcript.as_slice());
        let share = UnparsedPublicKey::new(group.algorithm(), share);
        let secrets = agree_ephemeral(private, share, Failure::KeyExchange, |shared| {
            Ok(Secrets::new(suite, shared, randoms, session))
        })?;
        let (client, server) = secrets.protections().ok_or(Failure::Internal)?;
        let (write, read) = match self.role {
            DtlsRole::Client => (client, server),
            DtlsRole::Server => (server, client),
        };
        self.write = Some(write);
        self.read = Some(read);
        self.secrets = Some(secrets);
        Ok(())
    }

    fn on_finished(
        &mut self,
        message: &Message,
        now: Instant,
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        let peer = match self.role {
            DtlsRole::Client => DtlsRole::Server,
            DtlsRole::Server => DtlsRole::Client,
        };
        let secrets = self.secrets.as_ref().ok_or(Failure::Internal)?;
        let wanted = secrets.finished(peer, &self.transcript);
        aws_lc_rs::constant_time::verify_slices_are_equal(&wanted, &message.body)
            .map_err(|_| Failure::BadFinished)?;
        self.hash(message);
        if self.role == DtlsRole::Server {
            self.flight.clear();
            self.push_finished()?;
            self.send_flight(now, send)?;
        }
        self.retry = None;
        self.step = Step::Over;
        Ok(())
    }

    fn outcome(&mut self) -> Result<Box<Outcome>, Failure> {
        let profile = self.profile.ok_or(Failure::Internal)?;
        let secrets = self.secrets.take().ok_or(Failure::Internal)?;
        let (peer, _) = self.peer.take().ok_or(Failure::NoCertificate)?;
        let [_, number] = self.records;
        let [_, window] = self.windows;
        Ok(Box::new(Outcome {
            peer,
            profile,
            keys: secrets.srtp(profile, self.role)?,
            established: Established {
                write: self.write.take().ok_or(Failure::Internal)?,
                number,
                read: self.read.take().ok_or(Failure::Internal)?,
                window,
            },
        }))
    }

    // ---- what is sent ----

    /// Adds a message of ours to the flight and to what is hashed.
    fn push(&mut self, kind: u8, body: &[u8]) {
        let mut message = Vec::with_capacity(message::HEADER + body.len());
        message::write(&mut message, kind, self.number, body);
        self.number += 1;
        self.transcript.extend(&message);
        self.flight.push(Piece::Handshake { epoch: 0, message });
    }

    fn push_finished(&mut self) -> Result<(), Failure> {
        let secrets = self.secrets.as_ref().ok_or(Failure::Internal)?;
        let verify = secrets.finished(self.role, &self.transcript);
        self.flight.push(Piece::ChangeCipherSpec);
        self.push(kind::FINISHED, &verify);
        if let Some(Piece::Handshake { epoch, .. }) = self.flight.last_mut() {
            *epoch = 1;
        }
        Ok(())
    }

    /// Sends a new flight and waits for the answer.
    fn start_flight(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.retry = Some((now + FIRST_RETRY, FIRST_RETRY));
        self.retries = 0;
        self.send_flight(now, send)
    }

    fn send_flight(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.sent_at = Some(now);
        let mut datagram = Vec::new();
        for piece in std::mem::take(&mut self.flight) {
            let record = self.record(&piece)?;
            if !datagram.is_empty() && datagram.len() + record.len() > DATAGRAM {
                send(&datagram);
                datagram.clear();
            }
            datagram.extend(record);
            self.flight.push(piece);
        }
        if !datagram.is_empty() {
            send(&datagram);
        }
        Ok(())
    }

    fn record(&mut self, piece: &Piece) -> Result<Vec<u8>, Failure> {
        let (kind, epoch, body): (u8, u16, &[u8]) = match piece {
            Piece::ChangeCipherSpec => (record::CHANGE_CIPHER_SPEC, 0, &[1]),
            Piece::Handshake { epoch, message } => (record::HANDSHAKE, *epoch, message),
        };
        self.write_record(kind, epoch, body)
            .ok_or(Failure::Internal)
    }

    fn write_record(&mut self, kind: u8, epoch: u16, body: &[u8]) -> Option<Vec<u8>> {
        let number = self.records.get_mut(usize::from(epoch))?;
        let own = *number;
        *number += 1;
        let mut out = Vec::with_capacity(record::HEADER + body.len() + 24);
        if epoch == 0 {
            record::header(&mut out, kind, 0, own, body.len());
            out.extend(body);
        } else {
            self.write.as_ref()?.seal(&mut out, kind, own, body)?;
        }
        Some(out)
    }

    fn send_alert(&mut self, alert: Alert, send: &mut dyn FnMut(&[u8])) {
        // Protected once our ChangeCipherSpec has gone out.
        let [_, protected] = self.records;
        let epoch = u16::from(protected > 0);
        if let Some(record) = self.write_record(record::ALERT, epoch, &alert.bytes()) {
            send(&record);
        }
    }
}
