//! The configuration file of `serve`, and of `dev` where one is given. Every key has a default; `docs/ahoy.toml` explains each.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ahoy_calling::limits::LimitTable;
use ahoy_mail::MailConfig;
use anyhow::Context;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use crate::cli::NetArgs;
use crate::ports::PortRange;

/// What the file may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FileConfig {
    pub listen: Option<SocketAddr>,
    pub data: Option<PathBuf>,
    pub media_ip: Vec<IpAddr>,
    pub media_advertise: Vec<IpAddr>,
    pub media_ports: Option<PortRange>,
    pub media_workers: Option<usize>,
    pub admin_token: Option<String>,
    pub prefer_active: bool,
    pub limits: LimitTable,
    pub mail: Option<MailConfig>,
    pub rates: Option<PathBuf>,
}

impl FileConfig {
    /// Reads the file; a key it does not know is an error that names it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(
            path.is_file(),
            "the configuration file {} does not exist",
            path.display()
        );
        Figment::from(Toml::file_exact(path))
            .extract()
            .with_context(|| format!("in {}", path.display()))
    }

    /// Flags and environment over the file.
    pub(crate) fn overridden_by(mut self, net: NetArgs) -> Self {
        self.listen = net.listen.or(self.listen);
        self.data = net.data.or(self.data);
        if !net.media_ip.is_empty() {
            self.media_ip = net.media_ip;
        }
        self.admin_token = net.admin_token.or(self.admin_token);
        self.media_ports = net.media_ports.or(self.media_ports);
        self.rates = net.rates.or(self.rates);
        self.media_workers = net.media_workers.or(self.media_workers);
        self
    }
}
