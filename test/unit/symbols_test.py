# SPDX-License-Identifier: ISC
"""A function of ours with the name of one of a library's is what the library's caller gets: no executable may have one. Nor two of
ours, of which the linker takes whichever it meets first; and what one file alone uses is static, so that it can be neither."""
import collections
import functools
import glob
import os
import pathlib
import re
import shlex
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ['RINGFENCE_BUILD']
SHIPPED = sorted(x for x in glob.glob(f'{BUILD}/proc/*/ringfence*') + [f'{BUILD}/cmd/ringfence'] if os.path.isfile(x))
OF_THE_LINKER = {'_init', '_fini'}


@functools.cache
def functions(path, *options):
    out = subprocess.run(['nm', '-P', '-g', '--defined-only', *options, path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {r[0].split('@')[0] for r in rows if len(r) > 1 and r[1] in 'TWi'} - OF_THE_LINKER


def libraries(path):
    rows = [line.split() for line in subprocess.run(['ldd', path], capture_output=True, text=True, check=True).stdout.splitlines()]
    return [r[2] for r in rows if len(r) > 2 and r[1] == '=>' and not os.path.basename(r[2]).startswith(('libasan', 'libubsan', 'libtsan'))]


def shared(path):
    own = {f for f in functions(path) if not f.startswith('__')}     # two underscores are the compiler's
    assert 'main' in own
    return sorted((lib, f) for lib in libraries(path) for f in own & functions(lib, '-D'))


@pytest.mark.parametrize('path', SHIPPED, ids=os.path.basename)
def test_no_function_of_ours_is_taken_for_one_of_a_library(path):
    assert shared(path) == []


def test_one_that_is_would_be_seen(tmp_path):
    assert len(SHIPPED) > 15
    (tmp_path / 'a.c').write_text('int json_array(void) { return 1; } int json_null(void); int main(void) { return json_array() + json_null(); }')
    subprocess.run(['cc', '-o', tmp_path / 'a', tmp_path / 'a.c', '-ljansson'], check=True)
    assert [f for _, f in shared(str(tmp_path / 'a'))] == ['json_array']


def test_parent_links_libc_and_libseccomp_alone():
    """It alone is root (R27); a sanitizer brings what it needs."""
    rows = subprocess.run(['objdump', '-p', f'{BUILD}/proc/parent/ringfenced'], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r'NEEDED\s+(lib\w+)', rows))
    assert 'libseccomp' in needed
    assert needed - {'libasan', 'libubsan', 'libtsan', 'libm', 'libgcc_s', 'libresolv', 'libdl', 'librt', 'libpthread'} == {'libc', 'libseccomp'}


known = {}


def symbols(paths):
    """Of objects, and of each in an archive: {path: [(object, name, kind)]}."""
    new = [p for p in paths if p not in known]
    for at in range(0, len(new), 500):
        known.update((p, []) for p in new[at:at + 500])
        out = subprocess.run(['nm', '-P', '-A', '-g', *new[at:at + 500]], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            obj, name, kind = line.split()[:3]
            if not name.startswith('__'):
                known[re.sub(r'(\[.*\])?:$', '', obj)].append((obj, name, kind))
    return {p: known[p] for p in paths}


def linked(path):
    target = os.path.relpath(path, BUILD)
    commands = subprocess.run(['ninja', '-C', BUILD, '-t', 'commands', target], capture_output=True, text=True, check=True).stdout
    words = shlex.split(commands.splitlines()[-1])
    assert target in words
    return [os.path.join(BUILD, w) for w in dict.fromkeys(words) if w.endswith(('.a', '.o')) and not os.path.isabs(w)]


def twice(paths):
    where = collections.defaultdict(set)
    for rows in symbols(paths).values():
        for obj, name, kind in rows:
            if kind in 'TDBRC':
                where[name].add(obj)
    return sorted((name, *sorted(objs)) for name, objs in where.items() if len(objs) > 1)


@pytest.mark.parametrize('path', SHIPPED, ids=os.path.basename)
def test_no_two_of_ours_have_one_name(path):
    assert twice(linked(path)) == []


def test_two_that_have_would_be_seen(tmp_path):
    for lib in 'ab':
        (tmp_path / f'{lib}.c').write_text('int store_open(void) { return 1; }')
        subprocess.run(['cc', '-c', '-o', tmp_path / f'{lib}.o', tmp_path / f'{lib}.c'], check=True)
        subprocess.run(['ar', 'cr', tmp_path / f'{lib}.a', tmp_path / f'{lib}.o'], check=True)
    assert [t[0] for t in twice([str(tmp_path / 'a.a'), str(tmp_path / 'b.a')])] == ['store_open']


def alone(objects, ours):
    """What no other object asks for, of those whose names ours takes."""
    defined, asked = {}, collections.defaultdict(set)
    for path, rows in symbols(objects).items():
        for _, name, kind in rows:
            if kind == 'U':
                asked[name].add(path)
            elif kind in 'TDBR' and ours(path):
                defined[name] = path
    return sorted(f'{name} of {os.path.relpath(path, BUILD)}' for name, path in defined.items() if name != 'main' and not asked[name] - {path})


def test_what_one_file_uses_is_static():
    objects = [o for d in ('lib', 'proc', 'cmd', 'share', 'test', 'fuzz', 'bench') for o in glob.glob(f'{BUILD}/{d}/**/*.o', recursive=True)]
    assert len(objects) > 500
    assert alone(objects, lambda o: os.path.relpath(o, BUILD).startswith(('lib/', 'proc/', 'cmd/'))) == []


def test_one_that_is_not_would_be_seen(tmp_path):
    for file, text in {'a': 'int a(void) { return 1; } int b(void) { return a(); }', 'm': 'int b(void); int main(void) { return b(); }'}.items():
        (tmp_path / f'{file}.c').write_text(text)
        subprocess.run(['cc', '-O0', '-c', '-o', tmp_path / f'{file}.o', tmp_path / f'{file}.c'], check=True)
    assert [a.split()[0] for a in alone([str(tmp_path / 'a.o'), str(tmp_path / 'm.o')], lambda o: True)] == ['a']


def test_each_header_has_a_guard_of_its_own():
    headers = [h for d in ('lib', 'proc', 'cmd', 'share', 'bpf', 'test', 'fuzz', 'bench') for h in (TOP / d).rglob('*.h')]
    guards = collections.Counter(m[1] for h in headers if (m := re.search(r'^#ifndef (\w+_H)\n#define \1$', h.read_text(), re.M)))
    assert len(guards) > 250 and [g for g, n in guards.items() if n > 1] == []
