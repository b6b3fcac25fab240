#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Run a command with the URI of a PostgreSQL of its own: postgresql.py COMMAND... URI. R32."""
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
found = sorted(glob.glob('/usr/lib/postgresql/*/bin/initdb'))
if not found:
    print('no PostgreSQL here')
    sys.exit(SKIPPED)
bin_dir = pathlib.Path(found[-1]).parent
work = tempfile.mkdtemp(prefix='ringfence-pg-')
# the server refuses to run as root
who = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.getuid() == 0 else {}
if who:
    os.chown(work, 65534, 65534)
server = None
try:
    subprocess.run([bin_dir / 'initdb', '-D', f'{work}/data', '-A', 'trust', '-U', 'ringfence', '-E', 'UTF8',
                    '--locale=C.UTF-8', '-N'], cwd=work, check=True, timeout=60, stdout=subprocess.DEVNULL, **who)
    server = subprocess.Popen([bin_dir / 'postgres', '-D', f'{work}/data', '-k', work, '-h', '', '-c', 'fsync=off',
                               '-c', 'shared_buffers=8MB', '-c', 'log_min_messages=fatal'], cwd=work, **who)
    for _ in range(100):
        if subprocess.run([bin_dir / 'pg_isready', '-q', '-h', work, '-U', 'ringfence', '-d', 'postgres'], timeout=10).returncode == 0:
            break
        if server.poll() is not None:
            sys.exit(1)
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            pass
    uri = f'postgresql://ringfence@/postgres?host={work}'
    sys.exit(subprocess.run([*sys.argv[1:], uri], timeout=120).returncode)
finally:
    if server:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    shutil.rmtree(work, ignore_errors=True)
