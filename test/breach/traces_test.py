# SPDX-License-Identifier: ISC
"""R20, R28, T45: what ledger's part of the code ever wrote, octet by octet, under a preloaded trace."""
import os
import pathlib
import random
import sqlite3
import struct
import subprocess

import pytest

BUILD = pathlib.Path(os.environ['RINGFENCE_BUILD'])
STEP = struct.Struct('=QQQQ')

pytestmark = pytest.mark.skipif(b'libasan' in subprocess.run(['ldd', BUILD / 'test/breach/mild_writer'], capture_output=True).stdout,
                                reason='the sanitizer must be the first library')


def steps(path):
    """(op, inode, offset, octets) of a trace; a record that was being written at a kill is left out."""
    data, at = path.read_bytes(), 0
    while at + STEP.size <= len(data):
        op, inode, offset, n = STEP.unpack_from(data, at)
        at += STEP.size
        if at + n > len(data):
            return
        yield chr(op), inode, offset, data[at:at + n]
        at += n


def run(where, *args):
    env = dict(os.environ, LD_PRELOAD=str(BUILD / 'test/breach/libshim.so'), SHIM_TRACE=str(where / 'trace'))
    subprocess.run(args, check=True, timeout=30, env=env)
    return list(steps(where / 'trace'))


def test_a_call_of_14_9_s_is_never_written(tmp_path):
    trace = run(tmp_path, BUILD / 'test/breach/mild_writer', tmp_path / 'db')
    written = [octets for op, _, _, octets in trace if op == 'w']
    assert len(written) > 5
    assert not [w for w in written if b'14900' in w]
    assert [w for w in written if b'15100' in w]


class Disk:
    """Files as a machine finds them after a power cut: what was synced, and of the rest any part in any order."""

    def __init__(self):
        self.whole, self.synced, self.late = {}, {}, {}

    @staticmethod
    def put(octets, op, offset, data):
        if op == 't':
            del octets[offset:]
            octets.extend(bytes(offset - len(octets)))
            return
        octets.extend(bytes(max(0, offset - len(octets))))
        octets[offset:offset + len(data)] = data

    def take(self, op, inode, offset, data):
        whole = self.whole.setdefault(inode, bytearray())
        if op == 's':
            self.synced[inode] = bytearray(whole)
            self.late[inode] = []
        else:
            self.put(whole, op, offset, data)
            self.late.setdefault(inode, []).append((op, offset, data))

    def cut(self, rnd):
        out = {}
        for inode in self.whole:
            octets = bytearray(self.synced.get(inode, b''))
            for late in self.late.get(inode, []):
                if rnd.random() < 0.5:
                    self.put(octets, *late)
            out[inode] = octets
        return out


def rows(where, files, names):
    where.mkdir()
    for inode, name in names.items():
        (where / name).write_bytes(files.get(inode, b''))
    db = sqlite3.connect(where / 'db')
    try:
        assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
        return {r[0] for r in db.execute('SELECT id FROM calls')}
    except sqlite3.DatabaseError as e:
        if 'no such table' in str(e):
            return set()
        raise
    finally:
        db.close()


@pytest.mark.parametrize('seed', range(3))
def test_a_power_cut_takes_nothing_that_was_confirmed(tmp_path, seed):
    """Between any two writes: the database is whole, and what a finished transaction wrote is in it."""
    before = {}
    for name in ('db', 'db-wal'):
        (tmp_path / name).touch()
        before[os.stat(tmp_path / name).st_ino] = name
    trace = run(tmp_path, BUILD / 'test/breach/mild_writer', tmp_path / 'db')
    names = dict(before)
    for name in ('db', 'db-wal'):
        if (tmp_path / name).exists():
            names[os.stat(tmp_path / name).st_ino] = name
    wal = [inode for op, inode, _, data in trace if op == 'w' and data[:4] in (b'\x37\x7f\x06\x82', b'\x37\x7f\x06\x83')]
    names.update({inode: 'db-wal' for inode in wal})
    rnd, disk, cuts = random.Random(seed), Disk(), 0
    confirmed = set()
    for i, (op, inode, offset, data) in enumerate(trace):
        disk.take(op, inode, offset, data)
        # what a commit promised stands once its sync came back, which is before anyone is told
        if op == 's' and names.get(inode) == 'db-wal':
            confirmed = rows(tmp_path / f's{i}', disk.whole, names)
        assert rows(tmp_path / f'c{i}', disk.cut(rnd), names) >= confirmed, i
        cuts += 1
    assert cuts > 20 and confirmed == {2}
