# SPDX-License-Identifier: ISC
"""What the host does to an exchange in need: a small disk that fills, a wall clock that jumps, processes that stand still."""
import contextlib
import os
import shutil
import signal
import struct

import net
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
        net.sh("mount", "-t", kind, "-o", options, kind, at)
        self.mounts.append(at)

    def fill(self):
        with open(f"{self.path}/filler", "ab", buffering=0) as f, contextlib.suppress(OSError):
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while f.write(bytes(size)) == size:
                        pass

    def free(self):
        os.unlink(f"{self.path}/filler")

    def __exit__(self, *exc):
        while self.mounts:
            net.sh("umount", "-l", self.mounts.pop())


class Clock:
    """The exchange's own wall clock: what the test's library, preloaded in the exchange's mounts alone, adds to the machine's."""

    def __init__(self, where):
        etc = f"{where}/etc"
        shutil.copytree("/etc", etc, symlinks=True)
        self.path = f"{etc}/ringfence-test-clock"
        self.set(0)
        with open(f"{etc}/ld.so.preload", "w") as f:
            f.write(f"{build_dir()}/test/breach/libshim.so\n")
        self.around = ("sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc)

    def set(self, seconds):
        """Ahead of the machine's."""
        mode = "r+b" if os.path.exists(self.path) else "wb"
        with open(self.path, mode) as f:
            f.write(struct.pack("=q", seconds) + bytes(0 if mode == "r+b" else 4088))


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
