# SPDX-License-Identifier: ISC
"""R27, R28: parent with children that die, hang, break out and lie; each is test/breach/liar under another's name."""
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import wave

import pytest

BUILD = pathlib.Path(os.environ['RINGFENCE_BUILD'])
NAMES = ['core', 'media', 'signer', 'keeper', 'ledger', 'watch', 'ctl', 'edge', 'voice', 'net']
ROOTS = {'ledger': 'ledger', 'net': 'run/bpf'}  # net pins there
BASE = 64100
with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    SITE = f'domain = voice.example\nphones {{ listen = "127.0.0.1:{free.getsockname()[1]}" }}\n'

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


class House:
    """A running parent in a directory of its own."""

    def __init__(self, conducts=(), conf=None, options=('--insecure-run',), real=(), program=None, slow=False, trust=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='ringfence-house-'))
        self.site = self.dir / 'site'
        libexec = self.dir / 'libexec'
        (self.site / 'run').mkdir(parents=True)
        (self.site / 'run/liar.conf').symlink_to('../liar.conf')  # from where net stands
        libexec.mkdir()
        self.dir.chmod(0o755)
        for name in NAMES + ['dial']:
            (libexec / f'ringfence-{name}').symlink_to(BUILD / (f'proc/{name}/ringfence-{name}' if name in real else 'test/breach/liar'))
        for helper, of in (('ringfence-request', 'ctl'), ('ringfence-tell', 'watch')):
            (libexec / helper).symlink_to(BUILD / f'proc/{of}/{helper}')
        (libexec / 'prompts.pack').symlink_to(BUILD / 'proc/voice/prompts.pack')
        (libexec / 'ringfence-conf').symlink_to(BUILD / ('test/breach/slow_conf' if slow else 'proc/conf/ringfence-conf'))
        if trust:
            (self.site / 'trust').mkdir()
        for name, text in (trust or {}).items():
            (self.site / 'trust' / name).write_text(text)
        self.write_conf(conf or SITE)
        self.conduct(*conducts)
        key = self.site / 'boot.key'
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
        self.log_path = self.dir / 'log'
        self.words = [program or BUILD / 'proc/parent/ringfenced', '--site', self.site, '--libexec', libexec, '--uid-base', str(BASE), *options]
        self.environment = dict(os.environ)
        self.start()

    def start(self):
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)

    def start_anew(self):
        """kill -9 of parent, and what systemd does then; the log begins anew."""
        old = self.children()
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + 20
        while any(pathlib.Path(f'/proc/{p}').exists() for p in old.values()) and time.monotonic() < end:
            time.sleep(0.02)
        self.start()

    def write_conf(self, text):
        (self.site / 'ringfence.conf').write_text(text)

    def conduct(self, *lines):
        (self.site / 'liar.conf').write_text(''.join(line + '\n' for line in lines))

    def log(self):
        return self.log_path.read_text(errors='replace')

    def wait_log(self, pattern, seconds=5.0, times=1):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(re.findall(pattern, self.log())) >= times:
                return True
            time.sleep(0.02)
        raise AssertionError(f'no {pattern!r} {times} times within {seconds} s in:\n{self.log()}')

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def recordings(self):
        """How many voice took, and how many went. The walk of one reload may end in the next."""
        found = re.findall(r'recordings: (\d+) taken, (\d+) gone', self.log())
        return sum(int(t) for t, _ in found), sum(int(g) for _, g in found)

    def children(self):
        """name -> pid of what runs now"""
        found = {}
        for entry in pathlib.Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                ppid = int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1])
                name = (entry / 'cmdline').read_bytes().split(b'\0')[0].decode()
            except (OSError, IndexError):
                continue
            if ppid == self.process.pid and name.startswith('ringfence-'):
                found[name.removeprefix('ringfence-')] = int(entry.name)
        return found

    def wait_reader(self, seconds=5.0):
        """conf has begun: its pid."""
        pid, end = self.process.pid, time.monotonic() + seconds
        while time.monotonic() < end:
            for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
                try:
                    if b'ringfence-conf' in pathlib.Path(f'/proc/{child}/cmdline').read_bytes():
                        return int(child)
                except OSError:
                    pass
            time.sleep(0.02)
        raise AssertionError(f'nobody reads the configuration:\n{self.log()}')

    def wait_children(self, wanted, seconds=5.0):
        """The reader of the configuration ends after its last word."""
        end = time.monotonic() + seconds
        while self.children() != wanted and time.monotonic() < end:
            time.sleep(0.05)
        assert self.children() == wanted

    def ready(self):
        self.wait_log(r'ringfence: ready', 10)
        return self.children()

    def wait_new(self, name, old_pid, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid = self.children().get(name)
            if pid and pid != old_pid:
                return pid
            time.sleep(0.02)
        raise AssertionError(f'{name} did not come back within {seconds} s:\n{self.log()}')

    def alive(self):
        return self.process.poll() is None

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(6)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            shutil.rmtree(self.dir)


@pytest.fixture
def house():
    running = []

    def start(*conducts, conf=None, **more):
        running.append(House(conducts, conf, **more))
        return running[-1]

    yield start
    for h in running:
        h.end()


class Unheard(House):
    """Nobody reads its log, and then nobody is there."""

    def start(self):
        self.log_path.touch()
        self.reader, writer = os.pipe()
        with os.fdopen(writer, 'wb') as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def test_r28_parent_outlives_who_read_its_log():
    h = Unheard()
    try:
        end = time.monotonic() + 10
        while sorted(h.children()) != sorted(NAMES) and time.monotonic() < end:
            time.sleep(0.05)
        os.close(h.reader)
        for _ in range(2):  # it says so, and says so again
            old = h.children()['voice']
            os.kill(old, signal.SIGKILL)
            h.wait_new('voice', old, 10)
        assert h.alive()
    finally:
        h.end()


def status_of(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    return {key: value.split() for key, value in (line.split(':', 1) for line in lines)}


def sleeps_of(pid):
    return int(status_of(pid)['voluntary_ctxt_switches'][0])


def score_adjusted(pid):
    return int(pathlib.Path(f'/proc/{pid}/oom_score_adj').read_text())


def test_every_process_is_caged(house):
    h = house()
    started = time.monotonic()
    pids = h.ready()
    assert time.monotonic() - started < 2
    assert sorted(pids) == sorted(NAMES)
    uids = set()
    spare = {name: score_adjusted(pid) - score_adjusted(h.process.pid) for name, pid in pids.items()}
    assert spare['edge'] > spare['keeper'] > spare['core'] > 0, spare
    assert all(spare['edge'] >= n >= spare['core'] == spare['media'] for n in spare.values()), spare
    for name, pid in pids.items():
        s = status_of(pid)
        assert len(set(s['Uid'] + s['Gid'])) == 1 and int(s['Uid'][0]) > BASE, name
        assert s.get('Groups') == [] and s['NoNewPrivs'] == ['1'] and s['Seccomp'] == ['2'], name
        assert all(int(s[c][0], 16) == 0 for c in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')), name
        assert os.readlink(f'/proc/{pid}/root') == str(h.site / ROOTS.get(name, 'empty')), name
        assert pathlib.Path(f'/proc/{pid}/environ').read_bytes() in (b'', *sanitizer_environment()), name
        uids.add(s['Uid'][0])
    assert len(uids) == len(NAMES)
    parent = status_of(h.process.pid)
    assert parent['NoNewPrivs'] == ['1'] and parent['Seccomp'] == ['2']
    assert (h.site / 'run/ctl.sock').stat().st_mode & 0o777 == 0o666  # who may do what is ctl's to say


CAP_SETS = ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')
CAPS_OF_NET = 1 << 12 | 1 << 39     # CAP_NET_ADMIN, CAP_BPF


def test_net_alone_has_capabilities_and_two(house):
    """In none of its threads more than loads and attaches, nothing that a program it started would have, and no root (R28). The real
    executables, not liars; what this host withholds from parent nobody has."""
    h = house(real=NAMES)
    pids = h.ready()
    may = CAPS_OF_NET & int(status_of(h.process.pid)['CapPrm'][0], 16)
    for name, pid in pids.items():
        for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
            s = status_of(f'{pid}/task/{task.name}')
            wanted = may if name == 'net' else 0
            has = {c: int(s[c][0], 16) for c in CAP_SETS}
            assert has == {'CapInh': 0, 'CapPrm': wanted, 'CapEff': wanted, 'CapBnd': 0, 'CapAmb': 0}, (name, has)
            assert len(set(s['Uid'])) == 1 and int(s['Uid'][0]) > BASE and len(set(s['Gid'])) == 1 and s.get('Groups') == [], (name, s)
            assert s['NoNewPrivs'] == ['1'] and s['Seccomp'] == ['2'], name


def sanitizer_environment():
    keep = [f'{k}={os.environ[k]}\0'.encode() for k in ('ASAN_OPTIONS', 'UBSAN_OPTIONS') if k in os.environ]
    return [b''.join(keep)]


@pytest.mark.parametrize('name', NAMES)
def test_killed_process_is_back_in_two_seconds(house, name):
    h = house()
    before = h.ready()
    os.kill(before[name], signal.SIGKILL)
    h.wait_new(name, before[name], 2)
    after = h.children()
    assert {n: p for n, p in after.items() if n != name} == {n: p for n, p in before.items() if n != name}
    assert h.alive()


def sockets_of(pid):
    fds = pathlib.Path(f'/proc/{pid}/fd')
    return sum(os.readlink(fds / fd).startswith('socket:') for fd in os.listdir(fds))


@pytest.mark.parametrize('name, spare', [('core', 3), ('core', 13), ('edge', 3), ('ctl', 3)])
def test_who_cannot_be_given_all_starts_again_until_it_can(house, name, spare):
    """parent at its limit of descriptors: no process runs for good without some of its links"""
    h = house()
    before = h.ready()
    whole = {n: sockets_of(p) for n, p in before.items()}
    used = {int(fd) for fd in os.listdir(f'/proc/{h.process.pid}/fd')}
    most = next(n for n in range(1000) if n - len([fd for fd in used if fd < n]) == spare)
    limits = resource.prlimit(h.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(h.process.pid, resource.RLIMIT_NOFILE, (most, limits[1]))
    os.kill(before[name], signal.SIGKILL)
    h.wait_log(f'{name}/0: killed: cannot be given all that it needs', times=2)
    resource.prlimit(h.process.pid, resource.RLIMIT_NOFILE, limits)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        time.sleep(0.1)
        after = h.children()
        try:
            if {n: sockets_of(p) for n, p in after.items()} == whole:
                break
        except OSError:
            pass
    assert {n: sockets_of(p) for n, p in after.items()} == whole, h.log()
    assert {n: p for n, p in after.items() if n != name} == {n: p for n, p in before.items() if n != name}
    assert h.alive()


def test_no_child_outlives_parent(house):
    h = house()
    pids = h.ready()
    h.process.kill()
    h.process.wait()
    end = time.monotonic() + 20
    while any(pathlib.Path(f'/proc/{p}').exists() for p in pids.values()) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(pathlib.Path(f'/proc/{p}').exists() for p in pids.values())


def test_edge_that_accuses_core_a_hundred_times(house):
    h = house('edge accuse-core')
    core = h.ready()['core']
    h.wait_log('edge/0 stays down: 3 false reports', 10)
    time.sleep(0.3)
    after = h.children()
    assert after['core'] == core and 'edge' not in after
    h.conduct()
    h.process.send_signal(signal.SIGHUP)
    h.wait_log('configuration generation 2')
    h.wait_new('edge', 0, 2)


@pytest.mark.parametrize('conduct', ['accuse-parent', 'accuse-nobody'])
def test_report_that_cannot_be_true_falls_on_the_reporter(house, conduct):
    h = house(f'core {conduct}')
    h.ready()
    h.wait_log('core/0: killed: reported a process of higher rank')
    assert h.alive()


def test_core_is_believed_against_edge_and_the_device_is_suspended(house):
    h = house('core accuse-edge')
    before = h.ready()
    h.wait_log('edge/0: killed: a sibling reports')
    h.wait_new('edge', before.get('edge'), 2)
    os.kill(h.children()['core'], signal.SIGKILL)  # the next one reports the same device again
    h.wait_log('device 7 is suspended')


def test_crashing_process_backs_off(house):
    h = house('media crash')
    h.ready()
    time.sleep(3.5)
    assert 2 <= len(re.findall('media/0 aborted', h.log())) <= 4
    assert h.alive()


def test_who_needs_another_start_for_its_configuration_has_not_died(house):
    """R30: alarms that go another way are a new watch, at once and each time, and nobody is told that one died."""
    h = house(real=['watch'])
    watch = h.ready()['watch']
    for i in range(5):
        h.write_conf(SITE + (f'alarms {{ syslog = off desk = "{100 + i}" }}\n' if i % 2 == 0 else ''))
        h.reload()
        h.wait_log(f'watch/0 begins anew with configuration generation {i + 2}')
        watch = h.wait_new('watch', watch, 2)
        h.wait_log('configuration generation', times=2 * (i + 1))
    assert 'watch/0 ended' not in h.log()


def test_who_begins_anew_without_another_configuration_has_died(house):
    h = house('watch begin-anew')
    h.ready()
    h.wait_log(r'watch/0 ended \(0x4c00\)', 8, times=3)
    assert 'begins anew with' not in h.log() and h.alive()


def test_forbidden_call_kills_and_is_named(house):
    h = house('edge break-out')
    h.ready()
    h.wait_log('edge/0 made a call that its cage forbids')


def test_hung_process_is_replaced(house):
    h = house('signer hang')
    before = h.ready()
    h.wait_log('signer/0: killed: does not answer', 9)
    h.wait_new('signer', before.get('signer'), 2)


def test_r27_at_rest_a_process_wakes_to_say_that_it_lives_and_for_nothing_else(house):
    """parent asks every 2 s."""
    h = house()
    h.ready()
    time.sleep(2)
    before = {name: sleeps_of(pid) for name, pid in h.children().items()}
    time.sleep(6)
    woke = {name: sleeps_of(pid) - before[name] for name, pid in h.children().items()}
    assert max(woke.values()) <= 5, woke


def test_nobody_is_blamed_for_a_machine_that_slept(house):
    h = house()
    before = h.ready()
    for pid in before.values():
        os.kill(pid, signal.SIGSTOP)
    time.sleep(3)  # long enough that every one owes an answer
    h.process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    h.process.send_signal(signal.SIGCONT)
    time.sleep(0.2)
    for pid in before.values():
        os.kill(pid, signal.SIGCONT)
    time.sleep(1)
    assert h.children() == before, h.log()


@pytest.mark.parametrize('conduct', ['hang-up', 'ready-again', 'judge-unasked', 'answer-unasked', 'garbage'])
def test_breach_of_the_life_cycle_restarts_its_author(house, conduct):
    h = house(f'ctl {conduct}')
    before = h.ready()
    h.wait_new('ctl', before.get('ctl'), 3)
    assert h.alive() and h.children()['core'] == before['core']


@pytest.mark.parametrize('lie', range(0, 40, 3))
def test_parent_outlives_lies_of_all_at_once(house, lie):
    h = house(*(f'{name} lie {lie + i}' for i, name in enumerate(NAMES)))
    h.wait_log(r'ready,|killed', 10)
    time.sleep(0.6)
    # one of the lies may be ctl's word to stop, which is its to say
    assert h.alive() or h.log().endswith('parent: stopped by command\n'), h.log()[-4000:]


def test_reload_takes_what_may_change(house):
    h = house()
    h.ready()
    h.write_conf(SITE + 'emergency { numbers = {"999"} }\n')
    h.process.send_signal(signal.SIGHUP)
    h.wait_log('configuration generation 2')


@pytest.mark.parametrize('when', ['slow-to-judge', 'slow-to-open'])
def test_reload_asks_whoever_is_just_starting(house, when):
    """one that died while the configuration was read: it comes back with the old one, and is asked about the new one"""
    h = house(slow=True)
    before = h.ready()
    h.conduct(f'voice {when}')
    h.write_conf(SITE + 'emergency { numbers = {"999"} }\n')
    h.process.send_signal(signal.SIGHUP)
    h.wait_reader()
    os.kill(before['voice'], signal.SIGKILL)
    h.wait_log('configuration generation 2', 10)
    h.reload()
    h.wait_log('configuration generation 3', 10)
    after = h.children()
    assert after.pop('voice') != before.pop('voice') and after == before
    assert 'killed:' not in h.log() and h.log().count('voice/0 was killed') == 1


def test_reload_that_waits_too_long_for_one_that_starts_is_refused(house):
    h = house(slow=True)
    before = h.ready()
    h.conduct('voice hang-at-start')
    h.process.send_signal(signal.SIGHUP)
    h.wait_reader()
    os.kill(before['voice'], signal.SIGKILL)
    h.wait_log('configuration refused: a process is starting, try again', 15)
    after = h.children()
    del before['voice'], after['voice']
    assert after == before


def test_r30_a_store_is_upgraded_for_as_long_as_it_takes(house):
    """no start is ended, and nobody killed, while one has said that it makes what it keeps today's"""
    h = house('ledger upgrade')
    h.wait_log('ringfence: ready', 50)
    assert 'killed' not in h.log() and 'ledger/0: what it keeps is of an earlier version' in h.log()


def test_a_store_is_upgraded_once_in_a_start(house):
    h = house('ledger upgrade-twice')
    h.wait_log('ledger/0: killed: upgrades out of turn')


def test_a_signal_that_comes_in_a_reload_is_not_lost(house):
    h = house(slow=True)
    h.ready()
    h.process.send_signal(signal.SIGHUP)
    h.wait_reader()
    h.process.send_signal(signal.SIGHUP)
    h.wait_log('the reload waits: a reload is going on')
    h.wait_log('configuration generation 3', 15)


def test_r28_a_signal_whose_reader_is_killed_is_done_again(house):
    h = house(slow=True)
    before = h.ready()
    h.process.send_signal(signal.SIGHUP)
    os.kill(h.wait_reader(), signal.SIGKILL)
    h.wait_log('configuration refused: the reader of the configuration died, it is read again')
    h.wait_log('configuration generation 2', 10)
    h.wait_children(before)


def test_r27_who_kills_each_reader_is_not_read_for_ever(house):
    h = house(slow=True)
    before = h.ready()
    h.process.send_signal(signal.SIGHUP)
    for n in (1, 2, 3):
        os.kill(h.wait_reader(), signal.SIGKILL)
        h.wait_log('configuration refused: the reader of the configuration died', times=n)
    time.sleep(1.5)
    assert h.log().count('it is read again') == 2 and h.children() == before and h.alive()
    h.process.send_signal(signal.SIGHUP)  # and the next is as good as any
    h.wait_log('configuration generation 2', 10)


def put_wav(path, samples=800):
    with wave.open(str(path), 'wb') as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(b'\0\1' * samples)


def test_reload_gives_voice_the_recordings_that_are_there_now(house):
    """The real voice, in its cage: parent gives it one descriptor after the other, whatever lies beside them."""
    h = house(real=['voice'])
    before = h.ready()
    en, xx = h.site / 'prompts/en', h.site / 'prompts/xx'
    en.mkdir(parents=True)
    xx.mkdir()
    for name in ('goodbye', 'saved', *(f'greeting-{i}' for i in range(40))):
        put_wav(en / f'{name}.wav')
    put_wav(xx / 'goodbye.wav')
    put_wav(en / '.hidden.wav')
    put_wav(h.site / 'prompts/stray.wav')
    (en / 'notes.txt').write_text('no recording')
    (en / 'welcome.wav').symlink_to(en / 'goodbye.wav')
    os.mkfifo(en / 'blocked.wav')
    (en / 'hash.wav').write_bytes(b'RIFF')
    for path in en.glob('*.wav'):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)  # root's alone
    h.reload()
    h.wait_log('recordings: 43 taken, 0 gone, 2 left out', 20)
    h.wait_log('prompts/en/welcome.wav cannot be opened')
    h.wait_log('prompts/en/blocked.wav is left out')
    h.wait_log('prompts/en/hash.wav is left out: ')
    (en / 'blocked.wav').unlink()
    (en / 'hash.wav').unlink()
    h.reload()
    h.wait_log('configuration generation 3')
    (en / 'saved.wav').unlink()
    put_wav(en / 'goodbye.wav', 1600)
    h.reload()
    end = time.monotonic() + 20
    while h.recordings() != (44, 1) and time.monotonic() < end:
        time.sleep(0.05)
    assert h.recordings() == (44, 1), 'what did not change is not taken again'
    h.wait_children(before)


@pytest.mark.parametrize('text, why', [
    (SITE.replace('voice', 'other'), 'domain cannot change without a restart'),
    (SITE.replace('127.0.0.1', '127.0.0.2'), 'phones .* cannot change without a restart'),
    (SITE + 'trunk "acme" { server = sip.example media-from = {"203.0.113.0/24"} }\n', 'trunks cannot come or go without a restart'),
    ('domain = voice.example\nphone { }\n', "ringfence.conf:2: no such option 'phone'"),
])
def test_reload_refuses_with_the_reason_and_keeps_the_old(house, text, why):
    h = house()
    before = h.ready()
    h.write_conf(text)
    h.process.send_signal(signal.SIGHUP)
    h.wait_log('configuration refused: ' + why)
    assert h.children() == before


# on which signer and edge rely: a trunk's index is the same trunk's as long as they live
def test_reload_drops_no_trunk(house):
    one = 'trunk "acme" { server = sip.example media-from = {"203.0.113.0/24"} }\n'
    h = house(conf=SITE + one + one.replace('acme', 'beta'))
    before = h.ready()
    for text in SITE, SITE + one, SITE + one.replace('acme', 'beta') + one:
        seen = h.log().count('configuration refused: trunks cannot')
        h.write_conf(text)
        h.reload()
        h.wait_log('configuration refused: trunks cannot .* without a restart', times=seen + 1)
    assert h.children() == before


def authority(name):
    """A certificate of its own; the key is nobody's."""
    made = subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null', '-days', '9',
                           '-subj', f'/CN={name}'], capture_output=True, text=True, check=True)
    return made.stdout


TLS_TRUNK = 'trunk "acme" { server = sip.example transport = tls ca = "acme.pem" media-from = {"203.0.113.0/24"} }\n'


def removed(path):
    path.unlink()


def half_written(path):
    path.write_text(authority('another')[:200])


@pytest.mark.parametrize('spoil', [removed, half_written])
def test_r28_what_becomes_of_a_certificate_that_was_taken_stops_nobody(house, spoil):
    """A file in trust is replaced, is gone or is bad, and then edge dies, or all: what was accepted goes on, and a reload says what is wrong."""
    h = house(conf=SITE + TLS_TRUNK, real=('edge',), trust={'acme.pem': authority('acme')})
    before, path = h.ready(), h.site / 'trust/acme.pem'
    spoil(path)
    os.kill(before['edge'], signal.SIGKILL)
    edge = h.wait_new('edge', before['edge'], 2)
    time.sleep(1)
    assert h.children()['edge'] == edge, h.log()
    h.reload()
    h.wait_log('configuration refused: (edge: )?trunk acme: ')
    os.kill(edge, signal.SIGKILL)       # what was refused is nobody's
    edge = h.wait_new('edge', edge, 2)
    time.sleep(1)
    assert h.children()['edge'] == edge, h.log()
    h.start_anew()
    edge = h.ready()['edge']
    assert re.search('the start goes on with what was accepted before: .*trunk acme: ', h.log()), h.log()
    time.sleep(1)
    assert h.children()['edge'] == edge, h.log()
    path.write_text(authority('acme, later'))
    h.reload()
    h.wait_log('configuration generation [2-9]', 15)
    assert (h.site / 'run/trust.accepted/acme.pem').read_text() == path.read_text()


def test_r28_what_else_lies_among_the_certificates_that_were_taken_keeps_no_later_ones_out(house):
    h = house(conf=SITE + TLS_TRUNK, real=('edge',), trust={'acme.pem': authority('acme')})
    h.ready()
    path, accepted = h.site / 'trust/acme.pem', h.site / 'run/trust.accepted'
    (accepted / 'stray').symlink_to('/nowhere')
    for generation in (2, 3):
        path.write_text(authority(f'acme {generation}'))
        h.reload()
        h.wait_log(f'configuration generation {generation}', 15)
        assert (accepted / 'acme.pem').read_text() == path.read_text()
    assert not (h.site / 'run/trust.former').exists()


def test_one_refusal_keeps_the_old_configuration_everywhere(house):
    h = house()
    before = h.ready()
    h.conduct('media refuse')
    os.kill(before['media'], signal.SIGKILL)  # comes back and refuses even the site that stands
    h.wait_log('media/0 refuses the configuration: does not like it')
    assert h.alive()


def test_ctl_asks(house):
    h = house('ctl ask-reload')
    h.ready()
    h.wait_log('configuration generation 2')
    h.conduct('ctl ask-status')
    os.kill(h.children()['ctl'], signal.SIGKILL)
    time.sleep(1)
    h.conduct('ctl ask-stop')
    os.kill(h.children()['ctl'], signal.SIGKILL)
    assert h.process.wait(5) == 0
    assert 'stopped by command' in h.log()


def test_r28_a_link_that_the_kernel_did_not_watch_is_heard_again(house):
    """libev stops a watcher whose epoll_ctl() fails."""
    h = house('ledger unwatched 40')
    h.ready()
    assert 'ledger/0' not in h.log(), h.log()


def test_r28_who_can_hear_nothing_ends_and_starts_anew(house):
    h = house('watch unwatched 1000000')
    h.wait_log('the kernel does not watch a descriptor, for want of memory', 10)
    h.conduct()
    h.ready()
    assert 'watch' in h.children()


def test_r28_one_that_is_silent_holds_up_no_start_for_ever(house):
    h = house('net hang-at-start')
    h.wait_log('ringfence: ready', 35)
    h.wait_log('net/0 cannot start: the exchange goes on without it', 0.1)


def test_what_another_boot_left_is_not_taken_over(house):
    """Without a ramfs run/ outlives the host's reboot, whose clock began anew (R13, R28)."""
    h = house()
    h.ready()
    arenas = [h.site / 'run' / f'{p}.arena' for p in ('core', 'media')]
    started = []

    def again():
        h.process.kill()
        h.process.wait()
        with open(h.log_path, 'ab') as log:
            h.process = subprocess.Popen(h.process.args, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        started.append(h.wait_log('ringfence: ready', 10, times=len(started) + 2))
        return [a.read_bytes() if a.exists() else b'' for a in arenas]

    for a in arenas:
        a.write_bytes(b'kept')
    assert again() == [b'kept', b'kept']
    (h.site / 'run' / 'boot-id').write_text('0' * 36)
    assert again() == [b'', b'']
    assert (h.site / 'run' / 'boot-id').read_text() == pathlib.Path('/proc/sys/kernel/random/boot_id').read_text().strip()


def test_removed_control_socket_is_made_again(house):
    h = house()
    before = h.ready()['ctl']
    at = h.site / 'run/ctl.sock'
    at.unlink()
    os.kill(before, signal.SIGKILL)
    h.wait_new('ctl', before, 3)
    assert at.is_socket() and at.stat().st_mode & 0o777 == 0o666
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(at))  # somebody listens


def test_two_exchanges_in_one_place(house):
    h = house()
    h.ready()
    second = subprocess.run([BUILD / 'proc/parent/ringfenced', '--insecure-run', '--site', h.site, '--libexec', h.dir / 'libexec'],
                            capture_output=True, text=True, timeout=10)
    assert second.returncode == 1 and 'runs here already' in second.stderr


def test_stop_is_orderly(house):
    h = House()
    h.ready()
    assert h.end() == 0
