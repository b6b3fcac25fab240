# SPDX-License-Identifier: ISC
"""R27: a boot key sealed under a passphrase opens with that passphrase alone, and only whole."""
import os
import pathlib
import subprocess

BOOTKEY = os.environ['RINGFENCE_BOOTKEY']
GOOD = 'correct horse battery'


def bootkey(*args, say=''):
    return subprocess.run([BOOTKEY, *args], input=say, text=True, capture_output=True, timeout=60, start_new_session=True)


def seal(path):
    done = bootkey('seal', path, say=f'{GOOD}\n{GOOD}\n')
    assert done.returncode == 0, done.stderr
    return pathlib.Path(path)


def test_opens_with_its_passphrase(tmp_path):
    sealed, out = seal(tmp_path / 'sealed'), tmp_path / 'key'
    assert bootkey('unseal', sealed, out, say=GOOD + '\n').returncode == 0
    key = out.read_bytes()
    assert len(key) == 32 and out.stat().st_mode & 0o777 == 0o400 and sealed.stat().st_mode & 0o777 == 0o600
    assert key not in sealed.read_bytes()
    again = seal(tmp_path / 'other')
    assert bootkey('unseal', again, tmp_path / 'key2', say=GOOD + '\n').returncode == 0
    assert (tmp_path / 'key2').read_bytes() != key


def test_refuses_all_else(tmp_path):
    sealed, out = seal(tmp_path / 'sealed'), tmp_path / 'key'
    for say in ('correct horse batterx\n', '\n', '', GOOD):
        assert bootkey('unseal', sealed, out, say=say).returncode == 1
    whole = sealed.read_bytes()
    for at in (0, 8, 16, 35, 50, len(whole) - 1):
        bad = tmp_path / 'bad'
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        assert bootkey('unseal', bad, out, say=GOOD + '\n').returncode == 1, at
    (tmp_path / 'bad').write_bytes(whole[:-1])
    assert bootkey('unseal', tmp_path / 'bad', out, say=GOOD + '\n').returncode == 1
    assert not out.exists()


def test_weak_or_mistyped_passphrase_makes_nothing(tmp_path):
    for say in ('short\nshort\n', f'{GOOD}\n{GOOD}x\n', 'x' * 300 + '\n' + 'x' * 300 + '\n'):
        assert bootkey('seal', tmp_path / 'sealed', say=say).returncode == 1
    assert not (tmp_path / 'sealed').exists()


def test_never_overwrites(tmp_path):
    sealed = seal(tmp_path / 'sealed')
    before = sealed.read_bytes()
    assert bootkey('seal', sealed, say=f'{GOOD}\n{GOOD}\n').returncode == 1
    assert sealed.read_bytes() == before
