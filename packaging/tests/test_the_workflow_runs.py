"""`github-actions/ahoy.yml`, read from its file and run step by step as a runner does, for a small app's repository.

Real: every `run:` under `bash -e`, pip, npm, the installed libraries, the calls. Stood in for: the actions (`uses:`), and `cargo`, which puts
the binary that AHOY_BIN names where the build would have put it; that the sources build is what the test command's `build` step shows.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "packaging" / "github-actions" / "ahoy.yml"
BINARY = Path(os.environ.get("AHOY_BIN") or ROOT / "target" / "release" / "ahoy").resolve()

APP = {
    "test_calls.py": """
def test_a_caller_is_heard(ahoy):
    call = ahoy.user("447700900120", tone_hz=523).call()
    call.wait("connected")
    call.hears(523, within=20, louder_than=-40)
""",
    "calls.test.mjs": """
import { test } from "node:test";
import { startAhoy } from "ahoy-sandbox";
test("a caller is heard", async () => {
  const { ahoy, stop } = await startAhoy();
  try {
    const call = await (await ahoy.user("447700900340", { toneHz: 523 })).call();
    await call.wait("connected");
    await call.hears({ toneHz: 523, louderThan: -40 }, 20_000);
  } finally {
    await stop();
  }
});
""",
    "package.json": '{"name":"app","version":"1.0.0","private":true,"scripts":{"test":"node --test calls.test.mjs"}}\n',
    "package-lock.json": '{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"app","version":"1.0.0"}}}\n',
}

CARGO = """#!/bin/sh
set -e
[ "$*" = "build --release --locked -p ahoy --manifest-path .ahoy-src/Cargo.toml" ] || { echo "cargo was called with: $*" >&2; exit 1; }
[ -f .ahoy-src/Cargo.lock ] && grep -q '^name = "ahoy"' .ahoy-src/crates/ahoy/Cargo.toml
mkdir -p .ahoy-src/target/release
cp "$STANDS_FOR_THE_BUILD" .ahoy-src/target/release/ahoy
"""


class Runner:
    """What GitHub's runner is to a job: a home, a workspace, the environment its steps write, and the actions."""

    def __init__(self, folder: Path, home: Path, cache_hit: bool):
        self.home, self.workspace, self.tools, self.cache_hit = home, folder / "workspace", folder / "tools", cache_hit
        for made in (home, self.workspace, self.tools):
            made.mkdir(parents=True, exist_ok=True)
        (self.tools / "cargo").write_text(CARGO)
        (self.tools / "cargo").chmod(0o755)
        self.env_file = folder / "env"
        self.env_file.touch()
        kept = {key: value for key, value in os.environ.items() if key not in ("AHOY_BIN", "PYTHONPATH", "VIRTUAL_ENV") and not key.startswith(("npm_package", "npm_lifecycle", "NODE_TEST"))}
        self.env = kept | {"HOME": str(home), "PATH": f"{self.tools}:{os.environ['PATH']}", "GITHUB_ENV": str(self.env_file), "CI": "true", "STANDS_FOR_THE_BUILD": str(BINARY)}
        # Which registry pip and npm ask is the machine's, not the home folder's.
        for variable, name in (("NPM_CONFIG_USERCONFIG", ".npmrc"), ("PIP_CONFIG_FILE", ".config/pip/pip.conf")):
            if (settings := Path.home() / name).is_file():
                self.env.setdefault(variable, str(settings))
        self.ran: list[str] = []

    def wanted(self, step: dict) -> bool:
        if "if" not in step:
            return True
        assert step["if"] == "steps.built.outputs.cache-hit != 'true'", f"this test does not know the condition {step['if']!r}"
        return not self.cache_hit

    def use(self, step: dict) -> None:
        action, given = step["uses"].partition("@")[0], step.get("with", {})
        if action == "actions/checkout" and not given:
            for name, text in APP.items():
                (self.workspace / name).write_text(text)
        elif action == "actions/checkout":
            assert given.keys() == {"repository", "ref", "path"}
            target = self.workspace / given["path"]
            for name in ("Cargo.toml", "Cargo.lock", "crates/ahoy/Cargo.toml"):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target / name)
            # As after `git clone`: nothing that a tool has put there.
            shutil.copytree(ROOT / "sdk", target / "sdk", ignore=shutil.ignore_patterns("node_modules", "package-lock.json", "build", "*.egg-info", "__pycache__"))
        elif action == "actions/cache":
            assert step["id"] == "built" and given["path"] == "~/ahoy-bin" and "AHOY_VERSION" in given["key"]
            assert (self.home / "ahoy-bin").exists() == self.cache_hit
        elif action == "actions/setup-python":
            venv.create(self.tools / "python", with_pip=True, symlinks=True)
            self.env["PATH"] = f"{self.tools / 'python' / 'bin'}:{self.env['PATH']}"
        else:
            raise AssertionError(f"this test does not know the action {action}")

    def run(self, step: dict) -> None:
        assert "${{" not in step["run"], "an expression in a script: give it by `env`"
        script = self.tools / "step.sh"
        script.write_text(step["run"])
        written = dict(re.findall(r"^(\w+)=(.*)$", self.env_file.read_text(), re.MULTILINE))
        done = subprocess.run(["bash", "-e", str(script)], cwd=self.workspace, env=self.env | written, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{step['run']}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        self.ran.append(done.stdout)

    def job(self, job: dict) -> None:
        self.env |= {key: str(value) for key, value in job.get("env", {}).items()}
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if self.wanted(step):
                (self.use if "uses" in step else self.run)(step)


@pytest.mark.timeout(400)
def test_the_steps_run_one_after_the_other_and_again_out_of_the_cache(tmp_path):
    assert BINARY.is_file(), f"{BINARY} is missing: cargo build --release"
    assert sys.version_info >= (3, 11)
    [job] = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    home = tmp_path / "home"
    for round, hit in (("first", False), ("second", True)):
        runner = Runner(tmp_path / round, home, hit)
        runner.job(job)
        said = "".join(runner.ran)
        assert re.search(r"\b1 passed", said), said
        assert re.search(r"^. pass 1$", said, re.MULTILINE), said
