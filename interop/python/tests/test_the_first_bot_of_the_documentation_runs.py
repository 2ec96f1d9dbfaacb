"""`docs/first-bot.md` as a reader uses it: its Python program is copied into a file and run, its bodies are what goes over the wire."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from contextlib import asynccontextmanager

import aiohttp

from ahoy_interop.api import Sandbox
from ahoy_interop.document import blocks, name, of_call, shape
from ahoy_interop.server import ROOT, Server, _die_with_parent
from ahoy_interop.waiting import GaveUp, eventually

PAGE = ROOT / "docs" / "first-bot.md"
USER, HZ = "447700900180", 660
BOTH_HEARD = "Both sides heard each other."


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@asynccontextmanager
async def a_bot(folder, server, *arguments, **environment):
    """The program of the page in a folder of its own, subscribed; answers where its webhooks go."""
    [program] = blocks(PAGE, "python")
    (folder / "first_bot.py").write_text(program)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "first_bot.py", *arguments, cwd=folder, env={**os.environ, "AHOY": server.base, "PORT": str(port), **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, preexec_fn=_die_with_parent,
    )  # fmt: skip
    said: list[str] = []
    subscribed = asyncio.Event()

    async def listen() -> None:
        while line := await process.stdout.readline():
            said.append(line.decode())
            if "/subscriptions" in said[-1]:
                subscribed.set()
        subscribed.set()

    listening = asyncio.create_task(listen())
    try:
        await asyncio.wait_for(subscribed.wait(), 30)
        if process.returncode is not None or not said:
            raise GaveUp(f"the bot ended: {''.join(said)}")
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await listening
    assert "Traceback" not in "".join(said), "".join(said)


async def heard(sandbox, user, call_id):
    """Waits until the user has heard a second of its own voice from the bot: it went there and back."""

    def missing(call):
        ear = call["heard"] or {}
        near = abs((ear.get("tone_hz") or 0) - HZ) <= HZ / 100
        return None if near and ear["audio_ms"] >= 1_000 else f"the user hears {ear}; {(call.get('media') or {}).get('verdict')}"

    await eventually(lambda: sandbox.call_of(user, call_id), missing, 20)


async def ended(sandbox, user, call_id):
    """Waits for the end of the call and of its webhooks; answers every body that went over the wire."""
    call = await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" else "the call goes on", 20)
    assert call["media"]["verdict"].startswith(BOTH_HEARD), call["media"]["verdict"]

    async def wire():
        return of_call((await sandbox.call("GET", "/timeline", params={"call": call_id, "kind": "api,webhook", "limit": 500}))["data"])

    there = lambda bodies: None if any(name(body).startswith("webhook terminate") for body in bodies) else "webhook terminate"  # noqa: E731
    return await eventually(wire, there)


async def both_webhooks(sandbox, call_id):
    """Waits for connect and terminate, and until the bot has taken another call; answers all bodies of the first in order."""

    async def wire():
        return of_call((await sandbox.call("GET", "/timeline", params={"call": call_id, "kind": "api,webhook"}))["data"])

    await eventually(wire, lambda bodies: None if len(bodies) >= 2 else "both webhooks")
    await sandbox.call("DELETE", "/faults")
    next_id = await sandbox.dial(USER)  # what the bot does about the first it begins before it answers this one
    await heard(sandbox, USER, next_id)
    await sandbox.act(USER, next_id, "hang_up")
    return await wire()


async def test_the_bot_answers_and_calls_and_every_body_is_as_the_page_shows_it(tmp_path):
    server = await Server().start()
    sandbox = Sandbox(server.base)
    wire: list[dict] = []
    try:
        await sandbox.user(USER, audio={"tone_hz": HZ})
        async with a_bot(tmp_path, server) as hook:
            call_id = await sandbox.dial(USER)
            await heard(sandbox, USER, call_id)
            await sandbox.act(USER, call_id, "hang_up")
            wire += await ended(sandbox, USER, call_id)

            # A terminate that overtakes its connect: the bot takes no call that is over.
            await sandbox.call("PUT", "/faults", {"webhooks": {"reorder": True, "event": "connect"}})
            call_id = await sandbox.dial(USER)
            await sandbox.act(USER, call_id, "hang_up")
            assert sorted(name(body) for body in await both_webhooks(sandbox, call_id)) == ["webhook connect USER_INITIATED", "webhook terminate USER_INITIATED"]

            async with aiohttp.ClientSession() as http:
                for headers in ({}, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, {"X-Hub-Signature-256": "é"}):
                    async with http.post(hook, data=json.dumps(wire[0]), headers=headers) as refused:
                        assert refused.status == 401, headers
                async with http.get(hook, params={"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "1"}) as refused:
                    assert refused.status == 403

        await sandbox.grant(USER)
        async with a_bot(tmp_path, server, USER, LONGEST_SECONDS="3"):
            rung = lambda calls: None if any(call["direction"] == "BUSINESS_INITIATED" for call in calls) else "the bot's call"  # noqa: E731
            call_id = next(call["id"] for call in await eventually(lambda: sandbox.calls(USER), rung, 20) if call["direction"] == "BUSINESS_INITIATED")
            await heard(sandbox, USER, call_id)
            wire += await ended(sandbox, USER, call_id)  # the bot hangs up
    finally:
        await sandbox.close()
        assert await server.stop() == 0, server.tail()

    told = {}
    for block in blocks(PAGE, "json"):
        body = json.loads(block)
        assert name(body) not in told, f"the page shows {name(body)} twice"
        told[name(body)] = shape(body)
    seen = {name(body): shape(body) for body in wire}
    # The end of a business's call differs from that of a user's by its direction and by whose id it has: the page shows one of them.
    seen.pop("webhook terminate BUSINESS_INITIATED")
    assert told.keys() == seen.keys()
    for body in wire:
        if name(body) in told:
            assert shape(body) == told[name(body)], f"{name(body)}: {json.dumps(body)}"
