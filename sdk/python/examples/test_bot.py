import asyncio

from bot import VERIFY_TOKEN, Bot


def test_the_bot_greets_a_caller(ahoy):
    async def scene():
        async with Bot(ahoy.graph, ahoy.token, ahoy.phone_number_id, ahoy.app_secret) as bot:
            await ahoy.run(ahoy.subscribe, bot.url, VERIFY_TOKEN, "calls")
            call = await ahoy.run(ahoy.user("447700900201", tone_hz=660).call)
            await ahoy.run(call.wait, "connected", 20)
            heard = await ahoy.run(call.hears, 523, 20)
            assert heard.lost == 0, call.verdict
            await ahoy.run(call.hang_up)

    asyncio.run(scene())
