"""Programs and bodies out of a page of the documentation, as a reader copies them; and what went over the wire, to hold against them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterable


def blocks(page: Path, language: str) -> list[str]:
    """The fenced code blocks of a language, in order."""
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def shape(body: Any, at: str = "") -> dict[str, str]:
    """Every path of a JSON body with the type of what is there."""
    found = {at: type(body).__name__}
    inner: Iterable[tuple[str, Any]] = body.items() if isinstance(body, dict) else ((str(n), one) for n, one in enumerate(body)) if isinstance(body, list) else ()
    for key, value in inner:
        found |= shape(value, f"{at}/{key}")
    return found


def name(body: dict) -> str:
    """What a body of the calling API is: a request by its action, a webhook by its event, with the direction where it has one."""
    if "action" in body:
        return body["action"]
    if "entry" not in body:
        return "answer to connect" if "calls" in body else "answer"
    value = body["entry"][0]["changes"][0]["value"]
    item = (value.get("calls") or value["statuses"])[0]
    return " ".join(["webhook", item.get("event") or "status", item.get("direction", "")]).strip()


def of_call(timeline: list[dict]) -> list[dict]:
    """Every body of the business API and its webhooks in a time line of the sandbox, which keeps the bytes that were sent."""
    found = []
    for entry in timeline:
        what = entry["what"]
        if entry["kind"] == "api" and what["path"].endswith("/calls"):
            found += [json.loads(what["request"]["body"]), json.loads(what["answer"]["body"])]
        elif entry["kind"] == "webhook" and what["phase"] == "ended":
            found.append(json.loads(what["request"]["body"]))
    return found
