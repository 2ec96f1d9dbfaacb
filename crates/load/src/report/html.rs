//! The report as one page that needs nothing beside itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{Chart, Series};
use super::text::ms;
use super::{HeardBy, Moment, Report, Row};
use crate::config::Media;
use crate::measure::Group;

const STYLE: &str = include_str!("report.css");

impl Report {
    /// The report as a page: figures, charts, failures, and every second in a table.
    pub fn html(&self) -> String {
        let audio = self.settings.media == Media::Audio;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { "Load on Ahoy: " (self.calls.started) " calls" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { "Load on Ahoy" }
                        p.verdict.{ (if self.failures.is_empty() { "good" } else { "bad" }) } { (self.headline()) }
                        p.settings { (self.settings_line()) }
                    }
                    main {
                        (self.tiles())
                        section {
                            h2 { "Over time" }
                            div.charts { @for chart in self.charts() { (chart.draw()) } }
                        }
                        (self.failures_section())
                        section {
                            h2 { "Times" }
                            @for (group, title) in [
                                (Group::Session, "Sessions"),
                                (Group::Media, "Media"),
                                (Group::Api, "Requests"),
                                (Group::Webhook, "Webhooks, behind what caused them"),
                            ] {
                                (self.times(group, title))
                            }
                        }
                        @if audio { (self.heard_section()) }
                        (self.every_second())
                    }
                    footer { "ahoy load " (self.version) " · what each figure means: docs/load.md" }
                }
            }
        };
        page.into_string()
    }

    fn tiles(&self) -> Markup {
        let percent = |of: Option<f64>| of.map_or("–".to_owned(), |p| format!("{p:.2} %"));
        let calls = &self.calls;
        let p = |key: &str| self.measures.iter().find(|row| row.key == key);
        let p99 = |key: &str| {
            p(key).map_or("–".to_owned(), |row| {
                format!("{} / {} ms", ms(row.p50_ms), ms(row.p99_ms))
            })
        };
        let tile = |name: &str, value: String, note: &str| {
            html! { div.tile { dt { (name) } dd { (value) @if !note.is_empty() { small { (note) } } } } }
        };
        html! {
            dl.tiles {
                (tile("Calls", calls.started.to_string(), &format!("{} answered, {} failed", calls.established, calls.failed)))
                (tile("Rate", format!("{:.1} /s", self.rates.started), &format!("{:.0} live, {} at most", self.rates.mean_live, self.rates.peak_live)))
                (tile("SER", percent(self.ratios.ser), "Session Establishment Ratio"))
                (tile("SEER", percent(self.ratios.seer), "Session Establishment Effectiveness Ratio"))
                (tile("ISA", percent(self.ratios.isa), "Ineffective Session Attempts"))
                (tile("SCR", percent(self.ratios.scr), "Session Completion Ratio"))
                (tile("SRD", p99("session_request_delay"), "Session Request Delay, p50 / p99"))
                (tile("SDD", p99("session_disconnect_delay"), "Session Disconnect Delay, p50 / p99"))
                @if self.settings.media == Media::Audio {
                    (tile("Loss", format!("{:.3} % / {:.3} %", self.heard.business.loss_percent, self.heard.user.loss_percent), "at the business / at the user"))
                }
                @if let Some(server) = &self.server {
                    (tile("Server", format!("{:.2} cores", server.cores), &format!("{:.1} ms of CPU time a call", server.cpu_ms_per_call)))
                }
                @if let Some(cores) = self.tool.cores {
                    (tile("This tool", format!("{cores:.2} cores"), &format!("sound left {} ms late, p99", ms(self.tool.late_p99_ms))))
                }
            }
        }
    }

    fn charts(&self) -> Vec<Chart> {
        let series = |name, value: fn(&Moment) -> Option<f64>| Series {
            name,
            values: self.timeline.iter().map(value).collect(),
        };
        let mut charts = vec![
            Chart {
                title: "Calls",
                unit: "a second",
                series: vec![
                    series("started", |m| Some(m.started as f64)),
                    series("completed", |m| Some(m.completed as f64)),
                    series("failed", |m| Some(m.failed as f64)),
                ],
            },
            Chart {
                title: "Live calls",
                unit: "at a time",
                series: vec![series("live", |m| Some(m.live as f64))],
            },
            Chart {
                title: "Requests",
                unit: "ms",
                series: vec![
                    series("p50", |m| m.api_p50_ms),
                    series("p99", |m| m.api_p99_ms),
                ],
            },
            Chart {
                title: "Webhooks",
                unit: "ms behind their cause",
                series: vec![
                    series("p50", |m| m.webhook_p50_ms),
                    series("p99", |m| m.webhook_p99_ms),
                ],
            },
            Chart {
                title: "CPU",
                unit: "cores",
                series: vec![
                    series("server", |m| m.server_cores),
                    series("this tool", |m| m.tool_cores),
                ],
            },
        ];
        if self.settings.media == Media::Audio {
            charts.push(Chart {
                title: "Audio",
                unit: "packets a second at this tool",
                series: vec![
                    series("out", |m| Some(m.packets_sent as f64)),
                    series("in", |m| Some(m.packets_received as f64)),
                ],
            });
        }
        charts
    }

    fn failures_section(&self) -> Markup {
        if self.failures.is_empty() {
            return html! {};
        }
        html! {
            section {
                h2 { "Failures" }
                div.scroll { table {
                    thead { tr { th scope="col" { "Calls" } th scope="col" { "Cause" } th scope="col" { "The first of them" } } }
                    tbody { @for row in &self.failures {
                        tr {
                            td { (row.count) }
                            td.text { (row.kind.title()) ": " (row.detail) }
                            td.text { (row.sentence) @if let Some(call) = &row.example_call { br; code { (call) } } }
                        }
                    } }
                } }
            }
        }
    }

    fn times(&self, group: Group, title: &str) -> Markup {
        let rows: Vec<&Row> = self
            .measures
            .iter()
            .filter(|row| row.group == group)
            .collect();
        if rows.is_empty() {
            return html! {};
        }
        html! {
            div.scroll { table {
                thead { tr {
                    th scope="col" { (title) }
                    @for name in ["count", "p50", "p90", "p95", "p99", "max"] { th scope="col" { (name) } }
                } }
                tbody { @for row in rows {
                    tr {
                        th scope="row" { (row.title) @if let Some(short) = row.rfc6076 { " (" (short) ")" } }
                        td { (row.count) }
                        @for value in [row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row.max_ms] { td { (ms(value)) } }
                    }
                } }
            } }
        }
    }

    fn heard_section(&self) -> Markup {
        let row = |name: &str, value: fn(&HeardBy) -> String| {
            html! { tr { th scope="row" { (name) } td { (value(&self.heard.business)) } td { (value(&self.heard.user)) } } }
        };
        html! {
            section {
                h2 { "Heard" }
                div.scroll { table {
                    thead { tr { th scope="col" { "by" } th scope="col" { "the business" } th scope="col" { "the user" } } }
                    tbody {
                        (row("calls", |by| by.calls.to_string()))
                        (row("packets", |by| by.packets.to_string()))
                        (row("lost", |by| format!("{} ({:.4} %)", by.lost, by.loss_percent)))
                        (row("calls with loss", |by| by.calls_with_loss.to_string()))
                        (row("gaps over 60 ms", |by| by.gaps.to_string()))
                        (row("longest gap", |by| format!("{} ms", ms(by.longest_gap_ms))))
                        (row("right pitch of listened to", |by| format!("{} of {}", by.right_pitch, by.listened)))
                        (row("holes in the sound", |by| by.holes.to_string()))
                    }
                } }
            }
        }
    }

    fn every_second(&self) -> Markup {
        let maybe = |of: Option<f64>| of.map_or("–".to_owned(), ms);
        html! {
            details {
                summary { "Every second" }
                div.scroll { table {
                    thead { tr { @for name in ["s", "started", "answered", "completed", "failed", "live", "API p50", "API p99", "webhook p50", "webhook p99", "server cores", "tool cores"] {
                        th scope="col" { (name) }
                    } } }
                    tbody { @for m in &self.timeline {
                        tr {
                            @for n in [m.second, m.started, m.established, m.completed, m.failed, m.live] { td { (n) } }
                            @for v in [m.api_p50_ms, m.api_p99_ms, m.webhook_p50_ms, m.webhook_p99_ms, m.server_cores, m.tool_cores] { td { (maybe(v)) } }
                        }
                    } }
                } }
            }
        }
    }
}
