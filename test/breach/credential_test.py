# SPDX-License-Identifier: ISC
"""R27, R31: where the boot key is a credential of the service manager, as the guide advises, a backup is made and taken back all the
same. What systemd gives lies in a mount namespace of this test."""
import os
import subprocess

import pytest

from command_test import BUILD, House, user

PASSPHRASE = 'a passphrase of some length'
LINE = 'LoadCredentialEncrypted=boot.key:/etc/credstore.encrypted/ringfence.boot.key'

# $1: what the running unit has, or nothing; $2: its drop-in; $3: what lies at its site, or nothing
PLACE = r'''
set -e
mount -t tmpfs -o mode=755 tmpfs /run
[ -z "$1" ] || { mkdir -p /run/credentials/ringfence.service; install -m 0400 "$1" /run/credentials/ringfence.service/boot.key; }
mkdir -p /etc/systemd/system
mount -t tmpfs -o mode=755 tmpfs /etc/systemd/system
mkdir /etc/systemd/system/ringfence.service.d
printf '[Service]\n%s\n' "$2" >/etc/systemd/system/ringfence.service.d/override.conf
[ -z "$3" ] || { mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/ringfence; mount --bind "$3" /var/lib/ringfence; }
shift 3
exec "$@"
'''

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


@pytest.fixture
def house(monkeypatch):
    """Its key is outside of the site, as a credential."""
    h = House()
    where = h.dir / 'credentials'
    where.mkdir(mode=0o700)
    (h.site / 'boot.key').rename(where / 'boot.key')
    h.key = where / 'boot.key'
    try:
        with monkeypatch.context() as m:
            m.setenv('CREDENTIALS_DIRECTORY', str(where))
            h.start()
        user(h, '101')
        yield h
    finally:
        h.end()


def run(house, verb, *args, key='', line='', at='', site=None, **env):
    command = [BUILD / 'cmd/ringfence', '--site', site or ('/var/lib/ringfence' if at else house.site), verb, *args, '--password-stdin']
    p = subprocess.run(['unshare', '-m', 'sh', '-c', PLACE, 'sh', key, line, at, *command], input=PASSPHRASE + '\n', timeout=60,
                       capture_output=True, text=True, cwd=house.dir, env=dict(os.environ, **env))
    return p.returncode, p.stderr


def begin_at(house, site, monkeypatch, key=None):
    """The exchange of this directory has the people of the other one."""
    if house.process.poll() is None:
        house.run('stop')
        house.process.wait(10)
    house.site = site
    with monkeypatch.context() as m:
        if key:
            m.setenv('CREDENTIALS_DIRECTORY', str(key.parent))
        house.start()
    assert [u['name'] for u in house.json('user', 'list')] == ['101']


def another_key(path):
    path.write_bytes(os.urandom(32))
    path.chmod(0o400)
    return path


def test_r31_a_backup_finds_the_credential_of_the_running_unit(house, monkeypatch):
    code, said = run(house, 'backup', 'b')
    assert code == 1 and '--boot-key' in said and not (house.dir / 'b').exists(), said
    assert run(house, 'backup', 'b', key=house.key) == (0, '')
    # of a unit of its own, such as a timer's
    assert run(house, 'backup', 'c', CREDENTIALS_DIRECTORY=str(house.key.parent)) == (0, '')
    # one that was named, and no other place then
    assert run(house, 'backup', 'd', '--boot-key', house.key) == (0, '')
    other = another_key(house.dir / 'other')
    code, said = run(house, 'backup', 'e', '--boot-key', other, key=house.key)
    assert code == 1 and 'another boot key' in said and not (house.dir / 'e').exists(), said
    code, said = run(house, 'backup', 'e', '--boot-key', house.log_path, key=house.key)
    assert code == 1 and 'is no boot key' in said, said
    # a file that was left beside the credential opens nothing
    another_key(house.site / 'boot.key')
    assert run(house, 'backup', 'f', key=house.key) == (0, '')
    for i, name in enumerate('bcdf'):
        site = house.dir / f'again{i}'
        assert run(house, 'restore', name, site=site) == (0, '')
    begin_at(house, site, monkeypatch)


def test_r31_a_restored_site_opens_with_the_credential(house, monkeypatch):
    assert run(house, 'backup', 'b', key=house.key) == (0, '')
    at = house.dir / 'at'
    at.mkdir()
    for line in LINE, ' SetCredential = boot.key: xyz', 'LoadCredential=boot.key':
        code, said = run(house, 'restore', 'b', at=at, line=line)
        assert code == 1 and 'ringfence.service is given it as a credential' in said and '--boot-key' in said, (line, said)
        assert list(at.iterdir()) == []
    assert run(house, 'restore', 'b', '--boot-key', house.key, at=at, line=LINE) == (0, '')
    assert not (at / 'boot.key').exists(), 'the credential is its only copy'
    begin_at(house, at, monkeypatch, house.key)


def test_r31_a_restore_in_a_unit_of_its_own_takes_its_credential(house, monkeypatch):
    assert run(house, 'backup', 'b', key=house.key) == (0, '')
    site = house.dir / 'again'
    assert run(house, 'restore', 'b', site=site, CREDENTIALS_DIRECTORY=str(house.key.parent)) == (0, '')
    assert not (site / 'boot.key').exists()
    begin_at(house, site, monkeypatch, house.key)


def test_r31_without_a_credential_a_key_is_made(house, monkeypatch):
    assert run(house, 'backup', 'b', key=house.key) == (0, '')
    for name, line in ('at', '#' + LINE), ('other', 'LoadCredential=boot.key2:/x'):
        (house.dir / name).mkdir()
        assert run(house, 'restore', 'b', at=house.dir / name, line=line) == (0, '')
        assert len((house.dir / name / 'boot.key').read_bytes()) == 32
    # what the unit is given is nothing to a site that is not its own
    assert run(house, 'restore', 'b', line=LINE, key=house.key, site=house.dir / 'beside') == (0, '')
    assert (house.dir / 'beside/boot.key').read_bytes() != house.key.read_bytes()
    begin_at(house, house.dir / 'beside', monkeypatch)


def test_r31_a_key_that_is_there_is_not_passed_over(house):
    assert run(house, 'backup', 'b', key=house.key) == (0, '')
    site = house.dir / 'again'
    site.mkdir()
    was = another_key(site / 'boot.key').read_bytes()
    code, said = run(house, 'restore', 'b', '--boot-key', house.key, site=site)
    assert code == 1 and 'is another one' in said, said
    assert [x.name for x in site.iterdir()] == ['boot.key']
    assert run(house, 'restore', 'b', '--boot-key', site / 'boot.key', site=site) == (0, '')
    assert (site / 'boot.key').read_bytes() == was
