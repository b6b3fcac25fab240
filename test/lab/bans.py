# SPDX-License-Identifier: ISC
"""A ban, and what it lives through."""
import time

import net
from exchange import PORT

BAN_S = 600
LIFTED_S = 12       # net lifts what it found and core does not tell, by its second look


def closed(host, at):
    try:
        host.connect(at, PORT, timeout=1).close()
        return False
    except OSError:
        return True


def live_through(exchange, thief, what):
    """`what` happens in the time of a ban, which then goes on as before; unban lifts it everywhere."""
    at = exchange.lab.addr["voice"][0]
    events = len(exchange.events())
    assert not closed(thief, at)
    exchange.command("ban", thief.v4, "--for", f"{BAN_S}s")
    since = time.monotonic()
    try:
        net.wait_for("the ban", lambda: closed(thief, at), 5)
        what()
        time.sleep(LIFTED_S)
        for left in (exchange.bans()[thief.v4], exchange.bans_in_nftables()[thief.v4]):
            assert abs(BAN_S - (time.monotonic() - since) - left) < 2.5, left
        assert closed(thief, at)
        assert not [e for e in exchange.events()[events:] if "were lifted" in str(e)]
    finally:
        exchange.command("unban", thief.v4)
    net.wait_for("its end", lambda: not closed(thief, at), 5)
    assert thief.v4 not in exchange.bans() and thief.v4 not in exchange.bans_in_nftables()
