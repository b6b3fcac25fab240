# SPDX-License-Identifier: ISC
"""R28, R31: a file that was confirmed is on disk, with its name: octets first, then the name that it is found by, then the directory."""
import os
import pathlib
import shutil
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


def new_site(site, *options, say=''):
    subprocess.run([TOP / 'dist/new-site', '--libexec', BUILD / 'proc', '--domain', 'voice.example', '--listen', '127.0.0.1', *options, site],
                   check=True, timeout=60, input=say, text=True, start_new_session=True)


@pytest.mark.parametrize('options,key', [((), 'boot.key'), (('--passphrase',), 'boot.key.sealed')], ids=['file', 'passphrase'])
def test_r28_a_new_site_has_its_key_before_it_has_a_configuration(tmp_path, monkeypatch, options, key):
    """Nothing starts without a configuration, so nothing is sealed under a key that a power cut takes."""
    site = tmp_path / 'site'
    with monkeypatch.context() as m:
        traced(tmp_path, m)
        new_site(site, *options, say=f'{PASSPHRASE}\n{PASSPHRASE}\n')
    done = ops(tmp_path)
    there = assert_on_disk(done, site / key)
    assert_on_disk(done, site / 'ringfence.conf')
    assert done.index(('r', (site / 'ringfence.conf').stat().st_ino)) > there
    assert sorted(x.name for x in site.iterdir()) == [key, 'ringfence.conf']


def test_r28_an_empty_key_is_none(tmp_path):
    """As a power cut left one by a site that was made without waiting for the disk."""
    site = tmp_path / 'site'
    site.mkdir()
    (site / 'boot.key').touch(0o400)
    new_site(site)
    assert len((site / 'boot.key').read_bytes()) == 32


def test_r28_parent_syncs_what_others_made_before_anything_is_sealed(tmp_path, monkeypatch):
    house = House()
    try:
        with monkeypatch.context() as m:
            traced(tmp_path, m)
            house.start()
        done = ops(tmp_path)
        for name in ('boot.key', 'ringfence.conf'):
            assert_on_disk(done[:done.index(('m', 0))], house.site / name)
    finally:
        house.end()


@pytest.mark.parametrize('lose', [lambda db: db.unlink(), lambda db: db.write_bytes(b'')], ids=['gone', 'empty'])
def test_r28_a_database_that_was_lost_is_not_begun_anew(lose):
    """Nobody would know of it, and the first phone that is added would have a number that stands in another's certificate (R1)."""
    house = House()
    try:
        house.start()
        house.run('stop')
        house.process.wait(10)
        for path in (house.site / 'ledger').glob('ledger.db-*'):
            path.unlink()
        lose(house.site / 'ledger/ledger.db')
        shutil.rmtree(house.site / 'run')   # the host was started anew
        with pytest.raises(AssertionError, match='ledger/ledger.db is gone or empty, and people and phones with it'):
            house.start()
        assert house.process.wait(10) == 1
    finally:
        house.end()


def test_r28_a_configuration_that_was_taken_is_on_disk(tmp_path, monkeypatch):
    """And the certificates that an administrator copied beside it."""
    house = House()
    try:
        with monkeypatch.context() as m:
            traced(tmp_path, m)
            house.start()
        before = len(ops(tmp_path))
        trust = house.site / 'trust'
        trust.mkdir()
        (trust / 'carrier.pem').write_text('what the carrier sent')
        conf = house.site / 'ringfence.conf'
        conf.write_text(conf.read_text() + 'emergency { numbers = {"999"} }\n')
        house.run('reload')
        for path in (conf, trust / 'carrier.pem'):
            assert_on_disk(ops(tmp_path), path, before)
    finally:
        house.end()


def test_r30_what_a_phone_is_given_is_on_disk(tmp_path, monkeypatch):
    house = House()
    try:
        house.start()
        house.run('user', 'add', '101', stdin='a-secret-1\na-secret-1\n')
        code = house.json('phone', 'add', 'desk', '--user', '101')[0]['code']
        with monkeypatch.context() as m:
            traced(tmp_path, m)
            house.run('phone', 'enrol', code, '--out', house.dir / 'desk')
        done = ops(tmp_path)
        for name in ('phone.key', 'phone.crt', 'ca.crt'):
            assert_on_disk(done, house.dir / 'desk' / name)
    finally:
        house.end()
