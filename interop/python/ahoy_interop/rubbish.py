"""Things no well-meaning peer sends: HTTP in pieces, random and truncated datagrams, forged STUN, replayed and forged SRTP."""

from __future__ import annotations

import asyncio
import random
import socket
import struct

from aioice import stun

from .business import Business


async def raw_http(host: str, port: int, data: bytes, within: float = 10.0) -> bytes:
    """Sends bytes, ends our half, answers what came back until the server closed (or stopped talking)."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        return await asyncio.wait_for(reader.read(1 << 20), within)
    except (OSError, TimeoutError, asyncio.TimeoutError):
        return b""  # a server may hang up on rubbish, in the middle of it too
    finally:
        writer.close()


def http_rubbish(seed: int) -> list[bytes]:
    rng = random.Random(seed)
    return [
        b"\r\n\r\n",
        b"GET",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /%00%ff%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /v25.0/710000000000001/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{",
        b"POST /v25.0/710000000000001/calls HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{",
        b"POST /v25.0/710000000000001/calls HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"POST /v25.0/710000000000001/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /v25.0/1 HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(2000)) + b"\r\n",
        b"GET /v25.0/1 HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(200),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.randbytes(400),
        rng.randbytes(5000),
    ]


def udp_rubbish(seed: int, count: int, server_ufrag: str) -> list[bytes]:
    """Datagrams of every kind a media port demultiplexes by its first byte (RFC 7983), and of none."""
    rng = random.Random(seed)
    made = []
    for n in range(count):
        kind = n % 8
        if kind == 0:  # anything at all
            made.append(rng.randbytes(rng.randrange(0, 1500)))
        elif kind == 1:  # STUN, truncated or with lengths that lie
            header = struct.pack("!HHI", 1, rng.choice([0, 4, 8, 0xFFFF, 0x7FFC, 3]), 0x2112A442) + rng.randbytes(12)
            made.append((header + rng.randbytes(rng.randrange(0, 60)))[: rng.randrange(1, 80)])
        elif kind == 2:  # STUN for a leg that is there, with a forged integrity and a claim to be nominated
            made.append(forged_check(server_ufrag, rng))
        elif kind == 3:  # STUN attribute soup
            body = b"".join(struct.pack("!HH", rng.choice([6, 8, 0x20, 0x25, 0x802A, 0x8028]), rng.randrange(0, 300)) + rng.randbytes(rng.randrange(0, 20)) for _ in range(6))
            made.append(struct.pack("!HHI", 1, len(body) & ~3, 0x2112A442) + rng.randbytes(12) + body)
        elif kind == 4:  # DTLS: a ClientHello cut short, wrong epochs, absurd lengths
            made.append(struct.pack("!BHHHIH", rng.choice([20, 21, 22, 23, 25]), 0xFEFD, rng.choice([0, 1, 0xFFFF]), 0, n, rng.choice([0, 5, 0xFFFF])) + rng.randbytes(rng.randrange(0, 300)))
        elif kind == 5:  # RTP and RTCP headers with nothing behind, CSRC counts and extensions past the end
            made.append(struct.pack("!BBHII", 0x80 | rng.randrange(64), rng.randrange(256), rng.randrange(65536), rng.randrange(1 << 32), rng.randrange(1 << 32))[: rng.randrange(1, 13)] + rng.randbytes(rng.randrange(0, 40)))
        elif kind == 6:  # RTP that looks whole
            made.append(struct.pack("!BBHII", 0x80, 111, n & 0xFFFF, n * 960, 0xDEADBEEF) + rng.randbytes(130))
        else:  # nothing, one byte, the largest
            made.append(rng.randbytes(rng.choice([0, 1, 2, 8972])))
    return made


def forged_check(server_ufrag: str, rng: random.Random) -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{server_ufrag}:thief"
    message.attributes["PRIORITY"] = 1853824767
    message.attributes["ICE-CONTROLLING"] = rng.randrange(1 << 63)
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"not the password")
    return bytes(message)


class Stranger:
    """A socket of somebody who has no part in the call."""

    def __init__(self, host: str):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, 0))
        self.sock.setblocking(False)

    async def send(self, datagrams: list[bytes], to: tuple[str, int]) -> None:
        for n, datagram in enumerate(datagrams):
            self.sock.sendto(datagram, to)
            if n % 20 == 19:
                await asyncio.sleep(0.002)  # paced, so that the socket buffer of the server is not what drops it

    def answers(self) -> list[bytes]:
        got = []
        try:
            while True:
                got.append(self.sock.recv(2048))
        except BlockingIOError:
            return got

    def close(self) -> None:
        self.sock.close()


class Replayer:
    """Sends each protected packet of a business again, from its own address, some of them with a bit turned."""

    def __init__(self, business: Business, seed: int):
        self.rng = random.Random(seed)
        self.replayed = self.forged = 0
        ice = business.dtls.transport
        send = ice._send

        async def send_and_again(data: bytes) -> None:
            await send(data)
            if len(data) > 12 and 128 <= data[0] <= 191:
                self.replayed += 1
                await send(data)
                broken = bytearray(data)
                broken[self.rng.randrange(12, len(broken))] ^= 1 << self.rng.randrange(8)
                # A sequence number not seen yet: the replay window must not take it on trust.
                broken[2:4] = struct.pack("!H", (struct.unpack("!H", data[2:4])[0] + self.rng.randrange(2, 2000)) & 0xFFFF)
                self.forged += 1
                await send(bytes(broken))

        ice._send = send_and_again


def rss_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
