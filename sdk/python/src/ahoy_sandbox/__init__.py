"""Ahoy's sandbox for tests: a platform of your own on free ports, simulated customers, a clock that jumps."""

from .client import Ahoy, Call, Failure, Gap, Heard, Network, User
from .server import NotReady, Server, find_binary
from .waiting import GaveUp

__all__ = ["Ahoy", "Call", "Failure", "Gap", "GaveUp", "Heard", "Network", "NotReady", "Server", "User", "find_binary"]
