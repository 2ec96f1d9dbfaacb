"""aiortc as the business's media endpoint: speaks a tone, hears everything, keeps every RTP packet it was sent."""

from __future__ import annotations

import asyncio
import fractions
import struct
import time
from dataclasses import dataclass, field

import aioice.ice
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket, is_rtcp

from . import sound
from .waiting import GaveUp, eventually

RATE = 48000
FRAME = 960
EVENT_PT = 126


families = {"IPv4"}
"""What aiortc gathers; a test of IPv6 sets another."""


def only_loopback() -> None:
    """aiortc gathers every address but loopback; these tests must not leave it."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address for name, address in (("IPv4", "127.0.0.1"), ("IPv6", "::1")) if name in families]


def sha256_only(sdp: str) -> str:
    """Without the fingerprints by other hashes that aiortc writes beside the one by SHA-256: the platform refuses a description with them."""
    lines = sdp.splitlines()
    return "\r\n".join(line for line in lines if not line.startswith("a=fingerprint:") or line.startswith("a=fingerprint:sha-256 ")) + "\r\n"


class Tone(MediaStreamTrack):
    """A sine, 20 ms at a time, paced by the clock (not by sleeps that add up)."""

    kind = "audio"

    def __init__(self, hz: float, level: float = 0.25):
        super().__init__()
        self.hz, self.level = hz, level
        self._sample = 0
        self._start: float | None = None

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        if self._start is None:
            self._start = now
        await asyncio.sleep(max(0.0, self._start + self._sample / RATE - now))
        clock = (self._sample + np.arange(FRAME)) / RATE
        pcm = (self.level * 32767 * np.sin(2 * np.pi * self.hz * clock)).astype("<i2")
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(pcm.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sample, fractions.Fraction(1, RATE)
        self._sample += FRAME
        return frame


@dataclass
class Tap:
    """Every RTP packet that authenticated, in order of arrival."""

    packets: list[tuple[float, RtpPacket]] = field(default_factory=list)

    def audio(self) -> list[tuple[float, RtpPacket]]:
        return [(at, packet) for at, packet in self.packets if packet.payload_type != EVENT_PT]

    def since(self, at: float) -> "Tap":
        return Tap([entry for entry in self.packets if entry[0] >= at])

    def unwrapped(self) -> list[int]:
        """Sequence numbers of all packets (audio and events share one space), unwrapped to 32 bits."""
        numbers: list[int] = []
        for _, packet in self.packets:
            last = numbers[-1] if numbers else packet.sequence_number
            numbers.append(last + ((packet.sequence_number - last + 0x8000) & 0xFFFF) - 0x8000)
        return numbers

    def missing(self) -> list[int]:
        numbers = set(self.unwrapped())
        return [n & 0xFFFF for n in range(min(numbers), max(numbers) + 1) if n not in numbers] if numbers else []

    def doubled(self) -> int:
        numbers = self.unwrapped()
        return len(numbers) - len(set(numbers))

    def sources(self) -> set[int]:
        return {packet.ssrc for _, packet in self.packets}

    def pcm(self) -> np.ndarray:
        """The audio decoded at 48 kHz in order of sequence, as one gapless stream: a gap in it was there before it was sent."""
        order: dict[int, bytes] = {}
        for number, (_, packet) in zip(self.unwrapped(), self.packets):
            if packet.payload_type != EVENT_PT and packet.payload:
                order.setdefault(number, packet.payload)
        decoder = av.CodecContext.create("libopus", "r")
        decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", RATE
        decoded = []
        for number in sorted(order):
            for frame in decoder.decode(av.Packet(order[number])):
                plane = frame.to_ndarray().reshape(-1)
                decoded.append(plane if frame.layout.name == "mono" else plane[::2])
        return sound.from_pcm16(np.concatenate(decoded)) if decoded else np.zeros(0)

    def digits(self) -> str:
        """Telephone events, one for each timestamp (media.md §9: the events keep the audio's time base)."""
        seen: dict[int, str] = {}
        for _, packet in self.packets:
            if packet.payload_type == EVENT_PT and len(packet.payload) >= 4:
                seen.setdefault(packet.timestamp, "0123456789*#ABCD"[packet.payload[0] & 0x0F])
        return "".join(seen.values())


class Business:
    """One call's media. Media starts as soon as ICE and DTLS are up, as with any WebRTC stack; the platform keeps the gate."""

    def __init__(self, hz: float = 440.0, events: bool = True):
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.events = events
        self.tap = Tap()
        self.out = Outgoing()
        self.connected = asyncio.Event()
        self.pc.addTrack(Tone(hz))
        self._sinks: list[asyncio.Task] = []

        @self.pc.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            self._sinks.append(asyncio.create_task(self._drain(track)))

        @self.pc.on("connectionstatechange")
        def on_state() -> None:
            if self.pc.connectionState == "connected":
                self.connected.set()

    async def _drain(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
        except MediaStreamError:
            return

    # ---- SDP ------------------------------------------------------------------------------------------------------------------

    async def answer(self, offer: str) -> str:
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        self._hook()
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self._with_events(sha256_only(self.pc.localDescription.sdp))

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        self._hook()
        return self._with_events(sha256_only(self.pc.localDescription.sdp))

    async def accept_answer(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _with_events(self, sdp: str) -> str:
        """aiortc knows no telephone-event: it is added to what we send; its packets are read and written at the tap."""
        if not self.events:
            return sdp
        lines = []
        for line in sdp.splitlines():
            if line.startswith("m=audio"):
                line += f" {EVENT_PT}"
            lines.append(line)
        lines.append(f"a=rtpmap:{EVENT_PT} telephone-event/8000")
        return "\r\n".join(lines) + "\r\n"

    # ---- taps -----------------------------------------------------------------------------------------------------------------

    @property
    def dtls(self):
        return self.pc.getTransceivers()[0].receiver.transport

    def _hook(self) -> None:
        """Taps what the transport decrypts and what it is about to encrypt."""
        transport = self.dtls
        incoming, outgoing = transport._handle_rtp_data, transport._send_rtp

        async def tap_in(data: bytes, arrival_time_ms: int) -> None:
            self.tap.packets.append((time.monotonic(), RtpPacket.parse(data)))
            await incoming(data, arrival_time_ms)

        async def tap_out(data: bytes) -> None:
            if is_rtcp(data):
                await outgoing(data)
            else:
                for packet in self.out.packets(data):
                    await outgoing(packet)

        transport._handle_rtp_data, transport._send_rtp = tap_in, tap_out

    def press(self, digits: str) -> None:
        """Sends telephone events in the audio's own stream, as a phone does."""
        self.out.queue.extend(digits)

    async def until_connected(self, within: float = 10.0) -> None:
        try:
            await asyncio.wait_for(self.connected.wait(), within)
        except (TimeoutError, asyncio.TimeoutError):
            raise GaveUp(f"after {within:g} s aiortc is {self.pc.connectionState} (ICE {self.pc.iceConnectionState})") from None

    async def hears(self, seconds: float, since: float = 0.0, within: float = 15.0) -> np.ndarray:
        """Waits until that much audio has come in; answers it decoded."""
        frames = int(seconds * 50)
        await eventually(lambda: len(self.tap.since(since).audio()), lambda n: None if n >= frames else f"{n} of {frames} audio packets at the business", within)
        return self.tap.since(since).pcm()

    async def close(self) -> None:
        await self.pc.close()
        for task in self._sinks:
            task.cancel()
        await asyncio.gather(*self._sinks, return_exceptions=True)


class Outgoing:
    """Our stream on the way out: audio as aiortc made it, with telephone events in place of audio while a digit is pressed.

    Events share SSRC, sequence numbers and timestamps with the audio; their duration counts 8 kHz ticks (media.md §9).
    """

    LENGTH = 6
    "Packets of 20 ms that a key is held, before the end is sent three times."

    def __init__(self) -> None:
        self.queue: list[str] = []
        self.sent = 0
        self.payload_type: int | None = None
        "In place of the one that was agreed for audio."
        self._shift = 0
        self._step = 0
        self._timestamp = 0

    def packets(self, data: bytes) -> list[bytes]:
        flags, second, number, timestamp, ssrc = struct.unpack("!BBHLL", data[:12])
        self.sent += 1
        if not self.queue:
            return [self._numbered(data, number)]
        if self._step == 0:
            self._timestamp = timestamp
        last = self._step == self.LENGTH
        event = "0123456789*#ABCD".index(self.queue[0])
        body = struct.pack("!BBH", event, (0x80 if last else 0) | 10, 160 * (self._step + 1))
        marker = 0x80 if self._step == 0 else 0
        out = []
        for repeat in range(3 if last else 1):
            self._shift += 1 if repeat else 0
            out.append(struct.pack("!BBHLL", 0x80, marker | EVENT_PT, (number + self._shift) & 0xFFFF, self._timestamp, ssrc) + body)
        self._step += 1
        if last:
            self.queue.pop(0)
            self._step = 0
        return out

    def _numbered(self, data: bytes, number: int) -> bytes:
        second = data[1] if self.payload_type is None else (data[1] & 0x80) | self.payload_type
        return data[:1] + struct.pack("!BH", second, (number + self._shift) & 0xFFFF) + data[4:]
