# SPDX-License-Identifier: ISC
"""R28, R31: a file that was confirmed is on disk, with its name: octets first, then the name that it is found by, then the directory."""
import os
import pathlib
import subprocess

import pytest

from command_test import BUILD, House
from traces_test import steps

TOP = pathlib.Path(__file__).resolve().parents[2]
PASSPHRASE = 'a passphrase of some length'

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason='needs root'),
              pytest.mark.skipif(b'libasan' in subprocess.run(['ldd', BUILD / 'test/breach/mild_writer'], capture_output=True).stdout,
                                 reason='the sanitizer must be the first library')]


def traced(where, monkeypatch):
    monkeypatch.setenv('LD_PRELOAD', str(BUILD / 'test/breach/libshim.so'))
    monkeypatch.setenv('SHIM_TRACE', str(where / 'trace'))


def ops(where):
    return [(op, inode) for op, inode, _, _ in steps(where / 'trace')]


def assert_on_disk(done, path, after=0):
    """Where in the trace its name is durable."""
    inode, directory = path.stat().st_ino, path.parent.stat().st_ino
    synced = done.index(('s', inode), after)
    assert ('w', inode) not in done[synced:], 'all of it'
    named = done.index(('r', inode), synced) if ('r', inode) in done else synced
    return done.index(('d', directory), named)


def test_r31_a_backup_is_on_disk_when_it_is_made(tmp_path, monkeypatch):
    house = House()
    try:
        house.start()
        with monkeypatch.context() as m:
            traced(tmp_path, m)
            house.run('backup', house.dir / 'b', '--password-stdin', stdin=PASSPHRASE + '\n')
        assert_on_disk(ops(tmp_path), house.dir / 'b')
    finally:
        house.end()
