# SPDX-License-Identifier: ISC
"""A function of ours with the name of one of a library's is what the library's caller gets: no executable may have one."""
import functools
import glob
import os
import subprocess

import pytest

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
