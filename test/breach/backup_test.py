# SPDX-License-Identifier: ISC
"""Backups go from SQLite to PostgreSQL and back, row for row, and an exchange goes on from them; a database that is not empty, of
another version or of somebody else is refused and left as it was. R31, R32.
backup_test.py needs a PostgreSQL server."""
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

import pytest

from command_test import BUILD, House, add, phone, postgresql, pytestmark as root, user

PASSPHRASE = 'a passphrase of some length'
GOES_ON = {'events', 'readings', 'meta'}  # what an exchange that runs adds to by itself
pytestmark = [root, pytest.mark.skipif(not postgresql.found(), reason='no PostgreSQL here')]


@pytest.fixture(scope='module')
def server():
    with postgresql.cluster() as uri:
        yield Server(uri)


class Server:
    """Databases of their own on one cluster."""

    def __init__(self, uri):
        self.uri, self.n = uri, 0

    def ask(self, uri, sql):
        return subprocess.run([postgresql.found() / 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql, uri], check=True,
                              timeout=30, capture_output=True, text=True).stdout

    def database(self):
        self.n += 1
        self.ask(self.uri, f'CREATE DATABASE d{self.n}')
        return self.uri.replace('/postgres?', f'/d{self.n}?')

    def tables(self, uri):
        columns = {}
        for line in self.ask(uri, "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'").split():
            table, name, kind = line.split('|')
            columns.setdefault(table, []).append(f"'{name}', " + (f"encode({name}, 'hex')" if kind == 'bytea' else name))
        rows = {table: [] for table in columns}
        every = ' UNION ALL '.join(f"SELECT json_build_array('{table}', json_build_object({', '.join(of)}))::text FROM {table}"
                                   for table, of in columns.items())
        for line in self.ask(uri, every).split('\n') if every else []:
            if line:
                table, row = json.loads(line)
                rows[table].append(row)
        return {table: canonical(of) for table, of in rows.items()}


def canonical(rows):
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def plain(value):
    return value.hex() if isinstance(value, bytes) else value


def sqlite_tables(site):
    with contextlib.closing(sqlite3.connect(site / 'ledger/ledger.db')) as db:
        db.row_factory = sqlite3.Row
        names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        return {name: canonical({k: plain(row[k]) for k in row.keys()} for row in db.execute(f'SELECT * FROM {name}')) for name in names}


def assert_same(a, b, leave=()):
    assert a.keys() == b.keys() and len(a) > 10
    for table in a.keys() - set(leave):
        assert a[table] == b[table], table


def backup(house, name):
    house.run('backup', house.dir / name, '--password-stdin', stdin=PASSPHRASE + '\n')
    return house.dir / name


def configuration(house, uri):
    path = house.dir / 'other.conf'
    lines = [x for x in (house.site / 'ringfence.conf').read_text().splitlines() if not x.startswith(('database', 'language'))]
    path.write_text('\n'.join([*lines, f'database = "{uri}"', 'language = "fr"', '']))
    return path


def restore(house, site, path, conf=None, check=True):
    """Into a directory beside the site."""
    old, house.site = house.site, house.dir / site
    try:
        return house.run('restore', path, '--password-stdin', *(['--config', conf] if conf else []), stdin=PASSPHRASE + '\n', check=check)
    finally:
        house.site = old


def refused(house, site, path, conf):
    p = restore(house, site, path, conf, check=False)
    assert p.returncode == 1, p.stdout + p.stderr
    left = [x.name for x in (house.dir / site).iterdir()] if (house.dir / site).exists() else []
    assert left == [], left
    return p.stderr


def people(house):
    house.run('site', 'set', '--greeting', 'Clinique "é" — 診療所', check=False)
    user(house, '101', 'Ann-Élodie Müller 診')
    user(house, '102', "O'Brien \\ \"x\"")
    house.run('user', 'set', '101', '--forward-busy', '102', '--classes', 'local mobile', '--blocked', '+15551234567')
    house.run('group', 'set', '200', '--members', '101,102', check=False)
    house.run('user', 'pin', '101', stdin='482915\n482915\n', check=False)
    house.run('admin', 'set', 'root', stdin='secret-9999\nsecret-9999\n')
    code = add(house, 'desk', '--user', '101')
    house.run('phone', 'enrol', code['code'], '--out', house.dir / 'desk')
    return code['phone']


def stop(house):
    house.run('stop')
    house.process.wait(10)


def begin_at(house, site):
    """The exchange in another of its directories."""
    house.site = house.dir / site
    return house.start()


def listing(house):
    return [{k: u[k] for k in u if k != 'generation'} for u in house.json('user', 'list')]


def test_r32_from_sqlite_to_postgresql_and_back(server):
    house, uri = House(), server.database()
    try:
        number = people(house.start())
        was = listing(house)
        first = backup(house, 'b1')
        stop(house)
        before = sqlite_tables(house.site)
        # the same file into both
        restore(house, 'again', first)
        restore(house, 'moved', first, configuration(house, uri))
        again = sqlite_tables(house.dir / 'again')
        assert_same(again, server.tables(uri))
        assert_same(before, again, GOES_ON)
        assert set(before['events']) >= set(again['events']) != set()
        assert not list((house.dir / 'moved/ledger').iterdir())
        assert f'database = "{uri}"' in (house.dir / 'moved/ringfence.conf').read_text()
        assert 'database' not in (house.dir / 'again/ringfence.conf').read_text()
        # an exchange goes on from it, and new rows stand beside the old
        begin_at(house, 'moved')
        assert listing(house) == was and phone(house, number)['state'] == 'valid'
        user(house, '103', 'New on PostgreSQL')
        code = add(house, 'hall', '--user', '103')
        house.run('phone', 'enrol', code['code'], '--out', house.dir / 'hall')
        was = listing(house)
        second = backup(house, 'b2')
        stop(house)
        # and back
        restore(house, 'back', second, configuration(house, 'sqlite'))
        back, there = sqlite_tables(house.dir / 'back'), server.tables(uri)
        assert_same(there, back, GOES_ON)
        assert set(there['events']) >= set(back['events']) > set(again['events'])
        begin_at(house, 'back')
        assert listing(house) == was and phone(house, number)['state'] == phone(house, code['phone'])['state'] == 'valid'
        user(house, '104', 'New on SQLite')
        assert len(house.json('user', 'list')) == len(was) + 1
    finally:
        house.end()


def test_r31_a_database_that_is_not_empty_is_refused_and_stays(server):
    house, uri = House(), server.database()
    try:
        people(house.start())
        first = backup(house, 'b1')
        stop(house)
        restore(house, 'moved', first, configuration(house, uri))
        before = server.tables(uri)
        assert 'holds an exchange already' in refused(house, 'twice', first, configuration(house, uri))
        assert server.tables(uri) == before
        # of a version that is not known
        later = server.database()
        restore(house, 'later', first, configuration(house, later))
        server.ask(later, "UPDATE meta SET value = value + 1000 WHERE name = 'schema'")
        before = server.tables(later)
        assert 'holds an exchange already' in refused(house, 'unknown', first, configuration(house, later))
        assert server.tables(later) == before
        server.ask(later, 'TRUNCATE ' + ', '.join(before.keys() - {'meta'}))
        assert 'another version' in refused(house, 'unknown', first, configuration(house, later))
        assert server.tables(later)['meta'] == before['meta']
        # of somebody else
        theirs = server.database()
        server.ask(theirs, "CREATE TABLE calls (id BIGINT, nickname TEXT); INSERT INTO calls VALUES (1, 'theirs')")
        said = refused(house, 'other', first, configuration(house, theirs))
        assert 'holds an exchange already' in said
        assert server.tables(theirs) == {'calls': ['{"id": 1, "nickname": "theirs"}']}
        # of nobody
        refused(house, 'none', first, configuration(house, uri.replace('/d', '/none')))
        # a cut or bent file changes nothing in an empty one
        empty = server.database()
        cut = house.dir / 'cut'
        cut.write_bytes(first.read_bytes()[:-40])
        assert 'damaged or cut off' in refused(house, 'cut-site', cut, configuration(house, empty))
        assert server.tables(empty) == {}
        restore(house, 'whole', first, configuration(house, empty))
    finally:
        house.end()


def rows(server, uri):
    return {table: of for table, of in server.tables(uri).items() if of}


def wait_for(what):
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_r31_a_restore_that_fails_late_leaves_nothing_in_the_database(server):
    house, uri = House(), server.database()
    try:
        people(house.start())
        first = backup(house, 'b1')
        stop(house)
        # keeper's files cannot be put in their place: nothing is committed
        late = house.dir / 'late'
        (late / 'keeper').mkdir(parents=True)
        (late / 'keeper/other').write_text('')
        assert restore(house, 'late', first, configuration(house, uri), check=False).returncode == 1
        assert [x.name for x in late.iterdir()] == ['keeper']
        assert not set(rows(server, uri)) - {'meta'}
        (late / 'keeper/other').unlink()
        # the configuration cannot, when all is committed: it is deleted again
        holder = subprocess.Popen([postgresql.found() / 'psql', '-X', '-q', uri], stdin=subprocess.PIPE, text=True)
        holder.stdin.write('BEGIN; LOCK TABLE people IN SHARE MODE;\n')
        holder.stdin.flush()
        wait_for(lambda: server.ask(uri, "SELECT 1 FROM pg_locks WHERE mode = 'ShareLock' AND relation = 'people'::regclass"))
        with concurrent.futures.ThreadPoolExecutor() as one:
            late_one = one.submit(restore, house, 'late', first, configuration(house, uri), check=False)
            wait_for((late / 'restore.new/ringfence.conf').exists)
            (late / 'ringfence.conf').mkdir()
            holder.communicate('ROLLBACK;\n', timeout=30)
            p = late_one.result(60)
        assert p.returncode == 1 and 'ringfence.conf' in p.stderr, p.stderr
        assert [x.name for x in late.iterdir()] == ['ringfence.conf'] and not rows(server, uri)
        (late / 'ringfence.conf').rmdir()
        # and both are no more than a try
        restore(house, 'late', first, configuration(house, uri))
        assert len(rows(server, uri)['people']) == 2
        begin_at(house, 'late')
        assert len(listing(house)) == 2
    finally:
        house.end()


def power_cut(house, site, path, conf, at):
    """A restore that ends, with all that it started, before it renames something to that name."""
    shim = [str(BUILD / 'test/breach/libshim.so')]
    linked = subprocess.run(['ldd', BUILD / 'proc/backup/ringfence-backup'], capture_output=True, text=True).stdout
    shim = re.findall(r'=> (\S*libasan\S*)', linked) + shim        # a sanitizer insists on coming first
    p = subprocess.Popen([BUILD / 'cmd/ringfence', '--site', house.dir / site, 'restore', path, '--password-stdin', '--config', conf],
                         stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                         env=dict(os.environ, LD_PRELOAD=' '.join(shim), SHIM_CUT=at))
    said = p.communicate(PASSPHRASE + '\n', timeout=60)[1]
    assert p.returncode == -9, said
    assert not (house.dir / site / 'ringfence.conf').exists() and (house.dir / site / 'restore.mark').exists()


def test_r31_a_power_cut_in_a_restore(server):
    """Before the rows are committed, and after it: the next restore takes what is there for what it is, and nobody else does"""
    house = House()
    try:
        people(house.start())
        first = backup(house, 'b1')
        stop(house)
        cut = house.dir / 'cut'
        cut.write_bytes(first.read_bytes()[:-40])
        for at, committed in (('keeper', False), ('ringfence.conf', True)):
            uri = server.database()
            power_cut(house, at, first, configuration(house, uri), at)
            if committed:
                assert len(rows(server, uri)['people']) == 2
                p = restore(house, 'elsewhere', first, configuration(house, uri), check=False)
                assert p.returncode == 1 and 'holds an exchange already' in p.stderr, p.stderr
                assert not list((house.dir / 'elsewhere').iterdir())
            empty = server.database()
            p = restore(house, at, first, configuration(house, empty), check=False)
            assert p.returncode == 1 and 'another database was interrupted here' in p.stderr and not rows(server, empty), p.stderr
            assert restore(house, at, cut, configuration(house, uri), check=False).returncode == 1
            power_cut(house, at, first, configuration(house, uri), at)      # and once more
            restore(house, at, first, configuration(house, uri))
            whole = rows(server, uri)
            assert len(whole['people']) == 2 and not [x for x in whole['meta'] if 'restoring' in x]
            assert not [x for x in (house.dir / at).iterdir() if x.name.startswith('restore')]
        begin_at(house, 'ringfence.conf')
        assert len(listing(house)) == 2
    finally:
        house.end()


def test_r31_a_restore_that_was_killed_is_begun_again():
    house = House()
    try:
        user(house.start(), '101', 'Anna')
        first = backup(house, 'b1')
        stop(house)
        restore(house, 'new', first)
        new = house.dir / 'new'
        whole = sqlite_tables(new)
        # as it is before the last renaming, and before the one but last
        for moved in (['ringfence.conf'], ['ringfence.conf', 'ledger']):
            (new / 'restore.new').mkdir()
            for name in moved:
                (new / name).rename(new / 'restore.new' / name)
            restore(house, 'new', first)
            assert not (new / 'restore.new').exists() and sqlite_tables(new) == whole
        # what is another's stays
        (new / 'restore.new').mkdir()
        (new / 'restore.new/ringfence.conf').write_text('')
        p = restore(house, 'new', first, check=False)
        assert p.returncode == 1 and 'is there' in p.stderr and sqlite_tables(new) == whole
    finally:
        house.end()


def test_r31_another_configuration_is_read_before_anything_is_written():
    house = House()
    try:
        user(house.start(), '101', 'Anna')
        first = backup(house, 'b1')
        stop(house)
        bad = house.dir / 'bad.conf'
        bad.write_text('domain = "desk.example"\nfones { }\n')
        assert 'fones' in refused(house, 'new', first, bad)
        bad.write_text('#' * 70000)
        assert '64 kB' in refused(house, 'new', first, bad)
        assert 'No such file' in refused(house, 'new', first, house.dir / 'nowhere')
        other = configuration(house, 'sqlite')
        other.write_text(other.read_text().replace('31000-31019', '31000-31039'))
        restore(house, 'new', first, other)
        assert (house.dir / 'new/ringfence.conf').read_text() == other.read_text()
        shutil.rmtree(house.dir / 'new')
    finally:
        house.end()
