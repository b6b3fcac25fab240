# SPDX-License-Identifier: ISC
"""A slow wire: every Ethernet frame that enters at one device leaves at the other MS milliseconds later.

    wire.py LEFT RIGHT MS
"""
import collections
import select
import socket
import sys
import time

PACKET_OUTGOING = 4
HELD_MAX = 20000


def device(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.setblocking(False)
    return s


def forward(left, right, delay):
    ends = {left: right, right: left}
    held = collections.deque()
    poll = select.poll()
    for s in ends:
        poll.register(s, select.POLLIN)
    by_fd = {s.fileno(): s for s in ends}
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        while held and held[0][0] <= now:
            _, out, frame = held.popleft()
            try:
                out.send(frame)
            except OSError:
                pass
        wait = None if not held else max(0, (held[0][0] - now) * 1000)
        for fd, _ in poll.poll(wait):
            s = by_fd[fd]
            for _ in range(64):
                try:
                    frame, addr = s.recvfrom(65536)
                except (BlockingIOError, OSError):
                    break
                if addr[2] != PACKET_OUTGOING and len(held) < HELD_MAX:
                    held.append((time.monotonic() + delay, ends[s], frame))


if __name__ == "__main__":
    forward(device(sys.argv[1]), device(sys.argv[2]), float(sys.argv[3]) / 1000)
