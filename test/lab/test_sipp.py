# SPDX-License-Identifier: ISC
"""What Debian's baresip cannot, by SIPp behind the TLS relay: 100rel, session timers, a row of calls."""
import pytest

import sipp

INVITE = """INVITE sip:{to}@{domain} SIP/2.0
""" + sipp.HEAD + """From: <sip:{user}@{domain}>;tag=[pid]c[call_number]
To: <sip:{to}@{domain}>
Call-ID: [call_id]
CSeq: 10 INVITE
Contact: <sip:{user}@[local_ip]:[local_port];transport=tcp>
{extra}Content-Type: application/sdp
Content-Length: [len]

{sdp}"""
INSIDE = """{method} [next_url] SIP/2.0
""" + sipp.HEAD + """From: <sip:{user}@{domain}>;tag=[pid]c[call_number]
To: <sip:{to}@{domain}>[peer_tag_param]
[routes]
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:{user}@[local_ip]:[local_port];transport=tcp>
{extra}Content-Length: 0

"""
REPLY = """SIP/2.0 {code} {phrase}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:]{tag}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:{user}@[local_ip]:[local_port];transport=tcp>
{extra}Content-Length: 0

"""
REPLY_SDP = REPLY.replace("Content-Length: 0\n\n", "Content-Type: application/sdp\nContent-Length: [len]\n\n{sdp}")


class Side:
    def __init__(self, people, name, to):
        self.bundle = people.bundle(name, md5=True)[0]
        self.host = people.host(name)
        self.fill = dict(user=name, to=to, domain=self.bundle.domain, extra="", tag="", sdp=sipp.SDP.format(addr=self.host.v4))

    def invite(self, extra=""):
        return sipp.send(INVITE.format(**{**self.fill, "extra": extra}))

    def inside(self, method, cseq, extra=""):
        return sipp.send(INSIDE.format(**{**self.fill, "method": method, "cseq": cseq, "extra": extra}))

    def reply(self, code, phrase, extra="", sdp=False, tag=";tag=[pid]u[call_number]"):
        return sipp.send((REPLY_SDP if sdp else REPLY).format(
            **{**self.fill, "code": code, "phrase": phrase, "extra": extra, "tag": tag}))


def play(where, callee, callee_steps, caller, caller_steps, *, calls=1):
    b = sipp.Sipp(callee.host, f"{where}/{callee.bundle.user}", callee.bundle, callee_steps, name="callee", called=True)
    a = sipp.Sipp(caller.host, f"{where}/{caller.bundle.user}", caller.bundle,
                  sipp.register(caller.bundle) + caller_steps, name="caller", calls=calls)
    try:
        a.result()
        b.result()
    finally:
        a.close()
        b.close()


@pytest.fixture(scope="module")
def sides(people):
    return Side(people, "pa", "pb"), Side(people, "pb", "pa")


def test_r29_sipp_call(exchange, sides, where):
    a, b = sides
    play(where, b, [sipp.recv(request="INVITE"), b.reply(180, "Ringing"), b.reply(200, "OK", sdp=True),
                    sipp.recv(request="ACK"), sipp.recv(request="BYE"), b.reply(200, "OK", tag="")],
         a, [a.invite(), sipp.recv(response=100, optional=True), sipp.recv(response=180, optional=True),
             sipp.recv(response=200, rrs=True), a.inside("ACK", 10), sipp.pause(500), a.inside("BYE", 11),
             sipp.recv(response=200)])
    exchange.wait_no_calls()


def test_r29_sipp_100rel(exchange, sides, where):
    """The caller requires 100rel: its leg has reliable provisionals though the callee's has none."""
    a, b = sides
    play(where, b, [sipp.recv(request="INVITE"), b.reply(180, "Ringing"), sipp.pause(700), b.reply(200, "OK", sdp=True),
                    sipp.recv(request="ACK"), sipp.recv(request="BYE"), b.reply(200, "OK", tag="")],
         a, [a.invite("Require: 100rel\nSupported: 100rel\n"), sipp.recv(response=100, optional=True),
             sipp.recv(response=180, rrs=True, check=[("RSeq", "[0-9]+")]),
             a.inside("PRACK", 11, "RAck: [$1] 10 INVITE\n"), sipp.recv(response=200),
             sipp.recv(response=200, rrs=True), a.inside("ACK", 10), a.inside("BYE", 12), sipp.recv(response=200)])
    exchange.wait_no_calls()


def test_r29_sipp_late_offer(exchange, sides, where):
    """RFC 3261 13.2.1: the caller offers nothing, the 200 does, and the ACK answers it; without an answer in the ACK the call ends."""
    a, b = sides
    # of the suites that we offer, in the order of our tags, the second
    sdp = a.fill["sdp"].replace("a=crypto:1 ", "a=crypto:2 ")
    told = [sipp.recv(request="INVITE"), b.reply(180, "Ringing"), b.reply(200, "OK", sdp=True).replace("a=crypto:1 ", "a=crypto:2 "),
            sipp.recv(request="ACK")]
    invite = a.invite().replace("Content-Type: application/sdp\n", "").replace(a.fill["sdp"], "").replace("[len]", "0")
    asks = [invite, sipp.recv(response=100, optional=True), sipp.recv(response=180, optional=True),
            sipp.recv(response=200, rrs=True, check=[("msg", "m=audio [1-9][0-9]* RTP/SAVP"), ("msg", "a=crypto:2 AES_CM_128_HMAC_SHA1_80")])]
    answers = a.inside("ACK", 10).replace("Content-Length: 0\n\n", f"Content-Type: application/sdp\nContent-Length: [len]\n\n{sdp}")
    play(f"{where}/good", b, told + [sipp.recv(request="BYE"), b.reply(200, "OK", tag="")],
         a, asks + [answers, sipp.pause(1500), a.inside("BYE", 11), sipp.recv(response=200)])
    exchange.wait_no_calls()
    play(f"{where}/none", b, told + [sipp.recv(request="BYE"), b.reply(200, "OK", tag="")],
         a, asks + [a.inside("ACK", 10), sipp.recv(request="BYE"), a.reply(200, "OK", tag="")])
    exchange.wait_no_calls()


def test_r29_sipp_session_timer(exchange, sides, where):
    """The caller refreshes by UPDATE; the exchange answers with Session-Expires."""
    a, b = sides
    timer = "Supported: timer\nSession-Expires: 90;refresher=uac\n"
    play(where, b, [sipp.recv(request="INVITE"), b.reply(200, "OK", sdp=True), sipp.recv(request="ACK"),
                    sipp.recv(request="BYE"), b.reply(200, "OK", tag="")],
         a, [a.invite(timer), sipp.recv(response=100, optional=True), sipp.recv(response=180, optional=True),
             sipp.recv(response=200, rrs=True, check=[("Session-Expires", ".*")]), a.inside("ACK", 10),
             a.inside("UPDATE", 11, timer), sipp.recv(response=200, check=[("Session-Expires", ".*")]),
             a.inside("BYE", 12), sipp.recv(response=200)])
    exchange.wait_no_calls()
