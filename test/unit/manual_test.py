# SPDX-License-Identifier: ISC
"""R31: every verb has --help, and every verb, option and configuration key stands in the manual."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ['RINGFENCE_BUILD']) / 'cmd/ringfence'
PAGES = sorted((TOP / 'doc/man').glob('*.[0-9]'))


def run(*args):
    return subprocess.run([COMMAND, '--site', '/nonexistent', *args], capture_output=True, text=True, timeout=10,
                          stdin=subprocess.DEVNULL)


def verbs():
    """From the table in main.c, which --help prints."""
    found = re.findall(r'^  ([a-z][a-z-]*(?: [a-z-]+)?)  +\S', run('--help').stdout, re.M)
    table = re.search(r'verbs\[\] = \{(.*?)NULL', (TOP / 'cmd/main.c').read_text(), re.S)[1]
    assert len(found) == table.count('&')
    return found


def sections():
    """Manual text of each verb, by the name of its subsection."""
    text = (TOP / 'doc/man/ringfence.1').read_text()
    return {m[1]: m[2] for m in re.finditer(r'^\.Ss (.*?)\n(.*?)(?=^\.S[sh] )', text, re.M | re.S)}


@pytest.mark.parametrize('verb', verbs())
def test_verb_has_help_and_manual(verb):
    p = run(*verb.split(), '--help')
    assert p.returncode == 0 and p.stdout.startswith(f'usage: ringfence {verb}') and not p.stderr
    assert verb in sections(), f'{verb} is not in ringfence.1'


@pytest.mark.parametrize('verb', verbs())
def test_options_are_in_the_manual(verb):
    text = (TOP / 'doc/man/ringfence.1').read_text()
    own = sections()[verb]
    for option in re.findall(r'^  --([a-z0-9-]+)', run(*verb.split(), '--help').stdout, re.M):
        common = option in ('json', 'password-file', 'password-stdin', 'pin-file', 'pin-stdin', 'generate', 'server', 'domain')
        assert f'Fl -{option}' in (text if common else own), f'--{option} of {verb} is not in ringfence.1'


@pytest.mark.parametrize('verb', verbs())
def test_wrong_use_says_so(verb):
    p = run(*verb.split(), '--no-such-option')
    assert p.returncode == 2 and '--no-such-option' in p.stderr and '--help' in p.stderr and not p.stdout


def test_the_manual_tells_of_no_other_verb():
    assert set(sections()) == set(verbs())


def test_every_key_is_in_the_manual():
    text = ''.join((TOP / 'proc/conf' / f).read_text() for f in ('draft.c', 'draft_plan.c', 'draft_service.c', 'draft_trunk.c'))
    keys = re.findall(r'^\s*\{(?:NULL|"[a-z]+"), "([a-z-]+)"|\bX\([A-Z_]+, "([a-z-]+)"\)', text, re.M)
    keys = [a or b for a, b in keys]
    page = (TOP / 'doc/man/ringfence.conf.5').read_text()
    assert len(keys) > 15
    for key in keys:
        assert re.search(rf'^\.It Cm {key}$', page, re.M), f'{key} is not in ringfence.conf.5'


def test_every_option_of_the_daemon_is_in_the_manual():
    usage = re.search(r'usage\[\] =(.*?);\n', (TOP / 'proc/parent/main.c').read_text(), re.S)[1]
    page = (TOP / 'doc/man/ringfenced.8').read_text()
    options = set(re.findall(r'--([a-z-]+)', usage))
    assert len(options) >= 4
    for option in options:
        assert f'.It Fl -{option}' in page


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.name)
def test_pages_are_clean(page):
    if not shutil.which('mandoc'):
        pytest.skip('no mandoc')
    said = subprocess.run(['mandoc', '-T', 'lint', page], capture_output=True, text=True, timeout=10).stdout
    # the other page is not installed here
    assert not [line for line in said.splitlines() if 'referenced manual not found' not in line]


def test_no_exchange_is_said():
    p = run('calls')
    assert p.returncode == 3 and 'no exchange answers' in p.stderr and '--site' in p.stderr


def test_unknown_verb():
    p = run('frobnicate\x1b[2J')
    assert p.returncode == 2 and '\x1b' not in p.stderr
    p = run('phone', 'frobnicate')
    assert p.returncode == 2 and 'phone add' in p.stderr
    p = run('phone', '--help')
    assert p.returncode == 0 and 'phone add' in p.stdout


def told():
    """The commands that the guide, the README and ./run tell people to type: (verb, its options)."""
    text = (TOP / 'doc/guide.md').read_text()
    lines = re.findall(r'^ {4}ringfence (.*)', text, re.M) + re.findall(r'`ringfence ([a-z][^`]*)`', text)
    for file in ('README.md', 'run'):
        lines += re.findall(r'(?:site site|\$me) ((?:user|phone) .*)', (TOP / file).read_text())
    names = sorted(verbs(), key=len, reverse=True)
    out = set()
    for line in lines:
        line = re.split(r' {2,}', line)[0]
        verb = next((v for v in names if line == v or line.startswith(v + ' ')), line)
        out.add((verb, tuple(re.findall(r'--([a-z0-9-]+)', line))))
    assert len(out) > 25
    return sorted(out)


@pytest.mark.parametrize('verb,options', told())
def test_what_people_are_told_to_type_exists(verb, options):
    have = re.findall(r'^  --([a-z0-9-]+)', run(*verb.split(), '--help').stdout, re.M)
    assert verb in verbs() and set(options) <= set(have) | {'help'}


def test_the_guide_quotes_what_the_exchange_says():
    text = (TOP / 'doc/guide.md').read_text()
    said = [m[1] for p in ('refuse.c', 'refer_ask.c') for m in re.finditer(r'"([^"]*)"', (TOP / 'proc/core' / p).read_text())]
    rows = re.findall(r'^\| [3-6]\d\d ([^|]+?) \|', text, re.M)
    assert len(rows) > 10
    for row in rows:
        first = re.split(r'; | \(and|, 4', row)[0].removeprefix('... ')
        assert any(first in s for s in said), row
    plain = (TOP / 'lib/ipc/words.c').read_text()
    for kind in re.findall(r'^\| (?:\*\*ALARM\*\* )?((?:a|someone|media) [^|]+?) \|', text, re.M):
        assert f'"{kind.split(":")[0]}' in plain, kind


def test_check_config_warns_of_what_it_takes(tmp_path):
    conf = tmp_path / 'ringfence.conf'
    conf.write_text('domain = voice.example\nphones { listen = "192.0.2.1" }\nlimits { calls = 8 }\n'
                    'trunk a { server = "b.c" media-from = {"203.0.113.7"} lines = 9 }\n')
    p = subprocess.run([COMMAND, 'check-config', conf], capture_output=True, text=True, timeout=10)
    assert (p.returncode, p.stdout) == (0, 'ok\n')
    assert 'ringfence.conf:4: trunk a: its 9 lines are more than the 8 calls that there may be at once (limits.calls)' in p.stderr


def test_check_config_speaks_json(tmp_path):
    conf = tmp_path / 'ringfence.conf'
    conf.write_text('nonsense = 1\n')
    p = subprocess.run([COMMAND, 'check-config', '--json', conf], capture_output=True, text=True, timeout=10)
    fault, done = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 1 and fault['kind'] == 'fault' and ":1: no such option 'nonsense'" in fault['text']
    assert done == {'kind': 'done', 'result': 'refused'}
