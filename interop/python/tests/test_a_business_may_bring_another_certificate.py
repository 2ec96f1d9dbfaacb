"""The certificate of a business is whatever its stack makes: RSA, ECDSA on another curve. Trust comes from the fingerprint in its SDP."""

from __future__ import annotations

import pytest
from aiortc.rtcdtlstransport import RTCCertificate, generate_certificate
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ahoy_interop import sound
from ahoy_interop.waiting import eventually

KEYS = {
    "RSA-2048": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("caller", ["user", "business"])
async def test_both_hear_each_other(sandbox, graph, receiver, business, fresh_user, monkeypatch, kind, caller):
    key = KEYS[kind]()
    monkeypatch.setattr(RTCCertificate, "generateCertificate", classmethod(lambda cls: cls(key=key, cert=generate_certificate(key))))
    user = await sandbox.user(fresh_user(), audio={"tone_hz": 660})
    aiortc = business(hz=440)
    if caller == "user":
        call_id = await sandbox.dial(user)
        connect = await receiver.expect("connect", call_id)
        await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    else:
        await sandbox.grant(user)
        call_id = await graph.connect(user, await aiortc.offer())
        connect = await receiver.expect("connect", call_id)
        await aiortc.accept_answer(connect["session"]["sdp"])
    await aiortc.until_connected()
    pcm = await aiortc.hears(2.0)
    sound.assert_clean_tone(pcm, 48000, 660, 1.5, "the business")
    heard = await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard and heard["audio_ms"] >= 1000 else "a second of the business at the user")
    assert abs(heard["tone_hz"] - 440) <= 4.4, heard
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)
