//! The admin API of a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use url::Url;

use super::{Ask, Content};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Objects asked for at once.
const PAGE: &str = "100";

pub(super) struct Server {
    http: reqwest::Client,
    base: Url,
    token: String,
}

impl Server {
    pub(super) fn new(base: Url, token: String) -> anyhow::Result<Self> {
        anyhow::ensure!(
            matches!(base.scheme(), "http" | "https") && base.has_host(),
            "--server: {base} is no http or https address"
        );
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .build()
            .context("the HTTP client")?;
        Ok(Self { http, base, token })
    }

    /// Sends one request; a refusal is the server's own sentence.
    pub(super) async fn send(&self, ask: &Ask) -> anyhow::Result<Value> {
        self.request(ask, &[]).await
    }

    /// A whole list, page by page.
    pub(super) async fn every_page(&self, ask: &Ask) -> anyhow::Result<Value> {
        let mut data = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut query = vec![("limit", PAGE)];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let mut page = self.request(ask, &query).await?;
            match page.get_mut("data").map(Value::take) {
                Some(Value::Array(rows)) => data.extend(rows),
                _ => bail!("{} answered something that is no list", self.base),
            }
            after = match page.pointer("/paging/after").and_then(Value::as_str) {
                Some(next) => Some(next.to_owned()),
                None => return Ok(json!({ "data": data })),
            };
        }
    }

    async fn request(&self, ask: &Ask, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut url = self.base.clone();
        let (path, own_query) = ask.path.split_once('?').unwrap_or((ask.path.as_str(), ""));
        let root = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{root}/admin/v1{path}"));
        url.set_query((!own_query.is_empty()).then_some(own_query));
        let mut request = self
            .http
            .request(ask.method.clone(), url)
            .bearer_auth(&self.token)
            .query(query);
        match &ask.body {
            Content::None => {}
            Content::Json(body) => request = request.json(body),
            Content::File(path) => {
                let bytes =
                    std::fs::read(path).with_context(|| format!("the file {}", path.display()))?;
                request = request
                    .header(CONTENT_TYPE, "application/octet-stream")
                    .body(bytes);
            }
        }
        let response = request
            .send()
            .await
            .map_err(|e| e.without_url())
            .with_context(|| format!("{} does not answer", self.base))?;
        let status = response.status();
        let text = response
            .text()
            .await
            .map_err(|e| e.without_url())
            .with_context(|| format!("the answer of {} broke off", self.base))?;
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() && !answer.is_null() {
            return Ok(answer);
        }
        match answer.pointer("/error/message").and_then(Value::as_str) {
            Some(sentence) => bail!("{}", sentence.trim_end_matches('.')),
            None => bail!(
                "{} answered {status} and no admin API's answer; is this the server's address?",
                self.base
            ),
        }
    }
}
