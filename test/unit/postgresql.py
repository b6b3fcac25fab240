#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A PostgreSQL of one's own, on a socket in a directory of its own: cluster() for tests in Python, and
`postgresql.py COMMAND...` runs the command with the URI as its last argument. R32."""
import contextlib
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


def found():
    """The newest server's directory of programs, or None."""
    initdb = sorted(glob.glob('/usr/lib/postgresql/*/bin/initdb'))
    return pathlib.Path(initdb[-1]).parent if initdb else None


def wait_ready(programs, work, server):
    for _ in range(100):
        if subprocess.run([programs / 'pg_isready', '-q', '-h', work, '-U', 'ringfence', '-d', 'postgres'],
                          timeout=10).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError('PostgreSQL does not start')


@contextlib.contextmanager
def cluster():
    """Its URI."""
    programs = found()
    work = tempfile.mkdtemp(prefix='ringfence-pg-')
    # the server refuses to run as root
    who = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.getuid() == 0 else {}
    if who:
        os.chown(work, 65534, 65534)
    server = None
    try:
        subprocess.run([programs / 'initdb', '-D', f'{work}/data', '-A', 'trust', '-U', 'ringfence', '-E', 'UTF8',
                        '--locale=C.UTF-8', '-N'], cwd=work, check=True, timeout=60, stdout=subprocess.DEVNULL, **who)
        server = subprocess.Popen([programs / 'postgres', '-D', f'{work}/data', '-k', work, '-h', '', '-c', 'fsync=off',
                                   '-c', 'shared_buffers=8MB', '-c', 'log_min_messages=panic'], cwd=work, **who)
        wait_ready(programs, work, server)
        yield f'postgresql://ringfence@/postgres?host={work}'
    finally:
        if server:
            server.send_signal(2)  # fast: does not wait for clients
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == '__main__':
    if not found():
        print('no PostgreSQL here')
        sys.exit(SKIPPED)
    with cluster() as uri:
        sys.exit(subprocess.run([*sys.argv[1:], uri], timeout=120).returncode)
