"""Judging sound: pitch, level, holes and cuts in a tone. Samples are mono, float64, full scale 1.0."""

from __future__ import annotations

import io
import wave

import numpy as np

AUDIBLE_DBFS = -45.0
"""Below this a window of 20 ms counts as silence."""


def from_pcm16(data: bytes | np.ndarray) -> np.ndarray:
    return np.frombuffer(data, dtype="<i2").astype(np.float64) / 32768.0 if isinstance(data, bytes) else data.astype(np.float64) / 32768.0


def read_wav(data: bytes) -> tuple[np.ndarray, int]:
    """Samples (first channel) and sample rate of a 16-bit WAV file."""
    with wave.open(io.BytesIO(data)) as file:
        assert file.getsampwidth() == 2, f"{8 * file.getsampwidth()}-bit samples"
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return from_pcm16(pcm[:: file.getnchannels()]), file.getframerate()


def write_wav(path: str, samples: np.ndarray, rate: int) -> None:
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def level_dbfs(samples: np.ndarray) -> float:
    """RMS level; a full-scale sine is about -3."""
    power = float(np.mean(samples**2)) if len(samples) else 0.0
    return 10 * np.log10(power) if power > 0 else -np.inf


def windows(samples: np.ndarray, rate: int, ms: int) -> np.ndarray:
    size = rate * ms // 1000
    return samples[: len(samples) // size * size].reshape(-1, size)


def audible(samples: np.ndarray, rate: int, ms: int = 20) -> np.ndarray:
    """For each window of `ms`, whether something is to be heard."""
    cut = windows(samples, rate, ms)
    power = np.mean(cut**2, axis=1) if len(cut) else np.zeros(0)
    return power > 10 ** (AUDIBLE_DBFS / 10)


def pitch(samples: np.ndarray, rate: int) -> float | None:
    """The dominant frequency in Hz, to well under 1 %; None where nothing is to be heard."""
    if len(samples) < rate // 10 or level_dbfs(samples) < AUDIBLE_DBFS:
        return None
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    low = int(50 * 4 * len(samples) / rate)
    peak = low + int(np.argmax(spectrum[low:-1]))
    left, middle, right = np.log(spectrum[peak - 1 : peak + 2] + 1e-12)
    shift = 0.5 * (left - right) / (left - 2 * middle + right) if left - 2 * middle + right else 0.0
    return (peak + shift) * rate / (4 * len(samples))


def tone_span(samples: np.ndarray, rate: int) -> np.ndarray:
    """From the first audible window to the last, without the 60 ms at either end where a codec swings in and out."""
    heard = np.flatnonzero(audible(samples, rate))
    if not len(heard):
        return samples[:0]
    edge = rate * 60 // 1000
    return samples[heard[0] * rate // 50 + edge : (heard[-1] + 1) * rate // 50 - edge]


def holes(samples: np.ndarray, rate: int) -> list[float]:
    """Seconds (from the first audible instant) at which a tone is interrupted: 10 ms far below its usual level."""
    cut = windows(tone_span(samples, rate), rate, 10)
    if not len(cut):
        return []
    power = np.mean(cut**2, axis=1)
    return [index / 100 for index in np.flatnonzero(power < np.median(power) / 100)]


def cuts(samples: np.ndarray, rate: int, hz: float, limit: float = 0.6) -> list[float]:
    """Seconds at which a steady tone of `hz` jumps in phase by more than `limit` radians.

    Content that is lost, doubled or spliced keeps level and pitch but breaks the phase: 20 ms of 440 Hz are 8.8 cycles, a jump of
    1.26 radians. Phases are compared over windows of 20 ms; what drifts slowly (a sender's clock) is no jump.
    """
    cut = windows(tone_span(samples, rate), rate, 20)
    if len(cut) < 4:
        return []
    clock = np.arange(cut.size).reshape(cut.shape) / rate
    phase = np.angle(np.sum(cut * np.hanning(cut.shape[1]) * np.exp(-2j * np.pi * hz * clock), axis=1))
    # A change between neighbours may fall into the middle of a window and show in two halves: look two windows back as well.
    step = np.angle(np.exp(1j * (phase[2:] - phase[:-2])))
    odd = np.angle(np.exp(1j * (step - np.median(step))))
    return [index / 50 for index in np.flatnonzero(np.abs(odd) > limit)]


def assert_clean_tone(samples: np.ndarray, rate: int, hz: float, at_least_s: float, who: str) -> None:
    """The samples hold one tone of `hz` (within 1 %) for at least that long, without a hole and without a cut."""
    span = tone_span(samples, rate)
    assert len(span) >= at_least_s * rate, f"{who} heard {len(span) / rate:.2f} s of sound, wanted at least {at_least_s:g} s"
    found = pitch(span[-rate:], rate)
    assert found is not None and abs(found - hz) <= hz / 100, f"{who} heard {found} Hz, wanted {hz} Hz"
    assert not holes(samples, rate), f"{who}: the tone has holes at {holes(samples, rate)[:10]} s"
    assert not cuts(samples, rate, found), f"{who}: the tone is cut at {cuts(samples, rate, found)[:10]} s"
