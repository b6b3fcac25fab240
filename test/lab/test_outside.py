# SPDX-License-Identifier: ISC
"""Calls through trunks with audio in both directions (R7, R29): SIPp as a gateway without encryption, baresip as a provider's border
controller with TLS and SRTP. The phones are real ones, and so is whoever is at the far end. Then what becomes of callers from outside (R18),
and a call for help with the place of its phone (R16)."""
import email
import os
import re
import shutil
import time
from xml.etree import ElementTree

import pytest

import net
import pki
import sip
from baresip import Baresip
from bundle import Bundle
from exchange import CONF, Exchange
from gateway import Gateway as Town
from prompts import hears_prompt
from provider import Zone, resolve_at
from sippgate import ALLOW, CALLER, Gateway
from test_plan import said, unheard

OUT, BEYOND = "+33612345678", "+33144556677"
TRUNKS = """
pin = off
emergency {{ remote = last-location }}
incoming {{ unknown = pass anonymous = pass failed = pass }}
numbers {{ country = "fr" }}
trunk pots {{
    server = "{plain}" transport = udp media = rtp plain = yes listen = "{us}:5072"
    media-from = {{"{plain}"}} keepalive = 5 priority = 1 classes = {{mobile}} lines = 2 emergency = no
    caller-id = {{"+33123456700"}}
    number "+33123456701" {{ to = in-baresip-srtp }}
    number "+33123456702" {{ to = in-baresip-dtls }}
    number "+33123456703" {{ to = in-linphone-srtp }}
}}
trunk border {{
    server = "sbc.provider.test" ca = "lab.pem" listen = "{us}:5061"
    media-from = {{"{safe}"}} keepalive = 5 priority = 2 classes = {{national}} emergency = no
    caller-id = {{"+33123456700"}}
}}
trunk town {{
    server = "{town}" transport = udp media = rtp plain = yes listen = "{us}:5074"
    media-from = {{"{town}"}} keepalive = 5 priority = 3 classes = {{toll-free}}
    number "+33123456704" {{ to = helped }}
    number "+33123456705" {{ to = shy }}
    number "+33123456706" {{ to = wide-baresip-srtp }}
    number "+33123456707" {{ to = wide-baresip-dtls }}
    number "+33123456708" {{ to = wide-linphone-srtp }}
}}
"""
NUMBERS = {"in-baresip-srtp": "+33123456701", "in-baresip-dtls": "+33123456702", "in-linphone-srtp": "+33123456703",
           "wide-baresip-srtp": "+33123456706", "wide-baresip-dtls": "+33123456707", "wide-linphone-srtp": "+33123456708"}


class Border(Baresip):
    """baresip that nobody registers with: it is called by address, over TLS, with SRTP, and answers."""

    def registered(self):
        return True


@pytest.fixture(scope="module")
def far(lab, where):
    """What is outside: hosts, a DNS server, certificates."""
    class Far:
        plain, safe, town, dns = (lab.host(n, "telco") for n in ("sp0", "sp1", "sp2", "dns"))
        ca = pki.Authority(f"{where}/provider-ca", "provider CA")
    Zone(Far.dns, where).says({"sbc.provider.test": {"A": [Far.safe.v4]}})
    resolve_at(lab, Far.dns.v4)
    yield Far
    shutil.rmtree(f"/etc/netns/{lab.exchange.ns}", ignore_errors=True)


@pytest.fixture(scope="module")
def answers(lab, far):
    """The gateway of the trunk `town`, there before the exchange is: a trunk that was called in vain is called again ever more seldom."""
    t = Town(far.town, (lab.addr["telco"][0], 5074))
    yield t
    t.stop()


@pytest.fixture(scope="module")
def exchange(lab, where, far, border, answers):
    us = lab.addr["telco"][0]
    x = Exchange(lab, where, conf=CONF + TRUNKS.replace("{us}", us).replace("{plain}", far.plain.v4).replace("{safe}", far.safe.v4)
                 .replace("{town}", far.town.v4))
    os.makedirs(f"{x.site}/trust", exist_ok=True)
    shutil.copy(far.ca.cert, f"{x.site}/trust/lab.pem")
    try:
        x.start()
        yield x
    finally:
        x.stop()
    x.check_health()


@pytest.fixture(scope="module")
def gateway(lab, far, where, exchange):
    os.makedirs(f"{where}/sipp")
    g = Gateway(far.plain, lab.addr["telco"][0], f"{where}/sipp")
    yield g
    g.stop()


@pytest.fixture(scope="module")
def border(far, where):
    cert, key = far.ca.issue("sbc", names=["DNS:sbc.provider.test"], usage="serverAuth")
    b = Bundle(ca=far.ca.cert, cert=cert, key=key, user=BEYOND, password="none", domain=far.safe.v4, server=far.safe.v4)
    p = Border(far.safe, f"{where}/border", b, tone="b", media="srtp", auto=True, regint=0)
    p.start()
    yield p
    p.stop()


def up(x, name):
    net.wait_for(f"trunk {name}", lambda: next(t for t in x.ask("trunks") if t["name"] == name)["state"] == "up", 30, step=0.2)


def allow(x, user, classes):
    x.ask("user-set", name=user, body=f"classes={classes}\n".encode())


def talk_a_while(x, more=0):
    """Until three seconds of audio went each way. What was heard shows when the call is over: linphone writes it then."""
    def talked():
        return any(c["packets_from"] >= 150 + more and c["packets_to"] >= 150 + more for c in x.calls())
    try:
        net.wait_for("three seconds of talk", talked, 20, step=0.2)
    except net.LabError as e:
        raise net.LabError(f"{e}: {x.calls()}") from None


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("baresip", "dtls"), ("linphone", "srtp")])
def test_out_to_a_plain_gateway(exchange, gateway, people, kind, media):
    """The phone's keys end in the exchange; what SIPp sends back is heard, and the grade says who else could hear it."""
    gateway.answers()
    up(exchange, "pots")
    one = people.phone(kind, f"out-{kind}-{media}", tone="a", media=media, codecs=("PCMU",))
    allow(exchange, f"out-{kind}-{media}", "mobile")
    one.forget()
    one.dial(OUT)
    one.wait_state("established")
    assert exchange.wait_grade("open")["to"]
    talk_a_while(exchange)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 2)
    assert "BYE sip:" in gateway.said() and "a=crypto" not in gateway.said()


def answer(phone):
    """Twice, where it must: a phone that takes DTLS alone is offered SDES in vain the first time, and rings again."""
    for _ in range(2):
        call = phone.wait_incoming(15)
        phone.answer()
        phone.wait_state("established", "closed", call=call)
        time.sleep(0.5)
        phone.poll()
        if call.state != "closed":
            return


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("baresip", "dtls"), ("linphone", "srtp")])
def test_in_from_a_plain_gateway(exchange, gateway, people, kind, media):
    """SIPp calls a number of ours and plays a tone; the phone that it rings hears it, encrypted as it wants"""
    gateway.answers()
    up(exchange, "pots")
    name = f"in-{kind}-{media}"
    one = people.phone(kind, name, tone="b", media=media, codecs=("PCMU",))
    one.forget()
    gateway.calls_in(NUMBERS[name], 5, "a")
    answer(one)
    one.wait_state("established")
    assert exchange.wait_grade("open")
    gateway.result()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 3)


@pytest.mark.parametrize("kind,media", [("baresip", "dtls"), ("linphone", "srtp")])
def test_in_from_a_gateway_that_offers_nothing(exchange, gateway, people, kind, media):
    """R29, RFC 3261 13.2.1: SIPp calls without an offer, as Cisco's trunks do; it answers ours in its ACK, and is heard"""
    gateway.answers()
    up(exchange, "pots")
    name = f"in-{kind}-{media}"
    one = people.phone(kind, name, tone="b", media=media, codecs=("PCMU",))
    one.forget()
    gateway.calls_in(NUMBERS[name], 5, "a", late=True)
    answer(one)
    one.wait_state("established")
    assert exchange.wait_grade("open")
    gateway.result()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 3)


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("baresip", "dtls"), ("linphone", "srtp"), ("linphone", "dtls")])
def test_out_over_tls_and_srtp(exchange, border, people, kind, media):
    """R6, R7: the trunk is TLS with SRTP, its certificate says the name that was configured; both hear each other, nothing is clear"""
    up(exchange, "border")
    one = people.phone(kind, f"out-{kind}-{media}", tone="a", media=media, codecs=("PCMU",))
    allow(exchange, f"out-{kind}-{media}", "national")
    one.forget()
    border.forget()
    one.dial(BEYOND)
    one.wait_state("established")
    assert exchange.wait_grade("gateway")
    talk_a_while(exchange)
    one.hangup()
    one.wait_idle()
    border.wait_idle()
    exchange.wait_no_calls()
    one.hears("b", 2)
    border.hears("a", 2)


def test_hold_through_a_trunk(exchange, border, people):
    """A re-INVITE of the phone reaches the trunk: held, then talking again"""
    up(exchange, "border")
    one = people.phone("baresip", "out-baresip-srtp", tone="a", media="srtp", codecs=("PCMU",))
    one.forget()
    border.forget()
    one.dial(BEYOND)
    one.wait_state("established")
    one.hold()
    one.resume()
    talk_a_while(exchange, exchange.calls()[0]["packets_to"])
    border.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    border.hears("a", 2)


def test_the_far_end_ends_it(exchange, border, people):
    up(exchange, "border")
    one = people.phone("linphone", "out-linphone-srtp", tone="a", media="srtp", codecs=("PCMU",))
    border.forget()
    one.dial(BEYOND)
    one.wait_state("established")
    border.wait_state("established")
    border.hangup()
    one.wait_closed()
    exchange.wait_no_calls()


@pytest.mark.parametrize("kind", ["baresip", "linphone"])
def test_a_line_is_given_on(exchange, border, people, kind):
    """R29: who talks to the outside asks another, and puts the two together: the other's phone comes to the line, and both are heard."""
    up(exchange, "border")
    one = people.phone("linphone", "out-linphone-srtp", tone="a", media="srtp", codecs=("PCMU",))
    allow(exchange, "out-linphone-srtp", "national")
    two = people.phone(kind, f"in-{kind}-srtp", tone="b", media="srtp", codecs=("PCMU",))
    border.forget()
    two.forget()
    first = one.dial(BEYOND)
    one.wait_state("established", call=first)
    border.wait_state("established")
    one.hold()
    second = one.dial(two.bundle.user)
    two.wait_incoming()
    two.answer()
    one.wait_state("established", call=second)
    time.sleep(1)
    one.command(f"transfer {first.key} --to-call {second.key}")
    one.wait_idle(20)
    net.wait_for("one call", lambda: [(c["grade"], c["from"] and c["to"] != "") for c in exchange.calls()] == [("gateway", True)], 10)
    line = exchange.calls()[0]      # what it had counts on
    talk_a_while(exchange, max(line["packets_from"], line["packets_to"]))
    border.hangup()
    two.wait_idle(20)
    exchange.wait_no_calls()
    two.hears("b", 2)
    border.hears("b", 2)


# --- who calls from outside (R18) ---

ANONYMOUS = "<sip:anonymous@anonymous.invalid>", "Privacy: id\r\n"
STRANGER = f"<sip:{CALLER}@gateway.test>", ""


@pytest.fixture(scope="module")
def town(answers, exchange):
    up(exchange, "town")
    return answers


def settings(x, user, text):
    x.ask("user-set", name=user, body=text.encode())


def rings(town, phone, number, caller=STRANGER):
    """It rings, and is sent away."""
    phone.forget()
    town.forget()
    town.call(number, *caller)
    phone.wait_incoming()
    phone.reject()
    phone.wait_idle()
    net.wait_for("the answer", lambda: [c for c in town.answers if c >= 200], 10)


def refused(town, phone, number, caller=STRANGER):
    """The code; nothing rang."""
    phone.forget()
    town.forget()
    town.call(number, *caller)
    codes = net.wait_for("the answer", lambda: [c for c in town.answers if c >= 200], 10)
    phone.poll()
    assert not phone.calls
    return codes[0]


def hears(town, where, prompt, timeout=15):
    def heard():
        return len(town.heard) > 8000 and hears_prompt(town.recording(f"{where}/town.wav"), prompt) is not None
    net.wait_for(f"the outside to hear {prompt}", heard, timeout, step=0.5)


def code(phone, digits, prompt=None):
    """A service code, and what the phone's user hears: speech, or that prompt ("saved" is too short to be known by its sound)."""
    phone.forget()
    phone.dial(digits)
    phone.wait_state("established")
    phone.wait_closed(timeout=15)
    said(phone, 0.3)
    assert not prompt or not unheard(phone, prompt)


def test_a_stranger_is_asked_and_presses_4(exchange, town, people, where):
    """R18: nothing rings before the key (RFC 4733)"""
    one = people.phone("baresip", "shy", tone="b", media="srtp", codecs=("PCMU",))
    settings(exchange, "shy", "screen=screen\n")
    one.forget()
    town.forget()
    town.call("+33123456705", *STRANGER)
    hears(town, where, "screening")
    one.poll()
    assert not one.calls
    town.press("4")
    one.wait_incoming()
    one.answer()
    one.wait_state("established")
    echoed = town.echoed
    net.wait_for("audio to and fro", lambda: town.echoed > echoed + 150, 15)
    town.hang_up()
    one.wait_closed()
    exchange.wait_no_calls()
    one.hears("b", 1)


def test_in_by_tcp_to_the_port_of_datagrams(exchange, gateway, people):
    """RFC 3261 18.1.1, 18.2.1: SIPp's INVITE is too large for a datagram, so it comes by TCP to the port of the trunk over UDP, and all
    that is said of the call goes that way"""
    gateway.answers()
    up(exchange, "pots")
    one = people.phone("baresip", "in-baresip-srtp", tone="b", media="srtp", codecs=("PCMU",))
    one.forget()
    came, datagrams = exchange.counter("trunk-streams-came"), exchange.counter("trunk-datagrams")
    gateway.calls_in(NUMBERS["in-baresip-srtp"], 4, "a", tcp=True)
    answer(one)
    one.wait_state("established")
    assert exchange.wait_grade("open")
    gateway.result()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 2)
    said = gateway.said()
    assert "Via: SIP/2.0/TCP" in said and "SIP/2.0/UDP" not in said and "SIP/2.0 200 OK" in said
    assert exchange.counter("trunk-streams-came") == came + 1
    assert exchange.counter("trunk-datagrams") - datagrams < 10     # the answers of before to whether it is there


def test_a_stranger_presses_4_by_info(exchange, gateway, people):
    """R18: a gateway that says keys by SIP INFO. The first bodies are none; the second 4, in the talk, goes to nobody."""
    one = people.phone("baresip", "in-baresip-srtp", tone="b", media="srtp", codecs=("PCMU",))
    settings(exchange, "in-baresip-srtp", "screen=screen\n")
    gateway.answers()
    up(exchange, "pots")
    one.forget()
    relay, key = "application/dtmf-relay", "Signal=4\nDuration=160\n"
    gateway.calls_in(NUMBERS["in-baresip-srtp"], 3, "a", [(relay, "Signal=44\n", 415), ("text/plain", "4", 415), (relay, key, 200),
                                                          ("application/dtmf", "4", 200)])
    one.wait_incoming()
    assert gateway.said().count("INFO sip:") == 3
    answer(one)
    gateway.result()
    one.wait_closed()
    exchange.wait_no_calls()
    settings(exchange, "in-baresip-srtp", "screen=\n")
    one.hears("a", 2)
    said = gateway.said()
    assert said.count("INFO sip:") == 4 and [m for m in re.findall(r"^Allow: (.*)$", said, re.M)
                                               if "INFO" in m and m.strip() != ALLOW]
    assert "Signal" not in exchange.tail(10 ** 7)


def test_a_stranger_who_can_press_no_key_is_held_up(exchange, gateway, people):
    """R18: neither telephone-event nor INFO: nothing is asked, it rings some seconds later, and the operator is told"""
    one = people.phone("baresip", "in-baresip-srtp", tone="b", media="srtp", codecs=("PCMU",))
    settings(exchange, "in-baresip-srtp", "screen=screen\n")
    gateway.answers()
    up(exchange, "pots")
    one.forget()
    gateway.calls_in(NUMBERS["in-baresip-srtp"], 3, "a")
    one.wait_incoming()
    answer(one)
    gateway.result()
    one.wait_closed()
    exchange.wait_no_calls()
    settings(exchange, "in-baresip-srtp", "screen=\n")
    one.hears("a", 2)
    assert "trunk pots offers no digits" in exchange.command("events").stdout


def test_a_stranger_presses_nothing(exchange, town, people, where):
    """R18: asked twice, then the exchange hangs up; the phone never rang"""
    one = people.phone("baresip", "shy", tone="b", media="srtp", codecs=("PCMU",))
    settings(exchange, "shy", "screen=screen\n")
    one.forget()
    town.forget()
    town.call("+33123456705", *STRANGER)
    net.wait_for("the exchange to hang up", lambda: town.over, 60)
    hears(town, where, "screening")
    hears(town, where, "goodbye")
    one.poll()
    assert not one.calls
    exchange.wait_no_calls()


def test_the_last_caller_is_blocked_by_a_code(exchange, town, people):
    """R18: *60 refuses that number alone, *61 takes it back"""
    one = people.phone("baresip", "shy", tone="b", media="srtp", codecs=("PCMU",))
    settings(exchange, "shy", "screen=\n")
    rings(town, one, "+33123456705")
    code(one, "*60", "blocked")
    assert refused(town, one, "+33123456705") == 603
    rings(town, one, "+33123456705", ("<sip:+33698765431@gateway.test>", ""))
    code(one, "*61", "unblocked")
    rings(town, one, "+33123456705")
    exchange.wait_no_calls()


def test_anonymous_callers_are_refused_by_a_code(exchange, town, people, where):
    """R18: after *77 one without a number hears why, one with a number rings; *87 takes it back"""
    one = people.phone("baresip", "shy", tone="b", media="srtp", codecs=("PCMU",))
    settings(exchange, "shy", "screen=\n")
    rings(town, one, "+33123456705", ANONYMOUS)
    code(one, "*77")
    assert refused(town, one, "+33123456705", ANONYMOUS) == 200     # it is told
    net.wait_for("the exchange to hang up", lambda: town.over, 20)
    hears(town, where, "anonymous-refused")
    rings(town, one, "+33123456705")
    code(one, "*87")
    rings(town, one, "+33123456705", ANONYMOUS)
    exchange.wait_no_calls()


# --- a call for help (R16) ---

def places(invite):
    """What stands beside the SDP of an INVITE, in the order in which its header names it (RFC 6442): whose word it is (RFC 8787), and the
    document."""
    m = email.message_from_string(invite.split("\r\n", 1)[1])
    sdp, *pidf = m.get_payload()
    assert m.get_content_type() == "multipart/mixed" and sdp.get_content_type() == "application/sdp" and "m=audio" in sdp.get_payload()
    assert pidf and {p.get_content_type() for p in pidf} == {"application/pidf+xml"}
    named = [re.fullmatch(r"<cid:([^>]*)>(;loc-src=[a-z0-9.-]+)?", n) for n in m["Geolocation"].split(", ")]
    assert [n[1] for n in named] == [p["Content-ID"].strip("<>") for p in pidf]
    return [("site" if n[2] else "phone", ElementTree.fromstring(p.get_payload().strip().encode())) for n, p in zip(named, pidf)]


def civic(tree):
    """The address in a document, and the note with it."""
    return {e.tag.split("}")[1]: e.text for e in tree.iterfind(".//{*}civicAddress/*")}, tree.findtext("{*}tuple/{*}note")


def place(invite):
    """The same of the one document that there is, which is the site's."""
    [(whose, tree)] = places(invite)
    assert whose == "site"
    return civic(tree)


PLACE = {"country": "FR", "A3": "Paris", "RD": "Rue X", "HNO": "7", "FLR": "2", "ROOM": "45"}


def test_help_knows_where_the_phone_stands_and_calls_back(exchange, town, people):
    """R16: the place goes with the call; who calls back within the time passes do-not-disturb, a forward and what strangers meet"""
    one = people.phone("baresip", "helped", tone="a", media="srtp", codecs=("PCMU",))
    settings(exchange, "helped", "dnd=on\nforward-always=shy\nscreen=refuse\n")
    exchange.command("phone", "set", "dev-helped", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, house=7, floor=2, room=45")
    assert refused(town, one, "+33123456704") >= 400
    one.forget()
    town.forget()
    one.dial("112")
    one.wait_state("established")
    net.wait_for("audio to and fro", lambda: town.echoed > 150, 15)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 1)
    assert town.invites[0].startswith("INVITE sip:112@")
    assert place(town.invites[0]) == (PLACE, None)
    rings(town, one, "+33123456704")
    rings(town, one, "+33123456704", ANONYMOUS)
    exchange.wait_no_calls()


def test_who_answers_for_help_can_be_reached(exchange, town):
    """R16: a number for help, which leaves over a trunk, is given to nobody; the front desk stays, and status warns where none is"""
    exchange.command("user", "add", "doorkeeper", stdin="pass-of-doorkeeper\n")
    for kind, more in (("user", ()), ("group", ("--members", "doorkeeper"))):
        r = exchange.command(kind, "add", "112", *more, check=False, stdin="pass-of-112\n")
        assert r.returncode and "a number for help" in r.stdout + r.stderr, (kind, r.stdout, r.stderr)
    assert "no front desk is set" in exchange.command("status").stdout
    exchange.command("site", "set", "--front-desk", "doorkeeper")
    assert "front desk" not in exchange.command("status").stdout
    for act in (("delete", "doorkeeper"), ("set", "doorkeeper", "--enabled", "off")):
        r = exchange.command("user", *act, check=False)
        assert r.returncode and "front desk" in r.stdout + r.stderr, (act, r.stdout, r.stderr)
    exchange.command("site", "set", "--front-desk", "none")
    exchange.command("user", "delete", "doorkeeper")


def test_help_gets_through_where_fragments_do_not(exchange, town, people):
    """R16: RFC 3261 18.1.1 has its reason: the place makes the INVITE more than one datagram. Lost twice, it goes out again without"""
    one = people.phone("baresip", "helped", tone="a", media="srtp", codecs=("PCMU",))
    exchange.command("phone", "set", "dev-helped", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, house=7, floor=2, room=45")
    town.forget()
    town.longest = 1400
    try:
        began = time.monotonic()
        one.dial("112")
        one.wait_state("established")
        took = time.monotonic() - began
        net.wait_for("audio to and fro", lambda: town.echoed > 50, 15)
        one.hangup()
        one.wait_idle()
    finally:
        town.longest = 65535
    exchange.wait_no_calls()
    assert town.lost == 2 and took < 4
    assert [("Geolocation" in x, "pidf" in x) for x in town.invites] == [(False, False)]
    assert any("too large" in e["detail"] for e in exchange.events())
    one.dial("112")     # and where they are not lost, it has its place
    one.wait_state("established")
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    assert place(town.invites[-1]) == (PLACE, None)


def test_help_needs_no_keys_that_end_here(exchange, town, people):
    """R16: ZRTP ends in no media; whoever has nothing else is heard in clear, when it is help that is called, and it is said so"""
    one = people.phone("linphone", "zonly", tone="a", media="zrtp", mandatory=False, codecs=("PCMU",))
    exchange.command("phone", "set", "dev-zonly", "--fixed", "on", "--location", "country=FR, city=Paris, street=Rue X, house=7")
    allow(exchange, "zonly", "mobile")
    town.forget()
    one.dial("112")
    one.wait_state("established")
    assert exchange.wait_grade("open")
    net.wait_for("audio of the phone", lambda: town.echoed > 100, 15)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    assert any("anyone can hear" in e["detail"] for e in exchange.events())


def test_a_line_of_the_other_law_is_heard(exchange, town, people):
    """R29: the phone knows G.711 A-law alone, the line mu-law: the exchange puts one into the other, both ways"""
    one = people.phone("baresip", "alaw", tone="a", media="srtp", codecs=("PCMA",))
    exchange.command("phone", "set", "dev-alaw", "--fixed", "on", "--location", "country=FR, city=Paris, street=Rue X, house=7")
    town.forget()
    one.forget()
    one.dial("112")
    one.wait_state("established")
    net.wait_for("audio to and fro", lambda: town.echoed > 150, 15)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 1)


@pytest.mark.parametrize("kind,media", [("baresip", "srtp"), ("baresip", "dtls"), ("linphone", "srtp")])
def test_a_line_that_changes_its_codec_is_heard(exchange, town, people, kind, media):
    """R29: a call in G.711 whose line goes on in G.722 alone: the phone is asked for that, and heard in it; a hold and what follows keep it"""
    def heard(n):
        net.wait_for("G.722 to and fro", lambda: town.kinds.get(9, 0) > n, 15)

    name = f"wide-{kind}-{media}"
    one = people.phone(kind, name, tone="a", media=media, codecs=("PCMU", "G722/16000" if kind == "baresip" else "G722"))
    town.forget()
    one.forget()
    town.call(NUMBERS[name], *STRANGER)
    answer(one)
    one.wait_state("established")
    net.wait_for("G.711 to and fro", lambda: town.kinds.get(0, 0) > 100, 15)
    town.change(9, "G722")
    net.wait_for("the answer", lambda: [c for c in town.answers if c >= 200] == [200], 10)
    time.sleep(0.5)     # what was under way
    town.kinds = {}
    heard(100)
    assert set(town.kinds) == {9}
    one.hold()
    one.resume()
    heard(town.kinds[9] + 100)
    assert set(town.kinds) <= {9}
    town.hang_up()
    one.wait_idle()
    exchange.wait_no_calls()
    one.hears("a", 1 if kind == "baresip" else 3)   # whose recorder ends with the first codec


def test_a_doubt_goes_with_the_place(exchange, town, people):
    """R16: of a phone that is not where it belongs, the centre reads that, in the address too, and so do staff"""
    one = people.phone("baresip", "helped", tone="a", media="srtp", codecs=("PCMU",))
    exchange.command("phone", "set", "dev-helped", "--fixed", "on", "--subnet", "192.0.2.0/24",
                     "--location", "country=FR, city=Paris, street=Rue X, house=7, floor=2, room=45",
                     "--location-confirmed", str(int(time.time() * 1000)))
    town.forget()
    one.dial("112")
    one.wait_state("established")
    net.wait_for("audio to and fro", lambda: town.echoed > 50, 15)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    address, note = place(town.invites[0])
    assert address.pop("LOC").startswith("NOT VERIFIED") and address == PLACE and note.startswith("Not verified")
    assert "an emergency call of a phone that may have been moved" in exchange.command("notices").stdout
    details = [e["detail"] for e in exchange.events() if e["what"] == "emergency"][-2:]
    assert details == ["emergency call of a phone that may have been moved", "an emergency call has ended"]
    exchange.command("phone", "set", "dev-helped", "--subnet", "none")


# --- and where the phone itself says that it is (RFC 6442) ---

SAYS = """<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"
 xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" entity="pres:somebody@else.test">
 <tuple id="a"><status><gp:geopriv><gp:location-info>
  <gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>48.8583701 2.2944813</gml:pos>
   <gs:radius uom="urn:ogc:def:uom:EPSG::9001">29.5</gs:radius></gs:Circle>
  <ca:civicAddress><ca:country>FR</ca:country><ca:RD>Quai &amp; Pont</ca:RD></ca:civicAddress>
 </gp:location-info><gp:usage-rules/><gp:method>GPS</gp:method></gp:geopriv></status>
 <timestamp>2026-11-27T12:00:00+01:00</timestamp></tuple>
 <!-- a thing unheard of --><x:y xmlns:x="urn:unheard-of">passed over</x:y></presence>
"""
OWN = {"country": "FR", "RD": "Quai & Pont", "LOC": "NOT VERIFIED: the phone itself says so"}
PLANTED = ("48.858", "2.2944", "Quai", "unheard-of", "somebody")


def helped(exchange, town, phone, document):
    """The INVITE that came out at the gateway when a phone called for help that says where it is."""
    town.forget()
    body = "".join(f"--b0\r\nContent-Type: {t}\r\n{more}\r\n{part}\r\n" for t, more, part in (
        ("application/sdp", "", sip.sdp(phone.local)), ("application/pidf+xml", "Content-ID: <here@phone.test>\r\n", document))) + "--b0--\r\n"
    sent = phone.invite("112", body, content="multipart/mixed;boundary=b0",
                        headers={"Geolocation": "<cid:here@phone.test>", "Geolocation-Routing": "yes"})
    r = phone.answer(sent, timeout=10)
    phone.ack(sent, r)
    assert r.code == 200, r
    assert phone.answer(phone.in_dialog("BYE", sent, r, 2)).code == 200
    exchange.wait_no_calls()
    [invite] = town.invites
    assert "unheard-of" not in invite and "somebody" not in invite
    return invite


def is_its_own_word(tree):
    pos, radius = tree.findtext(".//{*}Circle/{*}pos"), tree.findtext(".//{*}Circle/{*}radius")
    address, note = civic(tree)
    return (pos, radius, tree.findtext(".//{*}method")) == ("48.8583701 2.2944813", "29.5", "GPS") and address == OWN and \
        note.startswith("Not verified") and tree.findtext("{*}tuple/{*}timestamp") == "2026-11-27T11:00:00Z"


def test_what_a_phone_says_of_its_place_goes_along(exchange, town, scripted):
    """R16: written anew beside the stored place and behind it, or before it where the phone may have been moved; where that is stands in
    the record of safety and in no log and no event"""
    phone = scripted("says-where")
    exchange.command("phone", "set", "dev-says-where", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, house=7, floor=2, room=45")
    [(first, stored), (second, own)] = places(helped(exchange, town, phone, SAYS))
    assert (first, second) == ("site", "phone") and civic(stored) == (PLACE, None) and is_its_own_word(own)
    assert stored.findtext(".//{*}method") == "Manual" and own.get("entity") == stored.get("entity")
    notices = exchange.command("notices").stdout
    assert "where the phone itself says that it is" in notices
    assert "48.858370, 2.294481 within 30 m, country=FR, street=Quai & Pont" in notices

    exchange.command("phone", "set", "dev-says-where", "--subnet", "192.0.2.0/24",
                     "--location-confirmed", str(int(time.time() * 1000)))
    [(first, own), (second, stored)] = places(helped(exchange, town, phone, SAYS))
    assert (first, second) == ("phone", "site") and is_its_own_word(own)
    assert civic(stored)[0]["LOC"] == "NOT VERIFIED: the phone may have been moved"
    moved = [e["detail"] for e in exchange.events() if e["what"] == "emergency"][-2]
    assert moved == "emergency call of a phone that may have been moved, and says itself where it is"

    exchange.command("phone", "set", "dev-says-where", "--subnet", "none", "--location", "none")
    [(whose, own)] = places(helped(exchange, town, phone, SAYS))
    assert whose == "phone" and is_its_own_word(own)
    told = exchange.tail(10 ** 7) + str(exchange.events())
    assert not [w for w in PLANTED if w in told]


@pytest.mark.parametrize("document", ['<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + SAYS.split("?>", 1)[1], "<presence/>", "\x01",
                                      SAYS.replace("48.85", "98.85").replace("FR<", "France<"), SAYS[:-20]])
def test_a_place_that_is_not_understood_holds_no_help_up(exchange, town, scripted, document):
    """R16, T18: the call goes its way with the place that is stored, and nothing of the document with it"""
    phone = scripted("says-where")
    exchange.command("phone", "set", "dev-says-where", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, house=7, floor=2, room=45")
    assert place(helped(exchange, town, phone, document)) == (PLACE, None)
