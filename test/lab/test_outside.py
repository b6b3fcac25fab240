# SPDX-License-Identifier: ISC
"""Calls through trunks with audio in both directions (R7, R29): SIPp as a gateway without encryption, baresip as a provider's border
controller with TLS and SRTP. The phones are real ones, and so is whoever is at the far end."""
import os
import shutil
import subprocess
import time

import pytest

import audio
import net
import pki
from baresip import Baresip
from bundle import Bundle
from exchange import CONF, Exchange
from provider import Zone, resolve_at
from sipp import recv, references, send

SIPP_PORT, OURS = 5060, 5072
OUT, BEYOND, CALLER = "+33612345678", "+33144556677", "+33698765432"
TRUNKS = """
pin = off
incoming {{ unknown = pass anonymous = refuse failed = pass }}
numbers {{ country = "fr" }}
trunk pots {{
    server = "{plain}" transport = udp media = rtp plain = yes listen = "{us}:5072"
    media-from = {{"{plain}"}} keepalive = 5 priority = 1 classes = {{mobile}} lines = 2
    caller-id = {{"+33123456700"}}
    number "+33123456701" {{ to = in-baresip-srtp }}
    number "+33123456702" {{ to = in-baresip-dtls }}
    number "+33123456703" {{ to = in-linphone-srtp }}
}}
trunk border {{
    server = "sbc.provider.test" ca = "lab.pem" listen = "{us}:5061"
    media-from = {{"{safe}"}} keepalive = 5 priority = 2 classes = {{national}}
    caller-id = {{"+33123456700"}}
}}
"""
SDP = """v=0
o=- 53655 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
NUMBERS = {"in-baresip-srtp": "+33123456701", "in-baresip-dtls": "+33123456702", "in-linphone-srtp": "+33123456703"}
INVITE = """INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:""" + CALLER + """@gateway.test>;tag=[pid]s[call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:gw@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

""" + SDP
IN_DIALOG = """{method} [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:""" + CALLER + """@gateway.test>;tag=[pid]s[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:gw@[local_ip]:[local_port]>
Content-Length: 0

"""


class Gateway:
    """SIPp on a host of its own. As the called side it answers and sends all audio back; as the caller it plays a tone."""

    def __init__(self, host, us, where):
        self.host, self.us, self.where, self.proc = host, us, where, None

    def _spawn(self, *args):
        self.stop()
        self.messages = f"{self.where}/sipp-{len(os.listdir(self.where))}.messages"
        self.proc = self.host.spawn("timeout", "-k", "2", "60", "sipp", f"{self.us}:{OURS}", *args, "-i", self.host.v4, "-p", SIPP_PORT,
                                    "-mi", self.host.v4, "-nostdin", "-aa", "-trace_msg", "-message_file", self.messages,
                                    log=f"{self.where}/sipp.out")

    def answers(self):
        self._spawn("-sn", "uas", "-rtp_echo", "-l", "4")
        net.wait_for("SIPp to listen", lambda: f":{SIPP_PORT} " in self.host.run("ss", "-Hlun").stdout, 5)

    def calls_in(self, number, seconds, tone):
        wav = audio.tone(f"{self.where}/in.wav", audio.TONES[tone], 8000, seconds=60)
        raw = f"{self.where}/in.ulaw"
        with open(raw, "wb") as f:
            f.write(bytes(ulaw(x) for x in audio.read_wav(wav)[0]))
        steps = [send(INVITE.format(number=number), retrans=True), recv(response=100, optional=True), recv(response=180, optional=True),
                 recv(response=183, optional=True), recv(response=200, rrs=True, timeout=15000),
                 send(IN_DIALOG.format(method="ACK", cseq=1)),
                 f'<nop><action><exec rtp_stream="{raw},-1,0"/></action></nop>', f'<pause milliseconds="{seconds * 1000}"/>',
                 send(IN_DIALOG.format(method="BYE", cseq=2), retrans=True), recv(response=200)]
        xml = f"{self.where}/in.xml"
        with open(xml, "w") as f:
            f.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="in">\n' + "\n".join(steps) + references(steps) + "</scenario>\n")
        self._spawn("-sf", xml, "-m", "1", "-l", "1", "-timeout", "50", "-timeout_error")

    def said(self):
        try:
            with open(self.messages, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def result(self):
        try:
            code = self.proc.wait(50)
        except subprocess.TimeoutExpired:
            raise net.LabError(f"SIPp did not end: {self.said()[-2000:]}") from None
        assert code == 0, self.said()[-2000:]

    def stop(self):
        if self.proc:
            self.host.stop(self.proc)
            self.proc = None


def ulaw(x):
    """G.711: a sample of 16 bits as an octet."""
    sign, x = (0x80, -x) if x < 0 else (0, x)
    x = min(x, 32635) + 132
    exponent = x.bit_length() - 8
    return ~(sign | exponent << 4 | x >> (exponent + 3) & 0x0f) & 0xff


class Border(Baresip):
    """baresip that nobody registers with: it is called by address, over TLS, with SRTP, and answers."""

    def registered(self):
        return True


@pytest.fixture(scope="module")
def far(lab, where):
    """What is outside: hosts, a DNS server, certificates."""
    class Far:
        plain, safe, dns = lab.host("sp0", "telco"), lab.host("sp1", "telco"), lab.host("dns", "telco")
        ca = pki.Authority(f"{where}/provider-ca", "provider CA")
    Zone(Far.dns, where).says({"sbc.provider.test": {"A": [Far.safe.v4]}})
    resolve_at(lab, Far.dns.v4)
    yield Far
    shutil.rmtree(f"/etc/netns/{lab.exchange.ns}", ignore_errors=True)


@pytest.fixture(scope="module")
def exchange(lab, where, far, border):
    us = lab.addr["telco"][0]
    x = Exchange(lab, where, conf=CONF + TRUNKS.replace("{us}", us).replace("{plain}", far.plain.v4).replace("{safe}", far.safe.v4))
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
