# SPDX-License-Identifier: ISC
"""The call plan with real phones: two key methods in one call, the outgoing PIN by prompts and keys, forwards, groups, codes."""
import os
import time

import pytest

import audio
import exchange as ex
import net
import phones
from prompts import Dialogue, heard_prompts, hears_prompt, length_s

CONF = ex.CONF + 'numbers {{ country = "fr" }}\n'


@pytest.fixture(scope="module")
def exchange_options():
    return {"conf": CONF}


@pytest.mark.parametrize("a,b", [("baresip", "baresip"), ("linphone", "baresip"), ("baresip", "linphone")])
@pytest.mark.parametrize("codec", ["PCMU", "opus/48000/2"])
def test_r7_two_key_methods_meet_in_the_exchange(exchange, people, a, b, codec):
    """R7: a phone with SDES alone and one with DTLS alone hear each other, and the exchange is named as a listener."""
    one = people.phone(a, f"{a[:1]}s", tone="a", media="srtp", codecs=(codec,))
    two = people.phone(b, f"{b[:1]}d", tone="b", media="dtls", codecs=(codec,))
    for caller, callee in ((two, one), (one, two)):       # what a phone offers is remembered
        phones.call(caller, callee)
        exchange.wait_grade("exchange")
        phones.talk(caller, callee, 1.5)
        exchange.wait_no_calls()


# --- the outgoing PIN (R15) ---

OUTSIDE = "0123456789"


def allow(exchange, user, settings, pin=None):
    exchange.ask("user-set", name=user, body=settings.encode())
    if pin:
        exchange.ask("user-pin", name=user, pin=pin)


def press(phone, digits):
    for d in digits:
        phone.press(d)
        time.sleep(0.25)


def said(phone, seconds):
    """Wait until the phone has heard that much speech."""
    def heard():
        got = audio.total(phone.recordings())
        return got.get("other", 0) + sum(got.get(t, 0) for t in audio.TONES) >= seconds
    net.wait_for(f"{phone} to hear {seconds} s of speech", heard, 15, step=0.3)


def unheard(phone, *names):
    """Of these prompts those that the phone did not hear in its longest recording."""
    path = max(phone.recordings(), key=os.path.getsize)
    return [name for name in names if hears_prompt(path, name) is None]


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("baresip", "dtls"), ("linphone", "dtls")])
def test_r15_a_new_number_asks_for_the_pin(exchange, people, kind, media):
    """R15: the number asks for the PIN by a prompt, and keys answer inside SRTP."""
    one = people.phone(kind, f"{kind[:1]}p{media[:1]}", tone="a", media=media, codecs=("PCMA",))
    number = f"01234567{'sd'.index(media[0])}{'bl'.index(kind[0])}"
    allow(exchange, one.bundle.user, "classes=national\n", pin="3916")
    one.forget()
    voice = Dialogue(exchange)
    one.dial(number)
    one.wait_state("established")
    voice.said("pin-please")
    press(one, "1357#")
    voice.said("pin-wrong", "pin-please")
    press(one, "3916#")
    one.wait_closed(timeout=20)         # there is no trunk: it is told so
    said(one, 5)                        # linphonec writes its recording when the stream ends
    heard = {name for _, name in heard_prompts(max(one.recordings(), key=os.path.getsize))}
    assert {"pin-please", "pin-wrong", "busy-try-later"} <= heard, heard
    exchange.wait_no_calls()


def test_r15_keys_by_info(exchange, people):
    """R15: an old phone says its keys by SIP INFO; they are as good as those inside SRTP, and nothing of them is kept."""
    one = people.phone("linphone", "lpi", tone="a", media="srtp", codecs=("PCMA",), info=True)
    allow(exchange, "lpi", "classes=national\n", pin="3916")
    one.forget()
    voice = Dialogue(exchange)
    one.dial("0123456799")
    one.wait_state("established")
    voice.said("pin-please")
    for i, key in enumerate("3916#", 1):    # linphonec sends and hears nothing else while it plays the key
        one.press(key)
        net.wait_for("its answer", lambda n=i: one.traces().count("Client INFO transaction") == n, 10)
    one.wait_closed(timeout=20)         # there is no trunk: it is told so
    said(one, 2)
    assert not unheard(one, "pin-please", "busy-try-later")
    exchange.wait_no_calls()
    assert "3916" not in exchange.tail(10 ** 7)


def test_r15_a_pin_that_is_absent_or_locked(exchange, people):
    """R14, R15: `may` and the call say the same of a PIN that was never set and of one that is locked; nothing is asked then."""
    one = people.phone("baresip", "bl", tone="a", media="srtp", codecs=("PCMA",))

    def may(number):
        done = exchange.command("may", "bl", "call", number, check=False)
        return done.returncode, done.stdout.splitlines()[0]

    def hears_of_it(*keys):
        one.forget()
        voice = Dialogue(exchange)
        one.dial("0123456782")
        one.wait_state("established")
        for pin in keys:
            voice.begun()               # a key ends what is said
            press(one, pin)
        one.wait_closed(timeout=20)
        said(one, 1.5)
        return {name for _, name in heard_prompts(max(one.recordings(), key=os.path.getsize))}

    allow(exchange, "bl", "classes=national\n")
    assert may("0123456782") == (1, "No: this extension never dialled that number and has no PIN; set one first.")
    assert hears_of_it() == {"pin-absent"}
    allow(exchange, "bl", "classes=national\n", pin="3916")
    assert may("0123456782")[1].startswith("Yes, after the PIN: ")
    assert "pin-locked" in hears_of_it("1357#", "1357#", "1357#")
    assert may("0123456782") == (1, "No: the PIN is locked; the operator can free it.")
    assert hears_of_it() == {"pin-locked"}
    exchange.command("user", "pin", "bl", "--unlock")
    assert may("0123456782")[1].startswith("Yes, after the PIN: ")
    exchange.wait_no_calls()


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("linphone", "dtls")])
def test_r15_the_pin_is_changed_at_the_phone(exchange, people, kind, media):
    """R15: *55 asks for the old one and twice for the new one, which is good from then on."""
    one = people.phone(kind, f"{kind[:1]}c", tone="a", media=media, codecs=("PCMA",))
    allow(exchange, one.bundle.user, "classes=national\n", pin="3916")
    one.forget()
    voice = Dialogue(exchange)
    one.dial("*55")
    one.wait_state("established")
    voice.begun()       # silence, while keeper says whether there is a PIN
    for question, pin in ("pin-please", "3916#"), ("pin-new", "7048#"), ("pin-repeat", "7048#"):
        voice.said(question)
        press(one, pin)
    one.wait_closed(timeout=25)
    said(one, 6)
    assert not unheard(one, "pin-please", "pin-new", "pin-repeat", "pin-set")
    one.forget()
    voice = Dialogue(exchange)
    one.dial("0123456781")
    one.wait_state("established")
    voice.said("pin-please")
    press(one, "7048#")
    one.wait_closed(timeout=25)
    said(one, 5)
    assert unheard(one, "busy-try-later", "pin-wrong") == ["pin-wrong"]
    exchange.wait_no_calls()


def test_r15_why_a_pin_is_not_changed_is_said(exchange, people):
    """R15: who has none is told so, at once; one that is too easy is refused with that word, and asked for again."""
    one = people.phone("baresip", "bw", tone="a", media="srtp", codecs=("PCMA",))
    one.dial("*55")
    one.wait_state("established")
    one.wait_closed(timeout=20)
    said(one, 2)
    assert unheard(one, "pin-none", "pin-please", "not-allowed") == ["pin-please", "not-allowed"]
    allow(exchange, "bw", "classes=national\n", pin="3916")
    one.forget()
    voice = Dialogue(exchange)
    one.dial("*55")
    one.wait_state("established")
    voice.begun()       # silence, while keeper says whether there is a PIN
    for question, pin in ("pin-please", "3916#"), ("pin-new", "1234#"), ("pin-repeat", "1234#"):
        voice.said(question)
        press(one, pin)
    for questions, pin in (("pin-weak", "pin-new"), "7048#"), (("pin-repeat",), "7048#"):
        voice.said(*questions)
        press(one, pin)
    one.wait_closed(timeout=25)
    said(one, 6)
    assert not unheard(one, "pin-weak", "pin-set")
    exchange.wait_no_calls()


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("linphone", "dtls")])
def test_r28_voice_dies_while_it_asks(exchange, people, kind, media):
    """R15, R28: half a PIN is typed, voice dies; the caller is asked again, the rest counts as nothing, and no try is lost."""
    one = people.phone(kind, f"{kind[:1]}v", tone="a", media=media, codecs=("PCMA",))
    allow(exchange, one.bundle.user, "classes=national\n", pin="3916")
    one.forget()
    voice = Dialogue(exchange)
    one.dial("0123456780")
    one.wait_state("established")
    voice.said("pin-please")
    press(one, "9999#")                 # two of three tries
    voice.said("pin-wrong", "pin-please")
    press(one, "8888#")
    voice.said("pin-wrong", "pin-please")
    press(one, "39")
    exchange.wait_replaced("voice", exchange.kill("voice"))
    voice = Dialogue(exchange, turns=0)
    voice.said("interrupted")           # a phone's own tones lie over what it records
    press(one, "16#")                   # while it is asked again: not heard
    time.sleep(length_s("pin-please") + voice.LATE_S)
    press(one, "3916#")
    one.wait_closed(timeout=25)
    said(one, 8)
    assert unheard(one, "pin-please", "interrupted", "busy-try-later", "pin-locked") == ["pin-locked"]
    exchange.wait_no_calls()


def speech(phone):
    got = audio.total(phone.recordings())
    return got.get("other", 0) + sum(got.get(t, 0) for t in audio.TONES)


def test_r28_music_on_hold_goes_on(exchange, people):
    """R28: voice dies, and whoever is on hold hears music again."""
    one = people.phone("linphone", "lm", tone="a", media="srtp", codecs=("PCMA",))
    two = people.phone("baresip", "bm", tone="b", media="dtls", codecs=("PCMA",))
    for caller, callee in ((two, one), (one, two)):         # what a phone offers is remembered
        phones.call(caller, callee)
        exchange.wait_grade("exchange")
        if caller is two:
            phones.hang_up(caller, callee)
            exchange.wait_no_calls()
    one.hold()
    time.sleep(1)                       # what was on its way
    had = speech(two)
    net.wait_for("music", lambda: speech(two) >= had + 3, 15, step=0.3)
    exchange.wait_replaced("voice", exchange.kill("voice"))
    time.sleep(1)
    had = speech(two)
    net.wait_for("music again", lambda: speech(two) >= had + 4, 15, step=0.3)
    one.resume()
    phones.hang_up(one, two)
    exchange.wait_no_calls()


def test_r15_nobody_dials_out_without_a_class(exchange, people):
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    one.dial(OUTSIDE)
    assert one.wait_refused()[0] == 403


# --- where else a call goes (R29) ---

def test_r29_a_group_rings_and_a_call_is_picked_up(exchange, people):
    """All of a ring group ring, one answers, the others stop; a call that rings elsewhere in the pickup group comes here by *8."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMU",))
    three = people.phone("linphone", "lf", tone="c", media="srtp", codecs=("PCMU",))
    exchange.command("group", "add", "700", "--members", "bf,lf")
    for p in (one, two, three):
        p.forget()
    one.dial("700")
    two.wait_incoming()
    three.wait_incoming()
    three.answer()
    two.wait_idle()
    phones.talk(one, three, 1.0)
    exchange.wait_no_calls()
    for user in ("bf", "lf"):
        allow(exchange, user, "pickup-group=ward\n")
    for callee, picker in ((three, two), (two, three)):
        for p in (one, two, three):
            p.forget()
        one.dial(callee.bundle.user)
        callee.wait_incoming()
        picker.dial("*8")
        picker.wait_incoming(15)
        picker.answer()
        callee.wait_idle()
        phones.talk(one, picker, 1.0)
        exchange.wait_no_calls()
    for user in ("bf", "lf"):
        allow(exchange, user, "pickup-group=\n")


def test_r29_forward_and_do_not_disturb(exchange, people):
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMU",))
    three = people.phone("linphone", "lf", tone="c", media="srtp", codecs=("PCMU",))
    allow(exchange, "bf", "forward-always=lf\n")
    phones.call(one, three, target="bf")
    assert exchange.call()["to"] == "lf"
    phones.talk(one, three, 1.0)
    allow(exchange, "bf", "forward-always=\nring-seconds=5\nforward-no-answer=lf\n")
    one.forget()
    three.forget()
    one.dial("bf")
    two.wait_incoming()
    three.wait_incoming(20)
    three.answer()
    two.wait_idle()
    phones.talk(one, three, 1.0)
    allow(exchange, "bf", "ring-seconds=\nforward-no-answer=\nforward-offline=lf\n")
    people.drop("bf")
    phones.call(one, three, target="bf", timeout=40)        # where its phone may be back in a moment it is waited for
    phones.talk(one, three, 1.0)
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMU",))
    allow(exchange, "bf", "forward-offline=\ndnd=on\n")
    one.dial("bf")
    assert one.wait_refused()[0] == 486
    allow(exchange, "bf", "dnd=\n")
    phones.call(one, two)
    phones.hang_up(one, two)
    exchange.wait_no_calls()


@pytest.mark.parametrize("kind,says", [("baresip", 486), ("linphone", 603)])
def test_r29_forward_on_busy(exchange, people, kind, says):
    """Set and taken back by codes; a phone whose user sends the call away is busy, and so is one that wants no disturbance."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "63", tone="b", media="srtp", codecs=("PCMU",))
    busy = people.phone(kind, f"{kind[:1]}f", tone="c" if kind == "linphone" else "b", media="srtp", codecs=("PCMU",))

    def code(digits):
        busy.forget()
        busy.dial(digits)
        busy.wait_state("established")
        busy.wait_closed(timeout=15)
        exchange.wait_no_calls()

    def find_busy():
        for p in (one, two):
            p.forget()
        one.dial(busy.bundle.user)
        busy.wait_incoming()
        busy.reject()

    code("*9063")
    find_busy()
    two.wait_incoming()
    two.answer()
    one.wait_state("established")
    phones.talk(one, two, 1.0)
    exchange.wait_no_calls()
    allow(exchange, busy.bundle.user, "dnd=on\n")
    phones.call(one, two, target=busy.bundle.user)
    phones.hang_up(one, two)
    exchange.wait_no_calls()
    allow(exchange, busy.bundle.user, "dnd=\n")
    code("*91")
    find_busy()
    assert one.wait_refused()[0] == says
    two.poll()
    assert not two.calls
    exchange.wait_no_calls()


def test_r29_a_phone_forwards_by_itself(exchange, people):
    """R14, T11: a phone's own 302 is followed inside, and never to the outside."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("linphone", "lf", tone="b", media="srtp", codecs=("PCMU",))
    three = people.phone("baresip", "bf", tone="c", media="srtp", codecs=("PCMU",))
    one.dial("lf")
    two.wait_incoming()
    two.redirect("bf")
    three.wait_incoming()
    three.answer()
    one.wait_state("established")
    two.wait_idle()
    assert exchange.call()["to"] == "bf"
    phones.talk(one, three, 1.0)
    exchange.wait_no_calls()
    allow(exchange, "lf", "classes=national\n")
    seen = len(exchange.events())
    for p in (one, two, three):
        p.forget()
    one.dial("lf")
    two.wait_incoming()
    two.redirect(OUTSIDE)
    assert one.wait_refused()[0] == 480
    assert "redirect to the outside" in exchange.wait_event("call-refused", after=seen)["detail"]
    three.poll()
    assert not three.calls
    allow(exchange, "lf", "classes=\n")
    exchange.wait_no_calls()


def test_r29_a_code_changes_what_is_ones_own(exchange, people):
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    one.forget()
    one.dial("*78")
    one.wait_state("established")
    one.wait_closed(timeout=15)
    said(one, 0.3)
    two = people.phone("linphone", "lf", tone="c", media="srtp", codecs=("PCMU",))
    two.dial("bs")
    assert two.wait_refused()[0] == 486
    one.dial("*79")
    one.wait_closed(timeout=20)
    phones.call(two, one)
    phones.hang_up(two, one)
    exchange.wait_no_calls()
