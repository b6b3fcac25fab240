# SPDX-License-Identifier: ISC
"""Tones for the phones to say, and the check that the other end heard them.

A tone is found by Goertzel in blocks of 50 ms: the share of the block's energy at the tone's frequency. Phones start
and end a recording at other times than each other, so what is asked is `seconds` of tone in all, and no other tone.
"""
import math
import os
import struct

BLOCK_MS = 50
SHARE_MIN = 0.5          # of a block's energy at the tone; speech codecs leave more than 0.9 of a pure tone
LEVEL_MIN = 200.0        # RMS below which a block counts as silence
# apart from each other, from their harmonics, and inside G.711's band
TONES = {"a": 440.0, "b": 660.0, "c": 1020.0, "d": 1500.0}


def write_wav(path, samples, rate, channels=1, times=1):
    """16-bit samples, the same in each channel, `times` over."""
    data = struct.pack(f"<{len(samples) * channels}h", *(x for x in samples for _ in range(channels))) * times
    with open(path, "wb") as f:
        f.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
                struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * 2 * channels, 2 * channels, 16) + b"data" + struct.pack("<I", len(data)) + data)


def tone(path, hz, rate=8000, seconds=300, level=0.3, channels=1):
    """A WAV file of one second (a whole number of periods) again and again; cached by its name."""
    if os.path.exists(path):
        return path
    peak = level * 32767
    write_wav(path, [int(peak * math.sin(2 * math.pi * hz * i / rate)) for i in range(rate)], rate, channels, seconds)
    return path


def read_wav(path):
    """(samples of the first channel, rate). Lengths in the header are not believed: the file may still be written."""
    with open(path, "rb") as f:
        b = f.read()
    if len(b) < 44 or b[:4] != b"RIFF" or b[8:12] != b"WAVE":
        return [], 0
    at, rate, channels, bits = 12, 0, 1, 16
    while at + 8 <= len(b):
        kind, size = b[at:at + 4], struct.unpack_from("<I", b, at + 4)[0]
        if kind == b"fmt ":
            _, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", b, at + 8)
        elif kind == b"data":
            if bits != 16:
                raise ValueError(f"{path}: {bits} bits")
            body = b[at + 8:]
            body = body[:len(body) // (2 * channels) * 2 * channels]
            return list(struct.unpack(f"<{len(body) // 2}h", body))[::channels], rate
        at += 8 + size + (size & 1)
    return [], rate


def goertzel(block, hz, rate):
    """Share of the block's energy at hz, 0 to 1."""
    n = len(block)
    k = 2 * math.cos(2 * math.pi * hz / rate)
    a = b = energy = 0.0
    for i, x in enumerate(block):
        x *= 0.5 - 0.5 * math.cos(2 * math.pi * i / n)       # Hann: a tone between two bins keeps its energy
        a, b = x + k * a - b, a
        energy += x * x
    if energy == 0:
        return 0.0
    return min(1.0, (a * a + b * b - k * a * b) / (energy * n / 3.0 * 1.0))


def heard(path, skip=0.0):
    """{tone name: seconds} of a recording, with "silence" and "other" for blocks without one."""
    samples, rate = read_wav(path)
    out = dict.fromkeys([*TONES, "silence", "other"], 0.0)
    if not rate:
        return out
    # no tone is above 1500 Hz, so a high rate is thinned first
    step = max(1, rate // 8000)
    samples, rate = samples[int(skip * rate)::step], rate // step
    n = rate * BLOCK_MS // 1000
    for at in range(0, len(samples) - n + 1, n):
        block = samples[at:at + n]
        if math.sqrt(sum(x * x for x in block) / n) < LEVEL_MIN:
            what = "silence"
        else:
            share, what = max((goertzel(block, hz, rate), name) for name, hz in TONES.items())
            if share < SHARE_MIN:
                what = "other"
        out[what] += BLOCK_MS / 1000
    return out


def total(paths, skip=0.0):
    """heard() over several files added up."""
    out = {}
    for p in paths:
        for k, v in heard(p, skip).items():
            out[k] = out.get(k, 0.0) + v
    return out


def assert_heard(paths, tone_name, seconds, *, not_tone=None):
    """The recording holds at least `seconds` of that tone and none of `not_tone`."""
    got = total([paths] if isinstance(paths, str) else paths)
    text = {k: round(v, 2) for k, v in got.items()}
    assert got.get(tone_name, 0.0) >= seconds, f"wanted {seconds} s of tone {tone_name}, heard {text}"
    if not_tone:
        assert got[not_tone] <= 0.1, f"heard tone {not_tone}: {text}"
