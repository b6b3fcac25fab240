# SPDX-License-Identifier: ISC
"""Recognises what voice said in a recording: the packed prompts are looked for by normalised cross-correlation.

A prompt is cut into pieces of 0.4 s. The loudest ones say where it is, and then most pieces must be found near the place that this gives them, because
a phone's jitter buffer moves speech by some milliseconds and may lose a frame. Everything is compared at 8 kHz.
"""
import functools
import os
import pathlib
import struct
import time

import numpy

import audio
import net

RATE = 8000
PIECE = int(0.4 * RATE)
AS_GOOD = 0.95
DRIFT = int(0.08 * RATE)     # a piece may be so far from where the others say it is
LIKE_MIN = 0.55              # of a piece: speech of another prompt stays below 0.4, Opus at 32 kbit/s above 0.7
SHARE_MIN = 0.8              # of the pieces that are not silence
SURE = 3                     # so many pieces say where the whole is, if they agree
QUIET = 0.15                 # of the prompt's own level: such a piece says nothing


def resample(samples, rate):
    """To 8 kHz, by cutting (or filling) the spectrum."""
    if rate == RATE or len(samples) == 0:
        return numpy.asarray(samples, dtype=float)
    n = round(len(samples) * RATE / rate)
    spectrum = numpy.fft.rfft(samples)[:n // 2 + 1]
    return numpy.fft.irfft(spectrum, n) * n / len(samples)


@functools.lru_cache(maxsize=None)
def pack():
    """{"en/welcome": samples at 8 kHz} of the build under test."""
    build = pathlib.Path(os.environ.get("RINGFENCE_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
    b = (build / "proc/voice/prompts.pack").read_bytes()
    magic, version, n = struct.unpack_from("<8sII", b)
    assert magic == b"RFPROMPT" and version == 1
    samples = numpy.frombuffer(b, dtype="<i2", offset=16 + 56 * n)
    out = {}
    for i in range(n):
        name, first, length = struct.unpack_from("<48sII", b, 16 + 56 * i)
        out[name.rstrip(b"\0").decode()] = resample(samples[first:first + length], 16000)
    return out


def length_s(*names, language="en"):
    """How long these prompts last, one after the other."""
    return sum(len(pack()[f"{language}/{name}"]) for name in names) / RATE


class Dialogue:
    """What voice says to the only call that it speaks to, turn by turn; `turns` when voice has just begun: 0."""
    LATE_S = 0.8        # of what a phone has to hear behind what is said: its jitter buffer, and what it has not written yet

    def __init__(self, exchange, turns=None, language="en"):
        self.exchange, self.language = exchange, language
        self.turns = exchange.counter("turns") if turns is None else turns

    def begun(self):
        """The next turn is."""
        self.turns += 1
        net.wait_for(f"turn {self.turns}", lambda: self.exchange.counter("turns") >= self.turns, 20, step=0.2)

    def said(self, *names):
        """The next turn has begun, and these prompts of it were said to their end."""
        self.begun()
        time.sleep(length_s(*names, language=self.language) + self.LATE_S)


class Heard:
    """A recording at 8 kHz, with what every search in it needs."""

    BLOCK = 1 << 14
    STEP = BLOCK - 2 * PIECE        # no piece is longer: so many places of a block are looked at whole

    def __init__(self, samples):
        self.n = len(samples)
        blocks = numpy.zeros((max(1, -(-self.n // self.STEP)), self.BLOCK))
        for i, block in enumerate(blocks):
            part = samples[i * self.STEP:][:self.BLOCK]
            block[:len(part)] = part
        self.spectrum = numpy.fft.rfft(blocks)
        self.energy = numpy.concatenate(([0.0], numpy.cumsum(samples * samples)))

    def like(self, wanted):
        """How much `wanted` is like what was heard from each sample on, -1 to 1."""
        n = self.n - len(wanted) + 1
        if n < 1:
            return numpy.zeros(1)
        both = numpy.fft.irfft(self.spectrum * numpy.conj(numpy.fft.rfft(wanted, self.BLOCK)), self.BLOCK)[:, :self.STEP].ravel()[:n]
        level = numpy.sqrt(numpy.maximum(self.energy[len(wanted):] - self.energy[:-len(wanted)], 1.0))
        return both / (level * numpy.sqrt(numpy.sum(wanted * wanted) + 1.0))


def pieces(wanted):
    """[(offset, samples)] of what is not silence; all of a short prompt is one."""
    if len(wanted) < 2 * PIECE:
        return [(0, wanted)]
    level = numpy.sqrt(numpy.mean(wanted * wanted))
    cut = [(i, wanted[i:i + PIECE]) for i in range(0, len(wanted) - PIECE + 1, PIECE)]
    return [(at, p) for at, p in cut if numpy.sqrt(numpy.mean(p * p)) > QUIET * level]


def first_best(like):
    """Where it is most alike; of places that are as good, for what is said twice, the first."""
    at = int((like >= AS_GOOD * like.max()).argmax())
    return at + int(like[at:at + DRIFT].argmax())


def found(heard, wanted):
    """(share of its pieces, sample where it begins) at its best place; (0.0, 0) as soon as too many are nowhere."""
    parts = pieces(wanted)
    likes, best = [], (0.0, 0)
    missed = 0
    for at, p in parts:
        likes.append((at, heard.like(p)))
        missed += likes[-1][1].max() < LIKE_MIN
        if (len(parts) - missed) / len(parts) < SHARE_MIN:
            return best
    # each piece that is clearly there says where the whole may be; of what was cut off and said again the first ones say where it was cut off
    for i, (at, like) in enumerate(sorted(likes, key=lambda x: -x[1].max())):
        if i >= SURE and (best[0] >= SHARE_MIN or like.max() < LIKE_MIN):
            break
        begin = first_best(like) - at
        hits = 0
        for other, l in likes:
            near = l[max(0, begin + other - DRIFT):max(0, begin + other + DRIFT)]
            hits += len(near) > 0 and near.max() >= LIKE_MIN
        best = max(best, (hits / len(parts), begin))
    return best


def recording(path):
    samples, rate = audio.read_wav(path)
    return Heard(resample(numpy.array(samples, dtype=float), rate) if rate else numpy.zeros(0))


def hears_prompt(path, name, language="en"):
    """Seconds into the recording at which this prompt begins, or None when it is not there."""
    share, at = found(recording(path), pack()[f"{language}/{name}"])
    return max(0, at) / RATE if share >= SHARE_MIN else None


def heard_prompts(path, language="en"):
    """[(second, name)] of all prompts that are there, in order; where two fit, the longer one counts. Each is found once."""
    heard, taken = recording(path), []
    names = [n for n in pack() if n.startswith(language + "/") and not n.endswith("/music")]
    for full in sorted(names, key=lambda n: -len(pack()[n])):
        wanted = pack()[full]
        share, at = found(heard, wanted)
        if share >= SHARE_MIN and all(at + len(wanted) <= b or at >= e for b, e, _ in taken):
            taken.append((at, at + len(wanted), full.split("/")[1]))
    return [(max(0, b) / RATE, name) for b, _, name in sorted(taken)]


def assert_prompts(path, *names):
    """These were said, in this order, whatever else was."""
    said = [n for _, n in heard_prompts(path)]
    rest = iter(said)
    assert all(n in rest for n in names), f"wanted {names}, heard {said}"
