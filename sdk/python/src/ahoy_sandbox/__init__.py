"""Ahoy's sandbox for tests: a platform of your own on free ports, simulated customers, a clock that jumps."""

from .client import Ahoy, Call, Clock, Failure, Gap, Heard, Imported, Network, Replayed, TimelineEntry, User
from .faults import ApiFault, MediaFault, ProcessFault, WebhookFault
from .server import NotReady, Server, find_binary
from .waiting import GaveUp

__all__ = [
    "Ahoy",
    "ApiFault",
    "Call",
    "Clock",
    "Failure",
    "Gap",
    "GaveUp",
    "Heard",
    "Imported",
    "MediaFault",
    "Network",
    "NotReady",
    "ProcessFault",
    "Replayed",
    "Server",
    "TimelineEntry",
    "User",
    "WebhookFault",
    "find_binary",
]
