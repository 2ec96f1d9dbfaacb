//! The client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy as Redirects;
use reqwest::{Certificate, Client, Method, RequestBuilder, Response};
use url::{Host, Url};

use crate::failure::Failure;
use crate::policy::Policy;
use crate::resolver::Resolver;

/// Shorter than the keep-alive of the servers in use, so that a request rarely meets a connection about to close.
const IDLE: Duration = Duration::from_secs(2);

/// Largest file of certificates that is read.
const LARGEST_CA: u64 = 1024 * 1024;

/// The client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// TLS cannot be set up.
    #[error("TLS for outgoing requests: {0}")]
    Tls(#[source] reqwest::Error),
    /// The file of certificates cannot be read.
    #[error("the certificates in {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
}

/// The certificates of a PEM file, to be trusted in addition to the system's.
///
/// # Errors
/// The file cannot be read, or holds none.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    let file = |error| SetupError::File {
        path: path.to_owned(),
        error,
    };
    if std::fs::metadata(path).map_err(file)?.len() > LARGEST_CA {
        return Err(SetupError::NoCertificate(path.to_owned()));
    }
    let pem = std::fs::read(path).map_err(file)?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(SetupError::NoCertificate(path.to_owned())),
    }
}

/// The client of all requests that tenants cause.
///
/// It follows no redirect and uses no proxy. An address in the URL is judged before the request, the addresses of a name
/// whenever a connection is made, and the far end of the connection before the answer is looked at.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    policy: Arc<Policy>,
}

impl Outbound {
    /// A client under this policy that trusts these certificates in addition to the system's.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: Policy, trusted: Vec<Certificate>) -> Result<Self, SetupError> {
        let policy = Arc::new(policy);
        let client = Client::builder()
            .redirect(Redirects::none())
            .no_proxy()
            .pool_idle_timeout(IDLE)
            .referer(false)
            .dns_resolver(Resolver::new(policy.clone()))
            .tls_certs_merge(trusted)
            .user_agent(concat!("ahoy/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(SetupError::Tls)?;
        Ok(Self { client, policy })
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request, if the policy allows it. `timeout` is for the whole of it, the answer's body included.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn send(
        &self,
        request: RequestBuilder,
        timeout: Duration,
    ) -> Result<Response, Failure> {
        let request = request.timeout(timeout).build();
        let request = request.map_err(|e| Failure::Other(e.to_string()))?;
        let url = request.url();
        self.check(url)?;
        let (place, plain) = (place(url), url.scheme() == "http");
        let sent = self.client.execute(request).await;
        let response = sent.map_err(|e| Failure::of(&e, &place, plain, timeout))?;
        match response.remote_addr() {
            // Cannot be after the checks before; if it could, nothing of the answer would be seen.
            Some(address) if !self.policy.allows_socket(address) => Err(Failure::NotAllowed(place)),
            _ => Ok(response),
        }
    }

    /// What can be judged of a URL without asking anybody: an address in it, and the port.
    fn check(&self, url: &Url) -> Result<(), Failure> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(address) = address
            && !self.policy.allows(address)
        {
            return Err(Failure::NotAllowed(address.to_string()));
        }
        match url.port_or_known_default() {
            Some(port) if !self.policy.allows_port(port) => Err(Failure::PortNotAllowed(port)),
            _ => Ok(()),
        }
    }
}

/// Host and port of a URL.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
