# SPDX-License-Identifier: ISC
"""R28: new executables take over, and the unit is started again, while people talk: calls keep talking and are logged right."""
import glob
import os
import re
import shutil
import signal
import threading
import time

import pytest

import audio
import bans
import exchange as lab_exchange
import net
import phones
import sip
from exchange import Exchange
from installed import install
from scripted import ENCRYPTED, Call

GAP_S = 2.0


class Installed(Exchange):
    """Executables of its own, as a package puts them: each upgrade replaces them by another build of the same sources."""

    def __init__(self, lab, where, **kw):
        super().__init__(lab, where, **kw)
        built, self.build = self.build, f"{where}/installed"
        self.libexec = f"{self.build}/proc"
        text = open(f"{built}/lib/ipc/build_id.h").read()
        self.build_id = bytes(int(n, 16) for n in re.findall(r"0x[0-9a-f]{2}", text))
        install(built, self.build)

    def install(self, but=()):
        """Another build of every executable, moved over the old one as dpkg does."""
        new = bytes([self.build_id[0] + 1 & 0xff]) + self.build_id[1:]
        for path in glob.glob(f"{self.build}/proc/*/ringfence*"):
            with open(path, "rb") as f:
                octets = f.read()
            if self.build_id not in octets or os.path.basename(path) in but:
                continue
            with open(f"{path}.new", "wb") as f:
                f.write(octets.replace(self.build_id, new))
            os.chmod(f"{path}.new", 0o755)
            os.rename(f"{path}.new", path)
        self.build_id = new

    def upgrade(self):
        before = dict(self.processes())
        self.install()
        self.command("upgrade", timeout=60)
        after = dict(self.processes())
        assert sorted(after.values()) == sorted(before.values())
        assert set(after) & set(before) == set() or set(after) & set(before) == {self.proc.pid}
        assert self.proc.poll() is None and self.answers()

    def restart(self):
        """What systemctl restart does: SIGTERM to parent alone (KillMode=mixed), then a start."""
        old = self.processes()
        os.kill(self.proc.pid, signal.SIGTERM)
        assert self.proc.wait(20) == 0
        net.wait_for("every process to end", lambda: not [p for p, _ in old if os.path.exists(f"/proc/{p}")], 10)
        return self.start()


@pytest.fixture(scope="module")
def exchange(lab, where):
    x = Installed(lab, where)
    with x.running():
        yield x


def durations(exchange):
    return [row["duration_ms"] / 1000 for row in exchange.log_rows()]


@pytest.mark.parametrize("how", ["upgrade", "restart"])
def test_r28_a_call_goes_on(exchange, people, how):
    """Two real phones talk, and talk on after every process was replaced; hold, resume and hang-up work, the log is right once."""
    one = people.phone("linphone", "l1", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "b2", tone="b", media="srtp", codecs=("PCMU",))
    rows = len(durations(exchange))
    phones.call(one, two)
    start = time.monotonic()
    time.sleep(2)
    getattr(exchange, how)()
    assert exchange.calls(), "the call was lost"
    one.wait_registered(90)
    two.wait_registered(90)
    time.sleep(3)
    talked = time.monotonic() - start
    assert exchange.call()["age_ms"] >= (talked - 1) * 1000, "its age is that of the call"
    one.hold()
    one.wait_state("held")
    one.resume()
    one.wait_state("established")
    time.sleep(2)
    phones.hang_up(one, two)
    lasted = time.monotonic() - start
    exchange.wait_no_calls()
    net.wait_for("its row", lambda: len(durations(exchange)) == rows + 1, 10, step=0.5)
    assert abs(durations(exchange)[-1] - lasted) < 2.5, (durations(exchange), lasted)
    got = audio.total(one.recordings())
    assert got[two.tone] >= talked - GAP_S - 1.3, got
    got = audio.total(two.recordings())
    assert got[one.tone] >= talked - GAP_S - 1.3, got


@pytest.mark.parametrize("how", ["upgrade", "restart", "kill_everything"])
def test_r28_who_rings_meanwhile_does_not_ring_for_ever(exchange, scripted, how):
    """Its caller's transaction went with the connection; so nobody would hear who picks up."""
    a, b = scripted("ka"), scripted("kb")
    a.invite("kb")
    b.reply(b.wait_request("INVITE"), 180, "Ringing", to_tag="k")
    net.wait_for("it to ring", lambda: exchange.calls(), 5)
    getattr(exchange, how)()
    b.reconnect()
    b.reply(b.wait_request("BYE", 10), 200, "OK")
    exchange.wait_no_calls()
    a.reconnect()
    call = Call(a, b)               # and it rings again
    call.bye()


@pytest.mark.parametrize("how", ["upgrade", "restart"])
def test_r28_a_ban_goes_on(exchange, people, how):
    bans.live_through(exchange, people.host("thief"), getattr(exchange, how))


def test_r13_a_ban_has_no_gap(exchange, people):
    """While everything is replaced, nothing of who is banned comes to any port of the host."""
    thief, ours = people.host("thief"), exchange.lab.addr["voice"][0]
    udp = exchange.host.udp(ours, 7070)
    junk = thief.udp(thief.v4)
    over = threading.Event()

    def send():
        while not over.wait(0.005):
            junk.sendto(b"\x80\x00junk", (ours, 7070))

    def heard(seconds):
        udp.settimeout(seconds)
        try:
            return udp.recv(100)
        except TimeoutError:
            return None
    sender = threading.Thread(target=send)
    with udp, junk:
        sender.start()
        try:
            assert heard(2)
            exchange.command("ban", thief.v4, "--for", "10m")
            net.wait_for("the ban", lambda: not heard(0.5), 10)
            exchange.upgrade()
            assert not heard(2), "it came through during the upgrade"
            exchange.wait_replaced("net", exchange.kill("net"))
            assert not heard(2), "it came through while net was away"
        finally:
            exchange.command("unban", thief.v4)
            try:
                net.wait_for("its end", lambda: heard(0.5), 10)
            finally:
                over.set()
                sender.join()


def scripted_call(exchange, people):
    a = sip.Client(people.host("ka"), people.bundle("ka")[0]).open()
    b = sip.Client(people.host("kb"), people.bundle("kb")[0]).open()
    assert a.register().code == 200 and b.register().code == 200
    return a, b, Call(a, b)


def longest_gap(x, y, over):
    """Packets all the time until `over`, and for a second then: the longest time in which none came through."""
    last = time.monotonic()
    gap, end = 0.0, None
    while end is None or time.monotonic() < end:
        if end is None and over():
            end = time.monotonic() + 1
        x.say(ENCRYPTED, 1)
        if y.hear(0.01):
            gap, last = max(gap, time.monotonic() - last), time.monotonic()
    return max(gap, time.monotonic() - last)


def test_r28_the_gap_is_that_of_a_restart_of_media(exchange, people):
    a, b, call = scripted_call(exchange, people)
    x, y = call.media()
    x.say(ENCRYPTED, 3)
    assert len(y.hear()) == 3
    exchange.install()
    command = exchange.host.spawn(lab_exchange.command_path(exchange.build), "--site", exchange.site, "upgrade", log=f"{exchange.where}/upgrade.log")
    gap = longest_gap(x, y, lambda: command.poll() is not None)
    assert command.returncode == 0, open(f"{exchange.where}/upgrade.log").read()
    old = exchange.kill("media")
    alone = longest_gap(x, y, lambda: any(p != old for p in exchange.pids("media")) if exchange.supervised("media") else False)
    print(f"no packet for {gap * 1000:.0f} ms in an upgrade, for {alone * 1000:.0f} ms when media is killed")
    assert gap <= GAP_S and alone <= GAP_S
    a.close()
    b.close()
    net.wait_for("media to be up again", exchange.answers, 20)


def test_r28_what_was_unpacked_is_not_said_before_the_upgrade(exchange, people):
    """The prompts of another build lie there by now: a voice that dies speaks with its own."""
    said = exchange.counter("prompts")
    pack = f"{exchange.build}/proc/voice/prompts.pack"
    shutil.copy(pack, f"{pack}.of-now")
    with open(f"{pack}.new", "wb") as f:
        f.write(b"of another layout")
    os.rename(f"{pack}.new", pack)
    try:
        exchange.kill("voice")
        net.wait_for("voice to be up again", exchange.answers, 20)
        assert exchange.counter("prompts") == said > 0
    finally:
        os.rename(f"{pack}.of-now", pack)


def test_r28_a_refused_upgrade_changes_nothing(exchange, people):
    others = len(exchange.calls())      # one whose phones are gone may still be there
    a, b, call = scripted_call(exchange, people)
    old_id, before = exchange.build_id, exchange.supervised("core")
    exchange.install(but=["ringfence-keeper"])
    done = exchange.command("upgrade", check=False, timeout=60)
    assert done.returncode == 1 and "ringfence-keeper is of another build" in done.stderr, done.stderr
    net.wait_for("its event", lambda: [e for e in exchange.events() if "nothing changed: ringfence-keeper is of another build" in e["detail"]], 5)
    assert len(exchange.calls()) == others + 1
    call.bye()
    net.wait_for("the call to end", lambda: len(exchange.calls()) <= others, 10, step=0.2)
    a.close()
    b.close()
    keeper = f"{exchange.build}/proc/keeper/ringfence-keeper"   # the rest of the package arrives
    with open(keeper, "rb") as f:
        octets = f.read().replace(old_id, exchange.build_id)
    with open(f"{keeper}.new", "wb") as f:
        f.write(octets)
    os.chmod(f"{keeper}.new", 0o755)
    os.rename(f"{keeper}.new", keeper)
    exchange.command("upgrade", timeout=60)
    assert exchange.answers() and exchange.supervised("core") != before


def test_r28_what_waits_for_a_restart_ends_no_call(exchange, people):
    """The ports are to change at night, and a package is installed before: people talk on, and the log is right."""
    path = f"{exchange.site}/ringfence.conf"
    with open(path) as f:
        good = f.read()
    rows = len(durations(exchange))
    a, b, call = scripted_call(exchange, people)
    start = time.monotonic()
    try:
        with open(path, "w") as f:
            f.write(re.sub(r'^domain = .*$', 'domain = "another.example"', good, flags=re.M))
        exchange.install()
        done = exchange.command("upgrade", timeout=60)
        assert "waits for a restart: domain" in done.stderr, done.stderr
        assert len(exchange.calls()) == 1
        a.reconnect()
        b.reconnect()
        x, y = call.media()
        x.say(ENCRYPTED, 3)
        assert len(y.hear()) == 3
        call.bye()
        lasted = time.monotonic() - start
        net.wait_for("its row", lambda: len(durations(exchange)) == rows + 1, 10, step=0.5)
        assert abs(durations(exchange)[-1] - lasted) < 2.5
    finally:
        with open(path, "w") as f:
            f.write(good)
    a.close()
    b.close()


def in_the_kernel(x):
    """What an exchange leaves there: its table, its filter, its pins."""
    found = re.findall(r"ringfence-[0-9a-f]+", x.host.run("nft", "list", "tables").stdout)
    devices = re.findall(r"^\d+: (\w+)", x.host.run("ip", "-o", "link").stdout, re.M)
    found += [d for d in devices if d.startswith("rf")]
    for d in devices:
        found += re.findall("relay_tc", x.host.run("tc", "filter", "show", "dev", d, "ingress", check=False).stdout)
    return found + [p for p in os.listdir(x.pins) if not p.endswith(".debug")]


@pytest.mark.parametrize("after_s", [0, 0.4, 1, None])
def test_r28_a_stop_in_the_middle_leaves_nothing_in_the_kernel(exchange, lab, tmp_path, after_s):
    """Of an upgrade: who leaves for a follower leaves all in the kernel, and no follower will come. Or while net is dead."""
    exchange.stop()
    try:
        for above in (tmp_path, *tmp_path.parents[:2]):
            above.chmod(0o755)
        x = Installed(lab, str(tmp_path), kernel=True)
        x.start()
        assert in_the_kernel(x), "or nothing is shown"
        if after_s is None:
            x.kill("net")
        else:
            x.install()
            said = len(x.tail(1 << 20))
            upgrade = x.host.spawn(lab_exchange.command_path(x.build), "--site", x.site, "upgrade", log=f"{x.where}/upgrade.log")
            net.wait_for("the takeover", lambda: "the new executables take over" in x.tail(1 << 20)[said:], 30, step=0.01)
            time.sleep(after_s)
        os.kill(x.proc.pid, signal.SIGTERM)
        assert x.proc.wait(20) == 0
        left = in_the_kernel(x)
        assert not left, left
        if after_s is not None:
            upgrade.kill()
            upgrade.wait()
        x.stop()
        x.close()
    finally:
        exchange.start()
