# SPDX-License-Identifier: ISC
"""What the exchange holds: its processes' memory and descriptors, what it has in the kernel, its files."""
import collections
import ctypes
import json
import os
import re
import struct

from exchange import PROCESSES

SYS_BPF = {"x86_64": 321, "aarch64": 280}
PROG_NEXT, PROG_BY_ID, INFO, LINK_BY_ID, LINK_NEXT = 11, 13, 15, 30, 31
INFO_LEN, UID_AT, MAPS_MAX = 128, 48, 64
_libc = ctypes.CDLL(None, use_errno=True)


def holds(exchange):
    """{process: ((kB in use, kB mapped), descriptors)}"""
    out = {}
    for pid, name in [(pid, name) for name in ("parent", "dial", *PROCESSES) for pid in exchange.supervised(name)]:
        try:
            said = "".join(open(f"/proc/{pid}/{file}").read() for file in ("smaps_rollup", "status"))
            kb = tuple(int(re.search(rf"^{what}:\s+(\d+)", said, re.M)[1]) for what in ("Pss_Anon", "VmData"))
            out[f"{name}:{pid}"] = kb, len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:     # it is gone
            pass
    return out


def bpf(command, attributes):
    """What the kernel answers, and the attributes as it left them."""
    memory = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    return _libc.syscall(SYS_BPF[os.uname().machine], command, memory, 128), memory.raw


def ids(command):
    at = 0
    while True:
        got, said = bpf(command, struct.pack("=I", at))
        if got < 0:
            return
        at = struct.unpack_from("=I", said, 4)[0]
        yield at


def programs(uids):
    """{program: its maps} of those that one of these users loaded."""
    out = {}
    for n in ids(PROG_NEXT):
        fd, _ = bpf(PROG_BY_ID, struct.pack("=I", n))
        if fd < 0:
            continue
        maps, info = (ctypes.c_uint32 * MAPS_MAX)(), ctypes.create_string_buffer(INFO_LEN)
        struct.pack_into("=IQ", info, UID_AT + 4, MAPS_MAX, ctypes.addressof(maps))
        bpf(INFO, struct.pack("=IIQ", fd, INFO_LEN, ctypes.addressof(info)))
        os.close(fd)
        uid, maps_n = struct.unpack_from("=II", info, UID_AT)
        if uid in uids:
            out[n] = maps[:maps_n]
    return out


def links(of):
    """Those of these programs."""
    out = []
    for n in ids(LINK_NEXT):
        fd, _ = bpf(LINK_BY_ID, struct.pack("=I", n))
        if fd < 0:
            continue
        with open(f"/proc/self/fdinfo/{fd}") as f:
            program = re.search(r"^prog_id:\s+(\d+)", f.read(), re.M)
        os.close(fd)
        if program and int(program[1]) in of:
            out.append(n)
    return out


def filters(host):
    """Of tc, and programs of XDP, at each of its interfaces."""
    devices = json.loads(host.run("ip", "-j", "-d", "link").stdout)
    at = [host.run("tc", "filter", "show", "dev", d["ifname"], way, check=False).stdout for d in devices for way in ("ingress", "egress")]
    return sum(len(re.findall(r"\bhandle\b", said)) for said in at), sum("xdp" in d for d in devices)


def in_kernel(exchange):
    """{kind: how many}, of this exchange: its users load for no other."""
    progs = programs(exchange.uids)
    tc, xdp = filters(exchange.host)
    nft = collections.Counter(kind for o in json.loads(exchange.host.run("nft", "-j", "list", "ruleset").stdout)["nftables"] for kind in o)
    del nft["metainfo"]
    return {"programs": len(progs), "maps": len({m for maps in progs.values() for m in maps}), "links": len(links(progs)),
            "pins": sum(len(files) for _, _, files in os.walk(exchange.pins)), "filters of tc": tc, "programs at XDP": xdp,
            **{f"{kind}s of nftables": n for kind, n in nft.items()}}


def files(exchange):
    """{file: octets} of what it keeps, calls' state in run/ among it."""
    out = {}
    for top in ("run", "ledger", "keeper", "signer"):
        for where, dirs, names in os.walk(f"{exchange.site}/{top}"):
            dirs[:] = [d for d in dirs if f"{where}/{d}" != exchange.pins]
            for name in names:
                path = f"{where}/{name}"
                try:
                    out[os.path.relpath(path, exchange.site)] = os.lstat(path).st_size
                except OSError:     # it is gone
                    pass
    return out
