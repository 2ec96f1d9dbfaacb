"""Waiting that explains itself: who gives up says what was still missing."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import Any, Awaitable, Callable


class GaveUp(AssertionError):
    """Something that had to happen did not, in the time it was given."""


async def eventually(look: Callable[[], Any | Awaitable[Any]], missing: Callable[[Any], str | None], within: float = 10.0) -> Any:
    """Looks again and again until `missing` finds nothing missing in what `look` saw; answers what it saw.

    For state that can only be asked for (a GET); whatever arrives by itself is awaited where it arrives.
    """
    deadline = time.monotonic() + within
    pause = 0.01
    while True:
        seen = look()
        if inspect.isawaitable(seen):
            seen = await seen
        lacks = missing(seen)
        if lacks is None:
            return seen
        if time.monotonic() > deadline:
            raise GaveUp(f"after {within:g} s: {lacks}; last seen: {seen!r}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
