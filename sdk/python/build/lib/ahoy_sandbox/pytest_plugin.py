"""The fixture `ahoy`: one server a test session, everything seeded anew for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .client import Ahoy
from .server import Server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ahoy-bin", default=None, help="the ahoy binary (default: AHOY_BIN, the PATH, target/release of a checkout)")


@pytest.fixture(scope="session")
def ahoy_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The process behind `ahoy`."""
    with Server(request.config.getoption("--ahoy-bin")) as server:
        yield server


@pytest.fixture
def ahoy(ahoy_server: Server) -> Ahoy:
    """A sandbox that knows nothing of the tests before."""
    assert ahoy_server.alive, f"the server has ended; its last words:\n{ahoy_server.log()}"
    sandbox = Ahoy(ahoy_server.url, ahoy_server.ready.get("account"))
    sandbox.reset()
    return sandbox
