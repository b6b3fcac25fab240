# SPDX-License-Identifier: ISC
"""R16, R28: a disk that gave up. Its file system takes no writes any more, as ext4 after an error, and everything is started anew upon it."""
import os
import signal

import pytest

import net
from exchange import Exchange
from test_hardship import disk, house  # noqa: F401

KEEP = ("keeper", "ledger", "signer")


@pytest.fixture(scope="module")
def exchange(lab, where, disk):
    x = Exchange(lab, where)
    with x.running():
        yield x


def refused(exchange):
    """Why somebody new cannot be kept."""
    try:
        exchange.ask("user-add", name="late", password="a-password-of-it")
    except net.LabError as e:
        return str(e)
    return None


def test_r28_a_disk_that_takes_no_writes(exchange, house, disk):
    """Calls stand, phones log in, calls are made and help is called by what can be read, whoever dies; what must be kept is refused with the
    reason, or waits; and once the disk takes writes again, a reload is all that it needs."""
    rows, made = len(exchange.log_rows()), 0
    os.kill(exchange.pid("parent"), signal.SIGKILL)
    exchange.proc.wait(5)
    net.wait_for("their end", lambda: not exchange.processes(), 5)
    disk.takes_writes(False)
    try:
        exchange.start(40)
        for name in (None, *KEEP, "core", "edge"):
            if name:
                exchange.wait_replaced(name, exchange.kill(name), 20)
                net.wait_for("every process", exchange.answers, 30, step=0.3)
            net.wait_for("a new login", lambda: house.fresh_login() == 200, 30, step=0.5)
            house.helps()
            assert house.call("ka", "kb").code == 200
            made += 2
            house.stays()
        assert exchange.counter("reads-alone") == len(KEEP)
        assert "cannot write: SQLite: attempt to write a readonly database" in refused(exchange)
    finally:
        disk.takes_writes(True)
    exchange.command("reload")
    net.wait_for("all to write", lambda: exchange.answers() and exchange.counter("reads-alone") == 0, 20, step=0.3)
    assert refused(exchange) is None
    net.wait_for("every row", lambda: len(exchange.log_rows()) == rows + made, 90, step=0.5)
    for phone in (house.one, house.two):
        phone.come_back()
    house.as_before()
