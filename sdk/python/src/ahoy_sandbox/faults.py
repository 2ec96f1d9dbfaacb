"""What can be asked to go wrong. Every rule may have `probability` (1 if left out) and `times`; a switch may be a probability."""

from __future__ import annotations

from typing import Literal, TypedDict


class _Rule(TypedDict, total=False):
    probability: float
    times: int
    number: str


class WebhookFault(_Rule, total=False):
    """A rule about attempts to deliver webhooks: what happens to them, and to which."""

    drop: bool | float
    timeout: bool | float
    duplicate: bool | float
    reorder: bool | float
    chunked: bool | float
    delay_ms: int
    event: str
    call: str
    receiver: str
    attempt: int


class ApiFault(_Rule, total=False):
    """A rule about requests to the business API."""

    error_code: int
    latency_ms: int
    cut: Literal["before", "after", "half"] | bool
    method: str
    path: str
    action: str
    call: str


class MediaFault(_Rule, total=False):
    """A rule about the media of new calls, between the platform and the business."""

    loss: float
    loss_to_business: float
    loss_to_user: float
    no_ice: bool | float
    no_dtls: bool | float
    dtls_late_ms: int
    one_way: Literal["to_business", "to_user"]
    event_lost: int
    event_repeated: int
    press: int
    dtls_alert: Literal["close_notify", "fatal"]
    after_ms: int
    codec_refused: bool | float
    call: str
    user: str
    direction: Literal["business_initiated", "user_initiated"]


class ProcessFault(_Rule, total=False):
    """A rule about new calls."""

    refuse_calls: bool | float
    over_capacity: bool | float
    user: str
    direction: Literal["business_initiated", "user_initiated"]
