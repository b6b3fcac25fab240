# SPDX-License-Identifier: ISC
"""Processes of the exchange with a library of test/breach preloaded: their wall clock is ours and what ledger writes is traced (shim), or the
kernel has no nf_tables for net (nftless)."""
import glob
import os
import re
import shutil
import struct
import subprocess

from exchange import build_dir


class Clock:
    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds):
        if not os.path.exists(self.path):
            with open(self.path, "wb") as f:
                f.truncate(4096)
        with open(self.path, "r+b") as f:       # in place: it is mapped
            f.write(struct.pack("=q", seconds))


class Nftless:
    """What the kernel that net sees lacks (test/breach/nftless.h), and how often net asked it for netfilter."""
    NOTHING, NETFILTER, NF_TABLES = range(3)

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(4096))

    def lack(self, what):
        with open(self.path, "r+b") as f:       # in place: it is mapped
            f.write(struct.pack("=I", what))

    def asked(self):
        with open(self.path, "rb") as f:
            return struct.unpack("=II", f.read(8))[1]


def started_by(where, how):
    """A directory of programs that start the real ones, each with what how(name) preloads and has for its environment."""
    build, d = build_dir(), f"{where}/libexec"
    linked = subprocess.run(["ldd", f"{build}/proc/ledger/ringfence-ledger"], capture_output=True, text=True).stdout
    first = re.search(r"=> (\S*libasan\S*)", linked)        # a sanitizer insists on coming first
    os.makedirs(f"{d}/voice")
    shutil.copy(f"{build}/proc/voice/prompts.pack", f"{d}/voice/")
    for exe in glob.glob(f"{build}/proc/*/ringfence-*"):
        if os.path.isdir(exe):
            continue
        name = os.path.basename(exe)
        library, env = how(name)
        preload = " ".join(([first[1]] if first else []) + [f"{build}/test/breach/{library}"]) if library else ""
        shutil.copy(f"{build}/test/breach/preloader", f"{d}/{name}")
        with open(f"{d}/{name}.start", "w") as f:
            f.write("\n".join([exe, f"LD_PRELOAD={preload}", *env.split()]) + "\n")
    return d


def preloaded(where, clock, trace):
    def how(name):
        return "libshim.so", f"SHIM_CLOCK={clock.path}" + (f" SHIM_TRACE={trace}" if name == "ringfence-ledger" else "")
    return started_by(where, how)


def nftless(where, host):
    return started_by(where, lambda name: ("libnftless.so", f"NFTLESS={host.path}") if name == "ringfence-net" else (None, ""))
