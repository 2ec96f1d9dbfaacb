"""Waiting for state that can only be asked for. Who gives up says what was still missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


class GaveUp(AssertionError):
    """Something that had to happen did not, in the time it was given."""


def until(look: Callable[[], Seen], missing: Callable[[Seen], str | None], within: float, why: Callable[[], str] = lambda: "") -> Seen:
    """Looks again and again until `missing` finds nothing missing in what `look` saw; `within` is in real seconds.

    `why` is asked at the end for what may explain it.
    """
    deadline = time.monotonic() + within
    pause = 0.01
    while True:
        seen = look()
        try:
            lacks = missing(seen)
        except GaveUp as never:
            told = why()
            raise GaveUp(f"{never}; {told}" if told else str(never)) from None
        if lacks is None:
            return seen
        if time.monotonic() > deadline:
            told = why()
            raise GaveUp(f"after {within:g} s: {lacks}; {told + '; ' if told else ''}last seen: {seen!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
