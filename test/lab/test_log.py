# SPDX-License-Identifier: ISC
"""The log by its rules, the command line, and configuration."""
import os
import re
import subprocess
import time

import pytest

import net
import pki
from exchange import ADMIN, ADMIN_PASSWORD, Exchange
from scripted import Call


def test_r20_each_call_once(exchange, scripted):
    """Answered calls stand in the full log with source, destination, start and duration."""
    a, b = scripted("ra"), scripted("rb")
    before = len(exchange.log_rows())
    for seconds in (1, 2):
        call = Call(a, b)
        time.sleep(seconds)
        call.bye()
    exchange.wait_no_calls()
    net.wait_for("two rows", lambda: len(exchange.log_rows()) == before + 2, 5, step=0.3)
    rows = exchange.log_rows()[before:]
    assert all("ra" in str(r) and "rb" in str(r) for r in rows)


def test_r20_cancelled_is_no_call(exchange, scripted):
    a, b = scripted("ra"), scripted("rb")
    before = len(exchange.log_rows())
    sent = a.invite("rb")
    b.reply(b.wait_request("INVITE"), 486, "Busy Here", to_tag="x")
    a.ack(sent, a.answer(sent))
    exchange.wait_no_calls()
    time.sleep(0.5)
    assert len(exchange.log_rows()) <= before + 1


def test_r23_log_asks_who_reads(exchange):
    """Even root gives a name and password; a wrong one is refused and is an event."""
    p = exchange.command("log", "--admin", ADMIN, "--json", stdin="wrong\n", check=False)
    assert p.returncode and not p.stdout.strip("[]{} \n")
    before = len(exchange.ask("readings"))
    p = exchange.command("log", "--admin", ADMIN, "--json", stdin=ADMIN_PASSWORD + "\n")
    assert p.returncode == 0 and len(exchange.ask("readings")) == before + 1
    assert exchange.wait_event("admin")


def test_r23_source_is_not_on_disk(exchange, scripted):
    """No file of the site holds the caller's name in clear next to the call; the debug log has no number at all."""
    a, b = scripted("secretsource"), scripted("rb")
    call = Call(a, b)
    time.sleep(1)
    call.bye()
    exchange.wait_no_calls()
    time.sleep(0.5)
    assert "secretsource" not in exchange.tail(200000)


def test_r22_mild_log_is_refused_alone(lab, exchange, where):
    """The mild log without PIN, IDS and firewall log: refused at start, and it says what is missing."""
    x = Exchange(lab, f"{where}/mild", privacy="mild")
    p = x.command("check-config", check=False)
    assert p.returncode
    said = (p.stdout + p.stderr).lower()
    assert "mild" in said and "intrusion detection" in said and "firewall log" in said


@pytest.mark.parametrize("kind", ["baresip", "linphone"])
def test_r30_enrolled_by_command(exchange, people, where, kind):
    """A person and a phone by command line alone: what `phone enrol` writes registers as it is, twice over."""
    user, d = f"cli{kind[:1]}", f"{where}/enrolled-{kind}"
    exchange.command("user", "add", user, *(["--md5"] if kind == "baresip" else []), stdin="a-good-password\na-good-password\n")
    flag = "--md5" if kind == "baresip" else "--tls12"
    said = exchange.command("phone", "add", f"{kind} of {user}", "--user", user, flag).stdout
    code = re.search(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+){3,}", said)[0]
    exchange.command("phone", "enrol", code, "--kind", kind, "--out", d, "--user", user, "--password",
                     stdin="a-good-password\n")
    again = exchange.command("phone", "enrol", code, "--kind", kind, "--out", d + "-again", "--user", user, check=False,
                             stdin="a-good-password\n")
    assert again.returncode, "a code served twice"
    host = people.host(f"cli-{kind}")
    log = f"{d}/lab.log"
    argv = ["baresip", "-f", d] if kind == "baresip" else ["linphonec", "-c", f"{d}/linphonerc", "-d", "5", "-l", log]
    p = host.spawn("timeout", "-k", "2", "60", *argv, log=log if kind == "baresip" else None, stdin=subprocess.PIPE,
                   env=dict(os.environ, HOME=d))
    sign = "200 OK" if kind == "baresip" else "LinphoneRegistrationOk"
    try:
        net.wait_for("its registration", lambda: os.path.exists(log) and sign in open(log, errors="replace").read(), 15)
    finally:
        host.stop(p)
    assert os.stat(d).st_mode & 0o077 == 0, "others can read the phone's key"


def test_r5_phone_by_request(exchange, where):
    """A user asks, an administrator admits; a request that nobody admitted is no phone."""
    exchange.command("user", "add", "asker", stdin="a-good-password\na-good-password\n")
    _, request = pki.key_and_request(f"{where}/asked")
    number = exchange.ask("phone-request", label="softphone", user="asker", body=request)[0]["phone"]
    assert "requested" in exchange.command("phone", "list", "--json").stdout
    out = exchange.command("phone", "admit", str(number), "--out", "-").stdout
    assert out.count("BEGIN CERTIFICATE") == 2
    assert [p for p in exchange.ask("phone-list") if p["phone"] == number][0]["state"] == "valid"


def test_r31_config_errors_name_the_line(lab, exchange, where):
    x = Exchange(lab, f"{where}/bad")
    with open(f"{x.site}/ringfence.conf", "a") as f:
        f.write("\nnonsense = 1\n")
    p = x.command("check-config", check=False)
    assert p.returncode and ":" in p.stderr + p.stdout and "nonsense" in p.stderr + p.stdout


def test_r31_reload_keeps_calls(exchange, scripted):
    a, b = scripted("ra"), scripted("rb")
    call = Call(a, b)
    exchange.command("reload")
    time.sleep(0.5)
    assert exchange.calls()
    call.bye()


def test_r31_bad_reload_keeps_the_old(exchange, scripted):
    path = f"{exchange.site}/ringfence.conf"
    with open(path) as f:
        good = f.read()
    try:
        exchange.write_conf(good + "\nnonsense = 1\n")
        assert exchange.command("reload", check=False).returncode
        assert scripted("ra").register().code == 200
    finally:
        exchange.write_conf(good)
    exchange.command("reload")


@pytest.mark.parametrize("verb", ["user", "phone", "calls", "status", "log", "events", "ban", "unban", "check-config",
                                  "reload", "stop"])
def test_r31_help(exchange, verb):
    p = exchange.command(verb, "--help", check=False)
    assert p.returncode == 0 and verb.split("-")[0] in p.stdout.lower()


def test_r31_unknown_verb(exchange):
    p = exchange.command("frobnicate", check=False)
    assert p.returncode and p.stderr


def test_r31_stop_answers(exchange):
    """`ringfence stop` hears that it was obeyed, though the process that answers ends too."""
    for _ in range(5):
        assert "has stopped" in exchange.command("stop").stdout
        assert exchange.proc.wait(10) == 0 and not exchange.processes()
        exchange.start()


def test_r30_enrolment_knows_the_user(exchange, where):
    """The bundle says whose phone it is; a password that the exchange did not take is not printed."""
    assert "Password: " in exchange.command("user", "add", "re", "--generate").stdout
    again = exchange.command("user", "add", "re", "--generate", check=False)
    assert again.returncode == 1 and "Password" not in again.stdout
    code = [x.strip() for x in exchange.command("phone", "add", "desk-re", "--user", "re").stdout.splitlines()][2]
    exchange.command("phone", "enrol", code, "--kind", "baresip", "--out", f"{where}/desk-re")
    with open(f"{where}/desk-re/accounts") as f:
        assert f.read().startswith("<sip:re@")
