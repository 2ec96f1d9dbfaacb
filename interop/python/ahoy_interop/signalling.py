"""A business without media: SDP that is well-formed and leads nowhere. Cheap enough to hold hundreds of calls in a crash test."""

from __future__ import annotations

import random

_SHAPE = """v=0
o=- {session} 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE {mid}
m=audio 9 UDP/TLS/RTP/SAVPF {opus} {events}
c=IN IP4 127.0.0.1
a=rtcp-mux
a=ice-ufrag:{ufrag}
a=ice-pwd:{pwd}
a=fingerprint:sha-256 {fingerprint}
a=setup:{setup}
a=mid:{mid}
a=sendrecv
a=rtpmap:{opus} opus/48000/2
a=rtpmap:{events} telephone-event/8000
a=ssrc:{ssrc} cname:nobody
"""


def sdp(setup: str, rng: random.Random, opus: int = 111, events: int = 126, mid: str = "audio") -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return _SHAPE.format(
        session=rng.randrange(10**12, 10**13),
        mid=mid,
        opus=opus,
        events=events,
        ufrag="".join(rng.choices(letters, k=8)),
        pwd="".join(rng.choices(letters, k=24)),
        fingerprint=":".join(f"{byte:02X}" for byte in rng.randbytes(32)),
        setup=setup,
        ssrc=rng.randrange(1, 1 << 32),
    ).replace("\n", "\r\n")


def offer(rng: random.Random) -> str:
    return sdp("actpass", rng)


def answer(rng: random.Random) -> str:
    return sdp("active", rng)
