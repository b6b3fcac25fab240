# SPDX-License-Identifier: ISC
"""The soak: a real exchange under calls, logins, reloads and junk, its processes killed one after another: soak.py SECONDS.

The first half kills each process, all but parent, parent, and upgrades, each at least once, however long that takes; the second half does
not, and what each process holds at its end is compared with what it held a while after its begin, by the calls made in between. A call that
failed, or began unheard, is excused only if it was being set up while a killed process was away (from the kill until every process was up
again and somebody logged in), or if it stood when edge went and its connections with it, in which case its phones come back and hang up;
how many of each is said (rules.py). All others must be answered and hung up in order, and in every other one both ends speak and hear every
packet. So do the two real phones, whose one call lasts from the first second to the last: the relay is in the kernel, and
no death may cost a packet. No process dies but by this script's hand; one that is just starting when a reload is taken has judged the
configuration before it, and parent starts it once more.
"""
import itertools
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import capture                  # noqa: E402
import net                      # noqa: E402
import phones                   # noqa: E402
import rules                    # noqa: E402
import sip                      # noqa: E402
from conftest import People     # noqa: E402
from exchange import PROCESSES, Exchange     # noqa: E402
from scripted import Call, Talk     # noqa: E402

PAIRS = 4
KILLED = ("voice", "watch", "ctl", "ledger", "keeper", "signer", "media", "net", "core", "edge")
KILL_EVERY_S, RELOAD_EVERY_S = 7, 5
REST_S = 35             # ports rest for 30 s after a call
PACKETS_S = 50
FDS = 1                 # a question to ctl that is just being answered
WARM = 1 / 4            # of the second half, in which what was started last meets each kind of work
OVERTAKEN = ("judges what it was not asked", "says ready out of turn")
TORTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fuzz", "corpus", "sip")


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
    """Two phones that log in, call, talk, hang up, and now and then come anew."""

    def __init__(self, soak, n):
        super().__init__(soak, f"pair{n}")
        self.names = f"a{n}", f"b{n}"
        self.made = self.talked = self.packets = self.logins = 0
        self.excused = {rules.SETTING_UP: 0, rules.UNHEARD: 0, rules.UNCONNECTED: 0}
        self.failed, self.unheard = [], []
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

    def fail(self, what, since):
        """since: when the call that failed began."""
        self.failed.append(f"{self.name}, begun at {since - self.soak.start:.1f} s ({self.soak.windows.last(since)}): {what[:300]}")

    def talk(self, call, since, stood, seconds):
        """Both ends speak all the while. Media needs no connection, so nothing that goes once the call stands excuses a packet that is not heard."""
        talk = Talk(*call.media())
        talk.start()
        time.sleep(seconds)
        try:
            talk.stop()
        except net.LabError:
            pass            # the last ones do not come
        said = [len(s) for s in talk.said]
        lost = [[i for i, n in enumerate(s) if n not in h] for s, h in zip(talk.said, map(set, reversed(talk.heard)))]
        self.talked += 1
        self.packets += sum(said)
        if not any(lost):
            return
        why = rules.unheard(self.soak.windows, since, stood)
        if why:
            self.excused[why] += 1
            self.unheard.append(f"{self.soak.windows.last(stood)}: of {said} packets {[(x[0], x[-1]) for x in lost if x]}")
        else:
            self.fail(f"of {said} packets were not heard {lost}", since)

    @staticmethod
    def either(call):
        """What came first: the BYE at b, or its refusal at a."""
        for c, test in ((call.b, lambda m: m.method == "BYE"), (call.a, lambda m: m.code >= 200)):
            try:
                return c.wait(test, "BYE", 0.2)
            except sip.SipError:
                pass
        return None

    def hang_up_again(self, call, since):
        """Phones that lost their connections come back, and their call still stands until they hang up."""
        def back():
            try:
                for c in (call.a, call.b):
                    c.sock.close()
                    c.buffer, c.inbox = b"", []
                    if c.open().register().code != 200:
                        return False
                return True
            except (net.LabError, OSError):
                return False
        try:
            net.wait_for("phones that are back", back, 60, step=0.5)
            sent = call.next("BYE")
            got = net.wait_for("a BYE or its refusal", lambda: self.either(call), 8)
            if got.method:
                call.b.reply(got, 200, "OK")
                got = call.a.answer(sent)
            assert got.code in (200, 481), got      # 481: the first BYE did it, and edge went before its answer; what stands still is seen at rest
            self.made += 1
        except (net.LabError, OSError, AssertionError) as e:
            self.fail(f"stood, and its phones came back: {e}", since)

    def work(self):
        rnd, both, number = random.Random(self.name), [], 0
        while not self.over():
            since, stood = time.monotonic(), None
            number += 1
            try:
                if not both or rnd.random() < 0.2:
                    for c in both:
                        c.close()
                    both = [self.come(n) for n in self.names]
                call = Call(*both)
                stood = time.monotonic()
                if number % 2:
                    self.talk(call, since, stood, rnd.uniform(0, 1))
                else:
                    time.sleep(rnd.uniform(0, 1))
                call.bye()
                self.made += 1
                for c in both:
                    while c.with_me:
                        c.with_me.pop().close()
            except (net.LabError, OSError, AssertionError) as e:
                why = rules.excuse(self.soak.windows, since, stood, time.monotonic())
                if why:
                    self.excused[why] += 1
                else:
                    self.fail(f"{'stood; ' if stood else ''}{e}", since)
                if why == rules.UNCONNECTED:
                    self.hang_up_again(call, since)
                for c in both:
                    c.close()
                both = []
                time.sleep(0.5)
        for c in both:
            c.close()


class Killer(Worker):
    def work(self):
        x, names = self.soak.exchange, [*KILLED, *rules.WHOLE]
        more = {"all but parent": lambda: x.kill_all_but_parent(30), "parent": x.restart_parent, "upgrade": lambda: x.command("upgrade", timeout=60)}
        done = 0
        while not self.over() and (done < len(names) or time.monotonic() < self.soak.half):
            name = names[done % len(names)]
            self.soak.windows.open(name, time.monotonic())
            if name in more:
                more[name]()
            else:
                x.wait_replaced(name, x.kill(name), 30)
            net.wait_for("every process", x.answers, 30, step=0.2)
            net.wait_for("a login", self.login, 30, step=0.2)
            self.soak.windows.shut(time.monotonic())
            done += 1
            self.soak.stop.wait(KILL_EVERY_S)

    def login(self):
        try:
            with sip.Client(self.soak.people.host("probe"), self.soak.people.bundle("probe")[0], timeout=3) as c:
                return c.register().code == 200
        except (net.LabError, OSError):
            return False


class Reloader(Worker):
    """Each time another configuration: how long a call is parked, and one emergency number more or less."""
    done = 0

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
        self.windows, self.stop = rules.Windows(), threading.Event()
        self.seconds, self.where = seconds, where
        self.exchange = Exchange(lab, where, kernel=True)
        self.people = People(lab, self.exchange, where)
        self.addr = lab.addr["voice"][0]
        self.problems = []

    def holds(self):
        """{process: ((kB in use, kB mapped), descriptors)}"""
        out = {}
        for pid, name in [(pid, name) for name in ("parent", *PROCESSES) for pid in self.exchange.supervised(name)]:
            said = "".join(open(f"/proc/{pid}/{file}").read() for file in ("smaps_rollup", "status"))
            kb = tuple(int(re.search(rf"^{what}:\s+(\d+)", said, re.M)[1]) for what in ("Pss_Anon", "VmData"))
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
        one, two = (self.people.phone("baresip", n, tone=t, talks_s=self.seconds + 300) for n, t in (("l1", "a"), ("l2", "b")))
        phones.call(one, two)
        self.lasting = x.call()["call"]
        ears = [capture.Capture(p.host, "eth0", f"{self.where}/{p.bundle.user}.pcap", "udp") for p in (one, two)]
        with ears[0], ears[1]:
            listened = time.monotonic()
            self.disturb()
            listened = time.monotonic() - listened
        self.hear_lasting(ears, listened)
        for p in (one, two):
            p.wait_registered(90)       # a phone that lost its connection often is in no hurry
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

    def disturb(self):
        """Churn to the end, deaths in the first half; judged while the lasting call stands."""
        pairs = [Pair(self, n) for n in range(PAIRS)]
        self.ports = self.exchange.counter("media-ports")
        self.rest = {key.split(":")[0]: fds for key, (_, fds) in self.holds().items()}
        self.start = time.monotonic()
        self.half = self.start + self.seconds / 2
        killer, *others = Killer(self, "killer"), Reloader(self, "reloader"), Junk(self, "junk")
        for w in pairs + others:
            w.start()
        killer.run()        # here: what a thread has started ends with it (net.py)
        time.sleep(self.seconds / 2 * WARM)
        calls, halftime, before = sum(p.made for p in pairs), time.monotonic(), self.holds()
        time.sleep(self.seconds / 2 * (1 - WARM))
        self.stop.set()
        for w in pairs + others:
            w.join(60)
        calls, seconds = sum(p.made for p in pairs) - calls, time.monotonic() - halftime
        self.judge(pairs, [killer, *others])
        self.judge_holds(before, calls, seconds)

    def judge(self, pairs, others):
        killer, reloader, junk = others
        for w in pairs + others:
            self.check(w.broke is None and not w.is_alive(), f"{w.name} worked to the end" + (f": {w.broke}" if w.broke else ""))
        failed, killed = [f for p in pairs for f in p.failed], self.windows.names()
        made, talked = sum(p.made for p in pairs), sum(p.talked for p in pairs)
        print(f"{made} calls, {sum(p.logins for p in pairs)} logins, {len(killed)} kills, "
              f"{reloader.done} reloads, {junk.datagrams} datagrams, {junk.handshakes} half handshakes, {junk.messages} broken messages", flush=True)
        self.check(made > self.seconds / 2 and talked > made / 3,
                   f"calls were made, {talked} with {sum(p.packets for p in pairs)} packets of media")
        self.check(reloader.done > 2 and junk.messages > 0, "it was disturbed")
        missing = {*KILLED, *rules.WHOLE} - set(killed)
        self.check(not missing, "each was killed: " + (f"not {', '.join(sorted(missing))}" if missing else f"{len(KILLED)} processes, "
                   + ", ".join(f"{name} {killed.count(name)} times" for name in rules.WHOLE)))
        excused = ", ".join(f"{sum(p.excused[why] for p in pairs)} that {why}" for why in pairs[0].excused)
        unheard = [f for p in pairs for f in p.unheard]
        self.check(not failed, f"{len(failed)} calls failed besides {excused}" + "".join(f"\n        {f}" for f in (failed + unheard)[:20]))

    def judge_holds(self, before, calls, seconds):
        self.at_rest("end")
        mine = [c for c in self.exchange.calls() if c["call"] == self.lasting]
        self.check(len(mine) == 1, "the call of two real phones stands")
        self.check(self.exchange.counter("media-ports") <= self.ports, "no port is kept besides that call's")
        after = self.holds()
        self.check(set(before) == set(after), "no process died but by this script")
        for key in sorted(set(before) & set(after)):
            (kb, fds), (kb2, fds2), name = before[key], after[key], key.split(":")[0]
            grown, most = rules.grown_kb(kb, kb2), rules.may_grow_kb(name, calls)
            self.check(grown <= most and fds2 <= self.rest[name] + FDS,
                       f"{name}: {grown} kB more, at most {most:.0f} ({kb[0]} -> {kb2[0]} kB, mapped {kb[1]} -> {kb2[1]}) in {calls} calls and "
                       f"{seconds:.0f} s; {self.rest[name]} descriptors at rest before all, {fds} in the churn, {fds2} at rest")

    def hear_lasting(self, ears, seconds):
        for ear in ears:
            heard = capture.numbers(ear.packets(), ear.host.v4)
            lost = capture.gaps(heard)
            self.check(not lost and len(heard) >= 0.98 * PACKETS_S * seconds,
                       f"{ear.host.name} heard {len(heard)} packets in {seconds:.0f} s" + (f"; missing, at each place: {lost[:20]}" if lost else ", each of the other's"))


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
    finally:
        shutil.rmtree(where, ignore_errors=True)
    print(f"soak of {seconds} s: " + (f"{len(s.problems)} things FAILED" if s.problems else "passed"))
    return 1 if s.problems else 0


if __name__ == "__main__":
    sys.exit(main())
