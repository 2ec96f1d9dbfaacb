//! Between session descriptions and media legs: the one place that translates.

use ahoy_calling::readings::SetupReading;
use ahoy_media::{DtlsRole, Flow, LegPlan, RemoteLeg, Said};
use ahoy_sdp::{AnswerChoice, Local, MediaDirection, OfferCodecs, Remote, RemoteKeying, Setup};
use ahoy_types::RuleTime;

/// The DTLS role that answers name where the offer leaves it open.
pub(crate) const fn setup(reading: SetupReading) -> Setup {
    match reading {
        SetupReading::Passive => Setup::Passive,
        SetupReading::Active => Setup::Active,
        SetupReading::Actpass => Setup::Actpass,
    }
}

/// The leg as our SDP describes it. `stream` becomes the msid; it is random and belongs to the call.
pub(crate) fn local(plan: &LegPlan, now: RuleTime, stream: [u8; 16]) -> Local {
    Local {
        v4: plan.v4,
        v6: plan.v6,
        ufrag: plan.ufrag.clone(),
        pwd: plan.pwd.clone(),
        fingerprint: plan.fingerprint,
        ssrc: plan.ssrc,
        session_id: now.0.unsigned_abs(),
        stream_id: uuid(stream),
    }
}

fn uuid(mut bytes: [u8; 16]) -> String {
    // Version 4, variant 1 (RFC 9562 §5.4).
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// The description as if none of its codecs were one that is in use here.
pub(crate) fn without_codecs(sdp: &str) -> String {
    let usable = |encoding: &str| {
        let name = encoding.split('/').next().unwrap_or_default();
        ["opus", "pcmu", "pcma"]
            .iter()
            .any(|ours| name.eq_ignore_ascii_case(ours))
    };
    let mut taken: Vec<&str> = vec!["0", "8"];
    taken.extend(
        sdp.lines()
            .filter_map(|line| line.trim_end().strip_prefix("a=rtpmap:")?.split_once(' '))
            .filter(|(_, encoding)| usable(encoding))
            .map(|(number, _)| number),
    );
    let about_taken = |line: &str| {
        ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"]
            .iter()
            .filter_map(|name| line.strip_prefix(name)?.split(' ').next())
            .any(|number| taken.contains(&number))
    };
    let mut lines: Vec<String> = Vec::new();
    for line in sdp.lines().map(str::trim_end) {
        if line.starts_with("m=audio") {
            let words: Vec<&str> = line.split(' ').collect();
            let (head, formats) = words.split_at(words.len().min(3));
            let mut kept: Vec<&str> = formats
                .iter()
                .filter(|f| !taken.contains(f))
                .copied()
                .collect();
            if kept.is_empty() {
                // Comfort noise: a section lists something.
                kept.push("13");
            }
            lines.push([head, &kept].concat().join(" "));
        } else if !about_taken(line) {
            lines.push(line.to_owned());
        }
    }
    lines.join("\r\n") + "\r\n"
}

/// Our offer for a leg.
pub(crate) fn offer(plan: &LegPlan, now: RuleTime, stream: [u8; 16]) -> String {
    ahoy_sdp::write_offer(&local(plan, now, stream), &OfferCodecs::default())
}

/// Our answer to an offer, and the media leg that goes with it.
pub(crate) fn answer(
    plan: &LegPlan,
    now: RuleTime,
    stream: [u8; 16],
    offer: &Remote,
    choice: &AnswerChoice,
) -> (String, Option<RemoteLeg>) {
    let text = ahoy_sdp::write_answer(&local(plan, now, stream), offer, choice);
    let ours = match choice.setup {
        Setup::Active => DtlsRole::Client,
        Setup::Passive | Setup::Actpass => DtlsRole::Server,
    };
    let remote = remote_leg(offer, ours, Some(choice.dtmf));
    (text, remote)
}

/// The media leg for an answer to one of our offers: the peer's `active` makes us the server.
pub(crate) fn answered(remote: &Remote) -> Option<RemoteLeg> {
    let RemoteKeying::Dtls { setup, .. } = &remote.keying else {
        return None;
    };
    let ours = match setup {
        Setup::Passive => DtlsRole::Client,
        Setup::Active | Setup::Actpass => DtlsRole::Server,
    };
    remote_leg(remote, ours, remote.telephone_event)
}

fn remote_leg(
    remote: &Remote,
    dtls: DtlsRole,
    telephone_event: Option<ahoy_types::PayloadType>,
) -> Option<RemoteLeg> {
    let RemoteKeying::Dtls {
        ufrag,
        fingerprint,
        ice_lite,
        ..
    } = &remote.keying
    else {
        return None;
    };
    Some(RemoteLeg {
        ufrag: Some(ufrag.clone()),
        fingerprint: *fingerprint,
        dtls,
        opus: remote.opus?,
        telephone_event,
        said: Said {
            direction: match remote.direction {
                MediaDirection::SendRecv => Flow::SendRecv,
                MediaDirection::SendOnly => Flow::SendOnly,
                MediaDirection::RecvOnly => Flow::RecvOnly,
            },
            candidates: remote.candidates.iter().copied().take(16).collect(),
            ice_lite: *ice_lite,
            comfort_noise: remote.comfort_noise.clone(),
            redundancy: remote.redundancy.clone(),
        },
    })
}
