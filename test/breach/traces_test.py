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
    """(op, inode, offset, octets) of a trace: w(rite), t(runcate), s(ync), d(irectory synced), r(enamed), m(essage); a record that was being written at a kill is left out."""
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


SECTOR = 512
ROLLBACK, WAL = bytes.fromhex('d9d505f920a163d7'), (b'\x37\x7f\x06\x82', b'\x37\x7f\x06\x83')


class Disk:
    """Files as a machine finds them after a power cut: what was synced, and of the rest any part in any order, by writes or by sectors.
    The length may be the last one although octets before it are missing: they are zeros. Of a database `db` the first transaction has
    a journal, which is gone before there is a log of writes; it may have left its inode to it."""

    def __init__(self, names, db=None):
        self.names, self.db = dict(names), db
        self.whole, self.synced, self.late = {}, {}, {}

    def call(self, inode, name):
        for old in [i for i, n in self.names.items() if n == name and i != inode]:
            del self.names[old]
        self.names[inode] = name

    def forget_journal(self):
        for inode in [i for i, n in self.names.items() if n == f'{self.db}-journal']:
            for of in self.names, self.whole, self.synced, self.late:
                of.pop(inode, None)

    def look(self, op, inode, data):
        if self.db and op == 'w' and data[:8] == ROLLBACK:
            self.call(inode, f'{self.db}-journal')
        elif self.db and op == 'w' and data[:4] in WAL:
            self.forget_journal()
            self.call(inode, f'{self.db}-wal')

    @staticmethod
    def put(octets, op, offset, data):
        if op == 't':
            del octets[offset:]
            octets.extend(bytes(offset - len(octets)))
            return
        octets.extend(bytes(max(0, offset - len(octets))))
        octets[offset:offset + len(data)] = data

    def take(self, op, inode, offset, data):
        if op in 'drm':
            return
        self.look(op, inode, data)
        whole = self.whole.setdefault(inode, bytearray())
        if op == 's':
            self.synced[inode] = bytearray(whole)
            self.late[inode] = []
        else:
            self.put(whole, op, offset, data)
            self.late.setdefault(inode, []).append((op, offset, data))

    @staticmethod
    def sectors(op, offset, data):
        if op == 't':
            yield op, offset, data
        at = 0
        while at < len(data):
            n = SECTOR - (offset + at) % SECTOR
            yield op, offset + at, data[at:at + n]
            at += n

    def now(self):
        return {name: self.whole.get(inode, b'') for inode, name in self.names.items()}

    def cut(self, rnd):
        out = {}
        for inode, name in self.names.items():
            whole = self.whole.get(inode, b'')
            octets, apart = bytearray(self.synced.get(inode, b'')), rnd.random() < 0.5
            for late in self.late.get(inode, []):
                for part in self.sectors(*late) if apart else [late]:
                    if rnd.random() < 0.5:
                        self.put(octets, *part)
            if rnd.random() < 0.5:
                octets.extend(bytes(max(0, len(whole) - len(octets))))
            out[name] = octets
        return out


def rows(where, files):
    where.mkdir()
    for name, octets in files.items():
        (where / name).write_bytes(octets)
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
    (tmp_path / 'db').touch()
    trace = run(tmp_path, BUILD / 'test/breach/mild_writer', tmp_path / 'db')
    rnd, disk, cuts = random.Random(seed), Disk({os.stat(tmp_path / 'db').st_ino: 'db'}, 'db'), 0
    confirmed = set()
    for i, (op, inode, offset, data) in enumerate(trace):
        disk.take(op, inode, offset, data)
        # what a commit promised stands once its sync came back, which is before anyone is told
        if op == 's' and disk.names.get(inode) == 'db-wal':
            confirmed = rows(tmp_path / f's{i}', disk.now())
        assert rows(tmp_path / f'c{i}', disk.cut(rnd)) >= confirmed, i
        cuts += 1
    assert cuts > 20 and confirmed == {2}
