//! Whatever is refused, by a route, the router or what reads requests for it, says why in JSON.

use reqwest::Method;
use serde_json::Value;

use crate::support::Running;

#[tokio::test]
async fn of_every_edge_and_kind() {
    let dev = Running::start(&["dev", "--json", "--no-agent", "--listen", "127.0.0.1:0"]);
    let client = reqwest::Client::new();
    let large = "x".repeat(6 << 20);
    for (method, path, body, status) in [
        ("GET", "/nowhere", "", 401),
        ("DELETE", "/healthz", "", 405),
        ("POST", "/metrics", "", 405),
        ("DELETE", "/phone", "", 405),
        ("DELETE", "/inspector", "", 405),
        ("PUT", "/openapi.json", "", 405),
        ("GET", "/docs/none", "", 404),
        ("GET", "/phone/socket", "", 400),
        ("DELETE", "/sandbox/v1/clock", "", 405),
        ("GET", "/sandbox/v1/none", "", 404),
        ("POST", "/sandbox/v1/clock/advance", "<x/>", 400),
        ("POST", "/sandbox/v1/users", &large, 400),
        ("GET", "/admin/v1/none", "", 404),
        ("DELETE", "/admin/v1/me", "", 405),
        ("POST", "/admin/v1/businesses", &large, 400),
        ("POST", "/v25.0/710000000000001/messages", &large, 400),
        ("OPTIONS", "/v25.0/710000000000001", "", 400),
    ] {
        let url = format!("{}{path}", dev.url.trim_end_matches('/'));
        let token = if path.starts_with("/admin") {
            "ahoy-dev-admin"
        } else {
            "ahoy-dev-token"
        };
        let verb: Method = method.parse().unwrap();
        let mut asked = client.request(verb, url).body(body.to_owned());
        if status != 401 {
            asked = asked.bearer_auth(token);
        }
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        let allow = answer.headers().contains_key("allow");
        assert!(
            status != 405 || allow || !path.starts_with("/healthz"),
            "{path}"
        );
        let text = answer.text().await.unwrap();
        let said: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{method} {path}: {e}: {text}"));
        let message = said["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{method} {path}: {text}");
    }
}
