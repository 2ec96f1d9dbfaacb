"""Media that was asked to go wrong, seen by aiortc: the verdict is that of the real cause, and names the fault."""

from __future__ import annotations

import time

import pytest

from ahoy_interop.api import PHONE, Refused
from ahoy_interop.waiting import eventually


async def dial(sandbox, user: str, fault: str) -> str:
    """The user calls; the fault is this call's alone, so that the tests do not meet."""
    answer = await sandbox.request("POST", f"/sandbox/v1/users/{user}/calls", {"to": PHONE}, headers={"Ahoy-Fault": fault})
    return answer["id"]


async def answered(sandbox, graph, receiver, business, user: str, fault: str):
    call_id = await dial(sandbox, user, fault)
    connect = await receiver.expect("connect", call_id)
    aiortc = business(hz=440)
    await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    return call_id, aiortc


async def verdict(sandbox, user: str, call_id: str) -> str:
    await sandbox.act(user, call_id, "hang_up")
    ended = await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" and call["media"] else "the report of the call")
    return ended["media"]["verdict"]


async def until_timeline(sandbox, user: str, call_id: str, event: str) -> None:
    def missing(call):
        return None if any(entry["event"] == event for entry in call["media"]["timeline"]) else f"{event} in the timeline"

    await eventually(lambda: sandbox.call_of(user, call_id), missing)


async def test_no_ice(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, "no_ice")
    # aiortc checks at once and again; that it goes on checking is all there is to see.
    await eventually(lambda: aiortc.pc.iceConnectionState, lambda state: None if state == "checking" else f"aiortc checking, not {state}")
    said = await verdict(sandbox, user, call_id)
    assert said.startswith("The business sent no connectivity check: its ICE never reached 127.0.0.1:"), said
    assert said.endswith("The fault no_ice was asked for."), said
    assert not aiortc.tap.packets


async def test_no_dtls(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, "no_dtls")
    await eventually(lambda: aiortc.pc.iceConnectionState, lambda state: None if state == "completed" else f"aiortc's ICE completed, not {state}")
    await until_timeline(sandbox, user, call_id, "nominated")
    said = await verdict(sandbox, user, call_id)
    assert said == "ICE worked but the business never sent a ClientHello, so there are no keys. The fault no_dtls was asked for.", said
    assert not aiortc.tap.packets


async def test_dtls_late(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, "dtls_late_ms=700")
    await aiortc.until_connected()
    await aiortc.hears(0.5)
    timeline = (await sandbox.call_of(user, call_id))["media"]["timeline"]
    at = {entry["event"]: entry["at_ms"] for entry in reversed(timeline)}
    assert at["dtls_done"] - at["nominated"] >= 600, at
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["tone_hz"] and abs(heard["tone_hz"] - 440) <= 4.4 else "440 Hz at the user")
    assert await verdict(sandbox, user, call_id) == "Both sides heard each other. The fault dtls_late_ms=700 was asked for."


@pytest.mark.parametrize("way", ["to_business", "to_user"])
async def test_one_way(sandbox, graph, receiver, business, fresh_user, way):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, f"one_way={way}")
    await aiortc.until_connected()
    if way == "to_business":
        await aiortc.hears(1.0)
        heard = await sandbox.heard(user, call_id)
        assert heard is None or heard["packets"] == 0, heard
    else:
        await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["audio_ms"] >= 1000 else "a second of the business at the user")
        assert not aiortc.tap.packets
    said = await verdict(sandbox, user, call_id)
    wanted = "The business was connected but sent no audio after accept." if way == "to_business" else "The user heard the business, but nothing the user said reached it."
    assert said.startswith(f"{wanted} The fault one_way={way} was asked for"), said


async def test_loss_is_measured_at_both_ends(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, "seed=5, loss=0.2")
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["packets"] >= 150 else "150 packets of the business at the user", 20)
    heard = await sandbox.heard(user, call_id)
    assert 0.1 < heard["lost"] / (heard["packets"] + heard["lost"]) < 0.3, heard
    got, missing = len(aiortc.tap.packets), len(aiortc.tap.missing())
    assert got > 50 and 0.1 < missing / (got + missing) < 0.3, f"{missing} of {got + missing} missing at the business"
    said = await verdict(sandbox, user, call_id)
    assert "% of the business's packets were lost" in said and "loss_to_business=0.2, loss_to_user=0.2 were asked for" in said, said


@pytest.mark.parametrize("alert", ["close_notify", "fatal"])
async def test_an_alert_in_mid_call_is_no_hang_up(sandbox, graph, receiver, business, fresh_user, alert):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, f"dtls_alert={alert};after_ms=500")
    await aiortc.until_connected()
    await aiortc.hears(0.3)
    await until_timeline(sandbox, user, call_id, "dtls_alert_sent")
    if alert == "close_notify":  # aiortc pays no heed to a fatal one
        await eventually(lambda: aiortc.dtls.state, lambda state: None if state == "closed" else f"aiortc's DTLS closed, not {state}")
    else:
        await aiortc.hears(0.3, since=time.monotonic())
    assert (await sandbox.call_of(user, call_id))["state"] == "connected"
    said = await verdict(sandbox, user, call_id)
    assert said.endswith(f"The fault dtls_alert={alert};after_ms=500 was asked for."), said


async def test_one_packet_of_a_key_is_lost_and_the_key_is_heard(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id, aiortc = await answered(sandbox, graph, receiver, business, user, "event_lost=1;press=2")
    await aiortc.hears(0.3)
    await sandbox.act(user, call_id, "dtmf", digits="42")
    await eventually(lambda: aiortc.tap.digits(), lambda digits: None if digits == "42" else f"the keys 42 at the business, not {digits!r}")
    marked = [packet.marker for _, packet in aiortc.tap.packets if packet.payload_type == 126]
    assert sum(marked) == 1, "the second key's first packet, the one with the marker, is lost"
    await verdict(sandbox, user, call_id)


async def test_a_codec_is_refused_and_the_next_answer_is_taken(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await dial(sandbox, user, "codec_refused;times=1")
    connect = await receiver.expect("connect", call_id)
    aiortc = business(hz=440)
    sdp = await aiortc.answer(connect["session"]["sdp"])
    with pytest.raises(Refused) as refused:
        await graph.action("accept", call_id, sdp)
    assert (refused.value.status, refused.value.code) == (400, 100) and "opus" in refused.value.details, refused.value
    assert "codec_refused" in refused.value.details
    await graph.action("accept", call_id, sdp)
    await aiortc.hears(0.5)
    await verdict(sandbox, user, call_id)


async def test_other_calls_are_whole(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    aiortc = business(hz=440)
    await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    await aiortc.hears(1.0)
    assert await verdict(sandbox, user, call_id) == "Both sides heard each other."
