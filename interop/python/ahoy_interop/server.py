"""A real server in a process of its own, on free loopback ports."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import tempfile
from pathlib import Path

import aiohttp

from .waiting import GaveUp

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN = 30.0
"""Seconds. The contract says under one; a machine that compiles beside it is given more, and the start time is a benchmark's."""


def binary() -> Path:
    path = Path(os.environ.get("AHOY_BIN") or ROOT / "target" / "release" / "ahoy")
    assert path.exists(), f"{path} is missing: cargo build --release -p ahoy"
    return path


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed test run leaves no server behind


class Server:
    """`ahoy dev` on a data folder. `start` returns when it is ready; `kill` is SIGKILL, `stop` the polite end."""

    def __init__(self, data: Path | None = None, listen: str = "127.0.0.1:0", extra: tuple[str, ...] = ()):
        self.data = data or Path(tempfile.mkdtemp(prefix="ahoy-interop-"))
        self.listen = listen
        self.extra = extra
        self.process: asyncio.subprocess.Process | None = None
        self.base = ""
        self.banner: dict = {}
        self.health: dict = {}
        self._drain: asyncio.Task | None = None
        self.log = self.data / "server.log"

    async def start(self) -> Server:
        command = [str(binary()), "dev", "--listen", self.listen, "--data", str(self.data / "state"), "--json", *self.extra]
        (self.data / "state").mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=log, stdin=asyncio.subprocess.DEVNULL, preexec_fn=_die_with_parent, limit=1 << 20
            )
        try:
            self.banner = await asyncio.wait_for(self._read_banner(), READY_WITHIN)
        except (TimeoutError, asyncio.TimeoutError):
            await self.kill()
            raise GaveUp(f"`{' '.join(command)}` printed no banner in {READY_WITHIN:g} s; its log:\n{self.tail()}") from None
        self.base = self.banner["url"].rstrip("/")
        self._drain = asyncio.create_task(self._read_rest())
        async with aiohttp.ClientSession() as http, http.get(f"{self.base}/healthz") as answer:
            assert answer.status == 200, f"ready by its banner but /healthz answers {answer.status}"
            self.health = await answer.json()
        return self

    async def _read_banner(self) -> dict:
        """The first line of standard output that is a JSON object with the address in it: printed once, when ready."""
        assert self.process and self.process.stdout
        while line := await self.process.stdout.readline():
            try:
                banner = json.loads(line)
            except ValueError:
                continue
            if isinstance(banner, dict) and "url" in banner:
                return banner
        raise GaveUp(f"the server ended with {await self.process.wait()} before it was ready; its log:\n{self.tail()}")

    async def _read_rest(self) -> None:
        assert self.process and self.process.stdout
        with open(self.log, "ab") as log:
            while line := await self.process.stdout.readline():
                log.write(line)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:]) if self.log.exists() else ""

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def media_ports(self) -> list[tuple[str, int]]:
        """The UDP addresses of the media workers, as `/healthz` names them."""
        found = []
        for entry in self.health.get("media", []):
            for address in [entry] if isinstance(entry, str) else [entry[key] for key in ("v4", "v6") if entry.get(key)]:
                host, _, port = address.rpartition(":")
                found.append((host.strip("[]"), int(port)))
        assert found, f"/healthz names no media address: {self.health}"
        return found

    async def kill(self) -> None:
        if self.alive:
            self.process.kill()
        await self._ended(5)

    async def stop(self, within: float = 10.0) -> int:
        """SIGTERM; answers the exit status."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        return await self._ended(within)

    async def _ended(self, within: float) -> int:
        if self.process is None:
            return 0
        try:
            status = await asyncio.wait_for(self.process.wait(), within)
        except (TimeoutError, asyncio.TimeoutError):
            self.process.kill()
            await self.process.wait()
            raise GaveUp(f"the server did not end in {within:g} s; its log:\n{self.tail()}") from None
        if self._drain:
            await self._drain
            self._drain = None
        return status
