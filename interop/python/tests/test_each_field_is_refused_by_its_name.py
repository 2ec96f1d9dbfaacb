"""Every field of every body, spoilt alone: a wrong type is refused with a sentence that names the field, and nothing that is
missing, null, huge or there twice makes the server fail or answer without its envelope."""

from __future__ import annotations

import json

import aiohttp
import pytest

from ahoy_interop.api import APP_ID, NUMBER, PHONE, TOKEN, WABA
from ahoy_interop.mutations import Spoilt, spoilt
from ahoy_interop.server import Server

USER = "447700900001"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

GRAPH = {
    "connect": (f"{PHONE}/calls", {"messaging_product": "whatsapp", "action": "connect", "to": USER, "session": {"sdp_type": "offer", "sdp": SDP}, "biz_opaque_callback_data": "x"}),
    "pre_accept": (f"{PHONE}/calls", {"messaging_product": "whatsapp", "action": "pre_accept", "call_id": "wacid.QQ", "session": {"sdp_type": "answer", "sdp": SDP}}),
    "accept": (f"{PHONE}/calls", {"messaging_product": "whatsapp", "action": "accept", "call_id": "wacid.QQ", "session": {"sdp_type": "answer", "sdp": SDP}, "biz_opaque_callback_data": "x"}),
    "reject": (f"{PHONE}/calls", {"messaging_product": "whatsapp", "action": "reject", "call_id": "wacid.QQ"}),
    "terminate": (f"{PHONE}/calls", {"messaging_product": "whatsapp", "action": "terminate", "call_id": "wacid.QQ"}),
    "settings": (
        f"{PHONE}/settings",
        {
            "calling": {
                "status": "ENABLED",
                "call_icon_visibility": "DEFAULT",
                "call_icons": {"restrict_to_user_countries": ["GB", "ES"]},
                "call_hours": {
                    "status": "ENABLED",
                    "timezone_id": "Europe/Madrid",
                    "weekly_operating_hours": [{"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1330"}],
                    "holiday_schedule": [{"date": "2199-01-06", "start_time": "0000", "end_time": "2359"}],
                },
                "callback_permission_status": "ENABLED",
                "srtp_key_exchange_protocol": "DTLS",
                "audio": {"additional_codecs": ["PCMA", "PCMU"]},
                "sip": {"status": "DISABLED", "servers": [{"hostname": "sip.acme.example", "port": 5061, "request_uri_user_params": {"tgrp": "wa"}}]},
            }
        },
    ),
    "text": (f"{PHONE}/messages", {"messaging_product": "whatsapp", "recipient_type": "individual", "to": USER, "type": "text", "text": {"body": "Hello", "preview_url": False}}),
    "call button": (
        f"{PHONE}/messages",
        {
            "messaging_product": "whatsapp",
            "to": USER,
            "type": "interactive",
            "interactive": {
                "type": "voice_call",
                "body": {"text": "Call us"},
                "action": {"name": "voice_call", "parameters": {"display_text": "Call us", "ttl_minutes": 120, "payload": "order-55"}},
            },
        },
    ),
    "permission request": (
        f"{PHONE}/messages",
        {
            "messaging_product": "whatsapp",
            "to": USER,
            "type": "interactive",
            "interactive": {"type": "call_permission_request", "action": {"name": "call_permission_request"}, "body": {"text": "May we?"}},
        },
    ),
    "reply buttons": (
        f"{PHONE}/messages",
        {
            "messaging_product": "whatsapp",
            "to": USER,
            "type": "interactive",
            "interactive": {"type": "button", "body": {"text": "Which?"}, "action": {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "A"}}]}},
        },
    ),
    "list": (
        f"{PHONE}/messages",
        {
            "messaging_product": "whatsapp",
            "to": USER,
            "type": "interactive",
            "interactive": {
                "type": "list",
                "body": {"text": "Which?"},
                "action": {"button": "Choose", "sections": [{"title": "All", "rows": [{"id": "a", "title": "A", "description": "first"}]}]},
            },
        },
    ),
    "template": (
        f"{WABA}/message_templates",
        {
            "name": "ask_to_call_#",
            "language": "en",
            "category": "UTILITY",
            "components": [{"type": "BODY", "text": "May we ring you about order {{1}} today?", "example": {"body_text": [["A-77"]]}}, {"type": "call_permission_request"}],
        },
    ),
    "override": (PHONE, {"webhook_configuration": {"override_callback_uri": "http://127.0.0.1:1/", "verify_token": "x"}}),
    "profile": (
        f"{PHONE}/whatsapp_business_profile",
        {"messaging_product": "whatsapp", "about": "Open", "address": "1 Quay", "description": "Boats", "email": "a@example.com", "websites": ["https://example.com"], "vertical": "OTHER"},
    ),
    "register": (f"{PHONE}/register", {"messaging_product": "whatsapp", "pin": "123456"}),
    "subscribe": (f"{APP_ID}/subscriptions", {"object": "whatsapp_business_account", "callback_url": "http://127.0.0.1:1/", "verify_token": "x", "fields": "calls"}),
}
SANDBOX = {
    "advance": ("/clock/advance", {"seconds": 0}),
    "user": (
        "/users",
        {
            "wa_id": USER,
            "name": "Ana",
            "country": "GB",
            "behaviour": {"on_ring": "manual", "answer_after_ms": 1, "hang_up_after_ms": 5, "on_permission_request": "ignore", "audio": {"tone_hz": 660}},
        },
    ),
    "call": (f"/users/{USER}/calls", {"to": PHONE, "cta_payload": "a", "deeplink_payload": "b"}),
    "permission": (f"/users/{USER}/permission", {"phone_number_id": PHONE, "response": "accept"}),
    "message": (f"/users/{USER}/messages", {"to": NUMBER, "type": "text", "text": {"body": "Hello"}}),
    "tap": (f"/users/{USER}/taps", {"message_id": "wamid.QQ"}),
    "block": (f"/users/{USER}/block", {"phone_number_id": PHONE}),
    "report": (f"/users/{USER}/report", {"phone_number_id": PHONE}),
}
UNUSED = {"preview_url", "description", "body_text"}
"""Fields without an effect here, whose type nobody minds; and a list whose only entry may stand for it. By the last name of the field's path."""


@pytest.fixture(scope="module")
async def own_server():
    server = await Server().start()
    yield server
    assert server.alive, f"the server died of a request:\n{server.tail()}"
    assert await server.stop() == 0, server.tail()


async def answer_to(http: aiohttp.ClientSession, url: str, body: str, token: bool) -> tuple[int, dict]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {TOKEN}"} if token else {})
    async with http.post(url, data=body, headers=headers) as answer:
        text = await answer.text()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            raise AssertionError(f"{url} answered {answer.status} with no JSON: {text[:200]!r}") from None


def sentence(answer: dict) -> str:
    error = answer.get("error", {})
    return f"{error.get('message', '')} {error.get('error_data', {}).get('details', '')}"


def complaint(case: Spoilt, status: int, answer: dict) -> str | None:
    """What is wrong with this answer, if anything."""
    said = f"{case.field} {case.how}: {status} {json.dumps(answer)[:300]}"
    if status >= 500:
        return f"the server failed: {said}"
    if status >= 400 and not sentence(answer).strip():
        return f"no sentence: {said}"
    if case.how == "wrong type" and case.name not in UNUSED:
        if status < 400:
            return f"a wrong type was taken: {said}"
        if not any(name in sentence(answer) for name in case.names):
            return f"the sentence does not name the field: {said}"
    return None


async def swept(server: Server, base: str, path: str, body: dict, token: bool) -> None:
    complaints = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        for turn, case in enumerate(spoilt(body)):
            text = case.text.replace("_#", f"_{turn}")  # each template has a name of its own
            status, answer = await answer_to(http, f"{server.base}{base}{path}", text, token)
            if found := complaint(case, status, answer):
                complaints.append(found)
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("name", GRAPH)
async def test_of_the_business_api(own_server, name):
    path, body = GRAPH[name]
    await swept(own_server, "/v25.0/", path, body, token=True)


@pytest.mark.parametrize("name", SANDBOX)
async def test_of_the_sandbox(own_server, name):
    path, body = SANDBOX[name]
    await swept(own_server, "/sandbox/v1", path, body, token=False)


def test_a_lax_server_would_be_found():
    case = next(case for case in spoilt({"a": {"b": "c"}}) if case.how == "wrong type" and case.field == "a.b")
    assert complaint(case, 200, {}) and complaint(case, 500, {}) and complaint(case, 400, {"error": {"message": "no"}})
    assert complaint(case, 400, {"error": {"message": "b: a text is expected"}}) is None
