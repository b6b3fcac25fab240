# SPDX-License-Identifier: ISC
"""Trunks to a provider that asks who we are (a certificate of ours, its key in signer), over IPv6, and calls that come from it over TLS
and TCP on connections that it makes; a gateway that asks for the password of what is said inside a call (R6, R29, T34)."""
import base64
import os
import shutil

import net
import pki
import pytest
from carrier import Carrier
from exchange import CONF, Exchange
from provider import Zone, resolve_at
from sipp import recv, references, send

PASSWORD = "trunk-secret"
TRUNKS = """
pin = off
incoming {{ unknown = pass anonymous = refuse failed = pass }}
numbers {{ country = "fr" }}
trunk sure {{
    server = "sure.provider.test" ca = "lab.pem" listen = "{us}:5071" domain = "provider.test"
    user = "u1" realm = "provider.test" media-from = {{"10.77.4.0/24"}} keepalive = 5 priority = 2
    {certificate}
    number "+33123456701" {{ to = c1 }}
}}
trunk tcp {{
    server = "sure.provider.test" transport = tcp media = rtp plain = yes listen = "{us}:5072" domain = "provider.test"
    user = "u2" realm = "provider.test" media-from = {{"10.77.4.0/24"}} keepalive = 5 priority = 3
    number "+33123456702" {{ to = c1 }}
}}
trunk six {{
    server = "six.provider.test" ca = "lab.pem" listen = "[{us6}]:5073" domain = "provider.test"
    user = "u3" realm = "provider.test" media-from = {{"fd77:4::/64"}} keepalive = 5 priority = 4 classes = {{mobile}}
    number "+33123456703" {{ to = c1 }}
}}
trunk asks {{
    server = "{gw}" transport = udp media = rtp plain = yes listen = "{us}:5074" login = "us" realm = "gw.test" md5 = yes
    media-from = {{"{gw}"}} keepalive = 0 priority = 1 classes = {{international}}
}}
"""


class Far:
    def __init__(self, lab, where):
        self.dns, self.sure, self.six, self.gw = (lab.host(n, "telco") for n in ("dns", "sp0", "sp1", "sp2"))
        self.ca = pki.Authority(f"{where}/provider-ca", "provider CA")
        self.other = pki.Authority(f"{where}/other-ca", "another CA")
        Zone(self.dns, where).says({"sure.provider.test": {"A": [self.sure.v4]}, "six.provider.test": {"AAAA": [self.six.v6]}})
        resolve_at(lab, self.dns.v4)


@pytest.fixture(scope="module")
def far(lab, where):
    yield Far(lab, where)
    shutil.rmtree(f"/etc/netns/{lab.exchange.ns}", ignore_errors=True)


def conf_with(lab, far, certificate):
    v4, v6 = lab.addr["telco"]
    return CONF + TRUNKS.replace("{us}", v4).replace("{gw}", far.gw.v4).replace("{us6}", v6).replace("{certificate}", certificate)


@pytest.fixture(scope="module")
def exchange(lab, where, far):
    x = Exchange(lab, where, conf=conf_with(lab, far, ""))
    os.makedirs(f"{x.site}/trust", exist_ok=True)
    shutil.copy(far.ca.cert, f"{x.site}/trust/lab.pem")
    try:
        x.start()
        for name in ("sure", "tcp", "six", "asks"):
            x.ask("trunk-password", name=name, password=PASSWORD)
        yield x
    finally:
        x.stop()
    x.check_health()


@pytest.fixture(scope="module")
def ours(exchange, where):
    """The CA of the exchange, for who is connected from it."""
    path = f"{where}/ours.pem"
    pki.write_pem(path, base64.b64decode(exchange.ask("ca")[0]["ca"]))
    return path


@pytest.fixture(scope="module")
def carrier(lab, far, where, exchange, ours):
    """Asks who we are; sends calls to our TLS listener."""
    cert = far.ca.issue("sure", names=["DNS:sure.provider.test"], usage="serverAuth,clientAuth")
    c = Carrier(far.sure, f"{where}/sure", address=far.sure.v4, cert=cert, password=PASSWORD, client_ca=far.ca.cert, ours=ours,
                to=f"sip:{lab.addr['telco'][0]}:5071;transport=tls").start()
    yield c
    c.stop()


def command(x, *args, code=0):
    p = x.command(*args, check=False)
    assert p.returncode == code, (args, p.stdout, p.stderr)
    return p.stdout + p.stderr


def rewrite(x, lab, far, certificate):
    fill = dict(domain=x.domain, listeners="".join(f'phones {{ listen = "{a if ":" not in a else f"[{a}]"}:5061" }}\n' for a in lab.addr["voice"]),
                privacy="full", first=x.media_ports[0], last=x.media_ports[-1])
    x.write_conf(conf_with(lab, far, certificate).format(**fill))


def trunk(x, name):
    return next(t for t in x.ask("trunks") if t["name"] == name)


def wait_up(x, name, timeout=30):
    x.ask("trunk-password", name=name, password=PASSWORD)       # whatever waits tries again now
    try:
        return net.wait_for(f"trunk {name}", lambda: [t for t in [trunk(x, name)] if t["state"] == "up"], timeout, step=0.2)[0]
    except net.LabError as e:
        raise net.LabError(f"{e}: {trunk(x, name)}") from None


def test_without_a_certificate_it_is_not_let_in(exchange, carrier):
    """The provider asks who we are, and nobody says: no SIP is heard"""
    exchange.ask("trunk-password", name="sure", password=PASSWORD)
    net.wait_for("its refusal", lambda: trunk(exchange, "sure")["state"] == "waits", 20, step=0.2)
    assert "over tls" not in carrier.said()


def certify(far_ca, x, name="sure", *, days="7", out="sure.pem"):
    """What a provider's CA does with the request."""
    ext = f"{x.where}/client.ext"
    with open(ext, "w") as f:
        f.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
                f"subjectAltName=DNS:{x.domain},URI:sip:{x.domain}\n")
    net.sh("openssl", "x509", "-req", "-in", f"{x.site}/trust/{name}.csr", "-CA", far_ca.cert, "-CAkey", far_ca.key, "-CAcreateserial",
           "-days", days, "-extfile", ext, "-out", f"{x.site}/trust/{out}")


def test_the_request_is_for_a_key_of_signer(exchange, lab):
    said = command(exchange, "trunk", "request", "sure")
    assert "sure.csr" in said
    csr = f"{exchange.site}/trust/sure.csr"
    shown = net.sh("openssl", "req", "-in", csr, "-noout", "-verify", "-subject", "-text")
    assert f"CN = {exchange.domain}" in shown.stdout and f"DNS:{exchange.domain}, URI:sip:{exchange.domain}" in shown.stdout
    assert "verify OK" in shown.stdout + shown.stderr
    again = command(exchange, "trunk", "request", "sure", "--out", "-")     # the same key in each
    key = net.sh("openssl", "req", "-in", csr, "-noout", "-pubkey").stdout
    with open(f"{exchange.where}/again.csr", "w") as f:
        f.write(again)
    assert net.sh("openssl", "req", "-in", f"{exchange.where}/again.csr", "-noout", "-pubkey").stdout == key
    assert "there is no such trunk" in command(exchange, "trunk", "request", "nobody", code=1)
    assert "does not use TLS" in command(exchange, "trunk", "request", "tcp", code=1)


def test_what_does_not_fit_is_refused(exchange, far, lab):
    """check-config names what is wrong; the reload keeps the old configuration"""
    rewrite(exchange, lab, far, 'certificate = "other.pem"')
    shutil.copy(far.ca.issue("other")[0], f"{exchange.site}/trust/other.pem")
    said = command(exchange, "check-config", code=1)
    assert "trust/other.pem, of another key than its request trust/sure.csr" in said, said
    certify(far.ca, exchange, days="-1", out="old.pem")
    rewrite(exchange, lab, far, 'certificate = "old.pem"')
    assert "trust/old.pem, has expired" in command(exchange, "check-config", code=1)
    # a request of another key, with its certificate: signer has the last word
    shutil.copy(f"{exchange.site}/trust/sure.csr", f"{exchange.where}/kept.csr")
    net.sh("openssl", "req", "-new", "-key", f"{far.ca.where}/other.key", "-subj", "/CN=x", "-out", f"{exchange.site}/trust/sure.csr")
    rewrite(exchange, lab, far, 'certificate = "other.pem"')
    assert command(exchange, "check-config").strip() == "ok"
    assert "key that the exchange does not have" in command(exchange, "reload", code=1)
    shutil.copy(f"{exchange.where}/kept.csr", f"{exchange.site}/trust/sure.csr")


def test_with_the_certificate_it_registers_and_calls(exchange, far, lab, carrier, scripted):
    certify(far.ca, exchange)
    rewrite(exchange, lab, far, 'certificate = "sure.pem"')
    assert command(exchange, "check-config").strip() == "ok"
    command(exchange, "reload")
    wait_up(exchange, "sure")
    assert f"by {exchange.domain}" in carrier.said(), carrier.said()[-800:]
    c = scripted("201")
    exchange.ask("user-set", name="201", body=b"classes=national\n")
    sent = c.invite("+33144556677")
    r = c.answer(sent)
    c.ack(sent, r)
    assert r.code == 486 and "CALL +33144556677" in carrier.said()


def test_a_killed_signer_keeps_the_key(exchange, carrier):
    """R28: the same certificate still fits, on new connections too"""
    old = exchange.kill("signer")
    exchange.wait_replaced("signer", old)
    net.wait_for("all of it", exchange.answers, 10)
    old = exchange.kill("edge")
    exchange.wait_replaced("edge", old)
    net.wait_for("all of it", exchange.answers, 10)
    wait_up(exchange, "sure")


def test_of_a_ca_that_it_does_not_know(exchange, far, lab, carrier):
    """The provider refuses a certificate of another CA, and the trunk is down until the right one is back"""
    certify(far.other, exchange, out="foreign.pem")
    rewrite(exchange, lab, far, 'certificate = "foreign.pem"')
    command(exchange, "reload")
    net.wait_for("its refusal", lambda: trunk(exchange, "sure")["state"] == "waits", 20, step=0.2)
    rewrite(exchange, lab, far, 'certificate = "sure.pem"')
    command(exchange, "reload")
    wait_up(exchange, "sure")


def answered(x, carrier, phone, number, srtp, grade, account=None):
    phone.forget()
    p, base = carrier.calls(number, srtp=srtp, account=account)
    try:
        phone.wait_state("established", timeout=15)
        assert x.wait_grade(grade)
        assert p.wait(30) == 0
    except (net.LabError, AssertionError) as e:
        with open(f"{base}.messages", errors="replace") as f:
            raise net.LabError(f"{e}: {f.read()[-3000:]} {carrier.said()[-1500:]}") from None
    finally:
        carrier.host.stop(p)
    phone.wait_idle()
    x.wait_no_calls()


def test_a_call_comes_over_tls(exchange, carrier, people):
    """R6, R29: the provider makes the connection, shows its certificate, and checks that of the exchange; SRTP with SDES"""
    wait_up(exchange, "sure")
    one = people.phone("baresip", "c1", tone="a", media="srtp", codecs=("PCMU",), auto=True)
    answered(exchange, carrier, one, "+33123456701", True, "gateway")


def test_a_call_comes_to_the_contact(exchange, carrier, people):
    """R6, R18, RFC 3261 16.5: the registrar puts our Contact into the Request-URI; who was called stands in To"""
    wait_up(exchange, "sure")
    one = people.phone("baresip", "c1", tone="a", media="srtp", codecs=("PCMU",), auto=True)
    answered(exchange, carrier, one, "+33123456701", True, "gateway", account="u1")
    assert "TO THE CONTACT sip" in carrier.said() and ":u1@" in carrier.said().split("TO THE CONTACT", 1)[1].split()[0]


def test_a_call_from_who_shows_another_certificate(exchange, far, lab, carrier, people, where, ours):
    """T1, R6: from the provider's address, with a certificate of its CA, but for another name"""
    cert = far.ca.issue("evil", names=["DNS:evil.provider.test"], usage="serverAuth,clientAuth")
    carrier.stop()
    evil = Carrier(far.sure, f"{where}/evil", address=far.sure.v4, cert=cert, password=PASSWORD, ours=ours,
                   to=f"sip:{lab.addr['telco'][0]}:5071;transport=tls").start()
    p, _ = evil.calls("+33123456701", srtp=True)
    try:
        assert p.wait(45) != 0
        assert not exchange.calls()
    finally:
        evil.host.stop(p)
        evil.stop()
    carrier.start()
    wait_up(exchange, "sure")


def test_a_call_comes_over_tcp(exchange, far, lab, carrier, people, where, ours):
    carrier.stop()
    cert = far.ca.issue("sure2", names=["DNS:sure.provider.test"], usage="serverAuth,clientAuth")
    plain = Carrier(far.sure, f"{where}/tcp", address=far.sure.v4, cert=cert, password=PASSWORD, ours=ours,
                    to=f"sip:{lab.addr['telco'][0]}:5072;transport=tcp").start()
    try:
        wait_up(exchange, "tcp")
        one = people.phone("baresip", "c1", tone="a", media="srtp", codecs=("PCMU",), auto=True)
        answered(exchange, plain, one, "+33123456702", False, "open")
    finally:
        plain.stop()


def test_all_of_it_over_ipv6(exchange, far, lab, people, scripted, where, ours):
    """R29: registration, a call out and a call in, over TLS and IPv6"""
    cert = far.ca.issue("six", names=["DNS:six.provider.test"], usage="serverAuth,clientAuth")
    c = Carrier(far.six, f"{where}/six", address=far.six.v6, cert=cert, password=PASSWORD, ours=ours,
                to=f"sip:[{lab.addr['telco'][1]}]:5073;transport=tls").start()
    try:
        assert wait_up(exchange, "six")["address"] == f"[{far.six.v6}]:5061"
        exchange.ask("user-set", name="201", body=b"classes=mobile\n")
        phone = scripted("201")
        sent = phone.invite("+33612345678")
        r = phone.answer(sent)
        phone.ack(sent, r)
        assert r.code == 486 and "CALL +33612345678" in c.said()
        one = people.phone("baresip", "c1", tone="a", media="srtp", codecs=("PCMU",), auto=True)
        answered(exchange, c, one, "+33123456703", True, "gateway")
    finally:
        c.stop()


REPLY = """SIP/2.0 {code}
[last_Via:]
[last_From:]
[last_To:]{tag}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:gw@[local_ip]:[local_port]>
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS
{more}Content-Length: {length}

{body}"""
GW_SDP = """v=0
o=- 53655 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def reply(code, more="", *, tag="", sdp=False):
    kind = "Content-Type: application/sdp\n" if sdp else ""
    return send(REPLY.format(code=code, more=more + kind, tag=tag, length="[len]" if sdp else 0, body=GW_SDP if sdp else ""))


def challenged(method, label):
    """Refused without a password; what comes then must carry a right one, which SIPp computes for itself."""
    nonce = f"WWW-Authenticate: Digest realm=\"gw.test\", nonce=\"{os.urandom(8).hex()}\", qop=\"auth\", algorithm=MD5\n"
    right = (f'<recv request="{method}" timeout="20000" next="{label}" test="1"><action>'
             f'<verifyauth assign_to="1" username="us" password="{PASSWORD}"/></action></recv>')
    first = f'<recv request="{method}" timeout="70000"/>'
    ack = [recv(request="ACK")] if method == "INVITE" else []
    return [first, reply("401 Who", nonce), *ack, right, reply("403 Wrong"), f'<label id="{label}"/>']


def test_what_is_said_inside_a_call_is_challenged(exchange, far, people, where):
    """T34, RFC 3261 22: the refresh of the session (a re-INVITE) and the BYE; SIPp judges each digest"""
    timer = "Require: timer\nSession-Expires: 90;refresher=uac\n"
    steps = [recv(request="INVITE", timeout=30000), reply("200 OK", timer, tag=";tag=gw1", sdp=True), recv(request="ACK"),
             *challenged("INVITE", 1), reply("200 OK", timer, sdp=True), recv(request="ACK"),
             *challenged("BYE", 2), reply("200 OK")]
    base = f"{where}/asks"
    with open(f"{base}.xml", "w") as f:
        f.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="asks">\n' + "\n".join(steps) + references(steps) +
                "</scenario>\n")
    p = far.gw.spawn("timeout", "-k", "2", "110", "sipp", "-sf", f"{base}.xml", "-l", "4", "-i", far.gw.v4, "-p", 5060, "-mi", far.gw.v4,
                     "-nostdin", "-aa", "-trace_msg", "-message_file", f"{base}.messages", log=f"{base}.out")
    try:
        wait_up(exchange, "asks")
        one = people.phone("baresip", "c1", tone="a", media="srtp", codecs=("PCMU",), auto=True)
        exchange.ask("user-set", name="c1", body=b"classes=international\n")
        one.forget()
        one.dial("+41443334455")
        one.wait_state("established")

        def said():
            with open(f"{base}.messages", errors="replace") as f:
                return f.read()
        net.wait_for("the refresh, answered for", lambda: said().count("Authorization: Digest") >= 1, 60, step=0.5)
        net.wait_for("its ACK", lambda: said().count("ACK sip:") >= 3, 10, step=0.2)
        one.hangup()
        one.wait_idle()
        exchange.wait_no_calls()
        net.wait_for("the BYE, answered for", lambda: said().count("Authorization: Digest") >= 2, 10, step=0.2)
        got = said()
        assert got.count("Authorization: Digest") == 2 and "403 Wrong" not in got and PASSWORD not in got, got[-3000:]
    finally:
        far.gw.stop(p)
