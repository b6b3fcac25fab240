# SPDX-License-Identifier: ISC
"""T1-T50: doc/architecture/threats.md has a row for each, and what it names of files and tests is in the tree and is run."""
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
TEXT = (TOP / 'doc/architecture/threats.md').read_text()
ROWS = [[cell.strip() for cell in line.strip('|').split('|')] for line in TEXT.splitlines() if re.match(r'\| T\d', line)]


def test_every_attack_has_one_row():
    assert [row[0] for row in ROWS] == [f'T{i}' for i in range(1, 51)]


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row[0])
def test_a_row_names_what_there_is(row):
    _, _, defence, tests = row
    assert bool(tests) != defence.startswith('not built')
    assert re.sub(r'`[^`:]+:\w+`|\s', '', tests) == ''
    for path in re.findall(r'`([^`]+)`', defence):
        assert (TOP / path).exists(), path
    for path, name in re.findall(r'`([^`:]+):(\w+)`', tests):
        text = (TOP / path).read_text()
        if path.endswith('.py'):
            assert re.search(rf'^def {name}\(', text, re.M), (path, name)
        else:
            # defined, and somebody runs it
            assert re.search(rf'^static \w+ {name}\(', text, re.M) and len(re.findall(rf'\b{name}\b', text)) > 1, (path, name)
