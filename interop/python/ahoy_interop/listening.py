"""A web server of a business: one callback for verification and webhooks, on loopback."""

from __future__ import annotations

from typing import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def listen(verify: Handler, receive: Handler, path: str = "/", port: int = 0) -> tuple[web.AppRunner, str]:
    """Starts it; answers what stops it (`cleanup`) and its URL."""
    app = web.Application()
    app.router.add_get(path, verify)
    app.router.add_post(path, receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return runner, f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}{path}"
