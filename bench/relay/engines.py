# SPDX-License-Identifier: ISC
"""The two relays under the same packets: each measure_*() sets the flows up and yields the generator's lines."""
import base64
import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from networks import OURS, THEIRS  # noqa: E402
from servers import start_ringfence  # noqa: E402

READY_S = 10
KEY_OCTETS = 30  # of AES_CM_128_HMAC_SHA1_80, with its salt
RTP_OCTETS, SRTP_OCTETS = 172, 182  # 20 ms of G.711, and with the tag of AES_CM_128_HMAC_SHA1_80
HOST = "127.0.0.1"
FIFO = ["chrt", "-f", "1"]


def fifo():
    """How a program is started that has its CPU to itself, [] where that is refused."""
    try:
        return [] if subprocess.run([*FIFO, "true"], check=False, stderr=subprocess.DEVNULL).returncode else FIFO
    except OSError:
        return []


def bencode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    text = value.encode()
    return str(len(text)).encode() + b":" + text


def bdecode(data, at=0):
    """(value, where the next one starts)."""
    if data[at:at + 1] in (b"d", b"l"):
        items, end = [], at + 1
        while data[end:end + 1] != b"e":
            item, end = bdecode(data, end)
            items.append(item)
        value = items if data[at:at + 1] == b"l" else dict(zip(items[::2], items[1::2]))
        return value, end + 1
    if data[at:at + 1] == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end].decode(), end


def sdp(port, key=None, host=HOST):
    crypto = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(key).decode()}\r\n" if key else ""
    return (f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/{'SAVP' if key else 'AVP'} 0\r\na=rtpmap:0 PCMU/8000\r\n{crypto}")


class Ng:
    """rtpengine's control protocol: a cookie, a blank and a dictionary in each datagram."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((HOST, port))
        self.socket.settimeout(2)
        self.cookie = 0

    def ask(self, **request):
        self.cookie += 1
        request = {k.replace("_", "-"): v for k, v in request.items()}
        self.socket.send(b"%d " % self.cookie + bencode(request))
        answer = self.socket.recv(65535).split(b" ", 1)[1]
        return bdecode(answer)[0]

    def wait(self, log):
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            try:
                if self.ask(command="ping")["result"] == "pong":
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"rtpengine: {log.read_text()[-500:]}")

    def call(self, number, sender, receiver, key=None, host=HOST):
        """One call between two ports of ours; where the sender must send, and the receiver. key: what the sender seals its packets with, and
        the receiver gets them clear."""
        call = {"call_id": f"call-{number}", "from_tag": "a", "replace": ["origin"], "rtcp_mux": ["reject"]}
        clear = {"transport_protocol": "RTP/AVP", "DTLS": "off"} if key else {}
        offer = self.ask(command="offer", sdp=sdp(sender, key, host), **call, **clear)
        answer = self.ask(command="answer", sdp=sdp(receiver, None, host), to_tag="b", **call)
        if (offer["result"], answer["result"]) != ("ok", "ok"):
            raise RuntimeError(f"rtpengine: {offer} {answer}")
        return [int(re.search(r"^m=audio (\d+)", said["sdp"], re.M)[1]) for said in (answer, offer)]


def softirq_threads():
    """What the kernel does for a relay when there is much of it."""
    found = (p for p in os.listdir("/proc") if p.isdigit())
    return [int(p) for p in found if comm(p).startswith("ksoftirqd/")]


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read()
    except OSError:
        return ""


def relay_load(options, pid, flows, size, rate):
    """The packet generator's command."""
    inside = ["nsenter", "-t", str(options.phones_net), "-n"] if options.phones_net else []
    where = ["--address", THEIRS] + [x for p in softirq_threads() for x in ("--also", str(p))] if options.phones_net else []
    return inside + ["taskset", "-c", str(options.load_cpu), options.relay_load, *where, "--flows", str(flows), "--pid", str(pid),
            "--rate", str(rate), "--size", str(size), "--seconds", str(options.seconds),
            "--from", str(options.sender), "--to", str(options.receiver)]


@contextlib.contextmanager
def rtpengine(options, work, host, under=()):
    """Debian's rtpengine-daemon in user space, one thread, while it runs, by the command `under`; its control port and its process."""
    port = 22222
    command = ["taskset", "-c", str(options.server_cpu), *under, "rtpengine", "--config-file=none", "--table=-1",
               "--foreground", "--log-stderr", "--log-level=3", f"--interface={host}", f"--listen-ng={HOST}:{port}",
               "--port-min=30000", "--port-max=50000", "--num-threads=1", f"--pidfile={work}/pid"]
    process = subprocess.Popen(command, stdout=(work / "log").open("w"), stderr=subprocess.STDOUT)
    try:
        ng = Ng(port)
        ng.wait(work / "log")
        yield ng, process
    finally:
        process.terminate()
        process.wait()


def measure_rtpengine(options, work):
    """Flows by offer and answer over its own control port."""
    host, peer = (OURS, THEIRS) if options.phones_net else (HOST, HOST)
    with rtpengine(options, work, host) as (ng, process):
        keys = [os.urandom(KEY_OCTETS) if options.ended else None for _ in range(options.flows)]
        ports = [ng.call(i, options.sender, options.receiver, key, peer)[0] for i, key in enumerate(keys)]
        (work / "flows").write_text("".join(f"{host} {p} {k.hex() if k else ''}\n" for p, k in zip(ports, keys)))
        for rate in options.rates:
            done = subprocess.run(relay_load(options, process.pid, work / "flows", RTP_OCTETS, rate),
                                  stdout=subprocess.PIPE, check=True)
            yield json.loads(done.stdout)


def stand(options, work, what, size, *interface):
    """The media process alone, in its cage, with a pretended core."""
    media = os.path.join(os.path.dirname(options.relay_load), "../../proc/media/ringfence-media")
    command = ["taskset", "-c", str(options.server_cpu), os.path.join(os.path.dirname(options.relay_load),
               "ringfence-relay-stand"), what, media, work / "flows", str(options.flows), str(options.sender),
               str(options.receiver), *([OURS, THEIRS, *interface] if options.phones_net else [])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        pid = process.stdout.readline().strip()
        if not pid:
            raise RuntimeError("media does not start")
        for rate in options.rates:
            done = subprocess.run(relay_load(options, pid, work / "flows", size, rate),
                                  stdout=subprocess.PIPE, check=True)
            yield json.loads(done.stdout)
    finally:
        process.stdin.close()
        process.wait()


def measure_stand(options, work):
    """SRTP that ends here, and clear RTP out of it."""
    return stand(options, work, "ended", RTP_OCTETS, "rfm0")


def measure_sockets(options, work):
    """SRTP that passes, by sockets alone."""
    return stand(options, work, "passing", SRTP_OCTETS)


def measure_ringfence(options, work):
    """Calls that stand (SDES, so SRTP-sized packets) give the flows; the packets run meanwhile. How an exchange is
    started for it stands at start_ringfence in ../servers.py."""
    server = start_ringfence(options, work)
    inner = " && ".join(shlex.join(relay_load(options, server.pid, work / "flows", SRTP_OCTETS, rate)) +
                        f" >>{work}/lines" for rate in options.rates)
    try:
        subprocess.run([options.load, *server.load_options(), "--number", str(options.phones), "--held",
                        str(options.flows), "--media", str(options.sender), "--flows", work / "flows",
                        "--while-held", inner, "hold"], check=True, stdout=subprocess.DEVNULL)
    finally:
        server.stop()
    for line in (work / "lines").read_text().splitlines():
        yield json.loads(line)


def measure_floor(options, work):
    """The same packets, dropped where they come in: what sending them costs the generator itself."""
    drop = "1,6 0 0 2"  # return TC_ACT_SHOT
    command = ["tc", "filter", "add", "dev", "rfm0", "ingress", "bpf", "da", "bytecode", drop]
    subprocess.run(["tc", "qdisc", "replace", "dev", "rfm0", "clsact"], check=True)
    subprocess.run(command, check=True)
    keys = [os.urandom(KEY_OCTETS) for _ in range(options.flows)]
    (work / "flows").write_text("".join(f"{OURS} {30000 + 2 * i} {k.hex()}\n" for i, k in enumerate(keys)))
    for rate in options.rates:
        done = subprocess.run(relay_load(options, os.getpid(), work / "flows", RTP_OCTETS, rate),
                              stdout=subprocess.PIPE, check=True)
        yield json.loads(done.stdout)
    subprocess.run(["tc", "qdisc", "del", "dev", "rfm0", "clsact"], check=True)


def measured_with_softirq(measure):
    """What is done for the relay while the generator sends is the relay's: its own sending, without a relay, is taken off."""
    def whole(options, work):
        floor = {line["wanted_per_s"]: line["send_ns_per_packet"] for line in measure_floor(options, work)}
        for line in measure(options, work):
            line["arrival_ns_per_packet"] = line["send_ns_per_packet"] - floor[line["wanted_per_s"]]
            line["cpu_ns_per_packet"] += round(line["arrival_ns_per_packet"])
            yield line
    return whole


# Drops IPv4's UDP to one port, where it arrives.
FAR_END = "6,40 0 0 12,21 0 3 2048,40 0 0 36,21 0 1 {port},6 0 0 2,6 0 0 4294967295"


class FarEnd:
    """What arrives at the phones' end is counted and goes no further, so that to take it in costs the relay's CPU nothing."""

    def __init__(self, options):
        self.inside = ["nsenter", "-t", str(options.phones_net), "-n"]
        self.run("qdisc", "replace", "dev", "p", "clsact")
        self.run("filter", "add", "dev", "p", "ingress", "bpf", "da", "bytecode", FAR_END.format(port=options.receiver))

    def run(self, *args):
        return subprocess.run([*self.inside, "tc", *args], stdout=subprocess.PIPE, text=True, check=True).stdout

    def dropped(self):
        return int(re.search(r"dropped (\d+)", self.run("-s", "qdisc", "show", "dev", "p", "clsact"))[1])

    def close(self):
        self.run("qdisc", "del", "dev", "p", "clsact")


def measured_to_the_far_end(measure):
    def line_of(options, work):
        far = FarEnd(options)
        try:
            before = far.dropped()
            for line in measure(options, work):
                now = far.dropped()
                line["received"] = now - before - line["warming"]
                line["cpu_ns_per_packet"] = round(line["cpu_ns"] / line["received"]) if line["received"] > 0 else 0
                before = now
                yield line
        finally:
            far.close()
    return measured_with_softirq(line_of)


MEASURE = {"ringfence": measure_ringfence, "rtpengine": measure_rtpengine}
ENDED = {"ringfence": measure_stand, "rtpengine": measure_rtpengine}  # SRTP in, RTP out
ENDED_KERNEL = {name: measured_with_softirq(measure) for name, measure in ENDED.items()}
FAR = {"ringfence": measured_to_the_far_end(measure_sockets), "rtpengine": measured_to_the_far_end(measure_rtpengine)}
