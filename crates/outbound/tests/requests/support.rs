//! Servers that count their connections, and a client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ahoy_outbound::{Failure, Outbound, Policy, PolicyTable};
use reqwest::{Method, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long a request may take here; only one test lets it pass.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server on loopback.
pub struct Server {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Gives each connection to `serve`.
    pub async fn new<F>(at: &str, serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// Answers each connection with these bytes, once a request has come.
    pub async fn answering(at: &str, answer: &'static str) -> Self {
        Self::new(at, move |stream| reply(stream, answer)).await
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

/// Reads the beginning of a request and writes an answer.
pub async fn reply<S: AsyncReadExt + AsyncWriteExt + Unpin>(mut stream: S, answer: &'static str) {
    let mut some = [0; 1024];
    if stream.read(&mut some).await.is_ok_and(|n| n > 0) {
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// A plain answer.
pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret";

/// A client that goes to public addresses and these.
pub fn public_and(allow: &[&str]) -> Outbound {
    let table = PolicyTable {
        allow: allow.iter().map(|&net| net.to_owned()).collect(),
        ports: Vec::new(),
    };
    Outbound::new(Policy::public_and(&table).unwrap(), Vec::new()).unwrap()
}

/// A client that goes everywhere.
pub fn anywhere() -> Outbound {
    Outbound::new(Policy::anywhere(), Vec::new()).unwrap()
}

pub async fn get(client: &Outbound, url: &str) -> Result<Response, Failure> {
    get_within(client, url, PATIENCE).await
}

pub async fn get_within(
    client: &Outbound,
    url: &str,
    timeout: Duration,
) -> Result<Response, Failure> {
    let request = client.request(Method::GET, url.parse().unwrap());
    client.send(request, timeout).await
}
