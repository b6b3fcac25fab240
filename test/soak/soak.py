# SPDX-License-Identifier: ISC
"""The soak: a real exchange under calls, logins, reloads and junk, its processes killed one after another: soak.py SECONDS.

Who calls: pairs of phones with keys of their own (callers.py); phones out over trunks by UDP and TCP and in by UDP, with SRTP that ends here
and goes on in the clear, every third one held with music, and strangers who are asked by voice to press a key before it rings (outside.py);
a stranger who is parked and taken again (parked.py); and one who leaves a message, whose owner hears and deletes it (messages.py). Three calls
of real phones last from the first second to the last (lasting.py): with keys of their own, SDES with DTLS-SRTP, and over a trunk.

The first half kills all but parent, parent, upgrades, and kills each process, each at least once, however long that takes (disturb.py); what each
held when it was new is compared with what it held before its own death, by the deaths of others and the calls in between. The second half does
not, and what each process holds at its end is compared with what it held a while after its begin, by the calls made in between (judge.py).
Programs, maps, links, filters, rules and files are compared with those of the beginning (held.py). In the second half the server's certificate is
renewed, by a clock of the exchange's own. A process is away from its kill until every process is up again, somebody logged in and each trunk
is up (rules.py). How many calls were excused, and by which of these, is said; nothing else may fail:
- A call that was being set up while a process was away may fail.
- A call that stood when edge went, and its connections with it, may not end in order; its phones come back and hang up.
- Every packet is heard by the other end in calls that talk. Of a call that came up while a process was away some may not be; nor of one that
  ends in the exchange while media is away, nor of what voice says or records while voice, media or core (and of a message: keeper or ledger)
  is away. Such a call must be heard when all are back, and be hung up in order.
- A reload may be refused while a process was away.
- Of the lasting calls, the one with keys of its own loses no packet whatever dies: the kernel passes it on. The two that end in the exchange are
  silent only while media is away, and what came meanwhile is heard then; but where all are started anew the kernel's room may not do for all
  of it: 200 packets. At any other's death nothing is lost. All stand to the end and are hung up.
No process dies but by this script's hand; one that is just starting when a reload is taken has judged the configuration before it, and
parent starts it once more.
"""
import os
import re
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import held                     # noqa: E402
import net                      # noqa: E402
import judge                    # noqa: E402
import rules                    # noqa: E402
from callers import Pair        # noqa: E402
from conftest import People     # noqa: E402
from disturb import Certificate, Junk, Killer, Pulse, Reloader      # noqa: E402
from exchange import CONF, Exchange     # noqa: E402
from lasting import Calls       # noqa: E402
from messages import Mailbox     # noqa: E402
from outside import GATEWAYS, TRUNKS, Outside, Screened, gateways     # noqa: E402
from parked import Parked       # noqa: E402
from preload import Clock, started_by       # noqa: E402

PAIRS = 3
WARM = 1 / 4            # of the second half, in which what was started last meets each kind of work
UIDS = 1 << 20           # by which what it loads is known from others'
OVERTAKEN = ("judges what it was not asked", "says ready out of turn")


class Soak:
    def __init__(self, seconds, where, lab):
        self.windows, self.stop = rules.Windows(), threading.Event()
        self.seconds, self.where, self.lab = seconds, where, lab
        self.addr = lab.addr["voice"][0]
        hosts = {name: lab.host(f"gw-{name}", "telco") for name in GATEWAYS}
        trunks = TRUNKS
        for name, host in hosts.items():
            trunks = trunks.replace(f"{{gw[{name}]}}", host.v4)
        self.gateways = gateways(lab, hosts)
        self.clock = Clock(f"{where}/clock")
        libexec = started_by(where, lambda name: ("libshim.so", f"SHIM_CLOCK={self.clock.path}"))
        self.exchange = Exchange(lab, where, kernel=True, libexec=libexec, uid_base=UIDS + os.getpid() * 16, conf=CONF + trunks.replace("{us}", lab.addr["telco"][0]))
        self.people = People(lab, self.exchange, where)
        self.problems = []

    def trunks_up(self):
        try:
            return all(t["state"] == "up" for t in self.exchange.ask("trunks"))
        except (net.LabError, OSError):
            return False

    def calls_made(self):
        return sum(w.made for w in self.workers)

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
        net.wait_for("each trunk", self.trunks_up, 30, step=0.2)
        self.lasting = Calls(self)
        self.lasting.begin()
        self.disturb()
        self.lasting.end()
        self.lasting.judge(self.check)
        self.lasting.hang_up()
        x.wait_no_calls(20)
        x.stop()
        said = x.tail(1 << 22)
        why = re.findall(r"parent: (\w+/\d+: killed: .*)", said)
        again = [w for w in why if w.endswith(OVERTAKEN)]
        self.check(len(x.deaths()) == x.killed + len(again),
                   f"{x.killed} processes died by this script's hand, {len(again)} were overtaken by a reload"
                   + "".join(f"\n        {w}" for w in why if w not in again))
        self.check(not re.search("Sanitizer|runtime error|stays down|accus", said), "no process accused another, no sanitizer spoke")

    def callers(self):
        out = [*(Pair(self, n) for n in range(PAIRS)), Outside(self, "pots", "+33612345678"),
               Outside(self, "wire", "+33144556677", comes=False), Screened(self, "town", None),
               Parked(self, "park", None), Mailbox(self)]
        for user, classes in ("t0", "mobile"), ("t1", "national"):
            self.exchange.ask("user-set", name=user, body=f"classes={classes}\n".encode())
        self.exchange.ask("user-set", name="t2", body=b"screen=screen\n")
        return out

    def disturb(self):
        """Churn to the end, deaths in the first half; judged while the lasting calls stand."""
        self.kept = held.in_kernel(self.exchange), held.files(self.exchange)
        self.workers = callers = self.callers()
        self.ports = self.exchange.counter("media-ports")
        self.rest = {key.split(":")[0]: fds for key, (_, fds) in held.holds(self.exchange).items()}
        self.start = time.monotonic()
        self.half = self.start + self.seconds / 2
        killer, *others = Killer(self, "killer"), Reloader(self, "reloader"), Junk(self, "junk"), Pulse(self, "pulse"), Certificate(self, "certificate")
        for w in callers + others[:-1]:
            w.start()
        killer.run()        # here: what a thread has started ends with it (net.py)
        time.sleep(self.seconds / 2 * WARM)
        calls, halftime, before = self.calls_made(), time.monotonic(), held.holds(self.exchange)
        others[-1].run()
        time.sleep(max(0, self.seconds / 2 * (1 - WARM) - (time.monotonic() - halftime)))
        self.stop.set()
        for w in callers + others[:-1]:
            w.join(60)
        calls, seconds = self.calls_made() - calls, time.monotonic() - halftime
        judge.judge_calls(self, callers, [killer, *others])
        judge.judge_deaths(self, killer)
        judge.judge_holds(self, before, calls, seconds)
        judge.judge_kept(self, self.kept, (held.in_kernel(self.exchange), held.files(self.exchange)), self.calls_made())


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
                if s.exchange.proc and s.exchange.processes():
                    print(s.exchange.tail(4000))
                    s.exchange.host.stop(s.exchange.proc)
                s.exchange.close()
    finally:
        if not os.environ.get("RINGFENCE_LAB_KEEP"):
            shutil.rmtree(where, ignore_errors=True)
    print(f"soak of {seconds} s: " + (f"{len(s.problems)} things FAILED" if s.problems else "passed"))
    return 1 if s.problems else 0


if __name__ == "__main__":
    sys.exit(main())
