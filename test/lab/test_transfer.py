# SPDX-License-Identifier: ISC
"""Transfers with real phones: blind and attended, over passing and ended legs, refused ones, and those of strangers."""
import time

import pytest

import net
import phones
import sip
from scripted import Call


def phone(people, kind, name, tone, **kw):
    """A phone keeps its kind for the file: what its device may do depends on it."""
    name = kind[0] + name
    return people.phone(kind, name, tone=tone, media=kw.pop("media", "srtp"), codecs=kw.pop("codecs", ("PCMU",)), **kw)


def transfer(who, target):
    """The call in hand goes to that user."""
    if who.kind == "linphone":
        who.command(f"transfer {who.uri(target)}")
    else:
        who.command("transfer", who.uri(target))


def took_over(one, two, three, seconds=2.0):
    """`two`, who talked with `one`, talks with `three` now; `one` is out."""
    one.wait_idle(15)
    phones.talk(two, three, seconds)


@pytest.mark.parametrize("one,two", [("baresip", "baresip"), ("baresip", "linphone"), ("linphone", "baresip"),
                                     ("linphone", "linphone")])
@pytest.mark.parametrize("media", ["srtp", "dtls"])
def test_r29_blind(exchange, people, one, two, media):
    """The phone that stays is sent a one-time URI, and its fresh call is heard by the target."""
    a = phone(people, one, "t1", "a", media=media)
    b = phone(people, two, "t2", "b", media=media)
    c = phone(people, "linphone", "t3", "c", media=media)
    phones.call(a, b)
    c.forget()
    time.sleep(1)
    transfer(a, c.bundle.user)
    inc = c.wait_incoming(10)
    assert f"sip:{b.bundle.user}@" in inc.peer            # whoever it is, not whoever sent it (R4)
    c.answer()
    c.wait_state("established")
    assert f"Referred-By: <sip:{a.bundle.user}@{exchange.domain}>" in c.traces()[c._mark:]
    took_over(a, b, c)


def test_r29_blind_by_the_callee(exchange, people):
    a = phone(people, "linphone", "t1", "a")
    b = phone(people, "baresip", "t2", "b")
    c = phone(people, "linphone", "t3", "c")
    phones.call(a, b)
    c.forget()
    time.sleep(1)
    transfer(b, c.bundle.user)
    c.wait_incoming(10)
    c.answer()
    c.wait_state("established")
    took_over(b, a, c)


def test_r29_the_target_is_busy(exchange, people):
    """The call that was stands, and both are heard again."""
    a = phone(people, "linphone", "t1", "a")
    b = phone(people, "linphone", "t2", "b")
    c = phone(people, "baresip", "t3", "c")
    phones.call(a, b)
    c.forget()
    transfer(a, c.bundle.user)
    c.wait_incoming(10)
    c.reject()
    net.wait_for("the refusal to be told", lambda: "SIP/2.0 486 Busy Here" in a.traces()[a._mark:], 10)
    net.wait_for("one call", lambda: len(exchange.calls()) == 1, 10)
    time.sleep(3)       # linphone takes no command for the first call while it lets go of the second
    for p in (a, b):
        p.poll()
        for held in [x for x in p.calls if x.state == "held"]:     # linphone holds a call while it places another
            p.command(f"resume {held.key}")
            p.wait_state("established", call=held)
    phones.talk(a, b, 1.5)


def test_t11_transfer_to_a_number_that_may_not_be_called(exchange, people):
    """403 with the reason before anything is sent to the other phone. (baresip would hang up on it.)"""
    a = phone(people, "linphone", "t1", "a")
    b = phone(people, "linphone", "t2", "b")
    phones.call(a, b)
    time.sleep(1)
    transfer(a, "+33899123456")
    net.wait_for("a refusal", lambda: any(f"SIP/2.0 {x}" in a.traces()[a._mark:] for x in (403, 404)), 5)
    assert "REFER sip" not in b.traces()[b._mark:]
    phones.talk(a, b, 1.5)


# ended legs

def ended(exchange, *who):
    for p in who:
        exchange.command("phone", "set", f"dev-{p.bundle.user}", "--join", "ended")


@pytest.mark.parametrize("kind", ["baresip", "linphone"])
def test_r29_blind_by_the_exchange(exchange, people, kind):
    """No phone is asked: the one that stays keeps its dialog, hears the target, and the transferring one is hung up."""
    a = phone(people, kind, "e1", "a")
    b = phone(people, "baresip", "e2", "b")
    c = phone(people, "linphone", "e3", "c")
    ended(exchange, b)
    phones.call(a, b)
    exchange.wait_grade("exchange")
    c.forget()
    time.sleep(1)
    transfer(a, c.bundle.user)
    inc = c.wait_incoming(10)
    assert f"sip:{b.bundle.user}@" in inc.peer
    c.answer()
    c.wait_state("established")
    assert "REFER sip" not in b.traces()[b._mark:]
    took_over(a, b, c)


def test_r29_given_back_by_the_exchange(exchange, people):
    """The target is busy: the two hear each other again, without a word of theirs."""
    a = phone(people, "linphone", "e1", "a")
    b = phone(people, "baresip", "e2", "b")
    c = phone(people, "linphone", "e3", "c")
    ended(exchange, b)
    phones.call(a, b)
    transfer(a, c.bundle.user)
    c.wait_incoming(10)
    c.reject()
    net.wait_for("the refusal to be told", lambda: "SIP/2.0 603 Decline" in a.traces()[a._mark:], 10)
    net.wait_for("the call", lambda: [x["state"] for x in exchange.calls()] == ["up"], 10)
    phones.talk(a, b, 3)


# attended

def attended(a, first, second):
    a.command(f"transfer {first.key} --to-call {second.key}")


@pytest.mark.parametrize("kind", ["linphone", "baresip"])
def test_r29_attended(exchange, people, kind):
    """Both phones come to the meeting; grade exchange, and both are heard."""
    a = phone(people, "linphone", "t1", "a")
    b = phone(people, kind, "t2", "b")
    c = phone(people, "linphone", "t3", "c")
    first, _ = phones.call(a, b)
    a.hold()
    c.forget()
    second = a.dial(c.bundle.user)
    c.wait_incoming()
    c.answer()
    a.wait_state("established", call=second)
    time.sleep(1)
    attended(a, first, second)
    a.wait_idle(20)
    net.wait_for("one call", lambda: [x["grade"] for x in exchange.calls()] == ["exchange"], 10)
    phones.talk(b, c, 1.5)


# by script: what a phone of good will would not do

def refer(call, to):
    return call.a.answer(call.next("REFER", headers={"Refer-To": to}))


def test_t10_a_strangers_refer(exchange, people, scripted):
    """A phone that knows all of a call's dialog cannot transfer it, and it is an alarm."""
    call = Call(scripted("s1"), scripted("s2"))
    thief = scripted("s3")
    before = len(exchange.events())
    s = thief.request("REFER", call.ok.contact_uri(), cseq=7, headers={
        "From": call.sent.own["From"], "To": call.ok.get("To"), "Call-ID": call.sent.own["Call-ID"],
        "Refer-To": f"<sip:s3@{thief.domain}>"})
    assert thief.answer(s).code == 481
    assert exchange.wait_event("forged dialog", after=before)["severity"] == "alarm"
    assert not call.b.quiet(0.4)
    call.bye()


@pytest.mark.parametrize("to,code", [
    ("<sip:s3@evil.example>", 403), ("<sip:s3@{d};maddr=192.0.2.1>", 403), ("<http://evil.example/>", 403),
    ("<sip:no-such@{d}>", 404), ("<sip:{d}>", 403), ("<sip:s3@{d};method=BYE>", 400),
    ("<sip:s3@{d}?Route=%3Csip%3Aevil.example%3E>", 400), ("<sip:s3@{d}?body=x>", 400),
    ("<sip:s3@{d}?Replaces=guess%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481), ("<sip:+33899123456@{d}>", 403),
    ("<tel:+33899123456>", 403)])
def test_t11_t12_where_a_refer_may_not_lead(exchange, people, scripted, to, code):
    call = Call(scripted("s1"), scripted("s2"))
    r = refer(call, to.format(d=call.a.domain))
    assert r.code == code and r.get("Warning"), r
    assert not call.b.quiet(0.3)
    call.bye()


def test_t11_a_phone_without_refer(exchange, people, scripted):
    """It never said that it takes one: 403, and the way out is named."""
    call = Call(scripted("s1"), scripted("s2"))
    r = refer(call, f"<sip:s3@{call.a.domain}>")
    assert r.code == 403 and "--join ended" in r.get("Warning")
    call.bye()


def test_t11_a_uri_is_for_one_phone_once(exchange, people, scripted):
    """What the phone is sent leads nowhere for another, and for itself a second time."""
    a, b, c = scripted("s1"), scripted("s2"), scripted("s3")
    call = Call(a, b, headers={"Allow": "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY"})
    time.sleep(0.3)     # the caller's ACK is on its way
    assert b.answer(call.back("REFER", headers={"Refer-To": f"<sip:s3@{b.domain}>"})).code == 202
    note = b.wait_request("NOTIFY")
    assert note.get("Event").startswith("refer") and "SIP/2.0 100 Trying" in note.body
    b.reply(note, 200, "OK")
    got = a.wait_request("REFER")
    a.reply(got, 202, "Accepted")
    to = got.get("Refer-To").strip("<>")
    assert to.startswith("sip:xfer-") and got.get("Referred-By") == f"<sip:s2@{b.domain}>"
    name = to[4:].split("@")[0]
    r = c.answer(s := c.invite(name))
    c.ack(s, r)
    assert r.code == 404 and exchange.wait_event("forged dialog")
    sent = a.invite(name)
    ring = c.wait_request("INVITE")
    assert f"sip:s1@{a.domain}" in ring.get("From") and name not in str(ring)
    r = a.answer(s := a.invite(name))
    a.ack(s, r)
    assert r.code == 404
    c.reply(ring, 486, "Busy Here", to_tag="c")
    r = a.answer(sent)
    a.ack(sent, r)
    assert r.code == 486
    last = b.wait_request("NOTIFY")
    b.reply(last, 200, "OK")
    assert "486" in last.body and last.get("Subscription-State").startswith("terminated")
    call.bye()


@pytest.mark.parametrize("answers", [True, False])
def test_r29_two_meet_without_an_offer(exchange, people, scripted, answers):
    """Phones whose INVITEs to the meeting offer nothing (RFC 3261 13.2.1) talk when both ACKs have answered our offers; where one does not, the
    old calls stand."""
    a, b, c = scripted("s1"), scripted("s2"), scripted("s3")
    takes = {"Allow": "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY"}
    one, two = Call(b, a, headers=takes), Call(c, a, headers=takes)
    time.sleep(0.3)     # the callers' ACKs are on their way
    where = two.got.contact_uri().replace("sip:", "", 1)
    place = f"{two.got.get('Call-ID')}%3Bto-tag%3D{two.got.tag('From')}%3Bfrom-tag%3Dt1"
    assert a.answer(one.back("REFER", headers={"Refer-To": f"<sip:{where}?Replaces={place}>"})).code == 202

    def told(words):
        note = a.wait_request("NOTIFY")
        a.reply(note, 200, "OK")
        assert words in note.body, note
    told("100 Trying")
    sent = {}
    for phone in (b, c):
        got = phone.wait_request("REFER")
        phone.reply(got, 202, "Accepted")
        sent[phone] = phone.invite(got.get("Refer-To").strip("<>")[4:].split("@")[0], body="")
    ok = {phone: phone.answer(sent[phone]) for phone in (b, c)}
    assert all(r.code == 200 and "a=crypto:2" in r.body for r in ok.values())
    assert not [m for m in a.quiet(1) if m.method]
    b.ack(sent[b], ok[b], sip.sdp(b.local, 40000).replace("crypto:1", "crypto:2"))
    c.ack(sent[c], ok[c], sip.sdp(c.local, 41000).replace("crypto:1", "crypto:2") if answers else "")
    if not answers:
        for phone in (b, c):
            phone.reply(phone.wait_request("BYE"), 200, "OK")
        told("488")
        assert len(exchange.calls()) == 2
        one.bye()
        two.bye()
        return
    told("200 OK")
    for phone in (a, a, b, c):
        phone.reply(phone.wait_request("BYE"), 200, "OK")
    one.over = two.over = True
    assert len(exchange.calls()) == 1
    hangs = b.in_dialog("BYE", sent[b], ok[b], 2)
    c.reply(c.wait_request("BYE"), 200, "OK")
    assert b.answer(hangs).code == 200


def test_t11_invite_in_place_of_a_call(exchange, people, scripted):
    call = Call(scripted("s1"), scripted("s2"))
    thief = scripted("s3")
    s = thief.invite("s2", headers={"Replaces": f"{call.sent.own['Call-ID']};to-tag={call.ok.tag('To')};from-tag=x"})
    r = thief.answer(s)
    thief.ack(s, r)
    assert r.code == 481
    assert not call.b.quiet(0.3)
    call.bye()


@pytest.mark.parametrize("content,body,code", [
    ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", 200), ("application/dtmf", "#", 200),
    ("application/dtmf-relay", "Signal=55\r\n", 415), ("application/dtmf", "x", 415), ("text/plain", "5", 415)])
def test_r29_info_is_never_passed_on(exchange, people, scripted, content, body, code):
    call = Call(scripted("s1"), scripted("s2"))
    r = call.a.answer(call.next("INFO", headers={"Content-Type": content}, body=body))
    assert r.code == code
    assert not call.b.quiet(0.3)
    call.bye()
