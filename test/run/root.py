# SPDX-License-Identifier: ISC
"""Roots of their own for the package: this system's, under an overlay, with a network, a host name and processes of their own."""
import os
import pathlib
import shutil
import subprocess
import time

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'  # an administrator's, whatever the tests were started with

OVERLAY = r'''
set -e
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work root
mount -t proc proc root/proc
ip link set lo up
hostname pbx.voice.example
'''
SETUP = OVERLAY + r'''
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
echo ready
exec chroot root sleep 600
'''
# What a container manager gives an init (systemd.io/CONTAINER_INTERFACE): what is the machine's is not for writing.
BOOT = OVERLAY + r'''
mount --bind root/proc/sys root/proc/sys
mount -o remount,bind,ro root/proc/sys
mount -t sysfs -o ro sysfs root/sys
mount -t cgroup2 cgroup2 root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs root/dev
for d in null zero full random urandom tty; do
	: >root/dev/$d
	mount --bind /dev/$d root/dev/$d
done
mkdir root/dev/pts root/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts root/dev/pts
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
mount -t tmpfs tmpfs root/dev/shm
mount -t tmpfs -o mode=755 tmpfs root/run
mount -t tmpfs tmpfs root/tmp
echo pbx.voice.example >root/etc/hostname
: >root/etc/machine-id
rm -f root/usr/sbin/policy-rc.d
cd root
mkdir -p mnt/old
pivot_root . mnt/old
umount -l /mnt/old
mount --make-rshared / # credentials come by propagation
echo ready
exec env -i container=ringfence-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	setpriv --bounding-set -sys_module,-sys_time,-sys_rawio,-sys_boot /lib/systemd/systemd --unit=basic.target --log-target=console --show-status=no
'''
# systemd wants a control group of its own, and to see it as the root of all.
GROUP = r'''
set -e
mount -t cgroup2 cgroup2 "$1"
mkdir "$1/$2"
echo $$ >"$1/$2/cgroup.procs"
umount "$1"
shift 2
exec unshare -C -m -u -i -n -p --fork --kill-child sh -c "$@"
'''
UNGROUP = 'mount -t cgroup2 cgroup2 "$1" && find "$1/$2" -depth -type d -exec rmdir {} +'


class Root:
    spaces = ['-m', '-u', '-i', '-n', '-p']
    comm = 'sleep'

    def __init__(self, where):
        where.mkdir()
        self.where = where
        self.holder = subprocess.Popen(self.hold(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = []
        for line in self.holder.stdout:
            if line == 'ready\n':
                break
            self.said.append(line)
        else:
            raise OSError(''.join(self.said[-3:]) or 'nothing was said')
        children = pathlib.Path(f'/proc/{self.holder.pid}/task/{self.holder.pid}/children').read_text().split()
        self.pid = children[0]
        for _ in range(100):
            if pathlib.Path(f'/proc/{self.pid}/comm').read_text() == f'{self.comm}\n':
                break
            time.sleep(0.05)

    def hold(self):
        return ['unshare', *self.spaces, '--fork', '--kill-child', 'sh', '-c', SETUP, 'sh', self.where]

    def enter(self, *command):
        return ['nsenter', '-t', self.pid, *self.spaces, '-r', '-w', *command]

    def sh(self, script, *args, check=True):
        done = subprocess.run(self.enter('sh', '-c', script, 'sh', *args), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env={'PATH': PATH, 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C'})
        assert not check or done.returncode == 0, (script, args, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def copy(self, path):
        """into its /tmp"""
        subprocess.run(self.enter('sh', '-c', 'cat >"/tmp/$1"', 'sh', path.name), input=path.read_bytes(), check=True, timeout=30)
        return f'/tmp/{path.name}'

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Booted(Root):
    """systemd is its first process; OSError where the machine does not let it be."""
    spaces = [*Root.spaces, '-C']
    comm = 'systemd'

    def __init__(self, where):
        self.group = f'ringfence-test-{os.getpid()}'
        self.mounts = where.with_name('cgroup')
        self.mounts.mkdir()
        if not shutil.which('/lib/systemd/systemd'):
            raise OSError('systemd is not installed')
        try:
            super().__init__(where)
            self.wait_booted()
        except OSError:
            self.close()
            raise

    def hold(self):
        return ['unshare', '-m', 'sh', '-c', GROUP, 'sh', self.mounts, self.group, BOOT, 'sh', self.where]

    def wait_booted(self):
        why = ''
        for _ in range(240):
            if self.holder.poll() is not None:
                raise OSError('its first process ended: ' + self.holder.stdout.read()[-300:])
            why = self.sh('systemctl is-active basic.target', check=False)
            if why == 'active\n':
                return
            time.sleep(0.25)
        raise OSError(f'it does not come up: {why}')

    def close(self):
        super().close()
        for _ in range(50):  # the last of its processes have gone
            if subprocess.run(['unshare', '-m', 'sh', '-c', UNGROUP, 'sh', self.mounts, self.group], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
