"""Schemathesis over an OpenAPI document: requests made from it, right and wrong ones, and each answer held against it."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance")
"""No 5xx; no status, type of content, header or shape that the document does not tell of."""


@dataclass
class Sweep:
    status: int
    output: str

    @property
    def cases(self) -> int:
        """How many requests were made, as the report of the run counts them."""
        for line in self.output.splitlines():
            words = line.split()
            if len(words) > 1 and words[1] == "generated,":
                return int(words[0].replace(",", ""))
        return 0


async def sweep(document: str, target: str, folder: Path, *, headers: dict[str, str], parameters: dict[str, str], seed: int, cases: int, within: float, skip: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Sweep:
    """Runs over every operation of the document (an address or a file) against the server at `target`. `parameters` of a path get these values, all others are drawn
    from `seed`; `cases` is the number of drawn requests an operation, beside those for each limit of each field. Operations
    with the ids in `skip` are left out; with `only`, all others are."""
    config = folder / "schemathesis.toml"
    lines = ["[parameters]"] + [f'"{name}" = "{value}"' for name, value in parameters.items()]
    config.write_text("\n".join(lines) + "\n")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run", document, "--url", target]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    for operation in skip:
        command += ["--exclude-operation-id", operation]
    for operation in only:
        command += ["--include-operation-id", operation]
    command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color"]
    command += ["--seed", str(seed), "--max-examples", str(cases), "--suppress-health-check", "all", "--generation-database", "none"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "COLUMNS": "200"}
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), within)
    except (TimeoutError, asyncio.TimeoutError):
        process.kill()
        await process.wait()
        raise AssertionError(f"the sweep over {document} was not done after {within:g} s") from None
    return Sweep(process.returncode or 0, output.decode(errors="replace"))
