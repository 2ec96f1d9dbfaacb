"""A business written with pywa: its client, its handlers and its errors. Only the host name is changed."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, TypeVar

import httpx
from aiohttp import web
from pywa.handlers import Handler
from pywa_async import WhatsApp, types, utils

from .api import APP_ID, APP_SECRET, PHONE, TOKEN, WABA
from .listening import listen
from .receiver import VERIFY_TOKEN
from .waiting import GaveUp

Update = TypeVar("Update")


class Elsewhere(httpx.AsyncHTTPTransport):
    """Takes every request to another host: pywa has its base URL built in and lets its user bring the HTTP client (clients.md §1)."""

    def __init__(self, base: str):
        super().__init__()
        self.base = httpx.URL(base)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme=self.base.scheme, host=self.base.host, port=self.base.port)
        request.headers["host"] = f"{self.base.host}:{self.base.port}"
        return await super().handle_async_request(request)


class PywaBusiness:
    """pywa behind a web server of its own, which keeps every update that pywa made out of a webhook."""

    def __init__(self, base: str):
        # An update pywa cannot read is logged by pywa and lost; the raw ones say how many there should have been.
        self.updates: list[Any] = []
        self.raw: list[dict] = []
        self.answers: list[int] = []
        self.on_connect: Callable[[types.CallConnect], Any] | None = None
        self._changed = asyncio.Condition()
        self.wa = WhatsApp(
            phone_id=PHONE,
            token=TOKEN,
            waba_id=WABA,
            app_id=APP_ID,
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            server=None,
            continue_handling=True,
            session=httpx.AsyncClient(transport=Elsewhere(base), timeout=30),
        )
        for listen in (
            self.wa.on_call_status,
            self.wa.on_call_terminate,
            self.wa.on_call_permission_update,
            self.wa.on_message,
            self.wa.on_message_status,
            self.wa.on_callback_button,
            self.wa.on_callback_selection,
            self.wa.on_template_status_update,
            self.wa.on_phone_number_change,
        ):
            listen(self._keep)
        self.wa.on_call_connect(self._connected)
        self.wa.on_raw_update(self._keep_raw)

    async def start(self) -> PywaBusiness:
        self._runner, url = await listen(self._verify, self._webhook)
        # What pywa does when it is given a callback URL: an app token, then a subscription to all it has handlers for.
        token = await self.wa.get_app_access_token(int(APP_ID), APP_SECRET)
        done = await self.wa.set_app_callback_url(int(APP_ID), token, url, VERIFY_TOKEN, Handler._handled_fields().keys())
        assert done.success
        return self

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self.wa.api._session.aclose()

    async def _verify(self, request: web.Request) -> web.Response:
        text, status = await self.wa.webhook_challenge_handler(vt=request.query.get(utils.HUB_VT), ch=request.query.get(utils.HUB_CH))
        return web.Response(text=text, status=status)

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        refused = await self.wa.webhook_update_validator(body, request.headers.get(utils.HUB_SIG))
        text, status = refused or await self.wa.webhook_update_handler(body)
        self.answers.append(status)
        return web.Response(text=text, status=status)

    async def _connected(self, wa: WhatsApp, call: types.CallConnect) -> None:
        if self.on_connect:
            await self.on_connect(call)
        await self._keep(wa, call)

    async def _keep(self, wa: WhatsApp, update: Any) -> None:
        async with self._changed:
            self.updates.append(update)
            self._changed.notify_all()

    async def _keep_raw(self, wa: WhatsApp, raw: Any) -> None:
        self.raw.append(raw)

    async def expect(self, kind: type[Update], which: Callable[[Update], bool] = lambda _: True, within: float = 15.0) -> Update:
        """The first update of this type that is wanted, whenever it came."""
        deadline = time.monotonic() + within
        async with self._changed:
            while True:
                for update in self.updates:
                    if isinstance(update, kind) and which(update):
                        return update
                try:
                    await asyncio.wait_for(self._changed.wait(), deadline - time.monotonic())
                except (TimeoutError, asyncio.TimeoutError):
                    seen = [type(update).__name__ for update in self.updates]
                    raise GaveUp(f"after {within:g} s pywa has told of no such {kind.__name__}; it told of {seen}, answered {self.answers}") from None

    def assert_understood(self) -> None:
        """pywa answered 200 to all, and made an update of each."""
        assert set(self.answers) <= {200}, self.answers
        assert len(self.updates) == len(self.raw), f"pywa understood {len(self.updates)} of {len(self.raw)} webhooks: {[dict(raw) for raw in self.raw]}"
