"""The Debian package and the tarball: made by one command each, installed into a folder of their own, and run."""

import json
import os
import subprocess
import tarfile
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, timeout=120, **more).stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    out = tmp_path_factory.mktemp("packages")
    return {kind: Path(run(ROOT / "packaging/package", kind, out).strip()) for kind in ("deb", "tarball")}


def works(binary: Path, folder: Path, config: Path) -> None:
    """A call each way is heard, and the server of the configuration that came along answers."""
    libraries = {line.split()[0] for line in run("ldd", binary).splitlines() if line.strip()}
    assert {name.split("/")[-1].split(".so")[0] for name in libraries} <= {"linux-vdso", "libgcc_s", "libm", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}, libraries
    assert "heard" in run(binary, "demo", "--seconds", "4").lower()
    words = [str(binary), "serve", "--json", "--config", str(config), "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(server.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
            health = json.load(answer)
        assert health["sandbox"] is False and health["status"] == "ready", health
    finally:
        server.terminate()
        assert server.wait(20) == 0


def test_the_debian_package(packages, tmp_path):
    deb = packages["deb"]
    fields = run("dpkg-deb", "--field", deb)
    assert "Package: ahoy" in fields and "libc6 (>= 2.3" in fields, fields
    # dpkg itself puts it there, with a database of its own.
    root = tmp_path / "root"
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    run("dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--install", deb, env=environment)
    assert "install ok installed" in run("dpkg", f"--root={root}", "--status", "ahoy", env=environment)
    for path in ("lib/systemd/system/ahoy.service", "usr/share/bash-completion/completions/ahoy", "usr/share/doc/ahoy/copyright"):
        assert (root / path).is_file(), path
    works(root / "usr/bin/ahoy", tmp_path, root / "etc/ahoy/ahoy.toml")
    # A configuration that was edited is the owner's.
    assert run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "--showformat", "${Conffiles}", "--show", "ahoy").split()[0] == "/etc/ahoy/ahoy.toml"


def test_the_tarball(packages, tmp_path):
    with tarfile.open(packages["tarball"]) as tar:
        tar.extractall(tmp_path, filter="data")
    (root,) = tmp_path.glob("ahoy-*")
    works(root / "bin/ahoy", tmp_path, root / "etc/ahoy.toml")


def test_what_wants_another_library_is_refused(tmp_path):
    done = subprocess.run([ROOT / "packaging/package", "tarball", tmp_path], env={**os.environ, "AHOY_BIN": "/usr/bin/openssl"}, capture_output=True, text=True)
    assert done.returncode == 1 and "libssl" in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())
