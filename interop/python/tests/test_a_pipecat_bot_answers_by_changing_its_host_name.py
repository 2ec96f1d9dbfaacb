"""Pipecat's WhatsApp transport as it is, pointed here: a bot speaks, listens and is told of the end."""

from __future__ import annotations

import pytest_asyncio

from ahoy_interop import sound
from ahoy_interop.pipecat_bot import RATE, PipecatBot
from ahoy_interop.receiver import VERIFY_TOKEN
from ahoy_interop.waiting import eventually


@pytest_asyncio.fixture
async def bot(server, graph):
    bot = await PipecatBot(server.base, hz=523, seconds=6).start()
    await graph.subscribe(bot.url, VERIFY_TOKEN)
    yield bot
    await bot.stop()


async def test_the_bot_and_the_user_hear_each_other(bot, sandbox, fresh_user):
    user = await sandbox.user(fresh_user(), audio={"tone_hz": 660})
    call_id = await sandbox.dial(user)
    await eventually(
        lambda: len(bot.ears[call_id].heard) / 2 / RATE if call_id in bot.ears else None,
        lambda heard: None if heard and heard >= 4 else f"4 s of sound in Pipecat's pipeline (answers so far: {bot.answers})",
        within=30,
    )
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard and heard["packets"] >= 150 else "150 packets at the user")
    await sandbox.act(user, call_id, "hang_up")
    await bot.until_ended()
    assert [answer[:2] for answer in bot.answers] == [("connect", 200), ("terminate", 200)], bot.answers

    sound.assert_clean_tone(bot.ears[call_id].pcm(), RATE, 660, 2.5, "Pipecat")
    call = await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" else "the end of the call")
    assert call["heard"]["lost"] == 0, call["heard"]
    ear, rate = sound.read_wav(await sandbox.heard_wav(user, call_id))
    sound.assert_clean_tone(ear, rate, 523, 2.0, "the user")
