# SPDX-License-Identifier: ISC
"""The soak's judge excuses what was away, and nothing else."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "soak"))

import pytest       # noqa: E402

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


def test_what_each_call_leaves_is_seen():
    calls = 2000        # of the second half of ten minutes
    leak_kb = calls * 150 // 1024
    assert rules.grown_kb((8000, 20000), (8000 + leak_kb, 20000 + leak_kb)) > rules.may_grow_kb("core", calls)
    assert rules.grown_kb((8000, 20000), (8900, 20000)) == 0        # a table that was there
    assert rules.grown_kb((8000, 20000), (8000, 20900)) == 0        # in reserve
    assert rules.grown_kb((8000, 20000), (7000, 20900)) == 0
    assert rules.grown_kb((2276, 9000), (2840, 9600)) <= rules.may_grow_kb("ledger", calls)
