"""The business places the call: permission, connect with an offer, RINGING, ACCEPTED, audio both ways, terminate."""

from __future__ import annotations

import time

import pytest

from ahoy_interop import sound
from ahoy_interop.api import NUMBER, Refused
from ahoy_interop.waiting import eventually

from .test_a_user_calls_and_aiortc_answers import assert_terminate, assert_times, settled


async def test_both_hear_each_other_once_the_user_has_picked_up(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_ring="manual", audio={"tone_hz": 660})
    await sandbox.grant(user)
    aiortc = business(hz=440)
    call_id = await graph.connect(user, await aiortc.offer(), biz_opaque_callback_data="crm-78")
    connect = await receiver.expect("connect", call_id)
    assert connect["direction"] == "BUSINESS_INITIATED" and connect["from"] == NUMBER and connect["to"] == user
    assert connect["session"]["sdp_type"] == "answer"
    assert "a=setup:passive" in connect["session"]["sdp"]
    await aiortc.accept_answer(connect["session"]["sdp"])
    ringing = await receiver.expect("RINGING", call_id)
    assert ringing["type"] == "call" and ringing["recipient_id"] == user and ringing["biz_opaque_callback_data"] == "crm-78"
    await aiortc.until_connected()
    await eventually(lambda: aiortc.out.sent, lambda sent: None if sent >= 50 else f"aiortc has sent {sent} packets")
    assert not aiortc.tap.packets, "the business heard the user before the user answered"
    before = await sandbox.heard(user, call_id)
    assert before is None or before["packets"] == 0, f"the user heard the business before answering: {before}"

    answered = time.monotonic()
    await sandbox.act(user, call_id, "answer")
    await receiver.expect("ACCEPTED", call_id)
    pcm = await aiortc.hears(3.0)
    assert aiortc.tap.packets[0][0] - answered < 0.5
    aiortc.press("5")
    await sandbox.act(user, call_id, "dtmf", digits="7")
    await eventually(lambda: aiortc.tap.digits(), lambda digits: None if digits == "7" else "digit 7 at the business")
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["digits"] == "5" else "digit 5 at the user")
    await graph.action("terminate", call_id)
    end = await receiver.expect("terminate", call_id)

    sound.assert_clean_tone(pcm, 48000, 660, 2.5, "the business")
    assert aiortc.tap.missing() == [] and len(aiortc.tap.sources()) == 1
    call = await settled(sandbox, user, call_id)
    assert call["direction"] == "BUSINESS_INITIATED" and call["heard"]["lost"] == 0
    ear, rate = sound.read_wav(await sandbox.heard_wav(user, call_id))
    # The digit is no audio: what follows it is another span of the tone.
    sound.assert_clean_tone(ear[: int(2.5 * rate)], rate, 440, 2.0, "the user")
    assert_terminate(end, call_id, user, NUMBER, "BUSINESS_INITIATED")
    assert_times(end)
    assert end["biz_opaque_callback_data"] == "crm-78"
    assert receiver.events(call_id)[-1] == "terminate" and sorted(receiver.events(call_id)) == ["ACCEPTED", "RINGING", "connect", "terminate"]


async def test_without_permission_nothing_rings(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    with pytest.raises(Refused) as refusal:
        await graph.connect(user, await business().offer())
    assert (refusal.value.status, refusal.value.code) == (401, 138006), refusal.value
    assert refusal.value.body["error"]["error_data"]["details"]
    assert await sandbox.calls(user) == [] and not receiver.attempts
    allowed = await graph.permissions(user)
    assert allowed["permission"] == {"status": "no_permission"}


async def test_a_grant_is_seen_and_used_up_by_time(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_ring="reject")
    await sandbox.grant(user)
    now = await sandbox.clock()
    seen = await graph.permissions(user)
    assert seen["permission"]["status"] == "temporary" and abs(seen["permission"]["expiration_time"] - (now + 604800)) <= 2, seen
    start = next(action for action in seen["actions"] if action["action_name"] == "start_call")
    assert start["can_perform_action"] is True and start["limits"][0]["max_allowed"] == 100 and start["limits"][0]["current_usage"] == 0
    await sandbox.advance(604802)
    assert (await graph.permissions(user))["permission"] == {"status": "no_permission"}
    with pytest.raises(Refused) as refusal:
        await graph.connect(user, await business().offer())
    assert refusal.value.code == 138006


async def test_the_user_declines(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_ring="reject")
    await sandbox.grant(user)
    aiortc = business()
    call_id = await graph.connect(user, await aiortc.offer())
    await receiver.expect("terminate", call_id)
    assert receiver.events(call_id)[-2:] == ["REJECTED", "terminate"], receiver.events(call_id)
    end = await receiver.expect("terminate", call_id)
    assert_terminate(end, call_id, user, NUMBER, "BUSINESS_INITIATED")
    assert not {"duration", "start_time", "end_time"} & end.keys(), end


async def test_the_user_does_not_answer(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_ring="ignore")
    await sandbox.grant(user)
    call_id = await graph.connect(user, await business().offer())
    await receiver.expect("RINGING", call_id)
    await sandbox.advance(61)
    end = await receiver.expect("terminate", call_id)
    assert end["status"] == "COMPLETED" and "duration" not in end, end
    assert sorted(receiver.events(call_id)) == ["RINGING", "connect", "terminate"]


async def test_the_business_cancels_while_it_rings(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_ring="ignore")
    await sandbox.grant(user)
    call_id = await graph.connect(user, await business().offer())
    await receiver.expect("RINGING", call_id)
    with pytest.raises(Refused) as refusal:
        await graph.connect(user, await business().offer())
    assert (refusal.value.status, refusal.value.code) == (400, 138003), refusal.value
    await graph.action("terminate", call_id)
    end = await receiver.expect("terminate", call_id)
    assert end["status"] == "COMPLETED" and "duration" not in end, end
    assert (await settled(sandbox, user, call_id))["state"] == "ended"


async def test_the_user_hangs_up_a_connected_call(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    await sandbox.grant(user)
    aiortc = business(events=False)
    call_id = await graph.connect("+" + user, await aiortc.offer())
    connect = await receiver.expect("connect", call_id)
    await aiortc.accept_answer(connect["session"]["sdp"])
    await receiver.expect("ACCEPTED", call_id)
    await aiortc.hears(1.0)
    await sandbox.act(user, call_id, "hang_up")
    end = await receiver.expect("terminate", call_id)
    assert_times(end)
    start = (await graph.permissions(user))["actions"][1]["limits"][0]
    assert start["current_usage"] == 1, "a connected call counts"
