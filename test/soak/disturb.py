# SPDX-License-Identifier: ISC
"""What is done to the exchange meanwhile: kills, reloads, junk."""
import itertools
import os
import shutil
import random
import ssl
import time

import held
import net
import rules
import sip
from worker import Worker

KILLED = ("voice", "watch", "ctl", "ledger", "dial", "keeper", "signer", "media", "net", "core", "edge")
KILL_EVERY_S, RELOAD_EVERY_S = 7, 5
TORTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fuzz", "corpus", "sip")


class Killer(Worker):
    """First all of them, then one by one: whoever is not killed outlives the deaths of others, and may not grow by them."""

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.outlived = []      # (who, what it held at first, what it held at last, deaths and calls in between)
        self.first, self.last = {}, {}

    def look(self, deaths):
        calls = self.soak.calls_made()
        for key, what in held.holds(self.soak.exchange).items():
            self.first.setdefault(key, (what, deaths, calls))
            self.last[key] = what, deaths, calls

    def told(self):
        for key, (was, since, calls) in self.first.items():
            what, deaths, calls2 = self.last[key]
            self.outlived.append((key.split(":")[0], was, what, deaths - since, calls2 - calls))
        self.first, self.last = {}, {}

    def work(self):
        x, names = self.soak.exchange, [*rules.WHOLE, *KILLED]
        more = {"all but parent": lambda: x.kill_all_but_parent(30), "parent": x.restart_parent, "upgrade": lambda: x.command("upgrade", timeout=60)}
        done = 0
        while not self.over() and (done < len(names) or time.monotonic() < self.soak.half):
            name = names[done % len(names)]
            self.look(done)
            if name in rules.WHOLE:
                self.told()
            self.soak.windows.open(name, time.monotonic())
            if name in more:
                more[name]()
            else:
                x.wait_replaced(name, x.kill(name), 30)
            net.wait_for("every process", x.answers, 30, step=0.2)
            net.wait_for("a login", self.login, 30, step=0.2)
            net.wait_for("each trunk", self.soak.trunks_up, 30, step=0.2)
            self.soak.windows.shut(time.monotonic())
            done += 1
            self.soak.stop.wait(KILL_EVERY_S)
        self.look(done)
        self.told()

    def login(self):
        try:
            with sip.Client(self.soak.people.host("probe"), self.soak.people.bundle("probe")[0], timeout=3) as c:
                return c.register().code == 200
        except (net.LabError, OSError):
            return False


class Reloader(Worker):
    """Each time another configuration: how long a call is parked, and one emergency number more or less."""
    done = 0

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.refused = []       # (from, until, why)

    def work(self):
        path = f"{self.soak.exchange.site}/ringfence.conf"
        with open(path) as f:
            text = f.read()
        more = text.replace('"112", "911"', '"112", "911", "999"') + "calls { park = 61 }\n"
        assert more.count("999") == 1
        for now in itertools.cycle([more, text]):
            if self.over():
                break
            with open(path + ".new", "w") as f:
                f.write(now)
            shutil.copymode(path, path + ".new")
            os.replace(path + ".new", path)
            since = time.monotonic()
            p = self.soak.exchange.command("reload", check=False, timeout=30)
            if p.returncode == 0:
                self.done += 1
            else:
                self.refused.append((since, time.monotonic(), (p.stdout + p.stderr).strip()))
            self.soak.stop.wait(RELOAD_EVERY_S)


class Certificate(Worker):
    """The server's certificate nears its end, by the exchange's clock: the next handshake sees another one, and nobody notices. When the clock is
    right again, there is one of today."""
    DAYS, WAIT_S = 375, 90

    def work(self):
        was, self.begun = self.shown(), time.monotonic()
        self.soak.clock.set(self.DAYS * 86400)
        try:
            ahead = net.wait_for("another certificate", lambda: self.other(was), self.WAIT_S, step=0.5)
        finally:
            self.soak.clock.set(0)
        net.wait_for("a certificate of today", lambda: self.other(was, ahead), self.WAIT_S, step=0.5)
        self.ended = time.monotonic()

    def said(self):
        return f"the server's certificate was another twice, from {self.begun - self.soak.start:.1f} to {self.ended - self.soak.start:.1f} s"

    def other(self, *than):
        now = self.shown()
        return now if now not in than and self.is_ahead(now) == (len(than) == 1) else None

    def shown(self):
        with sip.Client(self.soak.people.host("probe"), self.soak.people.bundle("probe")[0], timeout=8) as c:
            return c.sock.getpeercert(binary_form=True)

    @staticmethod
    def is_ahead(der):
        said = net.sh("openssl", "x509", "-noout", "-startdate", stdin=ssl.DER_cert_to_PEM_cert(der)).stdout
        return ssl.cert_time_to_seconds(said.split("=", 1)[1].strip()) > time.time()


class Pulse(Worker):
    """Says when the machine had no time for us: what is then late is not the exchange's doing, and excuses nothing."""
    LATE_S = 0.5

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.late = []      # (how long, when)

    def work(self):
        last = time.monotonic()
        while not self.over():
            time.sleep(0.05)
            now = time.monotonic()
            if now - last > self.LATE_S:
                self.late.append((now - last, now - self.soak.start))
            last = now

    def said(self):
        worst = ", ".join(f"{s:.1f} s at {at:.0f}" for s, at in sorted(self.late, reverse=True)[:5])
        return f"this script itself was not run for more than {self.LATE_S} s {len(self.late)} times" + (f": {worst}" if worst else "")


class Junk(Worker):
    """Random datagrams to ports of media, half a handshake, and broken SIP from a phone that was admitted."""
    datagrams = handshakes = messages = 0

    def work(self):
        s = self.soak
        rnd, host, udp = random.Random(1), s.people.host("junk"), s.people.host("junk").udp()
        texts = []
        for f in sorted(os.listdir(TORTURE)):
            with open(os.path.join(TORTURE, f), "rb") as t:
                texts.append(t.read())
        halves = []
        while not self.over():
            for _ in range(50):
                udp.sendto(rnd.randbytes(rnd.randrange(1, 400)), (s.addr, rnd.choice(s.exchange.media_ports)))
                self.datagrams += 1
            try:
                h = host.connect(s.addr, s.exchange.port, 1)
                h.send(b"\x16\x03\x01\x02\x00" + rnd.randbytes(rnd.randrange(0, 60)))
                halves.append(h)
                self.handshakes += 1
                if len(halves) > 20:
                    halves.pop(0).close()
                with sip.Client(host, s.people.bundle("junk")[0], timeout=2) as c:
                    c.send_raw(rnd.choice(texts))
                    self.messages += 1
            except (net.LabError, OSError):
                pass                    # it is banned for a while, as it should be
            s.stop.wait(0.2)
        for h in halves:
            h.close()
