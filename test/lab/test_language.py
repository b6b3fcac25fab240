# SPDX-License-Identifier: ISC
"""The language of the site and of a person, as real phones hear it (R29)."""
import os
import time

import numpy
import pytest

import audio
import exchange as ex
import net
from prompts import Dialogue, RATE, heard_prompts, hears_prompt, pack
from test_plan import allow, press, said

CONF = ex.CONF + 'numbers {{ country = "fr" }}\nlanguage = "fr"\n'


@pytest.fixture(scope="module")
def exchange_options():
    return {"conf": CONF}


@pytest.fixture
def conf(exchange):
    """The site's text; as it was when the test is over."""
    with open(f"{exchange.site}/ringfence.conf") as f:
        text = f.read()
    yield text
    exchange.write_conf(text)
    exchange.command("reload")


def record(exchange, path, name):
    """What the pack calls `name` becomes the site's own recording `path`."""
    os.makedirs(os.path.dirname(f"{exchange.site}/prompts/{path}"), exist_ok=True)
    audio.write_wav(f"{exchange.site}/prompts/{path}", [int(x) for x in numpy.clip(numpy.round(pack()[name]), -32768, 32767)], RATE)


def asked_twice(exchange, phone, number, language="fr"):
    """A new number's PIN is asked for, given wrongly, and asked for again: the longest recording of the phone."""
    allow(exchange, phone.bundle.user, "classes=national\n", pin="3916")
    phone.forget()
    voice = Dialogue(exchange, language=language)
    phone.dial(number)
    phone.wait_state("established")
    voice.said("pin-please")
    press(phone, "1357#")
    voice.said("pin-wrong", "pin-please")
    press(phone, "3916#")
    phone.wait_closed(timeout=25)       # there is no trunk: it is told so
    said(phone, 5)
    exchange.wait_no_calls()
    return max(phone.recordings(), key=os.path.getsize)


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("linphone", "dtls")])
def test_r29_the_sites_language_is_heard(exchange, people, kind, media):
    one = people.phone(kind, f"{kind[:1]}f", tone="a", media=media, codecs=("PCMA",))
    path = asked_twice(exchange, one, f"012345670{'bl'.index(kind[0])}")
    heard = [name for _, name in heard_prompts(path, "fr")]
    assert {"pin-please", "pin-wrong", "busy-try-later"} <= set(heard), heard
    assert [n for n in ("pin-please", "pin-wrong", "busy-try-later") if hears_prompt(path, n) is not None] == []


def test_r29_a_person_is_spoken_to_in_theirs(exchange, people):
    one = people.phone("baresip", "be", tone="a", media="srtp", codecs=("PCMA",))
    refused = exchange.command("user", "set", "be", "--language", "xx", check=False)
    assert refused.returncode and "language is none of en, fr" in refused.stderr, refused.stderr
    exchange.command("user", "set", "be", "--language", "en")
    assert "language" in exchange.command("user", "show", "be").stdout
    path = asked_twice(exchange, one, "0123456710", "en")
    heard = [name for _, name in heard_prompts(path)]
    assert {"pin-please", "pin-wrong", "busy-try-later"} <= set(heard), heard
    assert hears_prompt(path, "pin-please", "fr") is None
    exchange.command("user", "set", "be", "--language", "none")
    one.forget()
    one.dial("*78")
    one.wait_state("established")
    one.wait_closed(timeout=15)
    said(one, 0.3)
    assert hears_prompt(max(one.recordings(), key=os.path.getsize), "dnd-on", "fr") is not None
    allow(exchange, "be", "dnd=\n")


def test_r29_a_recording_stands_in_for_a_french_prompt(exchange, people, conf):
    one = people.phone("baresip", "bf", tone="a", media="srtp", codecs=("PCMA",))
    record(exchange, "fr/pin-wrong.wav", "fr/voicemail-empty")
    exchange.command("reload")
    net.wait_for("the recording", lambda: exchange.counter("prompts-replaced") == 1, 10)
    path = asked_twice(exchange, one, "0123456720")
    assert hears_prompt(path, "voicemail-empty", "fr") is not None and hears_prompt(path, "pin-please", "fr") is not None
    assert hears_prompt(path, "pin-wrong", "fr") is None
    os.unlink(f"{exchange.site}/prompts/fr/pin-wrong.wav")


def test_r29_what_a_language_lacks_is_said_in_english(exchange, people, conf):
    """A language of the site's own with one recording; one that nobody speaks is refused, and the old one stays."""
    german = conf.replace('language = "fr"', 'language = "de"')
    line = conf.splitlines().index('language = "fr"') + 1
    exchange.write_conf(german)
    done = exchange.command("reload", check=False)
    assert done.returncode and f'ringfence.conf:{line}: language = "de" is none of en, fr' in done.stderr, done.stderr
    assert f':{line}: language = "de" is none of en, fr' in exchange.command(
        "check-config", f"{exchange.site}/ringfence.conf", check=False).stdout
    record(exchange, "de/pin-wrong.wav", "fr/voicemail-empty")
    assert exchange.command("check-config", f"{exchange.site}/ringfence.conf").stdout == "ok\n"
    exchange.command("reload")
    net.wait_for("the recording", lambda: exchange.counter("prompts-replaced") == 1, 10)
    one = people.phone("baresip", "bg", tone="a", media="srtp", codecs=("PCMA",))
    time.sleep(0.5)
    path = asked_twice(exchange, one, "0123456730", "en")
    assert hears_prompt(path, "pin-please") is not None and hears_prompt(path, "busy-try-later") is not None
    assert hears_prompt(path, "voicemail-empty", "fr") is not None and hears_prompt(path, "pin-wrong") is None
    os.unlink(f"{exchange.site}/prompts/de/pin-wrong.wav")
