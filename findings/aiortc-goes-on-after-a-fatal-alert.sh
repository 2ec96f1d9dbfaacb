#!/usr/bin/env bash
# Packages:  aiortc 1.16.0 with pyOpenSSL 26.4.0 (PyPI).
# Input:     two RTCDtlsTransports of aiortc whose handshake is done; then an authentic alert of one association (RFC 6347 section 4.1: a record of epoch 1,
#            sealed with the keys of the handshake), once close_notify, once internal_error, which is fatal.
# Guess:     both end the transport. RFC 5246 section 7.2.2 has both parties close at once on a fatal alert, and WebRTC 1.0 has the transport
#            failed on the receipt of an error alert.
# Seen:      close_notify closes the transport; after the fatal alert it stays connected, though OpenSSL below has read and reported it.
# Surprises: a library that minds the polite end does not mind the other: a client whose peer's association broke goes on sending and never says
#            that the connection failed.
set -euo pipefail
command -v python3 >/dev/null || { echo "not run: python3 is needed"; exit 77; }
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
python3 -m venv "$at/venv" && "$at/venv/bin/pip" install -q --disable-pip-version-check aiortc==1.16.0 pyOpenSSL==26.4.0 || { echo "not run: the packages cannot be installed"; exit 77; }
cat >"$at/alert.py" <<'PYTHON'
import asyncio
import hashlib
import hmac
import struct
import sys

from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from OpenSSL import SSL


class Pipe:
    """What aiortc asks of an ICE transport, over two queues."""

    def __init__(self, role):
        self.role, self.state, self.inbox, self.other = role, "completed", asyncio.Queue(), None

    async def _recv(self):
        return await self.inbox.get()

    async def _send(self, data):
        await self.other.inbox.put(data)

    async def stop(self):
        pass


def expand(secret, label, seed, length):
    """P_SHA256 of RFC 5246 §5."""
    a, out = label + seed, b""
    while len(out) < length:
        a = hmac.digest(secret, a, hashlib.sha256)
        out += hmac.digest(secret, a + label + seed, hashlib.sha256)
    return out[:length]


def alert(server, level, description):
    """An alert of the DTLS server: record 200 of epoch 1 (numbers may leave gaps)."""
    assert server.get_cipher_name().endswith("AES128-GCM-SHA256"), server.get_cipher_name()
    keys = expand(server.master_key(), b"key expansion", server.server_random() + server.client_random(), 40)
    key, salt = keys[16:32], keys[36:40]
    number = struct.pack("!HHI", 1, 0, 200)
    body = bytes([level, description])
    sealed = AESGCM(key).encrypt(salt + number, body, number + struct.pack("!BHH", 21, 0xFEFD, len(body)))
    return struct.pack("!BH", 21, 0xFEFD) + number + struct.pack("!H", 8 + len(sealed)) + number + sealed


async def after(level, description):
    a, b = Pipe("controlling"), Pipe("controlled")
    a.other, b.other = b, a
    ends = []
    for pipe in (a, b):
        certificate = RTCCertificate.generateCertificate()
        transport = RTCDtlsTransport(pipe, [certificate])
        context = certificate._create_ssl_context
        certificate._create_ssl_context = lambda make=context, **rest: only(make(**rest))
        ends.append(transport)
    first, second = ends
    await asyncio.gather(first.start(second.getLocalParameters()), second.start(first.getLocalParameters()))
    assert (first.state, second.state) == ("connected", "connected")
    server, client, pipe = (first, second, b) if first._role == "server" else (second, first, a)
    told = []
    receive = client._ssl.recv

    class Watched:
        """The connection of OpenSSL, which says what it reported."""

        def __getattr__(self, name):
            return getattr(inner, name)

        def recv(self, size):
            try:
                return receive(size)
            except SSL.ZeroReturnError:
                told.append("close_notify")
                raise
            except SSL.WantReadError:
                raise
            except SSL.Error as error:
                told.append(str(error))
                raise

    inner, client._ssl = client._ssl, Watched()
    await pipe.inbox.put(alert(server._ssl, level, description))
    for _ in range(50):
        if told:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)  # what it does about it would be done at once
    return client.state, told


def only(context):
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    return context


closed = asyncio.run(after(1, 0))
failed = asyncio.run(after(2, 80))
print(f"after close_notify:            the transport is {closed[0]}; OpenSSL said {closed[1]}")
print(f"after internal_error (fatal):  the transport is {failed[0]}; OpenSSL said {failed[1]}")
surprising = closed == ("closed", ["close_notify"]) and failed[0] == "connected" and "alert internal error" in str(failed[1])
sys.exit(0 if surprising else 1)
PYTHON
"$at/venv/bin/python" "$at/alert.py"
