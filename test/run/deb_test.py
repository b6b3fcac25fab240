# SPDX-License-Identifier: ISC
"""R28, R30: the Debian package is installed, upgraded under a running exchange, removed and purged in a root of its own: this system's,
under an overlay, with a network, a host name and processes of its own. systemd does not run there; what its units say is done by hand."""
import os
import re
import subprocess

import pytest

from root import Root

SITE = '/var/lib/ringfence'

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


class Service:
    """ringfence.service and its mounts, as systemd would take them."""

    def __init__(self, root):
        self.root = root
        unit = root.sh('cat /lib/systemd/system/ringfence.service')
        for name, needed in (('run', True), ('run-bpf', False)):
            mount = dict(re.findall(r'^(What|Where|Type|Options)=(.*)$', root.sh(f'cat /lib/systemd/system/*ringfence-{name}.mount'), re.M))
            root.sh('mkdir -p "$1" && mountpoint -q "$1" || mount -t "$2" -o "$3" "$4" "$1"', mount['Where'], mount['Type'], mount['Options'],
                    mount['What'], check=needed)
        said = dict(re.findall(r'^(ExecStartPre|ExecStart)=(.*)$', unit, re.M))
        # ProtectSystem=strict leaves no /run in which a passphrase could be asked for
        assert said['ExecStartPre'].startswith('+')
        root.sh(said['ExecStartPre'][1:])
        self.restart = re.search(r'^Restart=(.*)$', unit, re.M)[1]
        self.parent = subprocess.Popen(root.enter(*said['ExecStart'].split()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = []
        for line in self.parent.stdout:
            self.said.append(line)
            if ': ready, ' in line:
                return
        raise AssertionError(self.said)

    def comes_back(self, status):
        """whether systemd starts it again that ended so: systemd.service(5), Restart="""
        return {'no': False, 'on-failure': status not in (0, -1, -2, -13, -15), 'always': True}[self.restart]

    def stop(self):
        self.root.sh('ringfence stop')
        status = self.parent.wait(20)
        assert status == 0 and not self.comes_back(status), 'who was told to stop stays so'
        assert all(self.comes_back(other) for other in (1, 75, -6, -9, -11))


@pytest.fixture
def root(tmp_path):
    r = Root(tmp_path / 'root')
    yield r
    r.close()


def test_r30_the_package_brings_an_exchange_up_upgrades_it_and_goes(root, packages):
    first, second = map(root.copy, packages)
    root.sh('dpkg -i "$1"', first)
    assert 'domain = "pbx.voice.example"' in root.sh(f'cat {SITE}/ringfence.conf')
    assert root.sh(f'stat -c "%a %U" {SITE} {SITE}/boot.key {SITE}/ringfence.conf').split() == ['711', 'root', '400', 'root', '600', 'root']
    for page in ('man1/ringfence.1', 'man5/ringfence.conf.5', 'man8/ringfenced.8'):
        root.sh('zcat "/usr/share/man/$1.gz" | grep -q "^.Dt RINGFENCE"', page)
    key = root.sh(f'sha256sum {SITE}/boot.key')

    said = root.sh('systemd-analyze verify --man=no /lib/systemd/system/ringfence.service', check=False)
    assert 'ringfence.service' not in said, said
    service = Service(root)
    root.sh('printf "a long password\n" >/tmp/password && ringfence user add 101 --password-file /tmp/password')
    # as one says that has only just started
    root.sh("""printf '#!/bin/sh\nn=$(cat /tmp/busy)\n[ "$n" = 0 ] && exec /usr/bin/ringfence "$@"\necho $((n - 1)) >/tmp/busy\nexit 5\n' \
               >/usr/local/bin/ringfence && chmod 755 /usr/local/bin/ringfence && echo 2 >/tmp/busy""")
    root.sh('dpkg -i "$1"', second)
    assert root.sh('cat /tmp/busy && rm /usr/local/bin/ringfence') == '0\n'
    assert root.sh("dpkg-query -W -f '${Version}' ringfence") == '0.9.1'
    assert re.search(r'parent/0 +upgrades +1', root.sh('ringfence status')), 'the new executables have taken over'
    assert service.parent.poll() is None and '101' in root.sh('ringfence user list')
    service.stop()
    service = Service(root)
    assert '101' in root.sh('ringfence user list')
    service.stop()

    root.sh('dpkg -r ringfence')
    assert root.sh('ls /usr/bin/ringfence /usr/sbin/ringfenced /usr/libexec/ringfence /lib/systemd/system/ringfence.service 2>/dev/null',
                   check=False) == ''
    assert root.sh(f'mountpoint -q {SITE}/run && echo mounted', check=False) == ''
    root.sh('dpkg -i "$1"', second)
    assert root.sh(f'sha256sum {SITE}/boot.key') == key
    service = Service(root)
    assert '101' in root.sh('ringfence user list')

    said = root.sh('dpkg -P ringfence')  # no service manager here: it is stopped all the same
    assert service.parent.wait(20) == 0 and 'The exchange has stopped.' in said
    assert root.sh(f'ls {SITE} 2>/dev/null', check=False) == ''


IN_THE_KERNEL = {'tc filter show dev eth0 ingress': 'relay_tc', 'ip -o link': 'rfout', 'nft list tables': 'ringfence-'}


def test_r30_a_removed_exchange_leaves_nothing_in_the_kernel(root, packages):
    """Killed, so that nothing of it could clean up: what it left is known by its pins, and goes with the package."""
    root.sh('ip link add eth0 type veth peer name far && ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up && ip link set far up')
    root.sh('ip route add default via 192.0.2.2 && dpkg -i "$1"', root.copy(packages[0]))
    service = Service(root)
    if 'relay-eth0-tc' not in root.sh('ringfence status'):
        pytest.skip('no relay in this kernel')
    root.sh('ringfence ban 198.51.100.9')
    # who goes with its parent is gone before its turn
    root.sh('for p in /proc/[0-9]*; do ! grep -q "^ringfence" $p/comm || echo ${p#/proc/}; done | xargs kill -9', check=False)
    service.parent.wait(20)
    root.sh('n=0; while grep -qs "(ringfence[^)]*) [^Z]" /proc/[0-9]*/stat; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done')
    for command, what in IN_THE_KERNEL.items():
        assert what in root.sh(command), command
    assert 'stays' not in root.sh('dpkg -r ringfence')
    for command, what in IN_THE_KERNEL.items():
        assert what not in root.sh(command), command
    assert root.sh(f'mountpoint -q {SITE}/run && echo mounted', check=False) == ''


def test_r30_a_host_whose_name_is_no_domain_is_told_what_to_do(root, packages):
    root.sh('printf no..domain >/proc/sys/kernel/hostname')
    said = root.sh('dpkg -i "$1"', root.copy(packages[0]))
    assert 'new-site --domain NAME' in said
    assert root.sh(f'ls {SITE}/ringfence.conf {SITE}/boot.key 2>/dev/null', check=False) == ''
    make = f'/usr/libexec/ringfence/new-site --domain voice.example --listen 127.0.0.1 {SITE}'
    root.sh(f'touch {SITE}/restore.new')
    assert 'not finished' in root.sh(make, check=False)
    assert root.sh(f'rm {SITE}/restore.new && ls {SITE}/ringfence.conf 2>/dev/null', check=False) == '', 'what a restore left is not mixed with a new site'
    root.sh(make)
    Service(root).stop()
