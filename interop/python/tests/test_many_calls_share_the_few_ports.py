"""Calls at once on the shared media ports: everybody hears their own caller and nobody else."""

from __future__ import annotations

import asyncio
import re

from ahoy_interop import sound
from ahoy_interop.waiting import eventually


async def test_six_calls_at_once_do_not_mix(server, sandbox, graph, receiver, business, fresh_user):
    pitches = [(430 + 37 * n, 980 + 53 * n) for n in range(6)]
    ports = set()

    async def one(user_hz: int, business_hz: int) -> None:
        user = await sandbox.user(fresh_user(), audio={"tone_hz": user_hz})
        call_id = await sandbox.dial(user)
        connect = await receiver.expect("connect", call_id)
        ports.update(re.findall(r"^m=audio (\d+) ", connect["session"]["sdp"], re.M))
        aiortc = business(hz=business_hz)
        sdp = await aiortc.answer(connect["session"]["sdp"])
        await graph.action("pre_accept", call_id, sdp)
        await graph.action("accept", call_id, sdp)
        pcm = await aiortc.hears(3.0, within=30)
        await graph.action("terminate", call_id)
        assert aiortc.tap.missing() == [] and len(aiortc.tap.sources()) == 1
        sound.assert_clean_tone(pcm, 48000, user_hz, 2.5, f"the business of the {user_hz} Hz caller")
        call = await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" else "the end of the call")
        assert call["heard"]["lost"] == 0 and abs(call["heard"]["tone_hz"] - business_hz) <= business_hz / 100, call["heard"]

    await asyncio.gather(*(one(*pair) for pair in pitches))
    assert {int(port) for port in ports} <= {port for _, port in server.media_ports()}, "a call has a port of its own"
