//! The configuration file of `serve`, and of `dev` where one is given. Every key has a default; `docs/ahoy.toml` explains each.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ahoy_calling::limits::LimitTable;
use ahoy_calling::readings::Readings;
use ahoy_mail::MailConfig;
use ahoy_outbound::PolicyTable;
use anyhow::Context;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use crate::cli::NetArgs;
use crate::listen::Listen;
use crate::ports::PortRange;

/// What the file may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FileConfig {
    pub listen: Listen,
    pub data: Option<PathBuf>,
    pub media_ip: Vec<IpAddr>,
    pub media_advertise: Vec<IpAddr>,
    pub media_ports: Option<PortRange>,
    pub media_workers: Option<usize>,
    pub admin_token: Option<String>,
    pub limits: LimitTable,
    pub readings: Readings,
    pub mail: Option<MailConfig>,
    pub rates: Option<PathBuf>,
    pub webhook_ca: Option<PathBuf>,
    pub outbound: Option<PolicyTable>,
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

    /// The numbers behind the rules together with the readings.
    pub(crate) fn limit_table(&self) -> LimitTable {
        LimitTable {
            readings: self.readings,
            ..self.limits.clone()
        }
    }

    /// Flags and environment over the file.
    pub(crate) fn overridden_by(mut self, net: NetArgs) -> Self {
        self.listen.address = net.listen.or(self.listen.address);
        self.listen.hosts.extend(net.hosts);
        self.data = net.data.or(self.data);
        if !net.media_ip.is_empty() {
            self.media_ip = net.media_ip;
        }
        self.admin_token = net.admin_token.or(self.admin_token);
        self.media_ports = net.media_ports.or(self.media_ports);
        self.rates = net.rates.or(self.rates);
        self.webhook_ca = net.webhook_ca.or(self.webhook_ca);
        self.media_workers = net.media_workers.or(self.media_workers);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DOCUMENTED: &str = include_str!("../../../docs/ahoy.toml");

    fn read(text: &str) -> FileConfig {
        Figment::from(Toml::string(text)).extract().unwrap()
    }

    #[test]
    fn the_documented_values_are_the_defaults() {
        let key = |line: &'static str| {
            let bare = line.strip_prefix('#')?;
            let begins = bare.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
            begins.then_some(bare)
        };
        let keys: Vec<&str> = DOCUMENTED.lines().filter_map(key).collect();
        let file = read(&keys.join("\n"));
        assert_eq!(file.limits, LimitTable::default());
        assert_eq!(file.readings, Readings::default());
        assert_eq!(file.listen.limits, Listen::default().limits);
        assert_eq!(file.outbound, Some(PolicyTable::default()));
        assert!(file.mail.is_some() && file.rates.is_some(), "all was read");
    }

    #[test]
    fn each_reading_has_its_words() {
        use ahoy_calling::hours::HolidayReading;
        use ahoy_calling::readings::{
            FingerprintReading, HeaderReading, HolidayRules, SdpDefectReading, SetupReading,
        };
        use ahoy_calling::routing::ForeignThreads;
        let file = read(
            "[readings]\nfingerprints = \"any\"\nsdp_defect = \"138008\"\nsetup = \"actpass\"\n\
             holiday = \"open\"\nholiday_rules = \"table\"\nwebhook_headers = \"live\"\n\
             foreign_threads = \"sent\"\n",
        );
        let readings = Readings {
            fingerprints: FingerprintReading::Any,
            sdp_defect: SdpDefectReading::SdpValidation,
            setup: SetupReading::Actpass,
            holiday: HolidayReading::Open,
            holiday_rules: HolidayRules::Table,
            webhook_headers: HeaderReading::Live,
            foreign_threads: ForeignThreads::Sent,
        };
        assert_eq!(file.limit_table().readings, readings);
    }
}
