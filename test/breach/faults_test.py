# SPDX-License-Identifier: ISC
"""R28: the disk fails ledger and keeper at the n-th call, for every n; and the power goes between any two. What was confirmed is
there when they start again, and what was confirmed gone is gone."""
import concurrent.futures
import errno
import os
import pathlib
import random
import sqlite3
import shutil
import subprocess
import tempfile

import pytest

from traces_test import BUILD, Disk, steps

WRITER = {who: BUILD / f'test/breach/faults_{who}' for who in ('ledger', 'keeper')}
SHIM = BUILD / 'test/breach/libshim.so'

KEPT, GONE = 5, 2        # faults.h
SAID = KEPT + GONE
BATCH = 16

pytestmark = pytest.mark.skipif(b'libasan' in subprocess.run(['ldd', WRITER['keeper']], capture_output=True).stdout,
                                reason='the sanitizer must be the first library')


@pytest.fixture
def place():
    """In memory: a disk that waits would be waited for a thousand times."""
    d = pathlib.Path(tempfile.mkdtemp(prefix='ringfence-faults-', dir='/dev/shm'))
    yield d
    shutil.rmtree(d)


def write(who, where, **env):
    """What it confirmed, and its status."""
    p = subprocess.run([WRITER[who], where, 'write'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, text=True,
                       env=dict(os.environ, LD_PRELOAD=str(SHIM), **{k: str(v) for k, v in env.items()}))
    assert p.returncode in (0, 1), (p.returncode, p.stderr)
    return p.stdout.split(), p.returncode


def read(who, where):
    """Started again on a good disk: it opens, and says what there is."""
    p = subprocess.run([WRITER[who], where, 'read'], capture_output=True, timeout=60, text=True)
    assert p.returncode == 0, p.stderr
    if who == 'ledger':
        db = sqlite3.connect(where / 'ledger.db')
        assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
        db.close()
    return set(p.stdout.split())


def stands(who, there, confirmed, deleting):
    """deleting: it may have begun to, so that what it did not confirm gone may be either. A row that ledger did not confirm may be
    there all the same, as core says it again; keeper's are there only if it said so."""
    gone = {'+' + c[1:] for c in confirmed if c[0] == '-' and (who == 'keeper' or '+' + c[1:] in confirmed)}
    kept = {c for c in confirmed if c[0] == '+'} - gone - ({f'+{n + 1}' for n in range(GONE)} if deleting else set())
    return there >= kept and not there & gone


@pytest.mark.parametrize('lasts,error', [(1, errno.EIO), (3, errno.ENOSPC), (1 << 30, errno.EIO)], ids=['once', 'full', 'for-good'])
@pytest.mark.parametrize('who', ['ledger', 'keeper'])
def test_the_disk_fails_at_every_call(place, who, lasts, error):
    def one(n):
        """Whether it failed at all, and whether that was felt."""
        where = place / str(n)
        where.mkdir()
        confirmed, status = write(who, where, SHIM_FAIL=f'{n}:{lasts}:{error}', SHIM_FAILED=where / 'failed')
        assert stands(who, read(who, where), confirmed, status == 0), (n, confirmed)
        return (where / 'failed').exists(), status != 0 or len(confirmed) < SAID

    done = []
    with concurrent.futures.ThreadPoolExecutor(BATCH) as pool:      # SQLite waits some seconds after some failures
        while not done or done[-1][0]:
            done += pool.map(one, range(len(done) + 1, len(done) + 1 + BATCH))
            assert len(done) < 2000
    assert sum(failed for failed, _ in done) > 20 and done[-1] == (False, False)
    assert lasts == 1 or any(felt for _, felt in done), 'no failure was ever felt'


@pytest.mark.parametrize('seed', range(2))
@pytest.mark.parametrize('who', ['ledger', 'keeper'])
def test_a_power_cut_between_any_two_calls(place, who, seed):
    """What was not yet synced is there in any part and order. Confirmed is what was said before the cut."""
    origin = place / 'origin'
    origin.mkdir()
    confirmed, _ = write(who, origin, SHIM_TRACE=place / 'trace')
    assert len(confirmed) == SAID
    names = {os.stat(f).st_ino: f.name for f in origin.iterdir()}
    rnd, disk, said, cuts = random.Random(seed), Disk(names, 'ledger.db' if who == 'ledger' else None), 0, 0
    for i, (op, inode, offset, data) in enumerate(steps(place / 'trace')):
        if op == 'm':
            said += 1
            continue
        disk.take(op, inode, offset, data)
        where = place / f'cut{i}'
        where.mkdir()
        for name, octets in disk.cut(rnd).items():
            (where / name).write_bytes(octets)
        assert stands(who, read(who, where), confirmed[:said], said >= KEPT), (i, said)
        cuts += 1
    assert cuts > 20 and said == SAID
