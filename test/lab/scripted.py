# SPDX-License-Identifier: ISC
"""Calls between two scripted clients, with their media as bare UDP sockets: what a test sends into the relay, and what comes out."""
import struct
import threading
import time

import capture
import net
import sip

RTP_PORT = {"a": 40000, "b": 41000}
ENCRYPTED = b"\x5a" * 160 + b"\xa5" * 10        # as long as SRTP of one G.711 frame; a relay cannot know better


def answer_call(callee, *, tag="t1", port=RTP_PORT["b"], headers=None, ring=True, body=None):
    """The callee's side of an INVITE up to its 200; the INVITE. body: an SDP, or what makes one of the offer."""
    got = callee.wait_request("INVITE")
    if ring:
        callee.reply(got, 180, "Ringing", to_tag=tag)
    if body is None:
        body = sip.sdp(callee.local, port)
    callee.reply(got, 200, "OK", to_tag=tag, body=body(got.body) if callable(body) else body, headers=headers)
    return got


class Call:
    """a calls b and b answers: `sent`, the 200 `ok`, and `got` as it reached b."""

    def __init__(self, a, b, *, offer=None, answer=None, **kw):
        self.a, self.b, self.cseq, self.over = a, b, 1, False
        a.with_me.append(self)
        self.sent = a.invite(b.user, body=offer, **kw)
        self.got = answer_call(b, body=answer)
        self.ok = a.answer(self.sent)
        assert self.ok.code == 200, self.ok
        a.ack(self.sent, self.ok)
        b.wait_request("ACK")

    def next(self, method, **kw):
        """A request of a's inside the call."""
        self.cseq += 1
        return self.a.in_dialog(method, self.sent, self.ok, self.cseq, **kw)

    def back(self, method, cseq=100, **kw):
        """A request of b's inside the call."""
        return self.b.in_dialog_back(method, self.got, "t1", cseq, **kw)

    def bye(self):
        sent = self.next("BYE")
        self.b.reply(self.b.wait_request("BYE"), 200, "OK")
        r = self.a.answer(sent)
        assert r.code == 200, r
        self.over = True

    def close(self):
        """What a test that failed left up is hung up by its caller, who may have to connect anew: the next test begins with no call."""
        if self.over or not hasattr(self, "ok"):
            return
        self.over, self.a.timeout = True, 2
        for anew in (False, True):
            try:
                if anew:
                    self.a.reconnect()
                if self.a.answer(self.next("BYE")).code in (200, 481):
                    return
            except (net.LabError, OSError, AttributeError):     # the test closed it, or the exchange did
                pass

    def media(self):
        """Each end's media socket, and where the exchange wants its packets. They close with their client."""
        ends = End(self.a, RTP_PORT["a"], self.ok.body), End(self.b, RTP_PORT["b"], self.got.body)
        self.a.with_me.append(ends[0])
        self.b.with_me.append(ends[1])
        return ends


class Eager(Call):
    """Each end speaks as soon as it may, b when it has answered and a when it hears of that, and once more when both know, from `ends`."""

    def __init__(self, a, b):
        self.a, self.b, self.cseq, self.over = a, b, 1, False
        a.with_me.append(self)
        here, there = self.ends = End(a, RTP_PORT["a"]), End(b, RTP_PORT["b"])
        a.with_me.append(here)
        b.with_me.append(there)
        self.sent = a.invite(b.user)
        self.got = b.wait_request("INVITE")
        there.aim(self.got.body)
        b.reply(self.got, 180, "Ringing", to_tag="t1")
        time.sleep(0.1)         # nobody picks up faster
        b.reply(self.got, 200, "OK", to_tag="t1", body=sip.sdp(b.local, RTP_PORT["b"]))
        there.say()
        self.ok = a.answer(self.sent)
        assert self.ok.code == 200, self.ok
        here.aim(self.ok.body)
        here.say()
        a.ack(self.sent, self.ok)
        b.wait_request("ACK")
        there.say()
        here.say()

    def unheard(self, seconds=1.0):
        """Of a's two packets and of b's two, those that the other end has not heard by then."""
        lost = []
        for by in reversed(self.ends):
            missing, until = {1, 2}, time.monotonic() + seconds
            while missing and time.monotonic() < until:
                by.rtp.settimeout(max(0.001, until - time.monotonic()))
                try:
                    missing.discard(struct.unpack_from(">H", by.rtp.recv(4096), 2)[0] - 1000)
                except TimeoutError:
                    pass
            lost.append(sorted(missing))
        return lost


class End:
    def __init__(self, client, port, far_sdp=None):
        self.rtp = client.host.udp(client.local, port)
        self.rtcp = client.host.udp(client.local, port + 1)
        self.seq = 1000
        if far_sdp:
            self.aim(far_sdp)

    def aim(self, far_sdp):
        addr, far, _ = sip.sdp_media(far_sdp)
        self.far, self.far_rtcp = (addr, far), (addr, far + 1)

    def say(self, payload=ENCRYPTED, n=1, ssrc=0x1000, to=None, pt=0):
        for _ in range(n):
            self.seq += 1
            self.rtp.sendto(sip.rtp(self.seq, self.seq * 160, payload, ssrc=ssrc, pt=pt), to or self.far)

    def hear(self, seconds=0.5, sock=None):
        """All datagrams that arrive until that long nothing came."""
        sock = sock or self.rtp
        out = []
        sock.settimeout(seconds)
        try:
            while len(out) < 10000:
                out.append(sock.recv(4096))
        except OSError:
            return out

    def close(self):
        self.rtp.close()
        self.rtcp.close()


class Talk(threading.Thread):
    """Both ends of a call speak, 50 packets a second, and count what they hear."""

    def __init__(self, *ends):
        super().__init__(daemon=True)
        self.ends, self.over = ends, False
        self.said = [[] for _ in ends]
        self.heard = [[] for _ in ends]
        for end in ends:
            end.rtp.setblocking(False)

    def hear(self):
        for end, heard in zip(self.ends, self.heard):
            try:
                while True:
                    heard.append(struct.unpack_from(">H", end.rtp.recv(4096), 2)[0])
            except BlockingIOError:
                pass

    def run(self):
        while not self.over:
            for end, said in zip(self.ends, self.said):
                end.say(ENCRYPTED)
                said.append(end.seq)
            time.sleep(0.02)
            self.hear()

    def stop(self):
        self.over = True
        self.join(10)
        net.wait_for("the last packets", lambda: (self.hear(), all(h and h[-1] == s[-1] for h, s in zip(self.heard, reversed(self.said))))[1], 5)

    def lost(self):
        """What the other did not hear of each, at each place (gaps())."""
        assert all(h[0] == s[0] for s, h in zip(self.said, reversed(self.heard)))
        return [capture.gaps(h) for h in reversed(self.heard)]
