"""Times from accept to the first audible sample; run by benches/first-sample."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

from .api import Graph, Sandbox
from .business import Business, only_loopback
from .receiver import VERIFY_TOKEN, Receiver
from .server import Server
from .waiting import eventually


async def one(graph: Graph, sandbox: Sandbox, receiver: Receiver, user: str, pre_accept: bool) -> tuple[float, float]:
    """Milliseconds from sending accept to the first packet at the business, and from accept to the first audio at the user."""
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    business = Business()
    sdp = await business.answer(connect["session"]["sdp"])
    if pre_accept:
        await graph.action("pre_accept", call_id, sdp)
        await business.until_connected()
        await eventually(lambda: business.out.sent, lambda sent: None if sent >= 10 else "the business's first packets")
    accepted = time.monotonic()
    await graph.action("accept", call_id, sdp)
    await business.hears(0.5)
    first = 1000 * (business.tap.packets[0][0] - accepted)
    heard = await eventually(
        lambda: sandbox.heard(user, call_id), lambda heard: None if heard and heard["first_audio_ms_after_accept"] is not None else "the first audio at the user"
    )
    await graph.action("terminate", call_id)
    await receiver.expect("terminate", call_id)
    await business.close()
    return first, heard["first_audio_ms_after_accept"]


async def main(calls: int) -> None:
    only_loopback()
    server = await Server().start()
    receiver = await Receiver().start()
    graph, sandbox = Graph(server.base), Sandbox(server.base)
    await graph.subscribe(receiver.url, VERIFY_TOKEN)
    user = await sandbox.user("447700900777")
    print("| accept to first audible sample | at the business, ms p50 (worst) | at the user, ms p50 (worst) |\n|---|---|---|")
    for pre_accept in (True, False):
        times = [await one(graph, sandbox, receiver, user, pre_accept) for _ in range(calls)]
        cell = lambda side: f"{statistics.median(t[side] for t in times):.0f} ({max(t[side] for t in times):.0f})"
        print(f"| {'after pre_accept' if pre_accept else 'without pre_accept'}, {calls} calls | {cell(0)} | {cell(1)} |")
    await graph.close()
    await sandbox.close()
    await server.stop()
    await receiver.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--calls", type=int, default=20)
    asyncio.run(main(options.parse_args().calls))
