"""Bad input over real sockets while a call is up: the documented error or silence, and not a gap in the call's audio."""

from __future__ import annotations

import random
import re

import pytest

from ahoy_interop import sound
from ahoy_interop.api import APP_ID, PHONE, TOKEN, WABA, Refused
from ahoy_interop.rubbish import Replayer, Stranger, http_rubbish, raw_http, rss_kb, udp_rubbish
from ahoy_interop.waiting import eventually


async def call_up(sandbox, graph, receiver, business, user):
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    aiortc = business(hz=440)
    await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    await aiortc.hears(0.5)
    return call_id, connect["session"]["sdp"], aiortc


async def assert_unharmed(sandbox, graph, receiver, user, call_id, aiortc, seconds):
    pcm = await aiortc.hears(seconds, within=seconds + 15)
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)
    assert aiortc.tap.missing() == [] and aiortc.tap.doubled() == 0 and len(aiortc.tap.sources()) == 1
    sound.assert_clean_tone(pcm, 48000, 660, seconds - 0.5, "the business")
    call = await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" else "the end of the call")
    assert call["heard"]["lost"] == 0, call["heard"]
    ear, rate = sound.read_wav(await sandbox.heard_wav(user, call_id))
    sound.assert_clean_tone(ear, rate, 440, seconds - 0.5, "the user")


def media_address(offer: str) -> tuple[str, int]:
    host, port = re.search(r"^a=candidate:\S+ 1 udp \d+ (\d+\.\S+) (\d+) typ host", offer, re.M | re.I).groups()
    return host, int(port)


async def test_on_the_media_port(server, sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, offer, aiortc = await call_up(sandbox, graph, receiver, business, user)
    ufrag = re.search(r"^a=ice-ufrag:(\S+)", offer, re.M)[1]
    stranger = Stranger(media_address(offer)[0])
    try:
        await stranger.send(udp_rubbish(1, 4000, ufrag), media_address(offer))
        settled = rss_kb(server.process.pid)
        for seed in (2, 3):
            await stranger.send(udp_rubbish(seed, 8000, ufrag), media_address(offer))
        assert rss_kb(server.process.pid) - settled < 4096, "16,000 datagrams of rubbish left more than 4 MB behind"
        # The call's own packets, drawn after the rubbish, prove that it has been read: answers would be here by now.
        await aiortc.hears(3.0)
        assert stranger.answers() == [], "a stranger was answered"
    finally:
        stranger.close()
    await assert_unharmed(sandbox, graph, receiver, user, call_id, aiortc, 4.0)


async def test_replayed_and_forged_packets_from_the_call_s_own_address(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, _, aiortc = await call_up(sandbox, graph, receiver, business, user)
    replayer = Replayer(aiortc, seed=5)
    await assert_unharmed(sandbox, graph, receiver, user, call_id, aiortc, 4.0)
    assert replayer.replayed > 100 and replayer.forged > 100


async def test_dtls_rubbish_from_the_call_s_own_address(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, offer, aiortc = await call_up(sandbox, graph, receiver, business, user)
    ice = aiortc.dtls.transport
    ufrag = re.search(r"^a=ice-ufrag:(\S+)", offer, re.M)[1]
    for datagram in udp_rubbish(7, 2000, ufrag):
        if datagram:
            await ice._send(datagram)
    await assert_unharmed(sandbox, graph, receiver, user, call_id, aiortc, 4.0)


async def test_on_the_http_port(server, sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, _, aiortc = await call_up(sandbox, graph, receiver, business, user)
    host, _, port = server.base.removeprefix("http://").rpartition(":")
    for rubbish in http_rubbish(11):
        answer = await raw_http(host, int(port), rubbish)
        if answer.startswith(b"HTTP/1."):
            status = int(answer.split()[1])
            assert 400 <= status < 500 or status == 505, f"{rubbish[:80]!r} was answered {answer[:300]!r}"
    await assert_unharmed(sandbox, graph, receiver, user, call_id, aiortc, 4.0)


GOOD_SDP = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE audio
m=audio 9 UDP/TLS/RTP/SAVPF 111 126
c=IN IP4 0.0.0.0
a=rtcp-mux
a=ice-ufrag:abcdEFGH
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:audio
a=sendrecv
a=rtpmap:111 opus/48000/2
a=rtpmap:126 telephone-event/8000
a=ssrc:1234 cname:x
""".format(fingerprint=":".join(["AB"] * 32)).replace("\n", "\r\n")

HOSTILE_SDP = {
    "empty": "",
    "not SDP": "hello",
    "cut": GOOD_SDP[: len(GOOD_SDP) // 2],
    "huge": GOOD_SDP + "a=x:" + "y" * 900_000 + "\r\n",
    "many lines": GOOD_SDP + "a=candidate:1 1 udp 1 127.0.0.1 1 typ host\r\n" * 20_000,
    "two audio lines": GOOD_SDP + GOOD_SDP[GOOD_SDP.index("m=audio") :],
    "a live video line": GOOD_SDP + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 VP8/90000\r\n",
    "no fingerprint": re.sub(r"a=fingerprint.*\r\n", "", GOOD_SDP),
    "only sha-512": GOOD_SDP.replace("sha-256", "sha-512"),
    "a short fingerprint": GOOD_SDP.replace("AB:AB:AB:", "AB:"),
    "no ufrag": re.sub(r"a=ice-ufrag.*\r\n", "", GOOD_SDP),
    "a short password": GOOD_SDP.replace("abcdefghijklmnopqrstuvwx", "short"),
    "SDES on a DTLS number": re.sub(r"a=fingerprint.*\r\n", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + "\r\n", GOOD_SDP).replace("UDP/TLS/RTP/SAVPF", "RTP/SAVP"),
    "no codec in common": GOOD_SDP.replace("opus/48000/2", "speex/16000"),
    "inactive": GOOD_SDP.replace("a=sendrecv", "a=inactive"),
    "NULs": GOOD_SDP.replace("s=-", "s=\0-"),
    "absurd numbers": GOOD_SDP.replace("m=audio 9", "m=audio 99999999999999999999"),
}


async def refused(graph, body, path=f"{PHONE}/calls", **more) -> Refused:
    with pytest.raises(Refused) as refusal:
        await graph.call("POST", path, body, **more)
    error = refusal.value.body["error"]
    assert isinstance(error["message"], str) and isinstance(error["code"], int) and error["type"] and error["fbtrace_id"], refusal.value
    return refusal.value


@pytest.mark.parametrize("name", HOSTILE_SDP)
async def test_hostile_sdp_is_refused_with_its_sentence(graph, sandbox, fresh_user, name):
    # No permission is held: a broken SDP is refused before any business rule.
    user = await sandbox.user(fresh_user())
    body = {"messaging_product": "whatsapp", "to": user, "action": "connect", "session": {"sdp_type": "offer", "sdp": HOSTILE_SDP[name]}}
    refusal = await refused(graph, body)
    assert (refusal.status, refusal.code) in ((400, 100), (413, 100)), refusal
    assert refusal.details, refusal
    if name == "no fingerprint":
        assert "No fingerprint found in SDP" in refusal.details, refusal


async def test_the_sdp_that_the_hostile_ones_are_made_of_is_good(graph, sandbox, fresh_user):
    body = {"messaging_product": "whatsapp", "to": await sandbox.user(fresh_user()), "action": "connect", "session": {"sdp_type": "offer", "sdp": GOOD_SDP}}
    assert (await refused(graph, body)).code == 138006


BODIES = {
    "nothing": {},
    "a list": [],
    "a number": 7,
    "a wrong product": {"messaging_product": "telegram", "action": "connect", "to": "447700900001"},
    "an unknown action": {"messaging_product": "whatsapp", "action": "create", "to": "447700900001"},
    "an action that is no string": {"messaging_product": "whatsapp", "action": ["connect"], "to": "447700900001"},
    "no session": {"messaging_product": "whatsapp", "action": "connect", "to": "447700900001"},
    "a session that is a string": {"messaging_product": "whatsapp", "action": "connect", "to": "447700900001", "session": "v=0"},
    "an sdp that is a number": {"messaging_product": "whatsapp", "action": "connect", "to": "447700900001", "session": {"sdp_type": "offer", "sdp": 5}},
    "an answer for an offer": {"messaging_product": "whatsapp", "action": "connect", "to": "447700900001", "session": {"sdp_type": "answer", "sdp": GOOD_SDP}},
    "nobody": {"messaging_product": "whatsapp", "action": "connect", "to": None, "session": {"sdp_type": "offer", "sdp": GOOD_SDP}},
    "letters for a number": {"messaging_product": "whatsapp", "action": "connect", "to": "call me", "session": {"sdp_type": "offer", "sdp": GOOD_SDP}},
    "a long opaque string": {"messaging_product": "whatsapp", "action": "connect", "to": "447700900001", "session": {"sdp_type": "offer", "sdp": GOOD_SDP}, "biz_opaque_callback_data": "x" * 513},
    "an unknown call": {"messaging_product": "whatsapp", "action": "terminate", "call_id": "wacid.AAAA"},
    "a call id of NULs": {"messaging_product": "whatsapp", "action": "terminate", "call_id": "\0" * 50},
    "a huge call id": {"messaging_product": "whatsapp", "action": "accept", "call_id": "wacid." + "A" * 100_000, "session": {"sdp_type": "answer", "sdp": GOOD_SDP}},
    "no call id": {"messaging_product": "whatsapp", "action": "accept", "session": {"sdp_type": "answer", "sdp": GOOD_SDP}},
}


@pytest.mark.parametrize("name", BODIES)
async def test_bodies_that_make_no_sense_are_refused(graph, name):
    refusal = await refused(graph, BODIES[name])
    assert (refusal.status, refusal.code) == (400, 100), refusal


async def test_bytes_that_are_no_json(graph):
    rng = random.Random(13)
    for raw in (b"{", b"\xff\xfe\x00", b'{"a":' * 5000, rng.randbytes(1000), b"[" * 100_000, b'{"messaging_product":"whatsapp","action":"connect","to":"' + b"9" * 1_200_000 + b'"}'):
        async with graph.session.post(f"{graph.base}/v25.0/{PHONE}/calls", data=raw, headers={**graph.headers, "Content-Type": "application/json"}) as answer:
            content = await answer.json()
            assert answer.status in (400, 413) and content["error"]["code"] == 100, (answer.status, content)


@pytest.mark.parametrize("token", ["", "wrong", f"{APP_ID}|wrong", TOKEN + "x", "x" * 20_000])
async def test_wrong_tokens(graph, token):
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(Refused) as refusal:
        await graph.request("GET", f"/v25.0/{PHONE}/settings", headers=headers)
    assert refusal.value.status in (401, 431) and refusal.value.code in (0, 190, None), refusal.value


@pytest.mark.parametrize("path", ["710999999999999/calls", "999/calls", f"{WABA}/calls", f"{APP_ID}/calls"])
async def test_ids_that_are_not_ours_or_not_phones(graph, path):
    refusal = await refused(graph, {"messaging_product": "whatsapp", "action": "connect", "to": "447700900001", "session": {"sdp_type": "offer", "sdp": GOOD_SDP}}, path=path)
    assert (refusal.status, refusal.code, refusal.body["error"].get("error_subcode")) == (400, 100, 33), refusal
    assert refusal.body["error"]["type"] == "GraphMethodException"


async def test_unknown_sandbox_routes_are_not_found(sandbox):
    with pytest.raises(Refused) as refusal:
        await sandbox.request("GET", "/sandbox/v1/no-such-thing")
    assert refusal.value.status == 404
    error = refusal.value.body["error"]
    assert isinstance(error["message"], str) and "code" in error, refusal.value
