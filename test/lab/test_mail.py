# SPDX-License-Identifier: ISC
"""Voicemail with real phones: a message is left and heard again by its user alone, by key and by PIN (R7, R15, T41)."""
import os
import re
import time

import pytest

import audio
import net
from prompts import heard_prompts, length_s
from test_plan import CONF, allow, press, unheard


@pytest.fixture(scope="module")
def exchange_options():
    return {"conf": CONF}


def longest(phone):
    return max(phone.recordings(), key=os.path.getsize)


def prompts_of(phone):
    return {name for _, name in heard_prompts(longest(phone))}


WORDS_S = 5         # that are spoken behind the tone


def voice_has_one(exchange):
    """A message that is recorded, or about to be: the tone comes after the words."""
    net.wait_for("voice to have the message", lambda: exchange.counter("messages") == 1, 20, step=0.2)


def leave(one, two, exchange, recorded=True):
    """one calls two, who is busy, and speaks (its tone) until it hangs up."""
    one.forget()
    one.dial(two.bundle.user)
    one.wait_state("established")
    if recorded:
        voice_has_one(exchange)
        time.sleep(length_s("voicemail-record-after-tone") + WORDS_S)
    else:
        time.sleep(3)
    one.hangup()
    exchange.wait_no_calls()


def hear(phone, exchange):
    """*97 to its end: the prompts that were said."""
    phone.forget()
    phone.dial("*97")
    phone.wait_state("established")
    phone.wait_closed(timeout=60)
    exchange.wait_no_calls()
    return prompts_of(phone)


def speaks_to_mailbox(exchange, one, user):
    """And has not ended yet."""
    one.forget()
    one.dial(user)
    one.wait_state("established")
    voice_has_one(exchange)
    time.sleep(length_s("voicemail-record-after-tone") + WORDS_S)


def messages(exchange, user):
    line = next(x for x in exchange.ask("user-show", name=user) if x["kind"] == "user")
    return line["messages_new"], line["messages_old"]


def light(phone):
    """What the last NOTIFY said (RFC 3842), as the phone traced it."""
    with open(phone.log, errors="replace") as f:
        said = re.findall(r"Messages-Waiting: (yes|no)", f.read())
    return said[-1] if said else None


@pytest.mark.parametrize("codec", ["PCMU", "G722", "opus/48000/2"])
def test_r7_a_message_is_left_and_heard(exchange, people, codec):
    """A busy user's caller hears the question and the tone; the user hears the caller's words (tone a), and deletes them."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=(codec,))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMA",))
    allow(exchange, two.bundle.user, "dnd=on\nvoicemail=on\n")
    leave(one, two, exchange)
    two.forget()
    two.dial("*97")
    two.wait_state("established")
    net.wait_for("the words", lambda: audio.total(two.recordings()).get("a", 0) >= 1.5, 20, step=0.3)
    press(two, "7")
    two.wait_closed(timeout=20)
    assert "voicemail-record-after-tone" in prompts_of(one)
    assert {"voicemail-you-have", "voicemail-deleted"} <= prompts_of(two)
    two.forget()
    two.dial("*97")
    two.wait_state("established")
    two.wait_closed(timeout=20)
    net.wait_for("the empty mailbox to be said", lambda: any("voicemail-empty" in {n for _, n in heard_prompts(r)}
                                                             for r in two.recordings()), 10)
    exchange.wait_no_calls()


def test_r15_without_a_pin_a_mailbox_is_its_users_alone(exchange, people):
    """Whose PIN was never set is asked for none, at their own phone; another phone, and a forward on their own account, get nowhere."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMA",))
    allow(exchange, "bf", "dnd=on\nvoicemail=on\n")
    leave(one, two, exchange)
    new = messages(exchange, "bf")
    assert new[0] >= 1
    assert hear(one, exchange) == {"voicemail-empty"}
    exchange.ask("user-set", name="bf", body=b"forward-always=*97\n", check=False)
    leave(one, two, exchange, recorded=False)
    assert not {"voicemail-you-have", "voicemail-menu"} & prompts_of(one)
    exchange.command("user", "set", "bf", "--forward-always", "none")
    assert messages(exchange, "bf") == new
    said = hear(two, exchange)
    assert "voicemail-you-have" in said and "pin-please" not in said
    exchange.command("user", "forget-messages", "bf")


def test_r28_voice_dies_while_it_records(exchange, people):
    """The caller is told and asked again, and what they say then is kept whole."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMA",))
    user = two.bundle.user
    allow(exchange, user, "dnd=on\nvoicemail=on\n")
    had = messages(exchange, user)[0]
    speaks_to_mailbox(exchange, one, user)
    exchange.wait_replaced("voice", exchange.kill("voice"))
    voice_has_one(exchange)
    time.sleep(length_s("interrupted", "voicemail-record-after-tone") + WORDS_S + 1)
    one.hangup()
    exchange.wait_no_calls()
    net.wait_for("the message to be counted", lambda: messages(exchange, user)[0] == had + 1, 10)
    assert not unheard(one, "interrupted", "voicemail-record-after-tone")
    two.forget()
    two.dial("*97")
    two.wait_closed(timeout=90)
    assert audio.total(two.recordings()).get("a", 0) >= 3
    exchange.command("user", "forget-messages", user)


def test_r28_what_was_said_before_a_stop_is_a_message(exchange, people):
    """An upgrade ends voice as a stop does. The call is over with core, and its phone hears so."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMA",))
    user = two.bundle.user
    allow(exchange, user, "dnd=on\nvoicemail=on\n")
    had = messages(exchange, user)[0]
    speaks_to_mailbox(exchange, one, user)
    exchange.stop()
    exchange.start()
    net.wait_for("the message to be counted", lambda: messages(exchange, user)[0] == had + 1, 10)
    one.come_back()
    one.wait_idle(15)
    two.come_back()
    two.forget()
    two.dial("*97")
    two.wait_closed(timeout=90)
    assert audio.total(two.recordings()).get("a", 0) >= 2
    exchange.command("user", "forget-messages", user)


def test_r7_linphone_has_no_light(exchange, people):
    """Debian's linphone asks for none, not even as later versions are told to: the guide says so. *97 says what waits."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("linphone", "lw", tone="b", media="srtp", codecs=("PCMA",), mwi=True)
    user = two.bundle.user
    allow(exchange, user, "dnd=on\nvoicemail=on\n")
    leave(one, two, exchange)
    net.wait_for("the message to be counted", lambda: messages(exchange, user) == (1, 0), 10)
    assert "REGISTER sip:" in two.traces() and "SUBSCRIBE" not in two.traces() and "message-summary" not in two.traces()
    two.forget()
    two.dial("*97")
    two.wait_closed(timeout=60)
    assert not unheard(two, "voicemail-you-have")
    exchange.command("user", "forget-messages", user)


def test_r7_an_administrator_counts_and_deletes_messages(exchange, people):
    """What `user show` counts is what waits; after `user forget-messages` the user hears of none. The phone's light (baresip's,
    by SUBSCRIBE) goes on with a new message and out when the last one was heard, whatever became of core meanwhile (R28)."""
    one = people.phone("baresip", "bs", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "bf", tone="b", media="srtp", codecs=("PCMA",), mwi=True)
    user = two.bundle.user
    allow(exchange, user, "dnd=on\nvoicemail=on\n")
    leave(one, two, exchange)
    net.wait_for("the message to be counted", lambda: messages(exchange, user) == (1, 0), 10)
    net.wait_for("the light to be on", lambda: light(two) == "yes", 10)
    assert "voicemail-you-have" in hear(two, exchange)
    net.wait_for("the message to be heard", lambda: messages(exchange, user) == (0, 1), 10)
    net.wait_for("the light to be out", lambda: light(two) == "no", 10)
    leave(one, two, exchange)
    net.wait_for("the light to be on again", lambda: light(two) == "yes", 10)
    assert messages(exchange, user) == (1, 1)
    exchange.wait_replaced("core", exchange.kill("core"), 20)
    net.wait_for("every process", exchange.answers, 30, step=0.3)
    exchange.command("user", "forget-messages", user)
    net.wait_for("the light to be out again", lambda: light(two) == "no", 10)
    assert messages(exchange, user) == (0, 0)
    assert "voicemail-empty" in hear(two, exchange)
    assert [e for e in exchange.events() if e["detail"] == "voice messages deleted"]
