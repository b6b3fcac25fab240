# SPDX-License-Identifier: ISC
"""Executables of a build in a directory of their own, as a package puts them: an upgrade replaces them there."""
import glob
import os
import shutil

BESIDE = ("ctl/ringfence-request", "watch/ringfence-tell", "voice/prompts.pack")


def install(built, at):
    """Each is moved over the one that was there, as dpkg does."""
    found = [p for p in glob.glob(f"{built}/proc/*/ringfence*") if os.access(p, os.X_OK) and os.path.isfile(p)]
    for path in found + [f"{built}/proc/{b}" for b in BESIDE] + [f"{built}/cmd/ringfence"]:
        to = path.replace(built, at, 1)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copy(path, f"{to}.new")
        os.rename(f"{to}.new", to)
