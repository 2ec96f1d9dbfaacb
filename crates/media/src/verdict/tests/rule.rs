//! The rule: no sentence denies an event of its own timeline.

use super::*;

/// One of each kind of sentence. A new kind does not compile here until it has its place.
pub fn samples() -> Vec<String> {
    let address = at("192.0.2.1:3480");
    let ufrag = || "a1b2".to_owned();
    let refused = |fault| Problem::ChecksRefused {
        fault,
        from: theirs(),
        checks: 7,
        ufrag: ufrag(),
    };
    let problems = [
        Problem::Fingerprint,
        Problem::NetworkCut("what it sent"),
        refused(CheckFault::Password),
        refused(CheckFault::Ufrag),
        Problem::ChecksOfOthers {
            from: theirs(),
            ufrag: ufrag(),
        },
        Problem::RoleConflict,
        Problem::IceLite,
        Problem::HelloWithoutCheck(theirs()),
        Problem::NoCheck(vec![address]),
        Problem::NoDescription,
        Problem::DtlsFailed("no common cipher suite".into()),
        Problem::DtlsUnfinished,
        Problem::HelloIgnored(theirs(), HelloFault::Role),
        Problem::StrayHellos {
            from: theirs(),
            hellos: 3,
        },
        Problem::NoHello,
        Problem::NoPairForDtls,
        Problem::DtlsNotBegun,
        Problem::NoPair,
        Problem::BadAuthentication,
        Problem::PayloadType {
            sent: 96,
            agreed: 111,
        },
        Problem::OnlyEarly,
        Problem::ReceivesOnly,
        Problem::ClosedFirst,
        Problem::NoAudioAmong(50),
        Problem::NoAudio,
        Problem::ClosedThenSilent(30.0),
        Problem::Stopped(30.0),
        Problem::OnlyKeys,
        Problem::OnlyEmptySound(500),
        Problem::NothingHeard(500),
        Problem::SendsOnly,
    ];
    let both = |heard| Finding::BothWays {
        heard,
        but: Vec::new(),
    };
    let calls = [
        Finding::NotAccepted { early: false },
        Finding::NotAccepted { early: true },
        Finding::Rejected(B),
        Finding::GaveUp(U),
        Finding::NoAnswer(U),
        Finding::GivenUp,
        Finding::TooShort(U),
        Finding::BusinessIsDeaf,
        both(true),
        both(false),
    ];
    let hints = [
        Hint::Loopback(at("127.0.0.1:3480")),
        Hint::Private(B, at("10.0.0.5:1").ip()),
        Hint::Replaced(B),
    ];
    let problems = problems.map(|problem| Finding::Leg(B, problem));
    let kinds = |of: &dyn Fn(&Finding) -> usize| {
        let mut kinds: Vec<usize> = problems.iter().chain(&calls).map(of).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    };
    let all: Vec<usize> = (0..KINDS).collect();
    assert_eq!(kinds(&kind), all, "a kind of finding has no sample");
    problems
        .iter()
        .chain(&calls)
        .map(ToString::to_string)
        .chain(hints.iter().map(ToString::to_string))
        .collect()
}

/// How many kinds of findings there are.
const KINDS: usize = 39;

fn kind(finding: &Finding) -> usize {
    match finding {
        Finding::NotAccepted { early: false } => 0,
        Finding::NotAccepted { early: true } => 1,
        Finding::Rejected(_) => 2,
        Finding::GaveUp(_) => 3,
        Finding::NoAnswer(_) => 4,
        Finding::GivenUp => 5,
        Finding::TooShort(_) => 6,
        Finding::BusinessIsDeaf => 7,
        Finding::BothWays { heard: true, .. } => 8,
        Finding::BothWays { heard: false, .. } => 9,
        Finding::Leg(_, problem) => match problem {
            Problem::Fingerprint => 10,
            Problem::NetworkCut(_) => 11,
            Problem::ChecksRefused { .. } => 12,
            Problem::ChecksOfOthers { .. } => 13,
            Problem::RoleConflict => 14,
            Problem::IceLite => 15,
            Problem::HelloWithoutCheck(_) => 16,
            Problem::NoCheck(_) => 17,
            Problem::NoDescription => 18,
            Problem::DtlsFailed(_) => 19,
            Problem::DtlsUnfinished => 20,
            Problem::HelloIgnored(..) => 21,
            Problem::StrayHellos { .. } => 22,
            Problem::NoHello => 23,
            Problem::NoPairForDtls => 24,
            Problem::DtlsNotBegun => 25,
            Problem::NoPair => 26,
            Problem::BadAuthentication => 27,
            Problem::PayloadType { .. } => 28,
            Problem::OnlyEarly => 29,
            Problem::ReceivesOnly => 30,
            Problem::ClosedFirst => 31,
            Problem::NoAudioAmong(_) | Problem::NoAudio => 32,
            Problem::ClosedThenSilent(_) => 33,
            Problem::Stopped(_) => 34,
            Problem::OnlyKeys => 35,
            Problem::OnlyEmptySound(_) => 36,
            Problem::NothingHeard(_) => 37,
            Problem::SendsOnly => 38,
        },
    }
}

/// Whether what the finding says did not happen is what the event says happened.
fn denies(finding: &Finding, event: &E) -> bool {
    match finding {
        Finding::NotAccepted { .. }
        | Finding::Rejected(_)
        | Finding::GaveUp(_)
        | Finding::NoAnswer(_)
        | Finding::GivenUp => matches!(event, E::GateOpened | E::Answered { .. }),
        Finding::TooShort(_) => matches!(event, E::GateOpened),
        Finding::BusinessIsDeaf => false,
        Finding::BothWays { .. } => {
            matches!(event, E::Listened { audio_ms: 0, .. })
                || matches!(
                    event,
                    E::Timeout {
                        kind: TimeoutKind::Silence,
                        ..
                    }
                )
                || matches!(event, E::FingerprintMismatch { .. })
        }
        Finding::Leg(side, problem) => {
            event.side().is_some_and(|of| of == *side) && denies_of_side(problem, event)
        }
    }
}

/// The same for two events of the same side.
fn denies_of_side(problem: &Problem, event: &E) -> bool {
    let checked = matches!(event, E::FirstBindingRequest { .. } | E::Nominated { .. });
    let refused = matches!(event, E::CheckRefused { .. } | E::ChecksRefused { .. });
    let hello = matches!(event, E::HelloIgnored { .. })
        || matches!(
            event,
            E::DtlsStarted {
                role: DtlsRole::Server,
                ..
            }
        );
    let keys = matches!(event, E::DtlsDone { .. });
    let failed = matches!(event, E::DtlsFailed { .. });
    let paired = matches!(event, E::Nominated { .. } | E::AddressChanged { .. });
    let described = matches!(event, E::RemoteSet { .. });
    let sound = matches!(event, E::FirstPacket { .. });
    match problem {
        Problem::NoCheck(_) => checked || refused || hello,
        Problem::HelloWithoutCheck(_) => checked || refused,
        Problem::IceLite => checked || refused || hello,
        Problem::RoleConflict => paired,
        Problem::ChecksRefused { .. } | Problem::ChecksOfOthers { .. } => keys,
        Problem::NoDescription => described,
        Problem::DtlsFailed(_) | Problem::DtlsUnfinished => keys,
        Problem::NoHello => hello || keys || failed,
        Problem::StrayHellos { .. } => hello || keys,
        Problem::HelloIgnored(..) => keys,
        Problem::NoPairForDtls => paired || keys,
        Problem::DtlsNotBegun => matches!(event, E::DtlsStarted { .. }) || keys,
        Problem::NoPair => paired,
        Problem::BadAuthentication => sound || matches!(event, E::Received { packets: 1.., .. }),
        Problem::OnlyEarly | Problem::NoAudio | Problem::ReceivesOnly | Problem::ClosedFirst => {
            sound
                || matches!(event, E::Received { packets: 1.., .. })
                || matches!(event, E::Audio { packets: 1.., .. })
                || matches!(event, E::UnknownPayloadType { .. })
        }
        Problem::NoAudioAmong(_) | Problem::PayloadType { .. } => sound,
        Problem::OnlyKeys => matches!(event, E::Audio { packets: 1.., .. }),
        Problem::Fingerprint
        | Problem::NetworkCut(_)
        | Problem::ClosedThenSilent(_)
        | Problem::Stopped(_)
        | Problem::OnlyEmptySound(_)
        | Problem::NothingHeard(_)
        | Problem::SendsOnly => false,
    }
}

/// What may happen at a side, as the relay tells it: a valid check is not told without its leg, a summary once.
fn event(side: Side) -> impl Strategy<Value = E> {
    let from = || Just(theirs());
    prop_oneof![
        Just(E::FirstBindingRequest {
            side,
            from: theirs()
        }),
        (from(), any::<bool>()).prop_map(move |(from, password)| E::CheckRefused {
            side,
            from,
            fault: if password {
                CheckFault::Password
            } else {
                CheckFault::Ufrag
            },
            ufrag: "x".into(),
        }),
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            move |(checked, pair, handshake)| E::OthersDropped {
                side,
                from: theirs(),
                ufrag: "x".into(),
                checked: checked || pair,
                nominated: pair.then(theirs),
                handshake,
            }
        ),
        Just(E::RoleConflict { side }),
        Just(E::Nominated {
            side,
            address: theirs()
        }),
        (any::<bool>(), any::<bool>(), 0..3).prop_map(move |(client, ice_lite, way)| {
            E::RemoteSet {
                side,
                role: if client {
                    DtlsRole::Client
                } else {
                    DtlsRole::Server
                },
                direction: [Flow::SendRecv, Flow::SendOnly, Flow::RecvOnly][way as usize],
                candidates: vec![theirs()],
                ice_lite,
            }
        }),
        Just(E::PeerReplaced { side }),
        Just(E::HelloIgnored {
            side,
            from: theirs(),
            fault: HelloFault::Role
        }),
        any::<bool>().prop_map(move |client| E::DtlsStarted {
            side,
            role: if client {
                DtlsRole::Client
            } else {
                DtlsRole::Server
            },
        }),
        Just(E::DtlsDone { side, profile: "p" }),
        Just(E::DtlsFailed {
            side,
            reason: "r".into()
        }),
        Just(E::FingerprintMismatch { side }),
        Just(E::DtlsAlert { side }),
        any::<bool>().prop_map(move |fatal| E::DtlsAlertSent { side, fatal }),
        Just(E::FirstPacket {
            side,
            ssrc: Ssrc(1)
        }),
        Just(E::UnknownPayloadType {
            side,
            sent: 96,
            agreed: 111
        }),
        Just(E::RtcpBye { side }),
        any::<bool>().prop_map(move |start| E::Timeout {
            side,
            kind: if start {
                TimeoutKind::Start
            } else {
                TimeoutKind::Silence
            },
            after: Duration::from_secs(20),
        }),
    ]
}

/// The summaries of a side: as a report has them, in agreement with what was told before.
fn summaries(side: Side, told: &[E], counts: [u64; 5], listened: Option<u64>) -> Vec<E> {
    let [early, bad, packets, audio, empty] = counts;
    let has = |want: fn(&E) -> bool| told.iter().any(|e| e.side() == Some(side) && want(e));
    let first = has(|e| matches!(e, E::FirstPacket { .. }));
    let unknown = has(|e| matches!(e, E::UnknownPayloadType { .. }));
    let packets = packets.max(u64::from(first) + u64::from(unknown));
    let audio = if first { audio.min(packets) } else { 0 };
    let mut all = vec![
        E::DroppedBeforeAccept {
            side,
            packets: early,
        },
        E::BadAuthentication { side, packets: bad },
    ];
    if packets > 0 && (first || unknown || counts[2] > 0) {
        all.push(E::Received {
            side,
            packets,
            lost: 0,
            jitter_ms: 0.0,
        });
        all.push(E::Audio {
            side,
            packets: audio,
            empty: empty.min(audio),
        });
        all.push(E::LastPacket { side });
    }
    if let Some(audio_ms) = listened.filter(|_| first && audio > 0) {
        all.push(E::Listened {
            side: side.other(),
            audio_ms,
            keys: 0,
        });
    }
    all
}

fn timeline() -> impl Strategy<Value = Vec<TimelineEntry>> {
    let side = || prop_oneof![Just(B), Just(U)];
    let of_call = prop_oneof![
        Just(E::GateOpened),
        side().prop_map(|side| E::Answered { side }),
    ];
    let one = prop_oneof![
        6 => side().prop_flat_map(event),
        1 => of_call,
    ];
    let counts = || proptest::array::uniform5(0u64..3);
    let end = prop_oneof![
        Just(None),
        side().prop_map(|by| Some(EndReason::NoAnswer(by))),
        side().prop_map(|by| Some(EndReason::HungUp(by))),
        side().prop_map(|by| Some(EndReason::NoMedia(by))),
        side().prop_map(|by| Some(EndReason::Rejected(by))),
    ];
    let events = proptest::collection::vec(one, 0..24);
    let heard = || proptest::option::of(0u64..2);
    (
        events,
        any::<bool>(),
        (counts(), counts()),
        (heard(), heard()),
        end,
    )
        .prop_map(|(told, local, (b, u), (hb, hu), end)| {
            let mut told = told;
            let place = E::Armed {
                side: U,
                addresses: if local { vec![] } else { vec![ours()] },
            };
            // A simulated user has neither ICE nor DTLS.
            told.retain(|e| !local || e.side() != Some(U) || matches!(e, E::FirstPacket { .. }));
            let mut all = vec![armed(B), place];
            let more = [summaries(B, &told, b, hb), summaries(U, &told, u, hu)];
            all.extend(told);
            all.extend(more.into_iter().flatten());
            all.extend(end.map(ended));
            entries(all)
        })
}

/// What of a timeline still holds: a peer that was replaced, and those whom the description named strangers, are told of by sentences
/// of their own.
fn holding(timeline: &[TimelineEntry]) -> Vec<&E> {
    let mut holding: Vec<&E> = Vec::new();
    for TimelineEntry { event, .. } in timeline {
        let of_peer = |e: &&E, side: Side| {
            e.side() == Some(side)
                && matches!(
                    e,
                    E::FirstBindingRequest { .. }
                        | E::CheckRefused { .. }
                        | E::RoleConflict { .. }
                        | E::Nominated { .. }
                        | E::RemoteSet { .. }
                        | E::HelloIgnored { .. }
                        | E::DtlsStarted { .. }
                        | E::DtlsDone { .. }
                        | E::DtlsFailed { .. }
                        | E::FingerprintMismatch { .. }
                        | E::DtlsAlert { .. }
                )
        };
        match event {
            E::PeerReplaced { side } => holding.retain(|e| !of_peer(e, *side)),
            E::OthersDropped {
                side,
                checked,
                nominated,
                handshake,
                ..
            } => holding.retain(|e| {
                let gone = e.side() == Some(*side)
                    && match e {
                        E::FirstBindingRequest { .. } => !checked,
                        E::Nominated { .. } => nominated.is_none(),
                        E::DtlsStarted { .. } | E::DtlsFailed { .. } => *handshake,
                        _ => false,
                    };
                !gone
            }),
            _ => {}
        }
        holding.push(event);
    }
    holding
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_sentence_denies_an_event_of_its_own_timeline(timeline in timeline()) {
        let findings = decide(&CallFacts::gather(&timeline));
        prop_assert!(!findings.is_empty());
        let holding = holding(&timeline);
        for finding in &findings {
            for event in &holding {
                prop_assert!(!denies(finding, event), "`{finding}` denies `{event}`");
            }
        }
        prop_assert_eq!(findings.iter().any(Finding::is_at_fault), is_at_fault(&timeline));
    }
}
