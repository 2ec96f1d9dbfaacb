"""The user's call reaches a business built on aiortc: connect webhook, pre_accept, accept, audio both ways, one terminate."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from ahoy_interop import signalling, sound
from ahoy_interop.api import Refused
from ahoy_interop.waiting import eventually


async def settled(sandbox, user, call_id):
    """The ended call as the sandbox shows it."""
    return await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" else "the call has not ended")


def assert_terminate(end: dict, call_id: str, user: str, number: str, direction: str) -> None:
    assert end["id"] == call_id and end["event"] == "terminate" and end["direction"] == direction
    parties = (user, number) if direction == "USER_INITIATED" else (number, user)
    assert (end["from"], end["to"]) == parties
    assert end["status"] == "COMPLETED" and "errors" not in end


def assert_times(end: dict) -> None:
    assert isinstance(end["start_time"], str) and isinstance(end["end_time"], str) and isinstance(end["duration"], int)
    span = int(end["end_time"]) - int(end["start_time"])
    # A started second counts; the two times are cut to whole seconds.
    assert end["duration"] >= 1 and span <= end["duration"] <= span + 1, end


async def test_both_hear_each_other_from_accept_on_and_nothing_before(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user(), audio={"tone_hz": 660})
    call_id = await sandbox.dial(user, cta_payload="order-55")
    connect = await receiver.expect("connect", call_id)
    assert connect["direction"] == "USER_INITIATED" and connect["from"] == user and connect["cta_payload"] == "order-55"
    assert connect["session"]["sdp_type"] == "offer"

    aiortc = business(hz=440)
    sdp = await aiortc.answer(connect["session"]["sdp"])
    await graph.action("pre_accept", call_id, sdp)
    await aiortc.until_connected()
    # A second of the business's tone before accept: ICE and DTLS are up, the gate is not open.
    await eventually(lambda: aiortc.out.sent, lambda sent: None if sent >= 50 else f"aiortc has sent {sent} packets")
    assert (await sandbox.call_of(user, call_id))["state"] == "ringing"
    before = await sandbox.heard(user, call_id)
    assert before is None or before["packets"] == 0, f"the user heard the business before accept: {before}"
    assert not aiortc.tap.packets, f"the business got {len(aiortc.tap.packets)} packets of the user before accept"

    accepted = time.monotonic()
    await graph.action("accept", call_id, sdp, biz_opaque_callback_data="crm-77")
    pcm = await aiortc.hears(3.0)
    first = aiortc.tap.packets[0][0] - accepted
    assert first < 0.5, f"the first packet of the user came {first:.3f} s after accept"
    await graph.action("terminate", call_id)
    end = await receiver.expect("terminate", call_id)

    assert aiortc.tap.missing() == [], "sequence numbers are missing at the business"
    assert aiortc.tap.doubled() == 0 and len(aiortc.tap.sources()) == 1
    sound.assert_clean_tone(pcm, 48000, 660, 2.5, "the business")

    call = await settled(sandbox, user, call_id)
    heard = call["heard"]
    assert heard["lost"] == 0 and heard["packets"] >= 100, heard
    assert abs(heard["tone_hz"] - 440) <= 4.4, heard
    assert heard["first_audio_ms_after_accept"] < 500, heard
    ear, rate = sound.read_wav(await sandbox.heard_wav(user, call_id))
    sound.assert_clean_tone(ear, rate, 440, 2.0, "the user")

    assert_terminate(end, call_id, user, connect["to"], "USER_INITIATED")
    assert_times(end)
    assert end["biz_opaque_callback_data"] == "crm-77" and end["cta_payload"] == "order-55"
    assert receiver.events(call_id) == ["connect", "terminate"]


async def test_accept_alone_is_enough(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    aiortc = business(hz=523)
    await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    sound.assert_clean_tone(await aiortc.hears(2.0), 48000, 660, 1.5, "the business")
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["tone_hz"] and abs(heard["tone_hz"] - 523) <= 5.2 else "523 Hz at the user")
    await sandbox.act(user, call_id, "hang_up")
    end = await receiver.expect("terminate", call_id)
    assert_terminate(end, call_id, user, connect["to"], "USER_INITIATED")
    assert_times(end)
    assert aiortc.tap.missing() == []


async def test_api_calls_inside_the_open_delivery_are_served(sandbox, graph, receiver, business, fresh_user):
    """Pipecat and others call pre_accept and accept before they answer the webhook (clients.md §2)."""
    user = await sandbox.user(fresh_user())
    aiortc = business()

    async def answer_inside(attempt):
        if attempt.kind == "connect":
            sdp = await aiortc.answer(attempt.item["session"]["sdp"])
            await graph.action("pre_accept", attempt.call_id, sdp)
            await graph.action("accept", attempt.call_id, sdp)

    receiver.answer = answer_inside
    call_id = await sandbox.dial(user)
    await aiortc.hears(1.0)
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)
    assert receiver.events(call_id) == ["connect", "terminate"]


async def test_digits_go_both_ways_in_the_media(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    aiortc = business()
    await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    await aiortc.hears(0.5)
    await sandbox.act(user, call_id, "dtmf", digits="12#*0")
    aiortc.press("987*")
    await eventually(lambda: aiortc.tap.digits(), lambda digits: None if digits == "12#*0" else f"the digits 12#*0 at the business, not {digits!r}")
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["digits"] == "987*" else "the digits 987* at the user")
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)
    assert aiortc.tap.missing() == [] and len(aiortc.tap.sources()) == 1
    events = [packet for _, packet in aiortc.tap.packets if packet.payload_type == 126]
    assert all(packet.payload[1] & 0x3F <= 63 for packet in events)
    ends = [packet for packet in events if packet.payload[1] & 0x80]
    assert len(ends) >= 5, "each event must be ended"


async def test_a_rejected_call_ends_once_and_without_times(sandbox, graph, receiver, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    await graph.action("reject", call_id)
    end = await receiver.expect("terminate", call_id)
    assert_terminate(end, call_id, user, connect["to"], "USER_INITIATED")
    assert not {"duration", "start_time", "end_time"} & end.keys(), end
    with pytest.raises(Refused) as refusal:
        await graph.action("terminate", call_id)
    assert (refusal.value.status, refusal.value.code) == (400, 100), refusal.value
    assert receiver.events(call_id) == ["connect", "terminate"]


async def test_nobody_answers_within_the_ring_time(sandbox, graph, receiver, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    await receiver.expect("connect", call_id)
    await sandbox.advance(59)
    assert (await sandbox.call_of(user, call_id))["state"] == "ringing"
    await sandbox.advance(2)
    end = await receiver.expect("terminate", call_id)
    assert end["status"] == "COMPLETED" and "duration" not in end and "start_time" not in end, end


async def test_the_user_gives_up_while_it_rings(sandbox, receiver, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    await receiver.expect("connect", call_id)
    await sandbox.act(user, call_id, "hang_up")
    end = await receiver.expect("terminate", call_id)
    assert end["status"] == "COMPLETED" and "duration" not in end, end
    assert receiver.events(call_id) == ["connect", "terminate"]


async def test_accept_must_repeat_the_answer_of_pre_accept(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    aiortc = business()
    sdp = await aiortc.answer(connect["session"]["sdp"])
    await graph.action("pre_accept", call_id, sdp)
    await graph.action("pre_accept", call_id, sdp)
    for wrong in (signalling.answer(random.Random(1)), connect["session"]["sdp"]):
        with pytest.raises(Refused) as refusal:
            await graph.action("accept", call_id, wrong)
        assert (refusal.value.status, refusal.value.code) == (400, 100), refusal.value
    # Line ends are no difference, and the pre-accepted leg is as it was.
    await graph.action("accept", call_id, sdp.replace("\r\n", "\n"))
    await aiortc.hears(1.0)
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)


async def test_two_businesses_may_race_but_one_accept_wins(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    racers = [business(hz=400 + 100 * n) for n in range(4)]
    answers = [await racer.answer(connect["session"]["sdp"]) for racer in racers]
    results = await asyncio.gather(*(graph.action("accept", call_id, sdp) for sdp in answers), return_exceptions=True)
    winners = [racer for racer, result in zip(racers, results) if isinstance(result, dict)]
    assert len(winners) == 1, results
    assert all(isinstance(r, dict) or (isinstance(r, Refused) and r.code == 100) for r in results), results
    await winners[0].hears(1.0)
    assert [len(racer.tap.packets) for racer in racers if racer is not winners[0]] == [0, 0, 0]
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)
