//! `listen` of the configuration: an address, or a table with the bounds of connections.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::http::ConnectionLimits;

/// Where and how the server listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Where; the command's own default if none.
    pub address: Option<SocketAddr>,
    /// Names under which it is asked, besides its addresses.
    pub hosts: Vec<String>,
    /// Pages of other sites that may use it: `https://desk.example`.
    pub origins: Vec<String>,
    /// Bounds of connections.
    pub limits: ConnectionLimits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    #[serde(deserialize_with = "written")]
    address: Option<SocketAddr>,
    hosts: Vec<String>,
    origins: Vec<String>,
    connections: Option<u32>,
    connections_per_source: Option<u32>,
    head_seconds: Option<u16>,
    idle_seconds: Option<u16>,
}

fn written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    address(&text).map(Some).map_err(D::Error::custom)
}

impl From<Table> for Listen {
    fn from(table: Table) -> Self {
        let usual = ConnectionLimits::default();
        let per_source = table.connections_per_source;
        Self {
            address: table.address,
            hosts: table.hosts,
            origins: table.origins,
            limits: ConnectionLimits {
                connections: table.connections.unwrap_or(usual.connections),
                connections_per_source: per_source.unwrap_or(usual.connections_per_source),
                head_seconds: table.head_seconds.unwrap_or(usual.head_seconds),
                idle_seconds: table.idle_seconds.unwrap_or(usual.idle_seconds),
            },
        }
    }
}

/// Where to listen, as people write it: `127.0.0.1:9090`, `localhost:9090`, or the port alone, on loopback.
///
/// # Errors
/// A sentence that names the text.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = |text: &str| text.parse::<u16>().ok();
    let own = match text.split_once(':') {
        Some(("localhost" | "", digits)) => port(digits),
        _ => port(text),
    };
    own.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or_else(|| {
            format!("`{text}` is no address to listen on: 127.0.0.1:8080, localhost:8080 or 8080 would be one")
        })
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Listen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address like 127.0.0.1:8080, or a table [listen]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Listen, E> {
        let address = address(text).map_err(E::custom)?;
        Ok(Listen {
            address: Some(address),
            ..Listen::default()
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Listen, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(map)).map(Listen::from)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        listen: Listen,
    }

    #[test]
    fn a_port_is_enough() {
        for text in ["9090", "localhost:9090", ":9090", "127.0.0.1:9090"] {
            assert_eq!(
                address(text),
                Ok(SocketAddr::from(([127, 0, 0, 1], 9090))),
                "{text}"
            );
        }
        assert_eq!(address("[::1]:0").unwrap().port(), 0);
        for text in ["", "ahoy:9090", "70000", "127.0.0.1", "::1"] {
            assert!(
                address(text)
                    .unwrap_err()
                    .starts_with(&format!("`{text}` ")),
                "{text}"
            );
        }
    }

    #[test]
    fn an_address_or_a_table() {
        let read = |text| toml::from_str::<File>(text).map(|file| file.listen);
        let short = read("listen = \"127.0.0.1:9090\"").unwrap();
        assert_eq!(short.address, "127.0.0.1:9090".parse().ok());
        assert_eq!(short.limits, ConnectionLimits::default());
        let long = read("[listen]\nhosts = [\"ahoy.test\"]\nconnections = 5").unwrap();
        assert_eq!((long.address, long.limits.connections), (None, 5));
        assert_eq!(long.limits.idle_seconds, 75);
        let wrong = read("listen = \"ahoy\"").unwrap_err().to_string();
        assert!(
            wrong.contains("`ahoy` is no address to listen on"),
            "{wrong}"
        );
        let unknown = read("[listen]\nhost = \"x\"").unwrap_err().to_string();
        assert!(unknown.contains("host"), "{unknown}");
    }
}
