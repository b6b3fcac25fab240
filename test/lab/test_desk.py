# SPDX-License-Identifier: ISC
"""What people do at a phone by service codes that last: hot desks and parked calls, with real phones; and the call to
the front desk."""
import os
import time

import pytest

import audio
import exchange as ex
import net
import phones
from prompts import heard_prompts
from test_plan import allow, press, said

CONF = ex.CONF + 'numbers {{ country = "fr" }}\ncalls {{ park = 20 }}\n'


@pytest.fixture(scope="module")
def exchange_options():
    return {"conf": CONF}


def heard(phone):
    return [name for _, name in heard_prompts(max(phone.recordings(), key=os.path.getsize))]


def extension(people, kind, number, tone, media="srtp", codecs=("PCMA",)):
    return people.phone(kind, number, tone=tone, media=media, codecs=codecs)


# --- hot desks (R2) ---

@pytest.fixture(scope="module")
def guest(exchange, people):
    """A person without a phone, who is allowed on the two desk phones."""
    exchange.ask("user-add", name="230", password="pass-of-230")
    allow(exchange, "230", "", pin="3916")
    for kind, desk in (("baresip", "201"), ("linphone", "202")):
        extension(people, kind, desk, "a")
        exchange.ask("phone-bind", phone=exchange.phones[f"dev-{desk}"], user="230")
    return "230"


def shown(caller, callee, target):
    """Who the callee is told that calls."""
    caller.dial(target)
    peer = callee.wait_incoming().peer
    callee.reject()
    caller.wait_idle(15)
    return peer


@pytest.mark.parametrize("kind,desk", [("baresip", "201"), ("linphone", "202")])
def test_r2_a_guest_works_at_anothers_phone(exchange, people, guest, kind, desk):
    """R2, R4: extension and PIN by keys; from then on calls are the guest's, both ways; until the other code."""
    one = extension(people, kind, desk, "a")
    two = extension(people, "linphone", "203", "c")
    assert f"sip:{desk}@" in shown(one, two, "203")
    one.forget()
    one.dial("*11")
    one.wait_state("established")
    time.sleep(4)                       # extension, please
    press(one, "230#")
    time.sleep(4)                       # PIN, please
    press(one, "3916#")
    one.wait_closed(timeout=15)
    said(one, 4)
    assert heard(one)[-1] == "logged-in"
    assert f"sip:{guest}@" in shown(one, two, "203")
    phones.call(two, one, target=guest)
    phones.talk(two, one, 1.0)
    phones.hang_up(one, two)
    two.dial(desk)                      # the phone is the guest's now
    assert two.wait_refused()[0] == 480
    one.forget()
    one.dial("*12")
    one.wait_closed(timeout=20)
    assert f"sip:{desk}@" in shown(one, two, "203")
    two.dial(guest)
    assert two.wait_refused()[0] == 480
    exchange.wait_no_calls()


def test_r2_nobody_is_a_guest_without_permission(exchange, people, guest):
    """R2: right extension, right PIN, but a phone on which that person is not allowed."""
    one = extension(people, "linphone", "203", "c")
    one.forget()
    one.dial(f"*11{guest}")
    one.wait_state("established")
    time.sleep(4)
    press(one, "3916#")
    assert exchange.wait_event("binding refused", timeout=10)
    time.sleep(5)
    one.hangup()
    one.wait_idle(10)
    said(one, 3)
    assert "login-wrong" in heard(one) and "logged-in" not in heard(one)
    exchange.wait_no_calls()


# --- park and retrieve (R29) ---

def together(one, two, seconds=1.5):
    """Each hears the other, whatever was heard before: music has something of every tone."""
    time.sleep(seconds + 1.8)
    phones.hang_up(one, two)
    for p, tone in ((one, two.tone), (two, one.tone)):
        net.wait_for(f"{p} to have heard {tone}", lambda: audio.total(p.recordings()).get(tone, 0) >= seconds, 8)


PLACE = "10"        # the first one


def park(one):
    """The call in hand is put on hold, the code is dialled, the place is heard."""
    one.hold()
    time.sleep(1)
    one.forget()
    one.dial("*68")
    one.wait_state("established", timeout=15)
    one.wait_idle(30)
    if one.kind == "baresip":       # linphonec records what it plays, and the held call's silence beside it
        said(one, 2)
        words = heard(one)
        at = words.index("parked-at")
        assert "".join(words[at + 1:at + 3]) == PLACE


@pytest.mark.parametrize("one,two,three,media", [
    ("baresip", "linphone", "linphone", ("srtp", "srtp", "srtp")),     # passing: the party's phone is sent to its place
    ("linphone", "baresip", "linphone", ("srtp", "srtp", "srtp")),
    ("baresip", "baresip", "linphone", ("dtls", "dtls", "srtp")),
    ("baresip", "linphone", "baresip", ("srtp", "dtls", "srtp")),      # two key methods: ended legs, which stay
])
def test_r29_park_and_retrieve(exchange, people, one, two, three, media):
    """R7, R29: parked, its place said, music heard, taken elsewhere, and both hear each other."""
    a = extension(people, one, f"2{one[0] == 'l':d}{media[0] == 'dtls':d}1", "a", media[0])
    b = extension(people, two, f"2{two[0] == 'l':d}{media[1] == 'dtls':d}2", "b", media[1])
    c = extension(people, three, f"2{three[0] == 'l':d}{media[2] == 'dtls':d}3", "c", media[2])
    phones.call(a, b)
    time.sleep(2)
    park(a)
    assert exchange.call("parked")["from"] == b.bundle.user
    c.forget()
    time.sleep(4)
    c.dial(f"*69{PLACE}")
    c.wait_state("established", timeout=15)
    assert exchange.call()["to"] == c.bundle.user
    exchange.wait_grade("exchange")
    together(c, b)
    said(b, 4)                      # the party heard music before that
    exchange.wait_no_calls()


@pytest.mark.parametrize("media", ["srtp", "dtls"])
def test_r7_r29_whoever_takes_it_has_another_codec(exchange, people, media):
    """Who was parked talked in one codec, and is asked for the one of whoever takes it, also where its keys are
    those of a DTLS association, which stands."""
    a = extension(people, "linphone", "2111", "a", "dtls", codecs=("G722",))
    b = extension(people, "linphone", f"21{media == 'dtls':d}2", "b", media, codecs=("G722", "PCMU"))
    c = extension(people, "baresip", "2003", "c", "srtp", codecs=("PCMU",))
    phones.call(b, a)
    time.sleep(2)
    park(a)
    c.forget()
    time.sleep(4)
    c.dial(f"*69{PLACE}")
    c.wait_state("established", timeout=15)
    assert exchange.call()["to"] == c.bundle.user
    together(c, b)
    exchange.wait_no_calls()


def test_r29_nobody_takes_it(exchange, people):
    """R29: after its time it rings whoever parked it."""
    a = extension(people, "baresip", "2001", "a", "srtp")
    b = extension(people, "linphone", "2112", "b", "dtls")
    phones.call(a, b)
    time.sleep(2)
    park(a)
    a.wait_incoming(25)
    a.answer()
    together(a, b)
    exchange.wait_no_calls()


def test_r28_who_is_parked_outlives_core(exchange, people):
    """R28: core is killed while somebody waits; they hear music again, and are taken."""
    a = extension(people, "baresip", "2001", "a", "srtp")
    b = extension(people, "linphone", "2112", "b", "dtls")
    c = extension(people, "baresip", "2003", "c", "srtp")
    phones.call(a, b)
    time.sleep(2)
    park(a)
    old = exchange.kill("core")
    exchange.wait_replaced("core", old)
    net.wait_for("the exchange to answer", exchange.answers, 10)
    assert exchange.call("parked")["from"] == b.bundle.user
    b.forget()
    time.sleep(4)
    c.forget()
    c.dial(f"*69{PLACE}")
    c.wait_state("established", timeout=15)
    together(c, b)
    said(b, 3)
    exchange.wait_no_calls()


# --- the call to the front desk (R16) ---

@pytest.mark.parametrize("kind,name", [("baresip", "2003"), ("linphone", "2113")])
def test_r16_the_front_desk_is_called(exchange, people, kind, name):
    """R16: who answers at the desk hears that it is an emergency, from whom and where; the call for help goes on all the while."""
    a = extension(people, "linphone", "203", "c")
    desk = extension(people, kind, name, "b", "dtls" if name == "2113" else "srtp")
    helper = extension(people, "baresip", "112", "a")
    exchange.command("phone", "set", "dev-203", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, floor=2, room=45")
    exchange.command("site", "set", "--front-desk", name)
    desk.forget()
    phones.call(a, helper, target="112")
    desk.wait_incoming(5)
    desk.answer()
    desk.wait_state("established")
    desk.wait_idle(30)
    said(desk, 6)
    words = heard(desk)
    assert {"desk-extension", "floor", "4", "5"} <= set(words), words
    assert exchange.call()["to"] == "112"
    together(a, helper)
    exchange.command("site", "set", "--front-desk", "none")
    exchange.wait_no_calls()


def test_r28_the_front_desk_is_called_when_core_comes_anew(exchange, people):
    """R16, R28: core dies while the desk's phone rings; it rings again, and who answers hears who and where."""
    a = extension(people, "linphone", "203", "c")
    desk = extension(people, "baresip", "2003", "b", "srtp")
    helper = extension(people, "baresip", "112", "a")
    exchange.command("phone", "set", "dev-203", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, floor=2, room=45")
    exchange.command("site", "set", "--front-desk", "2003")
    desk.forget()
    phones.call(a, helper, target="112")
    desk.wait_incoming(5)
    old = exchange.kill("core")
    exchange.wait_replaced("core", old)
    net.wait_for("the exchange to answer", exchange.answers, 10)
    desk.reject()       # of the call that is no more
    desk.wait_idle(10)
    desk.forget()
    desk.wait_incoming(40)
    desk.answer()
    desk.wait_state("established")
    desk.wait_idle(30)
    said(desk, 6)
    words = heard(desk)
    assert {"desk-extension", "floor", "4", "5"} <= set(words), words
    together(a, helper)
    exchange.command("site", "set", "--front-desk", "none")
    exchange.wait_no_calls()
