"""kill -9 in the middle of many calls, a restart on the same data: the promises of the contract, section 4, judged by what the
business's receiver got over the wire.

* every call that ever rang has exactly one terminate,
* every webhook arrives, in the order of its call,
* no body differs between attempts.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from ahoy_interop import signalling
from ahoy_interop.api import Graph, Refused, Sandbox
from ahoy_interop.receiver import VERIFY_TOKEN, Attempt, Receiver
from ahoy_interop.server import Server

pytestmark = pytest.mark.crash

CALLS = 120
ORDER = {"connect": 0, "RINGING": 0, "ACCEPTED": 1, "REJECTED": 1, "terminate": 2}
"""Connect and RINGING may come in either order (webhooks.md §2.8); the rest of a call's life is in this one."""


@dataclass
class Load:
    """A business and its users, busy until the server dies under them."""

    server: Server
    receiver: Receiver
    seed: int
    kill_at: int
    "The step at which the process is killed, on the spot: no lane makes another step first."
    acknowledged: dict[str, str] = field(default_factory=dict)
    "Every call whose id was answered: call id → direction."
    accepted: set[str] = field(default_factory=set)
    "Calls whose accept was answered with success."
    steps: int = 0
    killed: asyncio.Event = field(default_factory=asyncio.Event)

    async def step(self) -> None:
        self.steps += 1
        if self.steps == self.kill_at:
            self.server.process.kill()
            self.killed.set()

    async def run(self, first_user: int) -> None:
        graph, sandbox = Graph(self.server.base), Sandbox(self.server.base)
        rng = random.Random(self.seed)
        self.receiver.answer = lambda attempt: self._answer(attempt, graph, random.Random(f"{self.seed}/{attempt.call_id}/{attempt.kind}"))
        try:
            lanes = [self._lane(graph, sandbox, str(first_user + n), random.Random(rng.random())) for n in range(CALLS)]
            await asyncio.gather(*lanes)
        finally:
            await graph.close()
            await sandbox.close()

    async def _lane(self, graph: Graph, sandbox: Sandbox, user: str, rng: random.Random) -> None:
        """One user: calls, or is called, again and again, until the server is gone."""
        try:
            await sandbox.user(user, on_ring=rng.choice(["answer", "reject", "ignore"]))
            await sandbox.grant(user, "accept_permanent")
            for _ in range(6):
                if rng.random() < 0.5:
                    call_id = await sandbox.dial(user)
                    self.acknowledged[call_id] = "USER_INITIATED"
                else:
                    call_id = await graph.connect(user, signalling.offer(rng))
                    self.acknowledged[call_id] = "BUSINESS_INITIATED"
                await self.step()
                if rng.random() < 0.6:
                    return  # this call stays up until the server dies
                await self._end_some_way(graph, sandbox, user, call_id, rng)
        except (aiohttp.ClientError, ConnectionError, asyncio.TimeoutError):
            return  # the server is dead: what this load is for

    async def _end_some_way(self, graph: Graph, sandbox: Sandbox, user: str, call_id: str, rng: random.Random) -> None:
        try:
            if rng.random() < 0.5:
                await graph.action("terminate", call_id)
            else:
                await sandbox.act(user, call_id, "hang_up")
            await self.step()
        except Refused as refusal:
            # It has ended already (rejected, or the other side was first): the documented refusal, and the lane goes on.
            assert refusal.status < 500, refusal

    async def _answer(self, attempt: Attempt, graph: Graph, rng: random.Random) -> int | None:
        """The business's side, inside the open delivery; some receivers are slow or out of order themselves."""
        if attempt.kind == "connect" and attempt.item["direction"] == "USER_INITIATED" and rng.random() < 0.7:
            sdp = signalling.answer(rng)
            try:
                if rng.random() < 0.5:
                    await graph.action("pre_accept", attempt.call_id, sdp)
                    await self.step()
                await graph.action("accept", attempt.call_id, sdp)
                self.accepted.add(attempt.call_id)
                await self.step()
            except (Refused, aiohttp.ClientError, ConnectionError, RuntimeError):
                pass  # ended meanwhile, or the server is dead
        if rng.random() < 0.1:
            return 503
        return 500 if rng.random() < 0.05 else None


async def no_more_answers(attempt: Attempt) -> None:
    return None


def of_calls(receiver: Receiver) -> list[Attempt]:
    """Attempts about calls: permissions and messages are told too, and end with nothing."""
    return [attempt for attempt in receiver.attempts if attempt.call_id.startswith("wacid.")]


def judge(receiver: Receiver, acknowledged: dict[str, str], accepted: set[str]) -> None:
    bodies: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in of_calls(receiver):
        bodies[attempt.call_id].append(attempt)
    rang = set(bodies) | set(acknowledged)
    faults = []
    for call_id in rang:
        versions: dict[str, set[bytes]] = defaultdict(set)
        for attempt in bodies[call_id]:
            versions[attempt.kind].add(attempt.body)
        for kind, different in versions.items():
            if len(different) != 1:
                faults.append(f"{call_id}: {len(different)} different bodies for {kind}")
        for kind in ("connect", "terminate"):
            if kind not in versions:
                faults.append(f"{call_id} ({acknowledged.get(call_id)}): no {kind}, only {list(versions)}")
        firsts = list(dict.fromkeys(attempt.kind for attempt in bodies[call_id]))
        if [ORDER[kind] for kind in firsts] != sorted(ORDER[kind] for kind in firsts):
            # Only an attempt answered with an error that does not hold the call back may be overtaken (contract.md §4).
            if not any(attempt.status == 500 for attempt in bodies[call_id]):
                faults.append(f"{call_id}: order {firsts}")
        end = next((attempt.item for attempt in bodies[call_id] if attempt.kind == "terminate"), None)
        if end and call_id in accepted and not {"start_time", "end_time", "duration"} <= end.keys():
            faults.append(f"{call_id} was accepted but its terminate has no times: {end}")
    assert not faults, "\n".join(faults[:20] + [f"… {len(faults)} faults in {len(rang)} calls"])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("steps", [3, 60, 150, 260])
async def test_after_this_many_steps_under_load(steps, tmp_path: Path):
    receiver = await Receiver().start()
    server = await Server(data=tmp_path).start()
    graph = Graph(server.base)
    await graph.subscribe(receiver.url, VERIFY_TOKEN)
    await graph.close()
    load = Load(server, receiver, seed=steps, kill_at=steps)
    await asyncio.wait_for(load.run(first_user=447700910000), 60)
    assert load.killed.is_set(), f"the load ended after {load.steps} steps, before the kill at {steps}"
    await server.kill()
    seen_before = len(receiver.attempts)

    receiver.answer = no_more_answers
    again = await Server(data=tmp_path).start()
    try:
        wanted = set(load.acknowledged) | {attempt.call_id for attempt in of_calls(receiver)}

        def ended() -> bool:
            return wanted <= {attempt.call_id for attempt in receiver.attempts if attempt.kind == "terminate"}

        def missing() -> str:
            left = wanted - {attempt.call_id for attempt in receiver.attempts if attempt.kind == "terminate"}
            return f"terminate of {len(left)} of {len(wanted)} calls: {sorted(left)[:5]}"

        await receiver.until(ended, missing, within=30)
        sandbox = Sandbox(again.base)
        # Retries of what the receiver answered with an error wait for virtual time: let it pass, so that all that is owed arrives.
        await sandbox.advance(3600)
        deliveries = await sandbox.deliveries()
        await sandbox.close()
        assert deliveries, "the delivery log is empty"
        received = {attempt.body for attempt in receiver.attempts}
        logged = {delivery["body"].encode() if isinstance(delivery["body"], str) else None for delivery in deliveries}
        assert logged <= received, f"{len(logged - received)} webhooks of the log never arrived"
        judge(receiver, load.acknowledged, load.accepted)
        unfinished = [attempt.item for attempt in receiver.attempts[seen_before:] if attempt.kind == "terminate" and attempt.item["status"] == "FAILED"]
        rung = sum("start_time" not in end for end in unfinished)
        assert rung and (steps < 150 or len(unfinished) > rung), f"the kill met {rung} ringing and {len(unfinished) - rung} connected calls: too few to prove anything"
        print(f"{len(wanted)} calls, killed after {load.steps} steps with {rung} ringing and {len(unfinished) - rung} connected; {seen_before} attempts before, {len(receiver.attempts) - seen_before} after")
        for end in unfinished:
            [error] = end["errors"]
            assert error["code"] == (138020 if "start_time" in end else 138019), end
        # The same again: a second start finds nothing left to end and sends nothing twice.
        count = len(receiver.attempts)
        assert await again.stop() == 0
        third = await Server(data=tmp_path).start()
        sandbox = Sandbox(third.base)
        await sandbox.advance(3600)
        await sandbox.close()
        assert await third.stop() == 0
        assert len(receiver.attempts) == count, f"a start after a clean end sent {len(receiver.attempts) - count} webhooks again"
    finally:
        if again.alive:
            await again.kill()
        await receiver.stop()
    receiver.assert_sound()


@pytest.mark.timeout(120)
async def test_sigterm_ends_live_calls_with_their_webhooks(tmp_path: Path):
    receiver = await Receiver().start()
    server = await Server(data=tmp_path).start()
    graph, sandbox = Graph(server.base), Sandbox(server.base)
    rng = random.Random(3)
    await graph.subscribe(receiver.url, VERIFY_TOKEN)
    calls = []
    for n in range(20):
        user = await sandbox.user(str(447700920000 + n))
        calls.append(await sandbox.dial(user))
        if n % 2:
            await graph.action("accept", calls[-1], signalling.answer(rng))
    await graph.close()
    await sandbox.close()
    assert await server.stop() == 0
    await receiver.stop()
    assert {attempt.call_id for attempt in receiver.attempts if attempt.kind == "terminate"} == set(calls)
    judge(receiver, dict.fromkeys(calls, "USER_INITIATED"), set(calls[1::2]))
    receiver.assert_sound()
