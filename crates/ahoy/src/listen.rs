//! `listen` of the configuration: an address, or a table with the bounds of connections.

use std::fmt;
use std::net::SocketAddr;

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
    address: Option<SocketAddr>,
    hosts: Vec<String>,
    origins: Vec<String>,
    connections: Option<u32>,
    connections_per_source: Option<u32>,
    head_seconds: Option<u16>,
    idle_seconds: Option<u16>,
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

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Listen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address like 127.0.0.1:8080, or a table [listen]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Listen, E> {
        let address = text.parse().map_err(|_| {
            E::custom(format!(
                "`{text}` is no address; 127.0.0.1:8080 would be one"
            ))
        })?;
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
    fn an_address_or_a_table() {
        let read = |text| toml::from_str::<File>(text).map(|file| file.listen);
        let short = read("listen = \"127.0.0.1:9090\"").unwrap();
        assert_eq!(short.address, "127.0.0.1:9090".parse().ok());
        assert_eq!(short.limits, ConnectionLimits::default());
        let long = read("[listen]\nhosts = [\"ahoy.test\"]\nconnections = 5").unwrap();
        assert_eq!((long.address, long.limits.connections), (None, 5));
        assert_eq!(long.limits.idle_seconds, 75);
        let wrong = read("listen = \"ahoy\"").unwrap_err().to_string();
        assert!(wrong.contains("`ahoy` is no address"), "{wrong}");
        let unknown = read("[listen]\nhost = \"x\"").unwrap_err().to_string();
        assert!(unknown.contains("host"), "{unknown}");
    }
}
