# SPDX-License-Identifier: ISC
"""R28, R30: ./run makes a site, brings the exchange up, starts a parent again that was killed; the three lines that it prints
admit a person and a phone. ./check runs this in a mount namespace of its own, after the build."""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PASSPHRASE = 'correct horse battery'
PROCESSES = {'parent', 'core', 'ctl', 'edge', 'keeper', 'ledger', 'media', 'net', 'signer', 'voice', 'watch'}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def lives(pid):
    """as more than a zombie"""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


class Site:
    def __init__(self, where):
        self.dir, self.port = where / 'site', free_port()

    def run(self, *options, say=''):
        """./run --background; what it said"""
        done = subprocess.run([TOP / 'run', '--background', '--site', self.dir, '--listen', f'127.0.0.1:{self.port}', '--domain',
                               'voice.example', *options], input=say, capture_output=True, text=True, timeout=300,
                              start_new_session=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def command(self, *args, say=None, check=True):
        done = subprocess.run([TOP / 'build/cmd/ringfence', '--site', self.dir, *args], input=say, capture_output=True, text=True,
                              timeout=30)
        assert not check or done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout

    def processes(self):
        lines = [json.loads(line) for line in self.command('status', '--json').splitlines()]
        return {p['name']: p for p in lines if p.get('kind') == 'process'}

    def accepts(self):
        """A handshake that ends as it must for one without a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with socket.create_connection(('127.0.0.1', self.port), 2) as s, context.wrap_socket(s) as t:
                t.recv(1)
        except ssl.SSLError as why:
            return 'CERTIFICATE_REQUIRED' in str(why).upper()
        except OSError:
            pass
        return False

    def stop(self):
        self.command('stop', check=False)
        subprocess.run(['umount', '-R', self.dir / 'run'], check=False, capture_output=True)


@pytest.fixture
def site(tmp_path):
    tmp_path.chmod(0o755)
    s = Site(tmp_path)
    yield s
    s.stop()


def test_run_builds_all_that_would_be_installed():
    targets = json.loads((TOP / 'build/meson-info/intro-targets.json').read_text())
    wanted = {os.path.relpath(name, TOP / 'build') for t in targets if t['installed'] and t['type'] in ('executable', 'custom')
              for name in t['filename'] if 'ringfence' in name or 'prompts' in name}
    query = subprocess.run(['ninja', '-C', TOP / 'build', '-t', 'query', 'exchange'], capture_output=True, text=True, check=True).stdout
    built = set(query.split())
    assert len(wanted) > 15 and wanted <= built, wanted - built


def test_from_nothing_to_an_enrolled_phone(site, tmp_path):
    said = site.run()
    assert 'Ringfence is up' in said
    assert all(p['up'] for p in site.processes().values()) and set(site.processes()) == PROCESSES
    assert site.accepts()
    assert f' {site.dir}/run ramfs ' in pathlib.Path('/proc/self/mounts').read_text()
    assert (site.dir / 'ringfence.conf').stat().st_mode & 0o777 == 0o600  # R27: it may hold a database's password
    assert (site.dir / 'boot.key').stat().st_mode & 0o777 == 0o400
    lines = [line.split('ringfence --site', 1)[1].split()[1:] for line in said.splitlines() if 'ringfence --site' in line]
    add, phone, enrol = lines[:3]
    site.command(*add, say='a-long-password-1\na-long-password-1\n')
    code = re.search(r'\b[0-9a-z-]{20,}\b', site.command(*phone))[0]
    enrol[enrol.index('CODE')] = code
    enrol[enrol.index('--out') + 1] = str(tmp_path / 'phone')
    site.command(*enrol)
    assert {'config', 'accounts'} <= {p.name for p in (tmp_path / 'phone').iterdir()}


def refusal(site, *args, say=None):
    """what the command says of it on standard error, when it is refused"""
    done = subprocess.run([TOP / 'build/cmd/ringfence', '--site', site.dir, *args], input=say, capture_output=True, text=True, timeout=30)
    assert done.returncode in (1, 2), (args, done.stdout, done.stderr)
    return done.stderr


def test_r30_slips_at_enrolment_use_up_no_code(site, tmp_path):
    site.run()
    site.command('user', 'add', '101', '--generate', '--md5')
    code = re.search(r'\b[0-9a-z-]{20,}\b', site.command('phone', 'add', 'desk', '--user', '101', '--md5'))[0]
    enrol = ['phone', 'enrol', code, '--kind', 'baresip', '--out']
    assert 'directory with a blank' in refusal(site, *enrol, str(tmp_path / 'my phone'))
    assert not (tmp_path / 'my phone').exists()
    assert 'nowhere: No such file' in refusal(site, *enrol, str(tmp_path / 'phone'), '--password-file', str(tmp_path / 'nowhere'))
    assert 'no such kind' in refusal(site, *enrol[:-2], 'snom', '--out', str(tmp_path / 'phone'))
    (tmp_path / 'pw').write_text('semi;colon\n')
    # that file cannot hold this password: the code is used by then, and how to go on is said
    said = refusal(site, *enrol, str(tmp_path / 'phone'), '--password-file', str(tmp_path / 'pw'))
    assert f'phone enrol --finish {tmp_path}/phone --password' in said
    assert 'used already' in refusal(site, *enrol, str(tmp_path / 'other'))
    assert not list((tmp_path / 'other').iterdir())  # another try finds nothing in its way
    site.command('phone', 'enrol', '--finish', str(tmp_path / 'phone'))
    assert (tmp_path / 'phone/accounts').exists()
    assert 'WARNING: Debian' not in site.command('phone', 'enrol', '--finish', str(tmp_path / 'phone'))
    code = re.search(r'\b[0-9a-z-]{20,}\b', site.command('phone', 'add', 'spare', '--user', '101'))[0]
    assert 'phone set 2 --md5 on' in site.command('phone', 'enrol', code, '--kind', 'baresip', '--out', str(tmp_path / 'spare'))
    asked = ['phone', 'request', '--label', 'desk', '--user', '101', '--out', str(tmp_path / 'asked')]
    assert 'has this label' in refusal(site, *asked) and 'has this label' in refusal(site, *asked)


def test_r31_slips_are_named_and_change_nothing(site):
    site.run()
    site.command('user', 'add', '101', '--generate')
    site.command('group', 'add', '200', '--members', '101')
    assert site.command('events', '--last', '1').rstrip().endswith('a ring group was added')
    assert 'bind 1 USER' in site.command('phone', 'add', 'desk', '--tls12')
    assert 'no such verb: user ad' in refusal(site, 'user', 'ad', '101')
    shown = [site.command(*v) for v in (('user', 'show', '101'), ('phone', 'show', 'desk'), ('group', 'list'), ('site', 'show'))]
    for args, why in ((('user', 'set', '101', '--forward-always', '101'), 'leads to that person itself'),
                      (('group', 'set', '200', '--forward-no-answer', '200'), 'leads to the group itself'),
                      (('phone', 'set', 'desk', '--location', 'country=UK, city=London'), 'it is GB'),
                      (('phone', 'set', 'desk', '--subnet', '10.1.2.7/24'), 'no bits behind its length'),
                      (('site', 'set', '--night', 'maybe'), 'none of on, off, auto'),
                      (('site', 'set', '--front-desk', '299'), 'neither a user who is enabled nor a ring group')):
        assert why in refusal(site, *args), args
    for verb in ('add', '102'), ('set', '101', '--dnd', 'on'):
        assert 'at least 8 octets' in refusal(site, 'user', *verb, '--password-stdin', say='1234567\n')
    assert [site.command(*v) for v in (('user', 'show', '101'), ('phone', 'show', 'desk'), ('group', 'list'), ('site', 'show'))] == shown
    assert '102' not in site.command('user', 'list')
    assert site.command('user', 'list').splitlines()[1].split() == ['101', 'yes', '1']
    assert 'no user or group here' in site.command('may', '101', 'call', '0612345678', check=False)
    assert 'No emergency call is on record' in site.command('notices')
    assert 'Ring group 200 still names 101' in site.command('user', 'delete', '101')
    assert site.command('status').splitlines()[-1] == 'All 11 processes are up, and nothing has been full.'


def test_r31_what_would_not_start_is_refused_before(site, tmp_path):
    """A file that is named and not there, a configuration that is not there: said by the check and the reload, and nothing changes."""
    site.run()
    conf = site.dir / 'ringfence.conf'
    good = conf.read_text()
    conf.write_text(good + 'trunk acme { server = "sip.acme.example" media-from = {"203.0.113.0/24"} ca = "acme.pem" }\n')
    assert 'trust/acme.pem: No such file' in site.command('check-config', check=False)
    (site.dir / 'trust').mkdir()
    (site.dir / 'trust/acme.pem').write_text('its CA\n')
    assert site.command('check-config') == 'ok\n'
    conf.write_text(good + 'alarms { mail = "/nowhere/msmtp -t" to = "head@example.org" }\n')
    done = subprocess.run([TOP / 'build/cmd/ringfence', '--site', site.dir, 'check-config'], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and '/nowhere/msmtp: No such file' in done.stderr
    conf.unlink()
    assert 'ringfence.conf: cannot be opened' in refusal(site, 'reload')
    conf.mkdir()
    assert 'ringfence.conf: Is a directory' in refusal(site, 'reload')
    conf.rmdir()
    conf.write_text(good)
    end = time.monotonic() + 10
    while not site.command('reload', check=False):  # busy: the reader of before is just ending
        assert time.monotonic() < end
    assert 'The backup is in' in site.command('backup', str(tmp_path / 'backup'), '--password-stdin', say=PASSPHRASE + '\n')
    said = site.command('restore', str(tmp_path / 'backup'), '--site', str(tmp_path / 'other'), '--password-stdin', say=PASSPHRASE + '\n')
    assert f'{tmp_path}/other/ringfence.conf' in said


def test_killed_parent_is_started_again(site):
    site.run()
    before = site.processes()
    os.kill(before['parent']['pid'], signal.SIGKILL)
    start = time.monotonic()
    # what accepts in the first moment may still be the old edge, which ends when it hears of its parent's death
    while [name for name, p in before.items() if lives(p['pid'])] or not site.accepts():
        assert time.monotonic() - start < 3, (site.dir / 'ringfence.log').read_text()
        time.sleep(0.05)


def test_second_start_keeps_the_site(site):
    site.run()
    ca = site.command('ca')
    site.stop()
    site.run()
    assert site.command('ca') == ca


def test_stop_returns_when_nothing_runs(site):
    site.run()
    before = site.processes()
    site.command('stop')
    assert not [name for name, p in before.items() if lives(p['pid'])]


def test_second_run_leaves_the_first_alone(site):
    site.run()
    before, log = site.processes(), (site.dir / 'ringfence.log').read_text()
    for options in ([], ['--background']):
        done = subprocess.run([TOP / 'run', *options, '--site', site.dir], capture_output=True, text=True, timeout=10)
        assert done.returncode == 1 and 'runs already' in done.stderr and not done.stdout
    assert log and (site.dir / 'ringfence.log').read_text() == log
    assert {n: p['pid'] for n, p in site.processes().items()} == {n: p['pid'] for n, p in before.items()}


def test_blank_and_quote_in_the_path(tmp_path):
    tmp_path.chmod(0o755)
    where = tmp_path / "it's a place"
    where.mkdir()
    site = Site(where)
    try:
        shown = next(line for line in site.run().splitlines() if 'status, calls' in line).split('Then: ')[1].split(', calls')[0]
        assert subprocess.run(['sh', '-c', shown + ' --json'], cwd=TOP, capture_output=True, timeout=10).returncode == 0
        site.command('stop')
        site.run()
        mounts = [m for m in pathlib.Path('/proc/self/mounts').read_text().splitlines() if 'place/site/run ramfs' in m]
        assert len(mounts) == 1
    finally:
        site.stop()


def test_background_start_that_fails_leaves_nothing(site):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', site.port))
        taken.listen()
        done = subprocess.run([TOP / 'run', '--background', '--site', site.dir, '--listen', f'127.0.0.1:{site.port}', '--domain',
                               'voice.example'], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and 'cannot listen on' in done.stderr and 'did not become ready' in done.stderr
    assert subprocess.run(['flock', '-n', site.dir, 'true'], timeout=5).returncode == 0


def test_bad_domain_is_refused_as_it_was_given(site):
    done = subprocess.run([TOP / 'run', '--site', site.dir, '--listen', '127.0.0.1', '--domain', 'bad_domain..x'],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and '"bad_domain..x" is no domain' in done.stdout + done.stderr
    assert not (site.dir / 'ringfence.conf').exists()


def test_sealed_boot_key_asks_once_after_a_reboot(site):
    site.run('--passphrase', say=f'{PASSPHRASE}\n{PASSPHRASE}\n{PASSPHRASE}\n')
    ca = site.command('ca')
    assert not (site.dir / 'boot.key').exists() and (site.dir / 'run/boot.key').stat().st_mode & 0o777 == 0o400
    site.command('stop')
    site.run()  # run/ still holds the key, nothing is asked
    site.stop()  # takes run/ away, as a reboot does
    done = subprocess.run([TOP / 'run', '--background', '--site', site.dir], input='wrong passphrase\n', capture_output=True,
                          text=True, timeout=60, start_new_session=True)
    assert done.returncode != 0 and 'not the right one' in done.stderr
    site.run(say=PASSPHRASE + '\n')
    assert site.command('ca') == ca


def test_bad_listen_is_said_and_leaves_no_site(site):
    done = subprocess.run([TOP / 'run', '--site', site.dir, '--listen', 'sip.example'], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and 'is no address' in done.stdout + done.stderr
    assert not (site.dir / 'ringfence.conf').exists() and not (site.dir / 'boot.key').exists()


def test_r28_the_service_manager_hears_that_it_is_ready_lives_and_stops(site, tmp_path, monkeypatch):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / 'notify'))
    manager.settimeout(20)
    monkeypatch.setenv('NOTIFY_SOCKET', str(tmp_path / 'notify'))
    monkeypatch.setenv('WATCHDOG_USEC', '1000000')
    site.run()
    said = []
    while b'READY=1' not in said:  # what came while ./run built and the exchange started
        said.append(manager.recv(64))
        assert said[-1] in (b'READY=1', b'WATCHDOG=1') and len(said) < 60
    while select.select([manager], [], [], 0)[0]:
        manager.recv(64)
    before = time.monotonic()
    for _ in range(4):
        assert manager.recv(64) == b'WATCHDOG=1'
    assert time.monotonic() - before < 4  # each half a second, so that one of them may be late
    site.stop()
    last = manager.recv(64)
    while last == b'WATCHDOG=1':
        last = manager.recv(64)
    assert last == b'STOPPING=1'


def test_r25_the_boot_key_may_be_a_credential_of_the_service_manager(site, tmp_path, monkeypatch):
    site.run()
    site.command('user', 'add', '101', '--password-stdin', say='a long password\n')
    site.stop()
    there = tmp_path / 'credentials'
    there.mkdir(mode=0o700)
    (site.dir / 'boot.key').rename(there / 'boot.key')
    monkeypatch.setenv('CREDENTIALS_DIRECTORY', str(there))
    site.run()
    assert '101' in site.command('user', 'list')
    site.command('backup', tmp_path / 'backup', '--password-stdin', say='a long passphrase\n')
    site.stop()
    site.dir.rename(tmp_path / 'was')
    site.command('restore', tmp_path / 'backup', '--password-stdin', say='a long passphrase\n')
    assert not (site.dir / 'boot.key').exists()
    site.run()
    assert '101' in site.command('user', 'list')


def test_run_says_what_is_in_its_way():
    """before it builds or changes anything: no root, a wrong option, a value that is missing"""
    with tempfile.TemporaryDirectory(dir='/tmp') as where:  # which nobody can enter
        os.chmod(where, 0o755)
        for name in 'dirname', 'id':
            os.symlink(shutil.which(name), f'{where}/{name}')
        run = shutil.copy(TOP / 'run', where)
        done = subprocess.run(['/bin/sh', run], env={'PATH': where}, user=65534, group=65534, extra_groups=[], capture_output=True,
                              text=True, timeout=10)
    assert done.returncode == 1 and 'only root may start an exchange, and there is no sudo here' in done.stderr
    for options, why in ((['--lisen', 'x'], 'there is no option --lisen'), (['--site'], '--site needs a value'),
                         (['--domain', ''], '--domain needs a value')):
        done = subprocess.run([TOP / 'run', *options], capture_output=True, text=True, timeout=10)
        assert done.returncode in (1, 2) and why in done.stderr and not done.stdout


def test_a_site_is_beside_who_named_it_and_keeps_its_domain(tmp_path):
    """from another directory, by a relative path; what is for a new site is not taken in silence of one that is there"""
    tmp_path.chmod(0o755)
    site = Site(tmp_path)
    options = ['--background', '--site', 'site', '--listen', f'127.0.0.1:{site.port}', '--domain']
    try:
        done = subprocess.run([TOP / 'run', *options, 'voice.example'], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0 and (site.dir / 'ringfence.conf').exists(), done.stderr
        assert f'{TOP}/build/cmd/ringfence --site {site.dir} user add' in done.stdout and 'new one' not in done.stderr
        site.command('stop')
        done = subprocess.run([TOP / 'run', *options, 'other.example'], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0 and '--domain, --listen and --passphrase are for a new one' in done.stderr
        assert 'voice.example' in (site.dir / 'ringfence.conf').read_text()
    finally:
        site.stop()
