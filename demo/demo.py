# SPDX-License-Identifier: ISC
"""`make demo`: two real phones, one exchange, a listener on the cable, and three who were not invited.

Everything happens in network namespaces of its own and in one temporary directory. It ends by itself; the exit status is
0 when every statement held, 1 when one did not, 2 when the demonstration could not be given.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "test", "lab")]

import capture                      # noqa: E402
import ear                          # noqa: E402
import guests                       # noqa: E402
import net                          # noqa: E402
import phones                       # noqa: E402
import tell                         # noqa: E402
from bundle import Bundle           # noqa: E402
from desk import Desk               # noqa: E402
from exchange import DOMAIN, PORT, Exchange     # noqa: E402
from phone import Enrolled          # noqa: E402

TOOLS = ("ip", "tcpdump", "baresip", "sysctl", "ss")
LIMIT_S = 90
PREFIX = "ringfence-demo-"
PEOPLE = {"office": "office-desk", "caretaker": "workshop", "pupil": "pupils-own"}
SIGNALS = (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
GRADE_S = 12
RTCP_BYE = 203
TALK_S = 4


class School:
    """The network, the exchange, and who is there."""

    def __init__(self, lab, where):
        self.lab, self.where, self.running = lab, where, []
        self.exchange = Exchange(lab, where)
        self.desk = Desk(self.exchange, where)
        self.passwords, self.phone, self.host = {}, {}, {}
        self.server = lab.addr["voice"][0]

    def bundle(self, name):
        d = f"{self.where}/phones/{name}"
        return Bundle(ca=f"{d}/ca.crt", cert=f"{d}/phone.crt", key=f"{d}/phone.key", user=name,
                      password=self.passwords[name], domain=DOMAIN, server=self.server, port=PORT)

    def stop(self):
        for p in self.running:
            p.stop()
        self.exchange.stop()


# 1, 2: an exchange, people, phones

def start(s):
    tell.step("The exchange starts")
    tell.say("It listens on one address of the school's telephone network, and nowhere else.")
    tell.typed("ringfenced --site site")
    s.exchange.start()
    tell.printed("\n".join(x for x in s.exchange.tail().splitlines() if "ready" in x))
    s.desk.type("status", only=r"^(PROCESS +PID|\w+/\d+ +(up|DOWN))")
    up = s.desk.ask("status")
    tell.claim(all(p["up"] for p in up), f"{len(up)} small processes are up, each shut into a room of its own")


def admit(s, name, aloud):
    """A person and their phone; shown in full the first time."""
    go = s.desk.type if aloud else lambda *w, **kw: (tell.typed("ringfence " + " ".join(w)), s.desk.run(*w, **kw).stdout)[1]
    label = PEOPLE[name]
    s.passwords[name] = re.search(r"Password: (\S+)", go("user", "add", name, "--generate", "--md5"))[1]
    code = re.search(r"^ {2}(\S{10,})$", go("phone", "add", label, "--user", name, "--md5"), re.M)[1]
    with open(f"{s.where}/{name}.pw", "w") as f:
        f.write(s.passwords[name] + "\n")
    go("phone", "enrol", code, "--kind", "baresip", "--out", f"phones/{name}", "--user", name, "--password-file", f"{name}.pw")


def people(s):
    tell.step("Three people and their phones are let in")
    tell.say("Each person gets a password, each phone a certificate. The phone's secret key is made where the phone is and "
             "never leaves it; the code is good for one phone, once.")
    for n, name in enumerate(PEOPLE):
        admit(s, name, aloud=n == 0)
    s.desk.type("phone", "list")
    tell.claim(all(p["state"] == "valid" for p in s.desk.ask("phone", "list")), "three phones have a valid certificate")


def switch_on(s):
    for name, tone in (("office", "a"), ("caretaker", "b")):
        s.host[name] = s.lab.host(name)
        p = Enrolled(s.host[name], f"{s.where}/phones/{name}", s.bundle(name), tone=tone, media="dtls")
        s.phone[name] = p
        s.running.append(p)
        p.start()


# 3, 4: a call, and a listener

def grades(s):
    """Show the live grade as it changes; whether it came to end-to-end."""
    seen, begun = [], time.monotonic()
    tell.typed("ringfence calls        (again and again)")
    while time.monotonic() < begun + GRADE_S:
        live = s.desk.ask("calls")
        words = s.desk.who_can_hear()
        if words not in seen:
            seen.append(words)
            tell.printed(f"after {time.monotonic() - begun:.1f} s   {words}")
        if live and live[0]["grade"] == "end-to-end":
            return True
        time.sleep(0.2)
    return False


def heard_well(one, two, seconds):
    """Each heard the other's tone for so long, hardly a gap, and no other tone."""
    for me, other in ((one, two), (two, one)):
        got = me.heard()
        tone, gaps = got.pop(other.tone), got.pop("silence") + got.pop("other")
        tell.claim(tone >= seconds and gaps <= tone / 10 and sum(got.values()) <= 0.1,
                   f"the {me.bundle.user} heard the {other.bundle.user}'s tone for {tone:.1f} s, gaps of {gaps:.1f} s, "
                   f"any other tone for {sum(got.values()):.1f} s")


def call(s):
    tell.step("The office calls the caretaker")
    tell.say("Two real phones (baresip). In place of a voice each says a tone of its own, and records what it hears.")
    switch_on(s)
    one, two = s.phone["office"], s.phone["caretaker"]
    tell.claim(one.registered() and two.registered(), "both phones are logged in, with certificate and password")
    phones.call(one, two)
    tell.say("The caretaker has picked up.")
    tell.claim(grades(s), "the call came to be end to end: nobody but the two can hear it, not even the exchange")
    time.sleep(TALK_S)
    s.desk.type("calls")
    phones.hang_up(one, two)
    heard_well(one, two, TALK_S - 1)


def listener(s, wire):
    tell.step("What a listener on the exchange's own cable has of all that")
    tell.say("It stood between the exchange and everyone else from the first login on: no place on this network hears more.")
    server, packets = s.server, wire.packets()
    kinds = ear.sort(packets)
    tell.typed("tcpdump -i cable -w everything.pcap")
    tell.printed("\n".join([f"{len(packets):5} packets, from the first login to the end of the call"]
                           + [f"{len(kinds[k]):5} {text}" for k, text in ear.KINDS.items() if kinds[k]]))
    passed = [p for p in packets if p.src == server]
    told = [p for p in packets if p.src != server]

    said = [*s.passwords.values(), "SIP/2.0", "REGISTER", "INVITE", *(f"sip:{n}@" for n in PEOPLE)]
    tls = b"\n".join(p.payload for p in kinds["tls"])
    found, clear = ear.words(tls, said), ear.words(s.phone["office"].traces().encode(), said)
    tell.claim(found == 0 and clear > 20, f"words: names, passwords and SIP stand {found} times in {len(tls)} octets of "
               f"signalling. (The same search in the office phone's own notes: {clear} times.)")

    own = ear.ulaw(ear.audio.read_wav(s.phone["office"].wav)[0][:8000 * TALK_S])
    streams = ear.speech(packets)
    got = max((ear.play(x) for x in streams.values()), default=1)
    control = ear.play(own)
    tell.claim(len(streams) == 4 and got == 0 and control == 1, f"speech: {len(kinds['speech'])} packets, played as the plain "
               f"telephone sound they would be, hold a tone in {got:.0%} of the time. (What the office phone says, "
               f"without encryption: {control:.0%}.)")
    noise, tone = ear.entropy(b"".join(streams.values())), ear.entropy(own)
    tell.claim(noise > 7.98 and tone < 7, f"they look like noise: of the 8 bits in each octet {noise:.3f} are chance. (What the "
               f"office phone says, without encryption: {tone:.3f}.)")

    leaked = capture.clear_media(passed)
    tell.claim(not leaked, f"of {len(passed)} packets that left the exchange {len(leaked)} can be read")
    own_fault = capture.clear_media(told)
    tell.claim(len(own_fault) <= 2 and all(p.payload[1] == RTCP_BYE for p in own_fault),
               f"of {len(told)} packets from the phones {len(own_fault)} can be read, and no speech or password in them")
    if own_fault:
        tell.say("Those are a fault of this make of phone (baresip 1.0.0): as it hangs up it says good-bye in clear, with the "
                 "name of its user. The exchange lets that go no further.")
    tell.say("What a listener learns all the same: which two sockets talked with the exchange, when, for how long, what make "
             "of phone.")


# 5, 6: the uninvited, and the end

def uninvited(s):
    tell.step("Three who were not invited, while the caretaker calls the office")
    one, two = s.phone["caretaker"], s.phone["office"]
    path = f"{s.where}/call.pcap"
    with capture.Capture(s.lab.switch, s.lab.exchange_port, path, "udp") as wire:
        phones.call(one, two)
        tell.claim(grades(s), "this call came to be end to end as well")
        guests.no_certificate(s)
        guests.false_name(s)
        guests.injection(s, wire)
    tell.claim(len(s.desk.ask("calls")) == 1, "the call went on all the while")
    phones.hang_up(one, two)
    heard_well(one, two, 3)


def end(s):
    tell.step("What is remembered, and the end")
    tell.say("The call log is shown to a named administrator only, and who reads it is written down first.")
    with open(f"{s.where}/head.pw", "w") as f:
        f.write("a-head-that-remembers\n")
    s.desk.type("admin", "set", "head", "--password-file", "head.pw")
    text = s.desk.type("log", "--admin", "head", "--password-file", "head.pw")
    tell.claim(len(re.findall("office|caretaker", text)) == 4, "two calls are in the log: who, whom, when, how long")
    text = s.desk.type("readings")
    tell.claim("head" in text, "and it is written down that the head has read it")
    s.desk.type("stop")
    s.exchange.proc.wait(10)
    tell.claim(s.exchange.proc.returncode == 0 and not s.exchange.processes(), "the exchange has ended in good order")


def give(where):
    with net.Net(zones={"voice": 1}) as lab:
        lab.exchange_port = "p1"        # the first cable of the switch
        s = School(lab, where)
        try:
            start(s)
            people(s)
            with capture.Capture(lab.switch, lab.exchange_port, f"{where}/everything.pcap") as wire:
                call(s)
            listener(s, wire)
            uninvited(s)
            end(s)
        finally:
            s.stop()
        return lab.prefix


def left_behind(where, prefix):
    """Whatever of this run is still there."""
    out = [x.split()[0] for x in net.sh("ip", "netns", "list").stdout.splitlines() if x.startswith(prefix)]
    out += [f"/etc/netns/{d}" for d in (os.listdir("/etc/netns") if os.path.isdir("/etc/netns") else []) if d.startswith(prefix)]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if where.encode() in f.read():
                    out.append(f"process {pid}")
        except OSError:
            pass
    return out + ([where] if os.path.exists(where) else [])


def sweep():
    """Directories of runs that were killed."""
    top = tempfile.gettempdir()
    for d in os.listdir(top):
        if d.startswith(PREFIX) and not os.path.exists(f"/proc/{d[len(PREFIX):].split('-')[0]}"):
            shutil.rmtree(f"{top}/{d}", ignore_errors=True)


def interrupted(number, _frame):
    for n in SIGNALS:
        signal.signal(n, signal.SIG_IGN)        # what is cleaned up now is cleaned up whole
    raise net.LabError(f"over its time of {LIMIT_S} s" if number == signal.SIGALRM else f"ended by signal {number}")


def main():
    for n in SIGNALS:
        signal.signal(n, interrupted)
    signal.alarm(LIMIT_S)
    tell.title("Ringfence: a demonstration",
               "A school's telephone exchange, two phones, a listener on the cable and three who were not invited. All of it "
               "runs inside this computer, on a network of its own. Lines with $ are typed, lines with | are answers, and "
               "[true] or [FALSE] says whether a statement held when it was tried just now.")
    where = None
    try:
        net.require_lab(TOOLS)
        sweep()
        where = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        os.chmod(where, 0o711)          # processes of the exchange without privilege reach their site through it
        prefix = give(where)
        shutil.rmtree(where)
        left = left_behind(where, prefix)
        tell.claim(not left, "nothing is left behind: no process, no network, no file" + (f": {left}" if left else ""))
        return tell.verdict()
    except BrokenPipeError:             # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except (net.LabError, subprocess.TimeoutExpired) as e:
        tell.out(f"\nThe demonstration could not be given to its end: {e}")
        return 2
    finally:
        if where:
            shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
