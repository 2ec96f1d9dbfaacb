"""The judges themselves: a clean tone passes, every fault they exist for is found. No server takes part."""

from __future__ import annotations

import av
import numpy as np
import pytest
from aiortc.rtp import RtpPacket

from ahoy_interop import sound
from ahoy_interop.business import Tap


def frames_of(hz: float, seconds: int = 3) -> list[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.bit_rate, encoder.format, encoder.layout, encoder.sample_rate = 20000, "s16", "mono", 48000
    pcm = (0.25 * 32767 * np.sin(2 * np.pi * hz * np.arange(48000 * seconds) / 48000)).astype("<i2")
    packets = []
    for start in range(0, len(pcm) - 959, 960):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(pcm[start : start + 960].tobytes())
        frame.sample_rate, frame.pts = 48000, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def tap_of(frames: list[bytes], first: int = 0xFFF0) -> Tap:
    return Tap([(n / 50, RtpPacket(payload_type=111, sequence_number=(first + n) & 0xFFFF, timestamp=960 * n, ssrc=1, payload=frame)) for n, frame in enumerate(frames)])


@pytest.mark.parametrize("hz", [440.0, 523.0, 660.0])
def test_pitch_holes_and_cuts(hz):
    frames = frames_of(hz)
    clean = tap_of(frames).pcm()
    sound.assert_clean_tone(clean, 48000, hz, 2.5, "nobody")
    assert abs(sound.pitch(clean[-48000:], 48000) - hz) < hz / 1000
    with pytest.raises(AssertionError, match="wanted"):
        sound.assert_clean_tone(clean, 48000, hz * 1.02, 2.5, "nobody")
    for name, faulty in (("lost", frames[:70] + frames[71:]), ("doubled", frames[:70] + frames[69:])):
        with pytest.raises(AssertionError, match="cut at"):
            sound.assert_clean_tone(tap_of(faulty).pcm(), 48000, hz, 2.5, name)
    muted = clean.copy()
    muted[48000:48960] = 0
    with pytest.raises(AssertionError, match="holes"):
        sound.assert_clean_tone(muted, 48000, hz, 2.5, "nobody")
    assert sound.pitch(np.zeros(48000), 48000) is None


def test_sequence_numbers_across_the_wrap():
    tap = tap_of(frames_of(440.0, 1))
    assert tap.missing() == [] and tap.doubled() == 0
    del tap.packets[20]
    assert tap.missing() == [(0xFFF0 + 20) & 0xFFFF]
    tap.packets.append(tap.packets[-1])
    assert tap.doubled() == 1
