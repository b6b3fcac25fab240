# SPDX-License-Identifier: ISC
"""A host without nf_tables (R13, R28): no netlink of netfilter at all, or no such subsystem of it. Calls are as ever, a ban closes the exchange's
own ports with the programs in the kernel and without them, and nobody is told that it closes more."""
import socket
import time

import pytest

import net
import sip
from exchange import Exchange
from preload import Nftless, nftless
from scripted import ENCRYPTED, Call

LOOK_S = 5


@pytest.fixture(scope="module", params=[(Nftless.NETFILTER, False), (Nftless.NF_TABLES, True)], ids=["no-netfilter-sockets", "no-subsystem-kernel"])
def lacks(request):
    return request.param


@pytest.fixture(scope="module")
def lab(lacks):
    with net.Net() as n:
        yield n


@pytest.fixture(scope="module")
def host(where, lacks):
    h = Nftless(f"{where}/nftless-{lacks[0]}")
    h.lack(lacks[0])
    return h


@pytest.fixture(scope="module")
def exchange(lab, where, lacks, host):
    place = f"{where}/{lacks[0]}"
    x = Exchange(lab, place, kernel=lacks[1], libexec=nftless(place, host))
    with x.running():
        yield x


def logs_in(people, name):
    try:
        with sip.Client(people.host(name), people.bundle(name)[0], timeout=2) as c:
            return c.register().code == 200
    except (net.LabError, OSError):
        return False


def told(exchange):
    return [e for e in exchange.events() if "takes none" in str(e)]


def test_r13_bans_without_nf_tables(exchange, people, scripted, lab, host, lacks):
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    thief, ours = people.host("thief"), lab.addr["voice"][0]
    people.bundle("thief")
    assert logs_in(people, "thief")
    assert exchange.counter("no-nftables-not-had") == 1 and exchange.counter("bans-in-nftables") == 0
    with net.inside(exchange.host, lambda: socket.create_server((ours, 7071))):
        exchange.command("ban", thief.v4)
        net.wait_for("the ban", lambda: not logs_in(people, "thief"), 5)
        thief.connect(ours, 7071).close()
        said = exchange.command("bans").stdout
        assert thief.v4 in said and "Only the exchange's own ports" in said and "the kernel has none" in said, said
        asked = host.asked()
        for i in range(1, 21):
            exchange.ask("ban", address=f"198.51.100.{i}", seconds=600)
        time.sleep(3 * LOOK_S)
        assert host.asked() - asked <= 2, "it asks again and again"
        assert len(told(exchange)) == 1 and exchange.tail(1 << 20).count("bans are not in nftables") == 1
        a.say(ENCRYPTED, 3)
        assert len(b.hear()) == 3
        call.bye()
        host.lack(Nftless.NOTHING)
        net.wait_for("the bans in nftables", lambda: exchange.counter("bans-in-nftables") == 21, 8 * LOOK_S + 5)
        said = exchange.command("bans").stdout
        assert "every port of this host" in said, said
        with pytest.raises(OSError):
            thief.connect(ours, 7071, timeout=1)
        exchange.command("unban", thief.v4)
        net.wait_for("the end of the ban", lambda: logs_in(people, "thief"), 5)
        thief.connect(ours, 7071).close()
    assert exchange.counter("nftables-made-anew") == 0 and len(told(exchange)) == 1
