//! Small line charts as SVG. Colours and fonts come from the page's style sheet, so they follow its light and dark; nothing is loaded.

use maud::{Markup, html};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
/// Room for the labels left and below, and a little on the other sides.
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 8.0;

/// One line of a chart.
pub(super) struct Series {
    pub(super) name: &'static str,
    /// A value for each second; a hole where there is none.
    pub(super) values: Vec<Option<f64>>,
}

/// A chart over the seconds of a run.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) series: Vec<Series>,
}

/// The end of an axis and its step: of the form 1, 2 or 5 times a power of ten, three to six steps.
fn scale(highest: f64) -> (f64, f64) {
    if !(highest.is_finite() && highest > 0.0) {
        return (1.0, 0.5);
    }
    let rough = highest / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= rough)
        .unwrap_or(rough);
    ((highest / step).ceil() * step, step)
}

fn label(value: f64) -> String {
    if value >= 10_000.0 {
        return format!("{:.0}k", value / 1_000.0);
    }
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Series {
    fn present(&self) -> impl Iterator<Item = f64> {
        self.values
            .iter()
            .flatten()
            .copied()
            .filter(|v| v.is_finite())
    }

    /// Stretches without a hole, as points of the drawing.
    fn stretches(&self, seconds: f64, top: f64) -> Vec<String> {
        let mut all = vec![String::new()];
        for (n, value) in self.values.iter().enumerate() {
            let Some(value) = value.filter(|v| v.is_finite()) else {
                all.push(String::new());
                continue;
            };
            let x = LEFT + (WIDTH - LEFT - RIGHT) * n as f64 / seconds;
            let y = TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value / top);
            if let Some(points) = all.last_mut() {
                points.push_str(&format!("{x:.1},{y:.1} "));
            }
        }
        all.retain(|points| !points.is_empty());
        all
    }

    fn in_words(&self, unit: &str) -> String {
        let n = self.present().count();
        if n == 0 {
            return format!("{}: nothing", self.name);
        }
        let mean = self.present().sum::<f64>() / n as f64;
        let most = self.present().fold(0.0, f64::max);
        format!(
            "{}: {} {unit} on average, {} at most",
            self.name,
            label(mean),
            label(most)
        )
    }
}

impl Chart {
    /// The figure with its drawing and legend; nothing where there is nothing to draw.
    pub(super) fn draw(&self) -> Markup {
        let seconds = self
            .series
            .iter()
            .map(|s| s.values.len())
            .max()
            .unwrap_or(0);
        let highest = self
            .series
            .iter()
            .flat_map(Series::present)
            .fold(0.0, f64::max);
        if seconds < 2 || self.series.iter().all(|s| s.present().next().is_none()) {
            return html! {};
        }
        let (top, step) = scale(highest);
        let (_, x_step) = scale(seconds as f64);
        let x_step = x_step.max(1.0);
        let spoken: Vec<String> = self.series.iter().map(|s| s.in_words(self.unit)).collect();
        let span = (seconds - 1) as f64;
        let steps = |end: f64, step: f64| {
            (0..=((end / step).round() as usize)).map(move |n| n as f64 * step)
        };
        html! {
            figure {
                figcaption {
                    strong { (self.title) } " " span.unit { (self.unit) }
                    @for (n, series) in self.series.iter().enumerate() {
                        span.key { svg.swatch.{"s" (n + 1)} viewBox="0 0 18 8" aria-hidden="true" { line x1="0" y1="4" x2="18" y2="4" {} } (series.name) }
                    }
                }
                svg viewBox={"0 0 " (WIDTH) " " (HEIGHT)} role="img" aria-label={(self.title) ". " (spoken.join("; "))} {
                    @for value in steps(top, step) {
                        @let y = TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value / top);
                        line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
                        text.y x=(LEFT - 6.0) y=(format!("{:.1}", y + 4.0)) { (label(value)) }
                    }
                    @for second in steps(span, x_step).filter(|s| *s <= span) {
                        @let x = LEFT + (WIDTH - LEFT - RIGHT) * second / span;
                        text.x x=(format!("{x:.1}")) y=(HEIGHT - 6.0) { (label(second)) " s" }
                    }
                    @for (n, series) in self.series.iter().enumerate() {
                        @for points in series.stretches(span, top) {
                            polyline.{"s" (n + 1)} points=(points.trim_end()) {}
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        for (highest, expected) in [
            (7.3, (8.0, 2.0)),
            (0.9, (1.0, 0.5)),
            (120.0, (150.0, 50.0)),
            (4_900.0, (6_000.0, 2_000.0)),
            (0.0, (1.0, 0.5)),
        ] {
            let (top, step) = scale(highest);
            assert!(
                (top - expected.0).abs() < 1e-9 && (step - expected.1).abs() < 1e-9,
                "{highest}: {top} {step}"
            );
        }
        assert_eq!(
            (label(0.5), label(20.0), label(25_000.0)),
            ("0.5".into(), "20".into(), "25k".into())
        );
    }

    #[test]
    fn holes_stay_holes_and_the_drawing_is_spoken() {
        let series = Series {
            name: "p99",
            values: vec![Some(1.0), Some(4.0), None, Some(2.0)],
        };
        assert_eq!(series.stretches(3.0, 4.0).len(), 2);
        let chart = Chart {
            title: "Requests",
            unit: "ms",
            series: vec![series],
        };
        let drawn = chart.draw().into_string();
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert!(
            drawn.contains("Requests. p99: 2.33 ms on average, 4 at most"),
            "{drawn}"
        );
        let empty = Chart {
            title: "Cores",
            unit: "",
            series: vec![Series {
                name: "server",
                values: vec![None; 9],
            }],
        };
        assert_eq!(empty.draw().into_string(), "");
    }
}
