"""The process: found, started on free ports, ready, stopped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import Any

READY_WITHIN = 30.0
"""Seconds. It takes a fraction of one; a machine that compiles beside it is given more."""
STOP_WITHIN = 15.0
"""Seconds. Live calls end with their webhooks, which takes at most five."""
KEPT_LINES = 200


class NotReady(RuntimeError):
    """The binary is missing, or it did not come up; the message says which and shows its last words."""


def find_binary(name: str | os.PathLike[str] | None = None) -> Path:
    """The `ahoy` binary: the one named, else `AHOY_BIN`, else the one on the PATH, else `target/release/ahoy` of a checkout
    around the working directory."""
    named = name or os.environ.get("AHOY_BIN")
    if named:
        if Path(named).is_file():
            return Path(named).resolve()
        raise NotReady(f"there is no ahoy binary at {named}")
    if on_path := shutil.which("ahoy"):
        return Path(on_path)
    for folder in [Path.cwd(), *Path.cwd().parents]:
        built = folder / "target" / "release" / "ahoy"
        if built.is_file():
            return built
    raise NotReady("there is no ahoy binary: set AHOY_BIN, put `ahoy` on the PATH, or run `cargo build --release` in its checkout")


class Server:
    """`ahoy dev` on free loopback ports with a data folder of its own. Use it with `with`, or `start` and `stop`."""

    def __init__(self, binary: str | os.PathLike[str] | None = None, *options: str, env: dict[str, str] | None = None):
        self.binary = find_binary(binary)
        self.options = options
        self.env = env or {}
        self.url = ""
        self.ready: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._is_ready = threading.Event()
        self._readers: list[threading.Thread] = []

    def start(self) -> Server:
        self._folder = tempfile.TemporaryDirectory(prefix="ahoy-", ignore_cleanup_errors=True)
        command = [str(self.binary), "dev", "--json", "--listen", "127.0.0.1:0", "--data", self._folder.name, *self.options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, **self.env}
        )
        self._readers = [threading.Thread(target=self._read, args=(pipe,), daemon=True) for pipe in (self._process.stdout, self._process.stderr)]
        for reader in self._readers:
            reader.start()
        if not self._is_ready.wait(READY_WITHIN) or not self.url:
            status = self._process.poll()
            self.stop()
            ended = f"ended with status {status}" if status is not None else f"was not ready after {READY_WITHIN:g} s"
            raise NotReady(f"{' '.join(command)} {ended}; its last words:\n{self.log()}")
        return self

    def _read(self, pipe: Any) -> None:
        for line in pipe:
            self._lines.append(line.rstrip("\n"))
            if self.url or not line.startswith("{"):
                continue
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event.get("event") == "ready":
                self.ready, self.url = event, event["url"].rstrip("/")
                self._is_ready.set()
        if pipe is self._process.stdout:  # type: ignore[union-attr]
            self._is_ready.set()  # it ended: whoever waits need not wait longer

    def log(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self._lines)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Asks it to end, waits, and removes its data."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(STOP_WITHIN)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            for reader in self._readers:
                reader.join(5)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
