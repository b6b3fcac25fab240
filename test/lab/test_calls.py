# SPDX-License-Identifier: ISC
"""Calls in all their turns: hold, forking, several users on one device, IPv6, timers, PRACK, UPDATE, glare, messages."""
import time

import pytest

import net
import phones
import sip
from scripted import Call, answer_call

SDP_HOLD = dict(direction="sendonly", version=2)


def phone(people, kind, name, tone, **kw):
    return people.phone(kind, name, tone=tone, media=kw.pop("media", "srtp"), codecs=kw.pop("codecs", ("PCMU",)), **kw)


# hold, resume, codec change

@pytest.mark.parametrize("media", ["srtp", "dtls", "zrtp"])
@pytest.mark.parametrize("holder", ["caller", "callee"])
def test_r29_hold_and_resume(exchange, people, media, holder):
    """Audio is heard again by both after a hold. The holder's far end learns of it."""
    one = phone(people, "linphone", "l1", "a", media=media)
    two = phone(people, "linphone", "l2", "b", media=media)
    phones.call(one, two)
    time.sleep(1.0)
    who, other = (one, two) if holder == "caller" else (two, one)
    who.hold()
    other.wait_state("remote-held")
    assert exchange.call("held")
    time.sleep(1.0)
    who.resume()
    other.wait_state("established")
    phones.talk(one, two, 2.5)      # more than the second before the hold


@pytest.mark.parametrize("media", ["srtp", "dtls"])
def test_r29_hold_by_baresip(exchange, people, media):
    one = phone(people, "baresip", "b1", "a", media=media)
    two = phone(people, "linphone", "l2", "b", media=media)
    phones.call(one, two)
    time.sleep(1.5)
    one.hold()
    time.sleep(1.0)
    one.resume()
    time.sleep(6)       # its rate is an average over some seconds
    assert one.receives() > 20000
    phones.hang_up(one, two)
    two.hears("a", 6.0, not_tone="b")


def test_r29_baresip_is_held_under_dtls(exchange, people):
    """It answers actpass where it was the caller; it is held all the same, and both are heard afterwards."""
    one = phone(people, "baresip", "b1", "a", media="dtls")
    two = phone(people, "linphone", "l2", "b", media="dtls")
    phones.call(one, two)
    time.sleep(1.5)     # baresip 1.0.0 that is held before its handshake is over mistakes its keys
    two.hold()
    assert exchange.call("held")
    two.resume()
    assert exchange.call("up")
    time.sleep(6)       # its rate is an average over some seconds
    assert one.receives() > 20000
    phones.hang_up(one, two)
    two.hears("a", 5.0, not_tone="b")


# several devices, several users

@pytest.mark.parametrize("winner", ["d1", "d2"])
def test_r29_two_devices_of_one_user(exchange, people, winner):
    """Both ring, one answers, the other stops, and the winner is heard."""
    first = people.phone("baresip", "d1", users=["both"], tone="a", media="srtp", codecs=("PCMU",))
    second = people.phone("linphone", "d2", users=["both"], tone="b", media="srtp", codecs=("PCMU",))
    caller = phone(people, "linphone", "l3", "c")
    caller.forget()
    caller.dial("both")
    ringing = {"d1": (first, first.wait_incoming()), "d2": (second, second.wait_incoming())}
    won, _ = ringing.pop(winner)
    lost, lost_call = ringing.popitem()[1]
    won.answer()
    caller.wait_state("established")
    lost.wait_closed(lost_call)
    phones.talk(caller, won, 1.5)


def test_r29_both_devices_refuse(exchange, people):
    """One device busy, the other still rings; when the last refuses, the caller is told."""
    first = people.phone("baresip", "d1", users=["both"], tone="a", media="srtp", codecs=("PCMU",))
    second = people.phone("linphone", "d2", users=["both"], tone="b", media="srtp", codecs=("PCMU",))
    caller = phone(people, "linphone", "l3", "c")
    caller.forget()
    caller.dial("both")
    first.wait_incoming()
    second.wait_incoming()
    first.reject()
    time.sleep(1)
    assert second.live()
    second.reject()
    assert caller.wait_refused()[0] in (486, 603)


def test_r3_two_users_on_one_device(exchange, people):
    """Both users of one device register over its one connection, are called, and call as themselves."""
    desk = people.phone("baresip", "desk", users=["anna", "bert"], tone="a", media="srtp", codecs=("PCMU",))
    two = phone(people, "linphone", "l3", "b")
    for user in ("anna", "bert"):
        phones.call(two, desk, target=user)
        assert desk.calls[-1].aor == f"sip:{user}@{exchange.domain}"
        phones.hang_up(two, desk)
        desk.dial(two.bundle.user, user=user)
        c = two.wait_incoming()
        assert f"sip:{user}@" in c.peer
        two.reject()
        desk.wait_idle()


@pytest.mark.parametrize("a,b", [("baresip", "baresip"), ("linphone", "linphone"), ("baresip", "linphone")])
@pytest.mark.parametrize("media", ["srtp", "dtls"])
def test_r29_ipv6(exchange, people, a, b, media):
    one = phone(people, a, f"{a[:1]}61", "a", family=6, media=media)
    two = phone(people, b, f"{b[:1]}62", "b", family=6, media=media)
    phones.call(one, two)
    phones.talk(one, two, 1.5)


def test_r29_ipv6_to_ipv4(exchange, people):
    """Each leg speaks its own family; the relay joins them."""
    one = phone(people, "linphone", "l61", "a", family=6)
    two = phone(people, "linphone", "l2", "b")
    phones.call(one, two)
    phones.talk(one, two, 1.5)


# what Debian's baresip cannot: proved with linphone and by script

def test_r29_session_timer_linphone(exchange, people):
    """RFC 4028 per leg: the call outlives two refreshes with audio."""
    one = people.phone("linphone", "lt1", tone="a", media="srtp", codecs=("PCMU",), session=90)
    two = phone(people, "linphone", "l2", "b")
    phones.call(one, two)
    phones.talk(one, two, 1.5)


def test_r29_session_timer_answered(exchange, scripted):
    """A leg that asks for a timer gets Session-Expires, and its refresh is answered from the stored SDP."""
    a, b = scripted("sa"), scripted("sb")
    call = Call(a, b, headers={"Session-Expires": "90;refresher=uac", "Supported": "timer"})
    assert call.ok.get("Session-Expires")
    answer = sip.sdp_media(call.ok.body)
    up = call.next("UPDATE", headers={"Session-Expires": "90;refresher=uac", "Supported": "timer"})
    assert a.answer(up).code == 200
    again = call.next("INVITE", headers={"Session-Expires": "90;refresher=uac", "Supported": "timer"}, body=sip.sdp(a.local))
    ok2 = a.answer(again)
    a.ack(again, ok2)
    assert ok2.code == 200 and sip.sdp_media(ok2.body) == answer
    call.bye()


def test_r29_session_interval_too_small(exchange, scripted):
    a, _ = scripted("sa"), scripted("sb")
    r = a.answer(s := a.invite("sb", headers={"Session-Expires": "30", "Supported": "timer"}))
    a.ack(s, r)
    assert r.code == 422 and int(r.get("Min-SE")) >= 90


def test_r29_prack(exchange, scripted):
    """100rel ends on each leg: who requires it gets reliable provisionals from the exchange, and its PRACK is answered."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.invite("sb", headers={"Require": "100rel", "Supported": "100rel"})
    got = b.wait_request("INVITE")
    b.reply(got, 180, "Ringing", to_tag="p")
    ringing = a.wait(lambda m: m.code == 180, "a reliable 180")
    assert "100rel" in ringing.get("Require") and int(ringing.get("RSeq")) > 0
    pr = a.in_dialog("PRACK", sent, ringing, 2, headers={"RAck": f"{ringing.get('RSeq')} {sent.cseq} INVITE"})
    assert a.answer(pr).code == 200
    b.reply(got, 200, "OK", to_tag="p", body=sip.sdp(b.local, 41000))
    ok = a.answer(sent)
    a.ack(sent, ok)
    assert a.answer(a.in_dialog("BYE", sent, ok, 3)).code == 200


def test_r29_prack_to_the_callee(exchange, scripted):
    """A callee that requires 100rel gets its PRACK from the exchange; the caller need not know."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.invite("sb")
    got = b.wait_request("INVITE")
    if "100rel" not in got.get("Supported"):
        b.reply(got, 421, "Extension Required", to_tag="q", headers={"Require": "100rel"})
        assert a.answer(sent).code in (421, 480, 488, 500)
        return
    b.reply(got, 183, "Session Progress", to_tag="q", headers={"Require": "100rel", "RSeq": "17",
                                                               "Contact": b.contact()})
    pr = b.wait_request("PRACK")
    assert pr.get("RAck") == f"17 {got.get('CSeq')}"
    b.reply(pr, 200, "OK")
    b.reply(got, 486, "Busy Here", to_tag="q")
    r = a.answer(sent)
    a.ack(sent, r)
    assert r.code == 486


def test_r29_update_hold(exchange, scripted):
    """UPDATE and re-INVITE change the far leg too: direction crosses, address does not."""
    a, b = scripted("sa"), scripted("sb")
    call = Call(a, b)
    again = call.next("INVITE", body=sip.sdp(a.local, **SDP_HOLD))
    there = b.wait_request("INVITE")
    assert "a=sendonly" in there.body and a.local not in there.body
    b.reply(there, 200, "OK", body=sip.sdp(b.local, 41000, direction="recvonly", version=2))
    b.wait_request("ACK")
    ok2 = a.answer(again)
    a.ack(again, ok2)
    assert ok2.code == 200 and "a=recvonly" in ok2.body and b.local not in ok2.body
    call.bye()


def test_r29_glare(exchange, scripted):
    """Both ends re-INVITE at once: 491 for one of them at least, and the call lives on."""
    a, b = scripted("sa"), scripted("sb")
    call = Call(a, b)
    ra = call.next("INVITE", body=sip.sdp(a.local, **SDP_HOLD))
    rb = call.back("INVITE", body=sip.sdp(b.local, 41000, **SDP_HOLD))
    final = {}
    end = time.monotonic() + 12
    while len(final) < 2 and time.monotonic() < end:
        for c, sent in ((a, ra), (b, rb)):
            for m in c.quiet(0.1):
                if m.method == "INVITE":
                    c.reply(m, 491, "Request Pending", to_tag="t1")
                elif m.code >= 200 and m.get("CSeq") == sent.own["CSeq"]:
                    c.ack(sent, m)
                    final[c] = m.code
    codes = list(final.values())
    assert 491 in codes
    time.sleep(0.5)
    assert exchange.calls()
    assert a.answer(call.next("BYE")).code == 200


def test_r29_bye_crosses_bye(exchange, scripted):
    a, b = scripted("sa"), scripted("sb")
    call = Call(a, b)
    one = call.next("BYE")
    two = call.back("BYE")
    assert a.answer(one).code in (200, 481) and b.answer(two).code in (200, 481)
    exchange.wait_no_calls()


def test_r29_cancel_crosses_200(exchange, scripted):
    """A 200 that crosses the CANCEL: the callee is hung up, nothing is left."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.invite("sb")
    got = b.wait_request("INVITE")
    a.request("CANCEL", sent.uri, cseq=1, headers={k: sent.own[k] for k in ("Via", "From", "To", "Call-ID")})
    b.reply(got, 200, "OK", to_tag="z", body=sip.sdp(b.local, 41000))
    r = a.answer(sent)
    a.ack(sent, r)
    if r.code == 200:
        assert a.answer(a.in_dialog("BYE", sent, r, 2)).code == 200
    else:
        assert r.code == 487
        b.wait_request("ACK", 8)
        b.reply(b.wait_request("BYE", 8), 200, "OK")
    exchange.wait_no_calls(10)


def test_r29_early_offerless_invite(exchange, scripted):
    """An initial INVITE without SDP: the 200 offers, and an ACK without an answer ends the call on both sides (RFC 3261 13.2.1)."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.invite("sb", body="")
    got = b.wait_request("INVITE")
    assert "RTP/SAVP" in got.body
    b.reply(got, 180, "Ringing", to_tag="late")
    b.reply(got, 200, "OK", to_tag="late", body=sip.sdp(b.local, 41000).replace("crypto:1", "crypto:2"))
    b.wait_request("ACK")
    r = a.answer(sent)
    assert r.code == 200 and "a=crypto:2 AES_CM_128_HMAC_SHA1_80" in r.body and "a=sendrecv" in r.body
    a.ack(sent, r)
    for end in (a, b):
        end.reply(end.wait_request("BYE"), 200, "OK")
    exchange.wait_no_calls()


def answer_to_ours(client):
    return sip.sdp(client.local, 40000).replace("crypto:1", "crypto:2")


@pytest.mark.parametrize("ack", ["heard", "lost"])
def test_r28_early_offerless_invite_outlives_core(exchange, scripted, ack):
    """core is killed between our 200, which offers, and its ACK: the next core hears that, or says the offer again by a re-INVITE."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.invite("sb", body="")
    got = b.wait_request("INVITE")
    b.reply(got, 200, "OK", to_tag="late", body=answer_to_ours(b))
    b.wait_request("ACK")
    r = a.answer(sent)
    old = exchange.kill("core")
    exchange.wait_replaced("core", old)
    net.wait_for("the call", exchange.calls, 5)
    if ack == "heard":
        a.ack(sent, r, answer_to_ours(a))
    else:
        again = a.wait_request("INVITE", 8)
        offered = [line for line in r.body.split("\r\n") if line.startswith(("a=crypto", "m=audio"))]
        assert all(line in again.body for line in offered), (offered, again.body)
        a.reply(again, 200, "OK", body=answer_to_ours(a))
        a.wait_request("ACK", 8)
    assert not [m for m in a.quiet(5) if m.method] and exchange.calls()
    assert a.answer(a.in_dialog("BYE", sent, r, 2)).code == 200
    b.reply(b.wait_request("BYE", 8), 200, "OK")
    exchange.wait_no_calls()


@pytest.mark.parametrize("method,code", [("OPTIONS", 200), ("PUBLISH", 405), ("SUBSCRIBE", 489), ("FOO", 405)])
def test_r29_methods(exchange, scripted, method, code):
    a = scripted("sa")
    r = a.answer(a.request(method, f"sip:{a.domain}", headers={"Event": "presence"} if method != "OPTIONS" else None))
    assert r.code in ((code, 501) if method == "FOO" else (code, 489) if method != "OPTIONS" else (200,))
    if r.code in (200, 405):
        assert "INVITE" in r.get("Allow")


@pytest.mark.parametrize("headers,code", [
    ({"Max-Forwards": "0"}, 483), ({"Require": "nonsense"}, 420), ({"Content-Type": "text/html"}, 415),
    ({"Content-Encoding": "gzip"}, 415)])
def test_r29_refusals(exchange, scripted, headers, code):
    a, _ = scripted("sa"), scripted("sb")
    r = a.answer(s := a.invite("sb", headers=headers))
    a.ack(s, r)
    assert r.code == code
    if code == 420:
        assert r.get("Unsupported") == "nonsense"


@pytest.mark.parametrize("uri,codes", [("tel:+33123456789", (403, 404, 503)), ("tel:1-99-99", (404,)), ("mailto:sb@example.org", (416,))])
def test_r29_unknown_scheme(exchange, scripted, uri, codes):
    """A number in a tel URI is judged as any other (RFC 3966); other schemes than sip and tel are 416."""
    a = scripted("sa")
    r = a.answer(s := a.request("INVITE", uri, body=sip.sdp(a.local), to=f"<{uri}>"))
    a.ack(s, r)
    assert r.code in codes


def test_r29_no_loop(exchange, scripted):
    """A user who calls themself is rung at most once, and it ends."""
    a = scripted("sa")
    sent = a.invite("sa")
    try:
        a.reply(a.wait_request("INVITE", 2), 486, "Busy Here", to_tag="l")
    except sip.SipError:
        pass
    r = a.answer(sent)
    a.ack(sent, r)
    assert r.code in (480, 482, 486, 488)
    assert not [m for m in a.quiet(0.5) if m.method == "INVITE"]
    exchange.wait_no_calls()


def test_r29_message(exchange, scripted):
    """Text between users: the words arrive, From is who logged in."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.request("MESSAGE", "sip:sb@" + a.domain, body="hello there", content="text/plain",
                     from_=f"\"The Boss\" <sip:sa@{a.domain}>;tag=1")
    got = b.wait_request("MESSAGE")
    assert got.body == "hello there" and "sip:sa@" in got.get("From") and "Boss" not in got.get("From")
    b.reply(got, 200, "OK", to_tag="m")
    assert a.answer(sent).code in (200, 202)


def test_r29_message_to_no_one(exchange, scripted):
    a = scripted("sa")
    assert a.answer(a.request("MESSAGE", f"sip:nobody@{a.domain}", body="x", content="text/plain")).code == 404


# registrations

def test_r5_outbound(exchange, scripted, people):
    """RFC 5626: who supports it gets Require: outbound and a Flow-Timer; keep-alives are answered."""
    b = people.bundle("so")[0]
    with sip.Client(people.host("so"), b) as c:
        r = c.register(contact=c.contact() + ";reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-00000000000a>\"",
                       headers={"Supported": "outbound, path"})
        assert r.code == 200 and "outbound" in r.get("Require") and int(r.get("Flow-Timer")) > 0
        c.send_raw("\r\n\r\n")
        c.sock.settimeout(5)
        assert c.sock.recv(10).startswith(b"\r\n")


def test_r5_register_expiry_bounded(exchange, people):
    b = people.bundle("so")[0]
    with sip.Client(people.host("so"), b) as c:
        r = c.register(expires=7200)
        granted = int(r.get("Contact").split("expires=")[1].split(";")[0])
        assert r.code == 200 and granted <= 300


def test_r5_deregister_own(exchange, people, scripted):
    a = scripted("sa")
    with sip.Client(people.host("so"), people.bundle("so")[0]) as c:
        assert c.register().code == 200
        assert c.register(expires=0).code == 200
        r = a.answer(s := a.invite("so"), timeout=30)
        a.ack(s, r)
        assert r.code == 480


def test_r28_wait_for_a_broken_flow(exchange, people, scripted):
    """A call to a user whose connection just broke waits for it to come back, and rings there."""
    a = scripted("sa")
    b = people.bundle("so")[0]
    c = sip.Client(people.host("so"), b).open()
    assert c.register().code == 200
    c.reset()
    time.sleep(0.5)
    sent = a.invite("so")
    time.sleep(1.0)
    with sip.Client(people.host("so"), b) as again:
        assert again.register().code == 200
        got = answer_call(again)
        ok = a.answer(sent)
        assert ok.code == 200 and got
        a.ack(sent, ok)
        bye = a.in_dialog("BYE", sent, ok, 2)
        assert a.answer(bye).code == 200


def test_r29_no_answer(exchange, scripted):
    """An unanswered call is given up by the caller's CANCEL and the callee stops ringing."""
    a, b = scripted("sa"), scripted("sb")
    sent = a.invite("sb")
    got = b.wait_request("INVITE")
    b.reply(got, 180, "Ringing", to_tag="n")
    a.wait(lambda m: m.code == 180, "ringing")
    a.request("CANCEL", sent.uri, cseq=1, headers={k: sent.own[k] for k in ("Via", "From", "To", "Call-ID")})
    cancel = b.wait_request("CANCEL")
    b.reply(cancel, 200, "OK")
    b.reply(got, 487, "Request Terminated", to_tag="n")
    r = a.answer(sent)
    a.ack(sent, r)
    assert r.code == 487
    exchange.wait_no_calls()


def test_t20_slow_and_idle(exchange, scripted):
    """T20: one byte of header a second is not waited for longer than the limit."""
    a = scripted("sa")
    start, closed = time.monotonic(), False
    for octet in "OPTIONS sip":
        try:
            a.send_raw(octet)
        except OSError:
            closed = True
        if closed or a.closed(1):
            break
    assert 3 < time.monotonic() - start < 6


def test_r29_several_calls_at_once(exchange, people):
    """Three calls of scripted users at once do not disturb each other."""
    ends = []
    try:
        for i in range(6):
            name = f"m{i}"
            c = sip.Client(people.host(name), people.bundle(name)[0]).open()
            ends.append(c)
            assert c.register().code == 200
        talks = [Call(ends[i], ends[i + 3]) for i in range(3)]
        net.wait_for("three calls", lambda: len(exchange.calls()) == 3, 5)
        for t in talks:
            t.bye()
        exchange.wait_no_calls()
    finally:
        for c in ends:
            c.close()
