# SPDX-License-Identifier: ISC
"""A network of this process's own, and another beside it for phones. Root."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import time

OURS, THEIRS = "10.9.0.1", "10.9.0.2"
CLONE_NEWNET, SIOCETHTOOL, ETHTOOL_SGRO = 0x40000000, 0x8946, 0x2c
libc = ctypes.CDLL(None, use_errno=True)


def own_networks(queues=1):
    """This process in a network of its own with OURS at rfm0, and a process that waits in the phones', with THEIRS at p. queues: of each end;
    what a CPU sends then stays on it, as with a card that has one for each."""
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "networks of our own need root")
    phones = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
    here = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{phones.pid}/ns/net") == here:
        time.sleep(0.01)
    several = f"numtxqueues {queues} numrxqueues {queues}"
    inside = f"nsenter -t {phones.pid} -n"
    subprocess.run(["sh", "-ec", f"ip link set lo up; ip link add rfm0 {several} type veth peer name p {several} netns {phones.pid};"
                    f"ip addr add {OURS}/24 dev rfm0; ip link set rfm0 up; {inside} ip addr add {THEIRS}/24 dev p;"
                    f"{inside} ip link set p up; ping -c 1 -W 2 {THEIRS} >/dev/null;"
                    f"{inside} ip neigh change {OURS} dev p nud permanent"], check=True)
    for cpu in range(queues if queues > 1 else 0):
        subprocess.run([*inside.split(), "unshare", "-m", "sh", "-ec", "mount -t sysfs sysfs /sys;"
                        f"printf %x {1 << cpu} >/sys/class/net/p/queues/tx-{cpu}/xps_cpus"], check=True)
    return phones


def receives_by_napi(phones, on):
    """Whether XDP at our end may send to the phones' end (ethtool's generic receive offload)."""
    with open("/proc/self/ns/net") as home, open(f"/proc/{phones}/ns/net") as there:
        libc.setns(there.fileno(), CLONE_NEWNET)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                value = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_SGRO, on), 8)
                fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", b"p", ctypes.addressof(value)))
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)
