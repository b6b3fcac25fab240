# SPDX-License-Identifier: ISC
"""Three calls of real phones from the first second to the last: one with keys of the phones' own, one of SDES with DTLS-SRTP, one over a trunk."""
import struct
import time

import capture
import net
import phones
import rules

PACKETS_S = 50
AT_LEAST = 0.98
LONG = "+33800123456"


class Lasting:
    """What each of both ends hears, from begin() to end(). `ends`: here, so that it is lost while media is away."""

    def __init__(self, soak, name, hosts, ends):
        self.soak, self.name, self.ends = soak, name, ends
        self.ears = [capture.Capture(h, h.dev, f"{soak.where}/{name}-{h.name}.pcap", "udp") for h in hosts]

    def begin(self):
        for ear in self.ears:
            ear.__enter__()
        self.begun, self.wall = time.monotonic(), time.time() - time.monotonic()

    def end(self):
        for ear in self.ears:
            ear.stop()
        self.seconds = time.monotonic() - self.begun

    def holes(self, ear):
        """How many packets were heard, and (from, until) of where some between them are missing. How many they are nobody can say of a call
        that ends here: media that was started anew goes on with numbers that it cannot have used before."""
        at, number = {}, None
        for p in ear.packets():
            if p.dst == ear.host.v4 and capture.kind(p.payload) == "rtp":
                seq = struct.unpack_from(">H", p.payload, 2)[0]
                number = seq + 65536 if number is None else number + (seq - number + 32768) % 65536 - 32768
                at.setdefault(number, p.t - self.wall)
        known = sorted(at)
        return len(known), [(at[a], at[b]) for a, b in zip(known, known[1:]) if b != a + 1]

    def judge(self, check):
        windows = self.soak.windows
        for ear in self.ears:
            heard, holes = self.holes(ear)
            silent = sum(b - a for a, b in holes)
            wrong = rules.ended_lost(windows, holes) if self.ends else holes
            said = [f"{a - self.soak.start:.2f}-{b - self.soak.start:.2f} s ({windows.last(b)})" for a, b in (wrong or holes)[:20]]
            check(not wrong and heard >= PACKETS_S * (AT_LEAST * self.seconds - silent),
                  f"{self.name}: {ear.host.name} heard {heard} packets in {self.seconds:.0f} s, "
                  + (f"none of the other's at {', '.join(said)}" if holes else "each of the other's"))


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
                        Lasting(self.soak, "over a trunk", (self.out.host, self.gateway.host), True)]
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
