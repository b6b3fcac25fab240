# SPDX-License-Identifier: ISC
"""Requests that are too large for a datagram (RFC 3261 18.1.1), which a call for help with its place always is: over TCP to a provider
and a gateway that have it beside their UDP, at once in datagrams to those that have none (R16, R29)."""
import time

import pytest

import net
from exchange import CONF, Exchange
from gateway import Gateway as Town
from provider import Provider
from test_outside import PLACE, place, up

TRUNKS = """
pin = off
numbers {{ country = "fr" }}
incoming {{ unknown = pass }}
trunk both {{
    server = "{both}" transport = udp media = rtp plain = yes listen = "{us}:5070" domain = "provider.test"
    user = "u1" realm = "provider.test" md5 = yes media-from = {{"{both}"}} keepalive = 5 priority = 1
}}
trunk bare {{
    server = "{bare}" transport = udp media = rtp plain = yes listen = "{us}:5071" domain = "provider.test"
    user = "u2" realm = "provider.test" md5 = yes media-from = {{"{bare}"}} keepalive = 5 priority = 2
}}
trunk town {{
    server = "{town}" transport = udp media = rtp plain = yes listen = "{us}:5074"
    media-from = {{"{town}"}} keepalive = 5 priority = 3
    number "+33123456704" {{ to = helped }}
}}
"""


@pytest.fixture(scope="module")
def far(lab, where):
    class Far:
        hosts = [lab.host(f"far{i}", "telco") for i in range(3)]
        both = Provider(hosts[0], f"{where}/both", also="tcp").start()
        bare = Provider(hosts[1], f"{where}/bare").start()
        town = Town(hosts[2], (lab.addr["telco"][0], 5074))
    yield Far
    Far.both.stop()
    Far.bare.stop()
    Far.town.stop()


@pytest.fixture(scope="module")
def exchange(lab, where, far):
    both, bare, town = (h.v4 for h in far.hosts)
    x = Exchange(lab, where, conf=CONF + TRUNKS.replace("{us}", lab.addr["telco"][0]).replace("{both}", both).replace("{bare}", bare)
                 .replace("{town}", town))
    try:
        x.start()
        for name in ("both", "bare"):
            x.ask("trunk-password", name=name, password="trunk-secret")
        yield x
    finally:
        x.stop()
    x.check_health()


def phone(exchange, people, **kw):
    for name in ("both", "bare", "town"):
        up(exchange, name)
    one = people.phone("baresip", "helped", tone="a", media="srtp", codecs=("PCMU",), **kw)
    exchange.command("phone", "set", "dev-helped", "--fixed", "on", "--location",
                     "country=FR, city=Paris, street=Rue X, house=7, floor=2, room=45")
    return one


@pytest.fixture
def helped(exchange, people):
    return phone(exchange, people)


def help_comes(exchange, far, one):
    """Both providers are busy, the town answers. Seconds that it took."""
    far.town.forget()
    began = time.monotonic()
    one.dial("112")
    one.wait_state("established")
    took = time.monotonic() - began
    net.wait_for("audio to and fro", lambda: far.town.echoed > 50, 15)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    assert len(far.town.invites) == 1
    assert place(far.town.invites[0]) == (PLACE, None)
    return took


def test_help_goes_whole_where_there_is_tcp(exchange, far, helped):
    """The provider with both and the gateway get it over TCP, the password of the first one's challenge too; the provider without gets
    fragments; nobody loses the place, although fragments do not get through to the town"""
    far.town.take_tcp(True)
    far.town.longest = 1400
    try:
        assert help_comes(exchange, far, helped) < 3
    finally:
        far.town.longest = 65535
    assert "\r\nVia: SIP/2.0/TCP " in far.town.invites[0] and "transport=tcp" not in far.town.invites[0] and far.town.lost == 0
    said = [x.split()[-1] for x in far.both.said().splitlines() if "GOT INVITE" in x]
    assert said == ["tcp", "tcp"] and "CALL 112" in far.both.said(), far.both.said()[-2000:]
    assert "over tcp" not in far.bare.said() and "CALL 112" in far.bare.said()
    assert {x.split()[-1] for x in far.both.said().splitlines() if "GOT OPTIONS" in x or "GOT REGISTER" in x} == {"udp"}
    assert exchange.counter("trunk-streams") == 2 and exchange.counter("trunk-streams-refused") == 1


def test_help_waits_for_no_tcp(exchange, far, helped):
    """Whoever drops what TCP sends holds a call for help up for less than half a second, and the next one not at all"""
    far.town.take_tcp(False)
    far.hosts[2].run("nft", "add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }; "
                            "add rule inet deaf in tcp dport 5060 drop")
    try:
        help_comes(exchange, far, helped)
        assert "\r\nVia: SIP/2.0/UDP " in far.town.invites[0] and exchange.counter("trunk-streams-refused") == 2
        first = exchange.counter("trunk-datagrams-bulky")
        assert help_comes(exchange, far, helped) < 3
        assert exchange.counter("trunk-streams-refused") == 2 and exchange.counter("trunk-datagrams-bulky") > first
    finally:
        far.hosts[2].run("nft", "delete table inet deaf")


def test_a_killed_edge_asks_again(exchange, far, people):
    """R28: what was known of the others' TCP went with edge; the next call for help finds it out"""
    old = exchange.kill("edge")
    exchange.wait_replaced("edge", old)
    far.town.take_tcp(True)
    help_comes(exchange, far, phone(exchange, people, fresh=True))
    assert "\r\nVia: SIP/2.0/TCP " in far.town.invites[0]


def test_a_large_call_comes_by_tcp(exchange, far, people):
    """The gateway's own INVITE is too large for a datagram: it comes by TCP to the trunk's port, and what we ask in its call goes on as
    ours does by its size, in datagrams"""
    one = phone(exchange, people)
    far.town.forget()
    one.forget()
    far.town.call("+33123456704", "<sip:+33698765432@gateway.test>", more="X-Padding: " + 1400 * "x" + "\r\n", tcp=True)
    one.wait_incoming()
    one.answer()
    one.wait_state("established")
    net.wait_for("audio to and fro", lambda: far.town.echoed > 50, 15)
    one.hangup()
    one.wait_idle()
    exchange.wait_no_calls()
    assert far.town.over and "\r\nVia: SIP/2.0/UDP " in far.town.bye and exchange.counter("trunk-streams-came") == 1


def test_of_anybody_else_no_octet_is_read(lab, exchange, far):
    """T1: a host that is no trunk's connects to the same port, and is closed without a word; a trunk of another port is a stranger too"""
    us, strangers = lab.addr["telco"][0], exchange.counter("trunk-strangers")
    for host, port in ((lab.host("stranger", "telco"), 5074), (far.hosts[0], 5074)):
        s = host.connect(us, port)
        s.settimeout(5)
        assert s.recv(1000) == b""
        s.close()
    assert exchange.counter("trunk-strangers") == strangers + 2


def test_an_idle_connection_is_closed(lab, far):
    """What was made for one request, by whomever, is gone after a minute without another"""
    def streams():
        return [x for h in far.hosts for way in ("sport = :5060", "dport = :5074")
                for x in h.run("ss", "-Htn", "state", "established", *way.split()).stdout.splitlines()]
    assert any(":5074" in x for x in streams()) and any(":5060 " in x for x in streams())        # of the calls before
    net.wait_for("the connections to be closed", lambda: not streams(), 90, step=1)
