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

/// Every key with its default and a word about it, all of them commented out.
const DOCUMENTED: &str = include_str!("../../../docs/ahoy.toml");

impl FileConfig {
    /// Writes a file to begin with; one that is there is the operator's.
    pub(crate) fn begin(path: &Path) -> anyhow::Result<()> {
        use std::io::Write as _;
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path);
        let mut file = match file {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                anyhow::bail!("{} is there already and stays as it is", path.display())
            }
            file => file.with_context(|| format!("{} cannot be written", path.display()))?,
        };
        file.write_all(DOCUMENTED.as_bytes())
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Reads the file; a key it does not know is an error that names it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(
            path.is_file(),
            "the configuration file {} does not exist; `ahoy serve --init --config {}` writes one",
            path.display(),
            path.display()
        );
        Figment::from(Toml::file_exact(path))
            .extract()
            .map_err(|error| anyhow::anyhow!(words(error)))
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

/// What is wrong with a file, a sentence each, the key first as it stands in the file.
fn words(errors: figment::Error) -> String {
    use figment::error::Kind;
    let said = errors.into_iter().map(|error| {
        // The first part is the profile, which files here have none of.
        let key = error.path.iter().filter(|part| *part != "default");
        let key = key.map(String::as_str).collect::<Vec<_>>().join(".");
        let said = match &error.kind {
            Kind::UnknownField(_, known) => {
                format!("there is no such key; there are {}", known.join(", "))
            }
            Kind::UnknownVariant(word, known) => {
                format!("`{word}` is none of {}", known.join(", "))
            }
            Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
                format!("{} is expected, not {}", plain(wanted), found_words(found))
            }
            Kind::Message(text) => message(text),
            other => other.to_string(),
        };
        match key.as_str() {
            "" => said,
            key => format!("{key}: {said}"),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

/// A number by its name in Rust says nothing to whoever writes the file.
fn plain(wanted: &str) -> String {
    let whole = ["u8", "u16", "u32", "u64", "usize", "i32", "i64"];
    let mut words = wanted.split(' ').map(|word| match word {
        word if whole.contains(&word) => "a whole number",
        "f32" | "f64" => "a number",
        "sequence" => "list",
        "map" => "table",
        other => other,
    });
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + " " + word)
}

/// The sentence of a type of ours; serde's own is turned round.
fn message(text: &str) -> String {
    // What cannot be read at all: the place, and the last of the lines, which says why. Those between draw the line of the file.
    if let Some(rest) = text.strip_prefix("TOML parse error at ") {
        let mut lines = rest.lines().map(str::trim);
        let (place, why) = (lines.next(), lines.next_back());
        return format!("{}: {}", place.unwrap_or_default(), why.unwrap_or_default());
    }
    let text = text.trim().replace('\n', "; ");
    let known = ["invalid type: ", "invalid value: ", "invalid length "];
    let rest = known.iter().find_map(|begin| text.strip_prefix(begin));
    match rest.and_then(|rest| rest.split_once(", expected ")) {
        Some((found, wanted)) => format!("{} is expected, not {found}", plain(wanted)),
        None => text,
    }
}

fn found_words(found: &figment::error::Actual) -> String {
    use figment::error::Actual;
    match found {
        Actual::Bool(value) => format!("`{value}`"),
        Actual::Unsigned(value) => format!("`{value}`"),
        Actual::Signed(value) => format!("`{value}`"),
        Actual::Float(value) => format!("`{value}`"),
        Actual::Char(value) => format!("`{value}`"),
        Actual::Str(text) => format!("\"{text}\""),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
    fn what_is_wrong_is_said_with_the_key_of_the_file() {
        for (text, said) in [
            (
                "listen = 5",
                "listen: an address like 127.0.0.1:8080, or a table [listen] is expected, not `5`",
            ),
            (
                "[listen]\naddress = \"x\"",
                "listen.address: `x` is no address to listen on",
            ),
            (
                "[listen]\nconections = 5",
                "listen.conections: there is no such key; there are address, hosts",
            ),
            (
                "lissten = 5",
                "lissten: there is no such key; there are listen, data",
            ),
            (
                "[readings]\nsetup = \"no\"",
                "readings.setup: `no` is none of ",
            ),
            (
                "[limits.sandbox]\nrequests_per_day = \"x\"",
                "limits.sandbox: a whole number in `requests_per_day` is expected, not string",
            ),
            (
                "media_workers = true",
                "media_workers: a whole number is expected, not `true`",
            ),
            (
                "media_ip = \"x\"",
                "media_ip: a list is expected, not \"x\"",
            ),
            ("listen = \"127.0.0.1:8080", "line 1, column "),
            ("a b", "line 1, column "),
        ] {
            let read = Figment::from(Toml::string(text)).extract::<FileConfig>();
            let error = words(read.unwrap_err());
            assert!(error.starts_with(said), "{text}: {error}");
            for word in ["default.", "TOML", "found", "u32"] {
                assert!(!error.contains(word), "{error}");
            }
        }
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
