# SPDX-License-Identifier: ISC
"""The soak: a real exchange under calls, logins, reloads and junk, its processes killed one after another: soak.py SECONDS.

The first half kills; the second does not, and what each process holds at its end is compared with what it held at its begin.
A call that failed is excused only if it was being set up while a killed process was away: from the kill until every process was
up again and somebody logged in. All others must be answered and hung up in order, and the one call of two real phones lasts from the
first second to the last. No process dies but by this script's hand; one that is just starting when a reload is taken has judged the
configuration before it, and parent starts it once more.
"""
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import net                      # noqa: E402
import phones                   # noqa: E402
import sip                      # noqa: E402
from conftest import People     # noqa: E402
from exchange import Exchange   # noqa: E402
from scripted import Call       # noqa: E402

PAIRS = 4
KILLED = ("voice", "watch", "ctl", "ledger", "keeper", "signer", "media", "net", "core", "edge")
KILL_EVERY_S, RELOAD_EVERY_S = 7, 5
REST_S = 35             # ports rest for 30 s after a call
MORE_KB, MORE = 1024, 1.05
OVERTAKEN = ("judges what it was not asked", "says ready out of turn")
TORTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fuzz", "corpus", "sip")


class Windows:
    """When a process was away, by our hand."""

    def __init__(self):
        self.lock, self.all = threading.Lock(), []

    def open(self, name):
        with self.lock:
            self.all.append([name, time.monotonic(), None])

    def shut(self):
        with self.lock:
            self.all[-1][2] = time.monotonic()

    def touch(self, since, until):
        with self.lock:
            return any(a <= until and (b is None or b >= since) for _, a, b in self.all)


class Worker(threading.Thread):
    def __init__(self, soak, name):
        super().__init__(name=name, daemon=True)
        self.soak, self.broke = soak, None

    def run(self):
        try:
            self.work()
        except Exception as e:      # told at the end
            self.broke = e

    def over(self):
        return self.soak.stop.is_set()


class Pair(Worker):
    """Two phones that log in, call, hang up, and now and then come anew."""

    def __init__(self, soak, n):
        super().__init__(soak, f"pair{n}")
        self.names = f"a{n}", f"b{n}"
        self.made = self.excused = self.logins = 0
        self.failed = []
        for name in self.names:
            soak.people.bundle(name)
            soak.people.host(name)

    def come(self, name):
        c = sip.Client(self.soak.people.host(name), self.soak.people.bundle(name)[0], timeout=8).open()
        code = c.register().code
        if code != 200:
            c.close()
            raise net.LabError(f"REGISTER: {code}")
        self.logins += 1
        return c

    def work(self):
        rnd, both = random.Random(self.name), []
        while not self.over():
            since = time.monotonic()
            try:
                if not both or rnd.random() < 0.2:
                    for c in both:
                        c.close()
                    both = [self.come(n) for n in self.names]
                call = Call(*both)
                time.sleep(rnd.uniform(0, 1))
                call.bye()
                self.made += 1
            except (net.LabError, OSError, AssertionError) as e:
                if self.soak.windows.touch(since, time.monotonic()):
                    self.excused += 1
                else:
                    self.failed.append(f"{self.name}, {time.monotonic() - self.soak.start:.0f} s: {str(e)[:300]}")
                for c in both:
                    c.close()
                both = []
                time.sleep(0.5)
        for c in both:
            c.close()


class Killer(Worker):
    def work(self):
        x, names = self.soak.exchange, list(KILLED)
        while not self.over() and time.monotonic() < self.soak.half:
            name = names.pop(0)
            names.append(name)
            self.soak.windows.open(name)
            old = x.kill(name)
            x.wait_replaced(name, old, 30)
            net.wait_for("every process", x.answers, 30, step=0.2)
            net.wait_for("a login", self.login, 30, step=0.2)
            self.soak.windows.shut()
            self.soak.stop.wait(KILL_EVERY_S)

    def login(self):
        try:
            with sip.Client(self.soak.people.host("probe"), self.soak.people.bundle("probe")[0], timeout=3) as c:
                return c.register().code == 200
        except (net.LabError, OSError):
            return False


class Reloader(Worker):
    done = 0

    def work(self):
        while not self.over():
            p = self.soak.exchange.command("reload", check=False, timeout=30)
            if p.returncode == 0:
                self.done += 1
            self.soak.stop.wait(RELOAD_EVERY_S)


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


class Soak:
    def __init__(self, seconds, where, lab):
        self.windows, self.stop = Windows(), threading.Event()
        self.seconds = seconds
        self.exchange = Exchange(lab, where, kernel=True)
        self.people = People(lab, self.exchange, where)
        self.addr = lab.addr["voice"][0]
        self.problems = []

    def holds(self):
        """{process: (kB, descriptors)}"""
        out = {}
        for pid, name in self.exchange.processes():
            with open(f"/proc/{pid}/smaps_rollup") as f:
                kb = int(re.search(r"Pss_Anon:\s+(\d+)", f.read())[1])
            out[f"{name}:{pid}"] = kb, len(os.listdir(f"/proc/{pid}/fd"))
        return out

    def at_rest(self, what):
        """No call and no port in use, and all phones of the churn gone."""
        try:
            net.wait_for(f"no call ({what})", lambda: len(self.exchange.calls()) == 1, 60, step=0.5)
        except net.LabError as e:
            told = [(c["state"], c.get("age_ms"), c["packets_from"], c["packets_to"]) for c in self.exchange.calls()]
            raise net.LabError(f"{e}: {told}") from None
        net.wait_for(f"ports at rest ({what})", lambda: self.exchange.counter("media-ports") <= self.ports, REST_S + 30, step=1)

    def check(self, ok, text):
        print(("ok      " if ok else "FAILED  ") + text, flush=True)
        if not ok:
            self.problems.append(text)

    def run(self):
        x = self.exchange.start()
        x.admin_add()
        for name in ("probe", "junk"):
            self.people.bundle(name)
            self.people.host(name)
        pairs = [Pair(self, n) for n in range(PAIRS)]
        one, two = (self.people.phone("baresip", n, tone=t, talks_s=self.seconds + 300) for n, t in (("l1", "a"), ("l2", "b")))
        phones.call(one, two)
        lasting = x.call()["call"]
        self.ports = x.counter("media-ports")
        self.start = start = time.monotonic()
        self.half = start + self.seconds / 2
        others = [Killer(self, "killer"), Reloader(self, "reloader"), Junk(self, "junk")]
        for w in pairs + others:
            w.start()
        while others[0].is_alive():
            time.sleep(0.5)
        time.sleep(5)
        before, halftime = self.holds(), time.monotonic()
        while time.monotonic() < start + self.seconds:
            time.sleep(0.5)
        self.stop.set()
        for w in pairs + others:
            w.join(60)
        self.judge(pairs, others, before, time.monotonic() - halftime, lasting)
        phones.hang_up(one, two)
        x.wait_no_calls(20)
        x.stop()
        said = x.tail(1 << 22)
        why = re.findall(r"parent: (\w+/\d+: killed: .*)", said)
        again = [w for w in why if w.endswith(OVERTAKEN)]
        self.check(len(x.deaths()) == x.killed + len(again),
                   f"{x.killed} processes died by this script's hand, {len(again)} were overtaken by a reload"
                   + "".join(f"\n        {w}" for w in why if w not in again))
        self.check(not re.search("Sanitizer|runtime error|stays down|accus", said), "no process accused another, no sanitizer spoke")

    def judge(self, pairs, others, before, seconds, lasting):
        _, reloader, junk = others
        for w in pairs + others:
            self.check(w.broke is None and not w.is_alive(), f"{w.name} worked to the end" + (f": {w.broke}" if w.broke else ""))
        failed = [f for p in pairs for f in p.failed]
        print(f"{sum(p.made for p in pairs)} calls, {sum(p.logins for p in pairs)} logins, {len(self.windows.all)} kills, "
              f"{reloader.done} reloads, {junk.datagrams} datagrams, {junk.handshakes} half handshakes, {junk.messages} broken messages", flush=True)
        self.check(sum(p.made for p in pairs) > self.seconds / 2, "calls were made")
        self.check(reloader.done > 2 and junk.messages > 0 and self.windows.all, "it was disturbed")
        self.check(not failed, f"{len(failed)} calls failed besides {sum(p.excused for p in pairs)} that were set up while a killed "
                               "process was away" + "".join(f"\n        {f}" for f in failed[:10]))
        self.at_rest("end")
        mine = [c for c in self.exchange.calls() if c["call"] == lasting]
        self.check(len(mine) == 1, "the call of two real phones stands")
        n = [mine[0][k] for k in ("packets_from", "packets_to")]
        time.sleep(2)
        later = self.exchange.calls()[0]
        self.check(all(later[k] > m for k, m in zip(("packets_from", "packets_to"), n, strict=True)), "and is heard on both sides")
        self.check(self.exchange.counter("media-ports") <= self.ports, "no port is kept besides that call's")
        after = self.holds()
        self.check(set(before) == set(after), "no process died but by this script")
        for key in sorted(set(before) & set(after)):
            (kb, fds), (kb2, fds2) = before[key], after[key]
            self.check(kb2 <= kb * MORE + MORE_KB and fds2 <= fds,
                       f"{key.split(':')[0]}: {kb} -> {kb2} kB, {fds} -> {fds2} descriptors in {seconds:.0f} s")


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    net.require_lab()
    where = tempfile.mkdtemp(prefix="rfl-soak-")
    os.chmod(where, 0o755)
    try:
        with net.Net() as lab:
            s = Soak(seconds, where, lab)
            try:
                s.run()
            finally:
                s.people.close()
                if s.exchange.proc and s.exchange.proc.poll() is None:
                    print(s.exchange.tail(2000))
                    s.exchange.host.stop(s.exchange.proc)
    finally:
        shutil.rmtree(where, ignore_errors=True)
    print(f"soak of {seconds} s: " + (f"{len(s.problems)} things FAILED" if s.problems else "passed"))
    return 1 if s.problems else 0


if __name__ == "__main__":
    sys.exit(main())
