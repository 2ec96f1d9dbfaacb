"""The two HTTP faces of the server: the public API as a business sees it, and the sandbox routes that move the simulated user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

APP_ID, APP_SECRET, TOKEN = "900100200300", "ahoy-dev-secret", "ahoy-dev-token"
WABA, PHONE, NUMBER = "720000000000001", "710000000000001", "442079460000"
PHONE_2 = "710000000000002"


@dataclass
class Refused(Exception):
    """The server's error answer."""

    status: int
    body: dict

    @property
    def code(self) -> Any:
        return self.body.get("error", {}).get("code")

    @property
    def details(self) -> str:
        error = self.body.get("error", {})
        return error.get("error_data", {}).get("details", "") or error.get("message", "")

    def __str__(self) -> str:
        return f"{self.status} {self.body}"


class Http:
    def __init__(self, base: str):
        self.base = base
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def close(self) -> None:
        await self.session.close()

    async def request(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        async with self.session.request(method, self.base + path, json=body, **more) as answer:
            kind = answer.headers.get("content-type", "")
            assert kind.startswith("application/json"), f"{method} {path} answered {answer.status} as {kind!r}, not JSON"
            content = await answer.json()
            if answer.status >= 400:
                raise Refused(answer.status, content)
            return content


class Graph(Http):
    """The public API, with the seeded token."""

    def __init__(self, base: str, phone: str = PHONE, token: str = TOKEN, version: str = "/v25.0"):
        super().__init__(base)
        self.phone, self.version = phone, version
        self.headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return await self.request(method, f"{self.version}/{path}", body, headers=self.headers, **more)

    async def subscribe(self, callback: str, verify_token: str) -> None:
        """Makes `callback` the app's: the server sends its verification GET before it answers."""
        fields = {"object": "whatsapp_business_account", "callback_url": callback, "verify_token": verify_token, "fields": "calls,messages"}
        answer = await self.request("POST", f"{self.version}/{APP_ID}/subscriptions", fields, headers={"Authorization": f"Bearer {APP_ID}|{APP_SECRET}"})
        assert answer == {"success": True}, answer

    async def action(self, action: str, call_id: str, sdp: str | None = None, **more: Any) -> dict:
        body = {"messaging_product": "whatsapp", "call_id": call_id, "action": action, **more}
        if sdp is not None:
            body["session"] = {"sdp_type": "answer", "sdp": sdp}
        answer = await self.call("POST", f"{self.phone}/calls", body)
        assert answer == {"messaging_product": "whatsapp", "success": True}, answer
        return answer

    async def connect(self, to: str, sdp: str, **more: Any) -> str:
        body = {"messaging_product": "whatsapp", "to": to, "action": "connect", "session": {"sdp_type": "offer", "sdp": sdp}, **more}
        answer = await self.call("POST", f"{self.phone}/calls", body)
        assert answer["messaging_product"] == "whatsapp" and answer["success"] is True, answer
        [call] = answer["calls"]
        assert call["id"].startswith("wacid."), answer
        return call["id"]

    async def permissions(self, user: str) -> dict:
        return await self.call("GET", f"{self.phone}/call_permissions", params={"user_wa_id": user})


class Sandbox(Http):
    """The sandbox routes of the contract, section 3."""

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return await self.request(method, "/sandbox/v1" + path, body, **more)

    async def user(self, wa_id: str, name: str = "Zoe", **behaviour: Any) -> str:
        await self.call("POST", "/users", {"wa_id": wa_id, "name": name, "behaviour": behaviour})
        return wa_id

    async def dial(self, wa_id: str, to: str = PHONE, **payload: Any) -> str:
        answer = await self.call("POST", f"/users/{wa_id}/calls", {"to": to, **payload})
        return answer["id"]

    async def calls(self, wa_id: str) -> list[dict]:
        return (await self.call("GET", f"/users/{wa_id}/calls"))["data"]

    async def call_of(self, wa_id: str, call_id: str) -> dict:
        return await self.call("GET", f"/users/{wa_id}/calls/{call_id}")

    async def heard(self, wa_id: str, call_id: str) -> dict:
        return (await self.call_of(wa_id, call_id))["heard"]

    async def heard_wav(self, wa_id: str, call_id: str) -> bytes:
        async with self.session.get(f"{self.base}/sandbox/v1/users/{wa_id}/calls/{call_id}/heard.wav") as answer:
            assert answer.status == 200, f"heard.wav answered {answer.status}: {(await answer.read())[:300]!r}"
            return await answer.read()

    async def act(self, wa_id: str, call_id: str, act: str, **body: Any) -> dict:
        """`answer`, `reject`, `hang_up` or `dtmf`."""
        return await self.call("POST", f"/users/{wa_id}/calls/{call_id}/{act}", body)

    async def grant(self, wa_id: str, response: str = "accept", phone: str = PHONE) -> dict:
        return await self.call("POST", f"/users/{wa_id}/permission", {"phone_number_id": phone, "response": response})

    async def clock(self) -> int:
        return (await self.call("GET", "/clock"))["now"]

    async def advance(self, seconds: int) -> dict:
        return await self.call("POST", "/clock/advance", {"seconds": seconds})

    async def deliveries(self) -> list[dict]:
        """The whole delivery log, oldest first."""
        log: list[dict] = []
        while page := (await self.call("GET", "/deliveries", params={"after": log[-1]["id"]} if log else {}))["data"]:
            log += page
        return log
