# SPDX-License-Identifier: ISC
"""R16, R28: a host in need. Whatever is exhausted, stands still or is wrong: calls stay, new work is served or refused with a reason,
emergency calls pass, and all is as before once the need is over."""
import contextlib
import os
import signal
import sqlite3
import ssl
import time

import pytest

import net
import phones
import sip
from exchange import Exchange
from hardship import Clock, MemoryGroup, SmallDisk, limited, stopped
from scripted import ENCRYPTED, Call, answer_call

DAY_S = 86400
HUNG_S = 12         # in which parent has ended and replaced what no longer answers: asked each 2 s, 5 s of patience


@pytest.fixture(scope="module")
def disk(where):
    with SmallDisk(f"{where}/site") as d:
        yield d


@pytest.fixture(scope="module")
def clock(where):
    return Clock(where)


@pytest.fixture(scope="module")
def memory():
    m = MemoryGroup()
    yield m
    m.close()


@pytest.fixture(scope="module")
def exchange(lab, where, disk, clock, memory):
    x = Exchange(lab, where, around=memory.around + clock.around)
    x.log_path = f"{disk.path}/ringfenced.log"
    with x.running():
        yield x


class House:
    """Two real phones that talk, two scripted ones that are logged in, and the desk that answers 112."""

    def __init__(self, exchange, people):
        self.exchange, self.people = exchange, people
        self.one = people.phone("baresip", "b1", tone="a")
        self.two = people.phone("baresip", "b2", tone="b")
        phones.call(self.one, self.two)
        self.talking = exchange.call()["call"]
        self.clients = {}
        for name in ("ka", "kb", "112"):
            self.client(name)

    def client(self, name):
        """Its standing connection; a new one when that broke."""
        c = self.clients.get(name)
        if c and c.sock:
            try:
                self.pull(c)
                return c
            except net.LabError:
                c.close()
        c = sip.Client(self.people.host(name), self.people.bundle(name)[0], timeout=12).open()
        assert c.register().code == 200
        self.clients[name] = c
        return c

    @staticmethod
    def pull(c):
        """Take what came for it, if anything did; raises when the connection ended."""
        kept, c.inbox = c.inbox, []
        try:
            kept.append(c.receive(0.05))
        except sip.SipError as e:
            if "nothing came" not in str(e):
                raise
        finally:
            c.inbox = kept

    def asked(self, a, b, callee, seconds, **invite):
        """What a sent to call b, who answers at once, and the final answer to it."""
        sent = a.invite(callee, **invite)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any(m.code >= 200 for m in a.inbox):
            self.pull(a)
            self.pull(b)
            if any(m.method == "INVITE" for m in b.inbox):
                answer_call(b, ring=False)
        r = a.answer(sent, timeout=0.1)
        a.ack(sent, r)
        return sent, r

    def call(self, caller, callee):
        """caller calls callee, who answers at once; the final answer to it. A call that stands is hung up."""
        a, b = self.client(caller), self.client(callee)
        a.inbox.clear()
        b.inbox.clear()
        sent, r = self.asked(a, b, callee, 12)
        if r.code == 200:
            bye = a.in_dialog("BYE", sent, r, 2)
            b.reply(b.wait_request("BYE"), 200, "OK")
            assert a.answer(bye).code == 200
        return r

    def helps(self, caller="ka"):
        r = self.call(caller, "112")
        assert r.code == 200, r
        return r

    def stays(self):
        """The call of the real phones is the same, and audio passes both ways."""
        def packets():
            got = [c for c in self.exchange.calls() if c["call"] == self.talking]
            assert got, "the call was lost"
            return got[0]["packets_from"], got[0]["packets_to"]
        assert self.one.live() and self.two.live(), (self.one.calls, self.two.calls)
        last = [packets()]

        def more():
            last.append(packets())
            return all(n > m for n, m in zip(last[-1], last[-2], strict=True))
        net.wait_for("audio both ways", more, 15, step=0.3)

    def as_before(self):
        """Every process is up, somebody new logs in, calls are made, and the old call can be hung up."""
        net.wait_for("every process", self.exchange.answers, 30, step=0.3)
        net.wait_for("a new login", lambda: self.fresh_login() == 200, 30, step=0.5)
        net.wait_for("a call", lambda: self.call("ka", "kb").code == 200, 20, step=0.5)
        self.helps()
        self.stays()
        phones.hang_up(self.one, self.two)
        self.exchange.wait_no_calls()

    def fresh_login(self):
        """The code that somebody new gets; 0 when the connection was refused."""
        try:
            with sip.Client(self.people.host("probe"), self.people.bundle("probe")[0], timeout=8) as c:
                return c.register().code
        except (net.LabError, OSError):
            return 0

    def close(self):
        for c in self.clients.values():
            c.close()
        self.one.end_calls()


@pytest.fixture
def house(exchange, people):
    people.bundle("probe")
    h = House(exchange, people)
    yield h
    h.close()
    exchange.wait_no_calls(30)


# --- a sibling that stands still ---

@pytest.mark.parametrize("name", ["keeper", "ledger", "signer", "voice", "watch", "ctl", "net"])
def test_r28_a_sibling_that_stalls(exchange, house, name):
    """For less than parent's patience: nothing dies, an emergency call passes meanwhile, what needs the sibling waits or is refused."""
    with stopped(exchange, name):
        house.helps()
        assert house.call("ka", "kb").code == 200
        if name == "keeper":
            assert house.fresh_login() == 503
    house.as_before()


def test_r28_what_media_was_told_counts_before_what_came_by_it(exchange, scripted):
    """Media finds the call that is answered and its first packets at once: none is lost."""
    a, b = scripted("ka"), scripted("kb")
    for _ in range(8):              # the order in which they are found is the kernel's
        with stopped(exchange, "media"):
            call = Call(a, b)
            x, y = call.media()
            x.say(ENCRYPTED, 3)
        assert len(y.hear()) == 3
        call.bye()
        x.close()
        y.close()


@pytest.mark.parametrize("name", ["edge", "core", "media", "keeper", "ledger", "signer", "voice", "watch", "ctl", "net"])
def test_r28_a_sibling_that_stands_still_for_good(exchange, house, name):
    """Parent ends it and starts another. An emergency call passes at once, or as soon as who must carry it is back."""
    old = exchange.pid(name)
    start = time.monotonic()
    with stopped(exchange, name):
        exchange.killed += 1
        if name not in ("edge", "core"):
            house.helps()
        exchange.wait_replaced(name, old, HUNG_S + 20)
    assert time.monotonic() - start >= 3, "it was not stopped"
    net.wait_for("an emergency call", lambda: tried(house.helps), HUNG_S + 20, step=0.5)
    house.one.come_back()
    house.two.come_back()
    house.as_before()


def tried(act):
    try:
        return act()
    except (net.LabError, OSError, AssertionError):
        return None


# --- what runs out ---

def test_r28_a_full_disk(exchange, house, disk):
    """Calls are made and stand; a change of the directory is refused with a reason; what was confirmed before and during is there afterwards."""
    before, died = len(exchange.log_rows()), exchange.killed
    made = sum(house.call("ka", "kb").code == 200 for _ in range(2))
    net.wait_for("its rows", lambda: len(exchange.log_rows()) == before + made, 10, step=0.3)
    confirmed, refused = [], None
    with disk.filled():
        for i in range(200):        # until what its log file still held is full too
            name = f"full{i}"
            try:
                exchange.ask("user-add", name=name, password="a-password-of-it")
                confirmed.append(name)
            except net.LabError as e:
                refused = str(e)
                break
        assert refused and "failed" in refused, refused
        net.wait_for("what was refused to be in force nowhere", lambda: exchange.counter("users") == len(exchange.ask("user-list")), 10, step=0.3)
        made += sum(house.call("ka", "kb").code == 200 for _ in range(3))
        assert made == 5
        house.helps()
        assert house.fresh_login() == 200
        house.stays()
        old = exchange.kill("keeper")           # it comes up where there is no room
        exchange.wait_replaced("keeper", old, 20)
        net.wait_for("every process", exchange.answers, 30, step=0.3)
        exchange.wait_replaced("ledger", exchange.kill("ledger"), 20)   # it must write to open, and has held room for it
        net.wait_for("every process", exchange.answers, 30, step=0.3)
        house.helps()
        house.stays()
        exchange.restart_parent()               # a whole start
        assert exchange.tail(1 << 20).count("once more, with the room that was held for this") >= 1
        for phone in (house.one, house.two):
            phone.come_back()
    net.wait_for("every process", exchange.answers, 90, step=0.3)
    assert "disk is full" in exchange.tail(1 << 20)
    deaths = exchange.deaths()              # what its log had room for
    assert all(d.startswith(("ledger/0 was killed", "keeper/0 was killed")) for d in deaths[died:]), deaths[died:]
    exchange.killed = len(deaths)
    house.as_before()
    helped = 5                      # 112 is a call like any other to the log
    net.wait_for("every row", lambda: len(exchange.log_rows()) >= before + made + helped, 30, step=0.5)
    people = {u["name"] for u in exchange.ask("user-list")}
    assert people >= set(confirmed)
    net.wait_for("core to have what the disk has", lambda: exchange.counter("users") == len(people), 10, step=0.3)
    exchange.stop()
    db = sqlite3.connect(f"file:{disk.path}/ledger/ledger.db?mode=ro", uri=True)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    exchange.start()


def test_r16_a_notice_outlives_everything_on_a_full_disk(exchange, house, disk):
    """Help was called while ledger could write nothing, and then all was killed at once: the notice is there when there is room."""
    def notices():
        return exchange.command("notices").stdout.count("an emergency call")
    house.helps()
    net.wait_for("its notice", lambda: notices() > 0, 10, step=0.3)
    before = notices()
    with disk.filled():
        house.helps()
        old = exchange.processes()
        os.kill(exchange.pid("parent"), signal.SIGKILL)
        exchange.proc.wait(5)
        net.wait_for("their end", lambda: not [p for p, _ in old if os.path.exists(f"/proc/{p}")], 5)
    exchange.start()
    net.wait_for("every process", exchange.answers, 30, step=0.3)
    net.wait_for("the notice", lambda: notices() == before + 1, 15, step=0.5)
    net.wait_for("a new login", lambda: house.fresh_login() == 200, 30, step=0.5)
    house.stays()


@pytest.mark.parametrize("name", ["edge", "core", "media", "keeper", "ledger", "signer", "ctl", "net", "voice", "watch"])
def test_r28_no_descriptor_left(exchange, house, name):
    """A process that can open nothing more keeps what it has; its siblings' deaths do not hurt it for good."""
    pid = exchange.pid(name)
    with limited(pid, "nofile", max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd")) + 1):
        house.helps()
        assert house.call("ka", "kb").code == 200
        if name == "ctl":
            busy = cpu_ticks(pid)
            assert not tried(exchange.calls), "a request without a descriptor"
            assert cpu_ticks(pid) - busy < 100, "it turned round and round"
        else:
            house.stays()
        if name == "edge":
            busy = cpu_ticks(pid)
            for _ in range(3):
                assert house.fresh_login() == 0, "a connection without a descriptor"
            assert cpu_ticks(pid) - busy < 100, "it turned round and round"
            house.helps()
        other = "watch" if name not in ("ctl", "watch") else "ledger"
        old = exchange.kill(other)
        exchange.wait_replaced(other, old, 20)
    house.as_before()


def test_r28_parent_without_descriptors(exchange, house):
    """core dies while parent can open next to nothing: it starts again until it has a link to everyone, by itself."""
    parent = exchange.pid("parent")
    used = {int(fd) for fd in os.listdir(f"/proc/{parent}/fd")}
    most = next(n for n in range(1000) if n - len([fd for fd in used if fd < n]) == 6)      # so many are free below it
    with limited(parent, "nofile", most):
        told = len(exchange.deaths())
        exchange.kill("core")
        net.wait_for("core to be refused", lambda: exchange.tail(1 << 20).count("core/0: killed: cannot be given all") >= 2, 20, step=0.2)
    net.wait_for("every process", exchange.answers, 30, step=0.3)
    assert all(d.startswith("core/0 was killed") for d in exchange.deaths()[told:])
    exchange.killed = len(exchange.deaths())
    house.as_before()


@pytest.mark.parametrize("name", ["edge", "core", "media", "keeper", "ledger", "signer", "net", "voice", "watch"])
def test_r28_no_memory_left(exchange, house, name):
    """Not one page more than it has: its pools were made at its start."""
    pid = exchange.pid(name)
    with limited(pid, "as", 1 << 20), limited(pid, "data", 1 << 20):
        house.helps()
        assert house.call("ka", "kb").code == 200
        house.fresh_login()         # served or refused
        house.helps()
        house.stays()
        other = "watch" if name != "watch" else "ledger"        # whom each has a link to
        exchange.wait_replaced(other, exchange.kill(other), 20)
        house.helps()
    gone = exchange.pid(name) != pid
    assert not gone, f"{name} ended"
    house.as_before()


SPARE = 512 << 10
STRANGERS = 96          # at once; edge keeps fewer of one network
LEAST = ("edge/0 was killed", "ctl/0 was killed", "ctl/0 ended")    # whose loss is least (proc/parent/spawn.c); ctl ends with its reader


def test_r28_a_flood_in_a_group_without_memory(exchange, house, memory):
    """The exchange as a whole has half a megabyte to spare. Many calls at once are refused with a reason and need none of it. Strangers who begin
    handshakes, and somebody else, until it is spent, cost connections, which the phones make anew: the kernel ends edge, and after it at most who
    answers the command, and the calls stay."""
    if not memory.path:
        pytest.skip("no control group for memory can be made here (neither of version 1 nor of 2)")
    memory.reclaim()
    flood_of_calls(house)       # what is touched for the first time has been
    assert house.call("ka", "kb").code == 200
    before, died = memory.killed(), exchange.deaths()

    def gone():
        return exchange.deaths()[len(died):]
    with memory.spare(SPARE):
        refused = flood_of_calls(house)
        assert memory.killed() == before, gone()
        assert refused and all(m.code == 503 and m.get("Retry-After") for m in refused), refused
        house.helps()
        with Strangers(house) as strangers:
            with memory.eaten() as eat:
                net.wait_for("memory to run out", lambda: strangers.come() or eat() or memory.killed() > before, 60, step=0.5)
            house.stays()
            net.wait_for("an emergency call", lambda: tried(house.helps), 30, step=0.5)
    assert gone() and all(d.startswith(LEAST) for d in gone()), gone()
    exchange.killed += len(gone())
    house.one.come_back()
    house.two.come_back()
    house.as_before()


def test_r28_an_upgrade_in_a_group_without_memory(exchange, house, memory):
    """There is not enough for a rehearsal: it is what the kernel ends, not who serves, and the upgrade is refused."""
    if not memory.path:
        pytest.skip("no control group for memory can be made here (neither of version 1 nor of 2)")
    memory.reclaim()
    before, killed = exchange.processes(), memory.killed()
    with memory.spare(4 << 20):
        done = exchange.command("upgrade", check=False, timeout=60)
        house.stays()
    assert memory.killed() > killed, "or nothing is shown"
    assert exchange.processes() == before, exchange.deaths()
    assert done.returncode == 1 and "refused" in done.stderr, done
    house.as_before()


def flood_of_calls(house, n=90):
    """So many calls at once of one phone: what was refused before it rang. Those that ring are turned down by who is called."""
    a, b = house.client("ka"), house.client("kb")
    a.inbox.clear()
    b.inbox.clear()
    sent = [a.invite("kb") for _ in range(n)]

    def final():
        return [m for m in a.inbox if m.code >= 200]

    def ringing():
        return [m for m in b.inbox if m.method == "INVITE"]

    def heard():
        for c in a, b:
            had = None
            while had != len(c.inbox):
                had = len(c.inbox)
                house.pull(c)
        return len(final()), len(ringing())
    net.wait_for("each to ring or to be refused", lambda: sum(heard()) == n, 15, step=0)
    refused = final()
    for invite in ringing():
        b.reply(invite, 486, "Busy Here")
    net.wait_for("every answer", lambda: heard()[0] == n, 15, step=0)
    for one in sent:
        a.ack(one, next(m for m in final() if m.get("Call-ID") == one.own["Call-ID"]))
    return refused


class Strangers:
    """Who begins handshakes and leaves them so."""

    def __init__(self, house):
        self.host, self.at = house.people.host("probe"), house.people.bundle("probe")[0]
        self.socks = contextlib.ExitStack()
        self.ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ctx.check_hostname, self.ctx.verify_mode = False, ssl.CERT_NONE

    def __enter__(self):
        return self

    def come(self):
        for _ in range(STRANGERS):
            with contextlib.suppress(OSError):      # edge is away
                s = self.socks.enter_context(self.host.connect(self.at.server, self.at.port, 1))
                out = ssl.MemoryBIO()
                with contextlib.suppress(ssl.SSLWantReadError):
                    self.ctx.wrap_bio(ssl.MemoryBIO(), out, server_hostname=self.at.domain).do_handshake()
                s.sendall(out.read())

    def __exit__(self, *exc):
        self.socks.close()


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        return sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])


# --- a wall clock that is wrong ---

@pytest.mark.parametrize("shift_s", [DAY_S + 7200, -DAY_S, 380 * DAY_S, None], ids=["day-ahead", "day-back", "380-days", "1970"])
def test_r28_the_clock_jumps(exchange, house, clock, shift_s):
    """Nobody is logged out, calls stand and last what they lasted, help is called; when the clock is right again, all is as before."""
    registered = exchange.counter("registrations")
    destroyed = exchange.counter("day-keys-destroyed")
    rows = exchange.log_rows()
    a, b = house.client("ka"), house.client("kb")
    call = Call(a, b)
    start = time.monotonic()
    time.sleep(2)
    clock.set(-int(time.time()) + 60 if shift_s is None else shift_s)
    try:
        time.sleep(2)
        house.stays()
        call.bye()
        lasted = time.monotonic() - start
        assert exchange.counter("registrations") == registered
        assert house.call("ka", "kb").code == 200
        house.helps()
        assert tried(lambda: fresh_help(house)), "somebody new could not call for help"
        for name in ("keeper", "ledger", "core"):   # a start under the wrong clock forgets nothing
            old = exchange.kill(name)
            exchange.wait_replaced(name, old, 20)
            net.wait_for("every process", exchange.answers, 30, step=0.3)
        house.stays()
        net.wait_for("an emergency call", lambda: tried(house.helps), 20, step=0.5)
    finally:
        clock.set(0)
    house.as_before()
    assert exchange.counter("day-keys-destroyed") == destroyed
    net.wait_for("a certificate that is valid today", lambda: shown_since(house) <= time.time(), 30, step=1)
    net.wait_for("the rows", lambda: len(exchange.log_rows()) >= len(rows) + 3, 20, step=0.5)
    new = [r for r in exchange.log_rows() if r not in rows]
    assert any(abs(r["duration_ms"] / 1000 - lasted) < 1.5 for r in new), new
    assert all(0 <= r["duration_ms"] < 120000 for r in new), new


def shown(house):
    """The certificate that the exchange shows in a handshake now."""
    with sip.Client(house.people.host("probe"), house.people.bundle("probe")[0], timeout=8) as c:
        return ssl.DER_cert_to_PEM_cert(c.sock.getpeercert(binary_form=True))


def shown_since(house):
    """From when on it is valid."""
    pem = shown(house)
    said = net.sh("openssl", "x509", "-noout", "-startdate", stdin=pem).stdout.split("=", 1)[1].strip()
    return ssl.cert_time_to_seconds(said)


def fresh_help(house):
    """An emergency call on a connection that is made now, by a phone that does not log in but says who it is when it is asked."""
    desk = house.client("112")
    with sip.Client(house.people.host("probe"), house.people.bundle("probe")[0], timeout=8) as c:
        same = dict(call_id=sip.token(10), from_tag=sip.token(5))
        sent, r = house.asked(c, desk, "112", 8, **same)
        if r.code == 401:       # as long as keeper answers, it asks who this is
            c.nc = 0
            login = c.authorization(r.get("WWW-Authenticate"), "INVITE", sent.uri)
            sent, r = house.asked(c, desk, "112", 8, cseq=2, headers={"Authorization": login}, **same)
        assert r.code == 200, r
        bye = c.in_dialog("BYE", sent, r, 3)
        desk.reply(desk.wait_request("BYE"), 200, "OK")
        return c.answer(bye).code == 200


def test_r20_a_source_waits_for_room(exchange, house, disk, clock):
    """keeper has no room for a new day's key: who called is sealed when there is, and nobody's source is lost."""
    rows, made = len(exchange.log_rows()), 0
    try:
        with disk.filled():
            old = exchange.kill("keeper")           # what comes up must write its file anew before it adds to it
            exchange.wait_replaced("keeper", old, 20)
            net.wait_for("every process", exchange.answers, 30, step=0.3)
            for day in range(2, 6):
                clock.set(day * DAY_S)
                sealed = exchange.counter("sealed")
                assert house.call("ka", "kb").code == 200
                made += 1
                time.sleep(1)
                if exchange.counter("sealed") == sealed:
                    break
            else:
                pytest.fail("keeper had room for every key")
        def all_rows():
            try:
                return len(exchange.log_rows()) >= rows + made
            except net.LabError as e:   # ledger says so until it has tried again
                assert "disk is full" in str(e)
                return False
        net.wait_for("the rows", all_rows, 30, step=0.5)
        assert not [r for r in exchange.log_rows()[rows:] if r["from_erased"]]
    finally:
        clock.set(0)
    house.as_before()


def test_r31_a_new_certificate_in_the_middle_of_calls(exchange, house, clock):
    """The server's certificate nears its end: the next handshake sees another one, and nobody who is there notices, nor by the reloads."""
    was = shown(house)
    a, b = house.client("ka"), house.client("kb")
    call = Call(a, b)
    clock.set(375 * DAY_S)
    try:
        net.wait_for("another certificate", lambda: shown(house) != was, 30, step=0.5)
        for _ in range(3):
            exchange.command("reload")
            assert house.call("ka", "kb").code == 200 if call.over else not call.bye()
        assert (house.client("ka"), house.client("kb")) == (a, b), "a connection dropped"
        house.stays()
    finally:
        clock.set(0)
    net.wait_for("a certificate that is valid today", lambda: shown_since(house) <= time.time(), 90, step=1)
    assert house.call("ka", "kb").code == 200
    assert (house.client("ka"), house.client("kb")) == (a, b), "a connection dropped"
    house.as_before()


def test_r31_a_wrong_clock_that_was_confirmed(exchange, house, clock):
    """An administrator believed a clock that ran a year ahead. The right one is believed too once they say so: phones trust the exchange again (T45)."""
    was, rows = shown(house), len(exchange.log_rows())
    clock.set(380 * DAY_S)
    try:
        exchange.command("clock", "confirm")
        exchange.command("reload")
        net.wait_for("a certificate of a day to come", lambda: shown(house) != was and shown_since(house) > time.time() + DAY_S, 90, step=1)
        house.stays()
    finally:
        clock.set(0)
    exchange.command("clock", "confirm")
    exchange.command("reload")
    net.wait_for("a certificate that is valid today", lambda: shown_since(house) <= time.time(), 30, step=1)
    exchange.phone("dev-of-today", {"kt": "pass-of-kt"})
    began = net.sh("openssl", "x509", "-noout", "-startdate", "-in", f"{exchange.where}/phones/dev-of-today/phone.crt").stdout
    assert ssl.cert_time_to_seconds(began.split("=", 1)[1].strip()) <= time.time(), began
    rows = min(rows, len(exchange.log_rows()))      # what was due by the clock that was confirmed is gone
    assert house.call("ka", "kb").code == 200
    net.wait_for("its row", lambda: len(exchange.log_rows()) == rows + 1, 10, step=0.5)
    assert not exchange.log_rows()[-1]["from_erased"]
    house.as_before()
