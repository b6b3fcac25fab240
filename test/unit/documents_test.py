# SPDX-License-Identifier: ISC
"""R31: what the documents name is there: files, functions, counters, chapters, layouts. A file that is split takes its name along."""
import functools
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ['bench', 'bpf', 'cmd', 'demo', 'dist', 'doc', 'fuzz', 'lib', 'proc', 'share', 'test']
CHAPTERS = sorted((TOP / 'doc/architecture').glob('*.md'))
DOCUMENTS = [TOP / 'README.md', *sorted((TOP / 'doc').glob('*.md')), *CHAPTERS,
             *sorted(p for room in ('bench', 'test') for p in (TOP / room).rglob('*.md'))]
SOURCE = re.compile(r'[\w*-]+\.(?:bpf\.c|[ch]|py|def|sql|md)')
OF_OTHERS = {'bpf_fib_lookup', 'bpf_redirect_map', 'cpu-clock'}     # the kernel's, and perf's


@functools.cache
def files():
    found = [p for room in ROOMS for p in (TOP / room).rglob('*') if p.is_file() and p != pathlib.Path(__file__).resolve() and not {'corpus', '__pycache__'} & set(p.parts)]
    return {str(p.relative_to(TOP)): p for p in found} | {p.name: p for p in TOP.iterdir() if p.is_file()}


@functools.cache
def source():
    return '\n'.join(p.read_text(errors='replace') for name, p in files().items()
                     if p.suffix in ('.c', '.h', '.py', '.def', '.sql', '.build', '.conf', '.service', '.1', '.5', '.8') or '.' not in p.name)


@functools.cache
def identifiers():
    return set(re.findall(r'\w+', source()))


def quoted(text):
    """What stands between backticks, and the line of each."""
    text = re.sub(r'<!-- contract: .*<!-- end of contract -->', lambda m: '\n' * m[0].count('\n'), text, flags=re.S)
    for m in re.finditer(r'`([^`\n]+)`', text):
        yield text.count('\n', 0, m.start()) + 1, m[1]


def is_there(path):
    """One that is written whole, from the top of the tree; or what is built there, by the name that the rule has."""
    path = path.rstrip('/')
    if any(TOP.glob(path)) or any(TOP.glob(f'{path}.[ch]')):
        return True
    rule = (TOP / path).parent / 'meson.build'
    return rule.is_file() and f"'{pathlib.PurePath(path).name}'" in rule.read_text()


def wrong_name(word):
    word = re.sub('[A-Z]{4,}', '*', word.strip('.,;:'))     # test/unit/NAME_test.c
    if re.fullmatch(rf'(?:{"|".join(ROOMS)})/[\w./*-]*', word):
        return not is_there(word)
    if '/' in word and SOURCE.fullmatch(word.rsplit('/', 1)[1]) and re.fullmatch(r'[\w./*-]+', word):
        return not any(pathlib.PurePath(name).match(word) for name in files())
    if SOURCE.fullmatch(word):
        return not any(pathlib.PurePath(name).match(word) for name in files())
    if m := re.fullmatch(r'([a-z_]\w*)\(\)', word):
        return m[1] not in identifiers() | OF_OTHERS
    if re.fullmatch(r'[a-z]+(-[a-z]+)+-?', word):       # a counter, a key, an option, a message of status
        return word not in source() and word not in OF_OTHERS
    return False


def wrong(path):
    return [f'{path.relative_to(TOP)}:{line}: {word}' for line, words in quoted(path.read_text()) for word in words.split() if wrong_name(word)]


@pytest.mark.parametrize('path', DOCUMENTS, ids=lambda p: str(p.relative_to(TOP)))
def test_what_it_names_is_there(path):
    assert wrong(path) == []


def test_a_name_that_is_false_would_be_seen(tmp_path):
    false = ['proc/core/refer_asks.c', 'refer_asks.c', 'core/refer_asks.c', 'proc/cores', 'refer_party_left()', 'records-unfitting', 'lib/ipc/nothing*.c']
    true = ['proc/core/refer_ask.c', 'refer_ask.c', 'core/refer_ask.c', 'proc/core', 'refer_left()', 'records-unfit', 'proc/core/trunk*.c', 'site/prompts/x.wav']
    assert [wrong_name(w) for w in false] == [True] * len(false) and [wrong_name(w) for w in true] == [False] * len(true)


def modules(text):
    """The first cells of tables of files: `capture/link` `ip` are files of one folder."""
    for table in re.findall(r'^\| file \| what \|\n\|.*\n((?:\|.*\n)+)', text, re.M):
        for row in table.splitlines():
            yield from re.findall(r'`([^`]+)`', row.split('|')[1])


@pytest.mark.parametrize('path', CHAPTERS, ids=lambda p: p.name)
def test_the_files_of_its_table_are_there(path):
    text = path.read_text()
    rooms = tuple({str(pathlib.PurePath(w).parent) if '.' in w else w for w in re.findall(r'`((?:lib|proc|cmd)[^`]*)`', text.splitlines()[0])})
    names = [n.rsplit('.', 1)[0] for n in files() if n.startswith(rooms)] if rooms else []
    assert [m for m in modules(text) if not any(f'/{n}'.endswith(f'/{m}') for n in names)] == []


def test_tables_of_files_are_read():
    assert sum(len(list(modules(p.read_text()))) for p in CHAPTERS) > 80


def test_each_chapter_is_in_the_table():
    text = (TOP / 'doc/architecture.md').read_text()
    assert set(re.findall(r'^\| \[[^]]+\]\(architecture/([a-z]+\.md)\) \|', text, re.M)) == {p.name for p in CHAPTERS}


@pytest.mark.parametrize('path', DOCUMENTS, ids=lambda p: str(p.relative_to(TOP)))
def test_links_lead_somewhere(path):
    for to in re.findall(r'\]\(([^)\s]+)\)', path.read_text()):
        assert to.startswith('https://') or (path.parent / to.split('#')[0]).exists(), to


def test_each_process_has_its_row():
    rows = re.findall(r'^\| ([a-z]+) \|', (TOP / 'doc/architecture.md').read_text().split('## Chapters')[0], re.M)
    names = re.search(r'proc_name\[PROC_N\] = \{(.*?)\}', (TOP / 'lib/ipc/contract.c').read_text(), re.S)[1]
    assert sorted(re.findall(r'"([a-z]+)"', names)) == sorted(set(rows) - {'process'})


def test_the_layouts_are_those_of_the_build():
    text = (TOP / 'doc/architecture/survival.md').read_text()
    is_at, = re.findall(r'core is at (\d+), media at (\d+)', text)
    was_at, = re.findall(r'arenas that builds of (\d+) and of\s(\d+) wrote', text)
    layouts = [int(re.search(rf'{p.upper()}_LAYOUT = (\d+)', (TOP / f'proc/{p}/former.h').read_text())[1]) for p in ('core', 'media')]
    assert [int(n) for n in is_at] == layouts and [int(n) + 1 for n in was_at] == layouts
    flows = int(re.search(r'FLOW_LAYOUT =\s+(\d+)', (TOP / 'bpf/flow.h').read_text())[1])
    assert f'`flows-{flows}`' in (TOP / 'doc/architecture/media.md').read_text()


@pytest.mark.parametrize('path', [p for p in DOCUMENTS if p.parts[-2] in ('architecture', 'doc')], ids=lambda p: p.name)
def test_lines_have_an_end(path):
    text = re.sub(r'<!-- contract: .*<!-- end of contract -->', '', path.read_text(), flags=re.S)
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith(('|', '    ', '#'))] == []
