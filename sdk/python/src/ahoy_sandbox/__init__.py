"""Ahoy's sandbox for tests: a platform of your own on free ports, simulated customers, a clock that jumps."""

from .client import Ahoy, Call, Failure, Gap, Heard, Network, User
from .faults import ApiFault, MediaFault, ProcessFault, WebhookFault
from .server import NotReady, Server, find_binary
from .waiting import GaveUp

__all__ = [
    "Ahoy",
    "ApiFault",
    "Call",
    "Failure",
    "Gap",
    "GaveUp",
    "Heard",
    "MediaFault",
    "Network",
    "NotReady",
    "ProcessFault",
    "Server",
    "User",
    "WebhookFault",
    "find_binary",
]
