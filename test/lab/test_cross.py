# SPDX-License-Identifier: ISC
"""What a user of a telephone does while something else is under way, by scripted phones whose timing is exact: answers and hang-ups that
cross, transfers that lead on, back or nowhere, a phone that comes back from elsewhere in its call (R29)."""
import dataclasses
import os
import re
import signal
import threading
import time

import pytest

import audio
import net
import phones
import sip
import srtp
from hardship import stopped
from prompts import Dialogue
from scripted import ENCRYPTED, RTP_PORT, Call, End, answer_call

TAKES = {"Allow": "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY"}


def fits(phone, port=RTP_PORT["b"]):
    """An answer to whatever suite the exchange offered first."""
    return lambda offer: sip.sdp(phone.local, port).replace("crypto:1", f"crypto:{srtp.offered(offer)[0]}")


def picks_up(phone, tag="t1", **kw):
    return answer_call(phone, tag=tag, headers=TAKES, body=fits(phone), **kw)


def call(a, b):
    """A call of phones that take a REFER."""
    c = Call.__new__(Call)
    c.a, c.b, c.cseq, c.over = a, b, 1, False
    a.with_me.append(c)
    c.sent = a.invite(b.user, headers=TAKES)
    c.got = picks_up(b)
    c.ok = a.answer(c.sent)
    assert c.ok.code == 200, c.ok
    a.ack(c.sent, c.ok)
    b.wait_request("ACK")
    return c


def told(phone, words, timeout=5.0):
    note = phone.wait_request("NOTIFY", timeout)
    phone.reply(note, 200, "OK")
    assert words in note.body, note


def put_together(a, one, two):
    """a has called the others of both; its REFER in the first names the second."""
    where = two.ok.contact_uri().replace("sip:", "", 1)
    place = f"{two.sent.own['Call-ID']}%3Bto-tag%3D{two.ok.tag('To')}%3Bfrom-tag%3D{two.sent.own['From'].split('tag=')[1]}"
    r = a.answer(one.next("REFER", headers={"Refer-To": f"<sip:{where}?Replaces={place}>"}))
    assert r.code == 202, r
    told(a, "100 Trying")


def sent_on(phone):
    """The name that this phone is to call, by a REFER of the exchange's."""
    got = phone.wait_request("REFER")
    phone.reply(got, 202, "Accepted")
    return got.get("Refer-To").strip("<>")[4:].split("@")[0]


def hung_up(*who):
    for phone in who:
        phone.reply(phone.wait_request("BYE"), 200, "OK")


def test_r29_the_target_hangs_up_as_it_is_given_on(exchange, people, scripted):
    a, b, c = scripted("s1"), scripted("s2"), scripted("s3")
    one, two = call(a, b), call(a, c)
    put_together(a, one, two)
    gone = two.back("BYE")
    name = sent_on(b)
    c.reply(c.wait_request("REFER"), 202, "Accepted")
    assert c.answer(gone).code == 200
    hung_up(a)
    two.over = True
    sent = b.invite(name)
    began = time.monotonic()
    r = b.answer(sent, timeout=30)
    b.ack(sent, r)
    told(a, "480")
    assert r.code == 480 and time.monotonic() - began < 8
    assert len(exchange.calls()) == 1
    one.bye()
    exchange.wait_no_calls()


@pytest.mark.parametrize("n", range(6))
def test_r29_a_cancel_crosses_the_200(exchange, people, scripted, n):
    """RFC 3261 9.1: either the caller has its 200 and must hang up, or the callee is acknowledged and hung up on."""
    a, b = scripted("s1"), scripted("s2")
    for step in range(5):
        sent = a.invite("s2")
        got = b.wait_request("INVITE")
        b.reply(got, 180, "Ringing", to_tag="t")
        a.answer(sent, final=False)
        barrier = threading.Barrier(2)

        def answers():
            barrier.wait()
            time.sleep(0.01 * max(0, n - 3) * step)
            b.reply(got, 200, "OK", to_tag="t", body=sip.sdp(b.local, RTP_PORT["b"]))
        t = threading.Thread(target=answers)
        t.start()
        barrier.wait()
        time.sleep(0.01 * max(0, 3 - n) * step)
        own = {k: sent.own[k] for k in ("Via", "To", "From", "Call-ID")}
        a.request("CANCEL", sent.uri, cseq=1, headers={**own, "Contact": None})
        t.join()
        ok = a.wait(lambda m: m.code and m.cseq_method == "CANCEL", "the answer to CANCEL")
        r = a.wait(lambda m: m.code >= 200 and m.cseq_method == "INVITE", "the answer to INVITE")
        assert ok.code == 200 and r.code in (200, 487), (ok, r)
        a.ack(sent, r)
        if r.code == 200:
            bye = a.in_dialog("BYE", sent, r, 2)
            hung_up(b)
            assert a.answer(bye).code == 200
        else:
            hung_up(b)
        for m in b.quiet(0.2):
            assert m.method in ("CANCEL", "ACK") or m.cseq_method == "CANCEL", m
            if m.method == "CANCEL":
                b.reply(m, 481, "No")
        exchange.wait_no_calls()


def test_r29_a_200_behind_the_487(exchange, people, scripted):
    """A phone that says 487 to CANCEL and 200 all the same: RFC 6026 7.1, it is nobody's answer; its own BYE ends it."""
    a, b = scripted("s1"), scripted("s2")
    sent = a.invite("s2")
    got = b.wait_request("INVITE")
    b.reply(got, 180, "Ringing", to_tag="t")
    a.answer(sent, final=False)
    own = {k: sent.own[k] for k in ("Via", "To", "From", "Call-ID")}
    a.request("CANCEL", sent.uri, cseq=1, headers={**own, "Contact": None})
    b.reply(b.wait_request("CANCEL"), 200, "OK", to_tag="t")
    b.reply(got, 487, "Terminated", to_tag="t")
    b.reply(got, 200, "OK", to_tag="t", body=sip.sdp(b.local, RTP_PORT["b"]))
    r = a.wait(lambda m: m.code >= 200 and m.cseq_method == "INVITE", "the answer to INVITE")
    assert r.code == 487
    a.ack(sent, r)
    exchange.wait_no_calls()
    r = b.answer(b.in_dialog_back("BYE", got, "t", 100))
    assert r.code == 481
    assert not [m for m in a.quiet(0.5) if m.cseq_method != "CANCEL"]


@pytest.mark.parametrize("gives_up", [False, True])
def test_r29_two_of_a_group_answer_at_once(exchange, people, scripted, gives_up):
    a, b, c = scripted("s1"), scripted("s2"), scripted("s3")
    exchange.command("group", "add", "290", "--members", "s2,s3", check=gives_up is False)     # the second time it is there
    for step in range(6):
        sent = a.invite("290")
        got = {p: p.wait_request("INVITE") for p in (b, c)}
        for p, tag in ((b, "tb"), (c, "tc")):
            p.reply(got[p], 180, "Ringing", to_tag=tag)
        a.answer(sent, final=False)
        barrier = threading.Barrier(3 if gives_up else 2)

        def answers(p, tag, port):
            barrier.wait()
            p.reply(got[p], 200, "OK", to_tag=tag, body=fits(p, port)(got[p].body))
        threads = [threading.Thread(target=answers, args=x) for x in ((b, "tb", 41000), (c, "tc", 42000))]
        for t in threads:
            t.start()
        if gives_up:
            barrier.wait()
            own = {k: sent.own[k] for k in ("Via", "To", "From", "Call-ID")}
            a.request("CANCEL", sent.uri, cseq=1, headers={**own, "Contact": None})
        for t in threads:
            t.join()
        r = a.wait(lambda m: m.code >= 200 and m.cseq_method == "INVITE", "the answer to INVITE")
        a.ack(sent, r)
        if r.code == 200:
            until, ended = time.monotonic() + 3, set()
            while time.monotonic() < until and not ended:
                for p in (b, c):
                    for m in p.quiet(0.3):
                        if m.method == "BYE":
                            p.reply(m, 200, "OK")
                            ended.add(p)
                        elif m.method == "CANCEL":
                            p.reply(m, 481, "No")
            assert len(ended) == 1, ended
            assert len(exchange.calls()) == 1
            bye = a.in_dialog("BYE", sent, r, 2)
            winner = c if b in ended else b
            hung_up(winner)
            assert a.answer(bye).code == 200
        else:
            assert gives_up and r.code == 487
            for p in (b, c):
                hung_up(p)
        for p in (b, c):
            for m in p.quiet(0.1):
                assert m.method in ("CANCEL", "ACK", ""), m
        exchange.wait_no_calls()


@pytest.mark.parametrize("ended", [False, True])
def test_r29_given_on_from_one_to_the_next(exchange, people, scripted, ended):
    """s1 calls s2, who gives s1 to s3, who gives s1 to s4, who gives s1 back to s2: at once, as soon as each has answered."""
    s = {i: scripted(f"s{i}") for i in range(1, 5)}
    exchange.command("phone", "set", "dev-s1", "--join", "ended" if ended else "none")
    try:
        sent = s[1].invite("s2", headers=TAKES)
        got = picks_up(s[2])
        ok = s[1].answer(sent)
        s[1].ack(sent, ok)
        s[2].wait_request("ACK")
        time.sleep(0.2)
        by = 2
        for to in (3, 4, 2, 3):
            r = s[by].answer(s[by].in_dialog_back("REFER", got, "t1", 50, headers={"Refer-To": f"<sip:s{to}@{s[1].domain}>"}))
            assert r.code == 202, r
            told(s[by], "100 Trying")
            if not ended:
                sent = s[1].invite(sent_on(s[1]), headers=TAKES)
            got = picks_up(s[to])
            assert f"sip:s1@{s[1].domain}" in got.get("From")
            if not ended:
                ok = s[1].answer(sent)
                assert ok.code == 200, ok
                s[1].ack(sent, ok)
            s[to].wait_request("ACK")
            told(s[by], "180")
            told(s[by], "200 OK")
            hung_up(s[by])
            if not ended:
                hung_up(s[1])
            by = to
        assert len(exchange.calls()) == 1
        bye = s[1].in_dialog("BYE", sent, ok, 99)
        hung_up(s[by])
        assert s[1].answer(bye).code == 200
        exchange.wait_no_calls()
    finally:
        exchange.command("phone", "set", "dev-s1", "--join", "none", check=False)


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("to", ["s1", "s2"])
def test_r29_given_on_in_a_circle(exchange, people, scripted, ended, to):
    """s1 called s2; s1 gives s2 to s2, or to s1's own number."""
    a, b = scripted("s1"), scripted("s2")
    exchange.command("phone", "set", "dev-s1", "--join", "ended" if ended else "none")
    try:
        one = call(a, b)
        time.sleep(0.2)
        r = a.answer(one.next("REFER", headers={"Refer-To": f"<sip:{to}@{a.domain}>"}))
        assert r.code == 202
        told(a, "100 Trying")
        if not ended:
            sent = b.invite(sent_on(b), headers=TAKES)
        if to == "s2":
            told(a, "480")
            if not ended:
                r = b.answer(sent)
                b.ack(sent, r)
            assert len(exchange.calls()) == 1
            one.bye()
        else:
            got = picks_up(a, tag="t9")
            if not ended:
                ok = b.answer(sent)
                b.ack(sent, ok)
            a.wait_request("ACK")
            told(a, "180")
            told(a, "200 OK")
            hung_up(a)
            one.over = True
            if not ended:
                hung_up(b)
            assert len(exchange.calls()) == 1
            bye = a.in_dialog_back("BYE", got, "t9", 100)
            hung_up(b)
            assert a.answer(bye).code == 200
        exchange.wait_no_calls()
    finally:
        exchange.command("phone", "set", "dev-s1", "--join", "none", check=False)


def test_r29_a_call_that_both_hold_is_given_on(exchange, people, scripted):
    a, b, c = scripted("s1"), scripted("s2"), scripted("s3")
    one = call(a, b)
    held = one.next("INVITE", body=sip.sdp(a.local, 40000, version=2, direction="sendonly"))
    got = b.wait_request("INVITE")
    b.reply(got, 200, "OK", body=sip.sdp(b.local, 41000, version=2, direction="recvonly"))
    r = a.answer(held)
    assert r.code == 200
    a.ack(held, r)
    b.wait_request("ACK")
    time.sleep(0.2)
    held = one.back("INVITE", body=sip.sdp(b.local, 41000, version=3, direction="sendonly"))
    got = a.wait_request("INVITE")
    a.reply(got, 200, "OK", body=sip.sdp(a.local, 40000, version=3, direction="inactive"))
    r = b.answer(held)
    b.ack(held, r)
    a.wait_request("ACK")
    time.sleep(0.3)
    r = a.answer(one.next("REFER", headers={"Refer-To": f"<sip:s3@{a.domain}>"}))
    assert r.code == 202, r
    told(a, "100 Trying")
    sent = b.invite(sent_on(b), headers=TAKES)
    picks_up(c)
    ok = b.answer(sent)
    b.ack(sent, ok)
    c.wait_request("ACK")
    told(a, "180")
    told(a, "200 OK")
    hung_up(a, b)
    one.over = True
    assert "a=sendrecv" in ok.body
    bye = b.in_dialog("BYE", sent, ok, 2)
    hung_up(c)
    assert b.answer(bye).code == 200
    exchange.wait_no_calls()


def test_r29_an_ended_call_that_both_hold_is_given_on(exchange, people, scripted):
    """The exchange gives it on: who answers hears music until the one who holds comes back."""
    a, b, c = scripted("s1"), scripted("s2"), scripted("s3")
    exchange.command("phone", "set", "dev-s1", "--join", "ended")
    try:
        one = call(a, b)

        def says(phone, method, direction, version):
            tag = srtp.offered(one.got.body)[0] if phone is b else "1"
            port = RTP_PORT["b" if phone is b else "a"]
            sent = method("INVITE", body=sip.sdp(phone.local, port, version=version, direction=direction).replace("crypto:1", f"crypto:{tag}"))
            r = phone.answer(sent)
            assert r.code == 200, r
            phone.ack(sent, r)
            return r.body
        assert "a=recvonly" in says(a, one.next, "sendonly", 2)
        assert "a=recvonly" in says(b, one.back, "sendonly", 2)
        time.sleep(0.3)
        assert a.answer(one.next("REFER", headers={"Refer-To": f"<sip:s3@{a.domain}>"})).code == 202
        told(a, "100 Trying")
        heard = End(c, 45000)
        c.with_me.append(heard)
        got = answer_call(c, headers=TAKES, body=fits(c, 45000))
        c.wait_request("ACK")
        told(a, "180")
        told(a, "200 OK")
        hung_up(a)
        one.over = True
        heard.rtp.settimeout(3)
        assert all(heard.rtp.recv(4096) for _ in range(20))     # music
        assert "a=sendrecv" in says(b, lambda m, **kw: one.back(m, cseq=101, **kw), "sendrecv", 3)
        heard.hear(0.5)
        assert not heard.hear(0.5)              # b, who says nothing
        assert [x["state"] for x in exchange.calls()] == ["up"]
        bye = c.in_dialog_back("BYE", got, "t1", 100)
        hung_up(b)
        assert c.answer(bye).code == 200
        exchange.wait_no_calls()
    finally:
        exchange.command("phone", "set", "dev-s1", "--join", "none")


# --- core dies in the middle of a change ---

HOLD = ("sendonly", "recvonly")


def said(phone, port, direction, version=2):
    """An answer to whatever suite the exchange offered first."""
    return lambda offer: fits(phone, port)(offer).replace("a=sendrecv", f"a={direction}").replace("4711 1 ", f"4711 {version} ")


def version(body):
    return int(re.search(r"^o=\S+ \d+ (\d+)", body, re.M)[1])


def core_dies(exchange):
    exchange.wait_replaced("core", exchange.kill("core"), 10)
    net.wait_for("every process", exchange.answers, 20)


def is_asked(phone, port, direction, newer=0, says=None):
    """What stands is offered to it, newer than what it was offered before; it says that it has that, or what else."""
    asked = phone.wait_request("INVITE", 12)
    assert f"a={direction}" in asked.body and version(asked.body) > newer, asked
    phone.reply(asked, 200, "OK", body=said(phone, port, says or direction, 3)(asked.body))
    phone.wait_request("ACK")


def asked_no_more(*who):
    assert not [m for p in who for m in p.quiet(4) if m.method in ("INVITE", "BYE")]


def packets(end, seconds=0.5):
    """How many came in that time; what had come before is left out."""
    end.rtp.setblocking(False)
    n, since, until = 0, time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            end.rtp.recv(4096)
            n += time.monotonic() > since + 0.1
        except BlockingIOError:
            time.sleep(0.005)
    return n


@pytest.mark.parametrize("step", ["passed on", "answered", "said", "acknowledged"])
def test_r28_core_dies_in_a_hold(exchange, people, scripted, step):
    """Before b has answered, when it has, and before a's ACK: who may have another session than core is asked, and both know the same."""
    a, b = scripted("s1"), scripted("s2")
    one = call(a, b)
    sent = one.next("INVITE", body=sip.sdp(a.local, RTP_PORT["a"], version=2, direction=HOLD[0]))
    got = b.wait_request("INVITE")
    assert f"a={HOLD[0]}" in got.body
    holds = said(b, RTP_PORT["b"], HOLD[1])(got.body)
    if step in ("said", "acknowledged"):
        b.reply(got, 200, "OK", body=holds)
        ok = a.answer(sent)
        assert ok.code == 200 and f"a={HOLD[1]}" in ok.body
        core_dies(exchange)
        if step == "acknowledged":      # to the next one
            a.ack(sent, ok)
        else:
            is_asked(a, RTP_PORT["a"], "sendrecv", version(ok.body), says=HOLD[0])
        asked_no_more(a, b)
        one.bye()
        exchange.wait_no_calls()
        return
    if step == "answered":
        with stopped(exchange, "core"):
            b.reply(got, 200, "OK", body=holds)
            time.sleep(0.3)
            core_dies(exchange)
    else:
        core_dies(exchange)
    b.reply(got, 200, "OK", body=holds)         # once more, as nobody acknowledged it, or for the first time
    refused = a.answer(sent)
    assert refused.code == 500, refused
    a.ack(sent, refused)
    b.wait_request("ACK")
    is_asked(b, RTP_PORT["b"], "sendrecv", version(got.body))
    asked_no_more(a, b)
    one.bye()
    exchange.wait_no_calls()


@pytest.mark.parametrize("kind", ["baresip", "linphone"])
def test_r28_core_dies_before_a_phone_takes_the_hold(exchange, people, scripted, kind):
    """A real phone says 200 to a hold whose core is gone, and is silent; it speaks again when it has been asked what it has."""
    a, b = scripted("s1"), people.phone(kind, f"held-{kind}", tone="b", media="srtp", codecs=("PCMU",))
    sent = a.invite(b.bundle.user)
    b.wait_incoming()
    b.answer()
    ok = a.answer(sent)
    assert ok.code == 200, ok
    a.ack(sent, ok)
    b.wait_state("established")
    ear = End(a, RTP_PORT["a"], ok.body)
    a.with_me.append(ear)
    net.wait_for("its voice", lambda: (ear.say(n=2), packets(ear))[1] > 10, 10)
    group = os.getpgid(b.proc.pid)
    assert group != os.getpgid(0)
    os.killpg(group, signal.SIGSTOP)
    try:
        hold = a.in_dialog("INVITE", sent, ok, 2, body=sip.sdp(a.local, RTP_PORT["a"], version=2, direction=HOLD[0]))
        time.sleep(1)
        core_dies(exchange)
    finally:
        os.killpg(group, signal.SIGCONT)
    refused = a.answer(hold)
    assert refused.code == 500, refused
    a.ack(hold, refused)
    net.wait_for("it to be on hold", lambda: packets(ear) == 0, 5, step=0.05)
    net.wait_for("its voice again", lambda: packets(ear) > 10, 12)
    bye = a.in_dialog("BYE", sent, ok, 3)
    assert a.answer(bye).code == 200
    exchange.wait_no_calls()


# --- three at once ---

@pytest.mark.parametrize("media", ["srtp", "dtls"])
def test_r29_a_phone_makes_a_conference_of_its_calls(exchange, people, media):
    """The exchange has none; a phone that mixes has, of a call that it held and the one that it asked meanwhile. Who is in it hears the third,
    and each call keeps its keys."""
    a, b, c = (people.phone("linphone", f"mixer-{media[0]}{i}", tone=tone, media=media, codecs=("PCMU",)) for i, tone in enumerate("abc"))
    first, _ = phones.call(a, b)
    a.hold()
    second = a.dial(c.bundle.user)
    c.wait_incoming()
    c.answer()
    a.wait_state("established", call=second)
    for each in (second, first):
        time.sleep(2)
        a.command(f"conference add {each.key}")
    time.sleep(8)
    assert [x["grade"] for x in exchange.calls()] == [{"srtp": "exchange", "dtls": "end-to-end"}[media]] * 2
    for p in (b, c):
        p.hangup()
    a.wait_idle(15)
    exchange.wait_no_calls()
    for p, of in ((b, c), (c, b)):
        net.wait_for(f"{p} to have heard {of}", lambda: audio.total(p.recordings()).get(of.tone, 0) >= 2, 10)


# --- a phone that comes back from elsewhere in its call ---

@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("who", ["a", "b"])
def test_r29_a_phone_moves_in_its_call(exchange, people, scripted, who, closes):
    """R4, R29: another address, another connection, the same certificate and login: its re-INVITE moves the call, and media follow; what
    still comes from where it was is heard no more. `closes`: the old connection ended."""
    a, b = scripted("s1"), scripted("s2")
    c = call(a, b)
    moved, stays = (a, b) if who == "a" else (b, a)
    ends = {a: End(a, RTP_PORT["a"], c.ok.body), b: End(b, RTP_PORT["b"], c.got.body)}
    for p in (a, b):
        p.with_me.append(ends[p])
        ends[p].say(ENCRYPTED, 5)
    time.sleep(0.3)
    assert ends[a].hear(0.3) and ends[b].hear(0.3)
    if closes:
        moved.sock.close()
    there = sip.Client(people.host(f"{moved.user}-elsewhere"), people.bundle(moved.user)[0]).open()
    try:
        assert there.local != moved.local
        assert there.register().code == 200
        if who == "a":
            sent = there.in_dialog("INVITE", c.sent, c.ok, 2, body=sip.sdp(there.local, 43000, version=2))
        else:
            sent = there.in_dialog_back("INVITE", c.got, "t1", 100, body=sip.sdp(there.local, 43000, version=2))
        ok = there.answer(sent)
        assert ok.code == 200, ok
        there.ack(sent, ok)
        here = End(there, 43000, ok.body)
        there.with_me.append(here)
        here.seq = ends[moved].seq
        here.say(ENCRYPTED, 5)
        ends[stays].say(ENCRYPTED, 5)
        heard = len(ends[stays].hear(0.5)), len(here.hear(0.5)), len(ends[moved].hear(0.2))
        assert heard == (5, 5, 0)
        ends[moved].say(ENCRYPTED, 5)
        assert not ends[stays].hear(0.4)
        sent = stays.in_dialog("BYE", c.sent, c.ok, 2) if who == "b" else stays.in_dialog_back("BYE", c.got, "t1", 200)
        there.reply(there.wait_request("BYE"), 200, "OK")
        assert stays.answer(sent).code == 200
        c.over = True
        exchange.wait_no_calls()
    finally:
        there.close()


# --- keys ---

class Spoken:
    """A scripted phone that the exchange talks to: SRTP both ways, its speech and its keys (RFC 4733)."""

    def __init__(self, client, number):
        self.a, key = client, srtp.fresh_key()
        self.sent = client.invite(number, body=sip.sdp(client.local, 44000, key=key))
        self.ok = client.answer(self.sent)
        assert self.ok.code == 200, self.ok
        client.ack(self.sent, self.ok)
        self.out, self.back = srtp.Stream(key), srtp.Stream(srtp.offered(self.ok.body)[1])
        self.end = End(client, 44000, self.ok.body)
        client.with_me.append(self.end)
        self.seq, self.ts, self.cseq = 2000, 160000, 1

    def send(self, payload, pt, ts, marker=False):
        self.seq += 1
        packet = b"\x80" + bytes([pt | 128 * marker]) + self.seq.to_bytes(2, "big") + ts.to_bytes(4, "big") + b"\0\0\x12\x34" + payload
        self.end.rtp.sendto(self.out.protect(packet), self.end.far)

    def speak(self, seconds):
        for _ in range(int(seconds * 50)):
            self.ts += 160
            self.send(b"\x90\x10" * 80, 0, self.ts)          # whoever says nothing leaves no message
            time.sleep(0.02)

    def press(self, key, seconds=0.1, info=None):
        """Held so long; after 65,535 units the event goes on as another segment (RFC 4733 2.5.1.3). info: said by INFO as well, then."""
        event, began, left = "0123456789*#".index(key), self.ts, int(seconds * 50)
        units = 0
        if info == "before":
            self.info(key)
        for i in range(left):
            if units + 160 > 0xffff:
                began, units = began + units, 0
            units += 160
            self.send(bytes([event, 10]) + units.to_bytes(2, "big"), 101, began, i == 0)
            if i % 10 == 0:
                time.sleep(0.2 if seconds > 1 else 0.02)
        if info == "within":
            self.info(key)
        for _ in range(3):
            self.send(bytes([event, 0x80 | 10]) + units.to_bytes(2, "big"), 101, began)
        if info == "after":
            self.info(key)
        self.ts = began + units
        self.speak(0.1)

    def info(self, key):
        self.cseq += 1
        r = self.a.answer(self.a.in_dialog("INFO", self.sent, self.ok, self.cseq, headers={"Content-Type": "application/dtmf-relay"},
                                           body=f"Signal={key}\r\nDuration=160\r\n"))
        assert r.code == 200, r

    def over(self, timeout=30):
        """The exchange hangs up."""
        self.a.reply(self.a.wait_request("BYE", timeout), 200, "OK")
        self.end.close()

    def bye(self):
        assert self.a.answer(self.a.in_dialog("BYE", self.sent, self.ok, 50)).code == 200
        self.end.close()


@pytest.mark.parametrize("held,info,early", [(0.1, None, True), (0.1, None, False), (0.1, "before", False), (0.1, "after", False),
                                             (10, None, False), (10, "after", False), (10, "within", True)])
def test_r15_keys_that_are_held_or_said_twice(exchange, people, scripted, held, info, early):
    """Each is one key: of ten seconds (more than one event can count), beside SIP INFO, in the midst of the prompt that asks for it."""
    a = scripted("s1")
    exchange.ask("user-pin", name="s1", pin="3916")
    voice = Dialogue(exchange)
    before = voice.turns
    p = Spoken(a, "*97")
    p.speak(0.5)
    voice.begun()
    if early:
        voice.begun()
        time.sleep(0.5)
    else:
        voice.said("pin-please")
    p.press("3", held, info)
    for key in "916#":
        p.press(key, 0.1, info)
    p.speak(0.5)
    p.over()
    exchange.wait_no_calls()
    assert exchange.counter("turns") - before == 3      # a moment of silence, the question, and that there are no messages


# --- codes beside a call ---

CODES = ("*72193", "*73", "*78", "*79", "*77", "*87", "*60", "*61", "*12", "*11", "*55", "*97", "*8", "*6910")


@pytest.mark.parametrize("holds", [False, True])
def test_r29_codes_beside_a_call(exchange, people, scripted, holds):
    """A call stands, whatever its phone dials meanwhile, and hears nothing of it; *68 alone is about that call (test_desk.py)."""
    a, b = scripted("s1"), scripted("s2")
    people.bundle("193")
    one = call(a, b)
    if holds:
        held = one.next("INVITE", body=sip.sdp(a.local, RTP_PORT["a"], version=2, direction="sendonly"))
        b.reply(b.wait_request("INVITE"), 200, "OK", body=sip.sdp(b.local, RTP_PORT["b"], version=2, direction="recvonly"))
        a.ack(held, a.answer(held))
        b.wait_request("ACK")
    for code in CODES:
        sent = a.invite(code, body=sip.sdp(a.local, 44000, key=srtp.fresh_key()))
        r = a.answer(sent)
        a.ack(sent, r)
        if r.code == 200:       # it would be told something, once it has sent a packet
            assert a.answer(a.in_dialog("BYE", sent, r, 2)).code == 200
        else:
            assert code == "*8" or code == "*72193", r
        assert not [m for m in b.quiet(0.1) if m.method]
    assert b.answer(one.back("OPTIONS")).code == 200 and a.answer(one.next("OPTIONS")).code == 200
    assert [c["state"] for c in exchange.calls()] == ["held" if holds else "up"]
    one.bye()
    exchange.wait_no_calls()


# --- one mailbox, two phones ---

def subscribed(phone):
    """To its own user's light; the first word of it."""
    sent = phone.request("SUBSCRIBE", f"sip:{phone.user}@{phone.domain}", headers={"Event": "message-summary", "Expires": "600",
                                                                                    "Accept": "application/simple-message-summary"})
    assert phone.answer(sent).code == 200
    return shown(phone)


def shown(phone):
    note = phone.wait_request("NOTIFY", 10)
    phone.reply(note, 200, "OK")
    return re.search(r"Messages-Waiting: (\w+)", note.body)[1], re.search(r"Voice-Message: (\S+)", note.body)[1]


def leaves(exchange, a, user, seconds=4):
    """A message: greeted, heard to the tone, and hung up."""
    voice = Dialogue(exchange)
    p = Spoken(a, user)
    p.speak(0.3)
    voice.said("voicemail-greeting")
    voice.said("voicemail-record-after-tone")
    p.speak(seconds)
    p.bye()


def test_r29_one_mailbox_of_two_phones_fills(exchange, people, scripted):
    """Both lights of a person follow the mailbox, whichever phone hears or deletes; full, it says so to who calls and to its owner, and takes
    the next when a message was deleted."""
    conf = open(f"{exchange.site}/ringfence.conf").read()
    exchange.write_conf(conf + "\nvoicemail {\n\tper-user = 2\n}\n")
    exchange.command("reload")
    a, one = scripted("s1"), scripted("s2")
    people.bundle("s2b", ["s2b"])
    exchange.ask("phone-bind", phone=exchange.phones["dev-s2b"], user="s2")
    bundle = dataclasses.replace(people.bundle("s2b")[0], user="s2", password="pass-of-s2")
    two = sip.Client(people.host("s2b"), bundle).open()
    try:
        assert two.register().code == 200
        exchange.command("user", "set", "s2", "--voicemail", "on", "--dnd", "on")
        assert subscribed(one) == subscribed(two) == ("no", "0/0")
        for n in (1, 2):
            leaves(exchange, a, "s2")
            assert shown(one) == shown(two) == ("yes", f"{n}/0")
        voice = Dialogue(exchange)
        p = Spoken(a, "s2")
        p.speak(0.3)
        voice.said("voicemail-no-greeting", "voicemail-full")
        p.over()
        assert exchange.counter("turns") == voice.turns
        assert exchange.wait_event("call refused")["detail"] == "no message was taken: the mailbox is full"
        voice = Dialogue(exchange)
        p = Spoken(two, "*97")
        p.speak(0.3)
        voice.begun()
        voice.said("voicemail-full")
        voice.said("voicemail-you-have", "2", "voicemail-messages")
        voice.begun()
        time.sleep(1)
        p.press("7")
        assert shown(one) == shown(two) == ("yes", "1/0")
        voice.said("voicemail-deleted")
        p.bye()
        leaves(exchange, a, "s2")
        assert shown(one) == shown(two) == ("yes", "2/0")
        exchange.command("user", "forget-messages", "s2")
        assert shown(one)[0] == shown(two)[0] == "no"
    finally:
        two.close()
        exchange.command("user", "set", "s2", "--voicemail", "none", "--dnd", "none", check=False)
        exchange.write_conf(conf)
        exchange.command("reload")
