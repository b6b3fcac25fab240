# SPDX-License-Identifier: ISC
"""What the host does to an exchange in need: a small disk that fills, a wall clock that jumps, processes that stand still."""
import contextlib
import ctypes
import errno
import os
import shutil
import signal
import subprocess

import net
import preload
from exchange import build_dir


class SmallDisk:
    """A site on a file system of few megabytes; run/ beside it in memory, as the unit and ./run have it."""
    SIZE = "12m"

    def __init__(self, path):
        self.path, self.mounts = path, []

    def __enter__(self):
        os.makedirs(self.path, mode=0o711, exist_ok=True)
        self._mount("tmpfs", self.path, f"size={self.SIZE},mode=711")
        os.mkdir(f"{self.path}/run", 0o711)
        self._mount("ramfs", f"{self.path}/run", "mode=711")
        return self

    def _mount(self, kind, at, options):
        net.mount(kind, at, options)
        self.mounts.append(at)

    @contextlib.contextmanager
    def filled(self):
        self._fill()
        try:
            yield
        finally:
            os.unlink(f"{self.path}/filler")

    def _fill(self):
        with open(f"{self.path}/filler", "ab", buffering=0) as f, contextlib.suppress(OSError):
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while f.write(bytes(size)) == size:
                        pass

    def takes_writes(self, on):
        """The file system as a whole, in whichever mounts it is seen, as after an error of the disk. Nobody may have a file open to write:
        a process that was killed has, for a while after its executable is gone from /proc."""
        def why_not():
            libc, fspick, fsconfig, set_flag, reconfigure = ctypes.CDLL(None, use_errno=True), 433, 431, 0, 7
            fd = libc.syscall(fspick, -100, self.path.encode(), 0)
            done = [libc.syscall(fsconfig, fd, set_flag, b"rw" if on else b"ro", None, 0), libc.syscall(fsconfig, fd, reconfigure, None, None, 0)]
            why = ctypes.get_errno()
            os.close(fd)
            return 0 if done == [0, 0] else why

        with contextlib.suppress(net.LabError):
            net.wait_for("the last file to be closed", lambda: why_not() != errno.EBUSY, 10)
        why = why_not()
        if why:
            raise OSError(why, os.strerror(why), self.path)

    def __exit__(self, *exc):
        while self.mounts:
            net.sh("umount", "-l", self.mounts.pop())


class Clock(preload.Clock):
    """The exchange's own wall clock: the test's library is preloaded in the exchange's mounts alone."""

    def __init__(self, where):
        etc = f"{where}/etc"
        shutil.copytree("/etc", etc, symlinks=True)
        super().__init__(f"{etc}/ringfence-test-clock")
        with open(f"{etc}/ld.so.preload", "w") as f:
            f.write(f"{build_dir()}/test/breach/libshim.so\n")
        self.around = ("sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc)


EATER = """import sys
eaten = []
for line in sys.stdin:
    eaten.append(b"x" * (256 << 10))
"""


class MemoryGroup:
    """A control group whose memory can be limited, of version 1 or 2, below our own where there is one; `path` is None where neither can be had."""
    KINDS = (("/sys/fs/cgroup/memory", ":memory:", dict(limit="limit_in_bytes", usage="usage_in_bytes", events="oom_control", swap="swappiness")),
             ("/sys/fs/cgroup", None, dict(limit="max", usage="current", events="events", swap="swap.max")))

    def __init__(self):
        self.around, self.path, self.lent = (), None, None
        with open("/proc/self/cgroup") as f:
            ours = f.read().split("\n")
        for top, controller, files in self.KINDS:
            below = next((x.split(":", 2)[2].rstrip("/") for x in ours if controller and controller in x), "")
            path = f"{top}{below}/ringfence-{os.getpid()}"
            with contextlib.suppress(OSError):
                self.lend(top)
                os.mkdir(path)
                self.path, self.unified = path, controller is None
                self.files = {what: f"memory.{name}" for what, name in files.items()}
                if os.path.exists(f"{path}/{self.files['limit']}"):
                    with contextlib.suppress(OSError):      # where the kernel has no swap there is no such file
                        self.put("swap", 0)
                    procs = f"/proc/{os.getpid()}/root{path}/cgroup.procs"      # the lab's networks have a /sys of their own
                    self.around = ("sh", "-c", 'echo $$ >"$0" && exec "$@"', procs)
                    return
                os.rmdir(path)
                self.path = None

    def lend(self, top):
        """Groups below the top of version 2 have what it lends them; systemd's has memory among it."""
        lends = f"{top}/cgroup.subtree_control"
        if os.path.exists(lends) and "memory" not in self.read(lends).split():
            self.write(lends, "+memory")
            self.lent = lends

    @staticmethod
    def read(path):
        with open(path) as f:
            return f.read()

    @staticmethod
    def write(path, value):
        with open(path, "w") as f:
            f.write(f"{value}\n")

    def get(self, what):
        return self.read(f"{self.path}/{self.files[what]}")

    def put(self, what, value):
        self.write(f"{self.path}/{self.files[what]}", value)

    def killed(self):
        """How many processes of it the kernel has ended for want of memory."""
        return int(dict(line.split() for line in self.get("events").splitlines())["oom_kill"])

    def reclaim(self):
        """Pages of files that nobody uses any more: no memory is spent as long as they can give way."""
        if not self.unified:
            self.write(f"{self.path}/memory.force_empty", 0)
            return
        has = dict(line.split() for line in self.read(f"{self.path}/memory.stat").splitlines())
        high = f"{self.path}/memory.high"       # other than the limit, nobody is killed for it
        self.write(high, int(self.get("usage")) - int(has["inactive_file"]) - int(has["active_file"]))
        self.write(high, "max")

    @contextlib.contextmanager
    def spare(self, octets):
        """No more than that beyond what it has now."""
        self.put("limit", int(self.get("usage")) + octets)
        try:
            yield
        finally:
            self.put("limit", "max" if self.unified else "-1")

    @contextlib.contextmanager
    def eaten(self):
        """more() takes some of it, for as long as this lasts. Who takes it is small, and as much to be spared as parent."""
        eater = subprocess.Popen(["python3", "-c", EATER], stdin=subprocess.PIPE)
        self.write(f"{self.path}/cgroup.procs", eater.pid)

        def more():
            eater.stdin.write(b"\n")
            eater.stdin.flush()
        try:
            yield more
        finally:
            eater.kill()
            eater.wait()

    def close(self):
        if self.path:
            net.wait_for("an empty group", lambda: not self.read(f"{self.path}/cgroup.procs"), 10)
            os.rmdir(self.path)
        if self.lent:
            self.write(self.lent, "-memory")


@contextlib.contextmanager
def stopped(exchange, name):
    pids = exchange.pids(name)
    for p in pids:
        os.kill(p, signal.SIGSTOP)
    try:
        yield pids
    finally:
        for p in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(p, signal.SIGCONT)


@contextlib.contextmanager
def limited(pid, what, most):
    """A soft limit of the running process. It is set as its own user would, which needs no privilege."""
    with open(f"/proc/{pid}/status") as f:
        ids = {k: v.split()[0] for k, v in (line.split(":", 1) for line in f) if k in ("Uid", "Gid")}

    def limit(value):
        return net.sh("setpriv", "--reuid", ids["Uid"], "--regid", ids["Gid"], "--clear-groups", "prlimit", "--pid", str(pid),
                      f"--{what}={value}:", check=value == most)
    with open(f"/proc/{pid}/limits") as f:
        name = {"nofile": "Max open files", "as": "Max address space", "data": "Max data size"}[what]
        was = next(x for x in f if x.startswith(name))[len(name):].split()[0]
    limit(most)
    try:
        yield
    finally:
        limit(was)
