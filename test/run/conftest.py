# SPDX-License-Identifier: ISC
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope='session')
def packages(tmp_path_factory):
    """one version and the next, which differ in nothing else"""
    made = subprocess.run([TOP / 'dist/deb', '0.9.0', TOP / 'build'], capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    first = next((TOP / 'build/deb').glob('ringfence_0.9.0_*.deb'))
    where = tmp_path_factory.mktemp('deb')
    second = where / first.name.replace('0.9.0', '0.9.1')
    subprocess.run(['dpkg-deb', '-R', first, where / 'tree'], check=True)
    control = where / 'tree/DEBIAN/control'
    control.write_text(control.read_text().replace('Version: 0.9.0', 'Version: 0.9.1'))
    subprocess.run(['dpkg-deb', '-Zgzip', '-z1', '-b', where / 'tree', second], check=True, stdout=subprocess.DEVNULL)
    return first, second
