# SPDX-License-Identifier: ISC
"""R28, R30: the package under a real systemd, the first process of a root of its own: what the units say is done by it. Two scripted
phones talk through the exchange from a network of theirs, through whatever the service manager does."""
import ctypes
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import time

import pytest

from root import Booted

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / 'test/lab'))

import net  # noqa: E402
import sip  # noqa: E402
from bundle import Bundle  # noqa: E402
from scripted import ENCRYPTED, Call  # noqa: E402

SITE = '/var/lib/ringfence'
OURS, THEIRS = '192.0.2.1', '192.0.2.2'
PASSWORD = 'a long password'
PASSPHRASE = 'correct horse battery'
WATCHDOG_S = 10
SYS_BPF, BPF_PROG_LOAD, BPF_PROG_TYPE_SCHED_CLS = 321, 5, 3
EXPOSURE = 31  # tenths of systemd-analyze's scale

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


class Far(net.Host):
    """Where the phones are: a network namespace inside the root."""

    def __init__(self, root):
        self.procs, self.root = [], root

    def space(self):
        return f'/proc/{self.root.pid}/root/run/netns/phones'


class System:
    def __init__(self, root):
        self.root, self.far = root, Far(root)

    def show(self, what):
        return self.root.sh(f'systemctl show -p {what} --value ringfence').strip()

    def active(self):
        return self.root.sh('systemctl is-active ringfence', check=False).strip() == 'active'

    def wait_active(self, seconds=30):
        net.wait_for('the unit to be active', self.active, seconds, step=0.2)

    def journal(self):
        return self.root.sh('journalctl --no-pager -o cat -u ringfence | tail -n 30')

    def status(self):
        return [json.loads(line) for line in self.root.sh('ringfence status --json').splitlines()]

    def processes(self):
        return {p['name']: p['pid'] for p in self.status() if p.get('kind') == 'process' and p['up']}

    def left(self):
        return self.root.sh('cat /sys/fs/cgroup/system.slice/ringfence.service/cgroup.procs 2>/dev/null', check=False).split()

    def calls(self):
        return [c for c in map(json.loads, self.root.sh('ringfence calls --json').splitlines()) if c.get('kind') == 'call']

    def bundle(self, user):
        """One of its own phone, with its own computer's files."""
        where = f'/root/{user}'
        self.root.sh(f'ringfence user add {user} --password-file /root/password')
        code = json.loads(self.root.sh(f'ringfence phone add phone{user} --user {user} --json').splitlines()[0])['code']
        self.root.sh(f'ringfence phone enrol {code} --kind plain --out {where}')
        at = f'/proc/{self.root.pid}/root{where}'
        return Bundle(ca=f'{at}/ca.crt', cert=f'{at}/phone.crt', key=f'{at}/phone.key', user=user, password=PASSWORD,
                      domain='pbx.voice.example', server=OURS)

    def drop_in(self, *lines):
        where = '/etc/systemd/system/ringfence.service.d'
        self.root.sh('mkdir -p "$1" && printf "[Service]\n%s\n" "$2" >"$1/test.conf" && systemctl daemon-reload', where, '\n'.join(lines))


@pytest.fixture(scope='module')
def system(tmp_path_factory, packages):
    try:
        root = Booted(tmp_path_factory.mktemp('systemd') / 'root')
    except OSError as why:
        pytest.skip(f'systemd cannot be the first process here: {why}')
    try:
        root.sh(f'''ip netns add phones && ip link add eth0 type veth peer name far netns phones
                    ip addr add {OURS}/24 dev eth0 && ip link set eth0 up && ip route add default via {THEIRS}
                    ip -n phones addr add {THEIRS}/24 dev far && ip -n phones link set far up && ip -n phones link set lo up
                    printf "{PASSWORD}\n" >/root/password''')
        said = root.sh('dpkg -i "$1"', root.copy(packages[0]))
        system = System(root)
        net.plain_frames(system.far, 'far')
        assert system.active(), said + system.journal()
        yield system
    finally:
        root.close()


class Talk:
    def __init__(self, system, bundles):
        self.system, self.bundles = system, bundles
        self.a, self.b = (sip.Client(system.far, b).open() for b in bundles)
        for c in (self.a, self.b):
            assert c.register().code == 200
        self.call = Call(self.a, self.b)
        self.x, self.y = self.call.media()
        self.began = time.monotonic()
        net.wait_for('them to hear each other', self.heard, 10)

    def heard(self):
        self.x.say(ENCRYPTED, 3)
        return len(self.y.hear(0.3)) == 3

    def again(self):
        """What phones do when their connection has gone."""
        for c in (self.a, self.b):
            c.sock.close()
            net.wait_for('a connection', lambda c=c: self.reconnect(c), 20)
            assert c.register().code == 200

    @staticmethod
    def reconnect(c):
        try:
            return c.open()
        except OSError:
            return None

    def goes_on(self):
        self.again()
        assert self.heard()
        calls = self.system.calls()
        assert len(calls) == 1 and calls[0]['age_ms'] >= (time.monotonic() - self.began - 1) * 1000, calls

    def end(self):
        self.call.bye()
        net.wait_for('its end', lambda: not self.system.calls(), 10)
        self.a.close()
        self.b.close()


@pytest.fixture(scope='module')
def bundles(system):
    return [system.bundle(user) for user in ('101', '102')]


@pytest.fixture
def talk(system, bundles):
    system.wait_active()
    t = Talk(system, bundles)
    yield t
    t.end()


UNITS = 'ringfence.service', 'var-lib-ringfence-run.mount', 'var-lib-ringfence-run-bpf.mount'


def test_r28_the_unit_is_confined():
    """What is left of the exposure is what parent is for: it becomes eleven users, binds, and lets net load the relay."""
    said = subprocess.run(['systemd-analyze', 'security', '--offline=true', f'--threshold={EXPOSURE}', '--no-pager', TOP / 'dist/systemd' / UNITS[0]],
                          capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize('unit', UNITS)
def test_r28_nothing_is_said_against_the_units(system, unit):
    said = system.root.sh(f'systemd-analyze verify --man=yes /lib/systemd/system/{unit}', check=False)
    assert unit not in said, said


def in_kernel(system):
    return 'relay-eth0-tc' in system.root.sh('ringfence status')


def may_load():
    """May a program be loaded here at all, whatever the unit is allowed? The least there is: r0 = 0; exit."""
    insns = ctypes.create_string_buffer(struct.pack('<BBhi', 0xb7, 0, 0, 0) + struct.pack('<BBhi', 0x95, 0, 0, 0))
    licence = ctypes.create_string_buffer(b'GPL')
    attr = ctypes.create_string_buffer(struct.pack('=IIQQ', BPF_PROG_TYPE_SCHED_CLS, 2, ctypes.addressof(insns), ctypes.addressof(licence)), 128)
    fd = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, BPF_PROG_LOAD, attr, 128)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def test_r28_the_unit_is_active_once_all_are_up(system):
    assert len(system.processes()) == 11
    assert system.show('Type') == 'notify' and system.show('NRestarts') == '0'
    assert int(system.show('MainPID')) == system.processes()['parent']
    assert len(system.left()) >= 11
    assert in_kernel(system) == may_load(), 'the unit gives net what it needs'
    assert 'landlock is refused' not in system.root.sh('journalctl --no-pager -o cat -u ringfence'), 'the unit leaves the cage whole'
    for mount, kind in (('run', 'ramfs'), ('run/bpf', 'bpf')):
        assert system.root.sh(f'findmnt -n -o FSTYPE {SITE}/{mount}').strip() == kind


def test_r28_reload(system, talk):
    generation = r'parent/0 +generation +(\d+)'
    before = int(re.search(generation, system.root.sh('ringfence status'))[1])
    system.root.sh(f'cp -a {SITE}/ringfence.conf /root/conf && echo "emergency {{ numbers = {{\\"999\\"}} }}" >>{SITE}/ringfence.conf; systemctl reload ringfence')
    assert int(re.search(generation, system.root.sh('ringfence status'))[1]) == before + 1
    said = system.root.sh(f'echo nonsense >>{SITE}/ringfence.conf; systemctl reload ringfence && echo all is well', check=False)
    assert 'all is well' not in said, 'a refused file is no reload'
    assert system.active() and talk.heard()
    system.root.sh(f'cp -a /root/conf {SITE}/ringfence.conf && systemctl reload ringfence')
    talk.goes_on()


def test_r28_restart(system, talk):
    """With all that a new package brings; calls in the kernel are heard while nothing runs."""
    before = system.processes()
    kernel = may_load()
    system.root.sh('systemctl stop ringfence')
    assert not system.left() and not system.active()
    if kernel:
        assert talk.heard(), 'a call in the kernel goes on'
    system.root.sh('systemctl start ringfence')
    talk.goes_on()
    system.root.sh('systemctl restart ringfence')
    assert not set(before.values()) & set(system.processes().values())
    talk.goes_on()
    assert in_kernel(system) == kernel


def test_r28_a_new_package_takes_over(system, talk, packages):
    main = system.show('MainPID')
    system.root.sh('dpkg -i "$1"', system.root.copy(packages[1]))
    assert system.show('MainPID') == main and system.show('NRestarts') == '0'
    assert re.search(r'parent/0 +upgrades +1', system.root.sh('ringfence status'))
    time.sleep(WATCHDOG_S + 1)
    assert system.show('MainPID') == main and system.active(), 'the new parent feeds the watchdog'
    talk.goes_on()


@pytest.mark.parametrize('signal', ['STOP', 'KILL'])
def test_r28_one_that_hangs_or_dies_is_started_again(system, talk, signal):
    main, restarts = system.show('MainPID'), int(system.show('NRestarts'))
    system.root.sh(f'kill -{signal} {main}')
    net.wait_for('another', lambda: int(system.show('NRestarts')) == restarts + 1, WATCHDOG_S + 10, step=0.5)
    system.wait_active()
    assert system.show('MainPID') != main
    talk.goes_on()


def test_r27_the_boot_key_may_be_a_credential(system, talk):
    system.root.sh(f'mv {SITE}/boot.key /root/boot.key')
    system.drop_in('LoadCredential=boot.key:/root/boot.key')
    try:
        system.root.sh('systemctl restart ringfence')
        talk.goes_on()
    finally:
        system.drop_in()
        system.root.sh(f'mv /root/boot.key {SITE}/boot.key && systemctl restart ringfence')
    talk.goes_on()


def test_r31_a_backup_is_made_and_taken_back_where_the_boot_key_is_a_credential(system):
    """As the guide says it. What is here is put aside, and is there again afterwards."""
    parts = 'keeper ledger signer ringfence.conf'
    backup, restore = (f'ringfence {verb} /root/exchange.backup --password-file /root/password' for verb in ('backup', 'restore'))
    system.root.sh(f'mv {SITE}/boot.key /root/boot.key')
    system.drop_in('LoadCredential=boot.key:/root/boot.key')
    try:
        system.root.sh('systemctl restart ringfence && ringfence user add 199 --password-file /root/password')
        system.root.sh(backup)
        system.root.sh(f'systemctl stop ringfence && mkdir /root/was && cd {SITE} && mv {parts} /root/was')
        said = system.root.sh(f'{restore} 2>&1 && echo done', check=False)
        assert '--boot-key' in said and 'done' not in said, said
        system.root.sh(f'{restore} --boot-key /root/boot.key && systemctl start ringfence')
        system.wait_active()
        assert '199' in system.root.sh('ringfence user list')
        assert 'boot.key' not in system.root.sh(f'ls {SITE}').split()
    finally:
        system.root.sh(f'systemctl stop ringfence; cd {SITE} && [ ! -e /root/was ] || {{ rm -rf {parts}; cd /root/was && mv {parts} {SITE}; }}')
        system.drop_in()
        system.root.sh(f'mv /root/boot.key {SITE}/boot.key && systemctl start ringfence')


def test_r28_who_is_told_to_stop_stays_so(system):
    system.wait_active()
    system.root.sh('ringfence stop')
    net.wait_for('its end', lambda: system.show('ActiveState') == 'inactive', 20, step=0.2)
    time.sleep(1)
    assert system.show('ActiveState') == 'inactive' and system.show('Result') == 'success' and not system.left()
    system.root.sh('systemctl start ringfence')
    assert system.active()


def test_r28_a_file_that_is_away_keeps_no_exchange_from_starting(system, talk):
    """Parent goes on with what it accepted, and says so."""
    restarts = int(system.show('NRestarts'))
    system.root.sh(f'mv {SITE}/ringfence.conf /root/conf && kill -KILL {system.show("MainPID")}')
    try:
        net.wait_for('another', lambda: int(system.show('NRestarts')) == restarts + 1, 10, step=0.5)
        system.wait_active()
        talk.goes_on()
        assert 'goes on with what was accepted before' in system.root.sh('ringfence events')
    finally:
        system.root.sh(f'mv /root/conf {SITE}/ringfence.conf')
    system.root.sh('systemctl reload ringfence')


def test_r28_a_reason_that_stays_fills_no_journal(system):
    system.root.sh(f'''systemctl stop ringfence && mv {SITE}/ringfence.conf /root/conf && rm {SITE}/run/ringfence.conf.accepted
                       echo nonsense >{SITE}/ringfence.conf && systemctl start --no-block ringfence''')
    try:
        time.sleep(12)  # 1, 2 and 5 s went by
        assert 2 <= int(system.show('NRestarts')) <= 3, system.journal()
        assert 'configuration refused' in system.journal()
        system.root.sh(f'mv /root/conf {SITE}/ringfence.conf && systemctl restart ringfence')
        assert system.active()
    finally:
        system.root.sh(f'! test -e /root/conf || mv /root/conf {SITE}/ringfence.conf; systemctl restart ringfence')


def asked(system):
    return re.findall(r'^Socket=(.*)$', system.root.sh('cat /run/systemd/ask-password/ask.* 2>/dev/null', check=False), re.M)


def test_r27_systemd_asks_for_the_passphrase(system, packages):
    """Once after each reboot, and not again at a restart. A site of its own: the key is another."""
    system.root.sh(f'''systemctl stop ringfence && umount -R {SITE}/run && rm -rf {SITE}/keeper {SITE}/ledger {SITE}/signer {SITE}/boot.key
                       printf "%s\\n%s\\n" "$1" "$1" | /usr/libexec/ringfence/ringfence-bootkey seal {SITE}/boot.key.sealed
                       systemctl start --no-block ringfence''', PASSPHRASE)
    net.wait_for('the question', lambda: asked(system), 20, step=0.2)
    assert system.show('ActiveState') == 'activating'
    said = system.root.sh('dpkg -i "$1"', system.root.copy(packages[1]))
    assert 'sealed' in said and system.show('ActiveState') == 'activating', 'who installs waits for nobody'
    system.root.sh('printf %s "$1" | /lib/systemd/systemd-reply-password 1 "$2"', PASSPHRASE, asked(system)[0])
    system.wait_active()
    system.root.sh('systemctl restart ringfence')
    assert system.active() and len(system.processes()) == 11


def test_r30_a_removed_package_leaves_no_unit(system):
    system.root.sh('dpkg -r ringfence && systemctl daemon-reload')
    assert system.show('LoadState') == 'not-found' and not system.left()
    assert 'ringfence' not in system.root.sh('cat /proc/self/mounts; nft list tables 2>/dev/null; ls /sys/fs/cgroup/system.slice', check=False)
