"""A business's webhook receiver: verifies the signature over the raw bytes, keeps every attempt, and lets tests await events."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable

from aiohttp import web

from .api import APP_SECRET
from .listening import listen
from .waiting import GaveUp

VERIFY_TOKEN = "interop-verify"


@dataclass
class Attempt:
    """One POST as it came in."""

    at: float
    body: bytes
    headers: dict[str, str]
    signed: bool
    status: int = 0
    "What we answered."

    @property
    def value(self) -> dict:
        return json.loads(self.body)["entry"][0]["changes"][0]["value"]

    @property
    def item(self) -> dict:
        value = self.value
        return (value.get("calls") or value.get("statuses") or value.get("messages") or [{}])[0]

    @property
    def call_id(self) -> str:
        return self.item.get("id", "")

    @property
    def kind(self) -> str:
        """`connect`, `terminate`, `RINGING`, `ACCEPTED`, `REJECTED` …"""
        item = self.item
        return item.get("event") or item.get("status") or item.get("type", "")


@dataclass
class Receiver:
    """`answer` decides the status of each attempt and may do work (call the API) while the delivery is open."""

    answer: Callable[[Attempt], Awaitable[int | None]] | None = None
    secret: str = APP_SECRET
    attempts: list[Attempt] = field(default_factory=list)
    challenges: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> Receiver:
        self._runner, self.url = await listen(self._verify, self._receive, "/webhook", port)
        return self

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _verify(self, request: web.Request) -> web.Response:
        query = request.query
        challenge = query.get("hub.challenge", "")
        if query.get("hub.mode") != "subscribe" or query.get("hub.verify_token") != VERIFY_TOKEN:
            return web.Response(status=403)
        if not challenge.isdecimal():
            self.problems.append(f"hub.challenge {challenge!r} is not decimal")
        self.challenges.append(challenge)
        return web.Response(text=challenge)

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        signature = request.headers.get("X-Hub-Signature-256", "")
        expected = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        attempt = Attempt(time.monotonic(), body, dict(request.headers), hmac.compare_digest(signature, expected))
        if not attempt.signed:
            self.problems.append(f"signature {signature!r} does not match the body")
        self._inspect(attempt, request)
        self.attempts.append(attempt)
        async with self._news:
            self._news.notify_all()
        status = await self.answer(attempt) if self.answer else None
        attempt.status = status or 200
        return web.Response(status=attempt.status)

    def _inspect(self, attempt: Attempt, request: web.Request) -> None:
        """What every calling webhook must satisfy for the clients in use (clients.md §0)."""
        note = self.problems.append
        if not request.content_type == "application/json":
            note(f"content type {request.content_type}")
        if not attempt.body.isascii():
            note("the body is not pure ASCII")
        try:
            envelope = json.loads(attempt.body)
            [entry] = envelope["entry"]
            [change] = entry["changes"]
            value = change["value"]
            assert envelope["object"] == "whatsapp_business_account" and isinstance(entry["id"], str) and change["field"]
            assert value["messaging_product"] == "whatsapp"
            assert value["metadata"]["display_phone_number"].isdigit() and value["metadata"]["phone_number_id"]
            [contact] = value["contacts"]
            assert contact["profile"]["name"] and contact["user_id"] and contact["wa_id"].isdigit()
            for item in value.get("calls", []) + value.get("statuses", []):
                assert item["id"].startswith("wacid.") and item["timestamp"].isdigit()
            for call in value.get("calls", []):
                assert call["from"].isdigit() and call["to"].isdigit() and call["direction"] in ("USER_INITIATED", "BUSINESS_INITIATED")
            for holder in [value, *value.get("calls", [])]:
                if "errors" in holder:
                    assert holder["errors"], "an empty list of errors"
                    for error in holder["errors"]:
                        assert {"code", "title", "message", "href", "error_data"} <= error.keys(), f"an error lacks keys: {error}"
        except (ValueError, KeyError, AssertionError, TypeError) as fault:
            note(f"{type(fault).__name__} {fault} in {attempt.body[:600]!r}")

    # ---- looking --------------------------------------------------------------------------------------------------------------

    def of(self, call_id: str) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.call_id == call_id]

    def events(self, call_id: str) -> list[str]:
        """Kinds of the call's webhooks in order of first arrival, each different body once."""
        seen: dict[bytes, str] = {}
        for attempt in self.of(call_id):
            seen.setdefault(attempt.body, attempt.kind)
        return list(seen.values())

    async def until(self, holds: Callable[[], Any], missing: Callable[[], str], within: float = 10.0) -> Any:
        """Waits, woken by each arrival, until `holds` is true; answers its value."""

        async def wait() -> Any:
            async with self._news:
                while not (value := holds()):
                    await self._news.wait()
                return value

        try:
            return await asyncio.wait_for(wait(), within)
        except (TimeoutError, asyncio.TimeoutError):
            raise GaveUp(f"after {within:g} s still missing: {missing()}; arrived: {self.summary()}") from None

    async def expect(self, kind: str, call_id: str | None = None, within: float = 10.0) -> dict:
        """The item (call or status) of the first webhook of this kind, of this call if one is named."""

        def found() -> Attempt | None:
            return next((a for a in self.attempts if a.kind == kind and call_id in (None, a.call_id)), None)

        attempt = await self.until(found, lambda: f"webhook {kind} of {call_id or 'any call'}", within)
        return attempt.item

    def summary(self) -> str:
        return ", ".join(f"{attempt.kind} of …{attempt.call_id[-8:]}" for attempt in self.attempts[-20:]) or "nothing"

    def assert_sound(self) -> None:
        assert not self.problems, "\n".join(self.problems)
