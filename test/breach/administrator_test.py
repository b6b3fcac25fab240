# SPDX-License-Identifier: ISC
"""What an administrator does wrong, or at a bad moment: nothing hangs, nothing is lost, each error names its reason. R22, R23, R27, R30, R31."""
import concurrent.futures
import contextlib
import fcntl
import os
import pty
import resource
import signal
import socket
import subprocess
import termios
import threading
import time

import pytest

from command_test import BUILD, House, house, make_signer, pytestmark, user  # noqa: F401

PASSPHRASE = 'a passphrase of some length\n'


def refused(house, *args, code=1, stdin=''):
    p = house.run(*args, check=False, stdin=stdin)
    assert p.returncode == code, (args, p.returncode, p.stdout, p.stderr)
    return p.stderr


def test_r23_an_administrator_goes(house):
    assert 'no administrators' in house.run('admin', 'list').stdout
    for name in ('anna', 'Zoë'):
        house.run('admin', 'set', name, stdin='eight octets\n')
    assert [x['name'] for x in house.json('admin', 'list')] == ['anna', 'Zoë']
    house.run('log', '--admin', 'anna', stdin='eight octets\n')
    house.run('admin', 'delete', 'anna')
    assert 'wrong name or password' in refused(house, 'log', '--admin', 'anna', stdin='eight octets\n')
    assert [x['name'] for x in house.json('admin', 'list')] == ['Zoë']
    assert [r['admin'] for r in house.json('readings')] == ['anna']             # what was read stays on record
    assert 'no administrator of this name' in refused(house, 'admin', 'delete', 'anna')
    assert [e for e in house.json('events', '--last', 50) if e['detail'] == 'an administrator was removed']
    assert 'plain text' in refused(house, 'admin', 'set', 'a\u202eb', stdin='eight octets\n')
    house.run('admin', 'delete', 'Zoë')                                         # the last one may go: another can be named
    assert house.run('admin', 'list', as_nobody=True, check=False).returncode == 1


def test_an_error_names_what_is_wrong(house):
    assert 'the name is empty' in refused(house, 'user', 'add', '', '--generate')
    assert 'the name has more octets than 32' in refused(house, 'user', 'add', '1' * 33, '--generate')
    assert 'the display name' in refused(house, 'user', 'add', '150', '--name', 'a\tb', '--generate', code=2)
    for day in ('2026-02-31', '2026-13-01', 'yesterday', '2026-11-23 25:00'):
        assert day in refused(house, 'log', '--admin', 'anna', '--from', day, code=2)
    assert not [u for u in house.json('user', 'list') if u['name'] == '150']


def test_a_ninth_user_of_a_phone_is_not_left_out_in_silence(house):
    users = [x for i in range(9) for x in ('--user', f'20{i}')]
    assert '--user stands more than 8 times' in refused(house, 'phone', 'add', 'crowd', *users, code=2)
    assert not [p for p in house.json('phone', 'list') if p['label'] == 'crowd']


def test_may_says_no_by_its_exit_status_as_json_too(house):
    user(house, '151')
    user(house, '152')
    assert house.run('may', '151', 'call', '152', '--json').returncode == 0
    p = house.run('may', '151', 'call', '+33612345678', '--json', check=False)
    assert p.returncode == 1 and '"may":"no"' in p.stdout and not p.stderr


def test_a_number_that_nobody_reaches_is_said(house):
    for name, why in (('*55', 'service code'), ('*777', 'cannot be dialled'), ('112', 'number for help')):
        said = house.run('user', 'add', name, '--generate').stdout
        assert f'WARNING: {name} ' in said and why in said, said
        house.run('user', 'delete', name)
    user(house, '160')
    said = house.run('group', 'add', '#9', '--members', '160').stdout
    assert 'WARNING: #9 cannot be dialled' in said, said
    house.run('group', 'delete', '#9')
    assert 'WARNING' not in house.run('group', 'add', '291', '--members', '160').stdout
    assert 'WARNING' not in house.run('user', 'add', '161', '--generate').stdout
    house.run('group', 'delete', '291')


def test_a_forward_to_nobody_is_said(house):
    user(house, '153')
    user(house, '154')
    assert 'WARNING' not in house.run('user', 'set', '153', '--forward-busy', '154').stdout
    said = house.run('user', 'set', '153', '--forward-busy', '154', '--forward-always', '999').stdout
    assert 'WARNING: --forward-always 999 leads nowhere now' in said and 'forward-busy' not in said, said
    told = house.json('user', 'set', '153', '--forward-no-answer', '+33612345678')
    assert [x['setting'] for x in told if x['kind'] == 'forward-refused'] == ['forward-no-answer']      # not allowed to them
    assert 'WARNING' in house.run('group', 'add', '290', '--members', '154,153', '--forward-no-answer', '998').stdout
    assert 'WARNING' not in house.run('group', 'set', '290', '--forward-no-answer', '154').stdout
    # whoever gets the number later would get these calls
    p = house.run('user', 'delete', '154')
    assert '2 forwards of others lead to this number still' in p.stderr and 'Ring group 290' in p.stdout, p
    user(house, '154')
    house.run('user', 'set', '153', '--forward-busy', 'none', '--forward-always', '290')
    assert '1 forward of others leads' in house.run('group', 'delete', '290').stderr
    house.run('user', 'set', '153', '--forward-always', 'none')
    assert not house.run('user', 'delete', '153').stderr


def test_what_is_made_and_cannot_be_said_is_no_success(house):
    """A code or a password is shown once: where that is lost, the command failed"""
    with open('/dev/full', 'w') as full:
        for args in (('user', 'add', '155', '--generate'), ('phone', 'add', 'lost')):
            p = subprocess.run([BUILD / 'cmd/ringfence', '--site', house.site, *args], stdin=subprocess.DEVNULL, stdout=full,
                               stderr=subprocess.PIPE, text=True, timeout=30)
            assert p.returncode == 1 and 'could not be said' in p.stderr and 'No space left' in p.stderr, p


# --- the terminal ---

class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *args):
        cores = resource.getrlimit(resource.RLIMIT_CORE)[1]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                resource.setrlimit(resource.RLIMIT_CORE, (cores, cores))
                os.execv(args[0], [str(a) for a in args])
            finally:
                os._exit(126)

    def wait(self, true):
        end = time.monotonic() + 20
        while not true():
            assert time.monotonic() < end
            time.sleep(0.02)

    def read_until(self, text):
        got = b''
        while text not in got:
            got += os.read(self.fd, 1000)
        return got

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        status = os.waitpid(self.pid, 0)[1]
        return status


def prompts(house):
    key = house.dir / 'terminal.key'
    yield (BUILD / 'cmd/ringfence', '--site', house.site, 'user', 'add', '156'), b'Password of the user: '
    yield (BUILD / 'proc/bootkey/ringfence-bootkey', 'seal', key), b'passphrase for the boot key: '


def test_r27_a_terminal_is_left_as_it_was(house):
    """Ctrl-C, Ctrl-Z and the end by a signal while a password is typed"""
    for args, prompt in prompts(house):
        for how, sign in ((b'\x03', signal.SIGINT), (b'\x1c', signal.SIGQUIT), (None, signal.SIGTERM), (None, signal.SIGHUP)):
            t = Terminal(*args)
            t.read_until(prompt)
            t.wait(lambda: not t.echoes())
            t.type(b'half a pass')
            if how:
                t.type(how)
            else:
                os.kill(t.pid, sign)
            status = t.end()
            assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == sign and t.echoes()
            os.close(t.fd)


def test_a_password_is_typed_twice(house):
    for second, code, said in ((b'a-secret-9\n', 0, b'was added'), (b'a-secret-8\n', 2, b'not the same')):
        t = Terminal(BUILD / 'cmd/ringfence', '--site', house.site, 'user', 'add', '157')
        t.read_until(b'user: ')
        t.type(b'a-secret-9\n')
        got = t.read_until(b'more: ')
        t.type(second)
        got += t.read_until(said)
        assert os.WEXITSTATUS(t.end()) == code and b'secret' not in got and t.echoes()
        os.close(t.fd)


def test_one_that_was_stopped_asks_anew(house):
    t = Terminal(BUILD / 'cmd/ringfence', '--site', house.site, 'user', 'add', '159')
    t.read_until(b'user: ')
    t.type(b'half a pass\x1a')      # nobody would let it go on here, so that the kernel does not stop it
    t.read_until(b'user: ')
    t.wait(lambda: not t.echoes())
    t.type(b'a-secret-9\n')
    t.read_until(b'more: ')
    t.type(b'a-secret-9\n')
    t.read_until(b'was added')
    assert os.WEXITSTATUS(t.end()) == 0 and t.echoes()
    os.close(t.fd)


def test_r27_no_core_holds_a_password(house):
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip('no process has a core here, whatever it does')
    t = Terminal(BUILD / 'cmd/ringfence', '--site', house.site, 'user', 'add', '158')
    t.read_until(b'user: ')
    with open(f'/proc/{t.pid}/limits') as f:
        assert next(x.split()[4:6] for x in f if x.startswith('Max core')) == ['0', '0']
    t.type(b'\x03')
    t.end()
    os.close(t.fd)


# --- where an exchange is, and where none ---

def test_a_site_of_a_long_path_is_reached(tmp_path):
    site = tmp_path / ('long' * 20) / ('path' * 20)
    (site / 'run').mkdir(parents=True)
    run = os.open(site / 'run', os.O_PATH)
    with socket.socket(socket.AF_UNIX) as s, concurrent.futures.ThreadPoolExecutor() as one:
        s.bind(f'/proc/self/fd/{run}/ctl.sock')
        s.listen()
        s.settimeout(20)
        p = one.submit(subprocess.run, [BUILD / 'cmd/ringfence', '--site', site, 'reload'], capture_output=True, text=True, timeout=20)
        client = s.accept()[0]
        assert client.recv(100) == b'verb=reload\n\n'
        client.sendall(b'{"kind":"done","result":"ok"}\n')
        assert p.result().returncode == 0, p.result()
        client.close()
    os.close(run)


def test_nowhere_is_named_as_it_was_said():
    p = subprocess.run([BUILD / 'proc/parent/ringfenced', '--site', '/nowhere/here', '--libexec', BUILD / 'proc'], capture_output=True,
                       text=True, timeout=20)
    assert p.returncode == 1 and p.stderr == 'ringfenced: /nowhere/here: No such file or directory\n'


def test_a_configuration_that_others_may_write_is_said(house):
    conf = house.site / 'ringfence.conf'
    conf.chmod(0o664)
    p = house.run('check-config')
    assert p.stdout == 'ok\n' and 'others than its owner may write it' in p.stderr
    conf.chmod(0o644)
    assert not house.run('check-config').stderr


def test_one_too_many_at_once_is_told_so(house):
    """Sixteen may ask at once; each has five seconds to say what"""
    crowd = [socket.socket(socket.AF_UNIX) for _ in range(16)]
    try:
        for s in crowd:
            s.connect(str(house.site / 'run/ctl.sock'))
        assert 'as many ask at once as may' in refused(house, 'user', 'list', code=5)
    finally:
        for s in crowd:
            s.close()
    house.wait(lambda: house.run('user', 'list', check=False).returncode == 0)


# --- where a backup goes ---

def test_r31_a_backup_takes_the_place_of_a_backup_and_of_nothing_else(house):
    def backup(name, **more):
        return house.run('backup', house.dir / name, '--password-stdin', stdin=PASSPHRASE, **more)

    kept = house.dir / 'kept.conf'
    kept.write_text('precious\n')
    os.mkfifo(house.dir / 'fifo')
    (house.dir / 'directory').mkdir()
    for name in ('kept.conf', 'fifo', 'directory'):
        p = backup(name, check=False)
        assert p.returncode == 1 and 'is no backup' in p.stderr, p
    assert kept.read_text() == 'precious\n' and (house.dir / 'fifo').is_fifo()
    backup('b')
    first = (house.dir / 'b').read_bytes()
    backup('b')
    second = (house.dir / 'b').read_bytes()
    assert first != second
    # while another one is written there
    (house.dir / 'b.new').write_text('half')
    with open(house.dir / 'b.new') as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        p = backup('b', check=False)
        assert p.returncode == 1 and 'another backup is being written there' in p.stderr
        assert (house.dir / 'b.new').read_text() == 'half' and (house.dir / 'b').read_bytes() == second
    backup('b')         # what a killed one left is in nobody's way
    assert not (house.dir / 'b.new').exists() and (house.dir / 'b').read_bytes() != second


def test_r31_who_has_no_password_yet_spoils_a_backup(house):
    """keeper takes its time, as under load: the row is there before a backup begins, the password after it was read"""
    keeper = house.pid('keeper')
    with concurrent.futures.ThreadPoolExecutor() as two:
        os.kill(keeper, signal.SIGSTOP)
        try:
            add = two.submit(house.run, 'user', 'add', '163', '--generate')
            house.wait(lambda: [u for u in house.json('user', 'list') if u['name'] == '163'])
            made = two.submit(house.run, 'backup', house.dir / 'late', '--password-stdin', stdin=PASSPHRASE)
            time.sleep(2)
            early = made.done()
        finally:
            os.kill(keeper, signal.SIGCONT)
        add.result()
        made.result()
        assert not early


# --- what is in a backup ---

STORE = 'signed-callers {\nca = "roots.pem"\ncertificate "https://cert.example/a" { file = "signer.pem" }\n}\n'
NUMBERS = '1.3.6.1.5.5.7.1.26=ASN1:SEQUENCE:list\n[list]\none=EXPLICIT:2,IA5:33611223344'


def files(site):
    return {str(x.relative_to(site)): x.read_bytes() for d in ('trust', 'prompts') for x in sorted((site / d).rglob('*')) if x.is_file()}


def restore(h, to, check=True):
    old, h.site = h.site, h.dir / to
    try:
        return h.run('restore', h.dir / 'b', '--password-stdin', stdin=PASSPHRASE, check=check)
    finally:
        h.site = old


def test_r31_what_the_configuration_names_is_in_the_backup():
    """The certificates of others and the recordings: without them the restored exchange would not start, or not be the same"""
    h = House()
    try:
        h.start()
        h.run('backup', h.dir / 'bare', '--password-stdin', stdin=PASSPHRASE)
        make_signer(h.site / 'trust', NUMBERS)
        (h.site / 'prompts/en').mkdir(parents=True)
        (h.site / 'prompts/en/music.wav').write_bytes(os.urandom(100000))     # more than a piece
        (h.site / 'prompts/en/empty.wav').write_bytes(b'')
        (h.site / 'trust/further').mkdir()                                   # what no reader takes
        (h.site / 'trust/link.pem').symlink_to('/etc/shadow')
        h.write_conf(STORE)
        h.run('reload')
        told = h.json('signers')
        h.run('backup', h.dir / 'b', '--password-stdin', stdin=PASSPHRASE)
        (h.site / 'trust/link.pem').unlink()
        was = files(h.site)
        restore(h, 'new')
        new = h.dir / 'new'
        assert files(new) == was and len(was) > 5 and not (new / 'restore.new').exists()
        # as it is where the last renaming did not come about
        (new / 'restore.new').mkdir()
        (new / 'ringfence.conf').rename(new / 'restore.new/ringfence.conf')
        for mark in ('trust.own', 'prompts.own'):
            (new / 'restore.new' / mark).write_text('')
        restore(h, 'new')
        assert files(new) == was and not (new / 'restore.new').exists()
        # nothing of somebody's is mixed with it, or goes
        (h.dir / 'mixed/trust').mkdir(parents=True)
        (h.dir / 'mixed/trust/mine.pem').write_text('mine')
        p = restore(h, 'mixed', check=False)
        assert p.returncode == 1 and 'trust is there already' in p.stderr
        assert [str(x.relative_to(h.dir / 'mixed')) for x in (h.dir / 'mixed').rglob('*')] == ['trust', 'trust/mine.pem']
        # the files that are there serve where the backup has none
        (h.dir / 'bare').replace(h.dir / 'b')
        restore(h, 'mixed')
        assert files(h.dir / 'mixed') == {'trust/mine.pem': b'mine'}
        h.run('stop')
        h.process.wait(10)
        h.site = new
        h.start()
        assert h.json('signers') == told
    finally:
        h.end()


def test_r31_whoever_is_in_a_backup_has_a_password():
    """People come meanwhile: their rows are read at one moment, their secrets at another"""
    h = House()
    going = threading.Event()

    def come():
        n = 0
        while not going.is_set():
            n += 1
            h.run('user', 'add', f'q{n}', '--generate', check=False)

    try:
        h.start()
        for name in ('101', '102'):
            user(h, name)
        made = []
        with concurrent.futures.ThreadPoolExecutor() as one:
            other = one.submit(come)
            try:
                for n in range(4):
                    p = h.run('backup', h.dir / f'b{n}', '--password-stdin', stdin=PASSPHRASE, check=False)
                    assert p.returncode == 0 or 'meanwhile' in p.stderr, p.stderr
                    made += [h.dir / f'b{n}'] if p.returncode == 0 else []
            finally:
                going.set()
            other.result()
        made.append(h.dir / 'quiet')
        h.run('backup', made[-1], '--password-stdin', stdin=PASSPHRASE)
        h.run('stop')
        h.process.wait(10)
        for b in made:
            name = f'of-{b.name}'
            b.replace(h.dir / 'b')
            restore(h, name)
            h.site = h.dir / name
            h.start()
            people = [u['name'] for u in h.json('user', 'list')]
            assert {'101', '102'} <= set(people)
            without = [x for x in people if not next(y['password'] for y in h.json('user', 'show', x) if y['kind'] == 'secrets')]
            assert not without, (b, without)
            h.run('stop')
            h.process.wait(10)
    finally:
        going.set()
        h.end()


# --- an exchange that hangs: the last, as it takes its time beside the others ---

def ask_who_hangs(site, how_many):
    """Of a socket that takes the question and never answers, or (full) of one that takes none. What it said, and after how long."""
    (site / 'run').mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as s, contextlib.ExitStack() as full:
        s.bind(str(site / 'run/ctl.sock'))
        s.listen(0)
        for _ in range(how_many):
            f = full.enter_context(socket.socket(socket.AF_UNIX))
            f.setblocking(False)
            f.connect_ex(str(site / 'run/ctl.sock'))
        began = time.monotonic()
        p = subprocess.run([BUILD / 'cmd/ringfence', '--site', site, 'status'], capture_output=True, text=True, timeout=60)
        return p, time.monotonic() - began


@pytest.fixture(scope='module', autouse=True)
def hanging(request, tmp_path_factory):
    """They are asked while the other tests run: each takes half a minute."""
    with concurrent.futures.ThreadPoolExecutor() as two:
        wanted = any(i.name == 'test_nobody_waits_for_ever' for i in request.session.items)
        yield [two.submit(ask_who_hangs, tmp_path_factory.mktemp('hangs') / 'site', n) for n in ((0, 3) if wanted else ())]


def test_nobody_waits_for_ever(hanging):
    (p, took), (q, took_q) = (x.result() for x in hanging)
    assert p.returncode == 3 and 'said nothing for 30 seconds' in p.stderr and 29 < took < 45, (p, took)
    assert q.returncode == 3 and 'takes no question' in q.stderr and 29 < took_q < 45, (q, took_q)
