# SPDX-License-Identifier: ISC
"""The lab's ear (test/lab/prompts.py) against prompts that went through codecs, noise, a jitter buffer and a loss; and that a build makes the
same prompts each time."""
import ctypes
import hashlib
import os
import pathlib
import subprocess
import sys
import wave

import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["RINGFENCE_BUILD"])
sys.path.insert(0, str(ROOT / "test/lab"))
import prompts  # noqa: E402


def ulaw(x):
    """There and back (G.711)."""
    x = numpy.clip(x / 32768, -1, 1)
    y = numpy.sign(x) * numpy.log1p(255 * abs(x)) / numpy.log(256)
    y = numpy.round(y * 127) / 127
    return numpy.sign(y) * (256 ** abs(y) - 1) / 255 * 32768


def opus(x):
    """There and back at 32 kbit/s, constant, in frames of 20 ms of 8 kHz."""
    lib = ctypes.CDLL("libopus.so.0")
    lib.opus_encoder_create.restype = lib.opus_decoder_create.restype = ctypes.c_void_p
    error = ctypes.c_int()
    enc = ctypes.c_void_p(lib.opus_encoder_create(8000, 1, 2048, ctypes.byref(error)))
    dec = ctypes.c_void_p(lib.opus_decoder_create(8000, 1, ctypes.byref(error)))
    lib.opus_encoder_ctl(enc, 4002, ctypes.c_int32(32000))
    lib.opus_encoder_ctl(enc, 4006, ctypes.c_int32(0))
    out, packet, pcm = [], ctypes.create_string_buffer(1000), (ctypes.c_int16 * 960)()
    for at in range(0, len(x) - 159, 160):
        frame = (ctypes.c_int16 * 160)(*(int(v) for v in numpy.clip(x[at:at + 160], -32768, 32767)))
        n = lib.opus_encode(enc, frame, 160, packet, 1000)
        got = lib.opus_decode(dec, packet, n, pcm, 960, 0)
        assert n == 80 and got == 160
        out += pcm[:got]
    lib.opus_encoder_destroy(enc)
    lib.opus_decoder_destroy(dec)
    return numpy.array(out, dtype=float)


def lossy(x):
    """A frame is lost and the jitter buffer stretches a pause, as phones do."""
    x = x.copy()
    x[4000:4160] = 0
    return numpy.concatenate((x[:9000], numpy.zeros(160), x[9000:]))


def noisy(x):
    return x + numpy.random.default_rng(1).normal(0, 150, len(x))


def write(path, samples, rate=8000):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(numpy.clip(numpy.round(samples), -32768, 32767).astype("<i2").tobytes())
    return str(path)


def said(*names, language="en"):
    gap = numpy.zeros(2400)
    return numpy.concatenate([x for n in names for x in (gap, prompts.pack()[f"{language}/{n}"])] + [gap])


WAYS = {"clean": lambda x: x, "ulaw": ulaw, "opus": opus, "lossy": lossy, "noisy": lambda x: noisy(ulaw(x))}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_said_is_recognised(tmp_path, way):
    for name in ("pin-please", "emergency-remote", "screening", "goodbye", "7"):
        path = write(tmp_path / f"{name}.wav", WAYS[way](said(name)))
        at = prompts.hears_prompt(path, name)
        assert at is not None and abs(at - 0.3) < 0.1, name


@pytest.mark.parametrize("way", ["ulaw", "opus"])
def test_nothing_else_is_recognised(tmp_path, way):
    names = [n.split("/")[1] for n in prompts.pack() if n.startswith("en/") and not n.endswith("music")]
    for name in ("pin-please", "voicemail-greeting", "busy-try-later"):
        path = write(tmp_path / f"{name}.wav", WAYS[way](said(name)))
        heard = prompts.recording(path)
        others = [n for n in names if n != name and len(prompts.pack()[f"en/{n}"]) > prompts.RATE and
                  prompts.found(heard, prompts.pack()[f"en/{n}"])[0] >= prompts.SHARE_MIN]
        assert others == [], name


def test_one_language_is_not_another(tmp_path):
    for name in ("pin-please", "pin-wrong", "busy-try-later", "voicemail-menu", "not-in-service"):
        for language, other in (("fr", "en"), ("en", "fr")):
            path = write(tmp_path / f"{language}-{name}.wav", opus(said(name, language=language)))
            assert prompts.hears_prompt(path, name, language) is not None
            assert prompts.hears_prompt(path, name, other) is None, (name, language)


def test_words_are_heard_in_their_order(tmp_path):
    path = write(tmp_path / "row.wav", opus(said("pin-wrong", "pin-please", "parked-at", "7", "0", "goodbye")))
    got = [n for _, n in prompts.heard_prompts(path)]
    assert got == ["pin-wrong", "pin-please", "parked-at", "7", "0", "goodbye"]
    prompts.assert_prompts(path, "pin-please", "goodbye")
    with pytest.raises(AssertionError):
        prompts.assert_prompts(path, "goodbye", "pin-please")


def test_another_rate_and_silence(tmp_path):
    x = prompts.resample(said("not-allowed"), 8000)
    spectrum = numpy.fft.rfft(x)
    wide = numpy.fft.irfft(numpy.concatenate((spectrum, numpy.zeros(5 * (len(x) // 2)))), 6 * len(x)) * 6
    assert prompts.hears_prompt(write(tmp_path / "48.wav", wide, 48000), "not-allowed") is not None
    assert prompts.hears_prompt(write(tmp_path / "none.wav", numpy.zeros(30000)), "not-allowed") is None
    assert prompts.hears_prompt(write(tmp_path / "short.wav", numpy.zeros(10)), "not-allowed") is None


def test_a_build_makes_the_same_prompts_each_time(tmp_path):
    again = tmp_path / "again.pack"
    subprocess.run([sys.executable, ROOT / "share/prompts/speak.py", BUILD / "share/prompts/prompt-pack", again, tmp_path / "d", ROOT / "share/prompts"], check=True)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256((BUILD / "proc/voice/prompts.pack").read_bytes()).digest()
