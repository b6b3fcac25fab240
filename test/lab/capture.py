# SPDX-License-Identifier: ISC
"""tcpdump on a device of the lab, and a reader of what it wrote: IPv4 and IPv6, UDP and TCP, by packet.

What a UDP payload is gets judged by RFC 7983's first byte, and clear from encrypted media by the lengths that
G.711 of 20 ms and whole RTCP packets have when nothing was added to them.
"""
import ipaddress
import os
import select
import signal
import struct
import subprocess
import time
from collections import namedtuple

import net

Packet = namedtuple("Packet", "t src sport dst dport proto flags payload")
TCP_SYN, TCP_FIN, TCP_RST = 2, 1, 4


class Capture:
    """A context manager: packets of `host`'s device `dev` while it is open."""

    def __init__(self, host, dev, path, rule="udp or tcp"):
        self.host, self.dev, self.path, self.rule = host, dev, path, rule

    def __enter__(self):
        self.proc = self.host.spawn("tcpdump", "-i", self.dev, "-n", "-U", "--immediate-mode", "-s", "0", "-B", "16384",
                                    "-Z", "root", "-w", self.path, self.rule, stderr=subprocess.PIPE)
        said, end = "", time.monotonic() + 5
        while "listening" not in said:
            if not select.select([self.proc.stderr], [], [], max(0, end - time.monotonic()))[0]:
                raise net.LabError(f"tcpdump did not start: {said}")
            more = os.read(self.proc.stderr.fileno(), 4096)
            if not more:
                raise net.LabError(f"tcpdump: {said}")
            said += more.decode()
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        if self.proc.poll() is None:
            time.sleep(0.1)
            self.host.stop(self.proc, signal.SIGINT)
            self.proc.stderr.close()

    def packets(self):
        return list(read(self.path))

    def udp(self, **want):
        """UDP packets, by any of src, sport, dst, dport."""
        return [p for p in self.packets() if p.proto == 17 and all(getattr(p, k) == v for k, v in want.items())]


def read(path):
    """Packets of an Ethernet pcap file. A last record that was cut is left out."""
    with open(path, "rb") as f:
        b = f.read()
    if len(b) < 24:
        return
    order = "<" if b[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1e9 if b[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e6
    at = 24
    while at + 16 <= len(b):
        s, frac, caplen, _ = struct.unpack_from(order + "IIII", b, at)
        at += 16
        frame = b[at:at + caplen]
        at += caplen
        p = _frame(s + frac / unit, frame)
        if p:
            yield p


def _frame(t, b):
    if len(b) < 14:
        return None
    kind = struct.unpack_from(">H", b, 12)[0]
    if kind == 0x0800 and len(b) >= 34:
        head = (b[14] & 15) * 4
        total = struct.unpack_from(">H", b, 16)[0]
        proto, src, dst = b[23], _v4(b[26:30]), _v4(b[30:34])
        body = b[14 + head:14 + total]
    elif kind == 0x86dd and len(b) >= 54:
        n, proto = struct.unpack_from(">HB", b, 18)
        src, dst, body = _v6(b[22:38]), _v6(b[38:54]), b[54:54 + n]
    else:
        return None
    if proto == 17 and len(body) >= 8:
        sport, dport = struct.unpack_from(">HH", body)
        return Packet(t, src, sport, dst, dport, proto, 0, body[8:])
    if proto == 6 and len(body) >= 20:
        sport, dport = struct.unpack_from(">HH", body)
        return Packet(t, src, sport, dst, dport, proto, body[13], body[(body[12] >> 4) * 4:])
    return None


def _v4(b):
    return ".".join(map(str, b))


def _v6(b):
    return str(ipaddress.IPv6Address(b))


def kind(payload):
    """stun, dtls, zrtp, rtcp, rtp or other."""
    if len(payload) < 4:
        return "other"
    first = payload[0]
    if first < 4:
        return "stun"
    if 20 <= first <= 63:
        return "zrtp" if payload[4:8] == b"ZRTP" else "dtls"
    if payload[4:8] == b"ZRTP":
        return "zrtp"
    if 128 <= first <= 191:
        return "rtcp" if 192 <= payload[1] <= 223 else "rtp"
    return "other"


def rtcp_is_clear(b):
    """Its packets' lengths walk exactly to the end: nothing (index, tag) was added."""
    at = 0
    while at + 4 <= len(b):
        if b[at] >> 6 != 2 or not 192 <= b[at + 1] <= 223:
            return False
        at += 4 * (struct.unpack_from(">H", b, at + 2)[0] + 1)
    return at == len(b)


def rtp_header_len(b):
    n = 12 + 4 * (b[0] & 15)
    if b[0] & 16 and len(b) >= n + 4:
        n += 4 + 4 * struct.unpack_from(">H", b, n + 2)[0]
    return n


def rtp_is_clear_g711(b, frame=160):
    """G.711 in whole frames of 20 ms with no tag behind it."""
    return b[1] & 0x7f in (0, 8) and (len(b) - rtp_header_len(b)) % frame == 0


def clear_media(packets):
    """The packets that a listener could simply play or read."""
    out = []
    for p in packets:
        k = kind(p.payload)
        if (k == "rtp" and rtp_is_clear_g711(p.payload)) or (k == "rtcp" and rtcp_is_clear(p.payload)):
            out.append(p)
    return out


def streams(packets):
    """{(src, sport, dst, dport): [RTP packets]}"""
    out = {}
    for p in packets:
        if p.proto == 17 and kind(p.payload) == "rtp":
            out.setdefault((p.src, p.sport, p.dst, p.dport), []).append(p)
    return out


def longest_equal_run(packets):
    """Most consecutive RTP packets of one length (constant bit rate; telephone-events left out)."""
    best = run = 0
    last = None
    for p in packets:
        n = len(p.payload)
        run = run + 1 if n == last else 1
        last, best = n, max(best, run)
    return best


def numbers(packets, to):
    """The sequence numbers of RTP to that address, in order."""
    return [struct.unpack_from(">H", p.payload, 2)[0] for p in packets if p.dst == to and kind(p.payload) == "rtp"]


def gaps(seqs):
    """How many are missing at each place where some are."""
    return [(b - a - 1) % 65536 for a, b in zip(seqs, seqs[1:]) if (b - a) % 65536 != 1]
