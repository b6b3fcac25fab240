# SPDX-License-Identifier: ISC
"""Processes of the exchange with test/breach/shim preloaded: their wall clock is ours, and what ledger writes is traced."""
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


def preloaded(where, clock, trace):
    """A directory of programs that start the real ones with the shim."""
    build, d = build_dir(), f"{where}/libexec"
    linked = subprocess.run(["ldd", f"{build}/proc/ledger/ringfence-ledger"], capture_output=True, text=True).stdout
    first = re.search(r"=> (\S*libasan\S*)", linked)        # a sanitizer insists on coming first
    shim = (first[1] + " " if first else "") + f"{build}/test/breach/libshim.so"
    os.makedirs(f"{d}/voice")
    shutil.copy(f"{build}/proc/voice/prompts.pack", f"{d}/voice/")
    for exe in glob.glob(f"{build}/proc/*/ringfence-*"):
        if os.path.isdir(exe):
            continue
        name = os.path.basename(exe)
        traced = f"SHIM_TRACE={trace} " if name == "ringfence-ledger" else ""
        with open(f"{d}/{name}", "w") as f:
            f.write(f'#!/bin/sh\nexec /usr/bin/env LD_PRELOAD="{shim}" SHIM_CLOCK={clock.path} {traced}{exe} "$@"\n')
        os.chmod(f"{d}/{name}", 0o755)
    return d
