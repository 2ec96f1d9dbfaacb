"""Waiting for state that can only be asked for. Who gives up says what was still missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

Seen = TypeVar("Seen")


class GaveUp(AssertionError):
    """Something that had to happen did not, in the time it was given. `seen` is what there was at the last look."""

    def __init__(self, message: str, seen: Any = None):
        super().__init__(message)
        self.seen = seen


def until(look: Callable[[], Seen], missing: Callable[[Seen], str | None], within: float, why: Callable[[Seen], str] = lambda _: "") -> Seen:
    """Looks again and again until `missing` finds nothing missing in what `look` saw; `within` is in real seconds.

    `why` is asked at the end for what may explain it, as it follows in the message.
    """
    deadline = time.monotonic() + within
    pause = 0.01
    while True:
        seen = look()
        try:
            lacks = missing(seen)
        except GaveUp as never:
            raise GaveUp(f"{never}{why(seen)}", seen) from None
        if lacks is None:
            return seen
        if time.monotonic() > deadline:
            raise GaveUp(f"after {within:g} s: {lacks}{why(seen)}", seen)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
