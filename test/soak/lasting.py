# SPDX-License-Identifier: ISC
"""Three calls of real phones from the first second to the last: one with keys of the phones' own, one of SDES with DTLS-SRTP, one over a trunk."""
import struct
import time

import capture
import net
import phones
import rules

AT_LEAST, SENT_BACK = 0.98, 0.9      # of these: a gateway has no room for all that comes late at once
LONG = "+33800123456"


class Lasting:
    """What each of both ends hears, from begin() to end(). `ends`: here, so that it is silent while media is away."""

    def __init__(self, soak, name, hosts, ends, least=AT_LEAST):
        self.soak, self.name, self.ends, self.least = soak, name, ends, least
        self.ears = [capture.Capture(h, h.dev, f"{soak.where}/{name}-{h.name}.pcap", "udp") for h in hosts]

    def begin(self):
        for ear in self.ears:
            ear.__enter__()
        self.begun, self.wall = time.monotonic(), time.time() - time.monotonic()

    def end(self):
        self.ended = time.monotonic()
        for ear in self.ears:
            ear.stop()

    def rtp(self, ear):
        """(when, packet) of what it heard, and of what it said."""
        all_of = [(p.t - self.wall, p) for p in ear.packets() if capture.kind(p.payload) == "rtp"]
        all_of = [x for x in all_of if self.begun <= x[0] <= self.ended]
        return [x for x in all_of if x[1].dst == ear.host.v4], [x for x in all_of if x[1].src == ear.host.v4]

    @staticmethod
    def holes(heard):
        """(from, until) of where numbers are missing. Of a call that ends here they need not be packets: media that was started anew goes on
        with numbers that cannot have been used before."""
        at, number = {}, None
        for t, p in heard:
            seq = struct.unpack_from(">H", p.payload, 2)[0]
            number = seq + 65536 if number is None else number + (seq - number + 32768) % 65536 - 32768
            at.setdefault(number, t)
        known = sorted(at)
        return [(at[a], at[b]) for a, b in zip(known, known[1:]) if b != a + 1]

    def judge(self, check):
        windows, start, seconds = self.soak.windows, self.soak.start, self.ended - self.begun
        one, two = ((ear, *self.rtp(ear)) for ear in self.ears)
        for (ear, heard, _), (_, _, said) in ((one, two), (two, one)):
            holes, lost = self.holes(heard), len(said) - len(heard)
            wrong = rules.ended_silent(windows, holes) if self.ends else holes
            most = rules.IN_FLIGHT + (rules.ended_lost(windows) if self.ends else 0)
            where = [f"{a - start:.2f}-{b - start:.2f} s ({windows.last(b)})" for a, b in (wrong or holes)[:20]]
            check(not wrong and lost <= most and len(said) >= self.least * rules.PACKETS_S * seconds,
                  f"{self.name}: {ear.host.name} heard {len(heard)} of {len(said)} packets in {seconds:.0f} s (at most {most} may be lost), "
                  + (f"silence or other numbers at {', '.join(where)}" if holes else "all in order"))


class Calls:
    def __init__(self, soak):
        talks, make = soak.seconds + 300, soak.people.phone
        self.soak, self.exchange = soak, soak.exchange
        self.pairs = []
        for one, two, media in ("l1", "l2", "srtp"), ("l3", "l4", "dtls"):
            a = make("baresip", one, tone="a", talks_s=talks, media=media)      # what the callee is offered first is SDES
            self.pairs.append((a, make("baresip", two, tone="b", talks_s=talks)))
        self.out = make("baresip", "l5", tone="a", talks_s=talks)
        soak.exchange.ask("user-set", name="l5", body=b"classes=toll-free\n")
        self.gateway = soak.gateways["long"]

    def begin(self):
        for a, b in self.pairs:
            phones.call(a, b)
        self.out.dial(LONG)
        self.out.wait_state("established")
        net.wait_for("the gateway to hear", lambda: self.gateway.echoed > 50, 10)
        self.n = len(self.exchange.calls())
        assert self.n == 3, self.exchange.calls()
        (l1, l2), (l3, l4) = self.pairs
        self.lasting = [Lasting(self.soak, "with keys of the phones' own", (l1.host, l2.host), False),
                        Lasting(self.soak, "SDES with DTLS-SRTP", (l3.host, l4.host), True),
                        Lasting(self.soak, "over a trunk", (self.out.host, self.gateway.host), True, SENT_BACK)]
        self.ids = {c["call"] for c in self.exchange.calls()}
        for each in self.lasting:
            each.begin()

    def stand(self):
        return self.ids <= {c["call"] for c in self.exchange.calls()}

    def end(self):
        for each in self.lasting:
            each.end()

    def judge(self, check):
        for each in self.lasting:
            each.judge(check)

    def hang_up(self):
        for p in (*(p for pair in self.pairs for p in pair), self.out):
            p.wait_registered(90)       # a phone that lost its connection often is in no hurry
        for pair in self.pairs:
            phones.hang_up(*pair)
        self.out.hangup()
        self.out.wait_idle()
        net.wait_for("the gateway's BYE", lambda: self.gateway.over, 10)
