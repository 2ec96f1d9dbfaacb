"""A valid JSON body, spoilt one field at a time."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HUGE_TEXT = "x" * 70_000
HUGE_NUMBER = 10**30
HUGE_LIST = 3_000


@dataclass(frozen=True)
class Spoilt:
    """One body with one field wrong."""

    field: str
    """The path of the field, `session.sdp`; list entries count from 0."""
    how: str
    """`missing`, `wrong type`, `null`, `huge`, `duplicated`."""
    text: str
    """The body as it is sent."""

    @property
    def name(self) -> str:
        """The last name of the path: the field's own, or that of the list it is in."""
        return [part for part in self.field.split(".") if not part.isdigit()][-1]

    @property
    def names(self) -> set[str]:
        """Words of which one must be in a refusal: the field's own name or that of what it is in."""
        return {part for part in self.field.split(".") if not part.isdigit()}


def _walk(value: Any, path: tuple = ()) -> Iterator[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _walk(inner, (*path, key))


def _holder(body: Any, path: tuple) -> Any:
    for key in path[:-1]:
        body = body[key]
    return body


def _with(body: Any, path: tuple, value: Any) -> str:
    changed = copy.deepcopy(body)
    _holder(changed, path)[path[-1]] = value
    return json.dumps(changed)


def _huge(value: Any) -> Any:
    if isinstance(value, str):
        return HUGE_TEXT
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return [value[0]] * HUGE_LIST if isinstance(value, list) and value else {f"k{n}": n for n in range(HUGE_LIST)}
    return HUGE_NUMBER


def _duplicated(body: Any, path: tuple) -> str:
    """The key twice in one object, the second time with a value of another type."""
    mark = "twice-1f0c"
    changed = copy.deepcopy(body)
    holder = _holder(changed, path)
    holder[path[-1]] = mark
    key = json.dumps(path[-1])
    once = f"{key}: {json.dumps(_holder(body, path)[path[-1]])}"
    return json.dumps(changed).replace(f'{key}: "{mark}"', f"{once}, {key}: [[]]")


def spoilt(body: dict) -> Iterator[Spoilt]:
    for path in _walk(body):
        field = ".".join(str(part) for part in path)
        value = _holder(body, path)[path[-1]]
        wrong = "text" if isinstance(value, (dict, list)) else {"object": ["instead"]}
        yield Spoilt(field, "wrong type", _with(body, path, wrong))
        yield Spoilt(field, "null", _with(body, path, None))
        yield Spoilt(field, "huge", _with(body, path, _huge(value)))
        if isinstance(path[-1], str):
            without = copy.deepcopy(body)
            del _holder(without, path)[path[-1]]
            yield Spoilt(field, "missing", json.dumps(without))
            yield Spoilt(field, "duplicated", _duplicated(body, path))
