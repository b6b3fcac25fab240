# SPDX-License-Identifier: ISC
"""Fixtures: one network and one exchange per file of tests, phones that live as long, and a check that nothing is left.

A lab that cannot run fails here, loudly; no test is skipped.
"""
import os
import shutil
import sys
import tempfile
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import net                      # noqa: E402
import sip                      # noqa: E402
from baresip import Baresip     # noqa: E402
from exchange import Exchange   # noqa: E402
from linphone import Linphone   # noqa: E402
from standin import StandIn     # noqa: E402

KINDS = {"baresip": Baresip, "linphone": Linphone}


def pytest_sessionstart(session):
    try:
        net.require_lab()
    except net.LabError as e:
        raise pytest.exit(f"LAB CANNOT RUN: {e}", returncode=3)


@pytest.fixture(scope="module")
def where():
    d = tempfile.mkdtemp(prefix="rfl-", dir=os.environ.get("RINGFENCE_LAB_DIR"))
    os.chmod(d, 0o755)          # processes of the exchange without privilege read their site below it
    yield d
    if not os.environ.get("RINGFENCE_LAB_KEEP"):
        shutil.rmtree(d, ignore_errors=True)


@pytest.fixture(scope="module")
def lab(where):
    with net.Net() as n:
        yield n
        prefix = n.prefix
    assert prefix not in net.sh("ip", "netns", "list").stdout, "namespaces were left behind"


@pytest.fixture(scope="module")
def exchange_options():
    """A file of tests that wants other zones or settings defines its own."""
    return {}


@pytest.fixture(scope="module")
def exchange(lab, where, exchange_options):
    x = Exchange(lab, where, **exchange_options)
    with x.running():
        yield x


@pytest.fixture(scope="module")
def standin(lab, where):
    s = StandIn(lab, where)
    yield s
    s.stop()


class People:
    """Phones by name, made on first use and kept for the file. Their user is their name, their password derived."""

    def __init__(self, lab, exchange, where):
        self.lab, self.exchange, self.where = lab, exchange, where
        self.bundles, self.hosts, self.phones = {}, {}, {}

    def host(self, name, zone="voice", slow_ms=0):
        if name not in self.hosts:
            self.hosts[name] = self.lab.host(name, zone, slow_ms)
        return self.hosts[name]

    def bundle(self, name, users=None, **kw):
        """Bundles of the device `name`; its only user is called the same unless `users` says otherwise."""
        if name not in self.bundles:
            users = users or [name]
            self.bundles[name] = self.exchange.phone(f"dev-{name}", {u: f"pass-of-{u}" for u in users}, **kw)
        return self.bundles[name]

    def phone(self, kind, name, *, users=None, zone="voice", slow_ms=0, server_zone=None, family=4, fresh=False, **kw):
        """A running, registered phone. Asked for again in the same way, it is the same one."""
        key = (kind, name, family, repr(sorted(kw.items())))
        have = self.phones.get(name)
        if have and have[0] == key and not fresh and have[1].proc.poll() is None:
            have[1].end_calls()
            have[1].come_back()
            return have[1]
        if have:
            have[1].stop()
        b = self.bundle(name, users, zone=server_zone, family=family, md5=kind == "baresip",
                        tls12=kind == "linphone")
        host = self.host(name, zone, slow_ms)
        d = f"{self.where}/{name}-{len(os.listdir(self.where))}"
        p = KINDS[kind](host, d, b, family=family, **kw)
        self.phones[name] = key, p
        p.start()
        return p

    def drop(self, *names):
        for n in names or list(self.phones):
            if n in self.phones:
                self.phones.pop(n)[1].stop()

    def close(self):
        self.drop()


@pytest.fixture(scope="module")
def people(lab, exchange, where):
    p = People(lab, exchange, where)
    yield p
    p.close()


@pytest.fixture
def scripted(people):
    """Scripted clients by name, registered unless told otherwise, closed after the test."""
    made = []

    def make(name, *, register=True, bundle=None, zone="voice", **kw):
        c = sip.Client(people.host(name, zone), bundle or people.bundle(name)[0], **kw).open()
        made.append(c)
        if register:
            r = c.register()
            assert r.code == 200, r
        return c
    yield make
    for c in made:
        try:
            while c.with_me:
                c.with_me.pop().close()
            c.inbox, c.timeout = [], 1
            c.register(expires=0)
        except (net.LabError, OSError, AttributeError):     # closed by the test, or by the exchange
            pass
        c.close()


@pytest.fixture(autouse=True)
def no_calls_left(request):
    """Each test begins with phones at rest."""
    yield
    if "people" in request.fixturenames:
        for _, p in request.getfixturevalue("people").phones.values():
            p.end_calls()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    """A failure says what the exchange said last."""
    out = yield
    r = out.get_result()
    if r.failed and "exchange" in getattr(item, "fixturenames", ()):
        x = item.funcargs.get("exchange")
        if x:
            r.sections.append(("ringfenced", x.tail(4000)))
    r.sections.append(("clock", time.strftime("%T")))
