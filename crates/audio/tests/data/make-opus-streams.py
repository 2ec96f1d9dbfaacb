#!/usr/bin/env python3
"""Makes opus-streams.bin: streams of libopus in every mode, bandwidth and frame size, and what it decodes of them at 8 kHz, mono.

    apt-get install libopus0            # 1.3.1 in Debian 12
    crates/audio/tests/data/make-opus-streams.py crates/audio/tests/data/opus-streams.bin

All numbers are little-endian. A stream: name (u8 length), tenths of milliseconds a frame (u16), whether lost packets are rebuilt from copies (u8),
lost packets (u8 count, u8 each), packets (u16 count, each with its u16 length), samples (u32 count, i16 each).
"""
import ctypes
import math
import random
import struct
import sys

opus = ctypes.CDLL("libopus.so.0")
opus.opus_encoder_create.restype = ctypes.c_void_p
opus.opus_decoder_create.restype = ctypes.c_void_p
opus.opus_get_version_string.restype = ctypes.c_char_p

VOIP, AUDIO = 2048, 2049
SET_BITRATE, SET_BANDWIDTH, SET_FEC, SET_LOSS, SET_DTX, SET_MODE = 4002, 4008, 4012, 4014, 4016, 11002
MODES = {"silk": 1000, "hybrid": 1001, "celt": 1002}
BANDS = {"nb": 1101, "mb": 1102, "wb": 1103, "swb": 1104, "fb": 1105}
RATE = 48_000


def voice(count):
    """Something like speech: harmonics of a moving pitch, with pauses, in a little noise."""
    noise, phase, out = random.Random(1), 0.0, []
    for n in range(count):
        t = n / RATE
        phase += 2 * math.pi * (140 + 30 * math.sin(2 * math.pi * 0.7 * t)) / RATE
        level = max(0.0, math.sin(2 * math.pi * 2.3 * t))
        wave = sum(math.sin(k * phase) / k for k in range(1, 12))
        out.append(int(5_000 * level * wave + noise.gauss(0, 60)))
    return out


def stream(mode, band, ms, bitrate, channels=1, seconds=0.4, silent_from=None, **more):
    error = ctypes.c_int()
    encoder = ctypes.c_void_p(opus.opus_encoder_create(RATE, channels, AUDIO if mode == "celt" else VOIP, ctypes.byref(error)))
    settings = {SET_MODE: MODES[mode], SET_BANDWIDTH: BANDS[band], SET_BITRATE: bitrate, **more.get("settings", {})}
    for request, value in settings.items():
        assert opus.opus_encoder_ctl(encoder, request, ctypes.c_int(value)) == 0, request
    pcm = voice(int(RATE * seconds))
    if silent_from is not None:
        pcm[int(RATE * silent_from):] = [0] * (len(pcm) - int(RATE * silent_from))
    size, packets = int(RATE * ms / 1_000), []
    for at in range(0, len(pcm) - size + 1, size):
        frame = pcm[at:at + size]
        if channels == 2:
            frame = [side for sample in frame for side in (sample, sample // 2)]
        out = (ctypes.c_ubyte * 1_500)()
        length = opus.opus_encode(encoder, (ctypes.c_int16 * len(frame))(*frame), size, out, 1_500)
        assert length > 0, length
        packets.append(bytes(out[:length]))
    return packets


def decode(packets, ms, lost, copies):
    error = ctypes.c_int()
    decoder = ctypes.c_void_p(opus.opus_decoder_create(8_000, 1, ctypes.byref(error)))
    last, heard = int(8 * ms), []
    for at, packet in enumerate(packets):
        out = (ctypes.c_int16 * 5_760)()
        if at in lost and copies:
            following = packets[at + 1]
            count = opus.opus_decode(decoder, (ctypes.c_ubyte * len(following))(*following), len(following), out, last, 1)
        elif at in lost:
            count = opus.opus_decode(decoder, None, 0, out, last, 0)
        else:
            count = last = opus.opus_decode(decoder, (ctypes.c_ubyte * len(packet))(*packet), len(packet), out, 5_760, 0)
        assert count > 0, count
        heard.extend(out[:count])
    return heard


def main(path):
    streams = []
    for mode, band, ms, bitrate in [
        ("silk", "nb", 20, 12_000), ("silk", "mb", 20, 14_000), ("silk", "wb", 20, 20_000),
        ("silk", "wb", 10, 20_000), ("silk", "wb", 40, 20_000), ("silk", "wb", 60, 20_000),
        ("hybrid", "swb", 20, 32_000), ("hybrid", "fb", 20, 40_000), ("hybrid", "fb", 10, 40_000),
        ("celt", "nb", 20, 24_000), ("celt", "wb", 20, 32_000), ("celt", "swb", 20, 48_000),
        ("celt", "fb", 20, 64_000), ("celt", "fb", 10, 64_000), ("celt", "fb", 5, 64_000), ("celt", "fb", 2.5, 96_000),
    ]:
        streams.append((f"{mode} {band} {ms} ms", stream(mode, band, ms, bitrate), ms, (), False))
    for mode, band, bitrate in [("silk", "wb", 28_000), ("hybrid", "fb", 56_000), ("celt", "fb", 96_000)]:
        streams.append((f"{mode} {band} stereo", stream(mode, band, 20, bitrate, channels=2), 20, (), False))
    dtx = stream("silk", "wb", 20, 20_000, seconds=1.4, silent_from=0.3, settings={SET_DTX: 1})
    assert any(len(packet) == 1 for packet in dtx), "no one-byte packet"
    streams.append(("silk wb dtx", dtx, 20, (), False))
    for mode, band, bitrate in [("silk", "wb", 20_000), ("hybrid", "fb", 40_000), ("celt", "fb", 64_000)]:
        streams.append((f"{mode} {band} loss", stream(mode, band, 20, bitrate, seconds=0.6), 20, (4, 9, 10, 15), False))
    fec = stream("silk", "wb", 20, 24_000, seconds=0.6, settings={SET_FEC: 1, SET_LOSS: 20})
    streams.append(("silk wb copies", fec, 20, (4, 9, 20), True))
    with open(path, "wb") as file:
        for name, packets, ms, lost, copies in streams:
            heard = decode(packets, ms, lost, copies)
            file.write(struct.pack("<B", len(name)) + name.encode() + struct.pack("<HBB", int(10 * ms), copies, len(lost)) + bytes(lost))
            file.write(struct.pack("<H", len(packets)) + b"".join(struct.pack("<H", len(p)) + p for p in packets))
            file.write(struct.pack("<I", len(heard)) + struct.pack(f"<{len(heard)}h", *heard))
    print(opus.opus_get_version_string().decode(), len(streams), "streams")


if __name__ == "__main__":
    main(sys.argv[1])
