# SPDX-License-Identifier: ISC
"""Media: who may send where, what passes before keys, which offers are refused, NAT with and without ICE."""
import hmac
import os
import re
import struct
import time
import zlib

import pytest

import audio
import capture
import net
import phones
import sip
from scripted import ENCRYPTED, RTP_PORT, Call, answer_call

CLEAR = b"\xff" * 160
FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)


@pytest.fixture(scope="module")
def exchange_options():
    return dict(zones=("voice", "net"))


@pytest.fixture(scope="module")
def routers(lab, exchange):
    return {n: lab.nat(n) for n in ("home", "cafe")}


def remote(people, kind, name, where, tone, **kw):
    """A phone behind a NAT router (or in the open Internet), its exchange address that of the Internet side."""
    return people.phone(kind, name, tone=tone, zone=where, server_zone="net", codecs=("PCMU",), **kw)


def desk(people, kind, name, tone, **kw):
    return people.phone(kind, name, tone=tone, codecs=("PCMU",), **kw)


# NAT

@pytest.mark.parametrize("ice", [False, True], ids=["plain", "ice"])
@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("baresip", "dtls"), ("linphone", "srtp"),
                                        ("linphone", "dtls"), ("linphone", "zrtp")])
def test_r7_one_behind_nat(exchange, people, routers, kind, media, ice):
    far = remote(people, kind, f"h{kind[:1]}", "home", "a", media=media, ice=ice)
    # linphone 5.1.65 has no answer to a DTLS offer of setup:active, which is what brings the first packet from behind the NAT
    near = desk(people, *(("baresip", "b2") if media == "dtls" and not ice else ("linphone", "l2")), "b", media=media)
    phones.call(far, near)
    phones.talk(far, near, 1.5)
    phones.call(near, far)
    phones.talk(near, far, 1.5)


def test_r7_linphone_cannot_answer_active(exchange, people, routers):
    """linphone answers `active` without a fingerprint: it is hung up on, and refuses to be asked again so soon. Nothing is left of the call."""
    far = remote(people, "linphone", "hl", "home", "a", media="dtls")
    near = desk(people, "linphone", "l2", "b", media="dtls")
    far.forget()
    far.dial(near.bundle.user)
    near.wait_incoming()
    near.answer()
    code, _, headers = far.wait_refused(20)
    assert code in (486, 488) and ("warning" in headers or "reason" in headers)
    near.wait_idle(20)
    exchange.wait_no_calls()


@pytest.mark.parametrize("media,ice", [("srtp", False), ("srtp", True), ("dtls", True)])
def test_r7_both_behind_nat(exchange, people, routers, media, ice):
    one = remote(people, "linphone", "hl", "home", "a", media=media, ice=ice)
    two = remote(people, "linphone", "cl", "cafe", "b", media=media, ice=ice)
    phones.call(one, two)
    phones.talk(one, two, 1.5)


def test_r7_both_behind_nat_dtls_without_ice(exchange, people, routers):
    """Refused with that reason until legs can end in the exchange."""
    one = remote(people, "baresip", "hb", "home", "a", media="dtls")
    two = remote(people, "baresip", "cb", "cafe", "b", media="dtls")
    one.forget()
    one.dial(two.bundle.user)
    two.wait_incoming()
    two.answer()
    code, _, headers = one.wait_refused(20)
    assert code == 488 and "NAT" in headers.get("warning", "") + headers.get("reason", "")
    exchange.wait_no_calls()


def test_r7_two_behind_one_nat(exchange, people, routers):
    """Two legs behind one public address, with ICE."""
    one = remote(people, "linphone", "hl", "home", "a", media="srtp", ice=True)
    two = remote(people, "linphone", "hl2", "home", "b", media="srtp", ice=True)
    phones.call(one, two)
    phones.talk(one, two, 1.5)


# clear media never leaves

@pytest.mark.parametrize("slow_side", ["caller", "callee"])
def test_t30_slow_phone_sends_clear_until_keyed(exchange, people, where, lab, slow_side):
    """A phone 100 ms away that sends clear RTCP (and what else) before its keys: no clear packet leaves the exchange."""
    slow = desk(people, "baresip", "slow", "a", media="dtls", mux=False, slow_ms=100)
    near = desk(people, "baresip", "b2", "b", media="dtls", mux=False)
    one, two = (slow, near) if slow_side == "caller" else (near, slow)
    ex = lab.addr["voice"][0]
    with capture.Capture(exchange.host, "eth-voice", f"{where}/slow.pcap", "udp") as c:
        phones.call(one, two)
        phones.talk(one, two, 1.5)     # the rest of its time is the way and the keys
    packets = c.udp()
    clear = capture.clear_media(packets)
    assert [p for p in clear if p.dst == ex], "the phone sent nothing in clear: the test shows nothing"
    assert not [p for p in clear if p.src == ex]


def test_t30_clear_rtp_in_a_keyed_call(exchange, scripted):
    """SDES call: what is as long as SRTP passes, clear G.711 and clear RTCP do not, in either direction."""
    call = Call(scripted("ma"), scripted("mb"))
    a, b = call.media()
    for me, other in ((a, b), (b, a)):
        me.say(ENCRYPTED, 20)
        assert len(other.hear()) == 20
        me.say(CLEAR, 20)
        me.rtcp.sendto(struct.pack(">BBHI", 0x80, 201, 1, 1), me.far_rtcp)
        assert not other.hear()
        assert not other.hear(0.1, other.rtcp)
    call.bye()


def test_t30_nothing_before_the_answer(exchange, scripted):
    """From INVITE to 200 nothing but keying passes."""
    a, b = scripted("ma"), scripted("mb")
    sent = a.invite("mb")
    got = b.wait_request("INVITE")
    b.reply(got, 180, "Ringing", to_tag="e")
    addr, port, _ = sip.sdp_media(got.body)
    ring = a.wait(lambda m: m.code == 180, "ringing")
    assert "m=audio" not in ring.body
    mb, ma = b.host.udp(b.local, 41000), a.host.udp(a.local, 40000)
    a.with_me += [ma, mb]
    ma.settimeout(1)
    for i in range(20):
        mb.sendto(sip.rtp(i, i * 160, ENCRYPTED), (addr, port))
        mb.sendto(sip.rtp(i, i * 160, CLEAR), (addr, port))
    with pytest.raises(OSError):
        ma.recv(2000)
    b.reply(got, 486, "Busy Here", to_tag="e")
    a.ack(sent, a.answer(sent))


def test_r7_gate_that_never_opens_ends_the_call(exchange, scripted):
    """DTLS promised and never begun: the call ends by itself, with a reason."""
    a, b = scripted("ma"), scripted("mb")
    keys = (FINGERPRINT, "a=setup:actpass", "a=rtcp-mux")
    answer = (FINGERPRINT, "a=setup:active", "a=rtcp-mux")
    call = Call(a, b, offer=sip.sdp(a.local, profile="UDP/TLS/RTP/SAVP", suite=None, lines=keys),
                answer=sip.sdp(b.local, 41000, profile="UDP/TLS/RTP/SAVP", suite=None, lines=answer))
    assert exchange.call("up")["grade"] == "setting-up"
    x, y = call.media()
    x.say(ENCRYPTED, 10)
    assert not y.hear()
    bye = a.wait_request("BYE", 14)
    assert bye.get("Reason")
    a.reply(bye, 200, "OK")
    b.reply(b.wait_request("BYE", 5), 200, "OK")
    exchange.wait_no_calls()


# offers that are refused

@pytest.mark.parametrize("how", [
    dict(profile="RTP/AVP", suite=None), dict(profile="RTP/AVP"), dict(suite="AES_CM_128_HMAC_SHA1_32"),
    dict(suite="NULL_HMAC_SHA1_80"), dict(suite="F8_128_HMAC_SHA1_80"), dict(suite="FANCY_999"), dict(suite=None),
    dict(suite="AES_CM_128_HMAC_SHA1_80", key="AAAA"),
    dict(suite="AES_CM_128_HMAC_SHA1_80", key=sip.KEY + " UNENCRYPTED_SRTP")], ids=lambda d: "-".join(
        str(v)[-22:] for v in d.values()))
def test_r7_weak_offer(exchange, scripted, how):
    """T31, T32: plain RTP, NULL, 32-bit, F8, unknown suites and bad keys are refused with 488 that says why."""
    a = scripted("ma")
    scripted("mb")
    r = a.answer(s := a.invite("mb", body=sip.sdp(a.local, **how)))
    a.ack(s, r)
    assert r.code == 488 and r.get("Warning"), r


@pytest.mark.parametrize("one,two", [("zrtp", "srtp"), ("zrtp", "dtls")])
def test_r7_no_method_in_common(exchange, people, one, two):
    """ZRTP ends in phones alone; SDES and DTLS meet in the exchange (test_plan.py)."""
    a = desk(people, "linphone", "l1", "a", media=one)
    b = desk(people, "linphone", "l2", "b", media=two)
    a.forget()
    a.dial(b.bundle.user)
    code, _, headers = a.wait_refused(20)
    assert code == 488 and ("warning" in headers or "reason" in headers)


@pytest.mark.parametrize("bend", [
    lambda s: s.replace("a=fmtp:101 0-15", "a=fmtp:101 0-\0 15"),
    lambda s: s.replace("RTP/SAVP 0 101", "RTP/SAVP 4294967296"),
    lambda s: s.replace("a=ptime:20", "a=ptime:0"),
    lambda s: s.replace("a=ptime:20", "a=ptime:2147483648"),
    lambda s: s + "m=audio 9 RTP/SAVP 0\r\n" * 10000,
    lambda s: s.replace("s=-", "i=(o=IN IP4\r\ns=-"),
    lambda s: s.replace("c=IN IP4", "c=IN IP9"),
    lambda s: s.replace("m=audio 40000", "m=audio 70000"),
    lambda s: s.replace("\r\n", "\n"),
], ids=["nul", "format", "ptime0", "ptime31", "lines", "order", "net", "port", "lf"])
def test_t17_bad_sdp(exchange, scripted, bend):
    """Refused, and the exchange lives."""
    a = scripted("ma")
    scripted("mb")
    try:
        r = a.answer(a.invite("mb", body=bend(sip.sdp(a.local))))
        assert 400 <= r.code < 500, r
    except (sip.SipError, OSError) as e:        # the connection may end on bytes that are no text, or too many
        assert "nothing came" not in str(e)
    with sip.Client(a.host, a.bundle) as again:
        assert again.register().code == 200


@pytest.mark.parametrize("mine,theirs", [(20, 60), (60, 10), (240, 20)])
def test_t17_asymmetric_ptime(exchange, scripted, mine, theirs):
    """T17: each end is told what the other said, sends as it likes, and is heard in both directions; the exchange lives."""
    a, b = scripted("ma"), scripted("mb")
    call = Call(a, b, offer=sip.sdp(a.local).replace("a=ptime:20", f"a=ptime:{mine}"),
                answer=sip.sdp(b.local, RTP_PORT["b"]).replace("a=ptime:20", f"a=ptime:{theirs}"))
    assert re.findall(r"a=ptime:(\d+)", call.got.body) == [str(min(mine, 200))]       # of more, as much as the exchange may do
    assert re.findall(r"a=ptime:(\d+)", call.ok.body) == [str(theirs)]
    here, there = call.media()
    for ms in (theirs, mine, 10, 60):       # as was said, as the other said, and as nobody did
        packet = b"\x5a" * (8 * ms) + b"\xa5" * 10
        here.say(packet, 5)
        assert [len(p) - 12 for p in there.hear()] == [len(packet)] * 5
        there.say(packet, 5)
        assert [len(p) - 12 for p in here.hear()] == [len(packet)] * 5
    call.bye()


def test_r7_video_gets_port_0(exchange, scripted):
    a, b = scripted("ma"), scripted("mb")
    offer = sip.sdp(a.local) + "m=video 42000 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n"
    sent = a.invite("mb", body=offer)
    got = answer_call(b)
    r = a.answer(sent)
    a.ack(sent, r)
    assert r.code == 200 and "m=video 0 " in r.body and "VP8" not in got.body
    assert a.answer(a.in_dialog("BYE", sent, r, 2)).code == 200


def test_r8_allow_list(exchange, scripted):
    """Codecs off the list, comfort noise and VBR parameters do not pass."""
    a, b = scripted("ma"), scripted("mb")
    offer = sip.sdp(a.local, formats="0 13 97 98 101", lines=(
        "a=rtpmap:13 CN/8000", "a=rtpmap:97 speex/8000", "a=rtpmap:98 opus/48000/2",
        "a=fmtp:98 usedtx=1;cbr=0;useinbandfec=1"))
    sent = a.invite("mb", body=offer)
    got = b.wait_request("INVITE")
    assert "speex" not in got.body and "CN/8000" not in got.body and "usedtx=1" not in got.body
    assert "opus/48000/2" in got.body and "cbr=1" in got.body
    b.reply(got, 486, "Busy Here", to_tag="c")
    a.ack(sent, a.answer(sent))


def test_r7_ice_lite(exchange, scripted):
    """A leg that offers ICE gets candidates and a=ice-lite of the exchange's own, never the other end's."""
    a, b = scripted("ma"), scripted("mb")
    ice = ("a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuv", "a=rtcp-mux",
           f"a=candidate:1 1 UDP 2130706431 {a.local} 40000 typ host")
    sent = a.invite("mb", body=sip.sdp(a.local, lines=ice))
    got = answer_call(b)
    assert a.local not in got.body and "abcdefghijklmnopqrstuv" not in got.body
    r = a.answer(sent)
    a.ack(sent, r)
    assert "a=ice-lite" in r.body and "a=candidate:" in r.body and b.local not in r.body
    assert a.answer(a.in_dialog("BYE", sent, r, 2)).code == 200


# strangers

def test_t24_stranger_gets_nothing(exchange, people, lab, where):
    """rtpbleed: a host of the voice net that sends to every port, from before the call on, receives nothing, and is not heard."""
    one = desk(people, "linphone", "l1", "a", media="srtp")
    two = desk(people, "baresip", "b2", "b", media="srtp")
    thief = people.host("thief")
    ex = lab.addr["voice"][0]
    script = ("import socket,sys,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.setblocking(0)\nend=time.time()+4\n"
              "n=got=0\nwhile time.time()<end:\n for p in range(int(sys.argv[2]),int(sys.argv[3])):\n"
              "  s.sendto(b'\\x80\\0\\0\\1'+b'\\0'*8+b'\\x5a'*170,(sys.argv[1],p))\n"
              "  try:\n   s.recv(2000); got+=1\n  except OSError: pass\n n+=1\n time.sleep(0.03)\nprint(n, got)\n")
    with capture.Capture(thief, "eth0", f"{where}/thief.pcap", "udp") as c:
        p = thief.spawn("/usr/bin/python3", "-c", script, ex, exchange.media_ports[0], exchange.media_ports[-1] + 1)
        phones.call(one, two)
        phones.talk(one, two, 2)
        p.wait(10)
    assert not c.udp(src=ex)
    assert len(c.udp(src=thief.v4)) > 1000


def test_t25_injection_is_not_heard(exchange, scripted, lab, people):
    """Packets from another host, and from another port of the right host, into a live call."""
    call = Call(scripted("ma"), scripted("mb"))
    a, b = call.media()
    thief = people.host("thief").udp()
    other_port = call.a.host.udp(call.a.local, 40002)
    call.a.with_me += [thief, other_port]
    a.say(ENCRYPTED, 5)
    assert len(b.hear()) == 5
    for i in range(200):
        for s in (thief, other_port):
            s.sendto(sip.rtp(a.seq + i, i, ENCRYPTED, ssrc=0x1000), a.far)
    assert not b.hear()
    a.say(ENCRYPTED, 5)
    assert len(b.hear()) == 5
    call.bye()


def test_t26_t27_bad_rtcp_and_tags_do_not_end_a_call(exchange, scripted, people):
    """Short RTCP, forged RTCP BYE from outside, a burst of SRTP that no one can check: the call lives."""
    call = Call(scripted("ma"), scripted("mb"))
    a, b = call.media()
    thief = people.host("thief").udp()
    call.a.with_me.append(thief)
    for n in (1, 2, 4, 7):
        for s, far in ((a.rtcp, a.far_rtcp), (a.rtp, a.far), (thief, a.far), (thief, a.far_rtcp)):
            s.sendto((b"\x80\xc9\0\1" * 2)[:n], far)
    thief.sendto(struct.pack(">BBHI", 0x81, 203, 1, 0x1000), a.far_rtcp)     # RTCP BYE for a's stream
    for _ in range(2000):
        a.say(os.urandom(170))
    b.hear(0.3)
    assert exchange.call("up")
    time.sleep(1.2)             # the policing bucket refills
    a.say(ENCRYPTED, 5)
    assert len(b.hear()) == 5
    call.bye()


def test_t29_client_hello_of_a_stranger(exchange, people, lab):
    """CVE-2023-49786: a stranger who sends ClientHello (with the null cipher) to every port while calls are set up."""
    one = desk(people, "linphone", "l1", "a", media="dtls")
    two = desk(people, "baresip", "b2", "b", media="dtls")
    hello = (b"\x16\xfe\xfd" + b"\0" * 8 + b"\0\x36" + b"\x01\0\0\x2a" + b"\0\0\0\0\0\0\0\x2a" + b"\xfe\xfd"
             + b"r" * 32 + b"\0\0" + b"\0\x02\0\0" + b"\x01\0")
    script = ("import socket,sys,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nend=time.time()+20\n"
              "h=bytes.fromhex(sys.argv[4])\nwhile time.time()<end:\n for p in range(int(sys.argv[2]),int(sys.argv[3])):\n"
              "  s.sendto(h,(sys.argv[1],p))\n time.sleep(0.02)\n")
    thief = people.host("thief")
    p = thief.spawn("/usr/bin/python3", "-c", script, lab.addr["voice"][0], exchange.media_ports[0],
                    exchange.media_ports[-1] + 1, hello.hex())
    try:
        for _ in range(2):
            phones.call(one, two)
            phones.talk(one, two, 1.5)
    finally:
        thief.stop(p)


def test_r7_policing(exchange, scripted):
    """A leg that sends ten times what its codec can is held to a bounded rate."""
    call = Call(scripted("ma"), scripted("mb"))
    a, b = call.media()
    start = time.monotonic()
    sent = heard = 0
    while time.monotonic() - start < 3:
        a.say(ENCRYPTED, 20)
        sent += 20
        heard += len(b.hear(0.005))
    heard += len(b.hear())
    assert sent > 3000 and heard < sent / 2, (sent, heard)
    call.bye()


def test_r7_nothing_after_bye(exchange, scripted):
    """When the call is over its ports carry nothing, and another call does not get them at once."""
    call = Call(scripted("ma"), scripted("mb"))
    a, b = call.media()
    call.bye()
    time.sleep(0.2)
    a.say(ENCRYPTED, 10)
    assert not b.hear()
    used = {a.far[1], b.far[1]}
    again = Call(call.a, call.b)
    fresh = {sip.sdp_media(x)[1] for x in (again.ok.body, again.got.body)}
    assert not used & fresh
    again.bye()


def test_r13_ban(exchange, scripted, people):
    """`ringfence ban` stops an address's media and connections, `unban` lets them back."""
    call = Call(scripted("ma"), scripted("mb"))
    a, b = call.media()
    try:
        a.say(ENCRYPTED, 5)
        assert len(b.hear()) == 5
        exchange.ask("ban", address=call.a.local, seconds=60)
        net.wait_for("the ban", lambda: not (a.say(ENCRYPTED, 2), b.hear(0.3))[1], 3)
        exchange.ask("unban", address=call.a.local)
        net.wait_for("the unban", lambda: (a.say(ENCRYPTED, 2), b.hear(0.3))[1], 3)
    finally:
        exchange.ask("unban", address=call.a.local, check=False)
    call.bye()


def stun(attributes, *, pwd=None, kind=1, length=None):
    """A Binding of RFC 8489; pwd: with a right MESSAGE-INTEGRITY and FINGERPRINT. length: what its header says instead."""
    head = b"\x21\x12\xa4\x42" + os.urandom(12)

    def whole(body, more):
        return struct.pack(">HH", kind, len(body) + more) + head + body
    if pwd is not None:
        attributes += struct.pack(">HH", 8, 20) + hmac.new(pwd.encode(), whole(attributes, 24), "sha1").digest()
        attributes += struct.pack(">HHI", 0x8028, 4, zlib.crc32(whole(attributes, 8)) ^ 0x5354554e)
    out = whole(attributes, 0)
    return out if length is None else out[:2] + struct.pack(">H", length) + out[4:]


def attribute(kind, value, length=None):
    return struct.pack(">HH", kind, len(value) if length is None else length) + value + b"\0" * (-len(value) % 4)


def test_t35_stun_of_a_stranger(exchange, scripted, people):
    """T35: STUN without the password, or with bad lengths, gets no answer, where the same with both gets one; and moves no media."""
    a, b = scripted("ma"), scripted("mb")
    offer = sip.sdp(a.local, lines=("a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901",
                                    f"a=candidate:1 1 UDP 2130706431 {a.local} {RTP_PORT['a']} typ host"))
    call = Call(a, b, offer=offer)
    here, there = call.media()
    ufrag, pwd = (re.search(rf"a=ice-{what}:(\S+)", call.ok.body).group(1) for what in ("ufrag", "pwd"))
    user = attribute(6, f"{ufrag}:abcd".encode())
    good = user + attribute(0x24, struct.pack(">I", 1)) + attribute(0x802A, b"12345678") + attribute(0x25, b"")
    wrong = {
        "nothing in it": stun(b""),
        "a length of 0xffff": stun(attribute(6, b"", 0xffff)),
        "that, inside what is signed": stun(user + attribute(0x24, b"\0\0\0\1", 0xffff), pwd=pwd),
        "a length past the packet": stun(good, pwd=pwd, length=0xfffc),
        "a length of no word": stun(good, pwd=pwd, length=len(good) + 31),
        "no password": stun(user + attribute(0x24, b"abcd")),
        "another password": stun(good, pwd="0" * 22),
        "another name": stun(good.replace(ufrag.encode(), b"x" * len(ufrag)), pwd=pwd),
        "a short ERROR-CODE": stun(user + attribute(9, b"\0"), pwd=pwd),
        "an answer that nobody asked for": stun(attribute(0x20, b"\0\1" + b"\0" * 6), pwd=pwd, kind=0x101),
        "an error that is no answer": stun(attribute(9, b"\0\0\4\1"), pwd=pwd, kind=0x111),
    }
    thief = people.host("thief").udp()
    for by in (thief, here.rtp):
        by.settimeout(0.3)
        for what, packet in wrong.items():
            by.sendto(packet, here.far)
            with pytest.raises(TimeoutError):
                pytest.fail(f"{what}: {by.recv(1500)}")
    here.rtp.sendto(stun(good, pwd=pwd), here.far)
    here.rtp.settimeout(2)
    assert here.rtp.recv(1500)[:2] == b"\1\1"
    there.say(n=3)
    assert len(here.hear()) == 3
    with pytest.raises(TimeoutError):
        thief.recv(1500)
    thief.close()
    call.bye()


@pytest.mark.parametrize("nowhere", ["0.0.0.0", "::", "::ffff:127.0.0.1", "127.0.0.1"])
def test_t35_media_that_leads_nowhere(exchange, scripted, nowhere):
    """T35: a mapped address is refused, in an offer and in an answer; of the others nothing is sent there, as a candidate says nothing."""
    a, b = scripted("ma"), scripted("mb")
    family = "IP6" if ":" in nowhere else "IP4"

    def led(client, port):
        return sip.sdp(client.local, port).replace(f"c=IN IP4 {client.local}", f"c=IN {family} {nowhere}")
    if "ffff" in nowhere:
        r = a.answer(s := a.invite("mb", body=led(a, RTP_PORT["a"])))
        a.ack(s, r)
        assert r.code in (400, 488), r
        s = a.invite("mb")
        for tag in ("t1", "t2"):    # the phone is hung up on and asked once more, with the exchange between
            answer_call(b, tag=tag, body=led(b, RTP_PORT["b"]))
            b.wait_request("ACK")
            b.reply(b.wait_request("BYE"), 200, "OK")
        r = a.answer(s)
        a.ack(s, r)
        assert r.code >= 400, r
    else:
        call = Call(a, b, offer=led(a, RTP_PORT["a"]))
        _, there = call.media()
        with exchange.host.udp("127.0.0.1", RTP_PORT["a"]) as here:
            here.settimeout(0.5)
            there.say(n=5)
            with pytest.raises(TimeoutError):
                here.recv(4096)
        call.bye()
    call = Call(a, b, offer=sip.sdp(a.local, lines=(f"a=candidate:1 1 UDP 2130706431 {nowhere} {RTP_PORT['a']} typ host",)))
    assert nowhere not in call.got.body
    call.bye()


def test_r29_tones_are_not_confused(where):
    """The check itself: a recording of one tone is not taken for another."""
    p = audio.tone(f"{where}/check.wav", audio.TONES["a"], 8000, 2)
    with pytest.raises(AssertionError):
        audio.assert_heard(p, "b", 0.5)
