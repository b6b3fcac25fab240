# SPDX-License-Identifier: ISC
"""Calls over trunks, out and in: a phone's SRTP ends in media, and what it says goes on in the clear to a gateway, which sends it back."""
import struct
import time

import net
import rules
import sip
import srtp
from gateway import Gateway
from prompts import hears_prompt
from scripted import answer_call
from worker import Caller

STRANGER = "<sip:+33698765432@gateway.test>"
PORT, FRAME = 42000, 160
PACKETS_LATE_S = 1.0
GATEWAYS = ("pots", "wire", "town", "long", "park")
CEILING = "money=90000 minutes=90000 calls=30 hourly=90000 destinations=90000 abroad=10"
TRUNKS = f"""pin = off
incoming {{{{ unknown = pass anonymous = pass failed = pass }}}}
numbers {{{{ country = "fr" }}}}
ceilings {{{{ extension = "{CEILING}" device = "{CEILING}" trunk = "{CEILING}" site = "{CEILING}" }}}}
""" + "".join(f"""
trunk {name} {{{{
    server = "{{gw[{name}]}}" transport = {"tcp" if name == "wire" else "udp"} media = rtp plain = yes {"address" if name == "wire" else "listen"} = "{{us}}{"" if name == "wire" else f":{5072 + i}"}"
    media-from = {{{{"{{gw[{name}]}}"}}}} keepalive = 5 priority = {i + 1} classes = {{{{{classes}}}}} lines = 4
    caller-id = {{{{"+3312345670{i}"}}}}
    number "+3312345671{i}" {{{{ to = {to} }}}}
}}}}
""" for i, (name, classes, to) in enumerate(zip(GATEWAYS, ("mobile", "national", "premium", "toll-free", "premium"), ("t0", "t1", "t2", "l5", "t4"))))


class Line:
    """A phone's media when they end in the exchange: PCMU under SRTP, numbered."""

    def __init__(self, client, port=PORT):
        self.key, self.client, self.port = srtp.fresh_key(), client, port
        self.out = srtp.Stream(self.key)
        self.sock = client.host.udp(client.local, port)
        self.sock.setblocking(False)
        self.seq, self.heard, self.far_key, self.bad = 1000, [], None, 0
        client.with_me.append(self)

    def sdp(self, **kw):
        return sip.sdp(self.client.local, self.port, key=self.key, **kw)

    def answer(self, offer):
        tag, _ = srtp.offered(offer)
        return self.sdp().replace("a=crypto:1 ", f"a=crypto:{tag} ")

    def aim(self, far_sdp):
        self.far = sip.sdp_media(far_sdp)[:2]
        _, key = srtp.offered(far_sdp)
        if key != self.far_key:
            self.far_key, self.back = key, srtp.Stream(key)

    def say(self, payload, pt=0, at=None):
        """at: its timestamp, if it is not that of the next frame."""
        self.seq += 1
        at = self.seq * FRAME if at is None else at
        self.sock.sendto(self.out.protect(sip.rtp(self.seq, at, payload, ssrc=0x1000, pt=pt)), self.far)

    def hear(self):
        try:
            while True:
                p = self.back.open(self.sock.recv(4096))
                if p is None:
                    self.bad += 1
                elif p[1] & 0x7f == 0:
                    self.heard.append(p[12:])
        except BlockingIOError:
            pass
        return self.heard

    def close(self):
        self.sock.close()


class Outside(Caller):
    """A phone that calls out over the trunk `name`, and in every other call is called over it, if `comes`."""

    def __init__(self, soak, name, number, comes=True):
        super().__init__(soak, name, (f"t{GATEWAYS.index(name)}",))
        self.gateway, self.to, self.comes, self.n = soak.gateways[name], number, comes, 0
        self.of_ours = f"+3312345671{GATEWAYS.index(name)}"
        self.dialog = self.line = None
        self.hung = False       # up, by the gateway

    @property
    def phone(self):
        return self.phones[0]

    def begin(self):
        self.n += 1
        self.gateway.forget()
        self.dialog, self.cseq, self.line, self.hung = None, 1, Line(self.phone), False

    def call(self):
        self.begin()
        comes = self.comes and self.n % 2
        if comes:
            self.come_in()
        else:
            self.dial(self.to)
        self.stands()
        self.talk(self.rnd.uniform(0.5, 1.5))
        if self.n % 3 == 0:
            self.hold()
            self.talk(0.5)
        if comes and self.n % 4 == 1:
            self.hung = True
            self.gateway.hang_up()
            self.phone.reply(self.phone.wait_request("BYE"), 200, "OK")
        else:
            self.bye()

    def dial(self, number):
        sent = self.phone.invite(number, body=self.line.sdp())
        ok = self.phone.answer(sent)
        assert ok.code == 200, ok
        self.phone.ack(sent, ok)
        self.dialog = lambda method, **kw: self.phone.in_dialog(method, sent, ok, self.cseq, **kw)
        self.line.aim(ok.body)

    def come_in(self):
        self.gateway.call(self.of_ours, STRANGER)
        self.ring()

    def ring(self):
        got = answer_call(self.phone, body=self.line.answer)
        self.phone.wait_request("ACK")
        self.dialog = lambda method, **kw: self.phone.in_dialog_back(method, got, "t1", self.cseq, **kw)
        self.line.aim(got.body)
        try:
            net.wait_for("the gateway to be answered", lambda: self.gateway.up, 5)
        except net.LabError as e:
            raise net.LabError(f"{e}: {self.gateway.answers}") from None

    def ask(self, method, **kw):
        """A request of the phone's inside the call."""
        self.cseq += 1
        return self.dialog(method, **kw)

    def bye(self):
        """The gateway hears of it too, or did before."""
        r = self.phone.answer(self.ask("BYE"))
        assert r.code in (200, 481), r
        net.wait_for("the gateway's BYE, or its answer", lambda: self.gateway.over or (self.hung and not self.gateway.asked), 10)

    def words(self, seconds):
        """How many packets were said, and which of them did not come back."""
        said, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            said.append(struct.pack("!I", self.line.seq) + b"\x55" * (FRAME - 4))
            self.line.say(said[-1])
            time.sleep(0.02)
            self.line.hear()
        try:
            net.wait_for("the last packets", lambda: said[-1] in self.line.hear(), PACKETS_LATE_S, step=0.02)
        except net.LabError:
            pass
        heard = set(self.line.heard)
        return len(said), [i for i, x in enumerate(said) if x not in heard]

    def talk(self, seconds):
        said, lost = self.words(seconds)
        self.talked += 1
        self.packets += 2 * said
        if lost or self.line.bad:
            self.lost(f"of {said} packets {lost} did not come back, {self.line.bad} under another key", rules.ENDS)
            self.mends(lambda: not self.words(0.5)[1])

    def change(self, direction):
        sent = self.ask("INVITE", body=self.line.sdp(direction=direction, version=self.cseq + 1))
        ok = self.phone.answer(sent)
        assert ok.code == 200, ok
        self.phone.ack(sent, ok)
        self.line.aim(ok.body)

    def hold(self):
        """Whoever is outside hears music meanwhile."""
        self.change("sendonly")
        time.sleep(0.2)
        before = len(self.gateway.heard)
        time.sleep(1)
        music = (len(self.gateway.heard) - before) // FRAME
        if music < 25:
            self.lost(f"of a second's music {music} packets came", rules.SPEAKS)
        self.change("sendrecv")

    def clear(self):
        if self.stood is None and self.comes and self.n % 2:
            self.gateway.give_up()


class Screened(Outside):
    """Each call is one of a stranger, who is asked to press 4 before it rings."""
    prompt, key = "screening", "4"

    def come_in(self):
        self.gateway.call(self.of_ours, STRANGER)
        path = f"{self.soak.where}/{self.name}.wav"
        net.wait_for("the stranger to be asked", lambda: len(self.gateway.heard) > 2 * 8000 and
                     hears_prompt(self.gateway.recording(path), self.prompt) is not None, 12, step=0.5)
        self.gateway.press(self.key)
        self.ring()

    def call(self):
        self.n += self.n % 2    # none goes out
        super().call()


def gateways(lab, hosts):
    us = lab.addr["telco"][0]
    out = {name: Gateway(hosts[name], (us, 5072 + i)) for i, name in enumerate(GATEWAYS)}
    out["wire"].take_tcp(True)
    return out
