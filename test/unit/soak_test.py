# SPDX-License-Identifier: ISC
"""The soak's judge excuses what was away, and nothing else."""
import pathlib
import sys
import types

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / where) for where in ("soak", "lab")]

import pytest       # noqa: E402

import judge        # noqa: E402
import rules        # noqa: E402


def windows(*those):
    w = rules.Windows()
    for name, since, until in those:
        w.open(name, since)
        if until:
            w.shut(until)
    return w


@pytest.mark.parametrize("since, stood, now, why", [
    (1, None, 9, None),                             # before
    (1, None, 10, rules.SETTING_UP),
    (15, None, 18, rules.SETTING_UP),
    (21, None, 29, None),                           # after
    (1, 9, 15, None),                               # stood before, and cannot be hung up
    (11, 12, 15, None),
])
@pytest.mark.parametrize("name", ["media", "core", "ledger"])
def test_whose_connections_stay_is_excused_while_set_up(name, since, stood, now, why):
    assert rules.excuse(windows((name, 10, 20)), since, stood, now) == why


@pytest.mark.parametrize("name", ["edge", "all but parent", "parent", "upgrade"])
def test_whose_connections_went_is_excused(name):
    w = windows(("media", 1, 2), (name, 10, 20))
    assert rules.excuse(w, 5, 7, 12) == rules.UNCONNECTED
    assert rules.excuse(w, 5, None, 12) == rules.SETTING_UP
    assert rules.excuse(w, 21, 22, 30) is None
    assert rules.excuse(w, 3, 4, 9) is None


def test_what_is_not_heard_is_excused_where_the_call_came_up():
    w = windows(("edge", 10, 20))
    assert rules.unheard(w, 9, 12) == rules.UNHEARD
    assert rules.unheard(w, 5, 9) is None       # edge went later
    assert rules.unheard(w, 21, 22) is None


def test_a_window_that_is_open_has_no_end():
    assert rules.excuse(windows(("core", 10, None)), 100, None, 101) == rules.SETTING_UP


def test_a_failure_says_who_went_before():
    w = windows(("core", 10, 12), ("edge", 20, None))
    assert [w.last(now) for now in (9, 15, 21)] == ["none went before", "core went 5.0 s before, was back by 2.0 s", "edge went 1.0 s before"]


def test_what_each_death_leaves_is_seen():
    deaths, calls = 10, 300
    leak_kb = deaths * 32       # a link's buffer
    assert rules.grown_kb((8000, 20000), (8000 + leak_kb, 20000 + leak_kb)) > rules.may_grow_kb("core", calls, first=True)
    assert rules.leaks_descriptors("core", 20, 20 + deaths, deaths) and not rules.leaks_descriptors("core", 20, 22, deaths)
    assert not rules.leaks_descriptors("edge", 20, 40, deaths) and not rules.leaks_descriptors("core", 20, 21, 1)


@pytest.mark.parametrize("file, octets, calls, may", [
    ("ledger/ledger.db-wal", 4 << 20, 10, True), ("ledger/ledger.db-wal", 6 << 20, 10000, False),
    ("run/core.arena", 0, 10000, True), ("run/ringfence.conf.accepted", 2000, 0, True), ("run/core.arena", 1 << 20, 10000, False),
    ("ledger/ledger.db", 400 << 10, 1000, True), ("ledger/ledger.db", 2 << 20, 1000, False),
])
def test_a_file_grows_by_what_is_kept(file, octets, calls, may):
    assert (octets <= rules.may_grow_octets(file, calls)) == may


class Soak:
    """What the judge asks of it."""

    def __init__(self, *those):
        self.windows, self.start, self.said = windows(*those), 0, []

    def check(self, ok, text):
        self.said.append((ok, text))


@pytest.mark.parametrize("since, until, ok", [(11, 12, True), (5, 11, True), (20.1, 21, False), (1, 2, False)])
def test_a_reload_may_be_refused_while_a_process_was_away(since, until, ok):
    soak, reloader = Soak(("core", 10, 20)), types.SimpleNamespace(refused=[(since, until, "no answer in time")])
    judge.judge_reloads(soak, reloader)
    assert [was for was, _ in soak.said] == [ok] and ("no answer in time" in soak.said[0][1]) == (not ok)


def test_what_is_left_in_the_kernel_or_grows_is_said():
    for kernel, files, ok in ({"programs": 6, "pins": 9}, {"ledger/ledger.db": 9000}, (True, True)), ({"programs": 7, "pins": 9}, {}, (False, True)), \
            ({"programs": 6, "sets of nftables": 1}, {}, (False, True)), ({}, {"run/new": 5000}, (True, False)):
        soak = Soak()
        judge.judge_kept(soak, ({"programs": 6, "pins": 9}, {"ledger/ledger.db": 8000}), (kernel, files), 100)
        assert tuple(was for was, _ in soak.said) == ok, soak.said


def test_who_grows_by_the_deaths_of_others_is_said():
    soak = Soak()
    judge.judge_deaths(soak, types.SimpleNamespace(outlived=[
        ("core", ((5000, 9000), 20), ((5100, 9100), 21), 9, 200), ("core", ((5000, 9000), 20), ((5900, 9900), 20), 9, 200),
        ("keeper", ((500, 900), 20), ((500, 900), 29), 9, 200), ("voice", ((500, 900), 20), ((5000, 9000), 20), 0, 200)]))
    assert [was for was, _ in soak.said] == [True, False, False]


def test_what_each_call_leaves_is_seen():
    calls = 2000        # of the second half of ten minutes
    leak_kb = calls * 150 // 1024
    assert rules.grown_kb((8000, 20000), (8000 + leak_kb, 20000 + leak_kb)) > rules.may_grow_kb("core", calls)
    assert rules.grown_kb((8000, 20000), (8900, 20000)) == 0        # a table that was there
    assert rules.grown_kb((8000, 20000), (8000, 20900)) == 0        # in reserve
    assert rules.grown_kb((8000, 20000), (7000, 20900)) == 0
    assert rules.grown_kb((2276, 9000), (2840, 9600)) <= rules.may_grow_kb("ledger", calls)
