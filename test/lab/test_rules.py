# SPDX-License-Identifier: ISC
"""What is remembered, for how long, and who hears of what is wrong: R20-R23, T45, backups (R31), alarms (T43).

Every process of this exchange has test/breach/shim preloaded: its wall clock is ours, and ledger's writes are traced.
"""
import glob
import json
import os
import re
import shutil
import signal
import time

import pytest

import net
import sip
from baresip import Baresip
from exchange import ADMIN, ADMIN_PASSWORD, CONF
from gateway import Gateway
from preload import Clock, preloaded
from scripted import Call
from test_plan import press

DAYS = 8
CALLER, CALLEE = "5550199", "5550123"
PASSPHRASE = "the passphrase of the lab"
ABROAD = """
country "so" {{ rate = 2000 }}
rates {{ billing = 1 }}
night {{ from = "0:00" to = "24:00" classes = {{"national"}} }}
trunk abroad {{
    server = "{far}" transport = udp media = rtp plain = yes listen = "{us}:5070" media-from = {{"{far}"}} keepalive = 0
}}
"""
DAY_S = 86400


MAIL = """#!/bin/sh
{{ date +%s.%N; cat; }} >{where}/mail/$$.new && mv {where}/mail/$$.new {where}/mail/$$
"""


@pytest.fixture(scope="module")
def clock(where):
    return Clock(f"{where}/clock")


@pytest.fixture(scope="module")
def trace(where):
    return f"{where}/trace"


@pytest.fixture(scope="module")
def far(lab):
    return lab.host("sp0", "telco")


@pytest.fixture(scope="module")
def exchange_options(lab, where, clock, trace, far):
    os.makedirs(f"{where}/mail")
    os.chmod(f"{where}/mail", 0o777)
    with open(f"{where}/send-mail", "w") as f:
        f.write(MAIL.format(where=where))
    os.chmod(f"{where}/send-mail", 0o755)
    conf = CONF.replace("privacy = {privacy}", f"privacy = {{privacy}} days = {DAYS}") + \
        f'alarms {{{{ mail = "{where}/send-mail" to = "head@example.org" }}}}\n' + \
        ABROAD.replace("{far}", far.v4).replace("{us}", lab.addr["telco"][0])
    return {"libexec": preloaded(where, clock, trace), "conf": conf}


def mails(where):
    return [open(p).read() for p in sorted(glob.glob(f"{where}/mail/*"), key=os.path.getmtime) if not p.endswith(".new")]


def end_call(exchange, a, b, seconds=0.3):
    before = len(exchange.log_rows())
    call = Call(a, b)
    time.sleep(seconds)
    call.bye()
    exchange.wait_no_calls()
    net.wait_for("its row", lambda: len(exchange.log_rows()) == before + 1, 6, step=0.2)


def backup(x, path, passphrase=PASSPHRASE, check=True):
    return x.command("backup", path, "--password-stdin", stdin=passphrase + "\n", check=check, timeout=60)


def restore(x, site, path, passphrase=PASSPHRASE):
    return x.host.run(f"{x.build}/cmd/ringfence", "--site", site, "restore", path, "--password-stdin", stdin=passphrase + "\n",
                      check=False, timeout=60)


# --- alarms. Three mails go at once, then one a minute ---

@pytest.fixture
def abroad(lab, far, exchange):
    g = Gateway(far, (lab.addr["telco"][0], 5070))
    yield g
    g.stop()


@pytest.fixture
def mail_is_free(exchange):
    """Three mails may go at once again: other alarms in the configuration are a new watch."""
    path, old = f"{exchange.site}/ringfence.conf", exchange.pid("watch")
    with open(path) as f:
        text = f.read()
    off = "alarms { syslog = off "
    with open(path, "w") as f:
        f.write(text.replace(off, "alarms { ") if off in text else text.replace("alarms { ", off))
    exchange.command("reload")
    exchange.wait_replaced("watch", old)


@pytest.fixture
def clone(people, exchange, where):
    """A copy of somebody's phone elsewhere: its key, its certificate, the password."""
    made = []

    def make(name, classes, more=""):
        people.phone("baresip", name, tone="a", media="srtp", codecs=("PCMU",))
        exchange.ask("user-set", name=name, body=f"classes={classes}\n{more}".encode())
        exchange.ask("user-pin", name=name, pin="3916")
        made.append(Baresip(people.host("clone"), f"{where}/clone-{name}", people.bundle(name)[0], tone="b", media="srtp"))
        return made[0].start()
    yield make
    for c in made:
        c.stop()


def steal(c, number, *pins):
    """A call of the thief's, and the keys pressed in it. False: it was refused and not spoken to."""
    c.dial(number)
    up = c.wait_state("established", "closed").state == "established"
    for pin in pins if up else ():
        press(c, pin)
        time.sleep(1.5)                 # for keeper's word, and the next question
    return up


NUMBER = "+25261{:07}"


def alarmed(where, before, since):
    """A person hears of it within five seconds."""
    net.wait_for("a mail", lambda: len(mails(where)) > before, 8, step=0.1)
    mail = mails(where)[before]
    assert float(mail.splitlines()[0]) - since < 5 and "ALARM" in mail
    return mail


def test_t43_a_thief_who_knows_the_pin(exchange, abroad, clone, where):
    """T43, R17, as the defaults are: each call is hung up at once, two go out and no third, and a person hears of it"""
    c, before = clone("robbed0", "so night"), len(mails(where))
    for i in range(2):
        assert steal(c, NUMBER.format(i), "3916#")
        net.wait_for("the call", lambda n=i: len(abroad.invites) == n + 1, 5)
        since = time.time()
        c.end_calls()
    alarmed(where, before, since)       # the second is one already
    for i in range(2, 30):
        steal(c, NUMBER.format(i))      # is told why
        c.end_calls()
    assert len(abroad.invites) == 2
    exchange.wait_no_calls()


def test_t43_a_thief_has_the_money_of_a_day(exchange, abroad, clone, where, mail_is_free):
    """T43, R17: calls that stand, where many new numbers are allowed: two at once, the money ends them, and a person hears of it"""
    c, before = clone("robbed2", "so night", "ceilings=abroad=30\n"), len(mails(where))
    for i in range(2):
        assert steal(c, NUMBER.format(i), "3916#")
    net.wait_for("both of them", lambda: len(abroad.invites) == 2, 5)
    for i in range(2, 30):
        steal(c, NUMBER.format(i))
    net.wait_for("the end of the money", lambda: abroad.over, 30)
    alarmed(where, before, time.time())
    assert len(abroad.invites) == 2
    exchange.wait_no_calls()


def test_t43_a_thief_without_the_pin(exchange, abroad, clone, where, mail_is_free):
    """T43, R15: thirty calls in a minute at night to a new country, by one who has password and phone: none goes out, the third guess is an alarm"""
    c, before = clone("robbed1", "so night"), len(mails(where))
    assert steal(c, NUMBER.format(0), "1357#", "2468#", "3579#")
    alarmed(where, before, time.time() - 1.5)
    c.end_calls()
    for i in range(1, 30):
        steal(c, NUMBER.format(i))
        c.end_calls()
    assert not abroad.invites
    exchange.wait_no_calls()


def test_t43_a_thief_whom_nobody_allowed(exchange, abroad, clone, where, mail_is_free):
    """T43, R14: whose owner may call abroad by day alone; the third refusal is an alarm"""
    c, before = clone("robbed3", "so"), len(mails(where))
    for i in range(30):
        assert not steal(c, NUMBER.format(i))
        since = time.time() if i < 3 else since
    assert "refused one after the other" in alarmed(where, before, since)
    assert c.refusal()[0] == 403 and not abroad.invites


def test_t43_an_alarm_is_a_mail_within_five_seconds(exchange, people, scripted, where):
    """The right password on a phone that is not allowed for it: a person hears of it at once, without its number."""
    thief = people.bundle("thief")[0]
    owner = people.bundle("5550155")[0]
    c = scripted("thief", register=False, bundle=thief._replace(user=owner.user, password=owner.password)
                 if hasattr(thief, "_replace") else thief, user=owner.user)
    c.password = owner.password
    before, start = len(mails(where)), time.time()
    c.register()
    net.wait_for("a mail", lambda: len(mails(where)) > before, 5, step=0.1)
    mail = mails(where)[-1]
    assert float(mail.splitlines()[0]) - start < 5
    assert "To: head@example.org" in mail and "ALARM" in mail and "core: " in mail
    assert "5550155" not in mail


def test_r28_a_killed_watch_is_said_by_the_next(exchange, where):
    before = len(mails(where))
    old = exchange.kill("watch")
    exchange.wait_replaced("watch", old, 8)     # one that ended often waits five seconds
    net.wait_for("a mail", lambda: any("watch/" in m and "killed" in m for m in mails(where)[before:]), 8, step=0.2)


# --- crashes between the end of a call and its record ---

@pytest.mark.parametrize("victim, stopped", [("ledger", "ledger"), ("keeper", "keeper"), ("core", "ledger"), ("core", "keeper")])
def test_t45_a_crash_in_the_middle_loses_and_doubles_nothing(exchange, scripted, victim, stopped):
    a, b = scripted("ra"), scripted("rb")
    before = len(exchange.log_rows())
    call = Call(a, b)
    time.sleep(0.2)
    held = exchange.pid(stopped)
    os.kill(held, signal.SIGSTOP)
    call.bye()
    time.sleep(0.5)
    old = exchange.kill(victim)
    exchange.wait_replaced(victim, old, 8)
    if victim != stopped:
        os.kill(held, signal.SIGCONT)
    net.wait_for("the exchange", exchange.answers, 10, step=0.2)
    net.wait_for("the row", lambda: len(exchange.log_rows()) == before + 1, 12, step=0.3)
    time.sleep(1)
    rows = exchange.log_rows()[before:]
    assert len(rows) == 1 and rows[0]["from"] == "ra" and rows[0]["to"] == "rb"


# --- the clock ---

def restart(exchange, *names):
    for name in names:
        old = exchange.kill(name)
        exchange.wait_replaced(name, old, 8)    # one that died often waits five seconds
    net.wait_for("the exchange", exchange.answers, 10, step=0.2)


def test_t45_a_clock_that_jumps_erases_nothing_by_itself(exchange, scripted, clock):
    """Forward by ten days, and back by three: rows and sources stay until somebody says that the clock is right. A call stands at the time
    that the clock said then."""
    a, b = scripted("ra"), scripted("rb")
    end_call(exchange, a, b)
    before = exchange.log_rows()
    assert not before[-1]["from_erased"]
    clock.set(10 * DAY_S)
    restart(exchange, "keeper", "ledger")
    assert exchange.counter("clock-held") == 1 and exchange.counter("deletion-held") == 1
    assert exchange.log_rows()[:len(before)] == before
    clock.set(-3 * DAY_S)
    restart(exchange, "keeper", "ledger")
    assert exchange.log_rows()[:len(before)] == before
    end_call(exchange, a, b)        # and calls are still kept
    then = exchange.log_rows()
    assert then[1:] == before and then[0]["from"] == "ra" and before[0]["start_ms"] - then[0]["start_ms"] > 2 * DAY_S * 1000
    clock.set(0)
    restart(exchange, "keeper", "ledger")
    assert exchange.log_rows() == then


# --- backups ---

def test_r31_backup_says_no_secret_and_goes_on_with_calls(exchange, scripted, where):
    a, b = scripted("ra"), scripted("rb")
    call = Call(a, b)
    p = backup(exchange, f"{where}/b1")
    assert p.returncode == 0 and len(exchange.calls()) == 1
    call.bye()
    assert os.stat(f"{where}/b1").st_mode & 0o777 == 0o600
    data = open(f"{where}/b1", "rb").read()
    for planted in (b"ra", b"pass-of-ra", b"ringfence.test", ADMIN.encode()):
        assert planted not in data or len(planted) < 4
    assert [r for r in exchange.ask("readings") if r["admin"] == "(backup)"]
    assert backup(exchange, f"{where}/b2", "too short", check=False).returncode == 1 and not os.path.exists(f"{where}/b2")


def test_r31_a_backup_needs_root(exchange, where):
    p = exchange.host.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"{exchange.build}/cmd/ringfence", "--site",
                          exchange.site, "backup", "/tmp/none", "--password-stdin", stdin=PASSPHRASE + "\n", check=False)
    assert p.returncode and not os.path.exists("/tmp/none")


def test_r31_what_is_no_whole_backup_changes_nothing(exchange, where):
    """Another passphrase, a file cut off or bent anywhere, a foreign file, an exchange that is there: refused, and nothing is left."""
    backup(exchange, f"{where}/b1")
    data = open(f"{where}/b1", "rb").read()
    fresh = f"{where}/fresh"
    os.makedirs(fresh)
    bent = [(b"no backup at all", "no backup"), (b"", "no backup"), (data + b"x", "follows")]
    bent += [(data[:n], "damaged") for n in (64, 70, len(data) // 2, len(data) - 1)]
    for at in (17, 40, 66, 90, len(data) // 3, len(data) // 2, len(data) - 3):
        octets = bytearray(data)
        octets[at] ^= 1
        bent.append((bytes(octets), ""))
    for octets, why in bent:
        with open(f"{where}/bent", "wb") as f:
            f.write(octets)
        p = restore(exchange, fresh, f"{where}/bent")
        assert p.returncode == 1 and why in p.stderr and os.listdir(fresh) == [], (why, p.stderr, os.listdir(fresh))
    p = restore(exchange, fresh, f"{where}/b1", "another passphrase")
    assert p.returncode == 1 and "passphrase" in p.stderr and os.listdir(fresh) == []
    p = restore(exchange, exchange.site, f"{where}/b1")
    assert p.returncode == 1 and "stop it first" in p.stderr
    os.rmdir(fresh)


def test_r31_restored_elsewhere_phones_register_as_they_are(lab, exchange, scripted, where, people):
    """Backup, wipe, restore: certificates and passwords hold, the log reads but for who called; a boot key of its own."""
    a, b = scripted("ra"), scripted("rb")
    end_call(exchange, a, b)
    rows, events = exchange.log_rows(), len(exchange.events())
    backup(exchange, f"{where}/b3")
    people_before = exchange.ask("user-list"), exchange.ask("phone-list")
    exchange.stop()
    os.rename(exchange.site, f"{where}/site.gone")
    p = restore(exchange, exchange.site, f"{where}/b3")
    assert p.returncode == 0, p.stderr
    assert sorted(os.listdir(exchange.site)) == ["boot.key", "keeper", "ledger", "ringfence.conf"]
    assert open(f"{exchange.site}/boot.key", "rb").read() != open(f"{where}/site.gone/boot.key", "rb").read()
    again = restore(exchange, exchange.site, f"{where}/b3")
    assert again.returncode == 1 and "is there" in again.stderr
    exchange.start()
    assert (exchange.ask("user-list"), exchange.ask("phone-list")) == people_before
    now = exchange.log_rows()
    assert [(r["to"], r["start_ms"], r["duration_ms"]) for r in now[:len(rows)]] == \
        [(r["to"], r["start_ms"], r["duration_ms"]) for r in rows]
    assert all(r["from_erased"] and not r["from"] for r in now[:len(rows)])
    assert len(exchange.events()) >= min(events, 100)
    a2, b2 = sip.Client(people.host("ra"), people.bundle("ra")[0]).open(), sip.Client(people.host("rb"), people.bundle("rb")[0]).open()
    assert a2.register().code == 200 and b2.register().code == 200
    call = Call(a2, b2)
    call.bye()
    a2.close(), b2.close()
    shutil.rmtree(f"{where}/site.gone")


# --- R23, R27: nothing is said where it has no place ---

def test_r23_no_number_or_password_where_it_has_no_place(exchange, people, scripted, where):
    """Planted numbers and passwords are in no debug log, event, status, error text or mail, and no process would leave a core."""
    caller, callee = "5550777", "5550888"
    a, b = scripted(caller), scripted(callee)
    call = Call(a, b)
    call.bye()
    sent = a.invite("5550999")
    a.ack(sent, a.answer(sent))
    bad = sip.Client(people.host(caller), people.bundle(caller)[0]).open()
    bad.password = "planted-wrong-5550666"
    bad.register()
    bad.close()
    errors = [exchange.command("user", "add", callee, "--password-stdin", stdin="planted-pass\n", check=False).stderr,
              exchange.command("log", "--admin", ADMIN, stdin="planted-admin-5550555\n", check=False).stderr]
    exchange.wait_no_calls()
    time.sleep(0.5)
    said = {"log": exchange.tail(10 ** 7), "events": json.dumps(exchange.ask("events", last=100000)), "status": json.dumps(exchange.status()),
            "errors": "".join(errors), "mails": "".join(mails(where))}
    planted = [caller, callee, "5550999", "5550666", "5550555", "planted", f"pass-of-{caller}", f"pass-of-{callee}", ADMIN_PASSWORD]
    for place, text in said.items():
        for p in planted:
            assert p not in text or (place == "errors" and p == callee), (place, p)
    for pid, name in exchange.processes():
        limits = open(f"/proc/{pid}/limits").read()
        assert re.search(r"Max core file size\s+0\s+0", limits), name
        # not dumpable: its files in /proc are root's, whoever it runs as
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0, name


# --- R21: gone means gone. The last one: a keeper that believed in a later day never goes below it again ---

def files_of(exchange):
    for d, _, names in os.walk(exchange.site):
        for n in names:
            path = os.path.join(d, n)
            if os.path.isfile(path) and not n.endswith(".conf"):
                yield path


def holding(exchange, needle, more=()):
    return [p for p in [*files_of(exchange), *more] if needle in open(p, "rb").read()]


def test_t45_what_retention_took_is_nowhere(exchange, people, scripted, clock, where):
    """A call of a planted number; days pass; the number is in no file of the site, and a copy from before cannot be opened with
    the keys that live."""
    a, b = (scripted(phone, bundle=people.bundle(phone, [user])[0]) for phone, user in (("pa", CALLER), ("pb", CALLEE)))
    end_call(exchange, a, b)
    assert exchange.log_rows()[-1]["from"] == CALLER
    backup(exchange, f"{where}/b4")
    ledger = f"{exchange.site}/ledger"
    # the copy of one who keeps all: what stands in the files now
    shutil.copytree(ledger, f"{where}/ledger.copy")
    shutil.copytree(f"{exchange.site}/keeper", f"{where}/keeper.copy")
    assert any(CALLEE.encode() in open(p, "rb").read() for p in glob.glob(f"{where}/ledger.copy/*")), "the search finds nothing"
    for c in (a, b):
        c.register(expires=0)
        c.close()
    for user in (CALLER, CALLEE):       # the directory holds names too, and is not what this is about
        exchange.command("user", "delete", user)
    clock.set((DAYS + 1) * DAY_S)
    exchange.command("clock", "confirm")
    assert not [r for r in exchange.log_rows() if r["to"] == CALLEE]
    assert exchange.counter("day-keys-destroyed") >= 1
    for needle in (CALLER.encode(), CALLEE.encode()):
        found = holding(exchange, needle, [exchange.log_path, f"{where}/b4"])
        assert not found, (needle, found)
    # the database of before beside the keys of now: its rows read, its sources never
    exchange.stop()
    shutil.rmtree(ledger)
    shutil.copytree(f"{where}/ledger.copy", ledger)
    clock.set(0)
    exchange.start()
    rows = [r for r in exchange.log_rows() if r["to"] == CALLEE]
    assert rows and all(r["from_erased"] and r["from"] == "" for r in rows), rows
