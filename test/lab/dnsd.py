# SPDX-License-Identifier: ISC
"""A DNS server of the lab's own: says what a JSON file says, which is read anew for each question.

{"name": {"A": ["10.0.0.1"], "AAAA": [...], "SRV": [[priority, weight, port, "target"]], "NAPTR": [[order, pref, "s", "SIPS+D2T",
"replacement"]]}}
"""
import ipaddress
import json
import socket
import struct
import sys

TYPES = {1: "A", 28: "AAAA", 33: "SRV", 35: "NAPTR"}


def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".") if p) + b"\0"


def text(s):
    return bytes([len(s)]) + s.encode()


def rdata(kind, v):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(v).packed
    if kind == "SRV":
        return struct.pack("!HHH", *v[:3]) + name(v[3])
    return struct.pack("!HH", *v[:2]) + text(v[2]) + text(v[3]) + text("") + name(v[4])


def answer(q, zone):
    labels, at = [], 12
    while q[at]:
        labels.append(q[at + 1:at + 1 + q[at]].decode().lower())
        at += 1 + q[at]
    kind = TYPES.get(struct.unpack("!H", q[at + 1:at + 3])[0])
    records = zone.get(".".join(labels))
    found = (records or {}).get(kind, [])
    body = b"".join(b"\xc0\x0c" + q[at + 1:at + 5] + struct.pack("!IH", 5, len(d)) + d
                    for d in (rdata(kind, v) for v in found))
    flags = 0x8580 | (3 if records is None else 0)
    return q[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + q[12:at + 5] + body


if __name__ == "__main__":
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((sys.argv[1], 53))
    while True:
        q, peer = s.recvfrom(2048)
        with open(sys.argv[2]) as f:
            zone = json.load(f)
        try:
            s.sendto(answer(q, zone), peer)
        except (IndexError, struct.error):
            pass
