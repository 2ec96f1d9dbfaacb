//! Handshakes that fail, one way each, and one that succeeds because the authority was named.

use std::path::PathBuf;
use std::sync::Arc;

use ahoy_outbound::{Failure, Outbound, Policy, SetupError, TlsFailure, certificates};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::support::*;

/// A certificate and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params("authority.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Signed by the authority.
fn signed(params: &CertificateParams, by: &CertifiedIssuer<'_, KeyPair>) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    Identity {
        certificate: certificate.der().clone(),
        key,
    }
}

/// Signed by itself.
fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity {
        certificate: certificate.der().clone(),
        key,
    }
}

async fn tls_server(identity: Identity) -> Server {
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Server::new("127.0.0.1:0", move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                reply(stream, OK).await;
            }
        }
    })
    .await
}

/// A file that goes with the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ahoy-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The certificate as a file holds it.
fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

fn trusting(name: &str, pem: &str) -> Outbound {
    let file = File::new(name, pem);
    Outbound::new(Policy::anywhere(), certificates(&file.0).unwrap()).unwrap()
}

async fn fault(client: &Outbound, server: &Server) -> TlsFailure {
    let url = format!("https://localhost:{}/", server.port());
    match get(client, &url).await {
        Err(Failure::Tls(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_self_signed_certificate() {
    let server = tls_server(self_signed(&params("localhost"))).await;
    let fault = fault(&anywhere(), &server).await;
    assert_eq!(fault, TlsFailure::UnknownIssuer);
    assert!(
        fault.to_string().contains("self-signed") && fault.to_string().contains("--webhook-ca")
    );
}

#[tokio::test]
async fn the_authority_that_was_named_is_trusted() {
    let authority = authority();
    let server = tls_server(signed(&params("localhost"), &authority)).await;
    assert_eq!(fault(&anywhere(), &server).await, TlsFailure::UnknownIssuer);
    let client = trusting("authority.pem", &pem(authority.der()));
    let url = format!("https://localhost:{}/", server.port());
    assert_eq!(get(&client, &url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_self_signed_certificate_that_was_named_is_trusted() {
    let key = KeyPair::generate().unwrap();
    let certificate = params("localhost").self_signed(&key).unwrap();
    let client = trusting("own.pem", &pem(certificate.der()));
    let server = tls_server(Identity {
        certificate: certificate.der().clone(),
        key,
    })
    .await;
    let url = format!("https://localhost:{}/", server.port());
    assert_eq!(get(&client, &url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn another_name_another_time_another_purpose() {
    let authority = authority();
    let client = trusting("faults.pem", &pem(authority.der()));
    let server = tls_server(signed(&params("bot.example"), &authority)).await;
    let wrong = fault(&client, &server).await;
    assert_eq!(wrong, TlsFailure::WrongName(vec!["bot.example".into()]));

    let mut expired = params("localhost");
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let server = tls_server(signed(&expired, &authority)).await;
    assert_eq!(fault(&client, &server).await, TlsFailure::Expired);

    let mut later = params("localhost");
    later.not_before = date_time_ymd(4000, 1, 1);
    later.not_after = date_time_ymd(4001, 1, 1);
    let server = tls_server(signed(&later, &authority)).await;
    assert_eq!(fault(&client, &server).await, TlsFailure::NotYetValid);

    // What `openssl req -x509` makes unless it is told otherwise.
    let mut own = params("localhost");
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let server = tls_server(signed(&own, &authority)).await;
    assert_eq!(fault(&client, &server).await, TlsFailure::AuthorityAsServer);
}

#[tokio::test]
async fn an_authority_of_the_same_name_with_another_key() {
    let (known, other) = (authority(), authority());
    let client = trusting("same-name.pem", &pem(known.der()));
    let server = tls_server(signed(&params("localhost"), &other)).await;
    assert_eq!(fault(&client, &server).await, TlsFailure::UnknownIssuer);
}

#[tokio::test]
async fn plain_http_behind_https() {
    let server = Server::answering("127.0.0.1:0", "HTTP/1.1 400 Bad Request\r\n\r\nsecret").await;
    assert_eq!(fault(&anywhere(), &server).await, TlsFailure::PlainHttp);
}

#[tokio::test]
async fn tls_behind_plain_http() {
    let server = tls_server(self_signed(&params("localhost"))).await;
    let url = format!("http://localhost:{}/", server.port());
    let failure = get(&anywhere(), &url).await.unwrap_err();
    assert!(
        failure.to_string().contains("the URL begins with https"),
        "{failure}"
    );
}

#[tokio::test]
async fn closed_in_the_middle() {
    let server = Server::answering("127.0.0.1:0", "").await;
    assert_eq!(fault(&anywhere(), &server).await, TlsFailure::Closed);
}

#[test]
fn a_file_without_certificates_is_named() {
    let file = File::new("none.pem", "no certificate");
    let error = certificates(&file.0).unwrap_err();
    assert!(matches!(error, SetupError::NoCertificate(_)), "{error}");
    let error = certificates(&file.0.with_extension("gone")).unwrap_err();
    assert!(error.to_string().contains(".gone: No such file"), "{error}");
}
