from __future__ import annotations

import asyncio
import itertools
import sys

import pytest
import pytest_asyncio
from loguru import logger

from ahoy_interop.api import Graph, Sandbox
from ahoy_interop.business import Business, only_loopback
from ahoy_interop.receiver import VERIFY_TOKEN, Receiver
from ahoy_interop.server import Server

only_loopback()
logger.remove()  # Pipecat's debug output; its warnings are shown with a failure
logger.add(sys.stderr, level="WARNING")
_users = itertools.count(447700900100)


@pytest_asyncio.fixture(scope="session")
async def running_server():
    """One `ahoy dev` for all tests that do not need one of their own; it must end politely."""
    server = await Server().start()
    yield server
    assert server.alive, f"the server died during the tests:\n{server.tail()}"
    assert await server.stop() == 0, server.tail()


@pytest.fixture
def server(running_server):
    assert running_server.alive, f"the server died:\n{running_server.tail()}"
    return running_server


@pytest.fixture
def fresh_user():
    """A number nobody else uses, from the range reserved for fiction."""
    return lambda: str(next(_users))


@pytest_asyncio.fixture
async def sandbox(server):
    client = Sandbox(server.base)
    yield client
    await client.close()


@pytest_asyncio.fixture
async def graph(server):
    client = Graph(server.base)
    yield client
    await client.close()


@pytest_asyncio.fixture
async def receiver(graph):
    """The app's callback for this test; at the end every webhook it got must have been sound."""
    hooks = await Receiver().start()
    await graph.subscribe(hooks.url, VERIFY_TOKEN)
    assert hooks.challenges, "no verification GET came before the subscription was answered"
    yield hooks
    await hooks.stop()
    hooks.assert_sound()


@pytest_asyncio.fixture
async def business():
    """Makes aiortc endpoints and closes them."""
    made: list[Business] = []

    def make(**options) -> Business:
        made.append(Business(**options))
        return made[-1]

    yield make
    await asyncio.gather(*(each.close() for each in made))
