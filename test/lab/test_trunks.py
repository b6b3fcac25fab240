# SPDX-License-Identifier: ISC
"""Trunks against Kamailio as the provider: registration with digest over TLS, TCP and UDP, failover by SRV, supervision, and what a
stranger in the provider's place gets: nothing (R6, R29, T1, T34, T47)."""
import json
import os
import re
import shutil
import socket
import time

import net
import pki
import pytest
from exchange import CONF, Exchange
from gateway import Gateway
from provider import Provider, Zone, resolve_at
from signer import URL, Signer, other_key

TRUNKS = """
pin = off
incoming {{ unknown = pass anonymous = refuse failed = pass }}
numbers {{ country = "fr" }}
trunk udp {{
    server = "udp.provider.test" transport = udp media = rtp plain = yes listen = "{us}:5070"
    user = "u1" realm = "provider.test" md5 = yes media-from = {{"10.77.4.0/24"}} keepalive = 5 priority = 4
    domain = "provider.test"
    number "+33123456789" {{ to = 101 }}
}}
trunk tcp {{
    server = "tcp.provider.test" transport = tcp media = rtp plain = yes address = "{us}"
    user = "u2" realm = "provider.test" media-from = {{"10.77.4.0/24"}} keepalive = 5 priority = 3
    domain = "provider.test"
}}
trunk tls {{
    server = "tls.provider.test" ca = "lab.pem" address = "{us}"
    user = "u3" realm = "provider.test" media-from = {{"10.77.4.0/24"}} keepalive = 5 priority = 2
    caller-id = {{"+33123456789"}}
    domain = "provider.test"
}}
trunk pots {{
    server = "{gw}" transport = udp media = rtp plain = yes listen = "{us}:5072"
    media-from = {{"{gw}"}} keepalive = 5 priority = 1 classes = {{mobile}} lines = 1
    caller-id = {{"+33123456700"}}
    number "+33123456701" {{ to = g1 }}
    number "+33123456702" {{ to = signed }}
}}
signed-callers {{
    ca = "stir-roots.pem"
    certificate "https://cert.provider.test/stir.pem" {{ file = "stir.pem" }}
}}
trunk silent {{
    server = "silent.provider.test" transport = udp media = rtp plain = yes listen = "{us}:5071"
    media-from = {{"10.77.4.0/24"}} keepalive = 5
}}
"""
PASSWORD = "trunk-secret"


class Telco:
    """The provider's side: a DNS server, hosts, certificates."""

    def __init__(self, lab, where):
        self.lab, self.where = lab, where
        self.dns = lab.host("dns", "telco")
        self.hosts = [lab.host(f"sp{i}", "telco") for i in range(5)]
        self.ca = pki.Authority(f"{where}/provider-ca", "provider CA")
        self.other = pki.Authority(f"{where}/other-ca", "another CA")
        self.stir = pki.Authority(f"{where}/stir-ca", "numbers CA")
        self.signer = Signer(self.stir, "numbers", 33698000000, 1000000)
        self.zone = Zone(self.dns, where)
        self.providers = []
        resolve_at(lab, self.dns.v4)

    def provider(self, host, **kw):
        p = Provider(self.hosts[host], f"{self.where}/sp{host}-{len(self.providers)}", **kw).start()
        self.providers.append(p)
        return p

    def cert(self, name, names, ca=None):
        return (ca or self.ca).issue(name, names=names, usage="serverAuth")

    def says(self):
        h = [x.v4 for x in self.hosts]
        self.zone.says({
            "udp.provider.test": {},
            "_sip._udp.udp.provider.test": {"SRV": [[10, 0, 5060, "a.udp.provider.test"], [20, 0, 5060, "b.udp.provider.test"]]},
            "a.udp.provider.test": {"A": [h[0]]},
            "b.udp.provider.test": {"A": [h[1]]},
            "tcp.provider.test": {"A": [h[2]]},
            "tls.provider.test": {"NAPTR": [[10, 10, "s", "SIPS+D2T", "_sips._tcp.far.provider.test"]]},
            "_sips._tcp.far.provider.test": {"SRV": [[1, 1, 5061, "sbc.provider.test"]]},
            "sbc.provider.test": {"A": [h[3]]},
            "silent.provider.test": {"A": [h[3]]},
        })

    def stop(self):
        for p in self.providers:
            p.stop()


@pytest.fixture(scope="module")
def telco(lab, where):
    t = Telco(lab, where)
    t.says()
    yield t
    t.stop()
    shutil.rmtree(f"/etc/netns/{lab.exchange.ns}", ignore_errors=True)


@pytest.fixture(scope="module")
def exchange(lab, where, telco):
    x = Exchange(lab, where, conf=CONF + TRUNKS.replace("{us}", lab.addr["telco"][0]).replace("{gw}", telco.hosts[4].v4),
                 kernel=True)
    os.makedirs(f"{x.site}/trust", exist_ok=True)
    shutil.copy(telco.ca.cert, f"{x.site}/trust/lab.pem")
    shutil.copy(telco.stir.cert, f"{x.site}/trust/stir-roots.pem")
    shutil.copy(telco.signer.cert, f"{x.site}/trust/stir.pem")
    try:
        x.start()
        for name in ("udp", "tcp", "tls"):
            x.ask("trunk-password", name=name, password=PASSWORD)
        yield x
    finally:
        x.stop()
    x.check_health()


@pytest.fixture(scope="module")
def gateway(lab, telco, exchange):
    g = Gateway(telco.hosts[4], (lab.addr["telco"][0], 5072))
    kick(exchange, "udp")
    yield g
    g.stop()


def trunk(x, name):
    return next(t for t in x.ask("trunks") if t["name"] == name)


def wait_state(x, name, state, timeout=20):
    def look():
        t = trunk(x, name)
        return t if t["state"] == state else None
    try:
        return net.wait_for(f"trunk {name} {state}", look, timeout, step=0.2)
    except net.LabError as e:
        raise net.LabError(f"{e}: {trunk(x, name)}") from None


def kick(x, name, password=PASSWORD):
    """Whatever waits tries again now."""
    x.ask("trunk-password", name=name, password=password)


def test_udp_registers_with_md5(telco, exchange):
    """R29: SRV leads to it, MD5 is answered because the section allows it; as older servers do, this one knows no qop"""
    telco.first = telco.provider(0, qop=0)
    kick(exchange, "udp")
    t = wait_state(exchange, "udp", "up")
    assert t["address"] == f"{telco.hosts[0].v4}:5060" and telco.first.bound() >= 1
    assert exchange.wait_event("trunk")


def test_tcp_registers_with_sha256(telco, exchange):
    telco.tcp = telco.provider(2, transport="tcp", algorithm="SHA-256")
    kick(exchange, "tcp")
    assert wait_state(exchange, "tcp", "up")["address"] == f"{telco.hosts[2].v4}:5060"


def test_tls_registers_and_checks_the_name(telco, exchange):
    """R6: NAPTR and SRV lead elsewhere, and still the certificate must say the name that was configured (RFC 5922)"""
    telco.tls = telco.provider(3, transport="tls", port=5061, algorithm="SHA-256",
                               cert=telco.cert("tls-good", ["DNS:tls.provider.test"]))
    kick(exchange, "tls")
    assert wait_state(exchange, "tls", "up")["address"] == f"{telco.hosts[3].v4}:5061"


def test_a_call_is_challenged_and_answered(telco, exchange, scripted):
    """R29: the provider asks for the password of the call too; the number shown is one that the trunk may show"""
    wait_state(exchange, "tls", "up")
    c = scripted("201")
    exchange.ask("user-set", name="201", body=b"classes=national\n")
    sent = c.invite("+33144556677")
    r = c.answer(sent)
    c.ack(sent, r)
    assert r.code == 486, r
    assert "CALL +33144556677 from +33123456789" in telco.tls.said(), telco.tls.said()[-800:]


def test_r17_a_call_that_a_trunk_ended_with_its_connection_is_over(telco, exchange, scripted):
    """edge dies, and the provider's BYE with it: it is asked over the next connection, and says that there is no such call"""
    wait_state(exchange, "tls", "up")
    c = scripted("201")
    sent = c.invite("+33144556600")
    r = c.answer(sent)
    assert r.code == 200, r
    c.ack(sent, r)
    assert not c.quiet(1)  # it was heard
    exchange.wait_replaced("edge", exchange.kill("edge"))
    wait_state(exchange, "tls", "up", 30)
    c.reconnect()
    c.reply(c.wait_request("BYE", 10), 200, "OK")
    assert telco.tls.said().count("ASKED AGAIN") == 1
    exchange.wait_no_calls(40)


def test_a_call_through_a_plain_gateway(exchange, gateway, people):
    """R7, R29: a phone's SRTP ends in the exchange and goes on as RTP to a gateway that is named plain; the grade says open"""
    wait_state(exchange, "pots", "up")
    one = people.phone("baresip", "g1", tone="a", media="srtp", auto=True)
    exchange.ask("user-set", name="g1", body=b"classes=mobile\n")
    gateway.forget()
    one.forget()
    one.dial("+33612345678")
    one.wait_state("established")
    assert exchange.wait_grade("open")["to"]
    net.wait_for("the line to be counted", lambda: trunk(exchange, "pots")["busy"] == 1, 5)
    net.wait_for("audio to and fro", lambda: gateway.echoed > 250, 15)
    one.hangup()
    net.wait_for("BYE", lambda: gateway.over, 5)
    one.hears("a", 1.5)
    invite = gateway.invites[0]
    assert invite.startswith("INVITE sip:+33612345678@") and "sip:+33123456700@" in invite and "g1@" not in invite
    assert "a=crypto" not in invite and "RTP/AVP" in invite and gateway.clear
    net.wait_for("the line to be free", lambda: trunk(exchange, "pots")["busy"] == 0, 5)


@pytest.mark.parametrize("killed", [None, "media", "net"])
def test_media_that_ends_here_by_the_ring(exchange, gateway, people, killed):
    """R28: both legs end in media, and no packet of theirs costs a system call of its own; kill -9 of media or net costs them moments"""
    wait_state(exchange, "pots", "up")
    one = people.phone("baresip", "g1", tone="a", media="srtp", auto=True)
    exchange.ask("user-set", name="g1", body=b"classes=mobile\n")
    gateway.forget()
    one.forget()
    one.dial("+33612345678")
    one.wait_state("established")
    net.wait_for("flows of both legs", lambda: exchange.counter("kernel-flows") == 2, 5)
    if killed:
        old = exchange.kill(killed)
        exchange.wait_replaced(killed, old)
        net.wait_for("flows of both legs again", lambda: exchange.counter("kernel-flows") == 2, 10)
    before = exchange.counter("passed"), exchange.counter("ring-taken")
    time.sleep(3)
    passed, taken = exchange.counter("passed") - before[0], exchange.counter("ring-taken") - before[1]
    assert taken > 250 and abs(passed - taken) <= 20, (passed, taken)    # 50 a second each way; telephone events are few
    # media counts what it opens as the kernel does what it passes on
    call = net.wait_for("two seconds of both ways", lambda: [c for c in exchange.calls() if c["expected_from"] > 100 < c["expected_to"]], 5, step=0.3)[0]
    assert call["lost_from"] + call["lost_to"] <= 5, call
    assert 0 < call["jitter_us_from"] < 50000 > call["jitter_us_to"] > 0, call
    one.hears("a", 1.5)
    one.hangup()
    net.wait_for("BYE", lambda: gateway.over, 5)
    exchange.wait_no_calls()
    net.wait_for("no flows", lambda: exchange.counter("kernel-flows") == 0, 5)


def test_lost_datagrams_are_said_again(exchange, gateway, people):
    """RFC 3261 17.1.1.2, timer A: the first INVITE is lost, the call comes all the same"""
    wait_state(exchange, "pots", "up")
    one = people.phone("baresip", "g1", tone="a", media="srtp", auto=True)
    gateway.forget()
    gateway.deaf = 2
    one.dial("+33612345679")
    one.wait_state("established", timeout=15)
    assert len(gateway.invites) == 1
    one.hangup()
    net.wait_for("BYE", lambda: gateway.over, 5)
    exchange.wait_no_calls()


def test_a_call_from_the_gateway(exchange, gateway, people):
    """R18, R29: a number of ours rings who is meant; who it is from is shown as the trunk says it"""
    wait_state(exchange, "pots", "up")
    one = people.phone("baresip", "g1", tone="b", media="srtp", auto=True, fresh=True)
    gateway.forget()
    one.forget()
    gateway.call("+33123456701", "<sip:+33698765432@gateway.test>")
    net.wait_for("the answer", lambda: gateway.up, 15)
    net.wait_for("audio to and fro", lambda: gateway.echoed > 250, 15)
    gateway.hang_up()
    one.wait_closed()
    one.hears("b", 1)
    exchange.wait_no_calls()


@pytest.mark.parametrize("number,caller,more,codes", [
    ("+33123456799", "<sip:+33698765432@gateway.test>", "", (404,)),                                 # nobody's number
    ("g1", "<sip:+33698765432@gateway.test>", "", (404,)),                                           # an extension is no number of ours
    ("+33698765432", "<sip:+33698765432@gateway.test>", "", (404, 403)),                             # T41: in and out again
    ("112", "<sip:+33698765432@gateway.test>", "", (404, 403)),                                      # R16: no trunk calls for help here
    ("+33123456701", "<sip:g1@ringfence.test>", "", (403,)),                                         # T9: an inside number from outside
    ("+33123456701", "<sip:anonymous@anonymous.invalid>", "Privacy: id\r\n", (403, 433, 603)),     # R18: the site refuses these
])
def test_what_does_not_come_in(exchange, gateway, people, number, caller, more, codes):
    wait_state(exchange, "pots", "up")
    gateway.forget()
    gateway.call(number, caller, more)
    net.wait_for("an answer", lambda: [c for c in gateway.answers if c >= 200], 15)
    assert gateway.answers[-1] in codes, gateway.answers
    exchange.wait_no_calls()


CALLER = "+33698765432"


@pytest.mark.parametrize("shown,caller,how", [
    ("verified", CALLER, {}),
    ("unverified", CALLER, None),
    ("unverified", CALLER, {"attest": "B"}),
    ("unverified", CALLER, {"url": URL + "x"}),                     # nobody's in the store
    ("signature wrong", "+33698765433", {"caller": CALLER}),        # of another number
    ("signature wrong", "+33612345678", {}),                        # outside of the certificate
    ("unverified", CALLER, {"iat": 1700000000}),                    # late: no lie, and no proof
    ("signature wrong", "+33698765433", {"caller": CALLER, "iat": 1700000000}),
    ("verified", CALLER, {"after": {"url": URL + "x"}}),            # RFC 8224 6.2: of several, the one of the store
    ("verified", CALLER, {"after": {"attest": "C"}}),
    ("signature wrong", CALLER, {"called": "+33123456701"}),        # for another number
    ("signature wrong", CALLER, {"key": "other"}),
    ("signature wrong", CALLER, {"alg": "none"}),
])
def test_a_caller_is_signed_for(exchange, gateway, telco, scripted, where, shown, caller, how):
    """R9, R18: what a signature proves stands on the callee's display, and an error proves nothing"""
    wait_state(exchange, "pots", "up")
    callee = scripted("signed")
    more = ""
    if how is not None:
        how = dict(how)
        if "key" in how:
            how["key"] = other_key(f"{where}/other.key")
        first = how.pop("after", None)
        if first is not None:
            more = telco.signer.identity(caller, "+33123456702", **first)
        more += telco.signer.identity(how.pop("caller", caller), how.pop("called", "+33123456702"), **how)
    gateway.forget()
    gateway.call("+33123456702", f"<sip:{caller}@gateway.test>", more)
    got = callee.wait_request("INVITE")
    assert got.get("From").startswith(f'"outside, {shown}" <sip:{caller}@'), got.get("From")
    word = "verified" if shown == "verified" else "unverified"
    assert [c["caller"] for c in exchange.ask("calls") if c["kind"] == "call"] == [word]
    callee.reply(got, 486, "Busy Here", to_tag="s")
    net.wait_for("the answer", lambda: [c for c in gateway.answers if c >= 200], 15)
    exchange.wait_no_calls()


def test_a_signature_is_good_once(exchange, gateway, telco, scripted):
    """R18: what was heard on the line is of no use to who heard it"""
    callee = scripted("signed")
    more = telco.signer.identity(CALLER, "+33123456702")
    for shown in ("verified", "signature wrong"):
        gateway.forget()
        gateway.call("+33123456702", f"<sip:{CALLER}@gateway.test>", more)
        got = callee.wait_request("INVITE")
        assert got.get("From").startswith(f'"outside, {shown}"'), got.get("From")
        callee.reply(got, 486, "Busy Here", to_tag="s")
        net.wait_for("the answer", lambda: [c for c in gateway.answers if c >= 200], 15)
        exchange.wait_no_calls()


def test_certificates_of_the_store_are_listed_and_end(exchange):
    """R18: what the store holds; those of the lab last a week and a month, so alarms came after the start"""
    got = exchange.command("signers", "--json").stdout
    rows = [r for r in map(json.loads, got.splitlines()) if r["kind"] == "signer-certificate"]
    assert [r["what"] for r in rows] == ["anchor", "signer"]
    assert rows[0]["subject"] == "CN=numbers CA" and rows[0]["numbers"] == []
    assert rows[1]["subject"] == "CN=numbers" and rows[1]["numbers"] == ["+33698000000-+33698999999"]
    assert 6 * 86400 < rows[1]["not_after_ms"] / 1000 - time.time() < 8 * 86400

    def said():
        return sorted(e["detail"] for e in exchange.events() if e["what"] == "certificate" and e["severity"] == "alarm")

    net.wait_for("both alarms", lambda: len(said()) >= 2, 20)
    assert said() == ["certificate no. 1 in the ca of signed-callers ends in 29 days",
                      "certificate no. 1 of signed-callers, or one above it, ends in 6 days"]


def test_registration_is_refreshed(telco, exchange):
    """It is asked again at half of what was granted (60 s), with the nonce that is known: no new challenge"""
    before = telco.first.bound()
    wait_state(exchange, "udp", "up")
    net.wait_for("a refresh", lambda: telco.first.bound() > before, 40, step=0.5)


def test_dead_server_is_noticed_and_the_next_is_used(telco, exchange):
    """RFC 3263 4.3: the server is killed, OPTIONS are not answered, the trunk goes to the next SRV record"""
    second = telco.provider(1)
    wait_state(exchange, "udp", "up")
    telco.first.stop()
    t = net.wait_for("the second server", lambda: [t for t in exchange.ask("trunks") if t["name"] == "udp" and t["state"] == "up" and
                                                   t["address"] == f"{telco.hosts[1].v4}:5060"], 40, step=0.3)
    assert t and second.bound() >= 1
    net.wait_for("the event", lambda: [e for e in exchange.events() if e["what"] == "trunk" and "udp is down" in e["detail"]], 5)


def test_wrong_certificates_are_refused(telco, exchange):
    """R6: another name, another CA, a phone's certificate: no SIP is said, and an alarm tells"""
    telco.tls.stop()
    wait_state(exchange, "tls", "waits", 30)
    for name, cert, why in (
            ("tls-name", telco.cert("tls-name", ["DNS:evil.test", "DNS:*.provider.test"]), "another name"),
            ("tls-ca", telco.cert("tls-ca", ["DNS:tls.provider.test"], telco.other), "not from the trunk's CA"),
            ("tls-use", telco.ca.issue("tls-use", names=["DNS:tls.provider.test"], usage="clientAuth"), "not from the trunk's CA")):
        p = telco.provider(3, transport="tls", port=5061, cert=cert)
        kick(exchange, "tls")
        t = net.wait_for(name, lambda: [t for t in [trunk(exchange, "tls")] if why in t["reason"]], 15, step=0.2)[0]
        assert t["state"] != "up" and "GOT" not in p.said()
        p.stop()


def test_foreign_realm_gets_no_digest(telco, exchange):
    """T34: whoever stands in the provider's place and asks for another realm's password hears nothing of it"""
    telco.tcp.stop()
    wait_state(exchange, "tcp", "waits", 30)
    p = telco.provider(2, transport="tcp", realm="evil.test", algorithm="SHA-256")
    kick(exchange, "tcp")
    net.wait_for("its refusal", lambda: "another realm" in trunk(exchange, "tcp")["reason"], 15)
    assert p.said().count("GOT REGISTER") >= 1 and p.bound() == 0
    p.stop()
    weak = telco.provider(2, transport="tcp")        # MD5, which this trunk's section does not allow
    kick(exchange, "tcp")
    net.wait_for("its refusal", lambda: "MD5" in trunk(exchange, "tcp")["reason"], 15)
    weak.stop()


def test_wrong_password_waits_and_says_so(telco, exchange):
    p = telco.provider(2, transport="tcp", algorithm="SHA-256")
    kick(exchange, "tcp", "not-the-password")
    net.wait_for("its refusal", lambda: "refuses the password" in trunk(exchange, "tcp")["reason"], 15)
    kick(exchange, "tcp")
    wait_state(exchange, "tcp", "up")
    telco.tcp = p


def test_strangers_get_no_answer(telco, exchange, lab):
    """T1: a scan of the trunks' port from an address that is not the trunk's is not even read"""
    stranger = lab.host("stranger", "telco")
    us = lab.addr["telco"][0]
    for method in ("OPTIONS", "REGISTER", "INVITE"):
        s = stranger.udp()
        s.settimeout(1)
        s.sendto((f"{method} sip:100@{us} SIP/2.0\r\nVia: SIP/2.0/UDP {stranger.v4}:{s.getsockname()[1]};branch=z9hG4bKx{method}\r\n"
                  f"From: <sip:100@{us}>;tag=a\r\nTo: <sip:100@{us}>\r\nCall-ID: x{method}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
                  f"Contact: <sip:100@{stranger.v4}>\r\nContent-Length: 0\r\n\r\n").encode(), (us, 5070))
        with pytest.raises(socket.timeout):
            s.recv(2000)
        s.close()
    assert exchange.counter("trunk-strangers") >= 3


def test_provider_asks_options_and_may_not_register(telco, exchange, lab):
    """What a trunk may ask: OPTIONS is answered over UDP to the port that asked, REGISTER is not served, INFO and BYE belong to a call"""
    us = lab.addr["telco"][0]
    host = telco.hosts[1]
    for method, code in (("OPTIONS", "200"), ("REGISTER", "405"), ("SUBSCRIBE", "405"), ("INFO", "481"), ("BYE", "481")):
        s = host.udp()
        s.sendto((f"{method} sip:{us}:5070 SIP/2.0\r\nVia: SIP/2.0/UDP {host.v4}:9;rport;branch=z9hG4bKy{method}\r\n"
                  f"From: <sip:provider.test>;tag=a\r\nTo: <sip:{us}>\r\nCall-ID: y{method}{time.time()}\r\nCSeq: 1 {method}\r\n"
                  f"Max-Forwards: 70\r\nEvent: presence\r\nContact: <sip:x@{host.v4}>\r\nContent-Length: 0\r\n\r\n").encode(), (us, 5070))
        said = s.recv(2000).decode()
        assert said.split()[1] == code and (code != "405" or re.search("^Allow: .*INFO", said, re.M))
        s.close()


def test_silent_peer_without_registration_comes_up_when_it_answers(telco, exchange):
    """A static peer is asked by OPTIONS whether it is there"""
    assert trunk(exchange, "silent")["state"] != "up"
    p = telco.provider(3)

    def up():               # told again: a try that began before the peer did may end after it was told
        kick(exchange, "udp")
        return trunk(exchange, "silent")["state"] == "up"
    net.wait_for("silent up", up, 30, step=1)
    p.stop()


def test_a_restarted_core_finds_its_trunks(telco, exchange):
    """R28"""
    wait_state(exchange, "tcp", "up")
    old = exchange.kill("core")
    exchange.wait_replaced("core", old)
    net.wait_for("core", exchange.answers, 10)
    wait_state(exchange, "tcp", "up")
    wait_state(exchange, "udp", "up")
    old = exchange.kill("dial")
    exchange.wait_replaced("dial", old)
    net.wait_for("dial", exchange.answers, 10)
    wait_state(exchange, "tcp", "up")
    old = exchange.kill("edge")
    exchange.wait_replaced("edge", old)
    net.wait_for("edge", exchange.answers, 10)
    wait_state(exchange, "tcp", "up", 30)
    wait_state(exchange, "udp", "up", 30)
