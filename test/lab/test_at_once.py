# SPDX-License-Identifier: ISC
"""R28: two things at once. Processes die together, or in the middle of an upgrade, of a hold, of another's absence; the disk is full or the
clock jumps while everything is replaced. The call stands afterwards, is heard, held, resumed and hung up, and is logged right."""
import contextlib
import os
import signal
import time

import pytest

import exchange as lab_exchange
import net
import sip
from hardship import limited, stopped
from scripted import ENCRYPTED, RTP_PORT, Call
from test_hardship import clock, disk, tried  # noqa: F401
from test_upgrade import Installed, durations

DAY_S = 86400


@pytest.fixture(scope="module")
def exchange(lab, where, disk, clock):
    x = Installed(lab, where, around=clock.around)
    with x.running():
        yield x


class Talking:
    """Two scripted phones that talk, until done() has seen that all is as it was."""

    def __init__(self, exchange, a, b):
        self.exchange, self.a, self.b = exchange, a, b
        self.rows = len(durations(exchange))
        self.call, self.start, self.version = Call(a, b), time.monotonic(), 2
        time.sleep(0.3)                 # a's ACK is with core
        self.said = len(exchange.tail(1 << 24))

    def log(self):
        return self.exchange.tail(1 << 24)[self.said:]

    def back(self):
        for c in (self.a, self.b):
            net.wait_for(f"{c.user} to be back", lambda c=c: reconnected(c), 40)

    def up(self):
        net.wait_for("every process", self.exchange.answers, 40, step=0.2)
        self.back()
        assert len(self.exchange.calls()) == 1, "the call was lost"

    def hears(self):
        x, y = self.call.media()
        try:
            for one, other in ((x, y), (y, x)):
                net.wait_for("audio", lambda: (one.say(ENCRYPTED, 2), other.hear(0.2))[1], 20)
        finally:
            x.close()
            y.close()

    def offer(self, direction):
        self.version += 1
        return self.call.next("INVITE", body=self.sdp(self.a, direction))

    def sdp(self, client, direction="sendrecv"):
        return sip.sdp(client.local, RTP_PORT["a" if client is self.a else "b"], direction=direction, version=self.version)

    def serve(self, seconds=0.2):
        """What a phone answers to what it is asked meanwhile."""
        for c in (self.a, self.b):
            for m in c.quiet(seconds):
                if m.method == "INVITE":
                    c.reply(m, 200, "OK", body=self.sdp(c))
                elif m.method in ("UPDATE", "OPTIONS"):
                    c.reply(m, 200, "OK")
                elif m.method == "REFER":
                    c.reply(m, 603, "Decline")

    def change(self, direction):
        """A re-INVITE of a's: whether b heard of it, and the final answer."""
        sent, heard, end = self.offer(direction), False, time.monotonic() + 8
        while time.monotonic() < end:
            for m in self.b.quiet(0.05):
                if m.method == "INVITE":
                    heard = f"a={direction}" in m.body
                    self.b.reply(m, 200, "OK", body=self.sdp(self.b, "recvonly" if direction == "sendonly" else direction))
            for m in self.a.quiet(0.05):
                if m.code >= 200 and m.get("CSeq") == sent.own["CSeq"]:
                    self.a.ack(sent, m)
                    return heard, m.code
        raise net.LabError(f"no answer to a re-INVITE {direction}")

    def resume(self):
        """Where both know of it already nobody is asked; 491 while the exchange asks one of them itself."""
        net.wait_for("the call to be resumed", lambda: (self.serve(), self.change("sendrecv"))[1][1] == 200, 15)

    def done(self):
        self.up()
        self.hears()
        self.call.bye()
        self.logged()

    def logged(self):
        lasted = time.monotonic() - self.start
        self.exchange.wait_no_calls()
        net.wait_for("its row", lambda: len(durations(self.exchange)) == self.rows + 1, 20, step=0.5)
        assert abs(durations(self.exchange)[-1] - lasted) < 2.5, (durations(self.exchange)[-1], lasted)


@pytest.fixture
def talking(exchange, scripted):
    if exchange.proc.poll() is None:        # what has died again and again is started again ever later; of this life nothing has yet
        os.kill(exchange.proc.pid, signal.SIGKILL)
        exchange.proc.wait(5)
        time.sleep(1)
    exchange.start()
    t = Talking(exchange, scripted("ka"), scripted("kb"))
    yield t
    exchange.killed = len(exchange.deaths())


def reconnected(client):
    try:
        client.reconnect()
        return True
    except (net.LabError, OSError, AssertionError):
        return False


def pid_of(exchange, name):
    """Also of one whose file was replaced."""
    return next(p["pid"] for p in exchange.status() if p["name"] == name)


def kill(exchange, *names):
    for name in names:
        for pid in exchange.supervised(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def upgrading(exchange, n=1):
    exchange.install()
    commands = [exchange.host.spawn(lab_exchange.command_path(exchange.build), "--site", exchange.site, "upgrade",
                                    log=f"{exchange.where}/upgrade{i}.log") for i in range(n)]
    yield commands
    for c in commands:
        c.wait(60)


def take_over(talking):
    net.wait_for("the takeover", lambda: "the new executables take over" in talking.log(), 40, step=0.01)


# --- processes that die together ---

@pytest.mark.parametrize("names", ["core+media", "edge+core", "core+ledger", "media+net", "keeper+ledger"])
def test_r28_two_die_together(exchange, talking, names):
    kill(exchange, *names.split("+"))
    time.sleep(0.3)
    talking.done()


# --- an upgrade in whose middle something happens ---

def rehearsal_of(exchange):
    pid = exchange.proc.pid
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        for child in f.read().split():
            with contextlib.suppress(OSError), open(f"/proc/{child}/cmdline", "rb") as words:
                if b"--rehearse" in words.read():
                    return int(child)
    return None


@pytest.mark.parametrize("when, after_s", [("asked", 0), ("rehearses", 0.2), ("taken over", 0), ("taken over", 0.3), ("taken over", 0.7), ("ready", 0)])
def test_r28_parent_dies_in_an_upgrade(exchange, talking, when, after_s):
    """What ./run and systemd do then: the new one is started, and takes up all there is."""
    with upgrading(exchange):
        if when == "rehearses":
            os.kill(net.wait_for("the rehearsal", lambda: rehearsal_of(exchange), 20, step=0.01), signal.SIGSTOP)
        elif when != "asked":
            take_over(talking)
        if when == "ready":
            net.wait_for("the new one", lambda: "ringfence: ready" in talking.log(), 20, step=0.01)
        time.sleep(after_s)
        had = "the new executables take over" in talking.log()
        exchange.restart_parent()
        assert had == (when in ("taken over", "ready")), "it was too late"
    talking.done()


def test_r28_three_upgrades_at_once(exchange, talking):
    """One is done; who asks meanwhile is told so, or hung up on by the exchange that goes."""
    with upgrading(exchange, 3) as commands:
        pass
    assert [c.returncode for c in commands].count(0) == 1, [c.returncode for c in commands]
    assert talking.log().count("the new executables take over") == 1
    exchange.upgrade()
    talking.done()


@pytest.mark.parametrize("how, name, why", [("half", "core", "ringfence-core crashed"), ("removed", "media", "ringfence-media cannot be executed"),
                                            ("empty", "parent", "the new ringfenced cannot be executed")])
def test_r28_a_new_build_that_is_not_whole(exchange, talking, how, name, why):
    """It is refused, and nothing changes; with the rest of it, it is taken."""
    path = f"{exchange.build}/proc/{name}/" + ("ringfenced" if name == "parent" else f"ringfence-{name}")
    before = pid_of(exchange, "core")
    exchange.install()
    with open(path, "rb") as f:
        whole = f.read()
    os.unlink(path)
    if how != "removed":
        with open(path, "wb") as f:
            f.write(whole[:1 << 16] if how == "half" else b"")
        os.chmod(path, 0o755)
    done = exchange.command("upgrade", check=False, timeout=60)
    assert done.returncode == 1 and why in done.stderr, done
    assert pid_of(exchange, "core") == before
    os.kill(before, signal.SIGKILL)             # whoever dies meanwhile comes back as who it was
    net.wait_for("another core", lambda: exchange.answers() and pid_of(exchange, "core") != before, 10)
    with open(f"{path}.new", "wb") as f:
        f.write(whole)
    os.chmod(f"{path}.new", 0o755)
    os.rename(f"{path}.new", path)
    net.wait_for("every process", exchange.answers, 20)
    exchange.command("upgrade", timeout=60)
    talking.done()


@pytest.mark.parametrize("what", ["upgrade", "reload"])
def test_r28_a_full_disk(exchange, talking, disk, what):
    """It is done all the same: what must be written has room that was held for it, or waits."""
    with disk.filled():
        if what == "upgrade":
            exchange.install()
        exchange.command(what, timeout=60)
        net.wait_for("every process", exchange.answers, 40)
        talking.up()
        talking.hears()
        assert "disk is full" in talking.log() or "cannot write" in talking.log()
    exchange.command("reload", timeout=60)
    net.wait_for("what waited for room", lambda: tried(exchange.log_rows) is not None, 5, step=0.2)      # ledger tries each second
    talking.done()


@pytest.mark.parametrize("shift_s", [10 * DAY_S, -3 * DAY_S, None], ids=["10-days-ahead", "3-days-back", "1970"])
def test_r28_the_clock_jumps_in_an_upgrade(exchange, talking, clock, shift_s):
    try:
        with upgrading(exchange) as commands:
            take_over(talking)
            clock.set(-int(time.time()) + 60 if shift_s is None else shift_s)
        assert commands[0].returncode == 0
        net.wait_for("every process", exchange.answers, 40)
        assert len(exchange.calls()) == 1, "the call was lost"
        talking.hears()
    finally:
        clock.set(0)
    talking.done()


def test_r28_descriptors_run_out_as_it_takes_over(exchange, talking):
    """Of parent, which hands over: it is refused, and done when there are some."""
    pid = exchange.proc.pid
    used = sorted(int(fd) for fd in os.listdir(f"/proc/{pid}/fd"))
    with limited(pid, "nofile", used[-1] + 1):
        exchange.install()
        done = exchange.command("upgrade", check=False, timeout=60)
    net.wait_for("every process", exchange.answers, 40)
    assert done.returncode == 1 and "cannot be given all that it needs" in done.stderr, done
    exchange.command("upgrade", timeout=60)
    talking.done()


# --- the second in which something is asked for ---

def asked(talking, name, ask):
    """That process dies with what was asked, or answered, unread or in hand."""
    with stopped(talking.exchange, name):
        sent = ask()
        time.sleep(0.2)
        kill(talking.exchange, name)
    net.wait_for("every process", talking.exchange.answers, 20)
    if name == "edge":
        talking.back()
    else:
        talking.serve(1)
    return sent


@pytest.mark.parametrize("name, had", [("core", "asked"), ("core", "answered"), ("edge", "asked"), ("media", "answered")])
def test_r28_a_hold_as_one_dies(exchange, talking, name, had):
    """Whatever became of that one, who asked for it may resume; and from the next one on both know the same."""
    a, b = talking.a, talking.b
    if had == "asked":
        sent = asked(talking, name, lambda: talking.offer("sendonly"))
    else:
        sent = talking.offer("sendonly")
        there = b.wait_request("INVITE")
        asked(talking, name, lambda: b.reply(there, 200, "OK", body=talking.sdp(b, "recvonly")))
    for m in a.seen:
        if name != "edge" and m.code >= 200 and m.get("CSeq") == sent.own["CSeq"]:
            a.ack(sent, m)
    talking.resume()
    for direction in ("sendonly", "sendrecv"):
        assert talking.change(direction) == (True, 200)
    talking.done()


@pytest.mark.parametrize("name", ["core", "edge", "media"])
def test_r28_a_transfer_as_one_dies(exchange, people, talking, name):
    """It is done by nobody, or refused: the two talk."""
    people.bundle("kc")
    to = {"Refer-To": f"<sip:kc@{talking.a.domain}>"}
    asked(talking, name, lambda: talking.call.next("REFER", headers=to))
    talking.done()


def test_r28_reconnects_twice_while_core_is_away(exchange, talking):
    with stopped(exchange, "core"):
        for _ in range(2):
            talking.a.sock.close()
            talking.a.open()
            talking.a.request("REGISTER", f"sip:{talking.a.domain}", to=f"<sip:ka@{talking.a.domain}>", headers={"Expires": "300"})
        kill(exchange, "core")
    talking.done()


def test_r28_core_dies_twice_in_a_call(exchange, talking):
    """And ledger between: one row, as long as the call."""
    for name in ("core", "ledger", "core"):
        time.sleep(1)
        exchange.wait_replaced(name, exchange.kill(name), 10)
    talking.done()
